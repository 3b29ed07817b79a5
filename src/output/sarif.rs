//! SARIF 2.1.0, for code scanning.

use std::io::{self, Write};

use serde_sarif::sarif::{
    Artifact, ArtifactLocation, Invocation, Location, LogicalLocation, Message, MultiformatMessageString,
    Notification, PhysicalLocation, Region, ReportingDescriptor, Result as Finding, ResultColumnKind,
    ResultLevel, Run, Sarif, Tool, ToolComponent,
};

use super::json::json;
use crate::approvals::codes::Code;
use crate::approvals::diagnostic::{Diagnostic, Severity};
use crate::approvals::report::FileReport;

/// Prints one run: a rule a code, a result a problem, a notification a file that could not be read.
pub fn sarif(out: &mut dyn Write, reports: &[FileReport]) -> io::Result<()> {
    with_rules(out, reports, Code::ALL.iter().copied())
}

/// Prints one run of lints, which is told of invalid documents too.
pub fn lint_sarif(out: &mut dyn Write, reports: &[FileReport]) -> io::Result<()> {
    with_rules(out, reports, Code::ALL.iter().chain(Code::LINTS).copied())
}

fn with_rules(
    out: &mut dyn Write,
    reports: &[FileReport],
    codes: impl Iterator<Item = Code>,
) -> io::Result<()> {
    let driver = ToolComponent::builder()
        .name("clearance")
        .version(env!("CARGO_PKG_VERSION"))
        .rules(codes.map(rule).collect::<Vec<_>>())
        .build();
    let failed: Vec<Notification> = reports
        .iter()
        .filter_map(|report| report.result.as_ref().err().map(|failed| notification(report, &failed.message)))
        .collect();
    let omitted = reports.iter().filter_map(|report| {
        let omitted = report.result.as_ref().map_or(0, |verdict| verdict.omitted);
        (omitted > 0).then(|| notification(report, &format!("{omitted} more problems are not listed")))
    });
    let notifications: Vec<Notification> = failed.iter().cloned().chain(omitted).collect();
    let invocation = Invocation::builder()
        .execution_successful(failed.is_empty())
        .tool_execution_notifications(notifications)
        .build();
    let run = Run::builder()
        .tool(Tool::builder().driver(driver).build())
        .column_kind(serde_json::to_value(ResultColumnKind::UnicodeCodePoints)?)
        .invocations(vec![invocation])
        .artifacts(
            reports
                .iter()
                .map(|report| Artifact::builder().location(artifact(report)).build())
                .collect::<Vec<_>>(),
        )
        .results(reports.iter().flat_map(results).collect::<Vec<_>>())
        .build();
    let log = Sarif::builder()
        .schema("https://json.schemastore.org/sarif-2.1.0.json")
        .version(serde_json::Value::from("2.1.0"))
        .runs(vec![run])
        .build();
    json(out, &log)
}

fn rule(code: Code) -> ReportingDescriptor {
    let page = code.explanation();
    let text = |text: &str| MultiformatMessageString::builder().text(text).build();
    ReportingDescriptor::builder()
        .id(code.as_str())
        .short_description(text(page.title))
        .full_description(text(page.what))
        .help(text(&format!("{} {}", page.why, page.mend)))
        .build()
}

fn artifact(report: &FileReport) -> ArtifactLocation {
    ArtifactLocation::builder().uri(uri(&report.name)).build()
}

fn results(report: &FileReport) -> Vec<Finding> {
    let verdict = report.result.as_ref().ok();
    verdict
        .into_iter()
        .flat_map(|verdict| &verdict.diagnostics)
        .map(|diagnostic| result(report, diagnostic))
        .collect()
}

fn result(report: &FileReport, diagnostic: &Diagnostic) -> Finding {
    let number = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let region = Region::builder()
        .start_line(number(diagnostic.start.line))
        .start_column(number(diagnostic.start.column))
        .end_line(number(diagnostic.end.line))
        .end_column(number(diagnostic.end.column))
        .build();
    let physical = PhysicalLocation::builder().artifact_location(artifact(report)).region(region).build();
    let logical = LogicalLocation::builder().fully_qualified_name(diagnostic.path.to_string()).build();
    let location = Location::builder().physical_location(physical).logical_locations(vec![logical]).build();
    let level = match diagnostic.severity {
        Severity::Error => ResultLevel::Error,
        Severity::Warning => ResultLevel::Warning,
        Severity::Note => ResultLevel::Note,
    };
    let mut message = diagnostic.message.clone();
    for (word, part) in [("expected", &diagnostic.expected), ("did you mean", &diagnostic.suggestion)] {
        if let Some(part) = part {
            message.push_str("; ");
            message.push_str(word);
            message.push(' ');
            message.push_str(part);
        }
    }
    Finding::builder()
        .rule_id(diagnostic.code.as_str())
        .level(level)
        .message(Message::builder().text(message).build())
        .locations(vec![location])
        .build()
}

fn notification(report: &FileReport, message: &str) -> Notification {
    let physical = PhysicalLocation::builder().artifact_location(artifact(report)).build();
    Notification::builder()
        .level(serde_json::Value::from("error"))
        .message(Message::builder().text(message).build())
        .locations(vec![Location::builder().physical_location(physical).build()])
        .build()
}

/// A path as a URI reference (RFC 3986): what may not stand in one is percent-encoded, byte by byte.
fn uri(path: &str) -> String {
    use std::fmt::Write;
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte));
            }
            // Writing to a String cannot fail.
            other => drop(write!(uri, "%{other:02X}")),
        }
    }
    uri
}
