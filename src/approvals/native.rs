//! A node's own policy: what a host that keeps no approvals document, such as the Windows companion, lets run.
//!
//! Source of the shape: `NativeExecApprovalPolicySchema` of `openclaw` 2026.9.6 and the definition
//! `ExecApprovalsNodeSetParams` of `@openclaw/gateway-protocol` 2026.9.1. Of the meaning: `ExecApprovalPolicy.cs`
//! of `openclaw-windows-node`. Gateways of the 2026.4 line cannot set such a policy.

mod answer;

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use super::bounds::{self, Budget};
use super::changes::Change;
use super::check::{Strictness, diagnose, json5};
use super::diagnostic::{Path, Step, Verdict};
use super::document::{ObjectVisitor, object_type, present};
use super::readback;
use super::scalar::{CowVisitor, NonBlank, Text, words};
use super::schema::Contract;
use super::syntax::Syntax;

pub use answer::{Answer, AnswerError, Constraints};

words!(
    /// What becomes of a command.
    Action {
        /// It runs.
        Allow = "allow",
        /// It does not run.
        Deny = "deny",
        /// A person is asked.
        Prompt = "prompt",
    }
);

object_type!(Policy<'a>);
object_type!(Rule<'a>);

/// What may run on a node that keeps its own policy.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "OpenClaw native exec policy", extend("$id" = super::schema::NATIVE_ID))]
pub struct Policy<'a> {
    /// What becomes of a command that no rule matches. A node keeps its own when this is absent.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Action")]
    pub default_action: Option<Action>,
    /// All the node's rules. Of those that match a command the first decides.
    #[serde(borrow)]
    pub rules: Vec<Rule<'a>>,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Rule")]
pub struct Rule<'a> {
    /// Glob over the whole command line: `*` any characters, `?` one. Upper and lower case are the same.
    #[serde(borrow)]
    pub pattern: NonBlank<'a>,
    /// What becomes of a command that matches.
    pub action: Action,
    /// The shells that the rule is for; absent or empty: all.
    #[serde(borrow, default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Vec<NonBlank<'static>>")]
    pub shells: Option<Vec<NonBlank<'a>>>,
    /// What the rule is for, to be shown.
    #[serde(borrow, default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Text<'static>")]
    pub description: Option<Text<'a>>,
    /// Whether the rule counts; absent: it does.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "bool")]
    pub enabled: Option<bool>,
}

/// Checks a policy: every problem, each with its place. Never fails and never panics, whatever the bytes.
///
/// Stricter than a node: a blank pattern or shell, which would match nothing that was meant, is refused.
pub fn check(bytes: &[u8], syntax: Syntax) -> Verdict {
    if accepted(bytes).is_some() {
        return Verdict::default();
    }
    diagnose(bytes, Strictness { syntax, allow_legacy: false }, Contract::Native, Budget::default())
}

/// The policy in a text, or the verdict that says why there is none.
pub fn parse(bytes: &[u8], syntax: Syntax) -> Result<Policy<'_>, Verdict> {
    if let Some(policy) = accepted(bytes) {
        return Ok(policy);
    }
    let verdict = check(bytes, syntax);
    // Only JSON5 gets here with a policy in it. Of anything else a tree is not made: it may take any memory.
    if !verdict.is_valid() {
        return Err(verdict);
    }
    json5(bytes).ok_or(verdict)
}

fn accepted(bytes: &[u8]) -> Option<Policy<'_>> {
    let text = std::str::from_utf8(bytes).ok()?;
    if bounds::object_too_many(text).is_some() { None } else { serde_json::from_str(text).ok() }
}

