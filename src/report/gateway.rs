//! What commands found out about gateways, as values. Pure: nothing here touches a gateway.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::VERSION;
use super::exit::Exit;
use super::failure::FailureJson;

/// What is shown to a gateway to be let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialKind {
    /// Nothing.
    None,
    /// A token.
    Token,
    /// A password.
    Password,
}

impl CredentialKind {
    /// The word, for people and in machine output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Token => "token",
            Self::Password => "password",
        }
    }
}

/// How a gateway is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// Frames over a WebSocket.
    WebSocket,
    /// Calls to the admin endpoint over HTTP.
    Http,
}

impl Transport {
    /// The word in machine output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WebSocket => "websocket",
            Self::Http => "http",
        }
    }
}

/// Which gateway was chosen, and from where each part of the choice came.
#[derive(Debug, Clone)]
pub struct Chosen {
    /// The address, as it may be shown.
    pub address: String,
    /// Where it came from.
    pub address_from: String,
    /// The name that it has in the configuration.
    pub name: Option<String>,
    /// What is shown to the gateway.
    pub credential: CredentialKind,
    /// Where it came from.
    pub credential_from: String,
    /// Whose word is taken for its certificate; `None` where nothing is encrypted.
    pub trust: Option<String>,
    /// What the person who set this up should know.
    pub notes: Vec<String>,
}

/// What a gateway said when it let us in.
#[derive(Debug, Clone)]
pub struct Connected {
    /// How it is spoken to.
    pub transport: Transport,
    /// Its release; `None` where it did not say.
    pub version: Option<String>,
    /// The protocol that was agreed on; `None` over HTTP.
    pub protocol: Option<u64>,
    /// How it let us in, if it says: `token`, `device-token`.
    pub method: Option<String>,
    /// The device that it knows us by; `None` over HTTP.
    pub device: Option<String>,
    /// The scopes that were asked for, and whether each was granted; empty over HTTP.
    pub scopes: Vec<(String, bool)>,
    /// The methods that clearance uses, and whether the gateway has each.
    pub methods: Vec<(String, bool)>,
    /// What the gateway's release can do with prompts and runs; empty over HTTP, where it does not say.
    pub capabilities: Vec<Capability>,
    /// From the first byte until we were let in.
    pub handshake: Duration,
    /// A call and its answer.
    pub call: Duration,
}

/// Something that releases differ in.
#[derive(Debug, Clone, Copy)]
pub struct Capability {
    /// Its name in machine output.
    pub name: &'static str,
    /// What it is, for people.
    pub text: &'static str,
    /// Whether the gateway has it.
    pub present: bool,
}

/// Why a gateway could not be used.
#[derive(Debug, Clone)]
pub struct Refused {
    /// Stable name.
    pub code: &'static str,
    /// What happened.
    pub message: String,
    /// What to do next.
    pub next: Option<String>,
    /// The exit code.
    pub exit: Exit,
}

/// What `gateway status` found.
#[derive(Debug, Clone)]
pub struct Status {
    /// The choice.
    pub chosen: Chosen,
    /// How it went.
    pub result: Result<Connected, Refused>,
}

/// An embedded gateway that can be reached.
#[derive(Debug)]
pub struct Dev {
    /// Where.
    pub url: String,
    /// The token of this run, which opens nothing else.
    pub token: String,
    /// The SHA-256 of its certificate, where it serves TLS.
    pub fingerprint: Option<String>,
    /// The release that it behaves like.
    pub version: &'static str,
}

impl Status {
    /// The exit code of a command that is about this gateway alone.
    pub fn exit(&self) -> Exit {
        self.result.as_ref().map_or_else(|refused| refused.exit, |_| Exit::Done)
    }

    /// What `--json` prints.
    pub fn json(&self) -> impl Serialize + use<'_> {
        StatusJson { version: Some(VERSION), ..StatusJson::of(self) }
    }
}

/// What `gateway status --json` prints of several gateways; for one that could not be chosen, why.
pub fn statuses<'s, I>(statuses: I) -> impl Serialize + use<'s, I>
where
    I: IntoIterator<Item = Result<&'s Status, FailureJson<'s>>>,
{
    #[derive(Serialize)]
    #[serde(untagged)]
    enum Gateway<'s> {
        Status(Box<StatusJson<'s>>),
        Failure(Box<FailureJson<'s>>),
    }
    #[derive(Serialize)]
    struct All<'s> {
        gateways: Vec<Gateway<'s>>,
        version: u8,
    }
    let gateways = statuses.into_iter().map(|status| match status {
        Ok(status) => Gateway::Status(Box::new(StatusJson::of(status))),
        Err(failure) => Gateway::Failure(Box::new(failure)),
    });
    All { gateways: gateways.collect(), version: VERSION }
}

