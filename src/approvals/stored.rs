//! What a store holds: its exact text, and the hash by which everyone names it.

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

/// The text of a store at one moment, or that there is none.
#[derive(Clone, PartialEq, Eq)]
pub struct Stored {
    text: Option<Vec<u8>>,
}

impl Stored {
    /// A store that holds this text.
    pub fn holding(text: Vec<u8>) -> Self {
        Self { text: Some(text) }
    }

    /// A store without a document.
    pub fn absent() -> Self {
        Self { text: None }
    }

    /// The exact text, if there is a document.
    pub fn text(&self) -> Option<&[u8]> {
        self.text.as_deref()
    }

    /// Lower-case hex SHA-256 of the exact text; of no text where there is no document, as gateways up to 2026.7 do.
    pub fn hash(&self) -> String {
        HEXLOWER.encode(&Sha256::digest(self.text.as_deref().unwrap_or_default()))
    }
}

/// The text may hold a secret, so only its hash is shown.
impl std::fmt::Debug for Stored {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stored").field("exists", &self.text.is_some()).field("hash", &self.hash()).finish()
    }
}
