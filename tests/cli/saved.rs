//! `--file`: the clock of a saved listing, formats with missing fields, and files that are not listings. A file that
//! was not fully understood never ends with exit code 0.

use serde_json::{Value, json};

use crate::support::dev::{Client, Dev};

const NOW: u64 = 1_795_644_000_000;

fn row(id: &str, created_at_ms: u64, expires_at_ms: u64) -> Value {
    json!({
        "id": id, "createdAtMs": created_at_ms, "expiresAtMs": expires_at_ms,
        "request": {
            "command": "uptime", "host": "gateway", "cwd": "/w", "agentId": "main", "sessionKey": "agent:main:main",
        },
    })
}

/// What `openclaw approvals pending --json` prints (2026.9.6).
fn official(id: &str, summary: &str) -> Value {
    json!({
        "id": id, "kind": "exec", "agentId": "main", "sessionKey": "agent:main:main", "createdAtMs": NOW - 5_000,
        "expiresAtMs": NOW + 1_795_000, "summary": summary,
    })
}

fn answer(client: &Client, arguments: &[&str]) -> (i32, String) {
    let output = client.command(arguments).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(text).unwrap())
}

#[test]
fn a_plan_goes_by_the_clock_that_was_saved() {
    let client = Client::alone();
    let dying = row("old", NOW - 1_790_000, NOW + 10_000);
    let fresh = row("new", NOW - 600_000, NOW + 1_200_000);
    let survivor = |text: String| {
        let file = client.file("saved.json", text);
        let (exit, report) = client.json(&["queue", "dedupe", "--file", file.to_str().unwrap()]);
        assert_eq!((exit, &report["gateways"][0]["duplicates"]), (0, &json!(1)), "{report}");
        report["gateways"][0]["groups"][0]["survivor"]["id"].clone()
    };
    let saved = json!({"version": 1, "gateway": "x", "nowMs": NOW, "approvals": [dying, fresh]});
    assert_eq!(survivor(saved.to_string()), "new", "the old one expires within the margin");
    // The same, one object a line.
    let lines = [&dying, &fresh].map(|row| {
        let mut row = row.clone();
        row["nowMs"] = NOW.into();
        row.to_string()
    });
    assert_eq!(survivor(lines.join("\n")), "new");
    // Without a clock that is said, and ages count from the newest prompt.
    let file = client.file("rows.json", json!([dying, fresh]).to_string());
    let (exit, text) = answer(&client, &["queue", "ls", "--file", file.to_str().unwrap()]);
    assert!(exit == 0 && text.contains("the file does not say when it was saved"), "{text}");
}

#[test]
fn what_ls_prints_can_be_read_again() {
    let dev = Dev::start(&["--generation=current", "--coalesce=off", "--cancel-on-failover=off"]);
    let client = dev.client();
    let plan = |report: &Value| {
        let gateway = &report["gateways"][0];
        let groups = gateway["groups"].as_array().unwrap();
        let groups: Vec<Value> =
            groups.iter().map(|group| json!([group["group"], group["survivor"]["id"]])).collect();
        json!([gateway["duplicates"], gateway["prompts"], groups])
    };
    let (_, live) = client.json(&["queue", "dedupe", "--dry-run"]);
    for flag in ["--json", "--ndjson"] {
        let saved = client.command(&["queue", "ls", flag]).output().unwrap();
        let file = client.file("queue.saved", saved.stdout);
        let (exit, read) = client.json(&["queue", "dedupe", "--file", file.to_str().unwrap()]);
        assert_eq!((exit, plan(&read)), (0, plan(&live)), "{flag}");
        assert_eq!(read["gateways"][0]["notes"], json!([]), "{flag}");
    }
}

#[test]
fn summaries_of_the_official_command_are_recognised() {
    let client = Client::alone();
    let file = client.file(
        "official.json",
        json!({"approvals": [official("a1", "uptime"), official("a2", "uptime")]}).to_string(),
    );
    let file = file.to_str().unwrap();
    for arguments in [
        &["queue", "ls", "--file", file][..],
        &["queue", "ls", "--ndjson", "--file", file],
        &["queue", "dedupe", "--file", file],
        &["queue", "dedupe", "--check", "--file", file],
    ] {
        let (exit, text) = answer(&client, arguments);
        assert_eq!(exit, 3, "{arguments:?}: {text}");
        assert!(text.contains("openclaw approvals pending --json"), "{text}");
        assert!(text.contains("clearance queue ls --json > queue.json"), "{text}");
        assert!(!text.contains("nothing is pending") && !text.contains("no duplicates"), "{text}");
    }
    let (exit, listing) = client.json(&["queue", "ls", "--file", file]);
    assert_eq!(
        (exit, &listing["undecided"], &listing["approvals"][0]["doubt"]),
        (3, &json!(1), &json!("summary"))
    );
    let (exit, report) = client.json(&["queue", "dedupe", "--check", "--file", file]);
    assert_eq!((exit, &report["gateways"][0]["undecided"]), (3, &json!(1)));
    // Prompts with different commands are not duplicates, even if other fields are missing.
    let file = client.file(
        "apart.json",
        json!({"approvals": [official("a1", "uptime"), official("a2", "uptime -p")]}).to_string(),
    );
    let file = file.to_str().unwrap();
    assert_eq!(answer(&client, &["queue", "dedupe", "--check", "--file", file]).0, 0);
    assert_eq!(answer(&client, &["queue", "ls", "--file", file]).0, 0);
}

