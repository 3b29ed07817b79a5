//! What is said beside a plan: duplicates that a wider scope would find, and prompts that could not be compared.
//!
//! A cron job, a subagent and a chat of one agent ask for the same in sessions of their own; each is right by its
//! scope, and the pile as a whole is seen only by the agent.

use std::collections::{BTreeMap, HashSet};
use std::hash::{BuildHasher, RandomState};

use super::intent::Doubt;
use super::plan::Plan;
use super::prompt::Prompt;
use super::scope::{Alone, Place, Scope};

/// Duplicates that a wider scope would find.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Wider {
    /// The scope: the narrowest that finds the most.
    pub scope: Scope,
    /// How many more prompts are duplicates there.
    pub duplicates: usize,
}

/// What is said beside a plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Beside {
    /// What a wider scope would find, if anything.
    pub wider: Option<Wider>,
    /// How many prompts may be duplicates, of which only a summary is known. Two with other summaries, agents or
    /// sessions are not; whether two with the same are, nobody can say.
    pub undecided: usize,
    /// Why prompts that have no duplicate could have none, and how many there are of each.
    pub alone: BTreeMap<Alone, usize>,
}

/// The groups of a plan in the scopes that are wider than its own, by a prompt of each.
///
/// A million groups are in no cache, so each is looked at once, and what is kept of it is a hash a scope.
pub(super) struct Widening {
    own: Scope,
    // Keyed anew each time. Two places of one hash are one duplicate too many in a note.
    state: RandomState,
    hashes: Vec<Vec<u64>>,
}

impl Widening {
    pub(super) fn of(own: Scope, groups: usize) -> Self {
        let hashes = own.wider().iter().map(|_| Vec::with_capacity(groups)).collect();
        Self { own, state: RandomState::new(), hashes }
    }

    pub(super) fn add(&mut self, prompt: &Prompt) {
        for (&scope, hashes) in self.own.wider().iter().zip(&mut self.hashes) {
            let place = Place::of(prompt, scope);
            if place.alone().is_none() {
                hashes.push(self.state.hash_one((prompt.intent, place)));
            }
        }
    }

    /// What was found.
    pub(super) fn end(self) -> Option<Wider> {
        let mut most: Option<Wider> = None;
        for (&scope, mut hashes) in self.own.wider().iter().zip(self.hashes) {
            let groups = hashes.len();
            hashes.sort_unstable();
            hashes.dedup();
            let duplicates = groups - hashes.len();
            if duplicates > most.map_or(0, |most| most.duplicates) {
                most = Some(Wider { scope, duplicates });
            }
        }
        most
    }
}

impl Plan<'_> {
    /// What is to be said beside it. It takes time in proportion to the groups.
    pub fn beside(&self) -> Beside {
        let own = self.rules.scope;
        // A summary names no run: what asks in one session may be of one run.
        let scope = if own == Scope::Run { Scope::Session } else { own };
        let mut widening = Widening::of(own, self.groups.len());
        let mut beside = Beside::default();
        let mut summaries = HashSet::new();
        for group in &self.groups {
            let prompt = group.survivor;
            widening.add(prompt);
            if group.members.len() == 1
                && let Some(why) = Place::why_alone(prompt, own)
            {
                *beside.alone.entry(why).or_default() += 1;
            }
            if prompt.doubt == Some(Doubt::Summary) {
                let place = Place::of_asker(prompt, scope);
                let again = place.alone().is_none() && !summaries.insert((prompt.intent, place));
                beside.undecided += usize::from(again);
            }
        }
        beside.wider = widening.end();
        beside
    }
}
