//! Chooses the gateway's address, and finds the configuration that owns it. A credential is sent only to the gateway
//! that it is configured for.

use std::path::PathBuf;

use super::environment::Environment;
use super::error::SettingsError;
use super::flags::Flags;
use super::openclaw::{self, Mode, OpenClaw};
use super::origin::Origin;
use super::own::{Named, Own};
use super::secret_kind::SecretKind;
use crate::deadline::Deadline;
use crate::gateway::target::Address;

const URL: &str = "OPENCLAW_GATEWAY_URL";
const PORT: &str = "OPENCLAW_GATEWAY_PORT";

/// The configuration that an address belongs to.
pub(super) enum Owner {
    /// A gateway of config.toml.
    Named(Box<Own>, Box<Named>),
    /// This host's own gateway.
    Local,
    /// The gateway in `gateway.remote.url`.
    Remote,
    /// The gateway that OpenClaw's `.env`, or the `env` section of its configuration, names.
    Variables,
    /// No configuration has this URL.
    Nobody,
}

/// An address, and the configurations that were read to find it.
pub(super) struct Chosen<'e> {
    pub(super) address: Address,
    pub(super) from: Origin,
    pub(super) owner: Owner,
    pub(super) name: Option<String>,
    /// Always `Some` if the owner is in OpenClaw's configuration.
    pub(super) openclaw: Option<OpenClaw<'e>>,
    /// clearance's configuration, if the address was chosen from it.
    pub(super) own: Option<PathBuf>,
}

pub(super) fn choose<'e>(
    flags: &Flags,
    environment: &'e Environment,
    deadline: Deadline,
    notes: &mut Vec<String>,
) -> Result<Chosen<'e>, SettingsError> {
    let search = Search { flags, environment, deadline };
    let chosen = match flags.gateway.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
        Some(url) if Address::is_address(url) => search.url(url, &Origin::Flag("--gateway"), notes),
        Some(name) => named(Own::load(environment, deadline)?, name),
        None => {
            if let Some(url) = environment.text(URL)? {
                search.url(url, &Origin::Variable(URL), notes)
            } else if let Some(port) = environment.text(PORT)? {
                search.port(port)
            } else {
                search.configured()
            }
        }
    }?;
    let profile = environment.text("OPENCLAW_PROFILE")?.filter(|name| !name.eq_ignore_ascii_case("default"));
    if profile.is_some() && chosen.openclaw.is_some() && environment.path("OPENCLAW_STATE_DIR").is_none() {
        notes.push(
            "OPENCLAW_PROFILE is set, but clearance does not support profiles: set OPENCLAW_STATE_DIR and OPENCLAW_GATEWAY_PORT"
                .to_owned(),
        );
    }
    Ok(chosen)
}

fn named<'e>(own: Own, name: &str) -> Result<Chosen<'e>, SettingsError> {
    let gateway = own.named(name)?.clone();
    Ok(Chosen {
        address: gateway.address.clone(),
        from: own.origin(name, "url"),
        name: Some(name.to_owned()),
        own: Some(own.file.clone()),
        owner: Owner::Named(Box::new(own), Box::new(gateway)),
        openclaw: None,
    })
}

struct Search<'s, 'e> {
    flags: &'s Flags,
    environment: &'e Environment,
    deadline: Deadline,
}

