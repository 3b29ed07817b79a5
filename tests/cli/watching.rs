//! `approvals watch` as a process: local stores by events, gateways at an interval, hooks, restoration, entries whose time is
//! over.

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{self, Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::support::database::Host;
use crate::support::dev::{Client, Dev};
use crate::support::{binary, clearance, fifo};

/// Longer than anything takes: only a hang takes that long.
const PATIENCE: Duration = Duration::from_mins(1);

/// The lock of the document's store.
const LOCK: &str = ".openclaw/.exec-approvals.json.clearance-lock";

/// A running watch, and its lines.
struct Watch {
    child: Child,
    lines: Receiver<Value>,
    received: Vec<Value>,
}

impl Watch {
    fn start(client: &Client, flags: &[&str]) -> Self {
        Self::of(client.spawn(&[&["approvals", "watch", "--timeout=3m"], flags].concat()))
    }

    fn at(home: &Path, flags: &[&str]) -> Self {
        let mut command = process::Command::new(binary());
        command.env_clear().env("HOME", home).current_dir(home).stdin(Stdio::null()).stdout(Stdio::piped());
        command.args(["approvals", "watch", "--timeout=3m"]).args(flags);
        Self::of(command)
    }

    fn of(mut command: process::Command) -> Self {
        let mut child = command.spawn().unwrap();
        let (sender, lines) = channel();
        let out = BufReader::new(child.stdout.take().unwrap());
        thread::spawn(move || {
            for line in out.lines() {
                // The receiver is dropped when the test ends.
                let _closed = sender.send(serde_json::from_str(&line.unwrap()).unwrap());
            }
        });
        Self { child, lines, received: Vec::new() }
    }

    /// Waits for the next line of this event.
    #[track_caller]
    fn event(&mut self, name: &str) -> Value {
        self.until(name, |line| line["event"] == name)
    }

    /// Waits for the next line that matches.
    #[track_caller]
    fn until(&mut self, what: &str, meant: impl Fn(&Value) -> bool) -> Value {
        let end = Instant::now() + PATIENCE;
        loop {
            let line = self.lines.recv_timeout(end.saturating_duration_since(Instant::now()));
            let line = line.unwrap_or_else(|_| panic!("no {what}: {:#?}", self.received));
            self.received.push(line.clone());
            if meant(&line) {
                return line;
            }
        }
    }

    /// Ends the watch, and returns its lines.
    fn end(mut self) -> Vec<Value> {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        assert!(self.child.wait().unwrap().success());
        self.received.extend(self.lines.iter());
        assert_eq!(self.received.last().unwrap()["event"], "stopped");
        std::mem::take(&mut self.received)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // It may have ended.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A home with the document of a host.
fn home(patterns: &[&str]) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join(".openclaw")).unwrap();
    write(home.path(), &document(patterns));
    home
}

fn store(home: &Path) -> PathBuf {
    home.join(".openclaw/exec-approvals.json")
}

/// Replaces the document as an editor does: by a rename.
fn write(home: &Path, document: &Value) {
    let new = home.join(".openclaw/new.tmp");
    fs::write(&new, format!("{document:#}\n")).unwrap();
    fs::set_permissions(&new, Permissions::from_mode(0o600)).unwrap();
    fs::rename(new, store(home)).unwrap();
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

fn run(home: &Path, arguments: &[&str]) -> Value {
    let output = clearance(home).current_dir(home).arg("approvals").args(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap_or_default()
}

#[test]
fn each_change_of_a_local_document_is_a_line_with_what_got_wider() {
    let home = home(&["/usr/bin/uptime"]);
    let mut watch = Watch::at(home.path(), &[]);
    let watching = watch.event("watching");
    assert_eq!((&watching["how"], &watching["target"]), (&json!("events"), &json!("local")));
    // An editor.
    write(home.path(), &document(&["/usr/bin/uptime", "/usr/bin/date"]));
    let line = watch.event("changed");
    assert_eq!((&line["wider"], &line["vanished"]), (&json!(true), &json!(false)), "{line}");
    let witness = line["widenings"][0]["witness"]["command"].as_str().unwrap();
    assert!(witness.contains("date"), "{line}");
    assert_eq!((&line["writer"], &line["from"], &line["to"]), (&Value::Null, &json!(1), &json!(2)));
    assert!(!line.to_string().contains("hunter2"), "{line}");
    // A verb of clearance is named.
    run(home.path(), &["allowlist", "remove", "/usr/bin/date", "--agent", "main", "--json"]);
    let line = watch.event("changed");
    assert_eq!((&line["writer"], &line["wider"]), (&json!("allowlist remove"), &json!(false)), "{line}");
    // A write in place, and an answer "Allow always".
    let mut answered = document(&["/usr/bin/uptime"]);
    let list = answered["agents"]["main"]["allowlist"].as_array_mut().unwrap();
    list.push(json!({"pattern": "/usr/bin/w", "id": "w", "source": "allow-always"}));
    fs::write(store(home.path()), answered.to_string()).unwrap();
    let line = watch.event("changed");
    assert_eq!(line["writer"], "allow-always", "{line}");
    // When an entry was used is not a change; a text that is not JSON is one.
    answered["agents"]["main"]["allowlist"][0]["lastUsedAt"] = json!(1_700_000_000_000_u64);
    write(home.path(), &answered);
    fs::write(store(home.path()), "{").unwrap();
    let line = watch.event("changed");
    assert_eq!((&line["unreadable"], &line["vanished"]), (&json!(true), &json!(false)), "{line}");
    write(home.path(), &answered);
    watch.event("changed");
    fs::remove_file(store(home.path())).unwrap();
    let line = watch.event("changed");
    assert_eq!((&line["vanished"], &line["wider"]), (&json!(true), &json!(true)), "{line}");
    let lines = watch.end();
    assert_eq!(lines.iter().filter(|line| line["event"] == "changed").count(), 6, "{lines:#?}");
    assert!(run(home.path(), &["versions", "--verify", "--json"])["whole"].as_bool().unwrap());
}

#[test]
fn a_change_before_the_watch_began_is_a_line() {
    let home = home(&["/usr/bin/uptime"]);
    let mut watch = Watch::at(home.path(), &[]);
    watch.event("watching");
    watch.end();
    write(home.path(), &document(&["/usr/bin/date"]));
    let mut watch = Watch::at(home.path(), &[]);
    let line = watch.event("changed");
    assert_eq!((&line["earlier"], &line["from"]), (&json!(true), &json!(1)), "{line}");
    watch.end();
    let mut watch = Watch::at(home.path(), &[]);
    watch.event("watching");
    assert!(watch.end().iter().all(|line| line["event"] != "changed"));
}

#[test]
fn a_document_in_a_directory_that_does_not_exist_yet() {
    let home = tempfile::tempdir().unwrap();
    let mut watch = Watch::at(home.path(), &["local", "hosts/build.json"]);
    for _ in 0..2 {
        assert_eq!(watch.event("watching")["exists"], json!(false));
    }
    fs::create_dir(home.path().join(".openclaw")).unwrap();
    write(home.path(), &document(&["/usr/bin/uptime"]));
    assert_eq!(watch.event("changed")["target"], "local");
    // The directory is replaced.
    fs::rename(home.path().join(".openclaw"), home.path().join("old")).unwrap();
    assert_eq!(watch.event("changed")["vanished"], json!(true));
    fs::create_dir(home.path().join(".openclaw")).unwrap();
    write(home.path(), &document(&["/usr/bin/date"]));
    assert_eq!(watch.event("changed")["target"], "local");
    fs::create_dir(home.path().join("hosts")).unwrap();
    fs::write(home.path().join("hosts/build.json"), document(&[]).to_string()).unwrap();
    assert_eq!(watch.event("changed")["target"], "hosts/build.json");
    watch.end();
}

#[test]
fn a_document_in_a_database_is_watched_by_its_log() {
    let host = Host::new();
    // A gateway that runs: its connection keeps the log.
    let gateway = host.open();
    let put = |patterns: &[&str]| {
        gateway
            .execute(
                "INSERT INTO exec_approvals_config (config_key, raw_json, has_socket_token, agent_count, allowlist_count,
                   updated_at_ms) VALUES ('current', ?1, 1, 1, 1, 1)
                 ON CONFLICT (config_key) DO UPDATE SET raw_json = excluded.raw_json",
                [document(patterns).to_string()],
            )
            .unwrap();
    };
    put(&["/usr/bin/uptime"]);
    let mut watch = Watch::at(host.home(), &[]);
    assert_eq!(watch.event("watching")["exists"], json!(true));
    put(&["/usr/bin/uptime", "/usr/bin/date"]);
    assert_eq!(watch.event("changed")["wider"], json!(true));
    gateway.execute_batch("DELETE FROM exec_approvals_config").unwrap();
    assert_eq!(watch.event("changed")["vanished"], json!(true));
    watch.end();
}

#[test]
fn only_a_document_that_vanished_is_restored() {
    let home = home(&["/usr/bin/uptime", "/usr/bin/date"]);
    let mut watch = Watch::at(home.path(), &["--restore-if", "vanished"]);
    watch.event("watching");
    write(home.path(), &document(&["/usr/bin/uptime"]));
    watch.event("changed");
    for _ in 0..3 {
        write(
            home.path(),
            &json!({"version": 1, "socket": {"path": "/run/s", "token": "other"}, "agents": {}}),
        );
        assert_eq!(watch.event("changed")["vanished"], json!(true));
        let restored = watch.event("restored");
        assert_eq!(restored["from"].as_u64().map(|from| from >= 2), Some(true), "{restored}");
    }
    let text = fs::read_to_string(store(home.path())).unwrap();
    let stored: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(stored["socket"]["token"], "other", "the place keeps its own socket");
    assert_eq!(stored["agents"]["main"]["allowlist"].as_array().unwrap().len(), 1);
    // Whoever deletes it again and again wins.
    fs::remove_file(store(home.path())).unwrap();
    watch.event("not-restored");
    assert!(!store(home.path()).exists());
    watch.end();
}

/// With `OPENCLAW_STATE_DIR`, a host without a document may keep it in either of two places. A watch knows where it was.
#[test]
fn a_document_of_an_early_release_beside_a_state_directory() {
    let home = home(&["/usr/bin/uptime"]);
    let mut command = process::Command::new(binary());
    command.env_clear().env("HOME", home.path()).env("OPENCLAW_STATE_DIR", home.path().join("other"));
    command.current_dir(home.path()).stdin(Stdio::null()).stdout(Stdio::piped());
    command.args(["approvals", "watch", "--timeout=3m", "--restore-if", "vanished"]);
    let mut watch = Watch::of(command);
    watch.event("watching");
    for _ in 0..3 {
        fs::remove_file(store(home.path())).unwrap();
        watch.event("restored");
    }
    assert!(fs::read_to_string(store(home.path())).unwrap().contains("/usr/bin/uptime"));
    fs::remove_file(store(home.path())).unwrap();
    watch.event("not-restored");
    // It comes back.
    write(home.path(), &document(&["/usr/bin/date"]));
    watch.until("the new document", |line| {
        line["event"] == "changed" && line["changes"].to_string().contains("/usr/bin/date")
    });
    watch.end();
}

#[test]
fn a_program_starts_at_what_it_was_asked_for() {
    let home = home(&["/usr/bin/uptime"]);
    let script = home.path().join("hook.sh");
    fs::write(&script, "cat >> \"$1\"\n").unwrap();
    let on = |event: &str| format!("{event}:/bin/sh hook.sh {event}");
    let (wider, vanished) = (on("wider"), on("vanished"));
    let mut watch = Watch::at(home.path(), &["--on", &wider, "--on", &vanished]);
    watch.event("watching");
    write(home.path(), &document(&[]));
    watch.event("changed");
    write(home.path(), &document(&["/usr/bin/date"]));
    let line = watch.event("changed");
    // The watch waits for its hooks at the end.
    watch.end();
    let event: Value = serde_json::from_str(&fs::read_to_string(home.path().join("wider")).unwrap()).unwrap();
    assert_eq!(event, line);
    assert!(!home.path().join("vanished").exists());
    let missing =
        clearance(home.path()).args(["approvals", "watch", "--on", "wider:/no/such/program"]).output();
    let missing = missing.unwrap();
    assert_eq!(missing.status.code(), Some(2));
    let err = String::from_utf8_lossy(&missing.stderr);
    assert!(err.contains("--on wider:/usr/bin/logger"), "{err}");
}

#[test]
fn a_directory_that_went_and_came_back_is_watched() {
    let home = home(&["/usr/bin/uptime"]);
    let mut watch = Watch::at(home.path(), &[]);
    watch.event("watching");
    let (directory, away) = (home.path().join(".openclaw"), home.path().join("away"));
    fs::rename(&directory, &away).unwrap();
    fs::rename(&away, &directory).unwrap();
    write(home.path(), &document(&["/usr/bin/date"]));
    let line = loop {
        let line = watch.event("changed");
        // Between the two renames there was no document.
        if line["vanished"] == json!(false) && line.to_string().contains("date") {
            break line;
        }
    };
    assert_eq!(line["target"], "local");
    watch.end();
}

/// A program that can write to the database must not choose what is restored.
#[test]
fn the_document_that_was_seen_is_restored_and_not_an_edited_version() {
    let home = home(&["/usr/bin/uptime"]);
    let mut watch = Watch::at(home.path(), &["--restore-if", "vanished"]);
    watch.event("watching");
    let full = json!({"version": 1, "defaults": {"security": "full", "ask": "off"}, "agents": {}});
    let database = home.path().join(".local/state/clearance/versions/versions.sqlite");
    let statement = "UPDATE version SET text = ?1";
    Connection::open(&database).unwrap().execute(statement, [full.to_string()]).unwrap();
    fs::remove_file(store(home.path())).unwrap();
    watch.event("restored");
    let text = fs::read_to_string(store(home.path())).unwrap();
    assert!(text.contains("/usr/bin/uptime") && !text.contains("full"), "{text}");
    watch.end();
    // A document that vanished before the watch began would come from the database.
    Connection::open(&database).unwrap().execute(statement, [full.to_string()]).unwrap();
    fs::remove_file(store(home.path())).unwrap();
    let mut watch = Watch::at(home.path(), &["--restore-if", "vanished"]);
    watch.event("not-restored");
    assert!(!store(home.path()).exists());
    watch.end();
}

#[test]
fn a_restoration_that_was_too_slow_is_tried_again() {
    let home = home(&["/usr/bin/uptime"]);
    let mut watch = Watch::at(home.path(), &["--restore-if", "vanished"]);
    watch.event("watching");
    // The restoration waits for the lock, and finds another document than the one that it was for.
    let lock = fs::File::create(home.path().join(LOCK)).unwrap();
    lock.lock().unwrap();
    fs::remove_file(store(home.path())).unwrap();
    watch.event("changed");
    write(home.path(), &json!({"version": 1, "socket": {"path": "/x", "token": "t"}, "agents": {}}));
    lock.unlock().unwrap();
    watch.event("not-restored");
    watch.event("restored");
    assert!(fs::read_to_string(store(home.path())).unwrap().contains("/usr/bin/uptime"));
    watch.end();
}

/// The bugs: the same failure was a line every ten seconds, and SIGHUP forgot what was to be restored.
#[test]
fn a_restoration_that_fails_is_one_line_for_each_cause_and_is_not_forgotten() {
    let home = home(&["/usr/bin/uptime"]);
    let mut watch = Watch::at(home.path(), &["--restore-if", "vanished"]);
    watch.event("watching");
    // No file of a lock can be made.
    let lock = home.path().join(LOCK);
    fs::create_dir(&lock).unwrap();
    fs::remove_file(store(home.path())).unwrap();
    let cause = watch.event("not-restored")["cause"].clone();
    let reload = |watch: &Watch| kill_process(Pid::from_child(&watch.child), Signal::HUP).unwrap();
    reload(&watch);
    watch.event("reloading");
    watch.event("watching");
    // Another cause: a link to itself, at once, since the watch may try again at any time.
    let aside = lock.with_extension("aside");
    std::os::unix::fs::symlink(&lock, &aside).unwrap();
    renameat_with(CWD, &aside, CWD, &lock, RenameFlags::EXCHANGE).unwrap();
    reload(&watch);
    let other = watch.event("not-restored")["cause"].clone();
    assert_ne!(cause, other);
    fs::remove_file(&lock).unwrap();
    reload(&watch);
    watch.event("restored");
    assert!(fs::read_to_string(store(home.path())).unwrap().contains("/usr/bin/uptime"));
    let lines = watch.end();
    assert_eq!(lines.iter().filter(|line| line["event"] == "not-restored").count(), 2, "{lines:#?}");
}

#[test]
fn an_empty_document_that_a_person_stored_stays() {
    let home = home(&["/usr/bin/uptime"]);
    let mut watch = Watch::at(home.path(), &["--restore-if", "vanished"]);
    watch.event("watching");
    fs::write(home.path().join("empty.json"), r#"{"version": 1, "agents": {}}"#).unwrap();
    run(home.path(), &["set", "--file", "empty.json", "--json"]);
    assert_eq!(watch.event("changed")["writer"], "set");
    let kept = watch.event("not-restored");
    assert!(kept["cause"].as_str().unwrap().contains("clearance set"), "{kept}");
    watch.end();
    assert!(!fs::read_to_string(store(home.path())).unwrap().contains("uptime"));
}

#[test]
fn a_pipe_in_the_place_of_the_document_does_not_stop_the_watch() {
    let home = home(&["/usr/bin/uptime"]);
    let mut watch = Watch::at(home.path(), &[]);
    watch.event("watching");
    let begun = Instant::now();
    fs::remove_file(store(home.path())).unwrap();
    fifo(&store(home.path()));
    watch.event("unreadable");
    write(home.path(), &document(&["/usr/bin/date"]));
    watch.event("readable");
    watch.event("changed");
    assert!(begun.elapsed() < Duration::from_secs(20), "a pipe is not waited for");
    watch.end();
}

#[test]
fn a_watch_whose_reader_is_gone_fails() {
    let home = home(&["/usr/bin/uptime"]);
    let mut command = process::Command::new(binary());
    command.env_clear().env("HOME", home.path()).current_dir(home.path()).stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).args(["approvals", "watch", "--timeout=3m"]);
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    while !line.contains("watching") {
        line.clear();
        out.read_line(&mut line).unwrap();
    }
    drop(out);
    write(home.path(), &document(&["/usr/bin/date"]));
    let output = child.wait_with_output().unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(7), "{err}");
    assert!(err.contains("the watch ended"), "{err}");
}

#[test]
fn an_event_that_was_not_delivered_by_the_end_is_reported() {
    let home = home(&["/usr/bin/uptime"]);
    // It is connected to, and never answers.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let mut watch = Watch::at(home.path(), &["--on", "changed", "--notify", &url]);
    watch.event("watching");
    write(home.path(), &document(&["/usr/bin/date"]));
    watch.event("changed");
    let lines = watch.end();
    let failed = lines.iter().find(|line| line["event"] == "hook-failed").unwrap();
    assert!(failed["cause"].as_str().unwrap().contains("not delivered"), "{failed}");
}

#[test]
fn an_entry_is_removed_when_its_time_is_over() {
    let home = home(&["/usr/bin/uptime"]);
    let mut watch = Watch::at(home.path(), &[]);
    watch.event("watching");
    run(home.path(), &["allowlist", "add", "/usr/bin/make", "--agent", "main", "--for", "2h", "--json"]);
    assert_eq!(watch.event("changed")["writer"], "allowlist add");
    // The limit is set to a moment from now, which the watch notices.
    let database = home.path().join(".local/state/clearance/versions/versions.sqlite");
    let soon = jiff::Timestamp::now().as_millisecond() + 300;
    let statement = format!("UPDATE entry SET until_ms = {soon}");
    Connection::open(database).unwrap().execute_batch(&statement).unwrap();
    let expired = watch.event("expired");
    assert_eq!((&expired["removed"], &expired["entry"]["pattern"]), (&json!(true), &json!("/usr/bin/make")));
    let line = watch.event("changed");
    assert_eq!((&line["writer"], &line["wider"]), (&json!("expiry"), &json!(false)), "{line}");
    assert!(!fs::read_to_string(store(home.path())).unwrap().contains("make"));
    watch.end();
}

#[test]
fn a_gateway_is_asked_at_an_interval_and_after_it_was_away() {
    let dev = Dev::start(&[]);
    let client = dev.client();
    let mut watch = Watch::start(&client, &["gateway", "--interval", "100ms"]);
    assert_eq!(watch.event("watching")["how"], "interval");
    let add = |pattern: &str| {
        let arguments = ["approvals", "allowlist", "add", pattern, "--gateway", "--json"];
        assert!(client.command(&arguments).output().unwrap().status.success());
    };
    add("/usr/bin/uptime");
    let line = watch.event("changed");
    assert_eq!((&line["writer"], &line["target"]), (&json!("allowlist add"), &json!("gateway")), "{line}");
    dev.end(Signal::KILL);
    let away = watch.event("unreadable");
    assert!(away["cause"].as_str().is_some_and(|cause| !cause.is_empty()), "{away}");
    watch.end();
}

#[test]
fn a_credential_of_the_command_line_is_for_one_gateway() {
    let home = home(&[]);
    let run = |arguments: &[&str]| {
        let output = clearance(home.path()).args(["approvals", "watch"]).args(arguments).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, err) = run(&["gateway:wss://a.example", "gateway:wss://b.example", "--token-file", "t"]);
    assert_eq!(code, Some(2), "{err}");
    let (code, err) = run(&["local", "--token-file", "t"]);
    assert_eq!(code, Some(2), "{err}");
}

#[test]
fn an_event_at_which_nothing_happens_is_a_usage_error() {
    let home = home(&[]);
    for event in ["changed", "wider", "vanished"] {
        let output = clearance(home.path()).args(["approvals", "watch", "--on", event]).output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{err}");
        assert!(err.contains(&format!("--on {event}:COMMAND")) && err.contains("--notify URL"), "{err}");
    }
}