#[test]
fn what_is_not_understood_is_never_zero() {
    let client = Client::alone();
    let good = row("a", NOW - 5_000, NOW + 5_000);
    for (name, text, exit) in [
        ("empty list", "[]".to_owned(), 0),
        ("empty listing", json!({"approvals": []}).to_string(), 0),
        ("empty answer", json!({"type": "res", "id": "1", "ok": true, "payload": []}).to_string(), 0),
        ("an answer", json!({"type": "res", "id": "1", "ok": true, "payload": [good]}).to_string(), 0),
        ("a bridge's answer", json!({"jsonrpc": "2.0", "id": 1, "result": [good]}).to_string(), 0),
        ("some rows", json!([good, {"id": "b"}, 5]).to_string(), 3),
        (
            "rows left out when saved",
            json!({"approvals": [good], "problems": ["prompt x: cut"]}).to_string(),
            3,
        ),
        ("nothing", String::new(), 7),
        ("an object", "{}".to_owned(), 7),
        ("no array", json!({"approvals": {}}).to_string(), 7),
        ("a refusal", json!({"ok": false, "error": {"code": "FORBIDDEN", "message": "no"}}).to_string(), 7),
        ("a page", "<!doctype html><title>Sign in</title>".to_owned(), 7),
        ("cut off", format!("{{\"approvals\": [{good}, {{\"id\": \"b\""), 7),
        ("cut off lines", format!("{good}\n{{\"id\": \"b\""), 7),
        ("no row", json!([{"id": "b"}, 5, null]).to_string(), 7),
        ("a document", json!({"version": 1, "agents": {}}).to_string(), 7),
        ("a plan", json!({"version": 1, "gateways": []}).to_string(), 7),
    ] {
        let file = client.file("listing.json", text);
        let file = file.to_str().unwrap();
        for arguments in [
            &["queue", "ls", "--file", file][..],
            &["queue", "ls", "--ndjson", "--file", file],
            &["queue", "dedupe", "--file", file],
            &["queue", "dedupe", "--check", "--file", file],
        ] {
            let (found, text) = answer(&client, arguments);
            assert_eq!(found, exit, "{name}: {arguments:?}: {text}");
            let said = text.contains("could not be read") || text.contains("is not a list of prompts");
            assert_eq!(said, exit != 0, "{name}: {arguments:?}: {text}");
        }
        let (found, _) = client.json(&["queue", "ls", "--file", file]);
        assert_eq!(found, exit, "{name}");
    }
    // Duplicates are reported even if other entries could not be read.
    let twin = row("t", NOW - 4_000, NOW + 5_000);
    let file = client.file("listing.json", json!([good, twin, 5]).to_string());
    let file = file.to_str().unwrap();
    assert_eq!(answer(&client, &["queue", "dedupe", "--check", "--file", file]).0, 1);
    assert_eq!(answer(&client, &["queue", "dedupe", "--file", file]).0, 3);
}

#[test]
fn large_numbers_are_compared_as_they_are_written() {
    let client = Client::alone();
    let pay = |id: &str, amount: &str| {
        row(id, NOW, NOW + 60_000).to_string().replace(
            "\"command\":\"uptime\"",
            &format!("\"command\":\"pay\",\"scope\":{{\"amount\":{amount}}}"),
        )
    };
    for (one, other, duplicates) in [
        ("18446744073709551617", "18446744073709551618", 0),
        ("18446744073709551617", "18446744073709551617", 1),
        ("1e400", "1e401", 0),
        ("1.0", "1", 0),
        ("0.1", "0.10000000000000000001", 0),
        ("7", "7", 1),
    ] {
        let file = client.file("listing.json", format!("[{},{}]", pay("a", one), pay("b", other)));
        let (_, report) = client.json(&["queue", "dedupe", "--file", file.to_str().unwrap()]);
        assert_eq!(report["gateways"][0]["duplicates"], duplicates, "{one} {other}");
    }
}
