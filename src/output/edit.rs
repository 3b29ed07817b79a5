//! The result of `allowlist add` and `remove`.

use std::io::{self, Write};

use serde_json::Value;

use super::diff::described;
use super::escape::escaped;
use super::notes;
use super::snapshot::changes;
use crate::approvals::edit::allowlist::Verb;
use crate::approvals::findings::diagnostic::Diagnostic;
use crate::approvals::findings::severity::Severity;
use crate::report::approvals::{EditReport, SetOutcome};

/// Prints the result for the entry and for the document.
pub fn edit_text(out: &mut dyn Write, report: &EditReport) -> io::Result<()> {
    let EditReport { edit, set, similar, elsewhere, limited, expired, lints: _, attempts: _ } = report;
    notes::expired(out, expired)?;
    let (path, agent) = (escaped(&set.path), escaped(edit.agent()));
    let entry =
        |entry: &Value| described(entry, if edit.is_tool() { &["server", "tool"] } else { &["pattern"] });
    let noun = if edit.is_tool() { "MCP tool" } else { "entry" };
    changes(out, &set.changes.policy)?;
    for field in &set.foreseen {
        writeln!(out, "the gateway will reject it: {}", escaped(&field.to_string()))?;
    }
    let after = set.after.as_deref().unwrap_or_default();
    let moved = limited.moved().filter(|_| set.outcome == SetOutcome::Unchanged);
    if let Some((from, to)) = moved {
        let (entry, from, to) = (entry(&edit.entry()), notes::minute(from), notes::minute(to));
        writeln!(
            out,
            "time limit of {entry} (agent {agent}) moved from {from} to {to}; the document is unchanged"
        )?;
    }
    match (set.outcome, edit.verb()) {
        (SetOutcome::Stored, _) => {
            writeln!(out, "stored in {path}\n  hash      {after}\n  before    {}", set.before)?;
        }
        (SetOutcome::Planned, _) => writeln!(out, "dry run: {path} was not changed")?,
        (SetOutcome::Unchanged, _) if moved.is_some() => {}
        (SetOutcome::Unchanged, Verb::Add) => {
            writeln!(out, "unchanged: {path} already allows {} for agent {agent}", entry(&edit.entry()))?;
        }
        (SetOutcome::Unchanged, Verb::Remove) => {
            writeln!(out, "unchanged: {path} has no {noun} {} for agent {agent}", entry(&edit.entry()))?;
        }
    }
    notes::limited(out, limited)?;
    if edit.verb() == Verb::Remove {
        for other in similar {
            writeln!(out, "  kept: {}", entry(other))?;
        }
        for other in elsewhere {
            let (subject, article) = (escaped(&edit.subject()), if edit.is_tool() { "the" } else { "an" });
            writeln!(
                out,
                "  agent {} also has {article} {noun} {subject}: add --agent={} to remove it",
                escaped(other),
                escaped(other)
            )?;
        }
    }
    if !set.departures.is_empty() {
        writeln!(out, "the stored document differs from the one sent:")?;
        changes(out, &set.departures)?;
    }
    Ok(())
}

/// Prints the warnings about a new entry. Its position in the document is not known yet.
pub fn entry_warnings(err: &mut dyn Write, found: &[Diagnostic]) -> io::Result<()> {
    for diagnostic in found {
        let severity = match diagnostic.severity {
            Severity::Note => "note",
            Severity::Error | Severity::Warning => "warning",
        };
        writeln!(err, "{severity}: {} [{}]", escaped(&diagnostic.message), diagnostic.code)?;
        writeln!(err, "  why: {}", diagnostic.code.explanation().why)?;
        writeln!(err, "  next: {}", escaped(&diagnostic.fix()))?;
    }
    Ok(())
}
