//! Frames of gateways, as measured on real ones, and the check of a client's proof.

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use ed25519_dalek::{Signature, VerifyingKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::Step;

/// A part of every secret; no output, and no file except a device file, may contain it.
pub const MARK: &str = "s3cr3t";
/// The gateway's token.
pub const TOKEN: &str = "s3cr3t-token-0b6f1c";
/// The gateway's password.
pub const PASSWORD: &str = "s3cr3t password 7d";
/// The token that the gateway issues to a device.
pub const DEVICE_TOKEN: &str = "s3cr3t-device-token-51ee";
/// The token in the document's `socket`.
pub const SOCKET_TOKEN: &str = "s3cr3t-socket-token-90";
/// The hash of the fake's document.
pub const HASH: &str = "6c7bb3881a0512927e29716ff950e744fc6ed021f3a40c6ac2f57bce6490f47b";

/// A challenge.
pub fn challenge() -> Step {
    Step::Challenge(json!({ "nonce": "14a7f770-7e55-41f1-bf07-cd70f1a7e574", "ts": 1_795_436_364_720_u64 }))
}

/// The `auth` of a client that uses the token.
pub fn with_token() -> Step {
    Step::Connect(json!({ "token": TOKEN }))
}

/// The payload of `hello-ok` of current gateways.
pub fn hello() -> Value {
    json!({
        "type": "hello-ok",
        "protocol": 4,
        "server": { "version": "2026.9.6", "connId": "240706d3-bc2e-4871-935d-3d504e76b6a8" },
        "features": { "methods": ["exec.approvals.get", "exec.approvals.set", "health"], "events": ["tick"] },
        "snapshot": {},
        "auth": {
            "method": "token",
            "role": "operator",
            "scopes": ["operator.admin", "operator.approvals", "operator.read", "operator.write"],
        },
        "policy": { "maxPayload": 26_214_400, "maxBufferedBytes": 52_428_800, "tickIntervalMs": 30_000 },
    })
}

/// As [`hello`], with other values, by JSON pointer. `null` removes a value.
pub fn hello_with(changes: &[(&str, Value)]) -> Value {
    let mut hello = hello();
    for (pointer, value) in changes {
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        let parent = hello.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        match value {
            Value::Null => drop(parent.remove(key)),
            value => drop(parent.insert(key.to_owned(), value.clone())),
        }
    }
    hello
}

/// The steps until a client is authenticated by the token.
pub fn entered() -> Vec<Step> {
    entered_by(json!({ "token": TOKEN }), hello())
}

/// As [`entered`], with another `auth` and another answer.
pub fn entered_by(auth: Value, hello: Value) -> Vec<Step> {
    vec![Step::Upgrade, challenge(), Step::Connect(auth), Step::Answer(hello)]
}

/// The answer to `exec.approvals.get` with this document.
pub fn holding(file: &Value) -> Value {
    json!({ "path": "/srv/openclaw/exec-approvals.json", "exists": true, "hash": HASH, "file": file })
}

/// The document of that answer.
pub fn document() -> Value {
    holding(&json!({
        "version": 1,
        "socket": { "path": "/srv/openclaw/exec-approvals.sock", "token": SOCKET_TOKEN },
        "defaults": { "security": "deny" },
        "agents": { "main": { "allowlist": [{ "pattern": "/usr/bin/git" }] } },
    }))
}

/// A call for the document, and its answer.
pub fn got() -> Vec<Step> {
    vec![Step::Call("exec.approvals.get"), Step::Answer(document())]
}

/// A rejection of `connect`, followed by its close frame.
pub fn refused(error: Value, code: u16) -> Vec<Step> {
    vec![Step::Fail(error), Step::Close(code, "as told")]
}

/// The answer of a gateway that is starting.
pub fn starting() -> Value {
    json!({
        "code": "UNAVAILABLE", "message": "gateway starting; retry shortly",
        "retryable": true, "retryAfterMs": 100, "details": { "reason": "startup-sidecars" },
    })
}

/// The rejection of a token that is not the gateway's.
pub fn token_mismatch() -> Value {
    json!({
        "code": "INVALID_REQUEST",
        "message": "unauthorized: gateway token mismatch (use this gateway's gateway.auth.token or pair the device)",
        "details": {
            "code": "AUTH_TOKEN_MISMATCH", "authReason": "token_mismatch",
            "canRetryWithDeviceToken": true, "recommendedNextStep": "retry_with_device_token",
        },
    })
}

/// The rejection of a device token that the gateway has forgotten.
pub fn device_token_mismatch() -> Value {
    json!({
        "code": "INVALID_REQUEST",
        "message": "unauthorized: device token mismatch (rotate/reissue device token)",
        "details": {
            "code": "AUTH_DEVICE_TOKEN_MISMATCH", "authReason": "device_token_mismatch",
            "canRetryWithDeviceToken": false, "recommendedNextStep": "update_auth_credentials",
        },
    })
}

/// Checks `connect` as a gateway does: the versions, the client, and the device's signature over this challenge.
pub fn check_connect(params: &Value, challenge: &Value, auth: &Value) -> Result<(), String> {
    let expected = [
        ("/minProtocol", json!(3)),
        ("/maxProtocol", json!(4)),
        ("/role", json!("operator")),
        ("/client/id", json!("cli")),
        ("/client/mode", json!("cli")),
        ("/device/nonce", challenge["nonce"].clone()),
        ("/device/signedAt", challenge["ts"].clone()),
    ];
    for (pointer, expected) in expected {
        if params.pointer(pointer) != Some(&expected) {
            return Err(format!("{pointer} is {:?}, not {expected}", params.pointer(pointer)));
        }
    }
    let sent = params.get("auth").unwrap_or(&Value::Null);
    if sent != auth {
        return Err(format!("auth is {sent}, not {auth}"));
    }
    let text = |pointer: &str| {
        let value = params.pointer(pointer).and_then(Value::as_str);
        value.map(str::to_owned).ok_or_else(|| format!("no {pointer}"))
    };
    let decoded = |pointer: &str| {
        BASE64URL_NOPAD.decode(text(pointer)?.as_bytes()).map_err(|error| format!("{pointer}: {error}"))
    };
    let key: [u8; 32] = decoded("/device/publicKey")?.try_into().map_err(|_| "a key of another length")?;
    let id = text("/device/id")?;
    if id != HEXLOWER.encode(&Sha256::digest(key)) {
        return Err("the device id is not the key's".to_owned());
    }
    let scopes: Vec<&str> =
        params["scopes"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let token = auth["token"].as_str().or(auth["deviceToken"].as_str()).unwrap_or_default();
    let signed = format!(
        "v3|{id}|cli|cli|operator|{}|{}|{token}|{}|{}|",
        scopes.join(","),
        challenge["ts"],
        challenge["nonce"].as_str().unwrap_or_default(),
        text("/client/platform")?.trim().to_lowercase(),
    );
    let signature =
        Signature::from_slice(&decoded("/device/signature")?).map_err(|error| error.to_string())?;
    let key = VerifyingKey::from_bytes(&key).map_err(|error| error.to_string())?;
    key.verify_strict(signed.as_bytes(), &signature).map_err(|_| "the signature does not hold".to_owned())
}
