//! Sending a decision to a gateway, and reading its answer. `dedupe`, `guard`, `resolve` and `run cancel` share this
//! module.

use std::time::{Duration, Instant};

use futures_util::future::join_all;

use crate::commands::gateway::Connection;
use crate::deadline::Deadline;
use crate::gateway::Session;
use crate::gateway::api::Call;
use crate::gateway::api::prompts::{self, GetCommand, ListPrompts, Reply, ResolvePrompt};
use crate::gateway::error::GatewayError;
use crate::queue::denials::{Answer, Found};
use crate::queue::names::{KNOWN_MS, Names, Unsendable};
use crate::queue::report::SkipReason;
use crate::queue::{Decision, Key, Kind};

/// How a gateway matches the id of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::commands) enum Way {
    /// By the exact id.
    Exact,
    /// By the start of an id.
    Prefix,
}

impl Way {
    /// The way of the connected gateway.
    pub(in crate::commands) fn of(connection: &Connection) -> Self {
        if connection.capabilities(false).exact_resolve { Self::Exact } else { Self::Prefix }
    }
}

/// The outcome of sending a denial. `dedupe`, `guard` and `run cancel` map each [`Reply`] in this way.
///
/// | reply | outcome |
/// | --- | --- |
/// | taken | answered: denied |
/// | decided before, by an allowance | answered: allowed |
/// | decided before otherwise, or the id is unknown | answered: already gone |
/// | not taken; or an error that is not retryable | answered: refused |
/// | busy | answered: unavailable |
/// | no answer, and the connection is lost | lost |
/// | no answer otherwise | unanswered |
#[derive(Debug)]
pub(in crate::commands) enum Denial {
    /// The gateway answered.
    Answered(Answer),
    /// No answer arrived, so the prompt may be denied or not.
    Unanswered(GatewayError),
    /// No answer arrived, and the connection is lost: no other call will be answered either.
    Lost(GatewayError),
}

impl From<Reply> for Denial {
    fn from(reply: Reply) -> Self {
        Self::Answered(match reply {
            Reply::Taken { .. } => Answer::Denied,
            Reply::Before(settled) => match settled.and_then(|settled| settled.allowed()) {
                Some(decision) => Answer::Allowed(decision),
                None => Answer::AlreadyGone,
            },
            Reply::NotTaken(words) => Answer::Refused(words.into()),
            Reply::Busy(wait) => Answer::Unavailable(Some(millis(wait))),
            Reply::Failed(error @ GatewayError::Failed { .. }) => Answer::Refused(error.to_string().into()),
            Reply::Failed(error) if is_lost(&error) => return Self::Lost(error),
            Reply::Failed(error) => return Self::Unanswered(error),
        })
    }
}

/// Whether an error means that no answer will arrive. A call that ran into the deadline does not count: the state
/// machine knows the deadline.
pub(in crate::commands) fn is_lost(error: &GatewayError) -> bool {
    matches!(
        error.root(),
        GatewayError::Closed { .. } | GatewayError::Silent(_) | GatewayError::Violation { .. }
    )
}

fn millis(wait: Duration) -> u64 {
    u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)
}

/// Sends a decision. Returns also when it was written, if known.
pub(in crate::commands) async fn decide(
    session: &Session,
    way: Way,
    key: &Key,
    decision: Decision,
    deadline: Deadline,
) -> (Option<Instant>, Reply) {
    decide_until(session, way, key, decision, None, deadline).await
}

/// As [`decide`]. `days`: the limit for the standing grant that an allowance of a cron job's prompt mints.
pub(in crate::commands) async fn decide_until(
    session: &Session,
    way: Way,
    key: &Key,
    decision: Decision,
    days: Option<u16>,
    deadline: Deadline,
) -> (Option<Instant>, Reply) {
    let resolve = ResolvePrompt::of(key, decision, way == Way::Exact).expiring_in(days);
    match session.timed_call(&resolve, deadline).await {
        Ok((written, payload)) => (written, Reply::of(key, decision, Ok(payload))),
        Err(error) => (None, Reply::of(key, decision, Err(error))),
    }
}

