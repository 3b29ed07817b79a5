//! Failures during a purge. In every case no survivor is denied, the report lists what was done and what was not, and
//! the command ends in time.

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::Child;
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tungstenite::{Message, WebSocket};

use crate::queue::{ids, pending, still};
use crate::support::dev::Client;
use crate::support::fake::frames::{TOKEN, check_connect, hello_with};

/// The gateway's clock when a client connects.
const NOW: u64 = 1_795_436_364_720;
/// How much later than its deadline a command may end. On an idle machine the delay is far smaller.
const MARGIN: Duration = Duration::from_secs(7);

/// The gateway's reaction to a call.
#[derive(Clone)]
pub enum Say {
    /// Handles the call as a gateway does.
    Properly,
    Fail(Value),
    /// Sends this answer.
    Payload(Value),
    /// Carries out the call, and closes the connection instead of answering.
    DoAndCut,
    Cut,
    Nothing,
}

/// The prompts of the gateway, and the calls that it received.
#[derive(Default)]
pub struct Queue {
    pub rows: Vec<Value>,
    pub sessions: Vec<Value>,
    /// Ids whose denial was carried out.
    pub denied: Vec<String>,
    /// Method and id of every call.
    pub calls: Vec<(String, String)>,
    /// Events to be sent before the next answer.
    pub events: Vec<Value>,
    pub connections: usize,
    /// New connections are rejected.
    pub down: bool,
    /// How long the gateway pings after its next answer to a method, waiting for each pong. It then sends a signal.
    pub pings: Option<(Duration, mpsc::Sender<()>)>,
    /// The method after whose answer it pings.
    pub pings_behind: &'static str,
    /// Methods in addition to those of all these gateways.
    pub methods: Vec<&'static str>,
    /// Receives a message when a connection ends.
    pub ends: Option<mpsc::Sender<()>>,
}

impl Queue {
    pub fn count(&self, method: &str) -> usize {
        self.calls.iter().filter(|(called, _)| called == method).count()
    }

    pub fn remove(&mut self, id: &str) -> bool {
        let before = self.rows.len();
        self.rows.retain(|row| row["id"] != id);
        self.rows.len() < before
    }

    fn answer(&mut self, method: &str, id: &str) -> Result<Value, Value> {
        match method {
            "exec.approval.list" => Ok(json!(self.rows)),
            "plugin.approval.list" => Ok(json!([])),
            "sessions.list" => Ok(json!({ "sessions": self.sessions })),
            "chat.abort" => {
                for session in &mut self.sessions {
                    session["hasActiveRun"] = json!(false);
                }
                Ok(json!({ "ok": true, "aborted": true, "runIds": ["run-1"] }))
            }
            "exec.approval.get" => self.matched(id).map(|id| json!({ "id": id })).ok_or_else(gone),
            "exec.approval.resolve" => {
                let id = self.matched(id).ok_or_else(gone)?;
                self.remove(&id);
                self.denied.push(id);
                Ok(json!({ "ok": true }))
            }
            "approval.resolve" if self.remove(id) => {
                self.denied.push(id.to_owned());
                Ok(
                    json!({ "applied": true, "approval": { "id": id, "status": "denied", "decision": "deny" } }),
                )
            }
            _ => Err(gone()),
        }
    }

    /// The prompt that a gateway matches to an id after it has forgotten the decided ones: the one with that id, or the
    /// only one whose id starts with it.
    fn matched(&self, id: &str) -> Option<String> {
        let ids = || self.rows.iter().filter_map(|row| row["id"].as_str());
        let lower = |id: &str| id.trim().to_lowercase();
        let mut begin = ids().filter(|other| !id.is_empty() && lower(other).starts_with(&lower(id)));
        let found =
            ids().find(|other| *other == id).or_else(|| begin.next().filter(|_| begin.next().is_none()));
        found.map(str::to_owned)
    }
}

pub type React = dyn FnMut(&mut Queue, &str, &str) -> Say + Send;

/// A fake gateway with its own queue and scripted reactions.
pub struct Gateway {
    pub port: u16,
    pub queue: Arc<Mutex<Queue>>,
}

fn gone() -> Value {
    json!({ "code": "INVALID_REQUEST", "message": "unknown or expired approval id", "details": { "reason": "APPROVAL_NOT_FOUND" } })
}

pub fn busy(retry_after_ms: u64) -> Value {
    json!({ "code": "UNAVAILABLE", "message": "too busy", "retryable": true, "retryAfterMs": retry_after_ms })
}

/// A prompt requested `age_s` seconds ago that expires in `lives_ms` milliseconds.
pub fn row(id: &str, command: &str, age_s: u64, lives_ms: u64) -> Value {
    json!({
        "id": id,
        "request": { "command": command, "cwd": "/srv", "host": "gateway", "agentId": "main", "sessionKey": "agent:main:main" },
        "createdAtMs": NOW - age_s * 1000,
        "expiresAtMs": NOW + lives_ms,
    })
}

