//! Realistic documents in the store of a real host of each generation: a JSON file up to 2026.7, a row of a database
//! from 2026.8. OpenClaw's own command and the running gateway read each result.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::PathBuf;
use std::process::Command;

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::checks::Checks;
use crate::client::Client;
use crate::gateway::{Gateway, Setup};
use crate::tool::{Ran, Tool};

#[test]
fn documents_on_2026_4_14() {
    documents("2026.4.14");
}

#[test]
fn documents_on_2026_7_1() {
    documents("2026.7.1");
}

#[test]
fn documents_on_2026_9_6() {
    documents("2026.9.6");
}

/// A host, and its user.
struct Host {
    gateway: Gateway,
    tool: Tool,
    /// Whether its gateway is running.
    is_live: bool,
}

impl Host {
    /// Its store, if that is a file.
    fn file(&self) -> Option<PathBuf> {
        match self.gateway.version {
            "2026.4.14" => Some(self.gateway.early_store()),
            "2026.7.1" => Some(self.gateway.state().join("exec-approvals.json")),
            _ => None,
        }
    }

    fn database(&self) -> Connection {
        Connection::open(self.gateway.state().join("state/openclaw.sqlite")).expect("a database")
    }

    /// Writes any text into the store.
    fn put(&self, text: &str) {
        if let Some(file) = self.file() {
            fs::create_dir_all(file.parent().expect("a directory")).expect("a directory");
            fs::write(&file, text).expect("a store");
            fs::set_permissions(&file, Permissions::from_mode(0o600)).expect("a private store");
        } else {
            self.run(&["set", "--file", &self.tool.document(&json!({"version": 1, "agents": {"main": {}}}))])
                .exits(0);
            let changed = self.database().execute("UPDATE exec_approvals_config SET raw_json = ?1", [text]);
            assert_eq!(changed.expect("a row"), 1);
        }
    }

    /// The text in the store.
    fn text(&self) -> String {
        match self.file() {
            Some(file) => fs::read_to_string(file).expect("a store"),
            None => self
                .database()
                .query_row("SELECT raw_json FROM exec_approvals_config", [], |row| row.get(0))
                .expect("a row"),
        }
    }

    fn run(&self, words: &[&str]) -> Ran {
        self.tool.run(&[&["approvals"], words].concat())
    }

