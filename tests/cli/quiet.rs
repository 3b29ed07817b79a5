//! `-q`: no output if there is nothing to report. Cron mails all output.

use serde_json::{Value, json};

use crate::support::dev::{Client, Dev};

/// Exit code, standard output and standard error.
#[track_caller]
fn run(client: &Client, arguments: &[&str]) -> (i32, String, String) {
    let output = client.command(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// Checks that the command prints nothing with -q, and something without it.
#[track_caller]
fn assert_silent(client: &Client, arguments: &[&str]) {
    let (exit, out, err) = run(client, arguments);
    assert_eq!(exit, 0, "{arguments:?}: {err}");
    assert!(!out.is_empty(), "{arguments:?} prints nothing anyway");
    for flag in ["-q", "--quiet"] {
        let silent = run(client, &[arguments, &[flag]].concat());
        assert_eq!(silent, (0, String::new(), String::new()), "{arguments:?} {flag}");
    }
}

/// Machine output is an object with -q, too.
#[track_caller]
fn assert_whole(client: &Client, arguments: &[&str]) {
    let (exit, out, err) = run(client, &[arguments, &["-q"]].concat());
    assert_eq!(exit, 0, "{arguments:?}: {err}");
    let whole: Value = serde_json::from_str(&out).unwrap();
    assert!(whole.is_object(), "{arguments:?}: {out}");
}

/// Checks that the output is the same with and without -q.
#[track_caller]
fn assert_reported(client: &Client, arguments: &[&str], exit: i32) {
    let loud = run(client, arguments);
    assert_eq!(loud.0, exit, "{arguments:?}: {loud:?}");
    let quiet = run(client, &[arguments, &["-q"]].concat());
    assert_eq!(quiet, loud, "{arguments:?}");
}

#[test]
fn documents_that_are_as_they_should_be() {
    let client = Client::alone();
    let good = json!({"version": 1, "defaults": {"security": "deny"}}).to_string();
    client.file("good.json", &good);
    client.file("bad.json", json!({"version": 1, "defaults": {"security": "alowlist"}}).to_string());
    client.file("other.json", json!({"version": 1, "defaults": {"security": "full"}}).to_string());
    assert_silent(&client, &["approvals", "validate", "good.json"]);
    assert_silent(&client, &["approvals", "lint", "good.json"]);
    for format in ["human", "json", "sarif"] {
        assert_reported(&client, &["approvals", "validate", "good.json", "bad.json", "--format", format], 1);
        assert_reported(&client, &["approvals", "lint", "bad.json", "--format", format], 1);
        assert_reported(&client, &["approvals", "validate", "missing.json", "--format", format], 7);
    }
    assert_silent(&client, &["approvals", "diff", "good.json", "good.json"]);
    // Machine output is always complete.
    for format in ["json", "sarif"] {
        assert_reported(&client, &["approvals", "validate", "good.json", "--format", format], 0);
        assert_reported(&client, &["approvals", "lint", "good.json", "--format", format], 0);
    }
    assert_reported(&client, &["approvals", "diff", "good.json", "good.json", "--json"], 0);
    assert_reported(&client, &["approvals", "diff", "good.json", "other.json"], 1);
    assert_reported(&client, &["approvals", "diff", "good.json", "missing.json"], 7);
}

#[test]
fn edits_that_change_nothing() {
    let client = Client::alone();
    client.file("new.json", json!({"version": 1, "defaults": {"security": "deny"}}).to_string());
    client.file("other.json", json!({"version": 1, "defaults": {"security": "full"}}).to_string());
    let set = ["approvals", "set", "--file", "new.json", "--store", "store.json", "-q"];
    let (exit, out, err) = run(&client, &set);
    assert!(exit == 0 && !out.is_empty(), "{out}{err}");
    assert_silent(&client, &set[..6]);
    assert_reported(
        &client,
        &["approvals", "set", "--file", "other.json", "--store", "store.json", "--dry-run"],
        0,
    );
    let add = ["approvals", "allowlist", "add", "/usr/bin/python3", "--store", "store.json", "-q"];
    // The dangers of a new entry are reported.
    let (exit, out, err) = run(&client, &add);
    assert!(exit == 0 && !out.is_empty() && err.contains("warning"), "{out}{err}");
    let (exit, out, err) = run(&client, &add);
    assert_eq!((exit, out.as_str(), err.as_str()), (0, "", ""));
    assert_silent(&client, &["approvals", "allowlist", "rm", "/usr/bin/nothing", "--store", "store.json"]);
}

#[test]
fn queues_with_nothing_to_do() {
    let dev = Dev::start(&[]);
    let client = dev.client();
    client.file(
        ".config/clearance/config.toml",
        format!("[gateways.one]\nurl = \"{}\"\ntoken_file = \"token\"\n", dev.url),
    );
    client.file(".config/clearance/token", &dev.token);
    for all in [&[] as &[&str], &["--all-gateways"]] {
        let filter = ["--agent", "nobody"];
        assert_silent(&client, &[&["queue", "ls"], &filter[..], all].concat());
        assert_whole(&client, &[&["queue", "ls", "--json"], &filter[..], all].concat());
        assert_silent(&client, &[&["queue", "dedupe", "--yes"], &filter[..], all].concat());
        assert_whole(&client, &[&["queue", "dedupe", "--check", "--json"], &filter[..], all].concat());
        assert_silent(&client, &[&["queue", "purge", "--dry-run"], &filter[..], all].concat());
        let (exit, out, err) = run(&client, &[&["queue", "dedupe", "--check", "-q"], all].concat());
        assert!(exit == 1 && !out.is_empty(), "{out}{err}");
        let (exit, out, _) = run(&client, &[&["queue", "ls", "-q"], all].concat());
        assert!(exit == 0 && !out.is_empty());
    }
    assert_silent(&client, &["gateway", "status"]);
    assert_whole(&client, &["gateway", "status", "--json"]);
    let (exit, out, err) = run(&client, &["run", "ls", "-q"]);
    assert!(exit == 0 && !out.is_empty(), "{err}");
    // Everything is cleaned up, and then there is nothing left to do.
    let (exit, out, err) = run(&client, &["run", "cancel", "--superseded", "--yes", "-q"]);
    assert!(matches!(exit, 0 | 3) && !out.is_empty(), "{out}{err}");
    let wrong = dev.client().variable("OPENCLAW_GATEWAY_TOKEN", "wrong");
    let (exit, _, err) = run(&wrong, &["queue", "dedupe", "--yes", "-q"]);
    assert!(exit == 5 && err.starts_with("error: "), "{err}");
    let nobody = Client::alone().variable("OPENCLAW_GATEWAY_PORT", "1");
    let (exit, out, err) = run(&nobody, &["queue", "dedupe", "--yes", "-q", "--wait", "--timeout", "1"]);
    assert!(exit == 4 && out.is_empty() && err.starts_with("error: "), "{err}");
}

#[test]
fn nothing_is_cancelled_quietly() {
    let home = Client::alone();
    let scenario = home.file("idle.json", r#"{"prompts": []}"#);
    let dev = Dev::start(&["--scenario", scenario.to_str().unwrap()]);
    let client = dev.client();
    assert_silent(&client, &["run", "cancel", "--superseded", "--yes"]);
    assert_whole(&client, &["run", "cancel", "--superseded", "--dry-run", "--json"]);
    assert_silent(&client, &["run", "ls"]);
    assert_silent(&client, &["queue", "ls"]);
    // A run that does not exist is an error.
    assert_reported(&client, &["run", "cancel", "0f6f1f1d-2c11-4c7b-9a53-6f1c2a9e41d5", "--yes"], 1);
}
