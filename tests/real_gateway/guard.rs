//! `queue guard` with gateways of both generations: agents that keep running, clients with the same requests, and a
//! gateway that starts late and restarts.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::checks::Checks;
use crate::client::Client;
use crate::queue::{CURRENT, LEGACY, Lab, PATIENCE, ids};
use crate::tool::Tool;

#[test]
fn guard_on_2026_4_14() {
    let lab = Lab::start(LEGACY);
    let mut checks = Checks::of(LEGACY);
    checks.check("five runs of one command leave one prompt", || five_runs(&lab));
    lab.model.set_eager(true);
    checks.check("an agent that asks again after each denial is held, and others go on", || held(&lab));
    clear(&lab);
    checks.check("too many denials open the breaker", || breaker(&lab));
    checks.end();
}

#[test]
fn guard_on_2026_9_6() {
    let mut lab = Lab::new(CURRENT);
    let mut checks = Checks::of(CURRENT);
    let mut guard = Guard::start(&lab.tool, &["--metrics=127.0.0.1:0"]);
    checks.check("a guard is there before its gateway", || before_the_gateway(&mut lab, &mut guard));
    checks.check("of what several clients ask for the oldest stay", || several_clients(&lab, &mut guard));
    checks.check("a plugin's prompts come as events", || plugins(&lab, &mut guard));
    checks.check("a gateway is restarted under a guard", || restarted(&mut lab, &mut guard));
    checks.check("a guard ends on SIGTERM, and its log is consistent", || {
        let log = guard.end(&lab.tool);
        assert_eq!(all(&log, "stopped").len(), 1, "{log:#?}");
    });
    checks.check("an observer denies nothing", || observer(&lab));
    checks.check("a flood is cleared by default", || flood(&lab));
    clear(&lab);
    lab.model.set_eager(true);
    checks.check("the run of a repeat offender is cancelled", || offender(&lab));
    checks.end();
}

/// A running guard, and its log.
struct Guard {
    child: Child,
    lines: Receiver<String>,
    log: Vec<Value>,
    /// The number of its decisions that were checked.
    decisions: u64,
    /// The address of its metrics.
    metrics: Option<String>,
}

