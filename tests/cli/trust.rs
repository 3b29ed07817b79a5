//! Suspicious credentials: redacted ones, wrong ones that a saved device token hides, and keys that other
//! users can read.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::support::dev::{Client, Dev, before, snapshot};
use crate::support::{fixture, transcript};

const REDACTED: &str = "__OPENCLAW_REDACTED__";

/// The warning of a credential that the gateway rejects.
fn warning(from: &str, correction: &str) -> String {
    format!(
        "warning: The gateway rejected {from}; connected with this device's saved token instead. {correction}\n"
    )
}

/// The output of a command. It may show the value of a variable only if that is redacted.
fn answer(client: &Client, arguments: &[&str]) -> String {
    transcript(&mut client.command(arguments), &[(client.home().to_str().unwrap(), "[HOME]")])
}

// ---- OpenClaw's redacted values

#[test]
fn a_redacted_secret_is_recognised_before_anything_is_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let url = format!("ws://127.0.0.1:{port}");
    let host = Client::alone;
    let named = |field: &str| {
        let client = host().variable("OTHER", REDACTED);
        client.file(".config/clearance/secret", format!("{REDACTED}\n"));
        let config = format!("default = \"prod\"\n[gateways.prod]\nurl = \"{url}\"\n{field}\n");
        client.file(".config/clearance/config.toml", config);
        client
    };
    let configured = |gateway: &Value| {
        let client = host();
        client.file(".openclaw/openclaw.json", json!({ "gateway": gateway }).to_string());
        client
    };
    let token = |name: &str| host().variable("OPENCLAW_GATEWAY_URL", &url).variable(name, REDACTED);
    for (name, client, flags) in [
        ("token_variable", token("OPENCLAW_GATEWAY_TOKEN"), &[][..]),
        ("password_variable", token("OPENCLAW_GATEWAY_PASSWORD"), &[]),
        ("small_variable", token("A").variable("OPENCLAW_GATEWAY_TOKEN", &REDACTED.to_lowercase()), &[]),
        (
            "marked_variable",
            token("A").variable("OPENCLAW_GATEWAY_TOKEN", &format!("\u{feff}{REDACTED}")),
            &[],
        ),
        ("quoted_variable", token("A").variable("OPENCLAW_GATEWAY_TOKEN", &format!("\"{REDACTED}\"")), &[]),
        ("token_file", named("token_env = 'UNSET'"), &["--token-file", ".config/clearance/secret"]),
        ("named_file", named("token_file = 'secret'"), &[]),
        ("named_variable", named("password_env = 'OTHER'"), &[]),
        ("local", configured(&json!({ "port": port, "auth": { "token": REDACTED } })), &[]),
        ("local_password", configured(&json!({ "port": port, "auth": { "password": REDACTED } })), &[]),
        (
            "remote",
            configured(&json!({ "mode": "remote", "remote": { "url": url, "token": REDACTED } })),
            &[],
        ),
    ] {
        let answer = answer(&client, &[&["gateway", "status"][..], flags].concat());
        snapshot!(format!("redacted_{name}"), answer);
        let (exit, object) = client.json(&[&["queue", "ls"][..], flags].concat());
        assert_eq!(exit, 5, "{name}: {object}");
        assert_eq!(object["error"]["code"], "settings", "{name}");
    }
    assert!(listener.accept().is_err(), "the gateway was reached");
}

/// The command that prints a token is one line, and a shell takes it.
#[test]
fn the_remedy_prints_the_token_of_a_host() {
    let dev = Dev::start(&[]);
    let none = Client::alone().variable("OPENCLAW_GATEWAY_URL", &dev.url);
    let (exit, status) = none.json(&["gateway", "status"]);
    let remedy = status["error"]["remedy"].as_str().unwrap();
    assert_eq!(exit, 5, "{status}");
    let lines: Vec<&str> = remedy.lines().filter(|line| line.starts_with("openclaw ")).collect();
    let [command] = lines[..] else { panic!("no command: {remedy}") };
    assert!(!remedy.contains("config get"), "that prints {REDACTED}: {remedy}");
    // Releases up to 2026.7 have no such command: a stub that fails is one of them.
    let host = tempfile::tempdir().unwrap();
    let stub = host.path().join("openclaw");
    fs::write(&stub, "#!/bin/sh\necho \"error: unknown option '--show'\" >&2\nexit 1\n").unwrap();
    fs::set_permissions(&stub, fs::Permissions::from_mode(0o755)).unwrap();
    fs::create_dir(host.path().join(".openclaw")).unwrap();
    for config in [
        "{\n  \"gateway\": {\n    \"auth\": {\n      \"mode\": \"token\",\n      \"token\": \"lab-token\"\n    }\n  }\n}\n",
        "{ gateway: { auth: { token: 'lab-token' } } }",
    ] {
        fs::write(host.path().join(".openclaw/openclaw.json"), config).unwrap();
        let path = format!("{}:{}", host.path().display(), std::env::var("PATH").unwrap());
        let output = Command::new("sh")
            .args(["-c", command])
            .env("HOME", host.path())
            .env_remove("OPENCLAW_STATE_DIR")
            .env("PATH", path)
            .output()
            .unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && printed.contains("lab-token"), "{printed}");
    }
}

