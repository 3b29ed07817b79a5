//! The outcomes of a purge.

use std::collections::{HashMap, HashSet};
use std::hash::BuildHasher;

use super::intent::Intent;
use super::plan::Plan;
use super::prompt::{Decision, Key, Prompt};
use super::scope::{Place, Scope};

/// The outcome of one prompt of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It was denied.
    Denied,
    /// It was gone already: somebody decided it, or it expired. It counts like a denial.
    AlreadyGone,
    /// Somebody allowed it before: it is gone, and was not denied.
    Allowed(Decision),
    /// It could not be denied.
    Failed(Failure),
    /// It was skipped.
    Skipped(SkipReason),
}

/// Why a prompt could not be denied.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Failure {
    /// The gateway refused for good, with these words of its own.
    Refused(Box<str>),
    /// The denial was sent, and no answer arrived in time.
    NoAnswer,
    /// The gateway answered that it is gone, but its next listing has it.
    StillListed,
}

/// Why a prompt was skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SkipReason {
    /// The survivor is gone: this may be the last prompt of its group.
    SurvivorGone,
    /// The survivor has expired, or is about to.
    SurvivorLapsed,
    /// It is unknown whether the survivor is still pending.
    SurvivorUnknown,
    /// The gateway's answers took too long, or its clock was too uncertain, to deny it safely while other processes may
    /// deny the rest of its group.
    TooSlow,
    /// A newer plan replaced the plan of its group.
    Replanned,
    /// There was no time left.
    Deadline,
    /// A signal stopped the purge.
    Stopped,
    /// The gateway matches ids by their start, and could decide another pending prompt.
    AmbiguousId,
}

/// One prompt of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its key.
    pub key: Key,
    /// The prompt of its group that is kept.
    pub survivor: Key,
    /// The outcome.
    pub outcome: Outcome,
}

/// A prompt that re-requests what was denied, in the same place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Requeued<'p> {
    /// The new prompt.
    pub prompt: &'p Prompt,
    /// Whether it is a duplicate of the kept prompt, and not the only prompt of its group.
    pub duplicate: bool,
}

/// The number of prompts by outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Denied.
    pub denied: usize,
    /// Gone already.
    pub already_gone: usize,
    /// Failed.
    pub failed: usize,
    /// Skipped.
    pub skipped: usize,
    /// Skipped for lack of time; included in `skipped`.
    pub out_of_time: usize,
    /// Re-requested, and duplicates of the prompt that was kept.
    pub requeued: usize,
}

impl Totals {
    /// Counts the outcomes.
    pub fn of<'e>(entries: impl IntoIterator<Item = &'e Entry>, requeued: &[Requeued<'_>]) -> Self {
        let mut totals =
            Self { requeued: requeued.iter().filter(|again| again.duplicate).count(), ..Self::default() };
        for entry in entries {
            match &entry.outcome {
                Outcome::Denied => totals.denied += 1,
                Outcome::AlreadyGone | Outcome::Allowed(_) => totals.already_gone += 1,
                Outcome::Failed(_) => totals.failed += 1,
                Outcome::Skipped(why) => {
                    totals.skipped += 1;
                    totals.out_of_time += usize::from(*why == SkipReason::Deadline);
                }
            }
        }
        totals
    }
}

/// Corrects the outcomes by a later listing: prompts in it were not denied and are not gone, whatever the gateway
/// answered. `before`: the prompts of the plan. A prompt with the id of an earlier one and a later creation time is
/// another prompt.
pub fn correct(entries: &mut [Entry], before: &[Prompt], after: &[Prompt], unread: &[Key]) {
    let unread: HashSet<&Key> = unread.iter().collect();
    let after: HashMap<&Key, u64> = after.iter().map(|prompt| (&prompt.key, prompt.created_at_ms)).collect();
    let before: HashMap<&Key, u64> =
        before.iter().map(|prompt| (&prompt.key, prompt.created_at_ms)).collect();
    for entry in entries {
        let over = matches!(entry.outcome, Outcome::Denied | Outcome::AlreadyGone | Outcome::Allowed(_));
        let listed = after.get(&entry.key);
        let same = listed.is_some() && before.get(&entry.key).is_none_or(|asked| Some(asked) == listed);
        if over && (same || unread.contains(&entry.key)) {
            entry.outcome = Outcome::Failed(Failure::StillListed);
        }
    }
}

/// The prompts of a later listing that re-request what was denied. `denied`: the keys that a purge of `plan` denied.
pub fn requeued<'p, S: BuildHasher>(
    plan: &Plan<'_>,
    denied: &HashSet<Key, S>,
    later: impl IntoIterator<Item = &'p Prompt>,
) -> Vec<Requeued<'p>> {
    let scope: Scope = plan.rules.scope;
    let mut groups: HashMap<(Intent, Place<'_>), &Key> = HashMap::new();
    let mut before: HashSet<&Key> = plan.skipped.iter().map(|skipped| &skipped.prompt.key).collect();
    for group in &plan.groups {
        before.extend(group.members.iter().map(|member| &member.key));
        if group.members.iter().any(|member| denied.contains(&member.key)) {
            groups.insert((group.intent(), group.place()), &group.survivor.key);
        }
    }
    let later: Vec<&Prompt> = later.into_iter().collect();
    let pending: HashSet<&Key> = later.iter().map(|prompt| &prompt.key).collect();
    let mut again: Vec<Requeued<'_>> = later
        .into_iter()
        .filter(|prompt| !before.contains(&prompt.key))
        .filter_map(|prompt| {
            let survivor = groups.get(&(prompt.intent, Place::of(prompt, scope)))?;
            Some(Requeued { prompt, duplicate: pending.contains(survivor) })
        })
        .collect();
    again.sort_unstable_by(|a, b| {
        (a.prompt.created_at_ms, &a.prompt.key).cmp(&(b.prompt.created_at_ms, &b.prompt.key))
    });
    again
}
