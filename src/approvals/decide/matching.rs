//! Which entry of an allowlist matches a program and its arguments.
//!
//! Source: `exec-allowlist-pattern` and `matchAllowlist` of the three releases. 2026.4.14 compares paths as
//! they were found and nothing else; the later releases compare real paths, names and arguments.

use std::borrow::Cow;

use super::arguments;
use super::glob;
use super::profile::Profile;
use super::question::Entry;
use super::resolve::{Hypothesis, Lookup, Program};
use super::words;

/// What entries are compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target<'t> {
    /// The path that patterns are compared with: the one that the program is trusted by. `None`: only the entry `*` matches.
    pub path: Option<Cow<'t, str>>,
    /// The name that patterns without a slash are compared with. `None`: the program was called by a path, or not found.
    pub name: Option<&'t str>,
    /// Whether the program exists only by hypothesis, so that `path` is not known.
    guessed: bool,
}

impl<'t> Target<'t> {
    /// The target for a program that was resolved.
    pub(super) fn of(lookup: &Lookup, program: &'t Program) -> Self {
        let by_path = words::has_separator(&program.word) || program.word.contains('~');
        if lookup.profile == Profile::V2026_4_14 {
            // The path as written is what is compared, and it is known even if it is unknown what is there. A relative one
            // is not.
            let path = lookup.candidate(program);
            let is_known = by_path && path.as_deref().is_none_or(|path| path.starts_with('/'));
            return Self { path, name: None, guessed: program.guessed && !is_known };
        }
        let name = (!by_path && program.resolved.is_some()).then(|| program.name());
        Self { path: lookup.trust_path(program), name, guessed: program.guessed }
    }

    /// The target for a path that a shell would run as a script, or start as `$0`.
    pub(super) fn of_path(lookup: &Lookup, path: &'t str) -> Self {
        let (real, guessed) = lookup.real_or_guess(path);
        let is_old = lookup.profile == Profile::V2026_4_14;
        let path = real.filter(|_| !is_old).map_or(Cow::Borrowed(path), Cow::Owned);
        Self { path: Some(path), name: None, guessed: guessed && !is_old }
    }
}

/// The entry that matches (`matchAllowlist`). `arguments` are those after the program; `None`: entries with
/// an `argPattern` miss.
pub(super) fn find<'e>(
    lookup: &Lookup,
    entries: impl Iterator<Item = &'e Entry> + Clone,
    target: &Target<'_>,
    arguments: Option<&[String]>,
) -> Option<&'e Entry> {
    if let Some(entry) = entries.clone().find(|entry| is_bare_wildcard(lookup.profile, entry)) {
        return readable(lookup, entry);
    }
    target.path.as_ref()?;
    let mut hash = None;
    let mut first_by_path = None;
    for entry in entries {
        if !fits(lookup, entry, target) {
            continue;
        }
        if lookup.profile == Profile::V2026_4_14 {
            return readable(lookup, entry);
        }
        if entry.odd_arguments == Some(true) {
            if arguments.is_some() {
                return readable(lookup, entry);
            }
            continue;
        }
        match arg_pattern(entry) {
            None if only_by_hash(lookup.profile, entry) => {}
            None => first_by_path = first_by_path.or(Some(entry)),
            Some(pattern) => {
                if let Some(arguments) = arguments
                    && accepts(lookup, entry, pattern, arguments, &mut hash)
                {
                    return Some(entry);
                }
            }
        }
    }
    readable(lookup, first_by_path?)
}

/// The entry that matches, unless the release fails on it: it calls a method of strings on each `argPattern` that is there.
fn readable<'e>(lookup: &Lookup, entry: &'e Entry) -> Option<&'e Entry> {
    if entry.odd_arguments.is_some() {
        lookup.world.failed.set(true);
        return None;
    }
    Some(entry)
}

/// The `argPattern` of an entry, unless it is empty.
pub(super) fn arg_pattern(entry: &Entry) -> Option<&str> {
    entry.arg_pattern.as_deref().filter(|pattern| !pattern.is_empty())
}

/// Whether an entry counts only if its `argPattern` is a hash of directory and arguments: on 2026.9.6, if
/// `allow-always` is its source.
pub(super) fn only_by_hash(profile: Profile, entry: &Entry) -> bool {
    profile >= Profile::V2026_9_6 && entry.allow_always
}

/// Whether an entry matches everything: `*` without an `argPattern`.
pub(super) fn is_bare_wildcard(profile: Profile, entry: &Entry) -> bool {
    let has_arguments = arg_pattern(entry).is_some() || entry.odd_arguments == Some(true);
    words::trim(&entry.pattern) == "*" && !has_arguments && !only_by_hash(profile, entry)
}

