//! The changes when a node's own policy is replaced.

use serde_json::Value;

use super::changes::Change;
use super::comparison;
use crate::approvals::model::path::{Path, Step};

/// The changes when one policy replaces another, or when a node modifies the policy that it received.
///
/// The order of rules is policy: rules are tried from the first to the last, and the first that matches decides
/// (`ExecApprovalPolicy.Evaluate` of the Windows node). A rule that is only in `before` is listed under its index
/// there, a rule that is only in `after` under its index there. Rules that changed places are listed as one change of
/// `/rules`, from the first that moved to the last. Equivalent forms are not a change: `enabled` absent and true,
/// `shells` absent and empty, and a `defaultAction` that one side lacks, since a node keeps its own.
pub fn changes(before: &Value, after: &Value) -> Vec<Change> {
    let [before, after] = [before, after].map(plain);
    let mut changes = Vec::new();
    let names = ["defaultAction", "rules"].map(|name| (name, before.get(name), after.get(name)));
    for (name, before, after) in names {
        let path: Path = [Step::Key(name.to_owned())].into_iter().collect();
        match (name, before, after) {
            ("defaultAction", None, _) | ("defaultAction", _, None) => {}
            ("rules", Some(Value::Array(before)), Some(Value::Array(after))) => {
                changes.extend(comparison::rules(&path, before, after));
            }
            (_, before, after) if before != after => {
                changes.push(Change { path, before: before.cloned(), after: after.cloned() });
            }
            _ => {}
        }
    }
    changes
}

/// A policy without fields that have their default value.
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
    use serde_json::json;

    use super::*;

    fn reported(before: &Value, after: &Value) -> Vec<String> {
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
            reported(&before, &after),
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
        assert!(reported(&json!({"rules": [{"pattern": "a", "action": "allow"}]}), &as_stored).is_empty());
        assert_eq!(reported(&json!({"rules": []}), &json!({})), ["/rules [] -"]);
    }
}
