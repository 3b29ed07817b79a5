//! What 2026.9.6 accepts as a stored document. With any other document it denies every command.
//! Source: `persistedExecApprovalsSchema`. Fields that it does not name may hold anything.

use serde_json::{Map, Value};

use crate::approvals::decide::levels::{Ask, Security};
use crate::approvals::decide::words::trim;

/// Whether the store accepts the document.
pub(super) fn accepts(root: &Value) -> bool {
    let Some(root) = root.as_object() else { return false };
    root.get("version").and_then(Value::as_f64) == Some(1.0)
        && optional(root, "socket", is_socket)
        && optional(root, "defaults", |value| value.as_object().is_some_and(is_policy))
        && optional(root, "agents", are_agents)
}

/// Whether a field is absent or fits. `null` is not absent.
fn optional(object: &Map<String, Value>, field: &str, fits: impl Fn(&Value) -> bool) -> bool {
    object.get(field).is_none_or(fits)
}

fn is_socket(value: &Value) -> bool {
    value.as_object().is_some_and(|socket| {
        optional(socket, "path", Value::is_string) && optional(socket, "token", Value::is_string)
    })
}

fn is_policy(policy: &Map<String, Value>) -> bool {
    let is_security = |value: &Value| value.as_str().and_then(Security::parse).is_some();
    optional(policy, "security", is_security)
        && optional(policy, "ask", |value| value.as_str().and_then(Ask::parse).is_some())
        && optional(policy, "askFallback", is_security)
        && optional(policy, "autoAllowSkills", Value::is_boolean)
}

fn are_agents(value: &Value) -> bool {
    let Some(agents) = value.as_object() else { return false };
    !agents.contains_key("__proto__") && agents.values().all(|agent| agent.as_object().is_some_and(is_agent))
}

fn is_agent(agent: &Map<String, Value>) -> bool {
    is_policy(agent)
        && optional(agent, "allowlist", |list| list.as_array().is_some_and(|list| list.iter().all(is_entry)))
        && optional(agent, "mcpTools", |list| list.as_array().is_some_and(|list| list.iter().all(is_grant)))
}

fn is_entry(entry: &Value) -> bool {
    match entry {
        Value::String(pattern) => !trim(pattern).is_empty(),
        Value::Object(entry) => {
            entry.get("pattern").is_some_and(is_filled)
                && ["id", "source", "commandText", "argPattern", "lastUsedCommand", "lastResolvedPath"]
                    .iter()
                    .all(|field| optional(entry, field, Value::is_string))
                && optional(entry, "lastUsedAt", Value::is_number)
        }
        _ => false,
    }
}

/// A grant for a tool of an MCP server.
fn is_grant(grant: &Value) -> bool {
    let Some(grant) = grant.as_object() else { return false };
    let is_time = |value: &Value| value.as_f64().is_some_and(|time| time >= 0.0);
    grant.get("server").is_some_and(is_filled)
        && grant.get("tool").is_some_and(is_filled)
        && grant.get("source").and_then(Value::as_str) == Some("allow-always")
        && grant.get("addedAt").is_some_and(is_time)
        && optional(grant, "lastUsedAt", is_time)
}

fn is_filled(value: &Value) -> bool {
    value.as_str().is_some_and(|text| !trim(text).is_empty())
}
