//! Several clearance processes with different rules on one gateway at once: no command loses its last prompt.
//!
//! Each round starts `gateway dev` with twelve commands of fifteen prompts, then the processes of a mix, each with its
//! own home, as on different hosts. By default every mix is played once on each generation. To play more rounds, four
//! in parallel:
//!
//!     CLEARANCE_ROUNDS=1000 cargo test --test cli -- mixtures --nocapture

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Child, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::support::dev::{Client, Dev};

const COMMANDS: usize = 12;
const PROMPTS: usize = 15;
/// Rounds that are played at the same time.
const AT_ONCE: usize = 4;

const GUARD: &[&str] = &["queue", "guard", "--timeout=40s", "--max-rate=100000/min"];
const OLDEST: &[&str] = &["queue", "dedupe", "--yes", "--json"];
const NEWEST: &[&str] = &["queue", "dedupe", "--yes", "--json", "--keep=newest"];
const WIDE: &[&str] = &["queue", "dedupe", "--yes", "--json", "--by=agent"];
const WIDE_NEWEST: &[&str] = &["queue", "dedupe", "--yes", "--json", "--by=agent", "--keep=newest"];
const WIDE_GUARD: &[&str] = &["queue", "guard", "--timeout=40s", "--max-rate=100000/min", "--by=agent"];
/// Prompts live for half an hour. With this margin the one that lives longest is kept.
const LONG: &[&str] = &["queue", "dedupe", "--yes", "--json", "--margin=2h"];
const LONG_GUARD: &[&str] = &["queue", "guard", "--timeout=12s", "--max-rate=100000/min", "--margin=2h"];

const MIXES: &[(&str, &[&[&str]])] = &[
    ("guard, dedupe --keep newest", &[GUARD, NEWEST]),
    ("dedupe, dedupe --keep newest", &[OLDEST, NEWEST]),
    ("dedupe, dedupe", &[OLDEST, OLDEST]),
    ("dedupe --by agent --keep newest, dedupe", &[WIDE_NEWEST, OLDEST]),
    ("dedupe --by agent, dedupe --keep newest", &[WIDE, NEWEST]),
    ("guard --by agent, guard --margin 2h", &[WIDE_GUARD, LONG_GUARD]),
    ("dedupe --margin 2h, dedupe --keep newest", &[LONG, NEWEST]),
    ("guard, dedupe --keep newest, dedupe --margin 2h", &[GUARD, NEWEST, LONG]),
    ("guard --by agent, dedupe --keep newest, dedupe", &[WIDE_GUARD, NEWEST, OLDEST]),
];

