//! Report of `approvals test`: the cases of every file, what differs from what they expect and why, and the entries that
//! no case touches.

mod difference;
mod json;

use std::sync::Arc;

use super::{Failed, Unchecked};
use crate::approvals::decide::Verdict;
use crate::approvals::findings::diagnostic::Position;
use crate::approvals::findings::remark::Remark;
use crate::approvals::policy_tests::{Expected, Listed, Problem};
use crate::report::exit::Exit;
pub use difference::{Difference, EntryPlaces};

/// The result of `approvals test`.
#[derive(Debug, Default)]
pub struct TestReport {
    /// The files, in the order in which they were named or found.
    pub files: Vec<TestedFile>,
    /// The entries that no case touches, of the documents whose cases were all decided.
    pub uncovered: Vec<Uncovered>,
    /// Whether an entry that no case touches is a failure.
    pub requires_coverage: bool,
    /// Remarks on the documents.
    pub remarks: Vec<Remark>,
}

/// One file of policy tests.
#[derive(Debug)]
pub struct TestedFile {
    /// The name as given, or as found in a directory.
    pub name: String,
    /// The name of the document, if the file could be read.
    pub document: Option<String>,
    /// The results of the cases.
    pub result: Result<Vec<Check>, NotTested>,
}

/// Why the cases of a file were not decided.
#[derive(Debug)]
pub enum NotTested {
    /// The file is not a file of policy tests.
    Problems(Vec<Problem>),
    /// The file, its document or its configuration could not be read, or the deadline passed.
    Failed(Failed),
}

/// One case under one release.
#[derive(Debug)]
pub struct Check {
    /// What the case shows, if it is named.
    pub name: Option<String>,
    /// The command.
    pub command: Arc<str>,
    /// The place of the case.
    pub at: Position,
    /// The release that decided.
    pub release: String,
    /// What is expected.
    pub expected: Expected,
    /// What the gateway does.
    pub verdict: Verdict,
    /// What the gateway does if nobody answers; only where it asks.
    pub unanswered: Option<Verdict>,
    /// What differs; `None`: the case passes.
    pub failure: Option<Box<Difference>>,
}

/// An entry that no case touches.
#[derive(Debug)]
pub struct Uncovered {
    /// The document.
    pub document: String,
    /// The entry.
    pub entry: Listed,
}

impl Check {
    /// The name of the case: its own, or the command.
    pub fn title(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.command)
    }
}

/// How many cases passed and failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Cases that passed, each under each of its releases.
    pub passed: usize,
    /// Cases that failed.
    pub failed: usize,
    /// Files that are not files of policy tests.
    pub invalid: usize,
    /// Files of which a part could not be read.
    pub unreadable: usize,
    /// Files that were not decided in time.
    pub timed_out: usize,
    /// Files on which clearance panicked.
    pub crashed: usize,
}

impl TestReport {
    /// How many cases passed and failed.
    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for file in &self.files {
            match &file.result {
                Ok(checks) => {
                    let failed = checks.iter().filter(|check| check.failure.is_some()).count();
                    totals.failed += failed;
                    totals.passed += checks.len() - failed;
                }
                Err(NotTested::Problems(_)) => totals.invalid += 1,
                Err(NotTested::Failed(failed)) => match failed.why {
                    Unchecked::Unreadable => totals.unreadable += 1,
                    Unchecked::TimedOut => totals.timed_out += 1,
                    Unchecked::Crashed => totals.crashed += 1,
                },
            }
        }
        totals
    }

    /// The exit code. What hides more wins: a crash, a timeout, an unreadable file, a typo, a failed case.
    pub fn exit(&self) -> Exit {
        match self.totals() {
            Totals { crashed: 1.., .. } => Exit::Bug,
            Totals { timed_out: 1.., .. } => Exit::TimedOut,
            Totals { unreadable: 1.., .. } => Exit::Store,
            Totals { invalid: 1.., .. } => Exit::Usage,
            Totals { failed: 1.., .. } => Exit::Found,
            Totals { .. } if self.requires_coverage && !self.uncovered.is_empty() => Exit::Found,
            Totals { .. } => Exit::Done,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(result: Result<Vec<Check>, NotTested>) -> TestedFile {
        TestedFile { name: "a".to_owned(), document: None, result }
    }

    fn check(failed: bool) -> Check {
        let failure = Difference { differences: Vec::new(), reason: String::new(), why: Vec::new() };
        Check {
            name: None,
            command: "a".into(),
            at: Position { line: 1, column: 1 },
            release: "2026.9.6".to_owned(),
            expected: Expected::Runs,
            verdict: Verdict::Runs,
            unanswered: None,
            failure: failed.then(|| Box::new(failure)),
        }
    }

    #[test]
    fn what_hides_more_decides_the_exit_code() {
        let failed = |why| Failed { message: String::new(), remedy: None, why };
        let mut report = TestReport { files: vec![file(Ok(vec![check(false)]))], ..TestReport::default() };
        assert_eq!(report.exit(), Exit::Done);
        let listed = Listed {
            agent: "*".to_owned(),
            index: 0,
            pattern: "x".to_owned(),
            arg_pattern: None,
            at: Position { line: 1, column: 1 },
        };
        report.uncovered.push(Uncovered { document: "d".to_owned(), entry: listed });
        assert_eq!(report.exit(), Exit::Done);
        report.requires_coverage = true;
        assert_eq!(report.exit(), Exit::Found);
        for (result, exit) in [
            (Ok(vec![check(true), check(false)]), Exit::Found),
            (Err(NotTested::Problems(Vec::new())), Exit::Usage),
            (Err(NotTested::Failed(failed(Unchecked::Unreadable))), Exit::Store),
            (Err(NotTested::Failed(failed(Unchecked::TimedOut))), Exit::TimedOut),
            (Err(NotTested::Failed(failed(Unchecked::Crashed))), Exit::Bug),
        ] {
            report.files.push(file(result));
            assert_eq!(report.exit(), exit);
        }
        let totals = report.totals();
        assert_eq!((totals.passed, totals.failed), (2, 1));
    }
}
