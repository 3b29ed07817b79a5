//! `exec.approval.*`, `plugin.approval.*`, `openclaw.approval.*` and `approval.*`: pending prompts, and deciding them.
//!
//! Current gateways have `approval.resolve`, which takes exactly the id that is sent; it needs the prompt's kind, and a
//! wrong one denies (measured on 2026.9.6 for exec and plugin prompts). Others have `exec.approval.resolve` and
//! `plugin.approval.resolve` alone, which match ids by their beginning: there each id is checked against what is
//! pending before it is sent ([`crate::queue::names`]).

use std::borrow::Cow;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::{Call, Effect, Method};
use crate::gateway::error::GatewayError;
use crate::queue::{Decision, Key, Kind};

/// The list of pending prompts of a kind. Its rows are read in `queue::read`.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct ListPrompts {
    #[serde(skip)]
    kind: Kind,
}

impl ListPrompts {
    /// The list of the prompts of this kind.
    pub fn of(kind: Kind) -> Self {
        Self { kind }
    }

    /// Reads the ids of the rows. A row without an id does not hide other rows. `None`: the payload is not a list.
    pub fn ids(payload: &RawValue) -> Option<Vec<Cow<'_, str>>> {
        let rows: Vec<&RawValue> = serde_json::from_str(payload.get()).ok()?;
        Some(rows.into_iter().filter_map(id).collect())
    }
}

impl Call for ListPrompts {
    type Answer = Box<RawValue>;

    fn method(&self) -> Method {
        Method::list(self.kind)
    }
}

/// The id of a prompt in the payload of an event, or in a row.
pub fn id(payload: &RawValue) -> Option<Cow<'_, str>> {
    #[derive(Deserialize)]
    struct Row<'r> {
        #[serde(borrow)]
        id: Cow<'r, str>,
    }
    serde_json::from_str::<Row<'_>>(payload.get()).ok().map(|row| row.id)
}

/// `exec.approval.get`: one pending command. It matches ids by their beginning, so the answer may be of another one
/// (measured on 2026.4.14 and 2026.9.6); it does not find decided prompts.
#[derive(Debug, Serialize)]
pub struct GetCommand<'a> {
    /// The id, or its beginning.
    pub id: &'a str,
}

impl Call for GetCommand<'_> {
    /// Read with [`id`].
    type Answer = Box<RawValue>;

    fn method(&self) -> Method {
        Method::ExecApprovalGet
    }
}

/// `approval.get`: a prompt of any kind, pending or decided, by its exact id. Current gateways know an id for a month.
#[derive(Debug, Serialize)]
pub struct GetPrompt<'a> {
    /// The id.
    pub id: &'a str,
}

impl GetPrompt<'_> {
    /// How the prompt was decided. `None`: it is not known to be decided, or the answer is of another prompt.
    pub fn settled(&self, payload: &RawValue) -> Option<Settled> {
        let answer: Value = serde_json::from_str(payload.get()).ok()?;
        let approval = answer.get("approval").filter(|approval| approval["id"] == self.id)?;
        Settled::of(approval).filter(|settled| !settled.is_pending())
    }
}

impl Call for GetPrompt<'_> {
    /// Read with [`GetPrompt::settled`].
    type Answer = Box<RawValue>;

    fn method(&self) -> Method {
        Method::ApprovalGet
    }
}

/// The decision of a prompt. The answer is read with [`Reply::of`].
#[derive(Debug, Serialize)]
pub struct ResolvePrompt<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    decision: &'static str,
    #[serde(rename = "grantExpiresInDays", skip_serializing_if = "Option::is_none")]
    expires_in_days: Option<u16>,
    #[serde(skip)]
    method: Method,
}

