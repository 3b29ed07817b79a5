//! `exec.approval.*`, `plugin.approval.*`, `openclaw.approval.*` and `approval.*`.

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::ask::{Ask, What};
use super::super::caller::Caller;
use super::super::effects::{Ending, RequestError, Settled};
use super::super::generation::Generation;
use super::super::hub::Hub;
use super::super::params::Params;
use super::super::prompt::Prompt;
use super::super::request::ExecRequest;
use super::super::wire::{Answer, ErrorCode, Refusal};
use super::grants;
use crate::queue::{Decision, Kind};

const EXEC_FIELDS: [&str; 17] = [
    "id",
    "commandArgv",
    "env",
    "cwd",
    "nodeId",
    "host",
    "security",
    "ask",
    "agentId",
    "resolvedPath",
    "sessionKey",
    "turnSourceChannel",
    "turnSourceTo",
    "turnSourceAccountId",
    "turnSourceThreadId",
    "timeoutMs",
    "twoPhase",
];

/// The additional fields of the current generation.
const EXEC_FIELDS_CURRENT: [&str; 4] = ["runId", "sessionId", "toolCallId", "warningText"];

pub(super) fn list(hub: &Hub, caller: &Caller, kind: Kind) -> Value {
    let shown =
        hub.registry.pending().filter(|prompt| prompt.ask.kind() == kind && caller.sees_all(hub.generation));
    shown.map(|prompt| prompt.listed(hub.generation)).collect()
}

/// Reads a request, which must be a closed object of the generation's fields.
fn read(hub: &Hub, params: &Value) -> Result<(Ask, bool), Refusal> {
    let method = "exec.approval.request";
    let mut fields = EXEC_FIELDS.to_vec();
    if hub.generation == Generation::Current {
        fields.extend(EXEC_FIELDS_CURRENT);
    }
    Params::closed(method, hub.generation, params, &["command"], &fields)?.required("command")?;
    let request = ExecRequest::deserialize(params)
        .map_err(|error| Refusal::invalid(format!("invalid {method} params: {error}")))?;
    let two_phase = request.two_phase == Some(true);
    Ok((Ask::exec(request), two_phase))
}

pub(super) fn request(hub: &mut Hub, caller: &Caller, params: &Value) -> Option<Answer> {
    let (ask, two_phase) = match read(hub, params) {
        Ok(read) => read,
        Err(refusal) => return Some(Err(refusal)),
    };
    let now = hub.clock.now();
    let waiter = caller.peer.as_ref().map(|(peer, frame)| hub.waiter(*peer, frame));
    let asked = match hub.registry.request(ask, waiter, now) {
        Ok(asked) => asked,
        Err(error) => return Some(Err(refusal(hub.generation, error))),
    };
    if !asked.coalesced && !hub.can_be_answered(caller.peer.as_ref().map(|(peer, _)| *peer)) {
        // The client receives the decision `null` as a waiter does.
        hub.registry.unreachable(&asked.id, now);
        return None;
    }
    two_phase.then(|| {
        let mut accepted = json!({
            "status": "accepted", "id": asked.id, "createdAtMs": asked.created_at,
            "expiresAtMs": asked.expires_at,
        });
        if hub.generation == Generation::Current {
            accepted["deliveryRoute"] = "approval-client".into();
        }
        Ok(accepted)
    })
}

pub(super) fn get(hub: &Hub, caller: &Caller, params: &Value) -> Answer {
    let params = Params::closed("exec.approval.get", hub.generation, params, &["id"], &[])?;
    let prompt = find(hub, caller, Kind::Exec, params.required("id")?)?;
    let request = prompt.ask.listed(hub.generation);
    Ok(json!({
        "id": prompt.id, "commandText": request["command"], "commandPreview": null,
        "allowedDecisions": request["allowedDecisions"], "host": request["host"], "nodeId": request["nodeId"],
        "agentId": request["agentId"], "expiresAtMs": prompt.expires_at,
    }))
}

/// A prompt that the caller may see, by its id or by a unique prefix.
fn find<'h>(hub: &'h Hub, caller: &Caller, kind: Kind, id: &str) -> Result<&'h Prompt, Refusal> {
    if !caller.sees_all(hub.generation) {
        return Err(refusal(hub.generation, RequestError::NotFound));
    }
    hub.registry.find(Some(kind), id, hub.clock.now()).map_err(|error| refusal(hub.generation, error))
}

