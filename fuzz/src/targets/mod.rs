//! The targets. The first byte of an input chooses how the rest is read.

mod decide;
mod documents;
mod frames;
mod gateways;
mod listings;
mod project;
mod scene;
mod settings;

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};

/// A target.
pub struct Target {
    /// Its name, which is also the folder of its corpus.
    pub name: &'static str,
    /// Runs an input, and returns the kind of its outcome. It panics if a promise is broken.
    pub run: fn(&[u8]) -> u64,
    /// Files and folders of the repository that are inputs without the first byte.
    pub fixtures: &'static [&'static str],
    /// Splits a fixture into inputs.
    pub split: fn(&[u8]) -> Vec<Vec<u8>>,
    /// Texts to insert.
    pub tokens: &'static [&'static str],
    /// Texts to put around a piece.
    pub pairs: &'static [[&'static str; 2]],
    /// Texts to put between two inputs.
    pub joins: &'static [&'static str],
    /// The length of the longest inputs, which are rare.
    pub longest: usize,
}

/// Every target.
pub const ALL: [Target; 7] = [
    documents::TARGET,
    frames::TARGET,
    settings::TARGET,
    gateways::TARGET,
    project::TARGET,
    listings::TARGET,
    decide::TARGET,
];

impl Target {
    /// The target with this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        static TARGETS: [Target; 7] = ALL;
        TARGETS.iter().find(|target| target.name == name)
    }

    /// The inputs to start from. `root`: the repository.
    pub fn seeds(&self, root: &Path) -> Vec<Vec<u8>> {
        let mut files = Vec::new();
        gather(&root.join("fuzz/corpus").join(self.name), &mut files);
        let mut seeds: Vec<Vec<u8>> = files.iter().filter_map(|file| fs::read(file).ok()).collect();
        let mut fixtures = Vec::new();
        for path in self.fixtures {
            gather(&root.join(path), &mut fixtures);
        }
        for fixture in fixtures.iter().filter_map(|file| fs::read(file).ok()) {
            seeds.extend((self.split)(&fixture).into_iter().map(|part| [b"0", &part[..]].concat()));
        }
        seeds
    }
}

/// The files at a path, in an order that is always the same.
fn gather(path: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(path) else {
        files.push(path.to_owned());
        return;
    };
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    for path in &paths {
        gather(path, files);
    }
}

fn whole(fixture: &[u8]) -> Vec<Vec<u8>> {
    vec![fixture.to_vec()]
}

/// The first byte, and the rest.
fn chosen(input: &[u8]) -> (u8, &[u8]) {
    input.split_first().map_or((0, input), |(choice, rest)| (*choice, rest))
}

/// A number for a kind of outcome, the same in every process.
fn kind(outcome: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    outcome.hash(&mut hasher);
    hasher.finish()
}

/// Fails unless the text has this line and this column, which both start at 1. The column may be one behind the line.
fn within(text: &str, line: usize, column: usize) {
    let found = text.split('\n').nth(line.wrapping_sub(1));
    let columns = found.unwrap_or_else(|| panic!("line {line} is outside the text")).chars().count();
    assert!((1..=columns + 1).contains(&column), "column {column} of line {line}, which has {columns}");
}

/// Runs an input of the target with this name.
pub fn run(name: &str, input: &[u8]) {
    let target = Target::named(name).unwrap_or_else(|| panic!("no target {name}"));
    let _kind = (target.run)(input);
}
