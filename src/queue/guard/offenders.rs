//! Groups that were denied not long ago, and those of them that are denied again and again.

use std::collections::{HashMap, VecDeque};

/// How many groups are remembered at most; past that the one that was denied longest ago is forgotten.
const MOST: usize = 4_096;

#[derive(Debug, Default)]
struct Offence {
    /// When it was denied, the last times.
    at_ms: VecDeque<u64>,
    told_at_ms: Option<u64>,
}

/// What was denied within a time.
#[derive(Debug)]
pub(super) struct Offenders {
    repeats: u32,
    within_ms: u64,
    known: HashMap<[u8; 32], Offence>,
}

impl Offenders {
    pub(super) fn new(repeats: u32, within_ms: u64) -> Self {
        Self { repeats: repeats.max(1), within_ms, known: HashMap::new() }
    }

    /// How many groups are remembered.
    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether one of the group was denied within the time.
    pub(super) fn knows(&self, group: &[u8; 32], steady_ms: u64) -> bool {
        let last = self.known.get(group).and_then(|offence| offence.at_ms.back());
        last.is_some_and(|last| steady_ms.saturating_sub(*last) < self.within_ms)
    }

    /// Counts a denial. Says how often it was, if it is to be told of.
    pub(super) fn denied(&mut self, group: [u8; 32], steady_ms: u64) -> Option<u32> {
        if !self.known.contains_key(&group) && self.known.len() >= MOST {
            self.forget(steady_ms);
            let oldest = self.known.iter().min_by_key(|(_, offence)| offence.at_ms.back().copied());
            if let Some((&oldest, _)) = oldest.filter(|_| self.known.len() >= MOST) {
                self.known.remove(&oldest);
            }
        }
        let (repeats, within_ms) = (self.repeats, self.within_ms);
        let offence = self.known.entry(group).or_default();
        offence.at_ms.push_back(steady_ms);
        while offence.at_ms.len() > repeats as usize
            || offence.at_ms.front().is_some_and(|at| steady_ms.saturating_sub(*at) >= within_ms)
        {
            offence.at_ms.pop_front();
        }
        let told = offence.told_at_ms.is_some_and(|told| steady_ms.saturating_sub(told) < within_ms);
        let times = u32::try_from(offence.at_ms.len()).unwrap_or(u32::MAX);
        (times >= repeats && !told).then(|| {
            offence.told_at_ms = Some(steady_ms);
            times
        })
    }

    /// Forgets what is longer ago.
    pub(super) fn forget(&mut self, steady_ms: u64) {
        let within_ms = self.within_ms;
        let lately = |at: Option<u64>| at.is_some_and(|at| steady_ms.saturating_sub(at) < within_ms);
        self.known.retain(|_, offence| lately(offence.at_ms.back().copied()) || lately(offence.told_at_ms));
    }
}
