//! Flags, environment and configuration files, resolved into one target with its credential.
//!
//! Each of address, credential and trust is looked for on its own; the first place that has it wins:
//!
//! | part | places, in order |
//! | --- | --- |
//! | address | `--gateway=URL` or `NAME`; `OPENCLAW_GATEWAY_URL`; `OPENCLAW_GATEWAY_PORT` on this host; `default` in config.toml; openclaw.json (`gateway.remote.url` in remote mode, else `gateway.port`); port 18789 on this host |
//! | credential | `--token-file`, `--password-file`, `--ask-token`, `--ask-password`; `OPENCLAW_GATEWAY_TOKEN`, `OPENCLAW_GATEWAY_PASSWORD`; what belongs to the address |
//! | trust | `--tls-fingerprint`, `--ca-file`; what belongs to the address; the platform's roots |
//!
//! What belongs to an address: the fields of its name in config.toml; for this host's own gateway `gateway.auth` and
//! its certificate file; for the address in `gateway.remote.url` the rest of `gateway.remote`. None of it is ever
//! used for another address, and no credential crosses plaintext to another host unless that is allowed.
//!
//! Where one command is about two gateways, flags are refused and the variables count for the default gateway alone.
//!
//! Two differences from the official command line, both on purpose. There the variables give way to openclaw.json
//! (2026.9.6) and are not used beside `--url` at all; here they are what the caller said last, for whatever address
//! the caller chose. And there `gateway.auth` and `gateway.remote` stand in for one another; here each credential
//! goes to its own gateway only.

mod address;
mod credential;
mod dotenv;
mod entry;
mod environment;
mod error;
mod flags;
mod include;
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
pub use flags::{Flags, Wait};
pub use origin::Origin;
pub use project::Project;
pub use secret_kind::SecretKind;
pub use warnings::Warnings;

pub use crate::gateway::Observer;

use crate::deadline::Deadline;
use crate::gateway::target::{Address, Credential, Target};
use crate::gateway::{ConnectOptions, Patience};

/// A target, and where each part of it comes from.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// What a connection is made from.
    pub target: Target,
    /// Where the address comes from.
    pub address_from: Origin,
    /// Where the credential comes from, or who says that there is none.
    pub credential_from: Origin,
    /// Where the trust comes from; [`Origin::None`] where the connection is not encrypted.
    pub trust_from: Origin,
    /// The gateway's name in config.toml, where it was chosen by it.
    pub name: Option<String>,
    /// What the caller should know besides: sentences without a full stop.
    pub notes: Vec<String>,
    /// The same of what the caller should fix.
    pub warnings: Vec<String>,
}

/// The names of the gateways in config.toml, at least one.
pub fn names(environment: &Environment, deadline: Deadline) -> Result<Vec<String>, SettingsError> {
    let own = own::Own::load(environment, deadline)?;
    let names: Vec<String> = own.names().map(str::to_owned).collect();
    if names.is_empty() { Err(SettingsError::NoGateways(own.file)) } else { Ok(names) }
}

/// Checks what `--gateway` says, where it is written as an address: that needs no configuration.
pub fn check_address(text: &str) -> Result<(), SettingsError> {
    if !Address::is_address(text) {
        return Ok(());
    }
    let parsed: Result<Address, _> = text.parse();
    parsed.map(drop).map_err(|error| SettingsError::Address { from: Origin::Flag("--gateway"), error })
}

/// Whether a text could be meant as a gateway: a name that one could have, or an address.
pub fn may_be_gateway(text: &str) -> bool {
    name::is_name(text) || Address::is_address(text)
}

/// Whether config.toml has a gateway of that name. Without a configuration that can be read it has none.
pub fn is_gateway(text: &str, environment: &Environment, deadline: Deadline) -> bool {
    name::is_name(text)
        && own::Own::load(environment, deadline).is_ok_and(|own| own.names().any(|name| name == text))
}

/// What was given as a gateway, without what may be a secret: before an @, or behind a ? or #.
pub fn without_secret(name: &str) -> String {
    let rest = error::without_secret(name);
    match name.split_once("://") {
        Some((scheme, _)) if !rest.contains("://") => format!("{scheme}://{rest}"),
        _ => rest.to_owned(),
    }
}

/// Finds the gateway, the credential for it and whom to trust for it.
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
        // Nobody is asked for a secret that would be refused.
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

/// Where clearance keeps what it must remember, its device keys: `${XDG_STATE_HOME:-~/.local/state}/clearance`.
pub fn state_directory(environment: &Environment) -> Result<PathBuf, SettingsError> {
    Ok(environment.xdg("XDG_STATE_HOME", ".local/state")?.join("clearance"))
}
