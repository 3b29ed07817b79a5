//! What is decided is what was shown, whatever arrives and whatever keys are pressed.

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;

use super::*;
use crate::queue::prompt::Key as PromptKey;

/// A step of a random session.
#[derive(Debug, Clone)]
enum Step {
    Press(Key),
    Wait(u64),
    /// A prompt of this command arrives.
    Arrives(usize),
    /// A prompt is decided by somebody else, or expires.
    Leaves(prop::sample::Index),
    List,
    /// The gateway answers an order: taken, gone or failed.
    Answers(u8),
    /// The proposals that were asked for arrive.
    Proposes,
    Lost,
}

fn step() -> impl Strategy<Value = Step> {
    let keys = "jkgGsttTTaAdDxXcppyyynuur/?q".chars().map(Key::Char).collect::<Vec<_>>();
    let others = vec![Key::Enter, Key::Escape, Key::PageDown, Key::Backspace, Key::Char('m')];
    prop_oneof![
        12 => prop::sample::select(keys).prop_map(Step::Press),
        3 => prop::sample::select(others).prop_map(Step::Press),
        6 => prop::sample::select(vec![1, 33, 150, 500, 1_000, 3_000]).prop_map(Step::Wait),
        5 => (0_usize..6).prop_map(Step::Arrives),
        2 => any::<prop::sample::Index>().prop_map(Step::Leaves),
        6 => Just(Step::List),
        3 => (0_u8..3).prop_map(Step::Answers),
        3 => Just(Step::Proposes),
        1 => Just(Step::Lost),
    ]
}

/// The prompts of each row, also those that are gone.
fn members(triage: &Triage) -> HashMap<RowId, HashSet<PromptKey>> {
    let keys = |row: &Row| row.members.iter().map(|member| member.prompt.key.clone()).collect();
    triage.rows.iter().map(|row| (row.id, keys(row))).collect()
}

/// The prompts that the screen shows as one that a key may decide: those of the row under the cursor, and of tagged rows.
fn decidable(triage: &Triage) -> HashSet<PromptKey> {
    let rows = triage.current().into_iter().chain(triage.tagged());
    rows.flat_map(|row| row.pending().map(|prompt| prompt.key.clone())).collect()
}

struct Session {
    world: World,
    arrived: usize,
    /// The prompts that were under the cursor or tagged when a key queued a decision on them.
    allowed: HashSet<PromptKey>,
    sent: HashSet<PromptKey>,
    orders: Vec<Order>,
    /// The numbers of the proposals that are being made, and of those that were shown and not dropped.
    asked: Vec<u64>,
    made: HashSet<u64>,
}

impl Session {
    fn effects(&mut self) -> Result<(), TestCaseError> {
        let effects: Vec<Effect> = std::iter::from_fn(|| self.world.triage.next_effect()).collect();
        for effect in effects {
            match &effect {
                Effect::Propose(_, ticket) => self.asked.push(*ticket),
                Effect::Drop(_, ticket) => {
                    self.made.remove(ticket);
                }
                _ => {}
            }
            if let Effect::Send(order) = effect {
                if let Act::AddEntries { ticket, .. } = order.act {
                    prop_assert!(self.made.remove(&ticket), "these entries were not shown, or added before");
                }
                for prompt in order.prompts() {
                    prop_assert!(self.allowed.contains(&prompt.key), "{:?} was not shown", prompt.key);
                    prop_assert!(self.sent.insert(prompt.key.clone()), "{:?} is decided twice", prompt.key);
                }
                for target in &order.targets {
                    let kept = target.kept.as_ref().map(|kept| &kept.key);
                    prop_assert!(target.prompts.iter().all(|prompt| Some(&prompt.key) != kept));
                }
                self.orders.push(order);
            }
        }
        Ok(())
    }

    fn press(&mut self, key: Key) -> Result<(), TestCaseError> {
        let before = decidable(&self.world.triage);
        let queued = self.world.triage.counts().queued;
        let mode = matches!(self.world.triage.mode(), Mode::List | Mode::Question { .. });
        self.world.triage.handle(Input::Key(key), self.world.now);
        let after = self.world.triage.counts().queued;
        if after > queued {
            prop_assert!(mode, "{key:?} decided in another mode");
            self.allowed.extend(before);
        }
        Ok(())
    }

