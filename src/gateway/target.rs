//! The target of a connection: address, credential, trusted certificates and options.

use std::path::PathBuf;

use secrecy::SecretString;

pub use super::address::{Address, AddressError};
use super::connect_options::ConnectOptions;
pub use super::fingerprint::{Fingerprint, FingerprintError};

/// The credential for a gateway.
#[derive(Debug, Clone, Default)]
pub enum Credential {
    /// No credential, for a gateway without authentication.
    #[default]
    None,
    /// The gateway's shared token.
    Token(SecretString),
    /// The gateway's password.
    Password(SecretString),
}

/// How the certificate of a gateway is verified.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Trust {
    /// Verify it with the platform's root certificates.
    #[default]
    Platform,
    /// Verify it only with the certificates of a PEM file.
    Roots(PathBuf),
    /// Compare only its fingerprint. Names and dates in the certificate are ignored.
    Pin(Fingerprint),
}

/// The target of a connection.
#[derive(Debug, Clone)]
pub struct Target {
    /// The address.
    pub address: Address,
    /// The credential.
    pub credential: Credential,
    /// How the certificate is verified.
    pub trust: Trust,
    /// Whether the credential may be sent unencrypted to another host.
    pub plaintext_allowed: bool,
    /// Options of connecting.
    pub options: ConnectOptions,
}

impl Target {
    /// Whether a secret may be sent. A secret is not sent unencrypted to another host, unless that is allowed.
    pub fn may_carry_secrets(&self) -> bool {
        self.address.is_encrypted() || self.address.is_loopback() || self.plaintext_allowed
    }

    /// Whether the peer's identity is certain: it is on this host, or its certificate is pinned.
    pub fn is_certain(&self) -> bool {
        self.address.is_loopback() || (self.address.is_encrypted() && matches!(self.trust, Trust::Pin(_)))
    }
}
