//! What `exec.approvals.node.get` answers: a node keeps a document, or its own policy, or lets none be seen.
//!
//! Read field by field and not as a closed type: a gateway of the 2026.4 line hands on whatever the node said.

use serde_json::{Map, Value};
use thiserror::Error;

/// What a node answered. Every text in it is the node's: whoever prints it escapes it.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// The node keeps an approvals document.
    File {
        /// Where.
        path: String,
        /// Whether there is one.
        exists: bool,
        /// Names the document; what a `set` sends as its base hash.
        hash: String,
        /// The document, as the node sent it and not yet checked.
        file: Value,
    },
    /// The node keeps its own policy.
    Native {
        /// Names the policy; what a `set` sends as its base hash.
        hash: String,
        /// Its `defaultAction` and `rules`, as the node sent them and not yet checked.
        policy: Value,
        /// What the node says of the policies it takes.
        constraints: Constraints,
    },
    /// The node keeps its own policy, and it is switched off: it can be configured on that host alone.
    Disabled {
        /// The node's reason.
        message: Option<String>,
    },
}

/// What a node says of the policies it takes; `None` where it says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Constraints {
    /// Whether a `set` must name the policy that it replaces.
    pub base_hash_required: Option<bool>,
    /// Whether `defaultAction` may be `allow`.
    pub default_allow_allowed: Option<bool>,
    /// Whether a rule may allow nearly everything.
    pub broad_allow_rules_allowed: Option<bool>,
    /// Whether a rule may allow commands that the node holds dangerous.
    pub dangerous_allow_rules_allowed: Option<bool>,
}

/// Why an answer of a node is none.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AnswerError {
    /// It is no object.
    #[error("the node answered with something that is not an object")]
    NotAnObject,
    /// A field is missing, or holds another type.
    #[error("the node's answer has no `{field}` that is {expected}")]
    Field {
        /// Which field.
        field: &'static str,
        /// What belongs there.
        expected: &'static str,
    },
}

impl Answer {
    /// Reads the payload of an answer. The field `enabled` tells the three apart: a document has none.
    pub fn read(payload: &Value) -> Result<Self, AnswerError> {
        let fields = payload.as_object().ok_or(AnswerError::NotAnObject)?;
        if !fields.contains_key("enabled") {
            return Ok(Self::File {
                path: text(fields, "path")?,
                exists: switch(fields, "exists")?,
                hash: text(fields, "hash")?,
                file: of_kind(fields, "file", "an object", Value::is_object)?.clone(),
            });
        }
        if !switch(fields, "enabled")? {
            let message = fields.get("message").and_then(Value::as_str).map(str::to_owned);
            return Ok(Self::Disabled { message });
        }
        of_kind(fields, "rules", "an array", Value::is_array)?;
        let policy = ["defaultAction", "rules"]
            .into_iter()
            .filter_map(|name| Some((name.to_owned(), fields.get(name)?.clone())))
            .collect();
        Ok(Self::Native { hash: text(fields, "hash")?, policy, constraints: Constraints::read(fields) })
    }
}

impl Constraints {
    fn read(answer: &Map<String, Value>) -> Self {
        let said = |name| answer.get("constraints")?.get(name)?.as_bool();
        Self {
            base_hash_required: said("baseHashRequired"),
            default_allow_allowed: said("defaultAllowAllowed"),
            broad_allow_rules_allowed: said("broadAllowRulesAllowed"),
            dangerous_allow_rules_allowed: said("dangerousAllowRulesAllowed"),
        }
    }
}

fn of_kind<'v>(
    fields: &'v Map<String, Value>,
    field: &'static str,
    expected: &'static str,
    is: impl Fn(&Value) -> bool,
) -> Result<&'v Value, AnswerError> {
    fields.get(field).filter(|value| is(value)).ok_or(AnswerError::Field { field, expected })
}

fn text(fields: &Map<String, Value>, field: &'static str) -> Result<String, AnswerError> {
    let value = of_kind(fields, field, "a string", Value::is_string)?;
    Ok(value.as_str().unwrap_or_default().to_owned())
}

fn switch(fields: &Map<String, Value>, field: &'static str) -> Result<bool, AnswerError> {
    Ok(of_kind(fields, field, "a boolean", Value::is_boolean)? == &Value::Bool(true))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// As measured on 2026.9.6, which hands on what the node answered.
    #[test]
    fn the_three_answers_are_told_apart() {
        let file =
            json!({"path": "C:/x", "exists": true, "hash": "h1", "file": {"version": 1, "agents": {}}});
        let expected = Answer::File {
            path: "C:/x".to_owned(),
            exists: true,
            hash: "h1".to_owned(),
            file: json!({"version": 1, "agents": {}}),
        };
        assert_eq!(Answer::read(&file), Ok(expected));
        let rules = json!([{"pattern": "hostname", "action": "allow", "shells": ["cmd"], "enabled": true}]);
        let native = json!({"enabled": true, "hash": "h2", "baseHash": "h2", "defaultAction": "deny", "rules": rules,
            "constraints": {"baseHashRequired": true, "defaultAllowAllowed": false}});
        let constraints = Constraints {
            base_hash_required: Some(true),
            default_allow_allowed: Some(false),
            ..Constraints::default()
        };
        let policy = json!({"defaultAction": "deny", "rules": rules});
        assert_eq!(Answer::read(&native), Ok(Answer::Native { hash: "h2".to_owned(), policy, constraints }));
        let off = json!({"enabled": false, "message": "policy off"});
        assert_eq!(Answer::read(&off), Ok(Answer::Disabled { message: Some("policy off".to_owned()) }));
    }

    #[test]
    fn what_is_none_of_them_is_refused_by_its_field() {
        for (payload, field) in [
            (json!({"bogus": 1}), "path"),
            (json!({"enabled": "yes"}), "enabled"),
            (json!({"enabled": true, "hash": "h"}), "rules"),
            (json!({"enabled": true, "rules": []}), "hash"),
            (json!({"path": "p", "exists": true, "hash": "h", "file": "x"}), "file"),
        ] {
            let Err(AnswerError::Field { field: named, .. }) = Answer::read(&payload) else {
                panic!("{payload}")
            };
            assert_eq!(named, field);
        }
        assert_eq!(Answer::read(&Value::Null), Err(AnswerError::NotAnObject));
    }
}