/// `count` prompts of one command, the oldest first: `<command>-00` and so on.
pub fn group(command: &str, count: u64) -> Vec<Value> {
    (0..count).map(|at| row(&format!("{command}-{at:02}"), command, 600 - at, 1_800_000)).collect()
}

impl Gateway {
    pub fn with(
        protocol: u64,
        rows: Vec<Value>,
        react: impl FnMut(&mut Queue, &str, &str) -> Say + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let queue = Arc::new(Mutex::new(Queue { rows, ..Queue::default() }));
        let react: Arc<Mutex<React>> = Arc::new(Mutex::new(react));
        let shared = Arc::clone(&queue);
        // The thread and its connections end with the process.
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (queue, react) = (Arc::clone(&shared), Arc::clone(&react));
                queue.lock().unwrap().connections += 1;
                if !queue.lock().unwrap().down {
                    thread::spawn(move || serve(stream.unwrap(), protocol, &queue, &react));
                }
            }
        });
        Self { port, queue }
    }

    /// A gateway that has `approval.resolve`, as current ones do.
    pub fn exact(
        rows: Vec<Value>,
        react: impl FnMut(&mut Queue, &str, &str) -> Say + Send + 'static,
    ) -> Self {
        let gateway = Self::with(4, rows, react);
        gateway.queue.lock().unwrap().methods = vec!["approval.resolve"];
        gateway
    }

    pub fn current(
        rows: Vec<Value>,
        react: impl FnMut(&mut Queue, &str, &str) -> Say + Send + 'static,
    ) -> Self {
        Self::with(4, rows, react)
    }

    pub fn client(&self) -> Client {
        Client::alone()
            .variable("OPENCLAW_GATEWAY_URL", &format!("ws://127.0.0.1:{}", self.port))
            .variable("OPENCLAW_GATEWAY_TOKEN", TOKEN)
    }

    /// Runs a purge, and checks what must hold after every failure.
    #[track_caller]
    pub fn purge(&self, timeout_s: u64, flags: &[&str]) -> Purged {
        let timeout = format!("--timeout={timeout_s}s");
        let earlier = self.queue.lock().unwrap().calls.len();
        let start = Instant::now();
        let (exit, json) = self.client().json(&[&["queue", "dedupe", "--yes", &timeout], flags].concat());
        let took = start.elapsed();
        assert!(took < Duration::from_secs(timeout_s) + MARGIN, "{took:?}: {json}");
        let queue = self.queue.lock().unwrap();
        let report = json["gateways"][0].clone();
        let groups = report["groups"].as_array().cloned().unwrap_or_default();
        let survivors: Vec<&str> =
            groups.iter().map(|group| group["survivor"]["id"].as_str().unwrap()).collect();
        let planned: usize = groups.iter().map(|group| group["deny"].as_array().unwrap().len()).sum();
        for (method, id) in &queue.calls[earlier..] {
            let harms = method == "exec.approval.resolve" && survivors.contains(&id.as_str());
            assert!(!harms, "{id} was to be kept: {:?}", queue.calls);
        }
        let mut outcomes = BTreeMap::new();
        for round in report["rounds"].as_array().into_iter().flatten() {
            for outcome in round["outcomes"].as_array().unwrap() {
                let text = |name: &str| outcome[name].as_str().unwrap_or_default().to_owned();
                outcomes.insert(text("id"), (text("outcome"), text("reason")));
            }
        }
        // Each planned prompt has an outcome, and outcomes match the queue.
        assert_eq!(outcomes.len(), planned, "{json}");
        for (id, (outcome, _)) in &outcomes {
            let there = queue.rows.iter().any(|row| row["id"] == id.as_str());
            assert!(
                !(there && matches!(outcome.as_str(), "denied" | "already-gone")),
                "{id} is there: {json}"
            );
            if outcome == "denied" {
                assert!(queue.denied.contains(id), "{id} was not denied: {json}");
            }
            if outcome == "not-tried" {
                assert!(!queue.denied.contains(id), "{id} was denied: {json}");
            }
        }
        Purged { exit, json, report, outcomes }
    }

    pub fn left(&self) -> Vec<String> {
        let queue = self.queue.lock().unwrap();
        queue.rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
    }
}

pub struct Purged {
    pub exit: i32,
    pub json: Value,
    pub report: Value,
    pub outcomes: BTreeMap<String, (String, String)>,
}

impl Purged {
    pub fn total(&self, name: &str) -> u64 {
        self.report["totals"][name].as_u64().unwrap_or_else(|| panic!("no totals: {}", self.json))
    }
}

