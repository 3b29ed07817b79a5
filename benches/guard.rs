//! Measures how fast `queue guard` denies and how much memory it takes, and checks its guarantees over hours.
//!
//!     cargo bench --bench guard                        latency and memory, two minutes
//!     cargo bench --bench guard -- soak [MINUTES]      the same load with disconnections, 30 minutes by default
//!     cargo bench --bench guard -- flood [PROMPTS]     20,000 duplicates in one group, alone and while more arrive
//!
//! Method. `gateway dev` (current generation, without its own coalescing), a relay, and `queue guard` run as processes
//! of their own beside this one, all on loopback. Clients request fifty prompts a second, for forty commands in four
//! sessions, each prompt with its own run; a simulated person answers one pending prompt a second, chosen at random; an
//! observer receives every event in the gateway's order.
//!
//! *Latency* is measured twice: by the guard, from reading the event off the wire to having written the denial; and by
//! the relay, from forwarding the event to having read the denial, which includes two more passes through the kernel
//! and two more wake-ups. *Memory* is the resident set: idle, a connection and an empty queue; then under load.
//!
//! The *flood* is one group of pending duplicates that the guard finds when it connects. Its rate is the number of
//! denials per second until one prompt is left: first alone, then while fifty prompts a second of the same group
//! arrive.
//!
//! The *soak* repeatedly cuts the guard's connection after 5 to 60 seconds. It fails unless
//! - the guard never denied the last prompt of a command and session, except where a person answered another one within
//!   the time that a message takes (counted and printed),
//! - from a second after the guard reports that it has listed everything, no command is pending twice for longer than
//!   that,
//! - the guard's log has a decision for every denial that the gateway reports, and an outcome for every decision,
//! - it ends with 0 on SIGTERM.

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "it fails by panicking"
)]

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use clearance::internals::Deadline;
use clearance::internals::gateway::Event;
use clearance::internals::gateway::{Access, ConnectOptions, Events, Keyring, Link};
use clearance::internals::gateway::{Credential, Target, Trust};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, spawn_local};

const BINARY: &str = env!("CARGO_BIN_EXE_clearance");
const PROMPTS_A_SECOND: u32 = 50;
const COMMANDS: u64 = 40;
const SESSIONS: u64 = 4;
/// The time within which a person's answer and a denial count as simultaneous, so that neither is wrong.
const AT_ONCE: Duration = Duration::from_millis(250);

/// A process that is killed when it is dropped.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

impl Process {
    /// The resident set in kilobytes.
    fn resident(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id())).expect("it runs");
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("a size");
        line.split_whitespace().nth(1).and_then(|size| size.parse().ok()).expect("kilobytes")
    }

    fn ends(mut self, signal: Signal) -> Option<i32> {
        kill_process(Pid::from_child(&self.0), signal).expect("it runs");
        self.0.wait().expect("it ends").code()
    }
}

fn tool(home: &std::path::Path) -> Command {
    let mut command = Command::new(BINARY);
    command.env_clear().env("HOME", home).stdin(Stdio::null()).stdout(Stdio::piped());
    command
}

/// A gateway without prompts.
struct Dev {
    _process: Process,
    address: SocketAddr,
    token: String,
}

impl Dev {
    fn start(home: &std::path::Path) -> Self {
        Self::with(home, &json!({}))
    }

    fn with(home: &std::path::Path, scenario_of: &Value) -> Self {
        let scenario = home.join("scenario.json");
        std::fs::write(&scenario, scenario_of.to_string()).expect("a scenario");
        let flags = ["gateway", "dev", "--json", "--coalesce=off", "--cancel-on-failover=off", "--scenario"];
        let mut child = tool(home).args(flags).arg(&scenario).spawn().expect("it starts");
        let mut ready = serde_json::Deserializer::from_reader(child.stdout.as_mut().unwrap()).into_iter();
        let ready: Value = ready.next().expect("a line").expect("JSON");
        let text = |name: &str| ready[name].as_str().expect(name).to_owned();
        let address = text("url").trim_start_matches("ws://").parse().expect("an address");
        Self { _process: Process(child), address, token: text("token") }
    }

