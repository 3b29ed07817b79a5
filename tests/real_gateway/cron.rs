//! Cron jobs, subagents, plugin calls and the official listing: the keys and prompts of real gateways that identify
//! duplicates.

use std::fs;

use serde_json::{Value, json};

use crate::checks::Checks;
use crate::model::COMMAND;
use crate::queue::{CURRENT, LEGACY, Lab};

const SUBAGENT: &str = "agent:main:subagent:82fd0469-8d35-4634-ba6e-d0d9b0c17ec6";

/// Creates a job that requests `COMMAND` in each run; returns its id.
fn job(lab: &Lab) -> String {
    let params = json!({
        "name": "lab", "schedule": {"kind": "every", "everyMs": 86_400_000}, "sessionTarget": "isolated",
        "wakeMode": "now", "delivery": {"mode": "none"},
        "payload": {"kind": "agentTurn", "message": "health check", "timeoutSeconds": 600},
    });
    lab.call("cron.add", &params)["id"].as_str().expect("an id").to_owned()
}

/// The prompts of a job, of any run.
fn prompts(lab: &Lab, job: &str) -> Vec<Value> {
    let listed = lab.call("exec.approval.list", &json!({}));
    let of_job = |row: &&Value| row["request"]["sessionKey"].as_str().is_some_and(|key| key.contains(job));
    listed.as_array().expect("a list").iter().filter(of_job).cloned().collect()
}

/// Runs a job, and waits for its prompt.
fn run(lab: &Lab, job: &str) {
    let before = prompts(lab, job).len();
    // A job that is running is not started again.
    lab.until("a run", || lab.call("cron.run", &json!({"id": job, "mode": "force"}))["enqueued"] == true);
    lab.until("a prompt of the job", || prompts(lab, job).len() > before);
}

fn listing(lab: &Lab, more: &[&str]) -> Value {
    lab.tool.run(&[&["queue", "ls", "--json"], more].concat()).exits(0).json()
}

fn duplicates(listing: &Value) -> usize {
    let rows = listing["approvals"].as_array().expect("rows");
    rows.iter().filter(|row| !row["duplicateOf"].is_null()).count()
}

#[test]
fn cron_on_2026_4_14() {
    let lab = Lab::start(LEGACY);
    let mut checks = Checks::of(LEGACY);
    checks.check("a job's prompts name the job's session, and its runs are duplicates", || {
        let job = job(&lab);
        // A run ends and leaves its prompt behind.
        run(&lab, &job);
        run(&lab, &job);
        let key = format!("agent:main:cron:{job}");
        for row in prompts(&lab, &job) {
            assert_eq!(
                (&row["request"]["sessionKey"], &row["request"]["command"]),
                (&json!(key), &json!(COMMAND))
            );
        }
        let listed = listing(&lab, &["--session", &key]);
        assert_eq!((duplicates(&listed), &listed["wider"]), (1, &Value::Null), "{listed}");
        // Requests of its subagents belong to the same agent.
        lab.ask(SUBAGENT, COMMAND, 0);
        let listed = listing(&lab, &[]);
        let elsewhere = &listed["wider"]["scope"];
        // The client's prompt has another directory: it is another command.
        assert_eq!((duplicates(&listed), elsewhere), (1, &Value::Null), "{listed}");
        lab.ask("agent:main:chat", COMMAND, 1);
        assert_eq!(listing(&lab, &[])["wider"], json!({"scope": "agent", "duplicates": 1}));
    });
    checks.check("there is neither a history nor a grant", || {
        for command in [&["queue", "history", "--json"][..], &["grants", "ls", "--json"]] {
            lab.tool.run(command).exits(1).fails_with("gateway-too-old");
        }
    });
    checks.check("a plugin's prompt names its call and nothing of its arguments", || plugin(&lab));
    checks.end();
}

