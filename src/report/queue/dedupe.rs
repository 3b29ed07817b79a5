//! `queue dedupe`: the plan, its outcomes, and their machine output.

use std::collections::{BTreeMap, HashSet};
use std::hash::BuildHasher;

use serde::Serialize;

use super::prompt::{Listed, PromptJson};
use super::reasons::{STILL_LISTED, denial, skip_reason, survivor};
use super::verdict::{Asked, Verdict};
use super::wider::WiderJson;
use crate::queue::history::Recent;
use crate::queue::plan::{Kept, Plan, Why, short_ids};
use crate::queue::prompt::{Key, Prompt};
use crate::queue::report::{Entry, Failure, Outcome, Requeued, Totals, requeued};
use crate::queue::runs::Runs;
use crate::queue::scope::Place;
use crate::queue::wider::Beside;

/// A group of duplicates in a plan.
#[derive(Debug, Clone)]
pub struct PlannedGroup {
    /// A short name, stable as long as the intent and the place are.
    pub id: String,
    /// The prompt that is kept.
    pub survivor: Listed,
    /// Why it is kept.
    pub kept: Kept,
    /// The other prompts, in the order in which they are denied, and the reasons.
    pub denials: Vec<(Listed, Why)>,
}

/// A plan.
#[derive(Debug, Clone)]
pub struct Planned {
    /// The groups with duplicates.
    pub groups: Vec<PlannedGroup>,
    /// The number of prompts to deny.
    pub duplicates: usize,
    /// The number of prompts that were compared.
    pub prompts: usize,
    /// The gateway's clock, in Unix milliseconds.
    pub now_ms: u64,
    /// Whether each denial starts an agent turn.
    pub legacy: bool,
    /// Duplicates in a wider scope, and prompts that could not be compared.
    pub beside: Beside,
}

