//! `queue history` and `grants`: what was decided, what a cron job may run without a prompt, and what releases without
//! them answer.

use serde_json::{Value, json};

use crate::queue::{pending, still};
use crate::support::dev::{Client, Dev, before, snapshot};

/// A rehearsal gateway with these prompts, each with an id, an agent and a command.
fn asking(generation: &str, prompts: &[(&str, &str, &str)]) -> Dev {
    let rows = prompts.iter().map(|(id, agent, command)| {
        let session = format!("agent:{agent}:main");
        let request =
            json!({ "command": command, "agentId": agent, "sessionKey": session, "host": "gateway" });
        json!({ "id": id, "request": request, "ageMs": 60_000 })
    });
    playing(generation, &json!({ "prompts": rows.collect::<Vec<_>>() }))
}

fn playing(generation: &str, scenario: &Value) -> Dev {
    let home = Client::alone();
    let scenario = home.file("scenario.json", scenario.to_string());
    still(generation, &["--scenario", scenario.to_str().unwrap()])
}

/// Prompts of two cron jobs, and one of a chat.
fn jobs() -> Dev {
    let prompt = |id: &str, job: Option<&str>, command: &str| {
        let mut request = json!({
            "command": command, "agentId": "main", "sessionKey": format!("agent:main:{id}"), "host": "gateway",
            "cwd": "/srv/work",
        });
        if let Some(job) = job {
            request["cronJob"] = json!({ "id": format!("job-{job}"), "name": job });
        }
        json!({ "id": id, "request": request, "ageMs": 60_000 })
    };
    playing(
        "current",
        &json!({ "prompts": [
            prompt("n1", Some("nightly"), "backup /srv"), prompt("n2", Some("nightly"), "backup /home"),
            prompt("h1", Some("hourly"), "uptime"), prompt("chat", None, "make"),
        ]}),
    )
}

#[track_caller]
fn done(client: &Client, arguments: &[&str]) -> Value {
    let (exit, report) = client.json(arguments);
    assert_eq!(exit, 0, "{arguments:?}: {report}");
    report
}

fn column<'r>(report: &'r Value, list: &str, field: &str) -> Vec<&'r str> {
    report[list].as_array().unwrap().iter().map(|row| row[field].as_str().unwrap_or("-")).collect()
}

// ---- history

#[test]
fn a_history_has_what_was_decided_newest_first() {
    let prompts =
        [("a", "main", "uptime"), ("b", "main", "uptime"), ("c", "ops", "ls"), ("d", "main", "make")];
    let dev = asking("current", &prompts);
    let client = dev.client();
    snapshot!("history_empty", client.answer(&["queue", "history"]));
    for (id, decision) in [("a", "deny"), ("b", "deny"), ("c", "allow-once"), ("d", "deny")] {
        done(&client, &["queue", "resolve", id, decision, "--yes"]);
    }
    let history = done(&client, &["queue", "history"]);
    assert_eq!(column(&history, "decided", "id"), ["d", "c", "b", "a"]);
    let first = &history["decided"][0];
    assert_eq!(
        (&first["status"], &first["decision"], &first["reason"]),
        (&json!("denied"), &json!("deny"), &json!("user"))
    );
    let (_, status) = client.json(&["gateway", "status"]);
    let device = &status["connection"]["device"];
    assert_eq!(first["resolver"], json!({ "id": device, "kind": "device", "own": true }), "{history}");
    assert!(first["waitedMs"].as_u64().unwrap() >= 60_000, "{history}");
    assert_eq!((&history["cut"], &history["read"]), (&Value::Null, &json!(4)));
    for (flags, ids) in [
        (&["--agent=ops"][..], &["c"][..]),
        (&["--session=agent:main:main"], &["d", "b", "a"]),
        (&["--status=allowed"], &["c"]),
        (&["--decision=deny"], &["d", "b", "a"]),
        (&["--who=me"], &["d", "c", "b", "a"]),
        (&["--who=device"], &["d", "c", "b", "a"]),
        (&["--who=channel"], &[]),
        (&["--kind=plugin"], &[]),
        (&["--since=1h", "--agent=ops"], &["c"]),
        (&["--since=2100-01-01"], &[]),
    ] {
        let history = done(&client, &[&["queue", "history"], flags].concat());
        assert_eq!(column(&history, "decided", "id"), ids, "{flags:?}");
    }
    // A row a line, and the same data.
    let lines = client.command(&["queue", "history", "--ndjson"]).output().unwrap();
    let lines: Vec<Value> = String::from_utf8(lines.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 4);
    for (line, row) in lines.iter().zip(history["decided"].as_array().unwrap()) {
        let mut line = line.clone();
        assert_eq!(line.as_object_mut().unwrap().remove("version"), Some(json!(1)));
        assert_eq!(line, *row);
    }
    let text = client.answer(&["queue", "history", "--all"]);
    assert!(text.contains("4 decided prompts shown, 4 read."), "{text}");
    assert_eq!(text.matches("deny ").count(), 3, "{text}");
    // Quiet where nothing matches.
    let quiet = client.command(&["queue", "history", "--quiet", "--agent=nobody"]).output().unwrap();
    assert!(quiet.status.success() && quiet.stdout.is_empty() && quiet.stderr.is_empty());
}

