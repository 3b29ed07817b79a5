//! `approvals diff --no-wider`: what a document allows and another one does not.

use serde_json::{Value, json};

use crate::support::dev::{Client, snapshot};

/// Part of an argument that looks like a credential. No output may contain it.
const SECRET: &str = "ghp_0123456789abcdefghijklmnopqrstuvwxyz";

fn old() -> Value {
    json!({
        "version": 1,
        "defaults": {"security": "allowlist", "ask": "on-miss", "askFallback": "deny"},
        "agents": {
            "main": {"allowlist": [
                {"pattern": "/usr/bin/git", "argPattern": "^(status|log)$"},
                {"pattern": "/usr/bin/uptime"},
                {"pattern": "/usr/bin/rg"}]},
            "ops": {"security": "deny"},
        },
    })
}

fn narrower() -> Value {
    json!({
        "version": 1,
        "defaults": {"security": "allowlist", "ask": "always", "askFallback": "deny"},
        "agents": {
            "main": {"allowlist": [
                {"pattern": "/usr/bin/rg", "argPattern": "^TODO$", "id": "1"},
                {"pattern": "/usr/bin/git", "argPattern": "^status$"}]},
            "ops": {"security": "deny"},
        },
    })
}

fn wider() -> Value {
    json!({
        "version": 1,
        "defaults": {"security": "allowlist", "ask": "on-miss", "askFallback": "allowlist"},
        "agents": {
            "main": {"allowlist": [
                {"pattern": "/usr/bin/git", "argPattern": "^(status|log|push)$"},
                {"pattern": "/usr/bin/up*"},
                {"pattern": "/usr/bin/curl", "argPattern": format!("^-H {SECRET}$")},
                {"pattern": "=command:0123456789abcdef", "source": "allow-always"}]},
            "ops": {"security": "full"},
            "new\nagent": {"allowlist": [{"pattern": "/bin/\u{1b}[2J"}]},
        },
    })
}

fn client() -> Client {
    let client = Client::alone();
    for (name, document) in [("old.json", old()), ("narrower.json", narrower()), ("wider.json", wider())] {
        client.file(name, serde_json::to_string_pretty(&document).unwrap());
    }
    client
}

#[track_caller]
fn found(client: &Client, more: &[&str]) -> (i32, Value) {
    client.json(&[&["approvals", "diff", "--no-wider"], more].concat())
}

#[test]
fn a_narrower_document_is_no_finding() {
    let client = client();
    snapshot!("wider_none", client.answer(&["approvals", "diff", "--no-wider", "old.json", "narrower.json"]));
    let quiet = client.answer(&["approvals", "diff", "--no-wider", "--quiet", "old.json", "narrower.json"]);
    snapshot!("wider_none_quiet", quiet);
    let (exit, report) = found(&client, &["old.json", "narrower.json"]);
    assert_eq!((exit, &report["wider"]), (0, &json!(false)), "{report}");
}

#[test]
fn every_widening_is_listed_with_a_command() {
    let client = client();
    let human = client.answer(&["approvals", "diff", "--no-wider", "old.json", "wider.json"]);
    assert!(!human.contains(SECRET), "{human}");
    snapshot!("wider_found", human);
    let one =
        ["approvals", "diff", "--no-wider", "--release", "2026.9.6", "old.json", "wider.json", "--json"];
    let json = client.answer(&one);
    assert!(!json.contains(SECRET), "{json}");
    snapshot!("wider_json", json);
}

#[test]
fn releases_read_documents_differently() {
    let client = client();
    // 2026.9.6 closes a host whose document has a misspelt word; the older releases open it.
    client.file("closed.json", r#"{"version": 1, "defaults": {"security": "deny"}}"#);
    client.file("misspelt.json", r#"{"version": 1, "defaults": {"security": "denied"}}"#);
    for (release, exit) in [("2026.4.14", 1), ("2026.7.1", 1), ("2026.9.6", 0)] {
        let (found, report) = found(&client, &["--release", release, "closed.json", "misspelt.json"]);
        assert_eq!(found, exit, "{release} {report}");
    }
    snapshot!(
        "wider_misspelt",
        client.answer(&["approvals", "diff", "--no-wider", "closed.json", "misspelt.json"])
    );
}

#[test]
fn a_configuration_can_forbid_what_the_document_allows() {
    let client = client();
    client.file("open.json", r#"{"version": 1}"#);
    client.file("closed.json", r#"{"version": 1, "defaults": {"security": "deny"}}"#);
    client.file("deny.json", r#"{"tools": {"exec": {"security": "deny"}}}"#);
    client.file("node.json", r#"{"tools": {"exec": {"host": "node"}}}"#);
    assert_eq!(found(&client, &["closed.json", "open.json"]).0, 1);
    assert_eq!(found(&client, &["closed.json", "open.json", "--config", "deny.json"]).0, 0);
    let node = ["approvals", "diff", "--no-wider", "closed.json", "open.json", "--config", "node.json"];
    snapshot!("wider_on_a_node", client.answer(&node));
}

#[test]
fn wrong_releases_are_usage_errors() {
    let client = client();
    let latest = ["approvals", "diff", "--no-wider", "old.json", "old.json", "--release", "latest"];
    snapshot!("wider_of_no_release", client.answer(&latest));
    let without = ["approvals", "diff", "old.json", "old.json", "--release", "2026.9.6"];
    snapshot!("release_without_no_wider", client.answer(&without));
}
