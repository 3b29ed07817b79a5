//! The content of a store: its exact text, and the hash that identifies it.

use std::sync::OnceLock;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

/// The text of a store at one moment, or the fact that it has none.
#[derive(Clone)]
pub struct Stored {
    text: Option<Vec<u8>>,
    /// Whether the store is a database, which has its own hash for a missing document.
    in_database: bool,
    /// Computed once: a text may be large, and its hash is used several times.
    hash: OnceLock<String>,
}

impl PartialEq for Stored {
    fn eq(&self, other: &Self) -> bool {
        (&self.text, self.in_database) == (&other.text, other.in_database)
    }
}

impl Eq for Stored {}

impl Stored {
    /// A store with this text.
    pub fn holding(text: Vec<u8>) -> Self {
        Self { text: Some(text), in_database: false, hash: OnceLock::new() }
    }

    /// A store without a document.
    pub fn absent() -> Self {
        Self { text: None, in_database: false, hash: OnceLock::new() }
    }

    /// A database without a document.
    pub fn missing() -> Self {
        Self { text: None, in_database: true, hash: OnceLock::new() }
    }

    /// The exact text, if there is a document.
    pub fn text(&self) -> Option<&[u8]> {
        self.text.as_deref()
    }

    /// The exact text, if there is a document.
    pub fn into_text(self) -> Option<Vec<u8>> {
        self.text
    }

    /// Lower-case hex SHA-256 of the exact text. If there is no document, it is the hash of an empty text, as in
    /// gateways up to 2026.7; for a database it has the prefix `missing:`, as in later ones.
    pub fn hash(&self) -> String {
        let hash = self.hash.get_or_init(|| hash_of(self.text.as_deref().unwrap_or_default()));
        if self.in_database { format!("missing:{hash}") } else { hash.clone() }
    }

    /// A store with this text, whose hash is known.
    pub fn hashed(text: Vec<u8>, hash: String) -> Self {
        Self { hash: OnceLock::from(hash), ..Self::holding(text) }
    }
}

/// Lower-case hex SHA-256 of a text.
pub fn hash_of(text: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(text))
}

/// The text may contain a secret, so only its hash is shown.
impl std::fmt::Debug for Stored {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stored")
            .field("exists", &self.text.is_some())
            .field("hash", &self.hash())
            .finish_non_exhaustive()
    }
}
