//! The phases of a guard: what it knows of the pending prompts, from one connection to the next.

use std::collections::HashSet;

use crate::queue::clock::GatewayTime;
use crate::queue::prompt::Key;

/// A listing request in flight.
#[derive(Debug, Default)]
pub(super) struct Asking {
    /// The time of the request.
    pub(super) since: GatewayTime,
    /// The prompts of events since the request. They may be newer than the listing.
    pub(super) requested: HashSet<Key>,
    pub(super) resolved: HashSet<Key>,
    /// Whether events may be missing since.
    pub(super) gap: bool,
}

/// A phase of a guard. It decides what the guard may do.
#[derive(Debug)]
pub(super) enum Phase {
    /// Not connected.
    Disconnected,
    /// Connected, but not everything that is pending is known: nothing is denied.
    Learning(Option<Asking>),
    /// Everything that is pending is known. It is still listed periodically.
    Guarding(Option<Asking>),
    /// Nothing more is sent; the guard waits for the answers to requests in flight.
    Stopping,
}

impl Phase {
    /// Whether events and answers can arrive.
    pub(super) fn is_connected(&self) -> bool {
        !matches!(self, Self::Disconnected)
    }

    /// Whether duplicates may be denied.
    pub(super) fn denies(&self) -> bool {
        matches!(self, Self::Guarding(_))
    }

    /// The listing request in flight.
    pub(super) fn asking(&mut self) -> Option<&mut Asking> {
        match self {
            Self::Learning(asking) | Self::Guarding(asking) => asking.as_mut(),
            Self::Disconnected | Self::Stopping => None,
        }
    }

    /// Whether a listing request is in flight.
    pub(super) fn is_listing(&self) -> bool {
        matches!(self, Self::Learning(Some(_)) | Self::Guarding(Some(_)))
    }

    /// Begins a listing. `false`: one is in flight already, or there is no connection.
    pub(super) fn lists(&mut self, since: GatewayTime) -> bool {
        let (Self::Learning(asking @ None) | Self::Guarding(asking @ None)) = self else { return false };
        *asking = Some(Asking { since, ..Asking::default() });
        true
    }

    /// Ends the listing.
    pub(super) fn take_listing(&mut self) -> Option<Asking> {
        match self {
            Self::Learning(asking) | Self::Guarding(asking) => asking.take(),
            Self::Disconnected | Self::Stopping => None,
        }
    }

    /// Marks the known prompts as incomplete. `true`: they were complete until now.
    pub(super) fn doubt(&mut self) -> bool {
        let Self::Guarding(asking) = self else { return false };
        *self = Self::Learning(asking.take());
        true
    }

    /// How many events are remembered for the listing.
    #[cfg(test)]
    pub(super) fn remembered(&self) -> usize {
        match self {
            Self::Learning(Some(asking)) | Self::Guarding(Some(asking)) => {
                asking.requested.len() + asking.resolved.len()
            }
            _ => 0,
        }
    }
}
