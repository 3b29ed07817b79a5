//! The states of runs.

use serde_json::{Value, json};

use super::super::{Kind, Prompt, Reader, RunState, Runs};
use super::reading::fixture;
use super::{NOW, prompt};

fn by(run: &str, session: &str) -> Prompt {
    prompt("a", "ls", |row| {
        row["request"]["runId"] = run.into();
        row["request"]["sessionKey"] = session.into();
    })
}

fn event(run: &str, session: &str, phase: &str, seq: Option<u64>, ts: u64) -> Value {
    json!({"runId": run, "sessionKey": session, "stream": "lifecycle", "seq": seq, "ts": ts, "data": {"phase": phase}})
}

#[test]
fn what_a_listing_says() {
    let mut runs = Runs::new();
    assert!(runs.listed(&serde_json::from_str(fixture!("made/sessions.json")).unwrap(), 0));
    let of = |run: &str, session: &str| runs.of(&by(run, session));
    assert_eq!(of("run-b", "agent:main:exact"), RunState::Active);
    assert_eq!(of("run-a", "agent:main:exact"), RunState::Superseded);
    assert_eq!(of("run-a", "agent:main:idle"), RunState::Ended);
    assert_eq!(of("run-a", "agent:main:busy"), RunState::Unknown, "some run is active, nobody says which");
    assert_eq!(of("run-a", "agent:main:legacy"), RunState::Unknown, "a session's status is no run's");
    assert_eq!(of("run-a", "agent:main:elsewhere"), RunState::Unknown);
    assert_eq!(runs.of(&prompt("a", "ls", |_| ())), RunState::Unknown, "no run id, no state");
    assert_eq!(runs.session("agent:main:legacy"), RunState::Ended);
    assert_eq!(runs.session("agent:main:busy"), RunState::Active);
    assert_eq!(runs.active("agent:main:exact"), ["run-b"]);
    assert_eq!(runs.sessions_of("run-b"), ["agent:main:exact"]);
    assert_eq!(runs.sessions_of("run-z"), [""; 0]);
}

/// Two runs on a real 2026.9.6, each waiting for a decision: its sessions have `hasActiveRun` and no run ids.
#[test]
fn real_runs() {
    let prompts: Vec<Value> = serde_json::from_str(fixture!("2026.9.6/runs-exec.json")).unwrap();
    let prompts: Vec<Prompt> =
        prompts.iter().map(|row| Reader::new().text(Kind::Exec, &row.to_string()).unwrap()).collect();
    assert!(prompts.iter().all(|prompt| prompt.doubt.is_none() && prompt.run_id.is_some()));
    assert_eq!(prompts[0].intent, prompts[1].intent, "one command, asked for in two sessions");
    let mut runs = Runs::new();
    assert!(runs.listed(&serde_json::from_str(fixture!("2026.9.6/runs-sessions.json")).unwrap(), 0));
    assert_eq!(runs.of(&prompts[0]), RunState::Unknown);
    assert_eq!(runs.session("agent:main:lab"), RunState::Active);
    let events: Vec<Value> = serde_json::from_str(fixture!("2026.9.6/runs-events.json")).unwrap();
    events.iter().filter(|event| event["event"] == "agent").for_each(|event| {
        runs.event(&event["payload"], 0);
    });
    assert!(prompts.iter().all(|prompt| runs.of(prompt) == RunState::Active));
    assert_eq!(runs.active("agent:main:lab"), [prompts[0].run_id.as_deref().unwrap()]);
}

#[test]
fn a_listing_knows_nothing_of_later_runs() {
    let mut runs = Runs::new();
    let sessions = json!({"ts": NOW - 1, "sessions": [
        {"key": "agent:main:lab", "hasActiveRun": false, "activeRunIds": []}]});
    assert!(runs.listed(&sessions, 0));
    assert_eq!(runs.of(&by("run-a", "agent:main:lab")), RunState::Unknown);
    assert_eq!(runs.state("run-a", Some("agent:main:lab"), NOW - 1), RunState::Ended);
}

#[test]
fn what_is_no_answer_teaches_nothing() {
    let mut runs = Runs::new();
    assert!(!runs.listed(&json!([]), 0));
    assert!(!runs.event(&json!({"runId": "a", "stream": "assistant", "data": {}}), 0));
    assert!(!runs.event(&event("a", "s", "dance", None, 1), 0));
    for file in [fixture!("2026.4.14/sessions.json"), fixture!("2026.9.6/sessions.json")] {
        assert!(runs.listed(&serde_json::from_str(file).unwrap(), 0));
    }
    assert_eq!(runs.of(&by("a", "s")), RunState::Unknown);
}

#[test]
fn events_of_a_failover() {
    let mut runs = Runs::new();
    let state = |runs: &Runs, run: &str| runs.of(&by(run, "s"));
    runs.event(&event("a", "s", "start", Some(1), 10), 0);
    assert_eq!(state(&runs, "a"), RunState::Active);
    runs.event(&event("b", "s", "start", Some(1), 20), 0);
    assert_eq!(state(&runs, "a"), RunState::Active, "two runs of a session may go on at once");
    runs.event(&event("a", "s", "error", Some(2), 30), 0);
    assert_eq!(state(&runs, "a"), RunState::Superseded);
    runs.event(&event("a", "s", "start", Some(1), 10), 0);
    assert_eq!(state(&runs, "a"), RunState::Superseded, "an event that comes twice is stale");
    runs.event(&event("a", "s", "start", Some(3), 40), 0);
    assert_eq!(state(&runs, "a"), RunState::Active, "the same run may try another model");
    runs.event(&event("a", "s", "end", Some(4), 50), 0);
    runs.event(&event("b", "s", "end", Some(2), 60), 0);
    assert_eq!(state(&runs, "a"), RunState::Ended);
    assert_eq!(state(&runs, "b"), RunState::Ended);
}

#[test]
fn the_later_of_event_and_listing_counts() {
    let session =
        |active: Value, ts: u64| json!({"ts": ts, "sessions": [{"key": "s", "activeRunIds": active}]});
    let mut runs = Runs::new();
    runs.listed(&session(json!([]), NOW + 10), 0);
    runs.event(&event("a", "s", "start", None, NOW + 20), 0);
    assert_eq!(runs.of(&by("a", "s")), RunState::Active);
    runs.listed(&session(json!([]), NOW + 30), 0);
    assert_eq!(runs.of(&by("a", "s")), RunState::Ended);
    runs.listed(&session(json!(["a"]), NOW + 5), 0);
    assert_eq!(runs.of(&by("a", "s")), RunState::Ended, "an older listing changes nothing");
}