#[test]
fn cron_on_2026_9_6() {
    let lab = Lab::start(CURRENT);
    let mut checks = Checks::of(CURRENT);
    checks.check("a job's prompts name its run, and its runs are one session", || {
        let job = job(&lab);
        run(&lab, &job);
        let base = format!("agent:main:cron:{job}");
        let first = prompts(&lab, &job).pop().expect("a prompt");
        let key = first["request"]["sessionKey"].as_str().expect("a key").to_owned();
        let id = key.strip_prefix(&format!("{base}:run:")).expect("the run behind the job");
        assert_eq!((id.len(), id.parse::<uuid::Uuid>().map(|id| id.to_string()).as_deref()), (36, Ok(id)));
        assert_eq!(first["request"]["cronExecutionSource"]["jobId"], json!(job), "{first}");
        let listed = listing(&lab, &["--session", &base]);
        assert_eq!(listed["approvals"][0]["id"], first["id"], "{listed}");
        // The job waits for its answer and runs one at a time: the test requests the other prompts under the keys of
        // other runs.
        for n in 0..4 {
            lab.ask(&format!("{base}:run:{}", uuid::Uuid::new_v4()), "uptime", n);
        }
        lab.ask(&format!("{base}:run:not-a-run"), "uptime", 4);
        lab.ask(SUBAGENT, "uptime", 5);
        let listed = listing(&lab, &[]);
        assert_eq!(duplicates(&listed), 3, "{listed}");
        assert_eq!(listed["wider"], json!({"scope": "agent", "duplicates": 2}), "{listed}");
        assert_eq!(duplicates(&listing(&lab, &["--by", "agent"])), 5);
    });
    checks.check("an allowance for good of a job mints a grant, and the history has every decision", || {
        records(&lab);
    });
    checks.check("a plugin's prompt names its call and nothing of its arguments", || plugin(&lab));
    checks.check("the official listing is recognised, and decides what it can", || {
        let printed = lab.gateway.official(&["approvals", "pending", "--json"]);
        let file = lab.gateway.directory().join("official.json");
        fs::write(&file, printed).expect("a file");
        let file = file.to_str().expect("a path");
        for verb in [&["queue", "ls"][..], &["queue", "dedupe", "--check"]] {
            let ran = lab.tool.run(&[verb, &["--file", file]].concat()).exits(3);
            ran.says(&["openclaw approvals pending --json"]);
        }
    });
    checks.end();
}

/// A client asks in the name of a job's run, while it waits for its own prompt: a gateway that runs as root offers no
/// allowance for good of what the agent itself runs.
fn records(lab: &Lab) {
    let listed = lab.call("exec.approval.list", &json!({}));
    let rows = listed.as_array().expect("a list");
    let of_job =
        rows.iter().find(|row| row["request"]["cronExecutionSource"].is_object()).expect("a job's prompt");
    let (run, session) = (&of_job["request"]["runId"], &of_job["request"]["sessionKey"]);
    let ask = |command: &str| {
        let params = json!({
            "command": command, "agentId": "main", "sessionKey": session, "host": "gateway", "cwd": "/tmp",
            "security": "allowlist", "ask": "on-miss", "twoPhase": true, "timeoutMs": 600_000, "runId": run,
        });
        lab.call("exec.approval.request", &params)["id"].as_str().expect("an id").to_owned()
    };
    let (kept, denied) = (ask("backup /srv"), ask("backup /home"));
    let resolve =
        |words: &[&str]| lab.tool.run(&[&["queue", "resolve"], words, &["--yes", "--json"]].concat());
    resolve(&[&denied, "deny", "--expires-in-days", "3"]).exits(2).fails_with("no-grant");
    resolve(&[&kept, "allow-always", "--expires-in-days", "3"]).exits(0);
    resolve(&[&denied, "deny"]).exits(0);
    let grants = lab.tool.run(&["grants", "ls", "--json"]).exits(0).json();
    let grant = &grants["grants"][0];
    assert_eq!(
        (&grant["mintedByApprovalId"], &grant["command"]),
        (&json!(kept), &json!("backup /srv")),
        "{grants}"
    );
    let time = |field: &str| grant[field].as_u64().expect("a time");
    // The gateway reads its clock twice.
    let lasts = time("expiresAtMs") - time("createdAtMs");
    assert_eq!((lasts + 1_000) / 86_400_000, 3, "{grants}");
    let id = grant["grantId"].as_str().expect("an id");
    for (outcome, list) in [("revoked", "outcomes"), ("revoked", "alreadyRevoked")] {
        let report = lab.tool.run(&["grants", "revoke", id, "--yes", "--json"]).exits(0).json();
        assert_eq!(report[list].as_array().map(Vec::len), Some(1), "{outcome}: {report}");
    }
    let history = lab.tool.run(&["queue", "history", "--who", "me", "--json"]).exits(0).json();
    let found: Vec<(&Value, &Value)> = history["decided"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| (&row["id"], &row["decision"]))
        .collect();
    assert_eq!(
        found[..2],
        [(&json!(denied), &json!("deny")), (&json!(kept), &json!("allow-always"))],
        "{history}"
    );
}

fn plugin(lab: &Lab) {
    let params = json!({
        "title": "Send", "description": "to a", "toolName": "send", "agentId": "main", "sessionKey": "agent:main:lab",
        "twoPhase": true, "timeoutMs": 60_000,
    });
    for call in ["call-1", "call-2"] {
        let mut params = params.clone();
        params["toolCallId"] = json!(call);
        assert_eq!(lab.call("plugin.approval.request", &params)["status"], "accepted");
    }
    let listed = lab.call("plugin.approval.list", &json!({}));
    let mut rows: Vec<Value> = listed.as_array().expect("a list").clone();
    for row in &mut rows {
        row["request"].as_object_mut().expect("a request").remove("toolCallId").expect("a call");
    }
    assert_eq!(rows[0]["request"], rows[1]["request"], "nothing else distinguishes them");
    let listed = listing(lab, &["--kind", "plugin"]);
    let rows = listed["approvals"].as_array().expect("rows");
    assert!(rows.iter().all(|row| row["alone"] == "tool-call" && row["group"].is_null()), "{listed}");
}
