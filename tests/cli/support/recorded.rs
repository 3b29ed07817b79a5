//! A gateway that replays its side of a recorded conversation, and checks the client's side.

use std::collections::HashMap;
use std::fmt::Display;
use std::io;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::thread::JoinHandle;
use std::time::Duration;

use clearance::internals::Deadline;
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use ed25519_dalek::{Signature, VerifyingKey};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Message, WebSocket, accept};

/// The nonce of the recorded gateway's challenge, which the client must sign.
const NONCE: &str = "NONCE";
/// Time limit for each step of the client.
const PATIENCE: Duration = Duration::from_secs(20);
/// Time limit for the client to leave after the last step.
const GOODBYE: Duration = Duration::from_millis(500);

/// Fields of the client's frames that differ each time, or with each release.
const VARYING: [&str; 5] = [
    "/params/client/version",
    "/params/userAgent",
    "/params/device/publicKey",
    "/params/device/signature",
    "/params/device/nonce",
];

/// A recorded conversation.
pub struct Transcript {
    /// The command, its credential, its document, and how it ended.
    pub head: Value,
    lines: Vec<Value>,
}

impl Transcript {
    pub fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).unwrap();
        let mut lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
        Self { head: lines.next().unwrap(), lines: lines.collect() }
    }
}

/// A conversation that is being replayed.
pub struct Playing {
    pub port: u16,
    thread: JoinHandle<Result<(), String>>,
}

impl Playing {
    pub fn start(transcript: &Transcript) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let lines = transcript.lines.clone();
        Self { port, thread: std::thread::spawn(move || play(listener, &lines)) }
    }

    /// The first fault of the client's side.
    pub fn end(self) -> Result<(), String> {
        self.thread.join().unwrap()
    }
}

fn play(listener: TcpListener, lines: &[Value]) -> Result<(), String> {
    let mut names = Names::default();
    let mut listener = Some(listener);
    let mut rest = lines;
    while let (Some(first), Some(listening)) = (rest.first(), &listener) {
        let connection = &first["connection"];
        let failed = |error: &dyn Display| format!("connection {connection}: {error}");
        let stream = next_client(listening).map_err(|error| failed(&error))?;
        let count = rest.iter().take_while(|line| line["connection"] == *connection).count();
        let (part, later) = rest.split_at(count);
        // A client that connects again after the last connection is refused.
        if later.is_empty() {
            listener = None;
        }
        let mut socket = accept(stream).map_err(|error| failed(&error))?;
        for (at, line) in part.iter().enumerate() {
            names.step(&mut socket, line).map_err(|error| failed(&format!("line {at}: {error}")))?;
        }
        // After one side has sent its close frame, the other one may answer.
        drop(socket.get_ref().set_read_timeout(Some(GOODBYE)));
        while socket.read().is_ok() {}
        rest = later;
    }
    Ok(())
}

/// A client that never connects must not block the test for ever.
fn next_client(listener: &TcpListener) -> io::Result<TcpStream> {
    listener.set_nonblocking(true)?;
    let deadline = Deadline::after(PATIENCE);
    loop {
        match listener.accept() {
            Ok((stream, _)) => {
                stream.set_nonblocking(false)?;
                stream.set_read_timeout(Some(PATIENCE))?;
                return Ok(stream);
            }
            Err(error)
                if error.kind() == io::ErrorKind::WouldBlock && deadline.pause(Duration::from_millis(5)) => {}
            Err(error) => return Err(error),
        }
    }
}

/// The client's own ids, and their names in the recording.
#[derive(Default)]
struct Names {
    /// From the recorded id to the client's.
    own: HashMap<String, String>,
    challenge: Value,
}

