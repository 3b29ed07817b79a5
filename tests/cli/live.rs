//! Lists that stay: `queue ls --watch` and `run ls --watch`, on a terminal and elsewhere, and through lost connections.

use std::io::{self, BufRead, BufReader, Read};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::Child;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::queue::{knowing, pending, still};
use crate::support::dev::Client;
use crate::support::screen::Screen;
use crate::support::terminal::Terminal;

/// Only a hang takes this long.
const PATIENCE: Duration = Duration::from_mins(1);

/// A port before a gateway that can be closed, with all its connections, and opened again.
struct Door {
    port: u16,
    to: u16,
    open: Arc<Mutex<Option<Vec<TcpStream>>>>,
}

impl Door {
    fn before(to: u16) -> Self {
        let mut door = Self { port: 0, to, open: Arc::default() };
        door.opens();
        door
    }

    fn opens(&mut self) {
        let listener = TcpListener::bind(("127.0.0.1", self.port)).unwrap();
        self.port = listener.local_addr().unwrap().port();
        *self.open.lock().unwrap() = Some(Vec::new());
        let (to, open) = (self.to, Arc::clone(&self.open));
        thread::spawn(move || {
            for client in listener.incoming() {
                let mut open = open.lock().unwrap();
                let Some(streams) = open.as_mut() else { return };
                let (client, gateway) = (client.unwrap(), TcpStream::connect(("127.0.0.1", to)).unwrap());
                streams.extend([client.try_clone().unwrap(), gateway.try_clone().unwrap()]);
                for (mut from, mut to) in
                    [(client.try_clone().unwrap(), gateway.try_clone().unwrap()), (gateway, client)]
                {
                    thread::spawn(move || {
                        // Either side may close first.
                        let _: io::Result<u64> = io::copy(&mut from, &mut to);
                        let _: io::Result<()> = to.shutdown(Shutdown::Both);
                    });
                }
            }
        });
    }

    fn closes(&self) {
        let streams = self.open.lock().unwrap().take().unwrap();
        for stream in streams {
            // It may be closed already.
            let _: io::Result<()> = stream.shutdown(Shutdown::Both);
        }
        // The listener ends with its next connection.
        drop(TcpStream::connect(("127.0.0.1", self.port)));
        while TcpStream::connect(("127.0.0.1", self.port)).is_ok() {}
    }
}

/// A running watch, and its lines.
struct Watch {
    child: Child,
    out: Receiver<String>,
    err: Receiver<String>,
}

fn lines(stream: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for line in BufReader::new(stream).lines() {
            // The receiver is dropped when the test ends.
            let _closed = sender.send(line.unwrap());
        }
    });
    receiver
}

impl Watch {
    fn start(client: &Client, arguments: &[&str]) -> Self {
        let mut child = client.spawn(arguments).spawn().unwrap();
        let (out, err) = (lines(child.stdout.take().unwrap()), lines(child.stderr.take().unwrap()));
        Self { child, out, err }
    }

    #[track_caller]
    fn object(&self) -> Value {
        let line = self.out.recv_timeout(PATIENCE).unwrap_or_else(|error| {
            panic!("{error}: {:?}", self.err.try_iter().collect::<Vec<_>>());
        });
        serde_json::from_str(&line).unwrap()
    }

    #[track_caller]
    fn says(&self, text: &str) {
        loop {
            let line = self.err.recv_timeout(PATIENCE).unwrap();
            if line.contains(text) {
                return;
            }
        }
    }

    #[track_caller]
    fn ends(mut self) {
        kill_process(Pid::from_child(&self.child), Signal::INT).unwrap();
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
    }
}

