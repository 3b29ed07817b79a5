//! The result of a comparison: numbers, and the shortest cases of each kind of disagreement.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use super::compare::{Comparison, compare};

/// The cases kept of each kind of disagreement.
const KEPT: usize = 5;

/// A disagreement: the case and both answers.
struct Disagreement {
    case: Value,
    judged: Value,
    ours: Value,
}

/// Numbers of a comparison.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) cases: u64,
    pub(crate) fixed: u64,
    pub(crate) unknown: u64,
    pub(crate) unjudged: u64,
    /// The texts that the release cannot analyse and that have other words.
    pub(crate) words: u64,
    /// The cases that differed at first and were asked again, alone. Only their second answers are counted.
    pub(crate) asked_again: usize,
    verdicts: BTreeMap<String, u64>,
    different: BTreeMap<&'static str, (u64, Vec<Disagreement>)>,
}

impl Tally {
    /// Adds a case with both answers.
    pub(crate) fn add(&mut self, case: Value, judged: Value, ours: Value) {
        self.cases += 1;
        self.fixed += u64::from(is_fixed(&case));
        *self.verdicts.entry(judged["verdict"].as_str().unwrap_or_default().to_owned()).or_default() += 1;
        match compare(&judged, &ours) {
            Comparison::Same => {}
            Comparison::Unknown => self.unknown += 1,
            Comparison::Unjudged => self.unjudged += 1,
            Comparison::Words => self.words += 1,
            Comparison::Different(field) => {
                let (count, kept) = self.different.entry(field).or_default();
                *count += 1;
                keep(kept, Disagreement { case, judged, ours });
            }
        }
    }

    /// Adds the numbers of another judge.
    pub(crate) fn join(&mut self, other: Self) {
        self.cases += other.cases;
        self.fixed += other.fixed;
        self.unknown += other.unknown;
        self.unjudged += other.unjudged;
        self.words += other.words;
        self.asked_again += other.asked_again;
        for (verdict, count) in other.verdicts {
            *self.verdicts.entry(verdict).or_default() += count;
        }
        for (field, (count, disagreements)) in other.different {
            let (all, kept) = self.different.entry(field).or_default();
            *all += count;
            for disagreement in disagreements {
                keep(kept, disagreement);
            }
        }
    }

    pub(crate) fn disagreements(&self) -> u64 {
        self.different.values().map(|(count, _)| count).sum()
    }
}

fn keep(kept: &mut Vec<Disagreement>, disagreement: Disagreement) {
    kept.push(disagreement);
    kept.sort_by_key(|one| one.case["command"].as_str().map_or(0, str::len));
    kept.truncate(KEPT);
}

/// A value as text, cut if it is long. `CASE` prints it whole.
fn shortened(value: &Value) -> String {
    const LONGEST: usize = 4_000;
    let text = value.to_string();
    match text.char_indices().nth(LONGEST) {
        Some((cut, _)) => format!("{} … ({} bytes)", &text[..cut], text.len()),
        None => text,
    }
}

/// Whether a case has the fixed policy: the generator gives it to the even numbers.
fn is_fixed(case: &Value) -> bool {
    let id = case["id"].as_str().unwrap_or_default();
    id.rsplit('-')
        .next()
        .and_then(|number| number.parse::<u64>().ok())
        .is_some_and(|number| number.is_multiple_of(2))
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} disagreements in {} cases ({} with a fixed policy), ",
            self.disagreements(),
            self.cases,
            self.fixed
        )?;
        write!(f, "{} unknown, {} without a verdict of the release, ", self.unknown, self.unjudged)?;
        write!(f, "{} not analysable and split otherwise, ", self.words)?;
        write!(f, "{} asked again; verdicts:", self.asked_again)?;
        for (verdict, count) in &self.verdicts {
            write!(f, " {verdict} {count}")?;
        }
        for (field, (count, kept)) in &self.different {
            write!(f, "\n== {field}: {count}, the shortest:")?;
            for Disagreement { case, judged, ours } in kept {
                let id = &case["id"];
                let [case, judged, ours] = [case, judged, ours].map(shortened);
                write!(f, "\n{id} {case}\n  release: {judged}\nclearance: {ours}")?;
            }
        }
        Ok(())
    }
}
