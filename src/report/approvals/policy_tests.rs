//! Report of `approvals test`: the cases of every file, what differs from what they expect and why, and the entries that
//! no case touches.

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use super::{Failed, Unchecked, VERSION, messages};
use crate::approvals::decide::{Decision, Entry, EntryId, Segment, Verdict};
use crate::approvals::findings::diagnostic::Position;
use crate::approvals::findings::remark::Remark;
use crate::approvals::policy_tests::{Expected, Listed, Mismatch, Problem};
use crate::report::exit::Exit;

/// The result of `approvals test`.
#[derive(Debug, Default)]
pub struct TestReport {
    /// The files, in the order in which they were named or found.
    pub files: Vec<TestedFile>,
    /// The entries that no case touches, of the documents whose cases were all decided.
    pub untouched: Vec<Untouched>,
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
    /// What differs; `None`: the case passes.
    pub failure: Option<Box<Difference>>,
}

/// What differs from what a case expects, and why.
#[derive(Debug)]
pub struct Difference {
    /// The differences, in words.
    pub differences: Vec<String>,
    /// The reason of the decision, in the release's words.
    pub reason: String,
    /// The reasons, in words.
    pub why: Vec<String>,
}

/// An entry that no case touches.
#[derive(Debug)]
pub struct Untouched {
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

/// The word for a verdict in files and in machine output.
pub const fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Runs => "runs",
        Verdict::Asks => "asks",
        Verdict::Denied => "denied",
        Verdict::Unknown => "unknown",
    }
}

/// What a gateway does, as the end of a sentence that begins with "the gateway".
const fn deed(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Runs => "runs it",
        Verdict::Asks => "asks",
        Verdict::Denied => "denies it",
        Verdict::Unknown => "decides by something that the test does not say",
    }
}

/// The places of the entries of a document.
#[derive(Debug, Clone, Default)]
pub struct EntryPlaces {
    document: String,
    places: HashMap<(String, usize), Position>,
}

impl EntryPlaces {
    /// The places of these entries. `document`: its name.
    pub fn of(document: &str, listed: &[Listed]) -> Self {
        let places = listed.iter().map(|entry| ((entry.agent.clone(), entry.index), entry.at)).collect();
        Self { document: document.to_owned(), places }
    }

    /// An entry with its place, in words.
    fn shown(&self, id: &EntryId, pattern: &str) -> String {
        let place = match self.places.get(&id.stored) {
            Some(at) => format!("{}:{}:{}", self.document, at.line, at.column),
            None => format!("{}, agents.{}.allowlist[{}]", self.document, id.stored.0, id.stored.1),
        };
        format!("{pattern} ({place})")
    }
}

impl Difference {
    /// What differs, and why. `entries`: the entries in force. `matched`: those that match.
    pub fn of(
        mismatches: &[Mismatch],
        decision: &Decision,
        entries: &[Entry],
        matched: &[Entry],
        places: &EntryPlaces,
    ) -> Self {
        let differences = mismatches.iter().map(|mismatch| difference(mismatch, decision, matched, places));
        let pattern = |id: &EntryId| {
            let entry = entries.iter().find(|entry| entry.id == *id);
            entry.map_or_else(String::new, |entry| entry.pattern.clone())
        };
        Self {
            differences: differences.collect(),
            reason: decision.reason.clone(),
            why: reasons(decision, |id| places.shown(id, &pattern(id))),
        }
    }
}

fn difference(mismatch: &Mismatch, decision: &Decision, matched: &[Entry], places: &EntryPlaces) -> String {
    match mismatch {
        Mismatch::Verdict { expected } => {
            format!("expected {}, but the gateway {}", expected.as_str(), deed(decision.verdict))
        }
        Mismatch::Unanswered { expected } => {
            let found = decision.unanswered.as_ref().map_or("unknown", |unanswered| word(unanswered.verdict));
            format!("expected {} if nobody answers, but then it is: {found}", expected.as_str())
        }
        Mismatch::Entry { expected, exists: false, nearest } => {
            let near = nearest.as_ref().map(|near| format!("; did you mean {near}?")).unwrap_or_default();
            format!("expected the entry {expected}, which the document does not have for this agent{near}")
        }
        Mismatch::Entry { expected, .. } if matched.is_empty() => {
            format!("expected the entry {expected} to match, but no entry does")
        }
        Mismatch::Entry { expected, .. } => {
            let found: Vec<String> =
                matched.iter().map(|entry| places.shown(&entry.id, &entry.pattern)).collect();
            format!("expected the entry {expected} to match, but it is {}", found.join(" and "))
        }
    }
}

