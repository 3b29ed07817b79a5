//! Documents and policies of nodes behind a gateway.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Child;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::support::dev::{Client, Dev, before, snapshot};
use crate::support::relay::{self, Fate};

const FILE_NODE: &str = "demo-node";
const WINDOWS: &str = "demo-windows";

/// A gateway of the current generation, and a host that knows it.
fn current() -> (Dev, Client) {
    let dev = Dev::start(&[]);
    let client = dev.client();
    (dev, client)
}

#[track_caller]
fn hash(client: &Client, node: &str) -> Value {
    let (exit, got) = client.json(&["approvals", "get", "--node", node]);
    assert_eq!(exit, 0, "{got}");
    got["hash"].clone()
}

#[test]
fn a_node_is_named_in_many_ways() {
    for (_, dev) in Dev::both() {
        let client = dev.client();
        for (name, node) in [
            (FILE_NODE, FILE_NODE),
            ("demo-n", FILE_NODE),
            ("Demo node", FILE_NODE),
            ("DEMO NODE", FILE_NODE),
            ("demo n", FILE_NODE),
            (WINDOWS, WINDOWS),
            ("demo-w", WINDOWS),
            ("Demo Windows node", WINDOWS),
        ] {
            assert_eq!(hash(&client, name), hash(&client, node), "{name}");
        }
    }
}

#[test]
fn a_node_that_is_not_meant_is_not_taken() {
    let (_dev, client) = current();
    for (name, node) in
        [("ambiguous", "demo"), ("unknown", "build-server"), ("empty", ""), ("hostile", "\u{1b}[2J")]
    {
        let answer = client.answer(&["approvals", "get", "--node", node]);
        assert!(answer.starts_with("exit: 2\n") && !answer.contains('\u{1b}'), "{answer}");
        snapshot!(format!("node_{name}"), answer);
        let (exit, object) = client.json(&["approvals", "get", "--node", node]);
        assert_eq!((exit, &object["error"]["code"]), (2, &json!("node")));
    }
}

#[test]
fn nodes_that_are_not_there() {
    let (dev, _) = current();
    let url = before(&dev, |frame| {
        if let Some(nodes) = frame.pointer_mut("/payload/nodes").and_then(Value::as_array_mut) {
            nodes[0]["connected"] = json!(false);
        }
    });
    let client = dev.client_at(&url);
    snapshot!("node_disconnected", client.answer(&["approvals", "get", "--node", FILE_NODE]));
    let (exit, object) = client.json(&["approvals", "get", "--node", FILE_NODE]);
    assert_eq!((exit, &object["error"]["exit"]), (4, &json!(4)));
    let url = before(&dev, |frame| {
        if let Some(nodes) = frame.pointer_mut("/payload/nodes") {
            *nodes = json!([]);
        }
    });
    snapshot!("node_none", dev.client_at(&url).answer(&["approvals", "get", "--node", FILE_NODE]));
}

/// Current gateways list the request that a node waits for; older ones only refuse its commands.
#[test]
fn nodes_that_wait_for_approval() {
    let (dev, _) = current();
    for (name, state, request) in [
        ("pending", json!("pending-approval"), json!("97331316-062d-480c-9ae7-8c8a6bf45556")),
        ("hostile", json!("pending-approval"), json!("x; rm -rf ~")),
    ] {
        let url = before(&dev, move |frame| {
            if let Some(nodes) = frame.pointer_mut("/payload/nodes").and_then(Value::as_array_mut) {
                nodes[0]["approvalState"] = state.clone();
                nodes[0]["pendingRequestId"] = request.clone();
            }
        });
        let client = dev.client_at(&url);
        snapshot!(format!("node_{name}_approval"), client.answer(&["approvals", "get", "--node", FILE_NODE]));
        for command in [&["approvals", "get"][..], &["approvals", "allowlist", "add", "/usr/bin/true"]] {
            let command = [command, &["--node", FILE_NODE]].concat();
            let (exit, object) = client.json(&command);
            assert_eq!((exit, &object["error"]["code"]), (5, &json!("node-unapproved")), "{object}");
        }
    }
    // Only where a call is refused: the commands that were approved before still run.
    let unapproved = Some("node-unapproved");
    for (allowed, state, request, expected) in [
        (true, json!("pending-reapproval"), json!("request-1"), None),
        (false, json!("pending-reapproval"), json!("request-1"), unapproved),
        (true, json!("unapproved"), Value::Null, None),
        (false, json!("unapproved"), Value::Null, unapproved),
        // A node that does not have the command, and a gateway that wants no approval.
        (false, json!("approved"), Value::Null, Some("call-failed")),
        (false, Value::Null, Value::Null, Some("call-failed")),
    ] {
        let reply = json!({"code": "INVALID_REQUEST", "message": "node command not allowed: it declares no commands"});
        let url = before(&dev, move |frame| {
            if let Some(nodes) = frame.pointer_mut("/payload/nodes").and_then(Value::as_array_mut) {
                nodes[0]["approvalState"] = state.clone();
                nodes[0]["pendingRequestId"] = request.clone();
            } else if !allowed && frame.pointer("/payload/file").is_some() {
                frame["ok"] = json!(false);
                frame["error"] = reply.clone();
            }
        });
        let (exit, object) = dev.client_at(&url).json(&["approvals", "get", "--node", FILE_NODE]);
        let code = object["error"]["code"].as_str();
        assert_eq!((exit, code), (if allowed { 0 } else { 5 }, expected), "{object}");
    }
}

