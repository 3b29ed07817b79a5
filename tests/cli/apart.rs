//! One command for several gateways, one of which delays its part. The others continue and are reported.

use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;
use std::process::Child;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use clearance::internals::gateway::Address;
use data_encoding::HEXLOWER;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::purge_faults::{Gateway, Say, group};
use crate::queue::knowing;
use crate::support::dev::Client;
use crate::support::fake::frames::TOKEN;
use crate::support::fifo;
use crate::support::terminal::Terminal;

/// Only a hang takes this long.
const PATIENCE: Duration = Duration::from_mins(1);

/// A gateway with duplicates, and a receiver for the signal that they were denied and the queue was listed again.
fn purged() -> (Gateway, Receiver<()>) {
    let (sender, done) = mpsc::channel();
    let gateway = Gateway::current(group("b", 5), move |queue, method, _| {
        if method == "exec.approval.list" && queue.rows.len() == 1 {
            // The queue may be listed twice. The second signal has no receiver.
            let _: Result<(), mpsc::SendError<()>> = sender.send(());
        }
        Say::Properly
    });
    (gateway, done)
}

/// A host that knows both, and nothing else.
fn both(slow: &Gateway, quick: &Gateway) -> Client {
    let [one, other] = [slow, quick].map(|gateway| format!("ws://127.0.0.1:{}", gateway.port));
    knowing(&[("slow", &one, TOKEN), ("quick", &other, TOKEN)])
}

fn purge(client: &Client, timeout: &str) -> Child {
    let timeout = format!("--timeout={timeout}");
    let flags = ["queue", "dedupe", "--yes", "--gateway=slow", "--gateway=quick", "--json", &timeout];
    client.spawn(&flags).spawn().unwrap()
}

/// Exit code and report.
#[track_caller]
fn ends(child: Child) -> (i32, Value) {
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    (output.status.code().unwrap(), serde_json::from_slice(&output.stdout).expect(&stderr))
}

/// The slow one failed like this, and the quick one is done.
#[track_caller]
fn assert_half(report: &Value, exit: i32, quick: &Gateway, code: &str) -> Value {
    let gateways = report["gateways"].as_array().unwrap();
    assert_eq!((exit, gateways.len()), (3, 2), "{report}");
    assert_eq!(gateways[0]["error"]["code"], code, "{report}");
    assert_eq!(gateways[1]["totals"]["denied"], json!(4), "{report}");
    assert_eq!(quick.left(), ["b-00"], "{report}");
    gateways[0]["error"].clone()
}

/// The lock of a file that clearance keeps.
fn lock_of(client: &Client, directory: &str, name: &str) -> File {
    let directory = client.home().join(".local/state/clearance").join(directory);
    fs::create_dir_all(&directory).unwrap();
    let lock = File::create(directory.join(format!(".{name}.clearance-lock"))).unwrap();
    lock.lock().unwrap();
    lock
}

/// Another process has the lock of the slow gateway's key, which is not made yet.
fn key_locked(client: &Client, slow: &Gateway) -> File {
    let devices = client.home().join(".local/state/clearance/devices");
    let url = format!("ws://127.0.0.1:{}", slow.port);
    // It is the only one yet, so its name is the file's.
    assert_eq!(client.json(&["queue", "dedupe", "--dry-run", "--gateway=slow"]).0, 0);
    let files: Vec<PathBuf> = fs::read_dir(devices).unwrap().map(|file| file.unwrap().path()).collect();
    let [file] = &files[..] else { panic!("{url}: {files:?}") };
    fs::remove_file(file).unwrap();
    lock_of(client, "devices", file.file_name().unwrap().to_str().unwrap())
}

#[test]
fn a_held_key_of_one_gateway_stops_no_other() {
    let slow = Gateway::current(group("a", 5), |_, _, _| Say::Properly);
    let (quick, done) = purged();
    let client = both(&slow, &quick);
    let held = key_locked(&client, &slow);
    let child = purge(&client, "60s");
    // The lock is held until the other gateway is done.
    done.recv_timeout(PATIENCE).unwrap();
    assert_eq!(slow.left().len(), 5);
    drop(held);
    let (exit, report) = ends(child);
    assert_eq!((exit, slow.left().len(), quick.left().len()), (0, 1, 1), "{report}");
}

#[test]
fn a_key_that_stays_held_ends_with_the_deadline() {
    let slow = Gateway::current(group("a", 5), |_, _, _| Say::Properly);
    let (quick, _done) = purged();
    let client = both(&slow, &quick);
    let held = key_locked(&client, &slow);
    let (exit, report) = ends(purge(&client, "15s"));
    let error = assert_half(&report, exit, &quick, "device-key");
    assert!(error["message"].as_str().unwrap().contains("lock"), "{error}");
    assert_eq!(slow.left().len(), 5);
    drop(held);
}

/// Another purge is running on the slow gateway.
#[test]
fn a_purge_that_waits_for_another_stops_no_other() {
    let slow = Gateway::current(group("a", 5), |_, _, _| Say::Properly);
    let (quick, done) = purged();
    let client = both(&slow, &quick);
    let address: Address = format!("ws://127.0.0.1:{}", slow.port).parse().unwrap();
    let name = HEXLOWER.encode(&Sha256::digest(address.to_string())[..16]);
    let held = lock_of(&client, "purges", &name);
    let child = purge(&client, "60s");
    done.recv_timeout(PATIENCE).unwrap();
    assert_eq!(slow.left().len(), 5);
    drop(held);
    let (exit, report) = ends(child);
    assert_eq!((exit, slow.left().len(), quick.left().len()), (0, 1, 1), "{report}");
}

