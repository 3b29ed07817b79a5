//! Finds the credential: from flags, then from variables, then from the settings of the address. A configured
//! credential is sent only to the gateway that it is configured for.

use super::address::{Chosen, Owner};
use super::environment::Environment;
use super::error::SettingsError;
use super::flags::Flags;
use super::openclaw::{Mode, OpenClaw};
use super::origin::Origin;
use super::own::{Named, Own, Place};
use super::secret;
use super::secret_kind::SecretKind;
use crate::deadline::Deadline;
use crate::gateway::target::Credential;

type Found = Option<(Credential, Origin)>;

pub(super) fn choose(
    flags: &Flags,
    environment: &Environment,
    chosen: &Chosen<'_>,
    deadline: Deadline,
    notes: &mut Vec<String>,
) -> Result<(Credential, Origin), SettingsError> {
    if let Some(found) = of_flags(flags, deadline)? {
        return Ok(found);
    }
    if !flags.own_credential
        && let Some((credential, from)) = of_variables(environment, notes)?
    {
        if let Owner::Named(own, named) = &chosen.owner
            && let Some(secret) = &named.secret
        {
            let configured = own.origin(chosen.name.as_deref().unwrap_or_default(), secret.field);
            notes.push(format!("{from} is used instead of {configured}"));
        }
        return Ok((credential, from));
    }
    let found = match (&chosen.owner, &chosen.openclaw) {
        (Owner::Named(own, named), _) => {
            let name = chosen.name.as_deref().unwrap_or_default();
            of_named(own, named, name, environment, deadline)?
        }
        (Owner::Local, Some(openclaw)) => of_local(openclaw, notes)?,
        (Owner::Remote, Some(openclaw)) => of_remote(openclaw, notes)?,
        (Owner::Variables, Some(openclaw)) => beyond(openclaw, &[SecretKind::Token, SecretKind::Password])?,
        (Owner::Local | Owner::Remote | Owner::Variables, None) | (Owner::Nobody, _) => None,
    };
    Ok(found.unwrap_or((Credential::None, Origin::None)))
}

fn of_flags(flags: &Flags, deadline: Deadline) -> Result<Found, SettingsError> {
    let files = [(SecretKind::Token, &flags.token_file), (SecretKind::Password, &flags.password_file)];
    for (kind, file) in files {
        if let Some(file) = file {
            let from = Origin::Flag(kind.file_flag());
            return secret::of_file(kind, file, &from, deadline).map(|credential| Some((credential, from)));
        }
    }
    let Some(kind) = flags.ask else { return Ok(None) };
    secret::typed(kind, deadline).map(|credential| Some((credential, Origin::Flag(kind.ask_flag()))))
}

fn of_variables(environment: &Environment, notes: &mut Vec<String>) -> Result<Found, SettingsError> {
    let token = environment.text(SecretKind::Token.variable())?;
    let password = environment.text(SecretKind::Password.variable())?;
    let (kind, text) = match (token, password) {
        (Some(token), other) => {
            if other.is_some() {
                notes.push("OPENCLAW_GATEWAY_TOKEN is used, and OPENCLAW_GATEWAY_PASSWORD is not".to_owned());
            }
            (SecretKind::Token, token)
        }
        (None, Some(password)) => (SecretKind::Password, password),
        (None, None) => return Ok(None),
    };
    of_text(kind, text, Origin::Variable(kind.variable()))
}

fn of_text(kind: SecretKind, text: &str, from: Origin) -> Result<Found, SettingsError> {
    secret::credential(kind, text.trim(), &from).map(|credential| Some((credential, from)))
}

fn of_named(
    own: &Own,
    named: &Named,
    name: &str,
    environment: &Environment,
    deadline: Deadline,
) -> Result<Found, SettingsError> {
    let Some(configured) = &named.secret else { return Ok(None) };
    let from = own.origin(name, configured.field);
    match &configured.place {
        Place::File(file) => {
            secret::of_file(configured.kind, file, &from, deadline).map(|credential| Some((credential, from)))
        }
        Place::Variable(variable) => match environment.text(variable)? {
            Some(text) => of_text(configured.kind, text, from),
            None => {
                Err(SettingsError::MissingVariable { variable: variable.escape_debug().to_string(), from })
            }
        },
    }
}

/// The credential for this host's own gateway, from `gateway.auth`.
fn of_local(openclaw: &OpenClaw<'_>, notes: &mut Vec<String>) -> Result<Found, SettingsError> {
    let path = ["auth", "mode"];
    let kinds: &[SecretKind] = match openclaw.text(&path)?.as_deref() {
        Some("none") => return Ok(Some((Credential::None, openclaw.origin(&path)))),
        Some("token") => &[SecretKind::Token],
        Some("password") => &[SecretKind::Password],
        Some("trusted-proxy") => {
            notes.push(format!(
                "{} is \"trusted-proxy\": the gateway may accept only callers that its proxy identifies",
                openclaw.origin(&path)
            ));
            &[SecretKind::Password]
        }
        None => &[SecretKind::Token, SecretKind::Password],
        Some(_) => {
            let expected = "one of \"none\", \"token\", \"password\" and \"trusted-proxy\"";
            return Err(SettingsError::Value { from: openclaw.origin(&path), expected });
        }
    };
    of_section(openclaw, "auth", kinds, Mode::Local, notes)
}

/// The credential for the gateway in `gateway.remote.url`, from the rest of `gateway.remote`.
fn of_remote(openclaw: &OpenClaw<'_>, notes: &mut Vec<String>) -> Result<Found, SettingsError> {
    let edge = ["remote", "edgeAuth"];
    if openclaw.value(&edge).is_some_and(|edge| !edge.is_null()) {
        notes.push(format!("{} is not used: clearance sends no such headers", openclaw.origin(&edge)));
    }
    of_section(openclaw, "remote", &[SecretKind::Token, SecretKind::Password], Mode::Remote, notes)
}

/// The first secret of a section, else the first of the variables in OpenClaw's files. Those variables belong to the
/// gateway that OpenClaw's mode selects.
fn of_section(
    openclaw: &OpenClaw<'_>,
    section: &str,
    kinds: &[SecretKind],
    mode: Mode,
    notes: &mut Vec<String>,
) -> Result<Found, SettingsError> {
    for (index, kind) in kinds.iter().enumerate() {
        let Some(found) = openclaw.secret(section, *kind)? else { continue };
        for other in &kinds[index + 1..] {
            let path = [section, other.key()];
            if openclaw.value(&path).is_some_and(|value| !value.is_null()) {
                notes.push(format!("{} is used, and {} is not", found.1, openclaw.origin(&path)));
            }
        }
        return Ok(Some(found));
    }
    if openclaw.mode()? == mode { beyond(openclaw, kinds) } else { Ok(None) }
}

fn beyond(openclaw: &OpenClaw<'_>, kinds: &[SecretKind]) -> Result<Found, SettingsError> {
    for kind in kinds {
        if let Some((text, from)) = openclaw.beyond(kind.variable()) {
            return of_text(*kind, text, from);
        }
    }
    Ok(None)
}
