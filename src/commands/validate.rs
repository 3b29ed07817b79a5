//! `approvals validate`: every problem of every document that was named.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc;

use anyhow::Context;
use bytesize::ByteSize;
use walkdir::WalkDir;

use super::Error;
use crate::approvals::report::{Failed, FileReport, Unchecked};
use crate::approvals::{Strictness, Syntax, check};
use crate::deadline::{Deadline, GRACE, STACK};
use crate::outcome::{Exit, Tally};
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
}

/// Validates every document that was named, one after the other: one document is in memory at a time.
pub fn run(request: Request, deadline: Deadline) -> anyhow::Result<Vec<FileReport>> {
    if request.paths.is_empty() {
        let store =
            Store::of(None, deadline).map_err(Error::from).context("looking for this host's store")?;
        let name = store.name();
        let check = move |()| of_store(&request, &store, deadline);
        return Ok(reports(each(vec![Named { name, work: Ok(()) }], deadline, check)));
    }
    let files = found(&request.paths, deadline);
    Ok(reports(each(files, deadline, move |input| file(&request, &input, deadline))))
}

fn reports(looked: Vec<Result<FileReport, FileReport>>) -> Vec<FileReport> {
    looked.into_iter().map(|report| report.unwrap_or_else(|report| report)).collect()
}

/// Every file that is named, or found in a directory that is.
pub(super) fn found(paths: &[PathBuf], deadline: Deadline) -> Vec<Named<Input>> {
    let mut files = Vec::new();
    for path in paths {
        if path.as_os_str() != "-" && path.is_dir() {
            files.extend(documents(path, deadline).into_iter().map(|found| match found {
                Ok(path) => Named::of(Input::Path(path)),
                Err(report) => Named { name: report.name.clone(), work: Err(report) },
            }));
        } else {
            files.push(Named::of(Input::named(path)));
        }
    }
    files
}

/// A document that is to be looked at, or the report that says why it cannot be.
pub(super) struct Named<W> {
    /// The name in reports.
    pub(super) name: String,
    pub(super) work: Result<W, FileReport>,
}

impl Named<Input> {
    pub(super) fn of(input: Input) -> Self {
        Self { name: input.name(), work: Ok(input) }
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

/// A JSON store is a file like any other, and must be there. A database may be without a document.
fn of_store(request: &Request, store: &Store, deadline: Deadline) -> FileReport {
    let database = match store {
        Store::JsonFile(json) => return file(request, &Input::Path(json.path().to_owned()), deadline),
        Store::Sqlite(database) => database,
    };
    let strictness = Strictness { syntax: Syntax::Json, allow_legacy: request.allow_legacy };
    let result = held(store, deadline).map(|text| check(&text, strictness));
    FileReport { name: database.name(), result }
}

/// The text that a store holds, or why there is nothing to check.
pub(super) fn held(store: &Store, deadline: Deadline) -> Result<Vec<u8>, Failed> {
    match store.read(deadline) {
        Ok(stored) => match (stored.text(), store) {
            (Some(text), _) => Ok(text.to_vec()),
            (None, Store::JsonFile(_)) => Err(failed(&InputError::Missing(store.name()))),
            (None, Store::Sqlite(_)) => Err(no_document(&store.name())),
        },
        Err(error) => {
            let error = Error::from(error);
            let timed_out = error.exit() == Exit::TimedOut;
            let why = if timed_out { Unchecked::TimedOut } else { Unchecked::Unreadable };
            Err(Failed { message: error.to_string(), remedy: error.remedy(), why })
        }
    }
}

/// Of a place that is there, and has no document. A job that checks nothing must not pass.
pub(super) fn no_document(name: &str) -> Failed {
    Failed {
        message: format!("{name} holds no document: the host uses its built-in defaults"),
        remedy: Some("store one with clearance approvals set, or name the files to check".to_owned()),
        why: Unchecked::Unreadable,
    }
}

/// The database, where a named path is one. Files that are called documents are none.
pub(super) fn database(path: &Path) -> Option<Store> {
    if is_document(path) {
        return None;
    }
    Some(Store::at(path.to_owned())).filter(|store| matches!(store, Store::Sqlite(_)))
}

fn file(request: &Request, input: &Input, deadline: Deadline) -> FileReport {
    if let Input::Path(path) = input
        && let Some(store) = database(path)
    {
        return of_store(request, &store, deadline);
    }
    let bytes = match deadline.left() {
        Some(_) => input::read(input, Bounds { max_size: request.max_size, deadline }),
        None => Err(InputError::TimedOut { name: input.name(), timeout: deadline.timeout() }),
    };
    let strictness = Strictness {
        syntax: request.syntax.unwrap_or_else(|| by_name(input)),
        allow_legacy: request.allow_legacy,
    };
    let result = bytes.map(|bytes| check(&bytes, strictness)).map_err(|error| failed(&error));
    FileReport { name: input.name(), result }
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

/// The documents of a directory, and what could not be looked into.
pub(super) fn documents(path: &Path, deadline: Deadline) -> Vec<Result<PathBuf, FileReport>> {
    let failed = |name: String, message: String, remedy: Option<&str>| {
        let remedy = remedy.map(str::to_owned);
        Err(FileReport { name, result: Err(Failed { message, remedy, why: Unchecked::Unreadable }) })
    };
    let mut found = Vec::new();
    for entry in WalkDir::new(path).sort_by_file_name() {
        if deadline.left().is_none() {
            let name = path.display().to_string();
            found.push(Err(FileReport { result: Err(late(&name, deadline)), name }));
            return found;
        }
        match entry {
            Ok(entry) if entry.path().is_dir() || !is_document(entry.path()) => {}
            Ok(entry) if entry.path().is_file() => found.push(Ok(entry.into_path())),
            // A pipe that is met on the way is not waited for, and a link that leads nowhere is not passed over.
            Ok(entry) => {
                let name = entry.path().display().to_string();
                let message = format!("{name} is not a file");
                found.push(failed(name, message, Some("remove it, or name the files to check")));
            }
            Err(error) => {
                let name = error.path().unwrap_or(path).display().to_string();
                found.push(failed(name, format!("cannot read: {error}"), None));
            }
        }
    }
    // A job that checks nothing must not pass.
    if found.is_empty() {
        let name = path.display().to_string();
        let message = format!("no *.json or *.json5 file in {name}");
        found.push(failed(name, message, Some("check the path, or name the files")));
    }
    found
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
    use crate::approvals::diagnostic::Verdict;

    fn ended(
        timeout: Duration,
        look: impl FnMut(&'static str) -> FileReport + Send + 'static,
    ) -> Vec<String> {
        let named = |name: &'static str| Named { name: name.to_owned(), work: Ok(name) };
        let documents = ["a.json", "b.json", "c.json"].map(named).into();
        let reports = reports(each(documents, Deadline::after(timeout), look)).into_iter();
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