// ---- a wrong credential that a saved device token hides

#[test]
fn a_rejected_credential_is_warned_about_in_every_command() {
    for (generation, dev) in Dev::both() {
        let client = dev.client();
        client.file("a.json", r#"{"version": 1}"#);
        assert_eq!(client.json(&["gateway", "status"]).0, 0, "the device is known now");
        let client = client.variable("OPENCLAW_GATEWAY_TOKEN", "wrong-token");
        let expected = warning("OPENCLAW_GATEWAY_TOKEN", "Fix or unset the variable.");
        let lint = client.command(&["approvals", "lint", "--gateway", "--format=json"]).output().unwrap();
        assert_eq!(String::from_utf8(lint.stderr).unwrap(), expected);
        for command in [
            &["gateway", "status"][..],
            &["approvals", "get", "--gateway"],
            &["approvals", "get", "--node=demo-node"],
            &["approvals", "allowlist", "remove", "/usr/bin/false", "--gateway"],
            &["approvals", "diff", "a.json", "gateway"],
            &["approvals", "set", "--gateway", "--file=a.json", "--dry-run"],
            &["approvals", "allowlist", "add", "/usr/bin/true", "--gateway"],
            &["queue", "ls"],
            &["queue", "dedupe", "--check"],
            &["queue", "dedupe", "--yes"],
            &["queue", "resolve", "no-such-prompt", "deny"],
            &["run", "ls"],
            &["run", "cancel", "--superseded", "--yes"],
        ] {
            let text = client.command(command).output().unwrap();
            let err = String::from_utf8(text.stderr).unwrap();
            assert_eq!(err.matches("warning: The gateway rejected").count(), 1, "{command:?}: {err}");
            assert!(err.contains(&expected), "{generation}: {command:?}: {err}");
            assert!(!String::from_utf8(text.stdout).unwrap().contains("rejected"), "{command:?}");
            let json = client.command(&[command, &["--json"]].concat()).output().unwrap();
            let object: Value = serde_json::from_slice(&json.stdout).unwrap();
            assert!(!object.to_string().contains("rejected"), "{command:?}: {object}");
            assert!(String::from_utf8(json.stderr).unwrap().contains(&expected), "{command:?} --json");
        }
    }
}

#[test]
fn the_warning_names_where_the_credential_came_from() {
    let dev = Dev::start(&[]);
    let known = Client::alone();
    let secret = known.file("secret", &dev.token);
    let config = |field: &str| {
        known.file(
            ".config/clearance/config.toml",
            format!("[gateways.prod]\nurl = \"{}\"\n{field}\n", dev.url),
        );
    };
    config("token_file = '../../secret'");
    assert_eq!(known.json(&["gateway", "status", "--gateway=prod"]).0, 0);
    known.file("secret", "wrong-token");
    let known = known.variable("MINE", "wrong-token");
    let config = |field: &str| {
        known.file(
            ".config/clearance/config.toml",
            format!("[gateways.prod]\nurl = \"{}\"\n{field}\n", dev.url),
        )
    };
    let file = secret.to_str().unwrap();
    for (field, flags, from, correction) in [
        ("token_file = '../../secret'", &[][..], "token_file", "Fix the file that it names."),
        ("token_env = 'MINE'", &[], "token_env", "Fix the variable that it names."),
        (
            "token_env = 'MINE'",
            &["--token-file", file],
            "--token-file",
            "Fix the file, or leave the flag out.",
        ),
    ] {
        let toml = config(field);
        let from = match from.strip_prefix("token") {
            Some(_) => format!("gateways.prod.{from} in {}", toml.display()),
            None => from.to_owned(),
        };
        let output = known.command(&[&["queue", "ls", "--gateway=prod"], flags].concat()).output().unwrap();
        assert_eq!(String::from_utf8(output.stderr).unwrap(), warning(&from, correction));
    }
}

/// A gateway on which nothing is pending.
fn quiet_gateway() -> Dev {
    Dev::start(&["--scenario", fixture("queue/empty.json").to_str().unwrap()])
}

#[test]
fn a_guard_warns_once_however_often_it_connects() {
    let dev = quiet_gateway();
    let client = dev.client();
    assert_eq!(client.json(&["gateway", "status"]).0, 0);
    let client = client.variable("OPENCLAW_GATEWAY_TOKEN", "wrong-token");
    let mut guard = client.spawn(&["queue", "guard", "--ndjson", "--timeout=3m"]).spawn().unwrap();
    let mut lines = BufReader::new(guard.stdout.take().unwrap()).lines();
    let mut connected = || {
        lines
            .by_ref()
            .map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap())
            .find(|line| line["event"] == "reconciled")
            .unwrap()
    };
    connected();
    for _ in 0..2 {
        kill_process(Pid::from_child(&guard), Signal::HUP).unwrap();
        connected();
    }
    kill_process(Pid::from_child(&guard), Signal::TERM).unwrap();
    assert!(lines.all(|line| !line.unwrap().contains("rejected")));
    let mut err = String::new();
    guard.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    assert!(guard.wait().unwrap().success());
    assert_eq!(err, warning("OPENCLAW_GATEWAY_TOKEN", "Fix or unset the variable."));
}

