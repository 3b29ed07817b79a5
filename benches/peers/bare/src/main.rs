//! A minimal gateway client: it sends the frames that clearance sends, over a blocking socket, and checks nothing.
//!
//!     bare ADDRESS TOKEN KEY.pem                    prints the answer to `exec.approvals.get`
//!     bare ADDRESS TOKEN KEY.pem list               sends the requests of `queue ls`, prints the pending exec prompts
//!     bare ADDRESS TOKEN KEY.pem hold COUNT GROUPS  creates COUNT prompts of GROUPS commands, prints a line, and holds
//!                                                   them until its standard input ends
//!     bare ADDRESS TOKEN KEY.pem resolve WINDOW     denies every prompt but the oldest of each command, WINDOW in
//!                                                   flight, and retries those that the gateway was too busy for; prints
//!                                                   both numbers. Uses exact ids if the gateway has a method for them;
//!                                                   with `by-prefix` as a further argument, the method by prefix
//!     bare ADDRESS TOKEN KEY.pem clear WINDOW       as `resolve`, and denies the oldest too

use std::collections::{HashSet, VecDeque};
use std::net::TcpStream;

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use ed25519_dalek::pkcs8::DecodePrivateKey;
use ed25519_dalek::{Signer, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tungstenite::{Message, WebSocket};

type Socket = WebSocket<TcpStream>;

const SCOPES: [&str; 4] = ["operator.admin", "operator.approvals", "operator.read", "operator.write"];
const LISTS: [&str; 4] =
    ["exec.approval.list", "plugin.approval.list", "openclaw.approval.list", "sessions.list"];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let connect = |caps: &[&str]| connect(words[0], words[1], words[2], caps);
    match words[3..] {
        [] => {
            let (mut socket, _) = connect(&[]);
            let answer = call(&mut socket, "2", "exec.approvals.get", json!({}));
            println!("{}", answer["payload"]);
            close(socket);
        }
        ["list"] => {
            let (mut socket, hello) = connect(&[]);
            println!("{}", list(&mut socket, &hello));
            close(socket);
        }
        ["hold", count, groups] => {
            let (mut approver, _) = connect(&["approvals", "exec-approvals"]);
            std::thread::spawn(move || while approver.read().is_ok() {});
            let (mut socket, hello) = connect(&[]);
            hold(&mut socket, &hello, count.parse().unwrap(), groups.parse().unwrap());
            std::thread::spawn(move || while socket.read().is_ok() {});
            println!("held");
            std::io::read_to_string(std::io::stdin()).unwrap();
        }
        [verb @ ("resolve" | "clear"), window, ref by @ ..] => {
            let (mut socket, hello) = connect(&[]);
            let prompts = list(&mut socket, &hello);
            let exact = by.is_empty() && has(&hello, "approval.resolve");
            let (denied, refused) =
                resolve(&mut socket, &prompts, verb == "clear", exact, window.parse().unwrap());
            println!("{}", json!({ "denied": denied, "refused": refused }));
            close(socket);
        }
        _ => panic!("{words:?}"),
    }
}

fn connect(address: &str, token: &str, key: &str, caps: &[&str]) -> (Socket, Value) {
    let key = SigningKey::from_pkcs8_pem(&std::fs::read_to_string(key).unwrap()).unwrap();
    let public = key.verifying_key();
    let stream = TcpStream::connect(address).unwrap();
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
    let client =
        json!({ "id": "cli", "displayName": "bare", "version": "0", "platform": "linux", "mode": "cli" });
    let connect = json!({
        "minProtocol": 3, "maxProtocol": 4, "client": client, "role": "operator", "scopes": SCOPES, "caps": caps,
        "commands": [], "permissions": {}, "auth": { "token": token }, "locale": "en-US", "userAgent": "bare/0",
        "device": device,
    });
    let hello = call(&mut socket, "1", "connect", connect);
    (socket, hello)
}

fn has(hello: &Value, method: &str) -> bool {
    hello["payload"]["features"]["methods"].as_array().unwrap().contains(&json!(method))
}

/// Sends every request of `queue ls` in parallel; returns the pending exec prompts.
fn list(socket: &mut Socket, hello: &Value) -> Value {
    let mut waiting: HashSet<&str> = LISTS.into_iter().filter(|name| has(hello, name)).collect();
    for name in &waiting {
        send(socket, name, name, json!({}));
    }
    let mut prompts = Value::Null;
    while !waiting.is_empty() {
        let mut answer = next(socket);
        let Some(name) = answer["id"].as_str().and_then(|id| waiting.take(id)) else { continue };
        assert!(answer["ok"] == true, "{answer}");
        if name == LISTS[0] {
            prompts = answer["payload"].take();
        }
    }
    prompts
}

fn hold(socket: &mut Socket, hello: &Value, count: usize, groups: usize) {
    for number in 0..count {
        let mut params = json!({
            "command": format!("echo bench {}", number % groups), "agentId": "main", "sessionKey": "agent:main:bench",
            "host": "gateway", "cwd": "/tmp", "security": "allowlist", "ask": "on-miss", "twoPhase": true,
            "timeoutMs": 1_800_000,
        });
        if hello["payload"]["protocol"] == 4 {
            params["runId"] = json!(format!("bench-{number}"));
        }
        call(socket, &number.to_string(), "exec.approval.request", params);
    }
}

fn resolve(socket: &mut Socket, prompts: &Value, all: bool, exact: bool, window: usize) -> (usize, usize) {
    let mut prompts: Vec<&Value> = prompts.as_array().unwrap().iter().collect();
    prompts.sort_by_key(|prompt| prompt["createdAtMs"].as_u64());
    let mut kept = HashSet::new();
    let mut left: VecDeque<&str> = prompts
        .into_iter()
        .filter(|prompt| !kept.insert(prompt["request"]["command"].as_str().unwrap()) || all)
        .map(|prompt| prompt["id"].as_str().unwrap())
        .collect();
    let mut waiting = HashSet::new();
    let (mut denied, mut refused) = (0, 0);
    while !(left.is_empty() && waiting.is_empty()) {
        while waiting.len() < window
            && let Some(id) = left.pop_front()
        {
            if exact {
                let params = json!({ "id": id, "kind": "exec", "decision": "deny" });
                send(socket, id, "approval.resolve", params);
            } else {
                send(socket, id, "exec.approval.resolve", json!({ "id": id, "decision": "deny" }));
            }
            waiting.insert(id);
        }
        let answer = next(socket);
        let Some(id) = answer["id"].as_str().and_then(|id| waiting.take(id)) else { continue };
        if answer["ok"] == true {
            denied += 1;
        } else {
            assert!(answer["error"]["retryable"] == true, "{answer}");
            refused += 1;
            left.push_back(id);
        }
    }
    (denied, refused)
}

fn close(mut socket: Socket) {
    socket.close(None).unwrap();
    while socket.read().is_ok() {}
}

fn send(socket: &mut Socket, id: &str, method: &str, params: Value) {
    let request = json!({ "type": "req", "id": id, "method": method, "params": params });
    socket.send(Message::text(request.to_string())).unwrap();
}

fn call(socket: &mut Socket, id: &str, method: &str, params: Value) -> Value {
    send(socket, id, method, params);
    loop {
        let answer = next(socket);
        if answer["id"] == id {
            assert!(answer["ok"] == true, "{answer}");
            return answer;
        }
    }
}

fn next(socket: &mut Socket) -> Value {
    loop {
        if let Message::Text(text) = socket.read().unwrap() {
            return serde_json::from_str(&text).unwrap();
        }
    }
}
