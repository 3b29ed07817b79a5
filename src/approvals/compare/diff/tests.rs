use proptest::prelude::*;
use serde_json::{Map, json};

use super::*;
use crate::approvals::Syntax;
use crate::approvals::check::agreement::documents;
use crate::approvals::parse;

fn reported(changes: &[Change]) -> Vec<String> {
    let shown = |value: &Option<Value>| value.as_ref().map_or("-".to_owned(), Value::to_string);
    changes.iter().map(|c| format!("{} {} {}", c.path, shown(&c.before), shown(&c.after))).collect()
}

fn list(entries: &Value) -> Value {
    json!({"version": 1, "agents": {"main": {"allowlist": entries}}})
}

fn of_policy(before: &Value, after: &Value) -> Diff {
    let (before, after) = (before.to_string(), after.to_string());
    let [one, other] = [&before, &after].map(|text| parse(text.as_bytes(), Syntax::Json).unwrap());
    super::of_policy(one, other)
}

#[test]
fn what_means_the_same_is_no_drift() {
    let one = json!({"version": 1, "agents": {
        "main": {"security": "allowlist", "allowlist": [{"pattern": "/a"}, {"pattern": "/b", "argPattern": "^x$"}]},
        "ops": {"ask": "always"}}});
    let other = json!({"version": 1.0, "socket": {"path": "/s", "token": "hunter2"}, "defaults": {}, "agents": {
        "ops": {"ask": "always", "allowlist": [], "mcpTools": []}, "new": {},
        "main": {"security": "allowlist", "allowlist": [
            {"id": "1", "pattern": "/b", "argPattern": "^x$", "lastUsedAt": 1, "lastUsedCommand": "b x"},
            {"id": "2", "pattern": "/a", "argPattern": "", "lastResolvedPath": "/a"}, {"id": "3", "pattern": "/a"}]}}});
    let diff = of_policy(&one, &other);
    assert_eq!((reported(&diff.changes), diff.bookkeeping, diff.reordered), (vec![], 2, vec![]));
    assert_eq!(
        of_policy(&json!({"version": 1}), &json!({"version": 1, "agents": {}, "defaults": {}})),
        Diff::default()
    );
}

#[test]
fn the_order_of_different_sources_is_reported_and_no_drift() {
    let (hand, always) = (json!({"pattern": "/a"}), json!({"pattern": "/a", "source": "allow-always"}));
    let other = json!({"pattern": "/b"});
    let diff = of_policy(&list(&json!([hand, always])), &list(&json!([always, hand])));
    assert!(!diff.is_drift() && diff.reordered == ["main"], "{diff:?}");
    let diff = of_policy(&list(&json!([hand, other, always])), &list(&json!([other, hand, always])));
    assert_eq!(diff, Diff::default());
}

#[test]
fn drift_is_reported_where_it_is() {
    let one = json!({"version": 1, "defaults": {"ask": "off"}, "agents": {"main": {"allowlist": [{"pattern": "/a"}]}}});
    let other =
        json!({"version": 1, "agents": {"main": {"allowlist": [{"pattern": "/a", "argPattern": "^x$"}]}}});
    let diff = of_policy(&one, &other);
    assert_eq!(
        reported(&diff.changes),
        [
            r#"/agents/main/allowlist - {"argPattern":"^x$","pattern":"/a"}"#,
            r#"/agents/main/allowlist {"pattern":"/a"} -"#,
            r#"/defaults/ask "off" -"#
        ]
    );
}

#[test]
fn exact_reports_everything() {
    let one = json!({"version": 1, "socket": {"path": "/a", "token": "hunter2"}, "agents": {"main": {"allowlist": [
        {"pattern": "/a"}, {"pattern": "/b"}]}}});
    let other = json!({"version": 1.0, "socket": {"path": "/a", "token": "hunter3"}, "defaults": {}, "agents": {"main": {
        "allowlist": [{"id": "2", "pattern": "/b"}, {"id": "1", "pattern": "/a", "lastUsedAt": 1}]}}});
    let all = reported(&exact(&one, &other, false).changes);
    assert_eq!(
        all,
        [
            r#"/agents/main/allowlist/0/id - "1""#,
            "/agents/main/allowlist/0/lastUsedAt - 1",
            r#"/agents/main/allowlist/1/id - "2""#,
            r#"/agents/main/allowlist [{"pattern":"/a"},{"pattern":"/b"}] [{"pattern":"/b"},{"pattern":"/a"}]"#,
            "/defaults - {}",
            r#"/socket/token "[redacted]" "[redacted]""#
        ]
    );
    assert_eq!(reported(&exact(&one, &other, true).changes), all[..5]);
    let rules =
        |names: [&str; 2]| json!({"rules": names.map(|name| json!({"pattern": name, "action": "allow"}))});
    assert!(!exact(&rules(["a", "b"]), &rules(["b", "a"]), false).changes.is_empty());
    assert!(of_native(&rules(["a", "b"]), &rules(["b", "a"])).is_drift());
}

fn valid() -> impl Strategy<Value = Value> {
    documents().prop_filter_map("only valid documents are compared", |document| {
        parse(document.to_string().as_bytes(), Syntax::Json).is_ok().then_some(document)
    })
}

/// A document without the parts that do not affect policy.
fn plain_value(mut plain: Value) -> Value {
    let Some(fields) = plain.as_object_mut() else { return plain };
    fields.remove("socket");
    // There is only one version, however it is written.
    fields.remove("version");
    if let Some(agents) = fields.get_mut("agents").and_then(Value::as_object_mut) {
        agents.values_mut().filter_map(Value::as_object_mut).for_each(agent);
        agents.retain(|_, agent| !is_empty(agent));
    }
    fields.retain(|_, value| !is_empty(value));
    plain
}

