//! Measures how long planning and reading take: `cargo bench --bench plan`. Each figure is the best of five.
//!
//! For memory: run `/usr/bin/time -v` on the program that cargo names, with the number of prompts as its argument.

#![allow(clippy::expect_used, clippy::print_stdout, reason = "figures for whoever measures")]

use std::time::{Duration, Instant};

use clearance::internals::queue::{Intent, Key, Kind, Prompt, Reader, Rules, Runs, plan};
use serde_json::{Value, json};

/// A point in time.
const NOW: u64 = 1_795_438_812_000;

/// A row in the format of current gateways.
fn row(id: &str) -> Value {
    json!({
        "id": id, "createdAtMs": NOW, "expiresAtMs": NOW + 1_800_000, "approvalKind": "exec",
        "request": {
            "command": "ls -la", "cwd": "/srv", "host": "gateway", "agentId": "main", "sessionKey": "agent:main:lab",
            "security": "allowlist", "ask": "on-miss", "allowedDecisions": ["allow-once", "deny"],
        },
    })
}

/// `count` prompts of `commands` commands in 100 sessions, each with a unique id, in mixed order.
fn many(count: usize, commands: usize) -> Vec<Prompt> {
    let mut reader = Reader::new();
    let templates: Vec<Prompt> = (0..100)
        .map(|session| {
            let mut row = row("a");
            // Half of the sessions are runs of cron jobs.
            let run = format!("cron:job-{session}:run:72fd0469-8d35-4634-ba6e-d0d9b0c17ec6");
            let session = if session % 2 == 0 { session.to_string() } else { run };
            row["request"]["sessionKey"] = format!("agent:main:{session}").into();
            reader.text(Kind::Exec, &row.to_string()).expect("it reads")
        })
        .collect();
    let intents: Vec<Intent> = (0..commands)
        .map(|command| {
            let mut row = row("a");
            row["request"]["command"] = command.to_string().into();
            reader.text(Kind::Exec, &row.to_string()).expect("it reads").intent
        })
        .collect();
    let prompts = (0..count).map(|n| {
        // A permutation, so that neighbours in the listing are not neighbours in any other order.
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

/// The shortest of five runs.
fn best(mut work: impl FnMut()) -> Duration {
    let timed = (0..5).map(|_| {
        let start = Instant::now();
        work();
        start.elapsed()
    });
    timed.min().unwrap_or_default()
}

fn planned(count: usize, commands: usize) {
    let prompts = many(count, commands);
    let time = best(|| {
        let plan = plan(&prompts, &Runs::new(), Rules::at(NOW));
        assert_eq!(plan.duplicates() + plan.groups.len(), count);
    });
    let (runs, rules) = (Runs::new(), Rules::at(NOW));
    let found = plan(&prompts, &runs, rules);
    // A listing computes this in addition to the plan.
    let notes = best(|| {
        assert!(found.beside().alone.is_empty());
    });
    println!(
        "{count} prompts of {commands} commands: planned in {time:?}, notes in {notes:?}, {} bytes a prompt",
        size_of::<Prompt>()
    );
}

fn read(count: usize) {
    let rows: Vec<String> = (0..1_000).map(|n| row(&format!("id-{n}")).to_string()).collect();
    let mut reader = Reader::new();
    let time = best(|| {
        for n in 0..count {
            let prompt = reader.text(Kind::Exec, &rows[n % rows.len()]).expect("it reads");
            assert!(prompt.raw.is_none());
        }
    });
    println!("{count} prompts: read in {time:?}");
}

fn main() {
    let chosen = std::env::args().find_map(|argument| argument.parse().ok());
    let counts = chosen.map_or_else(|| vec![100_000, 1_000_000], |count| vec![count]);
    for count in counts {
        planned(count, 1_000);
        planned(count, count);
    }
    read(100_000);
}
