//! What a gateway made of a document that it was sent: everything that it dropped, changed or added.
//!
//! Stricter than [`crate::approvals::compare::changes`]: there bookkeeping and order are no news, here whoever set a document must get
//! that document back. Only what every gateway adds by itself is let through.

mod pairing;

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::approvals::compare::changes::{Change, masked};
use crate::approvals::model::path::{Path, Step};
use pairing::{Grace, Kind, Pairing, canonical};

/// Where what a gateway stores departs from the document that it was sent.
///
/// No departure are: an `id` that an entry without one was given, the whole `socket` block (a gateway keeps its own
/// and hides its token), `defaults` and `agents` that are absent on one side and empty on the other, and the order
/// of agents and of the fields of an object. Numbers are compared as a gateway holds them, as doubles: 1 is 1.0.
///
/// The order of an allowlist's entries is compared, because it is policy: of several entries that match a command a
/// host takes the first (`matchAllowlist` in 2026.4.14 and 2026.9.6), and that entry's `source` decides whether the
/// command counts as approved for good (`hasSegmentDurableExecApproval`). Both releases keep the order (measured).
/// MCP tools are a set, and their order is not compared.
///
/// Each path leads into the document that was sent, entries by their index there; what stands only in the stored
/// one is told at its list. Entries that changed places are told as one change of their list, from the first that
/// moved to the last. Secrets are masked. Departures of one list follow its order.
pub fn departures(sent: &Value, stored: &Value) -> Vec<Change> {
    Departures::between(sent, stored, Grace::Gateway)
}

/// Every difference between two documents or two native policies, told in the same way, and with nothing let through
/// but the order of agents and of the fields of an object, and how a number is written.
pub(in crate::approvals) fn differences(before: &Value, after: &Value) -> Vec<Change> {
    Departures::between(before, after, Grace::None)
}

/// The same of two lists of a native policy's rules, of which every one may decide.
pub(in crate::approvals) fn of_rules(path: &Path, sent: &[Value], stored: &[Value]) -> Vec<Change> {
    let mut found = Departures { changes: Vec::new(), grace: Grace::Gateway };
    found.list(path, Kind::Rules, sent, stored);
    found.changes
}

struct Departures {
    changes: Vec<Change>,
    grace: Grace,
}

impl Departures {
    fn between(sent: &Value, stored: &Value, grace: Grace) -> Vec<Change> {
        let mut found = Self { changes: Vec::new(), grace };
        if !(sent.is_object() && stored.is_object()) {
            found.value(Path::default(), Some(sent), Some(stored));
            return found.changes;
        }
        let root = Path::default();
        found.fields(&root, Some(sent), Some(stored), |found, path, name, sent, stored| match name {
            "socket" if grace == Grace::Gateway => {}
            "socket" | "defaults" => found.block(&path, sent, stored, |found, path, _, sent, stored| {
                found.value(path, sent, stored);
            }),
            "agents" => found.block(&path, sent, stored, |found, path, _, sent, stored| {
                found.agent(path, sent, stored);
            }),
            "rules" => match (sent, stored) {
                (Some(Value::Array(sent)), Some(Value::Array(stored))) => {
                    found.list(&path, Kind::Rules, sent, stored);
                }
                _ => found.value(path, sent, stored),
            },
            _ => found.value(path, sent, stored),
        });
        found.changes
    }

    /// Field by field. A gateway fills in blocks that are absent with empty ones.
    fn block(
        &mut self,
        path: &Path,
        sent: Option<&Value>,
        stored: Option<&Value>,
        field: impl Fn(&mut Self, Path, &str, Option<&Value>, Option<&Value>),
    ) {
        if self.grace == Grace::None && (sent.is_none() || stored.is_none()) {
            return self.value(path.clone(), sent, stored);
        }
        self.fields(path, sent, stored, field);
    }

