//! `approvals get` on files and local stores: the output is the stored document without its secrets.

use std::fs;
use std::path::PathBuf;
use std::process::Output;

use assert_cmd::Command;
use data_encoding::HEXLOWER;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::support::{clearance, transcript};

/// Part of every token. No output may contain it.
const TOKEN: &str = "hunter2";

/// The hash of a store without a document: SHA-256 of nothing.
const OF_NOTHING: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// A home directory with a document in it.
struct Home {
    root: TempDir,
}

impl Home {
    fn empty() -> Self {
        Self { root: tempfile::tempdir().unwrap() }
    }

    fn holding(text: impl AsRef<[u8]>) -> Self {
        let home = Self::empty();
        fs::write(home.store(), text).unwrap();
        home
    }

    fn store(&self) -> PathBuf {
        self.root.path().join("approvals.json")
    }

    fn get(&self, arguments: &[&str]) -> Command {
        let mut command = clearance(self.root.path());
        command.args(["approvals", "get"]).args(arguments);
        command
    }

    fn get_store(&self, arguments: &[&str]) -> Command {
        let mut command = self.get(arguments);
        command.arg("--store").arg(self.store());
        command
    }

    fn transcript(&self, command: &mut Command) -> String {
        transcript(command, &[(self.root.path().to_str().unwrap(), "[DIR]")])
    }

