//! The greeting `hello-ok`, and the limits that it names. The limits are also kept where frames come and go.

use serde_json::{Value, json};

use super::access;
use super::auth::Granted;
use super::generation::Generation;

/// The largest frame before `hello-ok`, in bytes.
pub(super) const MOST_BEFORE_HELLO: usize = 64 * 1024;

/// The largest frame after it, in bytes.
pub(super) const MOST_PAYLOAD: usize = 26_214_400;

/// How much may wait to be sent to one client, in bytes.
pub(super) const MOST_BUFFERED: usize = 52_428_800;

/// How often a `tick` comes, in milliseconds.
pub(super) const TICK_MS: u64 = 30_000;

/// What `hello-ok` tells of the gateway.
pub(super) struct Greeting<'g> {
    pub(super) generation: Generation,
    pub(super) connection: &'g str,
    pub(super) uptime_ms: u64,
    pub(super) now: u64,
    pub(super) default_agent: &'g str,
    pub(super) auth_mode: &'static str,
    pub(super) granted: &'g Granted,
}

impl Greeting<'_> {
    /// The payload of `hello-ok`.
    pub(super) fn payload(&self) -> Value {
        let methods: Vec<&str> = access::methods(self.generation).collect();
        let main = format!("agent:{}:main", self.default_agent);
        let mut payload = json!({
            "type": "hello-ok",
            "protocol": self.generation.protocol(),
            "server": {"version": self.generation.version(), "connId": self.connection},
            "features": {"methods": methods, "events": access::events(self.generation)},
            "snapshot": {
                "presence": [],
                "health": {"ok": true, "ts": self.now, "durationMs": 0},
                "stateVersion": {"presence": 1, "health": 1},
                "uptimeMs": self.uptime_ms,
                "sessionDefaults": {
                    "defaultAgentId": self.default_agent, "mainKey": "main", "mainSessionKey": main,
                    "scope": "per-sender",
                },
                "configPath": "(embedded)/openclaw.json",
                "stateDir": "(embedded)",
                "authMode": self.auth_mode,
            },
            "policy": {
                "maxPayload": MOST_PAYLOAD, "maxBufferedBytes": MOST_BUFFERED, "tickIntervalMs": TICK_MS,
            },
        });
        if let Some(auth) = &self.granted.auth {
            payload["auth"] = auth.clone();
        }
        if self.generation == Generation::Current {
            payload["server"]["buildId"] = "embedded".into();
            payload["snapshot"]["suspension"] = json!({"phase": "accepting"});
        }
        payload
    }
}
