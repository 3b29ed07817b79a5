//! Whether a document allows more than another one: every command that runs under the new one has to run under the old
//! one. What cannot be proven counts as wider. Each finding has, where one is found, a command that shows it; that command
//! was decided under both documents.
//!
//! Policies are compared exactly, by cases ([`regime`]); entries are compared one by one ([`cover`]). Commands that both
//! documents allow, but which the old one asks about because one more of its entries matches, are notes ([`Quirk`]).

use std::collections::BTreeSet;

use super::configuration::Configuration;
use super::document::{self, Loaded};
use super::policy::Merged;
use super::profile::Profile;
use super::question::Entry;

mod agents;
mod candidates;
mod cover;
mod findings;
mod language;
mod model;
mod pair;
mod quirks;
mod regime;
mod trial;

use cover::{Budget, Cover};
use findings::Findings;
use pair::{Own, Pair, same};
use regime::{Contained, Regime};
use trial::Trial;

pub use cover::Gap;
pub use model::{Agent, Cause, Comparison, Incomparable, Quirk, Widening, Wider, Witness};
pub use regime::Circumstance;

/// Compares two documents.
pub fn wider(comparison: &Comparison<'_>) -> Result<Wider, Incomparable> {
    let Comparison { before, after, configuration, profile } = *comparison;
    let old = document::read(before, profile).map_err(|_| Incomparable::Before)?;
    let new = document::read(after, profile).map_err(|_| Incomparable::After)?;
    // Commands that other entries allow do not start either.
    if before != after && fails(&old) {
        return Err(Incomparable::Before);
    }
    let (old_common, new_common) = (old.entries_of("*"), new.entries_of("*"));
    let mut pair = Pair {
        comparison,
        is_common_same: same(&old_common, &new_common),
        lost_common: Vec::new(),
        has_wrapper: new_common.iter().any(quirks::may_be_wrapper),
        old_cover: Cover::of(profile, &old_common),
        new_cover: Cover::of(profile, &new_common),
        old: &old,
        new: &new,
        new_common: &new_common,
        budget: Budget::default(),
    };
    if !pair.is_common_same {
        let lost = pair.uncovered(&[&pair.new_cover], &old_common);
        pair.lost_common = lost.into_iter().map(|(entry, _)| entry).collect();
    }
    let uncovered =
        if pair.is_common_same { Vec::new() } else { pair.uncovered(&[&pair.old_cover], &new_common) };
    let mut findings = Findings::default();
    for agent in agents::all(&old, &new, configuration, profile) {
        compare(&pair, &agent, &uncovered, &mut findings)?;
    }
    Ok(with_witnesses(findings.finish(), &pair))
}

/// Whether a release fails on an entry that it compares with a command.
fn fails(side: &Loaded<'_>) -> bool {
    side.agents().any(|agent| side.entries_of(agent).iter().any(|entry| entry.odd_arguments.is_some()))
}

/// Looks for a command that shows each finding.
fn with_witnesses(mut wider: Wider, pair: &Pair<'_>) -> Wider {
    let mut trial = Trial::new(pair.comparison, [pair.old, pair.new]);
    for widening in &mut wider.widenings {
        let Some(agent) = widening.agents.first() else { continue };
        let candidates = candidates::of(&widening.cause, pair, agent);
        widening.witness =
            widening.circumstances.iter().find_map(|when| trial.find(agent, *when, &candidates));
    }
    wider
}

/// Compares the documents for one agent. `uncovered`: entries of `*` that those of the other `*` do not cover.
fn compare(
    pair: &Pair<'_>,
    agent: &Agent,
    uncovered: &[(&Entry, Gap)],
    findings: &mut Findings,
) -> Result<(), Incomparable> {
    let question = pair.question(agent);
    let configuration = Configuration::of(&question, pair.profile());
    let requested = configuration
        .requested(&question, pair.profile())
        .map_err(|unusable| Incomparable::Configuration(unusable.sentence(agent.id())))?;
    let merge = |side: &Loaded<'_>| pair.merge(&question, &requested, side, agent);
    let (before, after) = (merge(pair.old), merge(pair.new));
    let own = Own { old: pair.old.entries_of(agent.id()), new: pair.new.entries_of(agent.id()) };
    let listed = compare_policies(pair, agent, (&before, &after), &own, findings);
    if pair.is_common_same && same(&own.old, &own.new) {
        return Ok(());
    }
    let cover = Cover::of(pair.profile(), &own.old);
    if !listed.is_empty() {
        let covers = [&pair.old_cover, &cover];
        for (entry, gap) in uncovered {
            if !pair.budget.spend(1) {
                findings.add(Cause::Entry { entry: (*entry).clone(), gap: Gap::TooMany }, agent, &listed);
                break;
            }
            // Without entries of its own, an agent changes nothing.
            let gap = if own.old.is_empty() {
                Some(*gap)
            } else {
                cover::gap(pair.profile(), &covers, entry, &pair.budget)
            };
            if let Some(gap) = gap {
                findings.add(Cause::Entry { entry: (*entry).clone(), gap }, agent, &listed);
            }
        }
        for (entry, gap) in pair.uncovered(&covers, &own.new) {
            findings.add(Cause::Entry { entry: entry.clone(), gap }, agent, &listed);
        }
        quirks::find(pair, agent, &own, findings);
    }
    let is_strict = configuration.setup(&question).strict_inline_eval;
    let runs = Regime::of(pair.profile(), &after, Circumstance::Unanswered) != Regime::Nothing;
    if is_strict && runs && pair.profile() == Profile::V2026_4_14 && pair.loses(&own, |_| true) {
        findings.add(Cause::HiddenCode, agent, &BTreeSet::from([Circumstance::AtOnce]));
    }
    Ok(())
}

/// Adds what the policies alone make wider. Returns when the entries decide the rest.
fn compare_policies(
    pair: &Pair<'_>,
    agent: &Agent,
    (before, after): (&Merged, &Merged),
    own: &Own,
    findings: &mut Findings,
) -> BTreeSet<Circumstance> {
    let mut listed = BTreeSet::new();
    let (mut wider, mut approved) = (BTreeSet::new(), BTreeSet::new());
    for when in [Circumstance::AtOnce, Circumstance::Unanswered, Circumstance::Cron] {
        // What runs at once needs no answer.
        if when == Circumstance::Unanswered && wider.contains(&Circumstance::AtOnce) {
            continue;
        }
        let [before, after] = [before, after].map(|policy| Regime::of(pair.profile(), policy, when));
        let contained = after.is_within(before, pair.profile());
        if before != after && contained != Contained::No && after.skips_scripts(before, pair.profile(), when)
        {
            findings.note(Quirk::Scripts, agent);
        }
        if contained == Contained::No {
            wider.insert(when);
        }
        if contained == Contained::IfListedAndNoneExact && pair.has_exact(own) {
            approved.insert(when);
        }
        if matches!(contained, Contained::IfListed | Contained::IfListedAndNoneExact) {
            listed.insert(when);
        }
    }
    if !wider.is_empty() {
        findings.add(Cause::Policy { before: before.words(), after: after.words() }, agent, &wider);
    }
    if !approved.is_empty() {
        findings.add(Cause::Approvals { before: before.words(), after: after.words() }, agent, &approved);
    }
    listed
}

#[cfg(test)]
mod tests;
