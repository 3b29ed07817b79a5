//! The next step for a group: which prompt is kept, which one is denied next, and when.

use std::ops::Bound;

use super::Guard;
use super::table::{Digest, Group, Look, Rank, State};
use crate::queue::clock::{GatewayTime, Now};
use crate::queue::plan::{Rules, Why, why};
use crate::queue::prompt::{Key, Prompt};
use crate::queue::slots::{Opening, SETTLED_MS, Side, Slots};

impl Guard {
    fn rules(&self, now: Now) -> Rules {
        Rules { margin_ms: self.tuning.margin_ms, scope: self.tuning.scope, ..Rules::at(now.gateway.as_ms()) }
    }

    fn prompt(&self, rank: &Rank) -> Option<&Prompt> {
        self.table.items.get(&rank.1).map(|item| &item.prompt)
    }

    /// Whether a prompt lives long enough to rely on it when others are denied.
    fn holds(&self, rank: &Rank, now: Now) -> bool {
        let soon = now.gateway.plus(self.tuning.lapse_ms);
        self.prompt(rank).is_some_and(|prompt| prompt.expires() > soon)
    }

    /// Whether a prompt that has just arrived is to be denied outside its slot.
    pub(super) fn new_one(&mut self, digest: Digest, rank: &Rank, now: Now) -> Option<(Key, Why)> {
        let state = self.table.items.get(&rank.1)?.state;
        let new = self.tuning.slots.is_some() && Slots::is_new(rank.0, self.denials.moment(now));
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

    /// The next step for a group.
    pub(super) fn look(&mut self, digest: Digest, now: Now) -> Look {
        let Some(group) = self.table.groups.get(&digest) else { return Look::Nothing(None) };
        if group.checking {
            return Look::Nothing(None);
        }
        let Some(survivor) = self.survivor(digest, now) else { return Look::Nothing(None) };
        let Some(oldest) = self.oldest(digest, now).filter(|_| self.holds(&survivor, now)) else {
            return Look::Nothing(Some(now.steady.plus(self.tuning.lapse_ms)));
        };
        let Some(group) = self.table.groups.get(&digest) else { return Look::Nothing(None) };
        let younger = group.waiting.range((Bound::Excluded(&oldest), Bound::Unbounded));
        let (victim, side) = if let Some(younger) = younger.into_iter().find(|rank| **rank != survivor) {
            (younger.clone(), Side::Younger)
        } else if let Some(older) = group.waiting.first().filter(|rank| **rank < survivor) {
            // The oldest prompt stays until no denial relies on it any more.
            if group.sent > 0 {
                return Look::Nothing(None);
            }
            (older.clone(), Side::Older)
        } else {
            return Look::Nothing(None);
        };
        let support = if side == Side::Younger { &oldest } else { &survivor };
        match self.opening(group, side, &survivor, now) {
            Opening::Shut { until } => {
                return Look::Nothing(Some(now.until(until).max(now.steady.plus(1))));
            }
            Opening::Open { since, .. } => {
                let known = self.denials.seen(&support.1).is_some_and(|seen| seen.asked >= since);
                if since > GatewayTime::default() && !known {
                    // A prompt has at most one check in flight.
                    let checked = self.denials.is_checking(&support.1);
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
        let settled = survivor.0.plus(SETTLED_MS);
        match self.tuning.slots.filter(|_| !self.tuning.observe) {
            None => Opening::Open { since: GatewayTime::default(), until: GatewayTime::default() },
            Some(_) if side == Side::Older && now.gateway < settled => Opening::Shut { until: settled },
            Some(slots) => slots.opening(side, group.phase, self.denials.moment(now)),
        }
    }

    /// The oldest candidate that does not expire soon.
    fn oldest(&self, digest: Digest, now: Now) -> Option<Rank> {
        let group = self.table.groups.get(&digest)?;
        group.members.iter().find(|rank| self.holds(rank, now)).cloned()
    }

    /// The candidate to keep, of two or more.
    fn survivor(&mut self, digest: Digest, now: Now) -> Option<Rank> {
        let rules = self.rules(now);
        let group = self.table.groups.get_mut(&digest)?;
        let (items, runs) = (&self.table.items, &self.runs);
        let prompt = |rank: &Rank| items.get(&rank.1).map(|item| &item.prompt);
        let fit = |rank: &Rank| prompt(rank).is_some_and(|one| rules.lasts(one) && !runs.of(one).over());
        let lives = |rank: &Rank| prompt(rank).map(Prompt::expires);
        // A prompt with a live run is preferred; among equal lifetimes, the one with the first key.
        let live = |rank: &Rank| prompt(rank).is_some_and(|one| !runs.of(one).over());
        let longer = |a: &Rank, b: &Rank| {
            live(a).cmp(&live(b)).then_with(|| lives(a).cmp(&lives(b))).then_with(|| b.1.cmp(&a.1))
        };
        let joined = std::mem::take(&mut group.joined);
        let chosen = match group.survivor.take() {
            Some(kept) if !group.unfit && fit(&kept) => Some(kept),
            // The candidates before it were not fit.
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
        // Its denial was to be retried, and now it is the survivor.
        self.withdraw(&chosen.1);
        several.then_some(chosen)
    }
}
