//! The report of `approvals test` as text and as annotations of a GitHub workflow.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::contain::Contained;
use super::escape::{escaped, text};
use super::github::{data, property};
use super::narrow::Look;
use crate::approvals::policy_tests::Listed;
use crate::report::approvals::{Check, Difference, Failed, NotTested, TestReport, TestedFile, Uncovered};

/// Maximum number of uncovered entries in the text report.
const LISTED: usize = 50;

/// Prints every failed case, the entries that no case touches, and a summary line.
pub fn tests_human(out: &mut dyn Write, report: &TestReport, look: Look) -> io::Result<()> {
    let mut contained = Contained::default();
    for tested in &report.files {
        contained.print(out, |out| file(out, tested, look))?;
    }
    contained.print(out, |out| uncovered(out, &report.uncovered, look))?;
    look.print(out, &summary(report))?;
    contained.finish(out)
}

/// The numbers, the result first.
pub(super) fn summary(report: &TestReport) -> String {
    let totals = report.totals();
    let counted = |count: usize, one: &str, many: &str| match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        more => Some(format!("{more} {many}")),
    };
    let parts: Vec<String> = [
        counted(totals.failed, "failed", "failed"),
        counted(totals.passed, "passed", "passed"),
        counted(totals.invalid, "file with mistakes", "files with mistakes"),
        counted(totals.unreadable, "file not read", "files not read"),
        counted(totals.timed_out, "file not finished", "files not finished"),
        counted(totals.crashed, "file not checked", "files not checked"),
        counted(report.uncovered.len(), "entry not covered", "entries not covered"),
    ]
    .into_iter()
    .flatten()
    .collect();
    parts.join(", ")
}

fn file(out: &mut dyn Write, tested: &TestedFile, look: Look) -> io::Result<()> {
    let name = escaped(&tested.name);
    match &tested.result {
        Ok(checks) => {
            for group in groups(checks) {
                failed(out, &name, &group, look)?;
            }
            Ok(())
        }
        Err(NotTested::Problems(problems)) => {
            for problem in problems {
                let place = format!("{name}:{}:{}", problem.at.line, problem.at.column);
                look.print(
                    out,
                    &format!("{} {place}: {}", label("error:", look), escaped(&problem.message)),
                )?;
                if let Some(help) = &problem.help {
                    look.print(out, &format!("  next: {}", escaped(help)))?;
                }
            }
            writeln!(out)
        }
        Err(NotTested::Failed(failed)) => {
            look.print(out, &format!("{} {}", label("error:", look), escaped(&failed.message)))?;
            if !failed.message.contains(&tested.name) {
                look.print(out, &format!("  --> {name}"))?;
            }
            if let Some(remedy) = &failed.remedy {
                look.print(out, &format!("  next: {}", escaped(remedy)))?;
            }
            writeln!(out)
        }
    }
}

/// A message with its next step, on one line.
pub(super) fn with_remedy(failed: &Failed) -> String {
    let remedy = failed.remedy.as_ref().map(|remedy| format!(" ({remedy})")).unwrap_or_default();
    format!("{}{remedy}", failed.message)
}

fn label(text: &str, look: Look) -> String {
    let style = if look.styled { AnsiColor::BrightRed.on_default().bold() } else { Style::new() };
    format!("{style}{text}{style:#}")
}

/// A failed case, and the releases under which it fails in the same way.
struct Group<'r> {
    check: &'r Check,
    difference: &'r Difference,
    releases: Vec<&'r str>,
}

fn groups(checks: &[Check]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for check in checks {
        let Some(difference) = check.failure.as_deref() else { continue };
        match groups.last_mut() {
            Some(group)
                if group.check.at == check.at
                    && group.difference.differences == difference.differences
                    && group.difference.why == difference.why =>
            {
                group.releases.push(&check.release);
            }
            _ => groups.push(Group { check, difference, releases: vec![&check.release] }),
        }
    }
    groups
}

fn failed(out: &mut dyn Write, name: &str, group: &Group<'_>, look: Look) -> io::Result<()> {
    let Group { check, difference, releases } = group;
    look.print(out, &format!("{} {}", label("failed:", look), text(check.title())))?;
    let releases = escaped(&releases.join(", "));
    look.print(out, &format!("  --> {name}:{}:{}, {releases}", check.at.line, check.at.column))?;
    if check.name.is_some() {
        look.print(out, &format!("  command: {}", text(&check.command)))?;
    }
    for line in &difference.differences {
        look.print(out, &format!("  {}", escaped(line)))?;
    }
    for line in &difference.why {
        look.print(out, &format!("  - {}", escaped(line)))?;
    }
    writeln!(out)
}

fn uncovered(out: &mut dyn Write, entries: &[Uncovered], look: Look) -> io::Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    writeln!(out, "No case matches these entries:")?;
    for Uncovered { document, entry } in entries.iter().take(LISTED) {
        let (line, column) = (entry.at.line, entry.at.column);
        look.print(out, &format!("  {}:{line}:{column}: {}", escaped(document), escaped(&shown(entry))))?;
    }
    match entries.len().saturating_sub(LISTED) {
        0 => {}
        more => writeln!(out, "  … and {more} more (--format json lists all)")?,
    }
    writeln!(out)
}

/// An entry in words.
pub(super) fn shown(entry: &Listed) -> String {
    let arguments =
        entry.arg_pattern.as_ref().map(|pattern| format!(" argPattern={pattern}")).unwrap_or_default();
    format!("agent {}: {}{arguments}", entry.agent, entry.pattern)
}

/// Prints an annotation for each failed case, each problem, and each entry that no case touches.
pub fn tests_github(out: &mut dyn Write, report: &TestReport) -> io::Result<()> {
    let mut contained = Contained::default();
    for tested in &report.files {
        contained.print(out, |out| annotations(out, tested))?;
    }
    let level = if report.requires_coverage { "error" } else { "notice" };
    for Uncovered { document, entry } in &report.uncovered {
        let (file, line, column) = (property(document), entry.at.line, entry.at.column);
        let message = data(&format!("no case matches this entry: {}", shown(entry)));
        writeln!(out, "::{level} file={file},line={line},col={column},title=uncovered-entry::{message}")?;
    }
    contained.finish(out)
}

fn annotations(out: &mut dyn Write, tested: &TestedFile) -> io::Result<()> {
    let file = property(&tested.name);
    match &tested.result {
        Ok(checks) => {
            for Group { check, difference, releases } in groups(checks) {
                let (line, column) = (check.at.line, check.at.column);
                let said = difference.differences.iter().chain(&difference.why).map(|line| data(line));
                let said = said.collect::<Vec<_>>().join("; ");
                let title = data(check.title());
                let releases = data(&releases.join(", "));
                writeln!(
                    out,
                    "::error file={file},line={line},col={column},title=policy-test::{title} ({releases}): {said}"
                )?;
            }
            Ok(())
        }
        Err(NotTested::Problems(problems)) => {
            for problem in problems {
                let (line, column) = (problem.at.line, problem.at.column);
                let help = problem.help.as_ref().map(|help| format!(" ({})", data(help))).unwrap_or_default();
                let message = data(&problem.message);
                writeln!(
                    out,
                    "::error file={file},line={line},col={column},title=invalid-test::{message}{help}"
                )?;
            }
            Ok(())
        }
        Err(NotTested::Failed(failed)) => {
            let message = data(&with_remedy(failed));
            writeln!(out, "::error file={file},title={}::{message}", failed.why.as_str())
        }
    }
}
