//! `approvals diff`: files, stores, gateways and nodes against each other, and the credential sent to each
//! gateway.

use serde_json::{Value, json};

use crate::support::dev::{Client, Dev, snapshot};

/// Part of every token. No output may contain it.
const TOKEN: &str = "hunter2";

const FILE_NODE: &str = "demo-node";
const WINDOWS: &str = "demo-windows";

fn policy() -> Value {
    json!({
        "version": 1,
        "defaults": {"security": "allowlist", "ask": "on-miss"},
        "agents": {
            "main": {"askFallback": "deny", "allowlist": [
                {"pattern": "/usr/bin/git", "argPattern": "^(status|log)$"}, {"pattern": "/usr/bin/uptime"}]},
            "ops": {"security": "deny"},
        },
    })
}

/// The same policy as a host would keep it: ids, usage, a socket, another order.
fn kept() -> Value {
    json!({
        "socket": {"path": "/run/s.sock", "token": TOKEN},
        "agents": {
            "ops": {"security": "deny", "allowlist": []},
            "main": {"askFallback": "deny", "allowlist": [
                {"id": "1", "pattern": "/usr/bin/uptime", "lastUsedAt": 1_700_000_000_000_u64},
                {"id": "2", "pattern": "/usr/bin/git", "argPattern": "^(status|log)$"}]},
        },
        "defaults": {"security": "allowlist", "ask": "on-miss"},
        "version": 1,
    })
}

fn drifted() -> Value {
    json!({
        "version": 1,
        "defaults": {"security": "allowlist"},
        "agents": {
            "main": {"askFallback": "full", "allowlist": [
                {"pattern": "/usr/bin/git"},
                {"pattern": "/usr/bin/uptime"},
                {"pattern": "/bin/sh argPattern=^x$", "source": "allow-always"},
                {"pattern": "/bin/\u{1b}[2J\u{202e}", "id": "x"}]},
            "new\nagent": {"ask": "always", "mcpTools": [
                {"server": "files", "tool": "read", "source": "allow-always", "addedAt": 1}]},
        },
    })
}

fn client() -> Client {
    let client = Client::alone();
    for (name, document) in [("policy.json", policy()), ("kept.json", kept()), ("drifted.json", drifted())] {
        client.file(name, document.to_string());
    }
    client
}

#[track_caller]
fn diff(client: &Client, operands: [&str; 2]) -> (i32, Value) {
    client.json(&["approvals", "diff", operands[0], operands[1]])
}

#[test]
fn one_policy_is_no_drift_however_it_is_kept() {
    let client = client();
    snapshot!("same", client.answer(&["approvals", "diff", "policy.json", "kept.json"]));
    snapshot!("same_json", client.answer(&["approvals", "diff", "policy.json", "kept.json", "--json"]));
    let exact = client.answer(&["approvals", "diff", "policy.json", "kept.json", "--exact"]);
    assert!(!exact.contains(TOKEN), "{exact}");
    snapshot!("same_exact", exact);
    let (exit, _) = diff(&client, ["kept.json", "policy.json"]);
    assert_eq!(exit, 0);
}

#[test]
fn drift_is_shown_agent_by_agent() {
    let client = client();
    snapshot!("drift", client.answer(&["approvals", "diff", "policy.json", "drifted.json"]));
    snapshot!("drift_back", client.answer(&["approvals", "diff", "drifted.json", "policy.json"]));
    snapshot!("drift_json", client.answer(&["approvals", "diff", "policy.json", "drifted.json", "--json"]));
    let mut coloured = client.command(&["approvals", "diff", "policy.json", "drifted.json"]);
    let coloured = client.answer_of(coloured.env("CLICOLOR_FORCE", "1"));
    assert!(coloured.contains("\u{1b}[32m+ask: always") || coloured.contains("\u{1b}[32m"), "{coloured}");
    assert!(!coloured.contains("\u{1b}[2J"), "{coloured}");
}

