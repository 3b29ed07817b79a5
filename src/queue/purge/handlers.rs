//! Input handlers of the purge state machine.

use std::collections::HashSet;

use super::protocol::Input;
use super::{FRESH_MS, Place, Purge, STOPPING_MS, State};
use crate::queue::clock::{GatewayTime, Now};
use crate::queue::denials::{Answer, End, Found};
use crate::queue::prompt::Key;
use crate::queue::report::{Outcome, SkipReason};
use crate::queue::slots::Side;

impl Purge {
    /// Handles an input.
    pub fn handle(&mut self, input: Input, now: Now) {
        match input {
            Input::Answered(key, answer) => self.answered(&key, answer, now),
            Input::Checked(key, found, at) => self.checked(&key, found, at, now),
            Input::Resolved(key) => self.resolved(&key),
            Input::Listed(pending, at) => self.listed(&pending, at),
            Input::Subscribed(since) => self.subscribed_since = Some(since),
            Input::Clock(unsure_ms) => {
                self.denials.set_unsure_ms(unsure_ms);
                // Even the fastest answer so far took this long.
                self.denials.took_ms(unsure_ms);
            }
            Input::Unsubscribed => self.subscribed_since = None,
            Input::Lost => self.lost(),
            Input::Restored => self.up = true,
            Input::Stop => {
                self.stopped.get_or_insert(SkipReason::Stopped);
                let soon = now.steady.plus(STOPPING_MS);
                let deadline = &mut self.tuning.deadline;
                *deadline = Some(deadline.map_or(soon, |at| at.min(soon)));
            }
        }
    }

    fn answered(&mut self, key: &Key, answer: Answer, now: Now) {
        let Some(item) = self.items.get(key) else { return };
        let State::Sent(side) = item.state else { return };
        let group = item.group;
        let Some(landed) = self.denials.answered(key, answer, now) else { return };
        self.landed(group);
        match landed.end {
            End::Over(outcome @ Outcome::Skipped(_)) => return self.finish(key, outcome),
            End::Over(outcome) => self.finish(key, outcome),
            End::Again => self.again(key, group, side),
        }
        // A prompt that was denied under one plan must not be the survivor of another.
        if let Some(&kept) = self.survivors.get(key) {
            self.stop_group(kept, SkipReason::SurvivorGone);
        }
    }

    /// Handles the end of a denial in a group: denials that waited for it may be sent.
    fn landed(&mut self, at: u64) {
        let Some(work) = self.work.get_mut(&at) else { return };
        work.sent = work.sent.saturating_sub(1);
        self.go_on(at);
    }

    /// Queues a group that has denials to send.
    fn go_on(&mut self, at: u64) {
        let Some(work) = self.work.get(&at) else { return };
        if work.checking.is_none() && work.place.is_none() && work.side().is_some() {
            self.put(at, Some(Place::Open(GatewayTime::default())));
        }
    }

    /// Queues a denial to be retried.
    fn again(&mut self, key: &Key, group: u64, side: Side) {
        let stopped = self.work.get(&group).and_then(|work| work.stopped);
        let Some(item) = self.items.get_mut(key) else { return };
        item.state = State::Waiting;
        let created = item.created;
        if let Some(why) = stopped {
            return self.finish(key, Outcome::Skipped(why));
        }
        if let Some(work) = self.work.get_mut(&group) {
            match side {
                Side::Younger => {
                    work.young.insert((created, key.clone()));
                }
                Side::Older => work.old.push_front(key.clone()),
            }
            self.go_on(group);
        }
    }

    fn checked(&mut self, key: &Key, found: Found, at: GatewayTime, now: Now) {
        let survivor = self.survivors.get(key).copied();
        let Some(group) = survivor.or_else(|| self.items.get(key).map(|item| item.group)) else { return };
        let Some(work) = self.work.get_mut(&group) else { return };
        if work.checking.as_ref() != Some(key) {
            if found == Found::Gone {
                self.resolved(key);
            }
            return;
        }
        work.checking = None;
        // An answer that is too old when it arrives counts as none.
        let stale = found == Found::Pending && now.gateway.since(at) > FRESH_MS;
        let found = if stale { Found::Unknown } else { found };
        let Some(asked) = self.denials.checked(key, found, now) else { return };
        match found {
            Found::Pending => {
                work.unknown = 0;
                self.denials.saw(key, asked, at.min(now.gateway));
            }
            Found::Gone => self.resolved(key),
            Found::Unavailable(_) => {}
            Found::Unknown => {
                work.unknown += 1;
                if work.unknown >= self.tuning.checks {
                    return self.stop_group(group, SkipReason::SurvivorUnknown);
                }
            }
        }
        self.go_on(group);
    }

    fn resolved(&mut self, key: &Key) {
        self.denials.gone(key);
        if let Some(&group) = self.survivors.get(key) {
            self.stop_group(group, SkipReason::SurvivorGone);
        }
        if self.items.get(key).is_some_and(|item| item.state == State::Waiting) {
            self.finish(key, Outcome::AlreadyGone);
        }
    }

    fn listed(&mut self, pending: &HashSet<Key>, at: GatewayTime) {
        let groups: Vec<u64> = self.work.keys().copied().collect();
        for group in groups {
            let Some(work) = self.work.get(&group) else { continue };
            if !pending.contains(&work.survivor.1) {
                self.stop_group(group, SkipReason::SurvivorGone);
                continue;
            }
            let supports = work.oldest.iter().chain([&work.survivor.1]);
            supports.filter(|key| pending.contains(*key)).for_each(|key| self.denials.saw(key, at, at));
            let waiting = work.young.iter().map(|(_, key)| key).chain(&work.old);
            let gone: Vec<Key> = waiting.filter(|key| !pending.contains(*key)).cloned().collect();
            for key in gone {
                self.resolved(&key);
            }
        }
    }

    fn lost(&mut self) {
        self.up = false;
        self.subscribed_since = None;
        for work in self.work.values_mut() {
            work.checking = None;
            work.sent = 0;
        }
        for (key, landed) in self.denials.lost() {
            let Some(item) = self.items.get(&key) else { continue };
            let State::Sent(side) = item.state else { continue };
            if landed.gone {
                self.finish(&key, Outcome::AlreadyGone);
            } else {
                self.again(&key, item.group, side);
            }
        }
        let mut groups: Vec<u64> = self.work.keys().copied().collect();
        groups.sort_unstable();
        for group in groups {
            self.go_on(group);
        }
    }
}
