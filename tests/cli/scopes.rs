//! Cron runs, subagents and plugin calls: which prompts share a session, what a wider scope finds,
//! and why a prompt has no duplicates.

use serde_json::{Value, json};

use crate::support::dev::{Client, Dev};

const JOB: &str = "agent:main:cron:68b7b9f7-cec3-45d9-95ca-7a47e289f73f";

/// Three runs of a job, two subagents, a chat, and three calls of a plugin's tool.
fn piled(generation: &str) -> Dev {
    let client = Client::alone();
    let run = |n: u8| format!("{JOB}:run:72fd0469-8d35-4634-ba6e-d0d9b0c17ec{n}");
    let subagent = |n: u8| format!("agent:main:subagent:82fd0469-8d35-4634-ba6e-d0d9b0c17ec{n}");
    let keys = [run(1), run(2), run(3), subagent(1), subagent(2), "agent:main:main".to_owned()];
    let exec = keys.iter().map(|key| {
        json!({"request": {"command": "uptime", "cwd": "/w", "host": "gateway", "agentId": "main", "sessionKey": key}})
    });
    let plugin = ["call-1", "call-2", "call-3"].map(|call| {
        json!({"kind": "plugin", "request": {
            "title": "Send", "description": "d", "toolName": "send", "toolCallId": call, "agentId": "main",
            "sessionKey": "agent:main:main",
        }})
    });
    let prompts: Vec<Value> = exec.chain(plugin).collect();
    let scenario = client.file("piled.json", json!({ "prompts": prompts }).to_string());
    let scenario = scenario.to_str().unwrap();
    Dev::start(&[
        "--generation",
        generation,
        "--coalesce=off",
        "--cancel-on-failover=off",
        "--scenario",
        scenario,
    ])
}

#[test]
fn runs_of_a_job_are_one_session_and_a_wider_scope_is_counted() {
    for generation in ["current", "legacy"] {
        let dev = piled(generation);
        let client = dev.client();
        let (exit, listing) = client.json(&["queue", "ls"]);
        assert_eq!((exit, &listing["wider"]), (0, &json!({"scope": "agent", "duplicates": 3})), "{listing}");
        let rows = listing["approvals"].as_array().unwrap();
        assert_eq!(rows.iter().filter(|row| !row["duplicateOf"].is_null()).count(), 2);
        let text = client.answer(&["queue", "ls"]);
        assert!(text.contains("note: --by agent would find 3 more duplicates"), "{text}");
        let (exit, report) = client.json(&["queue", "dedupe", "--check"]);
        let plan = &report["gateways"][0];
        assert_eq!((exit, &plan["duplicates"], &plan["wider"]["duplicates"]), (1, &json!(2), &json!(3)));
        let (_, report) = client.json(&["queue", "dedupe", "--check", "--by=agent"]);
        let plan = &report["gateways"][0];
        assert_eq!((&plan["duplicates"], &plan["wider"]), (&json!(5), &Value::Null));
        // A job's key means all of its runs, and a run's only that one.
        let shown = |key: &str| {
            client.json(&["queue", "ls", "--session", key]).1["approvals"].as_array().unwrap().len()
        };
        assert_eq!((shown(JOB), shown(&format!("{JOB}:run:72fd0469-8d35-4634-ba6e-d0d9b0c17ec1"))), (3, 1));
        let guard =
            client.command(&["queue", "guard", "--observe", "--ndjson", "--timeout=2s"]).output().unwrap();
        let lines = String::from_utf8(guard.stdout).unwrap();
        let mut lines = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let listed = lines.find(|line| line["event"] == "reconciled").unwrap();
        assert_eq!(listed["wider"], json!({"scope": "agent", "duplicates": 3}));
    }
}

#[test]
fn a_plugin_s_call_says_why_it_is_alone() {
    let dev = piled("current");
    let client = dev.client();
    let (_, listing) = client.json(&["queue", "ls", "--kind=plugin"]);
    let rows = listing["approvals"].as_array().unwrap();
    assert_eq!(rows.len(), 3);
    assert!(rows.iter().all(|row| row["alone"] == "tool-call" && row["group"].is_null()), "{listing}");
    let text = client.answer(&["queue", "ls", "--kind=plugin"]);
    assert!(text.contains("note │ compared by its tool call only: the gateway does not list"), "{text}");
    let (_, report) = client.json(&["queue", "dedupe", "--dry-run"]);
    assert_eq!(report["gateways"][0]["alone"], json!({"tool-call": 3}));
    let text = client.answer(&["queue", "dedupe", "--dry-run"]);
    assert!(text.contains("note: compared by its tool call only: the gateway does not list"), "{text}");
    assert!(text.contains("not recognised (3 prompts)"), "{text}");
}
