//! Authentication by the shared token, the device's signature and the device's token, with the messages of both
//! generations, as measured. PURE except for the secrets that it compares.

use std::collections::{BTreeSet, HashMap};

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use ed25519_dalek::{Signature, VerifyingKey};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::access::Scope;
use super::connect::{Connect, Device};
use super::generation::Generation;
use super::wire::{ErrorCode, Refusal};

/// The maximum difference between a signature's time and the gateway's, in milliseconds.
const SKEW_MS: u64 = 120_000;

/// A device that was authenticated before.
#[derive(Debug)]
struct Paired {
    scopes: BTreeSet<String>,
    token: String,
    issued_at: u64,
}

/// Authenticates clients and pairs their devices.
#[derive(Debug)]
pub(super) struct Authenticator {
    generation: Generation,
    token: SecretString,
    paired: HashMap<String, Paired>,
}

/// The shared token, as a client presents it.
enum Presented {
    Right,
    Missing,
    Wrong,
}

impl Authenticator {
    pub(super) fn new(generation: Generation, token: SecretString) -> Self {
        Self { generation, token, paired: HashMap::new() }
    }

    /// Whether an HTTP request's bearer token is the gateway's token.
    pub(super) fn accepts_bearer(&self, presented: Option<&str>) -> bool {
        presented == Some(self.token.expose_secret())
    }

    /// Authenticates a client, and pairs its device. Returns the `auth` of `hello-ok`.
    pub(super) fn authenticate(
        &mut self,
        connect: &Connect,
        nonce: &str,
        now: u64,
        new_id: impl FnMut() -> String,
    ) -> Result<Value, Refusal> {
        let Some(device) = &connect.device else {
            return Err(Refusal::new(ErrorCode::NotPaired, "device identity required")
                .with(json!({"code": "DEVICE_IDENTITY_REQUIRED"})));
        };
        verify(connect, device, nonce, now)?;
        let method = match self.presented(connect) {
            Presented::Right => "token",
            wrong => self.by_device_token(connect, &device.id, &wrong)?,
        };
        Ok(self.pair(connect, &device.id, method, now, new_id))
    }

    fn presented(&self, connect: &Connect) -> Presented {
        let current = self.generation == Generation::Current;
        // Current releases look into both fields.
        let password = connect.auth.password.as_ref().filter(|_| current);
        let secrets = connect.auth.token.iter().chain(password).map(|secret| secret.expose_secret().trim());
        let mut secrets = secrets.filter(|secret| !secret.is_empty()).peekable();
        if secrets.peek().is_none() {
            return Presented::Missing;
        }
        let right = secrets.any(|secret| secret == self.token.expose_secret());
        if right { Presented::Right } else { Presented::Wrong }
    }