/// A process that is killed at the end of its test.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// The result of a round: how many commands have no prompt left, how many have more than one, and exit codes.
fn round(generation: &str, processes: &[&[&str]]) -> (usize, usize, Vec<i32>) {
    let wide = processes.iter().any(|process| process.contains(&"--by=agent"));
    let prompt = |command: usize, age: usize| {
        // If all sessions count as one, several prompts may be left.
        let session = if wide { age % 3 } else { 0 };
        json!({
            "request": {
                "agentId": "main", "sessionKey": format!("agent:main:{session}"), "host": "gateway", "cwd": "/srv",
                "command": format!("make t{command}"),
            },
            "ageMs": 60_000 + command * 100 - age * 100,
        })
    };
    let prompts = (0..COMMANDS).flat_map(|command| (0..PROMPTS).map(move |age| prompt(command, age)));
    let scenario = Client::alone();
    let path = scenario.file("scenario.json", json!({ "prompts": prompts.collect::<Vec<_>>() }).to_string());
    let flags = ["--scenario", path.to_str().unwrap(), "--coalesce=off", "--cancel-on-failover=off"];
    let dev = Dev::start(&[&flags[..], &["--generation", generation]].concat());
    // Each process has its own home, so they share only the gateway.
    let clients: Vec<Client> = processes.iter().map(|_| dev.client()).collect();
    let starts = clients.iter().zip(processes).map(|(client, arguments)| {
        let mut command = client.spawn(arguments);
        Process(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    });
    let mut children: Vec<Process> = starts.collect();
    let guards = processes.iter().map(|process| process.contains(&"guard"));
    let is_guard: Vec<bool> = guards.collect();
    let some_end = is_guard.iter().any(|guard| !guard);
    let mut codes = vec![0; children.len()];
    for wait_for_guards in [false, true] {
        for (n, child) in children.iter_mut().enumerate().filter(|(n, _)| is_guard[*n] == wait_for_guards) {
            if wait_for_guards && some_end {
                // This process had the whole duration of the others.
                kill_process(Pid::from_child(&child.0), Signal::TERM).unwrap();
            }
            codes[n] = child.0.wait().unwrap().code().unwrap();
        }
        if is_guard.iter().all(|guard| !guard) || !some_end && wait_for_guards {
            break;
        }
    }
    let (_, listing): (_, Value) = dev.client().json(&["queue", "ls"]);
    let mut left: BTreeMap<String, usize> = BTreeMap::new();
    for row in listing["approvals"].as_array().unwrap() {
        *left.entry(row["request"]["command"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    (COMMANDS - left.len(), left.values().filter(|count| **count > 1).count(), codes)
}

/// The results of a mix on a generation.
#[derive(Default)]
struct Seen {
    rounds: usize,
    /// Commands without a prompt, and with more than one.
    emptied: usize,
    doubled: usize,
    codes: BTreeSet<Vec<i32>>,
}

#[test]
#[expect(clippy::print_stdout, reason = "the figures of a long run")]
fn no_mix_of_processes_takes_the_last_prompt() {
    let kinds = 2 * MIXES.len();
    let rounds = std::env::var("CLEARANCE_ROUNDS").ok().map(|rounds| rounds.parse().expect("a number"));
    let rounds: usize = rounds.unwrap_or(kinds);
    let next = AtomicUsize::new(0);
    let seen: Mutex<BTreeMap<usize, Seen>> = Mutex::default();
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= rounds {
                        return;
                    }
                    let kind = number % kinds;
                    let generation = if kind.is_multiple_of(2) { "current" } else { "legacy" };
                    let (emptied, doubled, codes) = round(generation, MIXES[kind / 2].1);
                    let mut seen = seen.lock().unwrap();
                    let so_far = seen.entry(kind).or_default();
                    so_far.rounds += 1;
                    so_far.emptied += emptied;
                    so_far.doubled += doubled;
                    so_far.codes.insert(codes);
                }
            });
        }
    });
    let mut emptied = 0;
    for (kind, seen) in seen.into_inner().unwrap() {
        let Seen { rounds, emptied: empty, doubled, codes } = seen;
        let generation = if kind.is_multiple_of(2) { "current" } else { "legacy" };
        let name = MIXES[kind / 2].0;
        println!(
            "{name:48} {generation:8} {rounds} rounds: {empty} emptied, {doubled} with several; exit {codes:?}"
        );
        let known = codes.iter().flatten().all(|code| [0, 3].contains(code));
        assert!(known, "{codes:?}");
        emptied += empty;
    }
    assert_eq!(emptied, 0, "commands without a prompt, in {rounds} rounds");
}

/// A purge that keeps what lives longest, and a cancellation of runs that are over, each of which takes the prompt that
/// the other one relies on: the prompt of the ended run lives longer than that of the run that goes on.
#[test]
fn cancelling_superseded_runs_beside_a_purge_leaves_one_prompt_of_each_command() {
    let prompt = |command: usize, run: &str, age_ms: u64, lives_ms: u64| {
        json!({
            "request": {
                "agentId": "main", "sessionKey": "agent:main:main", "host": "gateway", "cwd": "/srv",
                "command": format!("make t{command}"), "runId": run, "timeoutMs": lives_ms,
            },
            "ageMs": age_ms,
        })
    };
    let prompts = (0..COMMANDS).flat_map(|command| {
        [prompt(command, "over", 60_000, 7_200_000), prompt(command, "live", 30_000, 1_800_000)]
    });
    let session = "agent:main:main";
    let runs = json!([
        { "id": "over", "session": session, "state": "ended", "ageMs": 90_000 },
        { "id": "live", "session": session, "ageMs": 40_000 },
    ]);
    let scenario = Client::alone();
    let content = json!({ "runs": runs, "prompts": prompts.collect::<Vec<_>>() });
    let path = scenario.file("scenario.json", content.to_string());
    let dev =
        Dev::start(&["--scenario", path.to_str().unwrap(), "--coalesce=off", "--cancel-on-failover=off"]);
    let verbs: [&[&str]; 2] = [&["run", "cancel", "--superseded", "--yes", "--json"], LONG];
    let clients = [dev.client(), dev.client()];
    let starts = clients.iter().zip(verbs).map(|(client, arguments)| {
        let mut command = client.spawn(arguments);
        Process(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    });
    let mut children: Vec<Process> = starts.collect();
    let codes: Vec<i32> = children.iter_mut().map(|child| child.0.wait().unwrap().code().unwrap()).collect();
    let (_, listing): (_, Value) = dev.client().json(&["queue", "ls"]);
    let rows = listing["approvals"].as_array().unwrap();
    let left: BTreeSet<&str> = rows.iter().map(|row| row["request"]["command"].as_str().unwrap()).collect();
    assert_eq!(left.len(), COMMANDS, "exit codes {codes:?}: {rows:#?}");
}
