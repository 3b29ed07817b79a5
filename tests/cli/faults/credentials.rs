//! Authentication: refusals of `connect`, the rule of the device's own token, and the proof that
//! each attempt sends.

use serde_json::{Value, json};

use super::{Row, Shown, Step, asked, chain, check, row};
use crate::support::fake::frames::{
    DEVICE_TOKEN, PASSWORD, TOKEN, challenge, device_token_mismatch, entered_by, got, hello, hello_with,
    refused, token_mismatch,
};
use crate::support::fake::{Heard, Script};

/// One connection with this `auth`, refused.
fn turned_away(auth: Value, error: Value) -> Vec<Step> {
    chain([vec![Step::Upgrade, challenge(), Step::Connect(auth)], refused(error, 1008)])
}

fn token() -> Value {
    json!({ "token": TOKEN })
}

fn both() -> Value {
    json!({ "token": TOKEN, "deviceToken": DEVICE_TOKEN })
}

fn coded(code: &str) -> Value {
    json!({ "code": "INVALID_REQUEST", "message": "told apart by its code", "details": { "code": code } })
}

/// A refusal with this code and these additional details.
fn refusal(code: &str, details: &Value) -> Vec<Step> {
    let mut error = coded(code);
    let all = error["details"].as_object_mut().unwrap();
    all.extend(details.as_object().cloned().unwrap_or_default());
    turned_away(token(), error)
}

fn refusing(code: &str) -> Script {
    Script::of([refusal(code, &json!({}))])
}

fn pairing(reason: &str) -> Script {
    let request = json!({ "requestId": "97331316-062d-480c-9ae7-8c8a6bf45556", "reason": reason });
    Script::of([refusal("PAIRING_REQUIRED", &request)])
}

fn message(message: &str, details: &Value) -> Script {
    let error = json!({ "code": "INVALID_REQUEST", "message": message, "details": details });
    Script::of([turned_away(token(), error)])
}

fn is_kept(_: &[Heard], kept: bool) -> Result<(), String> {
    if kept { Ok(()) } else { Err("the device token was forgotten".to_owned()) }
}

fn is_forgotten(_: &[Heard], kept: bool) -> Result<(), String> {
    if kept { Err("the device token is still kept".to_owned()) } else { Ok(()) }
}

/// Every attempt of a command uses the same device.
fn is_one_device(heard: &[Heard]) -> Result<(), String> {
    let mut devices: Vec<&Value> = heard
        .iter()
        .filter_map(
            |heard| if let Heard::Connect(params) = heard { params.pointer("/device/id") } else { None },
        )
        .collect();
    devices.dedup();
    if devices.len() == 1 { Ok(()) } else { Err(format!("several devices: {devices:?}")) }
}

