//! Tests of the protocol with a small client, which shares no code with the one in `gateway`.

mod handshake;
mod http;
mod methods;
mod prompts;
mod records;
mod rules;

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use ed25519_dalek::{Signer, SigningKey};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

use super::scenario::Scenario;
use super::{Generation, Options, Running, start};

const TOKEN: &str = "rehearsal-token";
const BOTH: [Generation; 2] = [Generation::Legacy, Generation::Current];

fn options(generation: Generation) -> Options {
    Options {
        port: 0,
        generation,
        token: TOKEN.into(),
        tls: false,
        coalesce: true,
        lists_run_ids: true,
        cancel_on_failover: true,
        scenario: Scenario::default(),
    }
}

/// The parameters by which a client connects.
#[derive(Clone)]
struct Hello {
    key: u8,
    scopes: Vec<&'static str>,
    caps: Vec<&'static str>,
    auth: Value,
    /// Whether to send a device.
    device: bool,
    skew: i64,
    nonce: Option<&'static str>,
    platform: &'static str,
    /// A change that is applied after all other parameters are set.
    changes: Vec<(&'static str, Value)>,
}

impl Default for Hello {
    fn default() -> Self {
        Self {
            key: 1,
            scopes: vec!["operator.admin", "operator.read", "operator.write", "operator.approvals"],
            caps: Vec::new(),
            auth: json!({"token": TOKEN}),
            device: true,
            skew: 0,
            nonce: None,
            platform: " Linux",
            changes: Vec::new(),
        }
    }
}

impl Hello {
    fn answering() -> Self {
        Self { key: 2, caps: vec!["exec-approvals"], ..Self::default() }
    }

    fn params(&self, challenge: &Value) -> Value {
        let mut params = json!({
            "minProtocol": 3, "maxProtocol": 4, "role": "operator", "scopes": self.scopes, "caps": self.caps,
            "commands": [], "permissions": {}, "locale": "en-US", "userAgent": "test", "auth": self.auth,
            "client": {"id": "cli", "version": "0", "platform": self.platform, "mode": "cli"},
        });
        if self.device {
            let key = SigningKey::from_bytes(&[self.key; 32]);
            let public = key.verifying_key().to_bytes();
            let id = HEXLOWER.encode(&Sha256::digest(public));
            let signed_at = challenge["ts"].as_i64().unwrap() + self.skew;
            let nonce = self.nonce.unwrap_or(challenge["nonce"].as_str().unwrap());
            let token = self.auth["token"].as_str().or(self.auth["deviceToken"].as_str()).unwrap_or_default();
            let scopes = self.scopes.join(",");
            let platform = self.platform.trim().to_lowercase();
            let signed = format!("v3|{id}|cli|cli|operator|{scopes}|{signed_at}|{token}|{nonce}|{platform}|");
            params["device"] = json!({
                "id": id, "publicKey": BASE64URL_NOPAD.encode(&public), "signedAt": signed_at, "nonce": nonce,
                "signature": BASE64URL_NOPAD.encode(&key.sign(signed.as_bytes()).to_bytes()),
            });
        }
        for (pointer, value) in &self.changes {
            let (object, name) = pointer.rsplit_once('/').unwrap();
            params.pointer_mut(object).unwrap()[name] = value.clone();
        }
        params
    }
}

struct Client {
    socket: WebSocketStream<TcpStream>,
    challenge: Value,
    calls: u32,
    /// Events that arrived while the client waited for an answer.
    events: Vec<Value>,
}

/// The next message on a connection.
#[derive(Debug, PartialEq)]
enum Next {
    Frame(Value),
    Closed(u16, String),
    Gone,
}

impl Client {
    /// Connects and reads the challenge.
    async fn open(gateway: &Running) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", gateway.port())).await.unwrap();
        let (socket, _) = client_async(gateway.url(), stream).await.unwrap();
        let mut client = Self { socket, challenge: Value::Null, calls: 0, events: Vec::new() };
        let Next::Frame(frame) = client.next().await else { panic!("no challenge") };
        assert_eq!(frame["event"], "connect.challenge");
        client.challenge = frame["payload"].clone();
        client
    }

    async fn next(&mut self) -> Next {
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Text(text))) => return Next::Frame(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(Some(frame)))) => {
                    return Next::Closed(frame.code.into(), frame.reason.to_string());
                }
                Some(Ok(Message::Close(None)) | Err(_)) | None => return Next::Gone,
                Some(Ok(_)) => {}
            }
        }
    }

    async fn send(&mut self, frame: Value) {
        self.socket.send(Message::text(frame.to_string())).await.unwrap();
    }

    /// Sends a request and does not wait for the answer.
    async fn ask(&mut self, method: &str, params: Value) -> String {
        self.calls += 1;
        let id = format!("call-{}", self.calls);
        self.send(json!({"type": "req", "id": id, "method": method, "params": params})).await;
        id
    }

    /// The next answer to a request.
    async fn answer(&mut self, id: &str) -> Value {
        loop {
            match self.next().await {
                Next::Frame(frame) if frame["type"] == "event" => self.events.push(frame),
                Next::Frame(frame) => {
                    assert_eq!(frame["id"], id, "{frame}");
                    return frame;
                }
                other => panic!("{other:?}"),
            }
        }
    }

    async fn call(&mut self, method: &str, params: Value) -> Value {
        let id = self.ask(method, params).await;
        self.answer(&id).await
    }

    /// Makes a call that must succeed, and returns its payload.
    async fn ok(&mut self, method: &str, params: Value) -> Value {
        let answer = self.call(method, params).await;
        assert_eq!(answer["ok"], true, "{answer}");
        answer["payload"].clone()
    }

    /// Makes a call that must fail, and returns its error.
    async fn expect_error(&mut self, method: &str, params: Value) -> Value {
        let answer = self.call(method, params).await;
        assert_eq!(answer["ok"], false, "{answer}");
        answer["error"].clone()
    }

    /// The next event with a name. Other events are skipped.
    async fn event(&mut self, name: &str) -> Value {
        loop {
            if let Some(at) = self.events.iter().position(|event| event["event"] == name) {
                return self.events.remove(at);
            }
            match self.next().await {
                Next::Frame(frame) if frame["type"] == "event" => self.events.push(frame),
                other => panic!("waiting for {name}: {other:?}"),
            }
        }
    }

    /// Sends `connect` and returns the answer.
    async fn introduce(&mut self, hello: &Hello) -> Value {
        let params = hello.params(&self.challenge);
        self.call("connect", params).await
    }

    /// Connects a client that must be accepted.
    async fn greeted(gateway: &Running, hello: &Hello) -> Self {
        let mut client = Self::open(gateway).await;
        let answer = client.introduce(hello).await;
        assert_eq!(answer["ok"], true, "{answer}");
        client
    }

    /// The error and the close frame of a rejected client.
    async fn rejection(gateway: &Running, hello: &Hello) -> (Value, u16, String) {
        let mut client = Self::open(gateway).await;
        let answer = client.introduce(hello).await;
        assert_eq!(answer["ok"], false, "{answer}");
        let Next::Closed(code, reason) = client.next().await else { panic!("not closed") };
        (answer["error"].clone(), code, reason)
    }
}