/// Whether a prompt is pending. `exec.approval.get` does not know decided prompts, and answers with another prompt if
/// its id starts with this one (measured on 2026.4.14 and 2026.9.6); for the other kinds, and if the answer does not
/// decide it, the list of the kind decides: it has only pending prompts.
///
/// # Errors
/// The connection is lost. After any other failure it is unknown whether the prompt is pending.
pub(in crate::commands) async fn check(
    session: &Session,
    key: &Key,
    deadline: Deadline,
) -> Result<Found, GatewayError> {
    match find(session, key, deadline).await {
        Err(error) if is_lost(&error) => Err(error),
        Err(error) => Ok(match error.retry_after() {
            Some(wait) => Found::Unavailable(Some(millis(wait))),
            None => Found::Unknown,
        }),
        found => found,
    }
}

async fn find(session: &Session, key: &Key, deadline: Deadline) -> Result<Found, GatewayError> {
    if key.kind == Kind::Exec {
        match session.call(&GetCommand { id: &key.id }, deadline).await {
            Ok(answer) => {
                return Ok(match answer.as_deref().and_then(prompts::id) {
                    Some(id) if id == *key.id => Found::Pending,
                    Some(_) => Found::Gone,
                    None => Found::Unknown,
                });
            }
            Err(error) if prompts::is_gone(&error) => return Ok(Found::Gone),
            // Several ids start with this one, and the prompt itself is not pending.
            Err(GatewayError::Failed { failure, .. }) if failure.code == "INVALID_REQUEST" => {}
            Err(error) => return Err(error),
        }
    }
    let answer = session.call(&ListPrompts::of(key.kind), deadline).await?;
    let Some(ids) = answer.as_deref().and_then(ListPrompts::ids) else { return Ok(Found::Unknown) };
    Ok(if ids.iter().any(|id| *id == *key.id) { Found::Pending } else { Found::Gone })
}

/// The known pending prompts of a gateway that matches ids by their start.
#[derive(Debug)]
pub(in crate::commands) struct Known {
    names: Names,
    /// The kinds that were listed.
    kinds: Vec<Kind>,
    /// A time before the request of the listing.
    at: Instant,
}

/// Whether a decision on a prompt may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::commands) enum Sending {
    /// The decision may be sent.
    Now,
    /// The last listing is too old: list again first.
    Stale,
    /// The prompt is not pending.
    Gone,
    /// The decision must not be sent, for this reason.
    Never(SkipReason),
}

impl Known {
    /// From a listing that was requested at `at`.
    pub(in crate::commands) fn of<'k>(
        keys: impl IntoIterator<Item = &'k Key>,
        kinds: Vec<Kind>,
        at: Instant,
    ) -> Self {
        Self { names: keys.into_iter().collect(), kinds, at }
    }

    /// The kinds that were listed.
    pub(in crate::commands) fn kinds(&self) -> &[Kind] {
        &self.kinds
    }

    /// Adds a prompt that arrived.
    pub(in crate::commands) fn came(&mut self, key: &Key) {
        self.names.insert(key);
    }

    /// Removes a prompt that is gone.
    pub(in crate::commands) fn went(&mut self, key: &Key) {
        self.names.remove(key);
    }

    /// Whether a decision may be sent, if every arriving and resolved prompt is reported here.
    pub(in crate::commands) fn sending(&self, key: &Key) -> Sending {
        match self.names.check(key) {
            Ok(()) => Sending::Now,
            Err(Unsendable::NotPending) => Sending::Gone,
            Err(Unsendable::Begins(_) | Unsendable::Trimmed) => Sending::Never(SkipReason::AmbiguousId),
        }
    }

    /// Whether a decision may be sent, if only the listing is known.
    pub(in crate::commands) fn sending_by_listing(&self, key: &Key) -> Sending {
        let old = self.at.elapsed() > Duration::from_millis(KNOWN_MS);
        if old { Sending::Stale } else { self.sending(key) }
    }
}

