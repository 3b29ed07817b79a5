//! `approvals watch` on real hosts of both generations: who can change a document there, how soon the change is a line, and
//! what is restored.
//!
//! Each latency is printed. They are held to their bars with `LATENCIES=1`, on a quiet machine: on a busy one a gateway answers
//! late, and what is late then is not the watch.

use std::env;
use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

use clearance::internals::Deadline;
use jiff::Timestamp;
use rusqlite::Connection;
use rustix::process::{Pid, Signal, getuid, kill_process};
use serde_json::{Value, json};

use crate::checks::Checks;
use crate::client::{Client, Device, OPERATOR, Who};
use crate::node::{Keeps, Node};
use crate::queue::{CURRENT, LEGACY, Lab, PATIENCE};
use crate::tool::Tool;

const SESSION: &str = "agent:main:watch";
/// How often the gateway and the node are asked.
const INTERVAL: Duration = Duration::from_secs(2);
/// The bar of a local change. On an idle machine it takes a fiftieth of this.
const LOCALLY: Duration = Duration::from_secs(2);

/// An early gateway answers nobody for a minute while its first run begins, and for longer on a busy machine.
const FIRST_RUN: Duration = Duration::from_mins(5);

#[test]
fn watch_on_2026_4_14() {
    let host = Host::start(LEGACY);
    let mut checks = Checks::of(LEGACY);
    writers(&mut checks, &host);
    vanished(&mut checks, &host);
    checks.check("an agent that edits its own document is reported before its next command", || agent(&host));
    drop(host);
    checks.end();
}

#[test]
fn watch_on_2026_9_6() {
    let host = Host::start(CURRENT);
    let mut checks = Checks::of(CURRENT);
    writers(&mut checks, &host);
    vanished(&mut checks, &host);
    drop(host);
    checks.end();
}

/// A running watch, and its lines.
struct Watch {
    child: Child,
    lines: Receiver<Value>,
    log: Vec<Value>,
}

impl Watch {
    fn start(tool: &Tool, arguments: &[&str]) -> Self {
        // Only a hang takes this long.
        let mut command = tool.command(&[&["approvals", "watch", "--timeout=10m"], arguments].concat());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("clearance starts");
        let (sender, lines) = channel();
        let out = BufReader::new(child.stdout.take().expect("its output"));
        thread::spawn(move || {
            for line in out.lines() {
                // The channel is closed once the test has ended.
                let _gone = sender.send(serde_json::from_str(&line.expect("text")).expect("JSON"));
            }
        });
        Self { child, lines, log: Vec::new() }
    }

    /// Waits for the next line that matches; the lines before it are kept.
    #[track_caller]
    fn until(&mut self, what: &str, meant: impl Fn(&Value) -> bool) -> Value {
        let end = Instant::now() + PATIENCE;
        loop {
            let line = self.lines.recv_timeout(end.saturating_duration_since(Instant::now()));
            let line = line.unwrap_or_else(|_| panic!("no {what}: {:#?}", self.log));
            self.log.push(line.clone());
            if meant(&line) {
                return line;
            }
        }
    }

    #[track_caller]
    fn event(&mut self, name: &str) -> Value {
        self.until(name, |line| line["event"] == name)
    }

    /// Waits until each of these places is watched.
    fn watches(&mut self, targets: &[&str]) {
        for _ in targets {
            let line = self.event("watching");
            let target = line["target"].as_str().expect("a place");
            assert!(targets.contains(&target), "{line}");
            assert_eq!(line["how"], if target == "local" { "events" } else { "interval" }, "{line}");
        }
    }

