//! The report of `approvals test` in machine output.

use serde::{Serialize, Serializer};

use super::{Check, NotTested, TestReport, TestedFile, Uncovered};
use crate::approvals::decide::Verdict;
use crate::approvals::policy_tests::Problem;
use crate::report::VERSION;
use crate::report::approvals::messages;

impl TestReport {
    /// The output of `--format json`.
    pub fn json(&self) -> impl Serialize + use<'_> {
        let totals = self.totals();
        TestJson {
            version: VERSION,
            passed: totals.passed,
            failed: totals.failed,
            files: &self.files,
            uncovered: self.uncovered.iter().map(UncoveredJson::of).collect(),
            remarks: messages(&self.remarks),
        }
    }
}

#[derive(Serialize)]
struct TestJson<'r> {
    version: u8,
    passed: usize,
    failed: usize,
    #[serde(serialize_with = "files")]
    files: &'r [TestedFile],
    uncovered: Vec<UncoveredJson<'r>>,
    remarks: Vec<&'r str>,
}

fn files<S: Serializer>(files: &&[TestedFile], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(files.iter().map(FileJson::of))
}

#[derive(Serialize)]
struct FileJson<'r> {
    path: &'r str,
    document: Option<&'r str>,
    status: &'static str,
    cases: Cases<'r>,
    problems: Vec<ProblemJson<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorJson<'r>>,
}

impl<'r> FileJson<'r> {
    fn of(file: &'r TestedFile) -> Self {
        let (status, cases, problems, error) = match &file.result {
            Ok(checks) if checks.iter().any(|check| check.failure.is_some()) => {
                ("failed", &checks[..], &[][..], None)
            }
            Ok(checks) => ("passed", &checks[..], &[][..], None),
            Err(NotTested::Problems(problems)) => ("invalid", &[][..], &problems[..], None),
            Err(NotTested::Failed(failed)) => (failed.why.as_str(), &[][..], &[][..], Some(failed)),
        };
        Self {
            path: &file.name,
            document: file.document.as_deref(),
            status,
            cases: Cases(cases),
            problems: problems.iter().map(ProblemJson::of).collect(),
            error: error
                .map(|failed| ErrorJson { message: &failed.message, remedy: failed.remedy.as_deref() }),
        }
    }
}

/// Cases in machine output. Each is created only when it is printed.
struct Cases<'r>(&'r [Check]);

impl Serialize for Cases<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(CaseJson::of))
    }
}

#[derive(Serialize)]
struct CaseJson<'r> {
    name: Option<&'r str>,
    command: &'r str,
    line: usize,
    column: usize,
    release: &'r str,
    expected: &'static str,
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    unanswered: Option<&'static str>,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'r str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    differences: &'r [String],
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    why: &'r [String],
}

impl<'r> CaseJson<'r> {
    fn of(check: &'r Check) -> Self {
        let failure = check.failure.as_deref();
        Self {
            name: check.name.as_deref(),
            command: &check.command,
            line: check.at.line,
            column: check.at.column,
            release: &check.release,
            expected: check.expected.as_str(),
            verdict: check.verdict.as_str(),
            unanswered: check.unanswered.map(Verdict::as_str),
            status: if failure.is_some() { "failed" } else { "passed" },
            reason: failure.map(|failure| failure.reason.as_str()),
            differences: failure.map_or(&[], |failure| &failure.differences),
            why: failure.map_or(&[], |failure| &failure.why),
        }
    }
}

#[derive(Serialize)]
struct ProblemJson<'r> {
    line: usize,
    column: usize,
    message: &'r str,
    help: Option<&'r str>,
}

impl<'r> ProblemJson<'r> {
    fn of(Problem { at, message, help }: &'r Problem) -> Self {
        Self { line: at.line, column: at.column, message, help: help.as_deref() }
    }
}

#[derive(Serialize)]
struct ErrorJson<'r> {
    message: &'r str,
    remedy: Option<&'r str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UncoveredJson<'r> {
    path: &'r str,
    line: usize,
    column: usize,
    agent: &'r str,
    index: usize,
    pattern: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    arg_pattern: Option<&'r str>,
}

impl<'r> UncoveredJson<'r> {
    fn of(Uncovered { document, entry }: &'r Uncovered) -> Self {
        Self {
            path: document,
            line: entry.at.line,
            column: entry.at.column,
            agent: &entry.agent,
            index: entry.index,
            pattern: &entry.pattern,
            arg_pattern: entry.arg_pattern.as_deref(),
        }
    }
}
