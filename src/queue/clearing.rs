//! Denying the prompts of a run, as a state machine: it receives listings and answers, and returns what to do next.
//!
//! If a person cancels, prompts are denied immediately. If a rule cancels, prompts are denied in the slots in which
//! several processes may deny safely ([`super::staying`]), and each denial relies on a listing that was requested in
//! the same slot.

use std::collections::{HashMap, HashSet};

use super::clock::{GatewayTime, Now, SteadyTime};
use super::denials::{Answer, Denials, End, Limits};
use super::intent::Intent;
use super::prompt::{Key, Prompt};
use super::report::{Failure, Outcome, SkipReason};
use super::slots::{Opening, Side, Slots};
use super::staying::Staying;

/// The shortest wait before a new listing, in milliseconds.
const AGAIN_MS: u64 = 1;

/// The constraints on prompts that a rule cancels.
#[derive(Debug, Clone)]
pub struct Rule {
    /// The slots of the gateway.
    pub slots: Slots,
    /// The intents that other prompts had, too, at the time of the plan.
    pub shared: HashSet<Intent>,
}

impl Rule {
    /// Whether a prompt is the last of a group that had other prompts: somebody denied those and relied on this one.
    pub fn is_last(&self, prompt: &Prompt, staying: &Staying) -> bool {
        self.shared.contains(&prompt.intent) && prompt.doubt.is_none() && !staying.shares(prompt)
    }

    fn limits() -> Limits {
        // The first denial shows how long an answer takes.
        Limits { first: 1, ..AT_ONCE }
    }
}

/// The number of requests at which current gateways are fastest (measured: 16), and the pauses while they are busy.
const AT_ONCE: Limits = Limits { first: 16, quick: 16, most: 16, pause_ms: 50, longest_pause_ms: 2_000 };

/// An input.
#[derive(Debug, Clone)]
pub enum Input {
    /// Everything that is pending, the time of the request, and the keys of prompts that cannot be read.
    Listed(Vec<Prompt>, GatewayTime, Vec<Key>),
    /// The answer to a denial.
    Answered(Key, Answer),
    /// By how much the gateway's clock may be ahead, in milliseconds.
    Clock(u64),
}

/// The next step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Deny this prompt, and report the answer.
    Deny(Key),
    /// List what is pending. Nothing is in flight.
    List,
    /// Wait until something happens, or until this time.
    Wait(Option<SteadyTime>),
    /// Everything has an outcome.
    Done,
}

/// The progress of a prompt.
#[derive(Debug, PartialEq, Eq)]
enum State {
    Waiting {
        /// Whether the gateway was too busy for the denial.
        busy: bool,
    },
    Sent,
    Over(Outcome),
}

/// The last listing.
#[derive(Debug)]
struct Listing {
    /// The prompts that are to be denied.
    targets: Vec<Prompt>,
    asked: GatewayTime,
    /// The prompts that stay when all targets are denied; `None` without a rule.
    staying: Option<Staying>,
}

/// The denials of the prompts of a run.
#[derive(Debug)]
pub struct Clearing {
    rule: Option<Rule>,
    deadline: SteadyTime,
    denials: Denials,
    /// The prompts that are to be denied, in their order.
    planned: Vec<Key>,
    states: HashMap<Key, State>,
    listing: Option<Listing>,
    /// The time of the listing request in flight.
    listing_since: Option<SteadyTime>,
}

impl Clearing {
    /// The denials of `targets`. Nothing is sent at the deadline or later. `rule`: `None` where a person decided.
    pub fn new(targets: Vec<Key>, rule: Option<Rule>, deadline: SteadyTime) -> Self {
        let limits = if rule.is_some() { Rule::limits() } else { AT_ONCE };
        let waiting = |key: &Key| (key.clone(), State::Waiting { busy: false });
        Self {
            rule,
            deadline,
            denials: Denials::new(limits),
            states: targets.iter().map(waiting).collect(),
            planned: targets,
            listing: None,
            listing_since: None,
        }
    }