    /// Ends it, and returns its lines.
    fn end(mut self, tool: &Tool) -> Vec<Value> {
        kill_process(Pid::from_child(&self.child), Signal::TERM).expect("the signal is sent");
        self.event("stopped");
        let status = self.child.wait().expect("it ends");
        let mut err = String::new();
        self.child.stderr.take().expect("its errors").read_to_string(&mut err).expect("text");
        assert_eq!((status.code(), err.as_str()), (Some(0), ""));
        tool.check_secrets(&format!("{:?}", self.log), &err);
        std::mem::take(&mut self.log)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // A process that has ended cannot be killed.
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}

/// A host whose gateway runs, and its user.
struct Host {
    lab: Lab,
    tool: Tool,
    /// A current gateway keeps a prompt only while somebody can answer it.
    _approver: Client,
    /// A program that the gateway's user may not change: only for such a one is "allow always" offered.
    program: PathBuf,
}

impl Host {
    fn start(version: &'static str) -> Self {
        let mut lab = Lab::new(version);
        lab.gateway.confine();
        lab.gateway.start();
        lab.gateway.wait_until_ready();
        lab.connect();
        let caps = Who { caps: &["approvals", "exec-approvals"], ..Who::operator(&OPERATOR) };
        let approver = Client::connect(lab.gateway.address(), &caps, &Device::new()).expect("it is let in");
        let tool = Tool::of_user(&lab.gateway.home(), &lab.gateway.state());
        let program = if getuid().is_root() { foreign(&lab) } else { "/usr/bin/uptime".into() };
        Self { lab, tool, _approver: approver, program }
    }

    fn file(&self) -> Option<PathBuf> {
        (self.lab.gateway.version == LEGACY).then(|| self.lab.gateway.early_store())
    }

    fn database(&self) -> Connection {
        let database = Connection::open(self.lab.gateway.state().join("state/openclaw.sqlite"));
        let database = database.expect("a database");
        database.busy_timeout(PATIENCE).expect("a timeout");
        database
    }

    /// The document as it is stored.
    fn document(&self) -> Value {
        let text = match self.file() {
            Some(file) => fs::read_to_string(file).expect("a store"),
            None => self
                .database()
                .query_row("SELECT raw_json FROM exec_approvals_config", [], |row| row.get(0))
                .expect("a row"),
        };
        serde_json::from_str(&text).expect("JSON")
    }

    /// Replaces the document as an editor does: by a new file, or by a statement.
    fn edit(&self, document: &Value) {
        if let Some(file) = self.file() {
            let new = file.with_extension("new");
            fs::write(&new, format!("{document:#}\n")).expect("a file");
            fs::set_permissions(&new, Permissions::from_mode(0o600)).expect("a private file");
            fs::rename(new, file).expect("it is replaced");
        } else {
            let statement = "UPDATE exec_approvals_config SET raw_json = ?1, updated_at_ms = ?2";
            let changed = self.database().execute(statement, (document.to_string(), now_ms()));
            assert_eq!(changed.expect("a row"), 1);
        }
    }

    fn delete(&self) {
        if let Some(file) = self.file() {
            fs::remove_file(file).expect("it goes");
        } else {
            let deleted = self.database().execute("DELETE FROM exec_approvals_config", []);
            assert_eq!(deleted.expect("a row"), 1);
        }
    }

    fn store(&self) -> Store {
        self.file().map_or_else(
            || Store::Database(self.lab.gateway.state().join("state/openclaw.sqlite")),
            Store::File,
        )
    }

    fn official(&self, arguments: &[&str]) {
        self.lab.gateway.official(&[&["approvals"], arguments].concat());
    }

    fn set(&self, document: &Value) {
        // A gateway closes a connection on which nobody read for a while.
        self.lab.connect();
        let base = self.lab.call("exec.approvals.get", &json!({}))["hash"].clone();
        self.lab.call("exec.approvals.set", &json!({ "file": document, "baseHash": base }));
    }

