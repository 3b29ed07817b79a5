//! `approvals explain` and `approvals get --effective` as processes: every verdict, every source of a fact, wrong input,
//! and hostile text.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::dev::{Client, Dev};
use crate::support::terminal::Terminal;

/// A host that is described by files, so that no answer depends on the machine.
const PROGRAMS: &str = r#"
path = "/usr/local/bin:/usr/bin:/bin"
home = "/home/ops"
complete = true
links = { "/bin" = "/usr/bin", "/usr/bin/python3" = "/usr/bin/python3.12" }
directories = ["/srv", "/home/ops"]
programs = ["/usr/bin/git", "/usr/bin/ls", "/usr/bin/wc", "/usr/bin/sh", "/usr/bin/dash", "/usr/bin/python3.12",
            "/usr/local/bin/deploy", "/usr/bin/timeout"]
"#;

const DOCUMENT: &str = r#"{
  "version": 1,
  "defaults": {"security": "allowlist", "ask": "on-miss"},
  "agents": {
    "*": {"allowlist": [{"pattern": "/usr/bin/ls"}]},
    "main": {
      "allowlist": [
        {"pattern": "/usr/bin/git", "argPattern": "^status$"},
        {"pattern": "/usr/bin/python3"},
        {"pattern": "~/bin/*"}
      ]
    },
    "closed": {"security": "deny"},
    "open": {"security": "full", "ask": "off"},
    "strict": {"ask": "always"}
  }
}
"#;

fn host() -> Client {
    let client = Client::alone();
    client.file("policy.json", DOCUMENT);
    client.file("programs.toml", PROGRAMS);
    client.file("openclaw.json5", "{ tools: { exec: { safeBins: ['wc'] } } }");
    client
}

/// The flags that describe the host.
const AT: [&str; 8] =
    ["--file", "policy.json", "--programs", "programs.toml", "--config", "openclaw.json5", "--cwd", "/srv"];

fn explain<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    [&["approvals", "explain"], arguments].concat()
}

fn at<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    explain(&[arguments, &AT].concat())
}

/// The exit code, and the JSON object on standard output.
fn object(client: &Client, arguments: &[&str]) -> (i32, Value) {
    let output = client.command(arguments).output().unwrap();
    let object = serde_json::from_slice(&output.stdout);
    (
        output.status.code().unwrap(),
        object.unwrap_or_else(|error| panic!("{arguments:?}: {error}: {output:?}")),
    )
}

