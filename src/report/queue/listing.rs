//! `queue ls`: what is pending, and how it is printed for machines.

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
use crate::report::failure::FailureJson;

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

impl Queued {
    /// What `--json` prints: a superset of what OpenClaw's own command prints.
    pub fn json(&self) -> impl Serialize + use<'_> {
        Whole::of(self)
    }

    /// What `--ndjson` prints, one object a line. `named`: each has its gateway, since there are others.
    pub fn lines(&self, named: bool) -> impl Iterator<Item = PromptJson<'_>> {
        let gateway = named.then_some(self.gateway.as_str());
        self.rows.iter().map(move |row| PromptJson::listed(row).line(self.now_ms, gateway))
    }
}

/// What `--json` prints of several gateways; for a gateway of which there is no listing, why.
pub fn queues<'q, I>(all: I) -> impl Serialize + use<'q, I>
where
    I: IntoIterator<Item = Result<&'q Queued, FailureJson<'q>>>,
{
    #[derive(Serialize)]
    #[serde(untagged)]
    enum Gateway<'q> {
        Listing(Box<Whole<'q>>),
        Failure(Box<FailureJson<'q>>),
    }
    #[derive(Serialize)]
    struct All<'q> {
        gateways: Vec<Gateway<'q>>,
        version: u8,
    }
    let gateways = all.into_iter().map(|queue| match queue {
        Ok(queued) => Gateway::Listing(Box::new(Whole::of(queued))),
        Err(failure) => Gateway::Failure(Box::new(failure)),
    });
    All { gateways: gateways.collect(), version: VERSION }
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

/// A listing. Thousands of prompts are printed from where they are: as values they would be copied first.
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
    /// What a wider scope would find.
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
