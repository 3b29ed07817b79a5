//! Carrying out plans: invariants in every order of events.

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;

use super::super::denials::{Answer, Found};
use super::super::purge::{FRESH_MS, Input, Next, Tuning};
use super::super::report::{Entry, Outcome};
use super::super::{Key, Plan, Purge};
use super::purging::{alone, lapsing, planned, prompts, purge};
use super::{NOW, clocks, gateway, steady};

/// A gateway with its other clients, and the inputs of the purge.
struct World {
    pending: HashSet<Key>,
    survivor_of: HashMap<Key, Key>,
    air: Vec<Next>,
    now: u64,
    up: bool,
    told_gone: HashSet<Key>,
    known: HashMap<Key, u64>,
    hearing: Option<u64>,
}

impl World {
    fn new(plan: &Plan<'_>) -> Self {
        let groups = plan.duplicated();
        let members = groups.flat_map(|group| group.members.iter().map(|member| (*member, group.survivor)));
        let survivor_of: HashMap<Key, Key> =
            members.map(|(member, survivor)| (member.key.clone(), survivor.key.clone())).collect();
        Self {
            pending: survivor_of.keys().cloned().collect(),
            known: survivor_of.values().map(|survivor| (survivor.clone(), NOW)).collect(),
            survivor_of,
            air: Vec::new(),
            now: NOW,
            up: true,
            told_gone: HashSet::new(),
            hearing: None,
        }
    }

    /// Carries out the next step of the purge, and checks that it is allowed. `false`: the purge waits.
    fn drive(&mut self, purge: &mut Purge) -> Result<bool, TestCaseError> {
        let next = purge.next(clocks(self.now));
        match &next {
            Next::Deny(key) => {
                prop_assert!(self.up && !self.air.contains(&next), "one denial at a time");
                let survivor = self.survivor_of.get(key);
                prop_assert!(survivor.is_some_and(|survivor| survivor != key), "only what was planned");
                let survivor = survivor.unwrap();
                prop_assert!(!self.told_gone.contains(survivor), "the survivor was known to be gone");
                let known = self.known.get(survivor).copied();
                let fresh = known.is_some_and(|known| {
                    self.now.saturating_sub(known) <= FRESH_MS
                        || self.hearing.is_some_and(|since| since <= known)
                });
                prop_assert!(fresh, "the survivor was last known at {known:?}, it is {}", self.now);
            }
            Next::Check(key) => {
                prop_assert!(self.up && self.survivor_of.values().any(|survivor| survivor == key));
            }
            Next::Wait(_) | Next::Done => return Ok(false),
        }
        self.air.push(next);
        Ok(true)
    }

    /// Answers the requests in flight: truthfully, or with a refusal.
    fn answer(&mut self, purge: &mut Purge, at: usize, refuse: u8) {
        if self.air.is_empty() {
            return;
        }
        let at = at % self.air.len();
        let input = match self.air.remove(at) {
            Next::Deny(key) => {
                let answer = match refuse {
                    1 => Answer::Unavailable(None),
                    2 => Answer::Unavailable(Some(400)),
                    3 => Answer::Refused("no".into()),
                    _ if self.pending.remove(&key) => Answer::Denied,
                    _ => Answer::AlreadyGone,
                };
                Input::Answered(key, answer)
            }
            Next::Check(key) => {
                let found = match refuse {
                    1 => Found::Unavailable(None),
                    2 => Found::Unavailable(Some(400)),
                    3 => Found::Unknown,
                    _ if self.pending.contains(&key) => Found::Pending,
                    _ => Found::Gone,
                };
                match found {
                    Found::Pending => {
                        self.known.insert(key.clone(), self.now);
                    }
                    Found::Gone => {
                        self.told_gone.insert(key.clone());
                    }
                    Found::Unavailable(_) | Found::Unknown => {}
                }
                Input::Checked(key, found, gateway(self.now))
            }
            Next::Wait(_) | Next::Done => return,
        };
        purge.handle(input, clocks(self.now));
    }

    /// Another client decides a prompt; the event arrives only if the purge receives events.
    fn resolve(&mut self, purge: &mut Purge, at: usize) {
        let mut keys: Vec<Key> = self.pending.iter().cloned().collect();
        keys.sort();
        if keys.is_empty() {
            return;
        }
        let key = keys[at % keys.len()].clone();
        self.pending.remove(&key);
        if self.hearing.is_some() {
            self.told_gone.insert(key.clone());
            purge.handle(Input::Resolved(key.clone()), clocks(self.now));
            // The event may arrive twice.
            purge.handle(Input::Resolved(key), clocks(self.now));
        }
    }

    fn list(&mut self, purge: &mut Purge) {
        for survivor in self.survivor_of.values().cloned().collect::<HashSet<_>>() {
            if self.pending.contains(&survivor) {
                self.known.insert(survivor, self.now);
            }
        }
        let planned = self.survivor_of.keys().filter(|key| !self.pending.contains(*key)).cloned();
        self.told_gone.extend(planned);
        purge.handle(Input::Listed(self.pending.clone(), gateway(self.now)), clocks(self.now));
    }

