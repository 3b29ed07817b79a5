//! The two secrets that a gateway may ask for, and their names everywhere.

/// Which secret of a gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretKind {
    /// The token.
    Token,
    /// The password.
    Password,
}

impl SecretKind {
    /// OpenClaw's variable for it.
    pub(super) const fn variable(self) -> &'static str {
        match self {
            Self::Token => "OPENCLAW_GATEWAY_TOKEN",
            Self::Password => "OPENCLAW_GATEWAY_PASSWORD",
        }
    }

    /// Its key in a section of OpenClaw's configuration.
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Password => "password",
        }
    }

    /// The flag that names a file with it.
    pub(super) const fn file_flag(self) -> &'static str {
        match self {
            Self::Token => "--token-file",
            Self::Password => "--password-file",
        }
    }

    /// The flag that asks for it on the terminal.
    pub(super) const fn ask_flag(self) -> &'static str {
        match self {
            Self::Token => "--ask-token",
            Self::Password => "--ask-password",
        }
    }
}