    /// Handles an input.
    pub fn handle(&mut self, input: Input, now: Now) {
        match input {
            Input::Listed(prompts, asked, unread) => self.listed(prompts, asked, &unread, now),
            Input::Answered(key, answer) => self.answered(&key, answer, now),
            Input::Clock(unsure_ms) => self.denials.set_unsure_ms(unsure_ms),
        }
    }

    /// Returns the next step. The caller calls it again after each step and each input, until it returns `Wait`.
    pub fn next(&mut self, now: Now) -> Next {
        if now.steady >= self.deadline {
            self.give_up(now);
        }
        if !self.states.values().any(|state| matches!(state, State::Waiting { .. } | State::Sent)) {
            return Next::Done;
        }
        if self.denials.is_full() || now.steady >= self.deadline {
            return Next::Wait(None);
        }
        if let Some(resume_at) = self.denials.paused_until(now) {
            return self.wait(resume_at, now);
        }
        let Some(listing) = &self.listing else { return self.list(now) };
        let (mut next, mut opens, mut stale) = (None, None::<SteadyTime>, false);
        for prompt in &listing.targets {
            if !matches!(self.states.get(&prompt.key), Some(State::Waiting { .. })) {
                continue;
            }
            let staying = listing.staying.as_ref();
            match staying.map(|staying| staying.opens(prompt, self.denials.moment(now))) {
                Some(Opening::Shut { until }) => {
                    let until = now.until(until).max(now.steady.plus(AGAIN_MS));
                    opens = Some(opens.map_or(until, |opens| opens.min(until)));
                }
                // The listing is from before the slot.
                Some(Opening::Open { since, .. }) if listing.asked < since => stale = true,
                Some(Opening::Open { .. }) | None => {
                    next = Some(prompt.key.clone());
                    break;
                }
            }
        }
        match (next, opens) {
            (Some(key), _) => {
                self.denials.deny(&key, now);
                self.states.insert(key.clone(), State::Sent);
                Next::Deny(key)
            }
            (None, _) if stale => self.list(now),
            (None, Some(opens)) => self.wait(opens, now),
            (None, None) if self.denials.is_idle() => {
                // The prompts that are left cannot be read any more, so they are not the planned ones.
                self.give_up(now);
                Next::Done
            }
            (None, None) => Next::Wait(None),
        }
    }

    /// Waits, unless the deadline comes first.
    fn wait(&mut self, until: SteadyTime, now: Now) -> Next {
        if until >= self.deadline && self.denials.is_idle() {
            self.give_up(now);
            return Next::Done;
        }
        Next::Wait(Some(until.min(self.deadline)))
    }

    fn list(&mut self, now: Now) -> Next {
        if !self.denials.is_idle() {
            return Next::Wait(None);
        }
        self.listing_since = Some(now.steady);
        Next::List
    }

    fn listed(&mut self, prompts: Vec<Prompt>, asked: GatewayTime, unread: &[Key], now: Now) {
        if let Some(since) = self.listing_since.take() {
            self.denials.took_ms(now.steady.since(since));
        }
        let pending: HashSet<&Key> = prompts.iter().map(|prompt| &prompt.key).chain(unread).collect();
        let mut going = HashSet::new();
        for (key, state) in &mut self.states {
            if !matches!(state, State::Waiting { .. }) {
                continue;
            }
            if pending.contains(key) {
                going.insert(key.clone());
            } else {
                *state = State::Over(Outcome::AlreadyGone);
            }
        }
        let staying = self.rule.as_ref().map(|rule| Staying::of(rule.slots, &prompts, &going));
        let targets: Vec<Prompt> = prompts.into_iter().filter(|prompt| going.contains(&prompt.key)).collect();
        if let (Some(rule), Some(staying)) = (&self.rule, &staying) {
            for prompt in targets.iter().filter(|prompt| rule.is_last(prompt, staying)) {
                let last = State::Over(Outcome::Skipped(SkipReason::SurvivorGone));
                self.states.insert(prompt.key.clone(), last);
            }
        }
        self.listing = Some(Listing { targets, asked, staying });
    }

