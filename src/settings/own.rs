//! clearance's own `config.toml`: named gateways and the default gateway. It has no secrets, only their locations.
//!
//! ```toml
//! default = "prod"
//!
//! [gateways.prod]
//! url = "wss://gateway.example"
//! token_file = "prod.token"      # or token_env, password_file, password_env; relative to this file
//! tls_fingerprint = "AB:CD:…"    # or ca_file
//! allow_plaintext = false
//! ```

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use bytesize::ByteSize;
use serde::Deserialize;
use serde::de::IgnoredAny;
use toml::Spanned;

use super::environment::{Environment, expand};
use super::error::{SettingsError, quoted};
use super::include::position;
use super::name::is_name;
use super::origin::Origin;
use super::secret_kind::SecretKind;
use crate::deadline::Deadline;
use crate::gateway::target::{Address, Fingerprint, Trust};
use crate::store::input::{self, Bounds, Input, InputError};

const MAX_SIZE: ByteSize = ByteSize::mib(1);

/// Names that have another meaning in `--gateway`.
pub(super) const RESERVED: &str = "embedded";

/// The fields that a gateway may have in the file.
pub(super) const FIELDS: [&str; 8] = [
    "url",
    "token_file",
    "token_env",
    "password_file",
    "password_env",
    "tls_fingerprint",
    "ca_file",
    "allow_plaintext",
];

/// clearance's configuration.
#[derive(Debug)]
pub(super) struct Own {
    /// The path of the file. The file may not exist.
    pub(super) file: PathBuf,
    /// The default gateway.
    pub(super) default: Option<String>,
    gateways: BTreeMap<String, Named>,
}

/// A gateway of the configuration.
#[derive(Debug, Clone)]
pub(super) struct Named {
    pub(super) address: Address,
    pub(super) secret: Option<Secret>,
    /// With the origin of the field.
    pub(super) trust: Option<(Trust, &'static str)>,
    pub(super) allow_plaintext: bool,
}

/// The location of a named gateway's secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Secret {
    pub(super) kind: SecretKind,
    /// The name of the field.
    pub(super) field: &'static str,
    pub(super) place: Place,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    File(PathBuf),
    Variable(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    default: Option<Spanned<String>>,
    #[serde(default)]
    gateways: BTreeMap<String, Spanned<RawGateway>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawGateway {
    url: Spanned<String>,
    token_file: Option<String>,
    token_env: Option<String>,
    password_file: Option<String>,
    password_env: Option<String>,
    tls_fingerprint: Option<Spanned<String>>,
    ca_file: Option<String>,
    #[serde(default)]
    allow_plaintext: bool,
    // Accepted by the parser only to be rejected with a reason.
    token: Option<IgnoredAny>,
    password: Option<IgnoredAny>,
}

impl Own {
    /// The path of the configuration.
    pub(super) fn path(environment: &Environment) -> Result<PathBuf, SettingsError> {
        Ok(environment.xdg("XDG_CONFIG_HOME", ".config")?.join("clearance").join("config.toml"))
    }

    /// Reads the configuration. If the file does not exist, the configuration is empty.
    pub(super) fn load(environment: &Environment, deadline: Deadline) -> Result<Self, SettingsError> {
        let file = Self::path(environment)?;
        let bytes = match input::read(&Input::Path(file.clone()), Bounds { max_size: MAX_SIZE, deadline }) {
            Ok(bytes) => bytes,
            Err(InputError::Missing(_)) => {
                return Ok(Self { file, default: None, gateways: BTreeMap::new() });
            }
            Err(error) => {
                return Err(SettingsError::Input {
                    from: Origin::key("clearance's configuration", &file),
                    error,
                });
            }
        };
        Self::of(file, &bytes, environment)
    }

    /// The text of the file.
    pub(super) fn text<'b>(file: &Path, bytes: &'b [u8]) -> Result<&'b str, SettingsError> {
        std::str::from_utf8(bytes).map_err(|error| {
            let at = error.valid_up_to()..error.valid_up_to();
            wrong(file, bytes, Some(at), "this is not UTF-8", Some(replace(file)))
        })
    }

