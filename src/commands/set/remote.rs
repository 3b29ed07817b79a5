//! On a gateway, or on a node behind it: fetched, compared, replaced if nobody else has, fetched again.

use serde_json::value::RawValue;
use serde_json::{Value, json};
use uuid::Uuid;

use super::super::Error;
use super::super::remote::{Fetched, NotStored, Place, Remote};
use super::local::entered;
use super::new::New;
use super::request::Request;
use crate::approvals::Syntax;
use crate::approvals::check::native;
use crate::approvals::compare::changes::Changes;
use crate::approvals::compare::exact;
use crate::approvals::edit::downgrade;
use crate::approvals::edit::replacement::{self, Replacement};
use crate::approvals::model::stored::Stored;
use crate::approvals::parse;
use crate::deadline::{Deadline, Gate};
use crate::gateway::api::approvals::Document;
use crate::report::approvals::{SetOutcome, SetReport};

/// How often a document is offered, each time with less: current gateways name one field of an object at a time.
const ROUNDS: usize = 16;

pub(super) async fn run(
    request: &Request,
    remote: &Remote,
    bytes: Vec<u8>,
    gate: &Gate,
    deadline: Deadline,
) -> Result<SetReport, Error> {
    // What is wrong with a document is told before anybody is asked for anything; a node's own policy is another type.
    let new = if remote.node.is_none() { Some(New::of(request, bytes.clone(), deadline)?) } else { None };
    new.as_ref().map(New::document).transpose()?;
    if !request.dry_run {
        // From here on every wait has the deadline, and a call that was sent ends with what became of it.
        entered(gate, deadline)?;
    }
    let mut place = Place::open(remote, deadline).await?;
    let result = match place.fetch().await? {
        Fetched::Document(stored) => {
            let new = match new {
                Some(new) => new,
                None => New::of(request, bytes, deadline)?,
            };
            document(request, &mut place, &new, &stored).await
        }
        Fetched::Native { hash, policy } => set_native(request, &mut place, &bytes, hash, policy).await,
    };
    place.close().await;
    result
}

fn unchanged_since(request: &Request, place: &Place, found: &str) -> Result<(), Error> {
    match &request.base_hash {
        Some(expected) if !expected.eq_ignore_ascii_case(found) => Err(Error::Conflict {
            place: place.name(),
            expected: expected.clone(),
            found: Some(found.to_owned()),
        }),
        _ => Ok(()),
    }
}

async fn document(
    request: &Request,
    place: &mut Place,
    new: &New,
    before: &Document,
) -> Result<SetReport, Error> {
    unchanged_since(request, place, &before.hash)?;
    let wanted = serde_json::to_value(new.document()?)
        .map_err(|error| Error::Replacement { path: place.name(), error: error.into() })?;
    let Request { dry_run, downgrade, .. } = *request;
    let replaced = replace(place, wanted, before, Terms { dry_run, downgrade, whole: true }).await?;
    let (dropped, dropped_count) = (new.dropped.clone(), new.dropped_count);
    Ok(SetReport { dropped, dropped_count, ..replaced.report })
}

/// What may be done to put a document in another's place.
#[derive(Debug, Clone, Copy)]
pub(in crate::commands) struct Terms {
    /// Whether to stop before anything is sent.
    pub(in crate::commands) dry_run: bool,
    /// Whether fields that an older gateway rejects are left out.
    pub(in crate::commands) downgrade: bool,
    /// Whether it is the whole document that the caller brings, and not one entry of it.
    pub(in crate::commands) whole: bool,
}

/// What became of it.
#[derive(Debug)]
pub(in crate::commands) struct Replaced {
    pub(in crate::commands) report: SetReport,
    /// What was read back; `None` where nothing was sent.
    pub(in crate::commands) stored: Option<Value>,
}

/// Puts a valid document in the place of another, if that is still the one that was fetched, and reads it back.
pub(in crate::commands) async fn replace(
    place: &mut Place,
    mut wanted: Value,
    before: &Document,
    terms: Terms,
) -> Result<Replaced, Error> {
    let name = place.name();
    let misprinted =
        |cause: serde_json::Error| Error::Replacement { path: name.clone(), error: cause.into() };
    let stored = if before.exists {
        Stored::holding(without_fillings(value(&before.file), &wanted).to_string().into_bytes())
    } else {
        Stored::absent()
    };
    let mut report = SetReport {
        path: name.clone(),
        existed: before.exists,
        before: before.hash.clone(),
        ..SetReport::default()
    };
    // Once, unless the gateway is too old for the document and may have a smaller one.
    for _ in 0..ROUNDS {
        let plan = plan(&name, &stored, &wanted)?;
        let sent: Value = serde_json::from_str(&plan.text).map_err(misprinted)?;
        report.changes = plan.changes;
        if terms.dry_run || !plan.needed {
            // What is stored already was not rejected.
            let foreseen = place
                .version()
                .filter(|_| plan.needed)
                .map(|version| downgrade::foreseen(&sent, version))
                .unwrap_or_default();
            match downgrade::without(&wanted, &foreseen) {
                // What will be left out is left out of the plan too.
                Some((smaller, removed)) if terms.downgrade => {
                    wanted = smaller;
                    report.removed.extend(removed);
                    continue;
                }
                _ => report.foreseen = foreseen,
            }
            report.outcome = if plan.needed { SetOutcome::Planned } else { SetOutcome::Unchanged };
            report.after = (!plan.needed).then(|| before.hash.clone());
            return Ok(Replaced { report, stored: None });
        }
        let message = match place.store(&raw(&sent), &before.hash).await {
            Ok(()) => return read_back(place, &sent, &before.hash, report).await,
            Err(NotStored::Conflict) => return Err(changed(name, before.hash.clone())),
            Err(NotStored::Other(error)) => return Err(error),
            Err(NotStored::Rejected(message)) => message,
        };
        let rejected = || Error::Rejected { place: name.clone(), message: message.clone() };
        let rejection = downgrade::read(&message, &sent).ok_or_else(rejected)?;
        let (smaller, removed) = downgrade::downgraded(&wanted, &rejection).ok_or_else(rejected)?;
        if !terms.downgrade {
            let version = place.version().map(str::to_owned);
            let (fields, whole) = (rejection.fields, terms.whole);
            return Err(Error::TooOld { place: name, version, fields, whole });
        }
        wanted = smaller;
        report.removed.extend(removed);
    }
    Err(Error::Rejected { place: name, message: "it names other fields each time".to_owned() })
}

