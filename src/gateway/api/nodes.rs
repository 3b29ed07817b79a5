//! `node.list`, `exec.approvals.node.get` and `exec.approvals.node.set`: the nodes behind a gateway, each with a
//! document or a policy of its own.
//!
//! A node's answer is read field by field and not as a closed type, because gateways forward anything that a node
//! sends.

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use thiserror::Error;

use super::approvals::Document;
use super::{Call, Effect, Method};

/// `node.list`.
#[derive(Debug, Serialize)]
pub struct ListNodes {}

/// The answer of `node.list`.
#[derive(Debug, Deserialize)]
pub struct Nodes {
    /// Every node that is known, connected or not.
    pub nodes: Vec<Node>,
}

/// A node.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Node {
    /// Its id.
    #[serde(rename = "nodeId")]
    pub id: String,
    /// Its name, if it has one.
    pub display_name: Option<String>,
    /// Whether it is connected to the gateway.
    pub connected: bool,
    /// Whether its commands were approved. Gateways up to 2026.4 do not report it, and require no approval.
    pub approval_state: Option<String>,
    /// The id of the pending request to approve, if there is one.
    pub pending_request_id: Option<String>,
}

impl Node {
    /// Whether no command of the node was ever approved. The gateway refuses all commands of such a node.
    pub fn is_unapproved(&self) -> bool {
        self.approval_state.as_deref() == Some("pending-approval")
    }

    /// Whether a refused command may be unapproved. A node whose commands have changed still runs those that were
    /// approved.
    pub fn may_be_unapproved(&self) -> bool {
        self.approval_state.as_deref().is_some_and(|state| state != "approved")
    }
}

impl Call for ListNodes {
    type Answer = Nodes;

    fn method(&self) -> Method {
        Method::NodeList
    }
}

/// `exec.approvals.node.get`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetNodePolicy<'a> {
    /// The node.
    pub node_id: &'a str,
}

impl Call for GetNodePolicy<'_> {
    /// Read with [`NodePolicy::read`]: a malformed answer is the node's fault and not the gateway's.
    type Answer = Box<RawValue>;

    fn method(&self) -> Method {
        Method::ExecApprovalsNodeGet
    }
}

/// `exec.approvals.node.set`, for a document or for a policy in the node's own format.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SetNodePolicy<'a> {
    /// The node.
    pub node_id: &'a str,
    /// The new document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<&'a RawValue>,
    /// The new policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub native: Option<&'a Value>,
    /// The hash of the document or policy that it replaces.
    pub base_hash: &'a str,
}

impl Call for SetNodePolicy<'_> {
    type Answer = IgnoredAny;

    fn method(&self) -> Method {
        Method::ExecApprovalsNodeSet
    }

    const EFFECT: Effect = Effect::Write;
}

/// The answer of `exec.approvals.node.get`. Every text in it comes from the node, so it must be escaped when it is
/// printed.
#[derive(Debug)]
pub enum NodePolicy {
    /// The node keeps an approvals document.
    Document(Document),
    /// The node keeps a policy in its own format.
    Native {
        /// The hash that a change must name.
        hash: String,
        /// Its `defaultAction` and `rules`, not yet checked.
        policy: Value,
    },
    /// The node keeps a policy in its own format, and it can only be configured on that host.
    Disabled {
        /// The node's reason.
        message: Option<String>,
    },
}

/// Why the answer of a node cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NodePolicyError {
    /// It is not an object.
    #[error("the node answered with something that is not an object")]
    NotAnObject,
    /// A field is missing, or holds another type.
    #[error("the node's answer has no `{field}` that is {expected}")]
    Field {
        /// The field.
        field: &'static str,
        /// What it must hold.
        expected: &'static str,
    },
}

impl NodePolicy {
    /// Reads the payload. Only policies in a node's own format have the field `enabled`.
    ///
    /// # Errors
    /// The first field that is missing or holds another type.
    pub fn read(payload: &RawValue) -> Result<Self, NodePolicyError> {
        let fields: Map<String, Value> =
            serde_json::from_str(payload.get()).map_err(|_| NodePolicyError::NotAnObject)?;
        if !fields.contains_key("enabled") {
            text(&fields, "path")?;
            switch(&fields, "exists")?;
            text(&fields, "hash")?;
            checked(&fields, "file", "an object", Value::is_object)?;
            return serde_json::from_str(payload.get())
                .map(Self::Document)
                .map_err(|_| NodePolicyError::NotAnObject);
        }
        if !switch(&fields, "enabled")? {
            let message = fields.get("message").and_then(Value::as_str).map(str::to_owned);
            return Ok(Self::Disabled { message });
        }
        checked(&fields, "rules", "an array", Value::is_array)?;
        let policy = ["defaultAction", "rules"]
            .into_iter()
            .filter_map(|name| Some((name.to_owned(), fields.get(name)?.clone())))
            .collect();
        Ok(Self::Native { hash: text(&fields, "hash")?.to_owned(), policy })
    }
}