fn serve(stream: TcpStream, protocol: u64, queue: &Mutex<Queue>, react: &Mutex<React>) {
    let close = stream.try_clone().unwrap();
    // Either side may close the connection first.
    let _: Option<()> = talk(stream, protocol, queue, react);
    drop(close.shutdown(Shutdown::Both));
    if let Some(ends) = &queue.lock().unwrap().ends {
        // The test may be over.
        let _: Result<(), mpsc::SendError<()>> = ends.send(());
    }
}

fn talk(stream: TcpStream, protocol: u64, queue: &Mutex<Queue>, react: &Mutex<React>) -> Option<()> {
    let mut socket = tungstenite::accept(stream).ok()?;
    let challenge = json!({ "nonce": "14a7f770-7e55-41f1-bf07-cd70f1a7e574", "ts": NOW });
    say(&mut socket, &json!({ "type": "event", "event": "connect.challenge", "payload": challenge }))?;
    let connect = hear(&mut socket)?;
    check_connect(&connect["params"], &challenge, &json!({ "token": TOKEN })).unwrap();
    assert!(!connect["params"]["caps"].to_string().contains("approvals"), "an approver: {connect}");
    let mut methods = vec![
        "exec.approval.list",
        "exec.approval.get",
        "exec.approval.resolve",
        "sessions.list",
        "chat.abort",
    ];
    methods.extend(&queue.lock().unwrap().methods);
    let version = json!(if protocol == 3 { "2026.4.14" } else { "2026.9.6" });
    let hello = hello_with(&[
        ("/features/methods", json!(methods)),
        ("/protocol", json!(protocol)),
        ("/server/version", version),
    ]);
    say(&mut socket, &json!({ "type": "res", "id": connect["id"], "ok": true, "payload": hello }))?;
    let mut early = VecDeque::new();
    loop {
        let call = match early.pop_front() {
            Some(call) => call,
            None => hear(&mut socket)?,
        };
        let (method, id) = (call["method"].as_str()?, call["params"]["id"].as_str().unwrap_or_default());
        let (answer, events) = {
            let mut queue = queue.lock().unwrap();
            queue.calls.push((method.to_owned(), id.to_owned()));
            let answer = match (react.lock().unwrap())(&mut queue, method, id) {
                Say::Properly => Some(queue.answer(method, id)),
                Say::Fail(error) => Some(Err(error)),
                Say::Payload(payload) => Some(Ok(payload)),
                Say::DoAndCut => {
                    drop(queue.answer(method, id));
                    return None;
                }
                Say::Cut => return None,
                Say::Nothing => None,
            };
            (answer, std::mem::take(&mut queue.events))
        };
        for event in events {
            say(&mut socket, &event)?;
        }
        match answer {
            Some(Ok(payload)) => {
                say(
                    &mut socket,
                    &json!({ "type": "res", "id": call["id"], "ok": true, "payload": payload }),
                )?;
            }
            Some(Err(error)) => {
                say(&mut socket, &json!({ "type": "res", "id": call["id"], "ok": false, "error": error }))?;
            }
            None => {}
        }
        let pings = {
            let mut queue = queue.lock().unwrap();
            if method == queue.pings_behind { queue.pings.take() } else { None }
        };
        if let Some((time, done)) = pings {
            let end = Instant::now() + time;
            while Instant::now() < end {
                socket.send(Message::Ping(Vec::new().into())).ok()?;
                loop {
                    match socket.read().ok()? {
                        Message::Pong(_) => break,
                        Message::Text(text) => early.push_back(serde_json::from_str::<Value>(&text).ok()?),
                        _ => {}
                    }
                }
            }
            done.send(()).ok()?;
        }
    }
}

fn say(socket: &mut WebSocket<TcpStream>, frame: &Value) -> Option<()> {
    socket.send(Message::text(frame.to_string())).ok()
}

fn hear(socket: &mut WebSocket<TcpStream>) -> Option<Value> {
    loop {
        match socket.read().ok()? {
            Message::Text(text) => return serde_json::from_str(&text).ok(),
            Message::Close(_) => return None,
            _ => {}
        }
    }
}

const RESOLVE: &str = "exec.approval.resolve";
const GET: &str = "exec.approval.get";

// ---- connections

#[test]
fn a_purge_on_a_gateway_that_is_well() {
    for protocol in [3, 4] {
        let gateway = Gateway::with(protocol, group("a", 30), |_, _, _| Say::Properly);
        let purged = gateway.purge(20, &[]);
        assert_eq!((purged.exit, purged.total("denied")), (0, 29), "{}", purged.json);
        assert_eq!(gateway.left(), ["a-00"]);
    }
}

