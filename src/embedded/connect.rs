//! The parameters of `connect`, read strictly. Who is let in is decided in `auth`, from what is read here.

use secrecy::SecretString;
use serde_json::Value;

use super::generation::Generation;
use super::params::Params;
use super::rejection::HandshakeRejection;
use super::wire::Refusal;

const CLIENTS: [&str; 13] = [
    "webchat-ui",
    "openclaw-control-ui",
    "openclaw-tui",
    "webchat",
    "cli",
    "gateway-client",
    "openclaw-macos",
    "openclaw-ios",
    "openclaw-android",
    "node-host",
    "test",
    "fingerprint",
    "openclaw-probe",
];

/// What `connect` may hold besides what it must.
const FIELDS: [&str; 10] =
    ["role", "scopes", "caps", "commands", "permissions", "pathEnv", "auth", "locale", "userAgent", "device"];

const MODES: [&str; 7] = ["webchat", "cli", "ui", "backend", "node", "probe", "test"];

/// The parameters of `connect`.
#[derive(Debug, Clone)]
pub(super) struct Connect {
    pub(super) client_id: String,
    pub(super) mode: String,
    pub(super) platform: String,
    pub(super) family: String,
    pub(super) display_name: Option<String>,
    pub(super) role: String,
    pub(super) scopes: Vec<String>,
    pub(super) caps: Vec<String>,
    pub(super) auth: Secrets,
    pub(super) device: Option<Device>,
}

/// The device of `connect`.
#[derive(Debug, Clone)]
pub(super) struct Device {
    pub(super) id: String,
    pub(super) public_key: String,
    pub(super) signature: String,
    pub(super) signed_at: u64,
    pub(super) nonce: String,
}

/// `auth` of `connect`.
#[derive(Debug, Clone, Default)]
pub(super) struct Secrets {
    pub(super) token: Option<SecretString>,
    pub(super) password: Option<SecretString>,
    pub(super) device_token: Option<SecretString>,
}

impl Connect {
    /// Reads the parameters.
    pub(super) fn read(generation: Generation, params: &Value) -> Result<Self, HandshakeRejection> {
        let top = Params::closed(
            "connect",
            generation,
            params,
            &["minProtocol", "maxProtocol", "client"],
            &FIELDS,
        )?;
        let client = &params["client"];
        let text = |name: &str| {
            let problem = if client.get(name).is_none() {
                top.refuse("/client", &format!("must have required property '{name}'"))
            } else {
                top.refuse(&format!("/client/{name}"), "must be string")
            };
            client[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned).ok_or(problem)
        };
        let (client_id, mode) = (text("id")?, text("mode")?);
        text("version")?;
        for (name, value, allowed) in [("id", &client_id, &CLIENTS[..]), ("mode", &mode, &MODES[..])] {
            if !allowed.contains(&value.as_str()) {
                return Err(not_listed(generation, &top, name).into());
            }
        }
        check_protocol(generation, &top, params)?;
        let role = top.text("role")?.unwrap_or("operator").to_owned();
        if role != "operator" {
            return Err(Refusal::invalid("invalid role").into());
        }
        let optional = |name: &str| client[name].as_str().map(str::to_owned);
        Ok(Self {
            client_id,
            mode,
            platform: text("platform")?,
            family: optional("deviceFamily").unwrap_or_default(),
            display_name: optional("displayName"),
            role,
            scopes: strings(&top, params, "scopes")?,
            caps: strings(&top, params, "caps")?,
            auth: Secrets {
                token: secret(&params["auth"], "token"),
                password: secret(&params["auth"], "password"),
                device_token: secret(&params["auth"], "deviceToken"),
            },
            device: device(&top, params)?,
        })
    }

    /// Whether the client is part of OpenClaw itself, which pairs no device.
    pub(super) fn is_backend(&self) -> bool {
        self.client_id == "gateway-client" && self.mode == "backend"
    }

    /// What the gateway records as who decided.
    pub(super) fn name(&self) -> String {
        self.display_name.clone().unwrap_or_else(|| self.client_id.clone())
    }

    /// Whether the client can answer prompts, which is what a current gateway sends them for.
    pub(super) fn answers_prompts(&self) -> bool {
        self.caps.iter().any(|cap| cap == "approvals" || cap == "exec-approvals")
    }
}

fn check_protocol(
    generation: Generation,
    top: &Params<'_>,
    params: &Value,
) -> Result<(), HandshakeRejection> {
    let number = |name: &str| {
        let problem = || HandshakeRejection::from(top.refuse(&format!("/{name}"), "must be integer"));
        params[name].as_u64().ok_or_else(problem)
    };
    let (lowest, highest) = (number("minProtocol")?, number("maxProtocol")?);
    if (lowest..=highest).contains(&generation.protocol()) {
        return Ok(());
    }
    Err(HandshakeRejection::protocol(generation, lowest, highest))
}

fn not_listed(generation: Generation, top: &Params<'_>, name: &str) -> Refusal {
    let place = format!("/client/{name}");
    match generation {
        Generation::Legacy => top
            .refuse(&place, &format!("must be equal to constant; at {place}: must match a schema in anyOf")),
        Generation::Current => top.refuse(&place, "must be equal to one of the allowed values"),
    }
}

fn strings(top: &Params<'_>, params: &Value, name: &str) -> Result<Vec<String>, Refusal> {
    let problem = || top.refuse(&format!("/{name}"), "must be array");
    match &params[name] {
        Value::Null => Ok(Vec::new()),
        Value::Array(list) => {
            list.iter().map(|one| one.as_str().map(str::to_owned).ok_or_else(problem)).collect()
        }
        _ => Err(problem()),
    }
}

fn secret(auth: &Value, name: &str) -> Option<SecretString> {
    auth[name].as_str().filter(|text| !text.is_empty()).map(SecretString::from)
}

fn device(top: &Params<'_>, params: &Value) -> Result<Option<Device>, Refusal> {
    let device = &params["device"];
    if device.is_null() {
        return Ok(None);
    }
    let text = |name: &str| {
        let missing = || top.refuse("/device", &format!("must have required property '{name}'"));
        device[name].as_str().map(str::to_owned).ok_or_else(missing)
    };
    let signed_at =
        device["signedAt"].as_u64().ok_or_else(|| top.refuse("/device/signedAt", "must be integer"))?;
    Ok(Some(Device {
        id: text("id")?,
        public_key: text("publicKey")?,
        signature: text("signature")?,
        signed_at,
        nonce: text("nonce")?,
    }))
}
