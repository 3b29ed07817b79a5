//! Lint reports as text and as JSON; annotations and SARIF are those of `validate`.

use std::io::{self, Write};

use super::contain::Contained;
use super::diagnostics::file;
use super::escape::escaped;
use super::narrow::Look;
use super::snapshot::dropped;
use crate::approvals::findings::codes::Code;
use crate::report::approvals::{Fix, LintReport};

/// Prints every finding of every document, and a summary line.
pub fn lint_human(out: &mut dyn Write, report: &LintReport, look: Look) -> io::Result<()> {
    let mut contained = Contained::default();
    for found in &report.files {
        contained.print(out, |out| file(out, found, look))?;
    }
    let counted = |count: usize, one: &str, many: &str| match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        more => Some(format!("{more} {many}")),
    };
    let counts = report.counts;
    let found: Vec<String> = [
        counted(counts.errors, "error", "errors"),
        counted(counts.warnings, "warning", "warnings"),
        counted(counts.notes, "note", "notes"),
    ]
    .into_iter()
    .flatten()
    .collect();
    let unread = report.files.iter().filter(|file| file.result.is_err()).count();
    let mut parts = vec![if found.is_empty() { "nothing found".to_owned() } else { found.join(", ") }];
    parts.extend(counted(report.invalid, "document is invalid", "documents are invalid"));
    parts.extend(counted(unread, "document not read", "documents not read"));
    if report.silenced > 0 {
        let by = report.config.as_deref().unwrap_or("clearance.toml");
        parts.push(format!("{} silenced by {}", report.silenced, escaped(by)));
    }
    if let Some(removed) = removed(report.fixable, report.unknown) {
        parts.push(format!("--fix removes {removed}"));
    }
    let fixed = |count: fn(&Fix) -> usize| report.fixed.iter().map(count).sum();
    if let Some(removed) = removed(fixed(|fix| fix.removals.len()), fixed(|fix| fix.unknown_count)) {
        parts.push(format!("removed {removed}"));
    }
    look.print(out, &parts.join("; "))?;
    contained.finish(out)
}

fn entries(count: usize) -> String {
    if count == 1 { "1 entry".to_owned() } else { format!("{count} entries") }
}

/// The number of entries and unknown fields; `None` where both are zero.
fn removed(count: usize, unknown: usize) -> Option<String> {
    let fields =
        || if unknown == 1 { "1 unknown field".to_owned() } else { format!("{unknown} unknown fields") };
    match (count, unknown) {
        (0, 0) => None,
        (count, 0) => Some(entries(count)),
        (0, _) => Some(fields()),
        (count, _) => Some(format!("{} and {}", entries(count), fields())),
    }
}

/// Prints what `--fix` would remove.
pub fn fixes_text<'m>(out: &mut dyn Write, fixes: impl Iterator<Item = &'m Fix>) -> io::Result<()> {
    for fix in fixes {
        let meaning = if fix.removals.iter().any(|removal| removal.code == Code::ExpiredEntry) {
            "commands that only expired entries allow will ask again, or are denied"
        } else {
            "what is allowed stays the same"
        };
        writeln!(
            out,
            "{}: {} to remove; {meaning}",
            escaped(&fix.name),
            removed(fix.removals.len(), fix.unknown_count).unwrap_or_default()
        )?;
        dropped(out, &fix.unknown, fix.unknown_count)?;
        for removal in &fix.removals {
            let (agent, pattern) = (escaped(&removal.agent), escaped(&removal.pattern));
            writeln!(
                out,
                "  {:<18} agent {agent}, entry {}: {pattern}",
                removal.code.as_str(),
                removal.index
            )?;
        }
        if fix.removals.iter().any(|removal| removal.code == Code::InactiveGenerated) {
            writeln!(
                out,
                "  inactive-generated applies to gateways from 2026.8.1 on; for an older one, add --for RELEASE"
            )?;
        }
    }
    Ok(())
}