#[test]
fn a_cut_anywhere_is_gone_on_from() {
    for protocol in [3, 4] {
        // After the listing: at the first denial, which is not carried out, or which is.
        for carried_out in [false, true] {
            for nth in [1, 2, 7] {
                let gateway = Gateway::with(protocol, group("a", 12), move |queue, method, _| {
                    let now = method == RESOLVE && queue.count(RESOLVE) == nth;
                    match (now, carried_out) {
                        (false, _) => Say::Properly,
                        (true, true) => Say::DoAndCut,
                        (true, false) => Say::Cut,
                    }
                });
                let purged = gateway.purge(20, &[]);
                assert_eq!(purged.exit, 0, "{protocol} {carried_out} {nth}: {}", purged.json);
                assert_eq!(gateway.left(), ["a-00"]);
                assert_eq!(purged.total("denied") + purged.total("alreadyGone"), 11);
            }
        }
    }
}

#[test]
fn a_cut_during_a_check_is_gone_on_from() {
    // A refusal that lasts longer than a survivor counts as known makes a check due.
    let gateway = Gateway::current(group("a", 12), |queue, method, _| match method {
        RESOLVE if queue.count(GET) == 0 => Say::Fail(busy(300)),
        GET if queue.count(GET) == 1 => Say::Cut,
        _ => Say::Properly,
    });
    let purged = gateway.purge(20, &[]);
    assert_eq!((purged.exit, purged.total("denied")), (0, 11), "{}", purged.json);
    assert_eq!(gateway.left(), ["a-00"]);
    assert_eq!(gateway.queue.lock().unwrap().connections, 2);
}

#[test]
fn a_gateway_that_does_not_come_back_is_reported() {
    for protocol in [3, 4] {
        for step in [1, 5] {
            let gateway = Gateway::with(protocol, group("a", 12), move |queue, method, _| {
                if method == RESOLVE && queue.count(RESOLVE) == step {
                    queue.down = true;
                    return Say::DoAndCut;
                }
                Say::Properly
            });
            let purged = gateway.purge(4, &[]);
            assert_eq!(purged.exit, 3, "{}", purged.json);
            // The interrupted denial may have been carried out, so the prompt is not reported as skipped.
            assert_eq!(purged.total("denied"), step as u64 - 1);
            assert!(purged.total("failed") >= 1, "{}", purged.json);
            assert!(purged.report["partial"].is_string(), "{}", purged.json);
        }
    }
}

#[test]
fn a_gateway_that_cuts_every_denial_off_ends_in_time() {
    let gateway = Gateway::current(group("a", 4), |_, method, _| match method {
        RESOLVE => Say::Cut,
        _ => Say::Properly,
    });
    let purged = gateway.purge(3, &[]);
    assert!(matches!(purged.exit, 3 | 4), "{}", purged.json);
    assert_eq!(gateway.left().len(), 4);
    assert_eq!(purged.total("denied"), 0);
}

#[test]
fn a_listing_that_fails_afterwards_hides_nothing() {
    for how in ["cut", "silent"] {
        let gateway = Gateway::current(group("a", 4), move |queue, method, _| {
            if method != RESOLVE && queue.denied.len() == 3 {
                queue.down = how == "cut";
                return if how == "cut" { Say::Cut } else { Say::Nothing };
            }
            Say::Properly
        });
        let purged = gateway.purge(4, &[]);
        assert_eq!((purged.exit, purged.total("denied")), (3, 3), "{how}: {}", purged.json);
        assert_eq!(purged.report["pending"], 1);
        assert!(purged.report["partial"].is_string());
    }
}

// ---- a gateway that is busy or slow

#[test]
fn a_busy_gateway_is_asked_again() {
    let gateway = Gateway::current(group("a", 60), |queue, method, id| {
        let before = queue.calls.iter().filter(|(called, of)| called == method && of == id).count();
        if method == RESOLVE && before == 1 { Say::Fail(busy(20)) } else { Say::Properly }
    });
    let purged = gateway.purge(30, &[]);
    assert_eq!((purged.exit, purged.total("denied")), (0, 59), "{}", purged.json);
    assert_eq!(gateway.left(), ["a-00"]);
}

#[test]
fn a_gateway_that_stays_busy_is_left_in_time() {
    let gateway = Gateway::current(group("a", 10), |_, method, _| match method {
        RESOLVE => Say::Fail(busy(50)),
        _ => Say::Properly,
    });
    let purged = gateway.purge(2, &[]);
    assert_eq!((purged.exit, purged.total("notTried")), (4, 9), "{}", purged.json);
    assert_eq!(gateway.left().len(), 10);
    // Part of the purge succeeds. The group's slot may be closed for the first two seconds.
    let gateway = Gateway::current(group("a", 10), |queue, method, _| match method {
        RESOLVE if queue.denied.len() >= 3 => Say::Fail(busy(50)),
        _ => Say::Properly,
    });
    let purged = gateway.purge(4, &[]);
    assert_eq!((purged.exit, purged.total("denied")), (3, 3), "{}", purged.json);
}

