//! Which entry of an allowlist matches a program and its arguments, and why the nearest ones miss.
//!
//! Source: `exec-allowlist-pattern` and `matchAllowlist` of the three releases.

use super::question::{Entry, EntryId};
use super::resolve::{Lookup, Program};

/// What entries are compared with: a program, with the path that it is trusted by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    /// The program. Its `resolved` is the candidate path, which may not exist.
    pub program: Program,
    /// The path that patterns are compared with. `None`: only the entry `*` matches.
    pub path: Option<String>,
}

/// The entry that matches (`matchAllowlist`). `argv` has the program in front; `None`: entries with an `argPattern` miss.
pub(super) fn find<'e>(lookup: &Lookup, entries: &'e [Entry], target: &Target, argv: Option<&[String]>) -> Option<&'e Entry> {
    let _ = (lookup, target, argv);
    entries.iter().find(|entry| entry.pattern == "*" && entry.arg_pattern.is_none())
}

/// The nearest entries that miss, at most three, and why each does. Only on demand: it costs more than matching.
pub(super) fn near(lookup: &Lookup, entries: &[Entry], target: &Target, argv: &[String]) -> Vec<(EntryId, String)> {
    let _ = (lookup, entries, target, argv);
    Vec::new()
}

/// The pattern of an exact-command approval: `=command:` and 16 digits of the hash of the trimmed text.
pub(super) fn command_pattern(command: &str) -> String {
    let _ = command;
    String::new()
}
