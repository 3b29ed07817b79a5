//! Tests of documents, nodes, lists and unknown methods.

use super::*;

#[tokio::test]
async fn a_document_is_set_by_its_hash() {
    for generation in BOTH {
        let gateway = start(options(generation)).await.unwrap();
        let mut client = Client::greeted(&gateway, &Hello::default()).await;
        let before = client.ok("exec.approvals.get", json!({})).await;
        assert_eq!(before["file"]["socket"], json!({"path": "(embedded)/exec-approvals.sock"}));
        let file = json!({"version": 1, "agents": {"main": {"allowlist": [
            {"pattern": "/bin/ls", "source": "allow-always", "commandText": "ls"}]}}});
        let required = client.expect_error("exec.approvals.set", json!({"file": file})).await;
        assert_eq!(
            required["message"],
            "exec approvals base hash required; re-run exec.approvals.get and retry"
        );
        let stored = client.ok("exec.approvals.set", json!({"file": file, "baseHash": before["hash"]})).await;
        assert!(stored["file"]["agents"]["main"]["allowlist"][0]["id"].is_string());
        assert_eq!(stored["file"]["socket"], before["file"]["socket"]);
        assert_eq!(client.ok("exec.approvals.get", json!({})).await, stored);
        let conflict = client
            .expect_error("exec.approvals.set", json!({"file": file, "baseHash": before["hash"]}))
            .await;
        assert_eq!(
            conflict["message"],
            "exec approvals changed since last load; re-run exec.approvals.get and retry"
        );
        let bad = json!({"version": 1, "agnets": {}});
        let refused =
            client.expect_error("exec.approvals.set", json!({"file": bad, "baseHash": stored["hash"]})).await;
        assert_eq!(
            refused["message"],
            "invalid exec.approvals.set params: at /file: unexpected property 'agnets'"
        );
        let no_file = client.expect_error("exec.approvals.set", json!({})).await;
        assert_eq!(
            no_file["message"],
            "invalid exec.approvals.set params: must have required property 'file'"
        );
        let not = if generation == Generation::Legacy { "NOT" } else { "not" };
        let empty = client.expect_error("exec.approvals.set", json!({"file": file, "baseHash": ""})).await;
        assert_eq!(
            empty["message"],
            format!(
                "invalid exec.approvals.set params: at /baseHash: must {not} have fewer than 1 characters"
            )
        );
        let strange = client.expect_error("exec.approvals.get", json!({"x": 1})).await;
        assert_eq!(strange["message"], "invalid exec.approvals.get params: at root: unexpected property 'x'");
    }
}

#[tokio::test]
async fn nodes_keep_policies_of_their_own() {
    let gateway = start(options(Generation::Current)).await.unwrap();
    let mut client = Client::greeted(&gateway, &Hello::default()).await;
    let nodes = client.ok("node.list", json!({})).await;
    let ids: Vec<&Value> = nodes["nodes"].as_array().unwrap().iter().map(|node| &node["nodeId"]).collect();
    assert_eq!(ids, ["demo-node", "demo-windows"]);
    let demo = client.ok("exec.approvals.node.get", json!({"nodeId": "demo-node"})).await;
    let set = json!({"nodeId": "demo-node", "file": {"version": 1}, "baseHash": demo["hash"]});
    let stored = client.ok("exec.approvals.node.set", set.clone()).await;
    assert_eq!(stored["file"]["agents"], json!({}));
    let conflict = client.expect_error("exec.approvals.node.set", set).await;
    assert_eq!(
        (&conflict["code"], &conflict["details"]["nodeError"]["code"]),
        (&json!("UNAVAILABLE"), &json!("INVALID_REQUEST"))
    );
    let windows = client.ok("exec.approvals.node.get", json!({"nodeId": "demo-windows"})).await;
    assert_eq!((&windows["enabled"], &windows["defaultAction"]), (&json!(true), &json!("deny")));
    let native = |rules: Value| json!({"nodeId": "demo-windows", "baseHash": windows["hash"], "native": {"defaultAction": "prompt", "rules": rules}});
    let bad = client
        .expect_error("exec.approvals.node.set", native(json!([{"pattern": "x", "action": "maybe"}])))
        .await;
    assert!(
        bad["message"].as_str().unwrap().starts_with("invalid exec.approvals.node.set params: at /native")
    );
    let good = client.ok("exec.approvals.node.set", native(json!([]))).await;
    assert_eq!(good["updated"], true);
    let windows = client.ok("exec.approvals.node.get", json!({"nodeId": "demo-windows"})).await;
    assert_eq!((&windows["hash"], &windows["rules"]), (&good["hash"], &json!([])));
    let unknown = client.expect_error("exec.approvals.node.get", json!({"nodeId": "nobody"})).await;
    assert_eq!(unknown["details"]["nodeCommandDispatched"], false);
}

