//! Records `fixtures/decisions`: varied cases with the answers of each release, which `cargo test` replays without a network.
//!
//! A case is recorded if it is small, stays inside the tree, and adds something: a family, a verdict, a reason or a way to be
//! allowed that few recorded cases have.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::sync::Arc;

use clearance::internals::decide::Profile;
use serde_json::Value;

use super::judge::Judge;
use super::memory::Memory;
use super::tree::Tree;
use super::{cases, decided};

/// The seed of the recorded cases, which no proof needs.
const SEED: u64 = 1_000_000;
/// The cases that are judged, and those that are recorded at most.
const JUDGED: u64 = 6000;
const RECORDED: usize = 800;
/// The longest recorded case, in bytes.
const LONGEST: usize = 1800;
/// The recorded cases that may have the same features.
const ALIKE: u32 = 2;

/// Judges cases by each release and writes those that were chosen.
pub(crate) fn record(tree: &Arc<Tree>) {
    let made: Vec<Value> = (0..JUDGED)
        .map(|number| cases::case(tree, SEED, number))
        .filter(|case| case.to_string().len() <= LONGEST && stays_inside(tree, case))
        .collect();
    let judged: Vec<Vec<Value>> = Profile::ALL
        .iter()
        .map(|profile| {
            Judge::start(profile.release(), made.clone().into_iter()).map(|(_, answer)| answer).collect()
        })
        .collect();
    let chosen = chosen(&made, &judged);
    println!("{} of {} cases are recorded", chosen.len(), made.len());
    write("cases", chosen.iter().map(|&at| &made[at]));
    for (profile, answers) in Profile::ALL.iter().zip(&judged) {
        write(profile.release(), chosen.iter().map(|&at| &answers[at]));
    }
}

/// Whether no decision about a case depends on files outside the tree, or on the directory in which the judge runs.
fn stays_inside(tree: &Tree, case: &Value) -> bool {
    let host = Memory::new(tree);
    let is_decided = |profile: Profile| decided(case, profile, &host)["verdict"] != "unknown";
    Profile::ALL.into_iter().all(is_decided) && !host.looked_outside.get()
}

/// The numbers of varied cases, whatever clearance decides about them.
fn chosen(made: &[Value], judged: &[Vec<Value>]) -> Vec<usize> {
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    let mut chosen = Vec::new();
    for (at, case) in made.iter().enumerate() {
        let answers: Vec<&Value> = judged.iter().map(|answers| &answers[at]).collect();
        if chosen.len() == RECORDED || answers.iter().any(|answer| answer["verdict"] == "error") {
            continue;
        }
        let features = features(case, &answers);
        let count = counts.entry(features).or_default();
        if *count < ALIKE {
            *count += 1;
            chosen.push(at);
        }
    }
    chosen
}

/// What distinguishes a case: its family, and how each release answers.
fn features(case: &Value, answers: &[&Value]) -> String {
    let mut features = case["family"].to_string();
    for answer in answers {
        let parts = answer["segments"].as_array().map(Vec::as_slice).unwrap_or_default();
        write!(features, " {}", answer["verdict"]).unwrap();
        for part in parts.iter().take(2) {
            let unwrapped = if part["effective"].is_null() { "" } else { "unwrapped" };
            write!(features, " {} {unwrapped}", part["by"]).unwrap();
        }
    }
    features
}

fn write<'v>(name: &str, lines: impl Iterator<Item = &'v Value>) {
    let mut text = String::new();
    for line in lines {
        writeln!(text, "{line}").unwrap();
    }
    fs::create_dir_all(super::file("fixtures/decisions")).expect("a directory");
    fs::write(super::file(&format!("fixtures/decisions/{name}.ndjson")), text)
        .expect("a recording is written");
}
