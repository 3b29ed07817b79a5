//! Everything that can be wrong with the settings: what, where, and what to do next. No secret is ever quoted.

use std::path::{Path, PathBuf};
use std::time::Duration;

use thiserror::Error;

use super::name::is_name;
use super::origin::Origin;
use super::secret_kind::SecretKind;
use crate::gateway::target::{Address, AddressError, FingerprintError};
use crate::store::input::InputError;
use crate::store::private::Exposure;

/// What an error means for the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The command line, or a variable beside it, is wrong.
    Usage,
    /// A file could not be read, or does not say what it must.
    Unreadable,
    /// A secret would be, or has been, exposed.
    Refused,
    /// The deadline passed.
    TimedOut,
}

/// Why a text is no secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretFlaw {
    /// Nothing in it.
    Empty,
    /// Not UTF-8.
    NotText,
    /// Blanks or control characters where none can be: several lines, most often.
    Characters,
    /// Quotes around it, as a shell or a file of variables has them.
    Quotes,
    /// A byte order mark before it, as some editors write one.
    ByteOrderMark,
}

impl std::fmt::Display for SecretFlaw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Empty => "is empty",
            Self::NotText => "is not UTF-8 text",
            Self::Characters => "holds blanks, line ends or control characters, which no credential has",
            Self::Quotes => "is in quotes",
            Self::ByteOrderMark => "begins with a byte order mark",
        })
    }
}

/// A credential on its way over plaintext.
#[derive(Debug)]
pub struct Crossing {
    /// The address.
    pub address: Address,
    /// Where the credential comes from.
    pub credential: Origin,
    /// The gateway's name in config.toml.
    pub name: Option<String>,
    /// clearance's configuration, where it has a place.
    pub file: Option<PathBuf>,
}