#[derive(Serialize)]
struct StatusJson<'s> {
    #[serde(skip_serializing_if = "Option::is_none")]
    connection: Option<ConnectionJson<'s>>,
    credential: CredentialJson<'s>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<RefusedJson<'s>>,
    gateway: ChosenJson<'s>,
    notes: &'s [String],
    trust: Option<&'s str>,
    /// Absent where it is one of several, which have it in common.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u8>,
}

impl<'s> StatusJson<'s> {
    fn of(status: &'s Status) -> Self {
        let Chosen { address, address_from, name, credential, credential_from, trust, notes } =
            &status.chosen;
        Self {
            connection: status.result.as_ref().ok().map(ConnectionJson::of),
            credential: CredentialJson { from: credential_from, kind: credential.as_str() },
            error: status.result.as_ref().err().map(RefusedJson::of),
            gateway: ChosenJson { address, from: address_from, name: name.as_deref() },
            notes,
            trust: trust.as_deref(),
            version: None,
        }
    }
}

/// A gateway that was written into config.toml.
#[derive(Debug)]
pub struct Added {
    /// Its name.
    pub name: String,
    /// Its address.
    pub url: String,
    /// The file.
    pub file: String,
    /// Whether it took the place of another.
    pub replaced: bool,
    /// Whether it is the default gateway now.
    pub default: bool,
    /// Why commands on it will fail.
    pub warnings: Vec<String>,
}

impl Added {
    /// What `--json` prints.
    pub fn json(&self) -> impl Serialize + use<'_> {
        #[derive(Serialize)]
        struct Printed<'a> {
            default: bool,
            file: &'a str,
            name: &'a str,
            replaced: bool,
            url: &'a str,
            version: u8,
        }
        let Self { name, url, file, replaced, default, warnings: _ } = self;
        Printed { default: *default, file, name, replaced: *replaced, url, version: VERSION }
    }
}

impl Dev {
    /// What `--json` prints.
    pub fn json(&self) -> impl Serialize + use<'_> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Printed<'d> {
            behaves_like: &'static str,
            fingerprint: Option<&'d str>,
            token: &'d str,
            url: &'d str,
            version: u8,
        }
        let Self { url, token, fingerprint, version } = self;
        Printed { behaves_like: version, fingerprint: fingerprint.as_deref(), token, url, version: VERSION }
    }
}

#[derive(Serialize)]
struct ChosenJson<'s> {
    address: &'s str,
    from: &'s str,
    name: Option<&'s str>,
}

#[derive(Serialize)]
struct CredentialJson<'s> {
    from: &'s str,
    kind: &'static str,
}

#[derive(Serialize)]
struct RefusedJson<'s> {
    code: &'static str,
    exit: u8,
    message: &'s str,
    remedy: Option<&'s str>,
}

impl<'s> RefusedJson<'s> {
    fn of(refused: &'s Refused) -> Self {
        let Refused { code, message, next, exit } = refused;
        Self { code, exit: *exit as u8, message, remedy: next.as_deref() }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ConnectionJson<'s> {
    call_ms: f64,
    capabilities: Option<BTreeMap<&'static str, bool>>,
    device: Option<&'s str>,
    handshake_ms: f64,
    method: Option<&'s str>,
    methods: MethodsJson<'s>,
    protocol: Option<u64>,
    scopes: ScopesJson<'s>,
    transport: &'static str,
    version: Option<&'s str>,
}

#[derive(Serialize)]
struct MethodsJson<'s> {
    missing: Vec<&'s str>,
    present: Vec<&'s str>,
}

#[derive(Serialize)]
struct ScopesJson<'s> {
    granted: Vec<&'s str>,
    missing: Vec<&'s str>,
}

impl<'s> ConnectionJson<'s> {
    fn of(connected: &'s Connected) -> Self {
        let Connected { transport, version, protocol, method, device, scopes, .. } = connected;
        let Connected { methods, capabilities, handshake, call, .. } = connected;
        let names = |list: &'s [(String, bool)], wanted: bool| -> Vec<&'s str> {
            list.iter().filter(|(_, there)| *there == wanted).map(|(name, _)| name.as_str()).collect()
        };
        Self {
            call_ms: call.as_secs_f64() * 1e3,
            capabilities: (!capabilities.is_empty())
                .then(|| capabilities.iter().map(|one| (one.name, one.present)).collect()),
            device: device.as_deref(),
            handshake_ms: handshake.as_secs_f64() * 1e3,
            method: method.as_deref(),
            methods: MethodsJson { missing: names(methods, false), present: names(methods, true) },
            protocol: *protocol,
            scopes: ScopesJson { granted: names(scopes, true), missing: names(scopes, false) },
            transport: transport.as_str(),
            version: version.as_deref(),
        }
    }
}