#[test]
fn answers_that_do_not_come_are_no_success() {
    for (all, carried_out) in [(false, false), (true, false), (false, true)] {
        let gateway = Gateway::current(group("a", 10), move |queue, method, id| {
            let silent = method == RESOLVE || all && queue.count(RESOLVE) > 0;
            if silent && carried_out {
                drop(queue.answer(method, id));
            }
            if silent { Say::Nothing } else { Say::Properly }
        });
        let purged = gateway.purge(4, &[]);
        assert!(matches!(purged.exit, 3 | 4), "{}", purged.json);
        assert_eq!(purged.total("denied"), 0);
        let sent: HashSet<String> = {
            let queue = gateway.queue.lock().unwrap();
            let sent = queue.calls.iter().filter(|(method, _)| method == RESOLVE);
            sent.map(|(_, id)| id.clone()).collect()
        };
        let failed = purged
            .outcomes
            .iter()
            .filter(|(_, (outcome, reason))| outcome == "failed" && reason == "no answer");
        assert_eq!(failed.map(|(id, _)| id.clone()).collect::<HashSet<_>>(), sent, "{}", purged.json);
    }
}

#[test]
fn a_refusal_for_good_is_named() {
    let gateway = Gateway::current(group("a", 4), |_, method, id| match (method, id) {
        (RESOLVE, "a-02") => Say::Fail(json!({ "code": "FORBIDDEN", "message": "not \u{1b}[2Jyours" })),
        _ => Say::Properly,
    });
    let purged = gateway.purge(20, &[]);
    assert_eq!((purged.exit, purged.total("denied"), purged.total("failed")), (3, 2, 1), "{}", purged.json);
    assert!(purged.outcomes["a-02"].1.contains("yours"));
    let output = gateway.client().command(&["queue", "dedupe", "--yes"]).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(!output.stdout.contains(&0x1b) && !output.stderr.contains(&0x1b));
}

// ---- survivors

#[test]
fn a_survivor_that_somebody_answers_ends_its_group_alone() {
    let rows = [group("a", 6), group("b", 6)].concat();
    let mut first = None;
    let gateway = Gateway::current(rows, move |queue, method, id| {
        if method != RESOLVE || !id.starts_with("a-") {
            return Say::Properly;
        }
        // This lasts until the client fetches the survivor again.
        let asked = queue.calls.iter().filter(|(method, id)| method == GET && id == "a-00").count();
        if *first.get_or_insert(asked) < asked {
            return Say::Properly;
        }
        queue.remove("a-00");
        Say::Fail(busy(300))
    });
    let purged = gateway.purge(20, &[]);
    assert_eq!((purged.exit, purged.total("denied"), purged.total("notTried")), (3, 5, 5), "{}", purged.json);
    assert_eq!(gateway.left(), ["a-01", "a-02", "a-03", "a-04", "a-05", "b-00"]);
    for (id, (outcome, reason)) in &purged.outcomes {
        if id.starts_with("a-") {
            assert_eq!((outcome.as_str(), reason.as_str()), ("not-tried", "the kept prompt is gone"));
        }
    }
    // The next purge keeps another prompt.
    assert_eq!(gateway.purge(20, &[]).exit, 0);
    assert_eq!(gateway.left(), ["a-01", "b-00"]);
}

/// A person allows the survivor while the denial of the only duplicate is in flight. Nothing can prevent that.
#[test]
fn an_emptied_group_is_reported() {
    let allow = |queue: &mut Queue, method: &str, id: &str| {
        if method == RESOLVE && id == "a-01" {
            queue.remove("a-00");
        }
        Say::Properly
    };
    for protocol in [3, 4] {
        let gateway = Gateway::with(protocol, [group("a", 2), group("b", 2)].concat(), allow);
        let purged = gateway.purge(20, &[]);
        assert_eq!((purged.exit, purged.total("denied")), (3, 2), "{}", purged.json);
        let emptied = purged.report["emptied"].as_array().unwrap();
        assert_eq!(emptied.len(), 1, "{}", purged.json);
        assert_eq!(emptied[0]["survivor"]["id"], "a-00");
        assert_eq!(gateway.left(), ["b-00"]);
        let gateway = Gateway::with(protocol, group("a", 2), allow);
        let output = gateway.client().command(&["queue", "dedupe", "--yes"]).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains("is empty: a-00 was decided or has expired meanwhile"), "{text}");
        assert_eq!(output.status.code(), Some(3));
    }
}

#[test]
fn an_early_gateway_says_that_a_survivor_is_gone() {
    let gateway = Gateway::with(3, group("a", 12), |queue, method, _| {
        if method == RESOLVE && queue.count(RESOLVE) == 1 {
            queue.remove("a-00");
            let payload =
                json!({ "id": "a-00", "decision": "allow-once", "resolvedBy": "somebody", "ts": NOW });
            queue.events.push(
                json!({ "type": "event", "event": "exec.approval.resolved", "payload": payload, "seq": 1 }),
            );
        }
        // Denials sent together with the first one are refused, and are not retried.
        if method == RESOLVE { Say::Fail(busy(10)) } else { Say::Properly }
    });
    let purged = gateway.purge(20, &[]);
    assert_eq!((purged.exit, purged.total("notTried")), (3, 11), "{}", purged.json);
    assert_eq!(gateway.left().len(), 11);
    assert!(gateway.queue.lock().unwrap().count(RESOLVE) <= 5);
}