impl Guard {
    fn start(tool: &Tool, flags: &[&str]) -> Self {
        // Only a hang takes this long.
        let arguments = [&["queue", "guard", "--timeout=10m"], flags].concat();
        let mut command = tool.command(&arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("clearance starts");
        let (sender, lines) = channel();
        let out = BufReader::new(child.stdout.take().expect("its output"));
        thread::spawn(move || {
            for line in out.lines() {
                // The channel is closed once the test has ended.
                let _gone = sender.send(line.expect("text"));
            }
        });
        let mut this = Self { child, lines, log: Vec::new(), decisions: 0, metrics: None };
        this.metrics = this.event("started")["metrics"].as_str().map(str::to_owned);
        this
    }

    /// Waits for the next line that matches; the lines before it are kept.
    #[track_caller]
    fn until(&mut self, what: &str, meant: impl Fn(&Value) -> bool) -> Value {
        let end = Instant::now() + PATIENCE;
        loop {
            let line = self.lines.recv_timeout(end.saturating_duration_since(Instant::now()));
            let line = line.unwrap_or_else(|_| panic!("no {what}: {:#?}", self.log));
            let line: Value = serde_json::from_str(&line).expect("JSON");
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

    /// Waits for the next decision, which must have this outcome. Other lines may come in between.
    #[track_caller]
    fn decision(&mut self, outcome: &str) -> Value {
        self.decisions += 1;
        let decided = self.of_decision("deny");
        let over = self.of_decision("outcome");
        assert_eq!((&over["id"], &over["outcome"]), (&decided["id"], &json!(outcome)), "{over}");
        assert_eq!(over["latencyUs"].is_u64(), outcome == "denied", "{over}");
        assert!(over["latencyUs"].as_u64() <= over["answerUs"].as_u64(), "{over}");
        decided
    }

    #[track_caller]
    fn of_decision(&mut self, event: &str) -> Value {
        let number = self.decisions;
        let meant = |line: &Value| line["event"] == event && line["decision"] == number;
        match self.log.iter().find(|line| meant(line)) {
            Some(line) => line.clone(),
            None => self.until(event, meant),
        }
    }

    /// The answer of its HTTP server.
    fn get(&self, path: &str) -> (u16, String) {
        let url = self.metrics.as_ref().expect("figures");
        let host = url.strip_prefix("http://").and_then(|rest| rest.strip_suffix("/metrics"));
        let host = host.expect("an address");
        let mut stream = TcpStream::connect(host).expect("it serves");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").expect("it reads");
        let mut text = String::new();
        stream.take(1 << 20).read_to_string(&mut text).expect("an answer");
        let (head, body) = text.split_once("\r\n\r\n").expect("a head");
        (head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status"), body.to_owned())
    }

    /// Fails unless these are among its metrics, with the label of its only gateway inserted.
    #[track_caller]
    fn counts(&self, figures: &[&str]) {
        let (status, text) = self.get("/metrics");
        assert_eq!(status, 200);
        for figure in figures {
            let line = format!("clearance_guard_{}", figure.replacen('{', "{gateway=\"default\"", 1));
            assert!(text.lines().any(|one| one == line), "{line}: {text}");
        }
    }

    /// Stops it. Returns its log, after checking that it is consistent.
    #[track_caller]
    fn end(mut self, tool: &Tool) -> Vec<Value> {
        kill_process(Pid::from_child(&self.child), Signal::TERM).expect("the signal is sent");
        self.event("stopped");
        let status = self.child.wait().expect("it ends");
        let mut err = String::new();
        self.child.stderr.take().expect("its errors").read_to_string(&mut err).expect("text");
        assert_eq!((status.code(), err.as_str()), (Some(0), ""));
        assert!(self.lines.recv().is_err(), "a line behind the last");
        let numbers = |event: &str| -> Vec<u64> {
            all(&self.log, event).iter().map(|line| line["decision"].as_u64().expect("a number")).collect()
        };
        let (mut decided, mut over) = (numbers("deny"), numbers("outcome"));
        decided.sort_unstable();
        over.sort_unstable();
        assert_eq!(decided, over, "every decision has one end");
        assert!(decided.iter().copied().eq(1..=decided.len() as u64), "{decided:?}");
        tool.check_secrets(&format!("{:?}", self.log), &err);
        std::mem::take(&mut self.log)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // A process that has ended cannot be killed.
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}

/// The lines of one event.
fn all<'t>(log: &'t [Value], event: &str) -> Vec<&'t Value> {
    log.iter().filter(|line| line["event"] == event).collect()
}

fn id(row: &Value) -> &str {
    row["id"].as_str().expect("an id")
}

/// An agent that accepts a denial, beside three prompts without duplicates.
fn five_runs(lab: &Lab) {
    const SESSION: &str = "agent:main:five";
    const OTHER: &str = "agent:main:elsewhere";
    let mut guard = Guard::start(&lab.tool, &["--metrics=127.0.0.1:0"]);
    assert_eq!(guard.event("connected")["legacy"], true);
    guard.event("reconciled");
    let beside = [lab.ask(SESSION, "echo one", 0), lab.ask(SESSION, "echo two", 1)];
    let elsewhere = lab.run(OTHER);
    let first = lab.run(SESSION);
    for denied in 0..4 {
        lab.send(SESSION);
        let line = guard.decision("denied");
        assert_eq!(line["survivor"], first["id"], "{line}");
        assert_eq!((&line["agent"], &line["session"]), (&json!("main"), &json!(SESSION)), "{line}");
        assert_eq!((&line["reason"], &line["requeued"]), (&json!("younger"), &json!(denied > 0)), "{line}");
        // The agent learns of the denial in a new turn or in the turn that requested it; a message in between would get
        // that as its answer.
        lab.settles(SESSION);
    }
    let left = lab.pending(SESSION);
    let mut kept = [id(&beside[0]), id(&beside[1]), id(&first)];
    kept.sort_unstable();
    assert_eq!(ids(&left), kept);
    assert_eq!(lab.pending(OTHER), [elsewhere]);
    guard.counts(&[
        "pending{} 4",
        "groups{} 4",
        "duplicates{} 0",
        "connected{} 1",
        "breaker_open{} 0",
        "decisions_total{,outcome=\"denied\",reason=\"younger\"} 4",
    ]);
    assert_eq!(guard.get("/healthz"), (200, "default: ok\n".to_owned()));
    let log = guard.end(&lab.tool);
    assert_eq!(all(&log, "deny").len(), 4, "{log:#?}");
}

/// A model that retries after each denial: its group is denied up to the limit and then held, and another group
/// continues.
fn held(lab: &Lab) {
    const SESSION: &str = "agent:main:feeding";
    // A slow gateway may still have to run turns of an earlier check, in another session.
    let flags = ["--session=agent:main:feeding", "--repeats=3", "--cancel-runs", "--metrics=127.0.0.1:0"];
    let mut guard = Guard::start(&lab.tool, &flags);
    let connected = guard.event("connected");
    assert_eq!(
        (&connected["maxRate"], &connected["holdsAfter"]),
        (&json!("60/min"), &json!(3)),
        "{connected}"
    );
    guard.event("reconciled");
    let first = lab.run(SESSION);
    // One message; each denial makes the agent retry.
    lab.send(SESSION);
    for denied in 0..3 {
        let line = guard.decision("denied");
        assert_eq!((&line["survivor"], &line["requeued"]), (&first["id"], &json!(denied > 0)), "{line}");
    }
    let offender = guard.event("offender");
    assert_eq!((&offender["agent"], &offender["session"]), (&json!("main"), &json!(SESSION)), "{offender}");
    assert_eq!(offender["times"], 3, "{offender}");
    // The gateway does not name the run, and the guard does not guess it.
    let cancelled = guard.event("cancelled");
    assert_eq!(cancelled["error"], "the gateway does not name the run that asked", "{cancelled}");
    let line = guard.event("group-held");
    assert_eq!((&line["survivor"], &line["times"]), (&first["id"], &json!(3)), "{line}");
    assert_eq!((&line["session"], &line["forMs"]), (&json!(SESSION), &json!(300_000)), "{line}");
    let again = guard.decision("held");
    lab.until("end of the turns", || !lab.is_active(SESSION));
    assert_eq!(
        lab.pending(SESSION).iter().map(id).collect::<Vec<_>>(),
        [id(&first), id(&again)],
        "it was fed on"
    );
    // Another group continues.
    let kept = lab.ask(SESSION, "echo beside", 300);
    let duplicate = lab.ask(SESSION, "echo beside", 301);
    let line = guard.decision("denied");
    assert_eq!((&line["id"], &line["survivor"]), (&duplicate["id"], &kept["id"]), "{line}");
    guard.counts(&["breaker_open{} 0", "held_groups{} 1", "holds_total{} 1", "offenders_total{} 1"]);
    assert_eq!(guard.get("/healthz"), (200, "default: ok, groups held: 1\n".to_owned()));
    let log = guard.end(&lab.tool);
    assert_eq!(all(&log, "group-held").len(), 1, "{log:#?}");
    assert!(all(&log, "breaker-opened").is_empty(), "{log:#?}");
}

/// The breaker, which opens before groups are held.
fn breaker(lab: &Lab) {
    const SESSION: &str = "agent:main:runaway";
    let flags =
        ["--session=agent:main:runaway", "--max-rate=3/min", "--repeats=1000", "--metrics=127.0.0.1:0"];
    let mut guard = Guard::start(&lab.tool, &flags);
    guard.event("reconciled");
    let first = lab.run(SESSION);
    lab.send(SESSION);
    for _ in 0..3 {
        assert_eq!(guard.decision("denied")["survivor"], first["id"]);
    }
    let opened = guard.event("breaker-opened");
    assert!(opened["forMs"].as_u64() >= Some(60_000), "{opened}");
    let held = guard.decision("held");
    lab.until("end of the turns", || !lab.is_active(SESSION));
    assert_eq!(
        lab.pending(SESSION).iter().map(id).collect::<Vec<_>>(),
        [id(&first), id(&held)],
        "it was fed on"
    );
    guard.counts(&["breaker_open{} 1", "held_groups{} 0"]);
    assert_eq!(guard.get("/healthz"), (200, "default: breaker open\n".to_owned()));
    let log = guard.end(&lab.tool);
    assert_eq!(all(&log, "breaker-opened").len(), 1, "{log:#?}");
    assert!(all(&log, "breaker-closed").is_empty(), "{log:#?}");
}

/// Two hundred duplicates in a row: with the guard's default limits, one stays.
fn flood(lab: &Lab) {
    const SESSION: &str = "agent:main:flood";
    // Without an approver, this gateway keeps no prompt.
    let mut guard = Guard::start(&lab.tool, &[]);
    let connected = guard.event("connected");
    assert_eq!((&connected["maxRate"], &connected["holdsAfter"]), (&json!("1200/min"), &Value::Null));
    guard.event("reconciled");
    let requested: Vec<Value> = (0..200).map(|number| lab.ask(SESSION, "echo flood", 400 + number)).collect();
    guard.until("end of the flood", |line| line["event"] == "outcome" && line["decision"] == 199);
    let log = guard.end(&lab.tool);
    assert!(all(&log, "outcome").iter().all(|line| line["outcome"] == "denied"), "{log:#?}");
    assert!(all(&log, "breaker-opened").is_empty(), "{log:#?}");
    assert_eq!(ids(&lab.pending(SESSION)), [id(&requested[0])]);
}

fn before_the_gateway(lab: &mut Lab, guard: &mut Guard) {
    let line = guard.event("disconnected");
    assert!(line["cause"].as_str().expect("a cause").contains("no gateway answers"), "{line}");
    assert_eq!(guard.get("/healthz"), (503, "default: not connected\n".to_owned()));
    lab.gateway.start();
    let line = guard.event("connected");
    assert_eq!((&line["legacy"], &line["gatewayVersion"]), (&json!(false), &json!(CURRENT)), "{line}");
    guard.event("reconciled");
    lab.gateway.wait_until_ready();
    lab.connect();
    guard.counts(&["connected{} 1", "pending{} 0"]);
}

/// Three clients request the same three commands. The gateway only keeps the prompts because the guard is connected.
fn several_clients(lab: &Lab, guard: &mut Guard) {
    const SESSION: &str = "agent:main:clients";
    let mut clients: Vec<Client> = (0..3).map(|_| Client::operator(lab.gateway.address())).collect();
    let mut requested: Vec<Value> = Vec::new();
    for round in 0..3 {
        // Each is the first of one command.
        for (number, client) in clients.iter_mut().enumerate() {
            let command = format!("echo clients {}", (number + round) % 3);
            requested.push(lab.ask_by(client, SESSION, &command, requested.len()));
        }
    }
    let mut denied: Vec<Value> = (0..6).map(|_| guard.decision("denied")).collect();
    denied.sort_by_key(|line| id(line).to_owned());
    assert_eq!(ids(&lab.pending(SESSION)), ids(&requested[..3]));
    assert_eq!(ids(&denied), ids(&requested[3..]));
    guard.counts(&["decisions_total{,outcome=\"denied\",reason=\"younger\"} 6", "pending{} 3"]);
}

/// Prompts of a plugin: the guard receives them without a listing, and keeps one that has no duplicate.
fn plugins(lab: &Lab, guard: &mut Guard) {
    let ask = |title: &str| {
        let params = json!({
            "pluginId": "lab", "title": title, "description": "What it would do", "toolName": "send",
            "agentId": "main", "sessionKey": "agent:main:plugins", "twoPhase": true, "timeoutMs": 600_000,
        });
        let answer = lab.call("plugin.approval.request", &params);
        assert_eq!(answer["status"], "accepted", "{answer}");
        answer
    };
    let (first, other, again) = (ask("Send a letter"), ask("Send a parcel"), ask("Send a letter"));
    let since = guard.log.len();
    let line = guard.decision("denied");
    assert_eq!((&line["id"], &line["survivor"]), (&again["id"], &first["id"]), "{line}");
    assert_eq!(line["kind"], "plugin", "{line}");
    assert!(all(&guard.log[since..], "reconciled").is_empty(), "it was listed: {:#?}", guard.log);
    let left = lab.call("plugin.approval.list", &json!({}));
    let mut kept = [id(&first), id(&other)];
    kept.sort_unstable();
    assert_eq!(ids(left.as_array().expect("a list")), kept);
}

fn restarted(lab: &mut Lab, guard: &mut Guard) {
    const SESSION: &str = "agent:main:again";
    lab.gateway.stop();
    guard.event("disconnected");
    lab.gateway.start();
    guard.event("connected");
    let line = guard.event("reconciled");
    lab.gateway.wait_until_ready();
    lab.connect();
    // The gateway decides what happens to the prompts that were pending before.
    let lists = ["exec.approval.list", "plugin.approval.list"].map(|method| lab.call(method, &json!({})));
    let pending: usize = lists.iter().map(|list| list.as_array().expect("a list").len()).sum();
    assert_eq!(line["pending"], pending, "{lists:?}");
    let requested = [0, 1, 2].map(|number| lab.ask(SESSION, "echo again", 100 + number));
    let denied = [guard.decision("denied"), guard.decision("denied")];
    assert_eq!(ids(&denied), ids(&requested[1..]));
    for line in denied {
        assert_eq!(line["survivor"], requested[0]["id"], "{line}");
    }
    assert_eq!(ids(&lab.pending(SESSION)), [id(&requested[0])]);
}

fn observer(lab: &Lab) {
    const SESSION: &str = "agent:main:observed";
    let mut guard = Guard::start(&lab.tool, &["--observe"]);
    guard.event("reconciled");
    let requested = [0, 1, 2].map(|number| lab.ask(SESSION, "echo observed", 200 + number));
    let seen = [guard.decision("observed"), guard.decision("observed")];
    assert_eq!(ids(&seen), ids(&requested[1..]));
    guard.end(&lab.tool);
    assert_eq!(ids(&lab.pending(SESSION)), ids(&requested));
    clear(lab);
}

/// Denies everything, as a person might.
fn clear(lab: &Lab) {
    for row in lab.call("exec.approval.list", &json!({})).as_array().expect("a list") {
        lab.call("exec.approval.resolve", &json!({ "id": row["id"], "decision": "deny" }));
    }
}

/// Two sessions of one agent run the same command, and the second retries after each denial, in one run.
fn offender(lab: &Lab) {
    const FIRST: &str = "agent:main:patient";
    const SECOND: &str = "agent:main:offender";
    let mut guard = Guard::start(&lab.tool, &["--by=agent", "--repeats=2", "--cancel-runs"]);
    guard.event("reconciled");
    let first = lab.run(FIRST);
    lab.send(SECOND);
    let run = lab.last_run.borrow().clone();
    for requeued in [false, true] {
        let line = guard.decision("denied");
        assert_eq!((&line["survivor"], &line["session"]), (&first["id"], &json!(SECOND)), "{line}");
        assert_eq!((&line["run"], &line["requeued"]), (&json!(run), &json!(requeued)), "{line}");
    }
    let line = guard.event("offender");
    assert_eq!((&line["agent"], &line["session"]), (&json!("main"), &json!(SECOND)), "{line}");
    assert_eq!((&line["run"], &line["times"]), (&json!(run), &json!(2)), "{line}");
    let line = guard.event("cancelled");
    assert_eq!(
        (&line["run"], &line["aborted"], &line["left"]),
        (&json!(run), &json!(1), &json!(0)),
        "{line}"
    );
    lab.is_quiet(SECOND);
    assert_eq!(lab.pending(FIRST), [first]);
    assert!(lab.is_active(FIRST), "it waits for its answer");
    // A gateway with unfinished work takes its time to stop.
    lab.cancel(&["--session", FIRST]).exits(0);
    lab.until("end of the run", || !lab.is_active(FIRST));
    let log = guard.end(&lab.tool);
    assert_eq!(all(&log, "cancelled").len(), 1, "{log:#?}");
}
