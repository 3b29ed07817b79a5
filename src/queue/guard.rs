//! Keeping a queue free of duplicates as they come, as a state machine: it is told what happened and says what to deny.
//!
//! It keeps to the plan of `queue dedupe`, group by group, and denies only while it knows everything that is pending:
//! from a listing on, and for as long as no event is missing or late. What is behind a decision is what is pending,
//! what is known of runs, and the time.
//!
//! When a denial may be sent beside those of other processes is in [`crate::queue::slots`].
//!
//! What an event costs does not depend on how many prompts are pending, nor on how many its group has. What is remembered is what is pending, what was
//! resolved in two listings' time, and the groups that were denied lately.

mod breaker;
mod handlers;
mod holds;
pub mod line;
mod offenders;
mod protocol;
mod table;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::Bound;

use breaker::{Admission, Breaker};
pub use breaker::{Rate, Throttle};
use holds::{Change, Holds, Verdict};
use offenders::Offenders;
pub use protocol::{Counts, Decided, DenialCost, Held, Input, Next, Note, Now, Offender, Outcome, Tuning};
use table::{Digest, Group, Rank, State, Table};

use super::plan::{Rules, Why, why};
use super::prompt::{Key, Prompt};
use super::purge::Pace;
use super::runs::Runs;
use super::slots::{Moment, Opening, SETTLED_MS, Side, Slots};

/// What there is to do about a group.
enum Look {
    /// This prompt is to be denied, and why.
    Deny(Key, Why),
    /// First it must be known whether this one is pending.
    Check(Key),
    /// Nothing before something happens, or before this time by the steady clock.
    Nothing(Option<u64>),
}

/// A listing that was asked for and has not come.
#[derive(Debug, Default)]
struct Asking {
    /// By the gateway's clock, in Unix milliseconds.
    since_ms: u64,
    /// What was told since. It is newer than the listing may be.
    requested: HashSet<Key>,
    resolved: HashSet<Key>,
    /// Whether something may be missing since.
    gap: bool,
}

/// A denial whose answer says that the prompt is gone.
#[derive(Debug)]
struct Over {
    number: u64,
    why: Why,
    created_at_ms: u64,
}

/// A guard of one gateway.
#[derive(Debug)]
pub struct Guard {
    tuning: Tuning,
    table: Table,
    runs: Runs,
    pace: Pace,
    breaker: Breaker,
    offenders: Offenders,
    /// Only where each denial starts an agent turn.
    holds: Holds,
    cost: DenialCost,
    up: bool,
    /// Whether everything that is pending is known.
    known: bool,
    asking: Option<Asking>,
    /// How often in a row it could not be listed.
    misses: u32,
    /// When to list next, and when it was listed last, by the steady clock.
    list_at_ms: u64,
    listed_at_ms: Option<u64>,
    /// What was resolved since the last listing was asked for, and since the one before. An event that comes twice must
    /// not bring it back.
    gone: [HashSet<Key>; 2],
    /// What the gateway answered of since the last listing, which the next one must not have.
    over: HashMap<Key, Over>,
    /// Groups that are to be looked at later, by the steady clock.
    timers: BTreeSet<(u64, Digest)>,
    under_way: usize,
    /// Denials and checks in flight, by when they were sent by the steady clock.
    flights: BTreeSet<(u64, Key)>,
    /// Checks in flight: the group, when it was sent, and the pace's epoch.
    checks: HashMap<Key, (Digest, u64, u64)>,
    /// By how much the gateway's clock may be ahead.
    unsure_ms: u64,
    decisions: u64,
    requeued: u64,
    stopping: bool,
    notes: Vec<Note>,
}

