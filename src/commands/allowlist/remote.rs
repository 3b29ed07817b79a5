//! On a gateway, or on a node behind it: fetched, edited, stored if nobody else was faster, and looked at again.

use serde_json::Value;

use super::super::Error;
use super::super::remote::{Fetched, Place, Remote};
use super::super::set::remote::{Replaced, Terms, replace};
use super::plan::{ABSENT, edited, lints, now_ms};
use super::request::Request;
use super::retry::backoff;
use crate::approvals::Budget;
use crate::approvals::Syntax;
use crate::approvals::edit::allowlist::{Applied, Edit};
use crate::approvals::edit::unknown;
use crate::approvals::findings::diagnostic::Diagnostic;
use crate::deadline::Deadline;
use crate::gateway::api::approvals::Document;
use crate::report::approvals::{EditReport, SetOutcome, SetReport};

pub(super) async fn run(
    request: &Request,
    remote: &Remote,
    edit: Edit,
    deadline: Deadline,
) -> Result<EditReport, Error> {
    let mut place = Place::open(remote, deadline).await?;
    let result = edit_at(request, &mut place, &edit, deadline).await;
    place.close().await;
    result.map(|(set, Applied { similar, elsewhere, .. }, lints, attempts)| EditReport {
        edit,
        set,
        similar,
        elsewhere,
        lints,
        attempts,
    })
}

async fn edit_at(
    request: &Request,
    place: &mut Place,
    edit: &Edit,
    deadline: Deadline,
) -> Result<(SetReport, Applied, Vec<Diagnostic>, u32), Error> {
    let mut attempts = 0;
    // Whether it was stored once and then not there.
    let mut missed = false;
    let mut backoff = backoff();
    loop {
        attempts += 1;
        let Fetched::Document(before) = place.fetch().await? else {
            return Err(Error::NoAllowlist { place: place.name() });
        };
        let error = match attempt(request, edit, place, &before, deadline).await {
            Ok((mut replaced, applied, lints)) => {
                let holds = match &replaced.stored {
                    Some(stored) => holds(request, edit, place, stored)?,
                    None => true,
                };
                if holds {
                    // What else differs is another's edit: the rest of what was sent was the gateway's own.
                    replaced.report.departures.clear();
                }
                // Once it may be somebody who overwrote it. Twice it is the gateway that does not keep it.
                if holds || missed {
                    return Ok((replaced.report, applied, lints, attempts));
                }
                missed = true;
                Error::Conflict { place: place.name(), expected: before.hash, found: replaced.report.after }
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

async fn attempt(
    request: &Request,
    edit: &Edit,
    place: &mut Place,
    before: &Document,
    deadline: Deadline,
) -> Result<(Replaced, Applied, Vec<Diagnostic>), Error> {
    let name = place.name();
    let text = if before.exists { before.file.get().as_bytes() } else { ABSENT };
    let (text, applied) =
        edited(request, edit, &name, text, now_ms()).map_err(|error| unknown_of(text, error))?;
    if !applied.changed {
        let report = SetReport {
            path: name,
            existed: before.exists,
            outcome: SetOutcome::Unchanged,
            before: before.hash.clone(),
            after: Some(before.hash.clone()),
            ..SetReport::default()
        };
        return Ok((Replaced { report, stored: None }, applied, Vec::new()));
    }
    let lints = lints(edit, Some(text.as_bytes()), place.version(), false, deadline);
    let wanted: Value = serde_json::from_str(&text)
        .map_err(|error| Error::Replacement { path: name, error: error.into() })?;
    let terms = Terms { dry_run: request.dry_run, downgrade: false, whole: false };
    Ok((replace(place, wanted, before, terms).await?, applied, lints))
}

/// A gateway keeps unknown fields of agents and entries in its answers, and refuses them in what it is sent.
fn unknown_of(text: &[u8], error: Error) -> Error {
    match (error, unknown::known(text, Syntax::Json, Budget::default())) {
        (Error::Invalid { name, .. }, Some(known)) => {
            Error::UnknownFields { place: name, count: known.count }
        }
        (error, _) => error,
    }
}

/// Whether the edit is in place in what was read back.
fn holds(request: &Request, edit: &Edit, place: &Place, stored: &Value) -> Result<bool, Error> {
    let (_, applied) = edited(request, edit, &place.name(), stored.to_string().as_bytes(), None)?;
    Ok(!applied.changed)
}
