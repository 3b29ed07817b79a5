//! Inputs that are not valid documents: other files of OpenClaw, values from other programs, a host without a document,
//! a store that its host refuses.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use assert_cmd::Command;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{clearance, transcript};

const VALID: &str = r#"{"version": 1, "defaults": {"security": "allowlist", "ask": "on-miss"}}"#;
const CONFIG: &str = r#"{"gateway": {"auth": {"token": "hunter2"}}, "agents": {"defaults": {}, "list": []}}"#;
const POLICY: &str = r#"{"defaultAction": "deny", "rules": [{"pattern": "git *", "action": "allow"}]}"#;

fn directory(files: &[(&str, &str)]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = directory.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    directory
}

fn run(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = clearance(directory);
    command.current_dir(directory).args(["approvals"]).args(arguments);
    command
}

fn answer(directory: &Path, arguments: &[&str]) -> String {
    transcript(&mut run(directory, arguments), &[(directory.to_str().unwrap(), "[dir]")])
}

#[test]
fn the_message_says_what_a_word_means() {
    let text = json!({
        "version": 1,
        "denylist": ["rm"],
        "safeBins": ["ls"],
        "rules": [],
        "allowlist": [],
        "security": "deny",
        "defaults": {"security": "whitelist", "ask": "never", "askFallback": "allow"},
        "agents": {"main": {"ask": "full", "askFallback": "on-miss", "entries": []}},
    });
    let directory = directory(&[("a.json", &serde_json::to_string_pretty(&text).unwrap())]);
    insta::assert_snapshot!("words", answer(directory.path(), &["validate", "a.json"]));
    let report = run(directory.path(), &["validate", "a.json", "--format", "json"]).output().unwrap();
    let report: Value = serde_json::from_slice(&report.stdout).unwrap();
    let suggestion = |path: &str| {
        let problems = report["files"][0]["problems"].as_array().unwrap();
        problems.iter().find(|problem| problem["path"] == path).unwrap()["suggestion"].clone()
    };
    assert_eq!(suggestion("/defaults/askFallback"), "full");
    assert_eq!(suggestion("/defaults/ask"), "off");
    assert_eq!(suggestion("/agents/main/askFallback"), Value::Null, "what was meant is not known");
}

#[test]
fn other_files_are_called_what_they_are() {
    let directory = directory(&[
        ("openclaw.json", CONFIG),
        ("policy.json", POLICY),
        ("broken-policy.json", r#"{"rules": [{"pattern": "*", "action": "alow"}]}"#),
    ]);
    insta::assert_snapshot!("configuration", answer(directory.path(), &["validate", "openclaw.json"]));
    insta::assert_snapshot!(
        "policy",
        answer(directory.path(), &["validate", "policy.json", "broken-policy.json"])
    );
    insta::assert_snapshot!("policy_lint", answer(directory.path(), &["lint", "policy.json"]));
    // `set` stores neither file as a document.
    for file in ["openclaw.json", "policy.json"] {
        let home = tempfile::tempdir().unwrap();
        let file = directory.path().join(file);
        run(home.path(), &["set", "--file", file.to_str().unwrap(), "--store", "store.json"])
            .assert()
            .code(1);
        assert!(!home.path().join("store.json").exists());
    }
}

#[test]
fn a_directory_may_hold_other_files() {
    let directory = directory(&[
        (".gitignore", "ignored/\n"),
        (".git/config.json", "no document"),
        ("hosts/a.json", VALID),
        ("hosts/openclaw.json", CONFIG),
        ("hosts/windows.json", POLICY),
        ("ignored/b.json", "no document"),
        ("vendor/c.json", "no document"),
        (".hidden/d.json", VALID),
    ]);
    let exclude = ["--exclude", "vendor/"];
    for verb in ["validate", "lint"] {
        let answer = answer(directory.path(), &[&[verb, "."][..], &exclude].concat());
        insta::assert_snapshot!(format!("directory_{verb}"), answer);
    }
    run(directory.path(), &["validate", "."]).assert().code(1);
    run(directory.path(), &["validate", ".", "--exclude", "*.json"]).assert().code(7);
    run(directory.path(), &["validate", ".", "--exclude", "a[b"]).assert().code(2);
    // A named file is checked even if Git ignores it.
    run(directory.path(), &["validate", "ignored/b.json"]).assert().code(1);
    // A directory with only other files does not pass, because nothing was checked.
    fs::remove_file(directory.path().join("hosts/a.json")).unwrap();
    fs::remove_file(directory.path().join("hosts/windows.json")).unwrap();
    run(directory.path(), &["validate", "hosts"]).assert().code(7);
    run(directory.path(), &["lint", "hosts"]).assert().code(7);
}

#[test]
fn a_host_without_a_document_follows_its_defaults() {
    let home = tempfile::tempdir().unwrap();
    for verb in ["validate", "lint", "get"] {
        insta::assert_snapshot!(format!("absent_{verb}"), answer(home.path(), &[verb]));
    }
    let report = run(home.path(), &["validate", "--format", "json"]).output().unwrap();
    assert_eq!(report.status.code(), Some(0));
    let report: Value = serde_json::from_slice(&report.stdout).unwrap();
    assert_eq!(report["files"], json!([]));
    // A named file that is missing is an error.
    run(home.path(), &["validate", "absent.json"]).assert().code(7);
}

#[test]
fn a_store_that_its_host_refuses_is_remarked_on_wherever_it_is_used() {
    let home = directory(&[("real/exec-approvals.json", VALID), ("new.json", VALID)]);
    let store = home.path().join("real/exec-approvals.json");
    fs::set_permissions(&store, Permissions::from_mode(0o622)).unwrap();
    fs::set_permissions(home.path().join("real"), Permissions::from_mode(0o700)).unwrap();
    symlink("real", home.path().join(".openclaw")).unwrap();
    let verbs: [&[&str]; 6] = [
        &["get"],
        &["validate"],
        &["lint"],
        &["diff", "local", "new.json"],
        &["set", "--file", "new.json", "--dry-run"],
        &["allowlist", "add", "/usr/bin/uptime", "--dry-run"],
    ];
    for verb in verbs {
        let output = run(home.path(), verb).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.contains(".openclaw is a symbolic link"), "{verb:?}: {stderr}");
        assert!(stderr.contains("can be written by every user"), "{verb:?}: {stderr}");
    }
}