/// Whether an entry's pattern matches, whatever its `argPattern`.
fn fits(lookup: &Lookup, entry: &Entry, target: &Target<'_>) -> bool {
    let pattern = words::trim(&entry.pattern);
    if glob::is_path(pattern) {
        if target.guessed {
            return lookup.world.hypothesis == Hypothesis::Wanted;
        }
        return target.path.as_deref().is_some_and(|path| matches(lookup, pattern, path));
    }
    lookup.profile > Profile::V2026_4_14
        && !matches!(pattern, "" | "*")
        && target.name.is_some_and(|name| matches(lookup, pattern, name))
}

/// Whether a trimmed pattern matches a path or a name (`matchesExecAllowlistPattern`).
pub(super) fn matches(lookup: &Lookup, pattern: &str, text: &str) -> bool {
    if begins_apart(pattern, text) {
        return false;
    }
    if pattern == text && !pattern.contains(['*', '?', '~', '\\', '\n', '\r']) {
        return true;
    }
    let pattern = words::expand_home(pattern, lookup.home);
    let mut text = with_slashes(text);
    if lookup.profile > Profile::V2026_4_14
        && pattern.contains(['*', '?'])
        && words::has_dots(&text)
        && text.starts_with('/')
    {
        text = Cow::Owned(with_slashes(&words::normalize(&text)).into_owned());
    }
    glob::matches(&with_slashes(&pattern), &text).unwrap_or_else(|| {
        lookup.assume(|| format!("whether the program's path matches {pattern}: the pattern is too long"))
    })
}

/// Whether a pattern and a text differ before anything that may be replaced in either: wildcards, the home directory,
/// two backslashes, and dots and doubled slashes, which are folded. This decides most comparisons.
fn begins_apart(pattern: &str, text: &str) -> bool {
    let mut last = 0;
    for (own, other) in pattern.bytes().zip(text.bytes()) {
        if b"*?~\\".contains(&own) || b".\\".contains(&other) || (last == b'/' && other == b'/') {
            return false;
        }
        if own != other {
            return true;
        }
        last = other;
    }
    false
}

/// A text with a slash for each pair of backslashes.
fn with_slashes(text: &str) -> Cow<'_, str> {
    if text.contains('\\') { Cow::Owned(text.replace("\\\\", "/")) } else { Cow::Borrowed(text) }
}

/// Whether an entry's `argPattern` accepts arguments. `hash` keeps the hash of the call, which is the same
/// for all entries.
pub(super) fn accepts(
    lookup: &Lookup,
    entry: &Entry,
    pattern: &str,
    arguments: &[String],
    hash: &mut Option<String>,
) -> bool {
    if lookup.profile >= Profile::V2026_9_6 && arguments::is_bound_hash(pattern) {
        return *pattern == *hash.get_or_insert_with(|| arguments::bound_hash(lookup.directory, arguments));
    }
    !only_by_hash(lookup.profile, entry)
        && arguments::matches(lookup.profile, pattern, arguments).unwrap_or_else(|| {
            lookup.assume(|| {
                format!("whether the arguments match the argPattern {pattern}: the expression or the arguments are too long")
            })
        })
}

#[cfg(test)]
mod tests {
    use Profile::{V2026_4_14 as A, V2026_6_11 as B, V2026_9_6 as C};

    use super::*;
    use crate::approvals::decide::testing::{entry, owned, with_lookup, with_world};

    /// The pattern of the entry that matches a command.
    fn found(profile: Profile, command: &str, entries: &[Entry]) -> Option<String> {
        with_lookup(profile, |lookup| {
            let argv = owned(command);
            let program = lookup.program(&argv[0]);
            let target = Target::of(lookup, &program);
            find(lookup, entries.iter(), &target, argv.get(1..)).map(|entry| entry.pattern.clone())
        })
    }

    #[test]
    fn patterns_are_compared_with_paths_or_names() {
        for (profile, command, pattern, is_match) in [
            (A, "python3", "/usr/bin/python3", true),
            (A, "python3", "/usr/bin/python3.11", false),
            (C, "python3", "/usr/bin/python3.11", true),
            (C, "python3", "/usr/bin/python3", false),
            (C, "python3", "python3", true),
            (C, "python3", "python3.11", false),
            (A, "git", "git", false),
            (C, "git", "g?t", true),
            (C, "git", " git ", true),
            (C, "/usr/bin/git", "git", false),
            (C, "git", "/usr/**", true),
            (C, "git", "/usr/*", false),
            (C, "~/bin/own", "~/bin/*", true),
            (C, "./absent", "/work/absent", true),
            (A, "./absent", "/work/absent", true),
            (C, "absent", "absent", false),
            (C, "absent", "*", true),
            (C, "absent", "**", false),
            (C, "git", "**", true),
            (A, "git", "**", false),
        ] {
            assert_eq!(
                found(profile, command, &[entry(pattern, None)]).is_some(),
                is_match,
                "{command} {pattern}"
            );
        }
    }

