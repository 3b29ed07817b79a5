//! The errors of settings: what is wrong, where, and what to do next. No error quotes a secret.

use std::path::{Path, PathBuf};
use std::time::Duration;

use thiserror::Error;

use super::name::is_name;
use super::origin::Origin;
use super::secret_kind::SecretKind;
use crate::gateway::target::{Address, AddressError, FingerprintError};
use crate::store::input::InputError;
use crate::store::private::Exposure;
use crate::store::quoted_unless;
use crate::system::RUN_ON_UNIX;

/// The category of an error, which decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The command line, or an environment variable, is wrong.
    Usage,
    /// A file could not be read, or its content is wrong.
    Unreadable,
    /// A secret would be exposed, or was exposed.
    Refused,
    /// The deadline passed.
    TimedOut,
}

/// Why a text cannot be a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretFlaw {
    /// The text is empty.
    Empty,
    /// The text is not UTF-8.
    NotText,
    /// The text has blanks or control characters where a secret cannot have them. Usually it has several lines.
    Characters,
    /// The text is in quotes, as in a shell or in a `.env` file.
    Quotes,
    /// The text begins with a byte order mark, which some editors write.
    ByteOrderMark,
}

impl std::fmt::Display for SecretFlaw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Empty => "is empty",
            Self::NotText => "is not UTF-8 text",
            Self::Characters => {
                "contains blanks, line ends or control characters, which a credential cannot contain"
            }
            Self::Quotes => "is in quotes",
            Self::ByteOrderMark => "begins with a byte order mark",
        })
    }
}

/// A credential that would be sent unencrypted.
#[derive(Debug)]
pub struct Crossing {
    /// The address.
    pub address: Address,
    /// Where the credential comes from.
    pub credential: Origin,
    /// The gateway's name in config.toml.
    pub name: Option<String>,
    /// The path of clearance's configuration, if it is known.
    pub file: Option<PathBuf>,
}

