//! `chat.*` and `sessions.*`: runs are listed, started and aborted.

use serde_json::{Value, json};

use super::super::ask::Ask;
use super::super::effects::Phase;
use super::super::generation::Generation;
use super::super::hub::Hub;
use super::super::params::Params;
use super::super::registry::Registry;
use super::super::runs::State;
use super::super::wire::{Answer, ErrorCode, Refusal};

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
            // Where nothing runs, current gateways always say so (measured on 2026.9.6).
            if hub.generation == Generation::Current && (hub.lists_run_ids || active.is_empty()) {
                row["activeRunIds"] = json!(active);
            }
            row
        })
        .collect();
    let mut list = json!({
        "ts": hub.clock.now(), "path": "(multiple)", "count": sessions.len(), "sessions": sessions,
        "defaults": {"modelProvider": "embedded", "model": "none", "contextTokens": 128_000},
    });
    if hub.generation == Generation::Current {
        list["totalCount"] = list["count"].clone();
        list["nextOffset"] = Value::Null;
        list["hasMore"] = false.into();
    }
    list
}

/// A session's conversation, as far as it names runs. Early gateways do not name the one in flight.
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

/// Starts a turn, which asks what the scenario says that its session asks.
pub(super) fn chat_send(hub: &mut Hub, params: &Value) -> Answer {
    let fields = Params::closed(
        "chat.send",
        hub.generation,
        params,
        &["sessionKey", "message", "idempotencyKey"],
        &["thinking", "deliver", "timeoutMs"],
    )?;
    let session = fields.required("sessionKey")?;
    let run = fields.required("idempotencyKey")?.to_owned();
    if hub.registry.runs.get(&run).is_some() {
        return Ok(json!({"runId": run, "status": "in_flight"}));
    }
    let now = hub.clock.now();
    hub.registry.start_run_as(run.clone(), session, now);
    let Some(habit) = hub.habits.get(session).cloned() else {
        hub.registry.end_run(&run, State::Ended, Phase::End);
        return Ok(json!({"runId": run, "status": "started"}));
    };
    let mut request = habit.asks;
    request.session_key.get_or_insert_with(|| session.to_owned());
    let ask = Ask { asks_again: habit.asks_again, ..Ask::exec(request) }.by_run(&run);
    if hub.registry.request(ask, None, now).is_err() {
        return Err(Refusal::new(ErrorCode::Unavailable, "too many pending approvals").retryable());
    }
    match hub.generation {
        // The turn is over while its prompt is pending.
        Generation::Legacy => {
            hub.registry.end_run(&run, State::Ended, Phase::End);
        }
        Generation::Current => {
            hub.turns.insert(run.clone());
        }
    }
    Ok(json!({"runId": run, "status": "started"}))
}