    async fn link(&self, caps: &'static [&'static str], events: bool) -> (Link, Option<Events>) {
        let target = Target {
            address: format!("ws://{}", self.address).parse().expect("an address"),
            credential: Credential::Token(self.token.as_str().into()),
            trust: Trust::Platform,
            plaintext_allowed: false,
            options: ConnectOptions::default(),
        };
        let access = Access { caps, events, ..Access::OPERATOR };
        Link::open(&target, access, &Keyring::Ephemeral, minute()).await.expect("it is let in")
    }
}

fn minute() -> Deadline {
    Deadline::after(Duration::from_mins(1))
}

/// The relay's times of each prompt: when its event was forwarded.
#[derive(Default)]
struct Relayed {
    requested: HashMap<String, Instant>,
    latencies: Vec<Duration>,
}

/// A relay between the guard and its gateway. It searches the forwarded frames for ids: frames of a server are not
/// masked, those of a client are.
struct Relay {
    address: SocketAddr,
    noted: Rc<RefCell<Relayed>>,
    connections: Rc<RefCell<Vec<JoinHandle<()>>>>,
}

impl Relay {
    async fn before(gateway: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let (noted, connections) =
            (Rc::<RefCell<Relayed>>::default(), Rc::<RefCell<Vec<JoinHandle<()>>>>::default());
        let (into, all) = (Rc::clone(&noted), Rc::clone(&connections));
        spawn_local(async move {
            loop {
                let (client, _) = listener.accept().await.expect("a connection");
                let into = Rc::clone(&into);
                all.borrow_mut().push(spawn_local(async move {
                    let Ok(gateway) = TcpStream::connect(gateway).await else { return };
                    client.set_nodelay(true).expect("a socket");
                    gateway.set_nodelay(true).expect("a socket");
                    let (mut from_client, mut to_client) = client.into_split();
                    let (mut from_gateway, mut to_gateway) = gateway.into_split();
                    let noted = Rc::clone(&into);
                    let down = async {
                        let mut frames = Frames::default();
                        let mut bytes = vec![0; 1 << 16];
                        while let Ok(count @ 1..) = from_gateway.read(&mut bytes).await {
                            if to_client.write_all(&bytes[..count]).await.is_err() {
                                break;
                            }
                            let now = Instant::now();
                            frames.take(&bytes[..count], |frame| {
                                if frame["event"] == "exec.approval.requested" {
                                    let id = frame["payload"]["id"].as_str().unwrap_or_default().to_owned();
                                    noted.borrow_mut().requested.insert(id, now);
                                }
                            });
                        }
                    };
                    let noted = Rc::clone(&into);
                    let up = async {
                        let mut frames = Frames::default();
                        let mut bytes = vec![0; 1 << 16];
                        while let Ok(count @ 1..) = from_client.read(&mut bytes).await {
                            let now = Instant::now();
                            if to_gateway.write_all(&bytes[..count]).await.is_err() {
                                break;
                            }
                            frames.take(&bytes[..count], |frame| {
                                if frame["method"] == "approval.resolve" {
                                    let mut noted = noted.borrow_mut();
                                    let id = frame["params"]["id"].as_str().unwrap_or_default();
                                    if let Some(requested) = noted.requested.remove(id) {
                                        noted.latencies.push(now - requested);
                                    }
                                }
                            });
                        }
                    };
                    tokio::select! { () = down => {}, () = up => {} }
                }));
            }
        });
        Self { address, noted, connections }
    }

    /// Closes every connection.
    fn cut(&self) -> bool {
        let connections = std::mem::take(&mut *self.connections.borrow_mut());
        let lives = connections.iter().any(|connection| !connection.is_finished());
        connections.iter().for_each(JoinHandle::abort);
        self.noted.borrow_mut().requested.clear();
        lives
    }
}

/// Extracts the JSON from one direction of a WebSocket, after its HTTP upgrade.
#[derive(Default)]
struct Frames {
    greeted: bool,
    bytes: Vec<u8>,
}

