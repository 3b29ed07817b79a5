//! What happens to a prompt that nobody answers: `askFallback` decides, except for what only a person may allow.
//! Source: the end of `processGatewayAllowlist`, `resolveExecApprovalDecisionState` and `createExecApprovalRequestRoute`.

use super::decision::{Unanswered, Verdict};
use super::evaluation::Evaluation;
use super::levels::Security;
use super::preflight;
use super::profile::Profile;
use super::situation::{Outcome, Situation};

/// What may answer a prompt in place of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reviewer {
    /// Whether a model reviews the command first.
    pub reviews: bool,
    /// Whether the command has inline code: `askFallback` may not allow it.
    pub inline_code: bool,
    /// Whether `askFallback` may not allow it since 2026.6.11.
    pub asks_person: bool,
}

/// What happens when the prompt expires.
pub(super) fn fallback(situation: &Situation<'_>, reviewer: Reviewer) -> Unanswered {
    let refusal = expired(situation, reviewer);
    let Some(refusal) = refusal else {
        // 2026.4.14 starts the command later, past the check of scripts.
        if situation.profile == Profile::V2026_4_14 {
            return Unanswered { verdict: Verdict::Runs, reason: None };
        }
        let outcome = preflight::check(situation, Outcome::runs("ask-fallback", None));
        let reason = (outcome.verdict == Verdict::Denied).then_some(outcome.reason);
        return Unanswered { verdict: outcome.verdict, reason };
    };
    Unanswered { verdict: Verdict::Denied, reason: Some(refusal.to_owned()) }
}

/// Why an expired prompt is denied; `None`: the command runs.
fn expired(situation: &Situation<'_>, reviewer: Reviewer) -> Option<&'static str> {
    const TIMEOUT: &str = "approval-timeout";
    match situation.policy.ask_fallback {
        Security::Deny => return Some(TIMEOUT),
        Security::Allowlist => {
            if let Some(miss) = missed(situation) {
                return Some(miss);
            }
        }
        Security::Full => {}
    }
    needs_person(situation, reviewer).then_some(TIMEOUT)
}

/// Why the entries do not allow the command of an expired prompt.
fn missed(situation: &Situation<'_>) -> Option<&'static str> {
    match situation.profile {
        Profile::V2026_4_14 => (!situation.is_listed()).then_some("approval-timeout (allowlist-miss)"),
        Profile::V2026_6_11 => (!situation.is_listed()).then_some("approval-timeout: allowlist-miss"),
        Profile::V2026_9_6 if !situation.is_satisfied() && !situation.is_exact() => {
            Some("approval-timeout: allowlist-miss")
        }
        Profile::V2026_9_6 => (!situation.is_exact() && !situation.has_plan())
            .then_some("approval-timeout: execution-plan-miss"),
    }
}

/// Whether only a person may allow the command.
fn needs_person(situation: &Situation<'_>, reviewer: Reviewer) -> bool {
    let by_list = situation.policy.ask_fallback == Security::Allowlist;
    let heredoc = situation.profile >= Profile::V2026_9_6 && by_list && has_heredoc(situation.evaluation);
    reviewer.inline_code || heredoc || situation.profile.parses_bash() && reviewer.asks_person
}

/// Why a run that no approver is connected to is refused; `None` if the fallback lets it run.
pub(super) fn without_route(situation: &Situation<'_>, reviewer: Reviewer) -> Option<&'static str> {
    if situation.profile >= Profile::V2026_9_6 {
        let refusal = "exec denied: Automation runs cannot wait for interactive exec approval.";
        return expired(situation, reviewer).map(|_| refusal);
    }
    let is_allowed = situation.policy.ask_fallback == Security::Full && !needs_person(situation, reviewer);
    (!is_allowed).then_some("exec denied: Cron runs cannot wait for interactive exec approval.")
}

/// Whether a word of a part looks like a here-document.
pub(super) fn has_heredoc(evaluation: &Evaluation) -> bool {
    evaluation.heredoc
        || evaluation.segments.iter().any(|part| part.argv.iter().any(|word| word.starts_with("<<")))
}
