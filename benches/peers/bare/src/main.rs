//! The least that gets a document from a gateway: the frames that clearance sends, over a blocking socket, with nothing
//! checked. `bare ADDRESS TOKEN KEY.pem` prints the answer to `exec.approvals.get`.

use std::net::TcpStream;

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use ed25519_dalek::pkcs8::DecodePrivateKey;
use ed25519_dalek::{Signer, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tungstenite::{Message, WebSocket};

const SCOPES: [&str; 4] = ["operator.admin", "operator.approvals", "operator.read", "operator.write"];

fn main() {
    let [_, address, token, key] = std::env::args().collect::<Vec<_>>().try_into().unwrap();
    let key = SigningKey::from_pkcs8_pem(&std::fs::read_to_string(key).unwrap()).unwrap();
    let public = key.verifying_key();
    let stream = TcpStream::connect(&address).unwrap();
    stream.set_nodelay(true).unwrap();
    let (mut socket, _) = tungstenite::client(format!("ws://{address}/"), stream).unwrap();
    let challenge = loop {
        let event = next(&mut socket);
        if event["event"] == "connect.challenge" {
            break event;
        }
    };
    let (nonce, ts) = (challenge["payload"]["nonce"].as_str().unwrap(), &challenge["payload"]["ts"]);
    let id = HEXLOWER.encode(&Sha256::digest(public.as_bytes()));
    let scopes = SCOPES.join(",");
    let signed = format!("v3|{id}|cli|cli|operator|{scopes}|{ts}|{token}|{nonce}|linux|");
    let device = json!({
        "id": id,
        "publicKey": BASE64URL_NOPAD.encode(public.as_bytes()),
        "signature": BASE64URL_NOPAD.encode(&key.sign(signed.as_bytes()).to_bytes()),
        "signedAt": ts,
        "nonce": nonce,
    });
    let client = json!({ "id": "cli", "displayName": "bare", "version": "0", "platform": "linux", "mode": "cli" });
    let connect = json!({
        "minProtocol": 3, "maxProtocol": 4, "client": client, "role": "operator", "scopes": SCOPES, "caps": [],
        "commands": [], "permissions": {}, "auth": { "token": token }, "locale": "en-US", "userAgent": "bare/0",
        "device": device,
    });
    call(&mut socket, "1", "connect", connect);
    let answer = call(&mut socket, "2", "exec.approvals.get", json!({}));
    println!("{}", answer["payload"]);
    socket.close(None).unwrap();
    while socket.read().is_ok() {}
}

fn call(socket: &mut WebSocket<TcpStream>, id: &str, method: &str, params: Value) -> Value {
    let request = json!({ "type": "req", "id": id, "method": method, "params": params });
    socket.send(Message::text(request.to_string())).unwrap();
    loop {
        let answer = next(socket);
        if answer["id"] == id {
            assert!(answer["ok"] == true, "{answer}");
            return answer;
        }
    }
}

fn next(socket: &mut WebSocket<TcpStream>) -> Value {
    loop {
        if let Message::Text(text) = socket.read().unwrap() {
            return serde_json::from_str(&text).unwrap();
        }
    }
}