/// Why no target could be resolved.
#[derive(Debug, Error)]
pub enum SettingsError {
    /// Two flags that contradict each other.
    #[error("{0} and {1} cannot be given together")]
    Conflict(&'static str, &'static str),
    /// A URL that is not the address of a gateway.
    #[error("{from}: {error}")]
    Address {
        /// The source of the value.
        from: Origin,
        /// What is wrong with it.
        error: AddressError,
    },
    /// A value that is not a port.
    #[error("{0} is not a port: a number from 1 to 65535")]
    Port(Origin),
    /// A value that is not a fingerprint.
    #[error("{from}: {error}")]
    Fingerprint {
        /// The source of the value.
        from: Origin,
        /// What is wrong with it.
        error: FingerprintError,
    },
    /// A trust option for an unencrypted connection, which has no certificate.
    #[error("{from} needs a certificate, but {address} has none: the connection is not encrypted")]
    NothingToTrust {
        /// The source of the request.
        from: Origin,
        /// The address.
        address: Box<Address>,
    },
    /// A variable whose value is not UTF-8.
    #[error("the variable {0} is not UTF-8 text")]
    VariableNotText(String),
    /// A variable that a gateway's configuration names, and that is not set.
    #[error("{from} names the variable {variable}, which is not set")]
    MissingVariable {
        /// The variable.
        variable: String,
        /// The source of the request.
        from: Origin,
    },
    /// All gateways of config.toml were requested, and it has none.
    #[error("no gateway is configured in {}", .0.display())]
    NoGateways(PathBuf),
    /// A name that is not in config.toml.
    #[error("unknown gateway `{}` in {}{}", without_secret(name).escape_debug(), file.display(), known(names))]
    UnknownGateway {
        /// The requested name.
        name: String,
        /// The configured names.
        names: Vec<String>,
        /// The configured name that is most similar.
        nearest: Option<String>,
        /// clearance's configuration.
        file: PathBuf,
    },
    /// The name of the gateway to add is already in use.
    #[error("{} already has a gateway `{name}`", file.display())]
    GatewayExists {
        /// The name.
        name: String,
        /// clearance's configuration.
        file: PathBuf,
    },
    /// A name that a gateway cannot have.
    #[error("`{}` cannot be the name of a gateway", .0.escape_debug())]
    GatewayName(String),
    /// A gateway to add that no command could use.
    #[error("{flag}: {problem}")]
    Entry {
        /// The flag.
        flag: &'static str,
        /// What is wrong.
        problem: String,
        /// What to write instead.
        remedy: String,
    },
    /// clearance's own configuration could not be written. It is unchanged.
    #[error("cannot write {}: {cause}", path.display())]
    NotWritten {
        /// The file, or its directory.
        path: PathBuf,
        /// The system error.
        cause: std::io::Error,
        /// The next step.
        remedy: String,
    },
    /// clearance's own configuration is not valid.
    #[error("{}{}: {problem}", file.display(), place(*at))]
    Own {
        /// The file.
        file: PathBuf,
        /// Line and column, where they are known.
        at: Option<(usize, usize)>,
        /// What is wrong.
        problem: String,
        /// What to write instead.
        remedy: Option<String>,
    },
    /// clearance's own configuration contains a secret.
    #[error(
        "{}: gateways.{gateway}.{field} contains a secret, but this file may be shared and copied",
        file.display()
    )]
    SecretInOwn {
        /// The file.
        file: PathBuf,
        /// The gateway.
        gateway: String,
        /// The field.
        field: &'static str,
    },
    /// OpenClaw's configuration is not JSON5.
    #[error("{}{}: {problem}", file.display(), place(*at))]
    OpenClaw {
        /// The file.
        file: PathBuf,
        /// Line and column.
        at: Option<(usize, usize)>,
        /// What is wrong.
        problem: String,
    },
    /// A value of OpenClaw's configuration is not valid.
    #[error("{from} is not {expected}")]
    Value {
        /// The source of the value.
        from: Origin,
        /// The expected value.
        expected: &'static str,
    },
    /// An `$include` that cannot be followed.
    #[error("{}: cannot include `{include}`: {problem}", file.display())]
    Include {
        /// The file that includes.
        file: PathBuf,
        /// The path that it includes.
        include: String,
        /// The reason.
        problem: String,
    },
    /// OpenClaw is in remote mode, and its configuration has no remote URL.
    #[error("gateway.mode in {} is \"remote\", and gateway.remote.url is missing", _0.display())]
    NoRemoteUrl(PathBuf),
    /// A secret reference that only OpenClaw can resolve.
    #[error(
        "{from} refers to a secret of provider `{provider}` ({source_kind}), which only OpenClaw can read"
    )]
    Reference {
        /// The source of the reference.
        from: Origin,
        /// The provider.
        provider: String,
        /// `file`, `exec` or `store`.
        source_kind: String,
        /// The kind of secret to set in the environment or in a file instead.
        instead: SecretKind,
    },
    /// A secret reference that OpenClaw would also reject.
    #[error("{from} is not a secret reference that OpenClaw follows: {problem}")]
    BadReference {
        /// The source of the reference.
        from: Origin,
        /// The reason.
        problem: String,
        /// The kind of secret to set in the environment or in a file instead.
        instead: SecretKind,
    },
    /// A text that cannot be a secret.
    #[error("the secret from {from} {flaw}")]
    Secret {
        /// Where it comes from.
        from: Origin,
        /// What is wrong with it.
        flaw: SecretFlaw,
    },
    /// The text that OpenClaw prints in place of a secret was given as the secret.
    #[error("{from} contains __OPENCLAW_REDACTED__, the text that OpenClaw prints in place of a secret")]
    RedactedSecret {
        /// The source of the text.
        from: Origin,
        /// Whether a password is expected, not a token.
        password: bool,
    },
    /// A secret file that other users can read or replace.
    #[error(transparent)]
    Exposed(Exposure),
    /// A file that could not be read.
    #[error("{from}: {error}")]
    Input {
        /// The setting that names the file.
        from: Origin,
        /// The reason.
        error: InputError,
    },
    /// A credential would be sent unencrypted over the network.
    #[error("the credential ({}) would be sent unencrypted over the network to {}", _0.credential, _0.address)]
    Plaintext(Box<Crossing>),
    /// A secret is to be read from the terminal, and there is no terminal.
    #[error("{} reads a secret from the terminal, but there is no terminal", .0.ask_flag())]
    NoTerminal(SecretKind),
    /// Nothing was typed in time.
    #[error("nothing was typed within {0:?}")]
    TypedNothing(Duration),
    /// The terminal failed.
    #[error("cannot read from the terminal: {0}")]
    Terminal(std::io::Error),
    /// The home directory is unknown.
    #[error("no home directory: HOME is not set")]
    NoHome,
}

