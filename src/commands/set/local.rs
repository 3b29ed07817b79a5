//! In a store of this host: all under the store's lock.

use std::path::PathBuf;

use anyhow::Context;
use uuid::Uuid;

use super::super::Error;
use super::new::New;
use super::request::Request;
use crate::approvals::compare::changes::Change;
use crate::approvals::compare::exact;
use crate::approvals::edit::replacement::{self, Replacement};
use crate::approvals::findings::remark::Remark;
use crate::approvals::model::document::{Agents, Document};
use crate::approvals::model::path::{Path, Step};
use crate::approvals::model::stored::Stored;
use crate::deadline::{Deadline, Gate, OutOfTime};
use crate::report::approvals::{SetOutcome, SetReport};
use crate::store::{Store, StoreError};

pub(super) fn run(
    request: &Request,
    store: Option<&PathBuf>,
    new: &New,
    gate: &Gate,
    deadline: Deadline,
) -> anyhow::Result<SetReport> {
    let document = new.document()?;
    let store = Store::of(store.map(PathBuf::as_path), deadline)
        .map_err(Error::from)
        .context("looking for this host's store")?;
    let new_id = || Uuid::new_v4().to_string();
    let remarks = match &store {
        Store::JsonFile(_) => fleeting(&document),
        // It is gone at once, which is reported as a departure.
        Store::Sqlite(_) => None,
    };
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
        dropped: new.dropped.clone(),
        dropped_count: new.dropped_count,
        remarks: {
            let dropped_later = remarks.iter().filter(|_| outcome != SetOutcome::Unchanged);
            store.remarks(deadline).into_iter().chain(dropped_later.cloned()).collect()
        },
        ..SetReport::default()
    };
    let plan = |stored: &Stored| {
        let path = || store.name();
        let planned = if request.dry_run {
            replacement::foreseen(stored, document, new_id)
        } else {
            replacement::plan(stored, document, new_id).map(|plan| {
                let size = plan.text.len();
                (plan, size)
            })
        };
        let (replacement, size) = planned.map_err(|error| Error::Replacement { path: path(), error })?;
        if replacement.needed {
            store.takes(size)?;
        }
        Ok::<_, Error>(replacement)
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
        entered(gate, deadline)?;
        locked.make_private().map_err(Error::from)?;
        return Ok(report(&stored, replacement, SetOutcome::Unchanged, Some(&stored)));
    }
    entered(gate, deadline)?;
    let after =
        locked.replace(&stored, &replacement.text).map_err(Error::from).context("replacing the document")?;
    Ok(report(&stored, replacement, SetOutcome::Stored, Some(&after)))
}

/// Begins to write, unless the deadline has passed.
pub(in crate::commands) fn entered(gate: &Gate, deadline: Deadline) -> Result<(), Error> {
    gate.enter(deadline).map_err(|OutOfTime| Error::Unfinished { timeout: deadline.timeout() })
}

/// What a JSON store holds only until OpenClaw writes it the next time. (Measured on 2026.4.14 and 2026.7.1: every
/// official command that writes drops it.)
fn fleeting(document: &Document<'_>) -> Option<Remark> {
    let agents = document.agents.iter().flat_map(Agents::iter);
    let mut found = agents.flat_map(|(id, agent)| {
        let entries = agent.allowlist.iter().flatten().enumerate();
        entries.filter(|(_, entry)| entry.command_text.is_some()).map(move |(index, _)| (id, index))
    });
    let (agent, index) = found.next()?;
    let path: Path = [
        Step::Key("agents".to_owned()),
        Step::Key(agent.to_owned()),
        Step::Key("allowlist".to_owned()),
        Step::Index(index),
        Step::Key("commandText".to_owned()),
    ]
    .into_iter()
    .collect();
    let message = match found.count() {
        0 => format!("OpenClaw drops {path} the next time it writes this document"),
        more => format!("OpenClaw drops {path} and {more} more the next time it writes this document"),
    };
    let remedy = "leave commandText out of the new document: no release keeps it";
    Some(Remark { message, remedy: Some(remedy.to_owned()) })
}

/// What the store made of the text: a database keeps it in the gateway's form.
pub(in crate::commands) fn departures(text: &str, after: &Stored) -> Vec<Change> {
    let stored = after.text().unwrap_or_default();
    if stored == text.as_bytes() {
        return Vec::new();
    }
    let value = |text: &[u8]| serde_json::from_slice(text).unwrap_or_default();
    exact::departures(&value(text.as_bytes()), &value(stored))
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
