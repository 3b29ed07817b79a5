//! Lints for people and for machines; annotations and SARIF are those of a validation.

use std::io::{self, Write};

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::contain::Contained;
use super::diagnostics::file;
use super::escape::escaped;
use super::json::{VERSION, json as print, listed, problems, unfinished};
use super::snapshot::dropped;
use crate::approvals::findings::codes::Code;
use crate::approvals::findings::diagnostic::Verdict;
use crate::approvals::findings::severity::Severity;
use crate::approvals::lint::Removal;
use crate::report::approvals::{FileReport, LintReport, Mend, Unchecked};

/// Prints every finding of every document, and a line that counts.
pub fn lint_human(out: &mut dyn Write, report: &LintReport, styled: bool) -> io::Result<()> {
    let mut contained = Contained::default();
    for found in &report.files {
        contained.print(out, |out| file(out, found, styled))?;
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
    if let Some(removed) = removed(report.mendable, report.unknown) {
        parts.push(format!("--fix removes {removed}"));
    }
    let fixed = |count: fn(&Mend) -> usize| report.fixed.iter().map(count).sum();
    if let Some(removed) = removed(fixed(|mend| mend.removals.len()), fixed(|mend| mend.unknown_count)) {
        parts.push(format!("removed {removed}"));
    }
    writeln!(out, "{}", parts.join("; "))?;
    contained.finish(out)
}

fn entries(count: usize) -> String {
    if count == 1 { "1 entry".to_owned() } else { format!("{count} entries") }
}

/// Entries and unknown fields; `None` where there are neither.
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

/// Prints what a mend would remove.
pub fn mends_text<'m>(out: &mut dyn Write, mends: impl Iterator<Item = &'m Mend>) -> io::Result<()> {
    for mend in mends {
        writeln!(
            out,
            "{}: {} to remove; what is allowed stays the same",
            escaped(&mend.name),
            removed(mend.removals.len(), mend.unknown_count).unwrap_or_default()
        )?;
        dropped(out, &mend.unknown, mend.unknown_count)?;
        for removal in &mend.removals {
            let (agent, pattern) = (escaped(&removal.agent), escaped(&removal.pattern));
            writeln!(
                out,
                "  {:<18} agent {agent}, entry {}: {pattern}",
                removal.code.as_str(),
                removal.index
            )?;
        }
        if mend.removals.iter().any(|removal| removal.code == Code::InactiveGenerated) {
            writeln!(
                out,
                "  inactive-generated is of gateways from 2026.8.1 on: for an older one say --for RELEASE"
            )?;
        }
    }
    Ok(())
}

/// One document, as it is printed.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct File<'r, P> {
    path: &'r str,
    status: &'static str,
    problems: P,
    omitted: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Value>,
}

/// The object as it is printed: each problem is made when its turn comes.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Lint<'r> {
    version: u8,
    #[serde(serialize_with = "files")]
    files: &'r [FileReport],
    errors: usize,
    warnings: usize,
    notes: usize,
    silenced: usize,
    config: Option<&'r str>,
    fixable: usize,
    fixable_fields: usize,
    #[serde(serialize_with = "fixed_fields")]
    fixed_fields: &'r [Mend],
    #[serde(serialize_with = "fixed")]
    fixed: &'r [Mend],
    remarks: Vec<&'r str>,
}

fn files<S: Serializer>(reports: &&[FileReport], serializer: S) -> Result<S::Ok, S::Error> {
    /// Of a file that was not read.
    static NONE: Verdict = Verdict {
        diagnostics: Vec::new(),
        omitted: 0,
        omitted_errors: 0,
        uncounted: false,
        unfinished: false,
    };
    serializer.collect_seq(reports.iter().map(|file| {
        let (verdict, error) = match &file.result {
            Ok(verdict) => (verdict, verdict.unfinished.then(unfinished)),
            Err(failed) => (&NONE, Some(json!({ "message": failed.message, "remedy": failed.remedy }))),
        };
        let (problems, omitted) = (problems(verdict), verdict.omitted);
        File { path: &file.name, status: status(file), problems, omitted, error }
    }))
}

fn fixed_fields<S: Serializer>(mends: &&[Mend], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(mends.iter().flat_map(|mend| listed(&mend.unknown)))
}

fn fixed<S: Serializer>(mends: &&[Mend], serializer: S) -> Result<S::Ok, S::Error> {
    let object = |mend: &Mend, removal: &Removal| {
        json!({
            "path": mend.name,
            "agent": removal.agent,
            "index": removal.index,
            "pattern": removal.pattern,
            "code": removal.code.as_str(),
        })
    };
    serializer.collect_seq(
        mends.iter().flat_map(|mend| mend.removals.iter().map(move |removal| object(mend, removal))),
    )
}

/// Prints a lint as one JSON object.
pub fn lint_json(out: &mut dyn Write, report: &LintReport) -> io::Result<()> {
    let counts = report.counts;
    print(
        out,
        &Lint {
            version: VERSION,
            files: &report.files,
            errors: counts.errors,
            warnings: counts.warnings,
            notes: counts.notes,
            silenced: report.silenced,
            config: report.config.as_deref(),
            fixable: report.mendable,
            fixable_fields: report.unknown,
            fixed_fields: &report.fixed,
            fixed: &report.fixed,
            remarks: report.remarks.iter().map(|remark| remark.message.as_str()).collect(),
        },
    )
}

fn status(file: &FileReport) -> &'static str {
    match &file.result {
        Ok(verdict) if verdict.unfinished => Unchecked::TimedOut.as_str(),
        Ok(verdict) if verdict.diagnostics.is_empty() => "clean",
        Ok(verdict)
            if verdict.diagnostics.iter().any(|d| !d.code.is_lint() && d.severity == Severity::Error) =>
        {
            "invalid"
        }
        Ok(_) => "findings",
        Err(failed) => failed.why.as_str(),
    }
}
