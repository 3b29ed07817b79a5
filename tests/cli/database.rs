//! The document in OpenClaw's database, as hosts keep it from 2026.8: found, read, replaced, and never lost.

#![allow(clippy::print_stderr, reason = "a test says which moments it met")]

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{MetadataExt, chown, symlink};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{self, Stdio};
use std::time::{Duration, Instant};

use assert_cmd::Command;
use data_encoding::HEXLOWER;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::database::Host;
use crate::support::{binary, clearance, transcript};

fn run(host: &Host, arguments: &[&str]) -> Command {
    let mut command = clearance(host.home());
    command.arg("approvals").args(arguments);
    command
}

fn set(host: &Host, document: &str) -> Command {
    let mut command = run(host, &["set", "--stdin"]);
    command.write_stdin(document);
    command
}

#[track_caller]
fn ends(command: &mut Command, code: i32) -> (Value, String) {
    let output = command.output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{}{err}", String::from_utf8_lossy(&output.stdout));
    (serde_json::from_slice(&output.stdout).unwrap_or_default(), err)
}

/// Everything a command printed, without values that differ between runs.
macro_rules! assert_transcript {
    ($name:literal, $host:expr, $command:expr) => {
        insta::with_settings!({
            filters => vec![
                (r"\b[0-9a-f]{64}\b", "[HASH]"),
                (r"\b[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\b", "[UUID]"),
            ],
            omit_expression => true,
        }, { insta::assert_snapshot!($name, transcript($command, &[($host.home().to_str().unwrap(), "[HOME]")])) })
    };
}

const DOCUMENT: &str = r#"{"version": 1, "defaults": {"security": "allowlist"}, "agents": {"main": {"allowlist": [{"pattern": "/bin/ls", "id": "ls"}]}}}"#;

// ---- Found, read, replaced

#[test]
fn this_hosts_document_is_found_read_and_replaced() {
    let host = Host::new();
    assert_transcript!("database_get_none", host, &mut run(&host, &["get"]));
    let (none, _) = ends(&mut run(&host, &["get", "--json"]), 0);
    assert_eq!(none["hash"], format!("missing:{}", HEXLOWER.encode(&Sha256::digest(b""))));
    assert_transcript!("database_validate_none", host, &mut run(&host, &["validate"]));

    assert_transcript!("database_set_planned", host, set(&host, DOCUMENT).arg("--dry-run"));
    assert_eq!(host.text(), None);
    assert_transcript!("database_set", host, &mut set(&host, DOCUMENT));
    let text = host.text().unwrap();
    assert_transcript!("database_set_unchanged", host, &mut set(&host, DOCUMENT));
    assert_eq!(host.text().unwrap(), text);
    assert_transcript!("database_get", host, &mut run(&host, &["get"]));
    assert_transcript!("database_validate", host, &mut run(&host, &["validate"]));

    let (got, _) = ends(&mut run(&host, &["get", "--json"]), 0);
    assert_eq!(got["hash"], HEXLOWER.encode(&Sha256::digest(&text)));
    assert_eq!(got["path"], format!("{}#exec_approvals_config", host.database().display()));
    let token = serde_json::from_str::<Value>(&text).unwrap()["socket"]["token"].clone();
    assert!(!got.to_string().contains(token.as_str().unwrap()), "the token is shown");
    assert_eq!(host.names(), ["openclaw.sqlite"]);
    assert_eq!(host.integrity(), "ok");
}

#[test]
fn a_named_database_is_one_whatever_it_is_called() {
    let host = Host::new();
    let link = host.home().join("link.json");
    symlink(host.database(), &link).unwrap();
    for store in [&host.database(), &link] {
        let store = store.to_str().unwrap();
        let mut set = set(&host, DOCUMENT);
        ends(set.args(["--store", store]), 0);
        let (got, _) = ends(&mut run(&host, &["get", "--json", "--store", store]), 0);
        assert_eq!(got["file"]["defaults"]["security"], "allowlist");
        assert_eq!(got["file"]["agents"]["main"]["allowlist"][0]["id"], "ls");
    }
    let database = host.database();
    ends(&mut run(&host, &["validate", database.to_str().unwrap()]), 0);
    // A missing database is not created.
    let missing = host.home().join("missing.sqlite");
    for verb in [&["get"][..], &["set", "--stdin"]] {
        let mut command = run(&host, verb);
        let (_, err) = ends(command.arg("--store").arg(&missing).write_stdin(DOCUMENT), 7);
        assert!(err.contains("missing.sqlite does not exist"), "{err}");
    }
    assert!(!missing.exists());
}

