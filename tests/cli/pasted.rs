//! Next steps, pasted as they are printed. Each acts on the target of the user's command line.

use std::os::unix::fs::symlink;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::binary;
use crate::support::dev::{Client, Dev};

/// A host whose default gateway is unreachable, with another gateway configured as `prod`.
fn host(dev: &Dev) -> Client {
    let client = Client::alone();
    client.file(".config/clearance/token", &dev.token);
    let prod = format!("[gateways.prod]\nurl = \"{}\"\ntoken_file = \"token\"\n", dev.url);
    client.file(
        ".config/clearance/config.toml",
        format!("default = \"away\"\n[gateways.away]\nurl = \"ws://127.0.0.1:1\"\n{prod}"),
    );
    symlink(binary(), client.home().join("clearance")).unwrap();
    client
}

/// The commands in an output.
fn commands(text: &str) -> Vec<String> {
    let starts = text.match_indices("clearance ").filter(|(at, _)| {
        let verb = &text[at + "clearance ".len()..];
        ["approvals ", "queue ", "run ", "gateway "].iter().any(|noun| verb.starts_with(noun))
    });
    let command = |at: usize| {
        let rest = &text[at..];
        let end = ["; ", ")", "\n", "\"", " shows", ", then", ", make"]
            .iter()
            .filter_map(|end| rest.find(end))
            .min();
        rest[..end.unwrap_or(rest.len())].trim_end_matches('.').to_owned()
    };
    starts.map(|(at, _)| command(at)).collect()
}

/// Exit code, standard output and standard error of a command line in a shell.
fn paste(client: &Client, command: &str) -> (i32, String, String) {
    let path = format!("{}:{}", client.home().display(), std::env::var("PATH").unwrap());
    let mut shell = Command::new("sh");
    shell.env_clear().env("HOME", client.home()).env("PATH", path).current_dir(client.home());
    let output = shell.args(["-c", command]).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// Runs a command line, and checks the one that it prints.
#[track_caller]
fn assert_next(client: &Client, arguments: &[&str], exit: i32, next: &str) {
    let output = client.command(arguments).output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(exit), "{arguments:?}: {err}");
    assert!(commands(&err).contains(&next.to_owned()), "{arguments:?}: {:?} of {err}", commands(&err));
}

