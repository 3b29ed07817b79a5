//! The fields that are part of an intent, and those that are not.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::intent::Doubt;
use super::super::{Kind, Reader};
use super::reading::fixture;
use super::{HOSTILE, hostile, prompt, row, with};

#[test]
fn every_look_alike_is_another_command() {
    for (at, one) in HOSTILE.iter().enumerate() {
        for (other_at, other) in HOSTILE.iter().enumerate() {
            let same = prompt("a", one, |_| ()).intent == prompt("b", other, |_| ()).intent;
            assert_eq!(same, at == other_at, "{one:?} {other:?}");
        }
    }
}

/// The table of `intent::part`, row by row.
#[test]
fn what_counts() {
    for kind in Kind::ALL {
        let base = with(kind, "future", &Value::Null).intent;
        let exec = kind == Kind::Exec;
        for (field, counts) in [
            ("command", true),
            ("commandArgv", true),
            ("cwd", true),
            ("host", true),
            ("nodeId", true),
            ("resolvedPath", true),
            ("envKeys", true),
            ("cronOperationBinding", true),
            ("cronExecutionSource", true),
            ("scope", true),
            ("title", true),
            ("description", true),
            ("detail", true),
            ("pluginId", true),
            ("toolName", true),
            ("mcpTool", true),
            ("severity", true),
            ("proposalHash", true),
            ("future", true),
            ("agentId", false),
            ("sessionKey", false),
            ("sessionId", false),
            ("runId", false),
            ("toolCallId", kind == Kind::Plugin),
            ("turnSourceChannel", false),
            ("turnSourceTo", false),
            ("turnSourceAccountId", false),
            ("turnSourceThreadId", false),
            ("allowedDecisions", false),
            ("unavailableDecisions", false),
            ("security", !exec),
            ("ask", !exec),
            ("warningText", !exec),
            ("commandAnalysis", !exec),
            ("commandSpans", !exec),
            ("commandPreview", !exec),
        ] {
            let changed = with(kind, field, &json!("another")).intent;
            assert_eq!(changed != base, counts, "{kind:?} {field}");
        }
    }
}

#[test]
fn kinds_never_meet() {
    let intents = Kind::ALL.map(|kind| with(kind, "x", &json!(1)).intent);
    assert!(intents[0] != intents[1] && intents[1] != intents[2] && intents[0] != intents[2]);
}

#[test]
fn what_a_node_is_bound_to() {
    let rows: Vec<Value> = serde_json::from_str(fixture!("made/exec.json")).unwrap();
    let read = |change: &dyn Fn(&mut Value)| {
        let mut row = rows[0].clone();
        change(&mut row["request"]);
        let prompt = Reader::new().text(Kind::Exec, &row.to_string()).unwrap();
        assert_eq!(prompt.doubt, None);
        prompt.intent
    };
    let base = read(&|_| ());
    for (object, field, counts) in [
        ("systemRunBinding", "argv", true),
        ("systemRunBinding", "cwd", true),
        ("systemRunBinding", "envHash", true),
        ("systemRunBinding", "agentId", false),
        ("systemRunBinding", "sessionKey", false),
        ("systemRunPlan", "argv", true),
        ("systemRunPlan", "commandText", true),
        ("systemRunPlan", "commandPreview", false),
        ("systemRunPlan", "agentId", false),
        ("systemRunPlan", "sessionKey", false),
        ("systemRunPlan", "policySnapshot", false),
    ] {
        let value = if field == "argv" { json!(["x"]) } else { json!("x") };
        assert_eq!(
            read(&|request| request[object][field] = value.clone()) != base,
            counts,
            "{object}.{field}"
        );
    }
    let edited = |request: &mut Value| request["systemRunPlan"]["mutableFileOperand"]["sha256"] = json!("00");
    assert_ne!(read(&edited), base, "an edited script is another command");
}

#[test]
fn null_and_absent_are_one() {
    let base = prompt("a", "ls", |_| ()).intent;
    for absent in ["nodeId", "systemRunBinding", "systemRunPlan"] {
        let removed = prompt("a", "ls", |row| {
            row["request"].as_object_mut().unwrap().remove(absent);
        });
        assert_eq!(removed.intent, base, "{absent}");
    }
    for added in ["scope", "resolvedPath", "cronOperationBinding", "future"] {
        assert_eq!(prompt("a", "ls", |row| row["request"][added] = Value::Null).intent, base, "{added}");
    }
    // Only a missing field equals null.
    for empty in [json!(""), json!([]), json!({}), json!(0), json!(false)] {
        assert_ne!(prompt("a", "ls", |row| row["request"]["future"] = empty.clone()).intent, base, "{empty}");
    }
}

