//! What another release makes of a document, as text.

use std::io::{self, Write};

use super::escape::{escaped, shortened, text};
use super::narrow::Look;
use crate::report::approvals::upgrade::{Change, Edit, PolicyChange, Upgraded};

/// The longest command that is printed whole, in columns.
const LONGEST: usize = 200;

/// The most commands that are listed.
const LISTED: usize = 100;

/// Prints the report.
pub fn upgrade_text(out: &mut dyn Write, report: &Upgraded, look: Look) -> io::Result<()> {
    let paper = look.paper;
    let (from, to) = (escaped(&report.from.release), escaped(&report.to.release));
    let count = report.commands;
    let result = if report.is_same() {
        format!("{count} commands keep their verdict.")
    } else {
        format!("{} of {count} commands get another verdict.", report.changes.len())
    };
    paper.line(out, "", &format!("From {from} to {to}: {result}"))?;
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
            before.words(),
            after.words(),
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

fn kept(is_kept: bool) -> &'static str {
    if is_kept { "; an edit keeps it" } else { "" }
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
