//! Calls that only refine a result. No command fails if the gateway does not answer them, refuses them or
//! sends garbage.

use std::io::{BufRead, BufReader};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::purge_faults::{Gateway, Say, group, row};

const RUNS: &str = "sessions.list";
const PLUGINS: &str = "plugin.approval.list";

/// The ways in which a method fails: each with a name, and with words of the reason that is given.
fn failures() -> Vec<(&'static str, Say, &'static str)> {
    let refused = json!({
        "code": "FORBIDDEN", "message": "missing scope: operator.read", "details": { "code": "MISSING_SCOPE" },
    });
    vec![
        ("dropped", Say::Nothing, "was not answered in"),
        ("denied", Say::Fail(refused), "missing scope: operator.read"),
        ("broken", Say::Fail(json!({ "code": "INTERNAL", "message": "boom" })), "boom"),
        ("garbled", Say::Payload(json!({ "what": 7 })), "something that is not a list of"),
        ("empty", Say::Payload(Value::Null), "something that is not a list of"),
    ]
}

/// A gateway that has five prompts of one command and one of another, and fails one method in one way.
fn failing(method: &'static str, failure: &Say) -> Gateway {
    let rows = [group("a", 5), vec![row("b-00", "b", 60, 1_800_000)]].concat();
    let failure = failure.clone();
    let gateway = Gateway::current(
        rows,
        move |_, called, _| {
            if called == method { failure.clone() } else { Say::Properly }
        },
    );
    gateway.queue.lock().unwrap().methods.push(PLUGINS);
    gateway
}

#[test]
fn commands_work_without_the_states_of_runs() {
    for (name, failure, words) in failures() {
        let gateway = failing(RUNS, &failure);
        let client = gateway.client();
        let (exit, listing) = client.json(&["queue", "ls", "--timeout=3s"]);
        assert_eq!((exit, listing["approvals"].as_array().unwrap().len()), (0, 6), "{name}: {listing}");
        assert!(listing["runsUnknown"].as_str().unwrap().contains(words), "{name}: {listing}");
        assert!(listing["approvals"].as_array().unwrap().iter().all(|row| row["runState"] == "unknown"));
        let text = client.answer(&["queue", "ls", "--timeout=3s"]);
        assert!(text.starts_with("exit: 0\n"), "{name}: {text}");
        assert!(text.contains("note: the state of runs is unknown: "), "{name}: {text}");
        let (exit, runs) = client.json(&["run", "ls", "--timeout=3s"]);
        assert_eq!((exit, runs["runs"].as_array().unwrap().len()), (0, 1), "{name}: {runs}");
        assert!(runs["runsUnknown"].as_str().unwrap().contains(words), "{name}: {runs}");
        let (exit, plan) =
            client.json(&["run", "cancel", "--session=agent:main:main", "--dry-run", "--timeout=3s"]);
        assert_eq!((exit, plan["planned"].as_array().unwrap().len()), (0, 6), "{name}: {plan}");
        let (exit, checked) = client.json(&["queue", "dedupe", "--check", "--timeout=3s"]);
        assert_eq!((exit, &checked["gateways"][0]["duplicates"]), (1, &json!(4)), "{name}: {checked}");
        assert!(checked["gateways"][0]["runsUnknown"].as_str().unwrap().contains(words), "{name}: {checked}");
        let (exit, purged) = client.json(&["queue", "dedupe", "--yes", "--timeout=10s"]);
        assert_eq!((exit, &purged["gateways"][0]["totals"]["denied"]), (0, &json!(4)), "{name}: {purged}");
        assert_eq!(gateway.left(), ["a-00", "b-00"], "{name}");
        let (exit, resolved) = client.json(&["queue", "resolve", "b-00", "deny", "--timeout=3s"]);
        assert_eq!(exit, 0, "{name}: {resolved}");
        assert_eq!(gateway.left(), ["a-00"], "{name}");
        let cancel = ["run", "cancel", "--session=agent:main:main", "--yes", "--timeout=10s"];
        let (exit, cancelled) = client.json(&cancel);
        assert_eq!((exit, cancelled["denied"].as_array().unwrap().len()), (0, 1), "{name}: {cancelled}");
        assert_eq!(gateway.left().len(), 0, "{name}");
    }
}

#[test]
fn a_watch_goes_on_without_the_states_of_runs() {
    for (name, failure, words) in failures() {
        let gateway = failing(RUNS, &failure);
        let mut child = gateway.client().spawn(&["queue", "ls", "--watch"]).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let shown: Vec<String> = lines.by_ref().take(6).map(Result::unwrap).collect();
        assert!(shown.iter().all(|line| line.starts_with("+ ")), "{name}: {shown:#?}");
        // It lists again, and says nothing new.
        while gateway.queue.lock().unwrap().count(RUNS) < 2 {
            std::thread::yield_now();
        }
        kill_process(Pid::from_child(&child), Signal::INT).unwrap();
        let output = child.wait_with_output().unwrap();
        let noted = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), noted.matches(words).count()), (Some(0), 1), "{name}: {noted}");
    }
}

#[test]
fn a_kind_that_cannot_be_listed_makes_a_listing_partial() {
    // An empty answer counts as an empty list.
    for (name, failure, words) in failures().into_iter().filter(|(name, ..)| *name != "empty") {
        let gateway = failing(PLUGINS, &failure);
        let client = gateway.client();
        let (exit, listing) = client.json(&["queue", "ls", "--timeout=3s"]);
        assert_eq!((exit, listing["approvals"].as_array().unwrap().len()), (0, 6), "{name}: {listing}");
        let partial = listing["partial"].as_str().unwrap();
        assert!(partial.starts_with("prompts of the kind plugin are not listed: "), "{name}: {partial}");
        assert!(partial.contains(words), "{name}: {partial}");
        assert_eq!(listing.get("runsUnknown"), None, "{name}: {listing}");
        let (exit, purged) = client.json(&["queue", "dedupe", "--yes", "--timeout=10s"]);
        assert_eq!((exit, &purged["gateways"][0]["totals"]["denied"]), (0, &json!(4)), "{name}: {purged}");
        assert!(purged["gateways"][0]["partial"].as_str().unwrap().contains(words), "{name}: {purged}");
        assert_eq!(gateway.left(), ["a-00", "b-00"], "{name}");
    }
}

#[test]
fn commands_must_be_listed() {
    let gateway = failing("exec.approval.list", &Say::Fail(json!({ "code": "INTERNAL", "message": "boom" })));
    let (exit, failed) = gateway.client().json(&["queue", "ls", "--timeout=3s"]);
    assert_ne!(exit, 0, "{failed}");
    assert_eq!(failed["error"]["code"], "call-failed", "{failed}");
}

#[test]
fn a_list_beyond_the_limit_may_be_a_gateways_own() {
    let gateway = failing("exec.approval.list", &Say::Payload(json!("x".repeat(26_300_000))));
    let (exit, failed) = gateway.client().json(&["queue", "ls", "--timeout=30s"]);
    assert_eq!((exit, &failed["error"]["code"]), (4, &json!("protocol-violation")), "{failed}");
    let next = failed["error"]["remedy"].as_str().unwrap();
    assert!(next.contains("its list is too long to be read: try again when prompts have expired"), "{next}");
}
