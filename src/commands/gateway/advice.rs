//! What to do next when a gateway cannot be used: one sentence, with the command to copy.

use std::path::PathBuf;

use super::fault::Fault;
use crate::gateway::error::{DeviceError, GatewayError, Step, TlsError, Violation};
use crate::gateway::refusal::{Reason, Refusal};
use crate::report::exit::Exit;
use crate::report::gateway::{Chosen, CredentialKind};
use crate::settings::{self, Environment};
use crate::store::StoreError;
use crate::store::private::Exposure;
use crate::system::RUN_ON_UNIX;

/// The exit code. No wildcard: a new error is a new decision.
pub fn exit(error: &GatewayError) -> Exit {
    match error {
        GatewayError::Unreachable { .. }
        | GatewayError::NotStarted { .. }
        | GatewayError::Proxy { .. }
        | GatewayError::NotAGateway(_)
        | GatewayError::TimedOut { .. }
        | GatewayError::Violation { .. }
        | GatewayError::Closed { .. }
        | GatewayError::Silent(_)
        | GatewayError::Tls(TlsError::Handshake(_))
        | GatewayError::Device(DeviceError::Store(StoreError::Locked { .. })) => Exit::TimedOut,
        GatewayError::Tls(TlsError::Roots { .. } | TlsError::Platform(_))
        | GatewayError::TooLarge { .. }
        | GatewayError::Device(
            DeviceError::Store(_)
            | DeviceError::Directory { .. }
            | DeviceError::Malformed(_)
            | DeviceError::Random(_),
        ) => Exit::Store,
        GatewayError::Refused(refusal) if refusal.is_starting() => Exit::TimedOut,
        GatewayError::Failed { failure, .. } if failure.code == "UNAVAILABLE" => Exit::TimedOut,
        GatewayError::Tls(TlsError::Pin { .. } | TlsError::Untrusted { .. })
        | GatewayError::Device(DeviceError::Exposed(_))
        | GatewayError::Plaintext
        | GatewayError::Refused(_)
        | GatewayError::Failed { .. }
        | GatewayError::NotOverHttp { .. }
        | GatewayError::NoAdminEndpoint => Exit::Refused,
        GatewayError::NotSent { cause, .. } | GatewayError::Uncertain { cause, .. } => exit(cause),
    }
}

/// The stable name in machine output.
pub fn code(error: &GatewayError) -> &'static str {
    match error {
        GatewayError::Unreachable { .. } => "unreachable",
        GatewayError::NotStarted { .. } => "starting",
        GatewayError::Proxy { .. } => "proxy",
        GatewayError::NotAGateway(_) => "not-a-gateway",
        GatewayError::TimedOut { .. } => "timed-out",
        GatewayError::Violation { .. } => "protocol-violation",
        GatewayError::Closed { .. } | GatewayError::Silent(_) | GatewayError::NotSent { .. } => {
            "connection-lost"
        }
        GatewayError::Uncertain { .. } => "uncertain",
        GatewayError::Tls(_) => "certificate",
        GatewayError::Plaintext => "plaintext",
        GatewayError::Refused(refusal) => match refusal.reason {
            Reason::TokenMismatch | Reason::PasswordMismatch | Reason::Unauthorized => "wrong-credential",
            Reason::TokenMissing | Reason::PasswordMissing => "no-credential",
            Reason::DeviceToken | Reason::Device => "device",
            Reason::RateLimited => "rate-limited",
            Reason::Pairing { upgrade: false, .. } => "pairing",
            Reason::Pairing { upgrade: true, .. } => "scope-upgrade",
            Reason::Protocol { .. } => "protocol",
            Reason::Clock => "clock",
            Reason::Starting => "starting",
            Reason::Other => "refused",
        },
        GatewayError::Failed { failure, .. } if failure.missing_scope().is_some() => "missing-scope",
        GatewayError::Failed { .. } => "call-failed",
        GatewayError::NotOverHttp { .. } => "not-over-http",
        GatewayError::NoAdminEndpoint => "no-admin-endpoint",
        GatewayError::TooLarge { .. } => "too-large",
        GatewayError::Device(_) => "device-key",
    }
}

