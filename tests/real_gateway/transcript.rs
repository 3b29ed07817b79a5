//! Conversations of clearance with real gateways, written into `fixtures/transcripts` for the ordinary tests to replay,
//! without secrets and without values that differ each time.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::gateway::{Gateway, SECRET};
use crate::proxy::{Passed, What};
use crate::tool::WRONG;

/// The value of every time in a transcript.
const THEN: u64 = 1_790_000_000_000;
/// A random id in a transcript is replaced by this, with a number.
const ID: &str = "00000000-0000-4000-8000-";

/// The methods that stay listed, of a gateway's hundreds: those that clearance uses.
const METHODS: [&str; 22] = [
    "config.get",
    "exec.approvals.get",
    "exec.approvals.set",
    "exec.approvals.node.get",
    "exec.approvals.node.set",
    "node.list",
    "exec.approval.list",
    "exec.approval.get",
    "exec.approval.resolve",
    "exec.approval.grants.list",
    "exec.approval.grants.revoke",
    "plugin.approval.list",
    "plugin.approval.resolve",
    "openclaw.approval.list",
    "approval.get",
    "approval.resolve",
    "approval.history",
    "sessions.list",
    "sessions.abort",
    "chat.abort",
    "chat.history",
    "agents.list",
];
/// The events that stay listed.
const EVENTS: [&str; 5] =
    ["connect.challenge", "tick", "shutdown", "exec.approval.requested", "exec.approval.resolved"];

/// A command and its result.
pub(crate) struct Scene<'s> {
    pub(crate) name: &'s str,
    /// The command, without the flags for the gateway and the credential.
    pub(crate) arguments: &'s [&'s str],
    /// `token`, `wrong` or `none`.
    pub(crate) credential: &'s str,
    /// The document to set.
    pub(crate) input: Option<&'s Value>,
    pub(crate) exit: i32,
}

/// Whether transcripts are written.
pub(crate) fn is_recording() -> bool {
    std::env::var_os("CLEARANCE_RECORD").is_some_and(|value| value == "1")
}

/// Writes a transcript.
pub(crate) fn write(gateway: &Gateway, scene: &Scene<'_>, passed: &[Passed]) {
    let mut scrubber = Scrubber::of(gateway, passed);
    let mut head = json!({
        "openclaw": gateway.version,
        "arguments": scene.arguments,
        "credential": scene.credential,
        "exit": scene.exit,
    });
    if let Some(input) = scene.input {
        head["input"] = scrubber.scrubbed(input.clone());
    }
    let mut lines = vec![head];
    let first = passed.iter().map(|passed| passed.connection).min().unwrap_or_default();
    for Passed { connection, from_gateway, what } in shortened(passed, first) {
        let from = if *from_gateway { "gateway" } else { "client" };
        let mut line = json!({ "connection": if *connection == first { 1 } else { 2 }, "from": from });
        match what {
            What::Frame(frame) if is_noise(frame) => continue,
            What::Frame(frame) => line["frame"] = scrubber.scrubbed(cut(frame.clone())),
            What::Close(Some((code, reason))) => {
                line["close"] = json!({ "code": code, "reason": scrubber.reason(reason) });
            }
            What::Close(None) => line["close"] = Value::Null,
        }
        lines.push(line);
    }
    let lines: Vec<String> = lines.iter().map(Value::to_string).collect();
    let text = lines.join("\n") + "\n";
    assert!(!text.contains(SECRET) && !text.contains(WRONG), "a secret in the transcript {}", scene.name);
    let directory = directory().join(gateway.version);
    fs::create_dir_all(&directory).expect("a directory");
    fs::write(directory.join(scene.name).with_extension("ndjson"), text).expect("a transcript");
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join("transcripts")
}

/// Of a client that retried, the first and the last connection.
fn shortened(passed: &[Passed], first: usize) -> impl Iterator<Item = &Passed> {
    let last = passed.iter().map(|passed| passed.connection).max().unwrap_or_default();
    passed.iter().filter(move |passed| passed.connection == first || passed.connection == last)
}

/// Events that come at random times.
fn is_noise(frame: &Value) -> bool {
    let event = frame["event"].as_str();
    event.is_some_and(|event| !["connect.challenge", "shutdown"].contains(&event))
}