pub(super) fn resolve(
    hub: &mut Hub,
    caller: &Caller,
    kind: Kind,
    method: &'static str,
    params: &Value,
) -> Answer {
    let optional: &[&str] = match hub.generation {
        Generation::Legacy => &[],
        Generation::Current => &["reviewer", "grantExpiresInDays"],
    };
    let read = Params::closed(method, hub.generation, params, &["id", "decision"], optional)?;
    let id = read.required("id")?;
    let days = grants::days(&read)?;
    let decision =
        Decision::named(read.required("decision")?).ok_or_else(|| Refusal::invalid("invalid decision"))?;
    let now = hub.clock.now();
    hub.registry.expire(now);
    let found = find(hub, caller, kind, id).map(|_| ());
    // The first decision wins. Current gateways accept the same decision again.
    let settled = hub.registry.settled_lately(kind, id, now);
    if let (Err(_), Some(settled), Generation::Current) = (&found, settled, hub.generation)
        && caller.sees_all(hub.generation)
    {
        return if settled.ending.decision() == Some(decision) {
            Ok(json!({"ok": true}))
        } else {
            Err(already_resolved())
        };
    }
    found?;
    hub.registry
        .resolve(Some(kind), id, decision, Some(caller.by()), now)
        .map_err(|error| refusal(hub.generation, error))?;
    grants::mint(hub, id, days, now);
    Ok(json!({"ok": true}))
}

/// Handles `approval.resolve`, by the exact id. A wrong kind or an unknown decision denies the prompt.
pub(super) fn resolve_any(hub: &mut Hub, caller: &Caller, params: &Value) -> Answer {
    let optional = ["reviewer", "grantExpiresInDays"];
    let required = ["id", "kind", "decision"];
    let read = Params::closed("approval.resolve", hub.generation, params, &required, &optional)?;
    let id = read.required("id")?;
    let days = grants::days(&read)?;
    let (kind, decision) = (read.required("kind")?, Decision::named(read.required("decision")?));
    let now = hub.clock.now();
    hub.registry.expire(now);
    let by = Some(caller.by());
    let pending = hub.registry.exact(id).filter(|_| caller.sees_all(hub.generation));
    let applied = pending.is_some();
    match (pending, decision) {
        (Some(prompt), Some(decision)) if prompt.ask.kind().as_str() == kind => {
            hub.registry
                .resolve(None, id, decision, by, now)
                .map_err(|error| refusal(hub.generation, error))?;
            grants::mint(hub, id, days, now);
        }
        (Some(_), _) => hub.registry.deny_mistaken(id, by, now),
        (None, _) => {}
    }
    let settled =
        hub.registry.settled_as(id).filter(|_| caller.sees_all(hub.generation)).ok_or_else(no_approval)?;
    Ok(json!({"applied": applied, "approval": terminal(settled)}))
}

pub(super) fn get_any(hub: &Hub, caller: &Caller, params: &Value) -> Answer {
    let bad = || Refusal::invalid("invalid approval.get params");
    let read = Params::closed("approval.get", hub.generation, params, &["id"], &[]).map_err(|_| bad())?;
    let id = read.required("id").map_err(|_| bad())?;
    if !caller.sees_all(hub.generation) {
        return Err(no_approval());
    }
    if let Some(prompt) = hub.registry.exact(id) {
        let mut approval = snapshot(prompt);
        approval["status"] = "pending".into();
        return Ok(json!({"approval": approval}));
    }
    let settled = hub.registry.settled_as(id).ok_or_else(no_approval)?;
    Ok(json!({"approval": terminal(settled)}))
}

