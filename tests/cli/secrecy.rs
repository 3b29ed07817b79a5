//! No secret appears anywhere: every command, in both forms, through every failure of the fault table, and what its
//! process shows to others while it runs.

use std::fs;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::process::Output;

use serde_json::json;

use crate::faults::{Ends, Row, Shown, Verb, check, row, table};
use crate::support::clearance;
use crate::support::fake::frames::{
    DEVICE_TOKEN, MARK, PASSWORD, SOCKET_TOKEN, TOKEN, entered, refused, with_token,
};
use crate::support::fake::{Script, Step, frames};

mod process;

#[track_caller]
fn assert_silent(output: &Output, what: &str) {
    let text = String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned();
    assert!(!text.contains(MARK), "{what}: {text}");
}

/// Another test checks the same table with `--json`.
#[test]
fn in_words_for_people() {
    let as_text = |row: Row| Row { json: false, name: format!("{}, in words", row.name), ..row };
    check(table().into_iter().map(as_text).map(loud).collect());
}

/// Enables all debug output of libraries: traces, logs, TLS keys.
fn loud(mut row: Row) -> Row {
    let traces = [("RUST_BACKTRACE", "full"), ("RUST_LOG", "trace"), ("SSLKEYLOGFILE", "{home}/keys.log")];
    row.environment.extend(traces.map(|(name, value)| (name, value.to_owned())));
    row
}

/// Failures before the first call are the same for every command.
#[test]
fn in_every_other_command() {
    let mut rows = Vec::new();
    for row in table().into_iter().filter(|row| row.is_before_calls() && row.ends == Ends::AtOnce) {
        for verb in [Verb::Get, Verb::Set, Verb::Status].into_iter().filter(|verb| *verb != row.verb) {
            for json in [true, false] {
                let name = format!("{}, {verb:?}{}", row.name, if json { " --json" } else { "" });
                rows.push(Row { name, verb, json, says: Vec::new(), ..row.clone() });
            }
        }
    }
    assert!(rows.len() > 300, "{}", rows.len());
    check(rows);
}

/// A gateway whose messages repeat the token that it received.
#[test]
fn in_the_words_of_an_indiscreet_gateway() {
    let repeating = |text: &str| format!("the token {TOKEN} {text}");
    let error = |code: &str| json!({ "code": code, "message": repeating("are wrong"), "details": { "code": repeating("") } });
    let asked = || vec![Step::Upgrade, frames::challenge(), with_token()];
    let called = |last: Step| {
        let mut steps = entered();
        steps.extend([Step::Call("exec.approvals.get"), last]);
        Script::once(steps)
    };
    let refusal = |error| {
        let mut steps = asked();
        steps.extend(refused(error, 1008));
        Script::once(steps)
    };
    let closing = Step::Close(1008, repeating("").leak());
    let http = |answer: String| {
        let steps = [Step::Rpc("exec.approvals.get", Some(TOKEN)), Step::Bytes(answer.into_bytes())];
        Script::once(steps)
    };
    let page = repeating("");
    let body = json!({ "ok": false, "error": error("INVALID_REQUEST") }).to_string();
    let mut rows = vec![
        row("refused aloud", refusal(error("INVALID_REQUEST"))),
        row("closed aloud", Script::once([Step::Upgrade, closing.clone()])),
        row("a call is refused aloud", called(Step::Fail(error("INVALID_REQUEST")))),
        row("a call is closed aloud", called(closing)),
        row("a call is not available aloud", called(Step::Fail(error("UNAVAILABLE")))),
        row(
            "HTTP: a page",
            http(format!("HTTP/1.1 500 {page}\r\nContent-Length: {}\r\n\r\n{page}", page.len())),
        ),
        row(
            "HTTP: an error",
            http(format!("HTTP/1.1 400 Bad\r\nContent-Length: {}\r\n\r\n{body}", body.len())),
        ),
    ];
    let device_token = || json!({ "deviceToken": DEVICE_TOKEN });
    let mut known = vec![Step::Upgrade, frames::challenge(), Step::Connect(device_token())];
    let about_device = json!({ "code": "INVALID_REQUEST", "message": format!("{DEVICE_TOKEN} is wrong") });
    known.extend(refused(about_device.clone(), 1008));
    rows.push(
        row("a kept device token is refused aloud", Script::once(known)).known().showing(Shown::Nothing),
    );
    let given = frames::hello_with(&[("/auth/deviceToken", DEVICE_TOKEN.into())]);
    let mut given = frames::entered_by(json!({ "token": TOKEN }), given);
    given.extend([Step::Call("exec.approvals.get"), Step::Fail(about_device)]);
    rows.push(row("the gateway repeats a new device token", Script::once(given)));
    let mut leaky = Vec::new();
    for row in &mut rows {
        if row.name.starts_with("HTTP") {
            row.url = "http://127.0.0.1:{port}".to_owned();
        }
        for json in [true, false] {
            let ran = crate::faults::run(&Row { json, ..row.clone() });
            let text = [&ran.output.stdout[..], &ran.output.stderr[..]].concat();
            if String::from_utf8_lossy(&text).contains(MARK) {
                leaky.push(format!("{} (json: {json}): {}", row.name, String::from_utf8_lossy(&text)));
            }
        }
    }
    assert!(leaky.is_empty(), "{}", leaky.join("\n"));
}

