//! Reads a shell command with the grammar of Bash, as 2026.6.11 and 2026.9.6 do before they look at entries: which programs
//! it starts with which words, and what about it cannot be judged from the text. Facts: `command-explainer/extract.ts` of
//! both releases (tree-sitter-bash 0.25.1).

use super::profile::Profile;

mod carriers;
mod decode;
mod explanation;
mod parse;
mod source;
mod step;
mod units;
mod walk;
mod word;

pub(super) use explanation::{Context, Explanation, Risk, RiskKind, Step};
pub(super) use parse::Unparsed;

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