#[test]
fn fields_that_no_gateway_keeps_are_reported() {
    let host = Host::new();
    let document = r#"{"version": 1, "agents": {"main": {"allowlist": [{"pattern": "/bin/ls", "id": "ls", "commandText": "ls -l"}]}}}"#;
    assert_transcript!("database_set_dropped", host, &mut set(&host, document));
    let (report, _) = ends(set(&host, document).arg("--json"), 3);
    assert_eq!(report["departures"][0]["path"], "/agents/main/allowlist/0/commandText");
    assert_eq!(report["hash"], HEXLOWER.encode(&Sha256::digest(host.text().unwrap())));
}

#[test]
fn a_document_that_is_not_valid_is_found() {
    let host = Host::new();
    ends(&mut set(&host, DOCUMENT), 0);
    host.change("UPDATE exec_approvals_config SET raw_json = '{\"version\": 1, \"defaults\": {\"security\": \"alowlist\"}}'");
    let (report, _) = ends(&mut run(&host, &["validate", "--format", "json"]), 1);
    assert_eq!(report["files"][0]["problems"][0]["suggestion"], "allowlist", "{report}");
    ends(&mut set(&host, DOCUMENT), 0);
    host.change("UPDATE exec_approvals_config SET raw_json = '{\"version\": 1,'");
    assert_transcript!("database_set_unreadable", host, &mut set(&host, DOCUMENT));
}

