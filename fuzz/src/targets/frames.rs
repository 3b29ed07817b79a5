//! The frames of a gateway's session: answers, events, the challenge, `hello-ok`.
//!
//! An input is several messages, one a line.

use std::collections::{HashMap, HashSet};

use clearance::internals::gateway::{Event, GatewayError, Unplugged, Violation};
use clearance::internals::queue::{Reader, Runs};
use serde_json::Value;
use serde_json::value::RawValue;

use super::{Target, chosen, kind};

pub(super) const TARGET: Target = Target {
    name: "frames",
    run: frames,
    fixtures: &["fixtures/transcripts", "fixtures/prompts"],
    split: recorded,
    tokens: &TOKENS,
    pairs: &[
        ["{\"a\":", "}"],
        ["[", "]"],
        ["\"", "\""],
        ["{\"type\":\"event\",\"event\":\"agent\",\"payload\":", "}"],
    ],
    joins: &["\n", ","],
    longest: 131_072,
};

/// The token that the session sent.
const TOKEN: &str = "s3cret-t0ken";

/// The calls that the session made.
const CALLS: u64 = 3;

fn frames(input: &[u8]) -> u64 {
    let (choice, bytes) = chosen(input);
    let text = String::from_utf8_lossy(bytes);
    match choice & 3 {
        0 => handshake(&text),
        _ => session(&text),
    }
}

fn handshake(text: &str) -> u64 {
    let (mut outcomes, mut clock) = (Vec::new(), 0);
    for line in text.split('\n').take(8) {
        match Unplugged::challenged(line) {
            Ok(Some((nonce, at))) => {
                let frame = fields(line).expect("a challenge is an object");
                assert_eq!(text_of(&frame, "event").as_deref(), Some("connect.challenge"), "{line}");
                clock = at.min(1);
                outcomes.push(nonce.len().min(2));
            }
            Ok(None) => outcomes.push(3),
            Err(error) => outcomes.push(4 + failure(&error)),
        }
        match Unplugged::admitted(line, "1", TOKEN) {
            Ok(Some(hello)) => {
                assert!((3..=4).contains(&hello.protocol), "a protocol that clearance does not speak");
                assert!(!hello.server.version.contains(TOKEN), "the release has the token");
                let frame = fields(line).expect("an answer is an object");
                assert_eq!(text_of(&frame, "id").as_deref(), Some("1"), "{line}");
                assert_eq!(frame.get("ok").map(|ok| ok.get()), Some("true"), "{line}");
                outcomes.push(20 + hello.features.methods.len().min(3));
            }
            Ok(None) => outcomes.push(30),
            Err(error) => outcomes.push(40 + failure(&error)),
        }
    }
    outcomes.truncate(6);
    kind((clock, outcomes))
}

fn session(text: &str) -> u64 {
    let mut session = Unplugged::new(TOKEN, CALLS);
    let (mut reader, mut runs) = (Reader::new(), Runs::new());
    let mut answered: HashSet<u64> = HashSet::new();
    let mut last: Option<u64> = None;
    let mut outcomes = Vec::new();
    for line in text.split('\n').take(40) {
        let result = session.receive(line);
        let ended = session.ended();
        let events = session.events();
        if let Err(error) = result {
            outcomes.push(failure(&error));
            assert!(events.is_empty(), "an event of a frame that was refused");
            // Every call ends with the session, and each one once.
            let all: HashSet<u64> = ended.iter().map(|(id, _)| *id).collect();
            assert!(ended.iter().all(|(_, answer)| answer.is_err()), "an answer of a frame that was refused");
            assert!(all.is_disjoint(&answered));
            assert_eq!(all.len() + answered.len(), 3, "a call without an end");
            break;
        }
        let frame = fields(line).unwrap_or_else(|| panic!("what is accepted is not an object: {line}"));
        match text_of(&frame, "type").as_deref() {
            Some("res") => {
                assert!(events.is_empty(), "an answer made an event: {line}");
                let id = text_of(&frame, "id").expect("an answer has an id");
                let number: u64 = id.parse().expect("the id of a call");
                assert!(
                    id == number.to_string() && (1..=CALLS).contains(&number),
                    "an answer to no call: {line}"
                );
                let is_first = answered.insert(number);
                assert_eq!(ended.len(), usize::from(is_first), "{line}");
                for (settled, answer) in ended {
                    assert_eq!(settled, number, "another call was settled: {line}");
                    outcomes.push(settle(&frame, answer));
                }
            }
            Some("event") => {
                assert!(ended.is_empty(), "an event settled a call: {line}");
                let name = text_of(&frame, "event").expect("an event has a name");
                let seq: Option<u64> = frame.get("seq").and_then(|seq| serde_json::from_str(seq.get()).ok());
                let gap = seq.is_some() && last.is_some() && last.and_then(|last| last.checked_add(1)) != seq;
                last = seq.or(last);
                let mut events = events.into_iter();
                if gap {
                    assert!(
                        matches!(events.next(), Some(Event::Gap)),
                        "a missing event is not reported as a gap: {line}"
                    );
                }
                let event = events.next().unwrap_or_else(|| panic!("an event is lost: {line}"));
                assert!(events.next().is_none(), "two events of one frame: {line}");
                outcomes.push(10 + received(&name, event, &mut reader, &mut runs));
            }
            other => panic!("a frame of type {other:?} is accepted: {line}"),
        }
    }
    outcomes.truncate(6);
    kind((outcomes, answered.len()))
}

