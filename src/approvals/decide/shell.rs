//! Reads a shell command with the grammar of Bash, as 2026.6.11 and 2026.9.6 do before they look at entries: which programs
//! it starts with which words, and what about it cannot be judged from the text. Facts: `command-explainer/extract.ts` of
//! both releases (tree-sitter-bash 0.25.1).

use std::ops::Range;

use super::profile::Profile;

mod carriers;
mod decode;
mod parse;
mod source;
mod step;
mod units;
mod walk;
mod word;

pub(super) use parse::Unparsed;

/// What a release finds in a command.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Explanation {
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
pub(super) struct Step {
    /// Where it is.
    pub context: Context,
    /// The step of which it is the payload.
    pub parent: Option<usize>,
    /// The words, with quotes removed.
    pub argv: Vec<String>,
    /// Its text: a part of the command, or of a payload without the quotes around that.
    pub text: String,
    /// Bytes of the command. For a payload with escapes the release counts as if there were none, and so does this.
    pub span: Range<usize>,
    /// The bytes that the release takes for the program.
    pub executable: Range<usize>,
}

/// Where a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Context {
    /// In the command itself.
    Top,
    /// In the text of `sh -c`.
    Payload,
    /// In a function or a substitution.
    Other,
}

/// Something in a command that cannot be judged from its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Risk {
    /// What it is.
    pub kind: RiskKind,
    /// Bytes of the command, counted as those of [`Step::span`].
    pub span: Range<usize>,
}

/// What makes a command hard to judge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RiskKind {
    /// The command is not analysable: the release's word, such as `redirect`.
    Blocks(&'static str),
    /// The step that has it must always be asked: the release's word, such as `eval`.
    PromptOnly(&'static str),
    /// An argument that the shell expands, such as `$HOME`.
    Expansion,
    /// A shell with a command in its arguments.
    ShellWrapper,
}

/// Explains a command.
pub(super) fn explain(command: &str, profile: Profile) -> Result<Explanation, Unparsed> {
    walk::explain(command, profile)
}

/// The words of every program that a command starts, payloads included: those of the command itself first.
pub(super) fn commands(command: &str, profile: Profile) -> Result<Vec<Vec<String>>, Unparsed> {
    let (top, nested): (Vec<_>, Vec<_>) =
        explain(command, profile)?.steps.into_iter().partition(|step| step.context == Context::Top);
    Ok(top.into_iter().chain(nested).map(|step| step.argv).collect())
}

#[cfg(test)]
mod tests;
