//! The plan and the result of `approvals restore` as text.

use std::io::{self, Write};

use super::escape::escaped;
use super::narrow::Look;
use super::notes::{self, minute};
use super::snapshot::{changes, omitted};
use super::wider::wider_text;
use crate::report::approvals::SetOutcome;
use crate::report::approvals::restore::RestoreReport;

/// Prints what would change, and what would get wider.
pub fn restore_plan_text(out: &mut dyn Write, report: &RestoreReport, look: Look) -> io::Result<()> {
    let path = escaped(&report.set.path);
    if report.is_unchanged() {
        return writeln!(out, "{path} already holds version {}; nothing was written", report.from.id);
    }
    writeln!(out, "version {} of {} ({})", report.from.id, path, minute(report.from.at_ms))?;
    changes(out, &report.set.changes.policy)?;
    omitted(out, report.set.changes.omitted)?;
    if report.set.changes.policy.is_empty() {
        writeln!(out, "the policy stays the same")?;
    }
    for field in &report.set.foreseen {
        writeln!(out, "the gateway will reject it: {}", escaped(&field.to_string()))?;
    }
    for entry in &report.over {
        let (agent, pattern) = (escaped(&entry.agent), escaped(&entry.pattern));
        let over = entry.until_ms.map(minute).unwrap_or_default();
        let then = if report.is_elsewhere { "there it has no limit" } else { "it is removed again at once" };
        writeln!(out, "the time of {pattern} of agent {agent} was over at {over}: {then}")?;
    }
    match &report.wider {
        Some(wider) => wider_text(out, wider, look),
        None => writeln!(out, "The policy of a Windows node is not compared for what gets wider."),
    }
}

/// The question before a version is restored.
pub fn restore_question(report: &RestoreReport) -> String {
    let wider = if report.is_wider() { ", which allows more than the current document" } else { "" };
    format!("Restore version {}{wider}?", report.from.id)
}

/// Prints the result.
pub fn restored_text(out: &mut dyn Write, report: &RestoreReport) -> io::Result<()> {
    let set = &report.set;
    let path = escaped(&set.path);
    match set.outcome {
        SetOutcome::Stored => writeln!(
            out,
            "Restored version {} in {path}.\n  hash      {}\n  before    {}",
            report.from.id,
            set.after.as_deref().unwrap_or_default(),
            set.before
        )?,
        SetOutcome::Unchanged => {
            writeln!(out, "{path} already holds version {}; nothing was written", report.from.id)?;
        }
        SetOutcome::Planned => writeln!(out, "dry run: {path} was not changed")?,
    }
    notes::expired(out, &set.expired)?;
    if !set.departures.is_empty() {
        writeln!(out, "the stored document differs from the one sent:")?;
        changes(out, &set.departures)?;
    }
    Ok(())
}
