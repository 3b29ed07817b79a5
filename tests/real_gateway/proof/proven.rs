//! The results in `src/approvals/decide/proven.json`.

use std::fs;
use std::process::Command;

use clearance::internals::decide::Proof;

use super::tally::Tally;

/// Writes the result for a release in the place of its earlier one.
pub(crate) fn write(release: &str, seeds: &[u64], tally: &Tally) {
    // As it is now, and not as it was compiled: another release may have been compared since.
    let path = super::file("src/approvals/decide/proven.json");
    let mut proofs: Vec<Proof> =
        serde_json::from_str(&fs::read_to_string(&path).expect("proven.json is read")).expect("proofs");
    proofs.retain(|proof| proof.release != release);
    proofs.push(Proof {
        release: release.to_owned(),
        cases: tally.cases,
        fixed: tally.fixed,
        seeds: seeds.to_owned(),
        disagreements: tally.disagreements(),
        unknown: tally.unknown,
        words: tally.words,
        date: today(),
        command: command(release, seeds, tally.cases),
    });
    proofs.sort_by_key(|proof| numbers(&proof.release));
    let text = serde_json::to_string_pretty(&proofs).expect("JSON");
    fs::write(path, text + "\n").expect("proven.json is written");
}

/// The command that repeats the comparison.
fn command(release: &str, seeds: &[u64], cases: u64) -> String {
    let listed: Vec<String> = seeds.iter().map(u64::to_string).collect();
    let together = seeds.windows(2).all(|pair| pair[1] == pair[0] + 1);
    let seeds = match listed.as_slice() {
        [first, .., last] if together => format!("{first}-{last}"),
        all => all.join(","),
    };
    format!(
        "RELEASE={release} PROVE={cases} SEED={seeds} cargo test --profile ci --test real_gateway proof -- --nocapture"
    )
}

/// A release by its numbers: 2026.10.1 comes after 2026.9.6.
fn numbers(release: &str) -> Vec<u32> {
    release.split(['.', '-']).map(|part| part.parse().unwrap_or(0)).collect()
}

fn today() -> String {
    let output = Command::new("date").args(["-u", "+%F"]).output().expect("the date");
    String::from_utf8(output.stdout).expect("a date").trim().to_owned()
}