/// Why there is no target.
#[derive(Debug, Error)]
pub enum SettingsError {
    /// Two flags that say different things.
    #[error("{0} and {1} cannot be given together")]
    Conflict(&'static str, &'static str),
    /// A URL that is no address of a gateway.
    #[error("{from}: {error}")]
    Address {
        /// Who wrote it.
        from: Origin,
        /// What is wrong with it.
        error: AddressError,
    },
    /// A port that is none.
    #[error("{0} is not a port: a number from 1 to 65535")]
    Port(Origin),
    /// A fingerprint that is none.
    #[error("{from}: {error}")]
    Fingerprint {
        /// Who wrote it.
        from: Origin,
        /// What is wrong with it.
        error: FingerprintError,
    },
    /// Trust asked for where there is nothing to trust.
    #[error("{from} asks for a certificate, and {address} has none: the connection is not encrypted")]
    NothingToTrust {
        /// Who asks.
        from: Origin,
        /// The address.
        address: Box<Address>,
    },
    /// A variable that is not UTF-8.
    #[error("the variable {0} is not UTF-8 text")]
    VariableNotText(String),
    /// A variable that a gateway's configuration names and nobody set.
    #[error("{from} asks for the variable {variable}, which is not set")]
    MissingVariable {
        /// The variable.
        variable: String,
        /// Who asks.
        from: Origin,
    },
    /// Every gateway of config.toml is meant, and there is none in it.
    #[error("there is no gateway in {}", .0.display())]
    NoGateways(PathBuf),
    /// A name that config.toml does not have.
    #[error("there is no gateway `{}` in {}{}", without_secret(name).escape_debug(), file.display(), known(names))]
    UnknownGateway {
        /// The name that was asked for.
        name: String,
        /// The names there are.
        names: Vec<String>,
        /// The nearest of them.
        nearest: Option<String>,
        /// clearance's configuration.
        file: PathBuf,
    },
    /// A gateway is to be added, and another has its name.
    #[error("{} already has a gateway `{name}`", file.display())]
    GatewayExists {
        /// The name.
        name: String,
        /// clearance's configuration.
        file: PathBuf,
    },
    /// A name that no gateway may have.
    #[error("`{}` cannot be the name of a gateway", .0.escape_debug())]
    GatewayName(String),
    /// clearance's own configuration is not what it must be.
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
    /// A secret stands in clearance's own configuration.
    #[error(
        "{}: gateways.{gateway}.{field} holds a secret: this file is shared and copied, a secret is not",
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
    /// A value of OpenClaw's configuration is not what it must be.
    #[error("{from} is not {expected}")]
    Value {
        /// The value's place.
        from: Origin,
        /// What it must be.
        expected: &'static str,
    },
    /// An `$include` that is not followed.
    #[error("{}: cannot include `{include}`: {problem}", file.display())]
    Include {
        /// The file that includes.
        file: PathBuf,
        /// What it includes.
        include: String,
        /// Why not.
        problem: String,
    },
    /// OpenClaw is set to a gateway elsewhere and does not say where.
    #[error("gateway.mode in {} is \"remote\", and gateway.remote.url is missing", _0.display())]
    NoRemoteUrl(PathBuf),
    /// A secret reference that only OpenClaw itself can follow.
    #[error(
        "{from} refers to a secret of provider `{provider}` ({source_kind}), which only OpenClaw can read"
    )]
    Reference {
        /// The reference's place.
        from: Origin,
        /// The provider.
        provider: String,
        /// `file`, `exec` or `store`.
        source_kind: String,
        /// The secret that the environment or a file can bring instead.
        instead: SecretKind,
    },
    /// A secret reference that OpenClaw would not follow either.
    #[error("{from} is no secret reference that OpenClaw follows: {problem}")]
    BadReference {
        /// The reference's place.
        from: Origin,
        /// Why not.
        problem: String,
        /// The secret that the environment or a file can bring instead.
        instead: SecretKind,
    },
    /// A secret that cannot be one.
    #[error("the secret from {from} {flaw}")]
    Secret {
        /// Where it comes from.
        from: Origin,
        /// What is wrong with it.
        flaw: SecretFlaw,
    },
    /// The words that OpenClaw prints in place of a secret, given as the secret.
    #[error("{from} gives __OPENCLAW_REDACTED__, the text that OpenClaw prints in place of a secret")]
    RedactedSecret {
        /// Where they come from.
        from: Origin,
        /// Whether it should be a password, and not a token.
        password: bool,
    },
    /// A secret file that is not its owner's alone.
    #[error(transparent)]
    Exposed(Exposure),
    /// A file that could not be read.
    #[error("{from}: {error}")]
    Input {
        /// Who names it.
        from: Origin,
        /// Why not.
        error: InputError,
    },
    /// A credential would cross the network unencrypted.
    #[error("the credential ({}) would cross the network unencrypted on its way to {}", _0.credential, _0.address)]
    Plaintext(Box<Crossing>),
    /// A secret is to be typed, and there is nobody to type it.
    #[error("{} asks for a secret on the terminal, and there is no terminal", .0.ask_flag())]
    NoTerminal(SecretKind),
    /// Nothing was typed in time.
    #[error("nothing was typed within {0:?}")]
    TypedNothing(Duration),
    /// The terminal failed.
    #[error("cannot read from the terminal: {0}")]
    Terminal(std::io::Error),
    /// No home directory to look in.
    #[error("no home directory: HOME is not set")]
    NoHome,
}

impl SettingsError {
    /// Something that is wrong with clearance's own configuration, at no place in it.
    pub(super) fn own(file: &Path, problem: &str) -> Self {
        Self::Own { file: file.to_owned(), at: None, problem: problem.to_owned(), remedy: None }
    }

    /// What the error means for the exit code. No wildcard: a new error is a new decision.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Conflict(..)
            | Self::NoGateways(_)
            | Self::UnknownGateway { .. }
            | Self::GatewayExists { .. }
            | Self::GatewayName(_)
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

