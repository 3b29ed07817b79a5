//! `approvals suggest` on a generated month: 50,000 prompts, 400 forms of commands, 6 agents. Prints its time, its memory and
//! what it would save.
//!
//! ```text
//! cargo bench --bench suggest [-- PROMPTS]
//! ```
//!
//! Whether the saved commands run is the evaluator's word here. `tests/real_gateway/suggest.rs` asks the releases themselves.

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::print_stdout,
    missing_docs,
    reason = "a bench prints its figures and fails by a panic"
)]

#[path = "support/month.rs"]
mod month;

use std::fs::{self, Permissions};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

fn main() {
    let count = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(50_000);
    // Not below `/tmp`: nothing is proposed for programs in a directory that every user can write to.
    let home = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
    let path = home.path();
    fs::create_dir(path.join("bin")).expect("a directory");
    for program in month::PROGRAMS {
        let file = path.join("bin").join(program);
        fs::write(&file, "#!/bin/sh\n").expect("a program");
        fs::set_permissions(&file, Permissions::from_mode(0o755)).expect("an executable file");
    }
    fs::write(path.join("document.json"), month::document().to_string()).expect("a file");
    fs::write(path.join("openclaw.json"), month::configuration().to_string()).expect("a file");
    let prompts = month::month(1, count);
    fs::write(path.join("history.ndjson"), month::history(&prompts)).expect("a file");
    println!("| release | prompts | time | memory | entries | saved | repeats | denied commands |");
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    for release in ["2026.6.11", "2026.9.6"] {
        let began = Instant::now();
        let mut child = suggest(path, release).spawn().expect("the tool starts");
        let memory = peak(&mut child);
        let mut text = String::new();
        child.stdout.take().expect("a pipe").read_to_string(&mut text).expect("its output");
        assert!(child.wait().expect("its end").success());
        let time = began.elapsed();
        let report: Value = serde_json::from_str(&text).expect("a report");
        let counts = &report["counts"];
        let entries: usize = report["agents"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|agent| agent["proposals"].as_array().map_or(0, Vec::len))
            .sum();
        println!(
            "| {release} | {} | {:.1} s | {} MB | {entries} | {} | {} | {} |",
            counts["prompts"],
            time.as_secs_f64(),
            memory.join().expect("a figure") / 1024,
            counts["saved"],
            counts["repeats"],
            counts["denied"]
        );
    }
}

fn suggest(home: &Path, release: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_clearance"));
    command.env_clear().env("HOME", home).current_dir(home).stdout(Stdio::piped());
    command.args([
        "approvals",
        "suggest",
        "--json",
        "--file",
        "document.json",
        "--prompts",
        "history.ndjson",
    ]);
    command.args(["--config", "openclaw.json", "--release", release, "--timeout", "10m", "--path"]);
    command.arg(home.join("bin"));
    command
}

/// Watches the largest resident memory of a process in KiB, until it ends.
fn peak(child: &mut Child) -> thread::JoinHandle<u64> {
    let status = format!("/proc/{}/status", child.id());
    thread::spawn(move || {
        let mut peak = 0;
        while let Ok(text) = fs::read_to_string(&status) {
            let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let Some(now) = line.and_then(|line| line.split_whitespace().next()?.parse().ok()) else { break };
            peak = now;
            thread::sleep(Duration::from_millis(2));
        }
        peak
    })
}
