//! OpenClaw's own configuration, `openclaw.json`: the addresses and credentials of gateways, with the variables that
//! OpenClaw would use in it. The rules are from the published packages 2026.4.14 and 2026.9.6.
//!
//! Variables: the process's, then the state directory's `.env` (and `~/.config/openclaw/gateway.env` for the default
//! one), then the `env` section. OpenClaw also reads the `.env` of the working directory, but takes no credential from
//! it; clearance does not read it. It does not start a login shell either.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bytesize::ByteSize;
use serde_json::Value;

use super::dotenv;
use super::environment::{Environment, expand};
use super::error::SettingsError;
use super::include::{self, Includes};
use super::origin::Origin;
use super::substitution::{refers, substitute};
use crate::deadline::Deadline;
use crate::gateway::target::Address;
use crate::store::input::{self, Bounds, Input, InputError};

/// `DEFAULT_GATEWAY_PORT`.
pub(super) const DEFAULT_PORT: u16 = 18789;

/// `MAX_DOTENV_FILE_BYTES`.
const MAX_DOTENV: ByteSize = ByteSize::mib(1);

/// OpenClaw's configuration. It has no `Debug`, because it contains secrets.
pub(super) struct OpenClaw<'e> {
    environment: &'e Environment,
    /// The path of the configuration. The file may not exist.
    pub(super) file: PathBuf,
    /// The directory of the gateway's certificate and `.env`.
    directory: PathBuf,
    gateway: Value,
    secrets: Value,
    variables: BTreeMap<String, String>,
    dotenv: Vec<(PathBuf, BTreeMap<String, String>)>,
    /// Notes for the user.
    pub(super) notes: Vec<String>,
    /// Every file that was read: the configuration, its includes, and the files with variables.
    pub(super) read: Vec<PathBuf>,
}

/// The mode of this host's OpenClaw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Local,
    Remote,
}

impl<'e> OpenClaw<'e> {
    pub(super) fn load(environment: &'e Environment, deadline: Deadline) -> Result<Self, SettingsError> {
        let home = environment.openclaw_home().ok_or(SettingsError::NoHome)?;
        let file = locate(environment, &home);
        let mut notes = Vec::new();
        let root = include::read(&file, deadline)?;
        if root.is_none() && environment.path("OPENCLAW_CONFIG_PATH").is_some() {
            notes.push(format!("OPENCLAW_CONFIG_PATH names {}, which does not exist", file.display()));
        }
        let found = root.is_some();
        let root = root.unwrap_or_default();
        let includes = Includes::of(&file, include_roots(environment, &home).into_iter(), deadline);
        let section = |name: &str| includes.section(&file, &root, name).map(Option::unwrap_or_default);
        let gateway = section("gateway")?;
        // A broken file that only these sections include causes an error only when its values are used.
        let mut aside = |name: &str| {
            section(name).unwrap_or_else(|error| {
                notes.push(error.to_string());
                Value::Null
            })
        };
        let (secrets, env) = (aside("secrets"), aside("env"));
        let read = found.then(|| file.clone()).into_iter().chain(includes.read()).collect();
        let directory = directory(environment, &home);
        let mut this = Self {
            environment,
            file,
            directory,
            gateway,
            secrets,
            variables: configured(&env),
            dotenv: Vec::new(),
            notes,
            read,
        };
        this.read_dotenv(&home, deadline);
        Ok(this)
    }

    fn read_dotenv(&mut self, home: &Path, deadline: Deadline) {
        let own = self.directory.join(".env");
        let is_default = own == home.join(".openclaw/.env");
        let early = home.join(".config/openclaw/gateway.env");
        let early = (is_default || self.environment.path("OPENCLAW_STATE_DIR").is_none()).then_some(early);
        for file in [Some(own), early].into_iter().flatten() {
            let bounds = Bounds { max_size: MAX_DOTENV, deadline };
            match input::read(&Input::Path(file.clone()), bounds) {
                Ok(bytes) => {
                    let variables = dotenv::parse(&String::from_utf8_lossy(&bytes));
                    self.read.push(file.clone());
                    self.dotenv.push((file, variables));
                }
                Err(InputError::Missing(_)) => {}
                // OpenClaw also continues without this file, with a warning.
                Err(error) => self.notes.push(error.to_string()),
            }
        }
    }

