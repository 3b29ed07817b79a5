//! Keeping a queue free of duplicates as they arrive, as a state machine: it receives inputs and returns the next step.
//!
//! It follows the plan of `queue dedupe`, group by group, and denies only while it knows everything that is pending:
//! from a listing on, and for as long as no event is missing or late. A decision depends on what is pending, on the
//! states of runs, and on the time.
//!
//! The times at which several processes may send denials are defined in [`crate::queue::slots`].
//!
//! The cost of an event does not depend on how many prompts are pending, nor on how many its group has. The guard
//! remembers what is pending, what was resolved since the listing before the last one, and the groups that were denied
//! lately.

mod alerts;
mod breaker;
mod deciding;
mod handlers;
mod holds;
pub mod line;
mod looking;
mod offenders;
mod phase;
mod protocol;
mod table;
mod trigger;

use std::collections::{BTreeSet, HashMap, HashSet};

use alerts::Alerts;
use breaker::Breaker;
pub use breaker::{Rate, Throttle};
use holds::{Change, Holds};
use offenders::Offenders;
use phase::Phase;
pub use protocol::{
    Counts, Decided, DenialCost, Held, Input, Long, Next, Note, Offender, Older, Outcome, Tuning,
};
use table::{Digest, Look, State, Table};
pub use trigger::Trigger;

use super::clock::{GatewayTime, Now, SteadyTime};
use super::denials::Denials;
use super::plan::Why;
use super::prompt::Key;
use super::runs::Runs;

/// A denial that was answered: the prompt is gone.
#[derive(Debug)]
struct Over {
    number: u64,
    why: Why,
    created: GatewayTime,
}

/// A guard of one gateway.
#[derive(Debug)]
pub struct Guard {
    tuning: Tuning,
    table: Table,
    runs: Runs,
    denials: Denials,
    breaker: Breaker,
    offenders: Offenders,
    /// Used only where each denial starts an agent turn.
    holds: Holds,
    cost: DenialCost,
    phase: Phase,
    /// Failed listings in a row.
    misses: u32,
    /// The times of the next and of the last listing.
    list_at: SteadyTime,
    listed_at: Option<SteadyTime>,
    /// The prompts that were resolved since the last listing was requested, and since the one before. A repeated event
    /// must not add them again.
    gone: [HashSet<Key>; 2],
    /// The prompts that the gateway reported as gone since the last listing. The next listing must not have them.
    over: HashMap<Key, Over>,
    /// Groups to look at later.
    timers: BTreeSet<(SteadyTime, Digest)>,
    /// The groups of the prompts with a check in flight.
    checks: HashMap<Key, Digest>,
    alerts: Alerts,
    decisions: u64,
    requeued: u64,
    notes: Vec<Note>,
}

impl Guard {
    /// A guard without a connection and without knowledge of prompts.
    pub fn new(tuning: Tuning) -> Self {
        Self {
            denials: Denials::new(tuning.limits),
            breaker: Breaker::new(tuning.free),
            offenders: Offenders::new(tuning.repeats, tuning.repeats_within_ms),
            holds: Holds::new(tuning.repeats, tuning.repeats_within_ms, tuning.turns.cooling_ms),
            alerts: Alerts::new(&tuning.older_ms, &tuning.longer_than),
            cost: DenialCost::Nothing,
            tuning,
            table: Table::default(),
            runs: Runs::new(),
            phase: Phase::Disconnected,
            misses: 0,
            list_at: SteadyTime::default(),
            listed_at: None,
            gone: [HashSet::new(), HashSet::new()],
            over: HashMap::new(),
            timers: BTreeSet::new(),
            checks: HashMap::new(),
            decisions: 0,
            requeued: 0,
            notes: Vec::new(),
        }
    }

