//! The greeting: `connect` read, and `hello-ok` written.

use secrecy::SecretString;
use serde_json::{Value, json};

use super::auth::{Device, Granted, Turned};
use super::params::Params;
use super::wire::Refusal;
use super::{Generation, access};

/// The largest frame before `hello-ok`, in bytes.
pub(super) const MOST_BEFORE_HELLO: usize = 64 * 1024;

/// The largest frame after it, in bytes.
pub(super) const MOST_PAYLOAD: usize = 26_214_400;

/// How much may wait to be sent to one client, in bytes.
pub(super) const MOST_BUFFERED: usize = 52_428_800;

/// How often a `tick` comes, in milliseconds.
pub(super) const TICK_MS: u64 = 30_000;

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

/// `auth` of `connect`.
#[derive(Debug, Clone, Default)]
pub(super) struct Secrets {
    pub(super) token: Option<SecretString>,
    pub(super) password: Option<SecretString>,
    pub(super) device_token: Option<SecretString>,
}

impl Connect {
    /// Reads the parameters.
    pub(super) fn read(generation: Generation, params: &Value) -> Result<Self, Turned> {
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

fn check_protocol(generation: Generation, top: &Params<'_>, params: &Value) -> Result<(), Turned> {
    let number = |name: &str| {
        let problem = || Turned::from(top.refuse(&format!("/{name}"), "must be integer"));
        params[name].as_u64().ok_or_else(problem)
    };
    let (lowest, highest) = (number("minProtocol")?, number("maxProtocol")?);
    if (lowest..=highest).contains(&generation.protocol()) {
        return Ok(());
    }
    Err(Turned::protocol(generation, lowest, highest))
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

/// What `hello-ok` tells of the gateway.
pub(super) struct Greeting<'g> {
    pub(super) generation: Generation,
    pub(super) connection: &'g str,
    pub(super) uptime_ms: u64,
    pub(super) now: u64,
    pub(super) default_agent: &'g str,
    pub(super) auth_mode: &'static str,
    pub(super) granted: &'g Granted,
}

impl Greeting<'_> {
    /// The payload of `hello-ok`.
    pub(super) fn payload(&self) -> Value {
        let methods: Vec<&str> = access::methods(self.generation).collect();
        let main = format!("agent:{}:main", self.default_agent);
        let mut payload = json!({
            "type": "hello-ok",
            "protocol": self.generation.protocol(),
            "server": {"version": self.generation.version(), "connId": self.connection},
            "features": {"methods": methods, "events": access::events(self.generation)},
            "snapshot": {
                "presence": [],
                "health": {"ok": true, "ts": self.now, "durationMs": 0},
                "stateVersion": {"presence": 1, "health": 1},
                "uptimeMs": self.uptime_ms,
                "sessionDefaults": {
                    "defaultAgentId": self.default_agent, "mainKey": "main", "mainSessionKey": main,
                    "scope": "per-sender",
                },
                "configPath": "(embedded)/openclaw.json",
                "stateDir": "(embedded)",
                "authMode": self.auth_mode,
            },
            "policy": {
                "maxPayload": MOST_PAYLOAD, "maxBufferedBytes": MOST_BUFFERED, "tickIntervalMs": TICK_MS,
            },
        });
        if let Some(auth) = &self.granted.auth {
            payload["auth"] = auth.clone();
        }
        if self.generation == Generation::Current {
            payload["server"]["buildId"] = "embedded".into();
            payload["snapshot"]["suspension"] = json!({"phase": "accepting"});
        }
        payload
    }
}