    /// Has the agent run commands in one turn, without waiting.
    fn run(&self, name: &str, commands: Vec<String>) {
        let directory = self.lab.gateway.home().display().to_string();
        let message = self.lab.model.script(name, commands, &directory, false);
        let key = uuid::Uuid::new_v4().to_string();
        let session = format!("{SESSION}-{name}");
        let params = json!({ "sessionKey": session, "message": message, "idempotencyKey": key });
        self.lab.call("chat.send", &params);
    }

    /// Waits for a prompt about a command.
    fn prompt(&self, command: &str) -> Value {
        let find = || {
            let listed = self.lab.call("exec.approval.list", &json!({}));
            let mut rows = listed.as_array().expect("a list").iter();
            rows.find(|row| row["request"]["command"] == command).cloned()
        };
        self.lab.until("a prompt", || find().is_some());
        find().expect("a prompt")
    }
}

/// Whether latencies are held to their bars.
fn has_bars() -> bool {
    env::var_os("LATENCIES").is_some()
}

/// Where a host keeps its document.
enum Store {
    File(PathBuf),
    Database(PathBuf),
}

/// Notes when a document is written, by the clock of its writer, while somebody writes it.
struct Clock {
    stop: Sender<()>,
    thread: JoinHandle<Vec<i64>>,
}

impl Clock {
    fn start(store: Store) -> Self {
        let (stop, stopped) = channel();
        let thread = thread::spawn(move || {
            let database = match &store {
                Store::File(_) => None,
                Store::Database(path) => Connection::open(path).ok(),
            };
            let now = || match (&store, &database) {
                (Store::File(path), _) => {
                    let found = path.metadata().ok()?;
                    Some(found.mtime() * 1_000 + found.mtime_nsec() / 1_000_000)
                }
                (_, database) => {
                    let query = "SELECT updated_at_ms FROM exec_approvals_config";
                    database.as_ref()?.query_row(query, [], |row| row.get(0)).ok()
                }
            };
            let mut written = Vec::new();
            loop {
                written.extend(now().filter(|now| written.last() != Some(now)));
                if stopped.recv_timeout(Duration::from_millis(10)) != Err(RecvTimeoutError::Timeout) {
                    return written;
                }
            }
        });
        Self { stop, thread }
    }

    /// Ends it; returns the times, the earliest first.
    fn end(self) -> Vec<i64> {
        drop(self.stop);
        self.thread.join().expect("no panic in the clock")
    }
}

/// A program of another user, in a directory of that user.
fn foreign(lab: &Lab) -> PathBuf {
    const OTHER: Option<u32> = Some(65_534);
    let directory = lab.gateway.directory().join("programs");
    let program = directory.join("backup");
    fs::create_dir(&directory).expect("a directory");
    fs::copy("/usr/bin/true", &program).expect("a program");
    for path in [&program, &directory] {
        chown(path, OTHER, OTHER).expect("another owner");
        fs::set_permissions(path, Permissions::from_mode(0o755)).expect("for everybody");
    }
    // The directory above it is that of this test.
    program
}

fn now_ms() -> i64 {
    Timestamp::now().as_millisecond()
}

fn document(patterns: &[&str]) -> Value {
    let entries: Vec<Value> =
        patterns.iter().map(|pattern| json!({ "id": pattern, "pattern": pattern })).collect();
    json!({
        "version": 1,
        "defaults": { "security": "allowlist", "ask": "on-miss", "askFallback": "deny" },
        "agents": { "main": { "allowlist": entries } },
    })
}

fn patterns(document: &Value) -> Vec<&str> {
    let list = document["agents"]["main"]["allowlist"].as_array();
    list.into_iter().flatten().map(|entry| entry["pattern"].as_str().expect("a pattern")).collect()
}

/// The commands that a line names as proof that more is allowed.
fn witnesses(line: &Value) -> Vec<&str> {
    let found = line["widenings"].as_array().into_iter().flatten();
    found.filter_map(|one| one["witness"]["command"].as_str()).collect()
}

fn at_ms(line: &Value) -> i64 {
    line["at"].as_str().expect("a time").parse::<Timestamp>().expect("a time").as_millisecond()
}

/// What a change must look like in the lines of a place.
#[derive(Clone, Copy)]
struct Expected<'e> {
    /// A text in the list of changes.
    changed: &'e str,
    /// A part of a command that is allowed now; `None`: no more is allowed than before.
    wider: Option<&'e str>,
    vanished: bool,
    writer: Option<&'e str>,
}

