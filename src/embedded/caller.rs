//! The client that makes a call: its connection, its scopes and its name.

use super::access;
use super::effects::By;
use super::generation::Generation;

/// A client, by the number of its connection.
pub(super) type PeerId = u64;

/// The client that makes a call.
#[derive(Debug)]
pub(super) struct Caller {
    /// The connection and the request's id; `None` over HTTP.
    pub(super) peer: Option<(PeerId, String)>,
    pub(super) scopes: Vec<String>,
    /// The name that is recorded for its decisions.
    pub(super) name: String,
    /// The id of its device.
    pub(super) device: Option<String>,
}

impl Caller {
    /// The client, as its decisions are recorded.
    pub(super) fn by(&self) -> By {
        By { name: self.name.clone(), device: self.device.clone() }
    }

    /// Whether prompts of other clients are listed. A current gateway does not list them with `operator.approvals`
    /// alone.
    pub(super) fn sees_all(&self, generation: Generation) -> bool {
        generation == Generation::Legacy || access::Scope::Admin.within(&self.scopes)
    }
}
