//! The states of runs, from two sources: `sessions.list` and the lifecycle events of agents.
//!
//! Conservative: a run is over only if a gateway reported it after the prompt was created; otherwise it is unknown.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::prompt::Prompt;

/// The state of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RunState {
    /// It is active.
    Active,
    /// It is over.
    Ended,
    /// It is over, and another run of its session is active.
    Superseded,
    /// Unknown.
    Unknown,
}

impl RunState {
    /// The word of machine output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Ended => "ended",
            Self::Superseded => "superseded",
            Self::Unknown => "unknown",
        }
    }

    /// Whether it is known to be over.
    pub fn over(self) -> bool {
        matches!(self, Self::Ended | Self::Superseded)
    }
}

/// The last event of a run.
#[derive(Debug, Clone)]
struct LastEvent {
    active: bool,
    at_ms: u64,
    /// The event's number within its run.
    seq: Option<u64>,
    session: Option<Box<str>>,
}

/// The last listing of a session.
#[derive(Debug, Clone)]
struct Session {
    at_ms: u64,
    active: Active,
    /// The last run that the row names. Current generation.
    last_run: Option<Box<str>>,
}

/// The active runs of a session by its row.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Active {
    /// All active runs: `activeRunIds`, exact if it is present.
    Exactly(HashSet<Box<str>>),
    /// No run is active: `hasActiveRun` is `false`.
    None,
    /// Some runs are active: `hasActiveRun` is `true`, without ids.
    Some,
    /// Only `status`, legacy: the state of the session; no run is named.
    Status(RunState),
}

/// The known states of runs.
#[derive(Debug, Clone, Default)]
pub struct Runs {
    last_event: HashMap<Box<str>, LastEvent>,
    sessions: HashMap<Box<str>, Session>,
    /// The runs of each session that are active by their last event.
    live: HashMap<Box<str>, HashSet<Box<str>>>,
}

impl Runs {
    /// No known runs.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads an answer of `sessions.list`, or one page of it. `at_ms`: the time of the request, used if the answer has
    /// no `ts`. `false`: it is not such an answer.
    pub fn listed(&mut self, payload: &Value, at_ms: u64) -> bool {
        let Some(rows) = payload.get("sessions").and_then(Value::as_array) else { return false };
        let at_ms = payload.get("ts").and_then(Value::as_u64).unwrap_or(at_ms);
        for row in rows {
            let Some(key) = row.get("key").and_then(Value::as_str) else { continue };
            if self.sessions.get(key).is_some_and(|known| known.at_ms > at_ms) {
                continue;
            }
            let last_run = row.get("lastRunId").and_then(Value::as_str).map(Into::into);
            self.sessions.insert(key.into(), Session { at_ms, active: active(row), last_run });
        }
        true
    }

    /// Reads an event `agent`. `at_ms`: its time of arrival, used if it has no `ts`. `false`: it is not an event of a
    /// run's lifecycle.
    pub fn event(&mut self, payload: &Value, at_ms: u64) -> bool {
        let text = |field: &str| payload.get(field).and_then(Value::as_str);
        let (Some(run), Some("lifecycle")) = (text("runId"), text("stream")) else { return false };
        let phase = payload.get("data").and_then(|data| data.get("phase")).and_then(Value::as_str);
        let active = match phase {
            Some("start" | "waiting-approval" | "approval-resolved") => true,
            Some("end" | "error") => false,
            _ => return false,
        };
        let number = |field: &str| payload.get(field).and_then(Value::as_u64);
        let last_event = LastEvent {
            active,
            at_ms: number("ts").unwrap_or(at_ms),
            seq: number("seq"),
            session: text("sessionKey").map(Into::into),
        };
        // Events may arrive twice, and after a reconnect in any order: the number within the run decides, else the
        // time.
        let stale = self.last_event.get(run).is_some_and(|known| match (known.seq, last_event.seq) {
            (Some(known), Some(new)) => new < known,
            _ => last_event.at_ms < known.at_ms,
        });
        if stale {
            return true;
        }
        if let Some(known) = self.last_event.remove(run) {
            self.remove_live(run, known.session.as_deref());
        }
        if let (true, Some(session)) = (last_event.active, &last_event.session) {
            self.live.entry(session.clone()).or_default().insert(run.into());
        }
        self.last_event.insert(run.into(), last_event);
        true
    }

    /// Notes the active run of a session by `chat.history`, for sessions of which `sessions.list` only reports that
    /// some run is active. `at_ms`: the time of the request.
    pub fn in_flight(&mut self, session: &str, run: &str, at_ms: u64) {
        if self.last_event.get(run).is_some_and(|known| known.at_ms > at_ms) {
            return;
        }
        self.live.entry(session.into()).or_default().insert(run.into());
        self.last_event
            .insert(run.into(), LastEvent { active: true, at_ms, seq: None, session: Some(session.into()) });
    }

    /// Whether a run is named in each session in which something is active.
    pub fn all_named(&self) -> bool {
        self.sessions.iter().all(|(key, session)| match session.active {
            Active::Exactly(_) | Active::None => true,
            Active::Some => self.live.contains_key(key),
            Active::Status(_) => false,
        })
    }

    fn remove_live(&mut self, run: &str, session: Option<&str>) {
        if let Some(session) = session
            && let Some(live) = self.live.get_mut(session)
        {
            live.remove(run);
            if live.is_empty() {
                self.live.remove(session);
            }
        }
    }

