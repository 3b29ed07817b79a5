//! Next steps from messages, pasted into a shell of a real host of each generation. Those for documents in a store
//! without a running gateway are in `documents`.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::checks::Checks;
use crate::client::Client;
use crate::gateway::{Gateway, SECRET, Setup};
use crate::node::{Keeps, Node};
use crate::proxy::{Options, Proxy};
use crate::registry;
use crate::tool::{Ran, Tool};

#[test]
fn remedies_on_2026_4_14() {
    remedies("2026.4.14");
}

#[test]
fn remedies_on_2026_7_1() {
    remedies("2026.7.1");
}

#[test]
fn remedies_on_2026_9_6() {
    remedies("2026.9.6");
}

/// A host with both programs on its path, and a shell.
struct Host {
    gateway: Gateway,
    /// The gateway's own user.
    own: Tool,
    programs: TempDir,
}

/// The output of a shell.
struct Pasted {
    code: i32,
    text: String,
}

impl Host {
    fn start(version: &'static str) -> Self {
        let gateway = Gateway::ready(version, Setup::Token);
        let own = Tool::of_user(&gateway.home(), &gateway.state());
        let programs = tempfile::tempdir().expect("a directory");
        symlink(env!("CARGO_BIN_EXE_clearance"), programs.path().join("clearance")).expect("a link");
        let openclaw = registry::package("openclaw", version).join("openclaw").join("openclaw.mjs");
        let script =
            format!("#!/bin/sh\nexec '{}' '{}' \"$@\"\n", registry::node().display(), openclaw.display());
        let program = programs.path().join("openclaw");
        fs::write(&program, script).expect("a program");
        fs::set_permissions(&program, Permissions::from_mode(0o755)).expect("a program");
        Self { gateway, own, programs }
    }

    /// Pastes a command into a shell of the gateway's user.
    fn paste(&self, command: &str) -> Pasted {
        self.shell(command, &self.gateway.home(), true)
    }

    /// As [`Host::paste`], as a user of another host.
    fn paste_elsewhere(&self, command: &str, home: &Path) -> Pasted {
        self.shell(command, home, false)
    }

    fn shell(&self, command: &str, home: &Path, on_host: bool) -> Pasted {
        let mut path = self.programs.path().as_os_str().to_owned();
        path.push(":");
        path.push(registry::path_with(&registry::node()));
        let mut shell = Command::new("sh");
        shell.args(["-c", command]).current_dir(home).env_clear().env("PATH", path).env("HOME", home);
        if on_host {
            shell.env("OPENCLAW_STATE_DIR", self.gateway.state());
        }
        shell.env("OPENCLAW_NO_RESPAWN", "1").env("OPENCLAW_NO_AUTO_UPDATE", "1").stdin(Stdio::null());
        let output = shell.output().expect("a shell");
        let printed = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let text = printed(&output.stdout) + &printed(&output.stderr);
        Pasted { code: output.status.code().unwrap_or(-1), text }
    }

    /// As [`Host::paste`]; fails unless the command succeeds.
    #[track_caller]
    fn works(&self, command: &str) -> String {
        let Pasted { code, text } = self.paste(command);
        assert_eq!(code, 0, "{command}: {text}");
        text
    }

    /// The store, where it is a file.
    fn file(&self) -> Option<PathBuf> {
        match self.gateway.version {
            "2026.4.14" => Some(self.gateway.early_store()),
            "2026.7.1" => Some(self.gateway.state().join("exec-approvals.json")),
            _ => None,
        }
    }

    /// Puts a text into the store beside the gateway that runs.
    fn put(&self, text: &str) {
        if let Some(file) = self.file() {
            fs::write(&file, text).expect("a store");
            fs::set_permissions(&file, Permissions::from_mode(0o600)).expect("a private store");
        } else {
            let database = self.gateway.state().join("state/openclaw.sqlite");
            let database = rusqlite::Connection::open(database).expect("a database");
            let changed = database.execute("UPDATE exec_approvals_config SET raw_json = ?1", [text]);
            assert_eq!(changed.expect("a row"), 1);
        }
    }
}

/// The command in a message that begins with this text.
#[track_caller]
fn command<'t>(text: &'t str, begin: &str) -> &'t str {
    let at = text.find(begin).unwrap_or_else(|| panic!("`{begin}` is missing: {text}"));
    let rest = &text[at..];
    let ends = ["; ", " (", ")", "\n", ", make", " shows"];
    &rest[..ends.iter().filter_map(|end| rest.find(end)).min().unwrap_or(rest.len())]
}