    /// The object that `--json` prints.
    fn object(&self) -> Value {
        let output = self.get_store(&["--json"]).output().unwrap();
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

#[track_caller]
fn assert_exit(output: &Output, expected: i32) {
    let printed = [&output.stdout[..], &output.stderr[..]].concat();
    assert_eq!(output.status.code(), Some(expected), "{}", String::from_utf8_lossy(&printed));
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn hash(text: impl AsRef<[u8]>) -> String {
    HEXLOWER.encode(&Sha256::digest(text))
}

fn full() -> String {
    r#"{
  "version": 1,
  "socket": {"path": "/home/ada/.openclaw/exec-approvals.sock", "token": "hunter2"},
  "defaults": {"security": "deny", "ask": "on-miss", "askFallback": "deny"},
  "agents": {
    "main": {
      "security": "allowlist",
      "autoAllowSkills": true,
      "allowlist": [
        {"id": "0d9b2c1e-8f5a-4a3e-9c60-2f0c6f1f7a11", "pattern": "/usr/bin/git", "argPattern": "^status$", "source": "allow-always", "lastUsedAt": 1767225600000, "lastUsedCommand": "git status"},
        {"id": "2", "pattern": "~/Projects/**/bin/*"}
      ],
      "mcpTools": [
        {"server": "files", "tool": "read", "source": "allow-always", "addedAt": 1767225600000}
      ]
    },
    "ops": {}
  }
}
"#
    .to_owned()
}

#[test]
fn a_document_is_summed_up() {
    let home = Home::holding(full());
    insta::assert_snapshot!("get_summary", home.transcript(&mut home.get_store(&[])));
    insta::assert_snapshot!("get_json", home.transcript(&mut home.get_store(&["--json"])));
}

#[test]
fn a_long_list_is_cut_in_the_summary_alone() {
    let entries: Vec<Value> = (0..25)
        .map(|number| json!({"id": number.to_string(), "pattern": format!("/bin/{number}")}))
        .collect();
    let home = Home::holding(json!({"version": 1, "agents": {"main": {"allowlist": entries}}}).to_string());
    let output = home.get_store(&[]).output().unwrap();
    let summary = String::from_utf8(output.stdout).unwrap();
    assert!(summary.contains("/bin/19\n    … and 5 more (--json prints all)"), "{summary}");
    assert_eq!(home.object()["file"]["agents"]["main"]["allowlist"].as_array().unwrap().len(), 25);
}

#[test]
fn a_store_without_a_document_is_an_answer() {
    let home = Home::empty();
    insta::assert_snapshot!("get_missing_store", home.transcript(&mut home.get_store(&[])));
    insta::assert_snapshot!("get_missing_store_json", home.transcript(&mut home.get_store(&["--json"])));
    assert_eq!(home.object()["hash"], OF_NOTHING);
    assert_eq!(home.object()["exists"], false);
    // Also where even its directory is missing.
    let output = home.get(&["--json"]).output().unwrap();
    assert_exit(&output, 0);
    assert_eq!(serde_json::from_slice::<Value>(&output.stdout).unwrap()["exists"], false);
}

#[test]
fn a_file_must_be_there() {
    let home = Home::empty();
    let missing = home.store();
    insta::assert_snapshot!(
        "get_missing_file",
        home.transcript(&mut home.get(&["--json", "--file", missing.to_str().unwrap()]))
    );
    assert_exit(&home.get(&["--file", home.root.path().to_str().unwrap()]).output().unwrap(), 7);
}

#[test]
fn the_hash_is_that_of_the_bytes() {
    for text in
        [full(), "{\"version\":1}".to_owned(), "{\"version\":1}\n".to_owned(), " {\"version\": 1}".to_owned()]
    {
        let home = Home::holding(&text);
        assert_eq!(home.object()["hash"], hash(&text));
        let file = home.store();
        let output = home.get(&["--json", "--file", file.to_str().unwrap()]).output().unwrap();
        assert_eq!(serde_json::from_slice::<Value>(&output.stdout).unwrap()["hash"], hash(&text));
    }
}

#[test]
fn a_file_may_be_json5_and_a_store_may_not() {
    let text = "// ours\n{version: 1, defaults: {security: 'deny',}}";
    let home = Home::holding(text);
    let file = home.store();
    for file in [file.to_str().unwrap(), "-"] {
        let output = home.get(&["--json", "--file", file]).write_stdin(text).output().unwrap();
        assert_exit(&output, 0);
        let object: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(object["file"], json!({"version": 1, "defaults": {"security": "deny"}}));
        assert_eq!(object["hash"], hash(text));
    }
    assert_exit(&home.get_store(&[]).output().unwrap(), 1);
}

#[test]
fn legacy_forms_are_printed_as_they_are() {
    let legacy = json!({"version": 1, "agents": {"default": {"allowlist": ["/bin/ls", {"pattern": "/bin/cat", "lastUsedAt": null}]}}});
    let home = Home::holding(legacy.to_string());
    insta::assert_snapshot!("get_legacy", home.transcript(&mut home.get_store(&[])));
    assert_eq!(home.object()["file"], legacy);
}

#[test]
fn a_document_that_is_not_valid_is_printed_with_a_warning() {
    let wrong = json!({"version": 2, "defaults": {"security": "alowlist"}, "agents": {"main": {"allowlist": [7, {"patern": "/bin/ls"}]}}});
    let home = Home::holding(wrong.to_string());
    insta::assert_snapshot!("get_invalid", home.transcript(&mut home.get_store(&[])));
    let output = home.get_store(&["--json"]).output().unwrap();
    assert_exit(&output, 0);
    assert_eq!(serde_json::from_slice::<Value>(&output.stdout).unwrap()["file"], wrong);
    assert!(err(&output).starts_with("warning: the document is not valid"), "{}", err(&output));
    for odd in ["[]", "null", "7", "\"text\"", r#"{"agents": [], "defaults": 3, "socket": 4}"#] {
        let output = Home::holding(odd).get_store(&[]).output().unwrap();
        assert_exit(&output, 0);
        assert!(err(&output).starts_with("warning: the document is not valid"), "{}", err(&output));
    }
}

#[test]
fn a_document_that_is_no_json_is_told_where() {
    let home = Home::holding("{\n  \"version\": 1,\n  \"agents\": {\n");
    insta::assert_snapshot!("get_broken", home.transcript(&mut home.get_store(&[])));
    for broken in [&b"{\"version\": 1,"[..], b"", b"\xff\xfe", b"{\"a\": \"\xff\"}"] {
        let home = Home::holding(broken);
        let output = home.get_store(&["--json"]).output().unwrap();
        assert_exit(&output, 1);
        let object: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(
            (&object["error"]["exit"], &object["error"]["code"]),
            (&json!(1), &json!("invalid-document"))
        );
        assert!(!object["error"]["problems"].as_array().unwrap().is_empty(), "{object}");
    }
}

#[test]
fn hostile_text_is_shown_escaped() {
    let hostile = "\u{1b}[2J\u{202e}\u{200b}\r\n\u{9b}";
    let document = json!({
        "version": 1,
        "socket": {"path": hostile},
        "agents": {hostile: {"security": hostile, "allowlist": [{"pattern": hostile, "argPattern": hostile}, hostile]}},
    });
    let home = Home::holding(document.to_string());
    insta::assert_snapshot!("get_hostile", home.transcript(&mut home.get_store(&[])));
    let output = home.get_store(&["--json"]).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed.chars().all(|c| c == '\n' || (' '..='~').contains(&c)), "{printed:?}");
    assert_eq!(serde_json::from_str::<Value>(&printed).unwrap()["file"], document);
}

#[test]
fn the_token_is_never_printed() {
    for text in [
        full(),
        r#"{"version": 1, "socket": {"token": "hunter2"}}"#.to_owned(),
        r#"{"version": 1, "socket": {"path": "/s", "tokn": "hunter2", "token": ["hunter2"]}, "wrong": 1}"#
            .to_owned(),
        r#"{"version": 1, "socket": {"path": {"token": "hunter2"}}}"#.to_owned(),
        r#"{"version": 1, "socket": "hunter2"}"#.to_owned(),
        r#"{"version": 1, "socket": ["hunter2"]}"#.to_owned(),
        r#"{"version": 1, "socket": {"token": "hunter2"}, "socket": {"token": "hunter2"}}"#.to_owned(),
        r#"{"version": 1, "socket": {"token": "hunter2"}"#.to_owned(),
        r#"{"version": 1, "socket": {"token": "hunter2"#.to_owned(),
        r#"{"version": 1, "socket" {"token" "hunter2"}}"#.to_owned(),
    ] {
        let home = Home::holding(&text);
        let file = home.store();
        let file = file.to_str().unwrap();
        for mut command in [
            home.get_store(&[]),
            home.get_store(&["--json"]),
            home.get(&["--file", file]),
            home.get(&["--file", file, "--json"]),
        ] {
            let output = command.output().unwrap();
            let printed = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
            assert!(!printed.contains(TOKEN), "{text}\n{printed}");
        }
    }
}

/// The start of a database whose schema has this version, and nothing behind it.
fn database(version: u32) -> Vec<u8> {
    let mut header = b"SQLite format 3\0".to_vec();
    header.resize(60, 0);
    header.extend(version.to_be_bytes());
    header.resize(4_096, 0);
    header
}

#[test]
fn without_a_store_it_is_this_hosts_own() {
    let home = Home::empty();
    let state = home.root.path().join(".openclaw");
    fs::create_dir(&state).unwrap();
    fs::write(state.join("exec-approvals.json"), full()).unwrap();
    let hash_of = |command: &mut Command| -> Value {
        let output = command.output().unwrap();
        assert_exit(&output, 0);
        serde_json::from_slice::<Value>(&output.stdout).unwrap()["hash"].clone()
    };
    assert_eq!(hash_of(&mut home.get(&["--json"])), hash(full()));

    let other = Home::empty();
    let directory = other.root.path().join("other");
    fs::create_dir(&directory).unwrap();
    fs::write(directory.join("exec-approvals.json"), "{\"version\":1}").unwrap();
    assert_eq!(
        hash_of(other.get(&["--json"]).env("OPENCLAW_STATE_DIR", &directory)),
        hash("{\"version\":1}")
    );
}

#[test]
fn a_file_that_is_not_a_database_is_reported() {
    let home = Home::empty();
    let state = home.root.path().join(".openclaw");
    fs::create_dir_all(state.join("state")).unwrap();
    fs::write(state.join("state/openclaw.sqlite"), database(18)).unwrap();
    insta::assert_snapshot!("get_database", home.transcript(&mut home.get(&[])));
    let output = home.get(&["--json"]).env("OPENCLAW_STATE_DIR", &state).output().unwrap();
    assert_exit(&output, 7);
    assert_eq!(serde_json::from_slice::<Value>(&output.stdout).unwrap()["error"]["exit"], 7);
}

// ---- Known defects: to be run again without `ignore` once they are fixed

#[test]
fn the_token_of_a_misspelt_block_is_not_printed() {
    for text in [
        r#"{"version": 1, "sokcet": {"token": "hunter2"}}"#,
        r#"{"version": 1, "token": "hunter2"}"#,
        r#"{"version": 1, "defaults": {"socketToken": "hunter2"}, "agents": {"main": {"token": "hunter2"}}}"#,
        r#"{"version": 1, "agents": {"main": {"allowlist": [{"token": "hunter2"}]}}}"#,
    ] {
        for arguments in [&[][..], &["--json"]] {
            let output = Home::holding(text).get_store(arguments).output().unwrap();
            let printed = String::from_utf8(output.stdout).unwrap();
            assert!(!printed.contains(TOKEN), "{text}\n{printed}");
        }
    }
}

#[test]
fn a_named_store_that_a_database_rules_is_refused_too() {
    let home = Home::empty();
    let state = home.root.path().join(".openclaw");
    fs::create_dir_all(state.join("state")).unwrap();
    fs::write(state.join("state/openclaw.sqlite"), database(18)).unwrap();
    let json = state.join("exec-approvals.json");
    assert_exit(&home.get(&["--store", json.to_str().unwrap()]).output().unwrap(), 7);
}
