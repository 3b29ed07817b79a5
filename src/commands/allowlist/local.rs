//! Edits a store of this host, or a file that is not a store, under the lock that every `clearance` takes. OpenClaw's
//! own writers do not take the lock, so an edit that loses to one of them is retried.

use anyhow::Context;
use uuid::Uuid;

use super::super::documents::writing::{departures, entered};
use super::super::documents::{ABSENT, Local, by_name};
use super::super::past::entries::Kept;
use super::super::past::recorder::Recorder;
use super::super::past::{entries, target};
use super::super::{Error, raced};
use super::plan::{edited, in_todays_form, lints, now_ms};
use super::request::Request;
use super::retry::backoff;
use crate::approvals::Budget;
use crate::approvals::Syntax;
use crate::approvals::edit::allowlist::text::{Bookkeeping, TextError};
use crate::approvals::edit::allowlist::{Applied, Edit, Verb, text};
use crate::approvals::edit::replacement::{self, Replacement, ReplacementError};
use crate::approvals::edit::unknown;
use crate::approvals::lint::Keeper;
use crate::approvals::model::stored::Stored;
use crate::deadline::{Deadline, Gate};
use crate::report::approvals::{EditReport, Limited, SetOutcome, SetReport};
use crate::store::input::{Input, InputError};
use crate::store::versions::{Target, Writer};
use crate::store::{Locked, Store};

/// The document to edit where none exists yet, in OpenClaw's format.
const NEW: &[u8] = b"{\n  \"version\": 1\n}\n";

/// An edit of the document that was read.
struct Plan {
    stored: Stored,
    /// The text to store; `None` where nothing changes.
    replacement: Option<Replacement>,
    applied: Applied,
}

/// The text to store, if the edit changes anything, and the effect of the edit.
type Planned = (Option<Replacement>, Applied);

/// An edit of a document on this host.
struct Editing<'r> {
    request: &'r Request,
    edit: &'r Edit,
    local: &'r Local,
    target: &'r Target,
}

impl Editing<'_> {
    /// Fails where a file that is not a store does not exist.
    fn found(&self, stored: &Stored) -> Result<(), Error> {
        if stored.text().is_none() && !self.local.is_store {
            return Err(InputError::Missing(self.local.store.name()).into());
        }
        Ok(())
    }

    fn plan(&self, stored: Stored) -> Result<Plan, Error> {
        self.found(&stored)?;
        let (replacement, applied) = self.planned(&stored)?;
        if let Some(replacement) = &replacement {
            self.local.store.takes(replacement.text.len())?;
        }
        Ok(Plan { stored, replacement, applied })
    }

    /// Keeps the note and the time limit of the entry, before the edit.
    fn keep(&self, plan: &Plan, deadline: Deadline) -> Result<Kept, Error> {
        let Self { request, edit, target, .. } = *self;
        if request.writer == Writer::Expiry {
            return Ok(Kept::default());
        }
        entries::keep(Some(target), edit, &request.term, plan.applied.changed, deadline)
    }

    /// In a file, every byte outside the edit is kept. In a database, the document gets the gateway's own form, unless
    /// it has fields that only its text can keep.
    fn planned(&self, stored: &Stored) -> Result<Planned, Error> {
        let keeps_text = match (&self.local.store, stored.text()) {
            (Store::JsonFile(_), _) => true,
            (Store::Sqlite(_), Some(text)) => unknown::known(text, Syntax::Json, Budget::default()).is_some(),
            (Store::Sqlite(_), None) => false,
        };
        if keeps_text { self.in_text(stored) } else { self.printed(stored) }
    }

    fn in_text(&self, stored: &Stored) -> Result<Planned, Error> {
        let Self { request, edit, local, .. } = *self;
        let name = local.store.name();
        let syntax = match &local.store {
            Store::JsonFile(file) if !local.is_store => by_name(&Input::Path(file.path().to_owned())),
            _ => Syntax::Json,
        };
        let mut modern = String::new();
        let bytes = stored.text().unwrap_or(NEW);
        let bytes = in_todays_form(request, &name, bytes, syntax, &mut modern)?;
        let id = || Uuid::new_v4().to_string();
        let bookkeeping = match edit.verb() {
            Verb::Add if local.is_store => Bookkeeping { id: Some(id()), now_ms: now_ms() },
            _ => Bookkeeping::default(),
        };
        let edited = text::edited(bytes, syntax, edit, &bookkeeping).map_err(|error| match error {
            TextError::Invalid(verdict) => Error::Invalid { name: name.clone(), verdict },
            TextError::Misread => {
                Error::Replacement { path: name.clone(), error: ReplacementError::Misprinted }
            }
        })?;
        let changes = edited.changes;
        Ok((edited.text.map(|text| Replacement { text, changes, needed: true }), edited.applied))
    }

    fn printed(&self, stored: &Stored) -> Result<Planned, Error> {
        let Self { request, edit, local, .. } = *self;
        let name = local.store.name();
        let now = if local.is_store { now_ms() } else { None };
        let mut modern = String::new();
        let text = stored.text().unwrap_or(ABSENT);
        let text = in_todays_form(request, &name, text, Syntax::Json, &mut modern)?;
        let (document, applied) = edited(edit, &name, text, now)?;
        if !applied.changed {
            return Ok((None, applied));
        }
        let new_id = || Uuid::new_v4().to_string();
        let replacement = replacement::plan(stored, document, new_id)
            .map_err(|error| Error::Replacement { path: name, error })?;
        Ok((Some(replacement), applied))
    }

    /// The report of a plan. `after`: the document stored afterwards, if the plan was carried out.
    fn report(
        &self,
        plan: Plan,
        after: Option<&Stored>,
        (attempts, limited): (u32, Limited),
        deadline: Deadline,
    ) -> EditReport {
        let Self { edit, local, .. } = *self;
        let Plan { stored, replacement, applied } = plan;
        let mut set = SetReport {
            path: local.store.name(),
            existed: stored.text().is_some(),
            before: stored.hash(),
            remarks: if local.is_store { local.store.remarks(deadline) } else { Vec::new() },
            ..SetReport::default()
        };
        let keeper = match local.store {
            Store::JsonFile(_) if local.is_store => Keeper::File,
            Store::Sqlite(_) if local.is_store => Keeper::Database,
            _ => Keeper::Unknown,
        };
        let text = replacement.as_ref().map(|plan| plan.text.as_bytes());
        let lints = lints(edit, text, None, keeper, deadline);
        match (replacement, after) {
            (None, _) => (set.outcome, set.after) = (SetOutcome::Unchanged, Some(stored.hash())),
            (Some(plan), None) => (set.outcome, set.changes) = (SetOutcome::Planned, plan.changes),
            (Some(plan), Some(after)) => {
                set.outcome = SetOutcome::Stored;
                set.after = Some(after.hash());
                set.departures = departures(&plan.text, after);
                set.changes = plan.changes;
            }
        }
        let Applied { similar, elsewhere, .. } = applied;
        EditReport {
            edit: edit.clone(),
            set,
            similar,
            elsewhere,
            lints,
            limited,
            expired: Vec::new(),
            attempts,
        }
    }
}