#[test]
fn a_file_may_be_called_anything() {
    let client = client();
    client.file("local", policy().to_string());
    client.file("a:b", policy().to_string());
    for operands in [["./local", "policy.json"], ["file:local", "./a:b"], ["file:a:b", "policy.json"]] {
        assert_eq!(diff(&client, operands).0, 0, "{operands:?}");
    }
    // The store of this host is a different one, and empty.
    let (exit, report) = diff(&client, ["local", "policy.json"]);
    assert_eq!((exit, &report["a"]["exists"]), (1, &json!(false)), "{report}");
    snapshot!("no_store", client.answer(&["approvals", "diff", "local", "store:none.json"]));
}

#[test]
fn stores_files_and_standard_input() {
    let client = client();
    client.file(".openclaw/exec-approvals.json", kept().to_string());
    assert_eq!(diff(&client, ["policy.json", "local"]).0, 0);
    assert_eq!(diff(&client, ["store:kept.json", "local"]).0, 0);
    let mut command = client.command(&["approvals", "diff", "-", "local", "--json"]);
    // JSON5, as `set` takes it.
    let output = command.write_stdin("{version: 1, /* nothing */}").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    // Early forms are interpreted as a gateway does.
    let early = json!({"version": 1, "agents": {"default": {"allowlist": [" /bin/ls ", {"pattern": "/b", "source": "manual"}]}}});
    client.file("early.json", early.to_string());
    let today =
        json!({"version": 1, "agents": {"main": {"allowlist": [{"pattern": "/b"}, {"pattern": "/bin/ls"}]}}});
    client.file("today.json", today.to_string());
    assert_eq!(diff(&client, ["early.json", "today.json"]).0, 0);
}

#[test]
fn what_is_not_valid_is_not_compared() {
    let client = client();
    client.file("misspelt.json", json!({"version": 1, "defaults": {"security": "alowlist"}}).to_string());
    client.file("snapshot.json", json!({"hash": "x", "file": policy()}).to_string());
    snapshot!("misspelt", client.answer(&["approvals", "diff", "policy.json", "misspelt.json"]));
    for name in ["misspelt.json", "snapshot.json"] {
        let (exit, report) = diff(&client, [name, name]);
        assert_eq!((exit, &report["error"]["code"]), (1, &json!("invalid-document")), "{report}");
    }
    let (exit, report) = diff(&client, ["policy.json", "missing.json"]);
    assert_eq!((exit, &report["error"]["exit"]), (7, &json!(7)), "{report}");
    snapshot!("missing", client.answer(&["approvals", "diff", "policy.json", "missing.json"]));
}

#[test]
fn order_of_sources_is_told() {
    let client = Client::alone();
    let (hand, always) = (json!({"pattern": "/a"}), json!({"pattern": "/a", "source": "allow-always"}));
    for (name, entries) in [("one", json!([hand, always])), ("other", json!([always, hand]))] {
        client.file(name, json!({"version": 1, "agents": {"main": {"allowlist": entries}}}).to_string());
    }
    snapshot!("order", client.answer(&["approvals", "diff", "one", "other"]));
    assert_eq!(client.json(&["approvals", "diff", "one", "other", "--exact"]).0, 1);
}

#[test]
fn what_a_gateway_stored_is_what_was_set() {
    for (_, dev) in Dev::both() {
        let client = dev.client();
        client.file("policy.json", policy().to_string());
        assert_eq!(diff(&client, ["policy.json", "gateway"]).0, 1);
        let (exit, _) = client.json(&["approvals", "set", "--file", "policy.json", "--gateway"]);
        assert_eq!(exit, 0);
        let (exit, report) = diff(&client, ["policy.json", "gateway"]);
        assert_eq!((exit, &report["changes"]), (0, &json!([])), "{report}");
        let (_, got) = client.json(&["approvals", "get", "--gateway"]);
        assert_eq!(report["b"]["hash"], got["hash"]);
    }
}