#[test]
fn every_page_is_read_and_a_cut_is_reported() {
    let prompts: Vec<String> = (0..230).map(|n| format!("p{n:03}")).collect();
    let prompts: Vec<(&str, &str, &str)> = prompts.iter().map(|id| (id.as_str(), "main", "uptime")).collect();
    let dev = asking("current", &prompts);
    let client = dev.client();
    done(&client, &["queue", "resolve", "--agent=main", "deny", "--yes"]);
    let history = done(&client, &["queue", "history"]);
    assert_eq!((&history["read"], &history["cut"]), (&json!(230), &Value::Null));
    assert_eq!(history["decided"].as_array().unwrap().len(), 230);
    // Equal neighbours are one row.
    let text = client.answer(&["queue", "history"]);
    assert!(text.contains("230x, last "), "{text}");
    let history = done(&client, &["queue", "history", "--limit=150"]);
    assert_eq!((history["decided"].as_array().unwrap().len(), &history["cut"]), (150, &json!("limit")));
    let text = client.answer(&["queue", "history", "--limit=150"]);
    assert!(text.starts_with("exit: 0\n") && text.contains("--limit COUNT shows more"), "{text}");
    // A later page that cannot be read: what was read is shown.
    let url = before(&dev, |frame| {
        if let Some(cursor) = frame.pointer_mut("/payload/nextCursor") {
            *cursor = json!("lost");
        }
    });
    let client = dev.client_at(&url);
    let (exit, history) = client.json(&["queue", "history"]);
    assert_eq!((exit, &history["cut"], &history["read"]), (3, &json!("failed"), &json!(100)), "{history}");
    assert!(history["reason"].as_str().unwrap().contains("approval.history"), "{history}");
}

#[test]
fn a_row_that_cannot_be_read_is_reported() {
    let dev = asking("current", &[("a", "main", "uptime"), ("b", "main", "ls")]);
    done(&dev.client(), &["queue", "resolve", "a", "b", "deny", "--yes"]);
    let url = before(&dev, |frame| {
        if let Some(item) = frame.pointer_mut("/payload/items/0") {
            *item = json!({ "id": "a" });
        }
    });
    let (exit, history) = dev.client_at(&url).json(&["queue", "history"]);
    assert_eq!((exit, history["problems"].as_array().unwrap().len()), (3, 1), "{history}");
    assert_eq!(history["decided"].as_array().unwrap().len(), 1);
    let url = before(&dev, |frame| {
        if frame.pointer("/payload/items").is_some() {
            frame["payload"] = json!([]);
        }
    });
    let (exit, report) = dev.client_at(&url).json(&["queue", "history"]);
    assert_eq!((exit, &report["error"]["code"]), (4, &json!("not-a-history")), "{report}");
}