    fn value(&mut self, path: Path, sent: Option<&Value>, stored: Option<&Value>) {
        let same = match (sent, stored) {
            (Some(sent), Some(stored)) => canonical(sent) == canonical(stored),
            (None, None) => true,
            _ => false,
        };
        if !same {
            let [before, after] = [sent, stored].map(|side| side.map(|value| masked(&path, value.clone())));
            self.changes.push(Change { path, before, after });
        }
    }

    /// Field by field where both sides are objects or absent, else as a whole.
    fn fields(
        &mut self,
        path: &Path,
        sent: Option<&Value>,
        stored: Option<&Value>,
        field: impl Fn(&mut Self, Path, &str, Option<&Value>, Option<&Value>),
    ) {
        if [sent, stored].into_iter().flatten().any(|value| !value.is_object()) {
            return self.value(path.clone(), sent, stored);
        }
        let [sent, stored] = [sent, stored].map(|side| side.and_then(Value::as_object));
        let names: BTreeSet<&String> = sent.into_iter().chain(stored).flat_map(Map::keys).collect();
        for name in names {
            let path = path.join(Step::Key(name.clone()));
            field(
                self,
                path,
                name,
                sent.and_then(|side| side.get(name)),
                stored.and_then(|side| side.get(name)),
            );
        }
    }

    /// An agent that is on one side alone is told as a whole: it vanished, or was merged into another.
    fn agent(&mut self, path: Path, sent: Option<&Value>, stored: Option<&Value>) {
        if sent.is_none() || stored.is_none() {
            return self.value(path, sent, stored);
        }
        self.fields(&path, sent, stored, |found, path, name, sent, stored| {
            let kind = match name {
                "allowlist" => Kind::Allowlist,
                "mcpTools" => Kind::McpTools,
                _ => return found.value(path, sent, stored),
            };
            match (sent, stored) {
                (Some(Value::Array(sent)), Some(Value::Array(stored))) => {
                    found.list(&path, kind, sent, stored);
                }
                // A gateway drops a list with its last entry.
                (Some(Value::Array(sent)), None) if !sent.is_empty() => found.list(&path, kind, sent, &[]),
                _ => found.value(path, sent, stored),
            }
        });
    }

    fn list(&mut self, path: &Path, kind: Kind, sent: &[Value], stored: &[Value]) {
        let pairs = Pairing::of(kind, self.grace, sent, stored);
        for (index, element) in sent.iter().enumerate().filter(|(index, _)| !pairs.same[*index]) {
            let path = path.join(Step::Index(index));
            match pairs.stored_of[index] {
                Some(at) => self.element(&path, kind, element, &stored[at]),
                None => self.value(path, Some(element), None),
            }
        }
        for (at, element) in stored.iter().enumerate() {
            if !pairs.taken[at] {
                // Where a rule stands is part of what it says.
                let place = if kind == Kind::Rules { path.join(Step::Index(at)) } else { path.clone() };
                self.value(place, None, Some(element));
            }
        }
        if (kind != Kind::McpTools || self.grace == Grace::None)
            && let Some((before, after)) = pairs.moved()
        {
            let [before, after] = [before, after].map(|order| {
                order.into_iter().map(|index| masked(path, sent[index].clone())).collect::<Value>()
            });
            self.changes.push(Change { path: path.clone(), before: Some(before), after: Some(after) });
        }
    }

