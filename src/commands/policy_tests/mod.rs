//! `approvals test`: decides the cases of files of policy tests, and finds the entries that no case touches.

mod subject;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use bytesize::ByteSize;

use self::subject::{Document, Subjects};
use super::Error;
use super::documents::Place;
use super::documents::batch::{self, Found, Named};
use super::documents::search::{self, Sought};
use super::explain::{UNKNOWN_HOME, UNKNOWN_PATH};
use crate::approvals::decide::Prepared;
use crate::approvals::policy_tests::{Case, Listed, Local, Outcome, Problem, Release, Suite, Tester, read};
use crate::deadline::{Deadline, STACK};
use crate::report::approvals::{
    Check, Difference, EntryPlaces, Failed, FileReport, NotTested, TestReport, TestedFile, Unchecked,
    Uncovered,
};
use crate::settings::{Environment, openclaw_state_directory};
use crate::store::files::ThisMachine;
use crate::store::input::{self, Bounds, Input};

/// Size limit of a file of policy tests: a hundred thousand cases.
const MAX_TESTS: ByteSize = ByteSize::mib(16);

/// The most failed cases of a file whose reasons are kept: a bound on memory and output.
const MOST_REASONS: usize = 1_000;

/// The largest number of threads that decide.
const THREADS: usize = 8;

/// The fewest cases that are worth a thread.
const FEWEST: usize = 64;

/// Parameters of `approvals test`.
#[derive(Debug, Clone)]
pub struct Request {
    /// Files, directories, `-`; none for the current directory.
    pub paths: Vec<PathBuf>,
    /// The releases that decide in place of those that the files name.
    pub releases: Vec<String>,
    /// Globs of the paths to skip in directories.
    pub exclude: Vec<String>,
    /// Size of the largest document to read.
    pub max_size: ByteSize,
    /// Whether an entry that no case touches is a failure.
    pub requires_coverage: bool,
}

/// A document, and the entries of it that matched: agent and index.
type Covered = (Arc<Document>, BTreeSet<(String, usize)>);

/// The result of one file.
struct Checked {
    file: TestedFile,
    covered: Option<Covered>,
}

/// Decides the cases of every file, one file after another.
pub fn run(request: Request, deadline: Deadline) -> Result<TestReport, Error> {
    let releases = named_releases(&request.releases)?;
    let (paths, is_default) =
        if request.paths.is_empty() { (vec![PathBuf::from(".")], true) } else { (request.paths, false) };
    let mut files = search::found_of(Sought::PolicyTests, &paths, &request.exclude, deadline)?;
    if is_default {
        files.iter_mut().for_each(without_dot);
    }
    let lines: Arc<Lines> = Arc::default();
    let check = {
        let lines = Arc::clone(&lines);
        let mut worker = Worker {
            releases,
            local: local(),
            subjects: Subjects::new(Environment::of_process(), request.max_size, deadline),
            lines,
            deadline,
        };
        move |found: Found| worker.check(&found)
    };
    let mut report = TestReport { requires_coverage: request.requires_coverage, ..TestReport::default() };
    let mut coverage = Coverage::default();
    let mut late = Some(lines);
    for result in batch::each(files, deadline, check) {
        let checked = result.unwrap_or_else(|FileReport { name, result }| {
            let mut failed = result.err().unwrap_or_else(|| crashed(&name));
            if failed.why == Unchecked::TimedOut
                && let Some(lines) = late.take()
                && let Some(line) = lines.first()
            {
                failed.message = stuck(&name, line, deadline);
            }
            Checked::failed(name, None, failed)
        });
        coverage.take(&checked);
        report.files.push(checked.file);
    }
    coverage.report(&mut report);
    Ok(report)
}

fn named_releases(names: &[String]) -> Result<Option<Arc<[Release]>>, Error> {
    let release =
        |name: &String| Release::named(name).ok_or_else(|| Error::Release { version: name.clone() });
    let releases: Vec<Release> = names.iter().map(release).collect::<Result<_, _>>()?;
    Ok((!releases.is_empty()).then(|| releases.into()))
}

/// Leaves out the `./` of files in the current directory.
fn without_dot(named: &mut Named<Found>) {
    if let Ok(Found { place: Place::File(path), .. }) = &mut named.work
        && let Ok(below) = path.strip_prefix(".")
    {
        *path = below.to_owned();
        named.name = path.display().to_string();
    }
}

