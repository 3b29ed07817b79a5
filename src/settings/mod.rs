//! Flags, environment and configuration files, resolved into one target with its credential.
//!
//! Address, credential and trust are looked up separately. The first source that has a value wins:
//!
//! | part | sources, in order |
//! | --- | --- |
//! | address | `--gateway=URL` or `NAME`; `OPENCLAW_GATEWAY_URL`; `OPENCLAW_GATEWAY_PORT` on this host; `default` in config.toml; openclaw.json (`gateway.remote.url` in remote mode, else `gateway.port`); port 18789 on this host |
//! | credential | `--token-file`, `--password-file`, `--ask-token`, `--ask-password`; `OPENCLAW_GATEWAY_TOKEN`, `OPENCLAW_GATEWAY_PASSWORD`; the settings of the address |
//! | trust | `--tls-fingerprint`, `--ca-file`; the settings of the address; the platform's roots |
//!
//! The settings of an address are: the fields of its name in config.toml; for this host's own gateway, `gateway.auth`
//! and its certificate file; for the address in `gateway.remote.url`, the rest of `gateway.remote`. They are never used
//! for another address. A credential is never sent unencrypted to another host unless that is allowed.
//!
//! If a command uses two gateways, flags are rejected, and the variables apply only to the default gateway.
//!
//! There are two intentional differences from the official command line. First, there openclaw.json overrides the
//! variables (2026.9.6), and the variables are ignored with `--url`. Here the variables override the files, for any
//! address. Second, there `gateway.auth` and `gateway.remote` are fallbacks for each other. Here each credential is
//! sent only to its own gateway.

mod address;
mod credential;
mod dotenv;
mod entry;
mod environment;
mod error;
mod execution;
mod flags;
mod include;
mod installed;
mod name;
mod openclaw;
mod origin;
mod own;
mod process;
mod project;
mod reference;
mod secret;
mod secret_kind;
mod substitution;
#[cfg(test)]
mod tests;
mod trust;
mod trusted;
mod warnings;

use std::path::PathBuf;

pub use entry::{Entry, config_file};
pub use environment::Environment;
pub use error::{Kind, SettingsError, print_secret, quoted};
pub use execution::Execution;
pub use flags::{Flags, Wait};
pub use installed::{Installed, installed};
pub use origin::Origin;
pub use project::Project;
pub use secret_kind::SecretKind;
pub use warnings::Warnings;

use crate::deadline::Deadline;
use crate::gateway::target::{Address, Credential, Target};
use crate::gateway::{ConnectOptions, Patience};

/// A target, and the source of each part of it.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// The target to connect to.
    pub target: Target,
    /// The source of the address.
    pub address_from: Origin,
    /// The source of the credential, or of the setting that there is none.
    pub credential_from: Origin,
    /// The source of the trust. [`Origin::None`] if the connection is not encrypted.
    pub trust_from: Origin,
    /// The gateway's name in config.toml, if it was chosen by name.
    pub name: Option<String>,
    /// Notes for the user: sentences without a full stop.
    pub notes: Vec<String>,
    /// Warnings that the user should fix: sentences without a full stop.
    pub warnings: Vec<String>,
}

/// The names of the gateways in config.toml. There is at least one.
pub fn names(environment: &Environment, deadline: Deadline) -> Result<Vec<String>, SettingsError> {
    let own = own::Own::load(environment, deadline)?;
    let names: Vec<String> = own.names().map(str::to_owned).collect();
    if names.is_empty() { Err(SettingsError::NoGateways(own.file)) } else { Ok(names) }
}

/// Checks the value of `--gateway` if it is an address. This needs no configuration.
pub fn check_address(text: &str) -> Result<(), SettingsError> {
    if !Address::is_address(text) {
        return Ok(());
    }
    let parsed: Result<Address, _> = text.parse();
    parsed.map(drop).map_err(|error| SettingsError::Address { from: Origin::Flag("--gateway"), error })
}