impl Names {
    fn step(&mut self, socket: &mut WebSocket<TcpStream>, line: &Value) -> Result<(), String> {
        let frame = line.get("frame");
        match (line["from"].as_str(), frame) {
            (Some("gateway"), Some(frame)) => {
                if frame["event"] == "connect.challenge" {
                    self.challenge = frame["payload"].clone();
                }
                let text = self.translated(frame).to_string();
                socket.send(Message::text(text)).map_err(|error| error.to_string())
            }
            (Some("gateway"), None) => {
                let close = line["close"].as_object().map(|close| CloseFrame {
                    code: u16::try_from(close["code"].as_u64().unwrap()).unwrap().into(),
                    reason: close["reason"].as_str().unwrap().into(),
                });
                // The client may have received its answer and left.
                drop(socket.close(close));
                Ok(())
            }
            (Some("client"), Some(frame)) => match socket.read().map_err(|error| error.to_string())? {
                Message::Text(text) => {
                    let sent: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
                    self.compare("", frame, &sent)?;
                    if sent["method"] == "connect" { self.verify(&sent["params"]) } else { Ok(()) }
                }
                other => Err(format!("instead of {frame} came {other:?}")),
            },
            (Some("client"), None) => match socket.read() {
                Ok(Message::Close(_)) => Ok(()),
                other => Err(format!("instead of a goodbye came {other:?}")),
            },
            _ => Err(format!("no line of a transcript: {line}")),
        }
    }

    /// A recorded value with the client's own ids in it.
    fn translated(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.own.get(text).unwrap_or(text).clone()),
            Value::Array(list) => list.iter().map(|value| self.translated(value)).collect(),
            Value::Object(object) => {
                object.iter().map(|(key, value)| (key.clone(), self.translated(value))).collect()
            }
            other => other.clone(),
        }
    }

    /// Compares the recorded value with the client's, except for what varies.
    fn compare(&mut self, path: &str, recorded: &Value, sent: &Value) -> Result<(), String> {
        match (recorded, sent) {
            _ if VARYING.contains(&path) && sent.is_string() => Ok(()),
            (Value::String(recorded), Value::String(sent)) if is_own(path, recorded, sent) => {
                self.own.insert(recorded.clone(), sent.clone());
                Ok(())
            }
            (Value::Object(recorded), Value::Object(sent)) => {
                if let Some(key) = recorded
                    .keys()
                    .chain(sent.keys())
                    .find(|key| recorded.get(*key).is_none() || sent.get(*key).is_none())
                {
                    let side = if sent.contains_key(key) { "new" } else { "missing" };
                    return Err(format!("{path}/{key} is {side}"));
                }
                recorded
                    .iter()
                    .try_for_each(|(key, value)| self.compare(&format!("{path}/{key}"), value, &sent[key]))
            }
            (Value::Array(recorded), Value::Array(sent)) if recorded.len() == sent.len() => {
                recorded.iter().zip(sent).enumerate().try_for_each(|(at, (recorded, sent))| {
                    self.compare(&format!("{path}/{at}"), recorded, sent)
                })
            }
            (recorded, sent) if recorded == sent => Ok(()),
            (recorded, sent) => Err(format!("{path} is {sent}, not {recorded}")),
        }
    }

    /// The signature must cover the challenge and the credential that are sent.
    fn verify(&self, connect: &Value) -> Result<(), String> {
        let text = |pointer: &str| connect.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let scopes: Vec<&str> =
            connect["scopes"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        let bytes = |pointer: &str| {
            BASE64URL_NOPAD.decode(text(pointer).as_bytes()).map_err(|error| error.to_string())
        };
        let key = bytes("/device/publicKey")?;
        if HEXLOWER.encode(&Sha256::digest(&key)) != text("/device/id") {
            return Err("the device's id is not its key's".to_owned());
        }
        if text("/device/nonce") != NONCE || connect["device"]["signedAt"] != self.challenge["ts"] {
            return Err("it proves another challenge".to_owned());
        }
        let claim = format!(
            "v3|{}|{}|{}|{}|{}|{}|{}|{NONCE}|{}|",
            text("/device/id"),
            text("/client/id"),
            text("/client/mode"),
            text("/role"),
            scopes.join(","),
            connect["device"]["signedAt"],
            text("/auth/token"),
            text("/client/platform"),
        );
        let key = VerifyingKey::try_from(key.as_slice()).map_err(|error| error.to_string())?;
        let signature =
            Signature::from_slice(&bytes("/device/signature")?).map_err(|error| error.to_string())?;
        key.verify_strict(claim.as_bytes(), &signature).map_err(|error| error.to_string())
    }
}

/// Ids that the client creates: of its frames, of its device, of entries that had none.
fn is_own(path: &str, recorded: &str, sent: &str) -> bool {
    let random = |id: &str| uuid::Uuid::try_parse(id).is_ok();
    match path {
        "/params/device/id" => sent.len() == 64,
        path if path == "/id" || path.ends_with("/id") => random(recorded) && random(sent),
        _ => false,
    }
}