impl SettingsError {
    /// An error in clearance's own configuration, without line and column.
    pub(super) fn own(file: &Path, problem: &str, remedy: Option<String>) -> Self {
        Self::Own { file: file.to_owned(), at: None, problem: problem.to_owned(), remedy }
    }

    /// The error's category, which decides the exit code. There is no wildcard, so that each new error needs a
    /// decision.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Conflict(..)
            | Self::NoGateways(_)
            | Self::UnknownGateway { .. }
            | Self::GatewayExists { .. }
            | Self::GatewayName(_)
            | Self::Entry { .. }
            | Self::VariableNotText(_)
            | Self::NoTerminal(_)
            | Self::NoHome => Kind::Usage,
            Self::Address { from, .. }
            | Self::Port(from)
            | Self::Fingerprint { from, .. }
            | Self::NothingToTrust { from, .. }
            | Self::Secret { from, .. } => of_origin(from),
            Self::Input { error: InputError::TimedOut { .. }, .. } | Self::TypedNothing(_) => Kind::TimedOut,
            Self::Input { .. }
            | Self::MissingVariable { .. }
            | Self::NotWritten { .. }
            | Self::Own { .. }
            | Self::OpenClaw { .. }
            | Self::Value { .. }
            | Self::Include { .. }
            | Self::NoRemoteUrl(_)
            | Self::Reference { .. }
            | Self::BadReference { .. }
            | Self::Terminal(_) => Kind::Unreadable,
            Self::SecretInOwn { .. }
            | Self::Exposed(_)
            | Self::Plaintext(_)
            | Self::RedactedSecret { .. } => Kind::Refused,
        }
    }

    /// The next step for the user.
    pub fn remedy(&self) -> Option<String> {
        match self {
            Self::Conflict(one, other) => Some(format!("give {one} or {other}, not both")),
            Self::Address { error, .. } => Some(of_address(error).to_owned()),
            Self::Port(from) => Some(format!("fix {from}; OpenClaw's default is 18789")),
            Self::Fingerprint { .. } => Some(
                "on the gateway's host: openssl x509 -noout -fingerprint -sha256 -in ~/.openclaw/gateway/tls/gateway-cert.pem"
                    .to_owned(),
            ),
            Self::NothingToTrust { from, address } => {
                Some(format!("use wss://{}:{}, or leave {from} out", address.host(), address.port()))
            }
            Self::VariableNotText(name) => Some(format!("unset {name}, or set it to text")),
            Self::MissingVariable { variable, .. } => Some(format!("export {variable}=…")),
            Self::NoGateways(_) => Some("clearance gateway add NAME wss://HOST:PORT".to_owned()),
            Self::UnknownGateway { name, nearest, .. } => Some(unknown(name, nearest.as_deref())),
            Self::GatewayExists { .. } => {
                Some("choose another name, or add --replace to replace it".to_owned())
            }
            Self::GatewayName(_) => {
                Some("a name may contain letters, digits, `-`, `_` and `.`; `embedded` is reserved".to_owned())
            }
            Self::Entry { remedy, .. } | Self::NotWritten { remedy, .. } => Some(remedy.clone()),
            Self::Own { remedy, .. } => remedy.clone(),
            Self::SecretInOwn { gateway, field, .. } => Some(format!(
                "put it into a separate file (chmod 600) and write {field}_file = \"PATH\" under [gateways.{gateway}], or {field}_env = \"VARIABLE\""
            )),
            Self::OpenClaw { .. }
            | Self::Value { .. }
            | Self::Include { .. }
            | Self::NoRemoteUrl(_)
            | Self::Reference { .. }
            | Self::BadReference { .. } => Some(self.remedy_in_openclaw()),
            Self::Secret { from, .. } => Some(format!("check {from}: it must contain only the secret, without quotes, on one line")),
            Self::RedactedSecret { from, password } => Some(redacted(from, *password)),
            Self::Exposed(Exposure::Mode { path, .. }) => Some(format!("chmod 600 {}", quoted(path))),
            Self::Exposed(Exposure::Special { .. }) => {
                Some("name a regular file that only you can read".to_owned())
            }
            Self::Exposed(Exposure::Owner { path, .. }) => Some(format!("sudo chown \"$USER\" {}, or use your own copy", quoted(path))),
            Self::Exposed(Exposure::Unknown { .. }) => Some(RUN_ON_UNIX.to_owned()),
            Self::Input { error, .. } => Some(of_input(error).to_owned()),
            Self::Plaintext(crossing) => Some(plaintext(crossing)),
            Self::NoTerminal(kind) => {
                Some(format!("give {} PATH instead of {}", kind.file_flag(), kind.ask_flag()))
            }
            Self::TypedNothing(_) => Some("run it again, or raise --timeout".to_owned()),
            Self::Terminal(_) if !cfg!(unix) => Some(RUN_ON_UNIX.to_owned()),
            Self::Terminal(_) => Some("give --token-file or --password-file instead".to_owned()),
            Self::NoHome => Some("set HOME".to_owned()),
        }
    }

    /// The next step for an error in OpenClaw's own configuration.
    fn remedy_in_openclaw(&self) -> String {
        match self {
            Self::NoRemoteUrl(_) => {
                "openclaw config set gateway.remote.url wss://HOST, or name the gateway with --gateway=URL"
                    .to_owned()
            }
            Self::Reference { instead, .. } | Self::BadReference { instead, .. } => {
                format!("export {}=…, or give {} PATH", instead.variable(), instead.file_flag())
            }
            _ => "fix it (openclaw doctor checks it), or name the gateway with --gateway=URL".to_owned(),
        }
    }
}