fn snapshot(prompt: &Prompt) -> Value {
    let allowed: Vec<&str> = prompt.ask.allowed().iter().map(|decision| decision.as_str()).collect();
    let mut presentation = match &prompt.ask.what {
        What::Exec(exec) => json!({
            "commandText": exec.command, "commandPreview": null, "warningText": exec.warning_text,
            "host": exec.host, "nodeId": exec.node_id, "agentId": exec.agent_id,
        }),
        What::Plugin(plugin) => json!({
            "title": plugin.title, "description": plugin.description,
            "severity": plugin.severity.as_deref().unwrap_or("info"), "pluginId": plugin.plugin_id,
            "toolName": plugin.tool_name, "agentId": plugin.agent_id,
        }),
        What::System(system) => json!({
            "title": system.title, "description": system.description, "agentId": system.agent_id,
            "proposalHash": "0",
        }),
    };
    presentation["kind"] = prompt.ask.kind().as_str().into();
    presentation["allowedDecisions"] = json!(allowed);
    json!({
        "id": prompt.id, "urlPath": format!("/approve/{}", prompt.id.replace(':', "%3A")), "createdAtMs": prompt.created_at,
        "expiresAtMs": prompt.expires_at, "presentation": presentation,
    })
}

pub(super) fn terminal(settled: &Settled) -> Value {
    let mut approval = snapshot(&settled.prompt);
    let (status, reason) = ending_words(&settled.ending);
    let resolver = match &settled.ending {
        // Measured on 2026.9.6: the device of the client, and not its name.
        Ending::Decided(_, by) | Ending::Mistaken(by) => {
            match by.as_ref().and_then(|by| by.device.as_ref()) {
                Some(device) => json!({"kind": "device", "id": device}),
                None => json!({"kind": "device"}),
            }
        }
        Ending::Cancelled => json!({"kind": "runtime"}),
        Ending::Expired => json!({"kind": "system"}),
        Ending::Unreachable => json!({"kind": "system", "id": "no-approval-route"}),
    };
    let source = [("agentId", settled.prompt.ask.agent()), ("sessionKey", settled.prompt.ask.session())];
    approval["source"] =
        source.into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!(value?)))).collect();
    approval["resolver"] = resolver;
    approval["status"] = status.into();
    approval["reason"] = reason.into();
    approval["resolvedAtMs"] = settled.at.into();
    match &settled.ending {
        Ending::Decided(decision, _) => approval["decision"] = decision.as_str().into(),
        Ending::Mistaken(_) | Ending::Unreachable => approval["decision"] = Decision::Deny.as_str().into(),
        Ending::Cancelled | Ending::Expired => {}
    }
    approval
}

/// Status and reason of a settled prompt.
fn ending_words(ending: &Ending) -> (&'static str, &'static str) {
    match ending {
        Ending::Decided(Decision::Deny, _) => ("denied", "user"),
        Ending::Decided(Decision::AllowOnce | Decision::AllowAlways, _) => ("allowed", "user"),
        Ending::Mistaken(_) => ("denied", "malformed-verdict"),
        Ending::Cancelled => ("cancelled", "run-aborted"),
        Ending::Expired => ("expired", "timeout"),
        Ending::Unreachable => ("denied", "no-route"),
    }
}

fn no_approval() -> Refusal {
    Refusal::invalid("approval not found").with(json!({"reason": "APPROVAL_NOT_FOUND"}))
}

fn already_resolved() -> Refusal {
    Refusal::invalid("approval already resolved").with(json!({"reason": "APPROVAL_ALREADY_RESOLVED"}))
}

fn refusal(generation: Generation, error: RequestError) -> Refusal {
    match error {
        RequestError::Full => Refusal::new(ErrorCode::Unavailable, "too many pending approvals").retryable(),
        RequestError::Taken => Refusal::invalid("approval id already pending"),
        RequestError::NotFound => {
            let mut details = json!({"reason": "APPROVAL_NOT_FOUND"});
            if generation == Generation::Current {
                details["remediation"] =
                    "Re-request the action; pending approvals are cleared after expiry or restart.".into();
            }
            Refusal::invalid("unknown or expired approval id").with(details)
        }
        RequestError::Ambiguous => Refusal::invalid("ambiguous approval id prefix; use the full id"),
        RequestError::NotAllowed => Refusal::invalid(match generation {
            Generation::Legacy => {
                "allow-always is unavailable because the effective policy requires approval every time"
            }
            Generation::Current => "allow-always is unavailable for this command",
        })
        .with(json!({"reason": "APPROVAL_ALLOW_ALWAYS_UNAVAILABLE"})),
        RequestError::OtherSession => Refusal::invalid("runId does not match sessionKey"),
    }
}
