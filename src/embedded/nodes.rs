//! Two demo nodes behind the gateway: one that keeps a document in a file, and a Windows node with a policy in its own
//! format. PURE.

use data_encoding::HEXLOWER;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::Generation;
use super::documents::Store;
use super::params::Params;
use super::wire::{Answer, ErrorCode, Refusal};

/// The node that keeps a document.
pub(super) const DEMO: &str = "demo-node";

/// The node with a native policy.
pub(super) const WINDOWS: &str = "demo-windows";

/// The nodes.
#[derive(Debug)]
pub(super) struct Nodes {
    demo: Store,
    windows: Native,
    since: u64,
}

/// The policy that a Windows node enforces.
#[derive(Debug)]
struct Native {
    default_action: String,
    rules: Value,
}

impl Native {
    fn hash(&self) -> String {
        HEXLOWER.encode(&Sha256::digest(
            json!({"defaultAction": self.default_action, "rules": self.rules}).to_string(),
        ))
    }

    fn answer(&self) -> Value {
        json!({
            "enabled": true, "hash": self.hash(), "baseHash": self.hash(),
            "defaultAction": self.default_action, "rules": self.rules,
            "constraints": {
                "baseHashRequired": true, "defaultAllowAllowed": false, "broadAllowRulesAllowed": false,
                "dangerousAllowRulesAllowed": false,
            },
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Action {
    Allow,
    Deny,
    Prompt,
}

impl Action {
    const fn as_str(&self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
            Self::Prompt => "prompt",
        }
    }
}

/// The parameter `native` of a `set`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NativeParams {
    default_action: Option<Action>,
    rules: Vec<Rule>,
}

// The type is only used to check the value; the JSON itself is stored.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    pattern: String,
    #[serde(rename = "action")]
    _action: Action,
    #[serde(default, rename = "shells")]
    _shells: Vec<String>,
    #[serde(default, rename = "description")]
    _description: String,
    #[serde(default, rename = "enabled")]
    _enabled: bool,
}

impl Nodes {
    pub(super) fn new(now: u64, new_id: impl FnMut() -> String) -> Result<Self, String> {
        let document = json!({
            "version": 1, "socket": {"path": "/home/demo/.openclaw/exec-approvals.sock"},
            "defaults": {"security": "allowlist", "ask": "on-miss", "askFallback": "deny"},
            "agents": {"main": {"allowlist": [{"pattern": "/usr/bin/uname"}]}},
        });
        let demo = Store::holding("/home/demo/.openclaw/exec-approvals.json", &document, new_id)?;
        let rules = json!([{"pattern": "hostname", "action": "allow", "shells": ["cmd"], "enabled": true}]);
        let windows = Native { default_action: "deny".to_owned(), rules };
        Ok(Self { demo, windows, since: now })
    }

    /// Answers `node.list`.
    pub(super) fn list(&self, now: u64) -> Value {
        let node = |id: &str, name: &str, platform: &str| {
            json!({
                "nodeId": id, "displayName": name, "platform": platform, "version": "0",
                "clientId": "node-host", "clientMode": "node", "deviceFamily": platform, "caps": ["system"],
                "commands": [
                    "system.execApprovals.get", "system.execApprovals.set", "system.run", "system.which",
                ],
                "connectedAtMs": self.since, "approvedAtMs": self.since, "paired": true, "connected": true,
            })
        };
        let nodes = [node(DEMO, "Demo node", "linux"), node(WINDOWS, "Demo Windows node", "windows")];
        json!({"ts": now, "nodes": nodes})
    }

    /// Answers `exec.approvals.node.get`.
    pub(super) fn get(&self, generation: Generation, params: &Value) -> Answer {
        let params = Params::closed("exec.approvals.node.get", generation, params, &["nodeId"], &[])?;
        match params.required("nodeId")? {
            // A node does not know the gateway's resolved defaults.
            DEMO => Ok(self.demo.answer(Generation::Legacy)),
            WINDOWS => Ok(self.windows.answer()),
            _ => Err(not_connected(generation)),
        }
    }

    /// Answers `exec.approvals.node.set`.
    pub(super) fn set(
        &mut self,
        generation: Generation,
        params: &Value,
        new_id: impl FnMut() -> String,
    ) -> Answer {
        const METHOD: &str = "exec.approvals.node.set";
        let native = generation == Generation::Current && params.get("native").is_some();
        let params = if native {
            Params::closed(METHOD, generation, params, &["nodeId", "native", "baseHash"], &[])?
        } else {
            Params::closed(METHOD, generation, params, &["nodeId", "file"], &["baseHash"])?
        };
        let base_hash = params.text("baseHash")?;
        match (params.required("nodeId")?, params.get("native"), params.get("file")) {
            (WINDOWS, Some(native), _) => self.set_native(generation, native, base_hash, &params),
            (DEMO, _, Some(file)) => {
                // The node compares the hash, and the gateway forwards its error.
                let dispatched = |refusal: Refusal| {
                    if refusal.message.starts_with("invalid ") {
                        return refusal;
                    }
                    of_node(generation, &refusal.message)
                };
                self.demo.set(METHOD, Generation::Legacy, file, base_hash, new_id).map_err(dispatched)
            }
            (DEMO | WINDOWS, ..) => Err(of_node(generation, "this node keeps its policy in another shape")),
            _ => Err(not_connected(generation)),
        }
    }

    fn set_native(
        &mut self,
        generation: Generation,
        native: &Value,
        base_hash: Option<&str>,
        params: &Params<'_>,
    ) -> Answer {
        let read = NativeParams::deserialize(native)
            .map_err(|error| params.refuse("/native", &error.to_string()))?;
        if let Some(index) = read.rules.iter().position(|rule| rule.pattern.is_empty()) {
            return Err(params
                .refuse(&format!("/native/rules/{index}/pattern"), "must not have fewer than 1 characters"));
        }
        if base_hash != Some(self.windows.hash().as_str()) {
            return Err(of_node(generation, "exec approvals changed; reload and retry"));
        }
        match read.default_action {
            Some(Action::Allow) => return Err(of_node(generation, "default allow is not allowed")),
            Some(action) => action.as_str().clone_into(&mut self.windows.default_action),
            None => {}
        }
        self.windows.rules = native["rules"].clone();
        Ok(json!({"updated": true, "hash": self.windows.hash()}))
    }
}

fn not_connected(generation: Generation) -> Refusal {
    let mut details = json!({"nodeError": {"code": "NOT_CONNECTED", "message": "node not connected"}});
    if generation == Generation::Current {
        details["nodeCommandDispatched"] = false.into();
    }
    Refusal::new(ErrorCode::Unavailable, "NOT_CONNECTED: node not connected").with(details)
}

/// An error from the node itself.
fn of_node(generation: Generation, message: &str) -> Refusal {
    let mut details = json!({"nodeError": {"code": "INVALID_REQUEST", "message": message}});
    if generation == Generation::Current {
        details["nodeCommandDispatched"] = true.into();
    }
    Refusal::new(ErrorCode::Unavailable, format!("INVALID_REQUEST: {message}")).with(details)
}
