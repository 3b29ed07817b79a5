//! Edits the document of a gateway, or of a node behind it: fetches it, edits it, stores it if nobody else changed it
//! meanwhile, and reads it back.

use serde_json::value::RawValue;

use super::super::Error;
use super::super::documents::ABSENT;
use super::super::past::entries::{self, Kept};
use super::super::remote::replace::{Replaced, Terms, replace};
use super::super::remote::{Fetched, RemoteStore};
use super::plan::{edited, in_todays_form, lints, now_ms};
use super::request::Request;
use super::retry::backoff;
use crate::approvals::Budget;
use crate::approvals::Syntax;
use crate::approvals::edit::allowlist::{Applied, Edit};
use crate::approvals::edit::unknown;
use crate::approvals::findings::diagnostic::Diagnostic;
use crate::approvals::lint::Keeper;
use crate::approvals::model::document::Document;
use crate::deadline::Deadline;
use crate::gateway::api::approvals::Document as Held;
use crate::report::approvals::{EditReport, Limited, SetOutcome, SetReport};
use crate::store::versions::Writer;

/// Makes one edit on an open connection.
pub(super) async fn edit(
    request: &Request,
    store: &mut RemoteStore,
    edit: Edit,
    deadline: Deadline,
) -> Result<EditReport, Error> {
    let (done, attempts) = edit_at(request, store, &edit, deadline).await?;
    let Done { set, applied: Applied { similar, elsewhere, .. }, lints, limited } = done;
    let expired = Vec::new();
    Ok(EditReport { edit, set, similar, elsewhere, lints, limited, expired, attempts })
}

/// The result of an edit that was stored, or that was not needed.
struct Done {
    set: SetReport,
    applied: Applied,
    lints: Vec<Diagnostic>,
    limited: Limited,
}

async fn edit_at(
    request: &Request,
    store: &mut RemoteStore,
    edit: &Edit,
    deadline: Deadline,
) -> Result<(Done, u32), Error> {
    let mut attempts = 0;
    // Whether an attempt was stored but missing when read back.
    let mut missed = false;
    let mut backoff = backoff();
    loop {
        attempts += 1;
        let Fetched::Document(before) = store.fetch().await? else {
            return Err(Error::NoAllowlist { place: store.name() });
        };
        let error = match attempt(request, edit, store, &before, deadline).await {
            Ok((mut replaced, applied, lints, limited)) => {
                let holds = match &replaced.stored {
                    Some(stored) => holds(request, edit, store, stored)?,
                    None => true,
                };
                if holds {
                    // Any other difference comes from a concurrent edit: the rest of the sent document was the
                    // gateway's own.
                    replaced.report.departures.clear();
                }
                // The first time, another writer may have overwritten the edit. The second time, the gateway does not
                // keep it.
                if holds || missed {
                    return Ok((Done { set: replaced.report, applied, lints, limited }, attempts));
                }
                missed = true;
                Error::Conflict { place: store.name(), expected: before.hash, found: replaced.report.after }
            }
            Err(error @ Error::Conflict { .. }) => error,
            Err(error) => return Err(error),
        };
        let wait = backoff.wait();
        if deadline.left().is_none_or(|left| left <= wait) {
            return Err(Error::Raced(Box::new(error)));
        }
        tokio::time::sleep(wait).await;
    }
}

/// An edit of the document that was fetched.
struct Plan<'t> {
    /// The document with the edit made; `None` where nothing changes.
    document: Option<Document<'t>>,
    applied: Applied,
    lints: Vec<Diagnostic>,
}

async fn attempt(
    request: &Request,
    edit: &Edit,
    store: &mut RemoteStore,
    before: &Held,
    deadline: Deadline,
) -> Result<(Replaced, Applied, Vec<Diagnostic>, Limited), Error> {
    let mut modern = String::new();
    let Plan { document, applied, lints } = plan(request, edit, store, before, &mut modern, deadline)?;
    let kept = if request.dry_run || request.writer == Writer::Expiry {
        Kept::default()
    } else {
        entries::keep(store.target().as_ref(), edit, &request.term, applied.changed, deadline)?
    };
    let Some(document) = document else {
        let report = SetReport {
            path: store.name(),
            existed: before.exists,
            outcome: SetOutcome::Unchanged,
            before: before.hash.clone(),
            after: Some(before.hash.clone()),
            ..SetReport::default()
        };
        // A document that is missing may come back with the entry.
        let limited = if before.exists { kept.done() } else { kept.limited };
        return Ok((Replaced { report, stored: None }, applied, lints, limited));
    };
    let Request { dry_run, writer, .. } = *request;
    let terms = Terms { dry_run, downgrade: false, whole: false, writer };
    match replace(store, document, before, terms).await {
        Ok(replaced) => Ok((replaced, applied, lints, kept.done())),
        Err(error) => {
            if is_refused(&error) {
                kept.undone();
            }
            Err(error)
        }
    }
}

/// Whether the document surely does not have the edit. An answer that was lost says nothing.
fn is_refused(error: &Error) -> bool {
    matches!(
        error,
        Error::Conflict { .. } | Error::Rejected { .. } | Error::TooOld { .. } | Error::UnknownFields { .. }
    )
}

fn plan<'t>(
    request: &Request,
    edit: &Edit,
    store: &RemoteStore,
    before: &'t Held,
    modern: &'t mut String,
    deadline: Deadline,
) -> Result<Plan<'t>, Error> {
    let name = store.name();
    let text = if before.exists { before.file.get().as_bytes() } else { ABSENT };
    let text = in_todays_form(request, &name, text, Syntax::Json, modern)
        .map_err(|error| unknown_of(text, error))?;
    let (document, applied) = edited(edit, &name, text, now_ms()).map_err(|error| unknown_of(text, error))?;
    if !applied.changed {
        return Ok(Plan { document: None, applied, lints: Vec::new() });
    }
    let text = serde_json::to_string(&document)
        .map_err(|error| Error::Replacement { path: name, error: error.into() })?;
    let lints = lints(edit, Some(text.as_bytes()), store.version(), Keeper::Unknown, deadline);
    Ok(Plan { document: Some(document), applied, lints })
}

/// Gateways return unknown fields of agents and entries, but reject them in a document they receive.
fn unknown_of(text: &[u8], error: Error) -> Error {
    match (error, unknown::known(text, Syntax::Json, Budget::default())) {
        (Error::Invalid { name, .. }, Some(known)) => {
            Error::UnknownFields { place: name, count: known.count }
        }
        (error, _) => error,
    }
}

/// Whether the document that was read back has the edit.
fn holds(request: &Request, edit: &Edit, store: &RemoteStore, stored: &RawValue) -> Result<bool, Error> {
    let (name, mut modern) = (store.name(), String::new());
    let text = in_todays_form(request, &name, stored.get().as_bytes(), Syntax::Json, &mut modern)?;
    let (_, applied) = edited(edit, &name, text, None)?;
    Ok(!applied.changed)
}
