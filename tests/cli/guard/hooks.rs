//! `--on` and `--notify`: programs that really start, and receivers that really listen.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use rustix::process::{Pid, Signal, test_kill_process};
use serde_json::{Value, json};

use super::{Guard, PATIENCE, ask, empty, runtime};
use crate::support::dev::{Client, Dev};
use crate::support::fake::tls::{Certificate, TRUSTED, UNKNOWN};
use crate::support::fifo;
use crate::support::terminal::Terminal;

/// Reads everything that is written to a new FIFO, one text for each writer.
fn texts(path: &Path) -> Receiver<String> {
    fifo(path);
    let (sender, texts) = channel();
    let path = path.to_owned();
    thread::spawn(move || {
        loop {
            let text = std::fs::read_to_string(&path).unwrap();
            if sender.send(text).is_err() {
                return;
            }
        }
    });
    texts
}

/// Fills the queue with different prompts.
fn fill(dev: &Dev, count: usize) -> Vec<String> {
    runtime().block_on(async {
        let mut agent = dev.link(&["exec-approvals"]).await;
        let mut ids = Vec::new();
        for at in 0..count {
            ids.push(ask(&mut agent, &format!("make {at}"), "agent:main:one").await);
        }
        ids
    })
}

/// A duplicate is denied: hooks do not disturb a guard.
fn still_denies(dev: &Dev, guard: &mut Guard) {
    runtime().block_on(async {
        let mut agent = dev.link(&["exec-approvals"]).await;
        ask(&mut agent, "ls", "agent:main:two").await;
        let second = ask(&mut agent, "ls", "agent:main:two").await;
        guard.until("outcome", |line| line["event"] == "outcome" && line["id"] == second.as_str());
    });
}

#[test]
fn a_program_gets_the_event_and_no_secret() {
    let dev = empty("current", 0);
    let client = dev.client().variable("SECRET_OF_CONFIG", "hunter2").variable("LANG", "C");
    let events = texts(&client.home().join("events"));
    let variables = texts(&client.home().join("variables"));
    let script = client.file("hook.sh", "cat > \"$1\"; env > \"$2\"\n");
    let on = format!("queue=2:/bin/sh '{}' events variables", script.display());
    let mut guard = Guard::start(&client, &["--on", &on]);
    guard.event("reconciled");
    fill(&dev, 3);
    let line = guard.event("queue");
    assert_eq!((&line["limit"], &line["pending"]), (&json!(2), &json!(3)), "{line}");
    let event: Value = serde_json::from_str(&events.recv_timeout(PATIENCE).unwrap()).unwrap();
    // It is the line of the log.
    assert_eq!(event, line);
    let variables = variables.recv_timeout(PATIENCE).unwrap();
    let names: Vec<&str> = variables.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
    assert!(names.contains(&"HOME") && names.contains(&"LANG"), "{variables}");
    assert!(!variables.contains(&dev.token) && !variables.contains("hunter2"), "{variables}");
    assert!(names.iter().all(|name| !name.starts_with("OPENCLAW")), "{variables}");
    // The queue stays long, and is not reported again.
    fill(&dev, 1);
    still_denies(&dev, &mut guard);
    let lines = guard.end();
    assert_eq!(lines.iter().filter(|line| line["event"] == "queue").count(), 1);
    assert!(events.try_recv().is_err());
}

#[test]
fn old_prompts_and_offenders_start_programs() {
    let dev = empty("current", 0);
    let client = dev.client();
    let events = texts(&client.home().join("events"));
    let flags = ["--on=older=2s:sh -c 'cat > events'", "--on=offender:sh -c 'cat > events'", "--repeats=2"];
    let mut guard = Guard::start(&client, &flags);
    guard.event("reconciled");
    let ids = fill(&dev, 1);
    let old: Value = serde_json::from_str(&events.recv_timeout(PATIENCE).unwrap()).unwrap();
    assert_eq!((&old["event"], &old["count"], &old["limitMs"]), (&json!("older"), &json!(1), &json!(2000)));
    let prompt = &old["prompts"][0];
    assert_eq!((&prompt["id"], &prompt["command"]), (&json!(ids[0]), &json!("make 0")), "{old}");
    runtime().block_on(async {
        let mut agent = dev.link(&["exec-approvals"]).await;
        for _ in 0..3 {
            ask(&mut agent, "ls", "agent:main:two").await;
        }
    });
    let offender = loop {
        let event: Value = serde_json::from_str(&events.recv_timeout(PATIENCE).unwrap()).unwrap();
        if event["event"] != "older" {
            break event;
        }
    };
    assert_eq!((&offender["event"], &offender["times"]), (&json!("offender"), &json!(2)), "{offender}");
    guard.end();
}