#[test]
fn a_survivor_that_cannot_be_asked_for_ends_its_group() {
    let gateway = Gateway::current(group("a", 6), |queue, method, _| match method {
        RESOLVE if queue.count(GET) == 0 => Say::Fail(busy(300)),
        GET => Say::Fail(json!({ "code": "INTERNAL", "message": "no" })),
        _ => Say::Properly,
    });
    let purged = gateway.purge(20, &[]);
    assert_eq!((purged.exit, purged.total("notTried")), (3, 5), "{}", purged.json);
    assert_eq!(gateway.left().len(), 6);
}

#[test]
fn a_survivor_that_expires_meanwhile_takes_nobody_with_it() {
    let mut rows = group("a", 6);
    // With no margin the oldest stays though it expires in five seconds.
    rows[0] = row("a-00", "a", 600, 5_000);
    let gateway = Gateway::current(rows, |queue, method, _| match method {
        RESOLVE if queue.count(RESOLVE) <= 5 => Say::Fail(busy(4_500)),
        _ => Say::Properly,
    });
    let purged = gateway.purge(20, &["--margin=1ms"]);
    assert_eq!((purged.exit, purged.total("denied"), purged.total("notTried")), (3, 0, 5), "{}", purged.json);
    assert!(purged.outcomes.values().all(|(_, reason)| reason.contains("expired")), "{}", purged.json);
    // With the margin it is one of the duplicates.
    let mut rows = group("a", 6);
    rows[0] = row("a-00", "a", 600, 5_000);
    let gateway = Gateway::current(rows, |_, _, _| Say::Properly);
    assert_eq!(gateway.purge(20, &[]).exit, 0);
    assert_eq!(gateway.left(), ["a-01"]);
}

#[test]
fn what_is_gone_already_is_done() {
    let gateway = Gateway::current(group("a", 6), |queue, method, _| {
        if method == RESOLVE {
            queue.remove("a-03");
            queue.remove("a-05");
        }
        Say::Properly
    });
    let purged = gateway.purge(20, &[]);
    assert_eq!(
        (purged.exit, purged.total("denied"), purged.total("alreadyGone")),
        (0, 3, 2),
        "{}",
        purged.json
    );
}

// ---- concurrent purges

#[test]
fn purges_at_once_leave_one_of_each_group() {
    let prompts: Vec<Value> = (0..20)
        .map(|group| {
            let request = json!({"command": format!("make {group}"), "agentId": "main", "sessionKey": "agent:main:main"});
            json!({"request": request, "ageMs": 600_000, "repeat": {"times": 10, "everyMs": 1000}})
        })
        .collect();
    let home = Client::alone();
    let scenario = home.file("scenario.json", json!({ "prompts": prompts }).to_string());
    for generation in ["current", "legacy"] {
        let dev = still(generation, &["--scenario", scenario.to_str().unwrap()]);
        let clients: Vec<Client> = (0..3).map(|_| dev.client()).collect();
        let before = pending(&clients[0]);
        assert_eq!(before.len(), 200);
        let start = |client: &Client| client.spawn(&["queue", "dedupe", "--yes", "--json"]).spawn().unwrap();
        let children: Vec<Child> = clients.iter().map(start).collect();
        let mut survivors = BTreeSet::new();
        for child in children {
            let output = child.wait_with_output().unwrap();
            let report: Value = serde_json::from_slice(&output.stdout).unwrap();
            assert_eq!(output.status.code(), Some(0), "{report}");
            for group in report["gateways"][0]["groups"].as_array().unwrap() {
                survivors.insert(group["survivor"]["id"].as_str().unwrap().to_owned());
            }
        }
        let after = pending(&clients[0]);
        let commands: BTreeSet<&str> = after.values().map(|row| row["summary"].as_str().unwrap()).collect();
        assert_eq!((after.len(), commands.len()), (20, 20), "{generation}");
        assert_eq!(ids(&after), survivors.iter().map(String::as_str).collect::<Vec<_>>());
    }
}

// ---- runs

/// A legacy gateway on which a run holds two prompts, and another session has one.
fn running(react: impl FnMut(&mut Queue, &str, &str) -> Say + Send + 'static) -> Gateway {
    let mut other = row("b-00", "b", 60, 1_800_000);
    other["request"]["sessionKey"] = json!("agent:main:other");
    let gateway = Gateway::with(3, [group("a", 2), vec![other]].concat(), react);
    gateway.queue.lock().unwrap().sessions = vec![
        json!({ "key": "agent:main:main", "hasActiveRun": true, "activeRunIds": ["run-1"] }),
        json!({ "key": "agent:main:other", "hasActiveRun": false }),
    ];
    gateway
}

