//! Prompts: a request with its id, its times, and the waiters for the decision. PURE.

use std::sync::Arc;

use serde_json::{Value, json};

use super::ask::Ask;
use super::generation::Generation;
use super::intent::Intent;

/// The id of a client's request that waits for a decision. The hub maps it to the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Waiter(pub(super) u64);

/// A prompt in the registry.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Prompt {
    pub(super) id: String,
    pub(super) ask: Ask,
    pub(super) intent: Arc<Intent>,
    pub(super) created_at: u64,
    pub(super) expires_at: u64,
    /// The runs that wait for the prompt: its own, and those that coalesced into it.
    pub(super) runs: Vec<String>,
    pub(super) waiters: Vec<Waiter>,
}

impl Prompt {
    /// The row of a list, and the payload of the `requested` event.
    pub(super) fn listed(&self, generation: Generation) -> Value {
        let mut listed = json!({
            "id": self.id, "request": self.ask.listed(generation), "createdAtMs": self.created_at,
            "expiresAtMs": self.expires_at,
        });
        if generation == Generation::Current {
            listed["approvalKind"] = self.ask.kind().as_str().into();
        }
        listed
    }
}