/// The next step if OpenClaw's redaction was given as a secret. In this host's own `gateway.auth` the redaction has
/// replaced the secret itself, so a new secret is needed.
fn redacted(from: &Origin, password: bool) -> String {
    match from {
        Origin::Key { key, .. } if key.starts_with("gateway.auth.") => format!(
            "set a new one on this host: openclaw config set {key} \"$(openssl rand -hex 24)\"; then restart the gateway: openclaw gateway restart"
        ),
        Origin::Key { key, .. } if key.starts_with("gateway.remote.") => {
            format!("{}\non this host: openclaw config set {key} VALUE", print_secret(password))
        }
        _ => format!("{}\nput it in place of __OPENCLAW_REDACTED__", print_secret(password)),
    }
}

/// How to print the secret of a gateway. Releases up to 2026.7 have no command for this, and `config get` redacts the
/// secret on all releases.
pub fn print_secret(password: bool) -> String {
    let file = r#"sed -n '/auth/,/}/p' "${OPENCLAW_STATE_DIR:-$HOME/.openclaw}/openclaw.json""#;
    if password {
        format!("on the gateway's host, gateway.auth.password is printed by:\n{file}")
    } else {
        format!(
            "on the gateway's host, its token (gateway.auth.token) is printed by:\nopenclaw gateway auth-token --show || {file}"
        )
    }
}