impl<'a> ResolvePrompt<'a> {
    /// `exact`: whether the gateway has `approval.resolve`. Prompts of the gateway's own agent have no other method.
    pub fn of(key: &'a Key, decision: Decision, exact: bool) -> Self {
        let method = match key.kind {
            Kind::Exec if !exact => Method::ExecApprovalResolve,
            Kind::Plugin if !exact => Method::PluginApprovalResolve,
            Kind::Exec | Kind::Plugin | Kind::System => Method::ApprovalResolve,
        };
        let kind = (method == Method::ApprovalResolve).then(|| key.kind.as_str());
        Self { id: &key.id, kind, decision: decision.as_str(), expires_in_days: None, method }
    }

    /// The same decision, with a limit for the standing grant that it mints. Gateways with `approval.resolve` know it.
    pub fn expiring_in(self, days: Option<u16>) -> Self {
        Self { expires_in_days: days, ..self }
    }
}

impl Call for ResolvePrompt<'_> {
    type Answer = Box<RawValue>;

    fn method(&self) -> Method {
        self.method
    }

    const EFFECT: Effect = Effect::Write;
}

/// How a prompt was decided, as far as the gateway reports it. Current gateways do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    status: String,
    decision: Option<String>,
}

impl Settled {
    /// Reads an `approval` in an answer. `None`: it has neither a status nor a decision.
    fn of(approval: &Value) -> Option<Self> {
        let text = |field: &str| approval.get(field).and_then(Value::as_str).map(str::to_owned);
        let (status, decision) = (text("status"), text("decision"));
        (status.is_some() || decision.is_some())
            .then(|| Self { status: status.unwrap_or_default(), decision })
    }

    /// Whether this was the decision.
    pub fn is(&self, decision: Decision) -> bool {
        match (&self.decision, decision) {
            (Some(decided), _) => decided == decision.as_str(),
            (None, Decision::Deny) => self.status == "denied",
            (None, Decision::AllowOnce | Decision::AllowAlways) => self.status == "allowed",
        }
    }

    /// Whether the prompt is still pending.
    fn is_pending(&self) -> bool {
        self.decision.is_none() && self.status == "pending"
    }

    /// The decision, or the outcome without one: `expired`, `cancelled`.
    pub fn words(self) -> String {
        self.decision.unwrap_or(self.status)
    }

    /// The decision, if it allowed the prompt.
    pub fn allowed(&self) -> Option<Decision> {
        let word = self.decision.as_deref().or((self.status == "allowed").then_some("allow-once"))?;
        Decision::named(word).filter(|decision| *decision != Decision::Deny)
    }
}

/// The gateway's reaction to a decision.
///
/// | answer | reading |
/// | --- | --- |
/// | ok; `applied: true`, and no different decision | taken |
/// | ok without content | taken; the next listing confirms it |
/// | `applied: false` | decided before, with the decision if the answer has it |
/// | `APPROVAL_NOT_FOUND`, `APPROVAL_ALREADY_RESOLVED` | decided before |
/// | another decision than the one sent | not taken |
/// | another prompt's id, `ok: false`, `applied: false` of a pending one | not taken |
/// | `UNAVAILABLE` and retryable | busy |
/// | any other error, or no answer | failed |
#[derive(Debug)]
pub enum Reply {
    /// The gateway applied the decision.
    Taken {
        /// Whether the content of the answer confirms it.
        confirmed: bool,
    },
    /// The prompt was decided, or had expired, before. Contains the outcome, if it is known.
    Before(Option<Settled>),
    /// The gateway did not apply the decision, for this reason.
    NotTaken(String),
    /// The decision may be sent again after this time.
    Busy(Duration),
    /// The gateway refused the decision, or did not answer.
    Failed(GatewayError),
}

