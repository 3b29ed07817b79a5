//! Replaces one document on a gateway or node, unless it changed meanwhile. Fields that an older gateway does not know
//! may be left out.

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
use crate::commands::past::recorder::{Holding, Recorder};
use crate::gateway::api::approvals::Document as Held;
use crate::report::approvals::{SetOutcome, SetReport};
use crate::store::versions::Writer;

/// Limit on attempts, each with fewer fields: current gateways name one unknown field of an object at a time.
const ROUNDS: usize = 16;

/// Options of a replacement.
#[derive(Debug, Clone, Copy)]
pub(in crate::commands) struct Terms {
    /// Whether to stop before anything is sent.
    pub(in crate::commands) dry_run: bool,
    /// Whether to leave out fields that an older gateway rejects.
    pub(in crate::commands) downgrade: bool,
    /// Whether the command sets the whole document, and not one entry.
    pub(in crate::commands) whole: bool,
    /// The verb that versions name as the writer.
    pub(in crate::commands) writer: Writer,
}

/// The result of a replacement.
#[derive(Debug)]
pub(in crate::commands) struct Replaced {
    pub(in crate::commands) report: SetReport,
    /// The document that was read back; `None` where nothing was sent.
    pub(in crate::commands) stored: Option<Box<RawValue>>,
}

/// Replaces the fetched document with a valid one, if it has not changed since, and reads the result back. The new
/// document is already parsed and is not parsed again.
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
    let mut recorder = store.recorder(terms.writer);
    // One attempt, and further ones if the gateway is too old for the document and fields may be left out.
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
            // A document that is already stored was not rejected.
            let foreseen = store
                .version()
                .filter(|_| needed)
                .map(|version| downgrade::foreseen(&sent, version))
                .unwrap_or_default();
            match downgrade::without(&document, &foreseen) {
                // Fields that will be left out are left out of the plan too.
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
        let deadline = store.deadline();
        let held = stored.text().map_or(Holding::Absent, Holding::Text);
        recorder.before(&before.hash, held, deadline);
        let message = match store.store(&raw(&sent), &before.hash).await {
            Ok(()) => return read_back(store, &document, &before.hash, (report, recorder)).await,
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
    Err(Error::Rejected { place: name, message: "it rejects different fields each time".to_owned() })
}

/// Compares the stored document with the sent one. The document is stored by now: every error must say so.
async fn read_back(
    store: &mut RemoteStore,
    sent: &Document<'_>,
    base_hash: &str,
    (mut report, mut recorder): (SetReport, Recorder),
) -> Result<Replaced, Error> {
    let after = match store.fetch().await {
        Ok(Fetched::Document(after)) => after,
        // The node began to keep another kind of policy between two calls.
        Ok(Fetched::Native { .. }) => return Err(changed(store.name(), base_hash.to_owned())),
        Err(cause) => return Err(Error::Unverified { place: store.name(), cause: Box::new(cause) }),
    };
    recorder.after(&after.hash, Holding::Text(after.file.get().as_bytes()));
    store.warn(recorder);
    report.outcome = SetOutcome::Stored;
    report.departures = departures(sent, &after.file);
    report.after = Some(after.hash);
    Ok(Replaced { report, stored: Some(after.file) })
}

/// The differences that the gateway made: fields dropped, changed or added.
fn departures(sent: &Document<'_>, stored: &RawValue) -> Vec<Change> {
    if let Some(stored) = accepted(stored.get().as_bytes(), Budget::default()) {
        return comparison::documents(sent, &stored, Depth::Stored).policy;
    }
    let sent = serde_json::to_value(sent).unwrap_or_default();
    let stored = serde_json::from_str(stored.get()).unwrap_or_default();
    comparison::values(&sent, &stored, Depth::Stored).policy
}

/// The error where the document changed meanwhile. `expected`: its previous hash.
pub(in crate::commands) fn changed(place: String, expected: String) -> Error {
    Error::Conflict { place, expected, found: None }
}

fn raw(value: &Value) -> Box<RawValue> {
    // A `Value` always serializes.
    serde_json::value::to_raw_value(value).unwrap_or_else(|_| RawValue::NULL.to_owned())
}
