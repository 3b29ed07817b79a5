//! `sessions.list`, `sessions.abort`, `chat.abort` and `chat.history`: listing and aborting the runs of agents.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::{Call, Effect, Method};

/// `sessions.list`.
#[derive(Debug, Serialize)]
pub struct ListSessions {}

impl Call for ListSessions {
    /// Read with [`Sessions::read`].
    type Answer = Box<RawValue>;

    fn method(&self) -> Method {
        Method::SessionsList
    }
}

/// The answer of `sessions.list`. The runs in its rows are read in `queue::runs`.
#[derive(Debug)]
pub struct Sessions {
    /// The whole answer.
    pub payload: Value,
    /// The gateway's time when it created the list, in Unix milliseconds. Some releases do not send it.
    pub at_ms: Option<u64>,
    /// Whether the gateway has more sessions than it listed.
    pub has_more: bool,
}

impl Sessions {
    /// Reads the payload. `None`: it is not a list of sessions.
    pub fn read(payload: &RawValue) -> Option<Self> {
        let payload: Value = serde_json::from_str(payload.get()).ok()?;
        payload.get("sessions").filter(|rows| rows.is_array())?;
        let at_ms = payload.get("ts").and_then(Value::as_u64);
        let has_more = payload.get("hasMore").and_then(Value::as_bool).unwrap_or_default();
        Some(Self { payload, at_ms, has_more })
    }

    /// The keys of the listed sessions.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        let rows = self.payload.get("sessions").and_then(Value::as_array).into_iter().flatten();
        rows.filter_map(|row| row.get("key")?.as_str())
    }
}

/// `chat.history`, of which only the id of the active run is read. Gateways send it since 2026.5.28 or later.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetRunInFlight<'a> {
    session_key: &'a str,
    limit: u8,
}

impl<'a> GetRunInFlight<'a> {
    /// The history of a session, with the smallest limit that a gateway accepts.
    pub fn of(session_key: &'a str) -> Self {
        Self { session_key, limit: 1 }
    }

    /// The id of the active run. `None`: no run is active, or the gateway does not name it.
    pub fn read(payload: &RawValue) -> Option<String> {
        let answer: Value = serde_json::from_str(payload.get()).ok()?;
        answer.pointer("/inFlightRun/runId")?.as_str().map(str::to_owned)
    }
}

impl Call for GetRunInFlight<'_> {
    /// Read with [`GetRunInFlight::read`].
    type Answer = Box<RawValue>;

    fn method(&self) -> Method {
        Method::ChatHistory
    }
}

/// `chat.abort` and `sessions.abort`: aborts the runs of a session, one of them, or a run by its id alone.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AbortRuns<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    session_key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    run_id: Option<&'a str>,
}

impl<'a> AbortRuns<'a> {
    /// Aborts the runs of a session, or one of them.
    pub fn in_session(session_key: &'a str, run_id: Option<&'a str>) -> Self {
        Self { session_key: Some(session_key), run_id }
    }

    /// Aborts a run by its id alone, which only current gateways accept.
    pub fn of_run(run_id: &'a str) -> Self {
        Self { session_key: None, run_id: Some(run_id) }
    }
}

impl Call for AbortRuns<'_> {
    type Answer = Aborted;

    fn method(&self) -> Method {
        if self.session_key.is_some() { Method::ChatAbort } else { Method::SessionsAbort }
    }

    const EFFECT: Effect = Effect::Write;
}

/// The answer of an abort.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Aborted {
    /// The runs in an answer of `chat.abort`.
    run_ids: Vec<String>,
    /// The run in an answer of `sessions.abort`.
    aborted_run_id: Option<String>,
}

impl Aborted {
    /// The runs that were aborted.
    pub fn runs(self) -> Vec<String> {
        self.run_ids.into_iter().chain(self.aborted_run_id).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_abort_names_the_session_where_it_is_known() {
        for (abort, method, params) in [
            (AbortRuns::in_session("s", None), Method::ChatAbort, json!({"sessionKey": "s"})),
            (
                AbortRuns::in_session("s", Some("r")),
                Method::ChatAbort,
                json!({"sessionKey": "s", "runId": "r"}),
            ),
            (AbortRuns::of_run("r"), Method::SessionsAbort, json!({"runId": "r"})),
        ] {
            assert_eq!((abort.method(), serde_json::to_value(&abort).unwrap()), (method, params));
        }
        let aborted = |answer| serde_json::from_value::<Aborted>(answer).unwrap().runs();
        assert_eq!(aborted(json!({"ok": true, "aborted": true, "runIds": ["a", "b"]})), ["a", "b"]);
        assert_eq!(aborted(json!({"ok": true, "abortedRunId": "a", "status": "aborted"})), ["a"]);
        assert!(aborted(json!({"ok": true, "abortedRunId": null, "status": "no-active-run"})).is_empty());
    }

    #[test]
    fn a_list_of_sessions_is_read_and_nothing_else() {
        let read = |value: Value| Sessions::read(&serde_json::value::to_raw_value(&value).unwrap());
        let sessions = read(json!({"ts": 7, "sessions": [{"key": "a"}, {}], "hasMore": true})).unwrap();
        assert_eq!(
            (sessions.at_ms, sessions.has_more, sessions.keys().collect()),
            (Some(7), true, vec!["a"])
        );
        for other in [json!(null), json!([]), json!({"sessions": {}}), json!({"ts": 7})] {
            assert!(read(other).is_none());
        }
    }
}
