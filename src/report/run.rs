//! `run ls` and `run cancel` in machine output. Their reports are values of `queue::cancel`.

use serde::Serialize;

use super::VERSION;
use super::queue::{PromptJson, STILL_LISTED, skip_reason};
use crate::queue::cancel::{Cancelled, RunList, RunRow};
use crate::queue::{Key, Prompt};

impl RunList {
    /// Whether there is no run to show, and no unreadable prompt.
    pub fn is_nothing(&self) -> bool {
        self.rows.is_empty() && self.problems.is_empty() && self.partial.is_none()
    }

    /// The output of `--json`.
    pub fn json(&self) -> impl Serialize + use<'_> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Printed<'r> {
            gateway: &'r str,
            now_ms: u64,
            #[serde(skip_serializing_if = "Option::is_none")]
            partial: Option<&'r str>,
            #[serde(skip_serializing_if = "<[String]>::is_empty")]
            problems: &'r [String],
            runs: Vec<RowJson<'r>>,
            #[serde(skip_serializing_if = "Option::is_none")]
            runs_unknown: Option<&'r str>,
            version: u8,
        }
        let Self { gateway, rows, problems, partial, runs_unknown, now_ms } = self;
        Printed {
            gateway,
            now_ms: *now_ms,
            partial: partial.as_deref(),
            problems,
            runs: rows.iter().map(RowJson::of).collect(),
            runs_unknown: runs_unknown.as_deref(),
            version: VERSION,
        }
    }
}

impl RunList {
    /// The output of `--ndjson`, one object per line. `named`: each has its gateway, if there are several.
    pub fn lines(&self, named: bool) -> impl Iterator<Item = impl Serialize> {
        let gateway = named.then_some(self.gateway.as_str());
        self.rows.iter().map(move |row| RowJson { gateway, ..RowJson::line(row, self.now_ms, None) })
    }
}

/// A row of `--watch --ndjson`. `event`: `listed`, `changed` or `gone`.
pub fn event<'r>(row: &'r RunRow, now_ms: u64, event: &'static str) -> impl Serialize + use<'r> {
    RowJson::line(row, now_ms, Some(event))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RowJson<'r> {
    agent_id: Option<&'r str>,
    approvals: Vec<&'r str>,
    /// The event of `--watch`.
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<&'static str>,
    /// The gateway, if there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    gateway: Option<&'r str>,
    holds: Vec<PromptJson<'r>>,
    /// The gateway's clock, if each line must be complete by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    now_ms: Option<u64>,
    run_id: Option<&'r str>,
    session_key: Option<&'r str>,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u8>,
}

impl<'r> RowJson<'r> {
    fn of(row: &'r RunRow) -> Self {
        Self {
            agent_id: row.agent.as_deref(),
            approvals: row.holds.iter().map(Prompt::id).collect(),
            event: None,
            gateway: None,
            holds: prompts(&row.holds),
            now_ms: None,
            run_id: row.run.as_deref(),
            session_key: row.session.as_deref(),
            state: row.state.as_str(),
            version: None,
        }
    }

    fn line(row: &'r RunRow, now_ms: u64, event: Option<&'static str>) -> Self {
        Self { event, now_ms: Some(now_ms), version: Some(VERSION), ..Self::of(row) }
    }
}

fn prompts(prompts: &[Prompt]) -> Vec<PromptJson<'_>> {
    prompts.iter().map(PromptJson::of).collect()
}

fn ids(keys: &[Key]) -> Vec<&str> {
    keys.iter().map(|key| &*key.id).collect()
}

/// The prompts that were not denied, and the reasons.
pub fn failures(report: &Cancelled) -> Vec<(&Key, &str)> {
    let failed = report.failed.iter().map(|(key, words)| (key, &**words));
    let skipped = report.skipped.iter().map(|(key, why)| (key, skip_reason(*why)));
    let still = report.still_listed.iter().map(|key| (key, STILL_LISTED));
    failed.chain(skipped).chain(still).collect()
}

impl Cancelled {
    /// The output of `--json`.
    pub fn json(&self) -> impl Serialize + use<'_> {
        #[derive(Serialize)]
        struct AllowedJson<'r> {
            decision: &'static str,
            id: &'r str,
        }
        #[derive(Serialize)]
        struct FailedJson<'r> {
            id: &'r str,
            reason: &'r str,
        }
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Printed<'r> {
            aborted: &'r [String],
            active: bool,
            allowed: Vec<AllowedJson<'r>>,
            already_gone: Vec<&'r str>,
            attributed_to: Option<&'r str>,
            carried_out: bool,
            denied: Vec<&'r str>,
            emptied: Vec<PromptJson<'r>>,
            failed: Vec<FailedJson<'r>>,
            gateway: &'r str,
            gone: Vec<&'r str>,
            left: Vec<PromptJson<'r>>,
            partial: Option<&'r str>,
            planned: Vec<PromptJson<'r>>,
            runs_unknown: Option<&'r str>,
            version: u8,
        }
        let plan = &self.plan;
        let allowed = self.allowed.iter();
        Printed {
            aborted: &self.aborted,
            active: self.active,
            allowed: allowed
                .map(|(key, decision)| AllowedJson { decision: decision.as_str(), id: &key.id })
                .collect(),
            already_gone: ids(self.already_gone()),
            attributed_to: plan.aim.attributed.as_deref(),
            carried_out: self.carried_out,
            denied: ids(&self.denied),
            emptied: prompts(&self.emptied),
            failed: failures(self)
                .into_iter()
                .map(|(key, reason)| FailedJson { id: &key.id, reason })
                .collect(),
            gateway: &plan.gateway,
            gone: ids(&self.gone),
            left: prompts(&self.left),
            partial: self.unseen.as_deref(),
            planned: prompts(&plan.prompts),
            runs_unknown: plan.runs_unknown.as_deref(),
            version: VERSION,
        }
    }
}
