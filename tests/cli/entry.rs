//! `queue resolve --add-entry`: an entry that allows exactly the command of a prompt, or none, and then nothing is decided.

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::queue::pending;
use crate::support::dev::{Client, Dev};
use crate::support::relay::{self, Fate};
use crate::support::terminal::Terminal;

const PROGRAMS: &str = r#"
programs = ["/usr/bin/uptime", "/usr/bin/figlet", "/usr/bin/git", "/usr/bin/python3", "/usr/bin/ls", "/usr/bin/timeout",
    "/tmp/tool"]
path = "/usr/bin"
home = "/h"
"#;

/// The id of the prompt for `uptime -p`.
const UPTIME: &str = "a-uptime";

/// A gateway with a document and prompts: each an id and what its request has besides the usual.
fn gateway(flags: &[&str], prompts: &[(&str, Value)]) -> Dev {
    let prompts: Vec<Value> = prompts
        .iter()
        .map(|(id, more)| {
            let mut request = json!({
                "agentId": "main", "cwd": "/srv", "host": "gateway", "sessionKey": "agent:main:main",
            });
            for (key, value) in more.as_object().unwrap() {
                request[key] = value.clone();
            }
            json!({"id": id, "request": request})
        })
        .collect();
    let policy = json!({"security": "allowlist", "ask": "on-miss", "askFallback": "deny"});
    let scenario = json!({
        "document": {"version": 1, "agents": {"main": policy}},
        "config": {"tools": {"exec": {"security": "allowlist", "ask": "on-miss"}}},
        "prompts": prompts,
    });
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), scenario.to_string()).unwrap();
    Dev::start(&[&["--scenario", file.path().to_str().unwrap()], flags].concat())
}

fn uptime() -> (&'static str, Value) {
    (UPTIME, json!({"command": "uptime -p", "resolvedPath": "/usr/bin/uptime"}))
}

fn of(dev: &Dev) -> Client {
    let client = dev.client();
    client.file("programs.toml", PROGRAMS);
    client
}

fn add<'a>(id: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["queue", "resolve", id, "allow-once", "--add-entry", "--programs", "programs.toml"], more].concat()
}

/// The entries of the agent.
#[track_caller]
fn entries(client: &Client) -> Vec<Value> {
    let (exit, got) = client.json(&["approvals", "get", "--gateway"]);
    assert_eq!(exit, 0, "{got}");
    let list = got["file"]["agents"]["main"]["allowlist"].as_array().cloned().unwrap_or_default();
    list.iter().map(|entry| json!([entry["pattern"], entry["argPattern"], entry["source"]])).collect()
}

#[test]
fn the_prompt_is_decided_and_the_entry_is_stored() {
    let dev = gateway(&[], &[uptime()]);
    let client = of(&dev);
    let explain = |command: &str| {
        let flags = ["--gateway", "--programs", "programs.toml", "--cwd", "/srv"];
        client.json(&[&["approvals", "explain", command], &flags[..]].concat()).1["verdict"].clone()
    };
    assert_eq!(explain("uptime -p"), "asks");
    let (exit, report) = client.json(&add(UPTIME, &["--yes"]));
    assert_eq!((exit, &report["decision"]), (0, &json!("allow-once")), "{report}");
    let entry = json!({
        "agent": "main", "argPattern": "^-p$", "document": report["entry"]["document"], "outcome": "stored",
        "pattern": "/usr/bin/uptime",
    });
    assert_eq!(report["entry"], entry);
    assert!(pending(&client).is_empty());
    // A manual entry, which has no source.
    assert_eq!(entries(&client), [json!(["/usr/bin/uptime", "^-p$", null])]);
    assert_eq!(explain("uptime -p"), "runs");
    for other in ["uptime", "uptime -p x", "uptime -s", "uptime -p; ls"] {
        assert_ne!(explain(other), "runs", "{other}");
    }
}

#[test]
fn words_are_kept_apart_where_their_text_is_the_same() {
    let prompts = [
        ("b-space", json!({"command": "figlet 'a b'"})),
        ("c-two", json!({"command": "figlet a b"})),
        ("d-none", json!({"command": "figlet"})),
    ];
    for (at, (id, request)) in prompts.iter().enumerate() {
        let dev = gateway(&[], &[(id, request.clone())]);
        let client = of(&dev);
        let (exit, report) = client.json(&add(id, &["--yes"]));
        assert_eq!((exit, &report["entry"]["outcome"]), (0, &json!("stored")), "{report}");
        assert!(report["entry"]["argPattern"].as_str().unwrap().contains('\0'), "{report}");
        let flags = ["--gateway", "--programs", "programs.toml", "--cwd", "/srv"];
        for (other, (_, request)) in prompts.iter().enumerate() {
            let command = request["command"].as_str().unwrap();
            let explained = client.json(&[&["approvals", "explain", command], &flags[..]].concat()).1;
            let expected = if other == at { "runs" } else { "asks" };
            assert_eq!(explained["verdict"], expected, "{id}: {command}");
        }
    }
}

