//! Unit tests of triage.

mod deciding;
mod keeping;
mod listing;
mod proposing;

use serde_json::Value;

use super::*;
use crate::queue::{Prompt, Rules, Runs, plan, tests as queue};

/// A point in time of the gateway's clock.
pub(super) const NOW: u64 = queue::NOW;

/// A triage of one gateway, with a clock.
pub(super) struct World {
    pub(super) triage: Triage,
    pub(super) now: SteadyTime,
    pub(super) prompts: Vec<Prompt>,
}

/// A prompt of this command.
pub(super) fn prompt(id: &str, command: &str, age_s: u64) -> Prompt {
    prompt_with(id, command, age_s, |_| {})
}

/// As [`prompt`], with a changed request.
pub(super) fn prompt_with(id: &str, command: &str, age_s: u64, change: impl FnOnce(&mut Value)) -> Prompt {
    queue::prompt(id, command, |row| {
        row["createdAtMs"] = (NOW - age_s * 1_000).into();
        row["request"]["allowedDecisions"] = serde_json::json!(["allow-once", "allow-always", "deny"]);
        change(&mut row["request"]);
    })
}

/// `each` prompts of each of `groups` commands, the oldest first.
pub(super) fn groups(groups: usize, each: usize) -> Vec<Prompt> {
    let all = (0..groups * each).map(|n| {
        let age = u64::try_from(groups * each - n).unwrap();
        prompt(&format!("p{n:05}"), &format!("make {}", n % groups), age)
    });
    all.collect()
}

pub(super) fn snapshot(prompts: &[Prompt]) -> Snapshot {
    let runs = Runs::new();
    Snapshot::of(&plan(prompts, &runs, Rules::at(NOW)), &runs)
}

impl World {
    /// A screen that shows these prompts.
    pub(super) fn of(prompts: Vec<Prompt>) -> Self {
        Self::with(prompts, false)
    }

    pub(super) fn with(prompts: Vec<Prompt>, read_only: bool) -> Self {
        let triage = Triage::new(["prod".to_owned()], read_only, Sort::Age);
        let mut world = Self { triage, now: SteadyTime::of_ms(1_000_000), prompts };
        world.list();
        world.wait(SETTLING_MS);
        world.triage.drawn(Drawn { fit: 10, ..Drawn::default() });
        world
    }

    /// Lists the prompts of this world.
    pub(super) fn list(&mut self) {
        self.triage.handle(Input::Listed(0, snapshot(&self.prompts)), self.now);
        self.triage.tick(self.now);
    }

    pub(super) fn wait(&mut self, ms: u64) {
        self.now = self.now.plus(ms);
        self.triage.tick(self.now);
    }

    /// Presses a key, as a person does: not at once after the last one.
    pub(super) fn press(&mut self, key: Key) {
        self.wait(REPEAT_MS);
        self.triage.handle(Input::Key(key), self.now);
        self.triage.tick(self.now);
    }

    pub(super) fn keys(&mut self, keys: &str) {
        keys.chars().for_each(|key| self.press(Key::Char(key)));
    }

    /// The orders to send.
    pub(super) fn sent(&mut self) -> Vec<Order> {
        let effects = std::iter::from_fn(|| self.triage.next_effect());
        let orders = effects.filter_map(|effect| match effect {
            Effect::Send(order) => Some(order),
            _ => None,
        });
        orders.collect()
    }

    /// The ids of the prompts of the orders to send, after the time for undoing.
    pub(super) fn ids(&mut self) -> Vec<String> {
        self.wait(UNDO_MS);
        let orders = self.sent();
        let mut ids: Vec<String> =
            orders.iter().flat_map(Order::prompts).map(|prompt| prompt.id().to_owned()).collect();
        ids.sort();
        ids
    }

    /// Answers an order: every prompt is decided.
    pub(super) fn answer(&mut self, order: &Order) {
        let decision = match order.act {
            Act::Decide(decision) => decision,
            Act::DenyDuplicates | Act::Cancel(_) | Act::AddEntries { .. } => crate::queue::Decision::Deny,
        };
        let outcomes = order.prompts().map(|prompt| (prompt.key.clone(), Outcome::Decided(decision)));
        self.triage.handle(Input::Ended(order.id, outcomes.collect()), self.now);
        self.triage.handle(Input::Over(order.id, Ok(None)), self.now);
        let keys: Vec<_> = order.prompts().map(|prompt| prompt.key.clone()).collect();
        self.prompts.retain(|prompt| !keys.contains(&prompt.key));
    }

    pub(super) fn cursor(&self) -> RowId {
        self.triage.current().unwrap().id
    }
}
