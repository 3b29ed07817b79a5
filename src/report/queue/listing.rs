//! `queue ls`: the pending prompts, and their machine output.

use serde::Serialize;

use super::prompt::{Listed, PromptJson};
use super::verdict::Verdict;
use super::wider::WiderJson;
use crate::queue::filter::{Filter, Sort};
use crate::queue::plan::{Plan, short_ids};
use crate::queue::prompt::Prompt;
use crate::queue::runs::Runs;
use crate::queue::scope::Place;
use crate::queue::wider::Beside;
use crate::report::VERSION;

/// The report of `queue ls`.
#[derive(Debug, Clone)]
pub struct Queued {
    /// The gateway, or the file.
    pub gateway: String,
    /// The prompts, duplicates after the one that would be kept.
    pub rows: Vec<Listed>,
    /// The number of prompts that filters left out.
    pub filtered: usize,
    /// Prompts that could not be read, each with its problem.
    pub problems: Vec<String>,
    /// Why there may be more prompts, if so.
    pub partial: Option<String>,
    /// Why the state of every run is unknown, if so.
    pub runs_unknown: Option<String>,
    /// Further notes on the listing.
    pub notes: Vec<String>,
    /// Duplicates in a wider scope, and prompts that could not be compared.
    pub beside: Beside,
    /// The gateway's clock, in Unix milliseconds.
    pub now_ms: u64,
}

impl Queued {
    /// Whether there is no prompt to show, and no unreadable prompt.
    pub fn is_nothing(&self) -> bool {
        self.rows.is_empty() && self.verdict() == Verdict::Done && self.partial.is_none()
    }

    /// The verdict: a listing that could not be read in full is `partly`.
    pub fn verdict(&self) -> Verdict {
        if self.problems.is_empty() && self.beside.undecided == 0 { Verdict::Done } else { Verdict::Partly }
    }

    /// The listing of a plan over everything that is pending: a filter hides rows, and does not change the groups.
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

impl Queued {
    /// The output of `--json`: a superset of the output of OpenClaw's own command.
    pub fn json(&self) -> impl Serialize + use<'_> {
        Whole::of(self)
    }

    /// The output of `--ndjson`, one object per line. `named`: each has its gateway, if there are several.
    pub fn lines(&self, named: bool) -> impl Iterator<Item = PromptJson<'_>> {
        let gateway = named.then_some(self.gateway.as_str());
        self.rows.iter().map(move |row| PromptJson::listed(row).line(self.now_ms, gateway))
    }
}

/// The line of `--watch --ndjson` for a prompt that is not pending any more.
pub fn gone(id: &str) -> impl Serialize + use<'_> {
    #[derive(Serialize)]
    struct Gone<'q> {
        event: &'static str,
        id: &'q str,
        version: u8,
    }
    Gone { event: "gone", id, version: VERSION }
}

/// A listing, serialized without copies: there may be thousands of prompts.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Whole<'q> {
    approvals: Vec<PromptJson<'q>>,
    filtered: usize,
    gateway: &'q str,
    notes: &'q [String],
    now_ms: u64,
    partial: Option<&'q str>,
    problems: &'q [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    runs_unknown: Option<&'q str>,
    undecided: usize,
    version: u8,
    /// Duplicates that a wider scope would find.
    wider: Option<WiderJson>,
}

impl<'q> Whole<'q> {
    fn of(queued: &'q Queued) -> Self {
        let Queued { gateway, rows, filtered, problems, partial, runs_unknown, notes, beside, now_ms } =
            queued;
        Self {
            approvals: rows.iter().map(PromptJson::listed).collect(),
            filtered: *filtered,
            gateway,
            notes,
            now_ms: *now_ms,
            partial: partial.as_deref(),
            problems,
            runs_unknown: runs_unknown.as_deref(),
            undecided: beside.undecided,
            version: VERSION,
            wider: WiderJson::of(beside.wider),
        }
    }
}