    #[test]
    fn the_first_argument_pattern_that_fits_wins() {
        let path_only = entry("/usr/bin/git", None);
        let fits = entry("git", Some("^log$"));
        let misses = entry("g*", Some("^status$"));
        let entries = [misses, path_only.clone(), fits];
        assert_eq!(found(C, "git log", &entries).as_deref(), Some("git"));
        assert_eq!(found(C, "git push", &entries).as_deref(), Some("/usr/bin/git"));
        assert_eq!(found(A, "git log", &entries).as_deref(), Some("/usr/bin/git"));
        assert_eq!(found(C, "git log", &[path_only, entry("*", None)]).as_deref(), Some("*"));
        assert_eq!(found(C, "git log", &[entry("*", Some("log"))]), None);
        assert_eq!(found(C, "git log", &[entry("git", Some(""))]).as_deref(), Some("git"));
    }

    /// The bug: such an entry allowed any arguments.
    #[test]
    fn a_release_fails_on_an_arg_pattern_that_is_not_a_string() {
        for (profile, pattern, is_truthy, fails) in [
            (A, "*", true, false),
            (A, "*", false, true),
            (A, "/usr/bin/git", true, true),
            (A, "git", true, false),
            (A, "/usr/bin/ls", true, false),
            (B, "*", true, false),
            (B, "*", false, true),
            (B, "git", true, true),
            (B, "git", false, true),
            (B, "/usr/bin/git", true, true),
            (B, "ls", true, false),
        ] {
            let odd = Entry { odd_arguments: Some(is_truthy), ..entry(pattern, None) };
            with_lookup(profile, |lookup| {
                let program = lookup.program("git");
                let target = Target::of(lookup, &program);
                assert!(find(lookup, [&odd].into_iter(), &target, Some(&[])).is_none(), "{pattern}");
                assert_eq!(lookup.world.failed.get(), fails, "{profile:?} {pattern} {is_truthy}");
            });
        }
    }

    #[test]
    fn allow_always_needs_a_hash_since_2026_9_6() {
        let always = |pattern: &str, arg_pattern: Option<&str>| Entry {
            allow_always: true,
            ..entry(pattern, arg_pattern)
        };
        let hash = arguments::bound_hash("/work", &owned("log"));
        for (pattern, arg_pattern, is_match) in [
            ("/usr/bin/git", None, false),
            ("*", None, false),
            ("git", Some("^log$"), false),
            ("git", Some(hash.as_str()), true),
        ] {
            assert_eq!(found(C, "git log", &[always(pattern, arg_pattern)]).is_some(), is_match, "{pattern}");
        }
        assert!(found(B, "git log", &[always("/usr/bin/git", None)]).is_some());
        assert!(found(C, "git log", &[entry("git", Some(hash.as_str()))]).is_some());
        assert!(found(C, "git push", &[entry("git", Some(hash.as_str()))]).is_none());
    }

    #[test]
    fn a_program_that_may_exist_is_bracketed() {
        for (hypothesis, by_path, by_name) in [
            (Hypothesis::Nothing, false, false),
            (Hypothesis::Stranger, false, true),
            (Hypothesis::Wanted, true, true),
        ] {
            with_world(C, hypothesis, "/usr/bin", false, |lookup| {
                let program = lookup.program("unheard-of");
                let target = Target::of(lookup, &program);
                let matches = |entry: &Entry| find(lookup, [entry].into_iter(), &target, Some(&[])).is_some();
                assert_eq!(matches(&entry("/opt/x", None)), by_path);
                assert_eq!(matches(&entry("unheard*", None)), by_name);
                assert!(matches(&entry("*", None)));
                assert!(!matches(&entry("git", None)));
            });
        }
    }

    #[test]
    fn the_quick_comparison_never_contradicts_the_rule() {
        with_lookup(C, |lookup| {
            for (pattern, text, is_match) in [
                ("/a/x/*", "/a//x/./b", true),
                ("/a/*", "/./a/b", true),
                ("//a", "\\\\/a", true),
                ("/a", "/b", false),
                ("/a", "/ab", false),
                ("~/x", "/home/ann/x", true),
            ] {
                assert_eq!(matches(lookup, pattern, text), is_match, "{pattern} {text}");
            }
        });
    }
}
