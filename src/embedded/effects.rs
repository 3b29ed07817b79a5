//! What the registry is told to enforce, and what it hands back: effects, endings, refusals. PURE.

use super::generation::Generation;
use super::prompt::{Prompt, Waiter};
use crate::queue::Decision;

/// What the registry enforces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rules {
    pub(super) generation: Generation,
    pub(super) coalesce: bool,
    pub(super) cancel_on_failover: bool,
}

/// Why a prompt is no longer pending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ending {
    /// Somebody decided; who, if they said.
    Decided(Decision, Option<String>),
    /// Somebody decided for another kind of prompt than it is, which denies it; only current gateways.
    Mistaken(Option<String>),
    /// The run that asked is gone; only what the gateway itself does.
    Cancelled,
    /// Nobody decided in time.
    Expired,
    /// There was nobody who could decide.
    Unreachable,
}

impl Ending {
    /// What those who wait are told.
    pub(super) fn decision(&self) -> Option<Decision> {
        match self {
            Self::Decided(decision, _) => Some(*decision),
            Self::Mistaken(_) | Self::Cancelled => Some(Decision::Deny),
            Self::Expired | Self::Unreachable => None,
        }
    }

    /// Who decided.
    pub(super) fn by(&self) -> Option<&str> {
        match self {
            Self::Decided(_, by) | Self::Mistaken(by) => by.as_deref(),
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
    /// It timed out and fails over.
    Error,
}

/// What the world is told.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Effect {
    /// A new prompt is pending.
    Requested(Prompt),
    /// A prompt is no longer pending.
    Settled(Settled),
    /// Somebody who waits is told the decision of the prompt.
    Answer { waiter: Waiter, id: String, decision: Option<Decision>, created_at: u64, expires_at: u64 },
    /// A run went on.
    Lifecycle { run: String, session: String, phase: Phase },
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Accepted {
    pub(super) id: String,
    pub(super) created_at: u64,
    pub(super) expires_at: u64,
    /// Whether the prompt was pending before.
    pub(super) coalesced: bool,
}

/// Why a request or a decision is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RequestError {
    /// As many are pending as may be.
    Full,
    /// The id that was asked for is taken.
    Taken,
    /// Nothing of that id is pending.
    NotFound,
    /// Several pending ids start like that.
    Ambiguous,
    /// The prompt does not offer the decision.
    NotAllowed,
    /// The run is of another session.
    OtherSession,
}
