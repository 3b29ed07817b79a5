//! The command-line options for the gateway, before any file is read.

use std::path::PathBuf;

use secrecy::SecretString;

use super::error::SettingsError;
use super::secret_kind::SecretKind;
use super::warnings::Warnings;
use crate::gateway::Observer;

/// The command-line options for the gateway.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// `--gateway`: `None` if it is not given, empty if it has no value, else a name or a URL.
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
    /// Whether the credential variables are for another gateway of the same command. Then only the credential of the
    /// address is used.
    pub own_credential: bool,
    /// The port and the token of the embedded gateway, if it is already running: each command starts one of its own.
    pub rehearsal: Option<(u16, SecretString)>,
    /// Receives warnings about the settings that are used.
    pub warnings: Warnings,
    /// How long to wait for a gateway that accepts no connections yet.
    pub wait: Wait,
    /// Receives the steps of each connection.
    pub observer: Observer,
}

/// How long to wait for a gateway that accepts no connections yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Wait {
    /// While its process is running, if it is a gateway on this host.
    #[default]
    WhileAlive,
    /// Until the deadline (`--wait`).
    Full,
    /// Do not wait: the caller retries.
    Never,
}

impl Flags {
    /// The name of the first authentication flag that is given, if any.
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
    /// Rejects flags that contradict each other.
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

    /// Whether the flags contain the credential.
    pub(super) fn bring_secret(&self) -> bool {
        self.token_file.is_some() || self.password_file.is_some() || self.ask.is_some()
    }

    /// Whether the flags contain the trusted certificates.
    pub(super) fn bring_trust(&self) -> bool {
        self.tls_fingerprint.is_some() || self.ca_file.is_some()
    }
}