impl Reply {
    /// Reads the result of sending a decision on this prompt.
    pub fn of(key: &Key, decision: Decision, result: Result<Option<Box<RawValue>>, GatewayError>) -> Self {
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
        let flag = |field: &str| answer.get(field).and_then(Value::as_bool);
        let decided = answer.get("decision").and_then(Value::as_str).map(str::to_owned);
        let decided = decided.map(|decided| Settled { status: String::new(), decision: Some(decided) });
        let settled = Settled::of(approval).or(decided);
        let pending = settled.as_ref().is_some_and(Settled::is_pending);
        match (flag("applied"), flag("ok"), settled) {
            (Some(false), ..) if pending => Self::NotTaken(
                "the gateway did not apply the decision and reports the prompt as pending".to_owned(),
            ),
            (Some(false), _, settled) => Self::Before(settled),
            (_, Some(false), _) => {
                Self::NotTaken("the gateway reported that it did not decide the prompt".to_owned())
            }
            (_, _, Some(settled)) if !settled.is(decision) => {
                Self::NotTaken(format!("the gateway recorded `{}` instead", settled.words()))
            }
            (applied, ok, settled) => {
                Self::Taken { confirmed: applied.is_some() || ok.is_some() || settled.is_some() }
            }
        }
    }
}

/// Whether a code means that a prompt is no longer pending.
fn is_decided(code: Option<&str>) -> bool {
    matches!(code, Some("APPROVAL_NOT_FOUND" | "APPROVAL_ALREADY_RESOLVED"))
}

