//! Collects what makes a document wider: one finding for a cause, with all its agents.

use std::collections::{BTreeMap, BTreeSet};

use super::candidates;
use super::regime::Circumstance;
use super::trial::Trial;
use super::{Agent, Cause, Pair, Widening, Wider};

/// A rule of a release by which more entries can mean more questions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Quirk {
    /// 2026.9.6 runs `sh -c true` and other builtins in a shell by themselves, but asks if an entry matches the builtin's
    /// program.
    Builtins,
    /// A command that was approved word for word is asked about if entries allow its parts and a word starts with `<<`.
    HereDocuments,
    /// 2026.4.14 runs the prelude of a skill if an entry allows the skill's wrapper, but not if another one allows `cat` or
    /// `printf` alone.
    Preludes,
    /// 2026.4.14 looks into the script of a command that it starts at once, but not if it starts it because nobody answered
    /// a prompt.
    Scripts,
}

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
    Policy([&'static str; 6], BTreeSet<Circumstance>),
    Entry(String, usize),
    HiddenCode,
}

impl Findings {
    /// Adds a finding for an agent.
    pub(super) fn add(&mut self, cause: Cause, agent: &Agent, circumstances: &BTreeSet<Circumstance>) {
        let key = match &cause {
            Cause::Policy { before, after } => {
                let words = [before.security.0, before.ask.0, before.ask_fallback.0];
                let [security, ask, fallback] = words;
                let words = [security, ask, fallback, after.security.0, after.ask.0, after.ask_fallback.0];
                Key::Policy(words, circumstances.clone())
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
        self.wider.widenings.push(Widening {
            cause,
            agents,
            circumstances: circumstances.clone(),
            witness: None,
        });
    }

    /// Notes a quirk for an agent.
    pub(super) fn note(&mut self, quirk: Quirk, agent: &Agent) {
        self.wider.quirks.entry(quirk).or_default().insert(agent.clone());
    }

    /// Looks for a command that shows each finding.
    pub(super) fn with_witnesses(mut self, pair: &Pair<'_>) -> Wider {
        let mut trial = Trial::new(pair.comparison);
        for widening in &mut self.wider.widenings {
            let Some(agent) = widening.agents.first() else { continue };
            let candidates = candidates::of(&widening.cause, pair, agent);
            widening.witness =
                widening.circumstances.iter().find_map(|when| trial.find(agent, *when, &candidates));
        }
        self.wider
    }
}
