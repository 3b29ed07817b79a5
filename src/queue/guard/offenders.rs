//! Groups that were denied not long ago, and those of them that are denied again and again.

use std::collections::{HashMap, VecDeque};

/// How many groups are remembered at most; past that the one that was denied longest ago is forgotten.
const MOST: usize = 4_096;

#[derive(Debug, Default)]
struct Offence {
    /// When it was denied, the last times; this and the others by the steady clock, in milliseconds.
    denied: VecDeque<u64>,
    /// When one was heard to be gone whose denial had not been answered.
    gone: Option<u64>,
    /// When it was told of.
    told: Option<u64>,
}

impl Offence {
    fn last_ms(&self) -> Option<u64> {
        self.denied.back().copied().max(self.gone)
    }
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
        let last = self.known.get(group).and_then(Offence::last_ms);
        last.is_some_and(|last| steady_ms.saturating_sub(last) < self.within_ms)
    }

    /// Takes note that one is gone whose denial is under way. On a current gateway the agent asks again before the denial
    /// is answered (measured).
    pub(super) fn gone(&mut self, group: [u8; 32], steady_ms: u64) {
        self.of(group, steady_ms).gone = Some(steady_ms);
    }

    /// Counts a denial. Says how often it was, if it is to be told of.
    pub(super) fn denied(&mut self, group: [u8; 32], steady_ms: u64) -> Option<u32> {
        let (repeats, within_ms) = (self.repeats, self.within_ms);
        let offence = self.of(group, steady_ms);
        offence.denied.push_back(steady_ms);
        while offence.denied.len() > repeats as usize
            || offence.denied.front().is_some_and(|at| steady_ms.saturating_sub(*at) >= within_ms)
        {
            offence.denied.pop_front();
        }
        let told = offence.told.is_some_and(|told| steady_ms.saturating_sub(told) < within_ms);
        let times = u32::try_from(offence.denied.len()).unwrap_or(u32::MAX);
        (times >= repeats && !told).then(|| {
            offence.told = Some(steady_ms);
            times
        })
    }

    fn of(&mut self, group: [u8; 32], steady_ms: u64) -> &mut Offence {
        if !self.known.contains_key(&group) && self.known.len() >= MOST {
            self.forget(steady_ms);
            let oldest = self.known.iter().min_by_key(|(_, offence)| offence.last_ms());
            if let Some((&oldest, _)) = oldest.filter(|_| self.known.len() >= MOST) {
                self.known.remove(&oldest);
            }
        }
        self.known.entry(group).or_default()
    }

    /// Forgets what is longer ago.
    pub(super) fn forget(&mut self, steady_ms: u64) {
        let within_ms = self.within_ms;
        let lately = |at: Option<u64>| at.is_some_and(|at| steady_ms.saturating_sub(at) < within_ms);
        self.known.retain(|_, offence| lately(offence.last_ms()) || lately(offence.told));
    }
}
