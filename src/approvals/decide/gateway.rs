//! What a gateway does with a command that it has read against the entries: run it, ask a person, or refuse it, and what
//! becomes of a question that nobody answers. Facts: `processGatewayAllowlist` of the releases. Reasons are in the words
//! of the laboratory's `oracle.mjs` and of the releases.

use super::binding::{self, Subject};
use super::configuration::Setup;
use super::decision::{Unanswered, Verdict};
use super::durable;
use super::evaluation::{Evaluation, Plan};
use super::levels::{Ask, Security};
use super::policy::Merged;
use super::preflight;
use super::profile::Profile;
use super::question::{Context, Entry, Question};
use super::resolve::World;
use super::suppressions;
use super::unanswered::{self, Reviewer};
use super::words::trim;

/// The reason of a release for a plan that a glob, a brace or a tilde makes impossible.
const SHELL_EXPANSION: &str = "shell expansion in enforced arguments";

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
    /// What was found when the command was read against the entries.
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

/// Why a command is not simply started.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a reason of its own, and they are joined in this order"
)]
struct Reasons {
    miss: Option<String>,
    always: bool,
    heredoc: bool,
    inline_code: bool,
    plan: Option<&'static str>,
    suppression: bool,
}

/// Decides on a command that was read against the entries.
pub(super) fn outcome(situation: &Situation<'_>) -> Outcome {
    let is_newest = situation.profile >= Profile::V2026_9_6;
    let reasons = Reasons::of(situation);
    if is_newest
        && !situation.policy.auto_review
        && reasons.plan == Some(SHELL_EXPANSION)
        && situation.denies_at_once()
    {
        return situation.refused("ask-fallback-deny: execution-plan-miss");
    }
    let needs_binding = situation.durable_needs_binding();
    if is_newest && (reasons.ask() || needs_binding) {
        let binding = match binding::bind(&situation.subject()) {
            Ok(binding) => binding,
            Err(refusal) => return situation.refused(refusal),
        };
        if reasons.ask() || binding.is_mutable(situation.world) {
            return asked(situation, &reasons);
        }
    } else if reasons.ask() {
        return asked(situation, &reasons);
    }
    if situation.misses() {
        return Outcome::denied("exec denied: allowlist miss".to_owned());
    }
    let started = situation.plan_of_policy();
    preflight::check(situation, Outcome::runs(situation.reason_to_run(), started))
}

/// A person, a model or the fallback decides.
fn asked(situation: &Situation<'_>, reasons: &Reasons) -> Outcome {
    let reviewer = Reviewer {
        reviews: review(situation, reasons),
        inline_code: reasons.inline_code,
        asks_person: situation.policy.auto_review
            || reasons.suppression
            || situation.profile >= Profile::V2026_9_6 && (reasons.plan.is_some() || reasons.heredoc),
    };
    let fallback = unanswered::fallback(situation, reviewer);
    let outcome = if situation.question.context == Context::Cron {
        match unanswered::without_route(situation, reviewer) {
            None => preflight::check(situation, Outcome::runs("ask-fallback", situation.plan_of_fallback())),
            Some(refusal) => Outcome::denied(refusal.to_owned()),
        }
    } else {
        let mut outcome = Outcome::denied(reasons.words());
        outcome.verdict = Verdict::Asks;
        outcome.unanswered = Some(fallback);
        outcome
    };
    Outcome { review: reviewer.reviews, ..outcome }
}

