//! The verdicts of the gateway's own `matchAllowlist` of 2026.9.6, which `fixtures/lint/matching.mjs` collected, against
//! the evaluator that the lints ask.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::approvals::decide::{Context, Place, Profile, Programs, Question, Table, decide};

/// Entries, the program's name, path and real path, its arguments, and the index of the entry that matches.
type Case = (Value, (String, Option<String>, Option<String>), Vec<String>, Option<usize>);

/// The entry that matches, whatever the policy makes of it.
fn matched(entries: &Value, word: &str, place: Option<(&str, &str)>, arguments: &[String]) -> Option<usize> {
    let document = json!({"version": 1, "defaults": {"security": "allowlist"}, "agents": {"main": {"allowlist": entries}}});
    let places: BTreeMap<String, Place> =
        place.into_iter().map(|(path, real)| (path.to_owned(), Place::At(real.to_owned()))).collect();
    let table = Table { programs: Programs::Places(places), complete: true, ..Table::default() };
    let quoted: Vec<String> = arguments.iter().map(|argument| format!(" '{argument}'")).collect();
    let quoted = quoted.concat();
    let path = place.map_or("", |(path, _)| path.rsplit_once('/').unwrap().0);
    let question = Question {
        command: &format!("{word}{quoted}"),
        agent: "main",
        document: Some(&document.to_string()),
        configuration: &Value::Null,
        directory: "/srv",
        path,
        home: "/home/ann",
        state_directory: None,
        environment: BTreeMap::new(),
        context: Context::Interactive,
        ask: None,
        security: None,
        permission_mode: None,
    };
    let decision = decide(&question, Profile::V2026_9_6, &table.host("/srv"));
    decision.evaluation.unwrap().segments[0].entry.as_ref().map(|entry| entry.stored.1)
}

#[test]
fn the_evaluator_finds_the_entry_that_the_gateway_finds() {
    let text = include_str!("../../../../fixtures/lint/matching.json");
    let cases: Vec<Case> = serde_json::from_str(text).unwrap();
    let mut hits = 0;
    for (entries, (word, path, real), arguments, expected) in cases {
        // What a shell gets is judged besides.
        if word == "bash" && !arguments.is_empty() {
            continue;
        }
        let place = path.as_deref().zip(real.as_deref());
        assert_eq!(
            matched(&entries, &word, place, &arguments),
            expected,
            "{entries} {word} {path:?} {arguments:?}"
        );
        hits += usize::from(expected.is_some());
    }
    assert!(hits > 300, "{hits}");
}
