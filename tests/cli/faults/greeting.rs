//! From the WebSocket to `hello-ok`: missing and invalid challenges and answers.

use std::time::Duration;

use serde_json::{Value, json};

use super::connecting::TRIES;
use super::{Row, Step, asked, bytes, chain, check, row, times};
use crate::support::fake::Script;
use crate::support::fake::frames::{
    TOKEN, challenge, entered, entered_by, got, hello, hello_with, refused, starting, with_token,
};

/// A message size in bytes above the limit, as a frame's header announces it.
pub const OVERSIZE: u64 = 26_214_401;

/// The header of a text frame with this length in bytes.
pub fn header(first: u8, length: u64) -> Step {
    let mut header = vec![first, 127];
    header.extend(length.to_be_bytes());
    Step::Bytes(header)
}

/// The first and the further fragments of a message that never ends.
pub fn fragments() -> [Step; 3] {
    let mut fragment = vec![0, 127];
    fragment.extend((1_u64 << 20).to_be_bytes());
    fragment.extend(vec![b' '; 1 << 20]);
    [header(0x01, 1 << 20), Step::Bytes(vec![b' '; 1 << 20]), Step::Flood(fragment)]
}

fn opened(steps: impl IntoIterator<Item = Step>) -> Script {
    Script::once([Step::Upgrade].into_iter().chain(steps))
}

fn challenged(payload: Value) -> Script {
    opened([Step::Challenge(payload)])
}

/// After `connect`.
fn answered(steps: impl IntoIterator<Item = Step>) -> Script {
    Script::once(asked().into_iter().chain(steps))
}

fn greeted(hello: Value) -> Script {
    Script::once(chain([entered_by(json!({ "token": TOKEN }), hello), got()]))
}

fn refusing(hello: Value) -> Script {
    Script::once(entered_by(json!({ "token": TOKEN }), hello))
}

fn at(ts: u64) -> Script {
    let challenge = Step::Challenge(json!({ "nonce": "n", "ts": ts }));
    Script::once(chain([vec![Step::Upgrade, challenge, with_token(), Step::Answer(hello())], got()]))
}

