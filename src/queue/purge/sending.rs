//! The next denial of a purge: from which group, in which slot, and only while the prompts that it relies on are known
//! to be pending.

use super::{FRESH_MS, Next, Place, Purge, State, Work};
use crate::queue::clock::{GatewayTime, Now};
use crate::queue::prompt::Key;
use crate::queue::report::SkipReason;
use crate::queue::slots::{Opening, SETTLED_MS, Side};

impl Purge {
    fn opening(&self, work: &Work, side: Side, now: Now) -> Opening {
        let Some(slots) = &self.tuning.slots else {
            return Opening::Open { since: GatewayTime::default(), until: GatewayTime::default() };
        };
        let settled = work.survivor.0.plus(SETTLED_MS);
        if side == Side::Older && now.gateway < settled {
            return Opening::Shut { until: settled };
        }
        slots.opening(side, work.phase, self.denials.moment(now))
    }

    /// Moves a group.
    pub(super) fn put(&mut self, at: u64, place: Option<Place>) {
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

    pub(super) fn send(&mut self, now: Now) -> Option<Next> {
        while let Some(&(opens, at)) = self.shut.first().filter(|(opens, _)| *opens <= now.gateway) {
            self.shut.remove(&(opens, at));
            self.put(at, Some(Place::Open(GatewayTime::default())));
        }
        while let Some(&(key, at)) = self.ready.first() {
            let Some(work) = self.work.get_mut(&at) else {
                self.ready.remove(&(key, at));
                continue;
            };
            if now.gateway.plus(self.tuning.lapse_ms) >= work.expires {
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
            self.find_oldest(at, now);
            let Some(work) = self.work.get(&at) else { continue };
            let Some(side) = work.side() else {
                // The group is queued again with the answers to its requests in flight.
                self.put(at, None);
                continue;
            };
            let (since, until) = match self.opening(work, side, now) {
                Opening::Open { since, until } => (since, until),
                Opening::Shut { until } => {
                    self.put(at, Some(Place::Shut(until)));
                    continue;
                }
            };
            if key != until {
                // The slot of another group may end sooner.
                self.put(at, Some(Place::Open(until)));
                continue;
            }
            if let Some(unknown) = self.unknown(work, side, since, now) {
                return Some(self.check(at, unknown, now));
            }
            return self.deny(at, side, now);
        }
        None
    }

    /// Chooses an oldest member if younger ones are to be denied relying on it.
    fn find_oldest(&mut self, at: u64, now: Now) {
        let Some(work) = self.work.get_mut(&at) else { return };
        let soon = now.gateway.plus(self.tuning.lapse_ms);
        let holds = |key: &Key| {
            let item = self.items.get(key);
            item.is_some_and(|item| item.state == State::Waiting && item.expires > soon)
        };
        while !work.oldest.as_ref().is_some_and(holds) {
            work.oldest = None;
            // The next member takes its place. If none is older than the survivor, the survivor is the oldest.
            if work.young.first().is_none_or(|first| *first > work.survivor) {
                return;
            }
            if let Some((_, next)) = work.young.pop_first() {
                work.old.push_back(next.clone());
                work.oldest = Some(next);
            }
        }
    }

    /// A prompt that a denial relies on and that must be checked first.
    fn unknown(&self, work: &Work, side: Side, since: GatewayTime, now: Now) -> Option<Key> {
        let known = |key: &Key| {
            self.denials.seen(key).is_some_and(|seen| {
                let by_event =
                    self.subscribed_since.is_some_and(|subscribed_since| subscribed_since <= seen.answered);
                seen.asked >= since && (by_event || now.gateway.since(seen.answered) <= FRESH_MS)
            })
        };
        match &work.oldest {
            Some(oldest) if side == Side::Younger && !known(oldest) => Some(oldest.clone()),
            _ => (!known(&work.survivor.1)).then(|| work.survivor.1.clone()),
        }
    }

    fn check(&mut self, at: u64, key: Key, now: Now) -> Next {
        self.put(at, None);
        self.denials.check(&key, now);
        if let Some(work) = self.work.get_mut(&at) {
            work.checking = Some(key.clone());
        }
        Next::Check(key)
    }

    fn deny(&mut self, at: u64, side: Side, now: Now) -> Option<Next> {
        let work = self.work.get_mut(&at)?;
        let key = match side {
            Side::Younger => work.young.pop_first()?.1,
            Side::Older => work.old.pop_front()?,
        };
        work.sent += 1;
        self.denials.deny(&key, now);
        if let Some(item) = self.items.get_mut(&key) {
            item.state = State::Sent(side);
        }
        Some(Next::Deny(key))
    }

    /// Stops waiting for the answer to the check of a group.
    pub(super) fn drop_check(&mut self, at: u64) {
        if let Some(key) = self.work.get_mut(&at).and_then(|work| work.checking.take()) {
            self.denials.drop_check(&key);
        }
    }

    /// Gives up the groups that cannot send because answers are too slow or the clock is too uncertain.
    pub(super) fn too_slow(&mut self, now: Now) {
        let Some(slots) = self.tuning.slots else { return };
        let moment = self.denials.moment(now);
        let slow = |work: &Work| work.side().is_some_and(|side| !slots.fits(side, moment));
        let groups: Vec<u64> = self.work.iter().filter(|(_, work)| slow(work)).map(|(at, _)| *at).collect();
        for at in groups {
            self.stop_group(at, SkipReason::TooSlow);
        }
    }
}