/// Whether the model of mode `auto` sees the command before a person does.
fn review(situation: &Situation<'_>, reasons: &Reasons) -> bool {
    if !situation.policy.auto_review || situation.policy.ask == Ask::Always || reasons.suppression {
        return false;
    }
    if situation.profile >= Profile::V2026_9_6 {
        return binding::is_reviewable(situation.evaluation);
    }
    let segments = &situation.evaluation.segments;
    let is_whole = |span: &std::ops::Range<usize>| {
        let text = situation.question.command.get(span.clone()).unwrap_or_default();
        trim(text) == trim(situation.question.command)
    };
    situation.evaluation.not_analysable.is_none()
        && segments.len() == 1
        && segments.iter().all(|one| is_whole(&one.span))
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

    /// Whether this exact text was allowed for good.
    pub(super) fn is_exact(&self) -> bool {
        durable::allows_text(self.entries, self.question.command)
    }

    /// Whether the command was allowed for good.
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
    fn subject(&self) -> Subject<'_> {
        Subject { question: self.question, setup: self.setup, evaluation: self.evaluation, world: self.world }
    }

    /// Whether nobody would be asked, and the fallback refuses.
    fn denies_at_once(&self) -> bool {
        self.policy.ask == Ask::Off && self.policy.ask_fallback == Security::Deny
    }

    /// Whether a durable approval is used that the list does not cover, so that it has to be bound to files.
    fn durable_needs_binding(&self) -> bool {
        let lacks_plan = self.is_exact() && self.is_listed() && !self.has_plan();
        self.policy.security == Security::Allowlist
            && self.is_durable()
            && (!self.is_satisfied() || lacks_plan)
    }

    /// The text that starts because the policy allows it.
    fn plan_of_policy(&self) -> Option<String> {
        if self.is_listed() { self.plan() } else { None }
    }

    /// The text that starts because nobody could be asked.
    fn plan_of_fallback(&self) -> Option<String> {
        let by_list = self.profile >= Profile::V2026_9_6 && self.policy.ask_fallback == Security::Allowlist;
        if self.is_listed() || by_list && self.is_satisfied() { self.plan() } else { None }
    }

    fn plan(&self) -> Option<String> {
        match &self.evaluation.plan {
            Plan::Renders(text) => text.clone().filter(|text| text != self.question.command),
            Plan::Unavailable(_) => None,
        }
    }

    fn reason_to_run(&self) -> &'static str {
        match self.policy.security {
            Security::Full => "full",
            _ if self.is_satisfied() => "allowlist",
            _ => "durable",
        }
    }

    /// A refusal as a result of the tool. Only the first line is a reason.
    fn refused(&self, reason: &str) -> Outcome {
        let text = format!("Exec denied ({reason}): {}", self.question.command);
        Outcome::denied(trim(&text).split('\n').next().unwrap_or_default().to_owned())
    }
}

impl Reasons {
    fn of(situation: &Situation<'_>) -> Self {
        let Situation { policy, evaluation, profile, .. } = situation;
        let is_miss = policy.security == Security::Allowlist
            && policy.ask == Ask::OnMiss
            && !situation.is_satisfied()
            && !situation.is_durable();
        let plan = match evaluation.plan {
            Plan::Unavailable(reason) if situation.is_listed() => Some(reason),
            _ => None,
        };
        let is_free = policy.security == Security::Full && policy.ask == Ask::Off;
        Self {
            miss: is_miss.then(|| situation.word_for_miss()),
            always: policy.ask == Ask::Always,
            heredoc: situation.is_listed() && unanswered::has_heredoc(evaluation),
            inline_code: situation.setup.strict_inline_eval && evaluation.inline_code,
            plan: plan.filter(|_| !(profile.parses_bash() && situation.is_exact())),
            suppression: profile.parses_bash()
                && !is_free
                && suppressions::are_mentioned(situation.question, evaluation),
        }
    }

    fn ask(&self) -> bool {
        self.miss.is_some()
            || self.always
            || self.heredoc
            || self.inline_code
            || self.plan.is_some()
            || self.suppression
    }

    fn words(&self) -> String {
        let mut words = Vec::new();
        words.extend(self.always.then(|| "ask-always".to_owned()));
        words.extend(self.miss.clone());
        for (applies, word) in [
            (self.heredoc, "heredoc"),
            (self.inline_code, "inline-eval"),
            (self.plan.is_some(), "plan-unavailable"),
            (self.suppression, "audit-suppression"),
        ] {
            words.extend(applies.then(|| word.to_owned()));
        }
        if words.is_empty() { "mutable-file".to_owned() } else { words.join("+") }
    }
}

impl Situation<'_> {
    fn word_for_miss(&self) -> String {
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