    fn connection(&mut self, purge: &mut Purge) {
        self.up = !self.up;
        if self.up {
            return purge.handle(Input::Restored, clocks(self.now));
        }
        // Some of the sent denials arrived, but their answers did not.
        for (n, lost) in std::mem::take(&mut self.air).into_iter().enumerate() {
            if let (Next::Deny(key), true) = (lost, n % 2 == 0) {
                self.pending.remove(&key);
            }
        }
        self.hearing = None;
        self.known.clear();
        purge.handle(Input::Lost, clocks(self.now));
    }

    fn step(&mut self, purge: &mut Purge, what: u8, at: usize) -> Result<(), TestCaseError> {
        match what {
            0..8 => {
                self.drive(purge)?;
            }
            8..12 => self.answer(purge, at, 0),
            12..14 => self.answer(purge, at, u8::try_from(at % 4).unwrap()),
            14 => self.resolve(purge, at),
            15 => self.list(purge),
            16 => self.connection(purge),
            17 if self.up => {
                self.hearing = Some(self.now);
                purge.handle(Input::Subscribed(gateway(self.now)), clocks(self.now));
            }
            17 | 18 => {
                self.hearing = None;
                purge.handle(Input::Unsubscribed, clocks(self.now));
            }
            _ => self.now += (at % 400) as u64,
        }
        Ok(())
    }

    /// From here on nothing fails.
    fn settle(&mut self, purge: &mut Purge) -> Result<(), TestCaseError> {
        if !self.up {
            self.connection(purge);
        }
        for _ in 0..20_000 {
            while self.drive(purge)? {}
            if purge.open() == 0 {
                prop_assert_eq!(purge.next(clocks(self.now)), Next::Done);
                return Ok(());
            }
            self.now += 50;
            while !self.air.is_empty() {
                self.answer(purge, 0, 0);
            }
        }
        Err(TestCaseError::fail("it does not end"))
    }
}

proptest! {
    #[test]
    fn however_things_happen(
        groups in 1_usize..5, size in 2_usize..8,
        steps in prop::collection::vec((0_u8..22, any::<usize>()), 0..200),
        stop in any::<bool>(), lapse_ms in 1_000_u64..20_000,
    ) {
        let prompts = lapsing(groups, size, lapse_ms);
        let plan = planned(&prompts);
        let mut purge = purge(&plan, alone());
        let mut world = World::new(&plan);
        for (what, at) in steps {
            world.step(&mut purge, what, at)?;
            prop_assert!((1..=64).contains(&purge.window()));
        }
        if stop {
            purge.handle(Input::Stop, clocks(world.now));
        }
        world.settle(&mut purge)?;
        let entries = purge.take();
        prop_assert_eq!(entries.len(), plan.duplicates());
        for Entry { key, survivor, outcome } in entries {
            prop_assert_eq!(&world.survivor_of[&key], &survivor);
            let over = matches!(outcome, Outcome::Denied | Outcome::AlreadyGone);
            prop_assert!(!over || !world.pending.contains(&key), "{:?} is still there", key);
        }
    }

    #[test]
    fn a_deadline_ends_it_even_in_silence(
        size in 2_usize..90, steps in prop::collection::vec((0_u8..22, any::<usize>()), 0..60),
    ) {
        let prompts = prompts(2, size);
        let plan = planned(&prompts);
        let mut purge = purge(&plan, Tuning { deadline: Some(steady(NOW + 30_000)), ..alone() });
        let mut world = World::new(&plan);
        for (what, at) in steps {
            world.step(&mut purge, what, at)?;
        }
        prop_assert_eq!(purge.next(clocks(NOW + 30_000)), Next::Done);
        prop_assert_eq!(purge.take().len(), plan.duplicates());
    }

    /// Two purges of one gateway without other clients: every group keeps exactly the prompt of the rule.
    #[test]
    fn two_purges_at_once(steps in prop::collection::vec((any::<bool>(), 0_u8..14, any::<usize>()), 0..300)) {
        let prompts = prompts(3, 6);
        let plan = planned(&prompts);
        let mut purges = [purge(&plan, alone()), purge(&plan, alone())];
        let mut worlds = [World::new(&plan), World::new(&plan)];
        for (second, what, at) in steps {
            let one = usize::from(second);
            worlds[one].step(&mut purges[one], what, at)?;
            worlds[1 - one].pending = worlds[one].pending.clone();
        }
        for one in [0, 1] {
            worlds[one].settle(&mut purges[one])?;
            worlds[1 - one].pending = worlds[one].pending.clone();
        }
        for group in plan.duplicated() {
            prop_assert!(worlds[0].pending.contains(&group.survivor.key));
        }
    }
}
