//! Damaged documents, through every command that reads one: no panic, no exit code outside the table, no verdict that
//! differs between formats or between `validate` and `set`, and the limits for time and memory.
//!
//! Every `cargo test` runs a few hundred. The seed makes the full run reproducible:
//!
//! ```text
//! MUTATIONS=100000 SEED=1 cargo test --profile ci --test mutations -- --nocapture
//! ```

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and makes its own files"
)]

mod mutate;

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use clearance::{Exit, Streams};
use serde_json::Value;
use tempfile::TempDir;

const FORMATS: [&str; 4] = ["human", "json", "github", "sarif"];

/// The `--timeout` of every command.
const TIMEOUT: Duration = Duration::from_secs(30);

/// How much longer than its timeout a command may take.
const MORE: Duration = Duration::from_millis(500);

struct Ended {
    exit: u8,
    out: Vec<u8>,
}

/// Runs a command in this process.
fn run(arguments: &[&str]) -> Ended {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let all = ["clearance", "--timeout", "30s", "approvals"].iter().chain(arguments).map(OsString::from);
    let started = Instant::now();
    let exit = clearance::run(all, &mut Streams { out: &mut out, err: &mut err, styled: false });
    assert!(started.elapsed() < TIMEOUT + MORE, "{arguments:?} took {:?}", started.elapsed());
    assert!(exit != Exit::Bug, "{arguments:?}: {}", String::from_utf8_lossy(&err));
    Ended { exit: exit as u8, out }
}

fn json(arguments: &[&str], out: &[u8]) -> Value {
    serde_json::from_slice(out).unwrap_or_else(|error| panic!("{arguments:?}: {error}"))
}

/// Checks that all formats give the same verdict.
fn agreed(verb: &str, more: &[&str], document: &str) -> (u8, Value) {
    let mut verdict: Option<u8> = None;
    let mut report = Value::Null;
    for format in FORMATS {
        let arguments = [&[verb, "--format", format], more, &[document]].concat();
        let Ended { exit, out } = run(&arguments);
        assert!(matches!(exit, 0 | 1 | 4 | 7), "{arguments:?}: exit {exit}");
        assert_eq!(*verdict.get_or_insert(exit), exit, "{arguments:?}");
        match format {
            "json" => report = json(&arguments, &out),
            "sarif" => drop(json(&arguments, &out)),
            _ => assert!(std::str::from_utf8(&out).is_ok(), "{arguments:?}"),
        }
    }
    (verdict.unwrap(), report)
}

fn check(document: &Path, store: &Path) {
    let (document, store) = (document.to_str().unwrap(), store.to_str().unwrap());
    let (strict, report) = agreed("validate", &["--syntax", "json"], document);
    let (loose, _) = agreed("validate", &["--syntax", "json5"], document);
    assert!(strict != 0 || loose == 0, "JSON that is not JSON5");
    assert_eq!(report["valid"], Value::Bool(strict == 0));
    let (linted, _) = agreed("lint", &["--fail-on", "never"], document);
    let set = run(&["set", "--file", document, "--store", store, "--dry-run", "--json"]);
    // `validate` checks a Windows node's policy as a policy. `lint` and `set` accept only documents.
    if !json(&["set"], &set.out).to_string().contains("\"node-policy\"") {
        assert_eq!(linted == 0, loose == 0, "lint and validate differ");
        assert_eq!(set.exit == 0, loose == 0, "set and validate differ: {} {loose}", set.exit);
    }
    // One rule for the forms of early releases.
    let of_early = ["set", "--file", document, "--store", store, "--dry-run", "--json", "--allow-legacy"];
    let (early, _) = agreed("validate", &["--syntax", "json5", "--allow-legacy"], document);
    let set = run(&of_early);
    assert!(early == 0 || loose != 0, "what is valid is refused with --allow-legacy");
    if !json(&of_early, &set.out).to_string().contains("\"node-policy\"") {
        assert_eq!(set.exit == 0, early == 0, "set and validate differ with --allow-legacy: {}", set.exit);
    }
    for arguments in [
        vec!["set", "--file", document, "--store", store, "--dry-run", "--json", "--drop-unknown"],
        vec!["diff", "--json", document, document],
        vec!["get", "--json", "--file", document],
        vec!["allowlist", "add", "--json", "--dry-run", "--file", document, "/bin/ls"],
    ] {
        let Ended { exit, out } = run(&arguments);
        assert!(matches!(exit, 0 | 1 | 4 | 6 | 7), "{arguments:?}: exit {exit}");
        json(&arguments, &out);
    }
}

/// The smallest document.
const LEAST_DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/approvals/valid/minimal.json");

/// The command lines that a separate process runs on a document, each with how many times it reads the document.
fn asked<'a>(document: &'a str, store: &'a str) -> Vec<(Vec<&'a str>, usize)> {
    let mut asked: Vec<_> =
        FORMATS.iter().map(|form| (vec!["validate", "--format", form, document], 1)).collect();
    asked.extend(FORMATS.iter().map(|form| (vec!["lint", "--format", form, document], 1)));
    asked.push((vec!["diff", "--json", document, document], 2));
    asked.push((vec!["get", "--json", "--file", document], 1));
    for flag in ["--json", "--drop-unknown", "--allow-legacy"] {
        asked.push((vec!["set", "--file", document, "--store", store, "--dry-run", flag], 1));
    }
    asked.push((vec!["allowlist", "add", "--json", "--dry-run", "--file", document, "/bin/ls"], 1));
    // The document in a store can be as hostile as an input.
    asked.push((vec!["set", "--file", LEAST_DOCUMENT, "--store", document, "--dry-run", "--json"], 1));
    asked.push((vec!["diff", "--json", LEAST_DOCUMENT, document], 1));
    asked
}

