//! Gateways that accept no connections yet, and the steps of a connection that `-v` prints.

use std::fs;
use std::io::{self, BufRead, BufReader, Read};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Child, ChildStderr, Command};
use std::thread;

use serde_json::{Value, json};

use crate::support::dev::{Client, Dev, snapshot};

/// A port of 127.0.0.1 without a listener.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A gateway begins to listen on a port: connections are forwarded to the running one.
fn begin(port: u16, dev: &Dev) {
    let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let upstream = dev.port();
    thread::spawn(move || {
        for client in listener.incoming() {
            let (mut client, mut gateway) =
                (client.unwrap(), TcpStream::connect(("127.0.0.1", upstream)).unwrap());
            let (mut from, mut to) = (client.try_clone().unwrap(), gateway.try_clone().unwrap());
            thread::spawn(move || {
                // Either side may close the connection first.
                let _: io::Result<u64> = io::copy(&mut from, &mut to);
                let _: io::Result<()> = to.shutdown(Shutdown::Write);
            });
            thread::spawn(move || {
                let _: io::Result<u64> = io::copy(&mut gateway, &mut client);
                let _: io::Result<()> = client.shutdown(Shutdown::Both);
            });
        }
    });
}

/// A lock file as a gateway of this host writes it.
fn lock(client: &Client, pid: u32, port: u16) {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let started: u64 = stat.rsplit_once(')').unwrap().1.split_whitespace().nth(19).unwrap().parse().unwrap();
    let user = rustix::process::getuid().as_raw();
    let lock = json!({"pid": pid, "createdAt": "2026-11-26T05:00:00.000Z", "configPath": "/x", "startTime": started, "port": port});
    client.file(&format!(".openclaw/tmp/openclaw-{user}/gateway.state.lock"), lock.to_string());
}

/// The first line of standard error; the rest is read in the background.
fn first_line(child: &mut Child) -> (String, BufReader<ChildStderr>) {
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    stderr.read_line(&mut line).unwrap();
    (line, stderr)
}

/// Exit code, standard output, and the rest of standard error.
fn finish(mut child: Child, mut stderr: BufReader<ChildStderr>) -> (i32, String, String) {
    let mut rest = String::new();
    stderr.read_to_string(&mut rest).unwrap();
    let mut out = String::new();
    child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    (child.wait().unwrap().code().unwrap(), out, rest)
}

/// Every command that connects, with its other required arguments.
const COMMANDS: [&[&str]; 9] = [
    &["gateway", "status"],
    &["approvals", "get", "--gateway"],
    &["approvals", "lint", "--gateway", "--fail-on", "never"],
    &["approvals", "diff", "gateway", "gateway"],
    &["approvals", "allowlist", "add", "/usr/bin/uptime", "--gateway", "--dry-run"],
    &["queue", "ls"],
    &["queue", "dedupe", "--dry-run"],
    &["run", "ls"],
    &["run", "cancel", "--superseded", "--dry-run"],
];

#[test]
fn every_command_waits_for_a_gateway_that_starts() {
    let dev = Dev::start(&[]);
    for command in COMMANDS {
        let port = free_port();
        let client = dev.client_at(&format!("ws://127.0.0.1:{port}"));
        let arguments = [command, &["--wait", "--timeout", "60"]].concat();
        let mut child = client.spawn(&arguments).spawn().unwrap();
        let (line, stderr) = first_line(&mut child);
        let expected = format!(
            "ws://127.0.0.1:{port}: waiting up to 60s for the gateway to start: it accepts no connections yet\n"
        );
        assert_eq!(line, expected, "{command:?}");
        begin(port, &dev);
        let (exit, _, rest) = finish(child, stderr);
        assert_eq!(exit, 0, "{command:?}: {rest}");
    }
}

#[test]
fn the_admin_endpoint_is_waited_for_too() {
    let dev = Dev::start(&[]);
    let port = free_port();
    let client = dev.client_at(&format!("http://127.0.0.1:{port}"));
    let mut child = client.spawn(&["approvals", "get", "--gateway", "--wait"]).spawn().unwrap();
    let (line, stderr) = first_line(&mut child);
    assert!(line.contains("waiting up to 30s"), "{line}");
    begin(port, &dev);
    let (exit, _, rest) = finish(child, stderr);
    assert_eq!((exit, rest.as_str()), (0, ""));
}

#[test]
fn a_gateway_of_this_host_is_waited_for_while_its_process_lives() {
    let dev = Dev::start(&[]);
    let port = free_port();
    let client = dev.client_at(&format!("ws://127.0.0.1:{port}"));
    // Without a process the command does not wait.
    let (exit, report) = client.json(&["queue", "ls"]);
    assert_eq!((exit, &report["error"]["code"]), (4, &json!("unreachable")));
    let mut process = Command::new("sleep").arg("1000").spawn().unwrap();
    let pid = process.id();
    lock(&client, pid, port);
    let mut child = client.spawn(&["queue", "ls"]).spawn().unwrap();
    let (line, stderr) = first_line(&mut child);
    let expected = format!(
        "ws://127.0.0.1:{port}: waiting up to 30s for the gateway to start: its process {pid} accepts no connections yet\n"
    );
    assert_eq!(line, expected);
    begin(port, &dev);
    let (exit, _, rest) = finish(child, stderr);
    assert_eq!(exit, 0, "{rest}");
    // The lock of a gateway on another port does not count for this one.
    let other = free_port();
    let elsewhere = format!("--gateway=ws://127.0.0.1:{other}");
    let (exit, report) = client.json(&["queue", "ls", &elsewhere]);
    assert_eq!((exit, &report["error"]["code"]), (4, &json!("unreachable")));
    // Its timeout has passed.
    lock(&client, pid, other);
    let arguments = ["queue", "ls", &elsewhere, "--timeout", "1"];
    let (exit, report) = client.json(&arguments);
    assert_eq!((exit, &report["error"]["code"]), (4, &json!("starting")), "{report}");
    let answer = client.answer(&arguments).replace(&pid.to_string(), "[PID]");
    snapshot!("not_in_time", answer.replace(&other.to_string(), "[PORT]"));
    // It ends while it is waited for.
    let mut child = client.spawn(&["queue", "ls", &elsewhere]).spawn().unwrap();
    let (line, stderr) = first_line(&mut child);
    assert!(line.contains(&format!("its process {pid}")), "{line}");
    process.kill().unwrap();
    process.wait().unwrap();
    let (exit, out, rest) = finish(child, stderr);
    assert_eq!((exit, out.as_str()), (4, ""));
    snapshot!(
        "its_process_ended",
        rest.replace(&pid.to_string(), "[PID]").replace(&other.to_string(), "[PORT]")
    );
}