#[test]
fn a_release_without_the_methods_is_named() {
    let dev = still("legacy", &[]);
    let client = dev.client();
    snapshot!("history_legacy", client.answer(&["queue", "history"]));
    snapshot!("grants_legacy", client.answer(&["grants", "ls"]));
    for command in [&["queue", "history"][..], &["grants", "ls"], &["grants", "revoke", "x", "--yes"]] {
        let (exit, report) = client.json(command);
        assert_eq!((exit, &report["error"]["code"]), (1, &json!("gateway-too-old")), "{command:?}: {report}");
    }
}

#[test]
fn what_was_denied_a_moment_ago_is_shown_beside_what_asks_for_it() {
    let prompts = [
        ("a", "main", "uptime"),
        ("b", "main", "uptime"),
        ("c", "main", "uptime"),
        ("d", "main", "ls"),
        ("e", "ops", "uptime"),
    ];
    let dev = asking("current", &prompts);
    let client = dev.client();
    let text = client.answer(&["queue", "ls"]);
    assert!(!text.contains("denied"), "{text}");
    done(&client, &["queue", "resolve", "a", "deny"]);
    let rows = pending(&client);
    let denied = &rows["b"]["deniedBefore"];
    assert_eq!((&denied["count"], &denied["resolver"]["own"]), (&json!(1), &json!(true)), "{denied}");
    assert_eq!(denied["compared"], json!(["summary", "host", "nodeId", "agentId"]));
    // Another command, and the same command of another agent.
    assert!(rows["d"].get("deniedBefore").is_none() && rows["e"].get("deniedBefore").is_none());
    let text = client.answer(&["queue", "ls"]);
    assert!(text.contains("denied │ ") && text.contains("by this device"), "{text}");
    assert!(text.contains("they may have been other commands"), "{text}");
    let text = client.answer(&["queue", "dedupe", "--dry-run"]);
    assert!(text.contains("denied │ ") && text.contains("they may have been other commands"), "{text}");
    let (_, report) = client.json(&["queue", "dedupe", "--dry-run"]);
    assert_eq!(report["gateways"][0]["groups"][0]["survivor"]["deniedBefore"]["count"], 1, "{report}");
    // A history that is not answered changes nothing else.
    let url = before(&dev, |frame| {
        if frame.pointer("/payload/items").is_some() {
            *frame = json!({ "type": "event", "event": "lost", "payload": {} });
        }
    });
    let (exit, listing) = dev.client_at(&url).json(&["queue", "ls"]);
    assert_eq!((exit, listing["approvals"].as_array().unwrap().len()), (0, 4), "{listing}");
    assert!(listing["approvals"][0].get("deniedBefore").is_none(), "{listing}");
}

// ---- grants