#[test]
fn parts_do_not_run_together() {
    let of = |argv: Value, cwd: &str| {
        prompt("a", "x", |row| {
            row["request"]["commandArgv"] = argv.clone();
            row["request"]["cwd"] = cwd.into();
        })
        .intent
    };
    let mut all = vec![
        of(json!(["a", "b"]), "c"),
        of(json!(["ab"]), "c"),
        of(json!(["a b"]), "c"),
        of(json!(["a", "", "b"]), "c"),
        of(json!(["a", "bc"]), ""),
        of(json!([["a", "b"]]), "c"),
        of(json!({"a": "b"}), "c"),
        of(json!("a"), "c"),
        of(json!(1), "c"),
        of(json!(1.0), "c"),
        of(json!("1"), "c"),
        of(json!([null]), "c"),
        of(json!([]), "c"),
    ];
    let count = all.len();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), count);
}

#[test]
fn what_is_not_told_in_full_is_in_doubt() {
    let doubt = |change: &dyn Fn(&mut Value)| prompt("a", "ls", |row| change(&mut row["request"])).doubt;
    assert_eq!(doubt(&|_| ()), None);
    for text in [
        "curl -H 'Authorization: Bearer abcdef…wxyz'",
        "PASSWORD=*** psql",
        "aaaa…[truncated]",
        "[exec approval command exceeds display size limit; full text suppressed]",
    ] {
        assert_eq!(doubt(&|request| request["command"] = text.into()), Some(Doubt::Elided), "{text}");
        assert_eq!(doubt(&|request| request["cwd"] = text.into()), Some(Doubt::Elided), "{text}");
        let with_arguments = |request: &mut Value| {
            request["command"] = text.into();
            request["commandArgv"] = json!(["psql", "***"]);
        };
        assert_eq!(doubt(&with_arguments), None, "arguments are listed as they are");
        assert_eq!(doubt(&|request| request["warningText"] = text.into()), None, "it does not count");
    }
}

#[test]
fn variables_without_values_are_in_doubt() {
    let doubt = |keys: Value| prompt("a", "ls", |row| row["request"]["envKeys"] = keys).doubt;
    assert_eq!(doubt(json!(["DEPLOY_TO"])), Some(Doubt::Environment));
    assert_eq!(doubt(json!("DEPLOY_TO")), Some(Doubt::Environment), "what is not understood is in doubt");
    assert_eq!((doubt(json!([])), doubt(Value::Null)), (None, None));
    let rows: Vec<Value> = serde_json::from_str(fixture!("made/exec.json")).unwrap();
    for (row, bound) in rows.iter().zip(["node", "cron job"]) {
        assert_eq!(Reader::new().text(Kind::Exec, &row.to_string()).unwrap().doubt, None, "{bound}");
    }
    let mut unbound = rows[0].clone();
    unbound["request"]["systemRunBinding"]["envHash"] = Value::Null;
    assert_eq!(Reader::new().text(Kind::Exec, &unbound.to_string()).unwrap().doubt, Some(Doubt::Environment));
}

#[test]
fn plugins_and_systems_in_doubt() {
    assert_eq!(with(Kind::Plugin, "description", &json!("token abcdef…wxyz")).doubt, Some(Doubt::Elided));
    assert_eq!(with(Kind::Plugin, "scope", &json!({"recipients": ["a***"]})).doubt, Some(Doubt::Elided));
    assert_eq!(with(Kind::Plugin, "turnSourceTo", &json!("***")).doubt, None);
    assert_eq!(with(Kind::System, "description", &json!("a…")).doubt, Some(Doubt::Elided));
    let rows: Vec<Value> = serde_json::from_str(fixture!("made/system.json")).unwrap();
    let mut row = rows[0].clone();
    row["request"]["description"] = json!("cut…");
    assert_eq!(
        Reader::new().text(Kind::System, &row.to_string()).unwrap().doubt,
        None,
        "the proposal's hash decides"
    );
}

#[test]
fn both_generations_say_the_same() {
    let read = |text: &str| -> Value { serde_json::from_str::<Vec<Value>>(text).unwrap()[1].clone() };
    let mut legacy = read(fixture!("2026.4.14/exec.json"));
    let current = read(fixture!("2026.9.6/exec.json"));
    legacy["request"]["command"] = current["request"]["command"].clone();
    let of = |row: &Value| Reader::new().text(Kind::Exec, &row.to_string()).unwrap().intent;
    assert_eq!(of(&legacy), of(&current));
}

proptest! {
    #[test]
    fn one_byte_is_enough(text in hostile(), at in any::<prop::sample::Index>(), other in any::<char>()) {
        let mut chars: Vec<char> = text.chars().collect();
        if let Some(len) = std::num::NonZero::new(chars.len()) {
            chars[at.index(len.get())] = other;
        } else {
            chars.push(other);
        }
        let changed: String = chars.into_iter().collect();
        for field in ["command", "cwd", "host", "nodeId", "resolvedPath"] {
            let of = |text: &str| {
                let mut row = row("a", "ls");
                row["request"][field] = format!("x{text}").into();
                Reader::new().text(Kind::Exec, &row.to_string()).unwrap().intent
            };
            prop_assert_eq!(of(&text) == of(&changed), text == changed);
        }
    }
}
