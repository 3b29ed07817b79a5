//! What the command line says about the gateway, before anything is read. The parts of the settings take it from here.

use std::path::PathBuf;

use super::error::SettingsError;
use super::secret_kind::SecretKind;
use super::warnings::Warnings;
use crate::gateway::Observer;

/// What the command line says about the gateway.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// `--gateway`: `None` where it is not given, empty where it has no value, else a name or a URL.
    pub gateway: Option<String>,
    /// `--token-file`.
    pub token_file: Option<PathBuf>,
    /// `--password-file`.
    pub password_file: Option<PathBuf>,
    /// `--ask-token` or `--ask-password`.
    pub ask: Option<SecretKind>,
    /// `--tls-fingerprint`.
    pub tls_fingerprint: Option<String>,
    /// `--ca-file`.
    pub ca_file: Option<PathBuf>,
    /// Whether the variables with credentials are meant for another gateway of the same command: then only what
    /// belongs to the address is used.
    pub own_credential: bool,
    /// Where warnings about what is used go.
    pub warnings: Warnings,
    /// How long a gateway is waited for that accepts no connections yet.
    pub wait: Wait,
    /// Who watches the steps of each connection.
    pub observer: Observer,
}

/// How long a gateway is waited for that accepts no connections yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Wait {
    /// While its process lives, where it is a gateway of this host.
    #[default]
    WhileAlive,
    /// Until the deadline: `--wait`.
    Full,
    /// Not at all: the caller tries again by itself.
    Never,
}

impl Flags {
    /// A flag that says how to be let in, if one is given.
    pub fn given(&self) -> Option<&'static str> {
        let Self { token_file, password_file, ask, tls_fingerprint, ca_file, .. } = self;
        [
            (token_file.is_some(), "--token-file"),
            (password_file.is_some(), "--password-file"),
            (*ask == Some(SecretKind::Token), "--ask-token"),
            (*ask == Some(SecretKind::Password), "--ask-password"),
            (tls_fingerprint.is_some(), "--tls-fingerprint"),
            (ca_file.is_some(), "--ca-file"),
        ]
        .into_iter()
        .find_map(|(given, flag)| given.then_some(flag))
    }
}

impl Flags {
    /// What cannot be meant at once.
    pub(super) fn check(&self) -> Result<(), SettingsError> {
        let secrets = [
            self.token_file.as_ref().map(|_| "--token-file"),
            self.password_file.as_ref().map(|_| "--password-file"),
            self.ask.map(SecretKind::ask_flag),
        ];
        let trusts = [
            self.tls_fingerprint.as_ref().map(|_| "--tls-fingerprint"),
            self.ca_file.as_ref().map(|_| "--ca-file"),
        ];
        for group in [&secrets[..], &trusts[..]] {
            let mut given = group.iter().flatten();
            if let (Some(one), Some(other)) = (given.next(), given.next()) {
                return Err(SettingsError::Conflict(one, other));
            }
        }
        Ok(())
    }

    /// Whether they bring the credential.
    pub(super) fn bring_secret(&self) -> bool {
        self.token_file.is_some() || self.password_file.is_some() || self.ask.is_some()
    }

    /// Whether they bring the trust.
    pub(super) fn bring_trust(&self) -> bool {
        self.tls_fingerprint.is_some() || self.ca_file.is_some()
    }
}