#[test]
fn a_person_sees_the_entry_before_the_question() {
    let dev = gateway(&[], &[uptime()]);
    let client = of(&dev);
    let mut terminal = Terminal::of(&mut client.spawn(&add(UPTIME, &[])), 100);
    terminal.shows("add the entry above? [y/N]", 1);
    terminal.types("n");
    let (exit, text) = terminal.ends();
    assert_eq!(exit, 2, "{text}");
    assert!(text.contains("pattern │ /usr/bin/uptime") && text.contains("args │ ^-p$"), "{text}");
    assert_eq!((pending(&client).len(), entries(&client).len()), (1, 0));
    let mut terminal = Terminal::of(&mut client.spawn(&add(UPTIME, &[])), 100);
    terminal.shows("add the entry above? [y/N]", 1);
    // Others may edit the document while a person reads.
    let other = ["approvals", "allowlist", "add", "/usr/bin/ls", "--agent=main", "--gateway"];
    assert_eq!(client.json(&other).0, 0);
    terminal.types("y");
    let (exit, text) = terminal.ends();
    assert_eq!(exit, 0, "{text}");
    assert!(text.contains("Added the entry /usr/bin/uptime ^-p$ for agent main"), "{text}");
    let both = [json!(["/usr/bin/ls", null, null]), json!(["/usr/bin/uptime", "^-p$", null])];
    assert_eq!(entries(&client), both);
    // A signal while the question waits changes nothing.
    let dev = gateway(&[], &[uptime()]);
    let client = of(&dev);
    let mut terminal = Terminal::of(&mut client.spawn(&add(UPTIME, &[])), 100);
    terminal.shows("add the entry above? [y/N]", 1);
    terminal.signal(Signal::KILL);
    terminal.ends_killed();
    assert_eq!((pending(&client).len(), entries(&client).len()), (1, 0));
}

#[test]
fn without_such_an_entry_nothing_is_decided() {
    let cases = [
        ("b-runs-others", json!({"command": "git status"}), "/usr/bin/git runs other programs"),
        ("c-interpreter", json!({"command": "python3 app.py"}), ""),
        ("d-two-parts", json!({"command": "uptime -p && ls"}), "each of them allows its part alone"),
        ("e-wrapped", json!({"command": "timeout 5 uptime"}), ""),
        ("f-redirected", json!({"command": "uptime > out"}), "cannot analyse it"),
        ("i-open-directory", json!({"command": "/tmp/tool x"}), "[world-writable-directory]"),
        ("j-variables", json!({"command": "uptime -p", "env": {"A": "b"}}), "it sets variables"),
        ("k-node", json!({"command": "uptime -p", "host": "node", "nodeId": "n"}), "nodes do not report"),
        (
            "l-elsewhere",
            json!({"command": "uptime -p", "resolvedPath": "/opt/bin/uptime"}),
            "/opt/bin/uptime",
        ),
        ("m-unknown", json!({"command": "no-such-program"}), ""),
        ("n-pipe", json!({"command": "uptime | ls"}), "each of them allows its part alone"),
    ];
    let prompts: Vec<(&str, Value)> = cases.iter().map(|(id, more, _)| (*id, more.clone())).collect();
    let dev = gateway(&[], &prompts);
    let client = of(&dev);
    let before = pending(&client).len();
    assert_eq!(before, cases.len());
    for (id, _, says) in &cases {
        let (exit, report) = client.json(&add(id, &["--yes"]));
        assert_eq!((exit, &report["error"]["code"]), (1, &json!("no-entry")), "{id}: {report}");
        let message = report["error"]["message"].as_str().unwrap();
        assert!(message.contains(says), "{id}: {message}");
        let remedy = report["error"]["remedy"].as_str().unwrap();
        assert!(remedy.contains(&format!("clearance queue resolve {id} allow-once")), "{id}: {remedy}");
    }
    assert_eq!((pending(&client).len(), entries(&client).len()), (before, 0));
    // Without the table nothing is known of that host.
    let (exit, report) =
        client.json(&["queue", "resolve", "d-two-parts", "allow-once", "--add-entry", "--yes"]);
    assert_eq!(exit, 1, "{report}");
    assert!(report["error"]["message"].as_str().unwrap().contains("--programs FILE"), "{report}");
    assert_eq!(pending(&client).len(), before);
}

