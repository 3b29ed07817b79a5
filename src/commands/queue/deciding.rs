//! Sending a decision to a gateway, and reading what it answers: `dedupe`, `guard`, `resolve` and `run cancel` share
//! this one reading.
//!
//! Current gateways have `approval.resolve`, which takes exactly the id that is sent; it needs the prompt's kind, and a
//! wrong one denies (measured on 2026.9.6 for exec and plugin prompts). Others have `exec.approval.resolve` and
//! `plugin.approval.resolve` alone, which match ids by their beginning: there each id is checked against what is
//! pending before it is sent ([`crate::queue::names`]).

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::commands::gateway::Connection;
use crate::deadline::Deadline;
use crate::gateway::Session;
use crate::gateway::error::GatewayError;
use crate::queue::names::{KNOWN_MS, Names, Unsendable};
use crate::queue::purge::{Answer, Found};
use crate::queue::report::SkipReason;
use crate::queue::{Decision, Key, Kind};

/// The method that takes an id exactly.
const EXACT: &str = "approval.resolve";

/// How a gateway takes decisions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::commands) enum Way {
    /// By the exact id.
    Exact,
    /// By the beginning of an id.
    Prefix,
}

impl Way {
    /// Of the gateway at the other end.
    pub(in crate::commands) fn of(connection: &Connection) -> Self {
        if connection.has(EXACT) { Self::Exact } else { Self::Prefix }
    }

    /// The call that decides a prompt.
    fn call(self, key: &Key, decision: Decision) -> (String, Value) {
        let (id, kind, decision) = (&*key.id, key.kind.as_str(), decision.as_str());
        match (self, key.kind) {
            (Self::Exact, _) | (Self::Prefix, Kind::System) => {
                (EXACT.to_owned(), json!({ "id": id, "kind": kind, "decision": decision }))
            }
            (Self::Prefix, Kind::Exec | Kind::Plugin) => {
                (method(key.kind, "resolve"), json!({ "id": id, "decision": decision }))
            }
        }
    }
}

/// A method of the kind's own family.
pub(in crate::commands) fn method(kind: Kind, verb: &str) -> String {
    format!("{}.{verb}", kind.prefix())
}

/// How a prompt was decided, as far as a gateway says: current ones do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::commands) struct Settled {
    status: String,
    decision: Option<String>,
}

impl Settled {
    /// Of an `approval` in an answer. `None`: it says nothing of a decision.
    pub(in crate::commands) fn of(approval: &Value) -> Option<Self> {
        let text = |field: &str| approval.get(field).and_then(Value::as_str).map(str::to_owned);
        let (status, decision) = (text("status"), text("decision"));
        (status.is_some() || decision.is_some())
            .then(|| Self { status: status.unwrap_or_default(), decision })
    }

    /// Whether it was decided so.
    pub(in crate::commands) fn is(&self, decision: Decision) -> bool {
        match (&self.decision, decision) {
            (Some(decided), _) => decided == decision.as_str(),
            (None, Decision::Deny) => self.status == "denied",
            (None, Decision::AllowOnce | Decision::AllowAlways) => self.status == "allowed",
        }
    }

    /// Whether it is not decided at all.
    pub(in crate::commands) fn is_pending(&self) -> bool {
        self.decision.is_none() && self.status == "pending"
    }

    /// The decision, or what became of it without one: `expired`, `cancelled`.
    pub(in crate::commands) fn words(self) -> String {
        self.decision.unwrap_or(self.status)
    }

    fn allowance(&self) -> Option<Decision> {
        let word = self.decision.as_deref().or((self.status == "allowed").then_some("allow-once"))?;
        Decision::named(word).filter(|decision| *decision != Decision::Deny)
    }
}

/// What a gateway makes of a decision.
///
/// | answer | reading |
/// | --- | --- |
/// | ok; `applied: true`, and no other decision in it | taken |
/// | ok with nothing in it | taken, as far as it says: the next listing shows |
/// | `applied: false` | decided before: how, where it says so |
/// | `APPROVAL_NOT_FOUND`, `APPROVAL_ALREADY_RESOLVED` | decided before |
/// | another decision than the one sent | not taken |
/// | another prompt's id, `ok: false`, `applied: false` of a pending one | not taken |
/// | `UNAVAILABLE` and retryable | busy |
#[derive(Debug)]
pub(in crate::commands) enum Reply {
    /// It took the decision. `said`: its answer has content that says so.
    Taken { said: bool },
    /// The prompt was decided, or had expired, before: how, where that is known.
    Before(Option<Settled>),
    /// It did not take the decision, in these words.
    NotTaken(String),
    /// It may be sent again after this time.
    Busy(Duration),
    /// It refused, or there is no answer.
    Failed(GatewayError),
}

