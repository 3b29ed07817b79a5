//! What a gateway does with a command that it has checked against the entries: run it, ask a person, or refuse it, and what
//! happens to a prompt that nobody answers. Source: `processGatewayAllowlist` of the releases. Reasons are in the words
//! of the releases, and of `tests/real_gateway/proof/judge.mjs`.

use super::binding;
use super::decision::Verdict;
use super::evaluation::Plan;
use super::levels::{Ask, Security};
use super::preflight;
use super::profile::Profile;
use super::question::Context;
use super::situation::{Outcome, Situation};
use super::suppressions;
use super::unanswered::{self, Reviewer};
use super::words::trim;

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

/// Decides on a command that was checked against the entries.
pub(super) fn outcome(situation: &Situation<'_>) -> Outcome {
    let is_newest = situation.profile >= Profile::V2026_9_6;
    let reasons = Reasons::of(situation);
    if is_newest
        && !situation.policy.auto_review
        && reasons.plan == Some(Plan::SHELL_EXPANSION)
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

/// The outcome for a command that needs an approval: a prompt, or in a cron job the fallback.
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
            inline_code: evaluation.inline_code,
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
