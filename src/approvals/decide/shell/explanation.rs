//! What a release finds when it reads a command with the grammar of Bash: the programs, and what cannot be judged.

use std::ops::Range;

/// What a release finds in a command.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::approvals::decide) struct Explanation {
    /// The programs that it starts, as the tree has them: a program before those in its substitutions and payload.
    pub steps: Vec<Step>,
    /// What cannot be judged from the text, in the order in which it is found.
    pub risks: Vec<Risk>,
    /// The constructs that are never analysable, in the order in which they are found: `background`, `if` ...
    pub shapes: Vec<&'static str>,
    /// Whether the grammar does not fit the command or a payload.
    pub has_error: bool,
}

/// A program that a command starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::approvals::decide) struct Step {
    /// Where it is.
    pub context: Context,
    /// The step of which it is the payload.
    pub parent: Option<usize>,
    /// The words, with quotes removed.
    pub argv: Vec<String>,
    /// Whether a shell in them is given a command.
    pub has_payload: bool,
    /// Its text: a part of the command, or of a payload without the quotes around that.
    pub text: String,
    /// Bytes of the command. For a payload with escapes the release counts as if there were none, and so does this.
    pub span: Range<usize>,
    /// The bytes that the release takes for the program.
    pub executable: Range<usize>,
}

/// Where a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::approvals::decide) enum Context {
    /// In the command itself.
    Top,
    /// In the text of `sh -c`.
    Payload,
    /// In a function or a substitution.
    Other,
}

/// Something in a command that cannot be judged from its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::approvals::decide) struct Risk {
    /// What it is.
    pub kind: RiskKind,
    /// Bytes of the command, counted as those of [`Step::span`].
    pub span: Range<usize>,
}

/// What makes a command hard to judge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::approvals::decide) enum RiskKind {
    /// The command is not analysable: the release's word, such as `redirect`.
    Blocks(&'static str),
    /// Only a person may answer for the step that has it.
    PromptOnly(PromptOnly),
    /// An argument that the shell expands, such as `$HOME`.
    Expansion,
    /// A shell with a command in its arguments.
    ShellWrapper,
}

/// Why only a person may answer for a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::approvals::decide) enum PromptOnly {
    /// `eval`.
    Eval,
    /// `.` or `source`.
    Source,
    /// `alias`.
    Alias,
    /// Another program starts a shell with a command.
    ShellThroughCarrier,
    /// The program starts others from its arguments.
    Carrier,
}

impl PromptOnly {
    /// All of them, the one that is reported first at the front.
    pub(in crate::approvals::decide) const ALL: [Self; 5] =
        [Self::Eval, Self::Source, Self::Alias, Self::ShellThroughCarrier, Self::Carrier];
}
