//! The result of checking a command against the entries, before the policy is applied.

use std::ops::Range;

use super::question::EntryId;

/// A command after the check against the entries.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a finding of its own, and any of them may be combined"
)]
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// Why the command cannot be analysed, in the release's word (`redirect`, `unable to parse command`).
    pub not_analysable: Option<String>,
    /// The parts, in order. A release may stop at the first part that nothing allows.
    pub segments: Vec<Segment>,
    /// Whether the entries, safe bins and builtins allow every part.
    pub satisfied: bool,
    /// What the release would start in place of the text.
    pub plan: Plan,
    /// Whether every part is matched by an entry with the source `allow-always`.
    pub durable: bool,
    /// Whether `strictInlineEval` is on, and a part has code in its arguments.
    pub inline_code: bool,
    /// Whether it has a here-document that the release accepts only after a prompt (2026.4.14).
    pub heredoc: bool,
}

/// What a release starts in place of a satisfied command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plan {
    /// This text. `None`: the text of the command itself.
    Renders(Option<String>),
    /// It cannot be written down, in the release's words; so a person is asked.
    Unavailable(&'static str),
}

impl Plan {
    /// The reason of a release for a plan that a glob, a brace or a tilde makes impossible.
    pub(super) const SHELL_EXPANSION: &'static str = "shell expansion in enforced arguments";
}

/// One part of a command: a program with its arguments.
#[derive(Debug, Clone, PartialEq)]
pub struct Segment {
    /// The words, with quotes removed.
    pub argv: Vec<String>,
    /// The words after wrappers such as `timeout 5` are taken off, if that changed them.
    pub effective: Option<Vec<String>>,
    /// The path of the program as it was found.
    pub resolved: Option<String>,
    /// Its real path.
    pub real: Option<String>,
    /// What allows it.
    pub by: Option<By>,
    /// The entry that matches.
    pub entry: Option<EntryId>,
    /// Why no entry at all can allow it.
    pub never: Option<String>,
    /// The nearest entries that miss, and why each does.
    pub near: Vec<(EntryId, String)>,
    /// Bytes of the command.
    pub span: Range<usize>,
}

/// What allows a part of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// An entry.
    Allowlist,
    /// An entry with the source `allow-always`.
    Durable,
    /// A safe bin with arguments that its profile accepts.
    SafeBins,
    /// A builtin of the shell.
    Builtin,
    /// The command of `sh -c` is allowed part by part (2026.4.14).
    InlineChain,
    /// A skill's prelude (2026.4.14).
    Skills,
}