    /// Parses the text of the file.
    pub(super) fn of(file: PathBuf, bytes: &[u8], environment: &Environment) -> Result<Self, SettingsError> {
        let text = Self::text(&file, bytes)?;
        let raw: Raw = toml::from_str(text).map_err(|error| of_toml(&file, text, &error))?;
        let reader = Reader { file: &file, bytes, home: environment.home() };
        let gateways = raw
            .gateways
            .into_iter()
            .map(|(name, gateway)| Ok((name.clone(), reader.gateway(&name, gateway)?)))
            .collect::<Result<BTreeMap<_, _>, SettingsError>>()?;
        let default = reader.default(raw.default, &gateways)?;
        Ok(Self { file, default, gateways })
    }

    /// The gateway with that name.
    pub(super) fn named(&self, name: &str) -> Result<&Named, SettingsError> {
        self.gateways.get(name).ok_or_else(|| SettingsError::UnknownGateway {
            name: name.to_owned(),
            names: self.gateways.keys().cloned().collect(),
            nearest: nearest(name, self.gateways.keys().map(String::as_str)),
            file: self.file.clone(),
        })
    }

    /// The name of the gateway with that address.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.gateways.keys().map(String::as_str)
    }

    pub(super) fn name_of(&self, address: &Address) -> Option<&str> {
        self.gateways.iter().find(|(_, named)| named.address == *address).map(|(name, _)| name.as_str())
    }

    /// The origin of a field of a gateway.
    pub(super) fn origin(&self, name: &str, field: &str) -> Origin {
        Origin::key(format!("gateways.{name}.{field}"), &self.file)
    }
}

/// Converts the raw file to the configuration.
struct Reader<'f> {
    file: &'f Path,
    bytes: &'f [u8],
    home: Option<PathBuf>,
}

impl Reader<'_> {
    fn wrong(&self, at: Range<usize>, problem: &str, remedy: Option<String>) -> SettingsError {
        wrong(self.file, self.bytes, Some(at), problem, remedy)
    }

    fn default(
        &self,
        raw: Option<Spanned<String>>,
        gateways: &BTreeMap<String, Named>,
    ) -> Result<Option<String>, SettingsError> {
        let Some(raw) = raw else { return Ok(None) };
        if gateways.contains_key(raw.get_ref()) {
            return Ok(Some(raw.into_inner()));
        }
        let near = nearest(raw.get_ref(), gateways.keys().map(String::as_str));
        let problem = format!(
            "default names the gateway `{}`, which is not in this file",
            raw.get_ref().escape_debug()
        );
        let remedy = match near {
            Some(near) => format!("did you mean default = \"{near}\"?"),
            None if raw.get_ref() != RESERVED && is_name(raw.get_ref()) => {
                format!("add it: clearance gateway add {} wss://HOST:PORT", raw.get_ref())
            }
            None => "remove that line".to_owned(),
        };
        Err(self.wrong(raw.span(), &problem, Some(remedy)))
    }

    fn gateway(&self, name: &str, spanned: Spanned<RawGateway>) -> Result<Named, SettingsError> {
        let (span, raw) = (spanned.span(), spanned.into_inner());
        if name == RESERVED {
            let problem = "`embedded` is the gateway inside clearance itself";
            return Err(self.wrong(span, problem, Some("give it another name".to_owned())));
        }
        if !is_name(name) {
            let problem = "the name of a gateway may contain letters, digits, `-`, `_` and `.`";
            return Err(self.wrong(span, problem, None));
        }
        let direct = raw.token.map(|_| "token").or(raw.password.map(|_| "password"));
        if let Some(field) = direct {
            let (file, gateway) = (self.file.to_owned(), name.to_owned());
            return Err(SettingsError::SecretInOwn { file, gateway, field });
        }
        let key = |field: &str| Origin::key(format!("gateways.{name}.{field}"), self.file);
        let address =
            raw.url.get_ref().parse().map_err(|error| SettingsError::Address { from: key("url"), error })?;
        let pin = raw.tls_fingerprint.map(|pin| {
            let pin: Result<Fingerprint, _> = pin.get_ref().parse();
            pin.map_err(|error| SettingsError::Fingerprint { from: key("tls_fingerprint"), error })
        });
        let trust = match (pin, raw.ca_file) {
            (Some(_), Some(_)) => {
                let problem = format!("gateways.{name} has both tls_fingerprint and ca_file");
                return Err(self.wrong(span, &problem, Some("keep one of the two".to_owned())));
            }
            (Some(pin), None) => Some((Trust::Pin(pin?), "tls_fingerprint")),
            (None, Some(roots)) => Some((Trust::Roots(self.path(&roots)), "ca_file")),
            (None, None) => None,
        };
        let file = |path: Option<String>| path.map(|path| Place::File(self.path(&path)));
        let secrets = [
            (SecretKind::Token, "token_file", file(raw.token_file)),
            (SecretKind::Token, "token_env", raw.token_env.map(Place::Variable)),
            (SecretKind::Password, "password_file", file(raw.password_file)),
            (SecretKind::Password, "password_env", raw.password_env.map(Place::Variable)),
        ];
        let mut secrets = secrets
            .into_iter()
            .filter_map(|(kind, field, place)| Some(Secret { kind, field, place: place? }));
        let (secret, second) = (secrets.next(), secrets.next());
        if let (Some(first), Some(second)) = (&secret, second) {
            let problem = format!("gateways.{name} has both {} and {}", first.field, second.field);
            return Err(self.wrong(span, &problem, Some("keep one of the two".to_owned())));
        }
        Ok(Named { address, secret, trust, allow_plaintext: raw.allow_plaintext })
    }

    /// A path in the file. `~` is the home directory, and a relative path starts at the file's directory.
    fn path(&self, written: &str) -> PathBuf {
        let path = expand(Path::new(written), self.home.as_deref());
        self.file.parent().map(|parent| parent.join(&path)).unwrap_or(path)
    }
}

