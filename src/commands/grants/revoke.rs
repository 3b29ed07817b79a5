//! `grants revoke`: shows the grants that ids or a filter name, and revokes exactly those.

use std::time::Instant;

use super::{is_cut, list, open};
use crate::commands::Error;
use crate::commands::gateway::Connection;
use crate::commands::queue::QueueError;
use crate::deadline::Deadline;
use crate::gateway::api::grants::RevokeGrant;
use crate::queue::grants::{Filter, Grant, State, named};
use crate::report::grants::{Revocation, RevokePlan, Revoked};
use crate::settings::Flags;

/// The request.
#[derive(Debug, Clone)]
pub struct Request {
    /// The ids, or their starts. Without any, the filter selects.
    pub ids: Vec<String>,
    /// The filter.
    pub filter: Filter,
    /// Whether to stop after the plan.
    pub dry_run: bool,
}

/// A plan.
#[derive(Debug)]
pub enum Planning {
    /// The report, if there is nothing to carry out.
    Finished(Box<Revoked>),
    /// A plan that can be carried out.
    Ready(Box<Ready>),
}

/// A plan that can be carried out, and the connection that it was made on. The time in which somebody reads the plan
/// does not count.
#[derive(Debug)]
pub struct Ready {
    /// The plan.
    pub plan: RevokePlan,
    connection: Connection,
    deadline: Deadline,
    since: Instant,
}

/// Lists the grants, and makes a plan.
pub async fn plan(request: &Request, flags: &Flags, deadline: Deadline) -> Result<Planning, Error> {
    let mut connection = open(flags, deadline).await?;
    let grants = list(&mut connection).await?;
    let now_ms = connection.clock().now_ms();
    let selected = if request.ids.is_empty() {
        let active = |grant: &&Grant| request.filter.admits(grant) && grant.state(now_ms) == State::Active;
        grants.rows.iter().filter(active).cloned().collect()
    } else {
        by_ids(&request.ids, &grants.rows)?
    };
    let (already, revoking): (Vec<_>, Vec<_>) =
        selected.into_iter().partition(|grant| grant.state(now_ms) == State::Revoked);
    let plan = RevokePlan {
        gateway: connection.address().to_owned(),
        grants: revoking,
        already,
        more: is_cut(&grants) && request.ids.is_empty(),
        problems: grants.problems,
        now_ms,
    };
    if request.dry_run || plan.grants.is_empty() {
        connection.close().await;
        return Ok(Planning::Finished(Box::new(Revoked::planned(plan))));
    }
    let ready = Ready { plan, connection, deadline, since: Instant::now() };
    Ok(Planning::Ready(Box::new(ready)))
}

/// The grants that ids name, each once. An id that names none, or several, revokes nothing.
fn by_ids(ids: &[String], grants: &[Grant]) -> Result<Vec<Grant>, QueueError> {
    let mut selected: Vec<Grant> = Vec::new();
    for id in ids {
        match named(grants, id)[..] {
            [] => return Err(QueueError::UnknownGrant(id.clone())),
            // A gateway may list one id twice: the person sees both.
            ref same @ [first, ..] if same.iter().all(|grant| grant.id == first.id) => {
                let new = !selected.iter().any(|known| known.id == first.id);
                selected.extend(same.iter().filter(|_| new).map(|grant| (*grant).clone()));
            }
            ref several => {
                let matches = several.iter().map(|grant| grant.id.to_string()).collect();
                return Err(QueueError::AmbiguousGrant { id: id.clone(), matches });
            }
        }
    }
    Ok(selected)
}

/// Carries out a plan: one call after another, each by its whole id. A failure does not stop the rest.
pub async fn carry_out(ready: Ready) -> Result<Revoked, Error> {
    let Ready { plan, mut connection, deadline, since } = ready;
    connection.extend(deadline.later(since.elapsed()));
    let mut report = Revoked { carried_out: true, ..Revoked::planned(plan) };
    for grant in &report.plan.grants {
        // Two grants with one id are revoked together.
        if report.outcomes.iter().any(|(id, _)| **id == *grant.id) {
            continue;
        }
        let call = RevokeGrant { grant_id: &grant.id };
        let outcome = match connection.write(&call).await {
            Ok(answer) => Revocation::of(&answer.outcome),
            Err(error) => Revocation::Failed(error.to_string()),
        };
        report.outcomes.push((grant.id.to_string(), outcome));
    }
    connection.close().await;
    Ok(report)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::queue::Hidden;
    use crate::queue::grants::Grants;

    #[test]
    fn each_grant_is_named_once_and_an_unknown_id_revokes_nothing() {
        let row = |id: &str| json!({"grantId": id, "agentId": "a", "cronJobId": "j", "command": "c", "createdAtMs": 1});
        let rows = json!({"grants": [row("abc"), row("abd"), row("x")]}).to_string();
        let grants = Grants::read(&rows, &Hidden::default()).unwrap().rows;
        let ids = |ids: &[&str]| {
            let ids: Vec<String> = ids.iter().map(|&id| id.to_owned()).collect();
            let found = by_ids(&ids, &grants).map_err(|error| error.code());
            found.map(|found| found.iter().map(|grant| grant.id.to_string()).collect::<Vec<_>>())
        };
        assert_eq!(ids(&["abc", "x", "abc"]), Ok(vec!["abc".to_owned(), "x".to_owned()]));
        let twice = json!({"grants": [row("abc"), {"grantId": "abc", "agentId": "b", "cronJobId": "j", "command": "d", "createdAtMs": 1}]});
        let twice = Grants::read(&twice.to_string(), &Hidden::default()).unwrap().rows;
        assert_eq!(by_ids(&["abc".to_owned(), "abc".to_owned()], &twice).unwrap().len(), 2);
        assert_eq!(ids(&["abc", "y"]), Err("unknown-grant"));
        assert_eq!(ids(&["ab"]), Err("ambiguous-grant"));
        assert_eq!(ids(&[""]), Err("unknown-grant"));
    }
}
