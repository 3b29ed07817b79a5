//! The text of the proposals of `approvals suggest`, and the question whether to add them.

use std::io;

use super::super::escape::{Paper, escaped, name, shortened, text};
use super::words;
use crate::queue::triage::{Fact, GatewayIndex, NoProposal, Proposal, Proposals, Triage};

/// The longest example that is shown whole, in columns.
const LONGEST: usize = 400;
/// How many reasons are shown.
const REASONS: usize = 20;
/// How many problems are shown.
const PROBLEMS: usize = 10;

/// The question, if the entries can be added.
pub(super) fn question(
    triage: &Triage,
    gateway: GatewayIndex,
    found: &Fact<Box<Proposals>>,
) -> Option<String> {
    let Fact::Known(found) = found else { return None };
    let agents: Vec<String> = found.agents.iter().map(|(agent, _)| name(agent)).collect();
    let agents = shortened(&agents.join(", "), 60);
    let entries = words::entries(found.entries());
    (found.can_be_added() && !triage.read_only())
        .then(|| format!("Add {entries} for {agents} to the document of {}? [y/N]", of(triage, gateway)))
}

fn of(triage: &Triage, gateway: GatewayIndex) -> String {
    triage.gateways().get(gateway).map_or_else(|| "-".to_owned(), |gateway| name(&gateway.name))
}

/// The lines.
pub(super) fn lines(
    out: &mut Vec<u8>,
    triage: &Triage,
    gateway: GatewayIndex,
    found: &Fact<Box<Proposals>>,
    paper: Paper,
) -> io::Result<()> {
    let found = match found {
        Fact::Asked => {
            let line = format!("Reading the history and the queue of {} …", of(triage, gateway));
            return paper.line(out, "", &line);
        }
        Fact::Unknown(why) => {
            paper.line(out, "", "No entries can be proposed.")?;
            return paper.block(out, "because", &escaped(why));
        }
        Fact::Known(found) => found,
    };
    let prompts = words::counted(usize::try_from(found.prompts).unwrap_or(usize::MAX), "prompt");
    let first = match found.entries() {
        0 => format!("No entry is proposed from {prompts}."),
        count => format!("{} would save {} of {prompts}.", words::entries(count), found.saved),
    };
    paper.line(out, "", &first)?;
    if !found.problems.is_empty() {
        paper.line(
            out,
            "",
            "Some prompts could not be read, and one of them may be a denial: nothing is added.",
        )?;
    }
    for problem in found.problems.iter().take(PROBLEMS) {
        paper.block(out, "unread", &escaped(problem))?;
    }
    if let Some(more) = found.problems.len().checked_sub(PROBLEMS).filter(|more| *more > 0) {
        paper.block(out, "unread", &words::counted(more, "more problem"))?;
    }
    for remark in &found.remarks {
        paper.block(out, "note", &escaped(remark))?;
    }
    for (agent, proposals) in &found.agents {
        for one in proposals {
            paper.line(out, "", "")?;
            proposal(out, agent, one, paper)?;
        }
    }
    if found.entries() > 0 {
        paper.line(out, "", "")?;
        let denied = match found.denied {
            0 => "No command was denied.".to_owned(),
            1 => "The 1 denied command does not run with them.".to_owned(),
            count => format!("None of the {count} denied commands runs with them."),
        };
        let line = format!("The evaluator decided, as {}, that every example runs.", escaped(&found.release));
        paper.line(out, "", &format!("{line} {denied}"))?;
    }
    refused(out, &found.refused, paper)?;
    paper.line(out, "", "")?;
    for source in &found.sources {
        paper.block(out, "source", &escaped(source))?;
    }
    paper.block(out, "file", &escaped(&found.document))?;
    paper.block(out, "shell", &escaped(&found.command))
}

fn proposal(out: &mut Vec<u8>, agent: &str, proposal: &Proposal, paper: Paper) -> io::Result<()> {
    let Proposal { pattern, arg_pattern, varies, examples, commands, prompts, allowed } = proposal;
    paper.block(out, "agent", &name(agent))?;
    paper.block(out, "pattern", &text(pattern))?;
    paper.block(out, "args", &text(arg_pattern))?;
    if !varies.is_empty() {
        paper.block(out, "varies", &varies.join(", "))?;
    }
    let saved = words::counted(usize::try_from(*prompts).unwrap_or(usize::MAX), "prompt");
    let commands = words::counted(*commands, "command");
    paper.block(out, "saves", &format!("{saved} of {commands}, {allowed} of them allowed by a person"))?;
    examples.iter().try_for_each(|example| paper.block(out, "example", &shortened(&text(example), LONGEST)))
}

fn refused(out: &mut Vec<u8>, refused: &[NoProposal], paper: Paper) -> io::Result<()> {
    if refused.is_empty() {
        return Ok(());
    }
    paper.line(out, "", "")?;
    paper.line(out, "", "No entry for:")?;
    for NoProposal { agent, why, commands, prompts, example } in refused.iter().take(REASONS) {
        let prompts = words::counted(usize::try_from(*prompts).unwrap_or(usize::MAX), "prompt");
        let commands = words::counted(*commands, "command");
        paper.block(out, "agent", &format!("{}: {commands}, {prompts}", name(agent)))?;
        paper.block(out, "because", &escaped(why))?;
        if let Some(example) = example {
            paper.block(out, "example", &shortened(&text(example), LONGEST))?;
        }
    }
    match refused.len().saturating_sub(REASONS) {
        0 => Ok(()),
        more => paper.block(out, "", &format!("and {}", words::counted(more, "more reason"))),
    }
}