#[test]
fn a_run_that_is_known_to_be_of_one_session_is_cancelled_with_it() {
    let gateway = running(|queue, method, _| {
        if method == "chat.abort" {
            queue.sessions[0]["activeRunIds"] = json!([]);
        }
        Say::Properly
    });
    let (exit, report) = gateway.client().json(&["run", "cancel", "run-1", "--yes"]);
    assert_eq!((exit, &report["aborted"]), (0, &json!(["run-1"])), "{report}");
    assert_eq!((gateway.left(), &report["active"]), (vec!["b-00".to_owned()], &json!(false)));
    // With two sessions the command does not guess.
    let gateway = running(|_, _, _| Say::Properly);
    gateway.queue.lock().unwrap().sessions[1]["lastRunId"] = json!("run-1");
    let (exit, report) = gateway.client().json(&["run", "cancel", "run-1", "--yes"]);
    assert_eq!((exit, &report["error"]["code"]), (2, &json!("run-without-session")), "{report}");
    assert_eq!(gateway.left().len(), 3);
}

#[test]
fn an_abort_that_clears_no_prompt_is_followed_by_denials() {
    // Protocol 4, prompts without a run: 2026.5.28 to 2026.7.1.
    let gateway = Gateway::with(4, group("a", 2), |queue, method, _| {
        if method == "chat.abort" {
            queue.sessions[0]["activeRunIds"] = json!([]);
        }
        Say::Properly
    });
    let session = json!({ "key": "agent:main:main", "hasActiveRun": true, "activeRunIds": ["run-1"] });
    gateway.queue.lock().unwrap().sessions = vec![session];
    let (exit, unknown) = gateway.client().json(&["run", "cancel", "run-2", "--yes"]);
    assert_eq!((exit, &unknown["error"]["code"]), (1, &json!("unknown-run")), "{unknown}");
    let (exit, superseded) = gateway.client().json(&["run", "cancel", "--superseded", "--yes"]);
    assert_eq!((exit, &superseded["error"]["code"]), (2, &json!("runs-not-named")), "{superseded}");
    assert_eq!(gateway.left().len(), 2);
    let (exit, report) = gateway.client().json(&["run", "cancel", "run-", "--yes"]);
    assert_eq!((exit, &report["aborted"]), (0, &json!(["run-1"])), "{report}");
    assert_eq!((report["denied"].as_array().unwrap().len(), gateway.left().len()), (2, 0), "{report}");
    assert_eq!(report["attributedTo"], "agent:main:main");
    // If another run is active in the session, the run of the prompts is unknown.
    let gateway = Gateway::with(4, group("a", 2), |_, _, _| Say::Properly);
    let session =
        json!({ "key": "agent:main:main", "hasActiveRun": true, "activeRunIds": ["run-1", "run-2"] });
    gateway.queue.lock().unwrap().sessions = vec![session];
    let (exit, refused) = gateway.client().json(&["run", "cancel", "run-1", "--yes"]);
    assert_eq!((exit, &refused["error"]["code"]), (2, &json!("run-without-session")), "{refused}");
    assert!(refused["error"]["remedy"].as_str().unwrap().ends_with("run cancel --session agent:main:main"));
    assert_eq!(gateway.left().len(), 2);
}

#[test]
fn a_run_that_goes_on_or_asks_again_is_not_called_cancelled() {
    // It still runs.
    let gateway = running(|_, method, _| match method {
        "chat.abort" => Say::Fail(json!({ "code": "INVALID_REQUEST", "message": "no" })),
        _ => Say::Properly,
    });
    let (exit, report) = gateway.client().json(&["run", "cancel", "--session=agent:main:main", "--yes"]);
    assert_eq!((exit, &report["active"]), (3, &json!(true)), "{report}");
    // It asks again after the last denial.
    let gateway = running(|queue, method, _| {
        if method == RESOLVE && queue.count(RESOLVE) == 2 {
            queue.rows.push(row("a-99", "a", 0, 1_800_000));
        }
        Say::Properly
    });
    let (exit, report) = gateway.client().json(&["run", "cancel", "--session=agent:main:main", "--yes"]);
    assert_eq!((exit, &report["left"][0]["id"]), (3, &json!("a-99")), "{report}");
}

