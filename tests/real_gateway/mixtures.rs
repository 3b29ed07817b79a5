//! Concurrent processes with different rules on one gateway, each with its own home: no command loses its last prompt.
//!
//! `CLEARANCE_ROUNDS=20 cargo test --test real_gateway -- mixtures --nocapture` plays more rounds than one.

use std::collections::HashSet;
use std::process::{Child, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::checks::Checks;
use crate::client::{Client, Device, OPERATOR, Who};
use crate::queue::{CURRENT, LEGACY, Lab};
use crate::tool::Tool;

const COMMANDS: usize = 12;
const PROMPTS: usize = 8;

#[test]
fn mixtures_on_2026_4_14() {
    mixtures(LEGACY);
}

#[test]
fn mixtures_on_2026_9_6() {
    mixtures(CURRENT);
}

/// A guard that is killed at the end of its round.
struct Guard(Child);

impl Drop for Guard {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn mixtures(version: &'static str) {
    let rounds = std::env::var("CLEARANCE_ROUNDS").ok().map(|rounds| rounds.parse().expect("a number"));
    let rounds: usize = rounds.unwrap_or(1);
    let lab = Lab::start(version);
    let mut checks = Checks::of(version);
    checks.check("a guard beside dedupe --keep newest", || {
        played(rounds, || round(&lab, "guarded", true, &[&["--keep=newest"]]));
    });
    checks.check("dedupe beside dedupe --keep newest", || {
        played(rounds, || round(&lab, "purged", false, &[&[], &["--keep=newest"]]));
    });
    checks.check("three processes, two of them with other scopes and margins", || {
        played(rounds, || round(&lab, "three", true, &[&["--keep=newest", "--by=agent"], &["--margin=2h"]]));
    });
    checks.end();
}

fn played(rounds: usize, mut round: impl FnMut() -> (usize, Vec<i32>)) {
    let seen: Vec<(usize, Vec<i32>)> = (0..rounds).map(|_| round()).collect();
    let emptied: Vec<usize> = seen.iter().map(|(emptied, _)| *emptied).collect();
    let codes: HashSet<&Vec<i32>> = seen.iter().map(|(_, codes)| codes).collect();
    println!("{rounds} rounds, commands of {COMMANDS} without a prompt: {emptied:?}; exit {codes:?}");
    assert!(emptied.iter().all(|emptied| *emptied == 0), "{seen:?}");
}

/// The number of commands without a prompt, and the exit codes of the purges.
fn round(lab: &Lab, name: &str, guarded: bool, purges: &[&[&str]]) -> (usize, Vec<i32>) {
    // A client that does not read for a minute is disconnected, and without an approver a current gateway keeps no
    // prompt.
    lab.connect();
    let caps = Who { caps: &["approvals", "exec-approvals"], ..Who::operator(&OPERATOR) };
    let _approver = Client::connect(lab.gateway.address(), &caps, &Device::new()).expect("it is let in");
    // Every round has its own commands: prompts left by other rounds do not matter.
    let mark = uuid::Uuid::new_v4();
    let session = format!("agent:main:{name}");
    for number in 0..COMMANDS * PROMPTS {
        lab.ask(&session, &format!("echo {mark} {}", number % COMMANDS), number);
    }
    let host = || Tool::on_host(&lab.gateway.state());
    let guard_host = host();
    let guard = guarded.then(|| {
        let mut command = guard_host.command(&["queue", "guard", "--timeout=2m", "--max-rate=100000/min"]);
        Guard(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts"))
    });
    let hosts: Vec<Tool> = purges.iter().map(|_| host()).collect();
    let runs = hosts.iter().zip(purges).map(|(host, flags)| {
        host.start(&[&["queue", "dedupe", "--yes", "--json", "--timeout=60s"], *flags].concat())
    });
    let runs: Vec<_> = runs.collect();
    let codes = hosts.iter().zip(runs).map(|(host, run)| host.join(run).code).collect();
    if let Some(mut guard) = guard {
        kill_process(Pid::from_child(&guard.0), Signal::TERM).expect("it runs");
        guard.0.wait().expect("it ends");
    }
    lab.connect();
    let rows = lab.pending(&session);
    let commands = rows.iter().filter_map(|row| row["request"]["command"].as_str());
    let left: HashSet<&str> = commands.filter(|command| command.contains(&mark.to_string())).collect();
    (COMMANDS - left.len(), codes)
}
