//! Before the WebSocket: no listener, a connection that ends or hangs, an HTTP server that is not a gateway.

use super::{Place, Row, Shown, Step, bytes, chain, check, row, times};
use crate::support::fake::Script;
use crate::support::fake::frames::{document, entered, got};

/// The number of connections that are dropped.
pub const TRIES: usize = 5;

fn get() -> Step {
    Step::Request("GET / HTTP/1.1")
}

fn answering(status: &'static str) -> [Step; 2] {
    [get(), bytes(&format!("HTTP/1.1 {status}\r\nContent-Length: 5\r\n\r\nsorry"))]
}

/// The upgrade of a fake that sends its answer slowly. It must know the key.
const PROTOCOLS: &str = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: c29ycnkgYWJvdXQgdGhhdCE=\r\n\r\n";

pub fn rows() -> Vec<Row> {
    let nowhere = row("nothing listens", Script::default()).fails(4, &["unreachable"]);
    let full = row("the backlog is full: stall at the TCP handshake", Script::default()).hangs();
    vec![
        Row { place: Place::Nowhere, ..nowhere }.says("openclaw gateway run"),
        Row { place: Place::Full, ..full }.says("while connecting"),
        row("accept and drop", times(TRIES, [Step::Drop])).lost().says("during the upgrade"),
        row("drop after the upgrade request", times(TRIES, [get(), Step::Drop]))
            .lost()
            .says("wss://127.0.0.1"),
        row("reset after the upgrade request", times(TRIES, [get(), Step::Reset])).lost(),
        row("half an upgrade, then drop", times(TRIES, [get(), bytes("HTTP/1.1 101 Swit"), Step::Drop]))
            .lost(),
        row("stall at accept", Script::once([Step::Stall])).hangs().says("during the upgrade"),
        row("stall at the upgrade", Script::once([get(), Step::Stall])).hangs().says("during the upgrade"),
        row("stall in the upgrade", Script::once([get(), bytes("HTTP/1.1 101 Swit"), Step::Stall])).hangs(),
        row("HTTP 200", Script::once(answering("200 OK"))).fails(4, &["not-a-gateway"]).says("200 OK"),
        row("HTTP 302", Script::once(answering("302 Found\r\nLocation: /"))).fails(4, &["not-a-gateway"]),
        row("HTTP 400", Script::once(answering("400 Bad Request"))).fails(4, &["not-a-gateway"]),
        row("HTTP 403", Script::once(answering("403 Forbidden"))).fails(4, &["not-a-gateway"]).says("403"),
        row("HTTP 404", Script::once(answering("404 Not Found"))).fails(4, &["not-a-gateway"]).says("404"),
        row("HTTP 502 for ever", Script::always(answering("502 Bad Gateway")))
            .lost()
            .until_deadline()
            .says("502")
            .says("openclaw logs"),
        row(
            "HTTP 503 twice, then a gateway",
            Script::of([
                answering("503 Service Unavailable").to_vec(),
                answering("503 Service Unavailable").to_vec(),
                chain([entered(), got()]),
            ]),
        ),
        row("garbage instead of HTTP", Script::once([get(), bytes("\u{1}\u{2}SSH-2.0-OpenSSH_9.6\r\n\r\n")]))
            .fails(4, &["not-a-gateway"]),
        row("another key in the upgrade", Script::once([get(), bytes(PROTOCOLS)]))
            .fails(4, &["not-a-gateway"]),
        row(
            "an endless header",
            Script::once([
                get(),
                bytes("HTTP/1.1 101 Switching Protocols\r\nX: "),
                Step::Flood(vec![b'x'; 4096]),
            ]),
        )
        .fails(4, &["not-a-gateway"])
        .confined(),
        row(
            "endless header lines",
            Script::once([
                get(),
                bytes("HTTP/1.1 101 Switching Protocols\r\n"),
                Step::Flood(b"X: y\r\n".repeat(500)),
            ]),
        )
        .fails(4, &["not-a-gateway"])
        .confined(),
        row(
            "an upgrade in single bytes",
            Script::once([
                get(),
                Step::Drip(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_vec()),
            ]),
        )
        .fails(4, &["not-a-gateway"]),
        row(
            "an upgrade a few bytes at a time",
            Script::once(chain([vec![Step::SlowUpgrade], entered().split_off(1), got()])),
        ),
        row("a name that nobody knows", Script::default())
            .at("ws://gateway.invalid:18789")
            .showing(Shown::Nothing)
            .fails(4, &["unreachable", "timed-out"])
            .until_deadline(),
        row(
            "drop twice, then a gateway",
            Script::of([vec![Step::Drop], vec![get(), Step::Drop], chain([entered(), got()])]),
        ),
        row(
            "a gateway in good health",
            Script::once(chain([
                entered(),
                vec![Step::Call("exec.approvals.get"), Step::Answer(document())],
            ])),
        ),
    ]
}

#[test]
fn before_the_websocket() {
    check(rows());
}
