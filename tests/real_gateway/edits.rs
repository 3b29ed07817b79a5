//! Adding and removing entries, and drift, on real gateways of both generations; and how the official command reads the
//! result.

use serde_json::{Value, json};

use crate::checks::Checks;
use crate::client::Client;
use crate::gateway::{Gateway, Setup};
use crate::tool::Tool;

/// The number of concurrent edits.
const AT_ONCE: usize = 16;

#[test]
fn edits_on_2026_4_14() {
    let gateway = Gateway::ready("2026.4.14", Setup::Token);
    let mut checks = Checks::of("2026.4.14");
    let plain = vec![("plain", plain())];
    drift(&mut checks, &gateway, &plain);
    edits(&mut checks, &gateway);
    checks.check("an entry of a prompt blocks a set, but not an edit on the host", || {
        let store = gateway.early_store();
        let always = json!({"version": 1, "agents": {"main": {"allowlist": [
            {"id": "p", "pattern": "/usr/bin/curl", "source": "allow-always"}]}}});
        std::fs::write(&store, always.to_string()).expect("the store is written");
        let host = Tool::on_host(&gateway.state());
        let add = ["approvals", "allowlist", "add", "/opt/beside", "--agent", "main", "--json"];
        let ran = host.run(&[&add[..], &["--gateway"]].concat()).exits(1).fails_with("gateway-too-old");
        ran.says(&["on its host"]);
        let store = store.display().to_string();
        let ran = host.run(&[&add[..], &["--store", &store]].concat()).exits(0);
        // The running gateway sees the edit.
        let got = Client::operator(gateway.address()).get();
        assert_eq!(got["hash"], ran.json()["hash"], "{ran:#?}");
        assert_eq!(patterns(&got, "main"), ["/usr/bin/curl", "/opt/beside"]);
        assert_eq!(official_get(&gateway)["hash"], got["hash"]);
    });
    drop(gateway);
    checks.end();
}

#[test]
fn edits_on_2026_9_6() {
    let mut gateway = Gateway::ready("2026.9.6", Setup::Token);
    let mut checks = Checks::of("2026.9.6");
    drift(&mut checks, &gateway, &[("plain", plain()), ("grants", grants())]);
    edits(&mut checks, &gateway);
    let host = Tool::on_host(&gateway.state());
    let edit = |verb: &str, pattern: &str, more: &[&str]| {
        let words = ["approvals", "allowlist", verb, pattern, "--agent", "main", "--json"];
        host.start(&[&words[..], more].concat())
    };
    checks.check("sixteen at once, half on the host and half over the gateway", || {
        let mut raw = Client::operator(gateway.address());
        let before = patterns(&raw.get(), "main");
        let place = |number: usize| if number.is_multiple_of(2) { &["--gateway"][..] } else { &[] };
        let runs: Vec<_> =
            (0..AT_ONCE).map(|number| edit("add", &format!("/opt/both-{number}"), place(number))).collect();
        for run in runs {
            let ran = host.join(run).exits(0);
            assert_eq!(ran.json()["outcome"], "stored", "{ran:#?}");
        }
        let got = raw.get();
        let mut after = patterns(&got, "main");
        assert_eq!(after.len(), before.len() + AT_ONCE, "{after:?}");
        after.sort();
        after.dedup();
        assert!((0..AT_ONCE).all(|number| after.contains(&format!("/opt/both-{number}"))), "{after:?}");
        host.run(&["approvals", "diff", "local", "gateway"]).exits(0);
        assert_eq!(official_get(&gateway)["hash"], got["hash"]);
    });
    gateway.stop();
    checks.check("on the host while the gateway is stopped", || {
        let ran = host.join(edit("remove", "/opt/both-1", &[])).exits(0);
        assert_eq!(ran.json()["outcome"], "stored", "{ran:#?}");
        let ran = host.join(edit("add", "/opt/stopped", &["--arg-pattern", "^-v$"])).exits(0);
        let text = gateway.official(&["approvals", "get", "--json"]);
        let theirs: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        assert_eq!(ran.json()["hash"], theirs["hash"], "{ran:#?}");
        assert!(patterns(&theirs, "main").contains(&"/opt/stopped".to_owned()));
        assert!(!patterns(&theirs, "main").contains(&"/opt/both-1".to_owned()));
    });
    drop(gateway);
    checks.end();
}