/// The answer of a command with this standard input.
fn fed(client: &Client, arguments: &[&str], input: &[u8]) -> (i32, String, String) {
    let mut child = client.spawn(arguments);
    let mut child =
        child.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || {
        // The command may end before it has read everything.
        drop(stdin.write_all(&input));
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn every_verdict_is_explained() {
    let client = host();
    for (name, arguments) in [
        ("runs", &["git status", "--release", "2026.9.6"] as &[&str]),
        ("runs_in_two_parts", &["ls -l | wc -l", "--release", "2026.9.6"]),
        ("asks", &["git push origin main", "--release", "2026.9.6"]),
        ("denied_for_a_script_that_is_missing", &["python3 app.py", "--release", "2026.9.6"]),
        ("runs_by_the_link_on_an_early_release", &["python3 app.py", "--release", "2026.4.14"]),
        ("asks_on_an_early_release", &["deploy now", "--release", "2026.4.14"]),
        ("denied_by_policy", &["git status", "--agent", "closed", "--release", "2026.6.11"]),
        ("denied_in_cron", &["git push", "--context", "cron", "--release", "2026.9.6"]),
        ("runs_by_full", &["anything at all", "--agent", "open", "--release", "2026.7.1"]),
        ("asks_always", &["git status", "--agent", "strict", "--release", "2026.9.6"]),
        ("not_analysable", &["git status > out", "--release", "2026.6.11"]),
        ("an_open_quote", &["git 'status", "--release", "2026.6.11"]),
        ("an_open_quote_on_an_early_release", &["git 'status", "--release", "2026.4.14"]),
        ("satisfied_and_asked", &["sh -c 'ls'", "--release", "2026.9.6"]),
        ("refused_before", &["/approve abc deny", "--release", "2026.9.6"]),
        ("nothing", &["", "--release", "2026.9.6"]),
    ] {
        insta::assert_snapshot!(format!("explain_{name}"), client.answer(&at(arguments)));
    }
    insta::assert_snapshot!(
        "explain_json",
        client.answer(&at(&["timeout 5 git push 'a b' && ls", "--release", "2026.9.6", "--json"]))
    );
}

#[test]
fn what_is_unknown_is_said() {
    let client = host();
    client.file("few.toml", "programs = { git = \"/usr/bin/git\" }\nhome = \"/h\"");
    let few = |arguments: &[&str]| {
        let flags = [
            "--file",
            "policy.json",
            "--programs",
            "few.toml",
            "--config",
            "openclaw.json5",
            "--cwd",
            "/srv",
        ];
        client.answer(&explain(&[arguments, &flags, &["--release", "2026.9.6"]].concat()))
    };
    assert!(few(&["git status"]).starts_with("exit: 0\n"));
    // Whatever the program is, no entry could allow it.
    assert!(few(&["git push"]).starts_with("exit: 1\n--- stdout\nasks: git push\n"));
    insta::assert_snapshot!("explain_unknown_program", few(&["deploy now"]));
}

#[test]
fn the_state_directory_of_another_host_is_not_guessed() {
    let client = host();
    client.file("policy.json", r#"{"version": 1, "defaults": {"security": "full", "ask": "off"}}"#);
    client.file("homeless.toml", "complete = true\nprograms = [\"/usr/bin/sqlite3\"]");
    client.file("ops.toml", "complete = true\nhome = \"/home/ops\"\nprograms = [\"/usr/bin/sqlite3\"]");
    let dump = "sqlite3 /home/ops/.openclaw/openclaw.sqlite .dump";
    let decided = |command: &str, table: &str, release: &str| {
        let flags = ["--file", "policy.json", "--json", "--programs", table, "--release", release];
        object(&client, &explain(&[&[command], &flags[..]].concat())).1
    };
    for (command, table, release, verdict) in [
        (dump, "homeless.toml", "2026.9.6", "unknown"),
        (dump, "ops.toml", "2026.9.6", "denied"),
        (dump, "homeless.toml", "2026.6.11", "runs"),
        ("sqlite3 :memory: 'select 1'", "homeless.toml", "2026.9.6", "runs"),
    ] {
        let report = decided(command, table, release);
        assert_eq!(report["verdict"], verdict, "{command} {table} {release}: {report}");
    }
    let missing = decided(dump, "homeless.toml", "2026.9.6")["missing"].to_string();
    assert!(missing.contains("the gateway's state directory"), "{missing}");
    let assumed = decided(dump, "ops.toml", "2026.9.6")["assumptions"].to_string();
    assert!(assumed.contains("the gateway's state directory is /home/ops/.openclaw"), "{assumed}");
    // The same of every line of `--stdin`.
    for (more, verdict) in [
        (json!({}), "unknown"),
        (json!({"home": "/home/ops"}), "denied"),
        (json!({"home": "/home/ops", "stateDirectory": "/var/lib/openclaw"}), "runs"),
        (json!({"stateDirectory": "/home/ops/.openclaw"}), "denied"),
    ] {
        let mut case = json!({"document": {"version": 1}, "command": dump, "cwd": "/", "path": "/usr/bin"});
        case.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let flags = explain(&["--stdin", "--programs", "ops.toml", "--release", "2026.9.6"]);
        let (_, out, _) = fed(&client, &flags, case.to_string().as_bytes());
        assert_eq!(serde_json::from_str::<Value>(&out).unwrap()["verdict"], verdict, "{case}: {out}");
    }
}

#[test]
fn the_exit_code_follows_the_verdict() {
    let client = host();
    let exit = |arguments: &[&str]| {
        let answer = client.answer(&at(&[arguments, &["--release", "2026.9.6"]].concat()));
        answer.lines().next().unwrap().to_owned()
    };
    assert_eq!(exit(&["git status"]), "exit: 0");
    assert_eq!(exit(&["git push"]), "exit: 1");
    assert_eq!(exit(&["git push", "--expect", "asks"]), "exit: 0");
    assert_eq!(exit(&["git status", "--expect", "asks"]), "exit: 1");
    assert_eq!(exit(&["git status", "--agent", "closed", "--expect", "denied"]), "exit: 0");
    assert_eq!(exit(&["--expect", "runs"]), "exit: 2");
}

#[test]
fn words_are_taken_literally_and_a_text_may_come_from_standard_input() {
    let client = host();
    let command = |arguments: &[&str]| {
        let mut all = at(&["--release", "2026.9.6", "--json"]);
        all.extend(arguments);
        object(&client, &all).1["command"].clone()
    };
    assert_eq!(command(&["--", "git", "log", "--json", "a b"]), "git log --json 'a b'");
    assert_eq!(command(&["git log"]), "git log");
    let from_input = at(&["-", "--release", "2026.9.6", "--json"]);
    let (code, out, _) = fed(&client, &from_input, b"git status\n");
    assert_eq!((code, &serde_json::from_str::<Value>(&out).unwrap()["command"]), (0, &json!("git status")));
    // No release reads this much; a NUL is a character like any other to the parser.
    let long = format!("git status {}", "a".repeat(200 << 10));
    let (code, out, err) = fed(&client, &from_input, long.as_bytes());
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &report["analysable"], err.as_str()), (1, &json!(false), ""));
    let (code, out, _) = fed(&client, &from_input, b"git sta\0tus");
    assert_eq!((code, &serde_json::from_str::<Value>(&out).unwrap()["verdict"] != "runs"), (1, true));
    let (code, out, err) = fed(&client, &from_input, b"git \xff");
    let error: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &error["error"]["code"]), (2, &json!("usage")));
    assert!(err.contains("not UTF-8"), "{err}");
}