impl Reply {
    fn of(key: &Key, decision: Decision, result: Result<Option<Box<RawValue>>, GatewayError>) -> Self {
        match result {
            Ok(payload) => Self::answered(key, decision, payload.as_deref()),
            Err(GatewayError::Failed { failure, method }) => match failure.retry_after() {
                Some(wait) => Self::Busy(wait),
                None if is_decided(failure.detail_code()) => Self::Before(Settled::of(&failure.details)),
                None => Self::Failed(GatewayError::Failed { failure, method }),
            },
            Err(error) => Self::Failed(error),
        }
    }

    fn answered(key: &Key, decision: Decision, payload: Option<&RawValue>) -> Self {
        let answer: Value =
            payload.and_then(|payload| serde_json::from_str(payload.get()).ok()).unwrap_or_default();
        let approval = answer.get("approval").unwrap_or(&Value::Null);
        let ids = [answer.get("id"), approval.get("id")];
        let mut ids = ids.into_iter().flatten().filter_map(Value::as_str);
        if let Some(other) = ids.find(|id| *id != &*key.id) {
            return Self::NotTaken(format!("the gateway answered for another prompt: {other}"));
        }
        let told = |field: &str| answer.get(field).and_then(Value::as_bool);
        let decided = answer.get("decision").and_then(Value::as_str).map(str::to_owned);
        let decided = decided.map(|decided| Settled { status: String::new(), decision: Some(decided) });
        let settled = Settled::of(approval).or(decided);
        let pending = settled.as_ref().is_some_and(Settled::is_pending);
        match (told("applied"), told("ok"), settled) {
            (Some(false), ..) if pending => {
                Self::NotTaken("the gateway did not apply it, and says that it is pending".to_owned())
            }
            (Some(false), _, settled) => Self::Before(settled),
            (_, Some(false), _) => Self::NotTaken("the gateway answered that it did not".to_owned()),
            (_, _, Some(settled)) if !settled.is(decision) => {
                Self::NotTaken(format!("the gateway recorded `{}` instead", settled.words()))
            }
            (applied, ok, settled) => {
                Self::Taken { said: applied.is_some() || ok.is_some() || settled.is_some() }
            }
        }
    }

    /// The answer to a denial, as the machines in `queue` take it. An error: there is none.
    pub(in crate::commands) fn of_denial(self) -> Result<Answer, GatewayError> {
        Ok(match self {
            Self::Taken { .. } => Answer::Denied,
            Self::Before(settled) => match settled.and_then(|settled| settled.allowance()) {
                Some(decision) => Answer::Allowed(decision),
                None => Answer::AlreadyGone,
            },
            Self::NotTaken(words) => Answer::Refused(words.into()),
            Self::Busy(wait) => {
                Answer::Unavailable(Some(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)))
            }
            Self::Failed(error @ GatewayError::Failed { .. }) => Answer::Refused(error.to_string().into()),
            Self::Failed(error) => return Err(error),
        })
    }
}

/// Sends a decision, and says when it had been written, where that is known.
pub(in crate::commands) async fn decide(
    session: &Session,
    way: Way,
    key: &Key,
    decision: Decision,
    deadline: Deadline,
) -> (Option<Instant>, Reply) {
    let (method, params) = way.call(key, decision);
    match session.timed_call(&method, &params, deadline).await {
        Ok((written, payload)) => (written, Reply::of(key, decision, Ok(payload))),
        Err(error) => (None, Reply::of(key, decision, Err(error))),
    }
}

/// Whether a code says that a prompt is not pending any more.
fn is_decided(code: Option<&str>) -> bool {
    matches!(code, Some("APPROVAL_NOT_FOUND" | "APPROVAL_ALREADY_RESOLVED"))
}