impl Planned {
    /// The data of a plan.
    pub fn of(plan: &Plan<'_>, runs: &Runs) -> Self {
        let duplicated: Vec<_> = plan.duplicated().collect();
        let ids = short_ids(&duplicated);
        let groups = duplicated.iter().zip(ids).map(|(group, id)| {
            let listed = |prompt: &Prompt, duplicate_of| Listed {
                prompt: prompt.clone(),
                run: runs.of(prompt),
                group: Some(id.clone()),
                duplicate_of,
                alone: None,
                denied_before: None,
            };
            let denials = group.denials(&plan.rules, runs);
            let kept = group.survivor.id();
            PlannedGroup {
                survivor: listed(group.survivor, None),
                kept: group.kept,
                denials: denials
                    .map(|denial| (listed(denial.prompt, Some(kept.to_owned())), denial.why))
                    .collect(),
                id,
            }
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

    /// Adds the recent denials of what the kept prompts ask for: all prompts of a group ask for the same.
    pub fn know(&mut self, recent: &Recent) {
        for group in &mut self.groups {
            group.survivor.denied_before = recent.of_prompt(&group.survivor.prompt).cloned();
        }
    }
}

/// A re-requested prompt.
#[derive(Debug, Clone)]
pub struct Again {
    /// The new prompt.
    pub prompt: Prompt,
    /// Whether it is a duplicate of the kept prompt.
    pub duplicate: bool,
}

/// One purge.
#[derive(Debug, Clone)]
pub struct Round {
    /// The outcome of each prompt that was to be denied.
    pub entries: Vec<Entry>,
    /// The re-requested prompts.
    pub requeued: Vec<Again>,
    /// Groups of the plan without a pending prompt.
    pub emptied: Vec<Emptied>,
}

/// A group of a plan without a pending prompt: the prompt to keep was decided or expired while others were being
/// denied.
#[derive(Debug, Clone)]
pub struct Emptied {
    /// The group's short name.
    pub id: String,
    /// The prompt to keep.
    pub survivor: Prompt,
}

impl Emptied {
    /// The groups of a plan without a prompt in a later listing. `unread`: prompts of that listing that cannot be read;
    /// they are still pending.
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
    /// Notes which prompts of a later listing re-request what was `denied` of the plan. Replaces the earlier note.
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

/// The report of `queue dedupe`.
#[derive(Debug, Clone)]
pub struct Dedupe {
    /// The gateway, or the file.
    pub gateway: String,
    /// The kind of request.
    pub asked: Asked,
    /// The first plan.
    pub planned: Planned,
    /// Prompts that could not be read, each with its problem.
    pub problems: Vec<String>,
    /// Why there may be more prompts, if so.
    pub partial: Option<String>,
    /// Why the state of every run is unknown, if so.
    pub runs_unknown: Option<String>,
    /// Further notes on the listing.
    pub notes: Vec<String>,
    /// The purges.
    pub rounds: Vec<Round>,
    /// The outcomes of all purges.
    pub totals: Totals,
    /// The verdict.
    pub verdict: Verdict,
    /// The number of prompts that are pending now.
    pub pending: usize,
}

impl Dedupe {
    /// Whether there was nothing to deny, and no unreadable prompt.
    pub fn is_nothing(&self) -> bool {
        self.verdict == Verdict::Done
            && self.planned.duplicates == 0
            && self.rounds.iter().all(|round| round.entries.is_empty())
            && self.problems.is_empty()
            && self.partial.is_none()
    }

    /// The output of `--json` for one gateway.
    pub fn json(&self) -> impl Serialize + use<'_> {
        DedupeJson::of(self)
    }
}

/// A purge and its plan in machine output, serialized without copies: there may be thousands of prompts.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DedupeJson<'r> {
    /// The number of prompts that could not have duplicates, by reason.
    alone: BTreeMap<&'static str, usize>,
    duplicates: usize,
    /// Groups without a pending prompt, although one was to be kept.
    emptied: Vec<EmptiedJson<'r>>,
    gateway: &'r str,
    groups: Vec<GroupJson<'r>>,
    legacy: bool,
    notes: &'r [String],
    partial: Option<&'r str>,
    pending: usize,
    problems: &'r [String],
    prompts: usize,
    rounds: Vec<RoundJson<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    runs_unknown: Option<&'r str>,
    totals: TotalsJson,
    undecided: usize,
    /// Duplicates that a wider scope would find.
    wider: Option<WiderJson>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GroupJson<'r> {
    deny: Vec<PromptJson<'r>>,
    group: &'r str,
    kept: &'static str,
    survivor: PromptJson<'r>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RoundJson<'r> {
    outcomes: Vec<OutcomeJson<'r>>,
    requeued: Vec<AgainJson<'r>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OutcomeJson<'r> {
    id: &'r str,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    decided_as: Option<&'static str>,
    outcome: &'static str,
    reason: Option<&'r str>,
    survivor: &'r str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AgainJson<'r> {
    duplicate: bool,
    id: &'r str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EmptiedJson<'r> {
    group: &'r str,
    survivor: PromptJson<'r>,
}

impl<'r> EmptiedJson<'r> {
    fn of(emptied: &'r Emptied) -> Self {
        Self { group: &emptied.id, survivor: PromptJson::of(&emptied.survivor) }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TotalsJson {
    already_gone: usize,
    denied: usize,
    failed: usize,
    not_tried: usize,
    requeued: usize,
}

impl<'r> DedupeJson<'r> {
    fn of(report: &'r Dedupe) -> Self {
        let Dedupe { gateway, planned, rounds, totals, problems, partial, notes, pending, .. } = report;
        Self {
            alone: planned.beside.alone.iter().map(|(why, count)| (why.as_str(), *count)).collect(),
            duplicates: planned.duplicates,
            emptied: rounds.iter().flat_map(|round| &round.emptied).map(EmptiedJson::of).collect(),
            gateway,
            groups: planned.groups.iter().map(GroupJson::of).collect(),
            legacy: planned.legacy,
            notes,
            partial: partial.as_deref(),
            pending: *pending,
            problems,
            prompts: planned.prompts,
            rounds: rounds.iter().map(RoundJson::of).collect(),
            runs_unknown: report.runs_unknown.as_deref(),
            totals: TotalsJson {
                already_gone: totals.already_gone,
                denied: totals.denied,
                failed: totals.failed,
                not_tried: totals.skipped,
                requeued: totals.requeued,
            },
            undecided: planned.beside.undecided,
            wider: WiderJson::of(planned.beside.wider),
        }
    }
}

impl<'r> GroupJson<'r> {
    fn of(group: &'r PlannedGroup) -> Self {
        let denials = group.denials.iter();
        Self {
            deny: denials.map(|(listed, why)| PromptJson::listed(listed).because(denial(*why))).collect(),
            group: &group.id,
            kept: survivor(group.kept),
            survivor: PromptJson::listed(&group.survivor),
        }
    }
}

impl<'r> RoundJson<'r> {
    fn of(round: &'r Round) -> Self {
        let again = round.requeued.iter();
        Self {
            outcomes: round.entries.iter().map(OutcomeJson::of).collect(),
            requeued: again.map(|one| AgainJson { duplicate: one.duplicate, id: one.prompt.id() }).collect(),
        }
    }
}

impl<'r> OutcomeJson<'r> {
    fn of(entry: &'r Entry) -> Self {
        let Entry { key, survivor, outcome } = entry;
        let decided_as =
            if let Outcome::Allowed(decision) = outcome { Some(decision.as_str()) } else { None };
        let (outcome, reason) = match outcome {
            Outcome::Denied => ("denied", None),
            Outcome::AlreadyGone => ("already-gone", None),
            Outcome::Allowed(_) => ("already-gone", Some("another client allowed it first")),
            Outcome::Failed(Failure::Refused(words)) => ("failed", Some(&**words)),
            Outcome::Failed(Failure::NoAnswer) => ("failed", Some("no answer")),
            Outcome::Failed(Failure::StillListed) => ("failed", Some(STILL_LISTED)),
            Outcome::Skipped(why) => ("not-tried", Some(skip_reason(*why))),
        };
        Self { id: &key.id, kind: key.kind.as_str(), decided_as, outcome, reason, survivor: &survivor.id }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::{Kind, Reader, Rules, plan};

    #[test]
    fn a_group_is_empty_only_where_nothing_of_it_can_be_pending() {
        let row = |id: &str| {
            let request =
                r#"{"command":"ls","host":"gateway","agentId":"main","sessionKey":"agent:main:lab"}"#;
            let row = format!(r#"{{"id":"{id}","createdAtMs":1,"expiresAtMs":1800001,"request":{request}}}"#);
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
