//! Decisions about commands, compared with the code of published releases on generated cases.
//!
//! Each run compares a sample. The last whole run of each release is recorded in `src/approvals/decide/proven.json`:
//!
//! ```text
//! PROVE=50000 SEED=1-10 cargo test --profile ci --test real_gateway proof -- --nocapture
//! ```
//!
//! | variable | meaning |
//! | --- | --- |
//! | `PROVE` | the number of cases for each release, a sample of 300 if it is not set |
//! | `SEED` | the seeds that share them: `7`, `1-10`, `3,5` |
//! | `RELEASE` | releases to compare in place of the measured one of each generation, separated by commas: npm installs them |
//! | `CASE` | only this case, by its id (`7-1234`): it and both answers are printed |
//! | `CLEARANCE_BLESS=1` | writes the result into `proven.json` |
//! | `CLEARANCE_RECORD=1` | records the cases and answers of `fixtures/decisions`, which `cargo test` replays |

mod anything;
pub(crate) mod cases;
pub(crate) mod compare;
mod entries;
mod forms;
mod grammar;
pub(crate) mod judge;
mod maker;
pub(crate) mod memory;
mod noise;
mod proven;
mod random;
pub(crate) mod recorder;
mod tally;
pub(crate) mod tree;
mod wrappers;

use std::env;
use std::fs::{self, File};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use clearance::internals::decide::{Case, Host, Profile, ThisMachine};
use serde_json::Value;

use compare::Comparison;
use judge::Judge;
use tally::Tally;
use tree::Tree;

/// The number of cases for each release if `PROVE` is not set.
const SAMPLE: u64 = 300;

/// The number of judges that run at once: one for each core of a small machine.
const JUDGES: u64 = 2;

#[test]
fn decisions_are_those_of_the_releases() {
    let (tree, _lock) = built_tree();
    let seeds = seeds();
    if let Ok(id) = env::var("CASE") {
        return releases().iter().for_each(|release| show(&tree, release, &id));
    }
    let count = env::var("PROVE").map_or(SAMPLE, |count| count.parse().expect("PROVE is a number"));
    let mut failures = Vec::new();
    for release in releases() {
        let tally = prove(&tree, &release, &seeds, count);
        println!("{release}: {tally}");
        if env::var_os("CLEARANCE_BLESS").is_some() {
            proven::write(&release, &seeds, &tally);
        }
        if tally.disagreements() > 0 {
            failures.push(release);
        }
    }
    assert!(failures.is_empty(), "decisions differ from those of {}: see above", failures.join(", "));
}

#[test]
fn decisions_are_recorded_on_request() {
    if env::var_os("CLEARANCE_RECORD").is_some() {
        let (tree, _lock) = built_tree();
        recorder::record(&tree);
    }
}

/// Compares cases of a release, shared by the seeds and by the judges.
fn prove(tree: &Arc<Tree>, release: &str, seeds: &[u64], count: u64) -> Tally {
    let profile = profile(release);
    let each = count.div_ceil(u64::try_from(seeds.len()).expect("few seeds"));
    let workers: Vec<_> = (0..JUDGES)
        .map(|judge| {
            let (tree, release, seeds) = (Arc::clone(tree), release.to_owned(), seeds.to_owned());
            thread::spawn(move || {
                // Neighbours, one fixed and one not, go to the same judge.
                let numbers =
                    seeds.into_iter().flat_map(move |seed| (0..each).map(move |number| (seed, number)));
                let own = numbers.filter(move |(_, number)| number / 2 % JUDGES == judge);
                let cases = own.map(move |(seed, number)| cases::case(&tree, seed, number));
                let (mut tally, mut again) = (Tally::default(), Vec::new());
                for (case, judged) in Judge::start(&release, cases) {
                    let ours = decided(&case, profile, &ThisMachine);
                    if matches!(compare::compare(&judged, &ours), Comparison::Different(_)) {
                        again.push(case);
                    } else {
                        tally.add(case, judged, ours);
                    }
                }
                (tally, again)
            })
        })
        .collect();
    let (mut all, mut again) = (Tally::default(), Vec::new());
    for worker in workers {
        let (tally, differing) = worker.join().expect("a judge's answers are read");
        all.join(tally);
        again.extend(differing);
    }
    // A release's parser gives up after 500 ms, which a long command takes beside other work: what differs is asked once
    // more, with nothing beside it.
    all.asked_again = again.len();
    for (case, judged) in Judge::start(release, again.into_iter()) {
        let ours = decided(&case, profile, &ThisMachine);
        all.add(case, judged, ours);
    }
    all
}

/// Prints one case with both answers.
fn show(tree: &Arc<Tree>, release: &str, id: &str) {
    let (seed, number) = id.split_once('-').expect("CASE is a seed and a number: 7-1234");
    let (seed, number) = (seed.parse().expect("a seed"), number.parse().expect("a number"));
    let case = cases::case(tree, seed, number);
    for (case, judged) in Judge::start(release, std::iter::once(case)) {
        let ours = decided(&case, profile(release), &ThisMachine);
        println!("{case}\n{release}: {judged}\nclearance: {ours}\n{:?}", compare::compare(&judged, &ours));
    }
}

/// What clearance decides, in the form of the judge's answers.
pub(crate) fn decided(case: &Value, profile: Profile, host: &dyn Host) -> Value {
    let mut case: Case = serde_json::from_value(case.clone()).expect("a case");
    case.state_directory = Some(compare::STATE_DIRECTORY.to_owned());
    serde_json::to_value(case.answer(profile, host)).expect("an answer")
}

fn profile(release: &str) -> Profile {
    Profile::of(release).unwrap_or_else(|| panic!("{release} is not a release"))
}

/// The releases to compare: the measured one of each generation, or those of `RELEASE`.
fn releases() -> Vec<String> {
    match env::var("RELEASE") {
        Ok(releases) => releases.split(',').map(str::to_owned).collect(),
        Err(_) => Profile::ALL.iter().map(|profile| profile.release().to_owned()).collect(),
    }
}

/// The seeds: `7`, `1-10`, `3,5`.
fn seeds() -> Vec<u64> {
    let number = |text: &str| text.parse().expect("SEED has numbers");
    let text = env::var("SEED").unwrap_or_else(|_| "1".to_owned());
    let range = |part: &str| match part.split_once('-') {
        Some((first, last)) => (number(first)..=number(last)).collect(),
        None => vec![number(part)],
    };
    text.split(',').flat_map(range).collect()
}

/// The tree of fake programs, always at the same place so that a seed names the same cases; and the lock that keeps other
/// runs away from it.
fn built_tree() -> (Arc<Tree>, File) {
    let root =
        fs::canonicalize(env::temp_dir()).expect("a directory for temporary files").join("clearance-proof");
    let lock = File::options().create(true).truncate(false).write(true).open(root.with_extension("lock"));
    let lock = lock.expect("the lock file opens");
    lock.lock().expect("the lock is had");
    if root.exists() {
        fs::remove_dir_all(&root).expect("the tree of an earlier run goes");
    }
    let tree = Tree::at(root.to_str().expect("a path in UTF-8"));
    tree.build();
    (Arc::new(tree), lock)
}

/// A file of this repository.
fn file(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}
