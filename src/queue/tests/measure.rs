//! How long a plan takes and how much memory, measured by hand in release, one at a time:
//! `cargo test --release --lib queue::tests::measure::planning_a_million -- --ignored --nocapture`

#![expect(clippy::print_stdout, reason = "figures for whoever measures")]

use std::sync::Arc;
use std::time;

use serde_json::Value;

use super::super::{Intent, Key, Kind, Prompt, Reader, Rules, Runs, plan};
use super::{NOW, row};

/// `count` prompts of `commands` commands in 100 sessions, each with an id of its own, in no order.
fn many(count: usize, commands: usize) -> Vec<Prompt> {
    let mut reader = Reader::new();
    let templates: Vec<Prompt> = (0..100)
        .map(|session| {
            let mut row = row("a", "ls");
            row["request"]["sessionKey"] = format!("agent:main:{session}").into();
            reader.read(Kind::Exec, &row).unwrap()
        })
        .collect();
    let intents: Vec<Intent> = (0..commands)
        .map(|command| {
            let request = serde_json::json!({"command": command.to_string()});
            Intent::of(Kind::Exec, request.as_object().unwrap())
        })
        .collect();
    let prompts = (0..count).map(|n| {
        // A permutation, so that neighbours in the listing are not neighbours in anything else.
        let n = n.wrapping_mul(2_654_435_761) % count;
        let mut prompt = templates[n % templates.len()].clone();
        prompt.key =
            Key::new(Kind::Exec, format!("{n:08x}-0000-4000-8000-{:012x}", n.wrapping_mul(0x9e37_79b9)));
        prompt.intent = intents[n % commands];
        prompt.created_at_ms = NOW - (n as u64 % 1_000_000);
        prompt
    });
    prompts.collect()
}

#[test]
fn a_thousand() {
    let prompts = many(1_000, 10);
    let plan = plan(&prompts, &Runs::new(), Rules::at(NOW));
    assert_eq!((plan.groups.len(), plan.duplicates()), (100, 900));
}

fn planned(count: usize, commands: usize) {
    let prompts = many(count, commands);
    let mut best = time::Duration::MAX;
    for _ in 0..5 {
        let start = time::Instant::now();
        let plan = plan(&prompts, &Runs::new(), Rules::at(NOW));
        best = best.min(start.elapsed());
        assert_eq!(plan.duplicates() + plan.groups.len(), count);
    }
    println!(
        "{count} prompts of {commands} commands: planned in {best:?}, {} bytes a prompt",
        size_of::<Prompt>()
    );
}

#[test]
#[ignore = "by hand, in release"]
fn planning_a_hundred_thousand() {
    planned(100_000, 1_000);
    planned(100_000, 100_000);
}

#[test]
#[ignore = "by hand, in release"]
fn planning_a_million() {
    planned(1_000_000, 1_000);
    planned(1_000_000, 1_000_000);
}

#[test]
#[ignore = "by hand, in release: only the prompts, to tell their memory from the plan's"]
fn a_million_unplanned() {
    assert_eq!(many(1_000_000, 1_000).len(), 1_000_000);
}

#[test]
#[ignore = "by hand, in release"]
fn reading() {
    let rows: Vec<Arc<str>> =
        (0..1_000).map(|n| row(&format!("id-{n}"), "ls -la").to_string().into()).collect();
    let mut reader = Reader::new();
    let start = time::Instant::now();
    for n in 0..100_000 {
        let prompt = reader.text(Kind::Exec, &rows[n % rows.len()]).unwrap();
        assert_eq!(prompt.raw, None::<Arc<serde_json::Map<String, Value>>>);
    }
    println!("100000 prompts read in {:?}", start.elapsed());
}
