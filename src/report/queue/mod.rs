//! What commands on prompts show: listings and plans that outlive what they were made from.

mod verdict;

use std::collections::HashSet;
use std::hash::BuildHasher;

use crate::queue::filter::{Filter, Sort};
use crate::queue::plan::{Kept, Plan, Why, short_ids};
use crate::queue::prompt::{Key, Prompt};
use crate::queue::report::{Entry, Requeued, Totals, requeued};
use crate::queue::runs::{RunState, Runs};
use crate::queue::scope::{Alone, Place};
use crate::queue::wider::Beside;

pub use verdict::{Asked, Verdict, verdict};

/// A group of duplicates, and what is to become of it.
#[derive(Debug, Clone)]
pub struct PlannedGroup {
    /// A short name, stable as long as the intent and the place are.
    pub id: String,
    /// The one that stays.
    pub survivor: Prompt,
    /// Why that one.
    pub kept: Kept,
    /// The others, in the order in which they are denied, and why.
    pub denials: Vec<(Prompt, Why)>,
}

/// A plan.
#[derive(Debug, Clone)]
pub struct Planned {
    /// The groups with duplicates.
    pub groups: Vec<PlannedGroup>,
    /// How many prompts are to be denied.
    pub duplicates: usize,
    /// How many prompts were looked at.
    pub prompts: usize,
    /// The gateway's clock, in Unix milliseconds.
    pub now_ms: u64,
    /// Whether each denial starts an agent turn.
    pub legacy: bool,
    /// What a wider scope would find, and what could not be compared.
    pub beside: Beside,
}

impl Planned {
    /// Of a plan.
    pub fn of(plan: &Plan<'_>, runs: &Runs) -> Self {
        let duplicated: Vec<_> = plan.duplicated().collect();
        let ids = short_ids(&duplicated);
        let groups = duplicated.iter().zip(ids).map(|(group, id)| PlannedGroup {
            id,
            survivor: group.survivor.clone(),
            kept: group.kept,
            denials: group
                .denials(&plan.rules, runs)
                .map(|denial| (denial.prompt.clone(), denial.why))
                .collect(),
        });
        Self {
            groups: groups.collect(),
            duplicates: plan.duplicates(),
            prompts: plan.groups.iter().map(|group| group.members.len()).sum(),
            now_ms: plan.rules.now_ms,
            legacy: false,
            beside: plan.beside(),
        }
    }
}

/// A prompt that came back.
#[derive(Debug, Clone)]
pub struct Again {
    /// The new prompt.
    pub prompt: Prompt,
    /// Whether it is a duplicate of the one that was kept.
    pub duplicate: bool,
}

/// One purge.
#[derive(Debug, Clone)]
pub struct Round {
    /// What came of each prompt that was to be denied.
    pub entries: Vec<Entry>,
    /// What was asked for again.
    pub requeued: Vec<Again>,
    /// Groups of the plan of which nothing is pending any more.
    pub emptied: Vec<Emptied>,
}

/// A group of a plan of which nothing is pending any more: somebody took the prompt that was to stay, or it expired,
/// while others were being denied.
#[derive(Debug, Clone)]
pub struct Emptied {
    /// The group's short name.
    pub id: String,
    /// The prompt that was to stay.
    pub survivor: Prompt,
}

impl Emptied {
    /// The groups of a plan that a later listing has nothing of. `unread`: what cannot be read of that listing; it is
    /// pending all the same.
    pub fn of(plan: &Plan<'_>, later: &[Prompt], unread: &[Key]) -> Vec<Self> {
        let unread: HashSet<&Key> = unread.iter().collect();
        let scope = plan.rules.scope;
        let left: HashSet<_> = later.iter().map(|prompt| (prompt.intent, Place::of(prompt, scope))).collect();
        let duplicated: Vec<_> = plan.duplicated().collect();
        let groups = duplicated.iter().zip(short_ids(&duplicated));
        let emptied = groups.filter(|(group, _)| {
            let any_unread = group.members.iter().any(|member| unread.contains(&member.key));
            !any_unread && !left.contains(&(group.intent(), group.place()))
        });
        emptied.map(|(group, id)| Self { id, survivor: group.survivor.clone() }).collect()
    }
}

impl Round {
    /// Notes which prompts of a later listing ask again for what was `denied` of the plan, in place of what was noted
    /// before.
    pub fn asked_again<S: BuildHasher>(
        &mut self,
        plan: &Plan<'_>,
        denied: &HashSet<Key, S>,
        later: &[Prompt],
    ) {
        let again = |row: &Requeued<'_>| Again { prompt: row.prompt.clone(), duplicate: row.duplicate };
        self.requeued = requeued(plan, denied, later).iter().map(again).collect();
    }
}

/// What `queue dedupe` did.
#[derive(Debug, Clone)]
pub struct Dedupe {
    /// The gateway, or the file.
    pub gateway: String,
    /// What was asked for.
    pub asked: Asked,
    /// The first plan.
    pub planned: Planned,
    /// Prompts that could not be read, each with what is wrong with it.
    pub problems: Vec<String>,
    /// Why there may be more prompts, if so.
    pub partial: Option<String>,
    /// Why the state of every run is unknown, if so.
    pub runs_unknown: Option<String>,
    /// What else is to be known of the listing.
    pub notes: Vec<String>,
    /// The purges.
    pub rounds: Vec<Round>,
    /// What came of all of them.
    pub totals: Totals,
    /// How it ended.
    pub verdict: Verdict,
    /// How many prompts are pending now.
    pub pending: usize,
}