/// The relevant part of a frame: the rest is about user interfaces or this machine, or is long.
fn cut(mut frame: Value) -> Value {
    let payload = &mut frame["payload"];
    if payload["type"] == "hello-ok" {
        let keep = |value: &mut Value, keys: &[&str]| {
            if let Some(object) = value.as_object_mut() {
                object.retain(|key, _| keys.contains(&key.as_str()));
            }
        };
        keep(payload, &["type", "protocol", "server", "features", "snapshot", "auth", "policy"]);
        keep(&mut payload["features"], &["methods", "events"]);
        keep(&mut payload["snapshot"], &["sessionDefaults", "authMode"]);
        let listed = |value: &mut Value, wanted: &dyn Fn(&str) -> bool| {
            if let Some(list) = value.as_array_mut() {
                list.retain(|name| name.as_str().is_some_and(wanted));
            }
        };
        listed(&mut payload["features"]["methods"], &|name| METHODS.contains(&name));
        listed(&mut payload["features"]["events"], &|name| EVENTS.contains(&name));
    } else if payload["durationMs"].is_number() {
        // The answer to `health`.
        let (ok, ts, duration) = (payload["ok"].take(), payload["ts"].take(), payload["durationMs"].take());
        *payload = json!({ "ok": ok, "ts": ts, "durationMs": duration });
    }
    if frame["seq"].is_number() {
        frame["seq"] = json!(1);
    }
    if frame["payload"].is_null()
        && let Some(frame) = frame.as_object_mut()
    {
        frame.remove("payload");
    }
    frame
}

/// Replaces secrets and values that differ each time with names.
struct Scrubber {
    texts: Vec<(String, String)>,
    ids: HashMap<String, usize>,
}

impl Scrubber {
    fn of(gateway: &Gateway, passed: &[Passed]) -> Self {
        let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let mut texts = vec![
            (SECRET.to_owned(), "RIGHT-TOKEN".to_owned()),
            (WRONG.to_owned(), "WRONG-TOKEN".to_owned()),
            (gateway.directory().display().to_string(), "/openclaw".to_owned()),
            (gateway.port.to_string(), "18789".to_owned()),
        ];
        let host = host.trim();
        // A short one may be a part of any word.
        if host.len() > 3 {
            texts.push((host.to_owned(), "gateway-host".to_owned()));
        }
        for Passed { what, .. } in passed {
            let What::Frame(frame) = what else { continue };
            for (pointer, name) in [
                ("/params/device/id", "DEVICE-ID"),
                ("/params/device/publicKey", "PUBLIC-KEY"),
                ("/params/device/signature", "SIGNATURE"),
                ("/params/device/nonce", "NONCE"),
                ("/payload/nonce", "NONCE"),
                ("/payload/auth/deviceToken", "DEVICE-TOKEN"),
                ("/payload/auth/recoveryScope", "RECOVERY-SCOPE"),
            ] {
                if let Some(text) = frame.pointer(pointer).and_then(Value::as_str) {
                    texts.push((text.to_owned(), name.to_owned()));
                }
            }
        }
        Self { texts, ids: HashMap::new() }
    }

    fn scrubbed(&mut self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(text)),
            Value::Array(list) => list.into_iter().map(|value| self.scrubbed(value)).collect(),
            Value::Object(object) => Value::Object(self.object(object)),
            Value::Number(number) if number.as_u64().is_some_and(|number| number > 1_600_000_000_000) => {
                json!(THEN)
            }
            other => other,
        }
    }

    fn object(&mut self, object: Map<String, Value>) -> Map<String, Value> {
        let value = |this: &mut Self, key: &str, value: Value| match key {
            "uptimeMs" | "durationMs" => json!(0),
            _ => this.scrubbed(value),
        };
        object
            .into_iter()
            .map(|(key, of)| {
                let of = value(self, &key, of);
                (key, of)
            })
            .collect()
    }

    fn text(&mut self, mut text: String) -> String {
        for (from, to) in &self.texts {
            text = text.replace(from, to);
        }
        if text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            let number = self.number(&text);
            return format!("{number:064x}");
        }
        // Ids may appear in a sentence.
        let starts: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        let found: Vec<String> = starts
            .into_iter()
            .filter_map(|at| text.get(at..at + 36))
            .filter(|part| !part.starts_with(ID) && uuid::Uuid::try_parse(part).is_ok())
            .map(str::to_owned)
            .collect();
        for id in found {
            let number = self.number(&id);
            text = text.replace(&id, &format!("{ID}{number:012}"));
        }
        text
    }

    fn number(&mut self, id: &str) -> usize {
        let next = self.ids.len() + 1;
        *self.ids.entry(id.to_owned()).or_insert(next)
    }

    /// The reason of a close frame has at most 123 bytes: an id at its end may be cut.
    fn reason(&mut self, reason: &str) -> String {
        const LABEL: &str = "(requestId: ";
        let Some((sentence, id)) = reason.split_once(LABEL) else { return self.text(reason.to_owned()) };
        let whole = self.ids.keys().find(|known| known.starts_with(id.trim_end_matches(')'))).cloned();
        let whole = whole.expect("the request that the answer named");
        let scrubbed = self.text(whole);
        format!("{sentence}{LABEL}{}", &scrubbed[..id.len().min(scrubbed.len())])
    }
}