pub fn rows() -> Vec<Row> {
    let mut rows = vec![
        row("drop before the challenge", times(TRIES, [Step::Upgrade, Step::Drop]))
            .lost()
            .says("before the gateway's challenge"),
        row("reset before the challenge", times(TRIES, [Step::Upgrade, Step::Reset])).lost(),
        row("stall before the challenge", opened([Step::Stall]))
            .hangs()
            .says("before the gateway's challenge"),
        row("stall in the middle of a frame header", opened([Step::Bytes(vec![0x81]), Step::Stall])).hangs(),
        row(
            "stall in the middle of a frame",
            opened([Step::Bytes(b"\x81\x7d{\"type".to_vec()), Step::Stall]),
        )
        .hangs(),
        row(
            "drop in the middle of a frame",
            times(TRIES, [Step::Upgrade, Step::Bytes(b"\x81\x7d{".to_vec()), Step::Drop]),
        )
        .lost(),
        row("a challenge without nonce", challenged(json!({ "ts": 1 }))).violates().says("connect.challenge"),
        row("a challenge without time", challenged(json!({ "nonce": "n" }))).violates(),
        row("a challenge of another shape", challenged(json!(["nonce"]))).violates(),
        row(
            "an answer before anything was asked",
            opened([Step::Text(r#"{"type":"res","id":"1","ok":true}"#.into()), Step::Stall]),
        )
        .violates()
        .says("never made"),
        row("a binary frame", opened([Step::Bytes(b"\x82\x02ab".to_vec())]))
            .violates()
            .says("binary frame of 2 bytes"),
        row("text that is not UTF-8", opened([Step::Bytes(b"\x81\x02\xc3\x28".to_vec())]))
            .violates()
            .says("not UTF-8"),
        row("text that is not JSON", opened([Step::Text("hello there".into())])).violates().says("not JSON"),
        row("JSON that is no frame", opened([Step::Text("[1,2,3]".into())])).violates(),
        row(
            "a frame of an unknown type",
            opened([Step::Text(r#"{"type":"req","id":"1","method":"x"}"#.into())]),
        )
        .violates(),
        row("JSON nested without end", opened([Step::Text("[".repeat(100_000))])).violates(),
        row("a masked frame", opened([Step::Bytes(b"\x81\x82\0\0\0\0{}".to_vec())])).violates(),
        row("a reserved opcode", opened([Step::Bytes(b"\x83\x02{}".to_vec())])).violates(),
        row(
            "a ping that is too long",
            opened([Step::Bytes([b"\x89\x7e\x00\x80".as_slice(), &[0; 128]].concat())]),
        )
        .violates(),
        row("garbage instead of a frame", opened([bytes(&"HTTP/1.1 400 Bad Request\r\n".repeat(9))]))
            .violates(),
        row("an oversize message is announced", opened([header(0x81, OVERSIZE), Step::Stall]))
            .violates()
            .says("more than 26214400 bytes")
            .confined(),
        row("a message of 2^62 bytes is announced", opened([header(0x81, 1 << 62), Step::Stall]))
            .violates()
            .confined(),
        row("fragments without end", opened(fragments()))
            .violates()
            .says("more than 26214400 bytes")
            .confined(),
        row("drop after connect", times(TRIES, asked().into_iter().chain([Step::Drop])))
            .lost()
            .says("before the answer to connect"),
        row("reset after connect", times(TRIES, asked().into_iter().chain([Step::Reset]))).lost(),
        row("stall after connect", answered([Step::Stall])).hangs().says("before the answer to connect"),
        row("pings after connect, and no answer", answered([Step::Bytes(b"\x89\0".to_vec()), Step::Idle]))
            .hangs(),
        row("an answer to another id", answered([Step::Text(r#"{"type":"res","id":"1","ok":true}"#.into())]))
            .violates(),
        row("an answer without ok", answered([Step::Text(r#"{"type":"res","id":"{id}"}"#.into())]))
            .violates()
            .says("without `ok`"),
        row("hello of another shape", refusing(json!("welcome"))).violates(),
        row("hello is null", refusing(Value::Null)).violates(),
        row("hello with protocol 5", refusing(hello_with(&[("/protocol", json!(5))])))
            .fails(5, &["protocol"])
            .says("protocol 5"),
        row("hello with protocol 99", refusing(hello_with(&[("/protocol", json!(99))])))
            .fails(5, &["protocol"]),
        row("hello with protocol 2", refusing(hello_with(&[("/protocol", json!(2))])))
            .fails(5, &["protocol"]),
        row("hello as of 2026.4", greeted(hello_with(&[("/protocol", json!(3)), ("/auth", Value::Null)]))),
        row("hello without policy", greeted(hello_with(&[("/policy", Value::Null)]))),
        row("events before the answer", {
            let event = Step::Text(r#"{"type":"event","event":"presence","payload":{}}"#.into());
            answered(chain([vec![event; 100], vec![Step::Answer(hello())], got()]))
        }),
        row("the challenge's clock is in 1970", at(1)),
        row("the challenge's clock is in 2200", at(7_258_118_400_000)),
        row("every byte of the greeting in a packet of its own", {
            let frame = format!(
                "{{\"type\":\"event\",\"event\":\"connect.challenge\",\"payload\":{}}}",
                json!({ "nonce": "n", "ts": 5 })
            );
            let Ok(length) = u8::try_from(frame.len()) else { panic!("a longer header is needed") };
            let drip = Step::Drip([&[0x81, length][..], frame.as_bytes()].concat());
            // The check of the proof needs the values of the hand-written challenge.
            let known = Step::Challenge(json!({ "nonce": "n", "ts": 5 }));
            Script::once(chain([
                vec![Step::Upgrade, drip, known, with_token(), Step::Answer(hello())],
                got(),
            ]))
        }),
        row("starting twice, then there", {
            let starting = chain([asked(), refused(starting(), 1013)]);
            Script::of([starting.clone(), starting, chain([entered(), got()])])
        }),
        row("starting for ever", Script::always(chain([asked(), refused(starting(), 1013)])))
            .fails(4, &["starting"])
            .until_deadline()
            .says("gateway starting")
            .says("--timeout 2m"),
        row("starting, then silence", {
            Script::of([chain([asked(), refused(starting(), 1013)]), chain([asked(), vec![Step::Stall]])])
        })
        .hangs()
        .within(Duration::from_secs(3))
        .fails(4, &["starting"])
        .says("gateway starting"),
        row("drop twice in the greeting, then there", {
            Script::of([
                vec![Step::Upgrade, Step::Drop],
                chain([asked(), vec![Step::Drop]]),
                chain([entered(), got()]),
            ])
        }),
        row("restarting once, then there", {
            Script::of([
                vec![Step::Upgrade, challenge(), Step::Close(1012, "service restart")],
                chain([entered(), got()]),
            ])
        }),
    ];
    for code in [1000, 1001, 1011] {
        rows.push(
            row(
                format!("close {code} before the challenge"),
                times(TRIES, [Step::Upgrade, Step::Close(code, "bye")]),
            )
            .lost(),
        );
        let asked = asked().into_iter().chain([Step::Close(code, "bye")]);
        rows.push(row(format!("close {code} after connect"), times(TRIES, asked)).lost().says("bye"));
    }
    for code in [1002, 1003, 1007, 1008, 1009, 4000] {
        rows.push(
            row(format!("close {code} before the challenge"), opened([Step::Close(code, "bye")]))
                .lost()
                .says("bye"),
        );
        rows.push(
            row(format!("close {code} after connect"), answered([Step::Close(code, "bye")]))
                .lost()
                .says("bye"),
        );
    }
    for code in [1012, 1013] {
        let early = Script::always([Step::Upgrade, Step::Close(code, "bye")]);
        rows.push(row(format!("close {code} before the challenge, for ever"), early).lost().until_deadline());
        let late = Script::always(asked().into_iter().chain([Step::Close(code, "bye")]));
        rows.push(row(format!("close {code} after connect, for ever"), late).lost().until_deadline());
    }
    rows
}

#[test]
fn before_hello() {
    check(rows());
}
