//! `queue guard` beside gateways of both generations: agents that run again and again, clients that ask for the same,
//! and a gateway that comes later and comes again.

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
    checks.check("a guard that is told to end does, and all adds up", || {
        let told = guard.end(&lab.tool);
        assert_eq!(all(&told, "stopped").len(), 1, "{told:#?}");
    });
    checks.check("an observer denies nothing", || observer(&lab));
    checks.check("a flood is cleared by default", || flood(&lab));
    clear(&lab);
    lab.model.set_eager(true);
    checks.check("the run of a repeat offender is cancelled", || offender(&lab));
    checks.end();
}

/// A guard that runs, and what it has told.
struct Guard {
    child: Child,
    lines: Receiver<String>,
    told: Vec<Value>,
    /// How many of its decisions were looked at.
    decisions: u64,
    /// Where its figures are.
    metrics: Option<String>,
}

impl Guard {
    fn start(tool: &Tool, flags: &[&str]) -> Self {
        // Only a hang gets there.
        let arguments = [&["queue", "guard", "--timeout=10m"], flags].concat();
        let mut command = tool.command(&arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("clearance starts");
        let (sender, lines) = channel();
        let out = BufReader::new(child.stdout.take().expect("its output"));
        thread::spawn(move || {
            for line in out.lines() {
                // Nobody listens any more once the test has ended.
                let _gone = sender.send(line.expect("text"));
            }
        });
        let mut this = Self { child, lines, told: Vec::new(), decisions: 0, metrics: None };
        this.metrics = this.event("started")["metrics"].as_str().map(str::to_owned);
        this
    }

    /// The next line that is meant; those before it are kept.
    #[track_caller]
    fn until(&mut self, what: &str, meant: impl Fn(&Value) -> bool) -> Value {
        let end = Instant::now() + PATIENCE;
        loop {
            let line = self.lines.recv_timeout(end.saturating_duration_since(Instant::now()));
            let line = line.unwrap_or_else(|_| panic!("no {what}: {:#?}", self.told));
            let line: Value = serde_json::from_str(&line).expect("JSON");
            self.told.push(line.clone());
            if meant(&line) {
                return line;
            }
        }
    }

    #[track_caller]
    fn event(&mut self, name: &str) -> Value {
        self.until(name, |line| line["event"] == name)
    }

    /// The next decision, which ends so. Others may come in between.
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
        match self.told.iter().find(|line| meant(line)) {
            Some(line) => line.clone(),
            None => self.until(event, meant),
        }
    }

    /// Something that it serves.
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

    /// Fails unless these are among its figures, with its one gateway's label put in.
    #[track_caller]
    fn counts(&self, figures: &[&str]) {
        let (status, text) = self.get("/metrics");
        assert_eq!(status, 200);
        for figure in figures {
            let line = format!("clearance_guard_{}", figure.replacen('{', "{gateway=\"default\"", 1));
            assert!(text.lines().any(|one| one == line), "{line}: {text}");
        }
    }

    /// Tells it to end. What it told, which adds up.
    #[track_caller]
    fn end(mut self, tool: &Tool) -> Vec<Value> {
        kill_process(Pid::from_child(&self.child), Signal::TERM).expect("it can be told");
        self.event("stopped");
        let status = self.child.wait().expect("it ends");
        let mut err = String::new();
        self.child.stderr.take().expect("its errors").read_to_string(&mut err).expect("text");
        assert_eq!((status.code(), err.as_str()), (Some(0), ""));
        assert!(self.lines.recv().is_err(), "a line behind the last");
        let numbers = |event: &str| -> Vec<u64> {
            all(&self.told, event).iter().map(|line| line["decision"].as_u64().expect("a number")).collect()
        };
        let (mut decided, mut over) = (numbers("deny"), numbers("outcome"));
        decided.sort_unstable();
        over.sort_unstable();
        assert_eq!(decided, over, "every decision has one end");
        assert!(decided.iter().copied().eq(1..=decided.len() as u64), "{decided:?}");
        tool.check_secrets(&format!("{:?}", self.told), &err);
        std::mem::take(&mut self.told)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // One that has ended is none that could be killed.
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}

/// The lines of one event.
fn all<'t>(told: &'t [Value], event: &str) -> Vec<&'t Value> {
    told.iter().filter(|line| line["event"] == event).collect()
}

fn id(row: &Value) -> &str {
    row["id"].as_str().expect("an id")
}

/// An agent that takes a denial for an answer, beside three prompts that are nobody's duplicates.
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
        // The agent is told of it, in a turn of its own or in that which asked; a message in between would be
        // answered with it.
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
    let told = guard.end(&lab.tool);
    assert_eq!(all(&told, "deny").len(), 4, "{told:#?}");
}

/// A model that asks again after each denial: its group is denied so often and no more, and another group goes on.
fn held(lab: &Lab) {
    const SESSION: &str = "agent:main:feeding";
    // A slow gateway may still have turns of an earlier check to run, in another session.
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
    // One message; each denial makes the agent ask again.
    lab.send(SESSION);
    for denied in 0..3 {
        let line = guard.decision("denied");
        assert_eq!((&line["survivor"], &line["requeued"]), (&first["id"], &json!(denied > 0)), "{line}");
    }
    let offender = guard.event("offender");
    assert_eq!((&offender["agent"], &offender["session"]), (&json!("main"), &json!(SESSION)), "{offender}");
    assert_eq!(offender["times"], 3, "{offender}");
    // No run is named there, and none is guessed.
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
    // Another group goes on.
    let kept = lab.ask(SESSION, "echo beside", 300);
    let duplicate = lab.ask(SESSION, "echo beside", 301);
    let line = guard.decision("denied");
    assert_eq!((&line["id"], &line["survivor"]), (&duplicate["id"], &kept["id"]), "{line}");
    guard.counts(&["breaker_open{} 0", "held_groups{} 1", "holds_total{} 1", "offenders_total{} 1"]);
    assert_eq!(guard.get("/healthz"), (200, "default: ok, groups held: 1\n".to_owned()));
    let told = guard.end(&lab.tool);
    assert_eq!(all(&told, "group-held").len(), 1, "{told:#?}");
    assert!(all(&told, "breaker-opened").is_empty(), "{told:#?}");
}

