//! What is pending, as far as is known: every prompt, and the groups of those that are candidates for staying.

use std::collections::{HashMap, HashSet, VecDeque};

use super::talk::Counts;
use super::turns::Turn;
use crate::queue::plan::Why;
use crate::queue::prompt::{Key, Prompt};
use crate::queue::scope::{Place, Scope};
use crate::queue::wider::{Wider, wider};

/// What names a group: the same on every guard.
pub(super) type Digest = [u8; 32];

/// How a prompt stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Nothing was decided.
    Pending,
    /// Its denial is under way. `gone`: it is said to be resolved.
    Sent { number: u64, why: Why, epoch: u64, gone: bool },
    /// The gateway was too busy to deny it.
    Again { number: u64, why: Why },
    /// It is to be denied, and the breaker is open or its group is held.
    Held,
    /// It could not be denied; it is tried again behind the next listing.
    Failed,
    /// The gateway answers that it is denied, and lists it all the same: it is not denied again.
    Stuck,
    /// It would have been denied: it counts as gone.
    Observed,
}

impl State {
    /// Whether it may be the one that stays.
    fn is_candidate(self) -> bool {
        match self {
            Self::Pending | Self::Again { .. } | Self::Held | Self::Failed | Self::Stuck => true,
            Self::Sent { .. } | Self::Observed => false,
        }
    }
}

/// A prompt.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) prompt: Prompt,
    /// `None`: it is alone, whatever else is pending.
    pub(super) group: Option<Digest>,
    pub(super) state: State,
    pub(super) requeued: bool,
    /// Whether it counts as one that came back after a denial.
    pub(super) back: bool,
}

/// Candidates with one intent in one place.
#[derive(Debug, Default)]
pub(super) struct Group {
    pub(super) members: Vec<Key>,
    /// The one that was to stay when it was looked at last.
    pub(super) survivor: Option<Key>,
    /// What is to be denied now, if nothing has changed.
    pub(super) waiting: VecDeque<(Key, Why, Turn)>,
    /// Whether something has.
    pub(super) changed: bool,
    /// Whether it is in line to be looked at.
    pub(super) queued: bool,
}

/// Everything that is pending.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) items: HashMap<Key, Item>,
    pub(super) groups: HashMap<Digest, Group>,
    /// How many prompts each group has, candidates or not.
    sizes: HashMap<Digest, usize>,
    grouped: usize,
    /// Groups to be looked at.
    pub(super) ready: VecDeque<Digest>,
}

impl Table {
    /// Where a prompt belongs.
    pub(super) fn digest(prompt: &Prompt, scope: Scope) -> Option<Digest> {
        let place = Place::of(prompt, scope);
        place.alone().is_none().then(|| place.digest(&prompt.intent))
    }

    /// Takes a prompt in that is not there yet.
    pub(super) fn insert(&mut self, prompt: Prompt, group: Option<Digest>, requeued: bool) {
        let key = prompt.key.clone();
        if let Some(digest) = group {
            *self.sizes.entry(digest).or_default() += 1;
            self.grouped += 1;
        }
        self.items
            .insert(key.clone(), Item { prompt, group, state: State::Pending, requeued, back: requeued });
        self.join(&key);
    }

    /// Changes how a prompt stands, and with it whether it is a candidate.
    pub(super) fn set(&mut self, key: &Key, state: State) {
        let Some(item) = self.items.get_mut(key) else { return };
        let before = item.state.is_candidate();
        item.state = state;
        match (before, state.is_candidate()) {
            (true, false) => self.leave(key),
            (false, true) => self.join(key),
            (true, true) | (false, false) => {}
        }
    }

    /// Takes a prompt out.
    pub(super) fn remove(&mut self, key: &Key) -> Option<Item> {
        self.leave(key);
        let item = self.items.remove(key)?;
        if let Some(digest) = item.group {
            self.grouped -= 1;
            if let Some(size) = self.sizes.get_mut(&digest) {
                *size -= 1;
            }
            if self.sizes.get(&digest) == Some(&0) {
                self.sizes.remove(&digest);
            }
        }
        Some(item)
    }

    fn join(&mut self, key: &Key) {
        let Some(digest) = self.items.get(key).and_then(|item| item.group) else { return };
        let group = self.groups.entry(digest).or_default();
        group.members.push(key.clone());
        self.touch(digest);
    }

    fn leave(&mut self, key: &Key) {
        let Some(digest) = self.items.get(key).and_then(|item| item.group) else { return };
        let Some(group) = self.groups.get_mut(&digest) else { return };
        let Some(at) = group.members.iter().position(|member| member == key) else { return };
        group.members.swap_remove(at);
        // A group that merely got smaller by one that was to be denied is as it was.
        let kept = group.survivor.as_ref().is_some_and(|survivor| survivor != key);
        if group.members.is_empty() {
            self.groups.remove(&digest);
        } else if !kept {
            self.touch(digest);
        }
    }

    /// Puts a group in line to be looked at anew.
    pub(super) fn touch(&mut self, digest: Digest) {
        let Some(group) = self.groups.get_mut(&digest) else { return };
        group.changed = true;
        if !group.queued {
            group.queued = true;
            self.ready.push_back(digest);
        }
    }

    /// Groups that have duplicates.
    pub(super) fn duplicated(&self) -> Vec<Digest> {
        let groups = self.groups.iter().filter(|(_, group)| group.members.len() > 1);
        groups.map(|(digest, _)| *digest).collect()
    }

    /// The runs that asked for what is pending.
    pub(super) fn runs(&self) -> HashSet<&str> {
        self.items.values().filter_map(|item| item.prompt.run_id.as_deref()).collect()
    }

    pub(super) fn counts(&self) -> Counts {
        let (pending, groups) = (self.items.len(), self.sizes.len());
        Counts {
            pending,
            groups: groups + pending - self.grouped,
            duplicates: self.grouped.saturating_sub(groups),
            wider: None,
        }
    }

    /// What a wider scope would find among the groups.
    pub(super) fn wider(&self, scope: Scope) -> Option<Wider> {
        let first = |group: &Group| group.members.first().and_then(|key| self.items.get(key));
        wider(scope, || self.groups.values().filter_map(first).map(|item| &item.prompt))
    }
}
