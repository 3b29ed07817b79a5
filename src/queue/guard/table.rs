//! The known pending prompts, and the groups of those that are candidates to be kept.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};

use super::protocol::Counts;
use crate::queue::clock::{GatewayTime, SteadyTime};
use crate::queue::plan::Why;
use crate::queue::prompt::{Key, Prompt};
use crate::queue::scope::{Place, Scope};
use crate::queue::wider::{Widening, Wider};

/// The name of a group: the same on every guard.
pub(super) type Digest = [u8; 32];

/// The state of a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Nothing is decided.
    Pending,
    /// Its denial is in flight.
    Sent { number: u64, why: Why },
    /// The gateway was too busy to deny it.
    Again { number: u64, why: Why },
    /// It is to be denied, but the breaker is open or its group is held.
    Held,
    /// It could not be denied; it is retried after the next listing.
    Failed,
    /// The gateway answered that it is denied, but still lists it: it is not denied again.
    Stuck,
    /// It would have been denied: it counts as gone.
    Observed,
}

impl State {
    /// Whether the prompt may be kept.
    fn is_candidate(self) -> bool {
        match self {
            Self::Pending | Self::Again { .. } | Self::Held | Self::Failed | Self::Stuck => true,
            Self::Sent { .. } | Self::Observed => false,
        }
    }

    /// Whether its denial is to be retried.
    pub(super) fn is_again(self) -> bool {
        matches!(self, Self::Again { .. })
    }
}

/// A prompt.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) prompt: Prompt,
    /// `None`: the prompt is never treated as a duplicate.
    pub(super) group: Option<Digest>,
    pub(super) state: State,
    pub(super) requeued: bool,
    /// Whether the prompt counts as one that came back after a denial.
    pub(super) back: bool,
}

/// The order of prompts, the same in every process: by creation time, then by key.
pub(super) type Rank = (GatewayTime, Key);

pub(super) fn rank(prompt: &Prompt) -> Rank {
    (prompt.created(), prompt.key.clone())
}

/// The next step for a group.
pub(super) enum Look {
    /// This prompt is to be denied, and why.
    Deny(Key, Why),
    /// Check first whether this prompt is pending.
    Check(Key),
    /// Nothing until the next input, or until this time.
    Nothing(Option<SteadyTime>),
}

/// Candidates with one intent in one place. The cost of a change does not depend on their number.
#[derive(Debug, Default)]
pub(super) struct Group {
    /// Every candidate, oldest first.
    pub(super) members: BTreeSet<Rank>,
    /// The members that can be denied now.
    pub(super) waiting: BTreeSet<Rank>,
    /// The member to keep, while it is fit.
    pub(super) survivor: Option<Rank>,
    /// Whether no member was fit when the survivor was chosen.
    pub(super) unfit: bool,
    /// Members that joined since then.
    pub(super) joined: Vec<Rank>,
    /// Whether a check of a prompt of the group is in flight.
    pub(super) checking: bool,
    /// Denials in flight.
    pub(super) sent: usize,
    /// The phase of the slots of its intent.
    pub(super) phase: u64,
    /// When the group is looked at again.
    pub(super) timer: Option<SteadyTime>,
    /// Whether the group is in `ready`.
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
    /// Prompts of events that were not looked at yet: they may be new enough to be denied immediately.
    pub(super) arrived: VecDeque<(Digest, Rank)>,
    /// Every prompt, by when it expires.
    expiring: BTreeSet<Rank>,
}

impl Table {
    /// The group of a prompt; `None` if it is never treated as a duplicate.
    pub(super) fn digest(prompt: &Prompt, scope: Scope) -> Option<Digest> {
        let place = Place::of(prompt, scope);
        place.alone().is_none().then(|| place.digest(&prompt.intent))
    }

