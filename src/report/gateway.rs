//! What commands found out about gateways, as values. Pure: nothing here touches a gateway.

use std::time::Duration;

use super::exit::Exit;

/// Which gateway was chosen, and from where each part of the choice came.
#[derive(Debug, Clone)]
pub struct Chosen {
    /// The address, as it may be shown.
    pub address: String,
    /// Where it came from.
    pub address_from: String,
    /// The name that it has in the configuration.
    pub name: Option<String>,
    /// What is shown to the gateway: `token`, `password`, `none`.
    pub credential: &'static str,
    /// Where it came from.
    pub credential_from: String,
    /// Whose word is taken for its certificate; `None` where nothing is encrypted.
    pub trust: Option<String>,
    /// What the person who set this up should know.
    pub notes: Vec<String>,
}

/// What a gateway said when it let us in.
#[derive(Debug, Clone)]
pub struct Connected {
    /// `websocket` or `http`.
    pub transport: &'static str,
    /// Its release; `None` where it did not say.
    pub version: Option<String>,
    /// The protocol that was agreed on; `None` over HTTP.
    pub protocol: Option<u64>,
    /// How it let us in, if it says: `token`, `device-token`.
    pub method: Option<String>,
    /// The device that it knows us by; `None` over HTTP.
    pub device: Option<String>,
    /// The scopes that were asked for, and whether each was granted; empty over HTTP.
    pub scopes: Vec<(String, bool)>,
    /// The methods that clearance uses, and whether the gateway has each.
    pub methods: Vec<(String, bool)>,
    /// From the first byte until we were let in.
    pub handshake: Duration,
    /// A call and its answer.
    pub call: Duration,
}

/// Why a gateway could not be used.
#[derive(Debug, Clone)]
pub struct Refused {
    /// Stable name.
    pub code: &'static str,
    /// What happened.
    pub message: String,
    /// What to do next.
    pub next: Option<String>,
    /// The exit code.
    pub exit: Exit,
}

/// What `gateway status` found.
#[derive(Debug, Clone)]
pub struct Status {
    /// The choice.
    pub chosen: Chosen,
    /// How it went.
    pub result: Result<Connected, Refused>,
}

/// An embedded gateway that can be reached.
#[derive(Debug)]
pub struct Dev {
    /// Where.
    pub url: String,
    /// The token of this run, which opens nothing else.
    pub token: String,
    /// The SHA-256 of its certificate, where it serves TLS.
    pub fingerprint: Option<String>,
    /// The release that it behaves like.
    pub version: &'static str,
}