#[test]
fn nodes_and_their_own_policies() {
    let dev = Dev::start(&[]);
    let client = dev.client();
    client.file("policy.json", policy().to_string());
    let (file, windows) = (format!("node:{FILE_NODE}"), format!("node:{WINDOWS}"));
    assert_eq!(diff(&client, [&file, &file]).0, 0);
    assert_eq!(diff(&client, [&file, "policy.json"]).0, 1);
    let (_, native) = client.json(&["approvals", "get", "--node", WINDOWS]);
    client.file("rules.json", native["native"].to_string());
    let (exit, report) = diff(&client, ["rules.json", &windows]);
    assert_eq!((exit, &report["b"]["kind"]), (0, &json!("native")), "{report}");
    let mut other = native["native"].clone();
    other["defaultAction"] = json!("allow");
    other["rules"].as_array_mut().unwrap().reverse();
    other["rules"][0]["action"] = json!("prompt");
    client.file("other.json", other.to_string());
    snapshot!("native", client.answer(&["approvals", "diff", &windows, "other.json"]));
    snapshot!("mixed", client.answer(&["approvals", "diff", "policy.json", &windows]));
}

/// A host that knows two gateways by name.
fn with_two(one: &Dev, other: &Dev) -> Client {
    let client = client();
    for (name, dev) in [("one", one), ("other", other)] {
        client.file(&format!(".config/clearance/{name}.token"), &dev.token);
    }
    let config = format!(
        "default = \"one\"\n[gateways.one]\nurl = \"{}\"\ntoken_file = \"one.token\"\n[gateways.other]\nurl = \"{}\"\ntoken_file = \"other.token\"\n",
        one.url, other.url
    );
    client.file(".config/clearance/config.toml", config);
    client
}

#[test]
fn two_gateways_have_each_their_own_credential() {
    let (one, other) = (Dev::start(&[]), Dev::start(&["--generation", "legacy"]));
    let client = with_two(&one, &other);
    assert_eq!(diff(&client, ["gateway:one", "gateway:other"]).0, 0);
    // Neither gateway has this token, so each would reject it from an unknown device.
    let client = with_two(&one, &other).variable("OPENCLAW_GATEWAY_TOKEN", TOKEN);
    assert_eq!(client.json(&["approvals", "get", "--gateway=other"]).0, 5);
    let client = with_two(&one, &other).variable("OPENCLAW_GATEWAY_TOKEN", TOKEN);
    assert_eq!(diff(&client, ["gateway:one", "gateway:other"]).0, 0);
    let client = with_two(&one, &other).variable("OPENCLAW_GATEWAY_TOKEN", TOKEN);
    let nodes = ["other", "one"].map(|gateway| format!("node:{FILE_NODE}@{gateway}"));
    assert_eq!(diff(&client, [&nodes[0], &nodes[1]]).0, 0);
    // The variable applies to the default gateway, and to no named one.
    let client = with_two(&one, &other).variable("OPENCLAW_GATEWAY_TOKEN", &one.token);
    let client = client.variable("OPENCLAW_GATEWAY_URL", &one.url);
    assert_eq!(diff(&client, ["gateway", "gateway:other"]).0, 0);
    let (exit, report) = client.json(&[
        "approvals",
        "diff",
        "gateway:one",
        "gateway:other",
        "--token-file",
        ".config/clearance/one.token",
    ]);
    assert_eq!((exit, &report["error"]["code"]), (2, &json!("usage")), "{report}");
}

#[test]
fn an_address_beside_another_gateway_gets_no_variable() {
    let (one, other) = (Dev::start(&[]), Dev::start(&[]));
    let client = with_two(&one, &other).variable("OPENCLAW_GATEWAY_TOKEN", &one.token);
    let url = format!("gateway:{}", one.over("ws"));
    let (exit, report) = diff(&client, [&url, "gateway:other"]);
    assert_eq!((exit, &report["error"]["code"]), (5, &json!("no-credential")), "{report}");
    // With one gateway the token is used.
    assert_eq!(diff(&client, [&url, "policy.json"]).0, 1);
}

#[test]
fn the_flags_are_for_the_one_gateway() {
    let dev = Dev::start(&[]);
    let client = client();
    client.file("token", &dev.token);
    let url = format!("gateway:{}", dev.url);
    let node = format!("node:{FILE_NODE}@{}", dev.url);
    let (exit, report) = client.json(&["approvals", "diff", &url, &node, "--token-file", "token"]);
    assert!(exit <= 1, "{report}");
    let stranger = self::client();
    assert_eq!(diff(&stranger, [&url, "policy.json"]).0, 5);
}