/// The category of a wrong value, by its source.
fn of_origin(from: &Origin) -> Kind {
    match from {
        Origin::Flag("--token-file" | "--password-file")
        | Origin::Key { .. }
        | Origin::Certificate(_)
        | Origin::DefaultPort
        | Origin::Platform
        | Origin::None => Kind::Unreadable,
        Origin::Flag(_) | Origin::Variable(_) => Kind::Usage,
    }
}

fn of_address(error: &AddressError) -> &'static str {
    match error {
        AddressError::Credentials => {
            "give the address alone, and the credential with --token-file or OPENCLAW_GATEWAY_TOKEN"
        }
        AddressError::Port => "write a port from 1 to 65535; OpenClaw's default is 18789",
        AddressError::Malformed(_) | AddressError::Scheme(_) | AddressError::Host => {
            "write it as HOST:PORT or wss://HOST:PORT, or as ws://127.0.0.1:PORT on the gateway's own host"
        }
    }
}

fn known(names: &[String]) -> String {
    if names.is_empty() { String::new() } else { format!(", which has {}", names.join(", ")) }
}

fn place(at: Option<(usize, usize)>) -> String {
    at.map(|(line, column)| format!(":{line}:{column}")).unwrap_or_default()
}

fn unknown(name: &str, nearest: Option<&str>) -> String {
    if let Some(nearest) = nearest {
        return format!("did you mean {nearest}? clearance … --gateway={nearest}");
    }
    if Path::new(name).is_file() {
        return format!("to use the file {}, leave --gateway out", quoted(Path::new(name)));
    }
    // A text that cannot be a gateway's name was meant as an address.
    if !is_name(name) {
        return "write an address as HOST:PORT or as a URL: --gateway=wss://HOST:PORT, or ws://127.0.0.1:PORT on the gateway's own host"
            .to_owned();
    }
    format!("name the gateway by its URL, or add it: clearance gateway add {name} wss://HOST:PORT")
}

/// The given name, without the parts that may be a secret: those before an @, or after a ? or #.
pub(super) fn without_secret(name: &str) -> &str {
    name.split(['?', '#']).next().unwrap_or_default().rsplit('@').next().unwrap_or_default()
}

fn plaintext(crossing: &Crossing) -> String {
    let Crossing { address, name, file, .. } = crossing;
    let (host, port) = (address.host(), address.port());
    let allow = match name {
        Some(name) => {
            let file =
                file.as_ref().map_or_else(|| "config.toml".to_owned(), |file| file.display().to_string());
            format!("under [gateways.{name}] in {file}:\nallow_plaintext = true")
        }
        None => {
            format!(": clearance gateway add NAME {address} --allow-plaintext")
        }
    };
    let allow = if name.is_some() { format!(" {allow}") } else { allow };
    format!(
        "use wss:// if the gateway serves TLS; or a tunnel: ssh -N -L {port}:127.0.0.1:{port} USER@{host}, then --gateway=ws://127.0.0.1:{port}; or, on a network you trust, allow it{allow}"
    )
}

fn of_input(error: &InputError) -> &'static str {
    match error {
        InputError::Missing(_) => "check the path",
        InputError::Directory(_) => "name a file in it",
        InputError::TooLarge { .. } => "check that it is the right file",
        InputError::TimedOut { .. } => "check that something writes to it and closes it, or raise --timeout",
        InputError::Io { .. } => "run as the user who owns the file",
    }
}

/// A path, quoted for a shell where needed.
pub fn quoted(path: &Path) -> String {
    quoted_unless(path, "/._-+@%:,")
}