#[test]
fn waiting_ends_at_the_deadline() {
    let client = Client::alone();
    let port = free_port();
    let gateway = format!("--gateway=127.0.0.1:{port}");
    let arguments = ["gateway", "status", &gateway, "--wait", "--timeout", "1"];
    snapshot!("nobody_came", client.answer(&arguments).replace(&port.to_string(), "[PORT]"));
    let (exit, status) = client.json(&arguments);
    assert_eq!((exit, &status["error"]["code"]), (4, &json!("starting")));
}

#[test]
fn options_of_connections_need_a_gateway() {
    let client = Client::alone();
    client.file("a.json", "{\"version\": 1}");
    for (name, arguments) in [
        ("wait_for_a_file", &["approvals", "get", "--file", "a.json", "--wait"] as &[&str]),
        ("steps_of_a_file", &["approvals", "lint", "a.json", "-v"]),
        ("wait_for_two_files", &["approvals", "diff", "a.json", "a.json", "--wait"]),
    ] {
        let answer = client.answer(arguments);
        assert!(answer.starts_with("exit: 2\n"), "{answer}");
        snapshot!(name, answer);
    }
}

// ---- the steps of a connection

fn steps(client: &Client, arguments: &[&str]) -> (i32, String) {
    let output = client.command(arguments).output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    (output.status.code().unwrap(), text.replace(client.home().to_str().unwrap(), "[HOME]"))
}

/// Replaces values that differ between runs.
fn stable(text: &str) -> String {
    let device = |word: &str| word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let words = |line: &str| {
        let words = line.split(' ').map(|word| if device(word) { "[DEVICE]" } else { word });
        words.collect::<Vec<_>>().join(" ")
    };
    text.lines().map(|line| words(line) + "\n").collect()
}

#[test]
fn the_steps_of_a_connection() {
    for (generation, dev) in Dev::both() {
        let client = dev.client();
        let (exit, text) = steps(&client, &["queue", "ls", "-v"]);
        assert!(exit == 0 && !text.contains(&dev.token), "{text}");
        snapshot!(format!("steps_{generation}"), stable(&text));
        // Standard output is the same with it and without.
        let out = |arguments: &[&str]| client.command(arguments).output().unwrap().stdout;
        assert_eq!(out(&["approvals", "get", "--gateway", "-v"]), out(&["approvals", "get", "--gateway"]));
    }
    let dev = Dev::start(&["--tls"]);
    let pin = dev.fingerprint.clone().unwrap();
    let client = Client::alone();
    let token = client.file("token", &dev.token);
    let at = format!("--gateway=localhost:{}", dev.port());
    let tls = format!("--gateway={}", dev.over("wss"));
    let token = ["--token-file", token.to_str().unwrap(), "--tls-fingerprint", &pin];
    let (exit, text) = steps(&client, &[&["run", "ls", "--verbose", &tls], &token[..]].concat());
    assert!(exit == 0 && !text.contains(&dev.token), "{text}");
    snapshot!("steps_tls", stable(&text));
    // Each step up to the one that failed.
    let (exit, text) = steps(&client, &["run", "ls", "-v", &at, token[0], token[1]]);
    assert!(exit != 0 && !text.contains(&dev.token), "{text}");
    snapshot!("steps_failed", stable(&text));
}

#[test]
fn a_token_that_a_gateway_repeats_is_not_printed() {
    let dev = Dev::start(&[]);
    let token = dev.token.clone();
    let url = crate::support::dev::before(&dev, move |frame: &mut Value| {
        if frame["payload"]["type"] == "hello-ok" {
            frame["payload"]["server"]["version"] = json!(token);
            frame["payload"]["auth"]["method"] = json!(format!("by {token}"));
        }
    });
    let answer = dev.client_at(&url).answer(&["gateway", "status", "-v"]);
    assert!(answer.starts_with("exit: 0\n") && !answer.contains(&dev.token), "{answer}");
    assert!(answer.contains("authenticated by by [secret]: release [secret]"), "{answer}");
}

#[test]
fn what_a_gateway_says_in_a_step_is_escaped() {
    let dev = Dev::start(&[]);
    let url = crate::support::dev::before(&dev, |frame: &mut Value| {
        if frame["payload"]["type"] == "hello-ok" {
            frame["payload"]["server"]["version"] = json!("2026\u{1b}[2J\nerror: forged");
        }
    });
    let (exit, text) = steps(&dev.client_at(&url), &["gateway", "status", "-v"]);
    assert_eq!(exit, 0, "{text}");
    assert!(!text.contains('\u{1b}') && !text.contains("\nerror: forged"), "{text}");
    assert!(text.contains("release 2026␛[2J␊error: forged"), "{text}");
}
