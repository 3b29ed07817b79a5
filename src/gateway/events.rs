//! What a gateway tells unasked, as types.

use std::time::Duration;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::queue::Kind;

/// An event. Payloads are handed on as the text they came in.
#[derive(Debug)]
pub enum Event {
    /// A prompt is pending: `{id, request, createdAtMs, expiresAtMs}`.
    Requested(Kind, Box<RawValue>),
    /// A prompt is decided: `{id, decision, resolvedBy, ts, request}`.
    Resolved(Kind, Box<RawValue>),
    /// A run starts, waits or ends: `{runId, sessionKey, stream, data}`.
    Agent(Box<RawValue>),
    /// The gateway is about to close, and perhaps to come back.
    Shutdown {
        /// When it expects to be back.
        restart_expected: Option<Duration>,
    },
    /// A sign of life.
    Tick {
        /// What the gateway's clock shows, in Unix milliseconds.
        shown_ms: Option<u64>,
    },
    /// Events were lost: too many came at once, or the gateway's numbering has a gap. What they said must be asked for.
    Gap,
    /// Anything else, by its name.
    Other(String),
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Shutdown {
    restart_expected_ms: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Tick {
    ts: Option<u64>,
}

impl Event {
    pub(super) fn of(name: String, payload: Option<Box<RawValue>>) -> Self {
        let payload = payload.unwrap_or_else(|| RawValue::NULL.to_owned());
        match name.as_str() {
            "exec.approval.requested" => Self::Requested(Kind::Exec, payload),
            "plugin.approval.requested" => Self::Requested(Kind::Plugin, payload),
            "openclaw.approval.requested" => Self::Requested(Kind::System, payload),
            "exec.approval.resolved" => Self::Resolved(Kind::Exec, payload),
            "plugin.approval.resolved" => Self::Resolved(Kind::Plugin, payload),
            "openclaw.approval.resolved" => Self::Resolved(Kind::System, payload),
            "agent" => Self::Agent(payload),
            "shutdown" => {
                let said: Shutdown = serde_json::from_str(payload.get()).unwrap_or_default();
                Self::Shutdown { restart_expected: said.restart_expected_ms.map(Duration::from_millis) }
            }
            "tick" => {
                let said: Tick = serde_json::from_str(payload.get()).unwrap_or_default();
                Self::Tick { shown_ms: said.ts }
            }
            _ => Self::Other(name),
        }
    }
}