/// The machine that runs the tests. The evaluator decides as on Unix, so elsewhere its directories are unknown.
fn local() -> Local {
    let environment = Environment::of_process();
    let text = |name: &str, unknown: &str| {
        if !cfg!(unix) {
            return unknown.to_owned();
        }
        environment.raw(name).map(|value| value.to_string_lossy().into_owned()).unwrap_or_default()
    };
    let home = text("HOME", UNKNOWN_HOME);
    Local {
        host: Arc::new(ThisMachine),
        path: text("PATH", UNKNOWN_PATH),
        state_directory: openclaw_state_directory(&environment)
            .map_or_else(|| format!("{home}/.openclaw"), |directory| directory.display().to_string()),
        home,
    }
}

/// The message for a case that was not decided before the deadline.
fn stuck(name: &str, line: usize, deadline: Deadline) -> String {
    format!("{name}:{line}: this case was not decided within {:?}", deadline.timeout())
}

fn crashed(name: &str) -> Failed {
    let message = format!("{name} was not checked");
    Failed { message, remedy: None, why: Unchecked::Crashed }
}

impl Checked {
    fn failed(name: String, document: Option<String>, failed: Failed) -> Self {
        Self { file: TestedFile { name, document, result: Err(NotTested::Failed(failed)) }, covered: None }
    }

    fn invalid(name: String, problems: Vec<Problem>) -> Self {
        let result = Err(NotTested::Problems(problems));
        Self { file: TestedFile { name, document: None, result }, covered: None }
    }
}

/// The lines of the cases that are being decided, one for each thread; 0: none.
#[derive(Debug, Default)]
struct Lines([AtomicUsize; THREADS]);

impl Lines {
    /// The first line with a case that is being decided.
    fn first(&self) -> Option<usize> {
        self.0.iter().map(|line| line.load(Ordering::Relaxed)).filter(|line| *line > 0).min()
    }

    fn clear(&self) {
        self.0.iter().for_each(|line| line.store(0, Ordering::Relaxed));
    }
}

/// The state of the thread that reads the files.
struct Worker {
    releases: Option<Arc<[Release]>>,
    local: Local,
    subjects: Subjects,
    lines: Arc<Lines>,
    deadline: Deadline,
}

impl Worker {
    fn check(&mut self, found: &Found) -> Checked {
        self.lines.clear();
        let (input, beside) = match &found.place {
            Place::File(path) => {
                (Input::Path(path.clone()), path.parent().unwrap_or(Path::new("")).to_owned())
            }
            _ => (Input::Stdin, PathBuf::new()),
        };
        let name = input.name();
        let bounds = Bounds { max_size: MAX_TESTS, deadline: self.deadline };
        let bytes = match input::read(&input, bounds) {
            Ok(bytes) => bytes,
            Err(error) => {
                let why = match error {
                    input::InputError::TimedOut { .. } => Unchecked::TimedOut,
                    _ => Unchecked::Unreadable,
                };
                let remedy = match error {
                    input::InputError::TooLarge { .. } => Some("split it into several files".to_owned()),
                    ref error => error.remedy(),
                };
                return Checked::failed(name, None, Failed { message: error.to_string(), remedy, why });
            }
        };
        let suite = match text(&bytes).and_then(read) {
            Ok(suite) => suite,
            Err(problems) => return Checked::invalid(name, problems),
        };
        match self.subjects.of(&suite, &beside) {
            Ok(document) => self.decide(name, &suite, document),
            Err(failed) => Checked::failed(name, None, failed),
        }
    }

    fn decide(&self, name: String, suite: &Suite, (document, subject): subject::Found) -> Checked {
        let Self { releases, local, lines, deadline, .. } = self;
        let (releases, deadline) = (releases.as_deref(), *deadline);
        let places = EntryPlaces::of(&document.name, &document.listed);
        let part = |cases, line| {
            let tester = Tester::new(suite, &subject, local);
            Part { name: &name, cases, line, releases, places: &places, deadline }.decide(tester)
        };
        let count = thread::available_parallelism().map_or(1, usize::from).min(THREADS);
        let size = suite.cases.len().div_ceil(count).max(FEWEST);
        let parts = thread::scope(|scope| {
            let start = |(cases, line)| {
                let part = move || part(cases, line);
                thread::Builder::new().stack_size(STACK).spawn_scoped(scope, part).map_err(|error| {
                    let message = format!("{name} was not checked: cannot start a thread: {error}");
                    Failed { message, remedy: None, why: Unchecked::Crashed }
                })
            };
            // All of them are started before the first is waited for.
            let threads: Vec<_> = suite.cases.chunks(size).zip(&lines.0).map(start).collect();
            let decided =
                threads.into_iter().map(|thread| thread?.join().unwrap_or_else(|panic| resume_unwind(panic)));
            decided.collect::<Result<Vec<Decided>, Failed>>()
        });
        let parts = match parts {
            Ok(parts) => parts,
            Err(failed) => return Checked::failed(name, Some(document.name.clone()), failed),
        };
        let (mut checks, mut touched) = (Vec::with_capacity(suite.cases.len()), BTreeSet::new());
        for part in parts {
            checks.extend(part.checks);
            touched.extend(part.touched);
        }
        let reasons = checks.iter_mut().filter_map(|check| check.failure.as_mut());
        reasons.skip(MOST_REASONS).for_each(|difference| difference.why.clear());
        let file = TestedFile { name, document: Some(document.name.clone()), result: Ok(checks) };
        Checked { file, covered: Some((document, touched)) }
    }
}

