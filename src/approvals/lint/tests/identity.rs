//! Tests that every command uses the same identity of entries.

use serde_json::{Value, json};

use super::super::{Facts, Overrides, lint};
use crate::approvals::compare::comparison::values;
use crate::approvals::compare::depth::Depth;
use crate::approvals::compare::{alike, diff};
use crate::approvals::edit::allowlist::{Edit, Verb};
use crate::approvals::findings::codes::Code;
use crate::approvals::model::document::{Agents, Entry};
use crate::approvals::parse;
use crate::approvals::text::syntax::Syntax;

fn list(entries: &[&Value]) -> String {
    json!({"version": 1, "defaults": {"security": "allowlist"}, "agents": {"main": {"allowlist": entries}}})
        .to_string()
}

/// Whether `allowlist add` of the first entry finds the second in place.
fn allowlist(one: &Value, other: &Value) -> bool {
    let text = |value: &Value, field: &str| value.get(field).and_then(Value::as_str).map(str::to_owned);
    let text_of_one = list(&[one]);
    let document = parse(text_of_one.as_bytes(), Syntax::Json).unwrap();
    let (_, agent) = document.agents.iter().flat_map(Agents::iter).next().unwrap();
    let source = agent.allowlist.as_ref().unwrap()[0].source;
    let pattern = text(one, "pattern").unwrap();
    let edit = Edit::new(Verb::Remove, "main", &pattern, text(one, "argPattern").as_deref(), source);
    let text = list(&[other]);
    let mut document = parse(text.as_bytes(), Syntax::Json).unwrap();
    edit.unwrap().apply(&mut document, None).changed
}

/// Whether `diff` finds no drift between the two.
fn drift(one: &Value, other: &Value) -> bool {
    let (one, other) = (list(&[one]), list(&[other]));
    let [one, other] = [&one, &other].map(|text| parse(text.as_bytes(), Syntax::Json).unwrap());
    !diff::of_policy(one, other).is_drift()
}

/// Whether `set` changes no policy if one replaces the other.
fn set(one: &Value, other: &Value) -> bool {
    let [one, other] = [one, other].map(|entry| serde_json::from_str(&list(&[entry])).unwrap());
    values(&one, &other, Depth::Policy).is_empty()
}

/// Whether `lint` reports the second as a duplicate of the first.
fn duplicate(one: &Value, other: &Value) -> bool {
    let text = list(&[one, other]);
    let found = lint(text.as_bytes(), Syntax::Json, &Facts::default(), &Overrides::default());
    found.verdict.diagnostics.iter().any(|found| found.code == Code::DuplicateEntry)
}

/// Whether an entry without an id gets the other's id from the store.
fn id(one: &Value, other: &Value) -> bool {
    let with_id = |value: &Value| {
        let mut value = value.clone();
        value["id"] = json!("1");
        value
    };
    let (stored, new) = (list(&[&with_id(other)]), list(&[one]));
    let [stored, new] = [&stored, &new].map(|text| parse(text.as_bytes(), Syntax::Json).unwrap());
    let (agent, rules) = new.agents.iter().flat_map(Agents::iter).next().unwrap();
    let entry: &Entry<'_> = &rules.allowlist.as_ref().unwrap()[0];
    alike::KnownIds::of(&stored).take(agent, entry).is_some()
}

#[test]
fn the_same_entry_is_the_same_for_every_command() {
    let bound = format!("sha256:cwd-argv:v1:{}", "0".repeat(64));
    let generated = json!({"pattern": "/a", "argPattern": bound, "source": "allow-always"});
    let mut with_text = generated.clone();
    with_text["commandText"] = json!("a b");
    // The commands in their order: allowlist, diff, set, lint, and the assignment of a stored id.
    let table = [
        ("written alike", json!({"pattern": "/a"}), json!({"pattern": "/a"}), "same same same same same"),
        (
            "another id, another use",
            json!({"pattern": "/a", "id": "2"}),
            json!({"pattern": "/a", "lastUsedAt": 1, "lastUsedCommand": "a", "lastResolvedPath": "/a"}),
            "same same same same same",
        ),
        (
            "blanks around the pattern",
            json!({"pattern": "/a"}),
            json!({"pattern": " /a\n"}),
            "same same same same same",
        ),
        (
            "an empty argPattern and none",
            json!({"pattern": "/a"}),
            json!({"pattern": "/a", "argPattern": ""}),
            "same same same same same",
        ),
        ("a commandText and none", generated.clone(), with_text, "same same same same same"),
        ("another source", json!({"pattern": "/a", "argPattern": bound}), generated, "- - - - -"),
        (
            "another argPattern",
            json!({"pattern": "/a", "argPattern": "^x$"}),
            json!({"pattern": "/a", "argPattern": "^y$"}),
            "- - - - -",
        ),
        (
            "an argPattern and none",
            json!({"pattern": "/a"}),
            json!({"pattern": "/a", "argPattern": "^x$"}),
            "- - - - -",
        ),
        (
            "blanks around an argPattern",
            json!({"pattern": "/a", "argPattern": "x"}),
            json!({"pattern": "/a", "argPattern": " x"}),
            "- - - - -",
        ),
        (
            "blanks around the pattern of one command",
            json!({"pattern": "=command:00", "source": "allow-always"}),
            json!({"pattern": " =command:00", "source": "allow-always"}),
            "- - - - -",
        ),
        ("another case", json!({"pattern": "/a"}), json!({"pattern": "/A"}), "- - - - -"),
        ("another way to write a path", json!({"pattern": "/a/b"}), json!({"pattern": "/a//b"}), "- - - - -"),
    ];
    let commands = [allowlist, drift, set, duplicate, id];
    for (what, one, other, expected) in table {
        let found = commands.map(|same| if same(&one, &other) { "same" } else { "-" }).join(" ");
        assert_eq!(found, expected, "{what}");
    }
}
