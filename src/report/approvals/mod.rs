//! Reports of the commands on documents. Shared parts are below: a file, its problems, changes.

pub mod allowlist;
pub mod diff;
pub mod edit;
pub mod effective;
pub mod explain;
pub mod lint;
pub mod notes;
pub mod policy_tests;
pub mod reasons;
pub mod restore;
mod sentences;
pub mod set;
pub mod snapshot;
pub mod suggest;
pub mod upgrade;
pub mod versions;
pub mod wider;

use std::borrow::Cow;

use serde::{Serialize, Serializer};
use serde_json::Value;

use super::VERSION;
use crate::approvals::compare::changes::Change;
use crate::approvals::edit::downgrade::Field;
use crate::approvals::findings::diagnostic::{Diagnostic, Verdict};
use crate::approvals::findings::remark::Remark;
use crate::approvals::findings::severity::Severity;

pub use allowlist::Allowlists;
pub use diff::{DiffReport, Side};
pub use edit::EditReport;
pub use lint::{Fix, LintReport};
pub use notes::{EntryNote, Expired, Limited};
pub use policy_tests::{Check, Difference, EntryPlaces, NotTested, TestReport, TestedFile, Uncovered};
pub use set::{SetOutcome, SetReport};
pub use snapshot::{Got, NativeSnapshot, Snapshot};

/// The message for a document whose check exceeded the time limit.
pub const UNFINISHED: &str = "not fully checked before the timeout: there may be more problems";

/// One file of a validation.
#[derive(Debug)]
pub struct FileReport {
    /// The name as given, or as found in a directory.
    pub name: String,
    /// The outcome.
    pub result: Result<Verdict, Failed>,
}

impl FileReport {
    /// Whether there is something to report about the file: a problem of this severity or above, or an unfinished
    /// check.
    pub fn has_something(&self, least: Severity) -> bool {
        self.result.as_ref().map_or(true, |verdict| {
            verdict.unfinished
                || verdict.omitted > 0
                || verdict.diagnostics.iter().any(|found| found.severity >= least)
        })
    }
}

/// A file that has no verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// The error.
    pub message: String,
    /// The next step.
    pub remedy: Option<String>,
    /// The kind of failure.
    pub why: Unchecked,
}

/// Why a file has no verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unchecked {
    /// The file could not be read.
    Unreadable,
    /// The deadline passed.
    TimedOut,
    /// clearance panicked.
    Crashed,
}

impl Unchecked {
    /// The word in machine output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::TimedOut => "timed-out",
            Self::Crashed => "crashed",
        }
    }
}

/// The output of `approvals validate --format json`: every file with its problems.
pub fn validation<'r>(reports: &'r [FileReport], remarks: &'r [Remark]) -> impl Serialize + use<'r> {
    #[derive(Serialize)]
    struct Validation<'r> {
        version: u8,
        valid: bool,
        files: Vec<FileJson<'r>>,
        /// Remarks beside the files.
        remarks: Vec<&'r str>,
    }
    let is_valid = |report: &FileReport| {
        report.result.as_ref().is_ok_and(|verdict| verdict.is_valid() && !verdict.unfinished)
    };
    Validation {
        version: VERSION,
        valid: reports.iter().all(is_valid),
        files: reports.iter().map(FileJson::of).collect(),
        remarks: messages(remarks),
    }
}

fn messages(remarks: &[Remark]) -> Vec<&str> {
    remarks.iter().map(|remark| remark.message.as_str()).collect()
}

#[derive(Serialize)]
struct FileJson<'r> {
    path: &'r str,
    status: &'static str,
    problems: Problems<'r>,
    /// Number of problems that are counted but not listed.
    omitted: usize,
    /// Whether there may be more problems than were counted.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    uncounted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<FileError<'r>>,
}