    /// Returns the next step. The caller calls it again after each step and each input, until it returns `Wait`.
    pub fn next(&mut self, now: Now) -> Next {
        if matches!(self.phase, Phase::Stopping) {
            return if self.denials.in_flight() == 0 { Next::Done } else { Next::Wait(None) };
        }
        if self.breaker.closes(now.steady) {
            self.notes.push(Note::Closed);
            self.list_at = now.steady;
        }
        if matches!(self.phase, Phase::Disconnected) {
            return Next::Wait(self.breaker.open_until());
        }
        if now.steady >= self.list_at && self.phase.lists(now.gateway) {
            let older = std::mem::take(&mut self.gone[0]);
            self.gone[1] = older;
            return Next::List;
        }
        let resume_at = self.denials.paused_until(now);
        // Prompts that the breaker holds are looked at when it closes.
        while self.breaker.open_until().is_none()
            && let Some((group, change)) = self.holds.due(now.steady)
        {
            self.retry(group);
            if change == Change::Released {
                self.notes.push(Note::Released(group));
            }
        }
        let denies = self.phase.denies();
        let mut alert = None;
        if denies {
            let (notes, next_at) = self.alerts.due(&self.table, now);
            self.notes.extend(notes);
            alert = next_at;
            self.due(now.steady);
            if resume_at.is_none()
                && !self.denials.is_full()
                && let Some(next) = self.act(now)
            {
                return next;
            }
        }
        let list = (!self.phase.is_listing()).then_some(self.list_at);
        let timer = self.timers.first().map(|(at, _)| *at).filter(|_| denies);
        let resume = resume_at.filter(|_| !self.table.ready.is_empty());
        let breaker = self.breaker.open_until();
        let holds = self.holds.next_at().filter(|_| breaker.is_none());
        Next::Wait([list, timer, resume, breaker, holds, alert].into_iter().flatten().min())
    }

    /// The notes since the last call, in the order in which they happened.
    pub fn take_notes(&mut self) -> Vec<Note> {
        std::mem::take(&mut self.notes)
    }

    /// How many prompts are pending, as far as is known.
    pub fn counts(&self) -> Counts {
        self.table.counts()
    }

    /// How many prompts arrived soon after another prompt of their group was denied.
    pub fn requeued(&self) -> u64 {
        self.requeued
    }

    /// The time at which the breaker closes, if it is open.
    pub fn open_until(&self) -> Option<SteadyTime> {
        self.breaker.open_until()
    }

    /// How many groups are held because they come back after each denial.
    pub fn held_groups(&self) -> usize {
        self.holds.held()
    }

    /// The limits in force.
    pub fn throttle(&self) -> Throttle {
        self.tuning.throttle(self.cost)
    }

    /// How many denials are in flight.
    pub fn in_flight(&self) -> usize {
        self.denials.in_flight()
    }

    /// The sizes of its memory: prompts, recently resolved prompts, recently denied groups.
    #[cfg(test)]
    pub fn remembered(&self) -> [usize; 3] {
        let lately = self.gone[0].len() + self.gone[1].len() + self.over.len() + self.phase.remembered();
        let pending = self.table.items.len() + self.timers.len() + self.denials.remembered();
        [pending + self.alerts.len(), lately, self.offenders.len() + self.holds.len()]
    }

    /// Queues the groups that are due.
    fn due(&mut self, steady: SteadyTime) {
        while let Some(&(at, digest)) = self.timers.first().filter(|(at, _)| *at <= steady) {
            self.timers.remove(&(at, digest));
            if let Some(group) = self.table.groups.get_mut(&digest) {
                group.timer = None;
            }
            self.table.touch(digest);
        }
    }

    /// Looks at a group again at this time, or earlier.
    fn later(&mut self, digest: Digest, at: SteadyTime) {
        let Some(group) = self.table.groups.get_mut(&digest) else { return };
        if group.timer.is_none_or(|timer| at < timer) {
            let before = group.timer.replace(at);
            before.map(|before| self.timers.remove(&(before, digest)));
            self.timers.insert((at, digest));
        }
    }

    /// The next denial or check. New prompts come first: they can be denied immediately.
    fn act(&mut self, now: Now) -> Option<Next> {
        while let Some(key) = self.table.expired(now.gateway) {
            if matches!(self.table.items.get(&key).map(|item| item.state), Some(State::Sent { .. })) {
                // The prompt stays until its denial is answered.
                self.table.expiring_over(&key);
            }
            self.forget(&key);
        }
        while let Some((digest, rank)) = self.table.arrived.pop_front() {
            if let Some((key, why)) = self.new_one(digest, &rank, now)
                && let Some(key) = self.decide(digest, key, why, now)
            {
                return Some(Next::Deny(key));
            }
        }
        while let Some(&digest) = self.table.ready.front() {
            let later = match self.look(digest, now) {
                Look::Deny(key, why) => match self.decide(digest, key, why, now) {
                    Some(key) => return Some(Next::Deny(key)),
                    None => continue,
                },
                Look::Check(key) => {
                    self.denials.check(&key, now);
                    self.checks.insert(key.clone(), digest);
                    if let Some(group) = self.table.groups.get_mut(&digest) {
                        group.checking = true;
                    }
                    return Some(Next::Check(key));
                }
                Look::Nothing(later) => later,
            };
            self.table.ready.pop_front();
            if let Some(group) = self.table.groups.get_mut(&digest) {
                group.queued = false;
            }
            if let Some(at) = later {
                self.later(digest, at);
            }
        }
        None
    }
}
