//! Carrying out a plan, as a state machine: it receives inputs and returns the next step.
//!
//! It denies only what was planned, with one request per prompt, and only while the prompt to keep was known to be
//! pending a moment ago. The times at which several processes may send denials are defined in [`crate::queue::slots`].
//! Time is passed in; nothing here waits.

mod handlers;
mod protocol;
mod sending;

use std::collections::{BTreeSet, HashMap, VecDeque};

use super::clock::{GatewayTime, Now};
use super::denials::{Denials, End};
use super::plan::Group;
use super::prompt::Key;
use super::report::{Entry, Outcome, SkipReason};
use super::slots::Side;
pub use protocol::{Input, Next, Tuning};

/// How long the knowledge that a survivor is pending is valid, in milliseconds.
pub const FRESH_MS: u64 = 250;

/// How long a purge waits for answers after a stop signal, in milliseconds.
pub const STOPPING_MS: u64 = 1_000;

/// The place of a group in the line of groups with denials to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// In [`Purge::open`], under the time at which its slot ends.
    Open(GatewayTime),
    /// In [`Purge::shut`], under the time at which its slot begins.
    Shut(GatewayTime),
}

/// The order of prompts, the same in every process: by creation time, then by key.
type Rank = (GatewayTime, Key);

/// A group in progress.
#[derive(Debug)]
struct Work {
    survivor: Rank,
    expires: GatewayTime,
    /// The oldest member that does not expire soon, if it is not the survivor: younger members are denied relying on
    /// it, and it is denied last.
    oldest: Option<Key>,
    /// The phase of the slots of the group's intent: its position in the cycle at time zero.
    phase: u64,
    /// Members that are denied relying on an older one, oldest first.
    young: BTreeSet<Rank>,
    /// Members that are denied relying on the survivor, which is younger.
    old: VecDeque<Key>,
    /// Denials in flight.
    sent: usize,
    /// Members without an outcome.
    open: usize,
    /// The prompt with a check in flight.
    checking: Option<Key>,
    /// Checks in a row without a usable answer.
    unknown: u8,
    place: Option<Place>,
    /// Why the rest of the group is not denied, if so.
    stopped: Option<SkipReason>,
}

impl Work {
    /// The side to deny next. The oldest member stays until no denial relies on it any more.
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
    created: GatewayTime,
    expires: GatewayTime,
    state: State,
}

impl Item {
    fn is_sent(&self) -> bool {
        matches!(self.state, State::Sent(_))
    }
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    Waiting,
    Sent(Side),
    Over(Outcome),
}

/// A purge.
#[derive(Debug)]
pub struct Purge {
    tuning: Tuning,
    denials: Denials,
    up: bool,
    subscribed_since: Option<GatewayTime>,
    stopped: Option<SkipReason>,
    work: HashMap<u64, Work>,
    /// Groups that may send, by the time at which their slot ends, so that as many as possible are done before then. A
    /// group with a check in flight is not among them.
    ready: BTreeSet<(GatewayTime, u64)>,
    /// Groups whose slot is shut, by the time at which it opens.
    shut: BTreeSet<(GatewayTime, u64)>,
    items: HashMap<Key, Item>,
    survivors: HashMap<Key, u64>,
    /// Items in the order in which they were planned.
    planned: Vec<Key>,
    next: u64,
    /// Items without an outcome.
    open: usize,
}

impl Purge {
    /// An empty purge, on a connection that is up.
    pub fn new(tuning: Tuning) -> Self {
        Self {
            tuning,
            denials: Denials::new(tuning.limits),
            up: true,
            subscribed_since: None,
            stopped: None,
            work: HashMap::new(),
            ready: BTreeSet::new(),
            shut: BTreeSet::new(),
            items: HashMap::new(),
            survivors: HashMap::new(),
            planned: Vec::new(),
            next: 0,
            open: 0,
        }
    }

