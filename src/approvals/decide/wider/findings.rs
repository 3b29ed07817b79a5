//! Collects what makes a document wider: one finding for a cause, with all its agents.

use std::collections::{BTreeMap, BTreeSet};

use super::model::{Agent, Cause, Quirk, Widening, Wider};
use super::regime::Circumstance;

/// The most findings of one comparison. More are only counted.
const MOST: usize = 200;

/// What was found so far.
#[derive(Debug, Default)]
pub(super) struct Findings {
    wider: Wider,
    places: BTreeMap<Key, usize>,
    omitted: BTreeSet<Key>,
}

/// What makes two findings one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Policy([&'static str; 6], bool, BTreeSet<Circumstance>),
    Entry(String, usize),
    HiddenCode,
}

impl Findings {
    /// Adds a finding for an agent.
    pub(super) fn add(&mut self, cause: Cause, agent: &Agent, circumstances: &BTreeSet<Circumstance>) {
        let mut circumstances = circumstances.clone();
        // What runs at once needs no answer.
        if circumstances.contains(&Circumstance::AtOnce) {
            circumstances.remove(&Circumstance::Unanswered);
        }
        let key = match &cause {
            Cause::Policy { before, after } | Cause::Approvals { before, after } => {
                let words = [before.security.0, before.ask.0, before.ask_fallback.0];
                let [security, ask, fallback] = words;
                let words = [security, ask, fallback, after.security.0, after.ask.0, after.ask_fallback.0];
                Key::Policy(words, matches!(cause, Cause::Approvals { .. }), circumstances.clone())
            }
            Cause::Entry { entry, .. } => Key::Entry(entry.id.stored.0.clone(), entry.id.stored.1),
            Cause::HiddenCode => Key::HiddenCode,
        };
        let place = self.places.get(&key).copied();
        if let Some(known) = place.and_then(|place| self.wider.widenings.get_mut(place)) {
            known.agents.insert(agent.clone());
            known.circumstances.extend(circumstances);
            return;
        }
        if self.wider.widenings.len() == MOST {
            if self.omitted.insert(key) {
                self.wider.omitted += 1;
            }
            return;
        }
        self.places.insert(key, self.wider.widenings.len());
        let agents = BTreeSet::from([agent.clone()]);
        self.wider.widenings.push(Widening { cause, agents, circumstances, witness: None });
    }

    /// Notes a quirk for an agent.
    pub(super) fn note(&mut self, quirk: Quirk, agent: &Agent) {
        self.wider.quirks.entry(quirk).or_default().insert(agent.clone());
    }

    /// What was found.
    pub(super) fn finish(self) -> Wider {
        self.wider
    }
}