/// Documents with an error next to a socket's token. The message quotes the line with the token.
#[test]
fn in_documents() {
    let documents = [
        format!(
            r#"{{"version":1,"socket":{{"path":"/x","token":"{SOCKET_TOKEN}"}},"defaults":{{"security":"alowlist"}}}}"#
        ),
        format!(r#"{{"version":1,"socket":{{"path":5,"token":"{SOCKET_TOKEN}"}},"agents":{{}}}}"#),
        format!(r#"{{"version":1,"socket":{{"token":["{SOCKET_TOKEN}"]}}}}"#),
        format!(r#"{{"version":1,"socket":"{SOCKET_TOKEN}"}}"#),
        format!(r#"{{"version":1,"socket":{{"tokn":"{SOCKET_TOKEN}"}}}}"#),
        format!(r#"{{"version":1,"socket":{{"path":"/x","token":"{SOCKET_TOKEN}"}} "#),
        format!(r#"{{"version":1,"socket":{{"path":"/x","token":"{SOCKET_TOKEN}"#),
        format!(r#"{{"version":1,"socket":{{"path":"/x","token":{SOCKET_TOKEN}}}}}"#),
        format!(
            r#"{{"version":1,"socket":{{"path":"/x","token":"{SOCKET_TOKEN}"}},"token":"{SOCKET_TOKEN}"}}"#
        ),
    ];
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("document.json");
    let file = file.to_str().unwrap();
    let other = home.path().join("other.json");
    fs::write(&other, with_token_in_socket("/y")).unwrap();
    let other = other.to_str().unwrap();
    let commands: [&[&str]; 16] = [
        &["approvals", "diff", file, other],
        &["approvals", "diff", file, other, "--exact"],
        &["approvals", "diff", other, file, "--exact", "--json"],
        &["approvals", "lint", file],
        &["approvals", "lint", file, "--format=json"],
        &["approvals", "lint", file, "--format=github"],
        &["approvals", "lint", file, "--format=sarif"],
        &["approvals", "allowlist", "add", "/bin/ls", "--dry-run", "--file", file],
        &["approvals", "validate", file],
        &["approvals", "validate", file, "--format=json"],
        &["approvals", "validate", file, "--format=github"],
        &["approvals", "validate", file, "--format=sarif"],
        &["approvals", "get", "--file", file],
        &["approvals", "get", "--file", file, "--json"],
        &["approvals", "set", "--file", file, "--gateway=embedded"],
        &["approvals", "set", "--file", file, "--gateway=embedded", "--json"],
    ];
    for document in &documents {
        fs::write(file, document).unwrap();
        for command in commands {
            let output = clearance(home.path()).args(command).output().unwrap();
            assert_ne!(output.status.code(), Some(70), "{command:?} of {document}");
            assert_silent(&output, &format!("{command:?} of {document}"));
        }
    }
}

fn with_token_in_socket(path: &str) -> String {
    json!({"version": 1, "socket": {"path": path, "token": format!("{SOCKET_TOKEN}2")}}).to_string()
}

/// Credentials inside commands and patterns. The output of a comparison or an edit does not contain them.
#[test]
fn in_what_changes() {
    let home = tempfile::tempdir().unwrap();
    let document = |number: u32| {
        let entry = json!({
            "pattern": "/usr/bin/curl",
            "argPattern": format!("^-H Authorization: Bearer {MARK}{number}$"),
            "lastUsedCommand": format!("curl --password={MARK}{number}"),
        });
        json!({"version": 1, "agents": {"main": {"allowlist": [entry]}}}).to_string()
    };
    let store = home.path().join(".openclaw/exec-approvals.json");
    fs::create_dir(store.parent().unwrap()).unwrap();
    fs::write(&store, document(1)).unwrap();
    let new = home.path().join("new.json");
    fs::write(&new, document(2)).unwrap();
    let new = new.to_str().unwrap();
    let remove = ["approvals", "allowlist", "remove", "/usr/bin/curl", "--agent", "main"];
    let commands: [(&[&str], i32, &str); 7] = [
        (&["approvals", "diff", new, "local"], 1, "argPattern=[redacted]"),
        (&["approvals", "diff", new, "local", "--exact"], 1, "lastUsedCommand"),
        (&["approvals", "diff", new, "local", "--exact", "--json"], 1, "[redacted]"),
        (&["approvals", "set", "--file", new, "--dry-run"], 0, "[redacted]"),
        (&["approvals", "set", "--file", new, "--dry-run", "--json"], 0, "[redacted]"),
        (&remove, 0, "kept: /usr/bin/curl"),
        (&[&remove[..], &["--json"]].concat(), 0, "[redacted]"),
    ];
    for (command, code, shown) in commands {
        let output = clearance(home.path()).args(command).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{command:?}: {output:?}");
        assert!(String::from_utf8_lossy(&output.stdout).contains(shown), "{command:?}: {output:?}");
        assert_silent(&output, &format!("{command:?}"));
    }
}

/// Configurations with an error near a secret.
#[test]
fn in_configurations() {
    let openclaw = [
        format!(r#"{{gateway:{{port:1,auth:{{mode:"token",token:"{TOKEN}"}}}}}}"#),
        format!(r#"{{gateway:{{port:1,auth:{{mode:"password",password:"{PASSWORD}"}}}}}}"#),
        format!(r#"{{gateway:{{port:1,auth:{{token:"{TOKEN}"}}}}"#),
        format!(r#"{{gateway:{{port:1,auth:{{token:"{TOKEN}}}}}}}"#),
        format!("{{gateway:{{port:1,auth:{{token:{TOKEN}}}}}}}"),
        format!(r#"{{gateway:{{port:"{TOKEN}",auth:{{token:["{TOKEN}"]}}}}}}"#),
        format!(r#"{{gateway:{{port:1,auth:{{token:"{TOKEN} with blanks"}}}}}}"#),
        format!(
            r#"{{gateway:{{mode:"remote",remote:{{url:"ws://user:{TOKEN}@gateway.test",token:"{TOKEN}"}}}}}}"#
        ),
        format!(r#"{{gateway:{{mode:"remote",remote:{{url:"ws://gateway.test?token={TOKEN}"}}}}}}"#),
    ];
    let own = [
        format!("[gateways.a]\nurl = \"ws://127.0.0.1:1\"\ntoken = \"{TOKEN}\"\n"),
        format!("[gateways.a]\nurl = \"ws://u:{TOKEN}@127.0.0.1:1\"\n"),
        format!("[gateways.a]\nurl = \"ws://127.0.0.1:1\"\ntoken_file = \"{TOKEN}"),
    ];
    let files = openclaw.iter().map(|text| (".openclaw/openclaw.json", text, "--gateway"));
    let files = files.chain(own.iter().map(|text| (".config/clearance/config.toml", text, "--gateway=a")));
    for (name, text, gateway) in files {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join(name);
        fs::DirBuilder::new().recursive(true).mode(0o700).create(file.parent().unwrap()).unwrap();
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        for command in [&["gateway", "status"][..], &["gateway", "status", "--json"], &["approvals", "get"]] {
            let output =
                clearance(home.path()).args(command).arg(gateway).arg("--timeout=5s").output().unwrap();
            assert!(!output.status.success(), "{command:?} of {text}");
            assert_silent(&output, &format!("{command:?} of {text}"));
        }
    }
}

/// Addresses with a secret. The process list always shows them, but no output repeats them.
#[test]
fn in_addresses() {
    let home = tempfile::tempdir().unwrap();
    for address in [
        format!("ws://user:{TOKEN}@127.0.0.1:1"),
        format!("ws://{TOKEN}@127.0.0.1:1"),
        format!("ws://127.0.0.1:1/?token={TOKEN}"),
        format!("ws://127.0.0.1:1/#token={TOKEN}"),
        format!("ws://127.0.0.1:99999/?token={TOKEN}"),
        format!("ftp://user:{TOKEN}@127.0.0.1"),
    ] {
        for (flag, variable) in [(true, false), (false, true)] {
            let mut command = clearance(home.path());
            command.args(["gateway", "status", "--json"]);
            if flag {
                command.arg(format!("--gateway={address}"));
            }
            if variable {
                command.env("OPENCLAW_GATEWAY_URL", &address);
            }
            let output = command.output().unwrap();
            assert_eq!(output.status.code(), Some(2), "{address}");
            assert_silent(&output, &address);
        }
    }
}