impl Expected<'_> {
    const NOTHING: Self = Self { changed: "", wider: None, vanished: false, writer: None };
}

/// Two watches of different users, so that neither notices the versions that the other one keeps; and how long each change
/// took to be a line.
struct Scene<'h> {
    host: &'h Host,
    node: &'h Node,
    local: Watch,
    remote: Watch,
    latencies: Vec<String>,
}

impl Scene<'_> {
    /// Makes a change, and waits for its line at each place.
    #[track_caller]
    fn change(&mut self, what: &str, targets: &[&str], expected: Expected<'_>, make: impl FnOnce()) {
        let begun = now_ms();
        let clock = Clock::start(self.host.store());
        make();
        let mut lines = Vec::new();
        for target in targets {
            let watch = if *target == "local" { &mut self.local } else { &mut self.remote };
            lines.push(watch.until(what, |line| {
                line["event"] == "changed"
                    && line["target"] == *target
                    && line["changes"].to_string().contains(expected.changed)
                    && line["vanished"] == expected.vanished
            }));
        }
        let written = clock.end();
        let mut taken = String::new();
        for line in lines {
            let is_wider = expected.wider.is_some() || expected.vanished;
            assert_eq!((&line["wider"], &line["earlier"]), (&json!(is_wider), &json!(false)), "{line}");
            if let Some(part) = expected.wider {
                assert!(witnesses(&line).iter().any(|command| command.contains(part)), "{line}");
            }
            let versions = || self.host.tool.run(&["approvals", "versions"]).stdout;
            assert_eq!(line["writer"].as_str(), expected.writer, "{line}\n{}", versions());
            // The official command takes a while before it writes, and an early gateway writes whenever it is asked. So a local
            // line is about the last time, and the first one is the most that a line of a gateway can be late. A deletion leaves
            // no time.
            let target = line["target"].as_str().expect("a place");
            let own = |ms: &&i64| (begun..=at_ms(&line)).contains(*ms);
            let written = match target {
                NODE => self.node.changed_ms(),
                "local" => *written.iter().rev().find(own).unwrap_or(&begun),
                _ => *written.iter().find(own).unwrap_or(&begun),
            };
            let latency = at_ms(&line) - written;
            taken += &[" ", target, " ", &latency.to_string(), " ms"].concat();
            let most = if target == "local" { LOCALLY } else { INTERVAL + LOCALLY };
            let is_soon = u128::try_from(latency).is_ok_and(|ms| ms <= most.as_millis());
            assert!(is_soon || !has_bars(), "{latency} ms: {line}");
        }
        self.latencies.push(format!("{what}:{taken}"));
    }
}

const HERE: [&str; 2] = ["local", "gateway"];
const NODE: &str = "node:build-server";

