//! Why the nearest entries miss a program.
//!
//! This is an explanation, not a rule of a release. It is made on demand, for a part that no entry allows.

use super::arguments;
use super::matching::{self, Target};
use super::profile::Profile;
use super::question::{Entry, EntryId};
use super::resolve::Lookup;
use super::words;

/// How many entries are explained.
const MOST: usize = 3;

/// Why an entry that a gateway stored itself does not count.
const NEEDS_HASH: &str =
    "an entry with the source allow-always needs the hash of a directory and arguments as argPattern";

/// The entries that nearly match, nearest first, at most three, and why each misses.
pub(super) fn near(
    lookup: &Lookup,
    entries: &[Entry],
    target: &Target,
    arguments: &[String],
) -> Vec<(EntryId, String)> {
    let mut misses: Vec<(u8, &Entry, String)> = Vec::new();
    for entry in entries {
        if let Some((distance, reason)) = miss(lookup, entry, target, arguments) {
            misses.push((distance, entry, reason));
        }
    }
    misses.sort_by_key(|(distance, ..)| *distance);
    misses.truncate(MOST);
    misses.into_iter().map(|(_, entry, reason)| (entry.id.clone(), reason)).collect()
}

/// Why an entry misses, and how far it is; 0 is the nearest. `None`: it has nothing to do with the program.
fn miss(lookup: &Lookup, entry: &Entry, target: &Target, arguments: &[String]) -> Option<(u8, String)> {
    let pattern = words::trim(&entry.pattern);
    let word = &target.program.word;
    if !matching::is_path(pattern) {
        return miss_by_name(lookup, entry, pattern, target, arguments);
    }
    let Some(path) = target.path.as_deref() else {
        let same = words::base_name(pattern) == word;
        return same.then(|| (2, format!("no program named {word} is in PATH")));
    };
    if matching::matches(lookup, pattern, path) {
        return Some((0, of_arguments(lookup, entry, arguments)));
    }
    let found = target.program.resolved.as_deref();
    if let Some(found) = found.filter(|found| *found != path && matching::matches(lookup, pattern, found)) {
        return Some((1, format!("{found} is a link to {path}, and the path it leads to is compared")));
    }
    let real = target.program.real.as_deref();
    if let Some(real) = real.filter(|real| *real != path && matching::matches(lookup, pattern, real)) {
        return Some((
            1,
            format!("{path} leads to {real}, but this release compares the path as it was found"),
        ));
    }
    if pattern.contains('*') && matching::matches(lookup, &pattern.replace('*', "**"), path) {
        return Some((2, "one `*` does not match a slash; `**` does".to_owned()));
    }
    let name = words::base_name(pattern);
    let names = [words::base_name(path), target.program.name.as_str()];
    names.contains(&name).then(|| (3, format!("the program is {path}")))
}

/// Why an entry without a slash misses.
fn miss_by_name(
    lookup: &Lookup,
    entry: &Entry,
    pattern: &str,
    target: &Target,
    arguments: &[String],
) -> Option<(u8, String)> {
    let own = target.program.name.as_str();
    let base = words::base_name(&target.program.word);
    let fits = pattern != "*" && [own, base].iter().any(|name| matching::matches(lookup, pattern, name));
    if lookup.profile == Profile::V2026_4_14 {
        return fits.then(|| (1, "a pattern without a slash matches nothing in this release".to_owned()));
    }
    if pattern == "*" {
        return Some((4, "`*` with an argPattern matches nothing".to_owned()));
    }
    if !fits {
        return None;
    }
    if !target.names.is_empty() {
        return Some((0, of_arguments(lookup, entry, arguments)));
    }
    if target.path.is_none() {
        return Some((1, format!("no program named {own} is in PATH")));
    }
    Some((
        1,
        "a pattern without a slash matches only programs that are called without a directory".to_owned(),
    ))
}

/// Why an entry whose pattern matches misses because of the arguments, or of its source.
fn of_arguments(lookup: &Lookup, entry: &Entry, arguments: &[String]) -> String {
    let Some(pattern) = matching::arg_pattern(entry) else {
        return if matching::only_by_hash(lookup.profile, entry) {
            NEEDS_HASH.to_owned()
        } else {
            "a shell with arguments needs an entry with an argPattern".to_owned()
        };
    };
    if lookup.profile >= Profile::V2026_9_6 && arguments::is_bound_hash(pattern) {
        return "it was approved for another directory or other arguments".to_owned();
    }
    if matching::only_by_hash(lookup.profile, entry) {
        return NEEDS_HASH.to_owned();
    }
    format!("its argPattern does not match `{}`", arguments.join(" "))
}

#[cfg(test)]
mod tests {
    use Profile::{V2026_4_14 as A, V2026_9_6 as C};

    use super::*;
    use crate::approvals::decide::segment;
    use crate::approvals::decide::testing::{entry, owned, with_lookup};

    #[test]
    fn each_miss_has_its_reason() {
        for (profile, command, pattern, reason) in [
            (C, "python3 x", "/usr/bin/python3", "/usr/bin/python3 is a link to /usr/bin/python3.11, and"),
            (A, "python3 x", "/usr/bin/python3.11", "/usr/bin/python3 leads to /usr/bin/python3.11, but"),
            (C, "git x", "/opt/bin/git", "the program is /usr/bin/git"),
            (C, "git x", "/*/git", "one `*` does not match a slash"),
            (A, "git x", "git", "a pattern without a slash matches nothing"),
            (
                C,
                "/usr/bin/git x",
                "git",
                "a pattern without a slash matches only programs that are called without",
            ),
            (C, "absent x", "/usr/bin/absent", "no program named absent is in PATH"),
            (C, "bash x", "/usr/bin/bash", "a shell with arguments needs an entry with an argPattern"),
            (C, "npx git x", "/opt/bin/git", "the program is /usr/bin/git"),
        ] {
            let reasons = with_lookup(profile, |lookup| {
                let entries = [entry(pattern, None)];
                let judged = segment::judge(lookup, &entries, &owned(command), command);
                segment::near(lookup, &entries, &judged)
            });
            let found = reasons.first().map_or("", |(_, reason)| reason.as_str());
            assert!(found.starts_with(reason), "{command} {pattern}: {found}");
        }
    }

    #[test]
    fn arguments_that_miss_are_shown_and_strangers_are_not() {
        let near = |entries: &[Entry]| {
            with_lookup(C, |lookup| {
                let judged = segment::judge(lookup, entries, &owned("git log -p"), "git log -p");
                segment::near(lookup, entries, &judged)
            })
        };
        let entries = [entry("/usr/bin/ls", None), entry("/usr/bin/git", Some("^status$"))];
        assert_eq!(
            near(&entries),
            [(entries[1].id.clone(), "its argPattern does not match `log -p`".to_owned())]
        );
        assert!(near(&[entry("/usr/bin/git", None)]).is_empty());
    }
}