impl<'e> Search<'_, 'e> {
    /// An address that was given as a URL. Its owner is looked up only if the owner's settings could be used.
    fn url(&self, text: &str, from: &Origin, notes: &mut Vec<String>) -> Result<Chosen<'e>, SettingsError> {
        let address: Address =
            text.parse().map_err(|error| SettingsError::Address { from: from.clone(), error })?;
        let nobodys = |address| Chosen {
            address,
            from: from.clone(),
            owner: Owner::Nobody,
            name: None,
            openclaw: None,
            own: None,
        };
        let has_secret = self.has_secret()?;
        if has_secret && (self.flags.bring_trust() || !address.is_encrypted()) {
            return Ok(nobodys(address));
        }
        let found = OpenClaw::load(self.environment, self.deadline)
            .and_then(|openclaw| Ok((owner(&openclaw, &address, self.environment)?, openclaw)));
        match found {
            Ok((Some(owner), openclaw)) => {
                return Ok(Chosen { owner, openclaw: Some(openclaw), ..nobodys(address) });
            }
            Ok((None, _)) | Err(SettingsError::NoHome) => {}
            // That configuration may be unrelated to this address, so an error in it is not fatal.
            Err(error) => notes.push(format!("OpenClaw's configuration was not used: {error}")),
        }
        if let Ok(own) = Own::load(self.environment, self.deadline)
            && let Some(name) = own.name_of(&address)
        {
            notes.push(format!(
                "{} names this address {name}: --gateway={name} uses its settings",
                own.file.display()
            ));
        }
        Ok(nobodys(address))
    }

    fn has_secret(&self) -> Result<bool, SettingsError> {
        let set = |kind: SecretKind| self.environment.text(kind.variable());
        if self.flags.own_credential {
            return Ok(self.flags.bring_secret());
        }
        Ok(self.flags.bring_secret()
            || set(SecretKind::Token)?.is_some()
            || set(SecretKind::Password)?.is_some())
    }

    /// This host's own gateway, on another port.
    fn port(&self, text: &str) -> Result<Chosen<'e>, SettingsError> {
        let from = Origin::Variable(PORT);
        let port = openclaw::port(text).ok_or_else(|| SettingsError::Port(from.clone()))?;
        let openclaw = OpenClaw::load(self.environment, self.deadline)?;
        let address = Address::loopback(port, openclaw.tls());
        Ok(Chosen { address, from, owner: Owner::Local, name: None, openclaw: Some(openclaw), own: None })
    }

    fn configured(&self) -> Result<Chosen<'e>, SettingsError> {
        // Without a home directory there is no configuration, but the default may still be right.
        let own = match Own::load(self.environment, self.deadline) {
            Ok(own) => Some(own),
            Err(SettingsError::NoHome) => None,
            Err(error) => return Err(error),
        };
        // The file may have a default later.
        let file = own.as_ref().map(|own| own.file.clone());
        if let Some(own) = own
            && let Some(name) = own.default.clone()
        {
            return named(own, &name);
        }
        let openclaw = match OpenClaw::load(self.environment, self.deadline) {
            Ok(openclaw) => openclaw,
            Err(SettingsError::NoHome) => {
                let address = Address::loopback(openclaw::DEFAULT_PORT, false);
                let (from, owner) = (Origin::DefaultPort, Owner::Nobody);
                return Ok(Chosen { address, from, owner, name: None, openclaw: None, own: file });
            }
            Err(error) => return Err(error),
        };
        let (address, from, owner) = of_openclaw(&openclaw)?;
        Ok(Chosen { address, from, owner, name: None, openclaw: Some(openclaw), own: file })
    }
}

/// The gateway that OpenClaw's own command line would call.
fn of_openclaw(openclaw: &OpenClaw<'_>) -> Result<(Address, Origin, Owner), SettingsError> {
    if let Some((url, from)) = openclaw.beyond(URL) {
        let address = url.parse().map_err(|error| SettingsError::Address { from: from.clone(), error })?;
        return Ok((address, from, Owner::Variables));
    }
    match openclaw.mode()? {
        Mode::Remote => {
            let address =
                openclaw.remote()?.ok_or_else(|| SettingsError::NoRemoteUrl(openclaw.file.clone()))?;
            Ok((address, openclaw.origin(&["remote", "url"]), Owner::Remote))
        }
        Mode::Local => {
            let (port, from) = openclaw.port()?;
            Ok((Address::loopback(port, openclaw.tls()), from, Owner::Local))
        }
    }
}

/// Whether OpenClaw's configuration puts this host's own gateway at an address.
pub(super) fn is_own(environment: &Environment, address: &Address, deadline: Deadline) -> bool {
    let openclaw = OpenClaw::load(environment, deadline);
    let owner = openclaw.and_then(|openclaw| owner(&openclaw, address, environment));
    matches!(owner, Ok(Some(Owner::Local)))
}

/// The owner of an address, by OpenClaw's configuration.
fn owner(
    openclaw: &OpenClaw<'_>,
    address: &Address,
    environment: &Environment,
) -> Result<Option<Owner>, SettingsError> {
    let mode = openclaw.mode()?;
    // A host in remote mode has no gateway of its own: a listener on its port may be a tunnel to another host.
    if mode == Mode::Local && address.is_loopback() {
        let port = match environment.text(PORT)?.and_then(openclaw::port) {
            Some(port) => port,
            None => openclaw.port()?.0,
        };
        if address.port() == port {
            return Ok(Some(Owner::Local));
        }
    }
    let remote = openclaw.remote()?;
    Ok(remote.filter(|remote| same(remote, address)).map(|_| Owner::Remote))
}

/// Whether two addresses are the same gateway. An encrypted address never equals an unencrypted one.
fn same(one: &Address, other: &Address) -> bool {
    let path = |address: &Address| address.url().path().trim_end_matches('/').to_owned();
    one.is_encrypted() == other.is_encrypted()
        && one.host() == other.host()
        && one.port() == other.port()
        && path(one) == path(other)
}