#[track_caller]
fn remedy(ran: &Ran) -> String {
    ran.json()["error"]["remedy"].as_str().expect("a next step").to_owned()
}

fn remedies(version: &'static str) {
    let mut host = Host::start(version);
    let mut checks = Checks::of(version);
    checks.check("a missing and a wrong token", || token(&host));
    checks.check("a device that nobody has approved", || device(&host));
    if version != "2026.4.14" {
        checks.check("a node that nobody has approved", || node(&host));
    }
    checks.check("files that others can read or write", || modes(&host));
    checks.check("a gateway without the admin endpoint", || admin(&host));
    checks.check("a prompt that is not pending", || prompt(&host));
    checks.check("a document that changed, and one of early releases", || documents(&host));
    checks.check("unknown fields behind a gateway", || unknown(&host));
    if host.file().is_some() {
        checks.check("a store behind a link", || links(&host));
    }
    host.gateway.stop();
    checks.check("a redacted token in the host's own configuration", || redacted(&host));
    drop(host);
    checks.end();
}

fn token(host: &Host) {
    let url = format!("--gateway={}", host.gateway.url());
    let user = Tool::new();
    let home = tempfile::tempdir().expect("a home");
    for credential in [&[][..], &["--token-file", &user.wrong()]] {
        let ls = [&["queue", "ls", "--json", &url][..], credential].concat();
        let ran = Tool::new().run(&ls).exits(5);
        let remedy = remedy(&ran);
        let show = remedy.lines().find(|line| line.starts_with("openclaw ")).expect("a command");
        let printed = host.works(show);
        assert!(printed.contains(SECRET), "{show} prints no token");
        // The other step that the message prints.
        assert!(remedy.contains("into a file (chmod 600) and add --token-file PATH"), "{remedy}");
        let file = home.path().join("token");
        fs::write(&file, SECRET).expect("a file");
        let line = format!("chmod 600 token && clearance queue ls '{url}' --token-file token");
        let pasted = host.paste_elsewhere(&line, home.path());
        assert_eq!(pasted.code, 0, "{}", pasted.text);
    }
}

fn device(host: &Host) {
    let proxy = Proxy::to(host.gateway.address(), Options { forwarded: true, ..Options::default() });
    let user = Tool::new();
    let url = format!("--gateway={}", proxy.url());
    let get = ["approvals", "get", "--json", &url, "--token-file", &user.secret()];
    let ran = user.run(&get).exits(5).fails_with("pairing");
    host.works(command(&remedy(&ran), "openclaw devices approve"));
    user.run(&get).exits(0);
}

fn node(host: &Host) {
    let (waiting, device) = Node::waiting(host.gateway.address(), "new-server");
    let get = ["approvals", "get", "--node", "new-server", "--json"];
    let ran = host.own.run(&get).exits(5).fails_with("node-unapproved");
    host.works(command(&remedy(&ran), "openclaw nodes approve"));
    drop(waiting);
    let document = Keeps::Document(json!({ "version": 1 }));
    let node = Node::known(host.gateway.address(), &device, "new-server", document);
    host.own.run(&get).exits(0);
    drop(node);
}

fn modes(host: &Host) {
    let ls = ["queue", "ls"];
    let configuration = host.gateway.state().join("openclaw.json");
    for mode in [0o644, 0o620] {
        fs::set_permissions(&configuration, Permissions::from_mode(mode)).expect("a mode");
        let ran = host.own.run(&ls).exits(0).says(&["warning: "]);
        host.works(command(&ran.stderr, "chmod "));
        let ran = host.own.run(&ls).exits(0);
        assert!(!ran.stderr.contains("warning"), "{ran:#?}");
    }
    let devices = host.gateway.home().join(".local/state/clearance/devices");
    fs::set_permissions(&devices, Permissions::from_mode(0o755)).expect("a mode");
    let ran = host.own.run(&ls).exits(5);
    host.works(command(&ran.stderr, "chmod "));
    host.own.run(&ls).exits(0);
}

fn admin(host: &Host) {
    let user = Tool::new();
    let url = format!("--gateway={}", host.gateway.http_url());
    let get = ["approvals", "get", "--json", &url, "--token-file", &user.secret()];
    let ran = user.run(&get).exits(5).fails_with("no-admin-endpoint");
    let remedy = remedy(&ran);
    let line = command(&remedy, "clearance approvals get");
    assert!(line.contains(&host.gateway.url()) && line.contains("--token-file"), "{line}");
    host.works(line);
}