#[test]
fn a_node_whose_policy_is_off_or_odd() {
    let (dev, _) = current();
    for (name, exit, answer) in [
        ("off", 5, json!({"enabled": false, "message": "exec approvals are off"})),
        ("odd", 7, json!({"enabled": "yes"})),
    ] {
        let url = before(&dev, move |frame| {
            if frame["payload"].get("constraints").is_some() {
                frame["payload"] = answer.clone();
            }
        });
        let answer = dev.client_at(&url).answer(&["approvals", "get", "--node", WINDOWS]);
        assert!(answer.starts_with(&format!("exit: {exit}\n")), "{answer}");
        snapshot!(format!("node_{name}"), answer);
    }
}

#[test]
fn a_document_of_a_node() {
    for (generation, dev) in Dev::both() {
        let client = dev.client();
        let get = ["approvals", "get", "--node", FILE_NODE];
        snapshot!(format!("file_{generation}_get"), client.answer(&get));
        snapshot!(format!("file_{generation}_get_json"), client.answer(&[&get[..], &["--json"]].concat()));
        client
            .file("new.json", r#"{"version": 1, "defaults": {"security": "deny"}, "agents": {"main": {}}}"#);
        let set = ["approvals", "set", "--node", FILE_NODE, "--file", "new.json"];
        let base = hash(&client, FILE_NODE);
        snapshot!(format!("file_{generation}_dry_run"), client.answer(&[&set[..], &["--dry-run"]].concat()));
        assert_eq!(hash(&client, FILE_NODE), base);
        snapshot!(format!("file_{generation}_stored"), client.answer(&set));
        assert_eq!(client.json(&set).1["outcome"], "unchanged");
        client.file("new.json", r#"{"version": 1}"#);
        let conflict = [&set[..], &["--base-hash", base.as_str().unwrap()]].concat();
        snapshot!(format!("file_{generation}_conflict"), client.answer(&conflict));
        // The gateway's own document is another.
        assert_eq!(
            client.json(&["approvals", "get", "--gateway"]).1["file"]["defaults"]["security"],
            "allowlist"
        );
    }
}

#[test]
fn a_policy_of_a_windows_node() {
    let (_dev, client) = current();
    let get = ["approvals", "get", "--node", WINDOWS];
    snapshot!("native_get", client.answer(&get));
    snapshot!("native_get_json", client.answer(&[&get[..], &["--json"]].concat()));
    let set = ["approvals", "set", "--node", WINDOWS, "--file", "policy.json"];
    let with = |flags: &[&str]| client.answer(&[&set[..], flags].concat());
    client.file(
        "policy.json",
        "{defaultAction: 'prompt', rules: [{pattern: 'hostname', action: 'allow', shells: ['cmd']},\n  {pattern: 'del *', action: 'deny', description: 'never'}]}",
    );
    let base = hash(&client, WINDOWS);
    snapshot!("native_dry_run", with(&["--dry-run"]));
    snapshot!("native_dry_run_json", with(&["--dry-run", "--json"]));
    assert_eq!(hash(&client, WINDOWS), base);
    snapshot!("native_stored", with(&[]));
    snapshot!("native_unchanged", with(&[]));
    snapshot!("native_conflict", with(&["--base-hash", base.as_str().unwrap()]));
    // Of the rules that match the first decides: another order is another policy.
    client.file(
        "policy.json",
        r#"{"rules": [{"pattern": "del *", "action": "deny", "description": "never"}, {"pattern": "hostname", "action": "allow", "shells": ["cmd"]}]}"#,
    );
    snapshot!("native_reordered", with(&[]));
    snapshot!("native_after", client.answer(&get));
}

#[test]
fn a_policy_that_is_wrong_changes_nothing() {
    let (_dev, client) = current();
    let base = hash(&client, WINDOWS);
    let set = ["approvals", "set", "--node", WINDOWS, "--file", "policy.json"];
    for (name, text) in [
        (
            "invalid",
            "{\"defaultAction\": \"alow\",\n \"rules\": [\n  {\"pattern\": \" \", \"action\": \"allow\"},\n  {\"patern\": \"x\", \"action\": \"deny\"}]}",
        ),
        ("document", "{\"version\": 1, \"agents\": {}}"),
        ("default_allow", "{\"defaultAction\": \"allow\", \"rules\": []}"),
        ("garbage", "{"),
    ] {
        client.file("policy.json", text);
        let answer = client.answer(&set);
        assert!(answer.starts_with("exit: 1\n"), "{answer}");
        snapshot!(format!("native_set_{name}"), answer);
        let (exit, object) = client.json(&set);
        assert_eq!((exit, &object["error"]["exit"]), (1, &json!(1)));
    }
    assert_eq!(hash(&client, WINDOWS), base);
    // And the reverse.
    client.file("policy.json", "{\"defaultAction\": \"deny\", \"rules\": []}");
    snapshot!(
        "file_set_policy",
        client.answer(&["approvals", "set", "--node", FILE_NODE, "--file", "policy.json"])
    );
}

#[test]
fn a_legacy_gateway_sets_no_policy() {
    let dev = Dev::start(&["--generation=legacy"]);
    let client = dev.client();
    client.file("policy.json", "{\"defaultAction\": \"prompt\", \"rules\": []}");
    let base = hash(&client, WINDOWS);
    snapshot!(
        "native_set_legacy",
        client.answer(&["approvals", "set", "--node", WINDOWS, "--file", "policy.json"])
    );
    assert_eq!(hash(&client, WINDOWS), base);
}

#[test]
fn nodes_over_http() {
    let (dev, client) = current();
    let http = format!("--gateway={}", dev.over("http"));
    let (exit, got) = client.json(&["approvals", "get", &http, "--node", WINDOWS]);
    assert_eq!((exit, &got["native"]["defaultAction"]), (0, &json!("deny")), "{got}");
    let (exit, got) = client.json(&["approvals", "get", &http, "--node", FILE_NODE]);
    assert_eq!((exit, &got["exists"]), (0, &json!(true)), "{got}");
}

/// Many concurrent edits of one node's document, through a gateway that cannot forward every call to the node.
#[test]
fn what_never_reached_a_node_is_sent_again() {
    const AT_ONCE: usize = 16;
    let (dev, client) = current();
    // Of every method the first calls are not passed on, and of the later ones every third.
    let calls: Arc<Mutex<BTreeMap<String, usize>>> = Arc::default();
    let counted = Arc::clone(&calls);
    let port = relay::before(dev.port(), move |method| {
        if !method.starts_with("exec.approvals.node.") {
            return Fate::Passed;
        }
        let mut calls = counted.lock().unwrap();
        let count = calls.entry(method.to_owned()).or_default();
        *count += 1;
        if *count <= AT_ONCE / 2 || count.is_multiple_of(3) { Fate::Undispatched } else { Fate::Passed }
    });
    let behind = dev.client_at(&format!("ws://127.0.0.1:{port}"));
    let patterns: BTreeSet<String> = (0..AT_ONCE).map(|at| format!("/opt/tool-{at}")).collect();
    let add = |pattern: &String| {
        let edit = ["approvals", "allowlist", "add", pattern, "--node", FILE_NODE, "--agent=main", "--json"];
        // The timeout is two minutes, because sixteen processes may run on a slow machine.
        behind.spawn(&[&edit[..], &["--timeout=2m"]].concat()).spawn().unwrap()
    };
    let children: Vec<Child> = patterns.iter().map(add).collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{stderr}{}", String::from_utf8_lossy(&output.stdout));
    }
    let (_, got) = client.json(&["approvals", "get", "--node", FILE_NODE]);
    let entries = got["file"]["agents"]["main"]["allowlist"].as_array().unwrap();
    let stored: Vec<&str> = entries
        .iter()
        .filter_map(|entry| entry["pattern"].as_str())
        .filter(|pattern| pattern.starts_with("/opt/tool-"))
        .collect();
    assert_eq!(stored.len(), AT_ONCE, "each once: {got}");
    assert_eq!(stored.iter().map(|&pattern| pattern.to_owned()).collect::<BTreeSet<_>>(), patterns);
    for (method, count) in &*calls.lock().unwrap() {
        assert!(*count > AT_ONCE, "{method}: {count}");
    }
}