#[test]
fn a_watch_outlives_its_timeout_and_its_connection() {
    for (noun, first, count) in [("queue", "pending", 31), ("run", "listed", 31)] {
        let dev = still("current", &[]);
        let mut door = Door::before(dev.port());
        let client = dev.client_at(&format!("ws://127.0.0.1:{}", door.port));
        let watch = Watch::start(&client, &[noun, "ls", "--watch", "--ndjson", "--timeout=1s"]);
        let mut ids = Vec::new();
        for _ in 0..count {
            let row = watch.object();
            assert_eq!((&row["event"], &row["version"]), (&json!(first), &json!(1)), "{row}");
            ids.push(row);
        }
        door.closes();
        watch.says("note: connection lost, reconnecting: ");
        let alone = pending(&dev.client()).into_iter().find(|(_, row)| row["agentId"] == "main").unwrap().0;
        assert_eq!(dev.client().json(&["queue", "resolve", &alone, "deny"]).0, 0);
        door.opens();
        watch.says("note: connected again");
        let gone = watch.object();
        if noun == "queue" {
            assert_eq!((&gone["event"], &gone["id"]), (&json!("gone"), &json!(alone)), "{gone}");
        } else {
            let events = [json!("gone"), json!("changed")];
            assert!(events.contains(&gone["event"]) && gone["agentId"] == "main", "{gone}");
        }
        watch.ends();
    }
}