impl Frames {
    fn take(&mut self, bytes: &[u8], mut each: impl FnMut(&Value)) {
        self.bytes.extend_from_slice(bytes);
        if !self.greeted {
            let Some(end) = self.bytes.windows(4).position(|four| four == b"\r\n\r\n") else { return };
            self.bytes.drain(..end + 4);
            self.greeted = true;
        }
        while let Some((mask, start, length)) = self.header() {
            if self.bytes.len() < start + length {
                return;
            }
            let mut payload: Vec<u8> = self.bytes[start..start + length].to_vec();
            if let Some(mask) = mask {
                payload.iter_mut().zip(mask.iter().cycle()).for_each(|(byte, mask)| *byte ^= mask);
            }
            self.bytes.drain(..start + length);
            if let Ok(frame) = serde_json::from_slice(&payload) {
                each(&frame);
            }
        }
    }

    /// The mask, the start of the payload, and its length.
    fn header(&self) -> Option<(Option<[u8; 4]>, usize, usize)> {
        let second = *self.bytes.get(1)?;
        let (mut start, length) = match second & 0x7f {
            126 => (4, usize::from(u16::from_be_bytes(self.bytes.get(2..4)?.try_into().ok()?))),
            127 => (10, usize::try_from(u64::from_be_bytes(self.bytes.get(2..10)?.try_into().ok()?)).ok()?),
            short => (2, usize::from(short)),
        };
        let mask = if second & 0x80 == 0 {
            None
        } else {
            let mask = self.bytes.get(start..start + 4)?.try_into().ok()?;
            start += 4;
            Some(mask)
        };
        Some((mask, start, length))
    }
}

/// A command in a session.
type Group = (String, String);

/// The state of the gateway, from its events in their order.
#[derive(Default)]
struct World {
    requested: u64,
    pending: BTreeMap<String, Group>,
    groups: HashMap<Group, usize>,
    /// Since when a group has had more than one prompt.
    doubled: HashMap<Group, Instant>,
    /// The time of the last event about a person's answer in each group.
    answered: HashMap<Group, Instant>,
    by_guard: HashSet<String>,
    /// Groups that a person and the guard emptied at the same time.
    at_once: u64,
    wrong: Vec<String>,
}

impl World {
    fn requested(&mut self, payload: &Value) {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let group = (text(&payload["request"]["sessionKey"]), text(&payload["request"]["command"]));
        self.requested += 1;
        let count = self.groups.entry(group.clone()).or_default();
        *count += 1;
        if *count > 1 {
            self.doubled.entry(group.clone()).or_insert_with(Instant::now);
        }
        self.pending.insert(text(&payload["id"]), group);
    }

    fn resolved(&mut self, payload: &Value) {
        let id = payload["id"].as_str().unwrap_or_default();
        let Some(group) = self.pending.remove(id) else { return };
        let count = self.groups.get_mut(&group).expect("it was requested");
        *count -= 1;
        if *count < 2 {
            self.doubled.remove(&group);
        }
        let empty = *count == 0;
        // The person allows, and prompts expire; only the guard denies.
        if payload["decision"] != "deny" {
            self.answered.insert(group, Instant::now());
            return;
        }
        self.by_guard.insert(id.to_owned());
        if empty && self.answered.get(&group).is_some_and(|at| at.elapsed() < AT_ONCE) {
            self.at_once += 1;
        } else if empty {
            self.wrong.push(format!("{id} was the last of {group:?}"));
        }
    }
}

/// The guard's log.
#[derive(Default)]
struct Log {
    lines: u64,
    decided: HashMap<String, Value>,
    /// Decisions without an outcome, by number.
    open: HashSet<u64>,
    outcomes: BTreeMap<String, u64>,
    events: BTreeMap<String, u64>,
    written_us: Vec<u64>,
    reconciled: Option<Instant>,
}

impl Log {
    fn take(&mut self, line: &str) {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        self.lines += 1;
        assert_eq!(line["version"], 1, "{line}");
        let event = line["event"].as_str().expect("an event").to_owned();
        match event.as_str() {
            "deny" => {
                let number = line["decision"].as_u64().expect("a number");
                assert!(self.open.insert(number), "decided twice: {line}");
                self.decided.insert(line["id"].as_str().expect("an id").to_owned(), line.clone());
            }
            "outcome" => {
                let number = line["decision"].as_u64().expect("a number");
                assert!(self.open.remove(&number), "an outcome without a decision: {line}");
                *self.outcomes.entry(line["outcome"].as_str().expect("one").to_owned()).or_default() += 1;
                self.written_us.extend(line["latencyUs"].as_u64());
            }
            "reconciled" => self.reconciled = Some(Instant::now()),
            _ => {}
        }
        *self.events.entry(event).or_default() += 1;
    }
}

