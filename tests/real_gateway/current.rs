//! 2026.9.6: protocol 4, nodes, and a gateway that refuses connections while it starts.

use serde_json::{Value, json};

use crate::checks::Checks;
use crate::client::Client;
use crate::common::{self, Generation, bare};
use crate::gateway::{Gateway, Setup};
use crate::nodes;
use crate::wire::Wire;

const GENERATION: Generation = Generation { version: "2026.9.6", protocol: 4, refuses_while_starting: true };

#[test]
fn openclaw_2026_9_6() {
    let mut gateway = Gateway::ready(GENERATION.version, Setup::Token);
    let mut checks = Checks::of(GENERATION.version);
    common::everyday(&mut checks, &gateway, GENERATION);
    newer_fields(&mut checks, &gateway);
    nodes::documents(&mut checks, &gateway);
    nodes::windows(&mut checks, &gateway, true);
    nodes::waiting(&mut checks, &gateway);
    checks.check("the admin endpoint is switched off", || common::no_admin_endpoint(&gateway));
    common::restart(&mut checks, &mut gateway, GENERATION);
    drop(gateway);
    checks.end();
}

fn with(field: &str, value: &str) -> Value {
    json!({
        "version": 1,
        "agents": { "main": { "allowlist": [
            { "id": "a", "pattern": "/usr/bin/git", field: value },
            { "id": "b", "pattern": "/usr/bin/curl" },
        ] } },
    })
}

fn newer_fields(checks: &mut Checks, gateway: &Gateway) {
    let mut raw = Client::operator(gateway.address());
    let set = ["approvals", "set", "--json"];
    checks.check("`source` is accepted and read back", || {
        let new = with("source", "allow-always");
        let ran = Wire::new(gateway, "source", &set).document(&new).run().exits(0);
        assert_eq!(ran.json()["departures"], json!([]), "{ran:#?}");
        assert_eq!(ran.json()["removed"], json!([]), "{ran:#?}");
        assert_eq!(bare(&raw.get()["file"])["agents"], bare(&new)["agents"]);
    });
    checks.check("`commandText` is accepted, dropped and missed", || {
        let new = with("commandText", "git status");
        let ran = Wire::new(gateway, "dropped", &set).document(&new).run().exits(3);
        let departures = ran.json()["departures"].clone();
        assert_eq!(departures.as_array().map(Vec::len), Some(1), "{ran:#?}");
        assert_eq!(departures[0]["path"], "/agents/main/allowlist/0/commandText", "{ran:#?}");
        let stored = raw.get()["file"].clone();
        assert_eq!(stored["agents"]["main"]["allowlist"][0]["pattern"], "/usr/bin/git");
        assert_eq!(stored["agents"]["main"]["allowlist"][0].get("commandText"), None);
    });
}
