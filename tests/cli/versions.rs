//! Kept versions: what edits leave behind, `versions`, `restore`, versions as operands, time limits of entries, and everything
//! that can be wrong with the database.

#![allow(clippy::print_stderr, reason = "a test says which moments it met")]

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{self, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use assert_cmd::Command;
use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::database::Host;
use crate::support::dev::Dev;
use crate::support::{binary, clearance, transcript};

/// A home with the document of a host.
struct Home(TempDir);

impl Home {
    fn new(document: &Value) -> Self {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir(home.path().join(".openclaw")).unwrap();
        let this = Self(home);
        this.write(document);
        this
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn store(&self) -> PathBuf {
        self.path().join(".openclaw/exec-approvals.json")
    }

    fn database(&self) -> PathBuf {
        self.path().join(".local/state/clearance/versions/versions.sqlite")
    }

    fn write(&self, document: &Value) {
        fs::write(self.store(), format!("{document:#}\n")).unwrap();
        fs::set_permissions(self.store(), Permissions::from_mode(0o600)).unwrap();
    }

    fn document(&self) -> Value {
        serde_json::from_str(&fs::read_to_string(self.store()).unwrap()).unwrap()
    }

    fn run(&self, arguments: &[&str]) -> Command {
        let mut command = clearance(self.path());
        command.current_dir(self.path()).arg("approvals").args(arguments);
        command
    }

    fn done(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments).output().unwrap();
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {err}");
        err
    }

    fn object(&self, arguments: &[&str]) -> Value {
        let output = self.run(arguments).output().unwrap();
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
    }

    /// The writers of the versions, the oldest first; `?` for an unknown one.
    fn writers(&self) -> Vec<String> {
        let listing = self.object(&["versions", "--json"]);
        let writer = |version: &Value| version["writer"].as_str().unwrap_or("?").to_owned();
        listing["versions"].as_array().unwrap().iter().rev().map(writer).collect()
    }
}

fn document(patterns: &[&str]) -> Value {
    let entries: Vec<Value> =
        patterns.iter().map(|pattern| json!({"pattern": pattern, "id": pattern})).collect();
    json!({
        "version": 1,
        "socket": {"path": "/run/s", "token": "hunter2"},
        "defaults": {"security": "allowlist", "ask": "on-miss", "askFallback": "deny"},
        "agents": {"main": {"allowlist": entries}},
    })
}

fn patterns(document: &Value) -> Vec<&str> {
    let list = document["agents"]["main"]["allowlist"].as_array();
    list.into_iter().flatten().map(|entry| entry["pattern"].as_str().unwrap()).collect()
}

/// Makes times, hashes and paths stable.
fn stable(text: &str, home: &Path) -> String {
    let text = text.replace(home.to_str().unwrap(), "~");
    let mut out = String::new();
    for line in text.lines() {
        let words: Vec<String> = line.split(' ').map(word).collect();
        out.push_str(&words.join(" "));
        out.push('\n');
    }
    out
}

fn word(word: &str) -> String {
    let hex = |word: &str| word.len() >= 12 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let bare = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    let is_day = bare.len() == 10 && bare.split('-').count() == 3;
    let is_instant = bare.len() == 24 && bare.starts_with("20") && bare.ends_with('Z');
    let is_minute = bare.len() == 5 && bare.as_bytes()[2] == b':';
    if is_day {
        word.replace(bare, "[day]")
    } else if is_instant {
        word.replace(bare, "[instant]")
    } else if is_minute {
        word.replace(bare, "[time]")
    } else if hex(bare) {
        word.replace(bare, "[hash]")
    } else {
        word.to_owned()
    }
}

#[test]
fn every_edit_keeps_the_document_before_and_after_it() {
    let home = Home::new(&document(&["/usr/bin/uptime"]));
    home.done(&["allowlist", "add", "/usr/bin/date", "--agent", "main"]);
    assert_eq!(home.writers(), ["?", "allowlist add"]);
    home.done(&["allowlist", "remove", "/usr/bin/date", "--agent", "main"]);
    fs::write(home.path().join("new.json"), document(&["/usr/bin/id", "/usr/bin/id"]).to_string()).unwrap();
    home.done(&["set", "--file", "new.json"]);
    home.done(&["lint", "--fix", "--yes", "--fail-on", "never"]);
    let expected = ["?", "allowlist add", "allowlist remove", "set", "lint --fix"];
    assert_eq!(home.writers(), expected);
    // A change by another program is kept by the next edit.
    home.write(&document(&["/usr/bin/who"]));
    home.done(&["allowlist", "add", "/usr/bin/w", "--agent", "main"]);
    assert_eq!(home.writers()[5..], ["?", "allowlist add"]);
    // Dry runs and edits without effect keep nothing.
    home.done(&["allowlist", "add", "/usr/bin/w", "--agent", "main"]);
    home.done(&["allowlist", "add", "/usr/bin/x", "--agent", "main", "--dry-run"]);
    assert_eq!(home.writers().len(), 7);
    let bytes = fs::read(home.database()).unwrap();
    assert!(!bytes.windows(7).any(|window| window == b"hunter2"), "a version has the token of the socket");
    let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o7777;
    assert_eq!((mode(&home.database()), mode(home.database().parent().unwrap())), (0o600, 0o700));
    assert!(home.object(&["versions", "--verify", "--json"])["whole"].as_bool().unwrap());
}

#[test]
fn versions_are_listed_shown_and_compared() {
    let home = Home::new(&document(&["/usr/bin/uptime"]));
    let mut text = transcript(&mut home.run(&["versions"]), &[]);
    home.done(&["allowlist", "add", "/usr/bin/date", "--agent", "main"]);
    fs::remove_file(home.store()).unwrap();
    for arguments in [
        &["versions"][..],
        &["versions", "local", "--limit", "1"],
        &["versions", "store:/elsewhere.json"],
        &["versions", "show", "1"],
        &["versions", "show", "9"],
        &["versions", "show", "last"],
        &["versions", "--verify"],
        &["diff", "version:1", "version:2"],
        &["diff", "--no-wider", "version:1", "version:2"],
        &["get", "--file", "version:2"],
        &["explain", "/usr/bin/date", "--agent", "main", "--file", "version:9"],
    ] {
        text += &["\n$ approvals ", &arguments.join(" "), "\n"].concat();
        text += &transcript(&mut home.run(arguments), &[]);
    }
    insta::assert_snapshot!(stable(&text, home.path()));
    let verdict = |version: &str| {
        let arguments = ["explain", "/usr/bin/date", "--agent", "main", "--file", version, "--json"];
        home.object(&arguments)["verdict"].clone()
    };
    assert_eq!((verdict("version:1"), verdict("version:2")), (json!("asks"), json!("runs")));
    let linted = home.object(&["lint", "version:2", "--format", "json"]);
    assert_eq!(linted["files"][0]["path"], "version:2");
}

#[test]
fn a_version_becomes_the_document_again_and_the_socket_stays() {
    let home = Home::new(&document(&["/usr/bin/uptime", "/usr/bin/env"]));
    home.done(&["allowlist", "remove", "/usr/bin/env", "--agent", "main"]);
    let before = fs::read(home.store()).unwrap();
    let mut text = String::new();
    for arguments in [
        &["restore", "2"][..],
        &["restore", "1", "--dry-run"],
        &["restore", "1"],
        &["restore", "9", "--yes"],
        &["restore", "1", "--yes", "--base-hash", "00"],
        &["restore", "1", "--yes", "--ask-token"],
    ] {
        text += &["\n$ approvals ", &arguments.join(" "), "\n"].concat();
        text += &transcript(&mut home.run(arguments), &[]);
        assert_eq!(fs::read(home.store()).unwrap(), before, "{arguments:?}");
    }
    text += "\n$ approvals restore 1 --yes\n";
    text += &transcript(&mut home.run(&["restore", "1", "--yes"]), &[]);
    insta::assert_snapshot!(stable(&text, home.path()));
    assert_eq!(
        home.document(),
        document(&["/usr/bin/uptime", "/usr/bin/env"]),
        "with the token of the socket"
    );
    assert_eq!(home.writers().last().unwrap(), "restore");
    let report = home.object(&["restore", "2", "--yes", "--json"]);
    assert_eq!((&report["wider"]["wider"], &report["set"]["outcome"]), (&json!(false), &json!("stored")));
    assert_eq!(patterns(&home.document()), ["/usr/bin/uptime"]);
}

#[test]
fn a_deleted_document_is_restored_and_a_version_without_one_is_not() {
    let home = Home::new(&document(&["/usr/bin/uptime"]));
    home.done(&["allowlist", "add", "/usr/bin/date", "--agent", "main"]);
    fs::remove_file(home.store()).unwrap();
    home.done(&["restore", "2", "--yes"]);
    assert_eq!(patterns(&home.document()), ["/usr/bin/uptime", "/usr/bin/date"]);
    // The absence was kept, too: it cannot be restored.
    assert_eq!(home.object(&["versions", "--json"])["versions"][1]["state"], "absent");
    let refused = home.run(&["restore", "3", "--yes"]).output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert_eq!(patterns(&home.document()).len(), 2);
}

#[test]
fn versions_of_a_database_a_file_and_a_gateway() {
    let host = Host::new();
    let run = |arguments: &[&str]| {
        let output = clearance(host.home()).arg("approvals").args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    };
    run(&["allowlist", "add", "/usr/bin/uptime"]);
    run(&["allowlist", "add", "/usr/bin/date"]);
    let token = |text: String| serde_json::from_str::<Value>(&text).unwrap()["socket"]["token"].clone();
    let before = token(host.text().unwrap());
    run(&["restore", "2", "--yes"]);
    let text = host.text().unwrap();
    assert!(text.contains("uptime") && !text.contains("date"), "{text}");
    assert_eq!(token(text), before);

    let dev = Dev::start(&[]);
    let client = dev.client();
    let run = |arguments: &[&str]| {
        let output = client.command(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    run(&["approvals", "allowlist", "add", "/usr/bin/uptime", "--gateway", "--json"]);
    run(&["approvals", "allowlist", "add", "/usr/bin/date", "--gateway", "--json"]);
    let listing = run(&["approvals", "versions", "gateway", "--json"]);
    let target = listing["versions"][0]["target"].as_str().unwrap();
    assert_eq!(target, format!("gateway:{}", dev.url));
    let restored = run(&["approvals", "restore", "2", "--yes", "--json"]);
    assert_eq!(restored["set"]["outcome"], "stored");
    let diff = run(&["approvals", "diff", "version:2", "gateway", "--json"]);
    assert_eq!(diff["changes"], json!([]));
}

#[test]
fn an_entry_with_a_time_limit_is_removed_by_the_next_edit() {
    let home = Home::new(&document(&["/usr/bin/uptime"]));
    let add =
        ["allowlist", "add", "/usr/bin/make", "--agent", "main", "--for", "2h", "--note", "ticket 4711"];
    let mut text = transcript(&mut home.run(&add), &[]);
    for arguments in [
        &["get"][..],
        &["allowlist", "ls"],
        &["lint", "--fail-on", "never"],
        &["allowlist", "add", "/usr/bin/uptime", "--agent", "main", "--for", "2h"],
        &["allowlist", "add", "/usr/bin/x", "--until", "2001-01-01"],
    ] {
        text += &["\n$ approvals ", &arguments.join(" "), "\n"].concat();
        text += &transcript(&mut home.run(arguments), &[]);
    }
    // The time passes.
    let over = "UPDATE entry SET until_ms = 1000000000000 WHERE pattern = '/usr/bin/make'";
    Connection::open(home.database()).unwrap().execute_batch(over).unwrap();
    for arguments in
        [&["lint", "--fail-on", "never"][..], &["allowlist", "add", "/usr/bin/date", "--agent", "main"]]
    {
        text += &["\n$ approvals ", &arguments.join(" "), "\n"].concat();
        text += &transcript(&mut home.run(arguments), &[]);
    }
    insta::assert_snapshot!(stable(&text, home.path()));
    assert_eq!(patterns(&home.document()), ["/usr/bin/uptime", "/usr/bin/date"]);
    assert_eq!(home.writers(), ["?", "allowlist add", "expiry", "allowlist add"]);
}

#[test]
fn lint_and_set_remove_an_entry_whose_time_is_over() {
    let over = |home: &Home| {
        home.done(&["allowlist", "add", "/usr/bin/make", "--agent", "main", "--for", "2h"]);
        let statement = "UPDATE entry SET until_ms = 1";
        Connection::open(home.database()).unwrap().execute_batch(statement).unwrap();
    };
    let home = Home::new(&document(&["/usr/bin/uptime"]));
    over(&home);
    let fixed = home.run(&["lint", "--fix", "--yes", "--fail-on", "never"]).output().unwrap();
    assert_eq!(fixed.status.code(), Some(0), "{fixed:?}");
    let text = [fixed.stdout, fixed.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    let plan = "1 entry to remove; commands that only expired entries allow will ask again, or are denied\n";
    assert!(text.contains(plan), "{text}");
    assert_eq!(patterns(&home.document()), ["/usr/bin/uptime"]);
    let home = Home::new(&document(&["/usr/bin/uptime"]));
    over(&home);
    fs::write(home.path().join("new.json"), document(&["/usr/bin/make", "/usr/bin/w"]).to_string()).unwrap();
    let report = home.object(&["set", "--file", "new.json", "--json"]);
    assert_eq!(patterns(&home.document()), ["/usr/bin/w"]);
    let get = home.object(&["get", "--json"]);
    assert_eq!(
        (report["hash"].clone(), report["expired"][0]["removed"].clone()),
        (get["hash"].clone(), json!(true))
    );
}

/// The bug: who wrote a document 500 times pushed out every earlier text, and only the row of each version said so.
#[test]
fn texts_that_the_limits_removed_are_counted() {
    let home = Home::new(&document(&["/usr/bin/uptime"]));
    home.done(&["allowlist", "add", "/usr/bin/date", "--agent", "main"]);
    home.done(&["allowlist", "add", "/usr/bin/w", "--agent", "main"]);
    let listed = |more: &[&str]| {
        let output = home.run(&[&["versions", "--limit", "1"], more].concat()).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(!listed(&[]).contains("limits removed"), "{}", listed(&[]));
    let remove = "UPDATE version SET text = NULL WHERE id < 3";
    Connection::open(home.database()).unwrap().execute_batch(remove).unwrap();
    let line = "The limits removed the texts of 2 older versions: they cannot be restored.\n";
    assert!(listed(&[]).ends_with(line), "{}", listed(&[]));
    assert!(listed(&["local"]).ends_with(line), "{}", listed(&["local"]));
    assert_eq!(home.object(&["versions", "--json"])["removedTexts"], 2);
    // A place that has no such version.
    fs::write(home.path().join("other.json"), document(&[]).to_string()).unwrap();
    home.done(&["allowlist", "add", "/usr/bin/w", "--agent", "main", "--file", "other.json"]);
    assert!(!listed(&["other.json"]).contains("limits removed"));
}

#[test]
fn a_limit_that_moves_is_reported_and_a_wrong_one_is_refused() {
    let home = Home::new(&document(&["/usr/bin/uptime"]));
    let add = ["allowlist", "add", "/usr/bin/make", "--agent", "main", "--for"];
    home.done(&[&add[..], &["2h"]].concat());
    let moved = home.run(&[&add[..], &["3h", "--quiet"]].concat()).output().unwrap();
    let text = stable(&String::from_utf8_lossy(&moved.stdout), home.path());
    let line = "time limit of /usr/bin/make (agent main) moved from [day] [time] UTC to [day] [time] UTC; the \
                document is unchanged\n";
    assert!(text.starts_with(line), "{text}");
    let moved = home.object(&[&add[..], &["4h", "--json"]].concat());
    let instant = |value: &Value| value.as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    let by = instant(&moved["note"]["until"]).duration_since(instant(&moved["movedFrom"]));
    // From three hours after one moment to four hours after the next.
    assert!((3_600..3_700).contains(&by.as_secs()), "{moved}");
    assert_eq!(moved.get("permanent"), None, "{moved}");
    let stays = ["allowlist", "add", "/usr/bin/uptime", "--agent", "main", "--for", "2h", "--json"];
    let stays = home.object(&stays);
    assert_eq!((stays.get("permanent"), stays.get("movedFrom")), (Some(&json!(true)), None), "{stays}");
    for (more, said) in [
        (&["2"][..], "`2` has no unit; write for example 30m, 2h, 7d"),
        (&["99999999w"], "`99999999w` is too long; 100 years at most"),
        (
            &["2h", "--gateway=embedded"],
            "a rehearsal gateway keeps no time limits\n  next: omit --for and --until",
        ),
    ] {
        let refused = home.run(&[&add[..], more].concat()).output().unwrap();
        let err = String::from_utf8_lossy(&refused.stderr);
        assert!(refused.status.code() == Some(2) && err.contains(said), "{more:?}: {err}");
    }
    let note = ["allowlist", "add", "/usr/bin/w", "--note", "x", "--gateway=embedded"];
    let refused = home.run(&note).output().unwrap();
    assert!(String::from_utf8_lossy(&refused.stderr).contains("a rehearsal gateway keeps no notes"));
    let past = ["allowlist", "add", "/usr/bin/w", "--until", "2001-01-01"];
    let past = home.run(&past).output().unwrap();
    assert!(String::from_utf8_lossy(&past.stderr).contains("write a later time, or --for 2h"));
}

#[test]
fn what_has_no_versions_is_named_with_the_next_step() {
    let home = Home::new(&document(&["/usr/bin/uptime"]));
    home.done(&["allowlist", "add", "/usr/bin/date", "--agent", "main"]);
    let mut text = String::new();
    for arguments in [
        &["versions", "nowhere.json"][..],
        &["versions", "2"],
        &["versions", "version:1"],
        &["versions", "--limit", "0"],
        &["versions", "--limit", "x"],
        &["versions", "show", "x"],
        &["diff", "2", "3"],
        &["diff", "version:99", "local"],
    ] {
        text += &["\n$ approvals ", &arguments.join(" "), "\n"].concat();
        text += &transcript(&mut home.run(arguments), &[]);
    }
    insta::assert_snapshot!(stable(&text, home.path()));
    assert_eq!(home.object(&["history", "--json"]), home.object(&["versions", "--json"]));
}

#[test]
fn a_version_is_read_by_every_verb_and_one_without_a_document_is_named() {
    let home = Home::new(&document(&["/usr/bin/uptime"]));
    home.done(&["allowlist", "add", "/usr/bin/date", "--agent", "main"]);
    fs::remove_file(home.store()).unwrap();
    home.done(&["restore", "2", "--yes"]);
    for arguments in [&["validate", "version:3"][..], &["lint", "version:3"], &["set", "--file", "version:3"]]
    {
        let refused = home.run(arguments).output().unwrap();
        let said = [refused.stdout, refused.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert!(refused.status.code() != Some(0), "{arguments:?}");
        for expected in ["version 3 says that there was no document", "clearance approvals versions"] {
            assert!(said.contains(expected), "{arguments:?}: {said}");
        }
    }
    let listed = home.object(&["allowlist", "ls", "--file", "version:1", "--json"]);
    assert!(listed.to_string().contains("/usr/bin/uptime") && !listed.to_string().contains("/usr/bin/date"));
    for verb in [&["suggest", "--narrow"][..], &["upgrade", "--for", "2026.9.6"]] {
        let report = home.object(&[verb, &["--file", "version:2", "--json"]].concat());
        assert_eq!(report["document"]["path"], "version:2", "{report}");
    }
}

#[test]
fn an_entry_is_not_added_without_its_limit() {
    let home = Home::new(&document(&["/usr/bin/uptime"]));
    fs::create_dir_all(home.database()).unwrap();
    let add = ["allowlist", "add", "/usr/bin/make", "--agent", "main"];
    let refused = home.run(&[&add[..], &["--for", "2h"]].concat()).output().unwrap();
    assert_eq!(refused.status.code(), Some(7), "{refused:?}");
    assert_eq!(patterns(&home.document()), ["/usr/bin/uptime"]);
    let warned = home.done(&add);
    assert_eq!(warned.matches("no version of this document is kept").count(), 1, "{warned}");
    assert_eq!(patterns(&home.document()), ["/usr/bin/uptime", "/usr/bin/make"]);
}

/// An edit succeeds with one warning, whatever is in the place of the database.
#[test]
fn an_edit_succeeds_where_no_version_can_be_kept() {
    let edit = |home: &Home, pattern: &str, cause: &str| {
        let err = home.done(&["allowlist", "add", pattern, "--agent", "main"]);
        assert_eq!(err.matches("warning: no version of this document is kept").count(), 1, "{cause}: {err}");
        assert!(err.contains("next: "), "{cause}: {err}");
        assert!(patterns(&home.document()).contains(&pattern), "{cause}");
    };
    let home = Home::new(&document(&[]));
    let directory = home.database().parent().unwrap().to_owned();
    fs::create_dir_all(&directory).unwrap();
    edit(&home, "/bin/a", "the directory is open to others");
    fs::set_permissions(&directory, Permissions::from_mode(0o700)).unwrap();
    let put = |content: &[u8]| {
        fs::write(home.database(), content).unwrap();
        fs::set_permissions(home.database(), Permissions::from_mode(0o600)).unwrap();
    };
    put(&[b'x'; 5_000]);
    edit(&home, "/bin/b", "the file is no database");
    fs::remove_file(home.database()).unwrap();
    home.done(&["allowlist", "add", "/bin/c", "--agent", "main"]);
    let mut damaged = fs::read(home.database()).unwrap();
    damaged[100..].fill(0xff);
    put(&damaged);
    edit(&home, "/bin/d", "the database is damaged");
    assert_eq!(fs::read(home.database()).unwrap(), damaged, "and nothing is written to it");
    fs::remove_file(home.database()).unwrap();
    fs::remove_dir_all(home.path().join(".local/state")).unwrap();
    fs::write(home.path().join(".local/state"), "a file").unwrap();
    edit(&home, "/bin/e", "the state directory cannot be made");
}

/// A file size limit fails like a full disk does, in the middle of the write, and needs no mount.
#[test]
fn an_edit_succeeds_where_the_disk_of_the_versions_is_full() {
    let home = Home::new(&document(&[]));
    home.done(&["allowlist", "add", "/bin/a", "--agent", "main"]);
    // The document stays below the limit of 16 KiB; the database is larger.
    let limited =
        format!("ulimit -f 16; exec '{}' approvals allowlist add /bin/b --agent main", binary().display());
    let mut shell = process::Command::new("sh");
    let output = shell.env_clear().env("HOME", home.path()).args(["-c", &limited]).output().unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{err}");
    assert_eq!(err.matches("no version of this document is kept").count(), 1, "{err}");
    assert_eq!(patterns(&home.document()), ["/bin/a", "/bin/b"]);
    // The past is whole, and goes on.
    assert!(home.object(&["versions", "--verify", "--json"])["whole"].as_bool().unwrap());
    home.done(&["allowlist", "add", "/bin/c", "--agent", "main"]);
    assert!(home.object(&["versions", "--verify", "--json"])["whole"].as_bool().unwrap());
}

#[test]
fn an_edited_past_is_reported() {
    let home = Home::new(&document(&[]));
    for pattern in ["/bin/a", "/bin/b", "/bin/c"] {
        home.done(&["allowlist", "add", pattern, "--agent", "main"]);
    }
    Connection::open(home.database())
        .unwrap()
        .execute_batch(
            "UPDATE version SET writer = 'set' WHERE id = 2; UPDATE version SET text = 'x' WHERE id = 3;
             DELETE FROM version WHERE id = 4",
        )
        .unwrap();
    let text = transcript(&mut home.run(&["versions", "--verify"]), &[]);
    insta::assert_snapshot!(stable(&text, home.path()));
    let object = home.object(&["versions", "--verify", "--json"]);
    assert_eq!(object["whole"], json!(false));
}

#[test]
fn an_edited_version_is_not_used() {
    let home = Home::new(&document(&["/usr/bin/uptime"]));
    home.done(&["allowlist", "add", "/usr/bin/date", "--agent", "main"]);
    let full = json!({"version": 1, "defaults": {"security": "full", "ask": "off"}, "agents": {}});
    let connection = Connection::open(home.database()).unwrap();
    connection.execute("UPDATE version SET text = ?1 WHERE id = 1", [full.to_string()]).unwrap();
    let before = fs::read(home.store()).unwrap();
    for arguments in [
        &["restore", "1", "--yes"][..],
        &["diff", "version:1", "local"],
        &["set", "--file", "version:1"],
        &["get", "--file", "version:1"],
        &["versions", "show", "1"],
        &["versions", "show", "1", "--json"],
    ] {
        let output = home.run(arguments).output().unwrap();
        let err = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {err}");
        assert!(err.contains("version 1 was changed after it was kept"), "{arguments:?}: {err}");
        assert!(err.contains("clearance approvals versions --verify"), "{arguments:?}: {err}");
        assert_eq!(fs::read(home.store()).unwrap(), before, "{arguments:?}");
    }
    // The text can be looked at, with the warning.
    assert_eq!(home.object(&["versions", "show", "1", "--json"])["fits"], json!(false));
    assert_eq!(home.object(&["versions", "show", "2", "--json"])["fits"], json!(true));
}

/// Runs a command that may write no file beyond a size, which fails like a full disk.
fn limited(home: &Home, blocks: u32, arguments: &str) -> Option<i32> {
    let line = format!("ulimit -f {blocks}; exec '{}' approvals {arguments}", binary().display());
    let mut shell = process::Command::new("sh");
    shell.env_clear().env("HOME", home.path()).args(["-c", &line]).output().unwrap().status.code()
}

/// A document that is larger than the database of its versions.
fn large(patterns: &[&str]) -> Value {
    let many: Vec<String> =
        (0..4_000).map(|number| format!("/opt/some/directory/program-{number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).chain(patterns.iter().copied()).collect();
    document(&many)
}

#[test]
fn an_entry_whose_removal_failed_keeps_its_limit() {
    let home = Home::new(&document(&[]));
    home.done(&["allowlist", "add", "/usr/bin/make", "--agent", "main", "--for", "2h"]);
    home.write(&large(&["/usr/bin/make"]));
    let limit = || home.object(&["allowlist", "ls", "--json"]).to_string().contains("\"until\"");
    assert!(limit());
    assert_eq!(limited(&home, 256, "allowlist remove /usr/bin/make --agent main"), Some(7));
    assert!(patterns(&home.document()).contains(&"/usr/bin/make"));
    assert!(limit(), "the entry is there, and has a limit");
    home.done(&["allowlist", "remove", "/usr/bin/make", "--agent", "main"]);
    home.write(&document(&["/usr/bin/make"]));
    assert!(!limit());
}

#[test]
fn an_entry_that_could_not_be_added_leaves_no_limit_behind() {
    let home = Home::new(&document(&["/usr/bin/uptime"]));
    // The database exists, and is below the limit of the size.
    home.done(&["allowlist", "add", "/usr/bin/date", "--agent", "main"]);
    home.write(&large(&[]));
    assert_eq!(limited(&home, 256, "allowlist add /usr/bin/make --agent main --for 2h"), Some(7));
    // Another program adds it without a limit.
    home.write(&document(&["/usr/bin/make"]));
    let over = "UPDATE entry SET until_ms = 1";
    Connection::open(home.database()).unwrap().execute_batch(over).unwrap();
    home.done(&["allowlist", "add", "/usr/bin/w", "--agent", "main"]);
    assert_eq!(patterns(&home.document()), ["/usr/bin/make", "/usr/bin/w"]);
}

#[test]
fn a_restored_entry_whose_time_is_over_does_not_stay() {
    let home = Home::new(&document(&["/usr/bin/uptime"]));
    home.done(&["allowlist", "add", "/usr/bin/make", "--agent", "main", "--for", "2h"]);
    fs::copy(home.store(), home.path().join("copy.json")).unwrap();
    let over = "UPDATE entry SET until_ms = 1000000000000";
    Connection::open(home.database()).unwrap().execute_batch(over).unwrap();
    home.done(&["allowlist", "add", "/usr/bin/date", "--agent", "main"]);
    assert_eq!(patterns(&home.document()), ["/usr/bin/uptime", "/usr/bin/date"]);
    let planned = home.run(&["restore", "2", "--dry-run"]).output().unwrap();
    let planned = String::from_utf8(planned.stdout).unwrap();
    assert!(planned.contains("the time of /usr/bin/make of agent main was over"), "{planned}");
    let restored = home.object(&["restore", "2", "--yes", "--json"]);
    assert_eq!(restored["over"][0]["pattern"], "/usr/bin/make", "{restored}");
    assert_eq!(restored["set"]["expired"][0]["removed"], true, "{restored}");
    assert_eq!(patterns(&home.document()), ["/usr/bin/uptime"]);
    // So does a copy.
    home.done(&["set", "--file", "copy.json"]);
    assert_eq!(patterns(&home.document()), ["/usr/bin/uptime"]);
    // An entry that is added without a limit stays.
    home.done(&["allowlist", "add", "/usr/bin/make", "--agent", "main"]);
    home.done(&["allowlist", "add", "/usr/bin/w", "--agent", "main"]);
    fs::copy(home.store(), home.path().join("copy.json")).unwrap();
    home.done(&["allowlist", "remove", "/usr/bin/w", "--agent", "main"]);
    home.done(&["set", "--file", "copy.json"]);
    assert_eq!(patterns(&home.document()), ["/usr/bin/uptime", "/usr/bin/make", "/usr/bin/w"]);
}

#[test]
fn a_version_is_read_and_its_place_is_edited() {
    let home = Home::new(&document(&["/usr/bin/uptime"]));
    home.done(&["allowlist", "add", "/usr/bin/date", "--agent", "main"]);
    let explain = ["explain", "/usr/bin/id", "--agent", "main", "--file", "version:1", "--json"];
    let allow = home.object(&explain)["allow"][0]["command"].as_str().unwrap().to_owned();
    assert!(allow.contains(&format!("--store {}", home.store().display())), "{allow}");
    assert!(!allow.contains("version:1"), "{allow}");
    for arguments in [
        &["allowlist", "add", "/usr/bin/id", "--agent", "main", "--file", "version:1"][..],
        &["watch", "version:1"],
        &["watch", "-"],
        &["restore", "1", "--to", "version:1", "--yes"],
        &["restore", "1", "--to", "-", "--yes"],
    ] {
        let output = home.run(arguments).output().unwrap();
        let err = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {err}");
        assert!(err.contains("it is no document that changes") && !err.contains("--fix"), "{err}");
    }
}

/// Kills edits at any moment: no document is lost, and the past is whole after each kill.
///
/// The test kills 24 edits; `CLEARANCE_KILLS` overrides the number.
#[test]
fn a_killed_edit_breaks_neither_the_document_nor_the_past() {
    let kills: u32 = std::env::var("CLEARANCE_KILLS").map_or(24, |count| count.parse().unwrap());
    let home = Home::new(&document(&["/usr/bin/uptime"]));
    let edit = |verb: &str| {
        let mut command = process::Command::new(binary());
        command.env_clear().env("HOME", home.path()).stdout(Stdio::null()).stderr(Stdio::null());
        command.args(["approvals", "allowlist", verb, "/bin/other", "--agent", "main"]);
        command
    };
    let mut longest = Duration::ZERO;
    for verb in ["add", "remove"] {
        let begun = Instant::now();
        assert!(edit(verb).status().unwrap().success());
        longest = longest.max(begun.elapsed());
    }
    let (mut killed, mut finished) = (0, 0);
    let mut phases: BTreeMap<&str, u32> = BTreeMap::new();
    while killed < kills {
        let before = home.document();
        let is_longer = patterns(&before).len() == 2;
        let mut child = edit(if is_longer { "remove" } else { "add" }).spawn().unwrap();
        // Evenly over an edit, in an order in which neighbours are far apart.
        let until = Instant::now() + longest * ((killed + finished) * 37 % 64) / 60;
        while let Some(left) = until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
            thread::park_timeout(left);
        }
        child.kill().unwrap();
        let status = child.wait().unwrap();
        let after = home.document();
        let is_stored = (patterns(&after).len() == 2) != is_longer;
        let expected: &[&str] =
            if is_stored == is_longer { &["/usr/bin/uptime"] } else { &["/usr/bin/uptime", "/bin/other"] };
        assert_eq!(patterns(&after), expected, "after {killed} kills");
        assert_eq!(after["socket"], before["socket"], "after {killed} kills");
        let verified = home.object(&["versions", "--verify", "--json"]);
        assert_eq!(verified["whole"], json!(true), "after {killed} kills: {verified}");
        if status.signal() == Some(9) {
            killed += 1;
            let newest = format!("version:{}", verified["head"]["id"]);
            let is_kept = home.run(&["diff", &newest, "local"]).output().unwrap().status.success();
            let phase = match (is_stored, is_kept) {
                (false, _) => "not stored",
                (true, false) => "stored and not kept",
                (true, true) => "stored and kept",
            };
            *phases.entry(phase).or_default() += 1;
        } else {
            assert!(status.success() && is_stored, "{status}");
            finished += 1;
            assert!(finished < 10 * kills.max(10), "edits end before they are killed: {phases:?}");
        }
    }
    let verified = home.object(&["versions", "--verify", "--json"]);
    eprintln!(
        "{killed} kills: {phases:?}; {finished} edits ended before; {} versions",
        verified["head"]["id"]
    );
    assert!(phases.contains_key("not stored"), "{phases:?}");
    home.done(&["allowlist", "add", "/bin/last", "--agent", "main"]);
    let verified = home.object(&["versions", "--verify", "--json"]);
    assert_eq!(verified["whole"], json!(true), "{verified}");
    // The newest version is the document.
    let newest = verified["head"]["id"].to_string();
    let output = home.run(&["diff", &format!("version:{newest}"), "local"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}
