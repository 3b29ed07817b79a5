//! Replaces the document in a store of this host, under the store's lock.

use anyhow::Context;
use uuid::Uuid;

use super::super::Error;
use super::super::documents::writing::{departures, entered};
use super::super::documents::{Checked, Local};
use super::super::past::recorder::Recorder;
use super::request::Request;
use crate::approvals::edit::replacement::{self, Replacement};
use crate::approvals::findings::remark::Remark;
use crate::approvals::model::document::{Agents, Document};
use crate::approvals::model::path::{Path, Step};
use crate::approvals::model::stored::Stored;
use crate::deadline::{Deadline, Gate};
use crate::report::approvals::{SetOutcome, SetReport};
use crate::store::{Locked, Store, StoreError};

/// A planned replacement.
#[derive(Debug)]
pub(super) struct Plan {
    store: Store,
    recorder: Recorder,
    /// The store's lock; `None` for a dry run.
    locked: Option<Locked>,
    stored: Stored,
    replacement: Replacement,
    /// Fields that the store will drop soon.
    fleeting: Option<Remark>,
}

/// Reads the stored document and plans its replacement. Takes the lock, except for a dry run.
pub(super) fn plan(request: &Request, new: Checked<'_>, deadline: Deadline) -> anyhow::Result<Plan> {
    let local = request.place.local(deadline).context("looking for this host's store")?;
    let local = local.ok_or(Error::FixStdin)?;
    let recorder = Recorder::of_store(&local.store, local.is_store, request.writer);
    let Local { store, .. } = local;
    let fleeting = match &store {
        Store::JsonFile(_) => fleeting(&new.document),
        // A database drops the field immediately, which is reported as a departure.
        Store::Sqlite(_) => None,
    };
    let (locked, stored) = if request.dry_run {
        store.replaceable(deadline).map_err(Error::from).context("looking at the store")?;
        (None, store.read(deadline).map_err(Error::from).context("reading the store")?)
    } else {
        let locked = store.lock(deadline).map_err(Error::from).context("locking the store")?;
        let stored = locked.read().map_err(Error::from).context("reading the store")?;
        (Some(locked), stored)
    };
    unchanged_since(request, &store, &stored)?;
    let new_id = || Uuid::new_v4().to_string();
    let planned = if request.dry_run {
        replacement::foreseen(&stored, new.document, new_id)
    } else {
        replacement::plan(&stored, new.document, new_id).map(|plan| {
            let size = plan.text.len();
            (plan, size)
        })
    };
    let (replacement, size) = planned.map_err(|error| Error::Replacement { path: store.name(), error })?;
    if replacement.needed {
        store.takes(size).map_err(Error::from)?;
    }
    Ok(Plan { store, recorder, locked, stored, replacement, fleeting })
}

/// Replaces the document and reads it back, unless nothing changes or it is a dry run.
pub(super) fn carry_out(plan: Plan, gate: &Gate, deadline: Deadline) -> anyhow::Result<SetReport> {
    let Plan { store, mut recorder, locked, stored, replacement, fleeting } = plan;
    let (outcome, after) = match locked {
        None if replacement.needed => (SetOutcome::Planned, None),
        None => (SetOutcome::Unchanged, Some(stored.hash())),
        Some(locked) if replacement.needed => {
            recorder.before_stored(&stored, deadline);
            entered(gate, deadline)?;
            let after = locked.replace(&stored, &replacement.text);
            let after = after.map_err(Error::from).context("replacing the document")?;
            recorder.after_stored(&after);
            let mut report = SetReport {
                departures: departures(&replacement.text, &after),
                ..report(&store, &stored, replacement, fleeting, deadline)
            };
            report.remarks.extend(recorder.warning());
            return Ok(SetReport { outcome: SetOutcome::Stored, after: Some(after.hash()), ..report });
        }
        Some(locked) => {
            entered(gate, deadline)?;
            locked.make_private().map_err(Error::from)?;
            (SetOutcome::Unchanged, Some(stored.hash()))
        }
    };
    let fleeting = fleeting.filter(|_| outcome != SetOutcome::Unchanged);
    // The hash of a planned document is unknown: new entries would get other ids.
    Ok(SetReport { outcome, after, ..report(&store, &stored, replacement, fleeting, deadline) })
}

fn report(
    store: &Store,
    before: &Stored,
    replacement: Replacement,
    fleeting: Option<Remark>,
    deadline: Deadline,
) -> SetReport {
    SetReport {
        path: store.name(),
        existed: before.text().is_some(),
        before: before.hash(),
        changes: replacement.changes,
        remarks: store.remarks(deadline).into_iter().chain(fleeting).collect(),
        ..SetReport::default()
    }
}

/// Remark on fields that a JSON store holds only until OpenClaw next writes it. (Measured on 2026.4.14 and 2026.7.1:
/// every official command that writes drops them.)
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

fn unchanged_since(request: &Request, store: &Store, stored: &Stored) -> Result<(), Error> {
    let found = stored.hash();
    match &request.base_hash {
        // Hex digits match in both cases.
        Some(expected) if !expected.eq_ignore_ascii_case(&found) => {
            let path = store.path().to_owned();
            Err(StoreError::Conflict { path, expected: expected.clone(), found }.into())
        }
        _ => Ok(()),
    }
}