#[test]
fn wrong_input_has_a_place_and_a_next_step() {
    let client = host();
    client.file("broken.json5", "{ tools: {\n  exec: { security: 'allowlist' } ");
    client.file("variable.json5", "{ tools: { exec: { ask: '${NONE}' } } }");
    client.file("typo.toml", "programs = []\nprogramms = 7\n");
    client.file("syntax.toml", "programs = [\n  \"/a\" \"/b\"\n]\n");
    client.file("typo.json", "{\n \"programs\": [7]}");
    client.file("relative.toml", "programs = [\"bin/git\"]");
    for (name, arguments) in [
        ("unknown_release", &["ls", "--release", "latest"] as &[&str]),
        ("broken_configuration", &["ls", "--config", "broken.json5"]),
        ("missing_configuration", &["ls", "--config", "none.json5"]),
        ("missing_variable", &["ls", "--config", "variable.json5"]),
        ("table_with_a_typo", &["ls", "--programs", "typo.toml"]),
        ("table_with_a_syntax_error", &["ls", "--programs", "syntax.toml"]),
        ("json_table_with_a_typo", &["ls", "--programs", "typo.json"]),
        ("relative_program", &["ls", "--programs", "relative.toml"]),
        ("missing_table", &["ls", "--programs", "none.toml"]),
        ("missing_document", &["ls", "--file", "none.json"]),
        ("two_commands", &["ls", "pwd"]),
        ("no_command", &[]),
        ("text_and_words", &["ls", "--", "pwd"]),
        ("standard_input_twice", &["-", "--file", "-"]),
        ("stdin_with_a_command", &["ls", "--stdin"]),
        ("stdin_with_a_file", &["--stdin", "--file", "policy.json"]),
    ] {
        insta::assert_snapshot!(format!("explain_wrong_{name}"), client.answer(&explain(arguments)));
    }
}

