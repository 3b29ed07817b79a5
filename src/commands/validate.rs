//! `approvals validate`: every problem of every document that was named.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc;

use anyhow::Context;
use bytesize::ByteSize;
use ignore::WalkBuilder;
use ignore::overrides::{Override, OverrideBuilder};

use super::Error;
use crate::approvals::Budget;
use crate::approvals::Strictness;
use crate::approvals::Syntax;
use crate::approvals::check::native;
use crate::approvals::check_within;
use crate::approvals::findings::codes::Code;
use crate::approvals::findings::diagnostic::Verdict;
use crate::approvals::findings::remark::Remark;
use crate::approvals::lint;
use crate::deadline::{Deadline, GRACE, STACK};
use crate::report::approvals::{Failed, FileReport, Unchecked};
use crate::report::exit::{Exit, Tally};
use crate::store::Store;
use crate::store::input::{self, Bounds, Input, InputError};

/// What to validate, and how strictly.
#[derive(Debug)]
pub struct Request {
    /// Files, directories, `-`; none for this host's store.
    pub paths: Vec<PathBuf>,
    /// The notation; `None` to go by each file's name.
    pub syntax: Option<Syntax>,
    /// Whether legacy forms are accepted.
    pub allow_legacy: bool,
    /// The largest file that is read.
    pub max_size: ByteSize,
    /// Globs of what to skip in directories.
    pub exclude: Vec<String>,
}

/// What was found in every file, and what is worth saying beside it.
#[derive(Debug, Default)]
pub struct Validated {
    /// The files, in the order in which they were named or found.
    pub files: Vec<FileReport>,
    /// Files that are not approvals documents, a host without one, and what is wrong around a store.
    pub remarks: Vec<Remark>,
}

/// Validates every document that was named, one after the other: one document is in memory at a time.
pub fn run(request: Request, deadline: Deadline) -> anyhow::Result<Validated> {
    if request.paths.is_empty() {
        let store =
            Store::of(None, deadline).map_err(Error::from).context("looking for this host's store")?;
        let name = store.name();
        let check = move |()| of_store(&request, &store, deadline);
        return Ok(Validated::of(each(vec![Named { name, work: Ok(()) }], deadline, check)));
    }
    let files = found(&request.paths, &request.exclude, deadline)?;
    let paths = request.paths.clone();
    let mut validated = Validated::of(each(files, deadline, move |found| file(&request, &found, deadline)));
    if validated.files.is_empty() {
        validated.files.push(nothing(&paths));
    }
    Ok(validated)
}

impl Validated {
    fn of(looked: Vec<Result<Result<Checked, Missed>, FileReport>>) -> Self {
        let mut validated = Self::default();
        let mut room = Room::default();
        for looked in looked {
            match looked.unwrap_or_else(|report| Err(report.into())) {
                Ok(Checked { report, remarks }) => {
                    validated.files.push(room.take(report));
                    validated.remarks.extend(remarks);
                }
                Err(Missed::Failed(report)) => validated.files.push(report),
                Err(Missed::NoDocument(remark) | Missed::Skipped(remark)) => validated.remarks.push(remark),
            }
        }
        validated
    }
}

/// A file that was checked.
#[derive(Debug)]
struct Checked {
    report: FileReport,
    remarks: Vec<Remark>,
}

/// Why there is nothing to look at.
#[derive(Debug)]
pub(super) enum Missed {
    /// It could not be read.
    Failed(FileReport),
    /// The host has no document.
    NoDocument(Remark),
    /// It was found in a directory, and is another kind of file.
    Skipped(Remark),
}

impl From<FileReport> for Missed {
    fn from(report: FileReport) -> Self {
        Self::Failed(report)
    }
}

/// A file to be looked at.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) input: Input,
    /// Whether it was found in a directory, and not named.
    pub(super) in_directory: bool,
}

/// How many problems of all documents together are still kept: a bound on memory and output.
pub(super) struct Room(usize);

impl Default for Room {
    fn default() -> Self {
        Self(10 * Verdict::MOST)
    }
}

impl Room {
    /// Of each document the first few problems are kept, however many the others have.
    const LEAST: usize = 10;

    pub(super) fn take(&mut self, mut report: FileReport) -> FileReport {
        if let Ok(verdict) = &mut report.result {
            verdict.keep(self.0.max(Self::LEAST));
            self.0 = self.0.saturating_sub(verdict.diagnostics.len());
        }
        report
    }
}

