//! `queue resolve` of several prompts: the plan, and what became of each prompt.

use serde::Serialize;

use super::VERSION;
use super::decision::{Added, Entry, EntryJson};
use super::prompt::PromptJson;
use super::reasons::{STILL_LISTED, skip_reason};
use super::verdict::Verdict;
use crate::queue::report::SkipReason;
use crate::queue::{Decision, Key, Prompt};

/// A plan to decide several prompts.
#[derive(Debug, Clone)]
pub struct DecisionPlan {
    /// The gateway.
    pub gateway: String,
    /// The decision.
    pub decision: Decision,
    /// The prompts, oldest first.
    pub prompts: Vec<Prompt>,
    /// The ids of prompts that were decided in this way before.
    pub decided_before: Vec<String>,
    /// Whether a filter selects them.
    pub by_filter: bool,
    /// The number of other pending prompts.
    pub others: usize,
    /// The gateway's clock, in Unix milliseconds.
    pub now_ms: u64,
    /// Whether each denial starts an agent turn.
    pub legacy: bool,
    /// Prompts that could not be read, each with its problem.
    pub problems: Vec<String>,
    /// Why there may be more prompts, if so.
    pub partial: Option<String>,
}

/// What became of a prompt of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// It was decided.
    Decided,
    /// It was decided in this way before.
    Before,
    /// It is not pending any more: it was decided, or has expired.
    Gone,
    /// Somebody decided it otherwise first, in these words.
    Otherwise(String),
    /// It is not the prompt that was shown.
    Changed,
    /// It was not sent.
    Skipped(SkipReason),
    /// It could not be decided, for this reason.
    Failed(String),
    /// The gateway answered that it is gone, but still lists it.
    StillListed,
}

impl Ended {
    /// Whether the prompt is not pending any more, as far as the answers say.
    pub fn is_over(&self) -> bool {
        matches!(self, Self::Decided | Self::Before | Self::Gone | Self::Otherwise(_))
    }

    /// Whether the decision is in force, or a denial has no object any more.
    fn is_done(&self, decision: Decision) -> bool {
        match self {
            Self::Decided | Self::Before => true,
            Self::Gone => decision == Decision::Deny,
            Self::Otherwise(_) | Self::Changed | Self::Skipped(_) | Self::Failed(_) | Self::StillListed => {
                false
            }
        }
    }

    /// The word of machine output.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Decided => "decided",
            Self::Before => "already-decided",
            Self::Gone => "gone",
            Self::Otherwise(_) => "decided-otherwise",
            Self::Changed => "changed",
            Self::Skipped(_) => "not-tried",
            Self::Failed(_) | Self::StillListed => "failed",
        }
    }

    /// The reason, where there is one.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Decided | Self::Before | Self::Gone => None,
            Self::Otherwise(words) | Self::Failed(words) => Some(words),
            Self::Changed => Some("it changed since it was shown"),
            Self::Skipped(why) => Some(skip_reason(*why)),
            Self::StillListed => Some(STILL_LISTED),
        }
    }
}

/// The report of `queue resolve` of several prompts.
#[derive(Debug, Clone)]
pub struct Decisions {
    /// The plan.
    pub plan: DecisionPlan,
    /// Whether it was carried out.
    pub carried_out: bool,
    /// What became of each prompt.
    pub outcomes: Vec<(Key, Ended)>,
    /// The number of pending prompts afterwards, if known.
    pub pending: Option<usize>,
    /// Why the prompts could not be listed again, if so.
    pub unseen: Option<String>,
    /// The entry of `--add-entry`, of a plan that is not carried out.
    pub entry: Option<(Entry, Added)>,
}

impl Decisions {
    /// The report of a plan that is not carried out.
    pub fn planned(plan: DecisionPlan) -> Self {
        Self { plan, carried_out: false, outcomes: Vec::new(), pending: None, unseen: None, entry: None }
    }

    /// Whether no prompt was to be decided, and none could be overlooked.
    pub fn is_nothing(&self) -> bool {
        self.plan.prompts.is_empty() && self.plan.decided_before.is_empty() && self.verdict() == Verdict::Done
    }

    /// The number of outcomes of one word.
    pub fn count(&self, word: &str) -> usize {
        self.outcomes.iter().filter(|(_, ended)| ended.as_str() == word).count()
    }