fn percentile<T: Copy + Ord>(values: &mut [T], percent: usize) -> Option<T> {
    values.sort_unstable();
    values.get((values.len() * percent).div_ceil(100).saturating_sub(1)).copied()
}

/// A reproducible sequence of random numbers.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

struct Scene {
    dev: Dev,
    relay: Relay,
    guard: Process,
    lines: mpsc::Receiver<String>,
    log: Log,
    world: Rc<RefCell<World>>,
    resident: Vec<u64>,
}

impl Scene {
    async fn set(home: &std::path::Path) -> Self {
        let dev = Dev::start(home);
        let relay = Relay::before(dev.address).await;
        let world = Rc::<RefCell<World>>::default();
        let (link, events) = dev.link(&["approvals", "exec-approvals"], true).await;
        let (mut events, observed) = (events.expect("events"), Rc::clone(&world));
        spawn_local(async move {
            let _link = link;
            while let Some(event) = events.next().await {
                match event {
                    Event::Requested(_, payload) => observed.borrow_mut().requested(&value(payload.get())),
                    Event::Resolved(_, payload) => observed.borrow_mut().resolved(&value(payload.get())),
                    Event::Gap => panic!("the observer missed something"),
                    _ => {}
                }
            }
        });
        let gateway = format!("--gateway=ws://{}", relay.address);
        let mut guard = tool(home)
            .env("OPENCLAW_GATEWAY_TOKEN", &dev.token)
            .args(["queue", "guard", &gateway, "--ndjson", "--max-rate", "1000000/min"])
            .spawn()
            .expect("it starts");
        let out = guard.stdout.take().expect("its output");
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(out).lines() {
                sender.send(line.expect("text")).expect("somebody reads");
            }
        });
        let mut scene = Self {
            dev,
            relay,
            guard: Process(guard),
            lines,
            log: Log::default(),
            world,
            resident: Vec::new(),
        };
        while scene.log.reconciled.is_none() {
            scene.read_log();
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        scene
    }

    fn read_log(&mut self) {
        while let Ok(line) = self.lines.try_recv() {
            self.log.take(&line);
        }
    }

    /// Runs the load; with `cuts`, also cuts the guard's connection at random times. Returns the number of cuts.
    async fn load(&mut self, time: Duration, cuts: bool) -> u64 {
        let (asker, _) = self.dev.link(&[], false).await;
        let (person, _) = self.dev.link(&[], false).await;
        let (asker, person) = (Rc::new(asker), Rc::new(person));
        let mut chance = Chance(7);
        let (begun, mut cut, mut next_cut) = (Instant::now(), 0, Duration::from_secs(5));
        let mut tick = tokio::time::interval(Duration::from_secs(1) / PROMPTS_A_SECOND);
        let mut number = 0_u64;
        while begun.elapsed() < time {
            tick.tick().await;
            number += 1;
            let session = format!("agent:main:{}", chance.below(SESSIONS));
            let params = json!({
                "command": format!("echo soak {}", chance.below(COMMANDS)), "agentId": "main", "sessionKey": session,
                "host": "gateway", "cwd": "/tmp", "security": "allowlist", "ask": "on-miss", "twoPhase": true,
                "timeoutMs": 1_800_000, "runId": format!("soak-{number}"),
            });
            let asker = Rc::clone(&asker);
            spawn_local(async move {
                let session = asker.session().expect("a socket");
                session
                    .call_method("exec.approval.request", &params, minute())
                    .await
                    .expect("it is accepted");
            });
            if number.is_multiple_of(u64::from(PROMPTS_A_SECOND)) {
                self.read_log();
                self.check();
                let id = {
                    let world = self.world.borrow();
                    let at = usize::try_from(chance.below(world.pending.len().max(1) as u64)).unwrap();
                    world.pending.keys().nth(at).cloned()
                };
                let person = Rc::clone(&person);
                spawn_local(async move {
                    let params = json!({ "id": id, "decision": "allow-once" });
                    let session = person.session().expect("a socket");
                    // The guard may have denied it first.
                    drop(session.call_method("exec.approval.resolve", &params, minute()).await);
                });
            }
            if number.is_multiple_of(10 * u64::from(PROMPTS_A_SECOND)) {
                self.resident.push(self.guard.resident());
            }
            if cuts && begun.elapsed() > next_cut {
                cut += u64::from(self.relay.cut());
                next_cut = begun.elapsed() + Duration::from_secs(5 + chance.below(56));
            }
        }
        cut
    }

    /// While the guard is connected and has listed, no duplicate stays pending for long.
    fn check(&self) {
        const LONG: Duration = Duration::from_secs(3);
        let world = self.world.borrow();
        assert!(world.wrong.is_empty(), "{:#?}", world.wrong);
        let listed = self.log.reconciled.filter(|at| at.elapsed() > LONG);
        let cut = self.log.events.get("disconnected") >= self.log.events.get("connected");
        if let Some(listed) = listed.filter(|_| !cut) {
            for (group, since) in &world.doubled {
                let since = (*since).max(listed);
                assert!(since.elapsed() < LONG, "{group:?} is pending twice for {:?}", since.elapsed());
            }
        }
    }

    /// Stops everything, and checks the totals.
    async fn end(mut self) -> (Log, Rc<RefCell<World>>, Vec<u64>) {
        tokio::time::sleep(Duration::from_secs(5)).await;
        self.read_log();
        self.check();
        let Self { guard, lines, mut log, world, resident, .. } = self;
        assert_eq!(guard.ends(Signal::TERM), Some(0), "the guard's end");
        while let Ok(line) = lines.recv_timeout(Duration::from_secs(5)) {
            log.take(&line);
        }
        assert!(log.open.is_empty(), "decisions without an outcome: {:?}", log.open);
        let unknown: Vec<String> =
            world.borrow().by_guard.iter().filter(|id| !log.decided.contains_key(*id)).cloned().collect();
        assert!(unknown.is_empty(), "denials that are not in the log: {unknown:?}");
        let denied = log.outcomes.get("denied").copied().unwrap_or_default();
        let reported = world.borrow().by_guard.len() as u64;
        assert!(denied <= reported, "{denied} are logged as denied, {reported} were");
        (log, world, resident)
    }
}

