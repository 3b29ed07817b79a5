//! The options of an embedded gateway.

use secrecy::SecretString;

use super::generation::Generation;
use super::scenario;

/// How a gateway is started.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Options {
    /// The port on `127.0.0.1`; 0 takes a free one.
    pub port: u16,
    /// Which releases it behaves like.
    pub generation: Generation,
    /// The token that a client must present: `auth.token` of `connect`, `Bearer` over HTTP.
    pub token: SecretString,
    /// Whether it speaks `wss` and `https`, with a self-signed certificate of its own.
    pub tls: bool,
    /// Whether a retry coalesces into the prompt that is already pending. Off reproduces the bug.
    pub coalesce: bool,
    /// Whether `sessions.list` of a current gateway names the runs that are active. Real ones often say only that some
    /// run is (2026.9.6), and `chat.history` names it.
    pub lists_run_ids: bool,
    /// Whether a failed-over run's prompts are cancelled before its replacement may ask. Off reproduces the bug.
    pub cancel_on_failover: bool,
    /// Its content, and what happens in it.
    pub scenario: scenario::Scenario,
}