#[test]
fn programs_that_fail_are_lines_and_programs_that_hang_are_ended() {
    let dev = empty("current", 0);
    let client = dev.client();
    let pids = texts(&client.home().join("pids"));
    let flags = [
        "--on=queue=0:sh -c 'echo no paper >&2; exit 3'",
        "--on=queue=0:sh -c 'sleep 600 & echo $! $$ > pids; wait'",
    ];
    let mut guard = Guard::start(&client, &flags);
    guard.event("reconciled");
    fill(&dev, 1);
    let failed = guard.event("hook-failed");
    assert_eq!((&failed["hook"], &failed["of"]), (&json!("sh"), &json!("queue")), "{failed}");
    assert_eq!(failed["cause"], "exit status: 3: no paper");
    let pids = pids.recv_timeout(PATIENCE).unwrap();
    let pids: Vec<Pid> =
        pids.split_whitespace().filter_map(|pid| Pid::from_raw(pid.parse().unwrap())).collect();
    assert_eq!(pids.len(), 2);
    still_denies(&dev, &mut guard);
    guard.end();
    // The program and what it started are gone, or zombies of init.
    for pid in pids {
        let state = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()));
        let is_zombie = state.is_ok_and(|state| state.rsplit_once(") ").unwrap().1.starts_with('Z'));
        assert!(is_zombie || test_kill_process(pid).is_err(), "{pid:?} still runs");
    }
}

/// A request, as a receiver has it.
struct Posted {
    head: String,
    body: Value,
}

impl Posted {
    fn header(&self, name: &str) -> String {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned()).collect()
    }
}