/// Checks the limits for time and memory: eight times the size of the files, plus `LEAST`.
fn check_process(document: &Path, store: &Path, size: usize) {
    let output = store.with_extension("out");
    for (arguments, files) in asked(document.to_str().unwrap(), store.to_str().unwrap()) {
        let started = Instant::now();
        let mut child = Command::new(env!("CARGO_BIN_EXE_clearance"))
            .args(["--timeout", "30s", "approvals"])
            .args(&arguments)
            .stdout(fs::File::create(&output).unwrap())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let status = format!("/proc/{}/status", child.id());
        let mut peak = 0;
        let ended = loop {
            peak = peak.max(fs::read_to_string(&status).ok().as_deref().and_then(high_water).unwrap_or(0));
            match child.try_wait().unwrap() {
                Some(ended) => break ended,
                None => thread::park_timeout(Duration::from_millis(1)),
            }
        };
        let what = format!("{arguments:?} of {size} bytes");
        assert!(matches!(ended.code(), Some(0 | 1 | 4 | 7)), "{what}: {ended:?}");
        assert!(started.elapsed() < TIMEOUT + MORE, "{what}: {:?}", started.elapsed());
        assert!(peak <= 8 * files * size + LEAST, "{what}: {peak} bytes of memory");
        if arguments.iter().any(|word| ["json", "--json", "sarif"].contains(word)) {
            json(&arguments, &fs::read(&output).unwrap());
        }
    }
}

/// The memory in bytes that a process may take regardless of the size of its input.
const LEAST: usize = 96 << 20;

/// The peak of the tool's resident memory so far, in bytes. `None`: the system does not report it, or the process is still
/// a copy of this one, with this one's memory.
fn high_water(status: &str) -> Option<usize> {
    if status.lines().next()?.trim_start_matches("Name:").trim() != "clearance" {
        return None;
    }
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<usize>().ok().map(|kilobytes| kilobytes << 10)
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |value| value.parse().unwrap())
}

#[test]
fn no_damage_confuses_a_command() {
    let (count, seed) = (number("MUTATIONS", 60), number("SEED", 1));
    let seeds = mutate::seeds(&PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/approvals"));
    let folder = TempDir::new().unwrap();
    let (document, store) = (folder.path().join("document.json5"), folder.path().join("store.json"));
    let started = Instant::now();
    for nth in 0..count {
        let mut random = fastrand::Rng::with_seed(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(nth));
        let text = mutate::document(&seeds, &mut random, nth);
        fs::write(&document, &text).unwrap();
        let checked = std::panic::catch_unwind(|| {
            if text.len() > 1024 * 1024 || nth % 500 == 0 {
                check_process(&document, &store, text.len());
            }
            if text.len() <= 1024 * 1024 {
                check(&document, &store);
            }
        });
        if checked.is_err() {
            let kept = std::env::temp_dir().join(format!("clearance-mutation-{seed}-{nth}.json5"));
            fs::copy(&document, &kept).unwrap();
            panic!("document {nth} of seed {seed}, kept as {}", kept.display());
        }
        if nth % 1000 == 999 {
            eprintln!("{} documents in {:.0?}", nth + 1, started.elapsed());
        }
    }
}

/// Documents in a pull request that could exhaust a machine. One at a time is measured if they are large.
#[test]
fn hostile_documents_end_in_time_and_memory() {
    // A debug build is ten times as slow, so its documents are smaller and test only the memory.
    let small = cfg!(debug_assertions);
    let size = if small { 1 << 17 } else { usize::try_from(number("MEBIBYTES", 64)).unwrap() << 20 };
    // A long key is part of the path of every value below it, so the paths take its length times their number.
    let long = if small { size / 4 } else { size };
    let key = format!("{{\"version\":1,\"agents\":{{\"{}\":{{\"allowlist\":[", "k".repeat(long / 2));
    let keyed = [
        (&*key, "{\"pattern\":\"*\"},", "{\"pattern\":\"a\"}]}}}", long),
        (&*key, "{\"x\":1},", "1]}}}", long),
    ];
    let all: Vec<_> =
        mutate::HOSTILE.iter().map(|&(start, piece, end)| (start, piece, end, size)).chain(keyed).collect();
    let threads = if small { thread::available_parallelism().map_or(1, usize::from) } else { 1 };
    thread::scope(|scope| {
        for first in 0..threads {
            let part = all.iter().skip(first).step_by(threads);
            scope
                .spawn(|| part.for_each(|&(start, piece, end, size)| check_hostile(start, piece, end, size)));
        }
    });
}

fn check_hostile(start: &str, piece: &str, end: &str, size: usize) {
    let folder = TempDir::new().unwrap();
    let (document, store) = (folder.path().join("hostile.json"), folder.path().join("store.json"));
    let text = mutate::hostile(start, piece, end, size);
    fs::write(&document, &text).unwrap();
    let started = Instant::now();
    check_process(&document, &store, text.len());
    let start: String = start.chars().take(60).collect();
    eprintln!("{start}{piece}… {:.1?}", started.elapsed());
}