/// The next step.
pub fn next(fault: &Fault) -> Option<String> {
    let chosen = &fault.chosen;
    let checked = |what: &str| format!("{what} (the address comes from {})", chosen.address_from);
    Some(match fault.error.root() {
        GatewayError::Unreachable { refused: true, .. } => {
            checked("start the gateway (openclaw gateway run), or name the right one: --gateway=URL")
        }
        GatewayError::NotStarted { ended: true, .. } => "look at the gateway's log: openclaw logs".to_owned(),
        GatewayError::NotStarted { process: Some(_), .. } => {
            "give it more time: clearance … --timeout 2m; or look at the gateway's log: openclaw logs".to_owned()
        }
        GatewayError::NotStarted { process: None, .. } => {
            checked("give it more time: clearance … --timeout 2m; or check the address")
        }
        // A TLS server does not answer in HTTP.
        GatewayError::NotAGateway(answer) if chosen.trust.is_none() && !answer.starts_with("HTTP ") => format!(
            "{}; if the gateway serves TLS: clearance … --gateway={}",
            checked("check the address"),
            encrypted(&chosen.address)
        ),
        GatewayError::Unreachable { .. } | GatewayError::NotAGateway(_) => {
            checked("check the address, or name the right one: --gateway=URL")
        }
        GatewayError::Proxy { proxy, .. } => format!(
            "check {proxy}, or bypass it: NO_PROXY={} clearance …",
            host(&chosen.address)
        ),
        GatewayError::TimedOut { step: Step::LookingUp(name), .. } => format!(
            "check the address and this host's DNS server: getent hosts {}",
            settings::quoted(std::path::Path::new(name))
        ),
        GatewayError::TimedOut { .. } => {
            "give it more time: clearance … --timeout 2m (a loading gateway may not answer for a minute)".to_owned()
        }
        GatewayError::Violation { violation: Violation::Oversize { .. }, step: Step::Calling(method) }
            if method.ends_with("approval.list") =>
        {
            checked("check that the address belongs to a gateway; if so, its list is too long to be read: try again when prompts have expired")
        }
        GatewayError::Violation { .. } => checked("check that the address belongs to a gateway, and check its version: openclaw --version"),
        GatewayError::Closed { step: Step::Upgrading | Step::Calling(_), code: None, .. }
            if chosen.trust.is_none() && fault.is_first_contact() =>
        {
            format!("if the gateway serves TLS: clearance … --gateway={}", encrypted(&chosen.address))
        }
        // A server without TLS closes the connection when it receives a TLS handshake.
        GatewayError::Closed { step: Step::Securing, .. } => format!(
            "if the gateway does not serve TLS: clearance … --gateway={}",
            plain(&chosen.address)
        ),
        GatewayError::Closed { .. } | GatewayError::Silent(_) => "try again; if it happens again, look at the gateway's log: openclaw logs".to_owned(),
        GatewayError::Tls(error) => tls(error, chosen),
        GatewayError::Plaintext => plaintext(chosen),
        GatewayError::Refused(refusal) => return Some(refused(refusal, chosen)),
        GatewayError::Failed { failure, .. } => match failure.missing_scope() {
            Some(scope) => format!(
                "on the gateway's host: openclaw devices list; then openclaw devices rotate --device ID --role operator --scope {scope}"
            ),
            None => "look at the gateway's log: openclaw logs".to_owned(),
        },
        GatewayError::NotOverHttp { .. } => {
            format!("use the WebSocket: clearance … --gateway={}", chosen.address.replacen("http", "ws", 1))
        }
        GatewayError::NoAdminEndpoint => format!(
            "on the gateway's host: openclaw config set plugins.entries.admin-http-rpc.enabled true; or use the WebSocket: clearance … --gateway={}",
            chosen.address.replacen("http", "ws", 1)
        ),
        GatewayError::TooLarge { .. } => "remove entries without effect from the document; these are some: clearance approvals lint".to_owned(),
        GatewayError::Device(error) => device(error)?,
        // `root` has unwrapped both.
        GatewayError::NotSent { .. } | GatewayError::Uncertain { .. } => return None,
    })
    .map(|step| match &fault.error {
        GatewayError::Uncertain { .. } => format!("first check the current state (clearance approvals get); {step}"),
        _ => step,
    })
}

/// The same address over TLS.
fn encrypted(address: &str) -> String {
    let (plain, tls) = if address.starts_with("http") { ("http:", "https:") } else { ("ws:", "wss:") };
    address.replacen(plain, tls, 1)
}

/// The same address without TLS.
fn plain(address: &str) -> String {
    address.replacen("wss:", "ws:", 1).replacen("https:", "http:", 1)
}

fn host(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    rest.split([':', '/']).next().unwrap_or(rest)
}

