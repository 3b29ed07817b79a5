//! The rejection of a handshake: the answer to `connect`, and the close frame after it. Reading `connect` and checking
//! its secrets both reject.

use serde_json::json;

use super::generation::Generation;
use super::wire::{Closing, Refusal};

/// A rejected `connect`: the answer, and the close frame after it.
#[derive(Debug, PartialEq)]
pub(super) struct HandshakeRejection {
    pub(super) refusal: Refusal,
    pub(super) closing: Closing,
}

impl From<Refusal> for HandshakeRejection {
    fn from(refusal: Refusal) -> Self {
        let closing = Closing::new(1008, &refusal.message);
        Self { refusal, closing }
    }
}

impl HandshakeRejection {
    /// The client speaks no protocol that the gateway speaks.
    pub(super) fn protocol(generation: Generation, lowest: u64, highest: u64) -> Self {
        let mut details = json!({"expectedProtocol": generation.protocol()});
        if generation == Generation::Current {
            details["code"] = "PROTOCOL_MISMATCH".into();
            details["clientMinProtocol"] = lowest.into();
            details["clientMaxProtocol"] = highest.into();
            details["minimumProbeProtocol"] = 3.into();
        }
        let refusal = Refusal::invalid("protocol mismatch").with(details);
        Self { refusal, closing: Closing::new(1002, "protocol mismatch") }
    }
}
