//! Keeping a queue free of duplicates as they come, as a state machine: it receives what happened and returns what to
//! do next.
//!
//! It follows the plan of `queue dedupe`, group by group, and denies only while it knows everything that is pending:
//! from a listing on, and for as long as no event is missing or late. A decision depends on what is pending, on the
//! states of runs, and on the time.
//!
//! When a denial may be sent beside those of other processes is in [`crate::queue::slots`].
//!
//! The cost of an event does not depend on how many prompts are pending, nor on how many its group has. The guard
//! remembers what is pending, what was resolved since the listing before the last one, and the groups that were denied
//! lately.

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

use std::collections::{BTreeSet, HashMap, HashSet};

use breaker::Breaker;
pub use breaker::{Rate, Throttle};
use holds::{Change, Holds};
use offenders::Offenders;
use phase::Phase;
pub use protocol::{Counts, Decided, DenialCost, Held, Input, Next, Note, Offender, Outcome, Tuning};
use table::{Digest, Look, State, Table};

use super::clock::{GatewayTime, Now, SteadyTime};
use super::denials::Denials;
use super::plan::Why;
use super::prompt::Key;
use super::runs::Runs;

/// A denial whose answer says that the prompt is gone.
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
    /// Only where each denial starts an agent turn.
    holds: Holds,
    cost: DenialCost,
    phase: Phase,
    /// How often in a row it could not be listed.
    misses: u32,
    /// When to list next, and when everything was listed last.
    list_at: SteadyTime,
    listed_at: Option<SteadyTime>,
    /// What was resolved since the last listing was asked for, and since the one before. An event that comes twice must
    /// not bring it back.
    gone: [HashSet<Key>; 2],
    /// What the gateway answered of since the last listing, which the next one must not have.
    over: HashMap<Key, Over>,
    /// Groups that are to be looked at later.
    timers: BTreeSet<(SteadyTime, Digest)>,
    /// The groups of the prompts that the gateway is being asked about.
    checks: HashMap<Key, Digest>,
    decisions: u64,
    requeued: u64,
    notes: Vec<Note>,
}

impl Guard {
    /// A guard that knows nothing yet, and has no connection.
    pub fn new(tuning: Tuning) -> Self {
        Self {
            denials: Denials::new(tuning.limits),
            breaker: Breaker::new(tuning.free),
            offenders: Offenders::new(tuning.repeats, tuning.repeats_within_ms),
            holds: Holds::new(tuning.repeats, tuning.repeats_within_ms, tuning.turns.cooling_ms),
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

    /// What to do now. It is called again after each thing done and each input, until it says to wait.
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
        // What the breaker holds is looked at when it closes.
        while self.breaker.open_until().is_none()
            && let Some((group, change)) = self.holds.due(now.steady)
        {
            self.retry(group);
            if change == Change::Released {
                self.notes.push(Note::Released(group));
            }
        }
        let denies = self.phase.denies();
        if denies {
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
        Next::Wait([list, timer, resume, breaker, holds].into_iter().flatten().min())
    }

    /// The notes since the last call, in the order in which they happened.
    pub fn take_notes(&mut self) -> Vec<Note> {
        std::mem::take(&mut self.notes)
    }

    /// How many prompts are pending, as far as is known.
    pub fn counts(&self) -> Counts {
        self.table.counts()
    }

    /// How many prompts came not long after another of their group had been denied.
    pub fn requeued(&self) -> u64 {
        self.requeued
    }

    /// Until when the breaker is open.
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

    /// How much is remembered: prompts, what was resolved lately, groups that were denied lately.
    #[cfg(test)]
    pub fn remembered(&self) -> [usize; 3] {
        let lately = self.gone[0].len() + self.gone[1].len() + self.over.len() + self.phase.remembered();
        let pending = self.table.items.len() + self.timers.len() + self.denials.remembered();
        [pending, lately, self.offenders.len() + self.holds.len()]
    }

    /// Puts the groups in line that are to be looked at now.
    fn due(&mut self, steady: SteadyTime) {
        while let Some(&(at, digest)) = self.timers.first().filter(|(at, _)| *at <= steady) {
            self.timers.remove(&(at, digest));
            if let Some(group) = self.table.groups.get_mut(&digest) {
                group.timer = None;
            }
            self.table.touch(digest);
        }
    }

    /// Looks at a group again at a time, or earlier.
    fn later(&mut self, digest: Digest, at: SteadyTime) {
        let Some(group) = self.table.groups.get_mut(&digest) else { return };
        if group.timer.is_none_or(|timer| at < timer) {
            let before = group.timer.replace(at);
            before.map(|before| self.timers.remove(&(before, digest)));
            self.timers.insert((at, digest));
        }
    }

    /// The next denial or check. What is new comes first: it can be denied at once.
    fn act(&mut self, now: Now) -> Option<Next> {
        while let Some(key) = self.table.expired(now.gateway) {
            if matches!(self.table.items.get(&key).map(|item| item.state), Some(State::Sent { .. })) {
                // It stays for the answer.
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
