//! Tests of the changes that a gateway makes to a document.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::{Change, Depth, values};
use super::lines;
use crate::approvals::Syntax;
use crate::approvals::check::agreement::documents;
use crate::approvals::parse;

fn departures(sent: &Value, stored: &Value) -> Vec<Change> {
    values(sent, stored, Depth::Stored).policy
}

fn reported(sent: &Value, stored: &Value) -> Vec<String> {
    lines(&departures(sent, stored))
}

fn list(entries: &Value) -> Value {
    json!({"version": 1, "agents": {"main": {"allowlist": entries}}})
}

/// The parts that a gateway adds: ids, its socket, empty objects.
fn as_stored(document: &Value) -> Value {
    let mut stored = document.clone();
    stored["socket"] = json!({"path": "/run/gateway.sock"});
    let fields = stored.as_object_mut().unwrap();
    fields.entry("defaults").or_insert_with(|| json!({}));
    let agents = fields.entry("agents").or_insert_with(|| json!({})).as_object_mut().unwrap();
    let allowlists = agents.values_mut().filter_map(|agent| agent.get_mut("allowlist")?.as_array_mut());
    for (count, entry) in allowlists.flatten().filter_map(Value::as_object_mut).enumerate() {
        entry.entry("id").or_insert_with(|| json!(format!("given-{count}")));
    }
    stored
}

#[test]
fn what_every_gateway_adds_is_no_departure() {
    let sent = json!({"version": 1.0, "socket": {"token": "hunter2"}});
    let stored = json!({"version": 1, "socket": {"path": "/x"}, "defaults": {}, "agents": {}});
    assert!(reported(&sent, &stored).is_empty() && reported(&stored, &sent).is_empty());
    let sent = list(&json!([{"pattern": "/a"}, {"pattern": "/a", "lastUsedAt": 1.0}, {"pattern": "/a"}]));
    assert!(reported(&sent, &as_stored(&sent)).is_empty());
}

