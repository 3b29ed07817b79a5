//! Who is let in: the shared secret, the device's signature, pairing, and in which
//! words each refusal comes. Measured on both generations. PURE but for the secrets it compares.

use std::collections::{BTreeSet, HashMap};

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use ed25519_dalek::{Signature, VerifyingKey};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::access::Scope;
use super::connect::{Connect, Device};
use super::generation::Generation;
use super::options::Auth;
use super::rejection::{HandshakeRejection, PAIRING};
use super::wire::{ErrorCode, Refusal};

/// How far a signature's time may be from the gateway's, in milliseconds.
const SKEW_MS: u64 = 120_000;

/// What a client is granted.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Granted {
    pub(super) scopes: Vec<String>,
    /// `auth` of `hello-ok`.
    pub(super) auth: Option<Value>,
}

/// A device that was let in before.
#[derive(Debug)]
struct Paired {
    scopes: BTreeSet<String>,
    platform: String,
    family: String,
    token: String,
    issued_at: u64,
    /// Requests to approve, by what they ask for: a repeat gets the same id.
    requests: HashMap<String, String>,
}

/// The door.
#[derive(Debug)]
pub(super) struct Gate {
    generation: Generation,
    auth: Auth,
    paired: HashMap<String, Paired>,
}

/// How many devices may be known.
const MOST_DEVICES: usize = 10_000;

enum Secret {
    Right(&'static str),
    Missing,
    Wrong,
}

impl Gate {
    pub(super) fn new(generation: Generation, auth: Auth) -> Self {
        Self { generation, auth, paired: HashMap::new() }
    }

    /// Whether an HTTP request's bearer token is the shared secret.
    pub(super) fn bearer(&self, presented: Option<&str>) -> bool {
        match &self.auth {
            Auth::Token(secret) | Auth::Password(secret) => presented == Some(secret.expose_secret()),
            Auth::None => true,
        }
    }

    /// How clients are let in, in the word of `snapshot.authMode`.
    pub(super) fn mode(&self) -> &'static str {
        match self.auth {
            Auth::Token(_) => "token",
            Auth::Password(_) => "password",
            Auth::None => "none",
        }
    }

    /// Lets a client in, or says why not.
    pub(super) fn admit(
        &mut self,
        connect: &Connect,
        nonce: &str,
        now: u64,
        mut new_id: impl FnMut() -> String,
    ) -> Result<Granted, HandshakeRejection> {
        let secret = self.secret(connect);
        let Some(device) = &connect.device else {
            return Ok(self.without_device(connect, &secret)?);
        };
        verify(connect, device, nonce, now)?;
        let method = match secret {
            Secret::Right(method) => method,
            Secret::Missing | Secret::Wrong => self.by_device_token(connect, &device.id, &secret)?,
        };
        if connect.is_backend() {
            let auth = json!({"method": method, "role": "operator", "scopes": connect.scopes});
            let auth = (self.generation == Generation::Current).then_some(auth);
            return Ok(Granted { scopes: connect.scopes.clone(), auth });
        }
        self.pair(connect, &device.id, now, &mut new_id)?;
        Ok(Granted { scopes: connect.scopes.clone(), auth: self.auth_of(connect, &device.id, method) })
    }

    fn secret(&self, connect: &Connect) -> Secret {
        let (secret, own, other, method) = match &self.auth {
            Auth::Token(secret) => (secret, &connect.auth.token, &connect.auth.password, "token"),
            Auth::Password(secret) => (secret, &connect.auth.password, &connect.auth.token, "password"),
            Auth::None => return Secret::Right("none"),
        };
        // Later releases look into both fields.
        let other = other.as_ref().filter(|_| self.generation == Generation::Current);
        let mut presented = own
            .iter()
            .chain(other)
            .map(|presented| presented.expose_secret().trim())
            .filter(|presented| !presented.is_empty())
            .peekable();
        if presented.peek().is_none() {
            return Secret::Missing;
        }
        let right = presented.any(|presented| presented == secret.expose_secret());
        if right { Secret::Right(method) } else { Secret::Wrong }
    }

