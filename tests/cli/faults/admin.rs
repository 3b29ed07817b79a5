//! The admin endpoint: invalid HTTP answers, refusals, and a credential that is sent to no other host.

use serde_json::{Value, json};

use super::{Row, Step, Verb, bytes, check, row, run};
use crate::support::fake::frames::{PASSWORD, TOKEN, document};
use crate::support::fake::tls::{TRUSTED, self_signed};
use crate::support::fake::{Fake, Heard, Script};

const URL: &str = "http://127.0.0.1:{port}";
const GET: &str = "exec.approvals.get";
const UNAUTHORIZED: &str = r#"{"error":{"message":"Unauthorized","type":"unauthorized"}}"#;
const NOT_OFFERED: &str = r#"{"ok":false,"error":{"code":"INVALID_REQUEST","message":"admin HTTP RPC method is not supported: exec.approvals.get"}}"#;
const BUSY: &str =
    r#"{"ok":false,"error":{"code":"UNAVAILABLE","message":"m","retryable":true,"retryAfterMs":50}}"#;
/// The start of an answer.
const PART: &str = "HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{\"ok\"";
const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
const VAST: &str = "HTTP/1.1 200 OK\r\nContent-Length: 4611686018427387904\r\n\r\n";

fn answer(status: &str, body: &str) -> Step {
    let length = body.len();
    bytes(&format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: {length}\r\n\r\n{body}"
    ))
}

fn asked() -> Step {
    Step::Rpc(GET, Some(TOKEN))
}

fn answering(name: &str, status: &str, body: &str) -> Row {
    row(name, Script::once([asked(), answer(status, body)])).at(URL)
}

fn ok(payload: &Value) -> String {
    json!({ "id": "a1", "ok": true, "payload": payload }).to_string()
}

fn stated() -> Step {
    answer("200 OK", &ok(&document()))
}

fn posts(heard: &[Heard], method: &str) -> usize {
    let method = format!("\"method\":\"{method}\"");
    let posted = |heard: &&Heard| match heard {
        Heard::Request(_, body) => String::from_utf8_lossy(body).contains(&method),
        _ => false,
    };
    heard.iter().filter(posted).count()
}

fn is_set_once(heard: &[Heard], _: bool) -> Result<(), String> {
    match posts(heard, "exec.approvals.set") {
        1 => Ok(()),
        count => Err(format!("set {count} times")),
    }
}

/// A document, a change, and then these steps. Each call may use its own connection.
fn set(last: &[Step]) -> Script {
    let mut set = vec![Step::Rpc("exec.approvals.set", Some(TOKEN))];
    set.extend_from_slice(last);
    Script::of([vec![asked(), closing(&ok(&document()))], set])
}

/// An answer after which the connection is closed.
fn closing(body: &str) -> Step {
    bytes(&format!(
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    ))
}

