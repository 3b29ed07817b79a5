//! Carrying out a plan, as a state machine: it is told what happened and says what to do next.
//!
//! It denies only what was planned, one request for one prompt at a time, and only while the prompt that is to stay
//! was known to be pending a moment ago. Time is passed in; nothing here waits.

mod pace;

use std::collections::{HashMap, HashSet, VecDeque};

use super::plan::Group;
use super::prompt::Key;
use super::report::{Entry, Failure, Outcome, Untried};
pub use pace::Limits;
use pace::Pace;

/// For how long it counts that a survivor was pending, in milliseconds.
pub const FRESH_MS: u64 = 250;

/// How a purge goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tuning {
    /// When it must be over, in Unix milliseconds; `None`: never.
    pub deadline_ms: Option<u64>,
    /// For how long before the deadline nothing is sent any more and answers are waited for.
    pub drain_ms: u64,
    /// A survivor that lapses within this time counts as lapsed: a legacy gateway tells nobody when one does.
    pub lapse_ms: u64,
    /// How often in a row a survivor may be asked for without an answer that says whether it is there.
    pub checks: u8,
    /// How fast to go.
    pub limits: Limits,
}

impl Default for Tuning {
    fn default() -> Self {
        Self { deadline_ms: None, drain_ms: 500, lapse_ms: 1_000, checks: 3, limits: Limits::default() }
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// The answer to a denial.
    Answered(Key, Answer),
    /// The answer to the question whether a survivor is pending, and when that was so, in Unix milliseconds.
    Checked(Key, Found, u64),
    /// An event says that a prompt was resolved, by whomever.
    Resolved(Key),
    /// A listing of everything that is pending, and when that was so. What it lacks is gone.
    Listed(HashSet<Key>, u64),
    /// Every event `resolved` since that time has been told here, and will be until [`Self::Deaf`].
    Hearing(u64),
    /// Events may be missing from now on.
    Deaf,
    /// The connection is gone, and with it every answer that is due. Implies [`Self::Deaf`].
    Lost,
    /// There is a connection again.
    Restored,
    /// Nothing more is to be sent.
    Stop,
}

/// A gateway's answer to a denial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Done.
    Denied,
    /// `APPROVAL_NOT_FOUND` or `APPROVAL_ALREADY_RESOLVED`.
    AlreadyGone,
    /// It may be tried again, after this many milliseconds if the gateway says.
    Unavailable(Option<u64>),
    /// Refused for good, with these words.
    Refused(Box<str>),
}