/// Whether a text could be a gateway: a valid name or an address.
pub fn may_be_gateway(text: &str) -> bool {
    name::is_name(text) || Address::is_address(text)
}

/// Whether config.toml has a gateway with that name. `false` if the configuration cannot be read.
pub fn is_gateway(text: &str, environment: &Environment, deadline: Deadline) -> bool {
    name::is_name(text)
        && own::Own::load(environment, deadline).is_ok_and(|own| own.names().any(|name| name == text))
}

/// The given gateway, without the parts that may be a secret: those before an @, or after a ? or #.
pub fn without_secret(name: &str) -> String {
    let rest = error::without_secret(name);
    match name.split_once("://") {
        Some((scheme, _)) if !rest.contains("://") => format!("{scheme}://{rest}"),
        _ => rest.to_owned(),
    }
}

/// Finds the gateway, its credential and its trusted certificates.
pub fn resolve(
    flags: &Flags,
    environment: &Environment,
    deadline: Deadline,
) -> Result<Resolved, SettingsError> {
    flags.check()?;
    let mut notes = Vec::new();
    let mut chosen = address::choose(flags, environment, deadline, &mut notes)?;
    let (trust, trust_from) = trust::choose(flags, &chosen, deadline, &mut notes)?;
    let plaintext_allowed = trust::plaintext_allowed(&chosen, environment);
    let address = chosen.address.clone();
    let guard = |from: &Origin| {
        if address.is_encrypted() || address.is_loopback() || plaintext_allowed {
            return Ok(());
        }
        Err(SettingsError::Plaintext(Box::new(error::Crossing {
            address: address.clone(),
            credential: from.clone(),
            name: chosen.name.clone(),
            file: own::Own::path(environment).ok(),
        })))
    };
    if let Some(flag) = flags.ask.map(SecretKind::ask_flag) {
        // A secret that would be refused is not requested on the terminal.
        guard(&Origin::Flag(flag))?;
    }
    let (credential, credential_from) =
        credential::choose(flags, environment, &chosen, deadline, &mut notes)?;
    if !matches!(credential, Credential::None) {
        guard(&credential_from)?;
    }
    let patience = match flags.wait {
        Wait::Full => Patience::Full,
        Wait::WhileAlive if address.is_loopback() => {
            Patience::WhileAlive(process::probe(environment, &address))
        }
        Wait::WhileAlive | Wait::Never => Patience::None,
    };
    let options = ConnectOptions { observer: flags.observer.clone(), patience };
    let secret = match (&credential, &credential_from) {
        (Credential::Token(_) | Credential::Password(_), Origin::Key { key, file }) => {
            (!key.starts_with("gateways.")).then_some(&**file)
        }
        _ => None,
    };
    let warnings = trusted::warnings(&chosen, secret, (&trust, &trust_from));
    if let Some(openclaw) = &mut chosen.openclaw {
        notes.append(&mut openclaw.notes);
    }
    Ok(Resolved {
        target: Target { address: chosen.address, credential, trust, plaintext_allowed, options },
        address_from: chosen.from,
        credential_from,
        trust_from,
        name: chosen.name,
        notes,
        warnings,
    })
}

/// Whether the gateway at an address runs on this host: a process of this host holds its lock.
pub fn runs_here(environment: &Environment, address: &Address) -> bool {
    address.is_loopback()
        && process::probe(environment, address).find(None).is_some_and(|process| process.certain)
}

/// The directory of OpenClaw's own state on this host.
pub fn openclaw_state_directory(environment: &Environment) -> Option<PathBuf> {
    openclaw::states(environment, &environment.openclaw_home()?).into_iter().next()
}

/// The directory of clearance's state, which is its device keys: `${XDG_STATE_HOME:-~/.local/state}/clearance`.
pub fn state_directory(environment: &Environment) -> Result<PathBuf, SettingsError> {
    Ok(environment.xdg("XDG_STATE_HOME", ".local/state")?.join("clearance"))
}