#[test]
fn a_dropped_policy_and_a_merged_agent_are_reported() {
    // Measured: 2026.4.14 drops unknown fields, and merges `default` into `main`.
    let sent = json!({"version": 1, "defaults": {"security": "alowlist"}, "agents": {
        "default": {"ask": "off"}, "main": {"ask": " ALWAYS ", "allowlist": []}, "empty": {}}});
    let stored = json!({"version": 1, "defaults": {}, "agents": {"main": {"ask": "off"}}});
    let blank = list(&json!([{"pattern": ""}]));
    let dropped = json!({"version": 1, "agents": {"main": {}}});
    assert_eq!(reported(&blank, &dropped), [r#"/agents/main/allowlist/0 {"pattern":""} -"#]);
    assert_eq!(
        reported(&sent, &stored),
        [
            r#"/agents/default {"ask":"off"} -"#,
            "/agents/empty {} -",
            "/agents/main/allowlist [] -",
            r#"/agents/main/ask " ALWAYS " "off""#,
            r#"/defaults/security "alowlist" -"#
        ]
    );
}

#[test]
fn dropped_merged_and_changed_entries_are_reported_by_their_index() {
    let sent = list(&json!([
        {"pattern": " "},
        {"pattern": "/a", "commandText": "a b", "source": "allow-always"},
        {"pattern": "/b"}, {"pattern": "/b"},
        {"id": "mine", "pattern": "/c", "lastUsedAt": 1.5}
    ]));
    let stored = list(&json!([
        {"id": "1", "pattern": "/a", "source": "allow-always"},
        {"id": "2", "pattern": "/b"},
        {"id": "other", "pattern": "/c", "lastUsedAt": 1},
        {"id": "3", "pattern": "/d"}
    ]));
    assert_eq!(
        reported(&sent, &stored),
        [
            r#"/agents/main/allowlist/0 {"pattern":" "} -"#,
            r#"/agents/main/allowlist/1/commandText "a b" -"#,
            r#"/agents/main/allowlist/3 {"pattern":"/b"} -"#,
            r#"/agents/main/allowlist/4/id "mine" "other""#,
            "/agents/main/allowlist/4/lastUsedAt 1.5 1",
            r#"/agents/main/allowlist - {"id":"3","pattern":"/d"}"#
        ]
    );
}

#[test]
fn entries_that_changed_places_are_reported_and_tools_are_a_set() {
    let sent = list(&json!([{"pattern": "/a"}, {"pattern": "/b"}, {"pattern": "/c"}, {"pattern": "/d"}]));
    let stored = list(&json!([{"pattern": "/a"}, {"pattern": "/c"}, {"pattern": "/b"}, {"pattern": "/d"}]));
    assert_eq!(
        reported(&sent, &as_stored(&stored)),
        [r#"/agents/main/allowlist [{"pattern":"/b"},{"pattern":"/c"}] [{"pattern":"/c"},{"pattern":"/b"}]"#]
    );
    let tools = |names: [&str; 2]| {
        let tools = names.map(|tool| json!({"server": "s", "tool": tool, "addedAt": 1}));
        json!({"version": 1, "agents": {"main": {"mcpTools": tools}}})
    };
    assert!(reported(&tools(["a", "b"]), &tools(["b", "a"])).is_empty());
    let with_id = json!({"version": 1, "agents": {"main": {"mcpTools": [{"server": "s", "id": "x"}]}}});
    let without = json!({"version": 1, "agents": {"main": {"mcpTools": [{"server": "s"}]}}});
    assert_eq!(reported(&without, &with_id), [r#"/agents/main/mcpTools/0/id - "x""#]);
}

#[test]
fn no_secret_is_reported() {
    let sent = json!({"version": 1, "token": "hunter2", "agents": {"main": {"password": "hunter2"}}});
    let reported = reported(&sent, &json!({"version": 1}));
    assert!(reported.len() == 2 && !reported.join("").contains("hunter2"), "{reported:?}");
    assert!(!format!("{:?}", departures(&sent, &Value::Null)).contains("hunter2"));
}

#[test]
fn a_long_list_is_compared_in_time() {
    let entries: Vec<Value> = (0..30_000).map(|n| json!({"pattern": format!("/{n}")})).collect();
    let (sent, dropped) = (list(&json!(entries)), list(&json!(entries[1..])));
    assert_eq!(reported(&sent, &as_stored(&dropped)), [r#"/agents/main/allowlist/0 {"pattern":"/0"} -"#]);
    let reversed = list(&entries.into_iter().rev().collect());
    assert_eq!(departures(&sent, &reversed).len(), 1);
}

/// Paths to every leaf, empty arrays and objects among them.
fn leaves(value: &Value, path: &str, found: &mut Vec<String>) {
    let step = |name: &str| format!("{path}/{}", name.replace('~', "~0").replace('/', "~1"));
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            fields.iter().for_each(|(name, value)| leaves(value, &step(name), found));
        }
        Value::Array(elements) if !elements.is_empty() => {
            elements.iter().enumerate().for_each(|(at, value)| leaves(value, &step(&at.to_string()), found));
        }
        _ => found.push(path.to_owned()),
    }
}

fn remove(document: &mut Value, pointer: &str) {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    match document.pointer_mut(parent).unwrap() {
        Value::Object(fields) => drop(fields.remove(&name.replace("~1", "/").replace("~0", "~"))),
        Value::Array(elements) => drop(elements.remove(name.parse().unwrap())),
        _ => unreachable!(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn ids_and_socket_are_no_departure_and_every_other_leaf_is(
        document in documents(), at in any::<prop::sample::Index>(), gone in any::<bool>()
    ) {
        if parse(document.to_string().as_bytes(), Syntax::Json).is_ok() {
            let stored = as_stored(&document);
            prop_assert_eq!(departures(&document, &stored), []);
            let mut found = Vec::new();
            leaves(&document, "", &mut found);
            let kept = ["/defaults", "/agents"];
            found.retain(|leaf| !leaf.starts_with("/socket") && !kept.contains(&leaf.as_str()));
            let leaf = &found[at.index(found.len())];
            let mut changed = stored;
            if gone {
                remove(&mut changed, leaf);
            } else {
                *changed.pointer_mut(leaf).unwrap() = json!({"another": "value"});
            }
            prop_assert!(!departures(&document, &changed).is_empty(), "{}", leaf);
        }
    }
}
