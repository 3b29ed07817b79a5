//! `approvals test` as a process: formats, exit codes, what is found, hostile text, limits.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{clearance, transcript};

const DOCUMENT: &str = r#"{
  "version": 1,
  "defaults": {"security": "allowlist", "ask": "on-miss", "askFallback": "deny"},
  "agents": {
    "*": {"allowlist": [{"pattern": "/usr/bin/uptime"}]},
    "main": {
      "allowlist": [
        {"pattern": "/usr/bin/git", "argPattern": "^(status|log)$"},
        {"pattern": "/usr/bin/gh", "argPattern": "^pr list$"}
      ]
    }
  }
}
"#;

const TESTS: &str = r#"document = "exec-approvals.json"
release = "2026.9.6"

[host]
home = "/home/ops"
programs = { git = "/usr/bin/git", uptime = "/usr/bin/uptime", gh = "/usr/bin/gh" }

[[case]]
command = "git status"
expect = "runs"
entry = "/usr/bin/git"

[[case]]
name = "pushes are asked"
command = "git push"
expect = "asks"
unanswered = "denied"

[[case]]
command = "uptime"
expect = "runs"
entry = ["*//usr/bin/uptime", { pattern = "/usr/bin/uptime", agent = "*" }]
"#;

/// A directory with the document and these files.
fn directory(files: &[(&str, &str)]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (path, text) in [("exec-approvals.json", DOCUMENT)].iter().chain(files) {
        let path = directory.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    directory
}

fn test(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = clearance(directory);
    command.current_dir(directory).args(["approvals", "test"]).args(arguments);
    command
}

fn answer(directory: &Path, arguments: &[&str]) -> String {
    transcript(&mut test(directory, arguments), &[(directory.to_str().unwrap(), "[dir]")])
}

#[track_caller]
fn object(directory: &Path, arguments: &[&str], code: i32) -> Value {
    let output = test(directory, &[arguments, &["--format", "json"]].concat()).output().unwrap();
    assert_eq!(output.status.code(), Some(code), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The same tests with another expectation, so that a case fails.
fn failing() -> String {
    let failing = TESTS
        .replace("expect = \"asks\"\nunanswered = \"denied\"", "expect = \"runs\"\nentry = \"/usr/bin/gti\"");
    assert_ne!(failing, TESTS);
    failing
}

#[test]
fn cases_that_pass() {
    let home = directory(&[("approvals-test.toml", TESTS)]);
    insta::assert_snapshot!("passed", answer(home.path(), &[]));
    assert_eq!(answer(home.path(), &["-q"]), "exit: 0\n--- stdout\n--- stderr\n");
    let report = object(home.path(), &[], 0);
    assert_eq!((&report["passed"], &report["failed"]), (&3.into(), &0.into()));
    assert_eq!(report["files"][0]["cases"][0]["verdict"], "runs");
    assert_eq!(report["uncovered"][0]["pattern"], "/usr/bin/gh");
    assert_eq!((&report["uncovered"][0]["line"], &report["uncovered"][0]["column"]), (&9.into(), &9.into()));
    insta::assert_snapshot!("coverage", answer(home.path(), &["--require-coverage"]));
}

#[test]
fn cases_that_fail_in_every_format() {
    let home = directory(&[("hosts/build.approvals-test.toml", &failing().replace("exec-", "../exec-"))]);
    for format in ["human", "json", "github", "junit"] {
        insta::assert_snapshot!(format!("failed_{format}"), answer(home.path(), &["--format", format]));
    }
    // The file is found in its directory, and by its name.
    for path in ["hosts", "hosts/build.approvals-test.toml"] {
        assert!(answer(home.path(), &[path]).starts_with("exit: 1\n"));
    }
}

#[test]
fn a_typo_has_its_place() {
    let typos = TESTS.replace("release =", "relese =").replace("unanswered", "unanwsered");
    let home = directory(&[("approvals-test.toml", &typos), ("b.approvals-test.toml", &failing())]);
    for format in ["human", "json", "github", "junit"] {
        insta::assert_snapshot!(format!("typo_{format}"), answer(home.path(), &["--format", format]));
    }
    for (name, from, to) in [
        ("value", "expect = \"runs\"", "expect = \"run\""),
        ("release", "2026.9.6", "2026.9"),
        ("syntax", "[host]", "[host"),
        ("missing_key", "document =", "config ="),
    ] {
        fs::write(home.path().join("c.toml"), TESTS.replacen(from, to, 1)).unwrap();
        insta::assert_snapshot!(format!("wrong_{name}"), answer(home.path(), &["c.toml"]));
    }
    fs::write(home.path().join("c.toml"), b"document = \"\xff\"").unwrap();
    assert!(answer(home.path(), &["c.toml"]).contains("c.toml:1:13: this is not UTF-8"));
}

#[test]
fn what_cannot_be_read_is_named() {
    let home = directory(&[
        ("a.toml", &TESTS.replace("exec-approvals.json", "missing.json")),
        ("b.toml", &TESTS.replace("release", "config = \"missing.json5\"\nrelease")),
        ("c.toml", &TESTS.replace("release", "config = \"broken.json5\"\nrelease")),
        ("broken.json5", "{ tools: { exec"),
    ]);
    for (name, arguments) in [
        ("document", &["a.toml"] as &[&str]),
        ("config", &["b.toml"]),
        ("broken_config", &["c.toml"]),
        ("file", &["none.toml"]),
        ("directory", &["."]),
        ("unknown_release", &["a.toml", "--release", "latest"]),
    ] {
        insta::assert_snapshot!(format!("unreadable_{name}"), answer(home.path(), arguments));
    }
    // An unreadable file hides more than a failed case.
    fs::write(home.path().join("d.toml"), failing()).unwrap();
    assert!(answer(home.path(), &["d.toml", "a.toml"]).starts_with("exit: 7\n"));
}

#[test]
fn what_git_ignores_is_not_found() {
    let home = directory(&[
        ("approvals-test.toml", TESTS),
        ("old/approvals-test.toml", "nonsense"),
        (".gitignore", "old/\n"),
    ]);
    fs::create_dir(home.path().join(".git")).unwrap();
    assert!(answer(home.path(), &[]).starts_with("exit: 0\n"));
    assert!(answer(home.path(), &["old/approvals-test.toml"]).starts_with("exit: 2\n"));
    fs::remove_file(home.path().join(".gitignore")).unwrap();
    assert!(answer(home.path(), &[]).starts_with("exit: 2\n"));
    assert!(answer(home.path(), &["--exclude", "old/"]).starts_with("exit: 0\n"));
}

#[test]
fn standard_input_is_a_file_of_this_directory() {
    let home = directory(&[]);
    let output = test(home.path(), &["-"]).write_stdin(TESTS).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn releases_decide_differently() {
    // 2026.4.14 ignores arguments, so every use of git is allowed there.
    let tests = TESTS.replace("release = \"2026.9.6\"", "release = [\"2026.9.6\", \"2026.4.14\"]");
    let home = directory(&[("approvals-test.toml", &tests)]);
    insta::assert_snapshot!("releases", answer(home.path(), &[]));
    assert!(answer(home.path(), &["--release", "2026.9.6"]).starts_with("exit: 0\n"));
    assert!(answer(home.path(), &["--release", "2026.4.14"]).starts_with("exit: 1\n"));
}

#[test]
fn what_a_test_does_not_say_is_unknown() {
    let tests =
        "document = \"exec-approvals.json\"\n\n[[case]]\ncommand = \"git status\"\nexpect = \"runs\"\n";
    let home = directory(&[("approvals-test.toml", tests)]);
    insta::assert_snapshot!("unknown", answer(home.path(), &[]));
    fs::write(home.path().join("approvals-test.toml"), tests.replace("\"runs\"", "\"unknown\"")).unwrap();
    assert!(answer(home.path(), &[]).starts_with("exit: 0\n"));
}

#[test]
fn documents_may_be_json5_and_faulty() {
    let json5 = format!("// the policy\n{}", DOCUMENT.replace("\"version\"", "version"));
    let home = directory(&[
        ("policy.json5", &json5),
        ("a.toml", &TESTS.replace("exec-approvals.json", "policy.json5")),
        ("faulty.json", &DOCUMENT.replace("on-miss", "on-mis")),
        ("b.toml", &TESTS.replace("exec-approvals.json", "faulty.json")),
    ]);
    let report = object(home.path(), &["a.toml"], 0);
    assert_eq!((&report["uncovered"][0]["line"], &report["uncovered"][0]["column"]), (&10.into(), &9.into()));
    insta::assert_snapshot!("faulty", answer(home.path(), &["b.toml"]));
}

#[test]
fn hostile_text_is_escaped() {
    let hostile = "git push\\n::error::x\\u001b[2J</failure>]]>\\u202e&amp;";
    let tests = failing()
        .replace("command = \"git push\"", &format!("command = \"{hostile}\""))
        .replace("pushes", "<b>\\u0007");
    let home = directory(&[("a,b.approvals-test.toml", &tests)]);
    for format in ["human", "github", "junit"] {
        let output = test(home.path(), &["--format", format]).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(text.chars().all(|c| c == '\n' || !c.is_control() && c != '\u{202e}'), "{text:?}");
        assert!(!text.lines().any(|line| line.trim_start().starts_with("::error::x")), "{text}");
        if format == "junit" {
            assert!(!text.contains("<b>") && !text.contains("]]>"), "{text}");
            assert_eq!(text.matches("</failure>").count(), 1, "{text}");
        }
    }
}

#[test]
fn an_endless_argument_pattern_ends_with_the_deadline() {
    let document = DOCUMENT.replace("^(status|log)$", "^(a+)+$");
    let command = format!("git {}b", "a".repeat(60));
    let tests = TESTS.replace("git status", &command);
    let home = directory(&[("exec-approvals.json", &document), ("approvals-test.toml", &tests)]);
    let output = test(home.path(), &["--timeout", "1"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    // Whoever bounds the expression itself decides the case instead.
    let code = output.status.code();
    assert!(code == Some(4) && text.contains("approvals-test.toml:8") || code == Some(1), "{code:?}: {text}");
}

#[test]
fn many_cases_are_decided_quickly() {
    let mut tests = String::from(&TESTS[..TESTS.find("[[case]]").unwrap()]);
    for number in 0..5_000 {
        write!(tests, "[[case]]\ncommand = \"git log && gh pr view {number}\"\nexpect = \"asks\"\n").unwrap();
    }
    let home = directory(&[("approvals-test.toml", &tests)]);
    let report = object(home.path(), &["--timeout", "100"], 0);
    assert_eq!(report["passed"], 5_000);
}

/// Several threads decide the cases of one file.
#[test]
fn many_cases_that_fail_are_reported_in_order_and_the_first_with_reasons() {
    let mut tests = String::from(&TESTS[..TESTS.find("[[case]]").unwrap()]);
    for number in 0..2_500 {
        write!(tests, "[[case]]\ncommand = \"gh pr view {number}\"\nexpect = \"denied\"\n").unwrap();
    }
    let home = directory(&[("approvals-test.toml", &tests)]);
    let report = object(home.path(), &["--timeout", "100"], 1);
    assert_eq!(report["failed"], 2_500);
    for (number, case) in report["files"][0]["cases"].as_array().unwrap().iter().enumerate() {
        assert_eq!(case["command"], format!("gh pr view {number}"));
        let has_reasons = case["why"].as_array().is_some_and(|why| !why.is_empty());
        assert_eq!(has_reasons, number < 1_000, "{number}: {case}");
    }
}