    /// Replaces the older listings by a newer one, and forgets the runs that are not wanted, except active ones with an
    /// event since the request. Memory is then bounded by the listed and the wanted runs, even if the end of a run was
    /// missed.
    pub fn renew(&mut self, listed: Self, since_ms: u64, wanted: impl Fn(&str) -> bool) {
        self.sessions = listed.sessions;
        self.last_event
            .retain(|run, last_event| wanted(run) || last_event.active && last_event.at_ms >= since_ms);
        self.live.clear();
        for (run, last_event) in self.last_event.iter().filter(|(_, last_event)| last_event.active) {
            if let Some(session) = &last_event.session {
                self.live.entry(session.clone()).or_default().insert(run.clone());
            }
        }
    }

    /// The state of the run of a prompt. Prompts of legacy gateways do not name their run: unknown.
    pub fn of(&self, prompt: &Prompt) -> RunState {
        let Some(run) = prompt.run_id.as_deref() else { return RunState::Unknown };
        self.state(run, prompt.session_key.as_deref(), prompt.created_at_ms)
    }

    /// The state of a run that existed at `since_ms`, in `session` if that is known.
    pub fn state(&self, run: &str, session: Option<&str>, since_ms: u64) -> RunState {
        let last_event = self.last_event.get(run);
        let session = session.or_else(|| last_event.and_then(|last_event| last_event.session.as_deref()));
        let listed = session.and_then(|key| self.sessions.get(key));
        // A listing from before the run's prompt has no information on the run.
        let by_list = listed.filter(|listed| listed.at_ms >= since_ms).and_then(|listed| {
            let active = match &listed.active {
                Active::Exactly(runs) => runs.contains(run),
                Active::None => false,
                Active::Some | Active::Status(_) => return None,
            };
            Some((listed.at_ms, active))
        });
        let by_event = last_event.map(|last_event| (last_event.at_ms, last_event.active));
        let active = match (by_list, by_event) {
            (None, None) => return RunState::Unknown,
            (Some(list), Some(event)) if list.0 > event.0 => list.1,
            (_, Some(event)) => event.1,
            (Some(list), None) => list.1,
        };
        if active {
            return RunState::Active;
        }
        if session.is_some_and(|session| self.another(run, session)) {
            RunState::Superseded
        } else {
            RunState::Ended
        }
    }

    /// Whether another run of the session is known to be active.
    fn another(&self, run: &str, session: &str) -> bool {
        let listed = self.sessions.get(session);
        let by_list = listed.is_some_and(|listed| match &listed.active {
            Active::Exactly(runs) => runs.iter().any(|other| {
                let ended = self.last_event.get(other).is_some_and(|o| !o.active && o.at_ms >= listed.at_ms);
                **other != *run && !ended
            }),
            Active::None | Active::Some | Active::Status(_) => false,
        });
        by_list || self.live.get(session).is_some_and(|live| live.iter().any(|other| **other != *run))
    }

    /// The state of a session: whether anything runs in it.
    pub fn session(&self, key: &str) -> RunState {
        match self.sessions.get(key).map(|session| &session.active) {
            None => RunState::Unknown,
            Some(Active::Exactly(runs)) if runs.is_empty() => RunState::Ended,
            Some(Active::Exactly(_) | Active::Some) => RunState::Active,
            Some(Active::None) => RunState::Ended,
            Some(Active::Status(state)) => *state,
        }
    }

    /// The runs of a session that are known to be active, in the order of their ids.
    pub fn active(&self, key: &str) -> Vec<&str> {
        let listed = self.sessions.get(key).into_iter().flat_map(|session| match &session.active {
            Active::Exactly(runs) => runs.iter().map(|run| &**run).collect(),
            Active::None | Active::Some | Active::Status(_) => Vec::new(),
        });
        let live = self.live.get(key).into_iter().flatten().map(|run| &**run);
        let mut runs: Vec<&str> = listed.chain(live).collect();
        runs.retain(|run| self.state(run, Some(key), 0) == RunState::Active);
        runs.sort_unstable();
        runs.dedup();
        runs
    }

    /// The sessions that a run is known to be of, in the order of their keys. On a legacy gateway a bare run id may
    /// be used only if there is exactly one.
    pub fn sessions_of(&self, run: &str) -> Vec<&str> {
        let listed = self.sessions.iter().filter(|(_, session)| {
            let named = session.last_run.as_deref() == Some(run);
            named || matches!(&session.active, Active::Exactly(runs) if runs.contains(run))
        });
        let last_event = self.last_event.get(run).and_then(|last_event| last_event.session.as_deref());
        let mut keys: Vec<&str> = listed.map(|(key, _)| &**key).chain(last_event).collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }
}

fn active(row: &Value) -> Active {
    if let Some(runs) = row.get("activeRunIds").and_then(Value::as_array)
        && runs.iter().all(Value::is_string)
    {
        return Active::Exactly(runs.iter().filter_map(Value::as_str).map(Into::into).collect());
    }
    match row.get("hasActiveRun").and_then(Value::as_bool) {
        Some(true) => Active::Some,
        Some(false) => Active::None,
        None => Active::Status(match row.get("status").and_then(Value::as_str) {
            Some("running") => RunState::Active,
            Some("done" | "failed" | "killed" | "timeout") => RunState::Ended,
            _ => RunState::Unknown,
        }),
    }
}
