//! A gateway inside the process, to rehearse with: the wire of both generations, and nothing of value behind it.
//!
//! It shares no code with the client in `gateway`, so that the two agree by the wire alone. What it must answer is
//! in `docs` of the npm packages it imitates and was measured on them; its registry does what bug report 69478
//! expects of a gateway.

mod access;
mod auth;
mod clock;
mod connection;
mod documents;
mod effects;
mod gauge;
mod hello;
mod http;
mod hub;
mod intent;
mod live;
mod methods;
mod nodes;
mod outgoing;
mod params;
mod prompt;
mod registry;
mod request;
mod runs;
pub mod scenario;
mod seed;
mod server;
#[cfg(test)]
mod tests;
mod tls;
mod wire;

use secrecy::SecretString;

pub use server::{Running, start};

/// Which releases the gateway behaves like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Generation {
    /// Protocol 3, as `openclaw@2026.4.14` speaks it.
    Legacy,
    /// Protocol 4, as `openclaw@2026.9.6` speaks it.
    Current,
}

impl Generation {
    /// The protocol it speaks, and the only one.
    pub const fn protocol(self) -> u64 {
        match self {
            Self::Legacy => 3,
            Self::Current => 4,
        }
    }

    /// The release it says it is.
    pub const fn version(self) -> &'static str {
        match self {
            Self::Legacy => "2026.4.14",
            Self::Current => "2026.9.6",
        }
    }
}

/// What a client must present.
#[derive(Debug, Clone)]
pub enum Auth {
    /// `auth.token` of `connect`, `Bearer` over HTTP.
    Token(SecretString),
    /// `auth.password` of `connect`, `Bearer` over HTTP.
    Password(SecretString),
    /// Nothing: whoever reaches the port is let in.
    None,
}

/// How a gateway is started.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Options {
    /// The port on `127.0.0.1`; 0 takes a free one.
    pub port: u16,
    /// Which releases it behaves like.
    pub generation: Generation,
    /// What a client must present.
    pub auth: Auth,
    /// Whether it speaks `wss` and `https`, with a self-signed certificate of its own.
    pub tls: bool,
    /// Whether a retry coalesces into the prompt that is already pending. Off reproduces the bug.
    pub coalesce: bool,
    /// Whether `sessions.list` of a current gateway names the runs that are active. Real ones often say only that some
    /// run is (2026.9.6), and `chat.history` names it.
    pub lists_run_ids: bool,
    /// Whether a failed-over run's prompts are cancelled before its replacement may ask. Off reproduces the bug.
    pub cancel_on_failover: bool,
    /// Whether `POST /api/v1/admin/rpc` is there: off by default on real gateways too, and never there on legacy ones.
    pub admin_http: bool,
    /// What it is filled with, and what happens in it.
    pub scenario: scenario::Scenario,
}
