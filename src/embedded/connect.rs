//! The parameters of `connect`, read strictly. `auth` uses them to authenticate the client.

use secrecy::SecretString;
use serde_json::Value;

use super::generation::Generation;
use super::params::Params;
use super::rejection::HandshakeRejection;
use super::wire::Refusal;

/// The optional parameters.
const FIELDS: [&str; 9] =
    ["role", "scopes", "caps", "commands", "permissions", "auth", "locale", "userAgent", "device"];

/// The parameters of `connect`.
#[derive(Debug, Clone)]
pub(super) struct Connect {
    pub(super) client_id: String,
    pub(super) mode: String,
    pub(super) platform: String,
    pub(super) display_name: Option<String>,
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
        let required = ["minProtocol", "maxProtocol", "client"];
        let top = Params::closed("connect", generation, params, &required, &FIELDS)?;
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
        // Real gateways have a closed list of clients and modes; these are the ones that clearance may use.
        for (name, value) in [("id", &client_id), ("mode", &mode)] {
            if value != "cli" {
                let problem = "must be equal to one of the allowed values";
                return Err(top.refuse(&format!("/client/{name}"), problem).into());
            }
        }
        check_protocol(generation, &top, params)?;
        if top.text("role")?.is_some_and(|role| role != "operator") {
            return Err(Refusal::invalid("invalid role").into());
        }
        Ok(Self {
            client_id,
            mode,
            platform: text("platform")?,
            display_name: client["displayName"].as_str().map(str::to_owned),
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

    /// The name that the gateway records for decisions of this client.
    pub(super) fn name(&self) -> String {
        self.display_name.clone().unwrap_or_else(|| self.client_id.clone())
    }

    /// Whether the client can answer prompts. A current gateway sends prompts only to such clients.
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
