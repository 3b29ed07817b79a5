//! The two kinds of secrets that a gateway may require, with their variables, keys and flags.

/// A kind of secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretKind {
    /// The token.
    Token,
    /// The password.
    Password,
}

impl SecretKind {
    /// OpenClaw's environment variable for the secret.
    pub(super) const fn variable(self) -> &'static str {
        match self {
            Self::Token => "OPENCLAW_GATEWAY_TOKEN",
            Self::Password => "OPENCLAW_GATEWAY_PASSWORD",
        }
    }

    /// The key of the secret in a section of OpenClaw's configuration.
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Password => "password",
        }
    }

    /// The flag that names a file with the secret.
    pub(super) const fn file_flag(self) -> &'static str {
        match self {
            Self::Token => "--token-file",
            Self::Password => "--password-file",
        }
    }

    /// The flag that reads the secret from the terminal.
    pub(super) const fn ask_flag(self) -> &'static str {
        match self {
            Self::Token => "--ask-token",
            Self::Password => "--ask-password",
        }
    }
}
