//! A simulated node: it is paired, and answers calls about its exec approvals.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use data_encoding::HEXLOWER;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::client::{Client, Device, Who};

const COMMANDS: [&str; 3] = ["system.run", "system.execApprovals.get", "system.execApprovals.set"];

/// The policy of a node.
#[derive(Clone)]
pub(crate) enum Keeps {
    /// A document in the gateways' format.
    Document(Value),
    /// A Windows node's own policy.
    Native(Value),
    /// None: a Windows node whose policy is switched off.
    Nothing,
}

impl Keeps {
    fn platform(&self) -> &'static str {
        match self {
            Self::Document(_) => "linux",
            Self::Native(_) | Self::Nothing => "windows",
        }
    }
}

fn let_in(gateway: SocketAddr, device: &Device, name: &str, platform: &str) -> Client {
    let client = json!({
        "id": "node-host",
        "mode": "node",
        "version": "0",
        "platform": platform,
        "deviceFamily": platform,
        "displayName": name,
    });
    let who = Who { role: "node", scopes: &[], client, caps: &["system"], commands: &COMMANDS };
    Client::connect(gateway, &who, device).expect("a node of this host is let in")
}

/// A node that is connected until it is dropped.
pub(crate) struct Node {
    pub(crate) id: String,
    keeps: Arc<Mutex<Keeps>>,
    /// When its policy was changed last, in Unix milliseconds.
    changed_ms: Arc<AtomicI64>,
    hangup: Option<Box<dyn FnOnce() + Send>>,
    thread: Option<JoinHandle<()>>,
}

impl Node {
    /// Connects a node, approves it, and connects it again as the approved node.
    pub(crate) fn connect(gateway: SocketAddr, operator: &mut Client, name: &str, keeps: Keeps) -> Self {
        let device = Device::new();
        let first = let_in(gateway, &device, name, keeps.platform());
        let pending = operator.call("node.pair.list", &json!({})).expect("a list");
        for request in pending["pending"].as_array().into_iter().flatten() {
            let params = json!({ "requestId": request["requestId"] });
            operator.call("node.pair.approve", &params).expect("it is approved");
        }
        drop(first);
        Self::known(gateway, &device, name, keeps)
    }

    /// A node that is paired and not approved.
    pub(crate) fn waiting(gateway: SocketAddr, name: &str) -> (Client, Device) {
        let device = Device::new();
        (let_in(gateway, &device, name, "linux"), device)
    }

    /// Connects an approved node.
    pub(crate) fn known(gateway: SocketAddr, device: &Device, name: &str, keeps: Keeps) -> Self {
        let connection = let_in(gateway, device, name, keeps.platform());
        connection.wait_forever();
        let (id, keeps) = (device.id(), Arc::new(Mutex::new(keeps)));
        let changed_ms = Arc::default();
        let hangup: Box<dyn FnOnce() + Send> = Box::new(connection.hangup());
        let thread = {
            let (keeps, changed_ms) = (Arc::clone(&keeps), Arc::clone(&changed_ms));
            std::thread::spawn(move || serve(connection, &keeps, &changed_ms))
        };
        Self { id, keeps, changed_ms, hangup: Some(hangup), thread: Some(thread) }
    }

    /// Its current document or policy.
    pub(crate) fn keeps(&self) -> Value {
        match &*self.keeps.lock().expect("no panic in the node") {
            Keeps::Document(value) | Keeps::Native(value) => value.clone(),
            Keeps::Nothing => Value::Null,
        }
    }

    /// Changes it as somebody on the node's host does.
    pub(crate) fn change(&self, keeps: Keeps) {
        *self.keeps.lock().expect("no panic in the node") = keeps;
        note(&self.changed_ms);
    }

    /// When it was changed last, in Unix milliseconds.
    pub(crate) fn changed_ms(&self) -> i64 {
        self.changed_ms.load(Ordering::SeqCst)
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Some(hangup) = self.hangup.take() {
            hangup();
        }
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

fn note(changed_ms: &AtomicI64) {
    changed_ms.store(jiff::Timestamp::now().as_millisecond(), Ordering::SeqCst);
}

fn serve(mut connection: Client, keeps: &Mutex<Keeps>, changed_ms: &AtomicI64) {
    while let Some(frame) = connection.try_next() {
        if frame["event"] != "node.invoke.request" {
            continue;
        }
        let request = &frame["payload"];
        let params = request["paramsJSON"].as_str().unwrap_or("{}");
        let params: Value = serde_json::from_str(params).expect("JSON");
        let mut keeps = keeps.lock().expect("no panic here");
        let mut answer = json!({ "id": request["id"], "nodeId": request["nodeId"] });
        if request["command"] == "system.execApprovals.set" {
            note(changed_ms);
        }
        match invoked(&mut keeps, request["command"].as_str().unwrap_or_default(), params) {
            Ok(payload) => {
                answer["ok"] = json!(true);
                answer["payloadJSON"] = json!(payload.to_string());
            }
            Err(message) => {
                answer["ok"] = json!(false);
                answer["error"] = json!({ "code": "INVALID_REQUEST", "message": message });
            }
        }
        connection.send(
            &json!({ "type": "req", "id": request["id"], "method": "node.invoke.result", "params": answer }),
        );
    }
}

fn hash(value: &Value) -> String {
    HEXLOWER.encode(&Sha256::digest(value.to_string()))
}

fn invoked(keeps: &mut Keeps, command: &str, mut params: Value) -> Result<Value, &'static str> {
    const CHANGED: &str = "INVALID_REQUEST: exec approvals changed; reload and retry";
    let described = |keeps: &Keeps| match keeps {
        Keeps::Document(file) => {
            json!({ "path": "/home/node/.openclaw/exec-approvals.json", "exists": true, "hash": hash(file), "file": file })
        }
        Keeps::Native(policy) => json!({
            "enabled": true,
            "hash": hash(policy),
            "baseHash": hash(policy),
            "defaultAction": policy["defaultAction"],
            "rules": policy["rules"],
            "constraints": { "baseHashRequired": true },
        }),
        Keeps::Nothing => json!({ "enabled": false, "message": "policy is switched off" }),
    };
    match (command, &mut *keeps) {
        ("system.execApprovals.get", keeps) => Ok(described(keeps)),
        ("system.execApprovals.set", Keeps::Document(file)) => {
            if params["baseHash"] != hash(file) {
                return Err(CHANGED);
            }
            *file = params["file"].take();
            Ok(described(keeps))
        }
        ("system.execApprovals.set", Keeps::Native(policy)) => {
            if params["baseHash"] != hash(policy) {
                return Err(CHANGED);
            }
            *policy = json!({ "defaultAction": params["defaultAction"], "rules": params["rules"] });
            Ok(json!({ "updated": true, "hash": hash(policy) }))
        }
        _ => Err("no such command"),
    }
}