pub fn rows() -> Vec<Row> {
    let approve = "openclaw devices approve 97331316-062d-480c-9ae7-8c8a6bf45556";
    let given = hello_with(&[("/auth/deviceToken", DEVICE_TOKEN.into())]);
    let rate = json!({
        "code": "UNAVAILABLE", "message": "unauthorized: too many failed authentication attempts (retry later)",
        "details": { "code": "AUTH_RATE_LIMITED" }, "retryable": true, "retryAfterMs": 61_000,
    });
    let mismatch = json!({ "code": "PROTOCOL_MISMATCH", "expectedProtocol": 5 });
    let hostile = message("\u{1b}[31m\u{202e}no\n\r\u{7}", &json!({}));
    vec![
        row("pairing required", pairing("not-paired")).fails(5, &["pairing"]).says(approve),
        row("a scope upgrade", pairing("scope-upgrade")).fails(5, &["scope-upgrade"]).says(approve),
        row("a metadata upgrade", pairing("metadata-upgrade")).fails(5, &["scope-upgrade"]).says(approve),
        row("pairing required, without a request", refusing("PAIRING_REQUIRED"))
            .fails(5, &["pairing"])
            .says("devices list"),
        row("a wrong token, no device token", Script::of([turned_away(token(), token_mismatch())]))
            .fails(5, &["wrong-credential"])
            .says("OPENCLAW_GATEWAY_TOKEN"),
        row(
            "a wrong token; both tokens do",
            Script::of([turned_away(token(), token_mismatch()), chain([entered_by(both(), hello()), got()])]),
        )
        .known()
        .and(|heard, kept| is_kept(heard, kept).and_then(|()| is_one_device(heard))),
        row(
            "a wrong token; the device token is wrong too",
            Script::of([
                turned_away(token(), token_mismatch()),
                turned_away(both(), device_token_mismatch()),
            ]),
        )
        .known()
        .fails(5, &["wrong-credential"])
        .and(is_forgotten),
        row(
            "a wrong token; the second attempt is too many",
            Script::of([turned_away(token(), token_mismatch()), turned_away(both(), rate.clone())]),
        )
        .known()
        .fails(5, &["wrong-credential"])
        .and(is_kept),
        row(
            "a wrong token; the second attempt drops, then both do",
            Script::of([
                turned_away(token(), token_mismatch()),
                chain([vec![Step::Upgrade, challenge(), Step::Connect(both())], vec![Step::Drop]]),
                turned_away(token(), token_mismatch()),
                chain([entered_by(both(), hello()), got()]),
            ]),
        )
        .known(),
        row(
            "no token; the device token does",
            Script::of([chain([entered_by(json!({ "deviceToken": DEVICE_TOKEN }), hello()), got()])]),
        )
        .known()
        .showing(Shown::Nothing)
        .and(is_kept),
        row(
            "no token; the device token is refused",
            Script::of([turned_away(json!({ "deviceToken": DEVICE_TOKEN }), device_token_mismatch())]),
        )
        .known()
        .showing(Shown::Nothing)
        .fails(5, &["device"])
        .says("the saved token was removed")
        .and(is_forgotten),
        row("a device token is given, and kept", Script::of([chain([entered_by(token(), given), got()])]))
            .and(is_kept),
        row(
            "another device token is given, and kept",
            Script::of([chain([
                entered_by(token(), hello_with(&[("/auth/deviceToken", "s3cr3t-other".into())])),
                got(),
            ])]),
        )
        .known()
        .and(is_forgotten),
        row("the device token is taken back in the greeting", {
            let auth = json!({ "token": TOKEN });
            Script::of([chain([entered_by(auth, hello()), got()])])
        })
        .known()
        .and(is_kept),
        row(
            "the password does",
            Script::of([chain([entered_by(json!({ "password": PASSWORD }), hello()), got()])]),
        )
        .showing(Shown::Password),
        row(
            "a wrong password",
            Script::of([turned_away(json!({ "password": PASSWORD }), coded("AUTH_PASSWORD_MISMATCH"))]),
        )
        .showing(Shown::Password)
        .fails(5, &["wrong-credential"])
        .says("--password-file"),
        row(
            "no credential, and none is wanted",
            Script::of([chain([entered_by(Value::Null, hello()), got()])]),
        )
        .showing(Shown::Nothing),
        row(
            "no credential, and a token is wanted",
            Script::of([turned_away(Value::Null, coded("AUTH_TOKEN_MISSING"))]),
        )
        .showing(Shown::Nothing)
        .fails(5, &["no-credential"])
        .says("--token-file"),
        row("a password is wanted", refusing("AUTH_PASSWORD_MISSING"))
            .fails(5, &["no-credential"])
            .says("--password-file"),
        row("too many attempts", Script::of([turned_away(token(), rate)]))
            .fails(5, &["rate-limited"])
            .says("wait 61 s"),
        row("a protocol mismatch, current", message("protocol mismatch", &mismatch))
            .fails(5, &["protocol"])
            .says("protocol 5"),
        row("a protocol mismatch, legacy", message("protocol mismatch", &json!({ "expectedProtocol": 2 })))
            .fails(5, &["protocol"])
            .says("protocol 2"),
        row("the signature is too old", refusing("DEVICE_AUTH_SIGNATURE_EXPIRED")).fails(5, &["clock"]),
        row("the signature does not hold", refusing("DEVICE_AUTH_SIGNATURE_INVALID")).fails(5, &["device"]),
        row("another nonce is wanted", refusing("DEVICE_AUTH_NONCE_MISMATCH")).fails(5, &["device"]),
        row("an unknown code", refusing("AUTH_TAILSCALE_IDENTITY_MISSING"))
            .fails(5, &["refused"])
            .says("told apart by its code"),
        row("a refusal of another shape", message("no", &json!([1, 2]))).fails(5, &["refused"]),
        row(
            "a refusal without an error",
            Script::once(chain([
                asked(),
                vec![Step::Text(r#"{"type":"res","id":"{id}","ok":false}"#.into())],
            ])),
        )
        .fails(5, &["refused"]),
        row(
            "a refusal and a drop",
            Script::once(chain([asked(), vec![Step::Fail(token_mismatch()), Step::Drop]])),
        )
        .fails(5, &["wrong-credential"]),
        row("the token is wrong, and the message is hostile", hostile).fails(5, &["refused"]),
    ]
}

#[test]
fn who_is_let_in() {
    check(rows());
}