/// The slow gateway's token comes through a pipe.
fn through_a_pipe(client: &Client) -> PathBuf {
    let path = client.home().join(".config/clearance/slow.token");
    fs::remove_file(&path).unwrap();
    fifo(&path);
    path
}

#[test]
fn a_token_that_comes_late_stops_no_other() {
    let slow = Gateway::current(group("a", 5), |_, _, _| Say::Properly);
    let (quick, done) = purged();
    let client = both(&slow, &quick);
    let pipe = through_a_pipe(&client);
    let child = purge(&client, "60s");
    done.recv_timeout(PATIENCE).unwrap();
    assert_eq!(slow.left().len(), 5);
    writeln!(File::options().write(true).open(pipe).unwrap(), "{TOKEN}").unwrap();
    let (exit, report) = ends(child);
    assert_eq!((exit, slow.left().len(), quick.left().len()), (0, 1, 1), "{report}");
}

#[test]
fn a_token_that_never_comes_ends_with_the_deadline() {
    let slow = Gateway::current(group("a", 5), |_, _, _| Say::Properly);
    let (quick, _done) = purged();
    let client = both(&slow, &quick);
    let pipe = through_a_pipe(&client);
    let (exit, report) = ends(purge(&client, "15s"));
    let error = assert_half(&report, exit, &quick, "settings");
    let said = |field: &str| error[field].as_str().unwrap();
    for words in ["token_file", pipe.to_str().unwrap(), "did not end within 15s"] {
        assert!(said("message").contains(words), "{error}");
    }
    assert!(said("remedy").contains("something writes to it"), "{error}");
    assert_eq!(slow.queue.lock().unwrap().connections, 0);
}

/// The same as a flag, for every command that connects.
#[test]
fn a_pipe_that_nobody_writes_to_ends_a_command_by_its_deadline() {
    let gateway = Gateway::current(Vec::new(), |_, _, _| Say::Properly);
    let client = gateway.client();
    let pipe = client.home().join("token");
    fifo(&pipe);
    for command in [
        &["queue", "ls"][..],
        &["queue", "dedupe", "--yes"],
        &["queue", "resolve", "a", "deny"],
        &["run", "ls"],
        &["approvals", "get", "--gateway"],
        &["gateway", "status"],
    ] {
        let (exit, object) = client.json(&[command, &["--token-file=token", "--timeout=1s"]].concat());
        let message = object["error"]["message"].as_str().unwrap_or_default();
        let reported = message.contains("--token-file") && message.contains("did not end within 1s");
        assert!(exit == 4 && reported, "{command:?}: {exit}: {object}");
    }
    assert_eq!(gateway.queue.lock().unwrap().connections, 0);
}

#[test]
fn a_question_about_one_gateway_stops_no_other() {
    const TAKES: Duration = Duration::from_secs(12);
    let slow = Gateway::current(group("a", 5), |_, _, _| Say::Properly);
    let (quick, done) = purged();
    let (sender, pinged) = mpsc::channel();
    for gateway in [&slow, &quick] {
        let mut queue = gateway.queue.lock().unwrap();
        queue.pings = Some((TAKES, sender.clone()));
        queue.pings_behind = "sessions.list";
    }
    let client = both(&slow, &quick);
    let flags = ["queue", "dedupe", "--gateway=slow", "--gateway=quick", "--timeout=10s"];
    let mut terminal = Terminal::of(&mut client.spawn(&flags), 160);
    terminal.shows("Deny 4 prompts? [y/N]", 1);
    // Both connections are kept alive for longer than the command may take, and no other question is printed.
    for _ in 0..2 {
        pinged.recv_timeout(PATIENCE).unwrap();
    }
    assert_eq!((slow.left().len(), quick.left().len()), (5, 5));
    terminal.types("y");
    terminal.shows("Deny 4 prompts? [y/N]", 2);
    terminal.types("y");
    done.recv_timeout(PATIENCE).unwrap();
    let (exit, text) = terminal.ends();
    assert_eq!((exit, slow.left().len(), quick.left().len()), (0, 1, 1), "{text}");
    for gateway in [&slow, &quick] {
        let address = format!("ws://127.0.0.1:{}", gateway.port);
        assert!(text.contains(&address), "{address}: {text}");
        assert_eq!(gateway.queue.lock().unwrap().connections, 1, "{text}");
    }
    assert_eq!(text.matches("Denied 4 duplicates").count(), 2, "{text}");
}

/// One gateway needs a confirmation. The other has no duplicates, and is done while the question is open.
#[test]
fn a_gateway_without_duplicates_is_done_while_a_question_is_open() {
    let slow = Gateway::current(group("a", 5), |_, _, _| Say::Properly);
    let (sender, ended) = mpsc::channel();
    let quick = Gateway::current(group("b", 1), |_, _, _| Say::Properly);
    quick.queue.lock().unwrap().ends = Some(sender);
    let client = both(&slow, &quick);
    let flags = ["queue", "dedupe", "--gateway=slow", "--gateway=quick", "--timeout=15s"];
    let mut terminal = Terminal::of(&mut client.spawn(&flags), 160);
    terminal.shows("Deny 4 prompts? [y/N]", 1);
    // The goodbye behind its last answer.
    ended.recv_timeout(PATIENCE).unwrap();
    terminal.types("y");
    let (exit, text) = terminal.ends();
    assert_eq!((exit, slow.left().len(), quick.left().len()), (0, 1, 1), "{text}");
    assert!(text.contains(&format!("ws://127.0.0.1:{}", quick.port)), "{text}");
}
