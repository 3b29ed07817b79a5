//! The inputs and the outcome of the last step of a decision, after the command was checked against the entries. Source:
//! `processGatewayAllowlist` of the releases.

use super::binding::Subject;
use super::configuration::Setup;
use super::decision::{Unanswered, Verdict};
use super::durable;
use super::evaluation::{Evaluation, Plan};
use super::levels::{Ask, Security};
use super::policy::Merged;
use super::profile::Profile;
use super::question::{Entry, Question};
use super::resolve::World;
use super::words::trim;

/// Everything that the last step of a decision depends on.
#[derive(Clone, Copy)]
pub(super) struct Situation<'s> {
    /// The call.
    pub question: &'s Question<'s>,
    /// The release.
    pub profile: Profile,
    /// The policy in force.
    pub policy: &'s Merged,
    /// The rest of the configuration.
    pub setup: &'s Setup,
    /// The entries in force.
    pub entries: &'s [Entry],
    /// What was found when the command was checked against the entries.
    pub evaluation: &'s Evaluation,
    /// The files.
    pub world: &'s World<'s>,
}

/// What happens to a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outcome {
    /// What happens.
    pub verdict: Verdict,
    /// Why.
    pub reason: String,
    /// The text that starts in place of the command.
    pub started: Option<String>,
    /// What happens to a question that nobody answers.
    pub unanswered: Option<Unanswered>,
    /// Whether a model reviews first.
    pub review: bool,
    /// What would have to be known.
    pub missing: Vec<String>,
}

impl Situation<'_> {
    /// Whether the release could read the command.
    pub(super) fn is_analysable(&self) -> bool {
        self.evaluation.not_analysable.is_none()
    }

    /// Whether the list alone allows the command, whatever the policy.
    pub(super) fn is_satisfied(&self) -> bool {
        self.is_analysable() && self.evaluation.satisfied
    }

    /// Whether the list is in force and allows the command.
    pub(super) fn is_listed(&self) -> bool {
        self.policy.security == Security::Allowlist && self.is_satisfied()
    }

    /// Whether this exact text has a durable approval (*Allow always*).
    pub(super) fn is_exact(&self) -> bool {
        durable::allows_text(self.entries, self.question.command)
    }

    /// Whether the text, or every part of it, has a durable approval.
    pub(super) fn is_durable(&self) -> bool {
        self.is_exact() || self.is_analysable() && self.evaluation.durable
    }

    /// Whether the list is in force and nothing allows the command.
    pub(super) fn misses(&self) -> bool {
        self.policy.security == Security::Allowlist && !self.is_satisfied() && !self.is_durable()
    }

    /// Whether a plan exists for a command that the list allows.
    pub(super) fn has_plan(&self) -> bool {
        self.is_satisfied() && matches!(self.evaluation.plan, Plan::Renders(_))
    }

    /// What a binding depends on.
    pub(super) fn subject(&self) -> Subject<'_> {
        Subject { question: self.question, setup: self.setup, evaluation: self.evaluation, world: self.world }
    }

    /// Whether nobody would be asked, and the fallback refuses.
    pub(super) fn denies_at_once(&self) -> bool {
        self.policy.ask == Ask::Off && self.policy.ask_fallback == Security::Deny
    }

    /// Whether a durable approval must be bound to files: the entries do not allow the command, or the release has no plan
    /// for it.
    pub(super) fn durable_needs_binding(&self) -> bool {
        let lacks_plan = self.is_exact() && self.is_listed() && !self.has_plan();
        self.policy.security == Security::Allowlist
            && self.is_durable()
            && (!self.is_satisfied() || lacks_plan)
    }

    /// The text that starts because the policy allows it.
    pub(super) fn plan_of_policy(&self) -> Option<String> {
        if self.is_listed() { self.plan() } else { None }
    }

    /// The text that starts because nobody could be asked.
    pub(super) fn plan_of_fallback(&self) -> Option<String> {
        let by_list = self.profile >= Profile::V2026_9_6 && self.policy.ask_fallback == Security::Allowlist;
        if self.is_listed() || by_list && self.is_satisfied() { self.plan() } else { None }
    }

    pub(super) fn plan(&self) -> Option<String> {
        match &self.evaluation.plan {
            Plan::Renders(text) => text.clone().filter(|text| text != self.question.command),
            Plan::Unavailable(_) => None,
        }
    }

    pub(super) fn reason_to_run(&self) -> &'static str {
        match self.policy.security {
            Security::Full => "full",
            _ if self.is_satisfied() => "allowlist",
            _ => "durable",
        }
    }

    /// A refusal as a result of the tool. Only the first line is a reason.
    pub(super) fn refused(&self, reason: &str) -> Outcome {
        let mut text = ["Exec denied (", reason, "): ", self.question.command].concat();
        let trimmed = trim(&text);
        text.truncate(trimmed.find('\n').unwrap_or(trimmed.len()));
        Outcome::denied(text)
    }
}

impl Situation<'_> {
    pub(super) fn word_for_miss(&self) -> String {
        match &self.evaluation.not_analysable {
            Some(why) if self.profile.parses_bash() && !why.is_empty() => format!("not-analysable: {why}"),
            Some(_) => "not-analysable".to_owned(),
            None => "allowlist-miss".to_owned(),
        }
    }
}

impl Outcome {
    /// It runs.
    pub(super) fn runs(reason: &str, started: Option<String>) -> Self {
        Self { verdict: Verdict::Runs, started, ..Self::denied(reason.to_owned()) }
    }

    /// It is refused.
    pub(super) fn denied(reason: String) -> Self {
        Self {
            verdict: Verdict::Denied,
            reason,
            started: None,
            unanswered: None,
            review: false,
            missing: Vec::new(),
        }
    }

    /// Something that decides is not known.
    pub(super) fn unknown(missing: Vec<String>) -> Self {
        Self { verdict: Verdict::Unknown, missing, ..Self::denied(String::new()) }
    }

    /// Whether the same happens, for whatever reason.
    pub(super) fn agrees_with(&self, other: &Self) -> bool {
        let fallback = |outcome: &Self| outcome.unanswered.as_ref().map(|unanswered| unanswered.verdict);
        self.verdict == other.verdict && fallback(self) == fallback(other)
    }
}
