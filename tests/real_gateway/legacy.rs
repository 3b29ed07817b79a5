//! 2026.4.14: protocol 3, and a schema that rejects `source`.

use serde_json::{Value, json};

use crate::checks::Checks;
use crate::client::Client;
use crate::common::{self, Generation, bare};
use crate::gateway::{Gateway, Setup};
use crate::nodes;
use crate::tool::Tool;
use crate::wire::Wire;

const GENERATION: Generation =
    Generation { version: "2026.4.14", protocol: 3, refuses_while_starting: false };

#[test]
fn openclaw_2026_4_14() {
    let mut gateway = Gateway::ready(GENERATION.version, Setup::Token);
    let mut checks = Checks::of(GENERATION.version);
    common::everyday(&mut checks, &gateway, GENERATION);
    rejections(&mut checks, &gateway);
    nodes::documents(&mut checks, &gateway);
    nodes::windows(&mut checks, &gateway, false);
    checks.check("the admin endpoint is not there", || common::no_admin_endpoint(&gateway));
    common::restart(&mut checks, &mut gateway, GENERATION);
    drop(gateway);
    checks.end();
}

/// The document of the bug report, as OpenClaw itself writes it after an "always" answer.
fn with_source() -> Value {
    json!({
        "version": 1,
        "defaults": { "security": "allowlist", "ask": "on-miss" },
        "agents": {
            "main": { "allowlist": [
                { "id": "a", "pattern": "/usr/bin/git", "source": "allow-always" },
                { "id": "b", "pattern": "/usr/bin/curl" },
                { "id": "c", "pattern": "/usr/bin/make", "source": "allow-always", "lastUsedAt": 1_700_000_000_000_u64 },
            ] },
            "ops": { "security": "deny", "allowlist": [{ "id": "d", "pattern": "/bin/ls", "source": "allow-always" }] },
        },
    })
}

fn without_source(mut document: Value) -> Value {
    for agent in ["main", "ops"] {
        for entry in document["agents"][agent]["allowlist"].as_array_mut().into_iter().flatten() {
            entry.as_object_mut().expect("an entry").remove("source");
        }
    }
    document
}

fn rejections(checks: &mut Checks, gateway: &Gateway) {
    let mut raw = Client::operator(gateway.address());
    let host = Tool::on_host(&gateway.state());
    let fields = [
        "/agents/main/allowlist/0/source",
        "/agents/main/allowlist/2/source",
        "/agents/ops/allowlist/0/source",
    ];
    checks.check("the rejection of `source` is explained", || {
        let before = raw.get();
        let ran =
            Wire::new(gateway, "rejection", &["approvals", "set", "--json"]).document(&with_source()).run();
        let ran = ran.exits(1).fails_with("gateway-too-old");
        let error = ran.json()["error"].to_string();
        for word in fields.iter().copied().chain(["source", "2026.4.26", "2026.4.14", "--downgrade"]) {
            assert!(error.contains(word), "`{word}` is missing: {ran:#?}");
        }
        let file = host.document(&with_source());
        host.run(&["approvals", "set", "--gateway", "--file", &file]).exits(1).says(&[
            "source",
            "2026.4.26",
            "--downgrade",
            fields[0],
        ]);
        assert_eq!(raw.get(), before);
    });
    checks.check("a dry run foresees it", || {
        let file = host.document(&with_source());
        let ran =
            host.run(&["approvals", "set", "--gateway", "--file", &file, "--dry-run", "--json"]).exits(0);
        let foreseen = ran.json()["foreseen"].to_string();
        assert!(fields.iter().all(|field| foreseen.contains(field)), "{ran:#?}");
    });
    checks.check("--downgrade leaves exactly that out", || {
        let downgrade = ["approvals", "set", "--downgrade", "--json"];
        let ran = Wire::new(gateway, "downgrade", &downgrade).document(&with_source()).run().exits(0);
        let report = ran.json();
        assert_eq!(report["outcome"], "stored", "{ran:#?}");
        assert_eq!(report["departures"], json!([]), "{ran:#?}");
        let removed: Vec<&str> = report["removed"]
            .as_array()
            .expect("a list")
            .iter()
            .filter_map(|field| field["path"].as_str())
            .collect();
        assert_eq!(removed, fields, "{ran:#?}");
        assert_eq!(report["removed"][0]["since"], "2026.4.26");
        let stored = raw.get();
        assert_eq!(report["hash"], stored["hash"]);
        assert_eq!(bare(&stored["file"]), bare(&without_source(with_source())));
    });
}
