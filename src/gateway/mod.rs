//! The client of gateways: connecting, authenticating, calling, and every error on the way.
//!
//! [`Session`] is the WebSocket connection, with concurrent calls and events. [`Admin`] is the HTTP endpoint, which
//! offers few calls. Both are made from a [`target::Target`], and one deadline limits every wait. The methods are in
//! [`api`].

mod address;
pub mod api;
mod capabilities;
mod clock;
mod connect_options;
mod device;
mod dial;
pub mod error;
mod fingerprint;
mod frames;
mod handshake;
mod http;
mod keyring;
mod link;
mod lookup;
pub mod refusal;
mod sent_secrets;
mod session;
mod start;
pub mod target;
mod tls;
mod wait;
mod webhook;

pub use api::Effect;
pub use api::connect::Hello;
pub use capabilities::Capabilities;
pub use clock::Clock;
pub use connect_options::{ConnectOptions, Observer, Patience, Probe, Process, Progress};
pub use keyring::Keyring;
pub use link::Link;
pub use session::unplugged::Unplugged;
pub use session::{Events, Session};
pub use webhook::{Undelivered, Webhook, WebhookUrl, WebhookUrlError};

/// The permissions that a connection requests.
#[derive(Debug, Clone, Copy)]
pub struct Access {
    /// The scopes. Each set of scopes has a device key of its own.
    pub scopes: &'static [&'static str],
    /// The capabilities that this client declares. With `approvals` a gateway assumes that the client answers prompts.
    pub caps: &'static [&'static str],
    /// Whether events are kept for a reader.
    pub events: bool,
}

impl Access {
    /// The access of every command except `queue guard`.
    pub const OPERATOR: Self = Self {
        scopes: &["operator.admin", "operator.approvals", "operator.read", "operator.write"],
        caps: &[],
        events: false,
    };

    /// The access of a guard. A current gateway sends prompts only to clients that declare to answer them, and then
    /// assumes that they do.
    pub const GUARD: Self = Self { caps: &["approvals", "exec-approvals"], events: true, ..Self::OPERATOR };

    /// Like [`Self::OPERATOR`], with the events that a gateway sends to clients that do not answer prompts.
    pub const LISTENING: Self = Self { events: true, ..Self::OPERATOR };
}