/// What changes when one policy takes another's place, or what a node made of the policy that it was sent.
///
/// The order of rules is policy: rules are tried from the first to the last, and the first that matches decides
/// (`ExecApprovalPolicy.Evaluate` of the Windows node). A rule that is only in `before` is told by its index there, one
/// that is only in `after` by its index there; rules that changed places are told as one change of `/rules`, from
/// the first that moved to the last. What means the same is no change: `enabled` absent and true, `shells` absent
/// and empty, and a `defaultAction` that one side lacks, since a node keeps its own.
pub fn changes(before: &Value, after: &Value) -> Vec<Change> {
    let [before, after] = [before, after].map(plain);
    let mut changes = Vec::new();
    let names = ["defaultAction", "rules"].map(|name| (name, before.get(name), after.get(name)));
    for (name, before, after) in names {
        let path: Path = [Step::Key(name.to_owned())].into_iter().collect();
        match (name, before, after) {
            ("defaultAction", None, _) | ("defaultAction", _, None) => {}
            ("rules", Some(Value::Array(before)), Some(Value::Array(after))) => {
                changes.extend(readback::of_rules(&path, before, after));
            }
            (_, before, after) if before != after => {
                changes.push(Change { path, before: before.cloned(), after: after.cloned() });
            }
            _ => {}
        }
    }
    changes
}

