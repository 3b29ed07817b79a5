//! What another release makes of a document, as text.

use std::io::{self, Write};

use super::escape::{escaped, shortened, text};
use super::explain::release_line;
use super::narrow::Look;
use crate::report::approvals::explain::DecidedAs;
use crate::report::approvals::upgrade::{Change, Edit, Ending, PolicyChange, Upgraded};

/// The longest command that is printed whole, in columns.
const LONGEST: usize = 200;

/// The most commands that are listed.
const LISTED: usize = 100;

/// Prints the report.
pub fn upgrade_text(out: &mut dyn Write, report: &Upgraded, look: Look) -> io::Result<()> {
    let paper = look.paper;
    paper.line(out, "from  ", &from_line(&report.from))?;
    paper.line(out, "for   ", &release_line(&report.to))?;
    let (from, to) = (escaped(&report.from.release), escaped(&report.to.release));
    paper.line(out, "", &format!("From {from} to {to}: {}", result(report)))?;
    if report.unknown_count > 0 {
        let first = report.unknown.first().map_or_else(String::new, |first| text(first));
        let line =
            format!("{} commands are unknown, for example {}", report.unknown_count, shortened(&first, 80));
        paper.line(out, "", &line)?;
    }
    if !report.policies.is_empty() {
        writeln!(out, "\npolicy")?;
    }
    for PolicyChange { agent, field, before, after, is_kept } in &report.policies {
        let agent = agent
            .as_deref()
            .map_or_else(|| "any other agent".to_owned(), |agent| format!("agent {}", escaped(agent)));
        paper.line(
            out,
            "  ",
            &format!("{agent}: {field} is {before} now, and {after} then{}", kept(*is_kept)),
        )?;
    }
    if !report.changes.is_empty() {
        writeln!(out, "\ncommands")?;
    }
    for Change { agent, command, source: _, before, after, is_kept } in report.changes.iter().take(LISTED) {
        paper.line(out, "  ", &shortened(&text(command), LONGEST))?;
        let line = format!(
            "agent {}: {} now, {} then: {}{}",
            escaped(agent),
            ending(before),
            ending(after),
            escaped(&after.reason),
            kept(*is_kept)
        );
        paper.line(out, "      ", &line)?;
    }
    if let Some(more) = report.changes.len().checked_sub(LISTED).filter(|more| *more > 0) {
        writeln!(out, "  and {more} more (--json lists all)")?;
    }
    if report.is_same() {
        return Ok(());
    }
    if report.edits.is_empty() {
        return writeln!(out, "\nNo edit of the document keeps them.");
    }
    writeln!(out, "\nedits that keep the meaning (--patch prints the document with them)")?;
    report.edits.iter().try_for_each(|edit| paper.line(out, "  ", &shortened(&of_edit(edit), LONGEST)))
}

/// The release that the host runs now, and whether it is a guess.
fn from_line(release: &DecidedAs) -> String {
    let line = release_line(release);
    if release.is_guess { format!("{line}; name the real one: --from RELEASE") } else { line }
}

/// What differs. What is zero is left out.
fn result(report: &Upgraded) -> String {
    let count = report.commands;
    let commands = match (report.changes.len(), count) {
        (0, 1) => "1 command keeps its verdict".to_owned(),
        (0, _) => format!("{count} commands keep their verdict"),
        (1, _) => format!("1 of {count} commands gets another verdict"),
        (more, _) => format!("{more} of {count} commands get another verdict"),
    };
    let link = if report.changes.is_empty() { "but" } else { "and" };
    match report.policies.len() {
        0 => format!("{commands}."),
        1 => format!("{commands}, {link} 1 policy field differs."),
        more => format!("{commands}, {link} {more} policy fields differ."),
    }
}

fn kept(is_kept: bool) -> &'static str {
    if is_kept { "; an edit keeps it" } else { "" }
}

/// The verdict, with what happens to a prompt without an answer.
fn ending(ending: &Ending) -> String {
    match ending.unanswered {
        Some(unanswered) => {
            format!("{} ({} if nobody answers)", ending.verdict.as_str(), unanswered.as_str())
        }
        None => ending.verdict.as_str().to_owned(),
    }
}

fn of_edit(edit: &Edit) -> String {
    match edit {
        Edit::Add { agent, pattern, arg_pattern } => {
            let arguments = arg_pattern
                .as_ref()
                .map_or_else(String::new, |arguments| format!(", argPattern {}", escaped(arguments)));
            format!("add to agent {}: {}{arguments}", escaped(agent), escaped(pattern))
        }
        Edit::Remove { agent, index, pattern } => {
            format!("remove from agent {} entry {index}: {}", escaped(agent), escaped(pattern))
        }
        Edit::Set { key, value } => format!("set {} to {value}", escaped(key)),
    }
}
