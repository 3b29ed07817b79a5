//! What a purge makes of what it is told.

use std::collections::HashSet;

use super::talk::{Answer, Found, Input};
use super::{FRESH_MS, Item, Purge, State};
use crate::queue::prompt::Key;
use crate::queue::report::{Failure, Outcome, Untried};

impl Purge {
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
            Answer::Allowed(decision) => {
                self.pace.went_well();
                self.finish(key, Outcome::Allowed(decision));
            }
            Answer::Refused(words) => self.finish(key, Outcome::Failed(Failure::Refused(words))),
            Answer::NotSent(why) => return self.finish(key, Outcome::NotTried(why)),
            Answer::Unavailable(_) | Answer::NotYet => {
                if let Answer::Unavailable(retry_after_ms) = answer {
                    self.pace.refused(epoch, now_ms, retry_after_ms);
                }
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
            for key in gone {
                self.resolved(&key);
            }
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
}
