//! Carrying out a plan, as a state machine: it receives what happened and returns what to do next.
//!
//! It denies only what was planned, one request for one prompt at a time, and only while the prompt that is to stay
//! was known to be pending a moment ago. When a denial may be sent beside those of other processes is in
//! [`crate::queue::slots`]. Time is passed in; nothing here waits.

mod handlers;
mod pace;
mod protocol;

use std::collections::{BTreeSet, HashMap, VecDeque};

use super::plan::Group;
use super::prompt::Key;
use super::report::{Entry, Failure, Outcome, SkipReason};
use super::slots::{Moment, Opening, SETTLED_MS, Side};
pub use pace::Limits;
pub(super) use pace::Pace;
pub use protocol::{Answer, Found, Input, Next, Tuning};

/// For how long it counts that a survivor was pending, in milliseconds.
pub const FRESH_MS: u64 = 250;

/// How long answers are waited for after somebody asked to stop, in milliseconds.
pub const STOPPING_MS: u64 = 1_000;

/// When a prompt was last known to be pending.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    /// When the answer came that said so.
    at_ms: Option<u64>,
    /// When it was asked for: it was pending at this time or later.
    asked_ms: Option<u64>,
}

impl Seen {
    fn at(at_ms: u64) -> Self {
        Self { at_ms: Some(at_ms), asked_ms: Some(at_ms) }
    }

    fn renew(&mut self, asked_ms: u64, at_ms: u64) {
        self.at_ms = self.at_ms.max(Some(at_ms));
        self.asked_ms = self.asked_ms.max(Some(asked_ms));
    }
}

/// A question that is in flight: whether a prompt is pending.
#[derive(Debug)]
struct Checking {
    key: Key,
    /// The pace's epoch.
    epoch: u64,
    asked_ms: u64,
}

/// Where a group is among those that have something to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// In [`Purge::open`], under the time at which its slot ends.
    Open(u64),
    /// In [`Purge::shut`], under the time at which its slot begins.
    Shut(u64),
}

/// The order of prompts, the same in every process: by creation time, then by key.
type Rank = (u64, Key);

/// A group on its way.
#[derive(Debug)]
struct Work {
    survivor: Rank,
    lapses_at_ms: u64,
    /// When the survivor was last known to be pending.
    seen: Seen,
    /// The oldest member that does not lapse soon, where that is another one than the survivor: younger members are
    /// denied relying on it, and it is denied last.
    oldest: Option<(Key, Seen)>,
    /// How far into its cycle of slots the group's intent is at time zero.
    phase: u64,
    /// Members that are denied relying on an older one, oldest first.
    young: BTreeSet<Rank>,
    /// Members that are denied relying on the survivor, which is younger.
    old: VecDeque<Key>,
    /// Denials in flight.
    sent: usize,
    /// Members without an outcome.
    open: usize,
    checking: Option<Checking>,
    /// Checks in a row that said nothing.
    unknown: u8,
    place: Option<Place>,
    /// Why nothing more of it is denied, if so.
    stopped: Option<SkipReason>,
}

impl Work {
    /// What is to be denied next. The oldest one stays until no denial relies on it any more.
    fn side(&self) -> Option<Side> {
        if !self.young.is_empty() {
            return Some(Side::Younger);
        }
        (self.sent == 0 && !self.old.is_empty()).then_some(Side::Older)
    }
}

