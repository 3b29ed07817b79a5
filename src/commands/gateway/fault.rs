//! An error of a gateway, with the gateway that it came from. What to do next depends on both.

use std::fmt;

use crate::gateway::error::{GatewayError, Step};
use crate::report::gateway::Chosen;

/// Something that went wrong with a gateway, and which one it was.
#[derive(Debug)]
pub struct Fault {
    /// The gateway.
    pub chosen: Chosen,
    /// What went wrong.
    pub error: GatewayError,
}

impl Fault {
    /// Whether the connection had not proved yet that there is a gateway.
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
