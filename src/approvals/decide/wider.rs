//! Whether a document allows more than another one: every command that runs under the new one has to run under the old
//! one. What cannot be proven counts as wider. Each finding has, where one is found, a command that shows it; that command
//! was decided under both documents.
//!
//! Policies are compared exactly, by cases ([`regime`]); entries are compared one by one ([`cover`]). Commands that both
//! documents allow, but which the old one asks about because one more of its entries matches, are notes ([`Quirk`]).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::configuration::{Configuration, Requested};
use super::decision::Policy;
use super::document::{self, Loaded};
use super::policy::{self, Merged};
use super::profile::Profile;
use super::question::{Entry, Question};

mod agents;
mod candidates;
mod cover;
mod findings;
mod language;
mod quirks;
mod regime;
mod trial;

use cover::{Budget, Cover};
use findings::Findings;
pub use findings::Quirk;
use regime::{Contained, Regime};

pub use cover::Gap;

pub use regime::Circumstance;
pub use trial::Witness;

/// Two documents, and what both are read with.
#[derive(Debug, Clone, Copy)]
pub struct Comparison<'c> {
    /// The stored text of the old document; `None` if there is none.
    pub before: Option<&'c str>,
    /// The stored text of the new document; `None` if there is none.
    pub after: Option<&'c str>,
    /// The contents of `openclaw.json`; `Null` if there is none.
    pub configuration: &'c Value,
    /// The release.
    pub profile: Profile,
}

/// How a new document is wider than an old one.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Wider {
    /// The findings. Empty: the new document allows no more.
    pub widenings: Vec<Widening>,
    /// How many more there are.
    pub omitted: usize,
    /// Commands that both documents allow, and which only the old one asks about.
    pub quirks: BTreeMap<Quirk, BTreeSet<Agent>>,
}

/// One way in which a document is wider.
#[derive(Debug, Clone, PartialEq)]
pub struct Widening {
    /// What makes it wider.
    pub cause: Cause,
    /// The agents.
    pub agents: BTreeSet<Agent>,
    /// When the commands run.
    pub circumstances: BTreeSet<Circumstance>,
    /// A command that runs under the new document and not under the old one. `None`: none was found, and it is not proven
    /// that there is none.
    pub witness: Option<Witness>,
}

/// An agent that documents are compared for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Agent {
    /// The agent with this id.
    Named(String),
    /// Any agent that neither a document nor the configuration names. The id is one of them.
    AnyOther(String),
}

/// What makes a document wider.
#[derive(Debug, Clone, PartialEq)]
pub enum Cause {
    /// The policy in force.
    Policy {
        /// The policy under the old document.
        before: Policy,
        /// The policy under the new document.
        after: Policy,
    },
    /// An entry of the new document.
    Entry {
        /// The entry.
        entry: Entry,
        /// Why the entries of the old document do not allow as much.
        gap: Gap,
    },
    /// 2026.4.14 reads a command up to the first part that nothing allows, so that fewer entries hide code in the arguments
    /// of the parts behind it from `strictInlineEval`.
    HiddenCode,
}

/// Why two documents cannot be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Incomparable {
    /// Nothing but JavaScript reads the old document.
    Before,
    /// Nothing but JavaScript reads the new document.
    After,
    /// This configuration does not run commands on a gateway host, or no release accepts it.
    Configuration,
}

impl Agent {
    /// Its id.
    pub fn id(&self) -> &str {
        match self {
            Self::Named(id) | Self::AnyOther(id) => id,
        }
    }
}

/// Compares two documents.
pub fn wider(comparison: &Comparison<'_>) -> Result<Wider, Incomparable> {
    let Comparison { before, after, configuration, profile } = *comparison;
    let old = document::read(before, profile).map_err(|_| Incomparable::Before)?;
    let new = document::read(after, profile).map_err(|_| Incomparable::After)?;
    let (old_common, new_common) = (old.entries_of("*"), new.entries_of("*"));
    let pair = Pair {
        comparison,
        is_common_same: same(&old_common, &new_common),
        old_cover: Cover::of(profile, &old_common),
        new_cover: Cover::of(profile, &new_common),
        old: &old,
        new: &new,
        old_common: &old_common,
        new_common: &new_common,
        budget: Budget::default(),
    };
    let uncovered =
        if pair.is_common_same { Vec::new() } else { pair.uncovered(&[&pair.old_cover], &new_common) };
    let mut findings = Findings::default();
    for agent in agents::all(&old, &new, configuration) {
        pair.compare(&agent, &uncovered, &mut findings)?;
    }
    Ok(findings.with_witnesses(&pair))
}

/// Whether two lists of entries have the same effect in every place.
fn same(one: &[Entry], other: &[Entry]) -> bool {
    let key = |entry: &Entry| (entry.pattern.clone(), entry.arg_pattern.clone(), entry.allow_always);
    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| key(one) == key(other))
}

/// Two documents after loading.
struct Pair<'p> {
    comparison: &'p Comparison<'p>,
    old: &'p Loaded,
    new: &'p Loaded,
    /// The entries of `*`.
    old_common: &'p [Entry],
    new_common: &'p [Entry],
    old_cover: Cover<'p>,
    new_cover: Cover<'p>,
    is_common_same: bool,
    budget: Budget,
}