/// A receiver that gives these answers, one for each connection; the last one to all others.
fn receiver(tls: Option<&Certificate>, answers: &[&'static str]) -> (u16, Receiver<Posted>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, posted) = channel();
    let (config, answers) = (tls.map(|certificate| Arc::clone(&certificate.config)), answers.to_vec());
    thread::spawn(move || {
        for (at, stream) in listener.incoming().enumerate() {
            let answer = answers[at.min(answers.len() - 1)];
            let stream = stream.unwrap();
            let received = match &config {
                None => received(&stream, &stream, answer),
                Some(config) => {
                    let mut stream = stream;
                    let mut session = rustls::ServerConnection::new(Arc::clone(config)).unwrap();
                    // A client may refuse the certificate.
                    if session.complete_io(&mut stream).is_err() {
                        continue;
                    }
                    secured(rustls::StreamOwned::new(session, stream), answer)
                }
            };
            if sender.send(received).is_err() {
                return;
            }
        }
    });
    (port, posted)
}

fn secured(mut stream: rustls::StreamOwned<rustls::ServerConnection, TcpStream>, answer: &str) -> Posted {
    let mut reader = BufReader::new(&mut stream);
    let posted = read(&mut reader);
    write!(stream, "HTTP/1.1 {answer}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
    stream.conn.send_close_notify();
    // The client may have closed already.
    let _closed = stream.flush();
    posted
}

fn received(from: &TcpStream, mut to: &TcpStream, answer: &str) -> Posted {
    let posted = read(&mut BufReader::new(from));
    write!(to, "HTTP/1.1 {answer}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
    posted
}

fn read(reader: &mut impl BufRead) -> Posted {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(reader.read_line(&mut head).unwrap() > 0, "{head}");
    }
    let head = head.replace("\r\n", "\n");
    let mut posted = Posted { head, body: Value::Null };
    let mut body = vec![0; posted.header("content-length").parse().unwrap()];
    reader.read_exact(&mut body).unwrap();
    posted.body = serde_json::from_slice(&body).unwrap();
    posted
}

#[test]
fn a_webhook_is_retried_with_one_key() {
    let dev = empty("current", 0);
    let (port, posted) = receiver(None, &["503 Busy", "204 Done"]);
    let url = format!("http://127.0.0.1:{port}/services/hunter2?key=hunter2");
    let mut guard = Guard::start(&dev.client(), &["--on=queue=0", "--notify", &url]);
    guard.event("reconciled");
    fill(&dev, 1);
    let line = guard.event("queue");
    let [first, second] = [0; 2].map(|_| posted.recv_timeout(PATIENCE).unwrap());
    assert!(first.head.starts_with("POST /services/hunter2?key=hunter2 HTTP/1.1\n"), "{}", first.head);
    assert_eq!(first.header("content-type"), "application/json");
    assert_eq!((&first.body, &second.body), (&line, &line));
    let keys = [&first, &second].map(|posted| posted.header("idempotency-key"));
    assert!(!keys[0].is_empty() && keys[0] == keys[1], "{keys:?}");
    let lines = guard.end();
    assert!(lines.iter().all(|line| line["event"] != "hook-failed"), "{lines:#?}");
}

#[test]
fn what_a_receiver_refuses_is_one_line_without_its_url() {
    for (answer, says) in [
        ("404 Not Found", "404 Not Found"),
        // A redirect would send commands elsewhere.
        ("302 Found\r\nLocation: http://127.0.0.1:1/", "302 Found"),
    ] {
        let dev = empty("current", 0);
        let (port, posted) = receiver(None, &[answer]);
        let client = dev.client();
        let url = format!("http://127.0.0.1:{port}/services/hunter2");
        let file = client.file("url", format!("{url}\n"));
        let mut guard = Guard::start(&client, &["--on=queue=0", "--notify-file", file.to_str().unwrap()]);
        guard.event("reconciled");
        fill(&dev, 1);
        let failed = guard.event("hook-failed");
        assert_eq!(failed["hook"], format!("http://127.0.0.1:{port}"), "{failed}");
        assert!(failed["cause"].as_str().unwrap().contains(says), "{failed}");
        posted.recv_timeout(PATIENCE).unwrap();
        still_denies(&dev, &mut guard);
        let lines = guard.end();
        assert!(!json!(lines).to_string().contains("hunter2"), "{lines:#?}");
        assert!(posted.try_recv().is_err(), "it was posted again");
    }
}

#[test]
fn a_receiver_needs_a_certificate_that_this_host_trusts() {
    for (authority, trusted) in [(&TRUSTED, true), (&UNKNOWN, false)] {
        let dev = empty("current", 0);
        let certificate = authority.signs("127.0.0.1");
        let (port, posted) = receiver(Some(&certificate), &["200 OK"]);
        let client = dev.client();
        let roots = client.file("roots.pem", &TRUSTED.pem);
        let client = client.variable("SSL_CERT_FILE", roots.to_str().unwrap());
        let url = format!("https://127.0.0.1:{port}/hunter2");
        let mut guard = Guard::start(&client, &["--on=queue=0", "--notify", &url]);
        guard.event("reconciled");
        fill(&dev, 1);
        if trusted {
            assert_eq!(posted.recv_timeout(PATIENCE).unwrap().body["event"], "queue");
        } else {
            let failed = guard.event("hook-failed");
            assert!(failed["cause"].as_str().unwrap().contains("certificate"), "{failed}");
        }
        assert!(!json!(guard.end()).to_string().contains("hunter2"));
    }
}

#[test]
fn the_breaker_is_an_event_without_on() {
    let dev = empty("current", 0);
    let (port, posted) = receiver(None, &["200 OK"]);
    let url = format!("http://localhost:{port}/");
    let flags = ["--max-rate=3/s", "--cooling=2s", "--notify", &url];
    let mut guard = Guard::start(&dev.client(), &flags);
    guard.event("reconciled");
    runtime().block_on(async {
        let mut agent = dev.link(&["exec-approvals"]).await;
        for _ in 0..6 {
            ask(&mut agent, "make", "agent:main:one").await;
        }
    });
    let opened = guard.event("breaker-opened");
    assert_eq!(posted.recv_timeout(PATIENCE).unwrap().body, opened);
    guard.end();
}

#[test]
fn a_terminal_shows_a_notice_without_text_of_prompts() {
    let dev = empty("current", 0);
    let flags = ["queue", "guard", "--on=queue=1", "--notify=terminal", "--timeout=3m"];
    let mut terminal = Terminal::of(&mut dev.client().spawn(&flags), 100);
    terminal.shows("0 pending", 1);
    fill(&dev, 2);
    terminal.shows("\u{1b}]9;clearance: default: 2 prompts are pending, more than 1\u{7}", 1);
    terminal.signal(Signal::TERM);
    let (exit, text) = terminal.ends();
    assert_eq!((exit, text.matches("\u{1b}]9;").count()), (0, 1), "{text}");
}

#[test]
fn a_wrong_hook_ends_a_guard_at_its_start() {
    let client = Client::alone().variable("OPENCLAW_GATEWAY_URL", "ws://127.0.0.1:1");
    let readable = client.file("url", "https://hooks.example/hunter2");
    std::fs::set_permissions(&readable, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    for (flags, exit, says) in [
        (&["--on=wider:true"][..], 2, "`wider` is about documents"),
        (&["--on=older:true"], 2, "older=5m:COMMAND"),
        (&["--on=breaker:no-such-program-here x"], 2, "`no-such-program-here` is not a program"),
        (&["--on=breaker:echo a | cat"], 2, "without a shell"),
        (&["--notify=http://hooks.example/hunter2"], 2, "unencrypted: use https://"),
        (&["--notify=hooks.example/hunter2"], 2, "nor a URL that starts with https://"),
        (&["--notify=terminal"], 2, "standard output is not a terminal"),
        (&["--notify-file=url"], 5, "chmod 600"),
    ] {
        let output = client.command(&[&["queue", "guard"], flags].concat()).output().unwrap();
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert_eq!(output.status.code(), Some(exit), "{flags:?}: {text}");
        assert!(text.contains(says), "{flags:?}: {text}");
        assert!(!text.contains("hunter2"), "{flags:?}: {text}");
    }
}