/// Fields that every gateway accepts, in an unusual order and with gaps.
fn plain() -> Value {
    json!({
        "version": 1,
        "defaults": {"security": "allowlist", "ask": "on-miss", "askFallback": "deny", "autoAllowSkills": true},
        "agents": {
            "ops": {"security": "deny"},
            "*": {"allowlist": [{"pattern": "/usr/bin/uname"}]},
            "nobody": {},
            "main": {"ask": "always", "allowlist": [
                {"pattern": "/usr/bin/git", "argPattern": "^(status|log)$"},
                {"id": "kept", "pattern": "~/bin/**", "lastUsedAt": 1_700_000_000_000_u64},
                {"pattern": "rg"}, {"pattern": "/usr/bin/git"}, {"pattern": "rg"}]},
        },
    })
}

/// Fields that later releases accept.
fn grants() -> Value {
    json!({
        "version": 1,
        "agents": {"main": {
            "allowlist": [
                {"pattern": "/usr/bin/curl", "source": "allow-always", "commandText": "curl x"},
                {"pattern": "/usr/bin/curl"}],
            "mcpTools": [{"server": "files", "tool": "read", "source": "allow-always", "addedAt": 1}]}},
    })
}

fn patterns(got: &Value, agent: &str) -> Vec<String> {
    let entries = got["file"]["agents"][agent]["allowlist"].as_array().cloned().unwrap_or_default();
    entries.iter().map(|entry| entry["pattern"].as_str().expect("a pattern").to_owned()).collect()
}

