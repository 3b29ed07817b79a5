//! Two documents after loading, and questions about the entries of both.

use std::collections::BTreeSet;

use super::cover::{self, Budget, Cover, Gap};
use super::model::{Agent, Comparison};
use super::trial;
use crate::approvals::decide::configuration::Requested;
use crate::approvals::decide::document::Loaded;
use crate::approvals::decide::policy::{self, Merged};
use crate::approvals::decide::profile::Profile;
use crate::approvals::decide::question::{Entry, Question};

/// Two documents after loading.
pub(super) struct Pair<'p> {
    pub comparison: &'p Comparison<'p>,
    pub old: &'p Loaded,
    pub new: &'p Loaded,
    /// The entries of `*`.
    pub old_common: &'p [Entry],
    pub new_common: &'p [Entry],
    pub old_cover: Cover<'p>,
    pub new_cover: Cover<'p>,
    pub is_common_same: bool,
    pub budget: Budget,
}

/// The entries of one agent in both documents, without those of `*`.
pub(super) struct Own {
    pub old: Vec<Entry>,
    pub new: Vec<Entry>,
}

impl Pair<'_> {
    pub(super) fn profile(&self) -> Profile {
        self.comparison.profile
    }

    pub(super) fn uncovered<'e>(&self, covers: &[&Cover<'_>], entries: &'e [Entry]) -> Vec<(&'e Entry, Gap)> {
        let gap = |entry: &'e Entry| Some((entry, cover::gap(self.profile(), covers, entry, &self.budget)?));
        entries.iter().filter_map(gap).collect()
    }

    pub(super) fn merge(
        &self,
        question: &Question<'_>,
        requested: &Requested,
        side: &Loaded,
        agent: &Agent,
    ) -> Merged {
        policy::merge(question, self.profile(), requested, &side.levels_of(agent.id()))
    }

    /// Whether both documents approve the same exact command.
    pub(super) fn has_exact(&self, own: &Own) -> bool {
        let old: BTreeSet<&str> = exact(self.old_common, &own.old).collect();
        exact(self.new_common, &own.new).any(|pattern| old.contains(pattern))
    }

    /// Whether the old document has an entry that those of the new one do not cover.
    pub(super) fn loses(&self, own: &Own, is_meant: impl Fn(&Entry) -> bool) -> bool {
        let cover = Cover::of(self.profile(), &own.new);
        let covers = [&self.new_cover, &cover];
        let mut meant = self.old_common.iter().chain(&own.old).filter(|entry| is_meant(entry));
        meant.any(|entry| cover::gap(self.profile(), &covers, entry, &self.budget).is_some())
    }

    /// A question without a command.
    pub(super) fn question<'a>(&'a self, agent: &'a Agent) -> Question<'a> {
        trial::question(self.comparison.configuration, agent.id())
    }
}

/// Whether two lists of entries have the same effect in every place.
pub(super) fn same(one: &[Entry], other: &[Entry]) -> bool {
    let key = |entry: &Entry| (entry.pattern.clone(), entry.arg_pattern.clone(), entry.allow_always);
    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| key(one) == key(other))
}

/// The approvals of exact commands.
fn exact<'e>(common: &'e [Entry], own: &'e [Entry]) -> impl Iterator<Item = &'e str> {
    common.iter().chain(own).filter(|entry| cover::is_exact(entry)).map(|entry| entry.pattern.as_str())
}
