//! A gateway error together with the gateway's settings. The advice depends on both.

use std::fmt;

use crate::gateway::error::{GatewayError, Step};
use crate::report::gateway::Chosen;

/// A gateway error and the gateway's settings.
#[derive(Debug)]
pub struct Fault {
    /// The gateway.
    pub chosen: Chosen,
    /// The error.
    pub error: GatewayError,
}

impl Fault {
    /// Whether the error happened before the peer proved to be a gateway.
    pub(super) fn is_first_contact(&self) -> bool {
        match self.error.root() {
            GatewayError::Closed { step: Step::Upgrading, .. } => true,
            GatewayError::Closed { step: Step::Calling(_), .. } => self.chosen.address.starts_with("http"),
            _ => false,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.chosen.address, self.error)
    }
}

impl std::error::Error for Fault {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.error.source()
    }
}