#[test]
fn an_abort_did_not_clear_what_was_gone_before_it() {
    let meanwhile = || {
        running(|queue, method, _| {
            match method {
                // The first listing is the plan's.
                "exec.approval.list" if queue.count("exec.approval.list") == 2 => drop(queue.remove("a-00")),
                "chat.abort" => {
                    queue.sessions[0]["activeRunIds"] = json!([]);
                    queue.remove("a-01");
                }
                _ => {}
            }
            Say::Properly
        })
    };
    let cancel = ["run", "cancel", "--session=agent:main:main", "--yes"];
    let (exit, report) = meanwhile().client().json(&cancel);
    assert_eq!((exit, &report["alreadyGone"]), (0, &json!(["a-00"])), "{report}");
    assert_eq!(report["gone"], json!(["a-00", "a-01"]), "{report}");
    let text = meanwhile().client().answer(&cancel);
    let said = "1 prompt already gone (decided or expired meanwhile); 1 prompt gone after the abort.";
    assert!(text.contains(said), "{text}");
}

#[test]
fn a_gateway_that_is_lost_after_an_abort_hides_nothing() {
    for after in ["chat.abort", RESOLVE] {
        let gateway = running(move |queue, method, _| {
            if queue.count(after) > 0 && method == "exec.approval.list" {
                queue.down = true;
                return Say::Cut;
            }
            Say::Properly
        });
        let cancel = ["run", "cancel", "--session=agent:main:main", "--yes", "--timeout=3s"];
        let start = Instant::now();
        let (exit, report) = gateway.client().json(&cancel);
        assert!(start.elapsed() < Duration::from_secs(3) + MARGIN);
        assert_eq!((exit, &report["aborted"]), (3, &json!(["run-1"])), "{after}: {report}");
        let denied = if after == RESOLVE { 2 } else { 0 };
        assert_eq!(report["denied"].as_array().unwrap().len(), denied, "{report}");
        assert_eq!(report["left"].as_array().unwrap().len(), 2 - denied, "{report}");
        assert!(report["partial"].is_string());
    }
}

// ---- ls --watch

/// A watch ends by Ctrl-C while the gateway sends nothing, and by its timeout if nothing was ever listed.
#[test]
fn a_watch_ends_while_an_answer_is_missing() {
    use std::io::{BufRead, BufReader};
    use std::sync::mpsc;

    use rustix::process::{Pid, Signal, kill_process};

    const LIST: &str = "exec.approval.list";
    let silent_after = |listings: usize| {
        let (sender, asked) = mpsc::channel();
        let gateway = Gateway::current(group("a", 3), move |queue, method, _| {
            if method == LIST && queue.count(LIST) > listings {
                // The receiver may be dropped.
                let _ = sender.send(());
                return Say::Nothing;
            }
            Say::Properly
        });
        (gateway, asked)
    };
    // Nothing was listed before the timeout.
    let (gateway, _asked) = silent_after(0);
    let output = gateway.client().command(&["queue", "ls", "--watch", "--timeout=2s"]).output().unwrap();
    assert_eq!(output.status.code(), Some(4), "{}", String::from_utf8_lossy(&output.stderr));
    for listings in [0, 1] {
        let (gateway, asked) = silent_after(listings);
        let client = gateway.client();
        let mut command = client.spawn(&["queue", "ls", "--watch"]);
        let mut child = command.stdout(std::process::Stdio::piped()).spawn().unwrap();
        // The reader stays: without one the watch ends by itself.
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert_eq!(lines.by_ref().take(3 * listings).count(), 3 * listings);
        asked.recv_timeout(Duration::from_mins(1)).unwrap();
        kill_process(Pid::from_child(&child), Signal::INT).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(0));
    }
}

// ---- secrets

/// An agent may know the token and put it into a prompt. The token is not printed, and the prompt is unchanged.
#[test]
fn the_token_in_a_prompt_is_not_printed() {
    let command = format!("curl -H 'Authorization: Bearer {TOKEN}' http://127.0.0.1");
    let mut rows = group(&command, 3);
    for (at, row) in rows.iter_mut().enumerate() {
        row["id"] = json!(format!("id-{at}"));
    }
    rows[1]["request"]["command"] = json!(command.replace(TOKEN, "another-token"));
    let gateway = Gateway::current(rows, |_, _, _| Say::Properly);
    let client = gateway.client();
    for arguments in [
        &["queue", "ls"][..],
        &["queue", "ls", "--full"],
        &["queue", "ls", "--json"],
        &["queue", "ls", "--ndjson"],
        &["queue", "dedupe", "--dry-run"],
        &["queue", "dedupe", "--dry-run", "--json"],
        &["run", "ls"],
        &["run", "cancel", "--session", "agent:main:main", "--dry-run", "--json"],
        &["queue", "dedupe", "--yes"],
        &["queue", "resolve", "id-0", "allow-once"],
        &["queue", "resolve", "id-0", "deny", "--json"],
    ] {
        let output = client.command(arguments).output().unwrap();
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(!text.contains(TOKEN), "{arguments:?}: {text}");
        let named = !arguments.contains(&"ls") || arguments[0] == "run";
        assert!(named || text.contains("Bearer [secret]"), "{arguments:?}: {text}");
    }
    // Two prompts were duplicates. The third has another command.
    assert_eq!(gateway.left(), ["id-1"]);
}
