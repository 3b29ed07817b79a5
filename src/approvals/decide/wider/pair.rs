//! Two documents after loading, and questions about the entries of both.

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
    pub old: &'p Loaded<'p>,
    pub new: &'p Loaded<'p>,
    /// The entries of the new `*`.
    pub new_common: &'p [Entry],
    pub old_cover: Cover<'p>,
    pub new_cover: Cover<'p>,
    pub is_common_same: bool,
    /// Entries of the old `*` that those of the new one do not cover.
    pub lost_common: Vec<&'p Entry>,
    /// Whether an entry of the new `*` may match the wrapper of a skill.
    pub has_wrapper: bool,
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
        side: &Loaded<'_>,
        agent: &Agent,
    ) -> Merged {
        policy::merge(question, self.profile(), requested, &side.levels_of(agent.id()))
    }

    /// Whether both documents approve the same exact command.
    pub(super) fn has_exact(&self, own: &Own) -> bool {
        let in_new = |entry: &Entry| self.new_cover.approves(&entry.pattern) || has(&own.new, entry);
        let in_old = |entry: &Entry| self.old_cover.approves(&entry.pattern);
        self.new_cover.approves_one_of(&self.old_cover)
            || own.old.iter().any(|entry| cover::is_exact(entry) && in_new(entry))
            || own.new.iter().any(|entry| cover::is_exact(entry) && in_old(entry))
    }

    /// Whether the old document has an entry that those of the new one do not cover.
    pub(super) fn loses(&self, own: &Own, is_meant: impl Fn(&Entry) -> bool) -> bool {
        let cover = Cover::of(self.profile(), &own.new);
        let covers = [&self.new_cover, &cover];
        let is_lost = |entry: &Entry| cover::gap(self.profile(), &covers, entry, &self.budget).is_some();
        // If this takes too long, something counts as lost.
        let mut common = self.lost_common.iter();
        common.any(|entry| !self.budget.spend(1) || is_meant(entry) && (own.new.is_empty() || is_lost(entry)))
            || own.old.iter().any(|entry| is_meant(entry) && is_lost(entry))
    }

    /// A question without a command.
    pub(super) fn question<'a>(&'a self, agent: &'a Agent) -> Question<'a> {
        trial::question(self.comparison.configuration, agent.id())
    }
}

/// Whether two lists of entries have the same effect in every place.
pub(super) fn same(one: &[Entry], other: &[Entry]) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| Cover::key(one) == Cover::key(other))
}

/// Whether a list has the same approval of an exact command.
fn has(entries: &[Entry], wanted: &Entry) -> bool {
    entries.iter().any(|entry| cover::is_exact(entry) && entry.pattern == wanted.pattern)
}
