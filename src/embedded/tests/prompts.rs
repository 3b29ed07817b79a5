//! Tests of prompts: requesting, listing, deciding, coalescing and cancelling.

use super::*;

fn exec(command: &str, run: Option<&str>) -> Value {
    let mut params = json!({
        "command": command, "agentId": "main", "sessionKey": "agent:main:lab", "host": "gateway", "cwd": "/tmp",
        "security": "allowlist", "ask": "on-miss", "twoPhase": true, "timeoutMs": 1_800_000,
    });
    if let Some(run) = run {
        params["runId"] = run.into();
    }
    params
}

fn without_rules(generation: Generation) -> Options {
    Options { coalesce: false, cancel_on_failover: false, ..options(generation) }
}

#[tokio::test]
async fn a_prompt_is_asked_seen_and_decided() {
    for generation in BOTH {
        let gateway = start(options(generation)).await.unwrap();
        let mut approver = Client::greeted(&gateway, &Hello::answering()).await;
        let mut agent = Client::greeted(&gateway, &Hello::default()).await;
        let request = agent.ask("exec.approval.request", exec("uname -a", None)).await;
        let accepted = agent.answer(&request).await["payload"].clone();
        assert_eq!(accepted["status"], "accepted");
        let event = approver.event("exec.approval.requested").await;
        assert_eq!(event["payload"]["id"], accepted["id"]);
        assert_eq!(event["payload"]["request"]["command"], "uname -a");
        assert!(event["seq"].is_u64());
        let listed = approver.ok("exec.approval.list", json!({})).await;
        assert_eq!(listed, json!([event["payload"]]));
        let decision = json!({"id": accepted["id"], "decision": "allow-once"});
        assert_eq!(approver.ok("exec.approval.resolve", decision.clone()).await, json!({"ok": true}));
        let decided = agent.answer(&request).await["payload"].clone();
        assert_eq!((&decided["id"], &decided["decision"]), (&accepted["id"], &json!("allow-once")));
        let resolved = approver.event("exec.approval.resolved").await["payload"].clone();
        assert_eq!((&resolved["decision"], &resolved["resolvedBy"]), (&json!("allow-once"), &json!("cli")));
        assert_eq!(approver.ok("exec.approval.list", json!({})).await, json!([]));
        // The same decision again, and a different one.
        match generation {
            Generation::Legacy => {
                let error = approver.expect_error("exec.approval.resolve", decision).await;
                assert_eq!(error["details"]["reason"], "APPROVAL_NOT_FOUND");
            }
            Generation::Current => {
                assert_eq!(approver.ok("exec.approval.resolve", decision).await["ok"], true);
                let other = json!({"id": accepted["id"], "decision": "deny"});
                let error = approver.expect_error("exec.approval.resolve", other).await;
                assert_eq!(error["details"]["reason"], "APPROVAL_ALREADY_RESOLVED");
            }
        }
    }
}

#[tokio::test]
async fn retries_coalesce_or_pile_up() {
    for generation in BOTH {
        for coalesce in [true, false] {
            let gateway = start(Options { coalesce, ..options(generation) }).await.unwrap();
            let mut approver = Client::greeted(&gateway, &Hello::answering()).await;
            let mut agent = Client::greeted(&gateway, &Hello::default()).await;
            let mut ids = Vec::new();
            let mut calls = Vec::new();
            for _ in 0..3 {
                let call = agent.ask("exec.approval.request", exec("uname -a", None)).await;
                ids.push(agent.answer(&call).await["payload"]["id"].clone());
                calls.push(call);
            }
            ids.dedup();
            assert_eq!(ids.len(), if coalesce { 1 } else { 3 });
            let decision = json!({"id": ids[0], "decision": "deny"});
            approver.ok("exec.approval.resolve", decision).await;
            // The waiters that coalesced receive the decision in the order of their requests.
            for call in calls.iter().take(if coalesce { 3 } else { 1 }) {
                assert_eq!(agent.answer(call).await["payload"]["decision"], "deny");
            }
        }
    }
}