/// A prompt that was planned to be denied.
#[derive(Debug)]
struct Item {
    group: u64,
    survivor: Key,
    created_at_ms: u64,
    lapses_at_ms: u64,
    state: State,
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    Waiting,
    /// `gone`: an event said meanwhile that it was resolved.
    Sent {
        side: Side,
        sent_ms: u64,
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
    /// By how much the gateway's clock may be ahead.
    unsure_ms: u64,
    stopped: Option<SkipReason>,
    work: HashMap<u64, Work>,
    /// Groups that may be gone on with, by the time at which their slot ends, so that as many as possible are done
    /// before. A group whose survivor is asked for is not among them.
    ready: BTreeSet<(u64, u64)>,
    /// Groups whose slot is shut, by the time at which it opens.
    shut: BTreeSet<(u64, u64)>,
    items: HashMap<Key, Item>,
    survivors: HashMap<Key, u64>,
    /// Items in the order in which they were planned.
    planned: Vec<Key>,
    next: u64,
    /// Denials and checks in flight, by when they were sent.
    flights: BTreeSet<(u64, Key)>,
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
            unsure_ms: 0,
            stopped: None,
            work: HashMap::new(),
            ready: BTreeSet::new(),
            shut: BTreeSet::new(),
            items: HashMap::new(),
            survivors: HashMap::new(),
            planned: Vec::new(),
            next: 0,
            flights: BTreeSet::new(),
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
                self.stop_group(other, SkipReason::Replanned);
            }
        }
        let busy = |item: &Item| matches!(item.state, State::Sent { .. });
        // It is being denied under an earlier plan, and so cannot be what stays.
        if self.items.get(survivor).is_some_and(busy) {
            return;
        }
        let at = self.next;
        // Members are oldest first. Some time is left in which the others are denied.
        let lapses_soon = listed_at_ms.saturating_add(2 * self.tuning.lapse_ms);
        let oldest = group.members.iter().position(|member| {
            member.key == *survivor
                || member.expires_at_ms > lapses_soon && !self.items.get(&member.key).is_some_and(busy)
        });
        let (mut young, mut old) = (BTreeSet::new(), VecDeque::new());
        for (rank, member) in group.members.iter().enumerate() {
            if member.key == *survivor || self.items.get(&member.key).is_some_and(busy) {
                continue;
            }
            let item = Item {
                group: at,
                survivor: survivor.clone(),
                created_at_ms: member.created_at_ms,
                lapses_at_ms: member.expires_at_ms,
                state: State::Waiting,
            };
            if self.items.insert(member.key.clone(), item).is_none() {
                self.planned.push(member.key.clone());
            }
            if oldest.is_some_and(|oldest| rank > oldest) {
                young.insert((member.created_at_ms, member.key.clone()));
            } else {
                old.push_back(member.key.clone());
            }
        }
        if young.is_empty() && old.is_empty() {
            return;
        }
        self.next += 1;
        let open = young.len() + old.len();
        self.open += open;
        self.survivors.insert(survivor.clone(), at);
        let oldest = oldest.and_then(|at| group.members.get(at)).filter(|oldest| oldest.key != *survivor);
        let work = Work {
            survivor: (group.survivor.created_at_ms, survivor.clone()),
            lapses_at_ms: group.survivor.expires_at_ms,
            seen: Seen::at(listed_at_ms),
            oldest: oldest.map(|oldest| (oldest.key.clone(), Seen::at(listed_at_ms))),
            phase: self.tuning.slots.map_or(0, |slots| slots.phase(&group.intent())),
            young,
            old,
            sent: 0,
            open,
            checking: None,
            unknown: 0,
            place: None,
            stopped: None,
        };
        self.work.insert(at, work);
        // Its slot is found when it is its turn.
        self.put(at, Some(Place::Open(0)));
    }

    /// What to do now. Asked again after each thing done and each thing told, until it says to wait.
    pub fn next(&mut self, now_ms: u64) -> Next {
        let deadline = self.tuning.deadline_ms;
        if deadline.is_some_and(|deadline| now_ms.saturating_add(self.tuning.drain_ms) >= deadline) {
            self.too_slow(now_ms);
            self.stopped.get_or_insert(SkipReason::Deadline);
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
        if !self.up || self.stopped.is_some() || self.flights.len() >= self.pace.window() {
            return Next::Wait(drain);
        }
        if now_ms < self.pace.resume_at_ms() {
            return Next::Wait(Some(
                drain.map_or(self.pace.resume_at_ms(), |at| at.min(self.pace.resume_at_ms())),
            ));
        }
        if let Some(next) = self.send(now_ms) {
            return next;
        }
        let opens = self.shut.first().map(|(at, _)| *at);
        if self.open == 0 { Next::Done } else { Next::Wait(drain.into_iter().chain(opens).min()) }
    }

    fn moment(&self, now_ms: u64) -> Moment {
        let oldest = self.flights.first().map_or(0, |(sent_ms, _)| now_ms.saturating_sub(*sent_ms));
        let latency_ms = self.pace.latency_ms().max(oldest);
        Moment { at_ms: now_ms, unsure_ms: self.unsure_ms, latency_ms }
    }

    fn opening(&self, work: &Work, side: Side, now_ms: u64) -> Opening {
        let Some(slots) = &self.tuning.slots else { return Opening::Open { since_ms: 0, until_ms: 0 } };
        let settled_ms = work.survivor.0.saturating_add(SETTLED_MS);
        if side == Side::Older && now_ms < settled_ms {
            return Opening::Shut { until_ms: settled_ms };
        }
        slots.opening(side, work.phase, self.moment(now_ms))
    }

    /// Moves a group.
    fn put(&mut self, at: u64, place: Option<Place>) {
        let Some(work) = self.work.get_mut(&at) else { return };
        let (before, after) = (std::mem::replace(&mut work.place, place), place);
        match before {
            Some(Place::Open(key)) => self.ready.remove(&(key, at)),
            Some(Place::Shut(key)) => self.shut.remove(&(key, at)),
            None => false,
        };
        match after {
            Some(Place::Open(key)) => self.ready.insert((key, at)),
            Some(Place::Shut(key)) => self.shut.insert((key, at)),
            None => false,
        };
    }

    fn send(&mut self, now_ms: u64) -> Option<Next> {
        while let Some(&(opens_ms, at)) = self.shut.first().filter(|(opens_ms, _)| *opens_ms <= now_ms) {
            self.shut.remove(&(opens_ms, at));
            self.put(at, Some(Place::Open(0)));
        }
        while let Some(&(key, at)) = self.ready.first() {
            let Some(work) = self.work.get_mut(&at) else {
                self.ready.remove(&(key, at));
                continue;
            };
            if now_ms.saturating_add(self.tuning.lapse_ms) >= work.lapses_at_ms {
                self.stop_group(at, SkipReason::SurvivorLapsed);
                continue;
            }
            let waits = |key: &Key| self.items.get(key).is_some_and(|item| item.state == State::Waiting);
            while work.young.first().is_some_and(|(_, key)| !waits(key)) {
                work.young.pop_first();
            }
            while work.old.front().is_some_and(|key| !waits(key)) {
                work.old.pop_front();
            }
            self.find_oldest(at, now_ms);
            let Some(work) = self.work.get(&at) else { continue };
            let Some(side) = work.side() else {
                // It comes back with the answers to what is in flight.
                self.put(at, None);
                continue;
            };
            let (since_ms, until_ms) = match self.opening(work, side, now_ms) {
                Opening::Open { since_ms, until_ms } => (since_ms, until_ms),
                Opening::Shut { until_ms } => {
                    self.put(at, Some(Place::Shut(until_ms)));
                    continue;
                }
            };
            if key != until_ms {
                // Another one's slot may end sooner.
                self.put(at, Some(Place::Open(until_ms)));
                continue;
            }
            if let Some(unknown) = self.unknown(work, side, since_ms, now_ms) {
                return Some(self.check(at, unknown, now_ms));
            }
            return self.deny(at, side, now_ms);
        }
        None
    }

    /// Makes sure that there is an oldest member where younger ones are to be denied relying on it.
    fn find_oldest(&mut self, at: u64, now_ms: u64) {
        let Some(work) = self.work.get_mut(&at) else { return };
        let lapses_soon = now_ms.saturating_add(self.tuning.lapse_ms);
        let holds = |key: &Key| {
            let item = self.items.get(key);
            item.is_some_and(|item| item.state == State::Waiting && item.lapses_at_ms > lapses_soon)
        };
        while !work.oldest.as_ref().is_some_and(|(key, _)| holds(key)) {
            work.oldest = None;
            // The next one takes its place. Where there is none before the survivor, that is the oldest.
            if work.young.first().is_none_or(|first| *first > work.survivor) {
                return;
            }
            if let Some((_, next)) = work.young.pop_first() {
                work.old.push_back(next.clone());
                work.oldest = Some((next, Seen::default()));
            }
        }
    }

    /// A prompt that a denial relies on, and of which it is not known well enough that it is pending.
    fn unknown(&self, work: &Work, side: Side, since_ms: u64, now_ms: u64) -> Option<Key> {
        let known = |seen: &Seen| {
            let (Some(at_ms), Some(asked_ms)) = (seen.at_ms, seen.asked_ms) else { return false };
            let heard = self.hearing_since_ms.is_some_and(|since| since <= at_ms);
            asked_ms >= since_ms && (heard || now_ms.saturating_sub(at_ms) <= FRESH_MS)
        };
        match &work.oldest {
            Some((oldest, seen)) if side == Side::Younger && !known(seen) => Some(oldest.clone()),
            _ => (!known(&work.seen)).then(|| work.survivor.1.clone()),
        }
    }

    fn check(&mut self, at: u64, key: Key, now_ms: u64) -> Next {
        self.put(at, None);
        self.flights.insert((now_ms, key.clone()));
        let checking = Checking { key: key.clone(), epoch: self.pace.epoch(), asked_ms: now_ms };
        if let Some(work) = self.work.get_mut(&at) {
            work.checking = Some(checking);
        }
        Next::Check(key)
    }

    fn deny(&mut self, at: u64, side: Side, now_ms: u64) -> Option<Next> {
        let work = self.work.get_mut(&at)?;
        let key = match side {
            Side::Younger => work.young.pop_first()?.1,
            Side::Older => work.old.pop_front()?,
        };
        work.sent += 1;
        self.flights.insert((now_ms, key.clone()));
        if let Some(item) = self.items.get_mut(&key) {
            item.state = State::Sent { side, sent_ms: now_ms, epoch: self.pace.epoch(), gone: false };
        }
        Some(Next::Deny(key))
    }

    /// A check of a group is not waited for any more.
    fn drop_check(&mut self, at: u64) -> Option<Checking> {
        let checking = self.work.get_mut(&at)?.checking.take()?;
        self.flights.remove(&(checking.asked_ms, checking.key.clone()));
        Some(checking)
    }

    /// Gives up the groups that could not be gone on with because answers are slow or the clock is uncertain.
    fn too_slow(&mut self, now_ms: u64) {
        let Some(slots) = self.tuning.slots else { return };
        let moment = self.moment(now_ms);
        let slow = |work: &Work| work.side().is_some_and(|side| !slots.fits(side, moment));
        let groups: Vec<u64> = self.work.iter().filter(|(_, work)| slow(work)).map(|(at, _)| *at).collect();
        for at in groups {
            self.stop_group(at, SkipReason::TooSlow);
        }
    }

    /// Gives everything that waits in a group up; what is under way is waited for.
    fn stop_group(&mut self, at: u64, why: SkipReason) {
        self.put(at, None);
        self.drop_check(at);
        let Some(work) = self.work.get_mut(&at) else { return };
        work.stopped.get_or_insert(why);
        let young = std::mem::take(&mut work.young).into_iter().map(|(_, key)| key);
        let waiting: Vec<Key> = young.chain(std::mem::take(&mut work.old)).collect();
        for key in waiting {
            if self.items.get(&key).is_some_and(|item| item.state == State::Waiting && item.group == at) {
                self.finish(&key, Outcome::Skipped(why));
            }
        }
    }

    /// Nothing that is under way is waited for any more.
    fn give_up(&mut self) {
        self.flights.clear();
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
                self.put(at, None);
                self.drop_check(at);
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