    fn element(&mut self, path: &Path, kind: Kind, sent: &Value, stored: &Value) {
        self.fields(path, Some(sent), Some(stored), |found, path, name, sent, stored| {
            if !(name == "id" && kind.may_gain_id(found.grace, sent, stored)) {
                found.value(path, sent, stored);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::approvals::Syntax;
    use crate::approvals::check::agreement::documents;
    use crate::approvals::parse;

    fn told(sent: &Value, stored: &Value) -> Vec<String> {
        let shown = |value: &Option<Value>| value.as_ref().map_or("-".to_owned(), Value::to_string);
        departures(sent, stored)
            .iter()
            .map(|change| format!("{} {} {}", change.path, shown(&change.before), shown(&change.after)))
            .collect()
    }

    fn list(entries: &Value) -> Value {
        json!({"version": 1, "agents": {"main": {"allowlist": entries}}})
    }

    /// What a gateway adds: ids, its socket, empty objects.
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
        assert!(told(&sent, &stored).is_empty() && told(&stored, &sent).is_empty());
        let sent = list(&json!([{"pattern": "/a"}, {"pattern": "/a", "lastUsedAt": 1.0}, {"pattern": "/a"}]));
        assert!(told(&sent, &as_stored(&sent)).is_empty());
    }

    #[test]
    fn a_dropped_policy_and_a_merged_agent_are_told() {
        // Measured: 2026.4.14 drops what it does not know, and folds `default` into `main`.
        let sent = json!({"version": 1, "defaults": {"security": "alowlist"}, "agents": {
            "default": {"ask": "off"}, "main": {"ask": " ALWAYS ", "allowlist": []}, "empty": {}}});
        let stored = json!({"version": 1, "defaults": {}, "agents": {"main": {"ask": "off"}}});
        let blank = list(&json!([{"pattern": ""}]));
        let dropped = json!({"version": 1, "agents": {"main": {}}});
        assert_eq!(told(&blank, &dropped), [r#"/agents/main/allowlist/0 {"pattern":""} -"#]);
        assert_eq!(
            told(&sent, &stored),
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
    fn dropped_merged_and_changed_entries_are_told_by_their_index() {
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
            told(&sent, &stored),
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
    fn entries_that_changed_places_are_told_and_tools_are_a_set() {
        let sent = list(&json!([{"pattern": "/a"}, {"pattern": "/b"}, {"pattern": "/c"}, {"pattern": "/d"}]));
        let stored =
            list(&json!([{"pattern": "/a"}, {"pattern": "/c"}, {"pattern": "/b"}, {"pattern": "/d"}]));
        assert_eq!(
            told(&sent, &as_stored(&stored)),
            [
                r#"/agents/main/allowlist [{"pattern":"/b"},{"pattern":"/c"}] [{"pattern":"/c"},{"pattern":"/b"}]"#
            ]
        );
        let tools = |names: [&str; 2]| {
            let tools = names.map(|tool| json!({"server": "s", "tool": tool, "addedAt": 1}));
            json!({"version": 1, "agents": {"main": {"mcpTools": tools}}})
        };
        assert!(told(&tools(["a", "b"]), &tools(["b", "a"])).is_empty());
        let with_id = json!({"version": 1, "agents": {"main": {"mcpTools": [{"server": "s", "id": "x"}]}}});
        let without = json!({"version": 1, "agents": {"main": {"mcpTools": [{"server": "s"}]}}});
        assert_eq!(told(&without, &with_id), [r#"/agents/main/mcpTools/0/id - "x""#]);
    }

    #[test]
    fn no_secret_is_told() {
        let sent = json!({"version": 1, "token": "hunter2", "agents": {"main": {"password": "hunter2"}}});
        let told = told(&sent, &json!({"version": 1}));
        assert!(told.len() == 2 && !told.join("").contains("hunter2"), "{told:?}");
        assert!(!format!("{:?}", departures(&sent, &Value::Null)).contains("hunter2"));
    }

    #[test]
    fn a_long_list_is_compared_in_time() {
        let entries: Vec<Value> = (0..30_000).map(|n| json!({"pattern": format!("/{n}")})).collect();
        let (sent, dropped) = (list(&json!(entries)), list(&json!(entries[1..])));
        assert_eq!(told(&sent, &as_stored(&dropped)), [r#"/agents/main/allowlist/0 {"pattern":"/0"} -"#]);
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
                elements
                    .iter()
                    .enumerate()
                    .for_each(|(at, value)| leaves(value, &step(&at.to_string()), found));
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
}
