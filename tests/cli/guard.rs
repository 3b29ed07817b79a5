//! `queue guard` as a process, with gateways that start, stop and fill up.

mod hooks;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixDatagram;
use std::process::{Child, ExitStatus};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use clearance::internals::gateway::{Effect, Link};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::queue::{knowing, pending, playing};
use crate::support::dev::{Client, Dev, deadline};
use crate::support::relay::{self, Fate};
use crate::support::terminal::Terminal;
use crate::support::{fifo, fixture};

/// Every wait in these tests is shorter than this.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running guard, and the lines received from it.
struct Guard {
    child: Child,
    lines: Receiver<Value>,
    received: Vec<Value>,
}

impl Guard {
    fn start(client: &Client, flags: &[&str]) -> Self {
        let arguments = [&["queue", "guard", "--timeout=3m"], flags].concat();
        let mut child = client.spawn(&arguments).spawn().unwrap();
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

    /// Waits for the next matching line. The lines before it are kept in `received`.
    #[track_caller]
    fn until(&mut self, what: &str, meant: impl Fn(&Value) -> bool) -> Value {
        let end = Instant::now() + PATIENCE;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let line = self.lines.recv_timeout(left);
            let line = line.unwrap_or_else(|_| panic!("no {what}: {:#?}", self.received));
            self.received.push(line.clone());
            if meant(&line) {
                return line;
            }
        }
    }

    #[track_caller]
    fn event(&mut self, name: &str) -> Value {
        self.until(name, |line| line["event"] == name)
    }

    /// Waits until `count` decisions have this outcome.
    #[track_caller]
    fn outcomes(&mut self, outcome: &str, count: usize) -> BTreeSet<String> {
        while self.ended(outcome).len() < count {
            self.event("outcome");
        }
        self.ended(outcome)
    }

