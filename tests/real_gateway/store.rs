//! The document in the database of a real host, compared with the results of the gateway and OpenClaw's own command.

use std::fs;
use std::process::Command;

use rusqlite::Connection;
use rusqlite::types::Value as Cell;
use serde_json::{Value, json};

use crate::checks::Checks;
use crate::client::Client;
use crate::gateway::{Gateway, Setup};
use crate::registry;
use crate::tool::Tool;

const VERSION: &str = "2026.9.6";

#[test]
fn openclaw_2026_9_6_keeps_its_document_in_a_database() {
    let mut gateway = Gateway::ready(VERSION, Setup::Token);
    let mut checks = Checks::of("2026.9.6, on its host");
    running(&mut checks, &gateway);
    checks.check("sixteen sets at once", || sixteen(&gateway));
    gateway.stop();
    checks.check("with the gateway stopped", || stopped(&gateway));
    let hash = local(&gateway)["hash"].clone();
    gateway.start();
    gateway.wait_until_listening();
    checks.check("the gateway starts with it", || {
        let through = ["approvals", "get", "--gateway", "--json", "--timeout", "60s"];
        let got = Tool::on_host(&gateway.state()).run(&through).exits(0).json();
        assert_eq!(got["hash"], hash);
        assert_eq!(local(&gateway)["hash"], hash);
        assert_eq!(integrity(&gateway), "ok");
    });
    gateway.stop();
    checks.check("a file of an earlier release beside it", || leftover(&gateway));
    drop(gateway);
    checks.end();
}

/// A document with every possible field; each entry has an id.
fn full(ask: &str) -> Value {
    json!({
        "version": 1,
        "defaults": { "security": "allowlist", "ask": ask, "askFallback": "deny", "autoAllowSkills": true },
        "agents": {
            "*": { "ask": "off", "allowlist": [] },
            "10": { "security": "deny" },
            "9": {},
            "main": {
                "security": "full", "ask": "always", "askFallback": "full", "autoAllowSkills": false,
                "allowlist": [
                    { "id": "a", "pattern": "/usr/bin/uname", "lastUsedAt": 1_700_000_000_000_u64,
                      "lastUsedCommand": "uname \u{1f} \u{2028} é", "lastResolvedPath": "/usr/bin/uname" },
                    { "id": "b", "pattern": "/usr/bin/git", "argPattern": "^status$", "source": "allow-always" },
                ],
                "mcpTools": [{ "server": "s", "tool": "t", "source": "allow-always", "addedAt": 1.5 }],
            },
        },
    })
}

fn database(gateway: &Gateway) -> Connection {
    Connection::open(gateway.state().join("state/openclaw.sqlite")).expect("a database")
}

fn integrity(gateway: &Gateway) -> String {
    database(gateway).pragma_query_value(None, "integrity_check", |row| row.get(0)).expect("a word")
}

/// The row without its time, which is the last column.
fn row(gateway: &Gateway) -> Vec<Cell> {
    let columns = |row: &rusqlite::Row<'_>| (0..10).map(|at| row.get(at)).collect();
    database(gateway).query_row("SELECT * FROM exec_approvals_config", [], columns).expect("one row")
}

fn local(gateway: &Gateway) -> Value {
    Tool::on_host(&gateway.state()).run(&["approvals", "get", "--json"]).exits(0).json()
}

fn set(gateway: &Gateway, document: &Value) -> Value {
    let tool = Tool::on_host(&gateway.state());
    let file = tool.document(document);
    tool.run(&["approvals", "set", "--json", "--file", &file]).exits(0).json()
}

/// The document that OpenClaw's own command returns on its host, or its error.
fn official(gateway: &Gateway) -> Result<Value, String> {
    let node = registry::node();
    let output = Command::new(&node)
        .arg(registry::package("openclaw", VERSION).join("openclaw/openclaw.mjs"))
        .args(["approvals", "get", "--json"])
        .env_clear()
        .env("PATH", registry::path_with(&node))
        .env("HOME", gateway.home())
        .env("OPENCLAW_STATE_DIR", gateway.state())
        .output()
        .expect("node starts");
    let message =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    if answer["hash"].is_string() { Ok(answer) } else { Err(message) }
}

/// The document without the socket, which some commands hide.
fn policy(got: &Value) -> Value {
    let mut file = got["file"].clone();
    file.as_object_mut().expect("a document").remove("socket");
    file
}

