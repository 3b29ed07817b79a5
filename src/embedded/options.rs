//! The options of an embedded gateway.

use secrecy::SecretString;

use super::generation::Generation;
use super::scenario;

/// Options of an embedded gateway: port, generation, token, TLS, bugs to reproduce, scenario.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Options {
    /// The port on `127.0.0.1`; 0 chooses a free one.
    pub port: u16,
    /// The releases that it emulates.
    pub generation: Generation,
    /// The token that a client must present: `auth.token` of `connect`, `Bearer` over HTTP.
    pub token: SecretString,
    /// Whether it serves `wss` and `https`, with a self-signed certificate.
    pub tls: bool,
    /// Whether a retry coalesces into the prompt that is already pending. `false` reproduces the bug.
    pub coalesce: bool,
    /// Whether `sessions.list` of a current gateway names the runs that are active. Real gateways often report only
    /// that some run is active (2026.9.6), and `chat.history` names it.
    pub lists_run_ids: bool,
    /// Whether a failed-over run's prompts are cancelled before its replacement may ask. `false` reproduces the bug.
    pub cancel_on_failover: bool,
    /// The content of the gateway, and its later events.
    pub scenario: scenario::Scenario,
}