/// The most segments and near entries that are listed of one case.
const MOST: usize = 8;

/// Why a gateway decides so, in words.
fn reasons(decision: &Decision, shown: impl Fn(&EntryId) -> String) -> Vec<String> {
    let mut why = Vec::new();
    if !decision.missing.is_empty() {
        why.push(format!("it depends on: {}", decision.missing.join(", ")));
    }
    if !decision.reason.is_empty() {
        why.push(format!("the release's reason: {}", decision.reason));
    }
    let policy = &decision.policy;
    why.push(format!("policy: security {}, ask {}", policy.security.0, policy.ask.0));
    let Some(evaluation) = &decision.evaluation else { return why };
    if let Some(not_analysable) = &evaluation.not_analysable {
        why.push(format!("the release cannot analyse the command: {not_analysable}"));
    }
    for segment in evaluation.segments.iter().take(MOST) {
        of_segment(segment, &shown, &mut why);
    }
    let more = evaluation.segments.len().saturating_sub(MOST);
    if more > 0 {
        why.push(format!("and {more} more parts of the command"));
    }
    why
}

fn of_segment(segment: &Segment, shown: impl Fn(&EntryId) -> String, why: &mut Vec<String>) {
    let command = segment.effective.as_ref().unwrap_or(&segment.argv).join(" ");
    let program = match (&segment.real, &segment.resolved) {
        (Some(real), Some(found)) if real != found => format!("{found}, really {real}"),
        (_, Some(found)) | (Some(found), None) => found.clone(),
        (None, None) => "no program was found".to_owned(),
    };
    match (&segment.entry, segment.by) {
        (Some(id), _) => why.push(format!("`{command}` ({program}): the entry {} matches", shown(id))),
        (None, Some(_)) => why.push(format!("`{command}` ({program}): allowed without an entry")),
        (None, None) => why.push(format!("`{command}` ({program}): no entry matches")),
    }
    if segment.entry.is_none() && segment.by.is_none() {
        why.extend(segment.never.iter().map(|never| format!("no entry can allow it: {never}")));
        let near = segment.near.iter().take(MOST);
        why.extend(near.map(|(id, miss)| format!("nearest entry {}: {miss}", shown(id))));
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
            Totals { .. } if self.requires_coverage && !self.untouched.is_empty() => Exit::Found,
            Totals { .. } => Exit::Done,
        }
    }

    /// The output of `--format json`.
    pub fn json(&self) -> impl Serialize + use<'_> {
        let totals = self.totals();
        TestJson {
            version: VERSION,
            passed: totals.passed,
            failed: totals.failed,
            files: &self.files,
            untouched: self.untouched.iter().map(UntouchedJson::of).collect(),
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
    untouched: Vec<UntouchedJson<'r>>,
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
            Ok(checks) if checks.iter().any(|check| check.failure.is_some()) => ("failed", &checks[..], &[][..], None),
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
            error: error.map(|failed| ErrorJson { message: &failed.message, remedy: failed.remedy.as_deref() }),
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
            verdict: word(check.verdict),
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
struct UntouchedJson<'r> {
    path: &'r str,
    line: usize,
    column: usize,
    agent: &'r str,
    index: usize,
    pattern: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    arg_pattern: Option<&'r str>,
}

impl<'r> UntouchedJson<'r> {
    fn of(Untouched { document, entry }: &'r Untouched) -> Self {
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
        report.untouched.push(Untouched { document: "d".to_owned(), entry: listed });
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