/// Everybody who can change a document on a host.
fn writers(checks: &mut Checks, host: &Host) {
    let mut operator = Client::operator(host.lab.gateway.address());
    let keeps = Keeps::Document(document(&["/usr/bin/uptime"]));
    let node = Node::connect(host.lab.gateway.address(), &mut operator, "build-server", keeps);
    host.official(&["set", "--file", &host.tool.document(&document(&["/usr/bin/uptime"]))]);
    host.run("first", vec!["uptime".to_owned()]);
    let deadline = Deadline::after(FIRST_RUN);
    while host.lab.model.results("first").is_empty() {
        assert!(deadline.pause(Duration::from_millis(50)), "no first run:\n{}", host.lab.gateway.tail());
    }
    let mut local = Watch::start(&host.tool, &["local"]);
    local.watches(&["local"]);
    let (elsewhere, seconds) = (Tool::on_host(&host.lab.gateway.state()), format!("{}s", INTERVAL.as_secs()));
    let mut remote = Watch::start(&elsewhere, &["gateway", NODE, "--interval", &seconds]);
    remote.watches(&["gateway", NODE]);
    let mut scene = Scene { host, node: &node, local, remote, latencies: Vec::new() };
    let more = |changed| Expected { changed, wider: Some(changed), ..Expected::NOTHING };
    checks.check("the official command changes the document", || {
        let file = host.tool.document(&document(&["/usr/bin/uptime", "/usr/bin/date"]));
        scene.change("set", &HERE, more("/usr/bin/date"), || host.official(&["set", "--file", &file]));
        scene.change("allowlist add", &HERE, more("/usr/bin/id"), || {
            host.official(&["allowlist", "add", "/usr/bin/id", "--agent", "main"]);
        });
        let less = Expected { changed: "/usr/bin/date", ..Expected::NOTHING };
        scene.change("allowlist remove", &HERE, less, || {
            host.official(&["allowlist", "remove", "/usr/bin/date", "--agent", "main"]);
        });
    });
    checks.check("the gateway changes the document for a client", || {
        let new = document(&["/usr/bin/uptime", "/usr/bin/who"]);
        scene.change("exec.approvals.set", &HERE, more("/usr/bin/who"), || host.set(&new));
    });
    checks.check("the gateway adds an entry for a prompt that was answered for good", || {
        let program = host.program.to_str().expect("a path");
        host.run("always", vec![format!("{program} --all")]);
        let prompt = host.prompt(&format!("{program} --all"));
        let answered = Expected { writer: Some("allow-always"), ..more(program) };
        scene.change("allow always", &HERE, answered, || {
            let answer = json!({ "id": prompt["id"], "decision": "allow-always" });
            host.lab.call_when_available("exec.approval.resolve", &answer);
        });
        // An early gateway answers in a turn of its own, and nobody else meanwhile.
        host.lab.until("the end of the turn", || !host.lab.model.results("always").is_empty());
        host.lab.settles(&format!("{SESSION}-always"));
    });
    checks.check("an editor changes the document", || {
        let new = document(&["/usr/bin/uptime", "/usr/bin/ls"]);
        scene.change("editor", &HERE, more("/usr/bin/ls"), || host.edit(&new));
    });
    checks.check("a verb of clearance changes the document", || {
        let added = Expected { writer: Some("allowlist add"), ..more("/usr/bin/nproc") };
        // The gateway's place has versions of its own: there, the verb did not write it.
        scene.change("clearance", &["local"], added, || {
            let add = ["approvals", "allowlist", "add", "/usr/bin/nproc", "--agent", "main"];
            let ran = host.tool.run(&add).exits(0);
            assert!(!ran.stderr.contains("no version"), "{ran:#?}");
        });
    });
    checks.check("the document of a node changes", || {
        let file = host.tool.document(&document(&["/usr/bin/uptime", "/usr/bin/date"]));
        scene.change("node, official set", &[NODE], more("/usr/bin/date"), || {
            host.official(&["set", "--node", "build-server", "--file", &file, "--timeout", "60000"]);
        });
        scene.change("node, on its host", &[NODE], more("/usr/bin/free"), || {
            node.change(Keeps::Document(document(&["/usr/bin/uptime", "/usr/bin/free"])));
        });
        let gone = Expected { vanished: true, ..Expected::NOTHING };
        scene
            .change("node, emptied", &[NODE], gone, || node.change(Keeps::Document(json!({ "version": 1 }))));
    });
    checks.check("the document is deleted", || {
        let gone = Expected { vanished: true, ..Expected::NOTHING };
        scene.change("deletion", &HERE, gone, || host.delete());
    });
    let Scene { local, remote, latencies, .. } = scene;
    checks.check("every change is a version, and the past is whole", || {
        for (watch, tool) in [(local, &host.tool), (remote, &elsewhere)] {
            let log = watch.end(tool);
            let changed: Vec<&Value> = log.iter().filter(|line| line["event"] == "changed").collect();
            assert!(changed.iter().all(|line| line["from"].is_u64() && line["to"].is_u64()), "{changed:#?}");
            let faults = ["not-kept", "failed", "dropped"];
            assert!(log.iter().all(|line| !faults.iter().any(|fault| line["event"] == *fault)), "{log:#?}");
            // A gateway on a busy machine may not answer for half a minute.
            let is_fault = |line: &&Value| line["target"] == "local" || has_bars();
            let unreadable = log.iter().filter(is_fault).find(|line| line["event"] == "unreadable");
            assert!(unreadable.is_none(), "{log:#?}");
            let verified = tool.run(&["approvals", "versions", "--verify", "--json"]).exits(0).json();
            assert_eq!(verified["whole"], true, "{verified}");
        }
    });
    drop(node);
    for line in latencies {
        println!("{}: {line}", host.lab.gateway.version);
    }
}