    fn ended(&self, outcome: &str) -> BTreeSet<String> {
        let over =
            self.received.iter().filter(|line| line["event"] == "outcome" && line["outcome"] == outcome);
        over.map(|line| line["id"].as_str().unwrap().to_owned()).collect()
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Terminates the guard, and checks that its lines are consistent.
    #[track_caller]
    fn end(mut self) -> Vec<Value> {
        self.signal(Signal::TERM);
        let status: ExitStatus = self.child.wait().unwrap();
        let mut err = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        assert_eq!((status.code(), err.as_str()), (Some(0), ""));
        self.received.extend(self.lines.iter());
        let decisions = |event: &str| -> Vec<String> {
            let lines = self.received.iter().filter(|line| line["event"] == event);
            let mut numbers: Vec<String> =
                lines.map(|line| format!("{} {}", line["gateway"], line["decision"])).collect();
            numbers.sort();
            numbers
        };
        assert_eq!(decisions("deny"), decisions("outcome"), "every decision has one end");
        for line in &self.received {
            assert_eq!(line["version"], 1);
            let at = line["at"].as_str().unwrap();
            assert!(at.len() == 24 && at.ends_with('Z'), "{at}");
        }
        self.received
    }
}

/// Requests approval as an agent does, and does not wait for the decision. No two requests have the same millisecond,
/// because their order would then depend on their ids.
async fn ask(agent: &mut Link, command: &str, session: &str) -> String {
    let millisecond = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    let before = millisecond();
    while millisecond() == before {}
    let params = json!({
        "command": command, "agentId": "main", "sessionKey": session, "host": "gateway", "cwd": "/srv",
        "twoPhase": true, "timeoutMs": 600_000,
    });
    let asked: Value =
        agent.call_method("exec.approval.request", &params, Effect::Write, deadline()).await.unwrap();
    asked["id"].as_str().unwrap().to_owned()
}

/// A gateway without prompts that neither coalesces nor cancels.
fn empty(generation: &str, port: u16) -> Dev {
    let port = port.to_string();
    let scenario = fixture("queue").join("empty.json");
    let scenario = scenario.to_str().unwrap();
    Dev::start(&[
        "--generation",
        generation,
        "--coalesce=off",
        "--cancel-on-failover=off",
        "--scenario",
        scenario,
        "--port",
        &port,
    ])
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn get(url: &str) -> (u16, String) {
    let rest = url.strip_prefix("http://").unwrap();
    let (host, path) = rest.split_once('/').unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stream, "GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

#[test]
fn the_cascade_becomes_one_prompt_of_each() {
    for generation in ["current", "legacy"] {
        let dev = crate::queue::still(generation, &[]);
        let client = dev.client();
        let (_, plan) = client.json(&["queue", "dedupe", "--dry-run"]);
        let planned = usize::try_from(plan["gateways"][0]["duplicates"].as_u64().unwrap()).unwrap();
        let mut guard = Guard::start(&client, &["--max-rate=1000/s"]);
        let denied = guard.outcomes("denied", planned);
        assert_eq!(denied.len(), planned, "{generation}");
        let left = pending(&client);
        assert_eq!(left.len() + planned, 31);
        let (_, plan) = client.json(&["queue", "dedupe", "--dry-run"]);
        assert_eq!(plan["gateways"][0]["duplicates"], 0);
        let events = guard.end();
        assert_eq!(events[1]["legacy"], generation == "legacy");
    }
}

#[test]
fn duplicates_are_denied_as_they_come() {
    for generation in ["current", "legacy"] {
        let dev = empty(generation, 0);
        let mut guard = Guard::start(&dev.client(), &["--metrics=0"]);
        let metrics = guard.event("started")["metrics"].as_str().unwrap().to_owned();
        guard.event("reconciled");
        runtime().block_on(async {
            let mut agent = dev.link(&["exec-approvals"]).await;
            let first = ask(&mut agent, "make", "agent:main:one").await;
            let other = ask(&mut agent, "make -k", "agent:main:one").await;
            let elsewhere = ask(&mut agent, "make", "agent:main:two").await;
            let second = ask(&mut agent, "make", "agent:main:one").await;
            let line = guard.event("deny");
            assert_eq!((&line["id"], &line["survivor"]), (&json!(second), &json!(first)));
            assert_eq!((&line["reason"], &line["requeued"]), (&json!("younger"), &json!(false)));
            let outcome = guard.event("outcome");
            assert_eq!((&outcome["id"], &outcome["outcome"]), (&json!(second), &json!("denied")));
            assert!(outcome["latencyUs"].as_u64().unwrap() <= outcome["answerUs"].as_u64().unwrap());
            let third = ask(&mut agent, "make", "agent:main:one").await;
            assert_eq!(guard.event("deny")["requeued"], true);
            guard.event("outcome");
            let left = pending(&dev.client());
            let mut kept = [first, other, elsewhere];
            kept.sort();
            assert_eq!(left.keys().cloned().collect::<Vec<_>>(), kept, "{third} is gone");
        });
        let (status, text) = get(&metrics);
        assert_eq!(status, 200);
        let figure = |name: &str| text.lines().any(|line| line == format!("clearance_guard_{name}"));
        for figure_of in [
            "pending{gateway=\"default\"} 3",
            "groups{gateway=\"default\"} 3",
            "duplicates{gateway=\"default\"} 0",
            "connected{gateway=\"default\"} 1",
            "breaker_open{gateway=\"default\"} 0",
            "requeued_total{gateway=\"default\"} 1",
            "decisions_total{gateway=\"default\",outcome=\"denied\",reason=\"younger\"} 2",
            "decision_latency_seconds_count{gateway=\"default\"} 2",
        ] {
            assert!(figure(figure_of), "{figure_of}: {text}");
        }
        assert!(text.ends_with("# EOF\n"));
        assert_eq!(get(&metrics.replace("metrics", "healthz")), (200, "default: ok\n".to_owned()));
        assert_eq!(get(&metrics.replace("metrics", "else")).0, 404);
        guard.end();
    }
}

#[test]
fn a_gateway_that_comes_later_goes_and_comes_again() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    // Each gateway has a new secret, and the guard reads the file for each connection.
    let client = Client::alone();
    let secret = client.file("token", "not-yet");
    let url = format!("--gateway=ws://127.0.0.1:{port}");
    let mut guard = Guard::start(&client, &[&url, "--token-file", secret.to_str().unwrap(), "--metrics=0"]);
    let metrics = guard.event("started")["metrics"].as_str().unwrap().to_owned();
    let line = guard.event("disconnected");
    assert!(line["cause"].as_str().unwrap().contains("no gateway answers"), "{line}");
    let (status, text) = get(&metrics.replace("metrics", "healthz"));
    assert!(status == 503 && text.ends_with("not connected\n"), "{status} {text}");
    for round in 0..2 {
        let dev = empty("current", port);
        if round == 0 {
            // The guard also retries after a rejected token.
            guard.until("refusal", |line| {
                line["event"] == "disconnected" && line["cause"].as_str().unwrap().contains("token")
            });
        }
        client.file("token", &dev.token);
        guard.event("reconciled");
        runtime().block_on(async {
            let mut agent = dev.link(&["exec-approvals"]).await;
            let first = ask(&mut agent, "make", "agent:main:one").await;
            let second = ask(&mut agent, "make", "agent:main:one").await;
            assert_eq!(guard.event("deny")["survivor"], first);
            assert_eq!(guard.event("outcome")["id"], second);
        });
        dev.end(Signal::TERM);
        guard.event("disconnected");
    }
    guard.end();
}

#[test]
fn an_observer_denies_nothing() {
    let dev = playing("current", "duplicates.json");
    let client = dev.client();
    let before = pending(&client);
    let mut guard = Guard::start(&client, &["--observe"]);
    let (_, plan) = client.json(&["queue", "dedupe", "--dry-run"]);
    let planned = usize::try_from(plan["gateways"][0]["duplicates"].as_u64().unwrap()).unwrap();
    assert!(planned > 0);
    guard.outcomes("observed", planned);
    guard.end();
    assert_eq!(pending(&client).keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>());
}

#[test]
fn too_many_denials_open_the_breaker() {
    let dev = empty("current", 0);
    let client = dev.client();
    let flags = ["--max-rate=3/s", "--cooling=2s", "--repeats=3", "--metrics=0"];
    let mut guard = Guard::start(&client, &flags);
    let health = guard.event("started")["metrics"].as_str().unwrap().replace("metrics", "healthz");
    guard.event("reconciled");
    runtime().block_on(async {
        let mut agent = dev.link(&["exec-approvals"]).await;
        for _ in 0..6 {
            ask(&mut agent, "make", "agent:main:one").await;
        }
    });
    assert_eq!(guard.event("breaker-opened")["forMs"], 2000);
    // The health check reports it, and still answers 200.
    let end = Instant::now() + PATIENCE;
    let mut events = get(&health);
    while events != (200, "default: breaker open\n".to_owned()) {
        assert!(Instant::now() < end, "{events:?}");
        events = get(&health);
    }
    guard.event("breaker-closed");
    // The held duplicates are then examined again.
    guard.outcomes("denied", 5);
    let events = guard.end();
    assert_eq!(pending(&client).len(), 1);
    assert_eq!(events.iter().filter(|line| line["outcome"] == "held").count(), 2);
    let offenders: Vec<&Value> = events.iter().filter(|line| line["event"] == "offender").collect();
    assert_eq!(offenders.len(), 1);
    assert_eq!((&offenders[0]["agent"], &offenders[0]["times"]), (&json!("main"), &json!(3)));
}

#[test]
fn one_gateway_that_fails_stops_no_other() {
    let dev = empty("current", 0);
    let client = knowing(&[("alive", &dev.url, &dev.token)]);
    let dead = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let dead = format!("--gateway=ws://127.0.0.1:{dead}");
    // A secret given by mistake in `--gateway` is not printed.
    let mistaken = "--gateway=user:s3cret@nobody-knows-it";
    let mut guard = Guard::start(&client, &[&dead, mistaken, "--gateway=alive", "--gateway=alive"]);
    guard.event("reconciled");
    runtime().block_on(async {
        let mut agent = dev.link(&["exec-approvals"]).await;
        ask(&mut agent, "make", "agent:main:one").await;
        ask(&mut agent, "make", "agent:main:one").await;
    });
    assert_eq!(guard.event("outcome")["gateway"], "alive");
    guard.signal(Signal::HUP);
    guard.event("reloading");
    guard.event("reconciled");
    let events = guard.end();
    let failed = events.iter().filter(|line| line["event"] == "disconnected");
    assert_eq!(failed.map(|line| line["gateway"].as_str().unwrap()).collect::<HashSet<_>>().len(), 2);
    assert!(!json!(events).to_string().contains("s3cret"), "{events:#?}");
    assert_eq!(
        events.iter().filter(|line| line["event"] == "connected").count(),
        2,
        "once, and again: {events:#?}"
    );
}

#[test]
fn each_gateway_sees_its_own_credential() {
    let (one, other) = (empty("current", 0), empty("current", 0));
    let client = knowing(&[("one", &one.url, &one.token), ("other", &other.url, &other.token)])
        .variable("OPENCLAW_GATEWAY_TOKEN", "nobodys-token");
    let stranger = format!("--gateway={}", other.over("ws"));
    let mut guard = Guard::start(&client, &["--gateway=one", "--gateway=other"]);
    let reconciled = |guard: &mut Guard| guard.event("reconciled")["gateway"].as_str().unwrap().to_owned();
    let two = BTreeSet::from([reconciled(&mut guard), reconciled(&mut guard)]);
    assert_eq!(two, BTreeSet::from(["one".to_owned(), "other".to_owned()]));
    guard.end();
    // The gateways do not know the device of this client; they know that of the first one.
    let unknown = knowing(&[("one", &one.url, &one.token)]).variable("OPENCLAW_GATEWAY_TOKEN", &one.token);
    let mut guard = Guard::start(&unknown, &["--gateway=one", &stranger]);
    let refused = guard.event("disconnected");
    let cause = refused["cause"].as_str().unwrap();
    assert!(cause.contains("requires a token") || cause.contains("no credential"), "{refused}");
    guard.end();
    for gateways in [&["--gateway=one", "--gateway=other"][..], &["--all-gateways"]] {
        let flags = ["queue", "guard", "--token-file=.config/clearance/one.token"];
        let output = client.command(&[&flags[..], gateways].concat()).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(
            (output.status.code(), stderr.contains("--token-file could apply to one")),
            (Some(2), true)
        );
    }
}

#[test]
fn a_secret_that_is_slow_to_read_stops_no_other() {
    let dev = empty("current", 0);
    let client = knowing(&[("quick", &dev.url, &dev.token), ("slow", "ws://127.0.0.1:1", "")]);
    let path = client.home().join(".config/clearance/slow.token");
    std::fs::remove_file(&path).unwrap();
    fifo(&path);
    // The other gateway is listed before the guard gives up reading the pipe, which takes longer than 20 s.
    let mut guard = Guard::start(&client, &["--gateway=slow", "--gateway=quick"]);
    let begun = Instant::now();
    guard.event("reconciled");
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    guard.end();
}

#[test]
fn configuration_is_read_again() {
    let (one, two) = (empty("current", 0), empty("current", 0));
    let client = knowing(&[("one", &one.url, &one.token)]);
    let path = ".config/clearance/config.toml";
    let mut guard = Guard::start(&client, &["--all-gateways", "--metrics=0"]);
    let metrics = guard.event("started")["metrics"].as_str().unwrap().to_owned();
    guard.event("reconciled");
    // A configuration that cannot be read removes no gateway.
    client.file(path, "[gateways.one\n");
    guard.signal(Signal::HUP);
    let kept = guard.event("not-reloaded");
    assert!(kept["cause"].as_str().unwrap().contains("config.toml"), "{kept}");
    client.file(path, format!("[gateways.one]\nurl = \"{}\"\ntoken_file = \"none\"\n", one.url));
    guard.signal(Signal::HUP);
    assert_eq!(guard.event("not-reloaded")["gateway"], "one");
    runtime().block_on(async {
        let mut agent = one.link(&["exec-approvals"]).await;
        ask(&mut agent, "make", "agent:main:one").await;
        ask(&mut agent, "make", "agent:main:one").await;
    });
    assert_eq!(guard.event("outcome")["outcome"], "denied");
    assert!(guard.received.iter().all(|line| line["event"] != "disconnected"), "{:#?}", guard.received);
    // First a second gateway is added, then the first one is removed.
    let text = |name: &str, dev: &Dev| {
        client.file(&format!(".config/clearance/{name}.token"), &dev.token);
        format!("[gateways.{name}]\nurl = \"{}\"\ntoken_file = \"{name}.token\"\n", dev.url)
    };
    client.file(path, [text("one", &one), text("two", &two)].concat());
    guard.signal(Signal::HUP);
    assert_eq!(guard.event("added")["gateway"], "two");
    guard.until("listing of the new one", |line| line["event"] == "reconciled" && line["gateway"] == "two");
    client.file(path, text("two", &two));
    guard.signal(Signal::HUP);
    assert_eq!(guard.event("removed")["gateway"], "one");
    guard.until("listing again", |line| line["event"] == "reconciled" && line["gateway"] == "two");
    assert!(!get(&metrics.replace("metrics", "healthz")).1.contains("one"));
    guard.end();
}

#[test]
fn a_reader_that_stops_reading_stops_nothing_else() {
    const PROMPTS: usize = 500;
    let dev = empty("current", 0);
    let client = dev.client();
    let mut child = client.spawn(&["queue", "guard", "--timeout=3m", "--max-rate=100000/s"]).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("reconciled") {
        line.clear();
        out.read_line(&mut line).unwrap();
    }
    runtime().block_on(async {
        let mut agent = dev.link(&["exec-approvals"]).await;
        for _ in 0..PROMPTS {
            ask(&mut agent, "make", "agent:main:one").await;
        }
    });
    // Each prompt prints two lines, which is far more than a pipe holds.
    let end = Instant::now() + PATIENCE;
    while pending(&client).len() > 1 {
        assert!(Instant::now() < end, "{} left", pending(&client).len());
    }
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(7));
    let mut err = String::new();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    assert!(err.contains("its reader has stopped"), "{err}");
}

#[test]
fn a_failed_start_ends_the_guard_immediately() {
    let client = Client::alone();
    let output = client.command(&["queue", "guard", "--gateway=nobody-knows-it"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stderr));
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = client.command(&["queue", "guard", "--metrics", &address]).output().unwrap();
    assert_eq!(output.status.code(), Some(7), "{}", String::from_utf8_lossy(&output.stderr));
    for (flags, message) in [
        (&["--all-gateways"][..], "no gateway is configured in "),
        (&["--gateway=ws://127.0.0.1:1", "--gateway=ws://user:s3cret@127.0.0.1:1"], "more than an address"),
    ] {
        let output = client.command(&[&["queue", "guard"], flags].concat()).output().unwrap();
        let err = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && err.contains(message) && !err.contains("s3cret"), "{err}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn a_closed_standard_output_ends_the_guard() {
    let dev = empty("current", 0);
    let mut child = dev.client().spawn(&["queue", "guard", "--timeout=3m"]).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("reconciled") {
        line.clear();
        out.read_line(&mut line).unwrap();
    }
    drop(out);
    runtime().block_on(async {
        let mut agent = dev.link(&["exec-approvals"]).await;
        ask(&mut agent, "make", "agent:main:one").await;
        ask(&mut agent, "make", "agent:main:one").await;
    });
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// Two guards and a person decide concurrently. Only the person can empty a group.
#[test]
fn two_guards_and_a_person() {
    const PROMPTS: usize = 10_000;
    const GROUPS: usize = 40;
    let dev = empty("current", 0);
    let client = dev.client();
    let other = dev.client();
    let mut guards = [&client, &other].map(|client| Guard::start(client, &["--max-rate=100000/s"]));
    for guard in &mut guards {
        guard.event("reconciled");
    }
    let mut group_of = BTreeMap::new();
    let mut decided = HashSet::new();
    runtime().block_on(async {
        let mut agent = dev.link(&["exec-approvals"]).await;
        for n in 0..PROMPTS {
            let group = n * 7 % GROUPS;
            let id = ask(&mut agent, &format!("make {group}"), "agent:main:one").await;
            group_of.insert(id.clone(), group);
            if n % 97 == 0 {
                // A person answers the newest prompt. A guard may already have denied it.
                let params = json!({ "id": id, "decision": "allow-once" });
                let answer: Result<Value, _> =
                    agent.call_method("exec.approval.resolve", &params, Effect::Write, deadline()).await;
                if answer.is_ok() {
                    decided.insert(id);
                }
            }
        }
    });
    // Every group has exactly one prompt left, no matter which guard denied the others.
    let end = Instant::now() + PATIENCE;
    let left = loop {
        let left = pending(&client);
        if left.len() <= GROUPS || Instant::now() > end {
            break left;
        }
    };
    let groups: BTreeSet<usize> = left.keys().map(|id| group_of[id]).collect();
    assert_eq!(groups.len(), left.len(), "one of each");
    let mut denied = BTreeSet::new();
    for guard in guards {
        let events = guard.end();
        let over = events.iter().filter(|line| line["event"] == "outcome" && line["outcome"] == "denied");
        denied.extend(over.map(|line| line["id"].as_str().unwrap().to_owned()));
    }
    for group in 0..GROUPS {
        let by_person = decided.iter().any(|id| group_of[id] == group);
        assert!(groups.contains(&group) || by_person, "group {group} was emptied by guards");
    }
    assert!(denied.len() + left.len() + decided.len() >= PROMPTS, "{} {}", denied.len(), left.len());
}

#[test]
fn the_run_of_a_repeat_offender_is_cancelled() {
    let dev = playing("current", "offender.json");
    let client = dev.client();
    let mut guard = Guard::start(&client, &["--repeats=2", "--cancel-runs"]);
    let offender = guard.event("offender");
    let line = guard.event("cancelled");
    assert_eq!((&line["run"], &line["aborted"]), (&offender["run"], &json!(1)), "{line}");
    guard.end();
    // Prompts without a run are kept.
    assert!(pending(&client).contains_key("stays"));
}

#[test]
fn systemd_is_notified() {
    let dev = empty("current", 0);
    let client = dev.client();
    let path = client.home().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let client = client.variable("NOTIFY_SOCKET", path.to_str().unwrap()).variable("WATCHDOG_USEC", "200000");
    let mut guard = Guard::start(&client, &[]);
    let notified = |what: &str| {
        let mut buffer = [0; 512];
        loop {
            let size = socket.recv(&mut buffer).unwrap();
            if String::from_utf8_lossy(&buffer[..size]).lines().any(|line| line == what) {
                return;
            }
        }
    };
    notified("READY=1");
    notified("WATCHDOG=1");
    notified("WATCHDOG=1");
    guard.event("reconciled");
    guard.signal(Signal::HUP);
    notified("RELOADING=1");
    notified("READY=1");
    guard.event("reconciled");
    let notified_stopping = thread::scope(|scope| {
        let listening = scope.spawn(|| notified("STOPPING=1"));
        guard.end();
        listening.join().is_ok()
    });
    assert!(notified_stopping);
}

#[test]
fn by_default_a_flood_is_cleared_where_a_denial_costs_nothing() {
    const PROMPTS: usize = 200;
    let dev = empty("current", 0);
    let client = dev.client();
    let runtime = runtime();
    // The gateway keeps a prompt only while an approver is connected.
    let (_person, mut agent) = runtime
        .block_on(async { (dev.link(&["exec-approvals"]).await, dev.link(&["exec-approvals"]).await) });
    runtime.block_on(async {
        for _ in 0..PROMPTS {
            ask(&mut agent, "make", "agent:main:one").await;
        }
    });
    let mut guard = Guard::start(&client, &[]);
    let connected = guard.event("connected");
    assert_eq!((&connected["maxRate"], &connected["coolingMs"]), (&json!("1200/min"), &json!(60_000)));
    assert!(connected["holdsAfter"].is_null(), "{connected}");
    guard.outcomes("denied", PROMPTS - 1);
    let events = guard.end();
    assert!(events.iter().all(|line| line["event"] != "breaker-opened" && line["outcome"] != "held"));
    assert_eq!(pending(&client).len(), 1);
}

#[test]
fn where_a_denial_starts_a_turn_a_group_that_comes_back_is_held() {
    let dev = empty("legacy", 0);
    let client = dev.client();
    let mut guard = Guard::start(&client, &["--repeats=3", "--cooling=1h", "--metrics=0"]);
    let metrics = guard.event("started")["metrics"].as_str().unwrap().to_owned();
    let connected = guard.event("connected");
    assert_eq!((&connected["maxRate"], &connected["holdsAfter"]), (&json!("60/min"), &json!(3)));
    guard.event("reconciled");
    runtime().block_on(async {
        let mut agent = dev.link(&[]).await;
        let first = ask(&mut agent, "make", "agent:main:one").await;
        ask(&mut agent, "make -k", "agent:main:one").await;
        // The agent re-requests after each denial.
        for _ in 0..3 {
            let again = ask(&mut agent, "make", "agent:main:one").await;
            assert_eq!(guard.until("outcome", |line| line["event"] == "outcome")["id"], again);
        }
        let held = ask(&mut agent, "make", "agent:main:one").await;
        let line = guard.event("group-held");
        assert_eq!((&line["survivor"], &line["times"]), (&json!(first), &json!(3)), "{line}");
        assert_eq!((&line["agent"], &line["forMs"]), (&json!("main"), &json!(3_600_000)), "{line}");
        assert_eq!(guard.outcomes("held", 1), BTreeSet::from([held]));
        // Other groups are still denied, also one of the same command in another session.
        for command in [("make -k", "agent:main:one"), ("make", "agent:main:two"), ("make", "agent:main:two")]
        {
            ask(&mut agent, command.0, command.1).await;
        }
        guard.outcomes("denied", 5);
    });
    assert_eq!(pending(&client).len(), 4);
    let (_, text) = get(&metrics);
    for figure in ["held_groups{gateway=\"default\"} 1", "holds_total{gateway=\"default\"} 1"] {
        assert!(text.lines().any(|line| line == format!("clearance_guard_{figure}")), "{figure}: {text}");
    }
    let health = get(&metrics.replace("metrics", "healthz"));
    assert_eq!(health, (200, "default: ok, groups held: 1\n".to_owned()));
    guard.end();
}

/// `sessions.list` only refines which runs have ended. Without it, everything else works.
#[test]
fn a_guard_works_without_the_sessions() {
    for generation in ["current", "legacy"] {
        for fate in [Fate::Dropped, Fate::Refused] {
            let dev = empty(generation, 0);
            let port = relay::before(
                dev.port(),
                move |method| {
                    if method == "sessions.list" { fate } else { Fate::Passed }
                },
            );
            let client = dev.client_at(&format!("ws://127.0.0.1:{port}"));
            runtime().block_on(async {
                // The gateway keeps a prompt only while an approver is connected.
                let _person = dev.link(&["exec-approvals"]).await;
                let mut agent = dev.link(&["exec-approvals"]).await;
                let first = ask(&mut agent, "make", "agent:main:one").await;
                let second = ask(&mut agent, "make", "agent:main:one").await;
                let mut guard = Guard::start(&client, &[]);
                let line = guard.event("runs-unknown");
                assert!(line["cause"].as_str().unwrap().contains("sessions.list"), "{line}");
                assert_eq!(guard.event("reconciled")["duplicates"], 1);
                assert_eq!(guard.outcomes("denied", 1), BTreeSet::from([second]));
                let third = ask(&mut agent, "make", "agent:main:one").await;
                guard.until("outcome of the next", |line| line["event"] == "outcome" && line["id"] == third);
                // The sessions are read again, and the failure is not reported again.
                guard.signal(Signal::HUP);
                guard.event("reconciled");
                let events = guard.end();
                let warnings = events.iter().filter(|line| line["event"] == "runs-unknown").count();
                assert_eq!(warnings, 1, "{generation} {fate:?}: {events:#?}");
                assert!(events.iter().all(|line| line["event"] != "unlisted"), "{events:#?}");
                assert_eq!(pending(&dev.client()).keys().collect::<Vec<_>>(), [&first]);
            });
        }
    }
}

/// The answer to a denial arrives directly after its own event. A guard that continues only on the next event would
/// stop here.
#[test]
fn slow_answers_do_not_stop_a_guard() {
    let prompts = json!([{
        "request": { "command": "make", "agentId": "main", "sessionKey": "agent:main:main", "host": "gateway" },
        "ageMs": 60_000, "repeat": { "times": 13, "everyMs": 10 },
    }]);
    let home = Client::alone();
    let scenario = home.file("scenario.json", json!({ "prompts": prompts }).to_string());
    let dev = Dev::start(&["--scenario", scenario.to_str().unwrap(), "--coalesce=off"]);
    let late = |method: &str| if method == "approval.resolve" { Fate::Late(300) } else { Fate::Passed };
    let port = relay::before(dev.port(), late);
    // The timeout is less than the time until the gateway's next tick, and many times the duration of the denials.
    let client = dev.client_at(&format!("ws://127.0.0.1:{port}"));
    let output = client.command(&["queue", "guard", "--timeout=20s"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let events: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let denied =
        events.iter().filter(|line| line["event"] == "outcome" && line["outcome"] == "denied").count();
    assert_eq!((denied, pending(&dev.client()).len()), (12, 1), "{events:#?}");
}

/// A guard that is terminated while a gateway hangs ends immediately, or after the drain of denials.
#[test]
fn a_gateway_that_hangs_does_not_keep_a_guard() {
    for hangs in ["connect", "approval.list", "approval.resolve"] {
        let dev = empty("current", 0);
        let port =
            relay::before(
                dev.port(),
                move |method| {
                    if method.ends_with(hangs) { Fate::Dropped } else { Fate::Passed }
                },
            );
        let client = dev.client_at(&format!("ws://127.0.0.1:{port}"));
        let runtime = runtime();
        let _links = runtime.block_on(async {
            // The gateway keeps a prompt only while an approver is connected.
            let person = dev.link(&["exec-approvals"]).await;
            let mut agent = dev.link(&["exec-approvals"]).await;
            ask(&mut agent, "make", "agent:main:one").await;
            ask(&mut agent, "make", "agent:main:one").await;
            (person, agent)
        });
        let mut guard = Guard::start(&client, &[]);
        match hangs {
            "connect" => guard.event("started"),
            "approval.list" => guard.event("connected"),
            _ => guard.event("deny"),
        };
        let begun = Instant::now();
        let events = guard.end();
        // The timeout of a call is 30 s.
        assert!(begun.elapsed() < Duration::from_secs(20), "{hangs}: {:?}", begun.elapsed());
        assert_eq!(events.last().unwrap()["event"], "stopped");
    }
}

#[test]
fn half_open_connections_keep_no_probe_waiting() {
    let dev = empty("current", 0);
    let mut guard = Guard::start(&dev.client(), &["--metrics=0"]);
    let metrics = guard.event("started")["metrics"].as_str().unwrap().to_owned();
    let host = metrics.strip_prefix("http://").unwrap().strip_suffix("/metrics").unwrap().to_owned();
    guard.event("reconciled");
    let halves: Vec<TcpStream> = (0..1_000)
        .map(|_| {
            let mut half = TcpStream::connect(&host).unwrap();
            half.write_all(b"GET /healthz HTTP/1.1\r\nHost: ").unwrap();
            half
        })
        .collect();
    assert_eq!(get(&metrics.replace("metrics", "healthz")), (200, "default: ok\n".to_owned()));
    assert!(get(&metrics).1.ends_with("# EOF\n"));
    // The oldest connection was closed to make room.
    halves[0].set_read_timeout(Some(PATIENCE)).unwrap();
    assert!(matches!((&halves[0]).read(&mut [0; 1]), Ok(0)), "the oldest is still open");
    guard.end();
}

#[test]
fn metrics_for_other_machines_are_warned_of() {
    let client = Client::alone();
    for (address, warned) in [("0.0.0.0:0", true), ("0", false), ("127.0.0.2:0", false)] {
        let flags = ["queue", "guard", "--timeout=1s", "--gateway=ws://127.0.0.1:1", "--metrics", address];
        let output = client.command(&flags).output().unwrap();
        let err = String::from_utf8_lossy(&output.stderr);
        // No gateway listens at this address.
        assert_eq!(output.status.code(), Some(4), "{err}");
        let expected = format!("warning: --metrics {address} is not a loopback address");
        assert_eq!(err.contains(&expected), warned, "{err}");
        assert_eq!(err.contains("warning"), warned, "{err}");
    }
}

/// The text output of an observer says that nothing is denied.
#[test]
fn an_observers_text_says_would() {
    let dev = playing("current", "duplicates.json");
    let client = dev.client();
    let mut command = client.spawn(&["queue", "guard", "--timeout=3m", "--observe"]);
    let mut screen = Terminal::of(&mut command, 200);
    screen.shows("pending, ", 1);
    screen.shows("would deny ", 1);
    screen.signal(Signal::TERM);
    let (code, text) = screen.ends();
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("observing, nothing is denied"), "{text}");
    assert!(!text.contains(": deny "), "{text}");
}

#[test]
fn an_event_at_which_nothing_would_happen_is_a_usage_error() {
    let client = Client::alone();
    for (event, next) in [
        (
            "breaker",
            "write the command behind a colon: --on breaker:COMMAND; or who is notified: --notify URL",
        ),
        (
            "older=5m",
            "write the command behind a colon: --on older=300s:COMMAND; or who is notified: --notify URL",
        ),
    ] {
        let output = client.command(&["queue", "guard", "--on", event]).output().unwrap();
        let err = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && err.contains("nothing would happen"), "{err}");
        assert!(err.replace("\n  ", " ").contains(next), "{err}");
    }
}