/// Every file that is named, or found in a directory that is.
pub(super) fn found(
    paths: &[PathBuf],
    exclude: &[String],
    deadline: Deadline,
) -> Result<Vec<Named<Found>>, Error> {
    let mut files = Vec::new();
    for path in paths {
        if path.as_os_str() != "-" && path.is_dir() {
            files.extend(documents(path, exclude, deadline)?.into_iter().map(|found| match found {
                Ok(path) => Named::of(Input::Path(path), true),
                Err(report) => Named { name: report.name.clone(), work: Err(report) },
            }));
        } else {
            files.push(Named::of(Input::named(path), false));
        }
    }
    Ok(files)
}

/// Where nothing that was found is a document: a job that checks nothing must not pass.
pub(super) fn nothing(paths: &[PathBuf]) -> FileReport {
    let names: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    let name = names.join(", ");
    let message = format!("no approvals document (*.json, *.json5) in {name}");
    let remedy = "check the path, or name the files; what Git ignores and --exclude matches is skipped";
    unreadable(name, message, Some(remedy))
}

/// Whether a verdict says that a file is of another kind, and of which.
pub(super) fn is(verdict: &Verdict, kind: Code) -> bool {
    matches!(&verdict.diagnostics[..], [only] if only.code == kind)
}

/// What is said of a file in a directory that is not a document.
pub(super) fn skipped(name: &str, what: &str) -> Missed {
    Missed::Skipped(Remark {
        message: format!("skipped {name}: it is {what}, not an approvals document"),
        remedy: Some("to skip it without this warning, add it to .gitignore or use --exclude".to_owned()),
    })
}

/// A document that is to be looked at, or the report that says why it cannot be.
pub(super) struct Named<W> {
    /// The name in reports.
    pub(super) name: String,
    pub(super) work: Result<W, FileReport>,
}

impl Named<Found> {
    fn of(input: Input, in_directory: bool) -> Self {
        Self { name: input.name(), work: Ok(Found { input, in_directory }) }
    }
}

/// Looks at documents in a thread of their own, one after the other. Every document has its result: where looking at
/// one panics the others go on, and what is not done when the deadline passes is said to be so.
pub(super) fn each<W: Send + 'static, R: Send + 'static>(
    documents: Vec<Named<W>>,
    deadline: Deadline,
    mut look: impl FnMut(W) -> R + Send + 'static,
) -> Vec<Result<R, FileReport>> {
    let names: Vec<String> = documents.iter().map(|document| document.name.clone()).collect();
    let (sender, receiver) = mpsc::channel();
    let work = move || {
        for Named { name, work } in documents {
            let looked = work.and_then(|work| {
                catch_unwind(AssertUnwindSafe(|| look(work)))
                    .map_err(|_| FileReport { result: Err(crashed(&name)), name })
            });
            if sender.send(looked).is_err() {
                return;
            }
        }
    };
    let started = std::thread::Builder::new().stack_size(STACK).spawn(work);
    let mut results = Vec::with_capacity(names.len());
    if started.is_ok() {
        while results.len() < names.len()
            && let Ok(result) = receiver.recv_timeout(deadline.left().unwrap_or_default() + GRACE)
        {
            results.push(result);
        }
    }
    let left = names.into_iter().skip(results.len());
    results.extend(left.map(|name| Err(FileReport { result: Err(late(&name, deadline)), name })));
    results
}

fn crashed(name: &str) -> Failed {
    Failed {
        message: format!("clearance failed while checking {name}: this is a bug in clearance"),
        remedy: Some("report it with the file and the message on standard error".to_owned()),
        why: Unchecked::Crashed,
    }
}

fn late(name: &str, deadline: Deadline) -> Failed {
    Failed {
        message: format!("{name} was not checked within {:?}", deadline.timeout()),
        remedy: Some("raise --timeout, or check fewer files at once".to_owned()),
        why: Unchecked::TimedOut,
    }
}

/// How many files ended in which way.
pub fn tally(reports: &[FileReport]) -> Tally {
    let mut tally = Tally::default();
    for report in reports {
        match &report.result {
            Ok(verdict) if verdict.unfinished => tally.timed_out += 1,
            Ok(verdict) if verdict.is_valid() => tally.valid += 1,
            Ok(_) => tally.invalid += 1,
            Err(failed) => count(&mut tally, failed.why),
        }
    }
    tally
}

/// Counts a file that has no verdict.
pub(super) fn count(tally: &mut Tally, why: Unchecked) {
    match why {
        Unchecked::Unreadable => tally.unreadable += 1,
        Unchecked::TimedOut => tally.timed_out += 1,
        Unchecked::Crashed => tally.crashed += 1,
    }
}

