//! `grants ls` and `grants revoke`: standing grants, and what became of them.

use serde::Serialize;

use super::VERSION;
use super::queue::Verdict;
use crate::queue::grants::Grant;

/// The report of `grants ls`.
#[derive(Debug, Clone)]
pub struct GrantList {
    /// The gateway.
    pub gateway: String,
    /// The grants, newest first.
    pub rows: Vec<Grant>,
    /// The number of listed grants that are not shown.
    pub others: usize,
    /// Whether the gateway may have more grants than it listed.
    pub more: bool,
    /// Rows that could not be read, each with its problem.
    pub problems: Vec<String>,
    /// The gateway's clock, in Unix milliseconds.
    pub now_ms: u64,
}

impl GrantList {
    /// The verdict: a list that could not be read in full is `partly`.
    pub fn verdict(&self) -> Verdict {
        if self.problems.is_empty() && !self.more { Verdict::Done } else { Verdict::Partly }
    }

    /// The output of `--json`.
    pub fn json(&self) -> impl Serialize + use<'_> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Printed<'r> {
            filtered: usize,
            gateway: &'r str,
            grants: Vec<GrantJson<'r>>,
            more: bool,
            now_ms: u64,
            problems: &'r [String],
            version: u8,
        }
        Printed {
            filtered: self.others,
            gateway: &self.gateway,
            grants: self.rows.iter().map(|grant| GrantJson::of(grant, self.now_ms)).collect(),
            more: self.more,
            now_ms: self.now_ms,
            problems: &self.problems,
            version: VERSION,
        }
    }
}

/// A grant as JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GrantJson<'r> {
    agent_id: &'r str,
    command: &'r str,
    created_at_ms: u64,
    cron_job_id: &'r str,
    cron_job_name: Option<&'r str>,
    cwd: Option<&'r str>,
    expires_at_ms: Option<u64>,
    grant_id: &'r str,
    last_used_at_ms: Option<u64>,
    minted_by_approval_id: Option<&'r str>,
    revoked_at_ms: Option<u64>,
    revoked_by: Option<&'r str>,
    state: &'static str,
    use_count: u64,
}

impl<'r> GrantJson<'r> {
    fn of(grant: &'r Grant, now_ms: u64) -> Self {
        Self {
            agent_id: &grant.agent_id,
            command: &grant.command,
            created_at_ms: grant.created_at_ms,
            cron_job_id: &grant.cron_job_id,
            cron_job_name: grant.cron_job_name.as_deref(),
            cwd: grant.cwd.as_deref(),
            expires_at_ms: grant.expires_at_ms,
            grant_id: &grant.id,
            last_used_at_ms: grant.last_used_at_ms,
            minted_by_approval_id: grant.minted_by_approval_id.as_deref(),
            revoked_at_ms: grant.revoked_at_ms,
            revoked_by: grant.revoked_by.as_deref(),
            state: grant.state(now_ms).as_str(),
            use_count: grant.use_count,
        }
    }
}

/// A plan to revoke grants.
#[derive(Debug, Clone)]
pub struct RevokePlan {
    /// The gateway.
    pub gateway: String,
    /// The grants to revoke.
    pub grants: Vec<Grant>,
    /// Grants that are named, and were revoked before.
    pub already: Vec<Grant>,
    /// Whether the gateway may have more grants that match the filter.
    pub more: bool,
    /// Rows that could not be read, each with its problem.
    pub problems: Vec<String>,
    /// The gateway's clock, in Unix milliseconds.
    pub now_ms: u64,
}

/// The outcome for one grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Revocation {
    /// It was revoked.
    Revoked,
    /// It was revoked before.
    Already,
    /// The gateway does not have it any more.
    NotFound,
    /// It was not revoked, or that is unknown, for this reason.
    Failed(String),
}

impl Revocation {
    /// The outcome of an answer.
    pub fn of(word: &str) -> Self {
        match word {
            "revoked" => Self::Revoked,
            "already-revoked" => Self::Already,
            "not-found" => Self::NotFound,
            other => Self::Failed(format!("the gateway answered `{other}`")),
        }
    }

