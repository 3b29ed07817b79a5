//! A minimal client that only knows the frames: the tests use it to set up a gateway, independently of the code they
//! test.

use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use ed25519_dalek::{Signer, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Message, WebSocket, client};
use uuid::Uuid;

use crate::gateway::SECRET;

/// The scopes that clearance requests.
pub(crate) const OPERATOR: [&str; 4] =
    ["operator.admin", "operator.approvals", "operator.read", "operator.write"];

/// A gateway that is loading may be silent for a while.
const PATIENCE: Duration = Duration::from_mins(1);

/// The key of a device.
pub(crate) struct Device(SigningKey);

impl Device {
    pub(crate) fn new() -> Self {
        let mut seed = [0; 32];
        seed[..16].copy_from_slice(Uuid::new_v4().as_bytes());
        seed[16..].copy_from_slice(Uuid::new_v4().as_bytes());
        Self(SigningKey::from_bytes(&seed))
    }

    /// The key in a file of clearance.
    pub(crate) fn of_pem(pem: &str) -> Self {
        use ed25519_dalek::pkcs8::DecodePrivateKey;
        Self(SigningKey::from_pkcs8_pem(pem).expect("a key"))
    }

    pub(crate) fn id(&self) -> String {
        HEXLOWER.encode(&Sha256::digest(self.0.verifying_key().as_bytes()))
    }

    fn prove(&self, who: &Who<'_>, challenge: &Value) -> Value {
        let (nonce, ts) = (challenge["nonce"].as_str().expect("a nonce"), &challenge["ts"]);
        let (id, scopes) = (self.id(), who.scopes.join(","));
        let of = |name: &str| who.client[name].as_str().unwrap_or_default();
        let text = format!(
            "v3|{id}|{}|{}|{}|{scopes}|{ts}|{SECRET}|{nonce}|{}|{}",
            of("id"),
            of("mode"),
            who.role,
            of("platform"),
            of("deviceFamily"),
        );
        json!({
            "id": id,
            "publicKey": BASE64URL_NOPAD.encode(self.0.verifying_key().as_bytes()),
            "signature": BASE64URL_NOPAD.encode(&self.0.sign(text.as_bytes()).to_bytes()),
            "signedAt": ts,
            "nonce": nonce,
        })
    }
}

/// The client parameters of a connection.
pub(crate) struct Who<'w> {
    pub(crate) role: &'w str,
    pub(crate) scopes: &'w [&'w str],
    pub(crate) client: Value,
    pub(crate) caps: &'w [&'w str],
    pub(crate) commands: &'w [&'w str],
}

impl<'w> Who<'w> {
    /// A command-line client with these scopes and clearance's parameters.
    pub(crate) fn operator(scopes: &'w [&'w str]) -> Self {
        let client = json!({ "id": "cli", "mode": "cli", "version": "0", "platform": std::env::consts::OS });
        Self { role: "operator", scopes, client, caps: &[], commands: &[] }
    }
}

/// An authenticated connection.
pub(crate) struct Client {
    socket: WebSocket<TcpStream>,
    calls: u64,
}

impl Client {
    /// Connects with the right token. The error is the gateway's answer.
    pub(crate) fn connect(address: SocketAddr, who: &Who<'_>, device: &Device) -> Result<Self, Value> {
        let stream = TcpStream::connect(address).expect("the gateway listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        let request = format!("ws://{address}/").into_client_request().expect("an address");
        let (socket, _) = client(request, stream).expect("an upgrade");
        let mut this = Self { socket, calls: 0 };
        let challenge = this.next();
        assert_eq!(challenge["event"], "connect.challenge", "{challenge}");
        let connect = json!({
            "minProtocol": 3,
            "maxProtocol": 4,
            "role": who.role,
            "scopes": who.scopes,
            "caps": who.caps,
            "commands": who.commands,
            "permissions": {},
            "locale": "en-US",
            "userAgent": "clearance-tests",
            "client": who.client,
            "auth": { "token": SECRET },
            "device": device.prove(who, &challenge["payload"]),
        });
        this.call("connect", &connect)?;
        Ok(this)
    }

    /// An operator with every scope that these tests need.
    pub(crate) fn operator(address: SocketAddr) -> Self {
        let scopes = [&OPERATOR[..], &["operator.pairing"]].concat();
        Self::connect(address, &Who::operator(&scopes), &Device::new()).expect("an operator is let in")
    }

    /// Makes a call; returns the payload or the error.
    pub(crate) fn call(&mut self, method: &str, params: &Value) -> Result<Value, Value> {
        self.calls += 1;
        let id = self.calls.to_string();
        self.send(&json!({ "type": "req", "id": id, "method": method, "params": params }));
        loop {
            let mut frame = self.next();
            if frame["type"] == "res" && frame["id"] == id {
                return if frame["ok"] == true {
                    Ok(frame["payload"].take())
                } else {
                    Err(frame["error"].take())
                };
            }
        }
    }

    /// Replaces the gateway's document unconditionally, and reads it back: 2026.9.6 answers with another hash than that
    /// of the stored document.
    pub(crate) fn set(&mut self, file: &Value) -> Value {
        let before = self.call("exec.approvals.get", &json!({})).expect("a document");
        let params = json!({ "file": file, "baseHash": before["hash"] });
        self.call("exec.approvals.set", &params).expect("it is stored");
        self.get()
    }

    /// The gateway's document.
    pub(crate) fn get(&mut self) -> Value {
        self.call("exec.approvals.get", &json!({})).expect("a document")
    }

    /// Sends a frame.
    pub(crate) fn send(&mut self, frame: &Value) {
        self.socket.send(Message::text(frame.to_string())).expect("the gateway reads");
    }

    /// The next frame.
    pub(crate) fn next(&mut self) -> Value {
        self.try_next().expect("a frame")
    }

    /// The next frame; `None` when the connection has ended.
    pub(crate) fn try_next(&mut self) -> Option<Value> {
        loop {
            match self.socket.read().ok()? {
                Message::Text(text) => return Some(serde_json::from_str(&text).expect("JSON")),
                Message::Close(_) => return None,
                _ => {}
            }
        }
    }

    /// A function that closes the connection from another thread.
    pub(crate) fn hangup(&self) -> impl FnOnce() + Send + 'static {
        let stream = self.socket.get_ref().try_clone().expect("the stream twice");
        move || drop(stream.shutdown(Shutdown::Both))
    }

    /// Reads frames until the connection ends.
    pub(crate) fn wait_forever(&self) {
        self.socket.get_ref().set_read_timeout(None).expect("no timeout");
    }
}
