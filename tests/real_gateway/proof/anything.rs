//! Whatever bytes are the command: nothing runs for us that a release would not run.
//!
//! A release is only asked about commands that run for us, so a million are made in minutes:
//!
//! ```text
//! ANYTHING=1000000 SEED=1 cargo test --profile ci --test real_gateway proof::anything -- --nocapture
//! ```

use std::env;
use std::sync::Arc;

use clearance::internals::decide::ThisMachine;
use serde_json::{Value, json};

use super::judge::Judge;
use super::tree::Tree;
use super::{built_tree, decided, profile, releases, seeds};
use crate::proof::noise;

/// The number of commands for each release if `ANYTHING` is not set.
const SAMPLE: u64 = 3000;

#[test]
fn nothing_runs_that_a_release_would_not_run() {
    let (tree, _lock) = built_tree();
    let count = env::var("ANYTHING").map_or(SAMPLE, |count| count.parse().expect("ANYTHING is a number"));
    let mut wrong = Vec::new();
    for release in releases() {
        let (mut judged, mut errors) = (0_u64, 0_u64);
        for (case, judgement) in Judge::start(&release, running(&tree, &release, count)) {
            judged += 1;
            match judgement["verdict"].as_str() {
                Some("runs") => {}
                // The release's code itself failed, so that nothing ran.
                Some("error") => errors += 1,
                _ => wrong.push(format!("{release}: {case}\n{judgement}")),
            }
        }
        println!("{release}: {count} commands, {judged} run for us, {errors} errors of the release");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The cases of the seeds that run for us.
fn running(tree: &Arc<Tree>, release: &str, count: u64) -> impl Iterator<Item = Value> + Send + use<> {
    let (tree, profile, seeds) = (Arc::clone(tree), profile(release), seeds());
    let each = count.div_ceil(u64::try_from(seeds.len()).expect("few seeds"));
    let numbers = seeds.into_iter().flat_map(move |seed| (0..each).map(move |number| (seed, number)));
    numbers
        .map(move |(seed, number)| case(tree.root(), seed, number))
        .filter(move |case| decided(case, profile, &ThisMachine)["verdict"] == "runs")
}

fn case(root: &str, seed: u64, number: u64) -> Value {
    let (command, entries) = noise::command(root, seed, number);
    let entries: Vec<Value> = entries
        .into_iter()
        .map(|(pattern, arguments)| match arguments {
            Some(arguments) => json!({ "pattern": pattern, "argPattern": arguments }),
            None => json!({ "pattern": pattern }),
        })
        .collect();
    json!({
        "id": format!("{seed}-{number}"),
        "document": {
            "version": 1,
            "defaults": { "security": "allowlist", "ask": "on-miss", "askFallback": "deny" },
            "agents": { "main": { "allowlist": entries } },
        },
        "command": command,
        "cwd": format!("{root}/work"),
        "path": format!("{root}/usr/bin:{root}/bin"),
        "home": format!("{root}/home"),
        "config": { "tools": { "exec": { "security": "allowlist", "ask": "on-miss" } } },
    })
}