impl Guard {
    /// A guard that knows nothing yet, and has no connection.
    pub fn new(tuning: Tuning) -> Self {
        Self {
            pace: Pace::new(tuning.limits),
            breaker: Breaker::new(tuning.free),
            offenders: Offenders::new(tuning.repeats, tuning.repeats_within_ms),
            holds: Holds::new(tuning.repeats, tuning.repeats_within_ms, tuning.turns.cooling_ms),
            cost: DenialCost::Nothing,
            tuning,
            table: Table::default(),
            runs: Runs::new(),
            up: false,
            known: false,
            asking: None,
            misses: 0,
            list_at_ms: 0,
            listed_at_ms: None,
            gone: [HashSet::new(), HashSet::new()],
            over: HashMap::new(),
            timers: BTreeSet::new(),
            under_way: 0,
            flights: BTreeSet::new(),
            checks: HashMap::new(),
            unsure_ms: 0,
            decisions: 0,
            requeued: 0,
            stopping: false,
            notes: Vec::new(),
        }
    }

    /// What to do now. Asked again after each thing done and each thing told, until it says to wait.
    pub fn next(&mut self, now: Now) -> Next {
        if self.stopping {
            return if self.under_way == 0 { Next::Done } else { Next::Wait(None) };
        }
        if self.breaker.closes(now.steady_ms) {
            self.notes.push(Note::Closed);
            self.list_at_ms = now.steady_ms;
        }
        if !self.up {
            return Next::Wait(self.breaker.open_until_ms());
        }
        if self.asking.is_none() && now.steady_ms >= self.list_at_ms {
            let older = std::mem::take(&mut self.gone[0]);
            self.gone[1] = older;
            self.asking = Some(Asking { since_ms: now.at_ms, ..Asking::default() });
            return Next::List;
        }
        let paused = now.steady_ms < self.pace.resume_at_ms();
        // What the breaker holds is looked at when it closes.
        while self.breaker.open_until_ms().is_none()
            && let Some((group, change)) = self.holds.due(now.steady_ms)
        {
            self.retry(group);
            if change == Change::Released {
                self.notes.push(Note::Released(group));
            }
        }
        if self.known {
            self.due(now.steady_ms);
            if !paused
                && self.flights.len() < self.pace.window()
                && let Some(next) = self.act(now)
            {
                return next;
            }
        }
        let list = self.asking.is_none().then_some(self.list_at_ms);
        let timer = self.timers.first().map(|(at, _)| *at).filter(|_| self.known);
        let resume = (paused && !self.table.ready.is_empty()).then(|| self.pace.resume_at_ms());
        let breaker = self.breaker.open_until_ms();
        let holds = self.holds.next_ms().filter(|_| breaker.is_none());
        Next::Wait([list, timer, resume, breaker, holds].into_iter().flatten().min())
    }

    /// What there is to tell, in the order in which it happened.
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

    /// When everything was listed last, by the steady clock.
    pub fn listed_at_ms(&self) -> Option<u64> {
        self.listed_at_ms
    }

    /// Until when the breaker is open, by the steady clock.
    pub fn open_until_ms(&self) -> Option<u64> {
        self.breaker.open_until_ms()
    }

    /// How many groups are held because they come back after each denial.
    pub fn held_groups(&self) -> usize {
        self.holds.held()
    }

    /// The limits in force.
    pub fn throttle(&self) -> Throttle {
        self.tuning.throttle(self.cost)
    }

    /// How many denials are under way.
    pub fn under_way(&self) -> usize {
        self.under_way
    }

    /// How much is remembered: prompts, what was resolved lately, groups that were denied lately.
    pub fn remembered(&self) -> [usize; 3] {
        let asking = self.asking.as_ref().map_or(0, |asking| asking.requested.len() + asking.resolved.len());
        let lately = self.gone[0].len() + self.gone[1].len() + self.over.len() + asking;
        [self.table.items.len() + self.timers.len(), lately, self.offenders.len() + self.holds.len()]
    }

    /// Puts groups in line whose time has come.
    fn due(&mut self, steady_ms: u64) {
        while let Some(&(at_ms, digest)) = self.timers.first().filter(|(at, _)| *at <= steady_ms) {
            self.timers.remove(&(at_ms, digest));
            if let Some(group) = self.table.groups.get_mut(&digest) {
                group.timer = None;
            }
            self.table.touch(digest);
        }
    }