    /// Adds the duplicates of a group. `listed`: the time of the listing from which the group was planned. A group in
    /// progress that shares a prompt with it is given up: two plans must not keep two different prompts.
    pub fn add(&mut self, group: &Group<'_>, listed: GatewayTime) {
        let survivor = &group.survivor.key;
        for member in &group.members {
            let own = self.items.get(&member.key).map(|item| item.group);
            let kept = self.survivors.get(&member.key).copied();
            for other in own.into_iter().chain(kept) {
                self.stop_group(other, SkipReason::Replanned);
            }
        }
        // The survivor is being denied under an earlier plan, and so cannot be kept.
        if self.items.get(survivor).is_some_and(Item::is_sent) {
            return;
        }
        let at = self.next;
        // Members are sorted oldest first. Leaves some time to deny the others.
        let soon = listed.plus(2 * self.tuning.lapse_ms);
        let oldest = group.members.iter().position(|member| {
            member.key == *survivor
                || member.expires() > soon && !self.items.get(&member.key).is_some_and(Item::is_sent)
        });
        let (mut young, mut old) = (BTreeSet::new(), VecDeque::new());
        for (rank, member) in group.members.iter().enumerate() {
            if member.key == *survivor || self.items.get(&member.key).is_some_and(Item::is_sent) {
                continue;
            }
            let item = Item {
                group: at,
                survivor: survivor.clone(),
                created: member.created(),
                expires: member.expires(),
                state: State::Waiting,
            };
            if self.items.insert(member.key.clone(), item).is_none() {
                self.planned.push(member.key.clone());
            }
            if oldest.is_some_and(|oldest| rank > oldest) {
                young.insert((member.created(), member.key.clone()));
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
        let oldest = oldest.map(|oldest| oldest.key.clone());
        for key in oldest.iter().chain([survivor]) {
            self.denials.saw(key, listed, listed);
        }
        let work = Work {
            survivor: (group.survivor.created(), survivor.clone()),
            expires: group.survivor.expires(),
            oldest,
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
        // Its slot is computed on its turn.
        self.put(at, Some(Place::Open(GatewayTime::default())));
    }

    /// Returns the next step. The caller calls it again after each step and each input, until it returns `Wait`.
    pub fn next(&mut self, now: Now) -> Next {
        let deadline = self.tuning.deadline;
        if deadline.is_some_and(|deadline| now.steady.plus(self.tuning.drain_ms) >= deadline) {
            self.too_slow(now);
            self.stopped.get_or_insert(SkipReason::Deadline);
        }
        if deadline.is_some_and(|deadline| now.steady >= deadline) {
            self.give_up();
        }
        if let Some(why) = self.stopped {
            // Only a few requests in flight are left afterwards.
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
            None => deadline.minus(self.tuning.drain_ms),
        });
        if !self.up || self.stopped.is_some() || self.denials.is_full() {
            return Next::Wait(drain);
        }
        if let Some(resume_at) = self.denials.paused_until(now) {
            return Next::Wait(drain.into_iter().chain([resume_at]).min());
        }
        if let Some(next) = self.send(now) {
            return next;
        }
        let opens = self.shut.first().map(|(at, _)| now.until(*at));
        if self.open == 0 { Next::Done } else { Next::Wait(drain.into_iter().chain(opens).min()) }
    }

    /// Gives up everything that waits in a group; requests in flight are waited for.
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

    /// Skips the rest of the group with this survivor: a later plan treats the group differently.
    pub fn outdate(&mut self, survivor: &Key) {
        if let Some(&group) = self.survivors.get(survivor) {
            self.stop_group(group, SkipReason::Replanned);
        }
    }

    /// Ends immediately: every prompt without an outcome gets one.
    pub fn end(&mut self, now: Now) {
        self.stopped.get_or_insert(SkipReason::Stopped);
        self.tuning.deadline = Some(now.steady);
        self.next(now);
    }

    /// Stops waiting for requests in flight.
    fn give_up(&mut self) {
        self.work.values_mut().for_each(|work| work.checking = None);
        for (key, landed) in self.denials.give_up() {
            if let End::Over(outcome) = landed.end {
                self.finish(&key, outcome);
            }
        }
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
                if let Some(work) = self.work.remove(&at) {
                    work.oldest.iter().chain([&work.survivor.1]).for_each(|key| self.denials.forget(key));
                }
            }
        }
    }

    /// Removes and returns the prompts with an outcome, in the order of the plan. Survivors are not among them.
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

    /// How many requests may be in flight now.
    #[cfg(test)]
    pub fn window(&self) -> usize {
        self.denials.window()
    }

    /// Whether a denial of this prompt is in flight.
    pub fn is_sent(&self, key: &Key) -> bool {
        self.items.get(key).is_some_and(Item::is_sent)
    }
}