/// Cases of a file that one thread decides.
struct Part<'p> {
    /// The name of the file.
    name: &'p str,
    cases: &'p [Case],
    line: &'p AtomicUsize,
    releases: Option<&'p [Release]>,
    places: &'p EntryPlaces,
    deadline: Deadline,
}

/// The result of a part.
struct Decided {
    checks: Vec<Check>,
    /// The entries that matched: agent and index.
    touched: BTreeSet<(String, usize)>,
}

impl Part<'_> {
    fn decide(&self, mut tester: Tester<'_>) -> Result<Decided, Failed> {
        let mut checks = Vec::with_capacity(self.cases.len());
        let mut reasons = 0;
        for case in self.cases {
            self.line.store(case.at.line, Ordering::Relaxed);
            if self.deadline.left().is_none() {
                let remedy = Some("raise --timeout, or test fewer files at once".to_owned());
                let message = stuck(self.name, case.at.line, self.deadline);
                return Err(Failed { message, remedy, why: Unchecked::TimedOut });
            }
            let command: Arc<str> = case.command.as_str().into();
            for release in self.releases.unwrap_or(&case.releases) {
                let outcome = tester.check(case, release);
                let failure = outcome.differs().then(|| {
                    reasons += 1;
                    let document = tester.prepared(case, release.profile);
                    Box::new(difference(&outcome, &document, self.places, reasons, release))
                });
                checks.push(Check {
                    name: case.name.clone(),
                    command: Arc::clone(&command),
                    at: case.at,
                    release: release.name.clone(),
                    expected: case.expected,
                    verdict: outcome.decision.verdict,
                    unanswered: outcome.decision.unanswered.as_ref().map(|unanswered| unanswered.verdict),
                    failure,
                });
            }
        }
        self.line.store(0, Ordering::Relaxed);
        Ok(Decided { checks, touched: tester.touched() })
    }
}

/// What differs. `number`: how many cases of the part failed so far.
fn difference(
    outcome: &Outcome,
    document: &Prepared,
    places: &EntryPlaces,
    number: usize,
    release: &Release,
) -> Difference {
    let Outcome { mismatches, decision, matched } = outcome;
    let mut difference =
        Difference::of(mismatches, decision, document.entries(), matched, places, release.profile.release());
    if number > MOST_REASONS {
        difference.why.clear();
    }
    difference
}

/// The text of a file of policy tests.
fn text(bytes: &[u8]) -> Result<&str, Vec<Problem>> {
    std::str::from_utf8(bytes).map_err(|error| {
        let before =
            String::from_utf8_lossy(bytes.get(..error.valid_up_to()).unwrap_or_default()).into_owned();
        vec![Problem::after(&before, "this is not UTF-8")]
    })
}

/// The entries of every document, and which of them matched.
#[derive(Default)]
struct Coverage {
    documents: BTreeMap<PathBuf, Covered>,
    /// Whether the cases of some file were not decided: then nothing is known about entries that no case touches.
    is_partial: bool,
}

impl Coverage {
    fn take(&mut self, checked: &Checked) {
        match &checked.covered {
            Some((document, touched)) => {
                let known = self.documents.entry(document.key.clone());
                let (_, all) = known.or_insert_with(|| (Arc::clone(document), BTreeSet::new()));
                all.extend(touched.iter().cloned());
            }
            None => self.is_partial = true,
        }
    }

    fn report(self, report: &mut TestReport) {
        for (document, touched) in self.documents.into_values() {
            report.remarks.extend(document.remark.clone());
            if self.is_partial {
                continue;
            }
            let is_touched = |entry: &&Listed| touched.contains(&(entry.agent.clone(), entry.index));
            let uncovered = document.listed.iter().filter(|entry| !is_touched(entry)).cloned();
            let of = |entry| Uncovered { document: document.name.clone(), entry };
            report.uncovered.extend(uncovered.map(of));
        }
    }
}