/// Whether a survivor was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// It is pending.
    Pending,
    /// It is not.
    Gone,
    /// It may be asked again, after this many milliseconds if the gateway says.
    Unavailable(Option<u64>),
    /// The question was refused, or not understood.
    Unknown,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Deny this prompt.
    Deny(Key),
    /// Ask whether this survivor is pending. A listing, told as [`Input::Listed`], answers as well.
    Check(Key),
    /// Nothing, until something happens, or until that time, in Unix milliseconds.
    Wait(Option<u64>),
    /// Nothing more: everything has an outcome.
    Done,
}

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

    /// Takes in what happened.
    pub fn tell(&mut self, input: Input, now_ms: u64) {
        match input {
            Input::Answered(key, answer) => self.answered(&key, answer, now_ms),
            Input::Checked(key, found, at_ms) => self.checked(&key, found, at_ms, now_ms),
            Input::Resolved(key) => self.resolved(&key),
            Input::Listed(pending, at_ms) => self.listed(&pending, at_ms),
            Input::Hearing(since_ms) => self.hearing_since_ms = Some(since_ms),
            Input::Deaf => self.hearing_since_ms = None,
            Input::Lost => self.lost(),
            Input::Restored => self.up = true,
            Input::Stop => {
                self.stopped.get_or_insert(Untried::Stopped);
            }
        }
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
            groups.into_iter().for_each(|group| self.stop_group(group, why));
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

    fn answered(&mut self, key: &Key, answer: Answer, now_ms: u64) {
        let Some(item) = self.items.get(key) else { return };
        let (group, State::Sent { epoch, gone }) = (item.group, &item.state) else { return };
        let (epoch, gone) = (*epoch, *gone);
        self.under_way -= 1;
        match answer {
            Answer::Denied => {
                self.pace.went_well();
                self.finish(key, Outcome::Denied);
            }
            Answer::AlreadyGone => {
                self.pace.went_well();
                self.finish(key, Outcome::AlreadyGone);
            }
            Answer::Refused(words) => self.finish(key, Outcome::Failed(Failure::Refused(words))),
            Answer::Unavailable(retry_after_ms) => {
                self.pace.refused(epoch, now_ms, retry_after_ms);
                if gone {
                    self.finish(key, Outcome::AlreadyGone);
                } else {
                    self.again(key, group);
                }
            }
        }
        // What was denied under one plan must not be what stays under another.
        if let Some(&kept) = self.survivors.get(key) {
            self.stop_group(kept, Untried::SurvivorGone);
        }
    }

    /// A denial that has to be sent again.
    fn again(&mut self, key: &Key, group: u64) {
        let stopped = self.work.get(&group).and_then(|work| work.stopped);
        if let Some(item) = self.items.get_mut(key) {
            item.state = State::Waiting;
        }
        if let Some(why) = stopped {
            return self.finish(key, Outcome::NotTried(why));
        }
        if let Some(work) = self.work.get_mut(&group) {
            work.waiting.push_front(key.clone());
            if work.checking.is_none() && !work.queued {
                work.queued = true;
                self.ready.push_front(group);
            }
        }
    }

    fn checked(&mut self, key: &Key, found: Found, at_ms: u64, now_ms: u64) {
        let Some(&at) = self.survivors.get(key) else { return };
        let Some(work) = self.work.get_mut(&at) else { return };
        let Some(epoch) = work.checking.take() else {
            if found == Found::Gone {
                self.stop_group(at, Untried::SurvivorGone);
            }
            return;
        };
        self.under_way -= 1;
        match found {
            Found::Pending if now_ms.saturating_sub(at_ms) <= FRESH_MS => {
                self.pace.went_well();
                work.unknown = 0;
                work.known_at_ms = work.known_at_ms.max(Some(at_ms.min(now_ms)));
            }
            Found::Gone => {
                self.pace.went_well();
                return self.stop_group(at, Untried::SurvivorGone);
            }
            Found::Unavailable(retry_after_ms) => self.pace.refused(epoch, now_ms, retry_after_ms),
            // An answer that is old news when it comes says as little as none.
            Found::Pending | Found::Unknown => {
                work.unknown += 1;
                if work.unknown >= self.tuning.checks {
                    return self.stop_group(at, Untried::SurvivorUnknown);
                }
            }
        }
        work.queued = true;
        self.ready.push_front(at);
    }

    fn resolved(&mut self, key: &Key) {
        if let Some(&at) = self.survivors.get(key) {
            self.stop_group(at, Untried::SurvivorGone);
        }
        match self.items.get_mut(key).map(|item| &mut item.state) {
            Some(State::Waiting) => self.finish(key, Outcome::AlreadyGone),
            Some(State::Sent { gone, .. }) => *gone = true,
            Some(State::Over(_)) | None => {}
        }
    }

    fn listed(&mut self, pending: &HashSet<Key>, at_ms: u64) {
        let groups: Vec<u64> = self.work.keys().copied().collect();
        for at in groups {
            let Some(work) = self.work.get_mut(&at) else { continue };
            if !pending.contains(&work.survivor) {
                self.stop_group(at, Untried::SurvivorGone);
                continue;
            }
            work.known_at_ms = work.known_at_ms.max(Some(at_ms));
            let gone: Vec<Key> = work.waiting.iter().filter(|key| !pending.contains(*key)).cloned().collect();
            gone.iter().for_each(|key| self.resolved(key));
        }
    }

    fn lost(&mut self) {
        self.up = false;
        self.hearing_since_ms = None;
        self.under_way = 0;
        let mut asking: Vec<u64> = Vec::new();
        for (at, work) in &mut self.work {
            work.known_at_ms = None;
            if work.checking.take().is_some() {
                work.queued = true;
                asking.push(*at);
            }
        }
        asking.sort_unstable();
        self.ready.extend(asking);
        for key in self.sent() {
            match self.items.get(&key) {
                Some(Item { state: State::Sent { gone: true, .. }, .. }) => {
                    self.finish(&key, Outcome::AlreadyGone);
                }
                Some(item) => self.again(&key, item.group),
                None => {}
            }
        }
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
