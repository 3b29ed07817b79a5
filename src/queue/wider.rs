//! What a wider scope would find. A cron job, a subagent and a chat of one agent ask for the same in sessions of their
//! own; each is right by its scope, and the pile as a whole is seen only by the agent.

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

/// How many more duplicates a wider scope would find among groups of this one, by a prompt of each.
pub(super) fn wider<'p, I: Iterator<Item = &'p Prompt>>(
    scope: Scope,
    groups: impl Fn() -> I,
) -> Option<Wider> {
    // Keyed anew each time. Two places of one hash are one duplicate too many in a note.
    let state = RandomState::new();
    let mut most: Option<Wider> = None;
    for &scope in scope.wider() {
        let mut places = HashSet::new();
        let mut more = 0;
        for prompt in groups() {
            let place = Place::of(prompt, scope);
            let joins = place.alone().is_none() && !places.insert(state.hash_one((prompt.intent, place)));
            more += usize::from(joins);
        }
        if more > most.map_or(0, |most| most.duplicates) {
            most = Some(Wider { scope, duplicates: more });
        }
    }
    most
}

impl Plan<'_> {
    /// How many more duplicates a wider scope would find, if any. It takes time in proportion to the groups.
    pub fn wider(&self) -> Option<Wider> {
        wider(self.rules.scope, || self.groups.iter().map(|group| group.survivor))
    }

    /// How many prompts may be duplicates, of which only a summary is known. Two with other summaries, agents or
    /// sessions are none; whether two with the same are, nobody can say.
    pub fn undecided(&self) -> usize {
        // A summary names no run: what asks in one session may be of one run.
        let scope = if self.rules.scope == Scope::Run { Scope::Session } else { self.rules.scope };
        let summaries = self.groups.iter().flat_map(|group| &group.members);
        let summaries = summaries.filter(|prompt| prompt.doubt == Some(Doubt::Summary));
        let mut seen = HashSet::new();
        let places = summaries.map(|prompt| (prompt.intent, Place::of_asker(prompt, scope)));
        places.filter(|(intent, place)| place.alone().is_none() && !seen.insert((*intent, *place))).count()
    }

    /// Why prompts that have no duplicate could have none, and how many there are of each.
    pub fn alone(&self) -> BTreeMap<Alone, usize> {
        let mut alone = BTreeMap::new();
        for group in self.groups.iter().filter(|group| group.members.len() == 1) {
            if let Some(why) = Place::why_alone(group.survivor, self.rules.scope) {
                *alone.entry(why).or_default() += 1;
            }
        }
        alone
    }
}
