//! `chat.*` and `sessions.*`: listing, starting and aborting runs.

use serde_json::{Value, json};

use super::super::generation::Generation;
use super::super::hub::Hub;
use super::super::params::Params;
use super::super::registry::Registry;
use super::super::wire::{Answer, Refusal};

pub(super) fn list(hub: &Hub) -> Value {
    let runs = &hub.registry.runs;
    let sessions: Vec<Value> = runs
        .sessions()
        .map(|(key, session)| {
            let active: Vec<&str> = runs.active(key).map(|run| run.id.as_str()).collect();
            let mut row = json!({
                "key": key, "kind": "direct", "sessionId": session.id, "updatedAt": session.updated_at,
                "status": if active.is_empty() { "done" } else { "running" },
                "hasActiveRun": !active.is_empty(),
            });
            // If no run is active, current gateways always report it (measured on 2026.9.6).
            if hub.generation == Generation::Current && (hub.lists_run_ids || active.is_empty()) {
                row["activeRunIds"] = json!(active);
            }
            row
        })
        .collect();
    let mut list = json!({
        "ts": hub.clock.now(), "count": sessions.len(), "sessions": sessions,
    });
    if hub.generation == Generation::Current {
        list["totalCount"] = list["count"].clone();
        list["nextOffset"] = Value::Null;
        list["hasMore"] = false.into();
    }
    list
}

/// A session's history, without messages. Early gateways do not name the active run in it.
pub(super) fn history(hub: &Hub, params: &Value) -> Answer {
    let fields = Params::closed("chat.history", hub.generation, params, &["sessionKey"], &["limit"])?;
    let key = fields.required("sessionKey")?;
    let mut history = json!({"sessionKey": key, "messages": [], "thinkingLevel": "off"});
    let in_flight = hub.registry.runs.active(key).last();
    if let (Some(run), Generation::Current) = (in_flight, hub.generation) {
        history["inFlightRun"] = json!({"runId": run.id, "text": "", "startedAt": run.started_at});
    }
    Ok(history)
}

fn abort(
    registry: &mut Registry,
    session: &str,
    run: Option<&str>,
    now: u64,
) -> Result<Vec<String>, Refusal> {
    registry.abort(session, run, now).map_err(|_| Refusal::invalid("runId does not match sessionKey"))
}

pub(super) fn chat_abort(hub: &mut Hub, params: &Value) -> Answer {
    let optional: &[&str] = match hub.generation {
        Generation::Legacy => &["runId"],
        Generation::Current => &["runId", "agentId", "preserveSideRuns"],
    };
    let params = Params::closed("chat.abort", hub.generation, params, &["sessionKey"], optional)?;
    let now = hub.clock.now();
    let aborted = abort(&mut hub.registry, params.required("sessionKey")?, params.text("runId")?, now)?;
    Ok(json!({"ok": true, "aborted": !aborted.is_empty(), "runIds": aborted}))
}

pub(super) fn sessions_abort(hub: &mut Hub, params: &Value) -> Answer {
    let (required, optional): (&[&str], &[&str]) = match hub.generation {
        Generation::Legacy => (&["key"], &["runId"]),
        Generation::Current => (&[], &["key", "runId", "agentId", "clearQueued"]),
    };
    let params = Params::closed("sessions.abort", hub.generation, params, required, optional)?;
    let run = params.text("runId")?;
    let key = match (params.text("key")?, run) {
        (Some(key), _) => Some(key.to_owned()),
        (None, Some(run)) => hub.registry.runs.get(run).map(|run| run.session.clone()),
        (None, None) => return Err(Refusal::invalid("key required")),
    };
    let now = hub.clock.now();
    let aborted = match key {
        Some(key) => abort(&mut hub.registry, &key, run, now)?,
        None => Vec::new(),
    };
    let status = if aborted.is_empty() { "no-active-run" } else { "aborted" };
    Ok(json!({"ok": true, "abortedRunId": aborted.first(), "status": status}))
}
