//! Unit tests of `queue`, and their helpers for making prompts.

mod alerting;
mod cancelling;
mod filters;
mod guarding;
mod guards;
mod intents;
mod interleavings;
mod mixtures;
mod numbers;
mod planning;
mod purging;
mod reading;
mod reporting;
mod running;
mod saving;
mod scopes;
mod speed;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::clock::{GatewayTime, Now, SteadyTime};
use super::{Kind, Prompt, Reader};

/// A point in time.
pub(super) const NOW: u64 = 1_795_438_812_000;

/// The steady time when the gateway's clock shows [`NOW`].
const STEADY: u64 = 1_000_000;

/// A time of the gateway's clock.
pub(super) fn gateway(ms: u64) -> GatewayTime {
    GatewayTime::of_ms(ms)
}

/// The steady time when the gateway's clock shows this.
pub(super) fn steady(ms: u64) -> SteadyTime {
    SteadyTime::of_ms(ms + STEADY - NOW)
}

/// The gateway's time at a steady time.
pub(super) fn gateway_ms(steady: SteadyTime) -> u64 {
    steady.as_ms() + NOW - STEADY
}

/// The times of both clocks when the gateway's clock shows this.
pub(super) fn clocks(ms: u64) -> Now {
    Now { gateway: gateway(ms), steady: steady(ms) }
}

/// Texts that look alike, or have an effect when printed.
pub(super) const HOSTILE: [&str; 24] = [
    "ls",
    "ls ",
    " ls",
    "LS",
    "ls\t",
    "ls\n",
    "ls\r\n",
    "ls\u{a0}",
    "ls\u{200b}",
    "ls\u{200d}",
    "ls\u{2066}",
    "\u{202e}sl",
    "ls\u{feff}",
    "ls\u{e0041}",
    "\u{1b}[2Jls",
    "ls\0",
    "l\u{0455}",
    "é",
    "e\u{301}",
    "\"ls\"",
    "'ls'",
    "\\u{200B}",
    "{\"ls\":1}",
    "𝓁𝓈",
];

pub(super) fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::sample::select(&HOSTILE[..]).prop_map(str::to_owned),
        1 => any::<String>(),
        1 => (any::<char>(), 1_usize..20_000).prop_map(|(c, times)| c.to_string().repeat(times)),
    ]
}

/// A row as current gateways list it.
pub(super) fn row(id: &str, command: &str) -> Value {
    json!({
        "id": id, "createdAtMs": NOW, "expiresAtMs": NOW + 1_800_000, "approvalKind": "exec",
        "request": {
            "command": command, "cwd": "/srv", "host": "gateway", "nodeId": null, "systemRunBinding": null,
            "systemRunPlan": null, "agentId": "main", "sessionKey": "agent:main:lab", "runId": null,
            "security": "allowlist", "ask": "on-miss", "allowedDecisions": ["allow-once", "deny"],
        },
    })
}

/// The prompt of a changed row.
pub(super) fn prompt(id: &str, command: &str, change: impl FnOnce(&mut Value)) -> Prompt {
    let mut row = row(id, command);
    change(&mut row);
    Reader::new().text(Kind::Exec, &row.to_string()).unwrap()
}

/// The prompt with these fields of its request.
pub(super) fn with(kind: Kind, field: &str, value: &Value) -> Prompt {
    let mut row = row("a", "ls");
    row["approvalKind"] = kind.as_str().into();
    row["request"]["title"] = "T".into();
    row["request"][field] = value.clone();
    Reader::new().text(kind, &row.to_string()).unwrap()
}