    fn take(&mut self, step: &Step) -> Result<(), TestCaseError> {
        let cursor = self.world.triage.cursor;
        let before = members(&self.world.triage);
        let world = &mut self.world;
        match step {
            Step::Press(key) => return self.press(*key),
            Step::Wait(ms) => world.wait(*ms),
            Step::Arrives(command) => {
                self.arrived += 1;
                let id = format!("new{}", self.arrived);
                world.prompts.push(prompt(&id, &format!("make {command}"), 0));
            }
            Step::Leaves(which) if !world.prompts.is_empty() => {
                let at = which.index(world.prompts.len());
                world.prompts.remove(at);
            }
            Step::Leaves(_) => {}
            Step::List => world.list(),
            Step::Answers(how) => {
                if let Some(order) = self.orders.pop() {
                    let failed = |prompt: &std::sync::Arc<crate::queue::Prompt>| {
                        let outcome = match how {
                            1 => Outcome::Gone(None),
                            _ => Outcome::Failed("no".to_owned()),
                        };
                        (prompt.key.clone(), outcome)
                    };
                    if *how == 0 {
                        world.answer(&order);
                    } else {
                        let outcomes = order.prompts().map(failed).collect();
                        world.triage.handle(Input::Ended(order.id, outcomes), world.now);
                        world.triage.handle(Input::Over(order.id, Ok(None)), world.now);
                    }
                    if *how == 2 {
                        order.prompts().for_each(|prompt| {
                            self.sent.remove(&prompt.key);
                            self.allowed.remove(&prompt.key);
                        });
                    }
                }
            }
            Step::Proposes => {
                if let Some(ticket) = self.asked.pop() {
                    self.made.insert(ticket);
                    let found = Ok(super::proposing::proposals(1, &[]));
                    world.triage.handle(Input::Proposed(0, ticket, found), world.now);
                }
            }
            Step::Lost => {
                let link = Link::Lost { cause: "closed".to_owned(), remedy: None, retry_at: world.now };
                world.triage.handle(Input::Linked(0, link), world.now);
            }
        }
        // Without a key the cursor stays on its row, and neither that row nor a tagged one gets other prompts.
        let triage = &self.world.triage;
        if let Some(cursor) = cursor {
            prop_assert_eq!(triage.cursor, Some(cursor));
        }
        let after = members(triage);
        for id in triage.tagged().map(|row| row.id).chain(cursor) {
            prop_assert_eq!(before.get(&id), after.get(&id));
        }
        Ok(())
    }
}

proptest! {
    #[test]
    fn only_what_was_shown_is_decided(steps in prop::collection::vec(step(), 1..120)) {
        let mut session = Session {
            world: World::of(groups(5, 3)),
            arrived: 0,
            allowed: HashSet::new(),
            sent: HashSet::new(),
            orders: Vec::new(),
            asked: Vec::new(),
            made: HashSet::new(),
        };
        for step in &steps {
            session.take(step)?;
            session.world.triage.tick(session.world.now);
            session.effects()?;
            let triage = &session.world.triage;
            prop_assert_eq!(triage.cursor.is_none(), triage.is_empty());
            prop_assert!(triage.place() < triage.shown.len().max(1));
            prop_assert!(triage.wakes_at().is_none_or(|at| at > session.world.now), "it waits for the past");
        }
    }

    /// However prompts come and go, the list is complete after they are taken in.
    #[test]
    fn nothing_is_lost(steps in prop::collection::vec(step(), 1..60)) {
        let mut world = World::of(groups(5, 3));
        for (at, step) in steps.iter().enumerate() {
            match step {
                Step::Arrives(command) => world.prompts.push(prompt(&format!("new{at}"), &format!("make {command}"), 0)),
                Step::Leaves(which) if !world.prompts.is_empty() => {
                    let at = which.index(world.prompts.len());
                    world.prompts.remove(at);
                }
                Step::List => world.list(),
                _ => world.keys("j"),
            }
        }
        world.list();
        world.keys("r");
        let shown: HashSet<PromptKey> = members(&world.triage).into_values().flatten().collect();
        prop_assert_eq!(shown, world.prompts.iter().map(|prompt| prompt.key.clone()).collect());
        prop_assert_eq!(world.triage.counts().arrivals, 0);
    }
}