/// The gateway's document, as the official command reads it.
fn official_get(gateway: &Gateway) -> Value {
    let text = gateway.official(&["approvals", "get", "--gateway", "--json"]);
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn drift(checks: &mut Checks, gateway: &Gateway, documents: &[(&str, Value)]) {
    let host = Tool::on_host(&gateway.state());
    for (name, document) in documents {
        checks.check(&format!("what was set does not drift: {name}"), || {
            let file = host.document(document);
            let ran = host.run(&["approvals", "set", "--gateway", "--file", &file, "--json"]);
            // A field that the gateway drops is reported; it is not part of the policy.
            assert!(ran.code == 0 || ran.stdout.contains("/commandText"), "{ran:#?}");
            let ran = host.run(&["approvals", "diff", &file, "gateway", "--json"]).exits(0);
            assert_eq!(ran.json()["changes"], json!([]), "{ran:#?}");
            host.run(&["approvals", "diff", "gateway", &file]).exits(0).says(&["no drift"]);
            let mut other = document.clone();
            other["agents"]["main"]["allowlist"][0]["pattern"] = json!("/usr/bin/other");
            let other = host.document(&other);
            host.run(&["approvals", "diff", &other, "gateway"]).exits(1).says(&["-allow /usr/bin/other"]);
            host.run(&["approvals", "diff", &file, "gateway", "--exact"]).exits(1);
            host.run(&["approvals", "diff", "gateway", "gateway", "--exact"]).exits(0);
        });
    }
}

fn edits(checks: &mut Checks, gateway: &Gateway) {
    let host = Tool::on_host(&gateway.state());
    let mut raw = Client::operator(gateway.address());
    checks.check("sixteen at once", || {
        raw.set(&plain());
        let before = patterns(&raw.get(), "main");
        let wanted: Vec<String> = (0..AT_ONCE).map(|number| format!("/opt/tool-{number}")).collect();
        let add = |pattern: &String| {
            host.start(&["approvals", "allowlist", "add", pattern, "--agent", "main", "--gateway", "--json"])
        };
        let runs: Vec<_> = wanted.iter().map(add).collect();
        let mut attempts = Vec::new();
        for run in runs {
            let ran = host.join(run).exits(0);
            assert_eq!(ran.json()["outcome"], "stored", "{ran:#?}");
            attempts.push(ran.json()["attempts"].as_u64().expect("a number"));
        }
        println!("  attempts of each: {attempts:?}");
        let after = patterns(&raw.get(), "main");
        assert_eq!(after[..before.len()], before, "somebody's entry was lost");
        let mut new = after[before.len()..].to_vec();
        new.sort();
        let mut wanted = wanted;
        wanted.sort();
        assert_eq!(new, wanted);
    });
    // Each on a connection of its own: a gateway ends one that answers no ping while the official command runs.
    let get = || Client::operator(gateway.address()).get();
    checks.check("added and removed, and the official command reads the same", || {
        let add = ["approvals", "allowlist", "add", "/opt/one", "--gateway", "--json"];
        let remove = ["approvals", "allowlist", "remove", "/opt/one", "--gateway", "--json"];
        let start = get();
        let ran = host.run(&add).exits(0);
        let theirs = official_get(gateway);
        assert_eq!(ran.json()["hash"], theirs["hash"], "{ran:#?}");
        assert_eq!(ran.json()["baseHash"], start["hash"], "{ran:#?}");
        assert_eq!(theirs["file"], get()["file"]);
        let entries = theirs["file"]["agents"]["*"]["allowlist"].as_array().expect("a list").clone();
        let new = entries.iter().find(|entry| entry["pattern"] == "/opt/one").expect("the entry");
        assert!(new["id"].is_string() && new["lastUsedAt"].is_u64(), "{new}");
        assert_eq!(host.run(&add).exits(0).json()["outcome"], "unchanged");
        assert_eq!(get()["hash"], theirs["hash"]);
        // Each program sees the other's entry.
        let output = gateway.official(&["approvals", "allowlist", "add", "/opt/one", "--gateway"]);
        assert!(output.contains("Already allowlisted"), "{output}");
        gateway.official(&["approvals", "allowlist", "add", "/opt/theirs", "--gateway"]);
        let ran = host.run(&["approvals", "allowlist", "add", "/opt/theirs", "--gateway", "--json"]);
        assert_eq!(ran.exits(0).json()["outcome"], "unchanged");
        let ran = host.run(&["approvals", "allowlist", "remove", "/opt/theirs", "--gateway", "--json"]);
        assert_eq!(ran.exits(0).json()["outcome"], "stored");
        assert_eq!(host.run(&remove).exits(0).json()["outcome"], "stored");
        assert_eq!(host.run(&remove).exits(0).json()["outcome"], "unchanged");
        let theirs = official_get(gateway);
        assert_eq!(theirs["file"], start["file"]);
        assert_eq!(theirs["hash"], get()["hash"]);
    });
    checks.check("an entry is its pattern and its arguments", || {
        let edit = |verb: &str, more: &[&str]| {
            let words = ["approvals", "allowlist", verb, "/opt/two", "--agent", "new", "--gateway", "--json"];
            host.run(&[&words[..], more].concat()).exits(0).json()["outcome"].clone()
        };
        assert_eq!(edit("add", &["--arg-pattern", "^-v$"]), "stored");
        assert_eq!(edit("add", &[]), "stored");
        assert_eq!(edit("remove", &[]), "stored");
        assert_eq!(edit("remove", &[]), "unchanged");
        let got = get();
        assert_eq!(got["file"]["agents"]["new"]["allowlist"][0]["argPattern"], "^-v$", "{got}");
        assert_eq!(edit("remove", &["--arg-pattern", "^-v$"]), "stored");
        assert_eq!(get()["file"]["agents"].get("new"), None);
    });
}
