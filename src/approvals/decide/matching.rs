//! Which entry of an allowlist matches a program and its arguments.
//!
//! Source: `exec-allowlist-pattern` and `matchAllowlist` of the three releases. 2026.4.14 compares paths as they were found
//! and nothing else; the later releases compare real paths, names and arguments.

use super::arguments;
use super::glob;
use super::profile::Profile;
use super::question::Entry;
use super::resolve::{Hypothesis, Lookup, Program};
use super::words;

pub(super) use super::arguments::command_pattern;

/// What entries are compared with: a program, with the path that it is trusted by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    /// The program.
    pub program: Program,
    /// The path that patterns are compared with. `None`: only the entry `*` matches.
    pub path: Option<String>,
    /// Names that patterns without a slash are compared with. Empty if the program was called by a path.
    pub names: Vec<String>,
    /// Whether the program exists only by hypothesis, so that `path` is not known.
    guessed: bool,
}

impl Target {
    /// The target for a program that was resolved.
    pub(super) fn of(lookup: &Lookup, program: &Program) -> Self {
        let candidate = lookup.candidate(program);
        let by_path = words::has_separator(&program.word) || program.word.contains('~');
        if lookup.profile == Profile::V2026_4_14 {
            // The path as written is what is compared, and it is known even if nobody can tell what is there.
            let guessed = program.guessed && !by_path;
            return Self { program: program.clone(), path: candidate, names: Vec::new(), guessed };
        }
        let mut names = Vec::new();
        if !by_path && let Some(candidate) = &candidate {
            names.push(program.name.clone());
            names.push(words::base_name(candidate).to_owned());
            names.dedup();
        }
        Self { program: program.clone(), path: lookup.trust_path(program), names, guessed: program.guessed }
    }

    /// The target for a path that a shell would run as a script, or start as `$0`.
    pub(super) fn of_path(lookup: &Lookup, path: &str) -> Self {
        let (real, guessed) = lookup.real_or_guess(path);
        let program = Program {
            word: path.to_owned(),
            resolved: Some(path.to_owned()),
            real: real.clone(),
            name: words::base_name(path).to_owned(),
            guessed,
        };
        let is_old = lookup.profile == Profile::V2026_4_14;
        let path = if is_old { path.to_owned() } else { real.unwrap_or_else(|| path.to_owned()) };
        Self { program, path: Some(path), names: Vec::new(), guessed: guessed && !is_old }
    }
}

/// The entry that matches (`matchAllowlist`). `arguments` are those behind the program; `None`: entries with an
/// `argPattern` miss.
pub(super) fn find<'e>(
    lookup: &Lookup,
    entries: impl Iterator<Item = &'e Entry> + Clone,
    target: &Target,
    arguments: Option<&[String]>,
) -> Option<&'e Entry> {
    if let Some(entry) = entries.clone().find(|entry| is_bare_wildcard(lookup.profile, entry)) {
        return Some(entry);
    }
    target.path.as_ref()?;
    let mut hash = None;
    let mut first_by_path = None;
    for entry in entries {
        if !fits(lookup, entry, target) {
            continue;
        }
        if lookup.profile == Profile::V2026_4_14 {
            return Some(entry);
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
    first_by_path
}

/// The `argPattern` of an entry, unless it is empty.
pub(super) fn arg_pattern(entry: &Entry) -> Option<&str> {
    entry.arg_pattern.as_deref().filter(|pattern| !pattern.is_empty())
}

/// Whether an entry counts only if its `argPattern` is a hash of directory and arguments: on 2026.9.6, if `allow-always`
/// is its source.
pub(super) fn only_by_hash(profile: Profile, entry: &Entry) -> bool {
    profile >= Profile::V2026_9_6 && entry.allow_always
}

/// Whether an entry matches everything: `*` without an `argPattern`.
pub(super) fn is_bare_wildcard(profile: Profile, entry: &Entry) -> bool {
    words::trim(&entry.pattern) == "*" && arg_pattern(entry).is_none() && !only_by_hash(profile, entry)
}

/// Whether a pattern is compared with the path instead of the name.
pub(super) fn is_path(pattern: &str) -> bool {
    words::has_separator(pattern) || pattern.contains('~')
}

/// Whether an entry's pattern matches, whatever its `argPattern`.
fn fits(lookup: &Lookup, entry: &Entry, target: &Target) -> bool {
    let pattern = words::trim(&entry.pattern);
    if is_path(pattern) {
        if target.guessed {
            return lookup.world.hypothesis == Hypothesis::Wanted;
        }
        return target.path.as_deref().is_some_and(|path| matches(lookup, pattern, path));
    }
    lookup.profile > Profile::V2026_4_14
        && !matches!(pattern, "" | "*")
        && target.names.iter().any(|name| matches(lookup, pattern, name))
}

/// Whether a trimmed pattern matches a path or a name (`matchesExecAllowlistPattern`).
pub(super) fn matches(lookup: &Lookup, pattern: &str, text: &str) -> bool {
    let pattern = words::expand_home(pattern, lookup.home);
    let mut text = text.replace("\\\\", "/");
    if lookup.profile > Profile::V2026_4_14 && pattern.contains(['*', '?']) && has_dots(&text) && text.starts_with('/') {
        text = words::normalize(&text).replace("\\\\", "/");
    }
    glob::matches(&pattern.replace("\\\\", "/"), &text)
        .unwrap_or_else(|| lookup.assume(|| format!("whether a path matches the pattern {pattern}")))
}

/// Whether a path still has `.` or `..` in it.
fn has_dots(path: &str) -> bool {
    path.split(['/', '\\']).any(|part| matches!(part, "." | ".."))
}

/// Whether an entry's `argPattern` accepts arguments. `hash` keeps the hash of the call, which is the same for all entries.
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
        && arguments::matches(lookup.profile, pattern, arguments)
            .unwrap_or_else(|| lookup.assume(|| format!("whether arguments match the argPattern {pattern}")))
}