    /// The value of a variable as OpenClaw would read it.
    pub(super) fn variable(&self, name: &str) -> Option<String> {
        let own = self.environment.raw(name).and_then(|value| value.to_str());
        match own.filter(|value| !value.trim().is_empty()) {
            Some(value) => Some(value.to_owned()),
            None => self.beyond(name).map(|(value, _)| value.to_owned()),
        }
    }

    /// The value of a variable that only OpenClaw's files set.
    pub(super) fn beyond(&self, name: &str) -> Option<(&str, Origin)> {
        // A variable of the process, even an empty one, overrides the files, but not the configuration.
        let own = self.environment.raw(name);
        if own.is_some_and(|value| value.to_str().is_none_or(|text| !text.trim().is_empty())) {
            return None;
        }
        let mut files = self.dotenv.iter().filter(|_| own.is_none());
        let found = files.find_map(|(file, variables)| Some((file, variables.get(name)?)));
        if let Some((file, value)) = found.filter(|(_, value)| !value.trim().is_empty()) {
            return Some((value, Origin::key(name, file)));
        }
        let value = self.variables.get(name)?;
        Some((value, Origin::key(format!("env.vars.{name}"), &self.file)))
    }

    /// The origin of a value of the gateway's section.
    pub(super) fn origin(&self, path: &[&str]) -> Origin {
        Origin::key(format!("gateway.{}", path.join(".")), &self.file)
    }

    pub(super) fn value(&self, path: &[&str]) -> Option<&Value> {
        at(&self.gateway, path)
    }

    pub(super) fn secrets(&self, path: &[&str]) -> Option<&Value> {
        at(&self.secrets, path)
    }

    /// A text of the gateway's section, trimmed, with its variables replaced. `None`: it is missing or blank.
    pub(super) fn text(&self, path: &[&str]) -> Result<Option<String>, SettingsError> {
        match self.value(path) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => {
                let text = substitute(text, |name| self.variable(name)).map_err(|variable| {
                    SettingsError::MissingVariable { variable, from: self.origin(path) }
                })?;
                let text = text.trim();
                Ok((!text.is_empty()).then(|| text.to_owned()))
            }
            Some(_) => Err(SettingsError::Value { from: self.origin(path), expected: "text" }),
        }
    }

    pub(super) fn mode(&self) -> Result<Mode, SettingsError> {
        match self.text(&["mode"])?.as_deref() {
            Some("remote") => Ok(Mode::Remote),
            None | Some("local") => Ok(Mode::Local),
            Some(_) => Err(SettingsError::Value {
                from: self.origin(&["mode"]),
                expected: "\"local\" or \"remote\"",
            }),
        }
    }

    /// The port of this host's own gateway, from every source except the process's variables.
    pub(super) fn port(&self) -> Result<(u16, Origin), SettingsError> {
        if let Some((value, from)) = self.beyond("OPENCLAW_GATEWAY_PORT")
            && let Some(port) = port(value)
        {
            return Ok((port, from));
        }
        match self.value(&["port"]) {
            None | Some(Value::Null) => Ok((DEFAULT_PORT, Origin::DefaultPort)),
            Some(value) => {
                let port = value.as_u64().and_then(|port| u16::try_from(port).ok()).filter(|port| *port != 0);
                let from = self.origin(&["port"]);
                port.map(|port| (port, from.clone())).ok_or(SettingsError::Port(from))
            }
        }
    }

    /// Whether this host's own gateway serves TLS.
    pub(super) fn tls(&self) -> bool {
        self.value(&["tls", "enabled"]).and_then(Value::as_bool) == Some(true)
    }

    /// The address in `gateway.remote.url`.
    pub(super) fn remote(&self) -> Result<Option<Address>, SettingsError> {
        let path = ["remote", "url"];
        let Some(text) = self.text(&path)? else { return Ok(None) };
        text.parse().map(Some).map_err(|error| SettingsError::Address { from: self.origin(&path), error })
    }

    /// The certificate file of this host's own gateway (`resolveGatewayTlsCertPath`).
    pub(super) fn certificate(&self) -> Result<PathBuf, SettingsError> {
        Ok(match self.text(&["tls", "certPath"])? {
            Some(path) => expand(Path::new(&path), self.environment.openclaw_home().as_deref()),
            None => self.directory.join("gateway/tls/gateway-cert.pem"),
        })
    }
}

