//! Notes on a plan: duplicates that a wider scope would find, and prompts that could not be compared.
//!
//! A cron job, a subagent and a chat of one agent request the same in different sessions. None of these are duplicates
//! in the session scope; only the agent scope shows them together.

use std::collections::{BTreeMap, HashSet};
use std::hash::{BuildHasher, RandomState};

use super::intent::Doubt;
use super::plan::Plan;
use super::prompt::Prompt;
use super::scope::{Alone, Place, Scope};

/// Duplicates that a wider scope would find.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Wider {
    /// The narrowest scope that finds the most.
    pub scope: Scope,
    /// How many more prompts are duplicates in it.
    pub duplicates: usize,
}

/// The notes on a plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Beside {
    /// Duplicates that a wider scope would find, if any.
    pub wider: Option<Wider>,
    /// How many prompts that are known only by a summary may be duplicates: prompts with the same summary, agent and
    /// session.
    pub undecided: usize,
    /// The reasons for which prompts could not have duplicates, and the number of prompts by reason.
    pub alone: BTreeMap<Alone, usize>,
}

/// Counts the groups of a plan in the wider scopes, by one prompt of each group.
///
/// A million groups do not fit in a cache, so each is read once, and only one hash per scope is kept.
pub(super) struct Widening {
    own: Scope,
    // A new random key each time. Two places with one hash only add one duplicate to the note.
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

    /// The result.
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
    /// The notes on the plan. The time is linear in the number of groups.
    pub fn beside(&self) -> Beside {
        let own = self.rules.scope;
        // A summary does not name its run: prompts of one session may be of one run.
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
