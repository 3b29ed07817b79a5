//! Alerts: prompts that wait too long, and a queue that is too long. Each cause is reported once.

use std::collections::{BTreeSet, HashSet};

use super::protocol::{Counts, Long, Note, Older};
use super::table::{Rank, State, Table};
use crate::queue::clock::{Now, SteadyTime};
use crate::queue::prompt::{Key, Prompt};

/// The shortest time between two reports of old prompts, in milliseconds: prompts that pass the limit meanwhile are in
/// one report.
const SPACING_MS: u64 = 10_000;
/// How long a queue has to be too long, in milliseconds, if that is because of duplicates: the guard denies them, the
/// last one of a group within eight seconds.
const SETTLED_MS: u64 = 10_000;
/// The maximum number of prompts in a report.
const MOST: usize = 10;

/// The limits, and what was reported.
#[derive(Debug)]
pub(super) struct Alerts {
    ages: Vec<Age>,
    lengths: Vec<Length>,
}

/// A limit of age.
#[derive(Debug)]
struct Age {
    limit_ms: u64,
    /// Prompts that may pass the limit. Some may be gone.
    waiting: BTreeSet<Rank>,
    reported: HashSet<Key>,
    next_at: SteadyTime,
}

/// A limit of length.
#[derive(Debug)]
struct Length {
    limit: usize,
    /// Since when the queue is longer.
    since: Option<SteadyTime>,
    is_reported: bool,
}

impl Alerts {
    /// `older_ms`, `longer_than`: the limits.
    pub(super) fn new(older_ms: &[u64], longer_than: &[usize]) -> Self {
        let age = |&limit_ms: &u64| Age {
            limit_ms,
            waiting: BTreeSet::new(),
            reported: HashSet::new(),
            next_at: SteadyTime::default(),
        };
        let length = |&limit: &usize| Length { limit, since: None, is_reported: false };
        Self { ages: older_ms.iter().map(age).collect(), lengths: longer_than.iter().map(length).collect() }
    }

    /// Takes in a pending prompt.
    pub(super) fn came(&mut self, rank: &Rank) {
        for age in &mut self.ages {
            age.waiting.insert(rank.clone());
        }
    }

    /// Forgets prompts that are gone, after a listing.
    pub(super) fn forget(&mut self, table: &Table) {
        for age in &mut self.ages {
            age.waiting.retain(|(_, key)| table.items.contains_key(key));
            age.reported.retain(|key| table.items.contains_key(key));
        }
    }

    /// What is to be reported now, and when to ask again. Everything that is pending is known.
    pub(super) fn due(&mut self, table: &Table, now: Now) -> (Vec<Note>, Option<SteadyTime>) {
        let mut notes = Vec::new();
        let mut next = None;
        for age in &mut self.ages {
            notes.extend(age.due(table, now).map(|older| Note::Older(Box::new(older))));
            next = next.into_iter().chain(age.next_at(now)).min();
        }
        for length in &mut self.lengths {
            notes.extend(length.due(table.counts(), now.steady).map(Note::Long));
            next = next.into_iter().chain(length.next_at()).min();
        }
        (notes, next)
    }

    /// How many prompts are remembered.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.ages.iter().map(|age| age.waiting.len() + age.reported.len()).sum()
    }
}

impl Age {
    fn due(&mut self, table: &Table, now: Now) -> Option<Older> {
        if now.steady < self.next_at {
            return None;
        }
        let limit_ms = self.limit_ms;
        let mut report = Older { limit_ms, count: 0, prompts: Vec::new() };
        let mut denied = Vec::new();
        while let Some(rank) = self.waiting.pop_first() {
            if rank.0.plus(limit_ms) > now.gateway {
                self.waiting.insert(rank);
                break;
            }
            let Some(item) = table.items.get(&rank.1) else { continue };
            match item.state {
                // It counts as gone.
                State::Observed => continue,
                State::Sent { .. } => {
                    denied.push(rank);
                    continue;
                }
                State::Pending | State::Again { .. } | State::Held | State::Failed | State::Stuck => {}
            }
            if self.reported.insert(rank.1) {
                report.count += 1;
                if report.prompts.len() < MOST {
                    report.prompts.push(Prompt::clone(&item.prompt));
                }
            }
        }
        let is_reported = report.count > 0;
        if is_reported || !denied.is_empty() {
            self.next_at = now.steady.plus(SPACING_MS);
        }
        self.waiting.extend(denied);
        is_reported.then_some(report)
    }

    fn next_at(&self, now: Now) -> Option<SteadyTime> {
        let (created, _) = self.waiting.first()?;
        Some(now.until(created.plus(self.limit_ms)).max(self.next_at))
    }
}

impl Length {
    fn due(&mut self, counts: Counts, now: SteadyTime) -> Option<Long> {
        let Counts { pending, groups, .. } = counts;
        let limit = self.limit;
        if pending <= limit {
            self.since = None;
            // A queue that keeps crossing its limit is one cause.
            self.is_reported &= pending > limit / 2;
            return None;
        }
        let since = *self.since.get_or_insert(now);
        let is_settled = groups > limit || now.since(since) >= SETTLED_MS;
        if self.is_reported || !is_settled {
            return None;
        }
        self.is_reported = true;
        Some(Long { limit, pending, groups })
    }

    fn next_at(&self) -> Option<SteadyTime> {
        self.since.filter(|_| !self.is_reported).map(|since| since.plus(SETTLED_MS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> SteadyTime {
        SteadyTime::of_ms(ms)
    }

    fn counts(pending: usize, groups: usize) -> Counts {
        Counts { pending, groups, duplicates: pending - groups, wider: None }
    }

    #[test]
    fn a_long_queue_is_reported_once_until_it_was_half_as_long() {
        let mut length = Length { limit: 4, since: None, is_reported: false };
        let mut due = |pending, groups, ms| length.due(counts(pending, groups), at(ms)).is_some();
        assert!(!due(4, 4, 0));
        assert!(due(5, 5, 1));
        assert!(!due(6, 6, 2));
        // It crosses the limit again, and was never short.
        assert!(!due(3, 3, 3) && !due(5, 5, 4));
        assert!(!due(2, 2, 5) && due(5, 5, 6));
    }

    #[test]
    fn duplicates_count_only_if_they_stay() {
        let mut length = Length { limit: 4, since: None, is_reported: false };
        assert!(length.due(counts(30, 2), at(0)).is_none());
        assert_eq!(length.next_at(), Some(at(SETTLED_MS)));
        assert!(length.due(counts(30, 2), at(SETTLED_MS - 1)).is_none());
        // They were denied, and others came.
        assert!(length.due(counts(2, 2), at(SETTLED_MS)).is_none());
        assert!(length.due(counts(30, 2), at(SETTLED_MS + 1)).is_none());
        let long = length.due(counts(30, 2), at(2 * SETTLED_MS + 1));
        assert_eq!(long, Some(Long { limit: 4, pending: 30, groups: 2 }));
        assert_eq!(length.next_at(), None);
    }
}
