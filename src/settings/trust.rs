//! Finds the trusted certificates: from flags, then from the settings of the address, then from the platform. Also
//! decides whether a credential may be sent unencrypted.

use std::net::IpAddr;

use bytesize::ByteSize;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use url::Host;

use super::address::{Chosen, Owner};
use super::environment::Environment;
use super::error::SettingsError;
use super::flags::Flags;
use super::openclaw::OpenClaw;
use super::origin::Origin;
use crate::deadline::Deadline;
use crate::gateway::target::{Address, Fingerprint, Trust};
use crate::store::input::{self, Bounds, Input};

/// `MAX_TLS_LEAF_FILE_BYTES`.
const MAX_CERTIFICATE: ByteSize = ByteSize::kib(64);

pub(super) fn choose(
    flags: &Flags,
    chosen: &Chosen<'_>,
    deadline: Deadline,
    notes: &mut Vec<String>,
) -> Result<(Trust, Origin), SettingsError> {
    let asked = of_flags(flags)?.or_else(|| match &chosen.owner {
        Owner::Named(own, named) => {
            let (trust, field) = named.trust.clone()?;
            Some((trust, own.origin(chosen.name.as_deref().unwrap_or_default(), field)))
        }
        Owner::Local | Owner::Remote | Owner::Variables | Owner::Nobody => None,
    });
    if let Some((trust, from)) = asked {
        return if chosen.address.is_encrypted() {
            Ok((trust, from))
        } else {
            Err(SettingsError::NothingToTrust { from, address: Box::new(chosen.address.clone()) })
        };
    }
    let found = match (&chosen.owner, &chosen.openclaw) {
        (Owner::Local, Some(openclaw)) if chosen.address.is_encrypted() => {
            certificate(openclaw, deadline, notes)?
        }
        (Owner::Remote, Some(openclaw)) => pin(openclaw, &chosen.address, notes)?,
        _ => None,
    };
    let platform = if chosen.address.is_encrypted() { Origin::Platform } else { Origin::None };
    Ok(found.unwrap_or((Trust::Platform, platform)))
}

fn of_flags(flags: &Flags) -> Result<Option<(Trust, Origin)>, SettingsError> {
    if let Some(text) = &flags.tls_fingerprint {
        let from = Origin::Flag("--tls-fingerprint");
        return match text.parse() {
            Ok(pin) => Ok(Some((Trust::Pin(pin), from))),
            Err(error) => Err(SettingsError::Fingerprint { from, error }),
        };
    }
    Ok(flags.ca_file.clone().map(|file| (Trust::Roots(file), Origin::Flag("--ca-file"))))
}

/// The certificate of this host's own gateway. A user who can read its file does not need to configure a fingerprint.
fn certificate(
    openclaw: &OpenClaw<'_>,
    deadline: Deadline,
    notes: &mut Vec<String>,
) -> Result<Option<(Trust, Origin)>, SettingsError> {
    let file = openclaw.certificate()?;
    let bounds = Bounds { max_size: MAX_CERTIFICATE, deadline };
    let pem = match input::read(&Input::Path(file.clone()), bounds) {
        Ok(pem) => pem,
        Err(error) => {
            notes.push(format!("this host's gateway certificate is not pinned: {error}"));
            return Ok(None);
        }
    };
    let Ok(certificate) = CertificateDer::from_pem_slice(&pem) else {
        let file = file.display();
        notes.push(format!(
            "this host's gateway certificate is not pinned: {file} contains no PEM certificate"
        ));
        return Ok(None);
    };
    Ok(Some((Trust::Pin(Fingerprint::of(&certificate)), Origin::Certificate(file))))
}

/// The pin of the gateway in `gateway.remote.url`.
fn pin(
    openclaw: &OpenClaw<'_>,
    address: &Address,
    notes: &mut Vec<String>,
) -> Result<Option<(Trust, Origin)>, SettingsError> {
    let path = ["remote", "tlsFingerprint"];
    let Some(text) = openclaw.text(&path)? else { return Ok(None) };
    let from = openclaw.origin(&path);
    if !address.is_encrypted() {
        notes.push(format!("{from} is not used: the connection is not encrypted"));
        return Ok(None);
    }
    match text.parse() {
        Ok(pin) => Ok(Some((Trust::Pin(pin), from))),
        Err(error) => Err(SettingsError::Fingerprint { from, error }),
    }
}

/// Whether a credential may be sent unencrypted to this address: because of the gateway's configuration, or of
/// OpenClaw's own variable for private networks.
pub(super) fn plaintext_allowed(chosen: &Chosen<'_>, environment: &Environment) -> bool {
    let by_name = matches!(&chosen.owner, Owner::Named(_, named) if named.allow_plaintext);
    let variable = environment.raw("OPENCLAW_ALLOW_INSECURE_PRIVATE_WS");
    by_name || (variable.is_some_and(|value| value == "1") && is_private(&chosen.address))
}

/// Whether `OPENCLAW_ALLOW_INSECURE_PRIVATE_WS=1` covers an address (`isSecureWebSocketUrl`): host names, and addresses
/// that public networks do not route.
fn is_private(address: &Address) -> bool {
    let ip = match address.url().host() {
        Some(Host::Domain(_)) => return true,
        Some(Host::Ipv4(ip)) => IpAddr::V4(ip),
        Some(Host::Ipv6(ip)) => IpAddr::V6(ip).to_canonical(),
        None => return false,
    };
    match ip {
        IpAddr::V4(ip) => {
            let [first, second, ..] = ip.octets();
            // Carrier-grade NAT and tailnets use 100.64.0.0/10.
            let shared = first == 100 && (64..128).contains(&second);
            ip.is_private() || ip.is_link_local() || ip.is_loopback() || shared
        }
        IpAddr::V6(ip) => ip.is_unique_local() || ip.is_unicast_link_local() || ip.is_loopback(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_addresses_are_those_that_public_networks_do_not_route() {
        for (url, expected) in [
            ("ws://gateway.internal", true),
            ("ws://10.0.0.1", true),
            ("ws://192.168.1.1", true),
            ("ws://172.31.0.1", true),
            ("ws://169.254.0.1", true),
            ("ws://100.64.0.1", true),
            ("ws://100.128.0.1", false),
            ("ws://172.32.0.1", false),
            ("ws://8.8.8.8", false),
            ("ws://[fd00::1]", true),
            ("ws://[fe80::1]", true),
            ("ws://[::ffff:10.0.0.1]", true),
            ("ws://[::ffff:8.8.8.8]", false),
            ("ws://[2001:db8::1]", false),
        ] {
            assert_eq!(is_private(&url.parse().unwrap()), expected, "{url}");
        }
    }
}