fn checked<'v>(
    fields: &'v Map<String, Value>,
    field: &'static str,
    expected: &'static str,
    is: impl Fn(&Value) -> bool,
) -> Result<&'v Value, NodePolicyError> {
    fields.get(field).filter(|value| is(value)).ok_or(NodePolicyError::Field { field, expected })
}

fn text<'v>(fields: &'v Map<String, Value>, field: &'static str) -> Result<&'v str, NodePolicyError> {
    let value = checked(fields, field, "a string", Value::is_string)?;
    Ok(value.as_str().unwrap_or_default())
}

fn switch(fields: &Map<String, Value>, field: &'static str) -> Result<bool, NodePolicyError> {
    Ok(checked(fields, field, "a boolean", Value::is_boolean)? == &Value::Bool(true))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(payload: &Value) -> Result<NodePolicy, NodePolicyError> {
        NodePolicy::read(&serde_json::value::to_raw_value(payload).unwrap())
    }

    /// As measured on 2026.9.6, which forwards the node's answer.
    #[test]
    fn the_three_answers_are_distinguished() {
        let file =
            json!({"path": "C:/x", "exists": true, "hash": "h1", "file": {"version": 1, "agents": {}}});
        let Ok(NodePolicy::Document(document)) = read(&file) else { panic!("not a document") };
        assert_eq!((&*document.path, document.exists, &*document.hash), ("C:/x", true, "h1"));
        assert_eq!(document.file.get(), r#"{"agents":{},"version":1}"#);
        let rules = json!([{"pattern": "hostname", "action": "allow", "shells": ["cmd"], "enabled": true}]);
        let native = json!({"enabled": true, "hash": "h2", "baseHash": "h2", "defaultAction": "deny", "rules": rules,
            "constraints": {"baseHashRequired": true, "defaultAllowAllowed": false}});
        let Ok(NodePolicy::Native { hash, policy }) = read(&native) else { panic!("not a policy") };
        assert_eq!((&*hash, policy), ("h2", json!({"defaultAction": "deny", "rules": rules})));
        let off = json!({"enabled": false, "message": "policy off"});
        let Ok(NodePolicy::Disabled { message }) = read(&off) else { panic!("not disabled") };
        assert_eq!(message.as_deref(), Some("policy off"));
    }

    #[test]
    fn other_answers_are_rejected_by_their_field() {
        for (payload, expected) in [
            (json!({"bogus": 1}), "path"),
            (json!({"enabled": "yes"}), "enabled"),
            (json!({"enabled": true, "hash": "h"}), "rules"),
            (json!({"enabled": true, "rules": []}), "hash"),
            (json!({"path": "p", "exists": true, "hash": "h", "file": "x"}), "file"),
            (json!({"path": "p", "hash": "h", "file": {}}), "exists"),
        ] {
            let Err(NodePolicyError::Field { field, .. }) = read(&payload) else { panic!("{payload}") };
            assert_eq!(field, expected);
        }
        assert!(matches!(read(&Value::Null), Err(NodePolicyError::NotAnObject)));
    }

    #[test]
    fn a_node_receives_either_a_document_or_a_policy() {
        let file = RawValue::from_string("{}".to_owned()).unwrap();
        let set = SetNodePolicy { node_id: "n", file: Some(&file), native: None, base_hash: "h" };
        assert_eq!(serde_json::to_value(set).unwrap(), json!({"nodeId": "n", "file": {}, "baseHash": "h"}));
        let policy = json!({"rules": []});
        let set = SetNodePolicy { node_id: "n", file: None, native: Some(&policy), base_hash: "h" };
        assert_eq!(
            serde_json::to_value(set).unwrap(),
            json!({"nodeId": "n", "native": policy, "baseHash": "h"})
        );
    }
}
