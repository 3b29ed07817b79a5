//! SARIF 2.1.0, for code scanning.

use std::io::{self, Write};

use serde::{Serialize, Serializer};
use serde_sarif::sarif::{
    Artifact, ArtifactLocation, Invocation, Location, LogicalLocation, Message, MultiformatMessageString,
    Notification, PhysicalLocation, Region, ReportingDescriptor, Result as Finding, ResultColumnKind,
    ResultLevel, Run, Tool, ToolComponent,
};

use super::json::json;
use crate::approvals::findings::codes::Code;
use crate::approvals::findings::diagnostic::Diagnostic;
use crate::approvals::findings::severity::Severity;
use crate::report::approvals::{FileReport, UNFINISHED};

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
        let more = report.result.as_ref().ok()?.more()?;
        Some(notification(report, &format!("{more}, not listed")))
    });
    let unfinished: Vec<Notification> = reports
        .iter()
        .filter(|report| report.result.as_ref().is_ok_and(|verdict| verdict.unfinished))
        .map(|report| notification(report, UNFINISHED))
        .collect();
    let notifications: Vec<Notification> = failed.iter().chain(&unfinished).cloned().chain(omitted).collect();
    let invocation = Invocation::builder()
        .execution_successful(failed.is_empty() && unfinished.is_empty())
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
        .build();
    let log = Log {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [Results { run, results: Streamed(reports) }],
    };
    json(out, &log)
}

/// The log as it is printed: a result is made when its turn comes, for one takes several kilobytes.
#[derive(Serialize)]
struct Log<'r> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Results<'r>; 1],
}

#[derive(Serialize)]
struct Results<'r> {
    #[serde(flatten)]
    run: Run,
    results: Streamed<'r>,
}

struct Streamed<'r>(&'r [FileReport]);

impl Serialize for Streamed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().flat_map(results))
    }
}

fn rule(code: Code) -> ReportingDescriptor {
    let page = code.explanation();
    let text = |text: &str| MultiformatMessageString::builder().text(text).build();
    ReportingDescriptor::builder()
        .id(code.as_str())
        .short_description(text(page.title))
        .full_description(text(page.what))
        .help(text(&format!("{} {}", page.why, page.fix)))
        .build()
}

fn artifact(report: &FileReport) -> ArtifactLocation {
    ArtifactLocation::builder().uri(uri(&report.name)).build()
}

fn results(report: &FileReport) -> impl Iterator<Item = Finding> {
    let verdict = report.result.as_ref().ok().into_iter();
    verdict.flat_map(|verdict| &verdict.diagnostics).map(|diagnostic| result(report, diagnostic))
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
