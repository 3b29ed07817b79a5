//! The wire: how a gateway is reached, greeted and called, and everything that can go wrong on the way.
//!
//! [`Session`] is the WebSocket, with concurrent calls and events; [`Admin`] the HTTP endpoint, with the few calls it
//! allows. Both are made from a [`target::Target`], and everything they wait for ends by one deadline.

mod address;
mod clock;
mod confided;
mod device;
mod dial;
pub mod error;
pub mod events;
mod fingerprint;
mod frames;
mod handshake;
mod http;
mod keyring;
mod link;
mod manner;
pub mod refusal;
mod session;
mod start;
pub mod target;
mod tls;

pub use device::Device;
pub use frames::{Clock, Features, Granted, Hello, Policy, Server};
pub use http::Admin;
pub use keyring::{Identity, Keyring};
pub use link::{Effect, Link};
pub use manner::{Manner, Observer, Patience, Probe, Process, Progress};
pub use session::{Events, Session};

/// What a connection asks to be allowed.
#[derive(Debug, Clone, Copy)]
pub struct Access {
    /// The scopes. A device is kept for each set of them.
    pub scopes: &'static [&'static str],
    /// What this client declares to be able to do. `approvals` makes a gateway believe that somebody answers prompts.
    pub caps: &'static [&'static str],
    /// Whether events are wanted.
    pub events: bool,
}

impl Access {
    /// Everything that clearance does but answering prompts as they come.
    pub const OPERATOR: Self = Self {
        scopes: &["operator.admin", "operator.approvals", "operator.read", "operator.write"],
        caps: &[],
        events: false,
    };

    /// The same for a guard. A current gateway sends prompts only to who declares to answer them, and believes then that
    /// somebody does.
    pub const GUARD: Self = Self { caps: &["approvals", "exec-approvals"], events: true, ..Self::OPERATOR };

    /// The same, with events as far as the gateway sends them to a client that does not answer prompts.
    pub const LISTENING: Self = Self { events: true, ..Self::OPERATOR };
}
