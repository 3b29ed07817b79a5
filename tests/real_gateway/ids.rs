//! Ids that clients chose, where one is a prefix of another: gateways match by prefix, and clearance must pick the
//! right prompt.

use serde_json::json;

use crate::checks::Checks;
use crate::queue::{LEGACY, Lab, ids};

const SESSION: &str = "agent:main:chosen";

/// Requests a command under an id of the client's own.
fn ask(lab: &Lab, id: &str, command: &str) {
    let params = json!({
        "id": id, "command": command, "agentId": "main", "sessionKey": SESSION, "host": "gateway", "cwd": "/tmp",
        "security": "allowlist", "ask": "on-miss", "twoPhase": true, "timeoutMs": 1_800_000,
    });
    let answer = lab.call("exec.approval.request", &params);
    assert_eq!(answer["id"], id, "{answer}");
}

/// Checks for chosen ids on a gateway of any generation.
pub(crate) fn chosen(checks: &mut Checks, lab: &Lab) {
    let legacy = lab.gateway.version == LEGACY;
    let resolve =
        |id: &str, decision: &str| lab.tool.run(&["queue", "resolve", id, decision, "--yes", "--json"]);
    for (id, command) in [("first", "make"), ("deploy", "make"), ("Deploy-2", "echo other"), ("zz", "make")] {
        ask(lab, id, command);
    }
    checks.check(
        "a duplicate whose id is a prefix of another is denied by its exact id, or not at all",
        || {
            let ran = lab.tool.run(&["queue", "dedupe", "--session", SESSION, "--yes", "--json"]);
            let left = lab.pending(SESSION);
            if legacy {
                ran.exits(3);
                assert_eq!(ids(&left), ["Deploy-2", "deploy", "first"]);
            } else {
                ran.exits(0);
                assert_eq!(ids(&left), ["Deploy-2", "first"]);
            }
        },
    );
    checks.check("an id that is a prefix of another is decided by its exact id, or not at all", || {
        if legacy {
            let ran = resolve("deploy", "allow-once").exits(3);
            assert_eq!(ran.json()["error"]["code"], "ambiguous-id", "{ran:#?}");
            resolve("Deploy-2", "deny").exits(0);
            resolve("deploy", "deny").exits(0);
        } else {
            // It was denied, and so it is not a prefix of the other one.
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
        // On this release each denial starts a turn, which must not disturb the next checks.
        lab.settles(SESSION);
    }
}