/// Whether a failure says so.
pub(in crate::commands) fn is_gone(error: &GatewayError) -> bool {
    matches!(error, GatewayError::Failed { failure, .. } if is_decided(failure.detail_code()))
}

/// Whether a prompt is pending. `exec.approval.get` knows none that is decided, and answers with another one whose id
/// begins so (measured on 2026.4.14 and 2026.9.6); for the other kinds, and where the answer does not settle it, it is
/// their list, which has nothing but what is pending.
pub(in crate::commands) async fn check(
    session: &Session,
    key: &Key,
    deadline: Deadline,
) -> Result<Found, GatewayError> {
    if key.kind == Kind::Exec {
        match session.call("exec.approval.get", &json!({ "id": &*key.id }), deadline).await {
            Ok(answer) => {
                let text = answer.as_deref().map_or("null", RawValue::get);
                return Ok(match serde_json::from_str::<Row<'_>>(text) {
                    Ok(row) if row.id == *key.id => Found::Pending,
                    Ok(_) => Found::Gone,
                    Err(_) => Found::Unknown,
                });
            }
            Err(error) if is_gone(&error) => return Ok(Found::Gone),
            // Several begin so, and this one is not there.
            Err(GatewayError::Failed { failure, .. }) if failure.code == "INVALID_REQUEST" => {}
            Err(error) => return Err(error),
        }
    }
    let answer = session.call(&method(key.kind, "list"), &json!({}), deadline).await?;
    let Some(rows) = rows(answer.as_deref()) else { return Ok(Found::Unknown) };
    Ok(if rows.contains(&key.id) { Found::Pending } else { Found::Gone })
}

/// The id in a payload, whatever else is in it.
#[derive(Deserialize)]
struct Row<'r> {
    #[serde(borrow)]
    id: std::borrow::Cow<'r, str>,
}

/// The ids of a listing.
struct Rows<'r>(Vec<Row<'r>>);

impl Rows<'_> {
    fn contains(&self, id: &str) -> bool {
        self.0.iter().any(|row| row.id == id)
    }
}

/// Reads the ids of a listing. A row without one hides no other.
fn rows(answer: Option<&RawValue>) -> Option<Rows<'_>> {
    let rows: Vec<&RawValue> = serde_json::from_str(answer?.get()).ok()?;
    Some(Rows(rows.into_iter().filter_map(|row| serde_json::from_str(row.get()).ok()).collect()))
}

/// What is known to be pending on a gateway that matches ids by their beginning.
#[derive(Debug)]
pub(in crate::commands) struct Known {
    names: Names,
    /// The kinds that were listed.
    kinds: Vec<Kind>,
    /// Before it was asked for.
    at: Instant,
}

/// Whether a decision on a prompt may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::commands) enum Sending {
    /// It may.
    Now,
    /// What is known is too old: list again first.
    Stale,
    /// The prompt is not pending.
    Gone,
    /// It may not, for this reason.
    Never(SkipReason),
}

impl Known {
    /// Of a listing that was asked for at `at`.
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

    /// A prompt came.
    pub(in crate::commands) fn came(&mut self, key: &Key) {
        self.names.insert(key);
    }

    /// A prompt is gone.
    pub(in crate::commands) fn went(&mut self, key: &Key) {
        self.names.remove(key);
    }

    /// Whether a decision may be sent, where every prompt that comes and goes is reported here.
    pub(in crate::commands) fn sending(&self, key: &Key) -> Sending {
        match self.names.check(key) {
            Ok(()) => Sending::Now,
            Err(Unsendable::NotPending) => Sending::Gone,
            Err(Unsendable::Begins(_) | Unsendable::Trimmed) => Sending::Never(SkipReason::AmbiguousId),
        }
    }

    /// The same, where a listing is all that is known.
    pub(in crate::commands) fn sending_by_listing(&self, key: &Key) -> Sending {
        let old = self.at.elapsed() > Duration::from_millis(KNOWN_MS);
        if old { Sending::Stale } else { self.sending(key) }
    }
}