    /// What the person who reads the error can do next.
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
            Self::NoGateways(file) => {
                Some(format!("write into {}:\n{}", file.display(), entry("NAME", "wss://HOST")))
            }
            Self::UnknownGateway { name, nearest, file, .. } => {
                Some(unknown(name, nearest.as_deref(), file))
            }
            Self::GatewayExists { .. } => {
                Some("choose another name, or add --replace to write this one in its place".to_owned())
            }
            Self::GatewayName(_) => {
                Some("a name has letters, digits, `-`, `_` and `.`; `embedded` is reserved".to_owned())
            }
            Self::Own { remedy, .. } => remedy.clone(),
            Self::SecretInOwn { gateway, field, .. } => Some(format!(
                "put it into a file of its own (chmod 600) and write {field}_file = \"PATH\" under [gateways.{gateway}], or {field}_env = \"VARIABLE\""
            )),
            Self::OpenClaw { .. }
            | Self::Value { .. }
            | Self::Include { .. }
            | Self::NoRemoteUrl(_)
            | Self::Reference { .. }
            | Self::BadReference { .. } => Some(self.remedy_in_openclaw()),
            Self::Secret { from, .. } => Some(format!("check what {from} holds: the secret alone, without quotes, on one line")),
            Self::RedactedSecret { from, password } => Some(redacted(from, *password)),
            Self::Exposed(Exposure::Mode { path, .. }) => Some(format!("chmod 600 {}", quoted(path))),
            Self::Exposed(Exposure::Special { .. }) => {
                Some("name a regular file that only you can read".to_owned())
            }
            Self::Exposed(Exposure::Owner { path, .. }) => Some(format!("sudo chown \"$USER\" {}, or use a copy of your own", quoted(path))),
            Self::Input { error, .. } => Some(of_input(error).to_owned()),
            Self::Plaintext(crossing) => Some(plaintext(crossing)),
            Self::NoTerminal(kind) => {
                Some(format!("give {} PATH instead of {}", kind.file_flag(), kind.ask_flag()))
            }
            Self::TypedNothing(_) => Some("run it again, or raise --timeout".to_owned()),
            Self::Terminal(_) => Some("give --token-file or --password-file instead".to_owned()),
            Self::NoHome => Some("set HOME".to_owned()),
        }
    }

    /// What to do about OpenClaw's own configuration.
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

/// What to do where OpenClaw's redaction was given as a secret. In this host's own `gateway.auth` it has replaced the
/// secret itself, so a new one is needed.
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

/// How to see the secret of a gateway. Releases up to 2026.7 have no command for it, and `config get` redacts it on all.
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

/// What somebody wrote is wrong: on the command line, in a variable, or in a file.
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

fn unknown(name: &str, nearest: Option<&str>, file: &Path) -> String {
    if let Some(nearest) = nearest {
        return format!("did you mean {nearest}? clearance … --gateway={nearest}");
    }
    if Path::new(name).is_file() {
        return format!("to use the file {}, leave --gateway out", quoted(Path::new(name)));
    }
    // What no gateway can be called was meant as an address.
    if !is_name(name) {
        return "write an address as HOST:PORT or as a URL: --gateway=wss://HOST:PORT, or ws://127.0.0.1:PORT on the gateway's own host"
            .to_owned();
    }
    let name = name.escape_debug().to_string();
    format!("name the gateway by its URL, or write into {}:\n{}", file.display(), entry(&name, "wss://HOST"))
}

/// What was given as a name, without what may be a secret before an @ or behind a ?.
pub(super) fn without_secret(name: &str) -> &str {
    name.split(['?', '#']).next().unwrap_or_default().rsplit('@').next().unwrap_or_default()
}

fn entry(name: &str, url: &str) -> String {
    // A name with a dot would be two keys.
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let name = if name.chars().all(bare) { name.to_owned() } else { format!("\"{name}\"") };
    format!("[gateways.{name}]\nurl = \"{url}\"")
}

fn plaintext(crossing: &Crossing) -> String {
    let Crossing { address, name, file, .. } = crossing;
    let (host, port) = (address.host(), address.port());
    let file = file.as_ref().map_or_else(|| "config.toml".to_owned(), |file| file.display().to_string());
    let allow = match name {
        Some(name) => format!("under [gateways.{name}] in {file}:\nallow_plaintext = true"),
        None => format!(
            "in {file}, and name it with --gateway=NAME:\n{}\nallow_plaintext = true",
            entry("NAME", &address.to_string())
        ),
    };
    format!(
        "use wss:// if the gateway serves TLS; or a tunnel: ssh -N -L {port}:127.0.0.1:{port} USER@{host}, then --gateway=ws://127.0.0.1:{port}; or, on a network you trust, allow it {allow}"
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

/// A path as a shell takes it.
pub fn quoted(path: &Path) -> String {
    let path = path.display().to_string();
    let plain = path.chars().all(|c| c.is_ascii_alphanumeric() || "/._-+@%:,".contains(c));
    if plain { path } else { format!("'{}'", path.replace('\'', r"'\''")) }
}
