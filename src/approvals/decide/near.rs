//! Why the nearest entries miss a program.
//!
//! This is an explanation, not a rule of a release. It is made on demand, for a part that no entry allows.

use super::arguments;
use super::evaluation::{Evaluation, Segment};
use super::glob;
use super::matching::{self, Target};
use super::profile::Profile;
use super::question::{Entry, EntryId};
use super::resolve::{Lookup, Program};
use super::segment;
use super::words;

/// Maximum number of entries that are explained.
const MOST: usize = 3;

/// Parts for which the nearest entries are looked for. More would help nobody, and cost time.
const MOST_PARTS: usize = 16;

/// Why an entry that a gateway stored itself does not count.
const NEEDS_HASH: &str =
    "an entry with the source allow-always needs the hash of a directory and arguments as argPattern";

/// Adds the nearest entries to the parts that no entry allows. 2026.4.14 stops reading at the first of them.
pub(super) fn explain(evaluation: &mut Evaluation, lookup: &Lookup, entries: &[Entry]) {
    if evaluation.not_analysable.is_some() {
        return;
    }
    let explain = |part: &mut Segment| part.near = near(lookup, entries, &part.argv);
    let missed = evaluation.segments.iter_mut().filter(|part| part.by.is_none());
    if lookup.profile.parses_bash() {
        missed.filter(|part| part.never.is_none()).take(MOST_PARTS).for_each(explain);
    } else {
        missed.take(1).for_each(explain);
    }
}

/// The entries that nearly match a part which none allows, nearest first, at most three, and why each misses.
fn near(lookup: &Lookup, entries: &[Entry], argv: &[String]) -> Vec<(EntryId, String)> {
    let Some((program, arguments)) = segment::unmatched(lookup, entries, argv) else { return Vec::new() };
    let target = Target::of(lookup, &program);
    let mut misses: Vec<(u8, &Entry, String)> = Vec::new();
    for entry in entries {
        if let Some((distance, reason)) = miss(lookup, entry, &program, &target, &arguments) {
            misses.push((distance, entry, reason));
        }
    }
    misses.sort_by_key(|(distance, ..)| *distance);
    misses.truncate(MOST);
    misses.into_iter().map(|(_, entry, reason)| (entry.id.clone(), reason)).collect()
}

/// Why an entry misses, and how far it is; 0 is the nearest. `None`: it has nothing to do with the program.
fn miss(
    lookup: &Lookup,
    entry: &Entry,
    program: &Program,
    target: &Target<'_>,
    arguments: &[String],
) -> Option<(u8, String)> {
    let pattern = words::trim(&entry.pattern);
    let word = &program.word;
    if !glob::is_path(pattern) {
        return miss_by_name(lookup, entry, program, target, arguments);
    }
    let Some(path) = target.path.as_deref() else {
        let same = words::base_name(pattern) == word;
        return same.then(|| (2, format!("no program named {word} is in PATH")));
    };
    if matching::matches(lookup, pattern, path) {
        return Some((0, of_arguments(lookup, entry, arguments)));
    }
    let found = program.resolved.as_deref();
    if let Some(found) = found.filter(|found| *found != path && matching::matches(lookup, pattern, found)) {
        return Some((
            1,
            format!("{found} is a link to {path}, and this release compares the target of a link"),
        ));
    }
    let real = program.real.as_deref();
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
    let names = [words::base_name(path), program.name()];
    names.contains(&name).then(|| (3, format!("the program is {path}")))
}

/// Why an entry without a slash misses.
fn miss_by_name(
    lookup: &Lookup,
    entry: &Entry,
    program: &Program,
    target: &Target<'_>,
    arguments: &[String],
) -> Option<(u8, String)> {
    let pattern = words::trim(&entry.pattern);
    let own = program.name();
    let base = words::base_name(&program.word);
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
    if target.name.is_some() {
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
mod tests;
