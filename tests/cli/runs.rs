//! `run ls` and `run cancel`: afterwards neither the run nor its prompts are there, and nothing else has changed.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::queue::{ids, pending, shot, still, still_redactions};
use crate::support::dev::{Client, Dev};

const RUN: &str = "2f3f0581-05e1-42c1-8d93-6ca4fec0481d";
const SESSION: &str = "agent:molly:telegram:direct:1001";
const STUCK: &str = "agent:maelcum:telegram:direct:1001";

/// What runs or holds prompts: state and number of prompts, by session and run.
#[track_caller]
fn runs(client: &Client) -> BTreeMap<(String, String), (String, usize)> {
    let (exit, listing) = client.json(&["run", "ls"]);
    assert_eq!(exit, 0, "{listing}");
    let text = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
    let rows = listing["runs"].as_array().unwrap().iter();
    rows.map(|row| {
        let holds = row["approvals"].as_array().unwrap().len();
        ((text(row, "sessionKey"), text(row, "runId")), (text(row, "state"), holds))
    })
    .collect()
}

/// Cancels, and compares what is left with what was there: all but the prompts of `gone` sessions.
#[track_caller]
fn cancels(dev: &Dev, arguments: &[&str], gone: impl Fn(&Value) -> bool) -> Value {
    let client = dev.client();
    let before = pending(&client);
    let runs_before = runs(&client);
    let unchanged = |what: &str| {
        assert_eq!(ids(&pending(&client)), ids(&before), "{what}");
        assert_eq!(runs(&client), runs_before, "{what}");
    };
    let cancel = [&["run", "cancel"], arguments].concat();
    let (exit, planned) = client.json(&[&cancel[..], &["--dry-run"]].concat());
    assert_eq!((exit, &planned["carriedOut"]), (0, &json!(false)), "{planned}");
    unchanged("--dry-run");
    let (exit, refused) = client.json(&cancel);
    assert_eq!((exit, &refused["error"]["code"]), (2, &json!("unconfirmed")));
    assert_eq!(client.command(&cancel).output().unwrap().status.code(), Some(2));
    unchanged("no --yes");
    let (exit, report) = client.json(&[&cancel[..], &["--yes"]].concat());
    assert_eq!((exit, &report["left"], &report["active"]), (0, &json!([]), &json!(false)), "{report}");
    let count = |name: &str| report[name].as_array().unwrap().len();
    assert_eq!(count("denied") + count("gone"), planned["planned"].as_array().unwrap().len());
    let expected: Vec<&str> =
        before.iter().filter(|(_, row)| !gone(row)).map(|(id, _)| id.as_str()).collect();
    assert!(expected.len() < before.len());
    assert_eq!(ids(&pending(&client)), expected);
    // Again it is nothing.
    let (exit, again) = client.json(&[&cancel[..], &["--yes"]].concat());
    assert_eq!((exit, &again["planned"], &again["aborted"]), (0, &json!([]), &json!([])), "{again}");
    assert_eq!(ids(&pending(&client)), expected);
    report
}

#[test]
fn listings_of_both_generations() {
    for generation in ["current", "legacy"] {
        let dev = still(generation, &[]);
        shot!(format!("{generation}_ls"), dev.client().answer(&["run", "ls"]));
    }
    let dev = still("current", &[]);
    let all = runs(&dev.client());
    assert_eq!(all.values().filter(|(state, _)| state == "superseded").count(), 23);
    assert_eq!(all[&(SESSION.to_owned(), RUN.to_owned())], ("active".to_owned(), 1));
    assert_eq!(all.values().map(|(_, holds)| holds).sum::<usize>(), 31);
}

#[test]
fn a_run_is_cancelled_by_its_id() {
    let dev = still("current", &[]);
    let report = cancels(&dev, &[RUN], |row| row["runId"] == RUN);
    assert_eq!(report["aborted"], json!([RUN]));
    assert!(!runs(&dev.client()).contains_key(&(SESSION.to_owned(), RUN.to_owned())));
    // One that is over while its prompt is pending: nothing to abort, and the prompt is denied.
    let over = "811cd8d3-d801-4008-83a8-10709f567423";
    let report = cancels(&dev, &[over], |row| row["runId"] == over);
    assert_eq!((&report["aborted"], report["denied"].as_array().unwrap().len()), (&json!([]), 1), "{report}");
}

#[test]
fn whatever_runs_in_a_session_is_cancelled() {
    for generation in ["current", "legacy"] {
        let dev = still(generation, &[]);
        cancels(&dev, &["--session", SESSION], |row| row["sessionKey"] == SESSION);
        assert!(!runs(&dev.client()).keys().any(|(session, _)| session == SESSION));
        cancels(&dev, &["--session", STUCK], |row| row["sessionKey"] == STUCK);
        assert!(!runs(&dev.client()).keys().any(|(session, _)| session == STUCK));
    }
}

#[test]
fn superseded_runs_are_cleared() {
    let dev = still("current", &[]);
    let over: Vec<String> = runs(&dev.client())
        .into_iter()
        .filter(|(_, (state, _))| state == "superseded")
        .map(|((_, run), _)| run)
        .collect();
    let report = cancels(&dev, &["--superseded"], |row| over.iter().any(|run| row["runId"] == run.as_str()));
    assert_eq!(report["denied"].as_array().unwrap().len(), 23);
    // The one that goes on keeps its prompt.
    let left = pending(&dev.client());
    assert_eq!(left.values().filter(|row| row["sessionKey"] == STUCK).count(), 1);
    // Prompts of the early generation say of no run, so none is known to be over.
    let dev = still("legacy", &[]);
    let (exit, report) = dev.client().json(&["run", "cancel", "--superseded", "--yes"]);
    assert_eq!((exit, &report["planned"]), (0, &json!([])));
    assert_eq!(pending(&dev.client()).len(), 31);
}

#[test]
fn a_cancellation_is_shown_first() {
    for (name, generation, arguments) in [
        ("run", "current", &[RUN][..]),
        ("session", "legacy", &["--session", SESSION]),
        ("unknown", "current", &["no-such-run"]),
        ("unknown_session", "current", &["--session=agent:nobody:main"]),
    ] {
        let dev = still(generation, &[]);
        let client = dev.client();
        let cancel = [&["run", "cancel"], arguments].concat();
        shot!(format!("cancel_{name}_dry_run"), client.answer(&[&cancel[..], &["--dry-run"]].concat()));
        shot!(format!("cancel_{name}_unconfirmed"), client.answer(&cancel));
        shot!(format!("cancel_{name}_yes"), client.answer(&[&cancel[..], &["--yes"]].concat()));
    }
}

#[test]
fn a_bare_run_of_the_early_generation_is_refused() {
    let dev = still("legacy", &[]);
    let client = dev.client();
    let before = pending(&client);
    shot!("cancel_legacy_bare", client.answer(&["run", "cancel", RUN, "--yes"]));
    let (exit, refused) = client.json(&["run", "cancel", RUN, "--yes"]);
    assert_eq!((exit, &refused["error"]["code"]), (2, &json!("run-without-session")));
    assert_eq!(ids(&pending(&client)), ids(&before));
}

#[test]
fn what_to_cancel_must_be_said_once() {
    let client = Client::alone();
    for arguments in [&[][..], &[RUN, "--superseded"], &["--session=a", "--superseded"]] {
        let (exit, refused) = client.json(&[&["run", "cancel"], arguments].concat());
        assert_eq!((exit, &refused["error"]["code"]), (2, &json!("usage")), "{arguments:?}");
    }
}
