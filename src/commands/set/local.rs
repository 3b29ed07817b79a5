//! In a store of this host: all under the store's lock.

use std::path::PathBuf;

use anyhow::Context;
use uuid::Uuid;

use super::super::Error;
use super::{New, Request};
use crate::approvals::changes::Change;
use crate::approvals::readback;
use crate::approvals::replacement::{self, Replacement};
use crate::approvals::report::{SetOutcome, SetReport};
use crate::approvals::stored::Stored;
use crate::deadline::Deadline;
use crate::store::{Store, StoreError};

pub(super) fn run(
    request: &Request,
    store: Option<&PathBuf>,
    new: &New,
    deadline: Deadline,
) -> anyhow::Result<SetReport> {
    let document = new.document()?;
    let store = Store::of(store.map(PathBuf::as_path), deadline)
        .map_err(Error::from)
        .context("looking for this host's store")?;
    let new_id = || Uuid::new_v4().to_string();
    let report = |before: &Stored, replacement: Replacement, outcome, after: Option<&Stored>| SetReport {
        path: store.name(),
        existed: before.text().is_some(),
        outcome,
        before: before.hash(),
        after: after.map(Stored::hash),
        departures: match after {
            Some(after) if outcome == SetOutcome::Stored => departures(&replacement.text, after),
            _ => Vec::new(),
        },
        changes: replacement.changes,
        remarks: store.remarks(deadline),
        ..SetReport::default()
    };
    let plan = |stored: &Stored| {
        let path = || store.name();
        replacement::plan(stored, document, new_id)
            .map_err(|error| Error::Replacement { path: path(), error })
    };
    if request.dry_run {
        store.replaceable(deadline).map_err(Error::from).context("looking at the store")?;
        let stored = store.read(deadline).map_err(Error::from).context("reading the store")?;
        unchanged_since(request, &store, &stored)?;
        let replacement = plan(&stored)?;
        return Ok(if replacement.needed {
            // Its hash is not foretold: the entries' new ids would be others.
            report(&stored, replacement, SetOutcome::Planned, None)
        } else {
            report(&stored, replacement, SetOutcome::Unchanged, Some(&stored))
        });
    }
    let locked = store.lock(deadline).map_err(Error::from).context("locking the store")?;
    let stored = locked.read().map_err(Error::from).context("reading the store")?;
    unchanged_since(request, &store, &stored)?;
    let replacement = plan(&stored)?;
    if !replacement.needed {
        locked.make_private().map_err(Error::from)?;
        return Ok(report(&stored, replacement, SetOutcome::Unchanged, Some(&stored)));
    }
    let after =
        locked.replace(&stored, &replacement.text).map_err(Error::from).context("replacing the document")?;
    Ok(report(&stored, replacement, SetOutcome::Stored, Some(&after)))
}

/// What the store made of the text: a database keeps it in the gateway's form.
pub(in crate::commands) fn departures(text: &str, after: &Stored) -> Vec<Change> {
    let stored = after.text().unwrap_or_default();
    if stored == text.as_bytes() {
        return Vec::new();
    }
    let value = |text: &[u8]| serde_json::from_slice(text).unwrap_or_default();
    readback::departures(&value(text.as_bytes()), &value(stored))
}

fn unchanged_since(request: &Request, store: &Store, stored: &Stored) -> Result<(), Error> {
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