/// A policy without what goes without saying.
fn plain(policy: &Value) -> Value {
    let mut policy = policy.clone();
    let rules = policy.get_mut("rules").and_then(Value::as_array_mut).into_iter().flatten();
    for rule in rules.filter_map(Value::as_object_mut) {
        rule.retain(|field, value| match field.as_str() {
            "enabled" => *value != Value::Bool(true),
            "shells" => value.as_array().is_none_or(|shells| !shells.is_empty()),
            _ => true,
        });
    }
    policy
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::super::codes::Code;
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let verdict = check(text.as_bytes(), Syntax::Json);
        let told = verdict.diagnostics.iter();
        told.map(|d| format!("{}:{} {} {} {}", d.start.line, d.start.column, d.code, d.path, d.message))
            .collect()
    }

    #[test]
    fn a_policy_is_read_and_printed_as_it_was() {
        let text = r#"{"defaultAction":"deny","rules":[{"pattern":"Get-*","action":"allow","shells":["pwsh"],"description":"d","enabled":true},{"pattern":"*","action":"prompt"}]}"#;
        let policy = parse(text.as_bytes(), Syntax::Json).unwrap();
        assert_eq!(policy.rules[0].action, Action::Allow);
        assert_eq!(serde_json::to_string(&policy).unwrap(), text);
        let json5 = br"{rules: [{pattern: 'hostname', action: 'allow'}], /* all */}";
        assert_eq!(parse(json5, Syntax::Json5).unwrap().rules[0].pattern.as_str(), "hostname");
        assert_eq!(parse(json5, Syntax::Json).unwrap_err().diagnostics[0].code, Code::Json5Notation);
    }

    #[test]
    fn every_problem_is_told_with_its_place() {
        let text = r#"{"defaultAction": "alow", "rules": [
 {"pattern": " ", "action": "allow"},
 {"patern": "x", "action": null, "shells": ["cmd", ""], "enabled": 1},
 "hostname"], "version": 1}"#;
        assert_eq!(
            found(text),
            [
                r#"1:19 unknown-value /defaultAction "alow" is not a value of `defaultAction`"#,
                "2:14 blank-text /rules/0/pattern `pattern` is blank",
                "3:2 missing-field /rules/1 `pattern` is missing in a rule",
                "3:3 unknown-field /rules/1/patern a rule has no field `patern`",
                "3:28 wrong-type /rules/1/action `action` is not a string",
                "3:52 blank-text /rules/1/shells/1 a shell is blank",
                "3:68 wrong-type /rules/1/enabled `enabled` is not a boolean",
                "4:2 wrong-type /rules/2 a rule is not an object",
                "4:15 unknown-field /version the policy has no field `version`",
            ]
        );
        let verdict = check(text.as_bytes(), Syntax::Json);
        assert_eq!(verdict.diagnostics[0].suggestion.as_deref(), Some("allow"));
        assert_eq!(verdict.diagnostics[3].suggestion.as_deref(), Some("pattern"));
    }

    #[test]
    fn a_request_around_a_policy_and_a_document_are_told_apart() {
        let request = r#"{"nodeId": "n", "native": {"rules": []}, "baseHash": "h"}"#;
        assert_eq!(
            found(request),
            ["1:17 wrapped-document /native this is a policy in its envelope, not a policy"]
        );
        let document = found(r#"{"version": 1, "agents": {"main": {"allowlist": []}}}"#);
        assert_eq!(document[0], "1:1 missing-field  `rules` is missing in the policy");
        assert_eq!(found("[]"), ["1:1 wrong-type  the policy is not an object"]);
    }

    #[test]
    fn no_secret_is_shown() {
        let verdict = check(br#"{"rules": [], "token": "hunter2", "sokcet": ["hunter2"]}"#, Syntax::Json);
        assert!(verdict.errors() == 2 && !format!("{verdict:?}").contains("hunter2"), "{verdict:?}");
        let shown = check(br#"{"rules": [{"pattern": "rm *", "action": "never"}]}"#, Syntax::Json);
        assert!(format!("{shown:?}").contains("never") && format!("{shown:?}").contains("rm *"));
    }

    fn told(before: &Value, after: &Value) -> Vec<String> {
        let shown = |value: &Option<Value>| value.as_ref().map_or("-".to_owned(), Value::to_string);
        let changes = changes(before, after);
        changes.iter().map(|c| format!("{} {} {}", c.path, shown(&c.before), shown(&c.after))).collect()
    }

    #[test]
    fn rules_are_compared_in_their_order() {
        let before = json!({"defaultAction": "deny", "rules": [
            {"pattern": "a", "action": "allow", "enabled": true, "shells": []}, {"pattern": "b", "action": "deny"},
            {"pattern": "c", "action": "deny"}]});
        let after = json!({"defaultAction": "allow", "rules": [
            {"pattern": "x", "action": "deny"}, {"pattern": "b", "action": "prompt"},
            {"pattern": "a", "action": "allow"}]});
        assert_eq!(
            told(&before, &after),
            [
                r#"/defaultAction "deny" "allow""#,
                r#"/rules/1/action "deny" "prompt""#,
                r#"/rules/2 {"action":"deny","pattern":"c"} -"#,
                r#"/rules/0 - {"action":"deny","pattern":"x"}"#,
                r#"/rules [{"action":"allow","pattern":"a"},{"action":"deny","pattern":"b"}] [{"action":"deny","pattern":"b"},{"action":"allow","pattern":"a"}]"#
            ]
        );
        let as_stored =
            json!({"defaultAction": "deny", "rules": [{"pattern": "a", "action": "allow", "enabled": true}]});
        assert!(told(&json!({"rules": [{"pattern": "a", "action": "allow"}]}), &as_stored).is_empty());
        assert_eq!(told(&json!({"rules": []}), &json!({})), ["/rules [] -"]);
    }

    fn policies() -> impl Strategy<Value = Value> {
        let word =
            || prop_oneof![Just(json!("allow")), Just(json!("deny")), Just(json!("alow")), Just(json!(1))];
        let text = || prop_oneof![Just(json!("a")), Just(json!(" ")), Just(json!("")), Just(Value::Null)];
        let rule = (text(), word(), prop::option::of(text()), any::<bool>()).prop_map(
            |(pattern, action, shell, odd)| {
                let mut rule = json!({"pattern": pattern, "action": action});
                if let Some(shell) = shell {
                    rule["shells"] = json!([shell]);
                    rule["description"] = shell;
                }
                if odd {
                    rule["enabled"] = json!(rule["action"] == "allow");
                }
                rule
            },
        );
        (prop::option::of(word()), prop::collection::vec(rule, 0..3), any::<bool>()).prop_map(
            |(action, rules, odd)| {
                let mut policy = json!({"rules": rules});
                if let Some(action) = action {
                    policy["defaultAction"] = action;
                }
                if odd { json!([policy]) } else { policy }
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        #[test]
        fn types_and_schema_agree(policy in policies()) {
            let text = policy.to_string();
            let types = serde_json::from_str::<Policy<'_>>(&text).is_ok();
            prop_assert_eq!(types, Contract::Native.errors(&policy).next().is_none());
            let verdict = check(text.as_bytes(), Syntax::Json);
            prop_assert_eq!(verdict.is_valid(), types);
            prop_assert!(verdict.diagnostics.iter().all(|d| d.code != Code::Refused));
            prop_assert!(changes(&policy, &policy).is_empty());
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            check(&bytes, Syntax::Json5);
        }
    }
}
