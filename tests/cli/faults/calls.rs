//! After `hello-ok`: calls that are answered wrong, late, twice or never, and calls that must not be repeated.

use std::time::Duration;

use serde_json::{Value, json};

use super::greeting::{OVERSIZE, fragments, header};
use super::{Row, Step, bytes, chain, check, row};
use crate::support::fake::frames::{TOKEN, document, entered, entered_by, got, hello_with};
use crate::support::fake::{Heard, Script};

const GET: &str = "exec.approvals.get";
const SET: &str = "exec.approvals.set";
const SHUTDOWN: &str =
    r#"{"type":"event","event":"shutdown","payload":{"reason":"restart","restartExpectedMs":100}}"#;
const CHANGED: &str = "exec approvals changed since last load; re-run exec.approvals.get and retry";
const SCOPE: &str = "missing scope: operator.admin";
const BEFORE: &str = "before the answer to exec.approvals.get";

/// An answer to any call.
fn res(id: &str, rest: &str) -> Step {
    Step::Text(format!("{{\"type\":\"res\",\"id\":{id},{rest}}}"))
}

fn refusal(code: &str, message: &str) -> Value {
    json!({ "code": code, "message": message })
}

fn forbidden() -> Value {
    let details = json!({ "code": "MISSING_SCOPE", "missingScope": "operator.admin" });
    json!({ "code": "FORBIDDEN", "message": SCOPE, "details": details })
}

fn busy() -> Value {
    json!({ "code": "UNAVAILABLE", "message": "queue is full", "retryable": true, "retryAfterMs": 50 })
}

/// The start of an answer.
fn part() -> Step {
    Step::Bytes(b"\x81\x7d{\"type\":\"res\"".to_vec())
}

/// A connected client of `gateway status`, and then these steps.
fn asked_for_health(last: Step) -> Script {
    Script::once(chain([entered(), vec![Step::Call("health"), last]]))
}

/// A call for the document, and then these steps.
fn called(steps: impl IntoIterator<Item = Step>) -> Script {
    Script::once(chain([entered(), vec![Step::Call(GET)], steps.into_iter().collect()]))
}

/// A gateway that restarts during a call. The call only reads, so it is repeated.
fn back_again(steps: impl IntoIterator<Item = Step>) -> Script {
    let first = chain([entered(), vec![Step::Call(GET)], steps.into_iter().collect()]);
    Script::of([first, chain([entered(), got()])])
}

/// The client may see the loss before it sends the next call. It then retries without success.
fn never_again(steps: Vec<Step>) -> Script {
    Script { connections: vec![steps], rest: Some(vec![Step::Drop]) }
}

/// A change that was sent, and then these steps.
fn set(steps: impl IntoIterator<Item = Step>) -> Script {
    Script::once(chain([entered(), got(), vec![Step::Call(SET)], steps.into_iter().collect()]))
}

fn failing(error: Value) -> Script {
    called([Step::Fail(error)])
}

fn event(name: &str, seq: u64) -> Step {
    Step::Text(json!({ "type": "event", "event": name, "payload": { "ts": 1 }, "seq": seq }).to_string())
}

/// A call that is refused twice, and then answered.
fn in_the_end(then: &Value) -> Vec<Step> {
    let call = || Step::Call(GET);
    vec![call(), Step::Fail(busy()), call(), Step::Fail(busy()), call(), Step::Answer(then.clone())]
}

/// Over all connections, a change that may have been made is not repeated.
fn is_sent_once(heard: &[Heard], _: bool) -> Result<(), String> {
    is_sent(heard, 1)
}

fn is_not_sent(heard: &[Heard], _: bool) -> Result<(), String> {
    is_sent(heard, 0)
}

fn is_sent(heard: &[Heard], wanted: usize) -> Result<(), String> {
    let sent = heard.iter().filter(|heard| matches!(heard, Heard::Call(method) if method == SET)).count();
    if sent == wanted { Ok(()) } else { Err(format!("{SET} was sent {sent} times")) }
}

