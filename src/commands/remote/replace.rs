//! One document in another's place on a gateway or node, if nobody else replaced it meanwhile. Where the gateway is too
//! old for fields of it, exactly those may be left out.

use serde_json::Value;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::{Fetched, NotStored, RemoteStore};
use crate::approvals::Budget;
use crate::approvals::check::document::accepted;
use crate::approvals::compare::changes::Change;
use crate::approvals::compare::comparison;
use crate::approvals::compare::depth::Depth;
use crate::approvals::edit::downgrade;
use crate::approvals::edit::replacement::{self, Completed};
use crate::approvals::model::document::Document;
use crate::approvals::model::stored::Stored;
use crate::commands::Error;
use crate::gateway::api::approvals::Document as Held;
use crate::report::approvals::{SetOutcome, SetReport};

/// How often a document is offered, each time with less: current gateways name one field of an object at a time.
const ROUNDS: usize = 16;

/// What may be done to put a document in another's place.
#[derive(Debug, Clone, Copy)]
pub(in crate::commands) struct Terms {
    /// Whether to stop before anything is sent.
    pub(in crate::commands) dry_run: bool,
    /// Whether fields that an older gateway rejects are left out.
    pub(in crate::commands) downgrade: bool,
    /// Whether the caller brings the whole document, and not one entry of it.
    pub(in crate::commands) whole: bool,
}

/// What was done, and what was read back.
#[derive(Debug)]
pub(in crate::commands) struct Replaced {
    pub(in crate::commands) report: SetReport,
    /// The document that was read back; `None` where nothing was sent.
    pub(in crate::commands) stored: Option<Box<RawValue>>,
}

/// Puts a valid document in the place of another, if that is still the one that was fetched, and reads it back. The
/// document is handed over as it was read: its text is not read again.
pub(in crate::commands) async fn replace(
    store: &mut RemoteStore,
    mut document: Document<'_>,
    before: &Held,
    terms: Terms,
) -> Result<Replaced, Error> {
    let name = store.name();
    let stored =
        if before.exists { Stored::holding(before.file.get().as_bytes().to_vec()) } else { Stored::absent() };
    let mut report = SetReport {
        path: name.clone(),
        existed: before.exists,
        before: before.hash.clone(),
        ..SetReport::default()
    };
    // Once, unless the gateway is too old for the document and may have a smaller one.
    for _ in 0..ROUNDS {
        let new_id = || Uuid::new_v4().to_string();
        let completed = replacement::completed(&stored, document, new_id)
            .and_then(|completed| Ok((serde_json::to_value(&completed.document)?, completed)));
        let (sent, completed) =
            completed.map_err(|error| Error::Replacement { path: name.clone(), error })?;
        let Completed { document: completed, changes, needed } = completed;
        document = completed;
        report.changes = changes;
        if terms.dry_run || !needed {
            // What is stored already was not rejected.
            let foreseen = store
                .version()
                .filter(|_| needed)
                .map(|version| downgrade::foreseen(&sent, version))
                .unwrap_or_default();
            match downgrade::without(&document, &foreseen) {
                // What will be left out is left out of the plan too.
                Some((smaller, removed)) if terms.downgrade => {
                    document = smaller;
                    report.removed.extend(removed);
                    continue;
                }
                _ => report.foreseen = foreseen,
            }
            report.outcome = if needed { SetOutcome::Planned } else { SetOutcome::Unchanged };
            report.after = (!needed).then(|| before.hash.clone());
            return Ok(Replaced { report, stored: None });
        }
        let message = match store.store(&raw(&sent), &before.hash).await {
            Ok(()) => return read_back(store, &document, &before.hash, report).await,
            Err(NotStored::Conflict) => return Err(changed(name, before.hash.clone())),
            Err(NotStored::Other(error)) => return Err(error),
            Err(NotStored::Rejected(message)) => message,
        };
        let rejected = || Error::Rejected { place: name.clone(), message: message.clone() };
        let rejection = downgrade::read(&message, &sent).ok_or_else(rejected)?;
        let (smaller, removed) = downgrade::downgraded(&document, &rejection).ok_or_else(rejected)?;
        if !terms.downgrade {
            let version = store.version().map(str::to_owned);
            let (fields, whole) = (rejection.fields, terms.whole);
            return Err(Error::TooOld { place: name, version, fields, whole });
        }
        document = smaller;
        report.removed.extend(removed);
    }
    Err(Error::Rejected { place: name, message: "it names other fields each time".to_owned() })
}

/// Compares what is stored now with what was sent. From here on something is stored: every error must say so.
async fn read_back(
    store: &mut RemoteStore,
    sent: &Document<'_>,
    base_hash: &str,
    mut report: SetReport,
) -> Result<Replaced, Error> {
    let after = match store.fetch().await {
        Ok(Fetched::Document(after)) => after,
        // A node that keeps another kind of policy from one moment to the next.
        Ok(Fetched::Native { .. }) => return Err(changed(store.name(), base_hash.to_owned())),
        Err(cause) => return Err(Error::Unverified { place: store.name(), cause: Box::new(cause) }),
    };
    report.outcome = SetOutcome::Stored;
    report.departures = departures(sent, &after.file);
    report.after = Some(after.hash);
    Ok(Replaced { report, stored: Some(after.file) })
}

/// What the gateway dropped, changed or added.
fn departures(sent: &Document<'_>, stored: &RawValue) -> Vec<Change> {
    if let Some(stored) = accepted(stored.get().as_bytes(), Budget::default()) {
        return comparison::documents(sent, &stored, Depth::Stored).policy;
    }
    let sent = serde_json::to_value(sent).unwrap_or_default();
    let stored = serde_json::from_str(stored.get()).unwrap_or_default();
    comparison::values(&sent, &stored, Depth::Stored).policy
}

/// Somebody else changed the document. `expected`: the hash that it had.
pub(in crate::commands) fn changed(place: String, expected: String) -> Error {
    Error::Conflict { place, expected, found: None }
}

fn raw(value: &Value) -> Box<RawValue> {
    // A value is JSON: there is nothing in it that could not be printed.
    serde_json::value::to_raw_value(value).unwrap_or_else(|_| RawValue::NULL.to_owned())
}