#[test]
fn a_document_that_is_not_valid_is_read_as_the_release_reads_it() {
    let client = host();
    client.file("policy.json", r#"{"version": 1, "defaults": {"security": "Deny"}}"#);
    insta::assert_snapshot!(
        "explain_invalid_document_9",
        client.answer(&at(&["ls", "--release", "2026.9.6"]))
    );
    insta::assert_snapshot!(
        "explain_invalid_document_6",
        client.answer(&at(&["ls", "--release", "2026.6.11"]))
    );
    client.file("policy.json", "{");
    assert!(client.answer(&at(&["ls", "--release", "2026.4.14"])).starts_with("exit: 0\n"));
    assert!(
        client.answer(&at(&["ls", "--release", "2026.9.6"])).starts_with("exit: 1\n--- stdout\ndenied: ls\n")
    );
}

#[test]
fn a_suggested_entry_makes_the_command_run() {
    for (release, command) in [
        ("2026.9.6", "git push origin 'a.b (c)'"),
        ("2026.9.6", "deploy now && git fetch | wc -l"),
        ("2026.6.11", "timeout 5 deploy"),
        ("2026.4.14", "deploy --force; git pull"),
    ] {
        let client = host();
        let arguments = at(&[command, "--release", release, "--json"]);
        let (code, report) = object(&client, &arguments);
        assert_eq!((code, &report["verdict"]), (1, &json!("asks")), "{report}");
        let entries = report["allow"].as_array().unwrap();
        assert!(!entries.is_empty(), "{report}");
        for entry in entries {
            let command = entry["command"].as_str().unwrap();
            assert!(
                command.starts_with("clearance approvals allowlist add --file policy.json "),
                "{command}"
            );
            let shell =
                format!("PATH={}:$PATH; {command}", crate::support::binary().parent().unwrap().display());
            let status = Command::new("sh").current_dir(client.home()).args(["-c", &shell]).output().unwrap();
            assert!(status.status.success(), "{command}: {status:?}");
        }
        let (code, report) = object(&client, &arguments);
        assert_eq!((code, &report["verdict"]), (0, &json!("runs")), "{command}: {report}");
    }
    // Nothing is suggested where no entry helps.
    let client = host();
    for arguments in [
        &["git status", "--agent", "strict"] as &[&str],
        &["git status", "--agent", "closed"],
        &["git status > x"],
        &["eval ls"],
    ] {
        let (_, report) = object(&client, &at(&[arguments, &["--release", "2026.9.6", "--json"]].concat()));
        assert_eq!(report["allow"], json!([]), "{arguments:?}");
    }
}

#[test]
fn cases_are_answered_in_their_order() {
    let client = host();
    let case = |id: u32, command: &str| {
        json!({"id": id, "document": serde_json::from_str::<Value>(DOCUMENT).unwrap(), "command": command,
               "cwd": "/srv", "path": "/usr/bin", "home": "/home/ops", "config": {}})
    };
    let arguments = explain(&["--stdin", "--release", "2026.9.6", "--programs", "programs.toml"]);
    let commands = ["git status", "git push", "ls > x", ""];
    let lines: String = (0..200).map(|id| case(id, commands[id as usize % 4]).to_string() + "\n").collect();
    let (code, out, err) = fed(&client, &arguments, lines.as_bytes());
    assert_eq!((code, err.as_str()), (0, ""));
    let answers: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(answers.iter().enumerate().all(|(index, answer)| answer["id"] == index) && answers.len() == 200);
    let verdicts: Vec<&Value> = answers.iter().take(4).map(|answer| &answer["verdict"]).collect();
    assert_eq!(verdicts, ["runs", "asks", "denied", "denied"]);
    insta::assert_snapshot!("explain_stdin", out.lines().take(2).collect::<Vec<_>>().join("\n"));
    // Lines that are no cases have an answer too, and the others are decided.
    let wrong =
        format!("{}\n\n{{\"id\": \"w\", \"command\": 7}}\n{}\nx\n", case(1, "ls > x"), case(2, "git status"));
    let (code, out, err) = fed(&client, &arguments, wrong.as_bytes());
    let answers: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let answers: Vec<_> =
        answers.iter().map(|answer| (&answer["id"], answer["verdict"].as_str().unwrap())).collect();
    let expected =
        [(&json!(1), "denied"), (&json!("w"), "invalid"), (&json!(2), "runs"), (&Value::Null, "invalid")];
    assert_eq!((code, answers.as_slice()), (2, &expected[..]));
    insta::assert_snapshot!("explain_stdin_wrong", format!("{}\n{err}", out.lines().nth(1).unwrap()));
    assert_eq!(fed(&client, &arguments, b""), (0, String::new(), String::new()));
}

#[test]
fn an_answer_does_not_wait_for_the_next_case() {
    let client = host();
    let mut command = client.spawn(&explain(&["--stdin", "--programs", "programs.toml"]));
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
    for id in 0..3 {
        writeln!(stdin, "{}", json!({"id": id, "command": "ls", "cwd": "/srv"})).unwrap();
        let answer: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        assert_eq!(answer["id"], id);
    }
    drop(stdin);
    assert!(child.wait().unwrap().success());
}

/// Backtracking over this argument takes longer than any deadline.
#[test]
fn a_pattern_without_end_ends_with_the_deadline() {
    let client = host();
    let document = json!({"version": 1, "defaults": {"security": "allowlist", "ask": "on-miss"},
        "agents": {"main": {"allowlist": [{"pattern": "/usr/bin/git", "argPattern": "^(a+)+$"}]}}});
    client.file("policy.json", document.to_string());
    let command = format!("git {}b", "a".repeat(40));
    let begun = Instant::now();
    let answer = client.answer(&at(&[&command, "--release", "2026.9.6", "--timeout", "500ms"]));
    insta::assert_snapshot!("explain_deadline", answer);
    let case = json!({"document": document, "command": command, "cwd": "/", "path": "/usr/bin"});
    let arguments = explain(&["--stdin", "--programs", "programs.toml", "--timeout", "500ms"]);
    let lines = format!("{}\n{case}\n", json!({"id": 1, "command": "ls"}));
    let (code, out, _) = fed(&client, &arguments, lines.as_bytes());
    // What was decided before is printed.
    assert_eq!((code, out.lines().count(), out.starts_with("{\"id\":1,")), (4, 2, true), "{out}");
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}

#[test]
fn hostile_text_is_escaped() {
    let client = host();
    let pattern = "/usr/bin/git\u{1b}[2J\u{202e}";
    let document = json!({"version": 1, "defaults": {"security": "allowlist"},
        "agents": {"main\n\u{200b}": {"allowlist": [{"pattern": pattern, "argPattern": "\u{1b}]0;x\u{7}"},
        {"pattern": "/usr/bin/git", "argPattern": "\u{202e}|\n"}]}}});
    client.file("policy.json", document.to_string());
    let command = "git \u{1b}[31mstatus\u{202e} \u{200b}          x\nallowed by   /usr/bin/git";
    let agent = "main\n\u{200b}";
    for format in [&[] as &[&str], &["--json"]] {
        let arguments = at(&[&[command, "--agent", agent, "--release", "2026.9.6"], format].concat());
        let answer = client.answer(&arguments);
        assert!(answer.chars().all(|c| c == '\n' || !c.is_control()), "{answer:?}");
        assert!(!answer.contains(['\u{202e}', '\u{200b}']), "{answer:?}");
        assert!(!answer.contains("\nallowed by"), "{answer}");
    }
}

#[test]
fn an_explanation_fits_a_narrow_terminal() {
    let client = host();
    for columns in [40, 60] {
        let mut command = client.spawn(&at(&["git push origin main && deploy now", "--release", "2026.9.6"]));
        let (code, text) = Terminal::of(command.env("NO_COLOR", "1"), columns).ends();
        assert_eq!(code, 1);
        for line in text.lines().map(|line| line.trim_end_matches('\r')) {
            let is_pasted = line.trim_start().starts_with("clearance ");
            assert!(line.chars().count() <= usize::from(columns) || is_pasted, "{columns}: {line}\n{text}");
        }
    }
}

/// This host: its store, its configuration, its programs, and the package that is installed.
#[test]
fn this_host_is_explained_from_its_own_files() {
    let client = Client::alone();
    let home = client.home().canonicalize().unwrap();
    client.file(".openclaw/exec-approvals.json", DOCUMENT);
    client.file(
        ".openclaw/openclaw.json",
        "{ meta: { lastTouchedVersion: '2026.7.1' }, tools: { exec: { $include: './exec.json5' } } }",
    );
    client.file(".openclaw/exec.json5", "{ ask: 'always' }");
    let tool = client.file("tools/tool", "#!/bin/sh\n");
    fs::set_permissions(&tool, fs::Permissions::from_mode(0o755)).unwrap();
    let path = home.join("tools");
    let arguments = explain(&["tool x", "--path", path.to_str().unwrap()]);
    insta::assert_snapshot!("explain_this_host", client.answer(&arguments));
    // The installed package is newer than the configuration says, and reads no store in a file.
    let package = client.file("lib/openclaw/package.json", r#"{"name": "openclaw", "version": "2026.6.12"}"#);
    let program = client.file("lib/openclaw/openclaw.mjs", "");
    std::os::unix::fs::symlink(program, home.join("tools/openclaw")).unwrap();
    let client = client.variable("PATH", path.to_str().unwrap());
    let (_, report) = object(&client, &explain(&["tool x", "--json"]));
    assert_eq!(
        (&report["release"]["name"], &report["host"]["files"]),
        (&json!("2026.6.12"), &json!("this-host"))
    );
    assert_eq!(report["segments"][0]["real"], json!(home.join("tools/tool")));
    fs::write(package, r#"{"name": "openclaw", "version": "2026.9.6"}"#).unwrap();
    let (_, report) = object(&client, &explain(&["tool x", "--json"]));
    assert_eq!(report["release"]["name"], "2026.7.1", "{report}");
}

#[test]
fn a_gateway_is_explained_with_its_own_configuration() {
    let host = host();
    let scenario = json!({
        "document": serde_json::from_str::<Value>(DOCUMENT).unwrap(),
        "config": {"tools": {"exec": {"safeBins": ["wc"], "security": "allowlist"}}},
    });
    let scenario = host.file("scenario.json", scenario.to_string());
    for generation in ["current", "legacy"] {
        let dev = Dev::start(&["--scenario", scenario.to_str().unwrap(), "--generation", generation]);
        let client = dev.client();
        client.file("programs.toml", PROGRAMS);
        let url = dev.url.clone();
        let shown = |arguments: &[&str]| client.answer(&explain(arguments)).replace(&url, "[URL]");
        // Nothing is known of the files of that host.
        insta::assert_snapshot!(format!("explain_gateway_{generation}"), shown(&["git status", "--gateway"]));
        let known = ["ls -l | wc -l", "--gateway", "--programs", "programs.toml", "--cwd", "/srv"];
        insta::assert_snapshot!(format!("explain_gateway_programs_{generation}"), shown(&known));
        // What the document denies is denied whatever the rest is.
        let denied = ["x", "--gateway", "--agent", "closed"];
        assert!(shown(&denied).starts_with("exit: 1\n--- stdout\ndenied: x\n"), "{}", shown(&denied));
        let (_, got) = object(&client, &["approvals", "get", "--gateway", "--json"]);
        assert_eq!(got["effectivePolicy"]["scopes"][0]["security"]["requestedSource"], "tools.exec.security");
    }
}

#[test]
fn a_node_is_not_guessed_at() {
    let dev = Dev::start(&[]);
    let client = dev.client();
    let (_, nodes) = object(&client, &["approvals", "explain", "ls", "--node", "build", "--json"]);
    let verdict = nodes["verdict"].as_str();
    assert!(verdict == Some("unknown") || nodes["error"].is_object(), "{nodes}");
}

#[test]
fn the_policy_in_force_is_shown_for_each_agent() {
    let client = Client::alone();
    client.file(".openclaw/exec-approvals.json", DOCUMENT);
    client.file(
        ".openclaw/openclaw.json",
        "{ tools: { exec: { mode: 'ask' } }, agents: { list: [{ id: 'ci', tools: { exec: { security: 'deny' } } }] } }",
    );
    for release in ["2026.4.14", "2026.6.11"] {
        let shown = client.answer(&["approvals", "get", "--effective", "--release", release]);
        insta::assert_snapshot!(format!("effective_{release}"), shown);
    }
    insta::assert_snapshot!("effective_json", client.answer(&["approvals", "get", "--effective", "--json"]));
    // Scripts get what they got before, and one more field.
    let (_, got) = object(&client, &["approvals", "get", "--json"]);
    let mut fields: Vec<&String> = got.as_object().unwrap().keys().collect();
    fields.sort();
    assert_eq!(fields, ["effectivePolicy", "exists", "file", "hash", "path", "version"]);
    client.file(".openclaw/openclaw.json", "{ tools: ");
    let (exit, got) = object(&client, &["approvals", "get", "--json"]);
    let unknown = json!({"note": "Config unavailable.", "scopes": []});
    assert_eq!((exit, &got["effectivePolicy"]), (0, &unknown));
    insta::assert_snapshot!("effective_broken", client.answer(&["approvals", "get", "--effective"]));
}

#[test]
fn the_next_step_of_several_words_works_when_pasted() {
    let client = Client::alone();
    for (words, next) in [
        (&["ls", "a b", "--gateway"][..], "next: clearance approvals explain --gateway -- ls 'a b'\n"),
        (
            &["--gateway", "a b", "ls"],
            "next: clearance approvals explain --gateway -- 'a b' ls; or, if that is the gateway: clearance approvals explain '--gateway=a b' ls\n",
        ),
    ] {
        let output = client.command(&[&["approvals", "explain"], words].concat()).output().unwrap();
        let err = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && err.ends_with(next), "{err}");
    }
}
