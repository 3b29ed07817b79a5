//! Tests of the history and of standing grants.

use super::*;

const JOB: &str = "job-1";

/// Five prompts of a cron job, and one of a chat.
fn scenario() -> Scenario {
    let prompt = |id: &str, cron: bool| {
        let mut request = json!({"command": format!("backup {id}"), "host": "gateway", "agentId": "main"});
        if cron {
            request["cronJob"] = json!({"id": JOB, "name": "nightly"});
        }
        json!({"id": id, "request": request})
    };
    let prompts: Vec<Value> = (0..6).map(|n| prompt(&format!("p{n}"), n < 5)).collect();
    Scenario::parse(&json!({"prompts": prompts}).to_string()).unwrap()
}

async fn gateway() -> (Running, Client) {
    let gateway = start(Options { scenario: scenario(), ..options(Generation::Current) }).await.unwrap();
    let client = Client::greeted(&gateway, &Hello::default()).await;
    (gateway, client)
}

fn resolve(id: &str, decision: &str) -> Value {
    json!({"id": id, "kind": "exec", "decision": decision})
}

#[tokio::test]
async fn a_history_has_pages() {
    let (_gateway, mut client) = gateway().await;
    for n in 0..6 {
        client.ok("approval.resolve", resolve(&format!("p{n}"), "deny")).await;
    }
    let mut ids = Vec::new();
    let mut params = json!({"limit": 4});
    for (rows, more) in [(4, true), (2, false)] {
        let page = client.ok("approval.history", params.clone()).await;
        let items = page["items"].as_array().unwrap();
        assert_eq!((items.len(), page["nextCursor"].is_string()), (rows, more), "{page}");
        ids.extend(items.iter().map(|item| item["id"].as_str().unwrap().to_owned()));
        params["cursor"] = page["nextCursor"].clone();
    }
    assert_eq!(ids, ["p5", "p4", "p3", "p2", "p1", "p0"]);
    for bad in [json!({"limit": 0}), json!({"limit": 101}), json!({"cursor": "nothing"}), json!({"x": 1})] {
        let error = client.expect_error("approval.history", bad).await;
        assert_eq!(error["message"], "invalid approval.history params");
    }
    assert_eq!(client.ok("approval.history", json!({"kind": "plugin"})).await, json!({"items": []}));
}

#[tokio::test]
async fn an_allowance_for_good_of_a_job_mints_a_grant_that_can_be_revoked() {
    let (_gateway, mut client) = gateway().await;
    let mut always = resolve("p0", "allow-always");
    always["grantExpiresInDays"] = json!(3651);
    client.expect_error("approval.resolve", always.clone()).await;
    always["grantExpiresInDays"] = json!(2);
    client.ok("approval.resolve", always).await;
    for (id, decision) in [("p1", "allow-always"), ("p2", "allow-once"), ("p5", "allow-always")] {
        client.ok("approval.resolve", resolve(id, decision)).await;
    }
    let grants = client.ok("exec.approval.grants.list", json!({"limit": 500})).await["grants"].clone();
    let rows: Vec<&Value> = grants.as_array().unwrap().iter().collect();
    let minted: Vec<&Value> = rows.iter().map(|row| &row["mintedByApprovalId"]).collect();
    assert_eq!(minted, ["p1", "p0"], "{grants}");
    assert_eq!((&rows[0]["expiresAtMs"], &rows[0]["cronJobName"]), (&Value::Null, &json!("nightly")));
    let days = rows[1]["expiresAtMs"].as_u64().unwrap() - rows[1]["createdAtMs"].as_u64().unwrap();
    assert_eq!(days, 2 * 86_400_000);
    let id = rows[1]["grantId"].clone();
    for (id, outcome) in [(&id, "revoked"), (&id, "already-revoked"), (&json!("nothing"), "not-found")] {
        let answer = client.ok("exec.approval.grants.revoke", json!({"grantId": id})).await;
        assert_eq!(answer, json!({"outcome": outcome}));
    }
    let grants = client.ok("exec.approval.grants.list", json!({})).await["grants"].clone();
    assert!(grants[1]["revokedAtMs"].is_u64() && grants[1]["revokedBy"].is_string(), "{grants}");
    client.expect_error("exec.approval.grants.list", json!({"limit": 501})).await;
}