fn agent(agent: &mut Map<String, Value>) {
    agent.retain(|_, value| !is_empty(value));
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Object(fields) => fields.is_empty(),
        Value::Array(elements) => elements.is_empty(),
        _ => false,
    }
}

/// The policy alone, in one order: a second, independent definition of a diff.
fn normal(document: &Value) -> Value {
    let mut document = plain_value(document.clone());
    let agents = document.get_mut("agents").and_then(Value::as_object_mut);
    for list in agents
        .into_iter()
        .flat_map(Map::values_mut)
        .filter_map(Value::as_object_mut)
        .flat_map(Map::values_mut)
    {
        let Value::Array(elements) = list else { continue };
        for element in elements.iter_mut().filter_map(Value::as_object_mut) {
            element.retain(|field, _| {
                matches!(field.as_str(), "pattern" | "argPattern" | "source" | "server" | "tool")
            });
            if element.get("argPattern") == Some(&json!("")) {
                element.remove("argPattern");
            }
        }
        elements.sort_by_key(Value::to_string);
        elements.dedup();
    }
    document
}

/// The same policy with other ids, usage and order, with repeated entries and another socket.
fn disturbed(document: &Value, seed: u64) -> Value {
    let mut document = document.clone();
    let turn = usize::try_from(seed % 7).unwrap();
    document["socket"] = json!({"path": format!("/run/{seed}")});
    let agents = document.get_mut("agents").and_then(Value::as_object_mut);
    for agent in agents.into_iter().flat_map(Map::values_mut) {
        for name in ["allowlist", "mcpTools"] {
            let Some(elements) = agent.get_mut(name).and_then(Value::as_array_mut) else { continue };
            if !elements.is_empty() {
                let by = turn % elements.len();
                elements.rotate_left(by);
                elements.push(elements[0].clone());
            }
            if seed.is_multiple_of(2) {
                elements.reverse();
            }
            for (at, element) in elements.iter_mut().enumerate() {
                element["lastUsedAt"] = json!(seed + at as u64);
                if name == "allowlist" {
                    element["id"] = json!(format!("{seed}-{at}"));
                    element["lastUsedCommand"] = json!("a command");
                } else {
                    element["addedAt"] = json!(seed);
                }
            }
        }
    }
    document
}

/// Another value for every field of policy, one at a time.
fn changed(document: &Value) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    let mut change = |pointer: &str, field: &str, value: Option<&str>| {
        let mut other = document.clone();
        let Some(parent) = other.pointer_mut(pointer).and_then(Value::as_object_mut) else { return };
        match value {
            Some(value) => drop(parent.insert(field.to_owned(), json!(value))),
            None => drop(parent.remove(field)),
        }
        all.push((format!("{pointer}/{field}"), other));
    };
    let mut policy = |pointer: &str, fields: &Value| {
        for field in ["security", "ask", "askFallback"] {
            if let Some(now) = fields.get(field).and_then(Value::as_str) {
                change(pointer, field, None);
                let words = if field == "ask" { ["off", "always"] } else { ["deny", "full"] };
                change(pointer, field, words.into_iter().find(|word| *word != now));
            }
        }
        if fields.get("autoAllowSkills").is_some() {
            change(pointer, "autoAllowSkills", None);
        }
        for (list, names) in [("allowlist", ["pattern", "argPattern"]), ("mcpTools", ["server", "tool"])] {
            let count = fields.get(list).and_then(Value::as_array).map_or(0, Vec::len);
            for at in 0..count {
                for name in names {
                    change(&format!("{pointer}/{list}/{at}"), name, Some("never-seen-before"));
                }
            }
        }
    };
    policy("/defaults", &document["defaults"]);
    for (id, agent) in document["agents"].as_object().into_iter().flatten() {
        policy(&format!("/agents/{}", id.replace('~', "~0").replace('/', "~1")), agent);
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_document_does_not_drift_from_itself(document in valid()) {
        prop_assert_eq!(of_policy(&document, &document), Diff::default());
        prop_assert_eq!(exact(&document, &document, false), Diff::default());
    }

    #[test]
    fn there_is_drift_where_the_policies_differ_and_nowhere_else(one in valid(), other in valid()) {
        let there = of_policy(&one, &other);
        prop_assert_eq!(there.is_drift(), normal(&one) != normal(&other));
        let back = of_policy(&other, &one);
        prop_assert_eq!(there.is_drift(), back.is_drift());
        prop_assert_eq!(there.changes.len(), back.changes.len());
        prop_assert_eq!(&there.reordered, &back.reordered);
        prop_assert_eq!(exact(&one, &other, false).is_drift(), exact(&other, &one, false).is_drift());
        prop_assert!(!there.is_drift() || exact(&one, &other, false).is_drift());
    }

    #[test]
    fn order_ids_usage_and_the_socket_are_never_drift(document in valid(), seed in 0..1000u64) {
        let other = disturbed(&document, seed);
        prop_assert_eq!(reported(&of_policy(&document, &other).changes), Vec::<String>::new());
        prop_assert_eq!(normal(&document), normal(&other));
    }

    #[test]
    fn every_change_of_policy_is_drift(document in valid(), seed in 0..1000u64) {
        for (place, other) in changed(&document) {
            prop_assert!(of_policy(&document, &disturbed(&other, seed)).is_drift(), "{}", place);
        }
    }
}
