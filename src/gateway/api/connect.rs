//! `connect`: the request by which clearance authenticates, and the gateway's answer.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Call, Method};
use crate::gateway::clock::Clock;
use crate::gateway::device::Proof;
use crate::gateway::frames::MAX_INCOMING;

/// `connect`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::gateway) struct Connect<'c> {
    pub min_protocol: u8,
    pub max_protocol: u8,
    pub client: Client<'c>,
    pub role: &'c str,
    pub scopes: &'c [&'c str],
    pub caps: &'c [&'c str],
    pub commands: [&'c str; 0],
    pub permissions: serde_json::Map<String, serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth: Option<Auth<'c>>,
    pub locale: &'c str,
    pub user_agent: &'c str,
    pub device: Proof,
}

/// The program that connects.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::gateway) struct Client<'c> {
    pub id: &'c str,
    pub display_name: &'c str,
    pub version: &'c str,
    pub platform: &'c str,
    pub mode: &'c str,
}

/// The secrets of the caller.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::gateway) struct Auth<'c> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<&'c str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<&'c str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_token: Option<&'c str>,
}

impl Call for Connect<'_> {
    type Answer = Hello;

    fn method(&self) -> Method {
        Method::Connect
    }
}

/// The payload of the event `connect.challenge`.
#[derive(Debug, Deserialize)]
pub(in crate::gateway) struct Challenge {
    pub nonce: String,
    pub ts: u64,
}

/// The answer to `connect`. Fields that legacy gateways do not send are empty.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Hello {
    /// The protocol version of the connection: 3 or 4.
    pub protocol: u64,
    /// The gateway.
    pub server: Server,
    /// The methods that the gateway offers.
    pub features: Features,
    /// The permissions that it grants.
    pub auth: Granted,
    /// The limits that bind a client.
    pub policy: Limits,
    /// The gateway's clock.
    #[serde(skip)]
    pub clock: Clock,
    /// Whether the gateway rejected the credential, and accepted the token that it issued to this device earlier.
    #[serde(skip)]
    pub credential_rejected: bool,
}

/// The gateway's description of itself.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Server {
    /// The gateway's release.
    pub version: String,
}

/// The features of a gateway.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Features {
    /// The methods that the gateway offers.
    pub methods: Vec<String>,
}

/// The permissions that a gateway grants.
#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Granted {
    /// The method of authentication: `token`, `device-token`, … Only current gateways send it.
    pub method: Option<String>,
    /// The scopes.
    pub scopes: Vec<String>,
    /// A token for this device's later connections.
    pub device_token: Option<String>,
}

impl std::fmt::Debug for Granted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { method, scopes, .. } = self;
        f.debug_struct("Granted").field("method", method).field("scopes", scopes).finish_non_exhaustive()
    }
}

/// The limits that bind a client.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Limits {
    /// The largest frame that the gateway accepts, in bytes.
    pub max_payload: usize,
    /// The interval of ticks, in milliseconds.
    pub tick_interval_ms: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_payload: MAX_INCOMING, tick_interval_ms: 30_000 }
    }
}

impl Limits {
    /// The interval of ticks, between a second and ten minutes.
    pub(in crate::gateway) fn tick(self) -> Duration {
        Duration::from_millis(self.tick_interval_ms.clamp(1_000, 600_000))
    }
}
