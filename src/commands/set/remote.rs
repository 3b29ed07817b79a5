//! Replaces the document of a gateway, or of a node behind it: fetches it, compares, replaces it if it has not changed
//! meanwhile, and reads it back.

use serde_json::Value;

use super::super::Error;
use super::super::allowlist::expired;
use super::super::documents::Checked;
use super::super::documents::writing::entered;
use super::super::past::recorder::Holding;
use super::super::remote::replace::{Replaced, Terms, changed, replace};
use super::super::remote::{Fetched, NotStored, RemoteStore};
use super::new::New;
use super::request::Request;
use crate::approvals::Syntax;
use crate::approvals::check::native;
use crate::approvals::compare::changes::Changes;
use crate::approvals::compare::native as policies;
use crate::deadline::{Deadline, Gate};
use crate::gateway::api::approvals::Document as Held;
use crate::report::approvals::{SetOutcome, SetReport};
use crate::settings::Flags;

/// `name`, `text`: the name and text of the new document.
pub(super) async fn run(
    request: &Request,
    gateway: &Flags,
    node: Option<&str>,
    name: &str,
    text: &[u8],
    gate: &Gate,
    deadline: Deadline,
) -> Result<SetReport, Error> {
    // The document is checked before a password prompt. Only the answer of a node shows which kind of policy it keeps.
    let new = node.is_none().then(|| New::of(request, name, text, deadline)).transpose()?;
    let checked = new.as_ref().map(New::checked).transpose()?;
    if !request.dry_run {
        // From here on, every wait is bounded by the deadline; a call that was sent runs until its outcome is known.
        entered(gate, deadline)?;
    }
    let mut store = RemoteStore::open(gateway, node, deadline).await?;
    let result = match store.fetch().await? {
        Fetched::Document(stored) => {
            let report = if let Some(checked) = checked {
                document(request, &mut store, checked, &stored).await
            } else {
                let new = New::of(request, name, text, deadline)?;
                let report = document(request, &mut store, new.checked()?, &stored).await;
                report.map(|report| new.reported(report))
            };
            match new {
                Some(new) => report.map(|report| new.reported(report)),
                None => report,
            }
        }
        Fetched::Native { hash, policy } => {
            match planned_policy(request, &store, name, text, hash, &policy) {
                Ok(plan) => set_policy(request, &mut store, plan).await,
                Err(error) => Err(error),
            }
        }
    };
    store.close().await;
    result
}

fn unchanged_since(request: &Request, store: &RemoteStore, found: &str) -> Result<(), Error> {
    match &request.base_hash {
        Some(expected) if !expected.eq_ignore_ascii_case(found) => Err(Error::Conflict {
            place: store.name(),
            expected: expected.clone(),
            found: Some(found.to_owned()),
        }),
        _ => Ok(()),
    }
}

async fn document(
    request: &Request,
    store: &mut RemoteStore,
    new: Checked<'_>,
    before: &Held,
) -> Result<SetReport, Error> {
    unchanged_since(request, store, &before.hash)?;
    let Request { dry_run, downgrade, writer, .. } = *request;
    let terms = Terms { dry_run, downgrade, whole: true, writer };
    let Replaced { mut report, stored } = replace(store, new.document, before, terms).await?;
    if report.outcome == SetOutcome::Stored {
        let stored = stored.as_ref().map_or(&b"{}"[..], |stored| stored.get().as_bytes());
        report.take(expired::again_of_remote(store, stored, store.deadline()).await);
    }
    Ok(report)
}

/// A policy to store.
struct PolicyPlan {
    policy: Value,
    /// The policy that it replaces.
    before: Value,
    /// The hash of that policy.
    base_hash: String,
    changes: Changes,
}

fn planned_policy(
    request: &Request,
    store: &RemoteStore,
    name: &str,
    text: &[u8],
    hash: String,
    stored: &Value,
) -> Result<PolicyPlan, Error> {
    unchanged_since(request, store, &hash)?;
    let new = native::parse(text, Syntax::Json5).map_err(|verdict| Error::InvalidPolicy {
        name: name.to_owned(),
        place: store.name(),
        verdict,
    })?;
    let policy = serde_json::to_value(&new)
        .map_err(|error| Error::Replacement { path: store.name(), error: error.into() })?;
    let changes = Changes { policy: policies::changes(stored, &policy), ..Changes::default() };
    Ok(PolicyPlan { policy, before: stored.clone(), base_hash: hash, changes })
}

async fn set_policy(
    request: &Request,
    store: &mut RemoteStore,
    plan: PolicyPlan,
) -> Result<SetReport, Error> {
    let PolicyPlan { policy, before, base_hash, changes } = plan;
    let needed = !changes.policy.is_empty();
    let mut report = SetReport {
        path: store.name(),
        existed: true,
        before: base_hash.clone(),
        changes,
        ..SetReport::default()
    };
    if request.dry_run || !needed {
        report.outcome = if needed { SetOutcome::Planned } else { SetOutcome::Unchanged };
        report.after = (!needed).then_some(base_hash);
        return Ok(report);
    }
    let mut recorder = store.recorder(request.writer);
    recorder.before(&base_hash, Holding::Native(&before), store.deadline());
    match store.store_native(&policy, &base_hash).await {
        Ok(()) => {}
        Err(NotStored::Conflict) => return Err(changed(store.name(), base_hash)),
        Err(NotStored::Rejected(message)) if message.contains("unexpected property 'native'") => {
            return Err(Error::NativeTooOld { place: store.name() });
        }
        Err(NotStored::Rejected(message)) => return Err(Error::Rejected { place: store.name(), message }),
        Err(NotStored::Other(error)) => return Err(error),
    }
    let (hash, stored) = match store.fetch().await {
        Ok(Fetched::Native { hash, policy }) => (hash, policy),
        Ok(Fetched::Document(_)) => return Err(changed(store.name(), base_hash)),
        Err(cause) => return Err(Error::Unverified { place: store.name(), cause: Box::new(cause) }),
    };
    recorder.after(&hash, Holding::Native(&stored));
    store.warn(recorder);
    report.outcome = SetOutcome::Stored;
    report.departures = policies::changes(&policy, &stored);
    report.after = Some(hash);
    Ok(report)
}
