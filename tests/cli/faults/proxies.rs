//! Proxies: the environment names one for other hosts, and it forwards or rejects the connection.

use serde_json::Value;

use super::{Row, Shown, Step, bytes, chain, check, row, times};
use crate::support::fake::Script;
use crate::support::fake::frames::{
    DEVICE_TOKEN, TOKEN, challenge, document, entered, entered_by, got, hello, hello_with, refused,
    token_mismatch, with_token,
};
use crate::support::fake::tls::TRUSTED;

const PLAIN: &str = "ws://gateway.test:18789";
const PROXY: &str = "http://127.0.0.1:{port}";
const ESTABLISHED: &str = "HTTP/1.1 200 Connection established\r\n\r\n";

fn tunnel() -> Step {
    Step::Request("CONNECT gateway.test:18789 HTTP/1.1\r\n")
}

fn answering(name: &str, answer: &str) -> Row {
    through(row(name, Script::once([tunnel(), bytes(answer)]))).fails(4, &["proxy"])
}

/// A gateway that no resolver knows: only the proxy can have reached it.
fn through(row: Row) -> Row {
    row.at(PLAIN).env("HTTP_PROXY", PROXY).showing(Shown::Nothing)
}

fn secured(row: Row) -> Row {
    row.env("HTTPS_PROXY", PROXY).file("ca.pem", &TRUSTED.pem).with("--ca-file={home}/ca.pem")
}

fn json(body: &Value) -> Step {
    let body = body.to_string();
    bytes(&format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    ))
}

pub fn rows() -> Vec<Row> {
    let certificate = TRUSTED.signs("gateway.test");
    let greeted = || chain([entered_by(Value::Null, hello()), got()]);
    let nowhere = through(row("a proxy that is not there", Script::default())).fails(4, &["proxy"]);
    let stated = serde_json::json!({ "id": "1", "ok": true, "payload": document() });
    let secure = || {
        let connect = Step::Request("CONNECT gateway.test:443 HTTP/1.1\r\n");
        vec![connect, bytes(ESTABLISHED), Step::Tls(certificate.config.clone())]
    };
    let given = hello_with(&[("/auth/deviceToken", DEVICE_TOKEN.into())]);
    let healthy = vec![Step::Call("health"), Step::Answer(serde_json::json!({ "ok": true }))];
    let before = chain([secure(), entered_by(serde_json::json!({ "token": TOKEN }), given), healthy]);
    let mismatch = || {
        let asked = vec![Step::Upgrade, challenge(), with_token()];
        chain([secure(), asked, refused(token_mismatch(), 1008)])
    };
    let both = serde_json::json!({ "token": TOKEN, "deviceToken": DEVICE_TOKEN });
    // The device's own token is sent with a wrong one only if the recipient is certain.
    let trusted = Row {
        known: true,
        ..secured(row("a wrong token; the device token stays here", Script::of([before.clone(), mismatch()])))
    };
    let pinned = Row {
        known: true,
        ..row(
            "a wrong token; the device token goes to the pinned gateway",
            Script::of([before, mismatch(), chain([secure(), entered_by(both, hello()), got()])]),
        )
    };
    vec![
        trusted.at("wss://gateway.test").fails(5, &["wrong-credential"]),
        pinned
            .at("wss://gateway.test")
            .env("HTTPS_PROXY", PROXY)
            .with("--tls-fingerprint")
            .with(&certificate.fingerprint),
        through(row("through a proxy", Script::once(chain([vec![tunnel(), bytes(ESTABLISHED)], greeted()])))),
        secured(row(
            "through a proxy, with TLS",
            Script::once(chain([
                vec![
                    Step::Request("CONNECT gateway.test:443 HTTP/1.1\r\n"),
                    bytes(ESTABLISHED),
                    Step::Tls(certificate.config.clone()),
                ],
                entered(),
                got(),
            ])),
        ))
        .at("wss://gateway.test"),
        secured(row(
            "through a proxy, to the admin endpoint with TLS",
            Script::once([
                Step::Request("CONNECT gateway.test:443 HTTP/1.1\r\n"),
                bytes(ESTABLISHED),
                Step::Tls(certificate.config.clone()),
                Step::Rpc("exec.approvals.get", Some(TOKEN)),
                json(&stated),
            ]),
        ))
        .at("https://gateway.test"),
        through(row(
            "through a proxy, to the admin endpoint",
            Script::once([
                Step::Request("POST http://gateway.test:18789/api/v1/admin/rpc HTTP/1.1\r\n"),
                json(&stated),
            ]),
        ))
        .at("http://gateway.test:18789"),
        through(row(
            "through a proxy that wants a password",
            Script::once(chain([vec![tunnel(), bytes(ESTABLISHED)], greeted()])),
        ))
        .env("HTTP_PROXY", "http://user:s3cr3t@127.0.0.1:{port}")
        .and(|heard, _| {
            let wanted = "dXNlcjpzM2NyM3Q=";
            if format!("{heard:?}").contains(wanted) {
                Ok(())
            } else {
                Err("the proxy got no password".to_owned())
            }
        }),
        answering("a proxy that answers 403", "HTTP/1.1 403 Forbidden\r\n\r\n").says("127.0.0.1"),
        answering("a proxy that answers 407", "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
            .env("HTTP_PROXY", "http://user:s3cr3t@127.0.0.1:{port}")
            .says("authorization required"),
        answering("a proxy that answers 502", "HTTP/1.1 502 Bad Gateway\r\n\r\n"),
        answering("a proxy that answers garbage", "\u{1}\u{2}\u{3}\r\n\r\n"),
        through(row("a proxy that drops", Script::once([tunnel(), Step::Drop]))).fails(4, &["proxy"]),
        through(row("a proxy that drops at accept", Script::once([Step::Drop]))).fails(4, &["proxy"]),
        through(row(
            "a proxy with an endless header",
            Script::once([tunnel(), bytes("HTTP/1.1 200 OK\r\nX: "), Step::Flood(vec![b'x'; 4096])]),
        ))
        .fails(4, &["proxy"])
        .confined(),
        Row { place: super::Place::Nowhere, ..nowhere }.says("NO_PROXY=gateway.test"),
        through(row("a proxy that hangs", Script::once([tunnel(), Step::Stall])))
            .hangs()
            .says("while connecting"),
        through(row("a proxy that hangs at accept", Script::once([Step::Stall])))
            .hangs()
            .says("while connecting"),
        through(row("drop behind a proxy", times(5, [tunnel(), bytes(ESTABLISHED), Step::Drop]))).lost(),
        through(row("a proxy for SOCKS", Script::default()))
            .env("HTTP_PROXY", "socks5://127.0.0.1:{port}")
            .fails(4, &["proxy"]),
        row("a proxy is not for this host", Script::once(chain([entered(), got()])))
            .env("HTTP_PROXY", "http://127.0.0.1:1")
            .env("ALL_PROXY", "http://127.0.0.1:1"),
        row("a proxy is not for localhost", Script::once(chain([entered(), got()])))
            .at("ws://localhost:{port}")
            .env("HTTP_PROXY", "http://127.0.0.1:1"),
        row("a token does not cross plaintext to a proxy", Script::default())
            .at(PLAIN)
            .env("HTTP_PROXY", PROXY)
            .fails(5, &["settings"])
            .says("--allow-plaintext"),
    ]
}

#[test]
fn through_proxies() {
    check(rows());
}
