//! `approvals validate`: finds every problem of every named document.

use std::path::PathBuf;

use anyhow::Context;
use bytesize::ByteSize;

use super::Error;
use super::documents::batch::{self, Found, Missed, Named, Room};
use super::documents::{Content, Snapshot, search};
use crate::approvals::Budget;
use crate::approvals::Strictness;
use crate::approvals::Syntax;
use crate::approvals::check::native;
use crate::approvals::check_within;
use crate::approvals::findings::codes::Code;
use crate::approvals::findings::remark::Remark;
use crate::deadline::Deadline;
use crate::report::approvals::FileReport;
use crate::report::exit::Tally;
use crate::store::Store;

/// Parameters of `approvals validate`.
#[derive(Debug)]
pub struct Request {
    /// Files, directories, `-`; none for this host's store.
    pub paths: Vec<PathBuf>,
    /// The notation; `None` to decide by each file's name.
    pub syntax: Option<Syntax>,
    /// Whether legacy forms are accepted.
    pub allow_legacy: bool,
    /// Size of the largest file to read.
    pub max_size: ByteSize,
    /// Globs of the paths to skip in directories.
    pub exclude: Vec<String>,
}

/// The result for every file, and remarks.
#[derive(Debug, Default)]
pub struct Validated {
    /// The files, in the order in which they were named or found.
    pub files: Vec<FileReport>,
    /// Remarks on files that are not approvals documents, on a host without one, and on problems of a store.
    pub remarks: Vec<Remark>,
}

/// The result of one file.
#[derive(Debug)]
struct Checked {
    report: FileReport,
    remarks: Vec<Remark>,
}

/// Validates the named documents one after another: only one is in memory at a time.
pub fn run(request: Request, deadline: Deadline) -> anyhow::Result<Validated> {
    let (files, paths) = if request.paths.is_empty() {
        let store =
            Store::of(None, deadline).map_err(Error::from).context("looking for this host's store")?;
        (vec![Named::of_store(&store)], None)
    } else {
        (search::found(&request.paths, &request.exclude, deadline)?, Some(request.paths.clone()))
    };
    let mut validated = Validated::default();
    let mut room = Room::default();
    for result in batch::each(files, deadline, move |found| check(&request, &found, deadline)) {
        match result.unwrap_or_else(|report| Err(Missed::Failed(report))) {
            Ok(Checked { report, remarks }) => {
                validated.files.push(room.take(report));
                validated.remarks.extend(remarks);
            }
            Err(Missed::Failed(report)) => validated.files.push(report),
            Err(Missed::NoDocument(remark) | Missed::Skipped(remark)) => validated.remarks.push(remark),
            Err(Missed::Gateway(error)) => return Err(error.into()),
        }
    }
    if let Some(paths) = paths.filter(|_| validated.files.is_empty()) {
        validated.files.push(search::nothing(&paths));
    }
    Ok(validated)
}

fn check(request: &Request, found: &Found, deadline: Deadline) -> Result<Checked, Missed> {
    let snapshot = batch::read(found, request.max_size, deadline)?;
    let is_input = snapshot.is_input();
    let Snapshot { name, content, syntax, mut remarks, .. } = snapshot;
    let text = match content {
        Content::Text(text) => text,
        Content::Absent => Vec::new(),
        Content::Native(policy) => policy.to_string().into_bytes(),
    };
    let syntax = request.syntax.filter(|_| is_input).unwrap_or(syntax);
    let strictness = Strictness { syntax, allow_legacy: request.allow_legacy };
    let mut verdict = check_within(&text, strictness, Budget::until(&|| deadline.left().is_none()));
    if found.in_directory && batch::is(&verdict, Code::OpenclawConfig) {
        return Err(batch::skipped(&name, "OpenClaw's configuration"));
    }
    if is_input && batch::is(&verdict, Code::NodePolicy) {
        let message = format!(
            "{name} is the exec policy of a Windows node, not an approvals document: checked as a policy"
        );
        remarks.push(Remark { message, remedy: None });
        verdict = native::check(&text, syntax);
    }
    Ok(Checked { report: FileReport { name, result: Ok(verdict) }, remarks })
}

/// Counts the results of the files.
pub fn tally(reports: &[FileReport]) -> Tally {
    let mut tally = Tally::default();
    for report in reports {
        match &report.result {
            Ok(verdict) if verdict.unfinished => tally.timed_out += 1,
            Ok(verdict) if verdict.is_valid() => tally.valid += 1,
            Ok(_) => tally.invalid += 1,
            Err(failed) => batch::count(&mut tally, failed.why),
        }
    }
    tally
}
