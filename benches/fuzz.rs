//! Runs a fuzz target on a stable compiler.
//!
//! ```text
//! cargo bench --profile fuzz --bench fuzz                         # the targets
//! cargo bench --profile fuzz --bench fuzz -- NAME COUNT [SEED]    # mutations of its corpus
//! cargo bench --profile fuzz --bench fuzz -- NAME replay FILE     # one input
//! ```
//!
//! An execution may take ten seconds, and the process 1 GiB. What breaks a promise ends the run: the input is kept, and
//! the exit code is not 0.

#![allow(
    clippy::disallowed_methods,
    clippy::exit,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "figures for whoever runs it"
)]

use std::env;
use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

#[path = "../fuzz/src/lib.rs"]
mod fuzzing;

use fuzzing::engine::{self, Limits};
use fuzzing::targets::{ALL, Target, run};

const LIMITS: Limits = Limits { time: Duration::from_secs(10), memory: Some(1 << 30) };

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (name, count, seed) = match words[..] {
        [name, "replay", file] => {
            run(name, &fs::read(file).expect("the input is read"));
            return ExitCode::SUCCESS;
        }
        [name, count] => (name, count, "1"),
        [name, count, seed] => (name, count, seed),
        _ => {
            for target in &ALL {
                println!("{}", target.name);
            }
            return ExitCode::SUCCESS;
        }
    };
    let target = Target::named(name).expect("a target");
    let (count, seed) = (count.parse().expect("a count"), seed.parse().expect("a seed"));
    let progress = |number: u64, elapsed: Duration| println!("{number} executions, {elapsed:.0?}");
    match engine::run(target, Path::new(env!("CARGO_MANIFEST_DIR")), count, seed, LIMITS, progress) {
        Ok(done) => {
            println!(
                "{name}: {} executions of seed {seed} in {:.0?}, {} kinds of outcomes, no finding",
                done.executions, done.elapsed, done.kinds
            );
            for (taken, input) in done.slowest {
                let head: String = String::from_utf8_lossy(&input).chars().take(100).collect();
                println!("{taken:.1?} {} bytes: {head:?}", input.len());
            }
            ExitCode::SUCCESS
        }
        Err(finding) => {
            let kept = engine::keep(name, &finding.input);
            println!("{name}: execution {} of seed {seed}, kept as {}", finding.number, kept.display());
            println!("{:?}", String::from_utf8_lossy(&finding.input));
            ExitCode::FAILURE
        }
    }
}