fn value(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

async fn latency(home: &std::path::Path) {
    let mut scene = Scene::set(home).await;
    tokio::time::sleep(Duration::from_secs(10)).await;
    let idle = scene.guard.resident();
    scene.load(Duration::from_mins(1), false).await;
    let mut relayed = std::mem::take(&mut scene.relay.noted.borrow_mut().latencies);
    let (mut log, _, resident) = scene.end().await;
    let micros = |value: Option<u64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value} µs"));
    let of = |values: &mut [u64]| [50, 99, 100].map(|percent| micros(percentile(values, percent))).join(", ");
    let mut relayed: Vec<u64> =
        relayed.drain(..).map(|latency| u64::try_from(latency.as_micros()).unwrap_or(u64::MAX)).collect();
    println!(
        "event read to denial written, {} denials: median, p99, most: {}",
        log.written_us.len(),
        of(&mut log.written_us)
    );
    println!("the same seen from outside, {} denials: {}", relayed.len(), of(&mut relayed));
    println!(
        "resident: idle {idle} kB, at {PROMPTS_A_SECOND} prompts a second {} kB",
        resident.iter().max().unwrap()
    );
}

/// Denials per second of a guard that finds this many duplicates in one group, and the number of prompts that arrived
/// meanwhile.
async fn flood(home: &std::path::Path, prompts: u64, arrive: bool) -> (f64, u64) {
    let request = json!({
        "agentId": "main", "sessionKey": "agent:main:flood", "host": "gateway", "cwd": "/tmp", "command": "echo flood",
    });
    let rows: Vec<Value> = (0..prompts).map(|n| json!({ "request": request, "ageMs": 60_000 + n })).collect();
    let dev = Dev::with(home, &json!({ "prompts": rows }));
    let mut guard = tool(home)
        .env("OPENCLAW_GATEWAY_TOKEN", &dev.token)
        .args(["queue", "guard", "--ndjson", "--max-rate", "100000000/min"])
        .arg(format!("--gateway=ws://{}", dev.address))
        .spawn()
        .expect("it starts");
    let out = guard.stdout.take().expect("its output");
    let _guard = Process(guard);
    let (sender, lines) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(out).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    let (asker, _) = dev.link(&[], false).await;
    let asker = Rc::new(asker);
    let mut log = Log::default();
    let mut begun: Option<Instant> = None;
    let mut tick = tokio::time::interval(Duration::from_secs(1) / PROMPTS_A_SECOND);
    let mut arrived = 0;
    loop {
        tick.tick().await;
        while let Ok(line) = lines.try_recv() {
            log.take(&line);
        }
        let denied = log.outcomes.get("denied").copied().unwrap_or_default();
        if begun.is_none() && log.reconciled.is_some() {
            begun = log.reconciled;
        }
        let Some(begun) = begun else { continue };
        if denied + 1 >= prompts {
            #[expect(clippy::cast_precision_loss, reason = "a rate")]
            return (denied as f64 / begun.elapsed().as_secs_f64(), arrived);
        }
        assert!(begun.elapsed() < Duration::from_mins(20), "{denied} of {prompts}");
        // The number of pending prompts is limited: the first must be gone.
        if arrive && denied >= 100 {
            arrived += 1;
            let mut params = request.clone();
            for (name, value) in [("security", "allowlist"), ("ask", "on-miss")] {
                params[name] = value.into();
            }
            (params["twoPhase"], params["timeoutMs"]) = (true.into(), 1_800_000.into());
            let asker = Rc::clone(&asker);
            spawn_local(async move {
                let session = asker.session().expect("a socket");
                session
                    .call_method("exec.approval.request", &params, minute())
                    .await
                    .expect("it is accepted");
            });
        }
    }
}

