//! `approvals restore`: makes a kept version the current document again. It is planned and stored as `approvals set` does
//! it: validated, shown, under compare-and-swap, read back. The place keeps its own socket block.

use super::super::documents::Place;
use super::super::explain::ExplainError;
use super::super::{diff, set};
use super::database::{now_ms, version};
use super::entries::{self, shown};
use super::listing::kept;
use super::places::place;
use crate::commands::Error;
use crate::commands::error::outdated;
use crate::deadline::{Deadline, Gate};
use crate::report::approvals::restore::RestoreReport;
use crate::report::approvals::wider::WiderReport;
use crate::settings::Flags;
use crate::store::versions::{State, Writer};

/// Parameters of `approvals restore`.
#[derive(Debug, Clone)]
pub struct Request {
    /// The version.
    pub id: u64,
    /// Where to store it; `None`: where it comes from.
    pub to: Option<Place>,
    /// How to authenticate, where it is a gateway.
    pub access: Flags,
    /// The hash that the current document must have.
    pub base_hash: Option<String>,
}

/// A plan that can be carried out.
#[derive(Debug)]
pub struct Plan {
    /// What changes.
    pub report: RestoreReport,
    request: set::Request,
}

/// Plans to restore a version. Nothing is written.
pub fn plan(request: &Request, deadline: Deadline) -> anyhow::Result<Plan> {
    let (from, text) = version(request.id, deadline)?;
    let (id, state) = (from.id, from.state);
    if text.is_none() {
        return Err(Error::NothingToRestore { id, target: from.target.operand }.into());
    }
    let to = match &request.to {
        Some(to) => Some(authenticated(to, &request.access)),
        None => place(&from.target.operand, &request.access),
    };
    let to = to.ok_or(Error::NoVersion { id })?;
    if matches!(to, Place::Stdin | Place::Version(_)) {
        let name = if let Place::Version(id) = to { format!("version:{id}") } else { "-".to_owned() };
        return Err(Error::Fixed { name, to: "edited" }.into());
    }
    if let (Some(flag), false) = (request.access.given(), to.is_remote()) {
        return Err(Error::NoGateway { flag }.into());
    }
    let planned = set::Request {
        new: set::New::In(Place::Version(id)),
        place: to.clone(),
        base_hash: request.base_hash.clone(),
        dry_run: true,
        allow_legacy: state == State::Kept,
        drop_unknown: false,
        downgrade: false,
        writer: Writer::Restore,
    };
    let set = set::run(&planned, &Gate::default(), deadline).map_err(outdated)?;
    let wider = wider(to, id, &request.access, deadline)?;
    let base_hash = Some(set.before.clone());
    let over = text
        .and_then(|text| serde_json::from_str(&text).ok())
        .map_or_else(Vec::new, |document| entries::over_in(&from.target, &document, deadline));
    let now_ms = now_ms();
    let over = over.into_iter().map(|(record, _)| shown(&record, now_ms)).collect();
    let report = RestoreReport { from: kept(from), set, wider, over, is_elsewhere: request.to.is_some() };
    Ok(Plan { report, request: set::Request { base_hash, dry_run: false, ..planned } })
}

/// Stores the version, if the document is still the one of the plan.
pub fn carry_out(plan: Plan, gate: &Gate, deadline: Deadline) -> anyhow::Result<RestoreReport> {
    let set = set::run(&plan.request, gate, deadline).map_err(outdated)?;
    Ok(RestoreReport { set, ..plan.report })
}

/// What the version allows and the current document does not, by the rule of `diff --no-wider`.
fn wider(to: Place, id: u64, access: &Flags, deadline: Deadline) -> anyhow::Result<Option<WiderReport>> {
    let request = diff::Request { a: to, b: Place::Version(id), exact: false };
    let parameters = diff::NoWider { request, release: None, config: None };
    match diff::no_wider(parameters, access, deadline) {
        Ok(report) => Ok(Some(report)),
        Err(error) if is_native(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_native(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(Error::Explain(ExplainError::Native(_))))
}

/// A place of the command line, with the flags that say how to authenticate.
fn authenticated(to: &Place, access: &Flags) -> Place {
    let mut to = to.clone();
    if let Some(flags) = to.gateway_mut() {
        *flags = Flags { gateway: flags.gateway.clone(), ..access.clone() };
    }
    to
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::exit::Exit;

    #[test]
    fn what_changed_after_the_plan_is_planned_again() {
        let conflict = Error::Conflict { place: "gateway".to_owned(), expected: "1".to_owned(), found: None };
        let error = outdated(anyhow::Error::from(conflict).context("replacing the document"));
        let error: &Error = error.downcast_ref().unwrap();
        assert_eq!(error.exit(), Exit::Conflict);
        assert!(error.remedy().unwrap().starts_with("run the command again"));
        let other = outdated(anyhow::Error::from(Error::NoVersion { id: 1 }));
        assert!(matches!(other.downcast_ref(), Some(Error::NoVersion { id: 1 })));
    }
}
