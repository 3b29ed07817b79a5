//! What commands found out about gateways, as values. Pure: nothing here touches a gateway.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::VERSION;
use super::exit::Exit;

/// Which gateway was chosen, and from where each part of the choice came.
#[derive(Debug, Clone)]
pub struct Chosen {
    /// The address, as it may be shown.
    pub address: String,
    /// Where it came from.
    pub address_from: String,
    /// The name that it has in the configuration.
    pub name: Option<String>,
    /// What is shown to the gateway: `token`, `password`, `none`.
    pub credential: &'static str,
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
    /// `websocket` or `http`.
    pub transport: &'static str,
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
    /// What `--json` prints.
    pub fn json(&self) -> impl Serialize + use<'_> {
        #[derive(Serialize)]
        struct Printed<'s> {
            #[serde(skip_serializing_if = "Option::is_none")]
            connection: Option<ConnectionJson<'s>>,
            credential: CredentialJson<'s>,
            #[serde(skip_serializing_if = "Option::is_none")]
            error: Option<RefusedJson<'s>>,
            gateway: ChosenJson<'s>,
            notes: &'s [String],
            trust: Option<&'s str>,
            version: u8,
        }
        let Chosen { address, address_from, name, credential, credential_from, trust, notes } = &self.chosen;
        Printed {
            connection: self.result.as_ref().ok().map(ConnectionJson::of),
            credential: CredentialJson { from: credential_from, kind: credential },
            error: self.result.as_ref().err().map(RefusedJson::of),
            gateway: ChosenJson { address, from: address_from, name: name.as_deref() },
            notes,
            trust: trust.as_deref(),
            version: VERSION,
        }
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
            transport,
            version: version.as_deref(),
        }
    }
}