#[test]
fn the_next_step_is_about_the_same_gateway() {
    let dev = Dev::start(&[]);
    let client = host(&dev);
    client.file("new.json", r#"{"version": 1, "defaults": {"security": "deny"}}"#);
    let ls = "clearance queue ls --gateway=prod";
    for (arguments, exit, next) in [
        (&["queue", "resolve", "zzz", "deny", "--gateway", "prod"][..], 1, ls),
        (&["queue", "ls", "--gateway=prd"], 2, ls),
        (&["run", "cancel", "zzz", "--gateway=prod"], 1, "clearance run ls --gateway=prod"),
        (
            &["approvals", "set", "--file", "new.json", "--base-hash", "0", "--gateway=prod"],
            6,
            "clearance approvals get --gateway=prod",
        ),
    ] {
        assert_next(&client, arguments, exit, next);
        let (exit, _, err) = paste(&client, next);
        assert_eq!(exit, 0, "{next}: {err}");
    }
    // The printed command repeats the credential option.
    let token = client.home().join(".config/clearance/token");
    let (url, token) = (format!("--gateway={}", dev.url), token.to_str().unwrap());
    let next = format!("clearance queue ls {url} --token-file {token}");
    assert_next(&client, &["queue", "resolve", "zzz", "deny", &url, "--token-file", token], 1, &next);
    assert_eq!(paste(&client, &next).0, 0);
}

#[test]
fn the_same_command_line_is_repeated_with_what_it_lacks() {
    let dev = Dev::start(&[]);
    let client = host(&dev);
    let next = "clearance queue dedupe --gateway=prod --by agent --yes";
    assert_next(&client, &["queue", "dedupe", "--gateway", "prod", "--by", "agent"], 2, next);
    let (exit, out, err) = paste(&client, next);
    assert_eq!((exit, err.as_str()), (0, ""), "{out}");
    let twice =
        json!({"version": 1, "agents": {"main": {"allowlist": [{"pattern": "/a/b"}, {"pattern": "/a/b"}]}}});
    client.file("a store.json", twice.to_string());
    let next = "clearance approvals lint --store 'a store.json' --fix --yes";
    assert_next(&client, &["approvals", "lint", "--store", "a store.json", "--fix"], 2, next);
    assert_eq!(paste(&client, next).0, 0);
    let (exit, object) =
        client.json(&["queue", "ls", "--gateway", "ws://127.0.0.1:1", "--wait", "--timeout=1"]);
    assert_eq!(exit, 4);
    let next = "clearance queue ls --gateway=ws://127.0.0.1:1 --wait --timeout 2m --json";
    assert_eq!(commands(object["error"]["remedy"].as_str().unwrap()), [next]);
}

#[test]
fn documents_that_are_not_valid_are_validated_where_they_are() {
    let dev = Dev::start(&[]);
    let client = host(&dev);
    client.file("it's.json", r#"{"version": 1, "defaults": {"security": "alowlist"}}"#);
    for flag in ["--file", "--store"] {
        let next = r"clearance approvals validate 'it'\''s.json'";
        assert_next(&client, &["approvals", "get", flag, "it's.json"], 0, next);
        assert_eq!(paste(&client, next).0, 1);
    }
}

#[test]
fn a_finding_on_a_gateway_is_fixed_there() {
    let dev = Dev::start(&[]);
    let client = host(&dev);
    for pattern in ["/srv/bin/**", "/srv/bin/tool"] {
        let add = ["approvals", "allowlist", "add", pattern, "--gateway=prod", "--json"];
        assert_eq!(client.command(&add).output().unwrap().status.code(), Some(0));
    }
    let lint = client.command(&["approvals", "lint", "--gateway=prod", "--format=json"]).output().unwrap();
    let report: Value = serde_json::from_slice(&lint.stdout).unwrap();
    let problems = report["files"][0]["problems"].as_array().unwrap();
    let covered = problems.iter().find(|problem| problem["code"] == "covered-entry").unwrap();
    let next = &commands(covered["fix"].as_str().unwrap())[0];
    assert_eq!(next, "clearance approvals allowlist remove /srv/bin/tool --agent '*' --gateway=prod");
    let (exit, out, err) = paste(&client, next);
    assert_eq!(exit, 0, "{out}{err}");
}

#[test]
fn what_could_be_a_gateway_or_a_pattern_is_asked_about() {
    let dev = Dev::start(&[]);
    let client = host(&dev);
    for verb in ["add", "remove", "rm"] {
        let named = if verb == "rm" { "remove" } else { verb };
        let given = ["approvals", "allowlist", verb, "--gateway", "prod", "--agent", "main"];
        let next = format!("clearance approvals allowlist {named} --gateway=prod PATTERN --agent main");
        assert_next(&client, &given, 2, &next);
        let (exit, object) = client.json(&given);
        assert_eq!((exit, &object["error"]["code"]), (2, &json!("usage")));
        let message = object["error"]["message"].as_str().unwrap();
        assert!(message.starts_with("`prod` could be the gateway or the pattern"), "{message}");
    }
    // `prod` is the pattern.
    let next = "clearance approvals allowlist add prod --gateway --agent main";
    assert_next(&client, &["approvals", "allowlist", "add", "--gateway", "prod", "--agent=main"], 2, next);
    assert_eq!(paste(&client, next).0, 4, "the default gateway is out of reach");
    // The operand may be a gateway or a pattern. It is used as a pattern, with a warning.
    let output = client.command(&["approvals", "allowlist", "add", "prod", "--dry-run"]).output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert!(err.contains("warning: prod is the name of a gateway in config.toml"), "{err}");
}

#[test]
fn a_gateway_that_was_named_as_a_document_is_recognised() {
    let dev = Dev::start(&[]);
    let client = host(&dev);
    client.file("new.json", r#"{"version": 1}"#);
    for verb in ["validate", "lint"] {
        let output = client.command(&["approvals", verb, "prod"]).output().unwrap();
        assert_eq!(output.status.code(), Some(7));
        let text = String::from_utf8(output.stdout).unwrap();
        let commands = commands(&text);
        let (exit, _, err) = paste(&client, &commands[0]);
        assert!(matches!(exit, 0 | 1) && commands[0].contains("--gateway=prod"), "{text}{err}");
    }
    let (exit, object) = client.json(&["approvals", "diff", "prod", "new.json"]);
    assert_eq!(exit, 7);
    assert!(object["error"]["remedy"].as_str().unwrap().ends_with("write gateway:prod"), "{object}");
    // Where no operand is taken.
    for (arguments, next) in [
        (&["approvals", "get", "prod"][..], "clearance approvals get --gateway=prod"),
        (&["approvals", "get", "new.json"], "clearance approvals get --file new.json"),
        (&["queue", "ls", "prod"], "clearance queue ls --gateway=prod"),
    ] {
        assert_next(&client, arguments, 2, next);
        let (exit, _, err) = paste(&client, next);
        assert_eq!(exit, 0, "{next}: {err}");
    }
}