fn running(checks: &mut Checks, gateway: &Gateway) {
    let mut raw = Client::operator(gateway.address());
    checks.check("its tables are those of the fixture", || {
        let tables = |connection: &Connection| -> Vec<(String, String)> {
            let sql = "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name IN ('agent_deletion_journal',
                'config_machine_state', 'exec_approvals_config', 'schema_meta') ORDER BY name";
            let mut statement = connection.prepare(sql).expect("a query");
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("rows");
            rows.map(|row| row.expect("a row")).collect()
        };
        let version = |connection: &Connection| -> i64 {
            connection.pragma_query_value(None, "user_version", |row| row.get(0)).expect("a number")
        };
        let fixture = Connection::open_in_memory().expect("a database");
        fixture.execute_batch(include_str!("../../fixtures/stores/2026.9.6.sql")).expect("tables");
        let real = database(gateway);
        assert_eq!(tables(&fixture).len(), 4);
        assert_eq!(tables(&real), tables(&fixture));
        assert_eq!(version(&real), version(&fixture));
    });
    checks.check("a fresh host", || {
        let (ours, theirs) = (local(gateway), official(gateway).expect("an answer"));
        assert_eq!((&ours["exists"], &ours["hash"]), (&json!(false), &theirs["hash"]), "{ours}");
        assert_eq!(ours["path"], theirs["path"]);
    });
    checks.check("the running gateway sees a local set, and keeps its text", || {
        let report = set(gateway, &full("on-miss"));
        let before = row(gateway);
        let seen = raw.get();
        assert_eq!(report["hash"], seen["hash"]);
        assert_eq!(policy(&seen), policy(&json!({ "file": full("on-miss") })));
        assert_eq!(row(gateway), before, "the gateway rewrote it");
        let theirs = official(gateway).expect("an answer");
        assert_eq!(theirs["hash"], report["hash"]);
        assert_eq!(policy(&theirs), policy(&seen));
        assert_eq!(local(gateway)["hash"], report["hash"]);
    });
    checks.check("the row is the one that the gateway writes for the same document", || {
        let ours = row(gateway);
        raw.set(&full("off"));
        assert_ne!(row(gateway), ours);
        raw.set(&full("on-miss"));
        // The gateway reorders the fields when it reads the document.
        raw.get();
        assert_eq!(row(gateway), ours);
        let set = set(gateway, &full("on-miss"));
        assert_eq!(set["outcome"], "unchanged", "{set}");
    });
    checks.check("a base hash that the gateway has made stale", || {
        let base = local(gateway)["hash"].as_str().expect("a hash").to_owned();
        raw.set(&full("off"));
        let tool = Tool::on_host(&gateway.state());
        let file = tool.document(&full("always"));
        tool.run(&["approvals", "set", "--file", &file, "--base-hash", &base]).exits(6);
        assert_eq!(raw.get()["file"]["defaults"]["ask"], "off");
    });
}

/// All have the same base hash: one wins, and the gateway has its document.
fn sixteen(gateway: &Gateway) {
    let tool = Tool::on_host(&gateway.state());
    let base = local(gateway)["hash"].as_str().expect("a hash").to_owned();
    let documents: Vec<Value> = (0..16)
        .map(|number| json!({ "version": 1, "agents": { "main": { "allowlist": [{ "id": "x", "pattern": format!("/{number}") }] } } }))
        .collect();
    let runs: Vec<_> = documents
        .iter()
        .map(|document| {
            let file = tool.document(document);
            tool.start(&["approvals", "set", "--file", &file, "--base-hash", &base])
        })
        .collect();
    let codes: Vec<i32> = runs.into_iter().map(|run| tool.join(run).code).collect();
    let winners: Vec<usize> = (0..16).filter(|&number| codes[number] == 0).collect();
    assert!(winners.len() == 1 && codes.iter().filter(|&&code| code == 6).count() == 15, "{codes:?}");
    let seen = Client::operator(gateway.address()).get();
    assert_eq!(seen["file"]["agents"], documents[winners[0]]["agents"]);
}

fn stopped(gateway: &Gateway) {
    let names = || {
        let entries = fs::read_dir(gateway.state().join("state")).expect("a directory");
        let mut names: Vec<_> = entries.map(|entry| entry.expect("an entry").file_name()).collect();
        names.sort();
        names
    };
    let before = names();
    local(gateway);
    assert_eq!(names(), before);
    let report = set(gateway, &full("always"));
    assert_eq!(names(), ["openclaw.sqlite"], "what a stopped gateway has no use for");
    local(gateway);
    assert_eq!(names(), ["openclaw.sqlite"]);
    assert_eq!(integrity(gateway), "ok");
    let theirs = official(gateway).expect("an answer");
    assert_eq!(theirs["hash"], report["hash"]);
    assert_eq!(theirs["file"]["defaults"]["ask"], "always");
}

fn leftover(gateway: &Gateway) {
    let json = gateway.state().join("exec-approvals.json");
    fs::write(&json, r#"{"version":1}"#).expect("a file");
    let refusal = official(gateway).expect_err("the gateway refuses too");
    assert!(refusal.contains("openclaw doctor --fix"), "{refusal}");
    let tool = Tool::on_host(&gateway.state());
    tool.run(&["approvals", "get"])
        .exits(0)
        .says(&["exec-approvals.json is left over", "openclaw doctor --fix"]);
    let file = tool.document(&full("off"));
    tool.run(&["approvals", "set", "--file", &file]).exits(7).says(&["openclaw doctor --fix"]);
    fs::remove_file(&json).expect("it goes");
    assert_eq!(local(gateway)["hash"], official(gateway).expect("an answer")["hash"]);
}