#[test]
fn a_grant_is_minted_listed_and_revoked() {
    let dev = jobs();
    let client = dev.client();
    snapshot!("grants_none", client.answer(&["grants", "ls"]));
    // Refused before anything is sent.
    for (arguments, code) in [
        (&["n1", "allow-once", "--expires-in-days=7", "--yes"][..], "no-grant"),
        (&["chat", "allow-always", "--expires-in-days=7", "--yes"], "no-grant"),
        (&["n1", "chat", "allow-always", "--expires-in-days=7", "--yes"], "no-grant"),
        (&["n1", "allow-always", "--expires-in-days=3651", "--yes"], "usage"),
        (&["n1", "allow-always", "--expires-in-days=0", "--yes"], "usage"),
    ] {
        let (exit, report) = client.json(&[&["queue", "resolve"], arguments].concat());
        assert_eq!((exit, &report["error"]["code"]), (2, &json!(code)), "{arguments:?}: {report}");
    }
    assert_eq!(pending(&client).len(), 4);
    done(&client, &["queue", "resolve", "n1", "allow-always", "--expires-in-days=7", "--yes"]);
    done(&client, &["queue", "resolve", "n2", "h1", "allow-always", "--yes"]);
    let list = done(&client, &["grants", "ls"]);
    assert_eq!(column(&list, "grants", "command"), ["backup /home", "uptime", "backup /srv"]);
    let days =
        |grant: &Value| Some((grant["expiresAtMs"].as_u64()? - grant["createdAtMs"].as_u64()?) / 86_400_000);
    let grants: Vec<Value> = list["grants"].as_array().unwrap().clone();
    assert_eq!(grants.iter().map(days).collect::<Vec<_>>(), [None, None, Some(7)], "{list}");
    let id = |at: usize| grants[at]["grantId"].as_str().unwrap();
    let listed = |flags: &[&str]| {
        let list = done(&client, &[&["grants", "ls"], flags].concat());
        column(&list, "grants", "command").len()
    };
    assert_eq!(
        (listed(&["--job=nightly"]), listed(&["--job=job-hourly"]), listed(&["--agent=nobody"])),
        (2, 1, 0)
    );
    let text = client.answer(&["grants", "ls"]);
    assert!(text.contains("in 6d") && text.contains("nightly") && text.contains("in │ /srv/work"), "{text}");
    // Nothing is sent without a confirmation, with a wrong id, or with --dry-run.
    let (exit, refused) = client.json(&["grants", "revoke", id(0)]);
    assert_eq!((exit, &refused["error"]["code"]), (2, &json!("unconfirmed")), "{refused}");
    let (exit, refused) = client.json(&["grants", "revoke", id(0), "nothing", "--yes"]);
    assert_eq!((exit, &refused["error"]["code"]), (1, &json!("unknown-grant")), "{refused}");
    let planned = done(&client, &["grants", "revoke", "--job=nightly", "--dry-run"]);
    assert_eq!((&planned["carriedOut"], planned["planned"].as_array().unwrap().len()), (&json!(false), 2));
    assert_eq!(listed(&[]), 3);
    let (exit, refused) = client.json(&["grants", "revoke", "--yes"]);
    assert_eq!((exit, &refused["error"]["code"]), (2, &json!("usage")), "{refused}");
    // By the start of an id; twice is a success.
    let report = done(&client, &["grants", "revoke", &id(0)[..13], "--yes"]);
    assert_eq!(column(&report, "outcomes", "outcome"), ["revoked"]);
    let report = done(&client, &["grants", "revoke", id(0), "--yes"]);
    assert_eq!(column(&report, "alreadyRevoked", "grantId"), [id(0)]);
    assert_eq!(report["carriedOut"], json!(false));
    let report = done(&client, &["grants", "revoke", "--job=nightly", "--yes"]);
    assert_eq!(column(&report, "outcomes", "grantId"), [id(2)]);
    let report = done(&client, &["grants", "revoke", id(1), "--yes"]);
    assert_eq!(column(&report, "outcomes", "outcome"), ["revoked"]);
    assert_eq!((listed(&[]), listed(&["--all"])), (0, 3));
    let text = client.answer(&["grants", "revoke", "--agent=main", "--yes"]);
    assert!(text.starts_with("exit: 0\n") && text.contains("No active grant matches."), "{text}");
}

#[test]
fn outcomes_of_a_revocation_that_others_raced() {
    let dev = jobs();
    let client = dev.client();
    done(&client, &["queue", "resolve", "n1", "n2", "h1", "allow-always", "--yes"]);
    let list = done(&client, &["grants", "ls"]);
    let ids = column(&list, "grants", "grantId");
    let answers =
        [("already-revoked", 0, "already-revoked"), ("not-found", 1, "not-found"), ("x", 3, "failed")];
    for (id, (answer, exit, outcome)) in ids.iter().zip(answers) {
        let url = before(&dev, move |frame| {
            if let Some(said) = frame.pointer_mut("/payload/outcome") {
                *said = json!(answer);
            }
        });
        let (code, report) = dev.client_at(&url).json(&["grants", "revoke", id, "--yes"]);
        assert_eq!((code, column(&report, "outcomes", "outcome")), (exit, vec![outcome]), "{report}");
    }
}
