//! Collects the findings of the lints, without those that are silenced, within limits of number, memory and time.

use std::collections::{BTreeSet, HashMap};

use super::counts::Counts;
use super::facts::Facts;
use super::raw::{Raw, Removal, removal};
use super::silences::Overrides;
use crate::approvals::bounds::Budget;
use crate::approvals::findings::codes::Code;
use crate::approvals::findings::diagnostic::Verdict;
use crate::approvals::findings::severity::Severity;

/// Collects findings, without those that are silenced. It keeps a limited number of each severity and counts all.
#[derive(Debug)]
pub(super) struct Sink<'r> {
    overrides: &'r Overrides,
    budget: Budget<'r>,
    /// The silences that apply to this document, by code.
    silences: HashMap<Code, Vec<usize>>,
    pub(super) raws: Vec<Raw>,
    pub(super) counts: Counts,
    pub(super) silenced: usize,
    pub(super) used: BTreeSet<usize>,
    /// The entries that a fix removes.
    pub(super) removals: Vec<Removal>,
    /// Whether the time limit passed before the end.
    pub(super) unfinished: bool,
    /// How often the time limit was checked.
    asked: u8,
    /// Remaining bytes for findings and for removals: an agent's id may be as long as the document, and is in both.
    room: [usize; 2],
}

impl<'r> Sink<'r> {
    /// `size`: the size of the document in bytes.
    pub(super) fn of(overrides: &'r Overrides, facts: &Facts<'r>, size: usize) -> Self {
        /// Bytes that are kept for the smallest document.
        const LEAST: usize = 4 * 1024 * 1024;
        let mut silences: HashMap<Code, Vec<usize>> = HashMap::new();
        for (index, silence) in
            overrides.silences.iter().enumerate().filter(|(_, silence)| silence.is_about(facts.name))
        {
            silences.entry(silence.code).or_default().push(index);
        }
        Self {
            overrides,
            budget: facts.budget,
            silences,
            raws: Vec::new(),
            counts: Counts::default(),
            silenced: 0,
            used: BTreeSet::new(),
            removals: Vec::new(),
            unfinished: false,
            asked: 0,
            room: [size + LEAST; 2],
        }
    }

    pub(super) fn push(&mut self, raw: Raw) {
        let about = self.silences.get(&raw.code).into_iter().flatten();
        let fitting: Vec<usize> =
            about.copied().filter(|&index| self.overrides.silences[index].fits(&raw)).collect();
        if !fitting.is_empty() {
            self.silenced += 1;
            self.used.extend(fitting);
            return;
        }
        let [for_raws, for_removals] = &mut self.room;
        if let Some(removal) = removal(&raw)
            && taken(for_removals, size_of::<Removal>() + removal.agent.len() + removal.pattern.len())
        {
            self.removals.push(removal);
        }
        let severity = self.overrides.severity(raw.code);
        self.counts.add(severity);
        let same = match severity {
            Severity::Error => self.counts.errors,
            Severity::Warning => self.counts.warnings,
            Severity::Note => self.counts.notes,
        };
        if same <= Verdict::MOST && taken(for_raws, raw.size()) {
            self.raws.push(raw);
        }
    }

    /// Whether the time limit has passed.
    pub(super) fn must_end(&mut self) -> bool {
        self.unfinished |= self.budget.is_spent();
        self.unfinished
    }

    /// Whether the time limit has passed, for calls at every entry whose check is quick: it reads the clock only now
    /// and then.
    pub(super) fn is_over(&mut self) -> bool {
        /// Number of entries between two reads of the clock.
        const CHECK_INTERVAL: u8 = 32;
        self.asked = (self.asked + 1) % CHECK_INTERVAL;
        if self.asked == 0 { self.must_end() } else { self.unfinished }
    }
}

/// Reserves room, if there is enough.
fn taken(room: &mut usize, size: usize) -> bool {
    let left = room.checked_sub(size);
    *room = left.unwrap_or(*room);
    left.is_some()
}