    fn by_device_token(
        &self,
        connect: &Connect,
        device: &str,
        shared: &Presented,
    ) -> Result<&'static str, Refusal> {
        let explicit = connect.auth.device_token.as_ref();
        let presented = explicit.or(connect.auth.token.as_ref()).map(ExposeSecret::expose_secret);
        if self.paired.get(device).is_some_and(|paired| Some(paired.token.as_str()) == presented) {
            return Ok("device-token");
        }
        if explicit.is_some() {
            let message = "unauthorized: device token mismatch (rotate/reissue device token)";
            return Err(Refusal::invalid(message).with(json!({
                "code": "AUTH_DEVICE_TOKEN_MISMATCH", "authReason": "device_token_mismatch",
                "canRetryWithDeviceToken": false, "recommendedNextStep": "update_auth_credentials",
            })));
        }
        let hint = match self.generation {
            Generation::Legacy => "set gateway.remote.token to match gateway.auth.token",
            Generation::Current => "use this gateway's gateway.auth.token or pair the device",
        };
        let (reason, retry, next) = match shared {
            Presented::Missing => ("missing", false, "update_auth_configuration"),
            Presented::Wrong | Presented::Right if connect.auth.token.is_none() => {
                ("mismatch", false, "update_auth_credentials")
            }
            Presented::Wrong | Presented::Right => ("mismatch", true, "retry_with_device_token"),
        };
        Err(Refusal::invalid(format!("unauthorized: gateway token {reason} ({hint})")).with(json!({
            "code": format!("AUTH_TOKEN_{}", reason.to_uppercase()), "authReason": format!("token_{reason}"),
            "canRetryWithDeviceToken": retry, "recommendedNextStep": next,
        })))
    }

    /// Pairs a device. Over loopback real gateways also do this without an approval.
    fn pair(
        &mut self,
        connect: &Connect,
        device: &str,
        method: &str,
        now: u64,
        mut new_id: impl FnMut() -> String,
    ) -> Value {
        let paired = self.paired.entry(device.to_owned()).or_insert_with(|| Paired {
            scopes: BTreeSet::new(),
            token: token(&mut new_id),
            issued_at: now,
        });
        paired.scopes.extend(connect.scopes.iter().cloned());
        let mut auth = json!({
            "deviceToken": paired.token, "role": "operator", "scopes": connect.scopes, "issuedAtMs": paired.issued_at,
        });
        match self.generation {
            // All scopes of the paired device, including implied ones, sorted.
            Generation::Legacy => {
                let mut scopes = paired.scopes.clone();
                if scopes.contains(Scope::Admin.as_str()) {
                    scopes.insert(Scope::Write.as_str().to_owned());
                }
                if scopes.contains(Scope::Write.as_str()) {
                    scopes.insert(Scope::Read.as_str().to_owned());
                }
                auth["scopes"] = json!(scopes);
            }
            Generation::Current => {
                auth["method"] = method.into();
                auth["recoveryMigrationAllowed"] = true.into();
            }
        }
        auth
    }
}

/// Generates a secret of 32 bytes, as base64url.
fn token(new_id: &mut impl FnMut() -> String) -> String {
    BASE64URL_NOPAD.encode(&Sha256::digest(format!("{} {}", new_id(), new_id())))
}

/// Checks the signature over the parameters of the connection.
fn verify(connect: &Connect, device: &Device, nonce: &str, now: u64) -> Result<(), Refusal> {
    let refuse = |message: &str, code: &str, reason: &str| {
        Err(Refusal::invalid(message).with(json!({"code": format!("DEVICE_AUTH_{code}"), "reason": reason})))
    };
    let key = BASE64URL_NOPAD
        .decode(device.public_key.as_bytes())
        .ok()
        .and_then(|raw| <[u8; 32]>::try_from(raw).ok())
        .and_then(|raw| VerifyingKey::from_bytes(&raw).ok());
    let Some(key) = key else {
        return refuse("device public key invalid", "PUBLIC_KEY_INVALID", "device-public-key");
    };
    if device.id != HEXLOWER.encode(&Sha256::digest(key.as_bytes())) {
        return refuse("device identity mismatch", "DEVICE_ID_MISMATCH", "device-id-mismatch");
    }
    if device.signed_at.abs_diff(now) > SKEW_MS {
        return refuse("device signature expired", "SIGNATURE_EXPIRED", "device-signature-stale");
    }
    if device.nonce != nonce {
        return refuse("device nonce mismatch", "NONCE_MISMATCH", "device-nonce-mismatch");
    }
    let auth = &connect.auth;
    let token = auth.token.as_ref().or(auth.device_token.as_ref());
    // The last field is the device family, which clearance does not send.
    let signed = [
        "v3",
        &device.id,
        &connect.client_id,
        &connect.mode,
        "operator",
        &connect.scopes.join(","),
        &device.signed_at.to_string(),
        token.map_or("", ExposeSecret::expose_secret),
        &device.nonce,
        &connect.platform.trim().to_lowercase(),
        "",
    ]
    .join("|");
    let signature = BASE64URL_NOPAD
        .decode(device.signature.as_bytes())
        .ok()
        .and_then(|raw| Signature::from_slice(&raw).ok());
    match signature {
        Some(signature) if key.verify_strict(signed.as_bytes(), &signature).is_ok() => Ok(()),
        _ => refuse("device signature invalid", "SIGNATURE_INVALID", "device-signature"),
    }
}
