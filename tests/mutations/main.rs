//! Documents damaged in every way, through every command that reads one: no panic, no exit outside the table, no verdict
//! that differs between formats or between `validate` and `set`, and the bars for time and memory.
//!
//! A few hundred run with every `cargo test`. The whole, repeated exactly by its seed:
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
use std::time::{Duration, Instant};

use clearance::{Exit, Streams};
use serde_json::Value;
use tempfile::TempDir;

const FORMATS: [&str; 4] = ["human", "json", "github", "sarif"];

/// The `--timeout` of every command.
const TIMEOUT: Duration = Duration::from_secs(30);

/// How much longer a command may take.
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

/// One verdict, whichever format says it.
fn agreed(verb: &str, more: &[&str], document: &str) -> (u8, Value) {
    let mut told: Option<u8> = None;
    let mut report = Value::Null;
    for format in FORMATS {
        let arguments = [&[verb, "--format", format], more, &[document]].concat();
        let Ended { exit, out } = run(&arguments);
        assert!(matches!(exit, 0 | 1 | 4 | 7), "{arguments:?}: exit {exit}");
        assert_eq!(*told.get_or_insert(exit), exit, "{arguments:?}");
        match format {
            "json" => report = json(&arguments, &out),
            "sarif" => drop(json(&arguments, &out)),
            _ => assert!(std::str::from_utf8(&out).is_ok(), "{arguments:?}"),
        }
    }
    (told.unwrap(), report)
}

fn check(document: &Path, store: &Path) {
    let (document, store) = (document.to_str().unwrap(), store.to_str().unwrap());
    let (strict, report) = agreed("validate", &["--syntax", "json"], document);
    let (loose, _) = agreed("validate", &["--syntax", "json5"], document);
    assert!(strict != 0 || loose == 0, "JSON that is no JSON5");
    assert_eq!(report["valid"], Value::Bool(strict == 0));
    let (linted, _) = agreed("lint", &["--fail-on", "never"], document);
    let set = run(&["set", "--file", document, "--store", store, "--dry-run", "--json"]);
    // `validate` checks a Windows node's policy as what it is; `lint` and `set` take documents alone.
    if !json(&["set"], &set.out).to_string().contains("\"node-policy\"") {
        assert_eq!(linted == 0, loose == 0, "lint and validate differ");
        assert_eq!(set.exit == 0, loose == 0, "set and validate differ: {} {loose}", set.exit);
    }
    for arguments in [
        vec!["diff", "--json", document, document],
        vec!["get", "--json", "--file", document],
        vec!["allowlist", "add", "--json", "--dry-run", "--file", document, "/bin/ls"],
    ] {
        let Ended { exit, out } = run(&arguments);
        assert!(matches!(exit, 0 | 1 | 4 | 6 | 7), "{arguments:?}: exit {exit}");
        json(&arguments, &out);
    }
}

/// The bar for memory, held by the system: eight times the file, and what a process and its threads reserve anyway.
fn check_process(document: &Path, size: usize) {
    let most = (8 * size + 512 * 1024 * 1024) / 1024;
    for verb in ["validate", "lint"] {
        let script =
            format!("ulimit -v {most}; exec \"$0\" --timeout 30s approvals {verb} --format json \"$1\"");
        let started = Instant::now();
        let ended = Command::new("sh")
            .arg("-c")
            .arg(script)
            .arg(env!("CARGO_BIN_EXE_clearance"))
            .arg(document)
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        let code = ended.status.code();
        assert!(matches!(code, Some(0 | 1 | 4 | 7)), "{verb} of {size} bytes: {ended:?}");
        assert!(started.elapsed() < TIMEOUT + MORE, "{verb} of {size} bytes: {:?}", started.elapsed());
        json(&[verb], &ended.stdout);
    }
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
            // Large ones take their time in each of fifteen commands: two are enough.
            if text.len() > 1024 * 1024 || nth % 500 == 0 {
                check_process(&document, text.len());
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

/// What a pull request could bring to stop a machine.
#[test]
fn hostile_documents_end_in_time_and_memory() {
    let folder = TempDir::new().unwrap();
    let document = folder.path().join("hostile.json");
    // In a debug build everything takes ten times as long: there it is about memory alone.
    let size =
        if cfg!(debug_assertions) { 1 } else { usize::try_from(number("MEBIBYTES", 64)).unwrap() } << 20;
    for (start, piece) in mutate::HOSTILE {
        let mut text = (*start).to_owned();
        text.push_str(&piece.repeat((size - start.len()) / piece.len()));
        fs::write(&document, &text).unwrap();
        let started = Instant::now();
        check_process(&document, text.len());
        eprintln!("{start}{piece}… {:.1?}", started.elapsed());
    }
}
