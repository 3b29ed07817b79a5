//! `approvals set`: one document in another's place, or nothing at all.

use std::path::PathBuf;

use anyhow::Context;
use uuid::Uuid;

use super::Error;
use crate::approvals::replacement::{self, Replacement};
use crate::approvals::report::{SetOutcome, SetReport};
use crate::approvals::stored::Stored;
use crate::approvals::{Syntax, modernised, parse};
use crate::deadline::Deadline;
use crate::store::input::{self, Bounds, Input};
use crate::store::json_file::JsonFile;
use crate::store::locate::{self, Environment};
use crate::store::{MAX_SIZE, StoreError};

/// What to store, and where.
#[derive(Debug)]
pub struct Request {
    /// The new document.
    pub new: Input,
    /// The store; `None` for this host's own.
    pub store: Option<PathBuf>,
    /// The hash that the store must have.
    pub base_hash: Option<String>,
    /// Whether to stop before anything is written.
    pub dry_run: bool,
    /// Whether legacy forms of the new document are rewritten.
    pub allow_legacy: bool,
}

/// Validates, plans, and unless it is a dry run replaces and reads back, all under the store's lock.
pub fn run(request: &Request, deadline: Deadline) -> anyhow::Result<SetReport> {
    let bytes = input::read(&request.new, Bounds { max_size: MAX_SIZE, deadline })
        .map_err(Error::from)
        .context("reading the new document")?;
    let invalid = |verdict| Error::Invalid { name: request.new.name(), verdict };
    let modern =
        if request.allow_legacy { Some(modernised(&bytes, Syntax::Json5).map_err(invalid)?) } else { None };
    let text = modern.as_ref().map_or(bytes.as_slice(), String::as_bytes);
    let document = parse(text, Syntax::Json5).map_err(invalid)?;

    let store = match &request.store {
        Some(path) => JsonFile::at(path.clone()),
        None => locate::local(&Environment::of_process())
            .map_err(Error::from)
            .context("looking for this host's store")?,
    };
    let new_id = || Uuid::new_v4().to_string();
    let report = |stored: &Stored, replacement: Replacement, outcome| SetReport {
        path: store.path().display().to_string(),
        existed: stored.text().is_some(),
        outcome,
        before: stored.hash(),
        after: match outcome {
            SetOutcome::Unchanged => Some(stored.hash()),
            SetOutcome::Stored => Some(Stored::holding(replacement.text.into_bytes()).hash()),
            // The entries' new ids would be others.
            SetOutcome::Planned => None,
        },
        changes: replacement.changes,
    };
    let plan = |stored: &Stored| {
        let path = || store.path().display().to_string();
        replacement::plan(stored, document, new_id)
            .map_err(|error| Error::Replacement { path: path(), error })
    };
    if request.dry_run {
        store.replaceable().map_err(Error::from).context("looking at the store")?;
        let stored = store.read(deadline).map_err(Error::from).context("reading the store")?;
        unchanged_since(request, &store, &stored)?;
        let replacement = plan(&stored)?;
        let outcome = if replacement.needed { SetOutcome::Planned } else { SetOutcome::Unchanged };
        return Ok(report(&stored, replacement, outcome));
    }
    let locked = store.lock(deadline).map_err(Error::from).context("locking the store")?;
    let stored = locked.read().map_err(Error::from).context("reading the store")?;
    unchanged_since(request, &store, &stored)?;
    let replacement = plan(&stored)?;
    if !replacement.needed {
        locked.make_private().map_err(Error::from)?;
        return Ok(report(&stored, replacement, SetOutcome::Unchanged));
    }
    locked.replace(&stored, &replacement.text).map_err(Error::from).context("replacing the document")?;
    Ok(report(&stored, replacement, SetOutcome::Stored))
}

fn unchanged_since(request: &Request, store: &JsonFile, stored: &Stored) -> Result<(), Error> {
    let found = stored.hash();
    match &request.base_hash {
        // Hex is hex, whoever printed it.
        Some(expected) if !expected.eq_ignore_ascii_case(&found) => {
            let path = store.path().to_owned();
            Err(StoreError::Conflict { path, expected: expected.clone(), found }.into())
        }
        _ => Ok(()),
    }
}