/// What `--restore-if vanished` stores again.
fn vanished(checks: &mut Checks, host: &Host) {
    host.official(&["set", "--file", &host.tool.document(&document(&["/usr/bin/uptime", "/usr/bin/date"]))]);
    let mut watch = Watch::start(&host.tool, &["local", "--restore-if", "vanished"]);
    watch.watches(&["local"]);
    // The change since the last watch.
    watch.until("the change before", |line| line["earlier"] == true);
    let mut raw = Client::operator(host.lab.gateway.address());
    let mut is_restored = |watch: &mut Watch, what: &str, expected: &[&str]| {
        let vanished = watch.until(what, |line| line["event"] == "changed" && line["vanished"] == true);
        let restored =
            watch.until(what, |line| line["event"] == "restored" || line["event"] == "not-restored");
        assert_eq!(restored["event"], "restored", "{restored}");
        println!(
            "{}: restored {} ms after it was reported ({what})",
            host.lab.gateway.version,
            at_ms(&restored) - at_ms(&vanished)
        );
        assert_eq!(patterns(&host.document()), expected);
        // The gateway uses it.
        assert_eq!(patterns(&raw.get()["file"]), expected);
    };
    checks.check("an ordinary edit is not undone", || {
        let new = document(&["/usr/bin/uptime"]);
        host.edit(&new);
        let line = watch.until("an edit", |line| line["changes"].to_string().contains("/usr/bin/date"));
        assert_eq!((&line["vanished"], &line["wider"]), (&json!(false), &json!(false)), "{line}");
        host.edit(&document(&["/usr/bin/uptime", "/usr/bin/who"]));
        watch.until("the next edit", |line| line["changes"].to_string().contains("/usr/bin/who"));
        assert_eq!(patterns(&host.document()), ["/usr/bin/uptime", "/usr/bin/who"]);
        assert!(watch.log.iter().all(|line| line["event"] != "restored"), "{:#?}", watch.log);
    });
    checks.check("a deleted document is restored", || {
        host.delete();
        is_restored(&mut watch, "deletion", &["/usr/bin/uptime", "/usr/bin/who"]);
    });
    checks.check("an empty skeleton is replaced by the document before", || {
        host.official(&["set", "--file", &host.tool.document(&json!({ "version": 1, "agents": {} }))]);
        is_restored(&mut watch, "skeleton", &["/usr/bin/uptime", "/usr/bin/who"]);
    });
    checks.check("one restoration each", || {
        let log = watch.end(&host.tool);
        assert_eq!(log.iter().filter(|line| line["event"] == "restored").count(), 2, "{log:#?}");
        let verified = host.tool.run(&["approvals", "versions", "--verify", "--json"]).exits(0).json();
        assert_eq!(verified["whole"], true, "{verified}");
    });
}

