//! Carrying out a plan, as a state machine: it is told what happened and says what to do next.
//!
//! It denies only what was planned, one request for one prompt at a time, and only while the prompt that is to stay
//! was known to be pending a moment ago. Time is passed in; nothing here waits.

mod pace;
mod talk;
mod tell;

use std::collections::{HashMap, VecDeque};

use super::plan::Group;
use super::prompt::Key;
use super::report::{Entry, Failure, Outcome, Untried};
pub use pace::Limits;
pub(super) use pace::Pace;
pub use talk::{Answer, Found, Input, Next, Tuning};

/// For how long it counts that a survivor was pending, in milliseconds.
pub const FRESH_MS: u64 = 250;

/// A group on its way.
#[derive(Debug)]
struct Work {
    survivor: Key,
    lapses_at_ms: u64,
    /// When the survivor was last known to be pending.
    known_at_ms: Option<u64>,
    waiting: VecDeque<Key>,
    /// Members without an outcome.
    open: usize,
    /// The pace's epoch, while the survivor is asked for.
    checking: Option<u64>,
    /// Checks in a row that said nothing.
    unknown: u8,
    /// Whether it is among [`Purge::ready`].
    queued: bool,
    /// Why nothing more of it is denied, if so.
    stopped: Option<Untried>,
}

/// A prompt that was planned to be denied.
#[derive(Debug)]
struct Item {
    group: u64,
    survivor: Key,
    state: State,
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    Waiting,
    /// `gone`: an event said meanwhile that it was resolved.
    Sent {
        epoch: u64,
        gone: bool,
    },
    Over(Outcome),
}

/// A purge.
#[derive(Debug)]
pub struct Purge {
    tuning: Tuning,
    pace: Pace,
    up: bool,
    hearing_since_ms: Option<u64>,
    stopped: Option<Untried>,
    work: HashMap<u64, Work>,
    /// Groups to go on with, the one at hand in front. A group whose survivor is asked for is not among them.
    ready: VecDeque<u64>,
    items: HashMap<Key, Item>,
    survivors: HashMap<Key, u64>,
    /// Items in the order in which they were planned.
    planned: Vec<Key>,
    next: u64,
    /// Denials and checks under way.
    under_way: usize,
    /// Items without an outcome.
    open: usize,
}

impl Purge {
    /// A purge of nothing yet, on a connection that is up.
    pub fn new(tuning: Tuning) -> Self {
        Self {
            tuning,
            pace: Pace::new(tuning.limits),
            up: true,
            hearing_since_ms: None,
            stopped: None,
            work: HashMap::new(),
            ready: VecDeque::new(),
            items: HashMap::new(),
            survivors: HashMap::new(),
            planned: Vec::new(),
            next: 0,
            under_way: 0,
            open: 0,
        }
    }

    /// Adds the duplicates of a group to what is to be denied. `listed_at_ms`: when the listing was made that the
    /// group was planned from. Where a group that is on its way has a prompt of this one, it is given up: two plans
    /// must not keep two different prompts.
    pub fn add(&mut self, group: &Group<'_>, listed_at_ms: u64) {
        let survivor = &group.survivor.key;
        for member in &group.members {
            let own = self.items.get(&member.key).map(|item| item.group);
            let kept = self.survivors.get(&member.key).copied();
            for other in own.into_iter().chain(kept) {
                self.stop_group(other, Untried::Replanned);
            }
        }
        let busy = |item: &Item| matches!(item.state, State::Sent { .. });
        // It is being denied under an earlier plan, and so cannot be what stays.
        if self.items.get(survivor).is_some_and(busy) {
            return;
        }
        let at = self.next;
        let mut waiting = VecDeque::new();
        for member in group.members.iter().filter(|member| member.key != *survivor) {
            if self.items.get(&member.key).is_some_and(busy) {
                continue;
            }
            let item = Item { group: at, survivor: survivor.clone(), state: State::Waiting };
            if self.items.insert(member.key.clone(), item).is_none() {
                self.planned.push(member.key.clone());
            }
            waiting.push_back(member.key.clone());
        }
        if waiting.is_empty() {
            return;
        }
        self.next += 1;
        self.open += waiting.len();
        self.survivors.insert(survivor.clone(), at);
        self.ready.push_back(at);
        let work = Work {
            survivor: survivor.clone(),
            lapses_at_ms: group.survivor.expires_at_ms,
            known_at_ms: Some(listed_at_ms),
            open: waiting.len(),
            waiting,
            checking: None,
            unknown: 0,
            queued: true,
            stopped: None,
        };
        self.work.insert(at, work);
    }