/// The breaker, where groups are not held yet.
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
    let told = guard.end(&lab.tool);
    assert_eq!(all(&told, "breaker-opened").len(), 1, "{told:#?}");
    assert!(all(&told, "breaker-closed").is_empty(), "{told:#?}");
}

/// Two hundred duplicates in a row: with the limits that a guard has by itself, one stays.
fn flood(lab: &Lab) {
    const SESSION: &str = "agent:main:flood";
    // Without somebody who may answer, this gateway keeps no prompt.
    let mut guard = Guard::start(&lab.tool, &[]);
    let connected = guard.event("connected");
    assert_eq!((&connected["maxRate"], &connected["holdsAfter"]), (&json!("1200/min"), &Value::Null));
    guard.event("reconciled");
    let asked: Vec<Value> = (0..200).map(|number| lab.ask(SESSION, "echo flood", 400 + number)).collect();
    guard.until("end of the flood", |line| line["event"] == "outcome" && line["decision"] == 199);
    let told = guard.end(&lab.tool);
    assert!(all(&told, "outcome").iter().all(|line| line["outcome"] == "denied"), "{told:#?}");
    assert!(all(&told, "breaker-opened").is_empty(), "{told:#?}");
    assert_eq!(ids(&lab.pending(SESSION)), [id(&asked[0])]);
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

/// Three clients ask for the same three commands. That a prompt is kept at all is because the guard is there.
fn several_clients(lab: &Lab, guard: &mut Guard) {
    const SESSION: &str = "agent:main:clients";
    let mut clients: Vec<Client> = (0..3).map(|_| Client::operator(lab.gateway.address())).collect();
    let mut asked: Vec<Value> = Vec::new();
    for round in 0..3 {
        // Each is the first of one command.
        for (number, client) in clients.iter_mut().enumerate() {
            let command = format!("echo clients {}", (number + round) % 3);
            asked.push(lab.ask_by(client, SESSION, &command, asked.len()));
        }
    }
    let mut denied: Vec<Value> = (0..6).map(|_| guard.decision("denied")).collect();
    denied.sort_by_key(|line| id(line).to_owned());
    assert_eq!(ids(&lab.pending(SESSION)), ids(&asked[..3]));
    assert_eq!(ids(&denied), ids(&asked[3..]));
    guard.counts(&["decisions_total{,outcome=\"denied\",reason=\"younger\"} 6", "pending{} 3"]);
}

/// Prompts of a plugin: the guard hears of them without a listing, and leaves one that is alone.
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
    let since = guard.told.len();
    let line = guard.decision("denied");
    assert_eq!((&line["id"], &line["survivor"]), (&again["id"], &first["id"]), "{line}");
    assert_eq!(line["kind"], "plugin", "{line}");
    assert!(all(&guard.told[since..], "reconciled").is_empty(), "it was listed: {:#?}", guard.told);
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
    // What was pending before is what the gateway makes of it.
    let lists = ["exec.approval.list", "plugin.approval.list"].map(|method| lab.call(method, &json!({})));
    let pending: usize = lists.iter().map(|list| list.as_array().expect("a list").len()).sum();
    assert_eq!(line["pending"], pending, "{lists:?}");
    let asked = [0, 1, 2].map(|number| lab.ask(SESSION, "echo again", 100 + number));
    let denied = [guard.decision("denied"), guard.decision("denied")];
    assert_eq!(ids(&denied), ids(&asked[1..]));
    for line in denied {
        assert_eq!(line["survivor"], asked[0]["id"], "{line}");
    }
    assert_eq!(ids(&lab.pending(SESSION)), [id(&asked[0])]);
}

fn observer(lab: &Lab) {
    const SESSION: &str = "agent:main:observed";
    let mut guard = Guard::start(&lab.tool, &["--observe"]);
    guard.event("reconciled");
    let asked = [0, 1, 2].map(|number| lab.ask(SESSION, "echo observed", 200 + number));
    let seen = [guard.decision("observed"), guard.decision("observed")];
    assert_eq!(ids(&seen), ids(&asked[1..]));
    guard.end(&lab.tool);
    assert_eq!(ids(&lab.pending(SESSION)), ids(&asked));
    clear(lab);
}

/// Denies everything, as a person might.
fn clear(lab: &Lab) {
    for row in lab.call("exec.approval.list", &json!({})).as_array().expect("a list") {
        lab.call("exec.approval.resolve", &json!({ "id": row["id"], "decision": "deny" }));
    }
}

/// Two sessions of one agent run the same command, and the second asks again after each denial, in one run.
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
    // A gateway that has something left to do takes its time to stop.
    lab.cancel(&["--session", FIRST]).exits(0);
    lab.until("end of the run", || !lab.is_active(FIRST));
    let told = guard.end(&lab.tool);
    assert_eq!(all(&told, "cancelled").len(), 1, "{told:#?}");
}
