//! The source of a part of a target, as `gateway status` shows it. It never contains the value.

use std::fmt;
use std::path::PathBuf;

/// The source of an address, a credential or the trusted certificates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A command-line flag.
    Flag(&'static str),
    /// An environment variable.
    Variable(&'static str),
    /// A key, or a variable, in a file.
    Key {
        /// The path of the key: `gateway.auth.token`.
        key: String,
        /// The file.
        file: PathBuf,
    },
    /// The certificate file of this host's own gateway.
    Certificate(PathBuf),
    /// OpenClaw's default port on this host.
    DefaultPort,
    /// The platform's roots of trust.
    Platform,
    /// There is no source.
    None,
}

impl Origin {
    pub(super) fn key(key: impl Into<String>, file: impl Into<PathBuf>) -> Self {
        Self::Key { key: key.into(), file: file.into() }
    }
}

impl Origin {
    /// The next step if a gateway rejects a credential from this source, as a sentence.
    pub fn correction(&self) -> &'static str {
        match self {
            Self::Variable(_) => "Fix or unset the variable.",
            Self::Flag("--token-file" | "--password-file") => "Fix the file, or leave the flag out.",
            Self::Flag(_) => "Type this gateway's credential, or leave the flag out.",
            Self::Key { key, .. } if key.ends_with("_file") => "Fix the file that it names.",
            Self::Key { key, .. } if key.ends_with("_env") => "Fix the variable that it names.",
            Self::Key { .. } => "Fix it in that file.",
            Self::Certificate(_) | Self::DefaultPort | Self::Platform | Self::None => "",
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) | Self::Variable(name) => f.write_str(name),
            Self::Key { key, file } => write!(f, "{key} in {}", file.display()),
            Self::Certificate(file) => write!(f, "this host's gateway certificate, {}", file.display()),
            Self::DefaultPort => f.write_str("the default port"),
            Self::Platform => f.write_str("the platform's roots"),
            Self::None => f.write_str("none configured"),
        }
    }
}
