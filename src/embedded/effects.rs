//! The rules of the registry, and its results: effects, endings and errors. PURE.

use super::generation::Generation;
use super::prompt::{Prompt, Waiter};
use crate::queue::Decision;

/// The rules that the registry enforces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rules {
    pub(super) generation: Generation,
    pub(super) coalesce: bool,
    pub(super) cancel_on_failover: bool,
}

/// The client that decided a prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct By {
    pub(super) name: String,
    /// The id of its device.
    pub(super) device: Option<String>,
}

/// Why a prompt is no longer pending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ending {
    /// A client decided. Contains the client, if known.
    Decided(Decision, Option<By>),
    /// A client decided it as another kind of prompt, which denies it. This happens only on current gateways.
    Mistaken(Option<By>),
    /// The gateway cancelled it because its run ended.
    Cancelled,
    /// The prompt expired without a decision.
    Expired,
    /// No client was connected that could decide.
    Unreachable,
}

impl Ending {
    /// The decision that waiters receive.
    pub(super) fn decision(&self) -> Option<Decision> {
        match self {
            Self::Decided(decision, _) => Some(*decision),
            Self::Mistaken(_) | Self::Cancelled => Some(Decision::Deny),
            Self::Expired | Self::Unreachable => None,
        }
    }

    /// The name of the client that decided.
    pub(super) fn by(&self) -> Option<&str> {
        match self {
            Self::Decided(_, by) | Self::Mistaken(by) => by.as_ref().map(|by| by.name.as_str()),
            Self::Cancelled => Some("approval-scope-closed"),
            Self::Expired | Self::Unreachable => None,
        }
    }
}

/// A prompt that is no longer pending.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Settled {
    pub(super) prompt: Prompt,
    pub(super) ending: Ending,
    pub(super) at: u64,
}

/// A step in a run's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Start,
    WaitingApproval,
    ApprovalResolved,
    End,
    Aborted,
    /// The run timed out and fails over.
    Error,
}

/// A change that must be sent to clients.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Effect {
    /// A new prompt is pending.
    Requested(Prompt),
    /// A prompt is no longer pending.
    Settled(Settled),
    /// A waiter receives the decision of the prompt.
    Answer { waiter: Waiter, id: String, decision: Option<Decision>, created_at: u64, expires_at: u64 },
    /// A run reached another phase.
    Lifecycle { run: String, session: String, phase: Phase },
}

/// The result of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Accepted {
    pub(super) id: String,
    pub(super) created_at: u64,
    pub(super) expires_at: u64,
    /// Whether the prompt was pending before.
    pub(super) coalesced: bool,
}

/// Why the registry rejects a request or a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RequestError {
    /// The limit of pending prompts is reached.
    Full,
    /// The requested id is in use.
    Taken,
    /// No pending prompt has the id.
    NotFound,
    /// Several pending ids start with the text.
    Ambiguous,
    /// The prompt does not offer the decision.
    NotAllowed,
    /// The run belongs to another session.
    OtherSession,
}