pub fn rows() -> Vec<Row> {
    let unavailable =
        r#"{"id":"a1","ok":false,"error":{"code":"UNAVAILABLE","message":"the store is locked"}}"#;
    let good = TRUSTED.signs("127.0.0.1");
    let alone = self_signed("127.0.0.1");
    let mut rows = vec![
        answering("HTTP: the document", "200 OK", &ok(&document())),
        row("HTTP: the password does", Script::once([Step::Rpc(GET, Some(PASSWORD)), stated()]))
            .at(URL)
            .showing(super::Shown::Password),
        answering("HTTP: 401", "401 Unauthorized", UNAUTHORIZED)
            .fails(5, &["wrong-credential"])
            .says("--token-file"),
        answering("HTTP: 403", "403 Forbidden", "{}").fails(5, &["wrong-credential"]),
        answering("HTTP: 404", "404 Not Found", "Not Found")
            .fails(5, &["no-admin-endpoint"])
            .says("plugins.entries.admin-http-rpc.enabled true"),
        answering("HTTP: 413", "413 Payload Too Large", "{}").fails(7, &["too-large"]),
        answering("HTTP: 500 with a page", "500 Internal Server Error", "<html>oops</html>")
            .fails(4, &["not-a-gateway"])
            .says("500"),
        answering("HTTP: 502 with a page", "502 Bad Gateway", "<html>nginx</html>")
            .fails(4, &["not-a-gateway"]),
        answering("HTTP: 503 with an error", "503 Service Unavailable", unavailable)
            .fails(4, &["call-failed"])
            .says("locked"),
        answering("HTTP: 200 with an error", "200 OK", unavailable).fails(4, &["call-failed"]),
        answering("HTTP: 204", "204 No Content", "").fails(4, &["not-a-gateway"]),
        answering("HTTP: a method that is not offered", "400 Bad Request", NOT_OFFERED)
            .fails(5, &["not-over-http"])
            .says("ws://127.0.0.1"),
        answering("HTTP: garbage in JSON", "200 OK", "{\"ok\":tr").fails(4, &["not-a-gateway"]),
        answering("HTTP: JSON of another shape", "200 OK", "[1,2]").fails(4, &["not-a-gateway"]),
        answering("HTTP: a payload of another shape", "200 OK", &ok(&json!(5))).violates(),
        answering("HTTP: no payload", "200 OK", r#"{"ok":true}"#).violates(),
        row("HTTP: too busy twice, then an answer", {
            let busy = closing(BUSY);
            Script::of([vec![asked(), busy.clone()], vec![asked(), busy], vec![asked(), stated()]])
        })
        .at(URL),
        row("HTTP: garbage instead of HTTP", Script::once([asked(), bytes("garbage\r\n\r\n")]))
            .at(URL)
            .lost(),
        row("HTTP: drop after the request", Script::once([asked(), Step::Drop])).at(URL).lost(),
        row("HTTP: reset after the request", Script::once([asked(), Step::Reset])).at(URL).lost(),
        row("HTTP: drop in the body", Script::once([asked(), bytes(PART), Step::Drop])).at(URL).lost(),
        row("HTTP: stall at accept", Script::once([Step::Stall])).at(URL).hangs(),
        row("HTTP: stall after the request", Script::once([asked(), Step::Stall])).at(URL).hangs(),
        row("HTTP: stall in the body", Script::once([asked(), bytes(PART), Step::Stall])).at(URL).hangs(),
        row("HTTP: an answer in single bytes", {
            let body = ok(&document());
            let text = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
            Script::once([asked(), Step::Drip(text.into_bytes())])
        })
        .at(URL),
        row("HTTP: an endless header", {
            Script::once([asked(), bytes("HTTP/1.1 200 OK\r\nX: "), Step::Flood(vec![b'x'; 4096])])
        })
        .at(URL)
        .lost()
        .confined(),
        row("HTTP: an endless body", {
            let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000)).into_bytes();
            Script::once([asked(), bytes(CHUNKED), Step::Flood(chunk)])
        })
        .at(URL)
        .violates()
        .says("more than 26214400 bytes")
        .confined(),
        row("HTTP: a body of 2^62 bytes is announced", {
            Script::once([asked(), bytes(VAST), Step::Flood(vec![b' '; 65536])])
        })
        .at(URL)
        .violates()
        .confined(),
        row("HTTP: with TLS", Script::once([Step::Tls(good.config), asked(), stated()]))
            .at("https://127.0.0.1:{port}")
            .file("ca.pem", &TRUSTED.pem)
            .with("--ca-file={home}/ca.pem"),
        row("HTTP: self-signed", Script::once([Step::TlsRefused(alone.config.clone())]))
            .at("https://127.0.0.1:{port}")
            .fails(5, &["certificate"])
            .says(alone.fingerprint.clone().leak()),
        row("HTTP: self-signed and pinned", Script::once([Step::Tls(alone.config), asked(), stated()]))
            .at("https://127.0.0.1:{port}")
            .with("--tls-fingerprint")
            .with(&alone.fingerprint),
        row("HTTP: set: drop after it was sent", set(&[Step::Drop]))
            .at(URL)
            .fails(4, &["uncertain"])
            .and(is_set_once),
        row("HTTP: set: a page instead of an answer", set(&[answer("502 Bad Gateway", "<html>")]))
            .at(URL)
            .fails(4, &["uncertain"])
            .and(is_set_once),
    ];
    for row in rows.iter_mut().filter(|row| row.name.contains("set:")) {
        row.verb = Verb::Set;
    }
    rows.push(
        Row { place: super::Place::Nowhere, ..row("HTTP: nothing listens", Script::default()).at(URL) }
            .fails(4, &["unreachable"]),
    );
    rows
}

#[test]
fn the_admin_endpoint() {
    check(rows());
}

/// No redirect sends the credential to another host.
#[test]
fn a_redirect_is_not_followed() {
    let elsewhere = Fake::playing(Script::default());
    for status in ["301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"] {
        let location = format!("Location: http://127.0.0.1:{}/api/v1/admin/rpc", elsewhere.port());
        let redirect = bytes(&format!("HTTP/1.1 {status}\r\n{location}\r\nContent-Length: 0\r\n\r\n"));
        let row = row("a redirect", Script::once([asked(), redirect])).at(URL).fails(4, &["not-a-gateway"]);
        let ran = run(&row);
        assert_eq!(super::failures_of(&row, &ran), Vec::<String>::new());
    }
    elsewhere.finish();
}