    /// Inserts a new prompt.
    pub(super) fn insert(&mut self, prompt: Prompt, group: Option<Digest>, phase: u64, requeued: bool) {
        let key = prompt.key.clone();
        if let Some(digest) = group {
            *self.sizes.entry(digest).or_default() += 1;
            self.grouped += 1;
        }
        self.expiring.insert((prompt.expires(), key.clone()));
        self.items
            .insert(key.clone(), Item { prompt, group, state: State::Pending, requeued, back: requeued });
        self.join(&key);
        if let Some(group) = group.and_then(|digest| self.groups.get_mut(&digest)) {
            group.phase = phase;
        }
    }

    /// Changes the state of a prompt, and with it whether it is a candidate.
    pub(super) fn set(&mut self, key: &Key, state: State) {
        let Some(item) = self.items.get_mut(key) else { return };
        let before = std::mem::replace(&mut item.state, state);
        let group = item.group.and_then(|digest| self.groups.get_mut(&digest));
        if let Some(group) = group {
            let sent = |state: State| usize::from(matches!(state, State::Sent { .. }));
            group.sent = (group.sent + sent(state)).saturating_sub(sent(before));
        }
        if before.is_candidate() {
            self.leave(key);
        }
        if state.is_candidate() {
            self.join(key);
        }
    }

    /// Removes a prompt.
    pub(super) fn remove(&mut self, key: &Key) -> Option<Item> {
        self.leave(key);
        let item = self.items.remove(key)?;
        self.expiring.remove(&(item.prompt.expires(), key.clone()));
        if let Some(digest) = item.group
            && let State::Sent { .. } = item.state
            && let Some(group) = self.groups.get_mut(&digest)
        {
            group.sent = group.sent.saturating_sub(1);
            if group.members.is_empty() && group.sent == 0 {
                self.groups.remove(&digest);
            } else {
                // Members that waited for its answer may be denied now.
                self.touch(digest);
            }
        }
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
        let Some(item) = self.items.get(key) else { return };
        let Some(digest) = item.group else { return };
        let rank = rank(&item.prompt);
        let group = self.groups.entry(digest).or_default();
        if matches!(item.state, State::Pending | State::Again { .. }) {
            group.waiting.insert(rank.clone());
        }
        // An older prompt may replace the survivor.
        group.survivor.take_if(|survivor| rank < *survivor);
        if group.unfit {
            group.joined.push(rank.clone());
        }
        group.members.insert(rank);
        self.touch(digest);
    }

    fn leave(&mut self, key: &Key) {
        let Some(item) = self.items.get(key) else { return };
        let Some(digest) = item.group else { return };
        let Some(group) = self.groups.get_mut(&digest) else { return };
        let rank = rank(&item.prompt);
        group.waiting.remove(&rank);
        if !group.members.remove(&rank) {
            return;
        }
        let oldest = group.members.first().is_none_or(|first| rank < *first);
        let stayed = group.survivor.take_if(|survivor| rank == *survivor).is_some();
        if group.members.is_empty() && group.sent == 0 {
            self.groups.remove(&digest);
        } else if oldest || stayed {
            // A group that only lost a waiting member needs no new look.
            self.touch(digest);
        }
    }

    /// A prompt that has expired by now.
    pub(super) fn expired(&self, now: GatewayTime) -> Option<Key> {
        self.expiring.first().filter(|(expires, _)| *expires <= now).map(|(_, key)| key.clone())
    }

    /// Keeps an expired prompt until its denial is answered.
    pub(super) fn expiring_over(&mut self, key: &Key) {
        if let Some(item) = self.items.get(key) {
            self.expiring.remove(&(item.prompt.expires(), key.clone()));
        }
    }

    /// Queues a group to be looked at again.
    pub(super) fn touch(&mut self, digest: Digest) {
        let Some(group) = self.groups.get_mut(&digest) else { return };
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

    /// The runs of the pending prompts.
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
        let first = |group: &Group| group.members.first().and_then(|(_, key)| self.items.get(key));
        let mut widening = Widening::of(scope, self.groups.len());
        for item in self.groups.values().filter_map(first) {
            widening.add(&item.prompt);
        }
        widening.end()
    }
}
