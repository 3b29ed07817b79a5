//! Ids that clients chose, one the beginning of another: gateways match them so, and clearance decides what was meant.

use serde_json::json;

use crate::checks::Checks;
use crate::queue::{LEGACY, Lab, ids};

const SESSION: &str = "agent:main:chosen";

/// Asks for a command under an id of the client's own.
fn ask(lab: &Lab, id: &str, command: &str) {
    let params = json!({
        "id": id, "command": command, "agentId": "main", "sessionKey": SESSION, "host": "gateway", "cwd": "/tmp",
        "security": "allowlist", "ask": "on-miss", "twoPhase": true, "timeoutMs": 1_800_000,
    });
    let answer = lab.call("exec.approval.request", &params);
    assert_eq!(answer["id"], id, "{answer}");
}

/// What holds for chosen ids on a gateway, current or not.
pub(crate) fn chosen(checks: &mut Checks, lab: &Lab) {
    let legacy = lab.gateway.version == LEGACY;
    let resolve =
        |id: &str, decision: &str| lab.tool.run(&["queue", "resolve", id, decision, "--yes", "--json"]);
    for (id, command) in [("first", "make"), ("deploy", "make"), ("Deploy-2", "echo other"), ("zz", "make")] {
        ask(lab, id, command);
    }
    checks.check("a duplicate whose id begins another is denied by its exact id, or not at all", || {
        let ran = lab.tool.run(&["queue", "dedupe", "--session", SESSION, "--yes", "--json"]);
        let left = lab.pending(SESSION);
        if legacy {
            ran.exits(3);
            assert_eq!(ids(&left), ["Deploy-2", "deploy", "first"]);
        } else {
            ran.exits(0);
            assert_eq!(ids(&left), ["Deploy-2", "first"]);
        }
    });
    checks.check("an id that begins another is decided by its exact id, or not at all", || {
        if legacy {
            let ran = resolve("deploy", "allow-once").exits(3);
            assert_eq!(ran.json()["error"]["code"], "ambiguous-id", "{ran:#?}");
            resolve("Deploy-2", "deny").exits(0);
            resolve("deploy", "deny").exits(0);
        } else {
            // It was denied, and so it is not the beginning of the other one.
            resolve("deploy", "allow-once").exits(6);
            resolve("deploy", "deny").exits(0);
            assert_eq!(ids(&lab.pending(SESSION)), ["Deploy-2", "first"]);
            resolve("Deploy-2", "deny").exits(0);
        }
        let ran = resolve("nothing-has-this-id", "deny").exits(1);
        assert_eq!(ran.json()["error"]["code"], "not-pending", "{ran:#?}");
        resolve("first", "deny").exits(0);
        assert_eq!(lab.pending(SESSION), Vec::<serde_json::Value>::new());
    });
    if legacy {
        // Each denial starts a turn there, which must not disturb what follows.
        lab.settles(SESSION);
    }
}
