//! `approvals validate`: every problem of every document that was named.

use std::path::{Path, PathBuf};

use anyhow::Context;
use bytesize::ByteSize;
use walkdir::WalkDir;

use super::Error;
use crate::approvals::report::{Failed, FileReport};
use crate::approvals::{Strictness, Syntax, check};
use crate::deadline::Deadline;
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
pub fn run(request: &Request, deadline: Deadline) -> anyhow::Result<Vec<FileReport>> {
    if request.paths.is_empty() {
        let store =
            Store::of(None, deadline).map_err(Error::from).context("looking for this host's store")?;
        return Ok(vec![of_store(request, &store, deadline)]);
    }
    let mut reports = Vec::new();
    for path in &request.paths {
        if path.as_os_str() != "-" && path.is_dir() {
            reports.extend(documents(path).into_iter().map(|found| match found {
                Ok(path) => file(request, &Input::Path(path), deadline),
                Err(report) => report,
            }));
        } else {
            reports.push(file(request, &Input::named(path), deadline));
        }
    }
    Ok(reports)
}

/// How many files ended in which way.
pub fn tally(reports: &[FileReport]) -> Tally {
    let mut tally = Tally::default();
    for report in reports {
        match &report.result {
            Ok(verdict) if verdict.is_valid() => tally.valid += 1,
            Ok(_) => tally.invalid += 1,
            Err(failed) if failed.timed_out => tally.timed_out += 1,
            Err(_) => tally.unreadable += 1,
        }
    }
    tally
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
            Err(Failed { message: error.to_string(), remedy: error.remedy(), timed_out })
        }
    }
}

/// Of a place that is there, and has no document. A job that checks nothing must not pass.
pub(super) fn no_document(name: &str) -> Failed {
    Failed {
        message: format!("{name} holds no document: the host uses its built-in defaults"),
        remedy: Some("store one with clearance approvals set, or name the files to check".to_owned()),
        timed_out: false,
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
    Failed {
        message: error.to_string(),
        remedy: error.remedy(),
        timed_out: matches!(error, InputError::TimedOut { .. }),
    }
}

/// A host reads `*.json` as JSON; everything else may be meant for `approvals set`, which takes JSON5.
pub(super) fn by_name(input: &Input) -> Syntax {
    match input {
        Input::Path(path) if has_extension(path, "json") => Syntax::Json,
        _ => Syntax::Json5,
    }
}

/// The documents of a directory, and what could not be looked into.
pub(super) fn documents(path: &Path) -> Vec<Result<PathBuf, FileReport>> {
    let failed = |name: String, message: String, remedy: Option<&str>| {
        let remedy = remedy.map(str::to_owned);
        Err(FileReport { name, result: Err(Failed { message, remedy, timed_out: false }) })
    };
    let mut found = Vec::new();
    for entry in WalkDir::new(path).sort_by_file_name() {
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
