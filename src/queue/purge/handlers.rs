//! What a purge makes of what it is told.

use std::collections::HashSet;

use super::protocol::{Answer, Found, Input};
use super::{FRESH_MS, Item, Place, Purge, STOPPING_MS, Seen, State};
use crate::queue::prompt::Key;
use crate::queue::report::{Failure, Outcome, SkipReason};
use crate::queue::slots::Side;

impl Purge {
    /// Takes in what happened.
    pub fn handle(&mut self, input: Input, now_ms: u64) {
        match input {
            Input::Answered(key, answer) => self.answered(&key, answer, now_ms),
            Input::Checked(key, found, at_ms) => self.checked(&key, found, at_ms, now_ms),
            Input::Resolved(key) => self.resolved(&key),
            Input::Listed(pending, at_ms) => self.listed(&pending, at_ms),
            Input::Hearing(since_ms) => self.hearing_since_ms = Some(since_ms),
            Input::Clock(unsure_ms) => {
                self.unsure_ms = unsure_ms;
                // The shortest answer that there has been took as long.
                self.pace.answered(unsure_ms);
            }
            Input::Deaf => self.hearing_since_ms = None,
            Input::Lost => self.lost(),
            Input::Restored => self.up = true,
            Input::Stop => {
                self.stopped.get_or_insert(SkipReason::Stopped);
                let soon_ms = now_ms.saturating_add(STOPPING_MS);
                let deadline_ms = &mut self.tuning.deadline_ms;
                *deadline_ms = Some(deadline_ms.map_or(soon_ms, |at_ms| at_ms.min(soon_ms)));
            }
        }
    }

    fn answered(&mut self, key: &Key, answer: Answer, now_ms: u64) {
        let Some(item) = self.items.get(key) else { return };
        let (group, State::Sent { side, sent_ms, epoch, gone }) = (item.group, &item.state) else { return };
        let (side, sent_ms, epoch, gone) = (*side, *sent_ms, *epoch, *gone);
        self.flights.remove(&(sent_ms, key.clone()));
        self.pace.answered(now_ms.saturating_sub(sent_ms));
        self.landed(group);
        match answer {
            Answer::Denied => {
                self.pace.went_well();
                self.finish(key, Outcome::Denied);
            }
            Answer::AlreadyGone => {
                self.pace.went_well();
                self.finish(key, Outcome::AlreadyGone);
            }
            Answer::Allowed(decision) => {
                self.pace.went_well();
                self.finish(key, Outcome::Allowed(decision));
            }
            Answer::Refused(words) => self.finish(key, Outcome::Failed(Failure::Refused(words))),
            Answer::NotSent(why) => return self.finish(key, Outcome::Skipped(why)),
            Answer::Unavailable(_) | Answer::NotYet => {
                if let Answer::Unavailable(retry_after_ms) = answer {
                    self.pace.refused(epoch, now_ms, retry_after_ms);
                }
                if gone {
                    self.finish(key, Outcome::AlreadyGone);
                } else {
                    self.again(key, group, side);
                }
            }
        }
        // What was denied under one plan must not be what stays under another.
        if let Some(&kept) = self.survivors.get(key) {
            self.stop_group(kept, SkipReason::SurvivorGone);
        }
    }

    /// A denial of a group is not in flight any more. What waited for it may go on.
    fn landed(&mut self, at: u64) {
        let Some(work) = self.work.get_mut(&at) else { return };
        work.sent = work.sent.saturating_sub(1);
        self.go_on(at);
    }

    /// Puts a group in line that has something to send.
    fn go_on(&mut self, at: u64) {
        let Some(work) = self.work.get(&at) else { return };
        if work.checking.is_none() && work.place.is_none() && work.side().is_some() {
            self.put(at, Some(Place::Open(0)));
        }
    }

    /// A denial that has to be sent again.
    fn again(&mut self, key: &Key, group: u64, side: Side) {
        let stopped = self.work.get(&group).and_then(|work| work.stopped);
        let Some(item) = self.items.get_mut(key) else { return };
        item.state = State::Waiting;
        let created_at_ms = item.created_at_ms;
        if let Some(why) = stopped {
            return self.finish(key, Outcome::Skipped(why));
        }
        if let Some(work) = self.work.get_mut(&group) {
            match side {
                Side::Younger => {
                    work.young.insert((created_at_ms, key.clone()));
                }
                Side::Older => work.old.push_front(key.clone()),
            }
            self.go_on(group);
        }
    }

    fn checked(&mut self, key: &Key, found: Found, at_ms: u64, now_ms: u64) {
        let survivor = self.survivors.get(key).copied();
        let Some(at) = survivor.or_else(|| self.items.get(key).map(|item| item.group)) else { return };
        let Some(work) = self.work.get(&at) else { return };
        let asked = work.checking.as_ref().is_some_and(|checking| checking.key == *key);
        let Some(checking) = asked.then(|| self.drop_check(at)).flatten() else {
            if found == Found::Gone {
                self.resolved(key);
            }
            return;
        };
        let Some(work) = self.work.get_mut(&at) else { return };
        self.pace.answered(now_ms.saturating_sub(checking.asked_ms));
        match found {
            Found::Pending if now_ms.saturating_sub(at_ms) <= FRESH_MS => {
                self.pace.went_well();
                work.unknown = 0;
                let seen = match &mut work.oldest {
                    Some((oldest, seen)) if oldest == key => seen,
                    _ => &mut work.seen,
                };
                seen.renew(checking.asked_ms, at_ms.min(now_ms));
            }
            Found::Gone => {
                self.pace.went_well();
                self.resolved(key);
            }
            Found::Unavailable(retry_after_ms) => self.pace.refused(checking.epoch, now_ms, retry_after_ms),
            // An answer that is old news when it comes says as little as none.
            Found::Pending | Found::Unknown => {
                work.unknown += 1;
                if work.unknown >= self.tuning.checks {
                    return self.stop_group(at, SkipReason::SurvivorUnknown);
                }
            }
        }
        self.go_on(at);
    }

    fn resolved(&mut self, key: &Key) {
        if let Some(&at) = self.survivors.get(key) {
            self.stop_group(at, SkipReason::SurvivorGone);
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
            if !pending.contains(&work.survivor.1) {
                self.stop_group(at, SkipReason::SurvivorGone);
                continue;
            }
            work.seen.renew(at_ms, at_ms);
            if let Some((oldest, seen)) = &mut work.oldest
                && pending.contains(oldest)
            {
                seen.renew(at_ms, at_ms);
            }
            let waiting = work.young.iter().map(|(_, key)| key).chain(&work.old);
            let gone: Vec<Key> = waiting.filter(|key| !pending.contains(*key)).cloned().collect();
            for key in gone {
                self.resolved(&key);
            }
        }
    }

    fn lost(&mut self) {
        self.up = false;
        self.hearing_since_ms = None;
        self.flights.clear();
        let mut groups: Vec<u64> = self.work.keys().copied().collect();
        groups.sort_unstable();
        for work in self.work.values_mut() {
            work.seen = Seen::default();
            if let Some((_, seen)) = &mut work.oldest {
                *seen = Seen::default();
            }
            work.checking = None;
            work.sent = 0;
        }
        for key in self.sent() {
            let Some(Item { state: State::Sent { side, gone, .. }, group, .. }) = self.items.get(&key) else {
                continue;
            };
            let (side, gone, group) = (*side, *gone, *group);
            if gone {
                self.finish(&key, Outcome::AlreadyGone);
            } else {
                self.again(&key, group, side);
            }
        }
        for at in groups {
            self.go_on(at);
        }
    }
}
