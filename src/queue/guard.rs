//! Keeping a queue free of duplicates as they come, as a state machine: it is told what happened and says what to deny.
//!
//! It keeps to the plan of `queue dedupe`, group by group, and denies only while it knows everything that is pending:
//! from a listing on, and for as long as no event is missing or late. What is behind a decision is what is pending,
//! what is known of runs, and the time; so guards of one gateway agree without knowing of each other, and where they may
//! know different things they take turns.
//!
//! An event costs what its group has members, never what is pending. What is remembered is what is pending, what was
//! resolved in two listings' time, and the groups that were denied lately.

mod breaker;
mod holds;
pub mod line;
mod offenders;
mod table;
mod talk;
mod tell;
mod turns;

use std::collections::{BTreeSet, HashMap, HashSet};

use breaker::{Admission, Breaker};
pub use breaker::{Rate, Throttle};
use holds::{Change, Holds, Verdict};
use offenders::Offenders;
use table::{Digest, State, Table};
pub use talk::{Counts, Decided, DenialCost, Held, Input, Next, Note, Now, Offender, Outcome, Tuning};
use turns::Turn;

use super::plan::{Rules, Why, plan};
use super::prompt::{Key, Prompt};
use super::purge::Pace;
use super::runs::Runs;

/// A prompt that lapses so near the margin, in milliseconds, may be seen either way: clocks differ.
const SKEW_MS: u64 = 2_000;

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
                && self.under_way < self.pace.window()
                && let Some(key) = self.deny(now)
            {
                return Next::Deny(key);
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
            self.table.touch(digest);
        }
    }

    /// The next prompt to deny.
    fn deny(&mut self, now: Now) -> Option<Key> {
        while let Some(&digest) = self.table.ready.front() {
            if self.table.groups.get(&digest).is_some_and(|group| group.changed) {
                self.evaluate(digest, now);
            }
            while let Some((key, why)) = self.waiting(digest, now) {
                if let Some(key) = self.decide(digest, key, why, now) {
                    return Some(key);
                }
            }
            let changed = self.table.groups.get(&digest).is_some_and(|group| group.changed);
            if !changed {
                self.table.ready.pop_front();
                if let Some(group) = self.table.groups.get_mut(&digest) {
                    group.queued = false;
                }
            }
        }
        None
    }

    /// The next duplicate of a group that is still one. The survivor is still pending, or nothing of it would wait.
    fn waiting(&mut self, digest: Digest, now: Now) -> Option<(Key, Why)> {
        let group = self.table.groups.get_mut(&digest).filter(|group| !group.changed)?;
        let survivor = group.survivor.as_ref()?;
        let lapses = self.table.items.get(survivor).map(|item| item.prompt.expires_at_ms);
        if lapses.is_none_or(|at_ms| at_ms <= now.at_ms.saturating_add(self.tuning.lapse_ms)) {
            group.waiting.clear();
            self.timers.insert((now.steady_ms.saturating_add(self.tuning.lapse_ms), digest));
            return None;
        }
        while let Some((key, why, turn)) = group.waiting.pop_front() {
            let state = self.table.items.get(&key).map(|item| item.state);
            if !matches!(state, Some(State::Pending | State::Again { .. })) || key == *survivor {
                continue;
            }
            if turn.comes_at_ms(now) > now.steady_ms {
                group.changed = true;
                return None;
            }
            return Some((key, why));
        }
        None
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
                    let survivor = self.table.groups.get(&digest).and_then(|group| group.survivor.clone())?;
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
        for key in members.unwrap_or_default() {
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
            Admission::Admitted => (State::Sent { number, why, epoch: self.pace.epoch(), gone: false }, None),
            Admission::Opened(_) | Admission::Open => (State::Held, Some(Outcome::Held)),
        };
        self.table.set(&key, state);
        let Some(outcome) = outcome else {
            self.under_way += 1;
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
        let survivor = self.table.groups.get(&digest)?.survivor.clone()?;
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

    /// Looks at a group: which one stays, what is denied now, and what later.
    fn evaluate(&mut self, digest: Digest, now: Now) {
        self.drop_lapsed(digest, now);
        let Some(group) = self.table.groups.get_mut(&digest) else { return };
        group.changed = false;
        group.waiting.clear();
        if group.members.len() < 2 {
            group.survivor = None;
            return;
        }
        let items = &self.table.items;
        let members = group.members.iter().filter_map(|key| items.get(key).map(|item| &item.prompt));
        let rules =
            Rules { margin_ms: self.tuning.margin_ms, scope: self.tuning.scope, ..Rules::at(now.at_ms) };
        let plan = plan(members, &self.runs, rules);
        // They were put together by what a plan puts them together by.
        let [planned] = &plan.groups[..] else { return };
        // What nobody can see otherwise: it has no run that could be over, and it lapses neither now nor soon.
        let margin = self.tuning.margin_ms.saturating_add(SKEW_MS);
        let certain = planned.survivor.run_id.is_none()
            && planned.survivor.expires_at_ms > now.at_ms.saturating_add(margin);
        let age = |prompt: &Prompt| (prompt.created_at_ms, prompt.key.clone());
        let kept = age(planned.survivor);
        let youngest = planned.members.iter().map(|member| member.created_at_ms).max().unwrap_or_default();
        let mut later: Option<u64> = None;
        for denial in planned.denials(&rules, &self.runs) {
            let turn = match age(denial.prompt) < kept {
                true => Turn::older(youngest),
                false if certain => Turn::Any,
                false => Turn::younger(denial.prompt.created_at_ms),
            };
            let comes = turn.comes_at_ms(now);
            if comes > now.steady_ms {
                later = Some(later.map_or(comes, |later| later.min(comes)));
            } else {
                group.waiting.push_back((denial.prompt.key.clone(), denial.why, turn));
            }
        }
        let survivor = planned.survivor.key.clone();
        group.survivor = Some(survivor.clone());
        self.timers.extend(later.map(|at| (at, digest)));
        // It was to be denied, and is the one that stays now.
        self.withdraw(&survivor);
    }

    /// Takes members out that have lapsed.
    fn drop_lapsed(&mut self, digest: Digest, now: Now) {
        let Some(group) = self.table.groups.get(&digest) else { return };
        let lapsed =
            |key: &&Key| self.table.items.get(*key).is_some_and(|item| item.prompt.expired(now.at_ms));
        let lapsed: Vec<Key> = group.members.iter().filter(lapsed).cloned().collect();
        for key in lapsed {
            self.forget(&key);
        }
    }
}