/// What a store holds.
fn of_store(request: &Request, store: &Store, deadline: Deadline) -> Result<Checked, Missed> {
    let strictness = Strictness { syntax: Syntax::Json, allow_legacy: request.allow_legacy };
    let name = store.name();
    let remarks = store.remarks(deadline);
    match held(store, deadline) {
        Ok(Some(text)) => Ok(Checked {
            report: FileReport { name, result: Ok(within(&text, strictness, deadline)) },
            remarks,
        }),
        Ok(None) => Err(Missed::NoDocument(no_document(&name, release_of(store)))),
        Err(failed) => Err(FileReport { name, result: Err(failed) }.into()),
    }
}

/// The text that a store holds, if it holds one, or why it could not be read.
pub(super) fn held(store: &Store, deadline: Deadline) -> Result<Option<Vec<u8>>, Failed> {
    match store.read(deadline) {
        Ok(stored) => Ok(stored.text().map(<[u8]>::to_vec)),
        Err(error) => {
            let error = Error::from(error);
            let timed_out = error.exit() == Exit::TimedOut;
            let why = if timed_out { Unchecked::TimedOut } else { Unchecked::Unreadable };
            Err(Failed { message: error.to_string(), remedy: error.remedy(), why })
        }
    }
}

/// The first release that keeps its document in such a store, where it is known.
pub(super) fn release_of(store: &Store) -> Option<&'static str> {
    match store {
        Store::Sqlite(_) => Some("2026.8.1"),
        Store::JsonFile(_) => None,
    }
}

/// What holds on a host without a document, by its release where that is known: measured on 2026.4.14, 2026.6.11 and
/// 2026.9.6, whose defaults differ in `askFallback` alone.
pub(super) fn no_document(name: &str, release: Option<&str>) -> Remark {
    let unanswered = match release.and_then(lint::denies_unanswered) {
        Some(true) => "a prompt that nobody answers is denied",
        Some(false) => "a prompt that nobody answers runs its command",
        None => "a prompt that nobody answers is denied from 2026.6, and runs its command before",
    };
    Remark {
        message: format!(
            "{name} holds no approvals document, so the host uses its defaults: every command runs and nobody is asked (security full, ask off), unless tools.exec in openclaw.json is stricter; {unanswered}"
        ),
        remedy: Some(
            "name the files to check, or store a document: clearance approvals set --file new.json"
                .to_owned(),
        ),
    }
}

/// The database, where a named path is one. Files that are called documents are none.
pub(super) fn database(path: &Path) -> Option<Store> {
    if is_document(path) {
        return None;
    }
    Some(Store::at(path.to_owned())).filter(|store| matches!(store, Store::Sqlite(_)))
}

fn file(request: &Request, found: &Found, deadline: Deadline) -> Result<Checked, Missed> {
    let Found { input, in_directory } = found;
    if let Input::Path(path) = input
        && let Some(store) = database(path)
    {
        return of_store(request, &store, deadline);
    }
    let name = input.name();
    let bytes = match deadline.left() {
        Some(_) => input::read(input, Bounds { max_size: request.max_size, deadline }),
        None => Err(InputError::TimedOut { name: name.clone(), timeout: deadline.timeout() }),
    };
    let bytes = bytes.map_err(|error| FileReport { name: name.clone(), result: Err(failed(&error)) })?;
    let strictness = Strictness {
        syntax: request.syntax.unwrap_or_else(|| by_name(input)),
        allow_legacy: request.allow_legacy,
    };
    let mut verdict = within(&bytes, strictness, deadline);
    let mut remarks = Vec::new();
    if *in_directory && is(&verdict, Code::OpenclawConfig) {
        return Err(skipped(&name, "OpenClaw's configuration"));
    }
    if is(&verdict, Code::NodePolicy) {
        let message = format!(
            "{name} is the exec policy of a Windows node, not an approvals document: checked as a policy"
        );
        remarks.push(Remark { message, remedy: None });
        verdict = native::check(&bytes, strictness.syntax);
    }
    Ok(Checked { report: FileReport { name, result: Ok(verdict) }, remarks })
}

fn within(text: &[u8], strictness: Strictness, deadline: Deadline) -> Verdict {
    check_within(text, strictness, Budget::until(&|| deadline.left().is_none()))
}

/// Why a file was not read, for its report.
pub(super) fn failed(error: &InputError) -> Failed {
    let why = match error {
        InputError::TimedOut { .. } => Unchecked::TimedOut,
        _ => Unchecked::Unreadable,
    };
    Failed { message: error.to_string(), remedy: error.remedy(), why }
}