fn wrong(
    file: &Path,
    bytes: &[u8],
    at: Option<Range<usize>>,
    problem: &str,
    remedy: Option<String>,
) -> SettingsError {
    let at = at.map(|at| position(bytes, at.start));
    SettingsError::Own { file: file.to_owned(), at, problem: problem.to_owned(), remedy }
}

/// The error for a file that is not TOML.
pub(super) fn not_toml(file: &Path, bytes: &[u8], at: Option<Range<usize>>) -> SettingsError {
    wrong(file, bytes, at, "this is not TOML", Some(replace(file)))
}

fn replace(file: &Path) -> String {
    let mut kept = file.as_os_str().to_owned();
    kept.push(".broken");
    format!("fix that line, or start with an empty file: mv {} {}", quoted(file), quoted(Path::new(&kept)))
}

/// The parser's message without the value that it found, which may be a misplaced secret.
fn of_toml(file: &Path, text: &str, error: &toml::de::Error) -> SettingsError {
    let message = error.message().lines().next().unwrap_or_default();
    let quoted = |opening: &str| message.strip_prefix(opening).and_then(|rest| rest.split('`').next());
    let (problem, remedy) = if let Some(name) = quoted("unknown field `") {
        let top = message.contains("`gateways`");
        let fields: &[&str] = if top { &["default", "gateways"] } else { &FIELDS };
        let near = nearest(name, fields.iter().copied());
        let remedy = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the fields are {}", fields.join(", ")),
        };
        (format!("unknown field `{}`", name.escape_debug()), Some(remedy))
    } else if message.starts_with("invalid type") || message.starts_with("invalid value") {
        let expected = message.rsplit_once(", expected ").map_or("another type", |(_, expected)| expected);
        (format!("this must be {expected}"), None)
    } else if let Some(name) = quoted("missing field `") {
        (format!("the field `{name}` is missing"), None)
    } else {
        return not_toml(file, text.as_bytes(), error.span());
    };
    wrong(file, text.as_bytes(), error.span(), &problem, remedy)
}

/// The most similar candidate.
fn nearest<'c>(name: &str, candidates: impl Iterator<Item = &'c str>) -> Option<String> {
    const ALIKE: f64 = 0.75;
    candidates
        .map(|candidate| (strsim::jaro_winkler(&name.to_lowercase(), &candidate.to_lowercase()), candidate))
        .filter(|&(alike, _)| alike >= ALIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate.to_owned())
}