/// Asks for the names of everything that is pending.
pub(in crate::commands) async fn names(
    session: &Session,
    kinds: &[Kind],
    deadline: Deadline,
) -> Result<(Vec<Key>, Instant), GatewayError> {
    let at = Instant::now();
    let nothing = json!({});
    let methods: Vec<String> = kinds.iter().map(|kind| method(*kind, "list")).collect();
    let answers = join_all(methods.iter().map(|method| session.call(method, &nothing, deadline))).await;
    let mut keys = Vec::new();
    for ((kind, method), answer) in kinds.iter().zip(&methods).zip(answers) {
        let answer = answer?;
        let rows = rows(answer.as_deref())
            .ok_or_else(|| GatewayError::NotAGateway(format!("{method} did not answer with a list")))?;
        keys.extend(rows.0.iter().map(|row| Key::new(*kind, &*row.id)));
    }
    Ok((keys, at))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(answer: &Value, decision: Decision) -> Reply {
        let raw = serde_json::value::to_raw_value(answer).unwrap();
        Reply::of(&Key::new(Kind::Exec, "abc"), decision, Ok(Some(raw)))
    }

    fn denial(answer: &Value) -> Answer {
        read(answer, Decision::Deny).of_denial().unwrap()
    }

    fn settled(applied: bool, status: &str, decision: Option<&str>) -> Value {
        json!({ "applied": applied, "approval": { "id": "abc", "status": status, "decision": decision } })
    }

    #[test]
    fn a_denial_is_what_the_answer_says_it_is() {
        assert_eq!(denial(&json!({ "ok": true })), Answer::Denied);
        assert_eq!(denial(&settled(true, "denied", Some("deny"))), Answer::Denied);
        assert_eq!(denial(&settled(true, "denied", None)), Answer::Denied);
        assert_eq!(denial(&settled(false, "denied", Some("deny"))), Answer::AlreadyGone);
        assert_eq!(denial(&settled(false, "expired", None)), Answer::AlreadyGone);
        assert_eq!(denial(&json!({ "applied": false })), Answer::AlreadyGone);
        for decision in ["allow-once", "allow-always"] {
            let allowed = Decision::named(decision).unwrap();
            assert_eq!(denial(&settled(false, "allowed", Some(decision))), Answer::Allowed(allowed));
        }
        assert_eq!(denial(&settled(false, "allowed", None)), Answer::Allowed(Decision::AllowOnce));
        for wrong in [
            settled(true, "allowed", Some("allow-once")),
            settled(true, "pending", None),
            settled(false, "pending", None),
            json!({ "ok": false }),
            json!({ "ok": true, "id": "abcdef" }),
            json!({ "applied": true, "approval": { "id": "abcdef", "status": "denied" } }),
            json!({ "ok": true, "decision": "allow-once" }),
        ] {
            assert!(matches!(denial(&wrong), Answer::Refused(_)), "{wrong}");
        }
    }

    #[test]
    fn an_answer_without_content_says_nothing() {
        let key = Key::new(Kind::Exec, "abc");
        for (payload, expected) in [(None, false), (Some("null"), false), (Some("{\"ok\":true}"), true)] {
            let payload = payload.map(|text| RawValue::from_string(text.to_owned()).unwrap());
            let reply = Reply::of(&key, Decision::AllowOnce, Ok(payload));
            assert!(matches!(reply, Reply::Taken { said } if said == expected), "{reply:?}");
        }
    }

    #[test]
    fn a_verdict_that_was_not_allowed_is_not_taken() {
        let recorded = settled(true, "denied", Some("deny"));
        let Reply::NotTaken(words) = read(&recorded, Decision::AllowAlways) else { panic!() };
        assert_eq!(words, "the gateway recorded `deny` instead");
    }

    #[test]
    fn the_exact_method_is_told_the_kind() {
        let call = |way: Way, kind: Kind| way.call(&Key::new(kind, "abc"), Decision::Deny);
        for (kind, word) in [(Kind::Exec, "exec"), (Kind::Plugin, "plugin"), (Kind::System, "system-agent")] {
            let params = json!({ "id": "abc", "kind": word, "decision": "deny" });
            assert_eq!(call(Way::Exact, kind), ("approval.resolve".to_owned(), params));
        }
        let (method, params) = call(Way::Prefix, Kind::Plugin);
        assert_eq!(
            (&*method, params),
            ("plugin.approval.resolve", json!({ "id": "abc", "decision": "deny" }))
        );
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