impl<'r> FileJson<'r> {
    fn of(report: &'r FileReport) -> Self {
        let status = match &report.result {
            Ok(verdict) if verdict.unfinished => Unchecked::TimedOut.as_str(),
            Ok(verdict) if verdict.is_valid() => "valid",
            Ok(_) => "invalid",
            Err(failed) => failed.why.as_str(),
        };
        Self::with(report, status)
    }

    fn with(report: &'r FileReport, status: &'static str) -> Self {
        let verdict = report.result.as_ref().ok();
        Self {
            path: &report.name,
            status,
            problems: verdict.map_or(Problems(&[]), Problems::of),
            omitted: verdict.map_or(0, |verdict| verdict.omitted),
            uncounted: verdict.is_some_and(|verdict| verdict.uncounted),
            error: FileError::of(&report.result),
        }
    }
}

/// Why a file was not checked, or not completely.
#[derive(Serialize)]
struct FileError<'r> {
    message: &'r str,
    remedy: Option<&'r str>,
}

impl<'r> FileError<'r> {
    fn of(result: &'r Result<Verdict, Failed>) -> Option<Self> {
        match result {
            Ok(verdict) => {
                verdict.unfinished.then_some(Self { message: UNFINISHED, remedy: Some("raise --timeout") })
            }
            Err(failed) => Some(Self { message: &failed.message, remedy: failed.remedy.as_deref() }),
        }
    }
}

/// Problems in machine output. Each is created only when it is printed, since there may be a million.
pub struct Problems<'d>(&'d [Diagnostic]);

impl<'d> Problems<'d> {
    /// The problems of a verdict.
    pub fn of(verdict: &'d Verdict) -> Self {
        Self(&verdict.diagnostics)
    }
}

impl Serialize for Problems<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(Problem::of))
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Problem<'d> {
    code: &'static str,
    severity: &'static str,
    message: &'d str,
    /// JSON Pointer.
    path: String,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    found: Option<&'d str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<&'d str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    suggestion: Option<&'d str>,
    /// For a lint: why it matters, how to fix it, and whether `--fix` does.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<Cow<'static, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fixable: Option<bool>,
}

impl<'d> Problem<'d> {
    fn of(diagnostic: &'d Diagnostic) -> Self {
        let page = diagnostic.code.is_lint().then(|| diagnostic.code.explanation());
        Self {
            code: diagnostic.code.as_str(),
            severity: diagnostic.severity.as_str(),
            message: &diagnostic.message,
            path: diagnostic.path.to_string(),
            line: diagnostic.start.line,
            column: diagnostic.start.column,
            end_line: diagnostic.end.line,
            end_column: diagnostic.end.column,
            found: diagnostic.found.as_deref(),
            expected: diagnostic.expected.as_deref(),
            suggestion: diagnostic.suggestion.as_deref(),
            why: page.map(|page| page.why),
            fix: page.map(|_| diagnostic.fix()),
            fixable: page.map(|_| diagnostic.is_fixed && diagnostic.remote.is_none()),
        }
    }
}

/// The list of changes in machine output.
pub(super) fn changed(changes: &[Change]) -> impl Serialize + use<'_> {
    Changed(changes)
}

/// Changes in machine output.
struct Changed<'c>(&'c [Change]);

impl Serialize for Changed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(ChangeJson::of))
    }
}

#[derive(Serialize)]
struct ChangeJson<'c> {
    after: Option<&'c Value>,
    before: Option<&'c Value>,
    /// JSON Pointer.
    path: String,
}

impl<'c> ChangeJson<'c> {
    fn of(Change { path, before, after }: &'c Change) -> Self {
        Self { after: after.as_ref(), before: before.as_ref(), path: path.to_string() }
    }
}

/// A field that an older gateway does not know.
#[derive(Serialize)]
struct FieldJson {
    path: String,
    since: &'static str,
    without: &'static str,
}

impl FieldJson {
    fn of(Field { place, newer, .. }: &Field) -> Self {
        Self { path: place.to_string(), since: newer.introduced(), without: newer.without() }
    }
}
