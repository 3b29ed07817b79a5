//! Replays recorded decisions of real releases: clearance still decides as they do. `tests/real_gateway/proof` records them,
//! and compares many more.

#[path = "../real_gateway/proof/compare.rs"]
mod compare;
#[path = "../real_gateway/proof/memory.rs"]
mod memory;
#[allow(dead_code, reason = "only the tests against real releases write the tree and aim at its programs")]
#[path = "../real_gateway/proof/tree.rs"]
mod tree;

use std::fmt::Write;

use clearance::internals::decide::{Case, Profile};
use serde_json::Value;

use crate::support::fixture;

use compare::{Comparison, STATE_DIRECTORY, compare};
use memory::Memory;
use tree::Tree;

/// The least number of recorded cases: fewer protect too little.
const LEAST: usize = 400;

#[test]
fn recorded_decisions_are_repeated() {
    let cases = recorded("cases");
    assert!(cases.len() >= LEAST, "{} cases", cases.len());
    let home = cases[0]["home"].as_str().unwrap();
    let tree = Tree::at(home.strip_suffix("/home").unwrap());
    for profile in Profile::ALL {
        let answers = recorded(profile.release());
        assert_eq!(answers.len(), cases.len(), "{}", profile.release());
        let mut different = String::new();
        for (value, recorded) in cases.iter().zip(&answers) {
            let mut case: Case = serde_json::from_value(value.clone()).unwrap();
            case.state_directory = Some(STATE_DIRECTORY.to_owned());
            let ours = serde_json::to_value(case.answer(profile, &Memory::new(&tree))).unwrap();
            let comparison = compare(recorded, &ours);
            if !matches!(comparison, Comparison::Same | Comparison::Unjudged) {
                write!(different, "\n{comparison:?}: {value}\n  release: {recorded}\nclearance: {ours}")
                    .unwrap();
            }
        }
        assert!(different.is_empty(), "{}: {different}", profile.release());
    }
}

/// A recording must have every verdict of every release, or it protects nothing.
#[test]
fn recordings_have_every_verdict_and_way_to_be_allowed() {
    for profile in Profile::ALL {
        let answers = recorded(profile.release());
        for verdict in ["runs", "asks", "denied"] {
            let count = answers.iter().filter(|answer| answer["verdict"] == verdict).count();
            assert!(count >= 60, "{}: {count} of {verdict}", profile.release());
        }
        // On 2026.9.6 no answer of the recording is durable: its user may change every program.
        let durable = if profile == Profile::V2026_9_6 { "allowlist" } else { "durable" };
        for by in ["allowlist", durable, "safeBins"] {
            let part =
                |answer: &&Value| answer["segments"].as_array().unwrap().iter().any(|part| part["by"] == by);
            assert!(answers.iter().filter(part).count() >= 5, "{}: {by}", profile.release());
        }
    }
}

fn recorded(name: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(fixture(&format!("decisions/{name}.ndjson"))).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