    /// Looks at a group again at a time by the steady clock, or earlier.
    fn later(&mut self, digest: Digest, at_ms: u64) {
        let Some(group) = self.table.groups.get_mut(&digest) else { return };
        if group.timer.is_none_or(|timer| at_ms < timer) {
            let before = group.timer.replace(at_ms);
            before.map(|before| self.timers.remove(&(before, digest)));
            self.timers.insert((at_ms, digest));
        }
    }

    /// The next denial or check. What is new comes first: it can be denied at once.
    fn act(&mut self, now: Now) -> Option<Next> {
        while let Some(key) = self.table.lapsed(now.at_ms) {
            if matches!(self.table.items.get(&key).map(|item| item.state), Some(State::Sent { .. })) {
                // It stays for the answer.
                self.table.lapsing_over(&key);
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
                    self.flights.insert((now.steady_ms, key.clone()));
                    self.checks.insert(key.clone(), (digest, now.steady_ms, self.pace.epoch()));
                    if let Some(group) = self.table.groups.get_mut(&digest) {
                        group.checking = Some((key.clone(), now.at_ms));
                    }
                    return Some(Next::Check(key));
                }
                Look::Nothing(later) => later,
            };
            self.table.ready.pop_front();
            if let Some(group) = self.table.groups.get_mut(&digest) {
                group.queued = false;
            }
            if let Some(at_ms) = later {
                self.later(digest, at_ms);
            }
        }
        None
    }

    fn moment(&self, now: Now) -> Moment {
        let oldest = self.flights.first().map_or(0, |(sent_ms, _)| now.steady_ms.saturating_sub(*sent_ms));
        let latency_ms = self.pace.latency_ms().max(oldest);
        Moment { at_ms: now.at_ms, unsure_ms: self.unsure_ms, latency_ms }
    }

    fn rules(&self, now: Now) -> Rules {
        Rules { margin_ms: self.tuning.margin_ms, scope: self.tuning.scope, ..Rules::at(now.at_ms) }
    }

    fn prompt(&self, rank: &Rank) -> Option<&Prompt> {
        self.table.items.get(&rank.1).map(|item| &item.prompt)
    }

    /// Whether a prompt lives long enough for others to be denied relying on it.
    fn holds(&self, rank: &Rank, now: Now) -> bool {
        let lapses = now.at_ms.saturating_add(self.tuning.lapse_ms);
        self.prompt(rank).is_some_and(|prompt| prompt.expires_at_ms > lapses)
    }

    /// Whether a prompt that has just come is to be denied outside its slot.
    fn new_one(&mut self, digest: Digest, rank: &Rank, now: Now) -> Option<(Key, Why)> {
        let state = self.table.items.get(&rank.1)?.state;
        let new = self.tuning.slots.is_some() && Slots::is_new(rank.0, self.moment(now));
        if state != State::Pending || !new || self.tuning.observe {
            return None;
        }
        let survivor = self.survivor(digest, now)?;
        let oldest = self.oldest(digest, now)?;
        let relies_on_older = oldest < *rank && survivor != *rank && self.holds(&survivor, now);
        relies_on_older.then(|| self.reason(rank, &survivor, now)).flatten()
    }

    fn reason(&self, rank: &Rank, survivor: &Rank, now: Now) -> Option<(Key, Why)> {
        let (prompt, kept) = (self.prompt(rank)?, self.prompt(survivor)?);
        Some((rank.1.clone(), why(prompt, kept, &self.rules(now), &self.runs)))
    }

    /// What there is to do about a group now.
    fn look(&mut self, digest: Digest, now: Now) -> Look {
        let Some(group) = self.table.groups.get(&digest) else { return Look::Nothing(None) };
        if group.checking.is_some() {
            return Look::Nothing(None);
        }
        let Some(survivor) = self.survivor(digest, now) else { return Look::Nothing(None) };
        let Some(oldest) = self.oldest(digest, now).filter(|_| self.holds(&survivor, now)) else {
            return Look::Nothing(Some(now.steady_ms.saturating_add(self.tuning.lapse_ms)));
        };
        let Some(group) = self.table.groups.get(&digest) else { return Look::Nothing(None) };
        let younger = group.waiting.range((Bound::Excluded(&oldest), Bound::Unbounded));
        let (victim, side) = if let Some(younger) = younger.into_iter().find(|rank| **rank != survivor) {
            (younger.clone(), Side::Younger)
        } else if let Some(older) = group.waiting.first().filter(|rank| **rank < survivor) {
            // The oldest one stays until no denial relies on it any more.
            if group.sent > 0 {
                return Look::Nothing(None);
            }
            (older.clone(), Side::Older)
        } else {
            return Look::Nothing(None);
        };
        let support = if side == Side::Younger { &oldest } else { &survivor };
        match self.opening(group, side, &survivor, now) {
            Opening::Shut { until_ms } => {
                let wait = until_ms.saturating_sub(now.at_ms).max(1);
                return Look::Nothing(Some(now.steady_ms.saturating_add(wait)));
            }
            Opening::Open { since_ms, .. } => {
                let known = |(key, at_ms): &(Key, u64)| *key == support.1 && *at_ms >= since_ms;
                if since_ms > 0 && !group.asked.as_ref().is_some_and(known) {
                    // One prompt is in one check at a time.
                    let checked = self.checks.contains_key(&support.1);
                    return if checked { Look::Nothing(None) } else { Look::Check(support.1.clone()) };
                }
            }
        }
        match self.reason(&victim, &survivor, now) {
            Some((key, why)) => Look::Deny(key, why),
            None => Look::Nothing(None),
        }
    }

    fn opening(&self, group: &Group, side: Side, survivor: &Rank, now: Now) -> Opening {
        let settled_ms = survivor.0.saturating_add(SETTLED_MS);
        match self.tuning.slots.filter(|_| !self.tuning.observe) {
            None => Opening::Open { since_ms: 0, until_ms: 0 },
            Some(_) if side == Side::Older && now.at_ms < settled_ms => {
                Opening::Shut { until_ms: settled_ms }
            }
            Some(slots) => slots.opening(side, group.phase, self.moment(now)),
        }
    }

    /// The oldest candidate that does not lapse at once.
    fn oldest(&self, digest: Digest, now: Now) -> Option<Rank> {
        let group = self.table.groups.get(&digest)?;
        group.members.iter().find(|rank| self.holds(rank, now)).cloned()
    }

    /// The candidate that stays, of two or more.
    fn survivor(&mut self, digest: Digest, now: Now) -> Option<Rank> {
        let rules = self.rules(now);
        let group = self.table.groups.get_mut(&digest)?;
        let (items, runs) = (&self.table.items, &self.runs);
        let prompt = |rank: &Rank| items.get(&rank.1).map(|item| &item.prompt);
        let fit = |rank: &Rank| prompt(rank).is_some_and(|one| rules.lasts(one) && !runs.of(one).over());
        let lives = |rank: &Rank| prompt(rank).map(|one| one.expires_at_ms);
        // Rather one that somebody may wait for; of those that live equally long the one with the first key.
        let live = |rank: &Rank| prompt(rank).is_some_and(|one| !runs.of(one).over());
        let longer = |a: &Rank, b: &Rank| {
            live(a).cmp(&live(b)).then_with(|| lives(a).cmp(&lives(b))).then_with(|| b.1.cmp(&a.1))
        };
        let joined = std::mem::take(&mut group.joined);
        let chosen = match group.survivor.take() {
            Some(kept) if !group.unfit && fit(&kept) => Some(kept),
            // Those before it were not fit.
            Some(kept) if !group.unfit => group.members.range(kept..).find(|rank| fit(rank)).cloned(),
            Some(kept) => {
                let there: Vec<&Rank> = joined.iter().filter(|rank| group.members.contains(*rank)).collect();
                let first = there.iter().copied().filter(|rank| fit(rank)).min();
                let longest = there.into_iter().chain([&kept]).max_by(|a, b| longer(a, b));
                group.unfit = first.is_none();
                first.or(longest).cloned()
            }
            None => group.members.iter().find(|rank| fit(rank)).cloned(),
        };
        let none_fit = chosen.is_none();
        let chosen = chosen.or_else(|| group.members.iter().max_by(|a, b| longer(a, b)).cloned())?;
        if none_fit {
            group.unfit = true;
        } else if fit(&chosen) {
            group.unfit = false;
        }
        group.survivor = Some(chosen.clone());
        let several = group.members.len() > 1;
        // It was to be denied, and is the one that stays now.
        self.withdraw(&chosen.1);
        several.then_some(chosen)
    }

    /// Whether a duplicate may be denied now: its group first, so that what is held counts for nothing at the breaker.
    fn admit(&mut self, digest: Digest, key: &Key, now: Now) -> Option<Admission> {
        let item = self.table.items.get(key)?;
        // A denial that is sent once more was admitted before.
        let first = !matches!(item.state, State::Again { .. });
        let judged = first && self.cost == DenialCost::AgentTurn && self.breaker.open_until_ms().is_none();
        let back = item.back;
        if judged {
            match self.holds.judge(digest, back, now.steady_ms) {
                Verdict::Deny => {}
                Verdict::Held => return Some(Admission::Open),
                Verdict::HeldNow(times, for_ms) => {
                    let Prompt { agent, session_key: session, .. } = item.prompt.clone();
                    let survivor = self.table.groups.get(&digest).and_then(|group| group.survivor.clone())?.1;
                    let held = Held { group: digest, agent, session, survivor, times, for_ms };
                    self.notes.push(Note::Held(Box::new(held)));
                    return Some(Admission::Open);
                }
            }
        }
        let admission = self.breaker.admit(now.steady_ms);
        if judged && admission == Admission::Admitted {
            self.holds.denied(digest, back, now.steady_ms);
        }
        Some(admission)
    }

    /// Looks again at what is held of a group. What waited there did not come back.
    fn retry(&mut self, digest: Digest) {
        let members = self.table.groups.get(&digest).map(|group| group.members.clone());
        for (_, key) in members.unwrap_or_default() {
            if let Some(item) = self.table.items.get_mut(&key).filter(|item| item.state == State::Held) {
                item.back = false;
                self.table.set(&key, State::Pending);
            }
        }
        self.table.touch(digest);
    }

    /// Decides on a duplicate. `Some`: its denial is to be sent.
    fn decide(&mut self, digest: Digest, key: Key, why: Why, now: Now) -> Option<Key> {
        let admission = self.admit(digest, &key, now)?;
        if let Admission::Opened(until_ms) = admission {
            let for_ms = until_ms.saturating_sub(now.steady_ms);
            self.notes.push(Note::Opened { until_ms, for_ms });
        }
        let number = match self.table.items.get(&key)?.state {
            State::Again { number, .. } => number,
            _ => self.decided(digest, &key, why)?,
        };
        let (state, outcome) = match admission {
            Admission::Admitted if self.tuning.observe => (State::Observed, Some(Outcome::Observed)),
            Admission::Admitted => (
                State::Sent { number, why, epoch: self.pace.epoch(), sent_ms: now.steady_ms, gone: false },
                None,
            ),
            Admission::Opened(_) | Admission::Open => (State::Held, Some(Outcome::Held)),
        };
        self.table.set(&key, state);
        let Some(outcome) = outcome else {
            self.under_way += 1;
            self.flights.insert((now.steady_ms, key.clone()));
            return Some(key);
        };
        let observed = outcome == Outcome::Observed;
        self.notes.push(Note::Over { number, key: key.clone(), why, outcome });
        if observed {
            self.offended(&key, now);
        }
        None
    }

    fn decided(&mut self, digest: Digest, key: &Key, why: Why) -> Option<u64> {
        let (_, survivor) = self.table.groups.get(&digest)?.survivor.clone()?;
        let item = self.table.items.get(key)?;
        self.decisions += 1;
        self.notes.push(Note::Decided(Box::new(Decided {
            number: self.decisions,
            prompt: item.prompt.clone(),
            survivor,
            why,
            group: digest,
            requeued: item.requeued,
        })));
        Some(self.decisions)
    }
}
