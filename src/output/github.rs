//! Annotations of a GitHub workflow: one line for each problem.

use std::io::{self, Write};

use super::contain::Contained;
use super::diagnostics::place;
use super::escape::escaped;
use crate::approvals::findings::diagnostic::Diagnostic;
use crate::approvals::findings::severity::Severity;
use crate::report::approvals::{FileReport, UNFINISHED};

/// Prints every problem as `::error file=…,line=…::message`.
pub fn github(out: &mut dyn Write, reports: &[FileReport]) -> io::Result<()> {
    let mut contained = Contained::default();
    for report in reports {
        contained.print(out, |out| file(out, report))?;
    }
    contained.finish(out)
}

fn file(out: &mut dyn Write, report: &FileReport) -> io::Result<()> {
    let file = property(&report.name);
    match &report.result {
        Ok(verdict) => {
            for diagnostic in &verdict.diagnostics {
                annotation(out, &file, diagnostic)?;
            }
            if let Some(more) = verdict.more() {
                let level = if verdict.omitted_errors > 0 || verdict.uncounted { "error" } else { "warning" };
                writeln!(out, "::{level} file={file}::{more}")?;
            }
            if verdict.unfinished {
                writeln!(out, "::error file={file},title=timed-out::{UNFINISHED}")?;
            }
            Ok(())
        }
        Err(failed) => {
            writeln!(out, "::error file={file},title={}::{}", failed.why.as_str(), data(&failed.message))
        }
    }
}

fn annotation(out: &mut dyn Write, file: &str, diagnostic: &Diagnostic) -> io::Result<()> {
    let level = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let (start, end) = (diagnostic.start, diagnostic.end);
    write!(out, "::{level} file={file},line={},endLine={},col={}", start.line, end.line, start.column)?;
    // GitHub rejects an end column on an annotation of several lines, and its end column is inclusive.
    if start.line == end.line {
        write!(out, ",endColumn={}", end.column.saturating_sub(1).max(start.column))?;
    }
    write!(out, ",title={}::{}", diagnostic.code, data(&diagnostic.message))?;
    if let Some(expected) = &diagnostic.expected {
        write!(out, "; expected {}", data(expected))?;
    }
    if let Some(suggestion) = &diagnostic.suggestion {
        write!(out, "; did you mean `{}`?", data(suggestion))?;
    }
    write!(out, " (at {})", data(&place(diagnostic)))?;
    if diagnostic.code.is_lint() {
        write!(out, " {}", data(&diagnostic.fix()))?;
    }
    writeln!(out)
}

/// Escapes a message by the rules of the runner's own toolkit.
pub(super) fn data(text: &str) -> String {
    escaped(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes a property's value, in which two more characters are special.
pub(super) fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workflow_commands_cannot_be_injected() {
        assert_eq!(property("a,b:c%d\n::error::x"), "a%2Cb%3Ac%25d␊%3A%3Aerror%3A%3Ax");
        assert_eq!(data("100%\r\n"), "100%25␍␊");
    }
}
