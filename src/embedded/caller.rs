//! The client that makes a call: its connection, its scopes and its name. Methods answer a caller, and the hub knows who
//! it is.

use super::access;
use super::generation::Generation;

/// A client, by the number of its connection.
pub(super) type PeerId = u64;

/// Who calls.
#[derive(Debug)]
pub(super) struct Caller {
    /// The connection and the request's id; `None` over HTTP.
    pub(super) peer: Option<(PeerId, String)>,
    pub(super) scopes: Vec<String>,
    /// What is recorded as who decided.
    pub(super) name: String,
}

impl Caller {
    /// Whether prompts of others are shown: with `operator.approvals` alone, a current gateway lists nobody else's.
    pub(super) fn sees_all(&self, generation: Generation) -> bool {
        generation == Generation::Legacy || access::Scope::Admin.within(&self.scopes)
    }
}