impl Dedupe {
    /// Whether there was nothing to deny, and nothing that could not be read.
    pub fn is_nothing(&self) -> bool {
        self.verdict == Verdict::Done
            && self.planned.duplicates == 0
            && self.rounds.iter().all(|round| round.entries.is_empty())
            && self.problems.is_empty()
            && self.partial.is_none()
    }
}

/// A prompt of a listing.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The prompt.
    pub prompt: Prompt,
    /// How its run stands.
    pub run: RunState,
    /// The group that it is of; `None` where it is alone.
    pub group: Option<String>,
    /// The prompt of its group that would stay, where that is another one.
    pub duplicate_of: Option<String>,
    /// Why it could have no duplicate, if so.
    pub alone: Option<Alone>,
}

/// What `queue ls` found.
#[derive(Debug, Clone)]
pub struct Queued {
    /// The gateway, or the file.
    pub gateway: String,
    /// The prompts, duplicates behind the one that would stay.
    pub rows: Vec<Listed>,
    /// How many were left out by filters.
    pub filtered: usize,
    /// Prompts that could not be read, each with what is wrong with it.
    pub problems: Vec<String>,
    /// Why there may be more prompts, if so.
    pub partial: Option<String>,
    /// Why the state of every run is unknown, if so.
    pub runs_unknown: Option<String>,
    /// What else is to be known of the listing.
    pub notes: Vec<String>,
    /// What a wider scope would find, and what could not be compared.
    pub beside: Beside,
    /// The gateway's clock, in Unix milliseconds.
    pub now_ms: u64,
}

impl Queued {
    /// Whether there is no prompt to show, and none that could not be read.
    pub fn is_nothing(&self) -> bool {
        self.rows.is_empty() && self.verdict() == Verdict::Done && self.partial.is_none()
    }

    /// How it ended: a listing that was not understood in full is one in part.
    pub fn verdict(&self) -> Verdict {
        if self.problems.is_empty() && self.beside.undecided == 0 { Verdict::Done } else { Verdict::Partly }
    }

    /// Of a plan over everything that is pending: a filter hides rows, and does not make duplicates of others.
    pub fn of(
        gateway: String,
        plan: &Plan<'_>,
        runs: &Runs,
        filter: &Filter,
        duplicates_only: bool,
        sort: Sort,
    ) -> Self {
        let now_ms = plan.rules.now_ms;
        let refs: Vec<_> = plan.groups.iter().collect();
        let ids = short_ids(&refs);
        let mut groups: Vec<_> = plan.groups.iter().zip(ids).collect();
        groups.sort_by(|(a, _), (b, _)| sort.compare(a.survivor, b.survivor));
        let total: usize = plan.groups.iter().map(|group| group.members.len()).sum();
        let mut rows = Vec::new();
        for (group, id) in groups {
            let alone = group.members.len() < 2;
            if duplicates_only && alone {
                continue;
            }
            let mut others: Vec<&Prompt> =
                group.members.iter().copied().filter(|member| member.key != group.survivor.key).collect();
            others.sort_by(|a, b| sort.compare(a, b));
            for prompt in std::iter::once(group.survivor).chain(others) {
                if filter.admits(prompt, now_ms) {
                    let other = prompt.key != group.survivor.key;
                    rows.push(Listed {
                        prompt: prompt.clone(),
                        run: runs.of(prompt),
                        group: (!alone).then(|| id.clone()),
                        duplicate_of: other.then(|| group.survivor.id().to_owned()),
                        alone: if alone { Place::why_alone(prompt, plan.rules.scope) } else { None },
                    });
                }
            }
        }
        let filtered = total - rows.len();
        Self {
            gateway,
            rows,
            filtered,
            problems: Vec::new(),
            partial: None,
            runs_unknown: None,
            notes: Vec::new(),
            beside: plan.beside(),
            now_ms,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::{Kind, Reader, Rules, plan};

    #[test]
    fn a_group_is_empty_only_where_nothing_of_it_can_be_pending() {
        let row = |id: &str| {
            let request = r#"{"command":"ls","host":"gateway","agentId":"main","sessionKey":"agent:main:lab"}"#;
            let row =
                format!(r#"{{"id":"{id}","createdAtMs":1,"expiresAtMs":1800001,"request":{request}}}"#);
            Reader::new().text(Kind::Exec, &row).unwrap()
        };
        let before = [row("a"), row("b"), row("c")];
        let plan = plan(&before, &Runs::new(), Rules::at(1));
        assert_eq!(Emptied::of(&plan, &[], &[]).len(), 1);
        let unread = [Key::new(Kind::Exec, "c")];
        assert!(Emptied::of(&plan, &[], &unread).is_empty(), "one of the group may still be pending");
        assert!(Emptied::of(&plan, &[row("c")], &[]).is_empty(), "one of the group is pending");
    }
}