    /// The document as OpenClaw's own command reads it.
    fn official(&self) -> Value {
        let text = self.gateway.official(&["approvals", "get", "--json"]);
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    /// The patterns of agent main, as both programs read them.
    fn patterns(&self) -> Vec<String> {
        let of = |got: &Value| -> Vec<String> {
            let entries = got["file"]["agents"]["main"]["allowlist"].as_array().cloned().unwrap_or_default();
            entries.iter().map(|entry| entry["pattern"].as_str().expect("a pattern").to_owned()).collect()
        };
        let official = of(&self.official());
        if self.is_live {
            assert_eq!(official, of(&Client::operator(self.gateway.address()).get()));
        }
        official
    }
}

fn documents(version: &'static str) {
    let gateway = Gateway::new(version, Setup::Token);
    let tool = Tool::of_user(&gateway.home(), &gateway.state());
    let mut host = Host { gateway, tool, is_live: false };
    if host.file().is_none() {
        // The release creates its database; afterwards the host has no document again.
        let file = host.tool.document(&json!({"version": 1}));
        host.gateway.official(&["approvals", "set", "--file", &file]);
        host.database().execute("DELETE FROM exec_approvals_config", []).expect("no document");
    }
    let mut checks = Checks::of(version);
    checks.check("a host without a document uses its defaults", || without(&host));
    checks.check("an edit keeps every other byte, the group and the mode", || kept(&host));
    checks.check("unknown fields are linted, edited and removed", || unknown(&host));
    checks.check("one rule for early forms", || early(&host));
    checks.check("words that people write", || words(&host));
    checks.check("a store behind a link, and one that other users may write", || links(&host));
    checks.check("the remedy of a store with two names works", || two_names(&host));
    // The gateway starts with the document that was stored meanwhile, and sees later edits.
    host.gateway.start();
    host.gateway.wait_until_ready();
    host.is_live = true;
    checks.check("the gateway reads what was edited", || {
        host.run(&["allowlist", "add", "/opt/live", "--agent", "main"]).exits(0);
        assert!(host.patterns().contains(&"/opt/live".to_owned()));
    });
    checks.check("the remedies of lint --gateway work there", || remedies(&host));
    drop(host);
    checks.end();
}

fn without(host: &Host) {
    for verb in ["validate", "lint"] {
        host.run(&[verb])
            .exits(0)
            .says(&["holds no approvals document", "every command runs and nobody is asked"]);
    }
    host.run(&["get"]).exits(0).says(&["no document", "security full, ask off"]);
    // The remedy: clearance approvals set --file new.json
    let file = host
        .tool
        .document(&json!({"version": 1, "agents": {"main": {"allowlist": [{"pattern": "/bin/ls"}]}}}));
    let Some(store) = host.file() else {
        host.run(&["set", "--file", &file]).exits(0);
        assert_eq!(host.patterns(), ["/bin/ls"]);
        return;
    };
    // If two places are possible, the error asks for one, and each next step works as printed.
    host.run(&["set", "--file", &file]).exits(7).says(&["select one with --store PATH"]);
    let store = store.display().to_string();
    let set = ["set", "--file", &file, "--store", &store];
    let ran = host.run(&set);
    if ran.code != 0 {
        paste(remedy(&ran, "mkdir -m 700").split(')').next().expect("a command"));
        host.run(&set).exits(0);
    }
    assert_eq!(host.patterns(), ["/bin/ls"]);
}

fn kept(host: &Host) {
    let Some(file) = host.file() else {
        // A database has no layout of its own: the text stays in the gateway's form.
        let before = host.official();
        host.run(&["allowlist", "add", "/opt/new", "--agent", "main"]).exits(0);
        assert_eq!(host.patterns(), ["/bin/ls", "/opt/new"]);
        host.run(&["allowlist", "remove", "/opt/new", "--agent", "main"]).exits(0);
        assert_eq!(host.official()["file"], before["file"]);
        return;
    };
    let text = "{\n\t\"agents\":{ \"main\" : {\"allowlist\":[\n\t\t{\"pattern\":\"/bin/ls\",\"id\":\"1\"},\n\t\t{\"id\":\"2\",\"pattern\":\"/bin/cat\"}]}},\n\t\"version\":1}\n";
    host.put(text);
    fs::set_permissions(&file, Permissions::from_mode(0o640)).expect("a mode");
    if rustix::process::geteuid().is_root() {
        chown(&file, None, Some(1000)).expect("a group");
    }
    let before = fs::metadata(&file).expect("a store");
    host.run(&["allowlist", "add", "/opt/new", "--agent", "main"]).exits(0);
    let after = fs::metadata(&file).expect("a store");
    assert_eq!((after.uid(), after.gid(), after.mode()), (before.uid(), before.gid(), before.mode()));
    let edited = host.text();
    let (start, end) = text.split_once("]}}").expect("the end of the list");
    let new = edited.strip_prefix(start).and_then(|rest| rest.strip_suffix(&format!("]}}}}{end}")));
    let new: Value =
        serde_json::from_str(new.expect("every other byte").trim_start_matches(',')).expect("an entry");
    assert_eq!(new["pattern"], "/opt/new");
    assert_eq!(host.patterns(), ["/bin/ls", "/bin/cat", "/opt/new"]);
    host.run(&["allowlist", "remove", "/opt/new", "--agent", "main"]).exits(0);
    assert_eq!(host.text(), text);
}

fn unknown(host: &Host) {
    let text = r#"{"version":1,"comment":"ours","agents":{"main":{"model":"opus","allowlist":[{"id":"1","pattern":"/usr/bin/python3","note":"why"},{"id":"2","pattern":"/bin/ls"}]}}}"#;
    host.put(text);
    // The host runs with it, so the other checks continue.
    host.run(&["lint"]).exits(1).says(&[
        "unknown-field",
        "interpreter-without-arguments",
        "--fix removes 3 unknown fields",
    ]);
    host.run(&["allowlist", "add", "/opt/new", "--agent", "main"]).exits(0);
    let edited = host.text();
    assert!(edited.contains(r#""comment":"ours""#) && edited.contains(r#""note":"why""#), "{edited}");
    assert_eq!(host.patterns(), ["/usr/bin/python3", "/bin/ls", "/opt/new"]);
    // Restored: a gateway that reads a row may have rewritten it in its own form.
    host.put(text);
    let file = host.tool.file("strange.json", text);
    host.run(&["set", "--file", &file]).exits(1).says(&["unknown-field"]);
    let ran = host.run(&["set", "--file", &file, "--drop-unknown", "--json"]).exits(0);
    let dropped: Vec<Value> = ran.json()["droppedUnknown"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|field| field["path"].clone())
        .collect();
    assert_eq!(dropped, ["/comment", "/agents/main/model", "/agents/main/allowlist/0/note"]);
    assert_eq!(host.patterns(), ["/usr/bin/python3", "/bin/ls"]);
    host.run(&["validate"]).exits(0);
    host.put(text);
    host.run(&["lint", "--fix", "--yes", "--fail-on", "never"]).exits(0);
    assert!(!host.text().contains("note") && !host.text().contains("comment"), "{}", host.text());
    assert_eq!(host.patterns(), ["/usr/bin/python3", "/bin/ls"]);
}

fn early(host: &Host) {
    let text = r#"{"version": 1, "agents": {"default": {"security": "deny", "allowlist": ["/BIN/LS", "/bin/cat"]},
        "main": {"ask": "always", "allowlist": [{"pattern": "/bin/ls", "lastUsedAt": null}]}}}"#;
    let file = host.tool.file("early.json", text);
    host.run(&["validate", &file]).exits(1);
    host.run(&["set", "--file", &file]).exits(1);
    host.run(&["validate", "--allow-legacy", &file]).exits(0);
    host.run(&["set", "--allow-legacy", "--file", &file]).exits(0);
    assert_eq!(host.patterns(), ["/bin/ls", "/bin/cat"]);
}

fn words(host: &Host) {
    host.put(r#"{"version":1,"agents":{"main":{"allowlist":[{"id":"1","pattern":"/bin/ls"}]}}}"#);
    let before = host.text();
    for (field, word, meant) in
        [("askFallback", "allow", "full"), ("ask", "never", "off"), ("askFallback", "on-miss", "askFallback")]
    {
        let file = host.tool.document(&json!({"version": 1, "defaults": {field: word}}));
        host.run(&["set", "--file", &file]).exits(1).says(&["unknown-value", word, meant]);
        host.run(&["validate", &file]).exits(1).says(&["unknown-value", word, meant]);
    }
    for field in ["denylist", "safeBins", "rules"] {
        let file = host.tool.document(&json!({"version": 1, field: ["/bin/ls"]}));
        host.run(&["set", "--file", &file]).exits(1).says(&["unknown-field", field]);
    }
    // The host's own configuration is not a document, and is recognised.
    let configuration = host.gateway.state().join("openclaw.json").display().to_string();
    host.run(&["validate", &configuration]).exits(1).says(&["openclaw-config"]);
    assert_eq!(host.text(), before);
}

fn remedies(host: &Host) {
    let entry = |pattern: &str| json!({"pattern": pattern});
    let entries = [
        entry("/opt/bin/*"),
        entry("/opt/bin/git"),
        entry("/usr/bin/id"),
        entry("/usr/bin/id"),
        entry("bin/rg"),
    ];
    let document = json!({"version": 1, "agents": {"main": {"security": "allowlist", "ask": "always", "allowlist": entries}}});
    let mut raw = Client::operator(host.gateway.address());
    raw.set(&document);
    let gateway = ["--gateway", "--format", "json", "--fail-on", "never"];
    let lint = || -> Vec<Value> {
        let ran = host.run(&[&["lint"][..], &gateway].concat()).exits(0);
        ran.json()["files"][0]["problems"].as_array().expect("a list").clone()
    };
    let fixes: Vec<String> = lint()
        .iter()
        .filter(|problem| {
            ["covered-entry", "duplicate-entry", "never-matches"].iter().any(|code| problem["code"] == *code)
        })
        .map(|problem| problem["fix"].as_str().expect("a fix").to_owned())
        .collect();
    assert_eq!(fixes.len(), 3, "{fixes:?}");
    for (fix, pattern) in fixes.iter().zip(["/opt/bin/git", "/usr/bin/id", "bin/rg"]) {
        let (_, command) = fix.split_once(": clearance ").expect("a command");
        let end = [" (", ", ", ".", ";"].iter().filter_map(|end| command.find(end)).min();
        let words: Vec<&str> = command[..end.unwrap_or(command.len())].split(' ').collect();
        let words: Vec<&str> = words
            .into_iter()
            .map(|word| {
                if word == "PATTERN" {
                    pattern
                } else if word == "ID" {
                    "main"
                } else {
                    word
                }
            })
            .collect();
        host.tool.run(&words).exits(0);
    }
    host.run(&["allowlist", "add", "/usr/bin/id", "--agent", "main", "--gateway"]).exits(0);
    let left: Vec<Value> = lint().iter().map(|problem| problem["code"].clone()).collect();
    let gone = |code: &str| !left.iter().any(|left| left == code);
    assert!(["covered-entry", "duplicate-entry", "never-matches"].into_iter().all(gone), "{left:?}");
    assert_eq!(host.patterns(), ["/opt/bin/*", "/usr/bin/id"]);
}

fn links(host: &Host) {
    let Some(file) = host.file() else {
        let database = host.gateway.state().join("state/openclaw.sqlite");
        let mode = fs::metadata(&database).expect("a database").mode();
        fs::set_permissions(&database, Permissions::from_mode(0o666)).expect("a mode");
        let ran = host.run(&["get"]).exits(0).says(&["can be written by every user of this host"]);
        paste(&remedy(&ran, "chmod"));
        let ran = host.run(&["get"]).exits(0);
        assert!(!ran.stderr.contains("can be written"), "{ran:?}");
        fs::set_permissions(&database, Permissions::from_mode(mode)).expect("a mode");
        return;
    };
    host.put(r#"{"version":1,"agents":{"main":{"allowlist":[{"id":"1","pattern":"/bin/ls"}]}}}"#);
    let real = file.with_file_name("real.json");
    fs::rename(&file, &real).expect("it moves");
    symlink(&real, &file).expect("a link");
    for words in [
        &["get"][..],
        &["validate"],
        &["lint", "--fail-on", "never"],
        &["allowlist", "add", "/bin/ls", "--agent", "main"],
    ] {
        host.run(words).exits(0).says(&["is a symbolic link", "refuse a store behind one"]);
    }
    fs::rename(&real, &file).expect("it moves back");
    fs::set_permissions(&file, Permissions::from_mode(0o666)).expect("a mode");
    let ran = host.run(&["get"]).exits(0).says(&["can be written by every user of this host"]);
    paste(&remedy(&ran, "chmod"));
    let ran = host.run(&["get"]).exits(0);
    assert!(!ran.stderr.contains("warning"), "{ran:?}");
    assert_eq!(host.patterns(), ["/bin/ls"]);
}

fn two_names(host: &Host) {
    let Some(file) = host.file() else { return };
    fs::hard_link(&file, file.with_file_name("other.json")).expect("another name");
    let ran = host.run(&["allowlist", "add", "/opt/new", "--agent", "main"]).exits(7);
    paste(&remedy(&ran, "cp -a"));
    host.run(&["allowlist", "add", "/opt/new", "--agent", "main"]).exits(0);
    assert_eq!(host.patterns(), ["/bin/ls", "/opt/new"]);
}

/// The command in a remedy that begins with this text.
fn remedy(ran: &Ran, begin: &str) -> String {
    let at = ran.stderr.find(begin).unwrap_or_else(|| panic!("`{begin}` is missing: {ran:#?}"));
    ran.stderr[at..].lines().next().expect("a line").to_owned()
}

/// Pastes a command into a shell.
fn paste(command: &str) {
    let status = Command::new("sh").args(["-c", command]).status().expect("a shell");
    assert!(status.success(), "{command}");
}