fn prompt(host: &Host) {
    let url = format!("--gateway={}", host.gateway.url());
    let ran = host.own.run(&["queue", "resolve", "none", "deny", "--json", &url]).exits(1);
    let remedy = remedy(&ran);
    let line = command(&remedy, "clearance queue ls");
    assert!(line.contains(&url), "{line}");
    host.works(line);
    let ran = host.own.run(&["run", "cancel", "none", "--yes", "--json", &url]);
    host.works(command(&self::remedy(&ran), "clearance run ls"));
}

fn documents(host: &Host) {
    let document = json!({"version": 1, "defaults": {"security": "deny"}});
    let file = host.own.document(&document);
    let set = ["approvals", "set", "--gateway", "--file", &file, "--json"];
    host.own.run(&set).exits(0);
    let stale = "0".repeat(64);
    let ran = host.own.run(&[&set[..], &["--base-hash", &stale]].concat()).exits(6);
    let read = host.works(command(&remedy(&ran), "clearance approvals get"));
    assert!(read.contains("security=deny"), "{read}");
    let early = r#"{"version": 1, "agents": {"main": {"allowlist": ["/bin/ls"]}}}"#;
    let early = host.own.file("early.json", early);
    let ran = host.own.run(&["approvals", "set", "--gateway", "--file", &early]).exits(1);
    let code = ran.stderr.split_once('[').and_then(|(_, rest)| rest.split_once(']')).expect("a code").0;
    let explain = command(&ran.stderr, "clearance approvals validate --explain").replace("CODE", code);
    let page = host.works(&explain);
    assert!(page.contains("--allow-legacy"), "{page}");
    host.own.run(&["approvals", "set", "--gateway", "--file", &early, "--allow-legacy"]).exits(0);
}

fn unknown(host: &Host) {
    host.put(
        r#"{"version":1,"comment":"ours","agents":{"main":{"allowlist":[{"id":"1","pattern":"/bin/ls","note":"why"}]}}}"#,
    );
    let got = Client::operator(host.gateway.address()).get();
    let add = ["approvals", "allowlist", "add", "/opt/new", "--agent", "main", "--gateway", "--json"];
    if !got["file"].to_string().contains("\"note\"") {
        // A gateway that returns a document without these fields also accepts it.
        host.own.run(&add).exits(0);
        return;
    }
    let ran = host.own.run(&add).exits(1);
    let remedy = remedy(&ran);
    let at = remedy.find("clearance approvals get").expect("a command");
    host.works(&remedy[at..]);
    host.own.run(&add).exits(0);
    let stored = Client::operator(host.gateway.address()).get();
    let patterns: Vec<&Value> = stored["file"]["agents"]["main"]["allowlist"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|entry| &entry["pattern"])
        .collect();
    assert_eq!(patterns, ["/bin/ls", "/opt/new"]);
}

fn links(host: &Host) {
    let file = host.file().expect("a file");
    let real = host.gateway.home().join("the store.json");
    fs::rename(&file, &real).expect("it moves");
    symlink(&real, &file).expect("a link");
    let get = ["approvals", "get", "--store", file.to_str().expect("a path")];
    let ran = host.own.run(&get).exits(0).says(&["is a symbolic link"]);
    host.works(command(&ran.stderr, "cp "));
    let ran = host.own.run(&get).exits(0);
    assert!(!ran.stderr.contains("symbolic link"), "{ran:#?}");
    // OpenClaw's own command refuses a store behind a link, and reads this one.
    host.works("openclaw approvals get --json");
}

fn redacted(host: &Host) {
    let file = host.gateway.state().join("openclaw.json");
    let text = fs::read_to_string(&file).expect("its settings").replace(SECRET, "__OPENCLAW_REDACTED__");
    fs::write(&file, text).expect("its settings");
    let status = ["gateway", "status", "--json"];
    let ran = host.own.run(&status).exits(5).fails_with("settings");
    let remedy = remedy(&ran);
    let at = remedy.find("openclaw config set gateway.auth.token").expect("a command");
    // The next command restarts a service, which the test does not have.
    host.works(remedy[at..].split("; then").next().expect("a command"));
    // The gateway is stopped: the next problem is the missing gateway.
    host.own.run(&status).exits(4).fails_with("unreachable");
}
