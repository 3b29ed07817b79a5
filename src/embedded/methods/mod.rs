//! The answers of the methods.

mod grants;
mod history;
mod prompts;
mod runs;

use serde_json::{Value, json};

use super::access;
use super::caller::{Caller, PeerId};
use super::hub::{Hub, new_id};
use super::params::Params;
use super::wire::{self, Answer, CallFrame};
use crate::queue::Kind;

impl Hub {
    /// Answers a request of an authenticated client.
    pub(super) fn call(&mut self, peer: PeerId, request: &CallFrame) {
        let Some(caller) = self.caller(peer, &request.id) else { return };
        let answer = call(self, &caller, &request.method, &request.params);
        if let Some(answer) = answer {
            self.send(peer, wire::response(&request.id, &answer));
        }
        self.publish();
    }
}

/// Answers a call. `None`: the answer comes later.
pub(super) fn call(hub: &mut Hub, caller: &Caller, method: &str, params: &Value) -> Option<Answer> {
    let method = match access::allow(hub.generation, method, &caller.scopes) {
        Ok(method) => method,
        Err(refusal) => return Some(Err(refusal)),
    };
    let answer = match method {
        "exec.approval.request" => return prompts::request(hub, caller, params),
        "exec.approval.list" => Ok(prompts::list(hub, caller, Kind::Exec)),
        "plugin.approval.list" => Ok(prompts::list(hub, caller, Kind::Plugin)),
        "openclaw.approval.list" => Ok(prompts::list(hub, caller, Kind::System)),
        "exec.approval.get" => prompts::get(hub, caller, params),
        "exec.approval.resolve" => prompts::resolve(hub, caller, Kind::Exec, method, params),
        "plugin.approval.resolve" => prompts::resolve(hub, caller, Kind::Plugin, method, params),
        "approval.resolve" => prompts::resolve_any(hub, caller, params),
        "approval.get" => prompts::get_any(hub, caller, params),
        "approval.history" => history::list(hub, params),
        "exec.approval.grants.list" => grants::list(hub, params),
        "exec.approval.grants.revoke" => grants::revoke(hub, caller, params),
        "chat.abort" => runs::chat_abort(hub, params),
        "chat.history" => runs::history(hub, params),
        "sessions.abort" => runs::sessions_abort(hub, params),
        "sessions.list" => Ok(runs::list(hub)),
        _ => simple(hub, method, params),
    };
    Some(answer)
}

/// Answers the methods that use neither prompts nor runs.
fn simple(hub: &mut Hub, method: &'static str, params: &Value) -> Answer {
    let generation = hub.generation;
    let now = hub.clock.now();
    match method {
        "config.get" => {
            Params::closed(method, generation, params, &[], &[])?;
            Ok(json!({
                "path": "(embedded)/openclaw.json", "exists": true, "valid": true, "config": hub.config.clone(),
            }))
        }
        "exec.approvals.get" => {
            Params::closed(method, generation, params, &[], &[])?;
            Ok(hub.document.answer(generation))
        }
        "exec.approvals.set" => {
            let fields = Params::closed(method, generation, params, &["file"], &["baseHash"])?;
            let base_hash = fields.text("baseHash")?;
            hub.document.set(method, generation, &params["file"], base_hash, new_id)
        }
        "exec.approvals.node.get" => hub.nodes.get(generation, params),
        "exec.approvals.node.set" => hub.nodes.set(generation, params, new_id),
        "node.list" => {
            Params::closed(method, generation, params, &[], &[])?;
            Ok(hub.nodes.list(now))
        }
        "status" => Ok(json!({"runtimeVersion": generation.version()})),
        _ => Ok(json!({"ok": true, "ts": now, "durationMs": 0})),
    }
}