/// A host reads `*.json` as JSON; everything else may be meant for `approvals set`, which takes JSON5.
pub(super) fn by_name(input: &Input) -> Syntax {
    match input {
        Input::Path(path) if has_extension(path, "json") => Syntax::Json,
        _ => Syntax::Json5,
    }
}

/// The documents of a directory, and what could not be looked into. What Git ignores there is left out, and so is what
/// `--exclude` matches.
fn documents(
    path: &Path,
    exclude: &[String],
    deadline: Deadline,
) -> Result<Vec<Result<PathBuf, FileReport>>, Error> {
    let walk = WalkBuilder::new(path)
        // Hidden files are documents like others; of what this crate can leave out, Git's patterns are all.
        .standard_filters(false)
        .parents(true)
        .git_ignore(true)
        .git_exclude(true)
        .overrides(excluding(path, exclude)?)
        .sort_by_file_name(std::ffi::OsStr::cmp)
        .build();
    let mut found = Vec::new();
    for entry in walk {
        if deadline.left().is_none() {
            let name = path.display().to_string();
            found.push(Err(FileReport { result: Err(late(&name, deadline)), name }));
            return Ok(found);
        }
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                let name = path.display().to_string();
                found.push(Err(unreadable(name, format!("cannot read: {error}"), None)));
                continue;
            }
        };
        let entry = entry.into_path();
        if entry.is_dir() || !is_document(&entry) || in_git(&entry) {
            continue;
        }
        if entry.is_file() {
            found.push(Ok(entry));
        } else {
            // A pipe that is met on the way is not waited for, and a link that leads nowhere is not passed over.
            let name = entry.display().to_string();
            let message = format!("{name} is not a file");
            found.push(Err(unreadable(name, message, Some("remove it, or name the files to check"))));
        }
    }
    if found.is_empty() {
        found.push(Err(nothing(&[path.to_owned()])));
    }
    Ok(found)
}

/// Whether a path is inside Git's own directory.
fn in_git(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == ".git")
}

fn unreadable(name: String, message: String, remedy: Option<&str>) -> FileReport {
    let why = Unchecked::Unreadable;
    FileReport { name, result: Err(Failed { message, remedy: remedy.map(str::to_owned), why }) }
}

/// The globs of `--exclude`, read as lines of a `.gitignore` in the directory.
fn excluding(directory: &Path, exclude: &[String]) -> Result<Override, Error> {
    let mut builder = OverrideBuilder::new(directory);
    for glob in exclude {
        let wrong = |error: ignore::Error| Error::Exclude { glob: glob.clone(), cause: error.to_string() };
        builder.add(&format!("!{}", glob.trim_start_matches('!'))).map_err(wrong)?;
    }
    builder.build().map_err(|error| Error::Exclude { glob: exclude.join(" "), cause: error.to_string() })
}

fn is_document(path: &Path) -> bool {
    has_extension(path, "json") || has_extension(path, "json5")
}

fn has_extension(path: &Path, wanted: &str) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(wanted))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn ended(
        timeout: Duration,
        look: impl FnMut(&'static str) -> FileReport + Send + 'static,
    ) -> Vec<String> {
        let named = |name: &'static str| Named { name: name.to_owned(), work: Ok(name) };
        let documents = ["a.json", "b.json", "c.json"].map(named).into();
        let looked = each(documents, Deadline::after(timeout), look).into_iter();
        let reports = looked.map(|report| report.unwrap_or_else(|report| report));
        let word =
            |result: Result<Verdict, Failed>| result.map_or_else(|failed| failed.why.as_str(), |_| "checked");
        reports.map(|report| format!("{} {}", report.name, word(report.result))).collect()
    }

    fn checked(name: &str) -> FileReport {
        FileReport { name: name.to_owned(), result: Ok(Verdict::default()) }
    }

    #[test]
    fn a_panic_costs_no_other_document_its_verdict() {
        let look = |name| if name == "b.json" { panic!("lost") } else { checked(name) };
        let told = ended(Duration::from_mins(1), look);
        assert_eq!(told, ["a.json checked", "b.json crashed", "c.json checked"]);
    }

    #[test]
    fn what_was_checked_before_the_deadline_is_kept() {
        let look = |name| {
            if name == "b.json" {
                loop {
                    std::thread::park();
                }
            }
            checked(name)
        };
        let told = ended(Duration::from_millis(50), look);
        assert_eq!(told, ["a.json checked", "b.json timed-out", "c.json timed-out"]);
    }
}
