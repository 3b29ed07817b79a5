//! The payload of `hello-ok`, and the limits that it names. The connection enforces the limits.

use serde_json::{Value, json};

use super::access;
use super::generation::Generation;

/// The largest frame before `hello-ok`, in bytes.
pub(super) const MAX_BEFORE_HELLO: usize = 64 * 1024;

/// The largest frame after it, in bytes.
pub(super) const MAX_PAYLOAD: usize = 26_214_400;

/// The maximum size of the frames that wait to be sent to one client, in bytes.
pub(super) const MAX_BUFFERED: usize = 52_428_800;

/// The interval of ticks, in milliseconds.
pub(super) const TICK_MS: u64 = 30_000;

/// The payload of `hello-ok`, as far as clearance reads it. `auth`: what the client is granted.
pub(super) fn payload(generation: Generation, connection: &str, auth: &Value) -> Value {
    let methods: Vec<&str> = access::methods(generation).collect();
    json!({
        "type": "hello-ok",
        "protocol": generation.protocol(),
        "server": {"version": generation.version(), "connId": connection},
        "features": {"methods": methods},
        "auth": auth,
        "policy": {
            "maxPayload": MAX_PAYLOAD, "maxBufferedBytes": MAX_BUFFERED, "tickIntervalMs": TICK_MS,
        },
    })
}