#[tokio::test]
async fn only_who_declares_it_sees_prompts_on_current() {
    let gateway = start(without_rules(Generation::Current)).await.unwrap();
    let mut approver = Client::greeted(&gateway, &Hello::answering()).await;
    let mut bystander = Client::greeted(&gateway, &Hello { key: 3, ..Hello::default() }).await;
    let mut narrow =
        Client::greeted(&gateway, &Hello { key: 4, scopes: vec!["operator.approvals"], ..Hello::default() })
            .await;
    bystander.call("exec.approval.request", exec("a", Some("run-1"))).await;
    approver.event("exec.approval.requested").await;
    assert_eq!(bystander.ok("exec.approval.list", json!({})).await[0]["request"]["runId"], "run-1");
    assert!(bystander.events.is_empty());
    assert_eq!(narrow.ok("exec.approval.list", json!({})).await, json!([]));
}

#[tokio::test]
async fn a_prompt_without_approvers_is_settled_immediately() {
    for generation in BOTH {
        let gateway = start(options(generation)).await.unwrap();
        let mut agent = Client::greeted(&gateway, &Hello::default()).await;
        let answer = agent.ok("exec.approval.request", exec("a", None)).await;
        assert_eq!((&answer["decision"], answer.get("status")), (&Value::Null, None));
        assert_eq!(agent.ok("exec.approval.list", json!({})).await, json!([]));
    }
}

#[tokio::test]
async fn decisions_are_those_that_are_offered() {
    let gateway = start(options(Generation::Current)).await.unwrap();
    let _approver = Client::greeted(&gateway, &Hello::answering()).await;
    let mut agent = Client::greeted(&gateway, &Hello::default()).await;
    let mut params = exec("a", None);
    params["ask"] = "always".into();
    let id = agent.ok("exec.approval.request", params).await["id"].clone();
    let error =
        agent.expect_error("exec.approval.resolve", json!({"id": id, "decision": "allow-always"})).await;
    assert_eq!(error["details"]["reason"], "APPROVAL_ALLOW_ALWAYS_UNAVAILABLE");
    let get = agent.ok("approval.get", json!({"id": id})).await;
    assert_eq!(get["approval"]["status"], "pending");
    let resolve = json!({"id": id, "kind": "exec", "decision": "deny"});
    assert_eq!(agent.ok("approval.resolve", resolve.clone()).await["applied"], true);
    // The decision is also sent under the request's id.
    let Next::Frame(decided) = agent.next().await else { panic!() };
    assert_eq!(decided["payload"]["decision"], "deny");
    assert_eq!(agent.ok("approval.resolve", resolve).await["applied"], false);
    let history = agent.ok("approval.history", json!({})).await;
    assert_eq!(history["items"][0]["status"], "denied");
    let error =
        agent.expect_error("exec.approval.resolve", json!({"id": "nothing", "decision": "deny"})).await;
    assert_eq!(error["message"], "unknown or expired approval id");
    // A prompt that is decided as another kind is denied (measured on 2026.9.6).
    let id = agent.ok("exec.approval.request", exec("b", None)).await["id"].clone();
    let wrong = json!({"id": id, "kind": "plugin", "decision": "allow-once"});
    let asked = agent.ask("approval.resolve", wrong).await;
    let answer = agent.answer(&asked).await["payload"].clone();
    assert_eq!(
        (&answer["applied"], &answer["approval"]["reason"]),
        (&json!(true), &json!("malformed-verdict"))
    );
}

#[tokio::test]
async fn an_expiry_is_sent_on_the_current_generation_only() {
    for generation in BOTH {
        let gateway = start(options(generation)).await.unwrap();
        let mut approver = Client::greeted(&gateway, &Hello::answering()).await;
        let mut agent = Client::greeted(&gateway, &Hello::default()).await;
        let mut params = exec("a", None);
        params["timeoutMs"] = 1.into();
        params["twoPhase"] = false.into();
        let answer = agent.ok("exec.approval.request", params).await;
        assert_eq!(answer["decision"], Value::Null);
        let resolve = json!({"id": answer["id"], "decision": "deny"});
        let error = approver.expect_error("exec.approval.resolve", resolve).await;
        match generation {
            Generation::Legacy => {
                assert_eq!(error["details"]["reason"], "APPROVAL_NOT_FOUND");
                assert!(!approver.events.iter().any(|event| event["event"] == "exec.approval.resolved"));
            }
            Generation::Current => {
                assert_eq!(error["details"]["reason"], "APPROVAL_ALREADY_RESOLVED");
                let resolved = approver.event("exec.approval.resolved").await["payload"].clone();
                assert_eq!((&resolved["decision"], &resolved["resolvedBy"]), (&json!("deny"), &Value::Null));
            }
        }
    }
}

