//! The report of `approvals test` in the XML of `JUnit`, as GitLab, Jenkins and others read it.

use std::collections::HashMap;
use std::io::{self, Write};

use super::escape::escaped;
use super::policy_tests::{shown, summary, with_remedy};
use crate::approvals::policy_tests::Problem;
use crate::report::approvals::{Check, NotTested, TestReport, TestedFile, Uncovered};

/// Prints the cases: one suite for each file, one case for each command and release.
pub fn junit(out: &mut dyn Write, report: &TestReport) -> io::Result<()> {
    let totals = report.totals();
    let coverage = usize::from(!report.uncovered.is_empty());
    let uncovered = if report.requires_coverage { coverage } else { 0 };
    let errors = totals.invalid + totals.unreadable + totals.timed_out + totals.crashed;
    let failures = totals.failed + uncovered;
    let tests = totals.passed + totals.failed + errors + uncovered;
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(
        out,
        "<testsuites name=\"policy tests\" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\">"
    )?;
    for file in &report.files {
        suite(out, file)?;
    }
    if coverage > 0 {
        entries(out, report)?;
    }
    writeln!(out, "</testsuites>")
}

fn suite(out: &mut dyn Write, file: &TestedFile) -> io::Result<()> {
    let name = attribute(&file.name);
    match &file.result {
        Ok(checks) => {
            let failures = checks.iter().filter(|check| check.failure.is_some()).count();
            let tests = checks.len();
            writeln!(
                out,
                "  <testsuite name=\"{name}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\">"
            )?;
            // Some readers take cases with one name for one case.
            let mut counts: HashMap<String, usize> = HashMap::new();
            for check in checks {
                let title = format!("{} ({})", check.title(), check.release);
                let count = counts.entry(title.clone()).or_default();
                *count += 1;
                case(out, &name, check, &if *count > 1 { format!("{title} #{count}") } else { title })?;
            }
        }
        Err(why) => {
            writeln!(out, "  <testsuite name=\"{name}\" tests=\"1\" failures=\"0\" errors=\"1\">")?;
            let (kind, lines) = match why {
                NotTested::Problems(problems) => {
                    let line = |problem: &Problem| {
                        let help = problem.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
                        format!("{}:{}: {}{help}", problem.at.line, problem.at.column, problem.message)
                    };
                    ("invalid-test", problems.iter().map(line).collect())
                }
                NotTested::Failed(failed) => (failed.why.as_str(), vec![with_remedy(failed)]),
            };
            writeln!(out, "    <testcase name=\"{name}\" classname=\"{name}\" file=\"{name}\">")?;
            message(out, "error", kind, &lines)?;
            writeln!(out, "    </testcase>")?;
        }
    }
    writeln!(out, "  </testsuite>")
}

fn case(out: &mut dyn Write, file: &str, check: &Check, title: &str) -> io::Result<()> {
    let title = attribute(title);
    let line = check.at.line;
    write!(out, "    <testcase name=\"{title}\" classname=\"{file}\" file=\"{file}\" line=\"{line}\"")?;
    let Some(difference) = &check.failure else { return writeln!(out, "/>") };
    writeln!(out, ">")?;
    let place = format!("{file}:{line}:{}", check.at.column);
    let lines: Vec<String> = (difference.differences.iter().chain(&difference.why)).cloned().collect();
    message(out, "failure", check.expected.as_str(), &lines)?;
    writeln!(out, "      <system-out>{place}</system-out>")?;
    writeln!(out, "    </testcase>")
}

/// An element with a message: the first line as an attribute, every line as its text.
fn message(out: &mut dyn Write, element: &str, kind: &str, lines: &[String]) -> io::Result<()> {
    let first = attribute(lines.first().map_or("", String::as_str));
    let all: Vec<String> = lines.iter().map(|line| attribute(line)).collect();
    writeln!(out, "      <{element} message=\"{first}\" type=\"{kind}\">{}</{element}>", all.join("\n"))
}

/// The entries that no case touches: a failure if coverage is required.
fn entries(out: &mut dyn Write, report: &TestReport) -> io::Result<()> {
    let line = |Uncovered { document, entry }: &Uncovered| {
        format!("{document}:{}:{}: {}", entry.at.line, entry.at.column, shown(entry))
    };
    let lines: Vec<String> = report.uncovered.iter().map(line).collect();
    if report.requires_coverage {
        writeln!(out, "  <testsuite name=\"coverage\" tests=\"1\" failures=\"1\" errors=\"0\">")?;
        writeln!(out, "    <testcase name=\"every entry is matched by a case\" classname=\"coverage\">")?;
        message(out, "failure", "uncovered-entry", &lines)?;
        writeln!(out, "    </testcase>")?;
    } else {
        writeln!(out, "  <testsuite name=\"coverage\" tests=\"0\" failures=\"0\" errors=\"0\">")?;
        let lines: Vec<String> = lines.iter().map(|line| attribute(line)).collect();
        let head = attribute(&summary(report));
        writeln!(out, "    <system-out>{head}\n{}</system-out>", lines.join("\n"))?;
    }
    writeln!(out, "  </testsuite>")
}

/// A text as the value of an attribute or the text of an element. Characters that XML 1.0 does not have are replaced.
fn attribute(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in escaped(text).chars() {
        match c {
            '&' => shown.push_str("&amp;"),
            '<' => shown.push_str("&lt;"),
            '>' => shown.push_str("&gt;"),
            '"' => shown.push_str("&quot;"),
            '\'' => shown.push_str("&apos;"),
            ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'.. => shown.push(c),
            _ => shown.push('\u{fffd}'),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_stays_text() {
        for (text, expected) in [
            ("a \"b\" <c> & 'd'", "a &quot;b&quot; &lt;c&gt; &amp; &apos;d&apos;"),
            ("]]><!-- -->", "]]&gt;&lt;!-- --&gt;"),
            ("a\u{0}\n\u{1b}[2J", "a␀␊␛[2J"),
            ("\u{202e}x", "⟨U+202E⟩x"),
        ] {
            assert_eq!(attribute(text), expected);
        }
        for c in ('\u{0}'..='\u{10ffff}').step_by(7).chain(['\u{fffe}', '\u{ffff}', '\u{b}', '\u{c}']) {
            let shown = attribute(&c.to_string());
            let is_xml = |c: char| matches!(c, ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
            assert!(shown.chars().all(is_xml), "{c:?}: {shown:?}");
        }
    }
}