/// An answer is what the frame says.
fn settle(frame: &HashMap<String, &RawValue>, answer: Result<Option<Box<RawValue>>, GatewayError>) -> usize {
    let is = |word: &str| frame.get("ok").is_some_and(|ok| ok.get() == word);
    match answer {
        Ok(payload) => {
            assert!(is("true"), "success of an answer that is not ok");
            let written =
                frame.get("payload").map(|payload| payload.get()).filter(|payload| *payload != "null");
            assert_eq!(payload.as_deref().map(RawValue::get), written);
            5
        }
        Err(error) => {
            assert!(is("false"), "a failure of an answer that is ok");
            6 + failure(&error)
        }
    }
}

/// An event is of the kind that its name says, and its payload can be read or not.
fn received(name: &str, event: Event, reader: &mut Reader, runs: &mut Runs) -> usize {
    match event {
        Event::Requested(kind, payload) => {
            assert!(name.ends_with(".approval.requested"), "{name}");
            match reader.text(kind, payload.get()) {
                Ok(prompt) => {
                    assert_eq!(prompt.kind(), kind, "a prompt of another kind");
                    assert!(!prompt.id().is_empty(), "a prompt without an id");
                    1
                }
                Err(error) => {
                    assert!(!error.to_string().is_empty());
                    2
                }
            }
        }
        Event::Resolved(..) => {
            assert!(name.ends_with(".approval.resolved"), "{name}");
            3
        }
        Event::Agent(payload) => {
            let payload: Value = serde_json::from_str(payload.get()).unwrap_or_default();
            4 + usize::from(runs.event(&payload, 1)) + usize::from(runs.listed(&payload, 1)) * 2
        }
        Event::Shutdown { restart_expected } => 8 + usize::from(restart_expected.is_some()),
        Event::Tick { shown_ms } => 10 + usize::from(shown_ms.is_some()),
        Event::Gap => panic!("a gap without a missing event"),
        Event::Other(other) => {
            assert_eq!(other, name);
            12
        }
    }
}

/// The kind of an error. It quotes no secret, and nothing of an invalid frame.
fn failure(error: &GatewayError) -> usize {
    let (shown, debug) = (error.to_string(), format!("{error:?}"));
    assert!(!shown.contains(TOKEN) && !debug.contains(TOKEN), "an error has the token: {debug}");
    match error {
        GatewayError::Violation { violation: Violation::Garbage(cause), .. } => {
            let plain: String = cause.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
            let known = ["not JSON at line ", "JSON that is cut short", "JSON of another shape at line "];
            let known = known.iter().any(|known| plain.starts_with(known));
            let places =
                plain.trim_end_matches(['0', ' ']).trim_end_matches("column").trim_end_matches(['0', ' ']);
            assert!(
                known && places.len() < 40
                    || cause == "an answer without `ok`"
                    || cause == "neither an answer nor an event",
                "{cause}"
            );
            1
        }
        GatewayError::Violation { .. } => 2,
        GatewayError::Failed { failure, .. } => {
            let _ = (failure.retry_after(), failure.detail_code(), failure.missing_scope());
            3
        }
        GatewayError::Refused(_) => 4,
        _ => 5,
    }
}

