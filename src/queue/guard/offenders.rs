//! Groups that were denied lately, and those among them that are denied repeatedly.

use std::collections::{HashMap, VecDeque};

use crate::queue::clock::SteadyTime;

/// The maximum number of groups; beyond it the group with the oldest denial is forgotten.
const MOST: usize = 4_096;

#[derive(Debug, Default)]
struct Offence {
    /// The times of its last denials.
    denied: VecDeque<SteadyTime>,
    /// When a prompt was gone by an event before its denial was answered.
    gone: Option<SteadyTime>,
    /// When the group was last reported.
    reported: Option<SteadyTime>,
}

impl Offence {
    fn last(&self) -> Option<SteadyTime> {
        self.denied.back().copied().max(self.gone)
    }
}

/// The denials within a time window.
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
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether a prompt of the group was denied within the window.
    pub(super) fn knows(&self, group: &[u8; 32], now: SteadyTime) -> bool {
        let last = self.known.get(group).and_then(Offence::last);
        last.is_some_and(|last| now.since(last) < self.within_ms)
    }

    /// Notes that a prompt is gone while its denial is in flight. On a current gateway the agent asks again before
    /// the denial is answered (measured).
    pub(super) fn gone(&mut self, group: [u8; 32], now: SteadyTime) {
        self.of(group, now).gone = Some(now);
    }

    /// Counts a denial. Returns the number of denials of the group, if it is to be reported.
    pub(super) fn denied(&mut self, group: [u8; 32], now: SteadyTime) -> Option<u32> {
        let (repeats, within_ms) = (self.repeats, self.within_ms);
        let offence = self.of(group, now);
        offence.denied.push_back(now);
        while offence.denied.len() > repeats as usize
            || offence.denied.front().is_some_and(|at| now.since(*at) >= within_ms)
        {
            offence.denied.pop_front();
        }
        let reported = offence.reported.is_some_and(|reported| now.since(reported) < within_ms);
        let times = u32::try_from(offence.denied.len()).unwrap_or(u32::MAX);
        (times >= repeats && !reported).then(|| {
            offence.reported = Some(now);
            times
        })
    }

    fn of(&mut self, group: [u8; 32], now: SteadyTime) -> &mut Offence {
        if !self.known.contains_key(&group) && self.known.len() >= MOST {
            self.forget(now);
            let oldest = self.known.iter().min_by_key(|(_, offence)| offence.last());
            if let Some((&oldest, _)) = oldest.filter(|_| self.known.len() >= MOST) {
                self.known.remove(&oldest);
            }
        }
        self.known.entry(group).or_default()
    }

    /// Forgets denials from before the window.
    pub(super) fn forget(&mut self, now: SteadyTime) {
        let within_ms = self.within_ms;
        let lately = |at: Option<SteadyTime>| at.is_some_and(|at| now.since(at) < within_ms);
        self.known.retain(|_, offence| lately(offence.last()) || lately(offence.reported));
    }
}