/// Requests the keys of everything that is pending.
pub(in crate::commands) async fn names(
    session: &Session,
    kinds: &[Kind],
    deadline: Deadline,
) -> Result<(Vec<Key>, Instant), GatewayError> {
    let at = Instant::now();
    let calls: Vec<ListPrompts> = kinds.iter().map(|kind| ListPrompts::of(*kind)).collect();
    let answers = join_all(calls.iter().map(|call| session.call(call, deadline))).await;
    let mut keys = Vec::new();
    for ((kind, call), answer) in kinds.iter().zip(&calls).zip(answers) {
        let answer = answer?;
        let ids = answer.as_deref().and_then(ListPrompts::ids).ok_or_else(|| {
            GatewayError::NotAGateway(format!("{} did not answer with a list", call.method()))
        })?;
        keys.extend(ids.iter().map(|id| Key::new(*kind, &**id)));
    }
    Ok((keys, at))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;
    use crate::gateway::error::{Step, Violation};

    /// Every row of the table of [`Denial`].
    #[test]
    fn every_reply_to_a_denial_has_one_outcome() {
        let outcome = |reply: Reply| match Denial::from(reply) {
            Denial::Answered(answer) => format!("{answer:?}"),
            Denial::Unanswered(error) => format!("unanswered: {error}"),
            Denial::Lost(error) => format!("lost: {error}"),
        };
        let before = |status: &str, decision: Option<&str>| {
            let approval = json!({ "id": "abc", "status": status, "decision": decision });
            let raw = serde_json::value::to_raw_value(&json!({ "applied": false, "approval": approval }));
            Reply::of(&Key::new(Kind::Exec, "abc"), Decision::Deny, Ok(Some(raw.unwrap())))
        };
        let failed = |error: GatewayError| Reply::Failed(error);
        let failure = serde_json::from_value(json!({ "code": "FORBIDDEN", "message": "no" })).unwrap();
        let closed = || GatewayError::Closed { step: Step::Idle, code: None, reason: String::new() };
        let slow = || GatewayError::TimedOut { step: Step::Idle, timeout: Duration::from_secs(1) };
        let uncertain = |cause| GatewayError::Uncertain { method: "m".to_owned(), cause: Arc::new(cause) };
        for (reply, expected) in [
            (Reply::Taken { confirmed: false }, "Denied"),
            (Reply::Taken { confirmed: true }, "Denied"),
            (before("denied", Some("deny")), "AlreadyGone"),
            (before("expired", None), "AlreadyGone"),
            (Reply::Before(None), "AlreadyGone"),
            (before("allowed", None), "Allowed(AllowOnce)"),
            (before("allowed", Some("allow-once")), "Allowed(AllowOnce)"),
            (before("allowed", Some("allow-always")), "Allowed(AllowAlways)"),
            (Reply::NotTaken("no".to_owned()), "Refused(\"no\")"),
            (Reply::Busy(Duration::from_millis(7)), "Unavailable(Some(7))"),
            (
                failed(GatewayError::Failed { method: "m".to_owned(), failure }),
                "Refused(\"the gateway refused m: no\")",
            ),
            (
                failed(uncertain(closed())),
                "lost: m was sent and not answered, so it may have been executed: the connection ended between calls",
            ),
            (
                failed(uncertain(slow())),
                "unanswered: m was sent and not answered, so it may have been executed: no answer within 1s: timed out between calls",
            ),
        ] {
            assert_eq!(outcome(reply), expected);
        }
        for error in [
            GatewayError::Silent(Duration::from_secs(1)),
            GatewayError::Violation { violation: Violation::UnknownAnswer, step: Step::Idle },
        ] {
            assert!(matches!(Denial::from(failed(error)), Denial::Lost(_)));
        }
    }

    #[test]
    fn what_was_listed_long_ago_is_listed_again_first() {
        let (abc, other) = (Key::new(Kind::Exec, "abc"), Key::new(Kind::Exec, "abcdef"));
        let long_ago = Instant::now().checked_sub(Duration::from_millis(KNOWN_MS + 1)).unwrap();
        let known = Known::of([&abc], vec![Kind::Exec], long_ago);
        assert_eq!((known.sending_by_listing(&abc), known.sending(&abc)), (Sending::Stale, Sending::Now));
        let mut known = Known::of([&abc], vec![Kind::Exec], Instant::now());
        assert_eq!(known.sending_by_listing(&abc), Sending::Now);
        known.came(&other);
        assert_eq!(known.sending_by_listing(&abc), Sending::Never(SkipReason::AmbiguousId));
        known.went(&other);
        known.went(&abc);
        assert_eq!(known.sending_by_listing(&abc), Sending::Gone);
    }
}