fn plan(place: &str, stored: &Stored, wanted: &Value) -> Result<Replacement, Error> {
    let text = wanted.to_string();
    let document = parse(text.as_bytes(), Syntax::Json)
        .map_err(|verdict| Error::Invalid { name: "what is left of the document".to_owned(), verdict })?;
    replacement::plan(stored, document, || Uuid::new_v4().to_string())
        .map_err(|error| Error::Replacement { path: place.to_owned(), error })
}

/// What is stored now, beside what was sent. From here on something is stored: whatever fails must say so.
async fn read_back(
    place: &mut Place,
    sent: &Value,
    base_hash: &str,
    mut report: SetReport,
) -> Result<Replaced, Error> {
    let after = match place.fetch().await {
        Ok(Fetched::Document(after)) => after,
        // A node that keeps another kind of policy from one moment to the next.
        Ok(Fetched::Native { .. }) => return Err(changed(place.name(), base_hash.to_owned())),
        Err(cause) => return Err(Error::Unverified { place: place.name(), cause: Box::new(cause) }),
    };
    let stored = value(&after.file);
    report.outcome = SetOutcome::Stored;
    report.departures = exact::departures(sent, &stored);
    report.after = Some(after.hash);
    Ok(Replaced { report, stored: Some(stored) })
}

async fn set_native(
    request: &Request,
    place: &mut Place,
    bytes: &[u8],
    hash: String,
    policy: Value,
) -> Result<SetReport, Error> {
    unchanged_since(request, place, &hash)?;
    let new = native::parse(bytes, Syntax::Json5).map_err(|verdict| Error::InvalidPolicy {
        name: request.new.name(),
        place: place.name(),
        verdict,
    })?;
    let sent = serde_json::to_value(&new)
        .map_err(|error| Error::Replacement { path: place.name(), error: error.into() })?;
    let changes =
        Changes { policy: crate::approvals::compare::native::changes(&policy, &sent), ..Changes::default() };
    let needed = !changes.policy.is_empty();
    let mut report = SetReport {
        path: place.name(),
        existed: true,
        before: hash.clone(),
        changes,
        ..SetReport::default()
    };
    if request.dry_run || !needed {
        report.outcome = if needed { SetOutcome::Planned } else { SetOutcome::Unchanged };
        report.after = (!needed).then_some(hash);
        return Ok(report);
    }
    match place.store_native(&sent, &hash).await {
        Ok(()) => {}
        Err(NotStored::Conflict) => {
            return Err(changed(place.name(), hash));
        }
        Err(NotStored::Rejected(message)) if message.contains("unexpected property 'native'") => {
            return Err(Error::NativeTooOld { place: place.name() });
        }
        Err(NotStored::Rejected(message)) => return Err(Error::Rejected { place: place.name(), message }),
        Err(NotStored::Other(error)) => return Err(error),
    }
    let (hash, stored) = match place.fetch().await {
        Ok(Fetched::Native { hash, policy }) => (hash, policy),
        Ok(Fetched::Document(_)) => return Err(changed(place.name(), hash)),
        Err(cause) => return Err(Error::Unverified { place: place.name(), cause: Box::new(cause) }),
    };
    report.outcome = SetOutcome::Stored;
    report.departures = crate::approvals::compare::native::changes(&sent, &stored);
    report.after = Some(hash);
    Ok(report)
}

/// Gateways print `defaults` and `agents` even where their document has none: empty, they say nothing.
fn without_fillings(mut file: Value, wanted: &Value) -> Value {
    if let Some(fields) = file.as_object_mut() {
        fields.retain(|name, value| {
            let filling = matches!(name.as_str(), "defaults" | "agents") && *value == json!({});
            !filling || wanted.get(name).is_some()
        });
    }
    file
}

fn changed(place: String, expected: String) -> Error {
    Error::Conflict { place, expected, found: None }
}

fn raw(value: &Value) -> Box<RawValue> {
    // A value is JSON: there is nothing in it that could not be printed.
    serde_json::value::to_raw_value(value).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

fn value(raw: &RawValue) -> Value {
    serde_json::from_str(raw.get()).unwrap_or_default()
}