async fn floods(home: &std::path::Path, prompts: u64) {
    let (alone, _) = flood(home, prompts, false).await;
    let (beside, arrived) = flood(home, prompts, true).await;
    println!("{prompts} duplicates in one group: {alone:.0} denials a second alone");
    println!("the same while {arrived} more arrived, {PROMPTS_A_SECOND} a second: {beside:.0} a second");
    println!("ratio {:.2}; the bar is 0.8", beside / alone);
}

async fn soak(home: &std::path::Path, minutes: u64) {
    let mut scene = Scene::set(home).await;
    let cuts = scene.load(Duration::from_mins(minutes), true).await;
    let (log, world, resident) = scene.end().await;
    let world = world.borrow();
    println!("{minutes} minutes, {} prompts, {cuts} disconnections", world.requested);
    println!(
        "denied {}, last ones emptied at once with a person {}, wrong {}",
        world.by_guard.len(),
        world.at_once,
        world.wrong.len()
    );
    println!("log: {} lines; {:?}; outcomes {:?}", log.lines, log.events, log.outcomes);
    let part = (resident.len() / 6).max(1);
    let mean = |part: &[u64]| part.iter().sum::<u64>() / part.len() as u64;
    let parts: Vec<u64> = resident.chunks(part).map(mean).collect();
    println!(
        "resident, means of sixths of the time: {parts:?} kB; most {} kB",
        resident.iter().max().unwrap()
    );
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let home = tempfile::tempdir().expect("a home");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let local = tokio::task::LocalSet::new();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => local.block_on(&runtime, latency(home.path())),
        ["soak"] => local.block_on(&runtime, soak(home.path(), 30)),
        ["flood"] => local.block_on(&runtime, floods(home.path(), 20_000)),
        ["flood", prompts] => {
            local.block_on(&runtime, floods(home.path(), prompts.parse().expect("a number")));
        }
        ["soak", minutes] => local.block_on(&runtime, soak(home.path(), minutes.parse().expect("minutes"))),
        _ => panic!("{arguments:?}"),
    }
}