/// Whether an error means that a prompt is no longer pending.
pub fn is_gone(error: &GatewayError) -> bool {
    matches!(error, GatewayError::Failed { failure, .. } if is_decided(failure.detail_code()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn key() -> Key {
        Key::new(Kind::Exec, "abc")
    }

    fn settled(applied: bool, status: &str, decision: Option<&str>) -> Value {
        json!({ "applied": applied, "approval": { "id": "abc", "status": status, "decision": decision } })
    }

    /// A reply as text, with the decision if it is known.
    fn word(reply: Reply) -> String {
        match reply {
            Reply::Taken { confirmed } => format!("taken, confirmed: {confirmed}"),
            Reply::Before(settled) => {
                format!("before: {}", settled.map_or_else(|| "unknown".to_owned(), Settled::words))
            }
            Reply::NotTaken(words) => words,
            Reply::Busy(wait) => format!("busy: {wait:?}"),
            Reply::Failed(error) => error.to_string(),
        }
    }

    /// Every row of the table of [`Reply`], in each of its forms.
    #[test]
    fn every_answer_has_one_reading() {
        let other = "the gateway answered for another prompt: abcdef";
        let denied: [(Option<Value>, &str); 18] = [
            (None, "taken, confirmed: false"),
            (Some(json!(null)), "taken, confirmed: false"),
            (Some(json!({ "ok": true })), "taken, confirmed: true"),
            (Some(json!({ "ok": true, "decision": "deny" })), "taken, confirmed: true"),
            (Some(settled(true, "denied", Some("deny"))), "taken, confirmed: true"),
            (Some(settled(true, "denied", None)), "taken, confirmed: true"),
            (Some(settled(false, "denied", Some("deny"))), "before: deny"),
            (Some(settled(false, "expired", None)), "before: expired"),
            (Some(settled(false, "allowed", None)), "before: allowed"),
            (Some(settled(false, "allowed", Some("allow-always"))), "before: allow-always"),
            (Some(json!({ "applied": false })), "before: unknown"),
            (
                Some(settled(false, "pending", None)),
                "the gateway did not apply the decision and reports the prompt as pending",
            ),
            (Some(settled(true, "pending", None)), "the gateway recorded `pending` instead"),
            (Some(settled(true, "allowed", Some("allow-once"))), "the gateway recorded `allow-once` instead"),
            (
                Some(json!({ "ok": true, "decision": "allow-once" })),
                "the gateway recorded `allow-once` instead",
            ),
            (Some(json!({ "ok": false })), "the gateway reported that it did not decide the prompt"),
            (Some(json!({ "ok": true, "id": "abcdef" })), other),
            (Some(json!({ "applied": true, "approval": { "id": "abcdef", "status": "denied" } })), other),
        ];
        for (answer, expected) in denied {
            let payload = answer.as_ref().map(|answer| serde_json::value::to_raw_value(answer).unwrap());
            assert_eq!(word(Reply::of(&key(), Decision::Deny, Ok(payload))), expected, "{answer:?}");
        }
        let failed = [
            (
                json!({ "code": "INVALID_REQUEST", "details": { "reason": "APPROVAL_NOT_FOUND" } }),
                "before: unknown",
            ),
            (
                json!({ "code": "INVALID_REQUEST", "details": { "code": "APPROVAL_ALREADY_RESOLVED", "decision": "allow-once" } }),
                "before: allow-once",
            ),
            (json!({ "code": "UNAVAILABLE", "retryable": true, "retryAfterMs": 7 }), "busy: 7ms"),
            (json!({ "code": "FORBIDDEN", "message": "no" }), "the gateway refused approval.resolve: no"),
        ];
        for (failure, expected) in failed {
            let failure = serde_json::from_value(failure).unwrap();
            let error = GatewayError::Failed { method: "approval.resolve".to_owned(), failure };
            assert_eq!(word(Reply::of(&key(), Decision::Deny, Err(error))), expected);
        }
        let silent = GatewayError::Silent(Duration::from_secs(1));
        assert!(matches!(Reply::of(&key(), Decision::Deny, Err(silent)), Reply::Failed(_)));
    }

    #[test]
    fn a_decision_that_the_prompt_does_not_offer_is_not_taken() {
        let recorded = serde_json::value::to_raw_value(&settled(true, "denied", Some("deny"))).unwrap();
        let reply = Reply::of(&key(), Decision::AllowAlways, Ok(Some(recorded)));
        assert_eq!(word(reply), "the gateway recorded `deny` instead");
    }

    #[test]
    fn an_allowance_is_known_by_its_decision_or_its_status() {
        let allowed = |status: &str, decision: Option<&str>| {
            Settled { status: status.to_owned(), decision: decision.map(str::to_owned) }.allowed()
        };
        assert_eq!(allowed("allowed", Some("allow-always")), Some(Decision::AllowAlways));
        assert_eq!(allowed("allowed", None), Some(Decision::AllowOnce));
        assert_eq!(allowed("denied", Some("deny")), None);
        assert_eq!(allowed("expired", None), None);
    }

    #[test]
    fn the_exact_method_receives_the_kind() {
        let call = |exact: bool, kind: Kind| {
            let key = Key::new(kind, "abc");
            let resolve = ResolvePrompt::of(&key, Decision::Deny, exact);
            (resolve.method(), serde_json::to_value(&resolve).unwrap())
        };
        for (kind, word) in [(Kind::Exec, "exec"), (Kind::Plugin, "plugin"), (Kind::System, "system-agent")] {
            let params = json!({ "id": "abc", "kind": word, "decision": "deny" });
            assert_eq!(call(true, kind), (Method::ApprovalResolve, params));
        }
        let params = json!({ "id": "abc", "decision": "deny" });
        assert_eq!(call(false, Kind::Exec), (Method::ExecApprovalResolve, params.clone()));
        assert_eq!(call(false, Kind::Plugin), (Method::PluginApprovalResolve, params));
        assert_eq!(call(false, Kind::System).0, Method::ApprovalResolve);
        let key = Key::new(Kind::Exec, "abc");
        let expiring = ResolvePrompt::of(&key, Decision::AllowAlways, true).expiring_in(Some(30));
        assert_eq!(serde_json::to_value(&expiring).unwrap()["grantExpiresInDays"], 30);
    }

    #[test]
    fn only_the_prompt_that_was_asked_for_is_settled() {
        let get = GetPrompt { id: "abc" };
        let read = |answer: Value| get.settled(&serde_json::value::to_raw_value(&answer).unwrap());
        let approval = |id: &str, status: &str| json!({ "approval": { "id": id, "status": status } });
        assert!(read(approval("abc", "denied")).unwrap().is(Decision::Deny));
        for other in [approval("abcdef", "denied"), approval("abc", "pending"), json!({}), json!(null)] {
            assert_eq!(read(other), None);
        }
    }
}