fn reads() -> Vec<Row> {
    let mut rows = vec![
        row("drop after the call", called([Step::Drop])).lost().says(BEFORE),
        row("reset after the call", called([Step::Reset])).lost(),
        row("stall after the call", called([Step::Stall])).hangs().says(BEFORE),
        row("pings are answered, the call is not", called([Step::Idle])).hangs(),
        row("a silent peer whose ticks are due", {
            let hello = hello_with(&[("/policy/tickIntervalMs", json!(1000))]);
            Script::once(chain([
                entered_by(json!({ "token": TOKEN }), hello),
                vec![Step::Call(GET), Step::Stall],
            ]))
        })
        .lost()
        .says("no message from the gateway"),
        row(
            "stall in the middle of the answer's header",
            called([Step::Bytes(vec![0x81, 0x7e, 0x01]), Step::Stall]),
        )
        .hangs(),
        row("stall in the middle of the answer", called([part(), Step::Stall])).hangs(),
        row("drop in the middle of the answer", called([part(), Step::Drop])).lost(),
        row("the answer in single bytes", {
            let text = json!({ "type": "res", "id": "1", "ok": true, "payload": document() }).to_string();
            let length = u16::try_from(text.len()).unwrap().to_be_bytes();
            called([Step::Drip([&[0x81, 126][..], &length, text.as_bytes()].concat())])
        }),
        row("a binary answer", called([Step::Bytes(b"\x82\x02{}".to_vec())])).violates().says("binary"),
        row("an answer that is not UTF-8", called([Step::Bytes(b"\x81\x02\xff\xfe".to_vec())])).violates(),
        row("an answer that is not JSON", called([Step::Text("{".into())])).violates().says("cut short"),
        row("garbage after the call", called([bytes(&"garbage ".repeat(40))])).violates(),
        row("an oversize answer is announced", called([header(0x81, OVERSIZE), Step::Stall]))
            .violates()
            .says("26214400")
            .confined(),
        row("an answer in fragments without end", called(fragments())).violates().says("26214400").confined(),
        row("an answer to an unknown id", called([res("\"77\"", "\"ok\":true")]))
            .violates()
            .says("never made"),
        row("an answer to an id that is no number", called([res("\"x\"", "\"ok\":true")])).violates(),
        row("an answer with a number as id", called([res("1", "\"ok\":true")])).violates(),
        row("an answer twice", called([Step::Answer(document()), Step::Answer(document())])),
        row("a second answer to connect", called([Step::AnswerTo(0, json!({})), Step::Answer(document())]))
            .violates(),
        row("events before the answer to a call", {
            let events = (1..3000).map(|seq| event("agent", seq));
            called(events.chain([Step::Answer(document())]))
        }),
        row(
            "events with gaps before the answer",
            called([event("tick", 1), event("tick", 9), event("tick", 3), Step::Answer(document())]),
        ),
        row(
            "an event without a payload",
            called([Step::Text(r#"{"type":"event","event":"tick"}"#.into()), Step::Answer(document())]),
        ),
        row("an answer without a payload", called([res("\"{id}\"", "\"ok\":true")]))
            .violates()
            .says("a malformed answer"),
        row("an answer of another shape", called([Step::Answer(json!({ "hash": 5 }))]))
            .violates()
            .says("exec.approvals.get"),
        row("a missing scope, current", failing(forbidden()))
            .fails(5, &["missing-scope"])
            .says("--scope operator.admin"),
        row("a missing scope, legacy", failing(refusal("INVALID_REQUEST", SCOPE)))
            .fails(5, &["missing-scope"])
            .says("--scope operator.admin"),
        row("a refused call", failing(refusal("INVALID_REQUEST", "unknown method: exec.approvals.get")))
            .fails(5, &["call-failed"])
            .says("unknown method"),
        row("a call that is not available", failing(refusal("UNAVAILABLE", "no"))).fails(4, &["call-failed"]),
        row("a refusal without an error, of a call", called([res("\"{id}\"", "\"ok\":false")]))
            .fails(5, &["call-failed"]),
        row("too busy twice, then an answer", Script::once(chain([entered(), in_the_end(&document())]))),
        row(
            "a shutdown is told, then close 1012",
            back_again([Step::Text(SHUTDOWN.to_owned()), Step::Close(1012, "service restart")]),
        ),
        row("drop after hello", never_again(chain([entered(), vec![Step::Drop]]))).lost(),
        row("status: stall after the call", asked_for_health(Step::Stall)).status().hangs(),
        row("status: drop after the call", asked_for_health(Step::Drop)).status().lost(),
        row("status: a gateway in good health", {
            Script::once(chain([entered(), vec![Step::Call("health"), Step::Answer(json!({ "ok": true }))]]))
        })
        .status(),
        row("no goodbye is answered", Script::once(chain([entered(), got(), vec![Step::Stall]]))),
    ];
    for code in [1012, 1013] {
        let script = back_again([Step::Close(code, "back soon")]);
        rows.push(row(format!("close {code} after the call, then an answer"), script));
    }
    for code in [1000, 1002, 1008, 1009, 1011] {
        rows.push(
            row(format!("close {code} after the call"), called([Step::Close(code, "bye")]))
                .lost()
                .says("bye"),
        );
    }
    rows
}

fn writes() -> Vec<Row> {
    let tiny = hello_with(&[("/policy/maxPayload", json!(150))]);
    let uncertain = |name: &str, steps: Vec<Step>| {
        row(name, set(steps))
            .set()
            .fails(4, &["uncertain"])
            .says("may have been executed")
            .says("approvals get")
            .and(is_sent_once)
    };
    // This is more than the system buffers for a peer that does not read.
    let large = json!({ "version": 1, "agents": { "main": { "allowlist": [
        { "pattern": "/usr/bin/git", "lastUsedCommand": "x".repeat(8 << 20) },
    ] } } });
    let large = large.to_string();
    let stuck = Script::once(chain([entered(), got(), vec![Step::Stall]]));
    let stall = uncertain("set: stall after it was sent", vec![Step::Stall]).hangs();
    vec![
        row("set: stored and read back", set([Step::Answer(document()), Step::Call(GET), Step::ReadBack]))
            .set()
            .and(is_sent_once),
        uncertain("set: drop after it was sent", vec![Step::Drop]),
        uncertain("set: reset after it was sent", vec![Step::Reset]),
        uncertain("set: close 1012 after it was sent", vec![Step::Close(1012, "service restart")]),
        uncertain("set: close 1013 after it was sent", vec![Step::Close(1013, "try later")]),
        uncertain("set: garbage after it was sent", vec![bytes(&"garbage ".repeat(40))]),
        Row { codes: &["uncertain"], ..stall },
        row("set: a peer that stops reading", stuck)
            .set()
            .hangs()
            .within(Duration::from_secs(8))
            .fails(4, &["uncertain"])
            .file("new.json", &large)
            .and(is_not_sent),
        row("set: drop before it is sent", never_again(chain([entered(), got(), vec![Step::Drop]])))
            .set()
            .fails(4, &["connection-lost", "uncertain"])
            .and(is_not_sent),
        row("set: drop instead of the first answer", called([Step::Drop])).set().lost().and(is_not_sent),
        row("set: larger than the gateway takes", {
            Script::once(chain([entered_by(json!({ "token": TOKEN }), tiny), got()]))
        })
        .set()
        .fails(7, &["too-large"])
        .says("accepts at most 150")
        .and(is_not_sent),
        row("set: somebody else was faster", set([Step::Fail(refusal("INVALID_REQUEST", CHANGED))]))
            .set()
            .fails(6, &["conflict"])
            .and(is_sent_once),
        row("set: a missing scope", set([Step::Fail(forbidden())]))
            .set()
            .fails(5, &["missing-scope"])
            .and(is_sent_once),
        row("set: drop during the read-back", set([Step::Answer(document()), Step::Call(GET), Step::Drop]))
            .set()
            .fails(3, &["unverified"])
            .says("accepted, but could not be read back")
            .and(is_sent_once),
        row(
            "set: refused during the read-back",
            set([Step::Answer(document()), Step::Call(GET), Step::Fail(refusal("INVALID_REQUEST", "no"))]),
        )
        .set()
        .fails(3, &["unverified"])
        .and(is_sent_once),
        Row {
            exit: 3,
            codes: &["unverified"],
            ..row(
                "set: stall during the read-back",
                set([Step::Answer(document()), Step::Call(GET), Step::Stall]),
            )
            .set()
            .hangs()
        },
        row("set: dry run", Script::once(chain([entered(), got()]))).set().with("--dry-run").and(is_not_sent),
        row("set: another base hash", Script::once(chain([entered(), got()])))
            .set()
            .with("--base-hash=00")
            .fails(6, &["conflict"])
            .and(is_not_sent),
        row(
            "set: too busy once, then stored",
            set([
                Step::Fail(busy()),
                Step::Call(SET),
                Step::Answer(document()),
                Step::Call(GET),
                Step::ReadBack,
            ]),
        )
        .set(),
    ]
}

pub fn rows() -> Vec<Row> {
    [reads(), writes()].concat()
}

#[test]
fn reading() {
    check(reads());
}

#[test]
fn writing() {
    check(writes());
}
