//! The events that a gateway sends.

use std::time::Duration;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::queue::Kind;

/// An event. Payloads are JSON texts, which are read where they are used.
#[derive(Debug)]
pub enum Event {
    /// A prompt is pending: `{id, request, createdAtMs, expiresAtMs}`.
    Requested(Kind, Box<RawValue>),
    /// A prompt is decided: `{id, decision, resolvedBy, ts, request}`.
    Resolved(Kind, Box<RawValue>),
    /// An event of a run, for example that it starts, waits or ends: `{runId, sessionKey, stream, data}`.
    Agent(Box<RawValue>),
    /// The gateway is shutting down, and may restart.
    Shutdown {
        /// The time until it expects to be running again.
        restart_expected: Option<Duration>,
    },
    /// Sent at an interval while the gateway works.
    Tick {
        /// The gateway's time, in Unix milliseconds.
        shown_ms: Option<u64>,
    },
    /// Events were lost: too many arrived at once, or the gateway's numbering has a gap. The state must be listed
    /// again.
    Gap,
    /// Another event, by its name.
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
    pub(in crate::gateway) fn of(name: String, payload: Option<Box<RawValue>>) -> Self {
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
                let shutdown: Shutdown = serde_json::from_str(payload.get()).unwrap_or_default();
                Self::Shutdown { restart_expected: shutdown.restart_expected_ms.map(Duration::from_millis) }
            }
            "tick" => {
                let tick: Tick = serde_json::from_str(payload.get()).unwrap_or_default();
                Self::Tick { shown_ms: tick.ts }
            }
            _ => Self::Other(name),
        }
    }
}