    fn answered(&mut self, key: &Key, answer: Answer, now: Now) {
        let stale = answer == Answer::NotYet;
        let Some(landed) = self.denials.answered(key, answer, now) else { return };
        let again = landed.end == End::Again;
        let next = match landed.end {
            End::Over(outcome) => State::Over(outcome),
            End::Again => State::Waiting { busy: !stale },
        };
        self.states.insert(key.clone(), next);
        // The listing is too old for a denial, or the denial needs another slot.
        if again && (stale || self.rule.is_some()) {
            self.listing = None;
        }
    }

    /// Gives up the denials that wait. Requests in flight have a deadline of their own.
    fn give_up(&mut self, now: Now) {
        let moment = self.denials.moment(now);
        let slow = self.rule.as_ref().is_some_and(|rule| !rule.slots.fits(Side::Older, moment));
        for state in self.states.values_mut() {
            if let State::Waiting { busy } = *state {
                *state = State::Over(match (slow, busy) {
                    (true, _) => Outcome::Skipped(SkipReason::TooSlow),
                    (false, true) if self.rule.is_none() => Outcome::Failed(Failure::Refused(BUSY.into())),
                    (false, _) => Outcome::Skipped(SkipReason::Deadline),
                });
            }
        }
    }

    /// Ends immediately: waiting denials are given up.
    pub fn end(&mut self, now: Now) {
        self.give_up(now);
    }

    /// The outcomes so far, in the order of the prompts.
    pub fn take(self) -> Vec<(Key, Outcome)> {
        let Self { planned, mut states, .. } = self;
        let outcome = |key: Key| match states.remove(&key)? {
            State::Over(outcome) => Some((key, outcome)),
            State::Sent | State::Waiting { .. } => None,
        };
        planned.into_iter().filter_map(outcome).collect()
    }
}

