//! In a store of this host, or in a file that is none: under the lock that every `clearance` asks for. OpenClaw's own
//! writers do not ask, so a change of theirs is met by another try.

use std::path::Path;

use anyhow::Context;
use uuid::Uuid;

use super::super::set::local::{departures, entered};
use super::super::validate::by_name;
use super::super::{Error, raced};
use super::plan::{ABSENT, edited, lints, now_ms};
use super::request::Request;
use super::retry::backoff;
use crate::approvals::Budget;
use crate::approvals::Syntax;
use crate::approvals::edit::allowlist::text::{Bookkeeping, TextError};
use crate::approvals::edit::allowlist::{Applied, Edit, Verb, text};
use crate::approvals::edit::replacement::{self, Replacement, ReplacementError};
use crate::approvals::edit::unknown;
use crate::approvals::model::stored::Stored;
use crate::approvals::modernised;
use crate::approvals::parse;
use crate::deadline::{Deadline, Gate};
use crate::report::approvals::{EditReport, SetOutcome, SetReport};
use crate::store::Store;
use crate::store::input::{Input, InputError};
use crate::store::json_file::JsonFile;

pub(super) fn in_store(
    request: &Request,
    named: Option<&Path>,
    edit: Edit,
    gate: &Gate,
    deadline: Deadline,
) -> anyhow::Result<EditReport> {
    let store = Store::of(named, deadline).map_err(Error::from).context("looking for this host's store")?;
    run(request, &Target { store, is_store: true }, edit, gate, deadline)
}

/// A file that somebody keeps: it must be there, and nothing is put into it but what is policy. It may be JSON5, as
/// `approvals set` takes it.
pub(super) fn in_file(
    request: &Request,
    path: &Path,
    edit: Edit,
    gate: &Gate,
    deadline: Deadline,
) -> anyhow::Result<EditReport> {
    let store = Store::JsonFile(JsonFile::document(path.to_owned()));
    run(request, &Target { store, is_store: false }, edit, gate, deadline)
}

/// What an edit is made in where there is no document yet: as OpenClaw writes one.
const NEW: &[u8] = b"{\n  \"version\": 1\n}\n";

struct Target {
    store: Store,
    is_store: bool,
}

impl Target {
    fn found(&self, stored: &Stored) -> Result<(), Error> {
        if stored.text().is_none() && !self.is_store {
            return Err(InputError::Missing(self.store.name()).into());
        }
        Ok(())
    }

    /// What will be stored; `None` where nothing needs to be.
    ///
    /// A file keeps every byte that the edit is not about. A database holds the gateway's own form, unless that has
    /// fields which only the text can keep.
    fn plan(
        &self,
        request: &Request,
        edit: &Edit,
        stored: &Stored,
    ) -> Result<(Option<Replacement>, Applied), Error> {
        let keeps_text = match (&self.store, stored.text()) {
            (Store::JsonFile(_), _) => true,
            (Store::Sqlite(_), Some(text)) => unknown::known(text, Syntax::Json, Budget::default()).is_some(),
            (Store::Sqlite(_), None) => false,
        };
        let (replacement, applied) = if keeps_text {
            self.in_text(request, edit, stored)?
        } else {
            self.printed(request, edit, stored)?
        };
        if let Some(replacement) = &replacement {
            self.store.takes(replacement.text.len())?;
        }
        Ok((replacement, applied))
    }

    fn in_text(
        &self,
        request: &Request,
        edit: &Edit,
        stored: &Stored,
    ) -> Result<(Option<Replacement>, Applied), Error> {
        let name = self.store.name();
        let invalid = |verdict| Error::Invalid { name: name.clone(), verdict };
        let syntax = match &self.store {
            Store::JsonFile(file) if !self.is_store => by_name(&Input::Path(file.path().to_owned())),
            _ => Syntax::Json,
        };
        let mut bytes = stored.text().unwrap_or(NEW);
        let modern;
        if request.allow_legacy {
            modern = modernised(bytes, syntax).map_err(invalid)?;
            bytes = modern.as_bytes();
        }
        let id = || Uuid::new_v4().to_string();
        let bookkeeping = match edit.verb() {
            Verb::Add if self.is_store => Bookkeeping { id: Some(id()), now_ms: now_ms() },
            _ => Bookkeeping::default(),
        };
        let edited = text::edited(bytes, syntax, edit, &bookkeeping).map_err(|error| match error {
            TextError::Invalid(verdict) => invalid(verdict),
            TextError::Misread => {
                Error::Replacement { path: name.clone(), error: ReplacementError::Misprinted }
            }
        })?;
        let changes = edited.changes;
        Ok((edited.text.map(|text| Replacement { text, changes, needed: true }), edited.applied))
    }

