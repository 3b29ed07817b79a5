//! SARIF 2.1.0 output, for code scanning.

use std::io::{self, Write};

use serde::{Serialize, Serializer};

use super::json::json;
use crate::approvals::findings::codes::Code;
use crate::approvals::findings::diagnostic::Diagnostic;
use crate::approvals::findings::severity::Severity;
use crate::report::approvals::{FileReport, UNFINISHED};

/// Prints one run: a rule for each code, a result for each problem, a notification for each file that could not be
/// read.
pub fn sarif(out: &mut dyn Write, reports: &[FileReport]) -> io::Result<()> {
    with_rules(out, reports, "clearance/validate/", Code::ALL.iter().copied())
}

/// Prints one run of lints; invalid documents are results too.
pub fn lint_sarif(out: &mut dyn Write, reports: &[FileReport]) -> io::Result<()> {
    with_rules(out, reports, "clearance/lint/", Code::ALL.iter().chain(Code::LINTS).copied())
}

fn with_rules(
    out: &mut dyn Write,
    reports: &[FileReport],
    category: &'static str,
    codes: impl Iterator<Item = Code>,
) -> io::Result<()> {
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
    let execution_successful = failed.is_empty() && unfinished.is_empty();
    let run = Run {
        automation_details: AutomationDetails { id: category },
        artifacts: reports.iter().map(|report| Artifact { location: artifact(report) }).collect(),
        column_kind: "unicodeCodePoints",
        invocations: [Invocation {
            execution_successful,
            tool_execution_notifications: failed.into_iter().chain(unfinished).chain(omitted).collect(),
        }],
        tool: Tool {
            driver: Driver {
                name: "clearance",
                rules: codes.map(rule).collect(),
                version: env!("CARGO_PKG_VERSION"),
            },
        },
        results: Streamed(reports),
    };
    let log = Log { schema: "https://json.schemastore.org/sarif-2.1.0.json", version: "2.1.0", runs: [run] };
    json(out, &log)
}

// The part of SARIF 2.1.0 that is printed; chapter 3 of the standard defines the names and their meanings.

#[derive(Serialize)]
struct Log<'r> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'r>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'r> {
    automation_details: AutomationDetails,
    artifacts: Vec<Artifact>,
    column_kind: &'static str,
    invocations: [Invocation; 1],
    tool: Tool,
    results: Streamed<'r>,
}

/// Code scanning keeps the findings of each id apart, so that those of a lint do not replace those of a validation.
#[derive(Serialize)]
struct AutomationDetails {
    id: &'static str,
}

/// The results, each created while it is printed: in memory, a result takes several times the size of its text.
struct Streamed<'r>(&'r [FileReport]);

impl Serialize for Streamed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().flat_map(results))
    }
}

#[derive(Serialize)]
struct Artifact {
    location: ArtifactLocation,
}

#[derive(Serialize)]
struct ArtifactLocation {
    uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
    tool_execution_notifications: Vec<Notification>,
}

#[derive(Serialize)]
struct Notification {
    level: &'static str,
    locations: [Location; 1],
    message: Text,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
struct Driver {
    name: &'static str,
    rules: Vec<Rule>,
    version: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    full_description: Text,
    help: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    help_uri: Option<String>,
    id: &'static str,
    short_description: Text,
}

#[derive(Serialize)]
struct Text {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Finding {
    level: &'static str,
    locations: [Location; 1],
    message: Text,
    rule_id: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    #[serde(skip_serializing_if = "Option::is_none")]
    logical_locations: Option<[LogicalLocation; 1]>,
    physical_location: PhysicalLocation,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LogicalLocation {
    fully_qualified_name: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Region>,
}

/// Lines and columns from 1; the end is the column after the last character.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    end_column: usize,
    end_line: usize,
    start_column: usize,
    start_line: usize,
}

fn rule(code: Code) -> Rule {
    let page = code.explanation();
    let text = |text: &str| Text { text: text.to_owned() };
    Rule {
        full_description: text(page.what),
        help: text(&format!("{} {}", page.why, page.fix)),
        help_uri: help_uri(env!("CARGO_PKG_REPOSITORY")),
        id: code.as_str(),
        short_description: text(page.title),
    }
}

/// The page that lists every code, in the release that found it. `None`: the address of the repository is not known.
fn help_uri(address: &str) -> Option<String> {
    let page = concat!("/blob/v", env!("CARGO_PKG_VERSION"), "/docs/lints.md");
    (!address.is_empty()).then(|| format!("{address}{page}"))
}

fn artifact(report: &FileReport) -> ArtifactLocation {
    ArtifactLocation { uri: uri(&report.name) }
}

fn results(report: &FileReport) -> impl Iterator<Item = Finding> {
    let verdict = report.result.as_ref().ok().into_iter();
    verdict.flat_map(|verdict| &verdict.diagnostics).map(|diagnostic| result(report, diagnostic))
}

fn result(report: &FileReport, diagnostic: &Diagnostic) -> Finding {
    let region = Region {
        end_column: diagnostic.end.column,
        end_line: diagnostic.end.line,
        start_column: diagnostic.start.column,
        start_line: diagnostic.start.line,
    };
    let location = Location {
        logical_locations: Some([LogicalLocation { fully_qualified_name: diagnostic.path.to_string() }]),
        physical_location: PhysicalLocation { artifact_location: artifact(report), region: Some(region) },
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
    Finding {
        level: match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        },
        locations: [location],
        message: Text { text: message },
        rule_id: diagnostic.code.as_str(),
    }
}

fn notification(report: &FileReport, message: &str) -> Notification {
    let physical_location = PhysicalLocation { artifact_location: artifact(report), region: None };
    Notification {
        level: "error",
        locations: [Location { logical_locations: None, physical_location }],
        message: Text { text: message.to_owned() },
    }
}

/// A path as a URI reference (RFC 3986): each byte that a URI may not contain is percent-encoded.
fn uri(path: &str) -> String {
    use std::fmt::Write;
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte));
            }
            b'\\' if cfg!(windows) => uri.push('/'),
            // Writing to a String cannot fail.
            other => drop(write!(uri, "%{other:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_is_where_the_repository_is() {
        assert_eq!(help_uri(""), None);
        let page = format!("https://git.invalid/clearance/blob/v{}/docs/lints.md", env!("CARGO_PKG_VERSION"));
        assert_eq!(help_uri("https://git.invalid/clearance"), Some(page));
    }
}