/// The next step of an error.
#[track_caller]
fn next(client: &Client, arguments: &[&str]) -> String {
    let (exit, report) = client.json(arguments);
    assert_eq!((exit, &report["error"]["code"]), (2, &json!("usage")), "{arguments:?}: {report}");
    report["error"]["remedy"].as_str().unwrap().to_owned()
}

#[test]
fn an_entry_is_for_one_prompt_that_is_allowed_once() {
    let second = ("b-uptime", json!({"command": "uptime -s", "resolvedPath": "/usr/bin/uptime"}));
    let dev = gateway(&[], &[uptime(), second]);
    let client = of(&dev);
    let table = ["--add-entry", "--programs", "programs.toml"];
    let several = [&["queue", "resolve", UPTIME, "b-uptime", "allow-once"], &table[..]].concat();
    let command = "clearance queue resolve --programs programs.toml a-uptime allow-once --add-entry";
    assert_eq!(next(&client, &several), format!("decide each prompt by itself: {command}"));
    let always = next(&client, &["queue", "resolve", UPTIME, "allow-always", "--add-entry"]);
    assert!(always.ends_with("clearance queue resolve a-uptime allow-once --add-entry"), "{always}");
    for filters in [&["--agent", "main"][..], &[UPTIME], &[UPTIME, "b-uptime"]] {
        let denied = next(&client, &[&["queue", "resolve"], filters, &["deny", "--add-entry"]].concat());
        assert_eq!(denied, "leave it out: nothing is allowed, so there is no entry to add", "{filters:?}");
    }
    assert_eq!(pending(&client).len(), 2, "nothing was decided");
    // The next step, as it is printed.
    let words: Vec<&str> = command.split(' ').skip(1).chain(["--yes"]).collect();
    let (exit, report) = client.json(&words);
    assert_eq!((exit, &report["entry"]["outcome"]), (0, &json!("stored")), "{report}");
}

#[test]
fn an_early_release_has_no_such_entry() {
    let dev = gateway(&["--generation=legacy"], &[uptime()]);
    let client = of(&dev);
    let (exit, report) = client.json(&add(UPTIME, &["--yes"]));
    assert_eq!((exit, &report["error"]["code"]), (1, &json!("no-entry")), "{report}");
    let message = report["error"]["message"].as_str().unwrap();
    assert!(message.contains("2026.4.14 does not read the arguments of an entry"), "{message}");
    assert_eq!((pending(&client).len(), entries(&client).len()), (1, 0));
}

#[test]
fn an_entry_that_is_not_stored_is_reported_beside_the_decision() {
    let dev = gateway(&[], &[uptime()]);
    let fate = |method: &str| if method == "exec.approvals.set" { Fate::Refused } else { Fate::Passed };
    let port = relay::before(dev.port(), fate);
    let client = dev.client_at(&format!("ws://127.0.0.1:{port}"));
    client.file("programs.toml", PROGRAMS);
    let output = client.command(&add(UPTIME, &["--yes", "--json"])).output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), &report["entry"]["outcome"]), (Some(3), &json!("failed")), "{report}");
    assert!(err.contains("the prompt is decided, but the entry was not added"), "{err}");
    assert!(err.contains("clearance approvals allowlist add /usr/bin/uptime --arg-pattern"), "{err}");
    let client = of(&dev);
    assert_eq!((pending(&client).len(), entries(&client).len()), (0, 0));
}

#[test]
fn a_dry_run_shows_the_entry_and_what_it_would_change() {
    let dev = gateway(&[], &[uptime()]);
    let client = of(&dev);
    let output = client.command(&add(UPTIME, &["--dry-run"])).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{text}");
    for part in ["uptime -p", "Entry for agent main", "/usr/bin/uptime", "dry run: nothing was decided"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let (exit, report) = client.json(&add(UPTIME, &["--dry-run"]));
    assert_eq!(
        (exit, &report["carriedOut"], &report["entry"]["outcome"]),
        (0, &json!(false), &json!("planned"))
    );
    assert_eq!(report["entry"]["pattern"], json!("/usr/bin/uptime"), "{report}");
    assert_eq!((pending(&client).len(), entries(&client).len()), (1, 0));
}
