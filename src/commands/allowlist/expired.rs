//! Removes entries whose time is over, each by an edit of its own. A document has no field for the time, so an entry stays
//! valid until something removes it.

use super::request::{Item, Request};
use super::{local, remote};
use crate::approvals::Syntax;
use crate::approvals::edit::allowlist::Verb;
use crate::commands::Error;
use crate::commands::documents::{Local, Place};
use crate::commands::past::database::{now_ms, versions};
use crate::commands::past::entries::{self, Term, shown};
use crate::commands::past::recorder::shown as shown_text;
use crate::commands::past::target;
use crate::commands::remote::RemoteStore;
use crate::deadline::{Deadline, Gate};
use crate::report::approvals::{EditReport, Expired};
use crate::store::versions::{EntryRecord, Target, Writer};

/// Removes the entries of a store or file of this host whose time is over.
pub(in crate::commands) fn of_local(place: &Local, gate: &Gate, deadline: Deadline) -> Vec<Expired> {
    let target = target::of_store(&place.store, place.is_store);
    let over = over(Some(&target), deadline);
    let remove = |record: &EntryRecord| {
        let request = request(record);
        let removed = request
            .edit()
            .map_err(anyhow::Error::from)
            .and_then(|edit| local::edit(&request, &edit, place, gate, deadline));
        gate.leave();
        expired(&target, record, removed.map_err(|error| format!("{error:#}")), deadline)
    };
    over.iter().filter_map(remove).collect()
}

/// Removes the entries of a gateway or node whose time is over.
pub(in crate::commands) async fn of_remote(store: &mut RemoteStore, deadline: Deadline) -> Vec<Expired> {
    let Some(target) = store.target() else { return Vec::new() };
    let mut all = Vec::new();
    for record in over(Some(&target), deadline) {
        let request = request(&record);
        let removed = match request.edit() {
            Ok(edit) => remote::edit(&request, store, edit, deadline).await,
            Err(error) => Err(error),
        };
        all.extend(expired(&target, &record, removed.map_err(|error| error.chain()), deadline));
    }
    all
}

/// Removes the entries of a document that was just stored whose time is over, those included that were removed before: a
/// version or a copy has them again.
pub(in crate::commands) fn again_of_local(place: &Local, gate: &Gate, deadline: Deadline) -> Vec<Expired> {
    let target = target::of_store(&place.store, place.is_store);
    if let Ok(stored) = place.store.read(deadline)
        && let Some(text) = stored.text()
    {
        revive(&target, text, deadline);
    }
    of_local(place, gate, deadline)
}

/// As [`again_of_local`], of a gateway or node.
pub(in crate::commands) async fn again_of_remote(
    store: &mut RemoteStore,
    stored: &[u8],
    deadline: Deadline,
) -> Vec<Expired> {
    if let Some(target) = store.target() {
        revive(&target, stored, deadline);
    }
    of_remote(store, deadline).await
}

fn revive(target: &Target, text: &[u8], deadline: Deadline) {
    let document = shown_text(text, Syntax::Json5).and_then(|text| serde_json::from_str(&text).ok());
    let Some(document) = document else { return };
    for (record, is_spent) in entries::over_in(target, &document, deadline) {
        if is_spent {
            let revive =
                || -> Result<(), Error> { Ok(versions()?.revive(&target.key, &record.key, deadline)?) };
            // The plan of a restoration named the entry.
            let _: Result<(), Error> = revive();
        }
    }
}

/// When the next time is over, in Unix milliseconds.
pub(in crate::commands) fn next_ms(target: &Target, deadline: Deadline) -> Option<u64> {
    entries::records(Some(target), deadline).iter().filter_map(|record| record.until_ms).min()
}

fn over(target: Option<&Target>, deadline: Deadline) -> Vec<EntryRecord> {
    let now_ms = now_ms();
    entries::records(target, deadline).into_iter().filter(|record| record.is_over(now_ms)).collect()
}

fn request(record: &EntryRecord) -> Request {
    let key = &record.key;
    Request {
        verb: Verb::Remove,
        agent: key.agent.clone(),
        item: Item::Entry {
            pattern: key.pattern.clone(),
            arg_pattern: Some(key.arg_pattern.clone()).filter(|arguments| !arguments.is_empty()),
            generated: !key.source.is_empty(),
        },
        place: Place::Host,
        dry_run: false,
        allow_legacy: false,
        term: Term::default(),
        writer: Writer::Expiry,
    }
}

/// The result for one entry; `None`: somebody else removed it before. Its record is not needed any more once the document
/// does not have it. A document that is missing may come back with the entry.
fn expired(
    target: &Target,
    record: &EntryRecord,
    removed: Result<EditReport, String>,
    deadline: Deadline,
) -> Option<Expired> {
    if removed.as_ref().is_ok_and(|report| report.set.existed) {
        let spend =
            || -> Result<(), Error> { Ok(versions()?.spend(&target.key, &record.key, now_ms(), deadline)?) };
        // A record that stays makes the next edit look for the entry once more.
        let _: Result<(), Error> = spend();
    }
    let is_done = removed.as_ref().is_ok_and(|report| !report.is_stored());
    let result = removed.map(|report| report.set.after.unwrap_or_default());
    (!is_done).then(|| Expired { entry: shown(record, now_ms()), result })
}
