//! `exec.approval.grants.*`: the standing grants of cron jobs.

use serde_json::{Value, json};

use super::super::ask::What;
use super::super::caller::Caller;
use super::super::effects::Ending;
use super::super::grants::Grant;
use super::super::hub::{Hub, new_id};
use super::super::params::Params;
use super::super::wire::{Answer, Refusal};
use crate::queue::Decision;

/// A day, in milliseconds.
const DAY_MS: u64 = 86_400_000;

/// The most rows that an answer has.
const MOST: usize = 500;

pub(super) fn list(hub: &Hub, params: &Value) -> Answer {
    let read = Params::closed("exec.approval.grants.list", hub.generation, params, &[], &["limit"])?;
    let limit = match read.get("limit") {
        None => MOST,
        Some(limit) => limit
            .as_u64()
            .and_then(|limit| usize::try_from(limit).ok())
            .filter(|limit| (1..=MOST).contains(limit))
            .ok_or_else(|| read.refuse("/limit", "must be <= 500"))?,
    };
    let rows: Vec<Value> = hub.grants.rows().take(limit).map(Grant::listed).collect();
    Ok(json!({"grants": rows}))
}

pub(super) fn revoke(hub: &mut Hub, caller: &Caller, params: &Value) -> Answer {
    let read = Params::closed("exec.approval.grants.revoke", hub.generation, params, &["grantId"], &[])?;
    let id = read.required("grantId")?;
    let now = hub.clock.now();
    Ok(json!({"outcome": hub.grants.revoke(id, &caller.name, now)}))
}

/// The parameter `grantExpiresInDays`.
pub(super) fn days(params: &Params<'_>) -> Result<Option<u64>, Refusal> {
    let Some(days) = params.get("grantExpiresInDays") else { return Ok(None) };
    let days = days.as_u64().filter(|days| (1..=3650).contains(days));
    days.map(Some).ok_or_else(|| params.refuse("/grantExpiresInDays", "must be between 1 and 3650"))
}

/// Mints the grant of a prompt of a cron job that was just always allowed.
pub(super) fn mint(hub: &mut Hub, id: &str, days: Option<u64>, now: u64) {
    let Some(settled) = hub.registry.settled_as(id) else { return };
    let always = matches!(settled.ending, Ending::Decided(Decision::AllowAlways, _));
    let What::Exec(exec) = &settled.prompt.ask.what else { return };
    let Some(job) = exec.cron_job.as_ref().filter(|_| always) else { return };
    let grant = Grant {
        id: new_id(),
        minted_by: id.to_owned(),
        agent: exec.agent_id.clone().unwrap_or_else(|| "main".to_owned()),
        job: job.id.clone(),
        job_name: job.name.clone(),
        command: exec.command.chars().take(512).collect(),
        cwd: exec.cwd.clone(),
        created_at: now,
        expires_at: days.map(|days| now.saturating_add(days * DAY_MS)),
        revoked: None,
    };
    hub.grants.add(grant);
}