fn refused(refusal: &Refusal, chosen: &Chosen) -> String {
    let from = &chosen.credential_from;
    match &refusal.reason {
        Reason::TokenMismatch => format!("the {} came from {from}; {}", chosen.credential.as_str(), bring(false)),
        Reason::TokenMissing => bring(false),
        Reason::PasswordMismatch => format!("the {} came from {from}; {}", chosen.credential.as_str(), bring(true)),
        Reason::PasswordMissing => bring(true),
        Reason::Unauthorized if chosen.credential == CredentialKind::None => {
            format!("no credential was sent; {}", bring(false))
        }
        Reason::Unauthorized => {
            format!("the {} came from {from}; {}", chosen.credential.as_str(), bring(chosen.credential == CredentialKind::Password))
        }
        Reason::DeviceToken => format!("the saved token was removed; {}", bring(false)),
        Reason::RateLimited => match refusal.retry_after() {
            Some(wait) => format!("wait {} s, then retry with the right credential", wait.as_secs().max(1)),
            None => "wait five minutes, then retry with the right credential".to_owned(),
        },
        Reason::Pairing { request: Some(request), .. } => {
            format!("on the gateway's host: openclaw devices approve {request}; then run this again")
        }
        Reason::Pairing { request: None, .. } => {
            "on the gateway's host: openclaw devices list; openclaw devices approve REQUEST; then run this again".to_owned()
        }
        Reason::Protocol { .. } => "update the older of the two: clearance --version; openclaw --version".to_owned(),
        Reason::Clock => "connecting took longer than the two minutes for which a signature is valid: try again".to_owned(),
        Reason::Device => "move the device's key away and run this again: a new key is created".to_owned()
            + &devices().map_or_else(String::new, |directory| format!(" (keys are in {})", directory.display())),
        Reason::Starting => "the gateway is still starting: give it more time: clearance … --timeout 2m".to_owned(),
        Reason::Other => "look at the gateway's log: openclaw logs".to_owned(),
    }
}

/// The directory in which device keys are kept, for messages.
fn devices() -> Option<PathBuf> {
    settings::state_directory(&Environment::of_process()).ok().map(|directory| directory.join("devices"))
}

/// Where to get a gateway's secret, and how to pass it on.
fn bring(password: bool) -> String {
    let (what, flag, variable) = if password {
        ("password", "--password-file", "OPENCLAW_GATEWAY_PASSWORD")
    } else {
        ("token", "--token-file", "OPENCLAW_GATEWAY_TOKEN")
    };
    format!(
        "{}\nput the {what} into a file (chmod 600) and add {flag} PATH, or export {variable}",
        settings::print_secret(password)
    )
}

fn tls(error: &TlsError, chosen: &Chosen) -> String {
    const CHECK: &str =
        "openssl x509 -in ~/.openclaw/gateway/tls/gateway-cert.pem -noout -fingerprint -sha256";
    match error {
        TlsError::Pin { found, .. } => format!(
            "the connection may be intercepted. On the gateway's host: {CHECK}; only if that prints this fingerprint: clearance … --tls-fingerprint {found}"
        ),
        TlsError::Untrusted { found, .. } => format!(
            "if the certificate is self-signed, check it on the gateway's host: {CHECK}; if that prints this fingerprint: clearance … --tls-fingerprint {found}; if your own authority signed it: clearance … --ca-file PATH"
        ),
        TlsError::Roots { path, .. } => {
            format!("check that {} contains PEM certificates", path.display())
        }
        TlsError::Platform(_) => {
            "install root certificates (package ca-certificates), or name a CA file: clearance … --ca-file PATH".to_owned()
        }
        TlsError::Handshake(_) => {
            format!("if the gateway does not serve TLS: clearance … --gateway={}", plain(&chosen.address))
        }
    }
}

fn plaintext(chosen: &Chosen) -> String {
    let host = host(&chosen.address);
    format!(
        "use wss:// or https://, or a tunnel (ssh -N -L 18789:127.0.0.1:18789 {host}, then --gateway=ws://127.0.0.1:18789), or set allow_plaintext = true for this gateway in config.toml"
    )
}

fn device(error: &DeviceError) -> Option<String> {
    match error {
        DeviceError::Store(StoreError::Locked { path, .. }) => Some(format!(
            "another clearance process is using the key; try again, or find the process that holds {}",
            path.display()
        )),
        DeviceError::Exposed(Exposure::Unknown { .. }) => Some(RUN_ON_UNIX.to_owned()),
        DeviceError::Store(_) | DeviceError::Directory { .. } if !cfg!(unix) => Some(RUN_ON_UNIX.to_owned()),
        DeviceError::Store(_) | DeviceError::Directory { .. } => Some(
            "make it readable and writable by you, or keep keys elsewhere: XDG_STATE_HOME=DIR clearance …"
                .to_owned(),
        ),
        DeviceError::Exposed(Exposure::Mode { path, .. }) => {
            let directory = if path.is_dir() { Some(&**path) } else { path.parent() };
            let directory = settings::quoted(directory.unwrap_or(path));
            Some(format!(
                "chmod -R go= {directory}; if others may have copied a key, remove its file there: a new key is created"
            ))
        }
        DeviceError::Exposed(Exposure::Owner { .. } | Exposure::Special { .. }) => {
            Some("keep keys elsewhere: XDG_STATE_HOME=DIR clearance …".to_owned())
        }
        DeviceError::Malformed(path) => {
            let broken = PathBuf::from(format!("{}.broken", path.display()));
            let (path, broken) = (settings::quoted(path), settings::quoted(&broken));
            Some(format!("move it away (mv {path} {broken}): a new key is created"))
        }
        DeviceError::Random(_) => None,
    }
}