/// A port in the format of `OPENCLAW_GATEWAY_PORT`: alone, or after a host, as in container files
/// (`parseGatewayPortEnvValue`).
pub(super) fn port(text: &str) -> Option<u16> {
    let text = text.trim();
    let digits = match text.rsplit_once(':') {
        None => text,
        Some((host, digits)) if host.starts_with('[') && host.ends_with(']') => digits,
        Some((host, digits)) if !host.is_empty() && !host.contains(':') => digits,
        Some(_) => return None,
    };
    let numeric = digits.chars().all(|c| c.is_ascii_digit());
    digits.parse().ok().filter(|port| numeric && *port != 0)
}

/// The directories that may contain included files, besides the configuration's own.
pub(super) fn include_roots(environment: &Environment, home: &Path) -> Vec<PathBuf> {
    let roots = environment.path("OPENCLAW_INCLUDE_ROOTS").unwrap_or_default();
    std::env::split_paths(&roots).map(|root| expand(&root, Some(home))).collect()
}

/// The possible state directories of OpenClaw, the usual one first (`resolveStateDir`).
pub(super) fn states(environment: &Environment, home: &Path) -> Vec<PathBuf> {
    match environment.path("OPENCLAW_STATE_DIR") {
        Some(state) => vec![expand(&state, Some(home))],
        None => vec![home.join(".openclaw"), home.join(".clawdbot")],
    }
}

/// The path of the configuration (`resolveConfigPath`): the first that exists, else the one that OpenClaw would create.
pub(super) fn locate(environment: &Environment, home: &Path) -> PathBuf {
    if let Some(path) = environment.path("OPENCLAW_CONFIG_PATH") {
        return expand(&path, Some(home));
    }
    let states = states(environment, home);
    let default = states[0].join("openclaw.json");
    let mut candidates =
        states.iter().flat_map(|state| [state.join("openclaw.json"), state.join("clawdbot.json")]);
    candidates.find(|file| file.exists()).unwrap_or(default)
}

/// The directory of the gateway's certificate and `.env` (`resolveConfigDir`).
fn directory(environment: &Environment, home: &Path) -> PathBuf {
    if let Some(state) = environment.path("OPENCLAW_STATE_DIR") {
        return expand(&state, Some(home));
    }
    let config = environment.path("OPENCLAW_CONFIG_PATH").map(|config| expand(&config, Some(home)));
    config.and_then(|config| config.parent().map(Path::to_owned)).unwrap_or_else(|| home.join(".openclaw"))
}

/// The variables that the `env` section sets (`collectConfigEnvVars`). Only literal texts are used.
fn configured(env: &Value) -> BTreeMap<String, String> {
    let vars = env.get("vars").and_then(Value::as_object);
    let own = env.as_object();
    let own = own.into_iter().flatten().filter(|(name, _)| !matches!(name.as_str(), "vars" | "shellEnv"));
    vars.into_iter()
        .flatten()
        .chain(own)
        .filter_map(|(name, value)| Some((name.trim(), value.as_str()?)))
        .filter(|(name, value)| dotenv::is_portable(name) && !value.trim().is_empty() && !refers(value))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn at<'v>(value: &'v Value, path: &[&str]) -> Option<&'v Value> {
    path.iter().try_fold(value, |value, key| value.get(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_read_as_openclaw_reads_them() {
        for (text, expected) in [
            ("18789", Some(18789)),
            (" 1 ", Some(1)),
            ("127.0.0.1:18789", Some(18789)),
            ("[::1]:18789", Some(18789)),
            ("::1:18789", None),
            (":18789", None),
            ("[]:1", Some(1)),
            ("0", None),
            ("65536", None),
            ("+1", None),
            ("-1", None),
            ("1.5", None),
            ("", None),
            ("x:", None),
        ] {
            assert_eq!(port(text), expected, "{text}");
        }
    }
}