#[test]
fn a_gateway_that_never_answered_ends_a_watch() {
    let client = Client::alone().variable("OPENCLAW_GATEWAY_URL", "ws://127.0.0.1:1");
    for noun in ["queue", "run"] {
        let output = client.command(&[noun, "ls", "--watch", "--timeout=2s"]).output().unwrap();
        assert_eq!(output.status.code(), Some(4), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn runs_that_change_are_lines() {
    let dev = still("current", &[]);
    let client = dev.client();
    let watch = Watch::start(&client, &["run", "ls", "--watch"]);
    for _ in 0..31 {
        let line = watch.out.recv_timeout(PATIENCE).unwrap();
        assert!(line.starts_with("+ ") && line.contains("  session agent:"), "{line}");
    }
    let cancel = ["run", "cancel", "--superseded", "--yes"];
    let (exit, report) = client.json(&cancel);
    assert_eq!(exit, 0, "{report}");
    let count = report["denied"].as_array().unwrap().len();
    assert!(count > 0);
    let gone: Vec<String> = (0..count).map(|_| watch.out.recv_timeout(PATIENCE).unwrap()).collect();
    assert!(gone.iter().all(|line| line.starts_with("- ") || line.starts_with("~ ")), "{gone:#?}");
    watch.ends();
}

/// The last screen that was drawn to its end.
fn last_drawn(text: &str) -> &str {
    text.rsplit("\u{1b}[H").nth(1).unwrap_or_default()
}

#[test]
fn runs_are_drawn_on_a_screen_that_fits() {
    let dev = still("current", &[]);
    let client = dev.client();
    let mut terminal = Terminal::sized(&mut client.spawn(&["run", "ls", "--watch"]), 60, 16);
    let text = terminal.waits(|text| last_drawn(text).contains("more runs")).to_owned();
    let whole = &text[..text.rfind('\u{1b}').unwrap()];
    let screen = Screen::of(whole, 60, 16);
    assert!(screen.lines().len() <= 16 && screen.visible()[0].starts_with("ws://"), "{screen:#?}");
    // Ages run though nothing changes.
    terminal.waits(|text| {
        let screens: std::collections::BTreeSet<_> = text.split("\u{1b}[H").skip(1).collect();
        screens.len() > 3
    });
    terminal.resize(100, 200);
    terminal.waits(|text| {
        let last = last_drawn(text);
        last.contains("run ") && !last.contains("more runs")
    });
    terminal.signal(Signal::INT);
    let (exit, text) = terminal.ends();
    assert_eq!(exit, 0, "{text}");
    // The earlier content of the terminal is restored.
    assert_eq!(Screen::of(&text, 100, 200).left, 1);
}

#[test]
fn runs_of_several_gateways_are_listed_in_one_command() {
    let (one, two) = (still("current", &[]), still("legacy", &[]));
    let gateways = [("one", &*one.url, &*one.token), ("two", &*two.url, &*two.token)];
    let client = knowing(&gateways);
    let listed = |flags: &[&str]| client.json(&[&["run", "ls"], flags].concat());
    let (exit, all) = listed(&["--all-gateways"]);
    assert_eq!((exit, &all["version"]), (0, &json!(1)), "{all}");
    for (at, name) in ["--gateway=one", "--gateway=two"].into_iter().enumerate() {
        // Each has the shape of the command for one gateway.
        let (_, mut alone) = listed(&[name]);
        let mut within = all["gateways"][at].clone();
        for list in [&mut alone, &mut within] {
            list["nowMs"] = Value::Null;
        }
        assert_eq!(alone, within);
    }
    let output = client.command(&["run", "ls", "--all-gateways", "--ndjson"]).output().unwrap();
    let rows: Vec<Value> =
        serde_json::Deserializer::from_slice(&output.stdout).into_iter().collect::<Result<_, _>>().unwrap();
    let count = |gateway: &str| rows.iter().filter(|row| row["gateway"] == gateway).count();
    let expected = |at: usize| all["gateways"][at]["runs"].as_array().unwrap().len();
    assert_eq!((count(&one.url), count(&two.url)), (expected(0), expected(1)));
    // One that is down hides no other.
    let down = knowing(&[("down", "ws://127.0.0.1:1", "t"), ("one", &one.url, &one.token)]);
    let (exit, all) = down.json(&["run", "ls", "--all-gateways"]);
    assert_eq!((exit, &all["gateways"][0]["gateway"]), (3, &json!("down")), "{all}");
    assert_eq!(all["gateways"][0]["error"]["code"], "unreachable");
    assert!(!all["gateways"][1]["runs"].as_array().unwrap().is_empty());
    let answer = down.answer(&["run", "ls", "--all-gateways"]);
    let (out, err) = answer.split_once("--- stderr").unwrap();
    assert!(out.contains(&one.url) && err.contains("ws://127.0.0.1:1"), "{answer}");
    for watch in [&["--all-gateways"][..], &["--gateway=one", "--gateway=two"]] {
        for noun in ["run", "queue"] {
            let answer = client.answer(&[&[noun, "ls", "--watch"], watch].concat());
            assert!(answer.starts_with("exit: 2\n"), "{answer}");
            assert!(answer.contains(&format!("clearance {noun} ls --watch --gateway=NAME")), "{answer}");
        }
    }
}

#[test]
fn a_watch_ends_with_its_reader_even_if_nothing_changes() {
    let dev = still("current", &[]);
    let client = dev.client();
    let mut child = client.spawn(&["queue", "ls", "--watch"]).spawn().unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    assert!(!first.is_empty());
    let (sender, ended) = channel();
    let process = Pid::from_child(&child);
    thread::spawn(move || {
        // The receiver is dropped when the test has failed.
        let _closed = sender.send(child.wait().unwrap());
    });
    let Ok(status) = ended.recv_timeout(PATIENCE) else {
        kill_process(process, Signal::KILL).unwrap();
        panic!("it never ended");
    };
    assert_eq!(status.code(), Some(0));
}

#[test]
fn a_command_on_one_gateway_says_so() {
    let client = Client::alone();
    for (arguments, next) in [
        (&["queue", "history", "--all-gateways"][..], "name one: clearance queue history --gateway=NAME"),
        (
            &["queue", "resolve", "a b", "deny", "--all-gateways"],
            "name one: clearance queue resolve 'a b' deny --gateway=NAME",
        ),
    ] {
        let output = client.command(arguments).output().unwrap();
        let err = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{err}");
        assert!(err.contains("this command is about one gateway") && err.contains(next), "{err}");
        assert!(!err.contains("tip:"), "{err}");
    }
}

#[test]
fn a_noun_with_json_and_no_verb_lists_its_commands() {
    let output = Client::alone().command(&["queue", "--json"]).output().unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{err}");
    assert!(err.contains("dedupe") && err.contains("triage"), "{err}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["error"]["message"], "no command is given");
}
