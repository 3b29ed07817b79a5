//! Durable approvals: entries with the source `allow-always`. One kind approves one exact command text, which its pattern
//! names by its hash; and the entries that a gateway writes for an answer `allow-always`.
//! Source: `hasExactCommandDurableExecApproval`, the same in all three releases. What is written was measured on gateways
//! of 2026.4.14, 2026.6.11 and 2026.9.6; `docs/triage.md` has the table.

use super::arguments::{bound_hash, command_pattern, is_command_pattern, node_pattern};
use super::evaluation::{By, Evaluation, Segment};
use super::profile::Profile;
use super::question::{Entry, Question};
use super::words::trim;

/// Whether an entry is a durable approval (*Allow always*) of this exact text.
pub(super) fn allows_text(entries: &[Entry], command: &str) -> bool {
    let is_exact = |entry: &&Entry| entry.allow_always && is_command_pattern(&entry.pattern);
    let mut approvals = entries.iter().filter(is_exact).peekable();
    if trim(command).is_empty() || approvals.peek().is_none() {
        return false;
    }
    let pattern = command_pattern(command);
    approvals.any(|entry| entry.pattern == pattern)
}

/// An entry that a gateway writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Its pattern.
    pub pattern: String,
    /// Its `argPattern`.
    pub arg_pattern: Option<String>,
}

/// The entries that the gateway writes if the prompt for a command is answered with `allow-always`: one for each program
/// that the command starts, also where another entry allows it already, and one that names the command by its hash. Only
/// for prompts that offer this answer. The error: why they are unknown.
pub fn written(
    question: &Question<'_>,
    profile: Profile,
    evaluation: Option<&Evaluation>,
) -> Result<Vec<Written>, String> {
    if profile < Profile::V2026_6_11 {
        // Which parts it reads depends on the entries, and `sh -c` is taken apart by rules of its own.
        return Err(format!(
            "{} writes the path of each program, for all arguments and directories; of an interpreter, or of what it \
             cannot analyse, the whole text of the command by its hash",
            profile.release()
        ));
    }
    let evaluation = evaluation.ok_or("the gateway refuses it before it is analysed")?;
    if let Some(why) = &evaluation.not_analysable {
        return Err(format!("the gateway cannot analyse it: {why}"));
    }
    let mut written: Vec<Written> = Vec::new();
    // A builtin such as `true` has a program, too, and that gets an entry; an assignment has none.
    let has_program = |segment: &&Segment| segment.by != Some(By::Builtin) || segment.real.is_some();
    for segment in evaluation.segments.iter().filter(has_program) {
        let entry = of_segment(segment, question.directory, profile)?;
        if !written.contains(&entry) {
            written.push(entry);
        }
    }
    written.push(Written { pattern: node_pattern(question.command), arg_pattern: None });
    Ok(written)
}

/// The entry for a part of a command.
fn of_segment(segment: &Segment, directory: &str, profile: Profile) -> Result<Written, String> {
    let words = segment.effective.as_ref().unwrap_or(&segment.argv);
    let (program, arguments) = words.split_first().ok_or("a part of it has no program")?;
    if let Some(why) = &segment.never {
        return Err(why.clone());
    }
    let pattern = segment
        .real
        .clone()
        .ok_or_else(|| format!("the real path of {program} is known on the gateway's host only"))?;
    let bound = profile >= Profile::V2026_9_6;
    Ok(Written { pattern, arg_pattern: bound.then(|| bound_hash(directory, arguments)) })
}

#[cfg(test)]
mod tests;