    /// The verdict.
    ///
    /// | outcomes | verdict |
    /// | --- | --- |
    /// | all decided (or gone, of a denial) | done |
    /// | none was tried, for lack of time | timed out |
    /// | one was not decided, or could not be verified | partly |
    /// | a filter may have overlooked a prompt that cannot be read | partly |
    pub fn verdict(&self) -> Verdict {
        let late = |ended: &Ended| *ended == Ended::Skipped(SkipReason::Deadline);
        if !self.outcomes.is_empty() && self.outcomes.iter().all(|(_, ended)| late(ended)) {
            return Verdict::TimedOut;
        }
        let done = self.outcomes.iter().all(|(_, ended)| ended.is_done(self.plan.decision));
        let overlooked = self.plan.by_filter && !self.plan.problems.is_empty();
        if done && !overlooked && self.unseen.is_none() { Verdict::Done } else { Verdict::Partly }
    }

    /// The output of `--json`.
    pub fn json(&self) -> impl Serialize + use<'_> {
        #[derive(Serialize)]
        struct OutcomeJson<'r> {
            id: &'r str,
            kind: &'static str,
            outcome: &'static str,
            reason: Option<&'r str>,
        }
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Printed<'r> {
            carried_out: bool,
            decided_before: &'r [String],
            decision: &'static str,
            #[serde(skip_serializing_if = "Option::is_none")]
            entry: Option<EntryJson<'r>>,
            filtered: usize,
            gateway: &'r str,
            legacy: bool,
            outcomes: Vec<OutcomeJson<'r>>,
            partial: Option<&'r str>,
            pending: Option<usize>,
            planned: Vec<PromptJson<'r>>,
            problems: &'r [String],
            unseen: Option<&'r str>,
            version: u8,
        }
        let Self { plan, carried_out, outcomes, pending, unseen, entry } = self;
        let outcomes = outcomes.iter().map(|(key, ended)| OutcomeJson {
            id: &key.id,
            kind: key.kind.as_str(),
            outcome: ended.as_str(),
            reason: ended.reason(),
        });
        Printed {
            carried_out: *carried_out,
            decided_before: &plan.decided_before,
            decision: plan.decision.as_str(),
            entry: entry.as_ref().map(|(entry, added)| EntryJson::of(entry, added)),
            filtered: plan.others,
            gateway: &plan.gateway,
            legacy: plan.legacy,
            outcomes: outcomes.collect(),
            partial: plan.partial.as_deref(),
            pending: *pending,
            planned: plan.prompts.iter().map(PromptJson::of).collect(),
            problems: &plan.problems,
            unseen: unseen.as_deref(),
            version: VERSION,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::Kind;

    fn report(decision: Decision, outcomes: &[Ended]) -> Decisions {
        let plan = DecisionPlan {
            gateway: "g".to_owned(),
            decision,
            prompts: Vec::new(),
            decided_before: Vec::new(),
            by_filter: true,
            others: 0,
            now_ms: 0,
            legacy: false,
            problems: Vec::new(),
            partial: None,
        };
        let outcomes = outcomes.iter().map(|ended| (Key::new(Kind::Exec, "a"), ended.clone())).collect();
        Decisions { outcomes, ..Decisions::planned(plan) }
    }

    /// Every row of the table of [`Decisions::verdict`].
    #[test]
    fn the_verdict_follows_its_table() {
        use Decision::{AllowOnce, Deny};
        let verdict = |decision, outcomes: &[Ended]| report(decision, outcomes).verdict();
        let late = Ended::Skipped(SkipReason::Deadline);
        for (decision, outcomes, expected) in [
            (Deny, &[][..], Verdict::Done),
            (Deny, &[Ended::Decided, Ended::Before, Ended::Gone], Verdict::Done),
            (AllowOnce, &[Ended::Decided, Ended::Gone], Verdict::Partly),
            (Deny, &[Ended::Decided, Ended::Otherwise("allow-once".to_owned())], Verdict::Partly),
            (Deny, &[Ended::Changed], Verdict::Partly),
            (Deny, &[Ended::Skipped(SkipReason::AmbiguousId)], Verdict::Partly),
            (Deny, &[Ended::Failed("no".to_owned()), Ended::Decided], Verdict::Partly),
            (Deny, &[Ended::StillListed], Verdict::Partly),
            (Deny, &[late.clone(), late.clone()], Verdict::TimedOut),
            (Deny, &[late, Ended::Decided], Verdict::Partly),
        ] {
            assert_eq!(verdict(decision, outcomes), expected, "{decision:?} {outcomes:?}");
        }
        let mut unread = report(Deny, &[]);
        unread.plan.problems.push("one".to_owned());
        assert_eq!(unread.verdict(), Verdict::Partly);
        unread.plan.by_filter = false;
        assert_eq!(unread.verdict(), Verdict::Done);
        let unseen = Decisions { unseen: Some("lost".to_owned()), ..report(Deny, &[Ended::Decided]) };
        assert_eq!(unseen.verdict(), Verdict::Partly);
    }
}