    fn printed(
        &self,
        request: &Request,
        edit: &Edit,
        stored: &Stored,
    ) -> Result<(Option<Replacement>, Applied), Error> {
        let name = self.store.name();
        let now = if self.is_store { now_ms() } else { None };
        let (text, applied) = edited(request, edit, &name, stored.text().unwrap_or(ABSENT), now)?;
        if !applied.changed {
            return Ok((None, applied));
        }
        let document = parse(text.as_bytes(), Syntax::Json)
            .map_err(|verdict| Error::Invalid { name: name.clone(), verdict })?;
        let new_id = || Uuid::new_v4().to_string();
        let replacement = replacement::plan(stored, document, new_id)
            .map_err(|error| Error::Replacement { path: name, error })?;
        Ok((Some(replacement), applied))
    }
}

fn run(
    request: &Request,
    target: &Target,
    edit: Edit,
    gate: &Gate,
    deadline: Deadline,
) -> anyhow::Result<EditReport> {
    let store = &target.store;
    if request.dry_run {
        store.replaceable(deadline).map_err(Error::from).context("looking at the store")?;
        let stored = store.read(deadline).map_err(Error::from).context("reading the store")?;
        target.found(&stored)?;
        let (replacement, applied) = target.plan(request, &edit, &stored)?;
        return Ok(report(target, edit, &stored, replacement.map(|plan| (plan, None)), applied, 1, deadline));
    }
    if !target.is_store {
        // A lock beside a file that is not there helps nobody.
        target.found(&store.read(deadline).map_err(Error::from).context("reading the document")?)?;
    }
    let mut attempts = 0;
    let mut backoff = backoff();
    loop {
        attempts += 1;
        let locked = store.lock(deadline).map_err(Error::from).context("locking the store")?;
        let stored = locked.read().map_err(Error::from).context("reading the store")?;
        target.found(&stored)?;
        let (replacement, applied) = target.plan(request, &edit, &stored)?;
        let Some(plan) = replacement else {
            return Ok(report(target, edit, &stored, None, applied, attempts, deadline));
        };
        entered(gate, deadline)?;
        let error = match locked.replace(&stored, &plan.text) {
            Ok(after) => {
                return Ok(report(
                    target,
                    edit,
                    &stored,
                    Some((plan, Some(after))),
                    applied,
                    attempts,
                    deadline,
                ));
            }
            Err(error) => error,
        };
        drop(locked);
        gate.leave();
        // Somebody who does not ask for the lock was faster. The next look decides whether the edit is in place.
        let error = raced(error);
        if !matches!(error, Error::Raced(_)) || !deadline.pause(backoff.wait()) {
            return Err(error).context("replacing the document");
        }
    }
}

/// `planned`: what was to be stored, and what is stored now if it was.
fn report(
    target: &Target,
    edit: Edit,
    before: &Stored,
    planned: Option<(Replacement, Option<Stored>)>,
    applied: Applied,
    attempts: u32,
    deadline: Deadline,
) -> EditReport {
    let mut set = SetReport {
        path: target.store.name(),
        existed: before.text().is_some(),
        before: before.hash(),
        remarks: if target.is_store { target.store.remarks(deadline) } else { Vec::new() },
        ..SetReport::default()
    };
    let early = target.is_store && matches!(target.store, Store::JsonFile(_));
    let text = planned.as_ref().map(|(plan, _)| plan.text.as_bytes());
    let lints = lints(&edit, text, None, early, deadline);
    match planned {
        None => (set.outcome, set.after) = (SetOutcome::Unchanged, Some(before.hash())),
        Some((plan, None)) => (set.outcome, set.changes) = (SetOutcome::Planned, plan.changes),
        Some((plan, Some(after))) => {
            set.outcome = SetOutcome::Stored;
            set.after = Some(after.hash());
            set.departures = departures(&plan.text, &after);
            set.changes = plan.changes;
        }
    }
    EditReport { edit, set, similar: applied.similar, elsewhere: applied.elsewhere, lints, attempts }
}