    fn without_device(&self, connect: &Connect, secret: &Secret) -> Result<Granted, Refusal> {
        match secret {
            Secret::Right("none") | Secret::Missing => {
                Err(Refusal::new(ErrorCode::NotPaired, "device identity required")
                    .with(json!({"code": "DEVICE_IDENTITY_REQUIRED"})))
            }
            Secret::Wrong => Err(self.unauthorized(connect, secret)),
            Secret::Right(method) => Ok(match self.generation {
                // Every scope is dropped without a word.
                Generation::Legacy => Granted { scopes: Vec::new(), auth: None },
                Generation::Current => Granted {
                    scopes: connect.scopes.clone(),
                    auth: Some(json!({"method": method, "role": "operator", "scopes": connect.scopes})),
                },
            }),
        }
    }

    fn by_device_token(
        &self,
        connect: &Connect,
        device: &str,
        secret: &Secret,
    ) -> Result<&'static str, Refusal> {
        let explicit = connect.auth.device_token.as_ref();
        let presented = explicit.or(connect.auth.token.as_ref()).map(ExposeSecret::expose_secret);
        let paired = self.paired.get(device).filter(|paired| Some(paired.token.as_str()) == presented);
        match paired {
            Some(paired) if covered(&connect.scopes, &paired.scopes) => Ok("device-token"),
            // A legacy gateway does not tell this from a token that is wrong.
            Some(_) if self.generation == Generation::Current => Err(Refusal::invalid(
                "unauthorized: device token scope mismatch (re-pair or approve scope upgrade)",
            )
            .with(json!({
                "code": "AUTH_SCOPE_MISMATCH", "authReason": "scope_mismatch",
                "canRetryWithDeviceToken": false, "recommendedNextStep": "review_auth_configuration",
            }))),
            None if explicit.is_some() => {
                Err(Refusal::invalid("unauthorized: device token mismatch (rotate/reissue device token)")
                    .with(json!({
                        "code": "AUTH_DEVICE_TOKEN_MISMATCH", "authReason": "device_token_mismatch",
                        "canRetryWithDeviceToken": false, "recommendedNextStep": "update_auth_credentials",
                    })))
            }
            _ => Err(self.unauthorized(connect, secret)),
        }
    }

    fn unauthorized(&self, connect: &Connect, secret: &Secret) -> Refusal {
        let what = self.mode();
        let hint = match (self.generation, what) {
            (Generation::Legacy, _) => format!("set gateway.remote.{what} to match gateway.auth.{what}"),
            (Generation::Current, "token") => {
                "use this gateway's gateway.auth.token or pair the device".to_owned()
            }
            (Generation::Current, _) => format!("use this gateway's gateway.auth.{what}"),
        };
        let (reason, next) = match secret {
            Secret::Missing => ("missing", "update_auth_configuration"),
            Secret::Wrong | Secret::Right(_) => ("mismatch", "update_auth_credentials"),
        };
        let by_device = what == "token"
            && reason == "mismatch"
            && connect.device.is_some()
            && connect.auth.token.is_some();
        Refusal::invalid(format!("unauthorized: gateway {what} {reason} ({hint})")).with(json!({
            "code": format!("AUTH_{}_{}", what.to_uppercase(), reason.to_uppercase()),
            "authReason": format!("{what}_{reason}"), "canRetryWithDeviceToken": by_device,
            "recommendedNextStep": if by_device { "retry_with_device_token" } else { next },
        }))
    }

    /// Pairs a device, which is silent where the gateway listens: on loopback.
    fn pair(
        &mut self,
        connect: &Connect,
        device: &str,
        now: u64,
        new_id: &mut impl FnMut() -> String,
    ) -> Result<(), Refusal> {
        let (platform, family) = (folded(&connect.platform), folded(&connect.family));
        if self.paired.len() >= MOST_DEVICES && !self.paired.contains_key(device) {
            return Err(Refusal::new(ErrorCode::Unavailable, "too many devices").retryable());
        }
        let paired = self.paired.entry(device.to_owned()).or_insert_with(|| Paired {
            scopes: connect.scopes.iter().cloned().collect(),
            platform: platform.clone(),
            family: family.clone(),
            token: token(new_id),
            issued_at: now,
            requests: HashMap::new(),
        });
        let reason = if paired.platform != platform || paired.family != family {
            "metadata-upgrade"
        } else if covered(&connect.scopes, &paired.scopes) {
            return Ok(());
        } else if self.generation == Generation::Current {
            paired.scopes.extend(connect.scopes.iter().cloned());
            return Ok(());
        } else {
            "scope-upgrade"
        };
        let asked = format!("{reason} {platform} {family} {}", connect.scopes.join(","));
        let request = paired.requests.entry(asked).or_insert_with(new_id).clone();
        let mut details = json!({"code": "PAIRING_REQUIRED", "requestId": request, "reason": reason});
        let message = match self.generation {
            Generation::Legacy => PAIRING,
            Generation::Current => {
                details["remediationHint"] =
                    "Review the refreshed device details, then approve the pending request.".into();
                details["deviceId"] = device.into();
                details["requestedRole"] = "operator".into();
                details["requestedScopes"] = json!(connect.scopes);
                details["approvedRoles"] = json!(["operator"]);
                details["approvedScopes"] = json!(paired.scopes);
                "pairing required: device identity changed and must be re-approved"
            }
        };
        Err(Refusal::new(ErrorCode::NotPaired, message).with(details))
    }

    fn auth_of(&self, connect: &Connect, device: &str, method: &str) -> Option<Value> {
        let paired = self.paired.get(device)?;
        Some(match self.generation {
            // What the device is paired for, spelt out and sorted.
            Generation::Legacy => {
                let mut scopes = paired.scopes.clone();
                if scopes.contains(Scope::Admin.as_str()) {
                    scopes.insert(Scope::Write.as_str().to_owned());
                }
                if scopes.contains(Scope::Write.as_str()) {
                    scopes.insert(Scope::Read.as_str().to_owned());
                }
                json!({
                    "deviceToken": paired.token, "role": "operator", "scopes": scopes,
                    "issuedAtMs": paired.issued_at,
                })
            }
            Generation::Current => json!({
                "method": method, "role": "operator", "scopes": connect.scopes,
                "recoveryMigrationAllowed": true, "deviceToken": paired.token,
                "issuedAtMs": paired.issued_at,
            }),
        })
    }
}