/// Makes one edit, and keeps the versions before and after it.
pub(super) fn edit(
    request: &Request,
    edit: &Edit,
    local: &Local,
    gate: &Gate,
    deadline: Deadline,
) -> anyhow::Result<EditReport> {
    let target = target::of_store(&local.store, local.is_store);
    let editing = Editing { request, edit, local, target: &target };
    let store = &local.store;
    if request.dry_run {
        store.replaceable(deadline).map_err(Error::from).context("looking at the store")?;
        let stored = store.read(deadline).map_err(Error::from).context("reading the store")?;
        let plan = editing.plan(stored)?;
        return Ok(editing.report(plan, None, (1, Limited::default()), deadline));
    }
    if !local.is_store {
        // Locking a file that does not exist is of no use.
        editing.found(&store.read(deadline).map_err(Error::from).context("reading the document")?)?;
    }
    let mut attempts = 0;
    let mut backoff = backoff();
    loop {
        attempts += 1;
        let locked = store.lock(deadline).map_err(Error::from).context("locking the store")?;
        let stored = locked.read().map_err(Error::from).context("reading the store")?;
        let plan = editing.plan(stored)?;
        let kept = editing.keep(&plan, deadline)?;
        let before = plan.stored.hash();
        let mut recorder = Recorder::of_store(store, local.is_store, request.writer);
        if plan.replacement.is_some() {
            recorder.before_stored(&plan.stored, deadline);
            if let Err(error) = entered(gate, deadline) {
                kept.undone();
                return Err(error.into());
            }
        }
        let error = match carry_out(&plan, &locked) {
            Ok(after) => {
                if let Some(after) = &after {
                    recorder.after_stored(after);
                }
                let limited = if plan.stored.text().is_some() || after.is_some() {
                    kept.done()
                } else {
                    // A document that is missing may come back with the entry.
                    kept.limited
                };
                let mut report = editing.report(plan, after.as_ref(), (attempts, limited), deadline);
                report.set.remarks.extend(recorder.warning());
                return Ok(report);
            }
            Err(error) => error,
        };
        if locked.read().is_ok_and(|now| now.hash() == before) {
            kept.undone();
        }
        drop(locked);
        gate.leave();
        // A writer that does not take the lock was faster. The next attempt checks whether the edit is in place.
        if !matches!(error, Error::Raced(_)) || !deadline.pause(backoff.wait()) {
            return Err(error).context("replacing the document");
        }
    }
}

/// Stores the planned text and returns the stored document; `None` where nothing changes.
fn carry_out(plan: &Plan, locked: &Locked) -> Result<Option<Stored>, Error> {
    let Some(replacement) = &plan.replacement else { return Ok(None) };
    locked.replace(&plan.stored, &replacement.text).map(Some).map_err(raced)
}
