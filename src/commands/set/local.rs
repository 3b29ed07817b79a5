//! In a store of this host: all under the store's lock.

use std::path::PathBuf;

use anyhow::Context;
use uuid::Uuid;

use super::super::Error;
use super::{New, Request};
use crate::approvals::replacement::{self, Replacement};
use crate::approvals::report::{SetOutcome, SetReport};
use crate::approvals::stored::Stored;
use crate::deadline::Deadline;
use crate::store::StoreError;
use crate::store::json_file::JsonFile;
use crate::store::locate::{self, Environment};

pub(super) fn run(
    request: &Request,
    store: Option<&PathBuf>,
    new: &New,
    deadline: Deadline,
) -> anyhow::Result<SetReport> {
    let document = new.document()?;
    let store = match store {
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
        ..SetReport::default()
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