/// The failure of a denial if the gateway was too busy until the deadline.
const BUSY: &str = "the gateway is too busy";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::queue::kind::Kind;
    use crate::queue::slots::Moment;

    const NOW: u64 = 1_800_000_000_000;

    fn at(ms: u64) -> Now {
        Now { gateway: GatewayTime::of_ms(NOW + ms), steady: SteadyTime::of_ms(ms) }
    }

    fn prompt(id: usize, created_ms: u64, command: usize) -> Prompt {
        let listing = serde_json::json!([{
            "id": format!("p{id:03}"), "createdAtMs": created_ms, "expiresAtMs": created_ms + 1_800_000,
            "request": {
                "command": format!("make {command}"), "agentId": "main", "sessionKey": "agent:main:main",
            },
        }]);
        let mut read = crate::queue::Listing::default();
        crate::queue::Reader::new().list(Kind::Exec, &listing.to_string(), &mut read).unwrap();
        read.prompts.remove(0)
    }

    /// `count` prompts with one intent, oldest first.
    fn prompts(count: usize) -> Vec<Prompt> {
        (0..count).map(|id| prompt(id, NOW - 60_000 + id as u64, 0)).collect()
    }

    fn keys(prompts: &[Prompt]) -> Vec<Key> {
        prompts.iter().map(|prompt| prompt.key.clone()).collect()
    }

    fn rule(prompts: &[Prompt]) -> Rule {
        Rule { slots: Slots::LEGACY, shared: prompts.iter().map(|prompt| prompt.intent).collect() }
    }

    fn clearing(targets: &[Prompt], rule: Option<Rule>) -> Clearing {
        Clearing::new(keys(targets), rule, SteadyTime::of_ms(30_000))
    }

    fn list(clearing: &mut Clearing, prompts: &[Prompt], ms: u64) {
        clearing.handle(Input::Listed(prompts.to_vec(), at(ms).gateway, Vec::new()), at(ms));
    }

    /// When the slot of a side begins next, in milliseconds from `NOW`.
    fn begins(side: Side) -> u64 {
        let moment = Moment { at: GatewayTime::of_ms(NOW), unsure_ms: 0, latency_ms: 0 };
        match Slots::LEGACY.opening(side, 0, moment) {
            Opening::Open { since, .. } => since.plus(8_000).as_ms() - NOW,
            Opening::Shut { until } => until.as_ms() - NOW,
        }
    }

    #[test]
    fn what_a_person_cancels_is_denied_at_once() {
        let prompts = prompts(20);
        let mut clearing = clearing(&prompts, None);
        assert_eq!(clearing.next(at(0)), Next::List);
        list(&mut clearing, &prompts[..19], 5);
        let mut sent = Vec::new();
        while let Next::Deny(key) = clearing.next(at(5)) {
            sent.push(key);
        }
        assert_eq!(sent, keys(&prompts[..16]), "so many at once");
        clearing.handle(Input::Answered(sent[0].clone(), Answer::Unavailable(Some(700))), at(6));
        for key in &sent[1..] {
            clearing.handle(Input::Answered(key.clone(), Answer::Denied), at(6));
        }
        assert_eq!(clearing.next(at(7)), Next::Wait(Some(SteadyTime::of_ms(706))));
        assert_eq!(clearing.next(at(706)), Next::Deny(sent[0].clone()));
        while let Next::Deny(_) = clearing.next(at(706)) {}
        for key in [0, 16, 17, 18] {
            clearing.handle(Input::Answered(prompts[key].key.clone(), Answer::AlreadyGone), at(710));
        }
        assert_eq!(clearing.next(at(710)), Next::Done);
        let outcomes = clearing.take();
        let gone = outcomes.iter().filter(|(_, outcome)| *outcome == Outcome::AlreadyGone).count();
        assert_eq!((outcomes.len(), gone), (20, 5));
    }

    #[test]
    fn a_listing_that_is_too_old_is_made_again() {
        let prompts = prompts(1);
        let mut clearing = clearing(&prompts, None);
        list(&mut clearing, &prompts, 0);
        assert_eq!(clearing.next(at(0)), Next::Deny(prompts[0].key.clone()));
        clearing.handle(Input::Answered(prompts[0].key.clone(), Answer::NotYet), at(0));
        assert_eq!(clearing.next(at(1)), Next::List);
        list(&mut clearing, &prompts, 1);
        assert_eq!(clearing.next(at(2)), Next::Deny(prompts[0].key.clone()));
    }

    /// The oldest prompt of a group is denied in the older slot, and only after a listing in that slot.
    #[test]
    fn what_a_rule_cancels_keeps_to_its_slot() {
        let prompts = prompts(2);
        let begins_ms = begins(Side::Older);
        let mut clearing = clearing(&prompts[..1], Some(rule(&prompts)));
        list(&mut clearing, &prompts, 0);
        if begins_ms > 0 {
            assert_eq!(clearing.next(at(0)), Next::Wait(Some(SteadyTime::of_ms(begins_ms))));
        }
        assert_eq!(clearing.next(at(begins_ms)), Next::List, "that listing is older than the slot");
        list(&mut clearing, &prompts, begins_ms);
        assert_eq!(clearing.next(at(begins_ms + 1)), Next::Deny(prompts[0].key.clone()));
        assert_eq!(clearing.next(at(begins_ms + 1)), Next::Wait(None));
        clearing.handle(Input::Answered(prompts[0].key.clone(), Answer::Denied), at(begins_ms + 9));
        assert_eq!(clearing.next(at(begins_ms + 9)), Next::Done);
    }

    #[test]
    fn the_last_of_a_group_that_had_others_is_kept() {
        let prompts = prompts(2);
        let mut clearing = clearing(&prompts[..1], Some(rule(&prompts)));
        list(&mut clearing, &prompts[..1], 0);
        assert_eq!(clearing.next(at(0)), Next::Done);
        assert_eq!(clearing.take(), [(prompts[0].key.clone(), Outcome::Skipped(SkipReason::SurvivorGone))]);
    }

    #[test]
    fn what_does_not_fit_before_the_deadline_is_given_up() {
        let prompts = prompts(2);
        let begins_ms = begins(Side::Older);
        for (unsure_ms, why) in [(0, SkipReason::Deadline), (5_000, SkipReason::TooSlow)] {
            let soon = SteadyTime::of_ms(begins_ms.min(1_000));
            let mut clearing = Clearing::new(keys(&prompts[..1]), Some(rule(&prompts)), soon);
            clearing.handle(Input::Clock(unsure_ms), at(0));
            list(&mut clearing, &prompts, 0);
            assert_eq!(clearing.next(at(0)), Next::Done);
            assert_eq!(clearing.take(), [(prompts[0].key.clone(), Outcome::Skipped(why))]);
        }
        // The gateway is busy until the end.
        let mut clearing = clearing(&prompts[..1], None);
        list(&mut clearing, &prompts, 0);
        assert_eq!(clearing.next(at(0)), Next::Deny(prompts[0].key.clone()));
        clearing.handle(Input::Answered(prompts[0].key.clone(), Answer::Unavailable(Some(60_000))), at(1));
        assert_eq!(clearing.next(at(1)), Next::Done);
        let busy = Outcome::Failed(Failure::Refused(BUSY.into()));
        assert_eq!(clearing.take(), [(prompts[0].key.clone(), busy)]);
    }

    #[test]
    fn what_cannot_be_read_any_more_is_not_denied() {
        let prompts = prompts(1);
        let mut clearing = clearing(&prompts, None);
        clearing.handle(Input::Listed(Vec::new(), at(0).gateway, keys(&prompts)), at(0));
        assert_eq!(clearing.next(at(0)), Next::Done);
        assert_eq!(clearing.take(), [(prompts[0].key.clone(), Outcome::Skipped(SkipReason::Deadline))]);
    }

    proptest! {
        /// Whatever the gateway answers, each prompt is denied once, in its slot and after a listing in that slot, and
        /// the machine ends.
        #[test]
        fn however_things_happen(
            going in 1_usize..6, staying in 0_usize..3, by_rule in any::<bool>(), seed in any::<u64>(),
        ) {
            let prompts = prompts(going + staying);
            let rule = by_rule.then(|| rule(if staying > 0 { &prompts } else { &[] }));
            let targets: HashSet<Key> = prompts[..going].iter().map(|prompt| prompt.key.clone()).collect();
            let mut clearing = clearing(&prompts[..going], rule);
            let mut pending = prompts.clone();
            let (mut ms, mut asked, mut seed) = (0, None, seed);
            let mut chance = |of: u64| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (seed >> 33) % of
            };
            let mut air: Vec<Key> = Vec::new();
            for _ in 0..10_000 {
                match clearing.next(at(ms)) {
                    Next::Done => break,
                    Next::List => {
                        prop_assert!(air.is_empty());
                        asked = Some(at(ms).gateway);
                        let before = at(ms).gateway;
                        ms += chance(40);
                        clearing.handle(Input::Listed(pending.clone(), before, Vec::new()), at(ms));
                    }
                    Next::Deny(key) => {
                        prop_assert!(targets.contains(&key) && !air.contains(&key));
                        let moment = Moment { at: at(ms).gateway, unsure_ms: 0, latency_ms: 0 };
                        if by_rule && staying > 0 {
                            // All of these are older than what is kept.
                            let Opening::Open { since, .. } = Slots::LEGACY.opening(Side::Older, 0, moment)
                            else {
                                return Err(TestCaseError::fail("outside the slot"));
                            };
                            prop_assert!(asked.is_some_and(|asked| asked >= since), "an old listing");
                        }
                        air.push(key);
                    }
                    Next::Wait(until) if air.is_empty() => ms = until.unwrap().as_ms().max(ms + 1),
                    Next::Wait(_) => {
                        ms += 1 + chance(30);
                        let key = air.remove(0);
                        let answer = match chance(6) {
                            0 => Answer::Unavailable(None),
                            1 => Answer::Unavailable(Some(chance(900))),
                            2 => Answer::NotYet,
                            _ => Answer::Denied,
                        };
                        if answer == Answer::Denied {
                            pending.retain(|prompt| prompt.key != key);
                        }
                        clearing.handle(Input::Answered(key, answer), at(ms));
                    }
                }
            }
            prop_assert_eq!(clearing.next(at(ms)), Next::Done);
            let outcomes = clearing.take();
            prop_assert_eq!(outcomes.len(), going);
            for (key, outcome) in outcomes {
                let left = pending.iter().any(|prompt| prompt.key == key);
                prop_assert_eq!(outcome == Outcome::Denied, !left, "{:?}", outcome);
            }
        }
    }
}