/// The log of a guard whose device needs approval. Its operator sees only the log.
#[test]
fn a_guard_says_what_a_refusal_needs() {
    let dev = quiet_gateway();
    let refusal = json!({
        "code": "NOT_PAIRED", "message": "pairing required",
        "details": { "code": "PAIRING_REQUIRED", "requestId": "request-7", "reason": "not-paired" },
    });
    let url = before(&dev, move |frame| {
        if frame["payload"].get("protocol").is_some() {
            frame["ok"] = json!(false);
            frame["error"] = refusal.clone();
        }
    });
    let client = dev.client_at(&url);
    let mut guard = client.spawn(&["queue", "guard", "--ndjson", "--timeout=3m"]).spawn().unwrap();
    let mut lines = BufReader::new(guard.stdout.take().unwrap()).lines();
    let refused = lines
        .by_ref()
        .map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap())
        .find(|line| line["event"] == "disconnected")
        .unwrap();
    kill_process(Pid::from_child(&guard), Signal::TERM).unwrap();
    drop(lines);
    guard.wait().unwrap();
    assert_eq!(
        refused["remedy"],
        "on the gateway's host: openclaw devices approve request-7; then run this again"
    );
}

// ---- keys that other users can read

fn key(client: &Client) -> PathBuf {
    let files = fs::read_dir(client.home().join(".local/state/clearance/devices")).unwrap();
    let mut files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    assert_eq!(files.len(), 1, "{files:?}");
    files.remove(0)
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Runs the command that a message suggests.
fn paste(command: &str) {
    let status = Command::new("sh").args(["-c", command]).status().unwrap();
    assert!(status.success(), "{command}");
}

#[test]
fn a_device_key_that_others_can_read_is_refused() {
    let dev = Dev::start(&[]);
    let client = dev.client();
    assert_eq!(client.json(&["gateway", "status"]).0, 0);
    let key = key(&client);
    let directory = key.parent().unwrap();
    for (name, path, exposed) in
        [("key_0666", &*key, 0o666), ("key_0640", &*key, 0o640), ("directory_0755", directory, 0o755)]
    {
        mode(path, exposed);
        let answer = client.answer(&["queue", "ls"]);
        let answer = answer.replace(key.file_name().unwrap().to_str().unwrap(), "[KEY].json");
        snapshot!(format!("device_{name}"), answer);
        let (exit, object) = client.json(&["approvals", "get", "--gateway"]);
        assert_eq!((exit, &object["error"]["code"]), (5, &json!("device-key")), "{object}");
        let remedy = object["error"]["remedy"].as_str().unwrap();
        paste(remedy.split(';').next().unwrap());
        assert_eq!(client.json(&["approvals", "get", "--gateway"]).0, 0, "{remedy}");
    }
}

#[test]
fn a_token_file_is_refused_by_the_same_rule() {
    let dev = Dev::start(&[]);
    let client = Client::alone().variable("OPENCLAW_GATEWAY_URL", &dev.url);
    let file = client.file("a token", &dev.token);
    let get = ["approvals", "get", "--gateway", "--token-file", file.to_str().unwrap()];
    for exposed in [0o666, 0o640, 0o604] {
        mode(&file, exposed);
        let (exit, object) = client.json(&get);
        assert_eq!(exit, 5, "{object}");
        assert!(object["error"]["message"].as_str().unwrap().contains(&format!("its mode is {exposed:04o}")));
        paste(object["error"]["remedy"].as_str().unwrap());
        assert_eq!(client.json(&get).0, 0);
    }
}