/// The fields of a JSON object.
fn fields(text: &str) -> Option<HashMap<String, &RawValue>> {
    serde_json::from_str(text).ok()
}

fn text_of(frame: &HashMap<String, &RawValue>, name: &str) -> Option<String> {
    serde_json::from_str(frame.get(name)?.get()).ok()
}

/// The frames that gateways sent in a recorded conversation, and events with the prompts of a list.
fn recorded(fixture: &[u8]) -> Vec<Vec<u8>> {
    let mut conversation = Vec::new();
    for line in fixture.split(|byte| *byte == b'\n') {
        let Ok(value) = serde_json::from_slice::<Value>(line) else { continue };
        if value["from"] == "gateway" && value["frame"].is_object() {
            let mut frame = value["frame"].clone();
            if frame["type"] == "res" {
                frame["id"] = (conversation.len() % 3 + 1).to_string().into();
            }
            conversation.push(frame.to_string());
        }
    }
    let mut inputs: Vec<Vec<u8>> = conversation.iter().map(|frame| frame.clone().into_bytes()).collect();
    inputs.retain(|input| input.len() < 4000);
    if !conversation.is_empty() {
        inputs.push(conversation.join("\n").into_bytes());
    }
    if let Ok(Value::Array(rows)) = serde_json::from_slice::<Value>(fixture) {
        for row in rows.into_iter().take(12) {
            let event = if row["event"].is_string() {
                row
            } else {
                serde_json::json!({ "type": "event", "event": "exec.approval.requested", "payload": row, "seq": 1 })
            };
            inputs.push(event.to_string().into_bytes());
        }
    }
    inputs
}

/// Pieces of frames.
const TOKENS: [&str; 69] = [
    "\"details\":{\"code\":\"PAIRING_REQUIRED\",\"requestId\":\"s3cret-t0ken\"},",
    "\"code\":\"PAIRING_REQUIRED\",",
    "\"expectedProtocol\":9,",
    "{\"type\":\"res\",\"id\":\"1\",\"ok\":true,\"payload\":{}}",
    "{\"type\":\"res\",\"id\":\"2\",\"ok\":false,\"error\":{\"code\":\"UNAVAILABLE\"}}",
    "{\"type\":\"event\",\"event\":\"tick\",\"payload\":{\"ts\":1},\"seq\":1}",
    "\"type\":\"res\",",
    "\"type\":\"event\",",
    "\"type\":\"req\",",
    "\"id\":\"1\",",
    "\"id\":\"2\",",
    "\"id\":\"3\",",
    "\"id\":\"4\",",
    "\"id\":\"01\",",
    "\"id\":\"+1\",",
    "\"ok\":true,",
    "\"ok\":false,",
    "\"payload\":",
    "\"error\":",
    "\"code\":\"FORBIDDEN\",",
    "\"message\":\"missing scope: operator.admin\",",
    "\"details\":{",
    "\"retryable\":true,",
    "\"retryAfterMs\":7,",
    "\"event\":\"exec.approval.requested\",",
    "\"event\":\"plugin.approval.requested\",",
    "\"event\":\"openclaw.approval.requested\",",
    "\"event\":\"exec.approval.resolved\",",
    "\"event\":\"agent\",",
    "\"event\":\"shutdown\",",
    "\"event\":\"connect.challenge\",",
    "\"seq\":",
    "\"seq\":1",
    "18446744073709551615",
    "\"nonce\":\"n\",",
    "\"ts\":1",
    "\"protocol\":4",
    "\"runId\":\"r\",",
    "\"stream\":\"lifecycle\",",
    "\"phase\":\"end\"",
    "\"sessions\":[",
    "s3cret-t0ken",
    "s3cret-",
    "t0ken",
    "\\u0073",
    "[secret]",
    "null",
    "true",
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "\n",
    "\"",
    "\\",
    "\\ud800",
    "\\u0000",
    "é",
    "1e400",
    "-1",
    "\u{feff}",
    "\u{2028}",
    "\"createdAtMs\":1,",
    "\"expiresAtMs\":2,",
    "\"request\":{\"command\":\"ls\"},",
    "\"restartExpectedMs\":1",
    "\"id\":1,",
];