/// A run of a session that asks for a command.
fn asking(asks_again: u32) -> Scenario {
    Scenario::parse(
        &json!({
            "runs": [{"id": "turn-1", "session": "agent:main:lab"}],
            "prompts": [{
                "request": {"command": "uname", "agentId": "main", "sessionKey": "agent:main:lab", "runId": "turn-1"},
                "asksAgainAfterDenial": asks_again,
            }],
        })
        .to_string(),
    )
    .unwrap()
}

#[tokio::test]
async fn aborting_a_run_clears_its_prompts_on_the_current_generation_only() {
    for generation in BOTH {
        let gateway = start(Options { scenario: asking(0), ..options(generation) }).await.unwrap();
        let mut client = Client::greeted(&gateway, &Hello::answering()).await;
        let aborted = client.ok("chat.abort", json!({"sessionKey": "agent:main:lab"})).await;
        assert_eq!(aborted, json!({"ok": true, "aborted": true, "runIds": ["turn-1"]}));
        let left = client.ok("exec.approval.list", json!({})).await;
        match generation {
            Generation::Legacy => assert_eq!(left.as_array().unwrap().len(), 1),
            Generation::Current => {
                assert_eq!(left, json!([]));
                let resolved = client.event("exec.approval.resolved").await["payload"].clone();
                assert_eq!(
                    (&resolved["decision"], &resolved["resolvedBy"]),
                    (&json!("deny"), &json!("approval-scope-closed"))
                );
            }
        }
        let again = json!({"key": "agent:main:lab"});
        assert_eq!(client.ok("sessions.abort", again).await["status"], "no-active-run");
    }
}

#[tokio::test]
async fn a_denial_on_legacy_starts_a_turn_that_asks_again() {
    let gateway = start(Options { scenario: asking(1), ..options(Generation::Legacy) }).await.unwrap();
    let mut client = Client::greeted(&gateway, &Hello::answering()).await;
    let first = client.ok("exec.approval.list", json!({})).await[0]["id"].clone();
    client.ok("exec.approval.resolve", json!({"id": first, "decision": "deny"})).await;
    let second = client.event("exec.approval.requested").await["payload"]["id"].clone();
    assert_ne!(first, second);
    client.ok("exec.approval.resolve", json!({"id": second, "decision": "deny"})).await;
    assert_eq!(client.ok("exec.approval.list", json!({})).await, json!([]));
    let phases: Vec<Value> = client
        .events
        .iter()
        .filter(|event| event["event"] == "agent")
        .map(|event| event["payload"]["data"]["phase"].clone())
        .collect();
    assert_eq!(phases, ["start", "end", "start", "end"]);
}

#[tokio::test]
async fn prompts_expire_and_scenarios_go_on() {
    let scenario = Scenario::parse(
        &json!({
            "runs": [{"id": "run-0", "session": "agent:a:s"}],
            "live": [{
                "do": "fail-over", "session": "agent:a:s", "afterMs": 5, "everyMs": 5, "times": 3,
                "request": {"command": "uname", "agentId": "a"},
            }],
        })
        .to_string(),
    )
    .unwrap();
    for generation in BOTH {
        for cancel in [true, false] {
            let options = Options { scenario: scenario.clone(), ..without_rules(generation) };
            let gateway = start(Options { cancel_on_failover: cancel, ..options }).await.unwrap();
            let mut client = Client::greeted(&gateway, &Hello::answering()).await;
            // This prompt is not in the scenario, and expires.
            let mut params = exec("date", None);
            params["timeoutMs"] = 30.into();
            params["twoPhase"] = false.into();
            let _answering = Client::greeted(&gateway, &Hello { key: 7, ..Hello::answering() }).await;
            let expired = client.ok("exec.approval.request", params).await;
            assert_eq!(expired["decision"], Value::Null);
            let left = client.ok("exec.approval.list", json!({})).await;
            assert_eq!(left.as_array().unwrap().len(), if cancel { 1 } else { 3 });
        }
    }
}
