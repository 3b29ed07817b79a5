//! Which gateway, with which credential, and whom to trust for it: everything a connection is made from.

use std::path::PathBuf;

use secrecy::SecretString;

pub use super::address::{Address, AddressError};
pub use super::fingerprint::{Fingerprint, FingerprintError};
use super::manner::Manner;

/// What proves to a gateway who is calling.
#[derive(Debug, Clone, Default)]
pub enum Credential {
    /// Nothing: a gateway whose authentication is off.
    #[default]
    None,
    /// The gateway's shared token.
    Token(SecretString),
    /// The gateway's password.
    Password(SecretString),
}

/// Whose word is taken for the certificate of a gateway.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Trust {
    /// The platform's roots.
    #[default]
    Platform,
    /// The certificates of a PEM file, and no others.
    Roots(PathBuf),
    /// One certificate, whatever it says of itself.
    Pin(Fingerprint),
}

/// Everything a connection is made from.
#[derive(Debug, Clone)]
pub struct Target {
    /// Where.
    pub address: Address,
    /// As whom.
    pub credential: Credential,
    /// By whose word.
    pub trust: Trust,
    /// Whether the credential may cross an unencrypted connection to another host.
    pub plaintext_allowed: bool,
    /// Who watches, and what is waited for.
    pub manner: Manner,
}

impl Target {
    /// Whether a secret may be sent: not in the clear to another host, unless that was said.
    pub fn may_carry_secrets(&self) -> bool {
        self.address.is_encrypted() || self.address.is_loopback() || self.plaintext_allowed
    }

    /// Whether it is certain who answers: this host, or one whose certificate is known.
    pub fn is_certain(&self) -> bool {
        self.address.is_loopback() || (self.address.is_encrypted() && matches!(self.trust, Trust::Pin(_)))
    }
}
