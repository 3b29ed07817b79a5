//! The gateways of a command that accepts several, and the flags for each: a credential goes only to the gateway that
//! it belongs to.

use std::collections::BTreeSet;

use super::Error;
use crate::deadline::Deadline;
use crate::settings::{self, Environment, Flags};

/// The gateways of a command, as given on the command line.
#[derive(Debug, Clone)]
pub struct Targets {
    /// The names and URLs; empty for the default gateway.
    pub names: Vec<String>,
    /// Whether every gateway of config.toml is meant.
    pub all: bool,
    /// How to authenticate, where one gateway is meant.
    pub access: Flags,
}

impl Targets {
    /// The current list of gateways. Flags that name a credential are rejected where there are several, and the
    /// variables apply to the default gateway alone.
    pub fn find(&self, environment: &Environment, deadline: Deadline) -> Result<Vec<Flags>, Error> {
        let names = if self.all { settings::names(environment, deadline)? } else { self.names.clone() };
        for name in &names {
            // An invalid address is an error even if the others are valid.
            settings::check_address(name.trim())?;
        }
        let mut seen = BTreeSet::new();
        let mut targets: Vec<Flags> = Vec::new();
        for name in names {
            // A gateway named twice would wait for itself.
            if seen.insert(name.trim().to_owned()) {
                targets.push(Flags { gateway: Some(name), ..self.access.clone() });
            }
        }
        if targets.is_empty() {
            targets.push(self.access.clone());
        }
        if let ([one, other, ..], Some(flag)) = (&targets[..], self.access.given()) {
            return Err(Error::TwoGateways { flag, names: [shown(one), shown(other)] });
        }
        let several = self.all || targets.len() > 1;
        for flags in &mut targets {
            flags.own_credential |= several && !is_unnamed(flags);
        }
        Ok(targets)
    }
}

/// Whether the command line names no gateway.
pub(super) fn is_unnamed(flags: &Flags) -> bool {
    flags.gateway.as_deref().is_none_or(|name| name.trim().is_empty())
}

/// The name of a gateway in reports, without possible secrets.
pub fn shown(flags: &Flags) -> String {
    match flags.gateway.as_deref().map(str::trim).filter(|name| !name.is_empty()) {
        Some(name) => settings::without_secret(name),
        None => "the default gateway".to_owned(),
    }
}
