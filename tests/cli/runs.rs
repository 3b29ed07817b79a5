//! `run ls` and `run cancel`: they remove the run and its prompts, and change nothing else.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::queue::{ids, pending, shot, still, still_redactions};
use crate::support::dev::{Client, Dev};

const RUN: &str = "2f3f0581-05e1-42c1-8d93-6ca4fec0481d";
const SESSION: &str = "agent:molly:telegram:direct:1001";
const STUCK: &str = "agent:maelcum:telegram:direct:1001";

/// The active runs and those with prompts: state and number of prompts, by session and run.
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

/// Cancels, and checks that only the prompts of the `gone` sessions are removed.
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
    // The second time there is nothing to do or to confirm, and the ended run is unknown.
    let (exit, again) = client.json(&cancel);
    if arguments[0].starts_with("--") {
        assert_eq!(
            (exit, &again["planned"], &again["carriedOut"]),
            (0, &json!([]), &json!(false)),
            "{again}"
        );
    } else {
        assert_eq!((exit, &again["error"]["code"]), (1, &json!("unknown-run")), "{again}");
    }
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
    // The run is over while its prompt is pending. There is nothing to abort, and the prompt is denied.
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
    // The active run keeps its prompt.
    let left = pending(&dev.client());
    assert_eq!(left.values().filter(|row| row["sessionKey"] == STUCK).count(), 1);
    // Prompts of the early generation do not name their run, so none can be found.
    let dev = still("legacy", &[]);
    let (exit, report) = dev.client().json(&["run", "cancel", "--superseded", "--yes"]);
    assert_eq!((exit, &report["error"]["code"]), (2, &json!("runs-not-named")), "{report}");
    assert_eq!(pending(&dev.client()).len(), 31);
}

#[test]
fn a_run_is_found_by_the_start_of_its_id() {
    let dev = still("current", &[]);
    let report = cancels(&dev, &[RUN], |row| row["runId"] == RUN);
    assert_eq!(report["aborted"], json!([RUN]));
    let dev = still("current", &[]);
    let client = dev.client();
    let before = pending(&client);
    let (exit, report) = client.json(&["run", "cancel", &RUN[..9], "--yes"]);
    assert_eq!((exit, &report["aborted"], &report["active"]), (0, &json!([RUN]), &json!(false)), "{report}");
    assert_eq!(pending(&client).len(), before.len() - 1);
}

#[test]
fn what_matches_nothing_is_no_success() {
    for ids in ["--list-run-ids=on", "--list-run-ids=off"] {
        let dev = still("current", &[ids]);
        let client = dev.client();
        let before = pending(&client);
        for (argument, code) in [
            ("no-such-run", "unknown-run"),
            ("2f3f0581-05e1-42c1-8d93-6ca4fec04810", "unknown-run"),
            ("", "unknown-run"),
            ("--session=agent:nobody:main", "unknown-session"),
            ("--session=", "unknown-session"),
        ] {
            let (exit, refused) = client.json(&["run", "cancel", argument, "--yes"]);
            assert_eq!((exit, &refused["error"]["code"]), (1, &json!(code)), "{ids} {argument:?}: {refused}");
        }
        let (exit, refused) = client.json(&["run", "cancel", "8", "--yes"]);
        assert_eq!((exit, &refused["error"]["code"]), (2, &json!("ambiguous-run")), "{refused}");
        assert_eq!(self::ids(&pending(&client)), self::ids(&before));
    }
}

#[test]
fn a_run_has_one_row_whether_or_not_it_is_listed() {
    let listed = runs(&still("current", &["--list-run-ids=on"]).client());
    let unlisted = runs(&still("current", &["--list-run-ids=off"]).client());
    let active = |runs: &BTreeMap<(String, String), (String, usize)>| -> Vec<(String, String)> {
        runs.iter().filter(|(_, (state, _))| state == "active").map(|(key, _)| key.clone()).collect()
    };
    assert_eq!(listed.keys().collect::<Vec<_>>(), unlisted.keys().collect::<Vec<_>>());
    // A plugin's prompt does not name its run. Every active run has a name.
    assert!(active(&unlisted).iter().all(|(_, run)| !run.is_empty()), "{unlisted:?}");
    assert_eq!(active(&listed), active(&unlisted));
    assert_eq!(unlisted[&(SESSION.to_owned(), RUN.to_owned())], ("active".to_owned(), 1));
}

#[test]
fn a_plan_of_nothing_asks_nothing() {
    let dev = still("current", &[]);
    let client = dev.client();
    client.json(&["run", "cancel", "--superseded", "--yes"]);
    client.json(&["run", "cancel", "--session", SESSION, "--yes"]);
    shot!("cancel_nothing_superseded", client.answer(&["run", "cancel", "--superseded"]));
    shot!("cancel_nothing_session", client.answer(&["run", "cancel", "--session", SESSION]));
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