/// A secret of 32 bytes, in the alphabet of the wire.
fn token(new_id: &mut impl FnMut() -> String) -> String {
    BASE64URL_NOPAD.encode(&Sha256::digest(format!("{} {}", new_id(), new_id())))
}

fn folded(text: &str) -> String {
    text.trim().to_lowercase()
}

fn covered(asked: &[String], paired: &BTreeSet<String>) -> bool {
    let admin = paired.contains(Scope::Admin.as_str());
    let write = admin || paired.contains(Scope::Write.as_str());
    asked.iter().all(|scope| {
        paired.contains(scope)
            || (admin && scope.starts_with("operator.") && scope != Scope::Approvals.as_str())
            || (write && scope == Scope::Read.as_str())
    })
}

/// Checks the signature over everything the connection is for.
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
    if device.nonce.trim().is_empty() {
        return refuse("device nonce required", "NONCE_REQUIRED", "device-nonce-missing");
    }
    if device.nonce != nonce {
        return refuse("device nonce mismatch", "NONCE_MISMATCH", "device-nonce-mismatch");
    }
    let auth = &connect.auth;
    let token = auth.token.as_ref().or(auth.device_token.as_ref());
    let signed = [
        "v3",
        &device.id,
        &connect.client_id,
        &connect.mode,
        &connect.role,
        &connect.scopes.join(","),
        &device.signed_at.to_string(),
        token.map_or("", ExposeSecret::expose_secret),
        &device.nonce,
        &folded(&connect.platform),
        &folded(&connect.family),
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