#[test]
fn compare_and_swap() {
    let host = Host::new();
    let hash = |value: &Value| value["hash"].as_str().unwrap().to_owned();
    let none = hash(&ends(&mut run(&host, &["get", "--json"]), 0).0);
    ends(set(&host, DOCUMENT).args(["--base-hash", &none]), 0);
    let text = host.text();
    let (report, _) = ends(set(&host, r#"{"version": 1}"#).args(["--base-hash", &none, "--json"]), 6);
    assert_eq!(report["error"]["exit"], 6);
    assert_transcript!(
        "database_set_conflict",
        host,
        set(&host, r#"{"version": 1}"#).args(["--base-hash", &"0".repeat(64)])
    );
    assert_eq!(host.text(), text);
}

// ---- Refusals

#[test]
fn a_leftover_file_is_told_for_what_it_is() {
    let host = Host::new();
    ends(&mut set(&host, DOCUMENT), 0);
    fs::write(host.json(), r#"{"version": 1}"#).unwrap();
    assert_transcript!("database_get_leftover", host, &mut run(&host, &["get"]));
    let (got, _) = ends(&mut run(&host, &["get", "--json"]), 0);
    assert_eq!(got["remarks"].as_array().unwrap().len(), 1);
    assert_transcript!("database_set_leftover", host, &mut set(&host, r#"{"version": 1}"#));
    ends(set(&host, r#"{"version": 1}"#).arg("--dry-run"), 7);
    // A named database is not accepted as a store. As a file it can be compared.
    let json = host.json();
    let json = json.to_str().unwrap();
    assert_transcript!("database_get_named_leftover", host, &mut run(&host, &["get", "--store", json]));
    ends(&mut run(&host, &["get", "--file", json]), 0);
    assert_eq!(fs::read_to_string(json).unwrap(), r#"{"version": 1}"#);
    assert!(host.text().unwrap().contains("/bin/ls"));
}

#[test]
fn a_release_before_2026_8_keeps_to_its_json_file() {
    let host = Host::new();
    host.change("PRAGMA user_version = 1");
    // Fresh, and later: the database is there all the time.
    let (got, _) = ends(&mut run(&host, &["get", "--json"]), 0);
    assert_eq!((&got["exists"], &got["path"]), (&json!(false), &json!(host.json())));
    ends(&mut set(&host, DOCUMENT), 0);
    assert!(fs::read_to_string(host.json()).unwrap().contains("/bin/ls"));
    assert_eq!(host.text(), None);
    let database = host.database();
    assert_transcript!(
        "database_of_2026_6",
        host,
        &mut run(&host, &["get", "--store", database.to_str().unwrap()])
    );
}

#[test]
fn a_schema_that_nobody_knows_is_not_written() {
    let host = Host::new();
    ends(&mut set(&host, DOCUMENT), 0);
    host.change("PRAGMA user_version = 19");
    let text = host.text();
    assert_transcript!("database_newer_set", host, &mut set(&host, r#"{"version": 1}"#));
    assert_transcript!("database_newer_get", host, &mut run(&host, &["get"]));
    assert_eq!(host.text(), text);
}

#[test]
fn somebody_elses_database_is_not_written() {
    let host = Host::new();
    host.change(
        "INSERT INTO agent_deletion_journal (agent_id, agent_dir, workspace_dir, sessions_dir, created_at)
         VALUES ('main', '', '', '', 0)",
    );
    assert_transcript!("database_fenced", host, &mut set(&host, DOCUMENT));
    host.change("INSERT INTO config_machine_state VALUES ('gateway.supervision', '{}', 0)");
    assert_transcript!("database_supervised", host, &mut set(&host, DOCUMENT));
    let writer = host.open();
    writer.execute_batch("DELETE FROM config_machine_state; BEGIN IMMEDIATE").unwrap();
    let (_, err) = ends(set(&host, DOCUMENT).args(["--timeout", "300ms"]), 4);
    assert!(err.contains("another process holds"), "{err}");
    drop(writer);
    assert_eq!(host.text(), None);
    if rustix::process::geteuid().is_root() {
        chown(host.database(), Some(12_345), Some(12_345)).unwrap();
        for arguments in [&[][..], &["--dry-run"]] {
            let (_, err) = ends(set(&host, DOCUMENT).args(arguments), 7);
            assert!(err.contains("belongs to user 12345"), "{err}");
        }
    }
}

// ---- Runs that end in the middle

/// As `set` stores it, large enough that a run takes some 20 ms.
fn large(tag: &str) -> String {
    let count = if cfg!(debug_assertions) { 8 } else { 500 };
    let entry = |number: usize| json!({"pattern": format!("/opt/{tag}/{number}/").repeat(150), "id": format!("{tag}-{number}")});
    let list: Vec<Value> = (0..count).map(entry).collect();
    json!({"version": 1, "agents": {"main": {"allowlist": list}}}).to_string()
}

fn spawnable(host: &Host, new: &Path) -> process::Command {
    let mut command = process::Command::new(binary());
    command.env_clear().env("HOME", host.home()).args(["approvals", "set", "--file"]).arg(new);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// The test kills 40 runs; `CLEARANCE_KILLS` overrides the number.
#[test]
fn a_run_killed_at_any_moment_leaves_one_of_the_two_documents() {
    let kills: usize = std::env::var("CLEARANCE_KILLS").map_or(40, |count| count.parse().unwrap());
    let host = Host::new();
    let mut texts = Vec::new();
    let mut files = Vec::new();
    let mut longest = Duration::ZERO;
    for tag in ["a", "b"] {
        let file = host.home().join(tag);
        fs::write(&file, large(tag)).unwrap();
        let start = Instant::now();
        assert!(spawnable(&host, &file).status().unwrap().success());
        longest = longest.max(start.elapsed());
        texts.push(host.text().unwrap());
        files.push(file);
    }
    let mut held = 1;
    let mut phases: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut killed, mut finished) = (0, 0);
    while killed < kills {
        let new = 1 - held;
        let mut child = spawnable(&host, &files[new]).spawn().unwrap();
        // Evenly over a run, in an order in which neighbours are far apart.
        let step = u32::try_from((killed + finished) * 37 % 64).unwrap();
        let until = Instant::now() + longest * step / 60;
        while let Some(left) = until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
            std::thread::park_timeout(left);
        }
        child.kill().unwrap();
        let status = child.wait().unwrap();
        let log = host.names().len() > 1;
        // The database is read first as the kill left it, because the next writer repairs it.
        let (got, _) = ends(&mut run(&host, &["get", "--json"]), 0);
        let text = host.text().expect("a document");
        assert_eq!(got["hash"], HEXLOWER.encode(&Sha256::digest(&text)));
        assert!(texts.contains(&text), "neither the old nor the new document after {killed} kills");
        assert_eq!(host.integrity(), "ok", "after {killed} kills");
        assert_eq!(fs::metadata(host.database()).unwrap().mode() & 0o777, 0o600);
        let is_new = text == texts[new];
        if status.signal() == Some(9) {
            killed += 1;
            let phase = match (is_new, log) {
                (false, false) => "old, before opening",
                (false, true) => "old, while open",
                (true, _) => "new",
            };
            *phases.entry(phase).or_default() += 1;
        } else {
            assert!(status.success() && is_new, "{status}");
            finished += 1;
            assert!(finished < 10 * kills, "runs end before they are killed: {phases:?}");
        }
        held = usize::from(text == texts[1]);
    }
    eprintln!("{killed} kills: {phases:?}; {finished} runs ended before");
    assert!(phases.len() >= 2, "{phases:?}");
    ends(&mut set(&host, DOCUMENT), 0);
    assert_eq!(host.names(), ["openclaw.sqlite"]);
}

// ---- Looked at, fixed, compared, edited

/// Two of the four entries are redundant.
const DOUBLED: &str = r#"{"version": 1, "defaults": {"security": "allowlist"}, "agents": {"main": {"allowlist": [{"pattern": "/opt/ls", "id": "a"}, {"pattern": "/opt/ls", "id": "b"}, {"pattern": "/opt/rg", "id": "c"}, {"pattern": "/opt/rg", "argPattern": "^-l$", "id": "d"}]}}}"#;

#[test]
fn it_is_looked_at_and_fixed() {
    let host = Host::new();
    // There is nothing to look at, and that must not pass.
    assert_transcript!("database_lint_none", host, &mut run(&host, &["lint"]));
    ends(&mut set(&host, DOUBLED), 0);
    assert_transcript!("database_lint", host, &mut run(&host, &["lint"]));
    let database = host.database();
    let database = database.to_str().unwrap();
    for named in [&[database][..], &["--store", database]] {
        let (report, _) = ends(run(&host, &["lint", "--format", "json"]).args(named), 1);
        assert_eq!((&report["warnings"], &report["fixable"]), (&json!(2), &json!(2)), "{report}");
    }
    assert_transcript!("database_lint_fix", host, &mut run(&host, &["lint", "--fix", "--yes"]));
    let (got, _) = ends(&mut run(&host, &["get", "--json"]), 0);
    let left = json!([{"pattern": "/opt/ls", "id": "a"}, {"pattern": "/opt/rg", "id": "c"}]);
    assert_eq!(got["file"]["agents"]["main"]["allowlist"], left);
    // The gateway's own columns follow, and its form.
    let sql = "SELECT allowlist_count FROM exec_approvals_config";
    assert_eq!(host.open().query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap(), 2);
    assert_eq!((host.integrity(), host.names()), ("ok".to_owned(), vec!["openclaw.sqlite".to_owned()]));
    // The reason why the gateway cannot start is reported beside the findings.
    fs::write(host.json(), r#"{"version": 1}"#).unwrap();
    let (report, err) = ends(&mut run(&host, &["lint", "--format", "json"]), 0);
    assert!(report["remarks"][0].as_str().unwrap().contains("is left over"), "{report}");
    assert!(err.contains("openclaw doctor --fix"), "{err}");
}

#[test]
fn what_somebody_else_wrote_meanwhile_is_not_fixed() {
    let host = Host::new();
    ends(&mut set(&host, DOUBLED), 0);
    let other = host.text().unwrap().replace("/opt/rg", "/usr/bin/fd");
    let writer = host.open();
    writer.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut lint = process::Command::new(binary());
    lint.env_clear().env("HOME", host.home()).args(["approvals", "lint", "--fix", "--yes"]);
    let mut lint = lint.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Once the plan is shown the document has been read; nobody else can write before this one has.
    let mut plan = BufReader::new(lint.stdout.take().unwrap());
    plan.read_line(&mut String::new()).unwrap();
    writer.execute("UPDATE exec_approvals_config SET raw_json = ?1", [&other]).unwrap();
    writer.execute_batch("COMMIT").unwrap();
    let output = lint.wait_with_output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(6), "{err}");
    assert!(err.contains("changed") && err.contains("next: retry: the edit"), "{err}");
    assert_eq!(host.text().unwrap(), other);
    ends(&mut run(&host, &["lint", "--fix", "--yes"]), 0);
    assert!(!host.text().unwrap().contains("\"b\""));
}

#[test]
fn it_is_compared_and_edited_as_a_file_is() {
    let host = Host::new();
    ends(&mut set(&host, DOCUMENT), 0);
    let file = host.home().join("a.json");
    fs::write(&file, DOCUMENT).unwrap();
    let file = file.to_str().unwrap();
    let database = host.database();
    for named in ["local".to_owned(), database.display().to_string(), format!("store:{}", database.display())]
    {
        ends(&mut run(&host, &["diff", file, &named]), 0);
    }
    for (verb, count) in [("add", 2), ("add", 2), ("remove", 1), ("remove", 1)] {
        ends(&mut run(&host, &["allowlist", verb, "/bin/cat", "--agent", "main", "--json"]), 0);
        let (got, _) = ends(&mut run(&host, &["get", "--json"]), 0);
        assert_eq!(got["file"]["agents"]["main"]["allowlist"].as_array().unwrap().len(), count);
    }
    ends(&mut run(&host, &["diff", file, "local"]), 0);
}