/// The entries of one agent in both documents, without those of `*`.
struct Own {
    old: Vec<Entry>,
    new: Vec<Entry>,
}

impl<'p> Pair<'p> {
    fn profile(&self) -> Profile {
        self.comparison.profile
    }

    fn uncovered<'e>(&self, covers: &[&Cover<'_>], entries: &'e [Entry]) -> Vec<(&'e Entry, Gap)> {
        let gap = |entry: &'e Entry| Some((entry, cover::gap(self.profile(), covers, entry, &self.budget)?));
        entries.iter().filter_map(gap).collect()
    }

    /// Compares the documents for one agent. `uncovered`: entries of `*` that those of the other `*` do not cover.
    fn compare(
        &self,
        agent: &Agent,
        uncovered: &[(&Entry, Gap)],
        findings: &mut Findings,
    ) -> Result<(), Incomparable> {
        let question = self.question(agent);
        let configuration = Configuration::of(&question, self.profile());
        let requested =
            configuration.requested(&question, self.profile()).map_err(|_| Incomparable::Configuration)?;
        let merge = |side: &Loaded| self.merge(&question, &requested, side, agent);
        let (before, after) = (merge(self.old), merge(self.new));
        let own = Own { old: self.old.entries_of(agent.id()), new: self.new.entries_of(agent.id()) };
        let listed = self.compare_policies(agent, (&before, &after), &own, findings);
        if self.is_common_same && same(&own.old, &own.new) {
            return Ok(());
        }
        let cover = Cover::of(self.profile(), &own.old);
        if !listed.is_empty() {
            let covers = [&self.old_cover, &cover];
            let common = uncovered.iter().filter_map(|(entry, gap)| {
                // Without entries of its own, an agent changes nothing.
                let gap = if own.old.is_empty() {
                    *gap
                } else {
                    cover::gap(self.profile(), &covers, entry, &self.budget)?
                };
                Some((*entry, gap))
            });
            for (entry, gap) in common.chain(self.uncovered(&covers, &own.new)) {
                findings.add(Cause::Entry { entry: entry.clone(), gap }, agent, &listed);
            }
            quirks::find(self, agent, &own, findings);
        }
        let is_strict = configuration.setup(&question).strict_inline_eval;
        let runs = Regime::of(self.profile(), &after, Circumstance::Unanswered) != Regime::Nothing;
        if is_strict && runs && self.profile() == Profile::V2026_4_14 && self.loses(&own, |_| true) {
            findings.add(Cause::HiddenCode, agent, &BTreeSet::from([Circumstance::AtOnce]));
        }
        Ok(())
    }

    /// Adds what the policies alone make wider. Returns when the entries decide the rest.
    fn compare_policies(
        &self,
        agent: &Agent,
        (before, after): (&Merged, &Merged),
        own: &Own,
        findings: &mut Findings,
    ) -> BTreeSet<Circumstance> {
        let mut listed = BTreeSet::new();
        let mut wider = BTreeSet::new();
        for when in [Circumstance::AtOnce, Circumstance::Unanswered, Circumstance::Cron] {
            // What runs at once needs no answer.
            if when == Circumstance::Unanswered && wider.contains(&Circumstance::AtOnce) {
                continue;
            }
            let [before, after] = [before, after].map(|policy| Regime::of(self.profile(), policy, when));
            let contained = after.is_within(before, self.profile());
            if before != after
                && contained != Contained::No
                && after.skips_scripts(before, self.profile(), when)
            {
                findings.note(Quirk::Scripts, agent);
            }
            let has_exact = || self.new_common.iter().chain(&own.new).any(cover::is_exact);
            if contained == Contained::No || contained == Contained::IfListedAndNoneExact && has_exact() {
                wider.insert(when);
            }
            if matches!(contained, Contained::IfListed | Contained::IfListedAndNoneExact) {
                listed.insert(when);
            }
        }
        if !wider.is_empty() {
            findings.add(Cause::Policy { before: before.words(), after: after.words() }, agent, &wider);
        }
        listed
    }

    fn merge(&self, question: &Question<'_>, requested: &Requested, side: &Loaded, agent: &Agent) -> Merged {
        policy::merge(question, self.profile(), requested, &side.levels_of(agent.id()))
    }

    /// Whether the old document has an entry that those of the new one do not cover.
    fn loses(&self, own: &Own, is_meant: impl Fn(&Entry) -> bool) -> bool {
        let cover = Cover::of(self.profile(), &own.new);
        let covers = [&self.new_cover, &cover];
        let mut meant = self.old_common.iter().chain(&own.old).filter(|entry| is_meant(entry));
        meant.any(|entry| cover::gap(self.profile(), &covers, entry, &self.budget).is_some())
    }

    /// A question without a command.
    fn question<'a>(&self, agent: &'a Agent) -> Question<'a>
    where
        'p: 'a,
    {
        trial::question(self.comparison.configuration, agent.id())
    }
}

#[cfg(test)]
mod tests;
