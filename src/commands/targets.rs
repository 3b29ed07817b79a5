//! Which gateways a command for many is about, and what may be used for each: a credential goes to the gateway that it
//! belongs to.

use std::collections::BTreeSet;

use super::Error;
use crate::deadline::Deadline;
use crate::settings::{self, Environment, Flags};

/// The gateways of a command, as they were asked for.
#[derive(Debug, Clone)]
pub struct Targets {
    /// The names and URLs that were given; none of them is the default gateway.
    pub names: Vec<String>,
    /// Whether it is every gateway of config.toml.
    pub all: bool,
    /// How to be let in, where one gateway is meant.
    pub access: Flags,
}

impl Targets {
    /// Every gateway that is meant now. What names a credential is refused where there are several, and the variables
    /// count for the default gateway alone.
    pub fn find(&self, environment: &Environment, deadline: Deadline) -> Result<Vec<Flags>, Error> {
        let names = if self.all { settings::names(environment, deadline)? } else { self.names.clone() };
        for name in &names {
            // Nothing that passes, however the others are.
            settings::check_address(name.trim())?;
        }
        let mut seen = BTreeSet::new();
        let mut targets: Vec<Flags> = Vec::new();
        for name in names {
            // Twice the same would wait for itself.
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
            flags.own_credential |= several && !is_default(flags);
        }
        Ok(targets)
    }
}

fn is_default(flags: &Flags) -> bool {
    flags.gateway.as_deref().is_none_or(|name| name.trim().is_empty())
}

/// What a gateway is called, without what may be a secret.
pub(super) fn shown(flags: &Flags) -> String {
    match flags.gateway.as_deref().map(str::trim).filter(|name| !name.is_empty()) {
        Some(name) => settings::without_secret(name),
        None => "the default gateway".to_owned(),
    }
}