#[tokio::test]
async fn frames_other_than_requests_are_rejected_or_ignored() {
    let gateway = start(options(Generation::Current)).await.unwrap();
    let mut client = Client::greeted(&gateway, &Hello::default()).await;
    client.socket.send(Message::text("{")).await.unwrap();
    client.socket.send(Message::Ping("x".into())).await.unwrap();
    client.send(json!({"type": "req", "id": "", "method": "health"})).await;
    let Next::Frame(frame) = client.next().await else { panic!() };
    assert_eq!(
        frame["error"]["message"],
        "invalid request frame: at /id: must not have fewer than 1 characters"
    );
    let error = client.expect_error("no.such", json!({})).await;
    assert_eq!(error, json!({"code": "INVALID_REQUEST", "message": "unknown method: no.such"}));
    let again = client.expect_error("connect", json!({})).await;
    assert_eq!(again["message"], "connect is only valid as the first request");
    assert_eq!(client.ok("health", json!({})).await["ok"], true);
    client.ok("status", json!({})).await;
    let legacy = start(options(Generation::Legacy)).await.unwrap();
    let mut client = Client::greeted(&legacy, &Hello::default()).await;
    assert_eq!(
        client.expect_error("approval.get", json!({"id": "x"})).await["message"],
        "unknown method: approval.get"
    );
}

#[tokio::test]
async fn the_cascade_of_the_seed_is_there() {
    for generation in BOTH {
        let scenario = Scenario::cascade();
        let gateway = start(Options { scenario, ..options(generation) }).await.unwrap();
        let mut client = Client::greeted(&gateway, &Hello::default()).await;
        let prompts = client.ok("exec.approval.list", json!({})).await;
        let prompts = prompts.as_array().unwrap();
        let stuck: Vec<&Value> =
            prompts.iter().filter(|prompt| prompt["request"]["agentId"] == "maelcum").collect();
        assert_eq!((prompts.len(), stuck.len()), (30, 24));
        let current = generation == Generation::Current;
        assert_eq!(stuck[0]["request"]["runId"].is_string(), current);
        assert_eq!(stuck[0]["request"].get("runId").is_some(), current);
        assert_eq!(
            prompts.windows(2).find(|two| two[0]["createdAtMs"].as_u64() > two[1]["createdAtMs"].as_u64()),
            None
        );
        assert_eq!(client.ok("plugin.approval.list", json!({})).await.as_array().unwrap().len(), 1);
        let sessions = client.ok("sessions.list", json!({})).await;
        let row = sessions["sessions"]
            .as_array()
            .unwrap()
            .iter()
            .find(|row| row["key"] == "agent:maelcum:telegram:direct:1001");
        let row = row.unwrap();
        assert_eq!(row["hasActiveRun"], true);
        if current {
            // Only the last run of the cascade is active.
            let last = &stuck.last().unwrap()["request"]["runId"];
            assert_eq!(row["activeRunIds"], json!([last]));
        }
    }
}
