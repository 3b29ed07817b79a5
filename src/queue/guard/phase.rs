//! What a guard knows of what is pending, from one connection to the next.

use std::collections::HashSet;

use crate::queue::clock::GatewayTime;
use crate::queue::prompt::Key;

/// A listing that was asked for and has not come.
#[derive(Debug, Default)]
pub(super) struct Asking {
    /// When it was asked for.
    pub(super) since: GatewayTime,
    /// What events said since. It is newer than the listing may be.
    pub(super) requested: HashSet<Key>,
    pub(super) resolved: HashSet<Key>,
    /// Whether events may be missing since.
    pub(super) gap: bool,
}

/// What a guard knows, and so what it may do.
#[derive(Debug)]
pub(super) enum Phase {
    /// There is no connection.
    Disconnected,
    /// There is a connection, and not everything that is pending is known: nothing is denied.
    Learning(Option<Asking>),
    /// Everything that is pending is known. It is listed now and then all the same.
    Guarding(Option<Asking>),
    /// Nothing more is sent, and the answers to what is in flight are waited for.
    Stopping,
}

impl Phase {
    /// Whether events and answers can come.
    pub(super) fn is_connected(&self) -> bool {
        !matches!(self, Self::Disconnected)
    }

    /// Whether duplicates may be denied.
    pub(super) fn denies(&self) -> bool {
        matches!(self, Self::Guarding(_))
    }

    /// The listing that was asked for.
    pub(super) fn asking(&mut self) -> Option<&mut Asking> {
        match self {
            Self::Learning(asking) | Self::Guarding(asking) => asking.as_mut(),
            Self::Disconnected | Self::Stopping => None,
        }
    }

    /// Whether a listing was asked for and has not come.
    pub(super) fn is_listing(&self) -> bool {
        matches!(self, Self::Learning(Some(_)) | Self::Guarding(Some(_)))
    }

    /// Begins a listing. `false`: there is one already, or no connection.
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

    /// What is known may be wrong from now on. `true`: it was known until now.
    pub(super) fn doubt(&mut self) -> bool {
        let Self::Guarding(asking) = self else { return false };
        *self = Self::Learning(asking.take());
        true
    }

    /// How much is remembered for the listing.
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