    /// What to do now. Asked again after each thing done and each thing told, until it says to wait.
    pub fn next(&mut self, now_ms: u64) -> Next {
        let deadline = self.tuning.deadline_ms;
        if deadline.is_some_and(|deadline| now_ms.saturating_add(self.tuning.drain_ms) >= deadline) {
            self.stopped.get_or_insert(Untried::Deadline);
        }
        if deadline.is_some_and(|deadline| now_ms >= deadline) {
            self.give_up();
        }
        if let Some(why) = self.stopped {
            // What is left afterwards is under way, and little.
            let groups: Vec<u64> = self.work.keys().copied().collect();
            for group in groups {
                self.stop_group(group, why);
            }
        }
        if self.open == 0 {
            return Next::Done;
        }
        let drain = deadline.map(|deadline| match self.stopped {
            Some(_) => deadline,
            None => deadline.saturating_sub(self.tuning.drain_ms),
        });
        if !self.up || self.stopped.is_some() || self.under_way >= self.pace.window() {
            return Next::Wait(drain);
        }
        if now_ms < self.pace.resume_at_ms() {
            return Next::Wait(Some(
                drain.map_or(self.pace.resume_at_ms(), |at| at.min(self.pace.resume_at_ms())),
            ));
        }
        self.send(now_ms).unwrap_or(if self.open == 0 { Next::Done } else { Next::Wait(drain) })
    }

    fn send(&mut self, now_ms: u64) -> Option<Next> {
        while let Some(&at) = self.ready.front() {
            let Some(work) = self.work.get_mut(&at) else {
                self.ready.pop_front();
                continue;
            };
            if now_ms.saturating_add(self.tuning.lapse_ms) >= work.lapses_at_ms {
                work.queued = false;
                self.ready.pop_front();
                self.stop_group(at, Untried::SurvivorLapsed);
                continue;
            }
            let waits = |key: &Key| self.items.get(key).is_some_and(|item| item.state == State::Waiting);
            while work.waiting.front().is_some_and(|key| !waits(key)) {
                work.waiting.pop_front();
            }
            if work.waiting.is_empty() {
                // It comes back if what is under way has to be tried again.
                work.queued = false;
                self.ready.pop_front();
                continue;
            }
            let fresh = work.known_at_ms.is_some_and(|known| {
                self.hearing_since_ms.is_some_and(|since| since <= known)
                    || now_ms.saturating_sub(known) <= FRESH_MS
            });
            if !fresh {
                self.under_way += 1;
                work.checking = Some(self.pace.epoch());
                work.queued = false;
                self.ready.pop_front();
                return Some(Next::Check(work.survivor.clone()));
            }
            let key = work.waiting.pop_front()?;
            self.under_way += 1;
            if let Some(item) = self.items.get_mut(&key) {
                item.state = State::Sent { epoch: self.pace.epoch(), gone: false };
            }
            return Some(Next::Deny(key));
        }
        None
    }

    /// Gives everything that waits in a group up; what is under way is waited for.
    fn stop_group(&mut self, at: u64, why: Untried) {
        let Some(work) = self.work.get_mut(&at) else { return };
        work.stopped.get_or_insert(why);
        if work.checking.take().is_some() {
            self.under_way -= 1;
        }
        let waiting = std::mem::take(&mut work.waiting);
        for key in waiting {
            if self.items.get(&key).is_some_and(|item| item.state == State::Waiting && item.group == at) {
                self.finish(&key, Outcome::NotTried(why));
            }
        }
    }

    /// Nothing that is under way is waited for any more.
    fn give_up(&mut self) {
        self.under_way = 0;
        self.work.values_mut().for_each(|work| work.checking = None);
        for key in self.sent() {
            self.finish(&key, Outcome::Failed(Failure::NoAnswer));
        }
    }

    /// What is under way, in the order of the plan.
    fn sent(&self) -> Vec<Key> {
        self.planned.iter().filter(|key| self.is_sent(key)).cloned().collect()
    }

    fn finish(&mut self, key: &Key, outcome: Outcome) {
        let Some(item) = self.items.get_mut(key) else { return };
        if matches!(item.state, State::Over(_)) {
            return;
        }
        item.state = State::Over(outcome);
        self.open -= 1;
        let at = item.group;
        if let Some(work) = self.work.get_mut(&at) {
            work.open -= 1;
            if work.open == 0 {
                if work.checking.is_some() {
                    self.under_way -= 1;
                }
                self.work.remove(&at);
            }
        }
    }

    /// Takes out what has an outcome, in the order in which it was planned, and forgets it. Those that stay are not
    /// among it.
    pub fn take(&mut self) -> Vec<Entry> {
        let mut entries = Vec::new();
        let items = &mut self.items;
        self.planned.retain(|key| {
            if !items.get(key).is_some_and(|item| matches!(item.state, State::Over(_))) {
                return true;
            }
            if let Some(Item { survivor, state: State::Over(outcome), .. }) = items.remove(key) {
                entries.push(Entry { key: key.clone(), survivor, outcome });
            }
            false
        });
        self.survivors.retain(|_, at| self.work.contains_key(at));
        entries
    }

    /// How many prompts have no outcome yet.
    pub fn open(&self) -> usize {
        self.open
    }

    /// How many requests may be under way at present.
    pub fn window(&self) -> usize {
        self.pace.window()
    }

    /// Whether a denial of this prompt is under way.
    pub fn is_sent(&self, key: &Key) -> bool {
        self.items.get(key).is_some_and(|item| matches!(item.state, State::Sent { .. }))
    }
}