/// An agent that may copy files copies a document of its own making over the host's, and then runs what it could not run
/// before. Nothing stands between the two but the gateway and a model that answers at once.
fn agent(host: &Host) {
    let home = host.lab.gateway.home();
    let store = host.file().expect("a store in the agent's home");
    host.edit(&document(&["/usr/bin/cp", "/bin/cp"]));
    let mut watch = Watch::start(&host.tool, &["local"]);
    watch.watches(&["local"]);
    let mut own = host.document();
    let list = own["agents"]["main"]["allowlist"].as_array_mut().expect("a list");
    list.extend(["/usr/bin/touch", "/bin/touch"].map(|pattern| json!({ "id": pattern, "pattern": pattern })));
    fs::write(home.join("own.json"), own.to_string()).expect("the agent's document");
    let touched = |name: &str| home.join(name);
    host.run(
        "selfish",
        vec![format!("cp own.json {}", store.display()), "touch first".to_owned(), "touch second".to_owned()],
    );
    let line = watch.until("the agent's edit", |line| {
        line["event"] == "changed" && line["changes"].to_string().contains("/usr/bin/touch")
    });
    assert_eq!((&line["wider"], &line["earlier"]), (&json!(true), &json!(false)), "{line}");
    assert_eq!(line["writer"], Value::Null, "{line}");
    assert!(!witnesses(&line).is_empty(), "{line}");
    host.lab.until("the end of the turn", || host.lab.model.results("selfish").len() == 3);
    let [first, second] = ["first", "second"].map(|name| made_ms(&touched(name)));
    println!(
        "{LEGACY}: the agent's edit is reported {} ms before its next command runs, {} ms before the one after it: {:?}",
        first - at_ms(&line),
        second - at_ms(&line),
        witnesses(&line),
    );
    assert!(at_ms(&line) <= first || !has_bars(), "{line}");
    // The line names the version to go back to.
    let before = line["from"].to_string();
    let ran = host.tool.run(&["approvals", "restore", &before, "--yes", "--json"]).exits(0);
    assert_eq!(ran.json()["set"]["outcome"], "stored", "{ran:#?}");
    let restored = host.document();
    assert_eq!(without_use(&restored), without_use(&document(&["/usr/bin/cp", "/bin/cp"])), "{restored}");
    // The host may have added its socket to the agent's document before.
    let line = watch.until("the restoration", |line| line["writer"] == "restore");
    assert_eq!((&line["event"], &line["wider"]), (&json!("changed"), &json!(false)), "{line}");
    // What the agent gave itself is gone.
    host.run("again", vec!["touch third".to_owned()]);
    let prompt = host.prompt("touch third");
    host.lab.call_when_available("exec.approval.resolve", &json!({ "id": prompt["id"], "decision": "deny" }));
    assert!(!touched("third").exists());
    watch.end(&host.tool);
}

/// When a file was made.
fn made_ms(path: &Path) -> i64 {
    let deadline = Deadline::after(PATIENCE);
    while !path.exists() {
        assert!(deadline.pause(Duration::from_millis(20)), "{} was not made", path.display());
    }
    let made = path.metadata().expect("a file").modified().expect("a time");
    let since = made.duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
    i64::try_from(since.as_millis()).expect("a time of today")
}

/// The document without when its entries were used, and without the socket, which the host adds.
fn without_use(document: &Value) -> Value {
    let mut document = document.clone();
    document.as_object_mut().expect("a document").remove("socket");
    for entry in document["agents"]["main"]["allowlist"].as_array_mut().into_iter().flatten() {
        let entry = entry.as_object_mut().expect("an entry");
        for field in ["lastUsedAt", "lastUsedCommand", "lastResolvedPath"] {
            entry.remove(field);
        }
    }
    document
}