    /// The word of machine output.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Revoked => "revoked",
            Self::Already => "already-revoked",
            Self::NotFound => "not-found",
            Self::Failed(_) => "failed",
        }
    }
}

/// The report of `grants revoke`.
#[derive(Debug, Clone)]
pub struct Revoked {
    /// The plan.
    pub plan: RevokePlan,
    /// Whether it was carried out.
    pub carried_out: bool,
    /// The outcome for each grant of the plan.
    pub outcomes: Vec<(String, Revocation)>,
}

impl Revoked {
    /// The report of a plan that is not carried out.
    pub fn planned(plan: RevokePlan) -> Self {
        Self { plan, carried_out: false, outcomes: Vec::new() }
    }

    /// Whether no grant was named or matched, and none could be overlooked.
    pub fn is_nothing(&self) -> bool {
        self.plan.grants.is_empty() && self.plan.already.is_empty() && self.verdict() == Verdict::Done
    }

    /// The verdict.
    ///
    /// | outcomes | verdict |
    /// | --- | --- |
    /// | all revoked, now or before | done |
    /// | all not found | found |
    /// | any others; or a filter may have overlooked a grant | partly |
    pub fn verdict(&self) -> Verdict {
        let is =
            |wanted: &[&str]| self.outcomes.iter().all(|(_, outcome)| wanted.contains(&outcome.as_str()));
        if self.plan.more || !self.plan.problems.is_empty() {
            Verdict::Partly
        } else if is(&["revoked", "already-revoked"]) {
            Verdict::Done
        } else if is(&["not-found"]) {
            Verdict::Found
        } else {
            Verdict::Partly
        }
    }

    /// The output of `--json`.
    pub fn json(&self) -> impl Serialize + use<'_> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct OutcomeJson<'r> {
            grant_id: &'r str,
            outcome: &'static str,
            reason: Option<&'r str>,
        }
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Printed<'r> {
            already_revoked: Vec<GrantJson<'r>>,
            carried_out: bool,
            gateway: &'r str,
            more: bool,
            outcomes: Vec<OutcomeJson<'r>>,
            planned: Vec<GrantJson<'r>>,
            problems: &'r [String],
            version: u8,
        }
        let plan = &self.plan;
        let outcomes = self.outcomes.iter().map(|(id, outcome)| OutcomeJson {
            grant_id: id,
            outcome: outcome.as_str(),
            reason: if let Revocation::Failed(reason) = outcome { Some(reason) } else { None },
        });
        Printed {
            already_revoked: plan.already.iter().map(|grant| GrantJson::of(grant, plan.now_ms)).collect(),
            carried_out: self.carried_out,
            gateway: &plan.gateway,
            more: plan.more,
            outcomes: outcomes.collect(),
            planned: plan.grants.iter().map(|grant| GrantJson::of(grant, plan.now_ms)).collect(),
            problems: &plan.problems,
            version: VERSION,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every row of the table of [`Revoked::verdict`].
    #[test]
    fn the_verdict_follows_its_table() {
        let verdict = |words: &[&str], more: bool| {
            let plan = RevokePlan {
                gateway: "g".to_owned(),
                grants: Vec::new(),
                already: Vec::new(),
                more,
                problems: Vec::new(),
                now_ms: 0,
            };
            let outcomes = words.iter().map(|word| ("g".to_owned(), Revocation::of(word))).collect();
            Revoked { outcomes, ..Revoked::planned(plan) }.verdict()
        };
        for (words, more, expected) in [
            (&[][..], false, Verdict::Done),
            (&["revoked", "already-revoked"], false, Verdict::Done),
            (&["not-found"], false, Verdict::Found),
            (&["revoked", "not-found"], false, Verdict::Partly),
            (&["revoked", "other"], false, Verdict::Partly),
            (&["revoked"], true, Verdict::Partly),
        ] {
            assert_eq!(verdict(words, more), expected, "{words:?} {more}");
        }
    }
}
