//! `approvals allowlist`: edits of one entry, also during concurrent edits.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Output};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::support::database::Host;
use crate::support::dev::{Client, Dev, before, snapshot};

/// The number of concurrent edits.
const AT_ONCE: usize = 16;

const FILE_NODE: &str = "demo-node";
const WINDOWS: &str = "demo-windows";
const STORE: &str = ".openclaw/exec-approvals.json";

fn document() -> Value {
    json!({
        "version": 1,
        "socket": {"path": "/run/s.sock", "token": "hunter2"},
        "agents": {"main": {"ask": "always", "allowlist": [
            {"id": "kept", "pattern": "/usr/bin/git", "argPattern": "^status$", "lastUsedAt": 1_700_000_000_000_u64},
            {"id": "prompt", "pattern": "/usr/bin/curl", "source": "allow-always", "commandText": "curl x"}]}},
    })
}

fn read(client: &Client, path: &str) -> Value {
    serde_json::from_slice(&fs::read(client.home().join(path)).unwrap()).unwrap()
}

fn edit<'w>(words: &[&'w str], more: &[&'w str]) -> Vec<&'w str> {
    [&["approvals", "allowlist"], words, more].concat()
}

#[track_caller]
fn patterns(file: &Value, agent: &str) -> Vec<String> {
    let entries = file["agents"][agent]["allowlist"].as_array().cloned().unwrap_or_default();
    entries.iter().map(|entry| entry["pattern"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn an_entry_in_this_host_s_store() {
    let client = Client::alone();
    client.file(STORE, document().to_string());
    let mut settings = crate::support::dev::redactions();
    settings.add_filter(r#""lastUsedAt": \d{13}"#, r#""lastUsedAt": [NOW]"#);
    let snapshot = |name: &str, words: &[&str]| {
        let answer = client.answer(&edit(words, &[]));
        assert!(!answer.contains("hunter2"), "{answer}");
        settings.bind(|| insta::assert_snapshot!(name, answer));
    };
    snapshot("dry_run", &["add", "/usr/bin/uptime", "--dry-run"]);
    assert_eq!(read(&client, STORE), document());
    snapshot("added", &["add", "/usr/bin/uptime"]);
    let mut stored = read(&client, STORE);
    let new = stored["agents"]["*"]["allowlist"][0].take();
    assert_eq!(new["pattern"], "/usr/bin/uptime");
    assert!(
        new["id"].is_string() && new["lastUsedAt"].is_u64() && new.as_object().unwrap().len() == 3,
        "{new}"
    );
    let text = fs::read(client.home().join(STORE)).unwrap();
    snapshot("added_again", &["add", " /usr/bin/uptime"]);
    snapshot("added_again_json", &["add", "/usr/bin/uptime", "--json"]);
    assert_eq!(fs::read(client.home().join(STORE)).unwrap(), text);
    snapshot("not_there", &["remove", "/usr/bin/curl", "--agent", "main"]);
    snapshot("removed", &["remove", "/usr/bin/uptime", "--json"]);
    assert_eq!(read(&client, STORE), document());
    snapshot("generated", &["remove", "/usr/bin/curl", "--agent", "main", "--source", "allow-always"]);
    assert_eq!(patterns(&read(&client, STORE), "main"), ["/usr/bin/git"]);
}

#[test]
fn an_entry_in_a_file_that_is_no_store() {
    let client = Client::alone();
    let text = json!({"version": 1, "agents": {"main": {"allowlist": [{"pattern": "/a"}]}}}).to_string();
    let path = client.file("hosts/build.json", text);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let add =
        edit(&["add", "/b", "--arg-pattern", "^-v$", "--agent", "main"], &["--file", "hosts/build.json"]);
    assert_eq!(client.json(&add).0, 0);
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        r#"{"agents":{"main":{"allowlist":[{"pattern":"/a"},{"pattern":"/b","argPattern":"^-v$"}]}},"version":1}"#
    );
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o644);
    // A misspelt path creates no store, and no comment is lost.
    let (exit, _) = client.json(&edit(&["add", "/b"], &["--file", "hosts/biuld.json"]));
    assert_eq!(exit, 7);
    assert_eq!(fs::read_dir(client.home().join("hosts")).unwrap().count(), 1);
    let commented = "{\n  // why\n  version: 1,\n}\n";
    let path = client.file("hosts/commented.json5", commented);
    assert_eq!(client.json(&edit(&["add", "/b"], &["--file", "hosts/commented.json5"])).0, 0);
    assert_eq!(
        fs::read_to_string(path).unwrap(),
        "{\n  // why\n  version: 1,\n  agents: {\n    \"*\": {\n      allowlist: [\n        {\n          pattern: \"/b\"\n        }\n      ]\n    }\n  },\n}\n"
    );
    // A host reads only JSON.
    let path = client.file("hosts/commented.json", commented);
    snapshot!("json5", client.answer(&edit(&["add", "/b"], &["--file", "hosts/commented.json"])));
    assert_eq!(fs::read_to_string(path).unwrap(), commented);
}

#[test]
fn a_document_that_is_not_valid_stays_as_it_is() {
    let client = Client::alone();
    client.file("s.json", r#"{"version": 1, "defaults": {"security": "alowlist"}}"#);
    snapshot!("invalid", client.answer(&edit(&["add", "/b"], &["--store", "s.json"])));
    let early = r#"{"version": 1, "agents": {"default": {"allowlist": ["/bin/ls"]}}}"#;
    client.file("early.json", early);
    let (exit, report) = client.json(&edit(&["add", "/b", "--agent", "main"], &["--store", "early.json"]));
    assert_eq!((exit, &report["error"]["code"]), (1, &json!("invalid-document")));
    let words = ["add", "/b", "--agent", "main", "--allow-legacy"];
    assert_eq!(client.json(&edit(&words, &["--store", "early.json"])).0, 0);
    assert_eq!(patterns(&read(&client, "early.json"), "main"), ["/bin/ls", "/b"]);
}

#[test]
fn on_gateways_and_nodes() {
    for (generation, dev) in Dev::both() {
        let client = dev.client();
        let places = [vec!["--gateway"], vec!["--node", FILE_NODE]];
        for place in places {
            let get = [&["approvals", "get"], &place[..]].concat();
            let start = client.json(&get).1["hash"].clone();
            let add = edit(&["add", "/opt/tool", "--arg-pattern", "^x$", "--agent", "main"], &place);
            let (exit, report) = client.json(&add);
            assert_eq!((exit, &report["outcome"]), (0, &json!("stored")), "{generation}: {report}");
            assert_eq!((&report["baseHash"], &report["attempts"]), (&start, &json!(1)));
            let (_, got) = client.json(&get);
            assert_eq!(report["hash"], got["hash"]);
            assert!(patterns(&got["file"], "main").contains(&"/opt/tool".to_owned()), "{got}");
            let (exit, report) = client.json(&add);
            assert_eq!((exit, &report["outcome"]), (0, &json!("unchanged")));
            let plain = edit(&["remove", "/opt/tool", "--agent", "main"], &place);
            let (exit, report) = client.json(&plain);
            assert_eq!((exit, &report["outcome"]), (0, &json!("unchanged")));
            assert_eq!(report["similar"][0]["argPattern"], "^x$");
            let remove = edit(&["remove", "/opt/tool", "--arg-pattern=^x$", "--agent=main"], &place);
            let (exit, report) = client.json(&[&remove[..], &["--dry-run"]].concat());
            assert_eq!((exit, &report["outcome"]), (0, &json!("planned")));
            let (exit, report) = client.json(&remove);
            assert_eq!((exit, &report["outcome"]), (0, &json!("stored")));
            assert_eq!(report["similar"], json!([]));
            let (_, got) = client.json(&get);
            assert!(!patterns(&got["file"], "main").contains(&"/opt/tool".to_owned()));
        }
    }
    let dev = Dev::start(&[]);
    snapshot!("windows", dev.client().answer(&edit(&["add", "/b"], &["--node", WINDOWS])));
}

/// Starts all commands concurrently, and waits for all.
fn at_once(client: &Client, place: &[&str]) -> Vec<Output> {
    let start = |number: usize| -> Child {
        let pattern = format!("/opt/tool-{number}");
        client.spawn(&edit(&["add", &pattern, "--agent", "main", "--json"], place)).spawn().unwrap()
    };
    let children: Vec<Child> = (0..AT_ONCE).map(start).collect();
    children.into_iter().map(|child| child.wait_with_output().unwrap()).collect()
}

#[track_caller]
fn assert_all_there(outputs: &[Output], file: &Value) {
    for output in outputs {
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["outcome"], "stored", "{report}");
    }
    let patterns = patterns(file, "main");
    for number in 0..AT_ONCE {
        let wanted = format!("/opt/tool-{number}");
        assert_eq!(
            patterns.iter().filter(|pattern| **pattern == wanted).count(),
            1,
            "{wanted}: {patterns:?}"
        );
    }
}

#[test]
fn sixteen_at_once_on_a_store() {
    let client = Client::alone();
    client.file(STORE, document().to_string());
    let outputs = at_once(&client, &[]);
    let stored = read(&client, STORE);
    assert_all_there(&outputs, &stored);
    assert_eq!(stored["agents"]["main"]["allowlist"][0], document()["agents"]["main"]["allowlist"][0]);
    assert_eq!(stored["socket"], document()["socket"]);
}

#[test]
fn sixteen_at_once_on_a_database() {
    let host = Host::new();
    // The same user: the home is where the database is.
    let client =
        Client::alone().variable("OPENCLAW_STATE_DIR", host.home().join(".openclaw").to_str().unwrap());
    let outputs = at_once(&client, &[]);
    let stored: Value = serde_json::from_str(&host.text().unwrap()).unwrap();
    assert_all_there(&outputs, &stored);
    assert_eq!(host.integrity(), "ok");
    let (exit, report) = client.json(&edit(&["remove", "/opt/tool-3", "--agent", "main"], &[]));
    assert_eq!(
        (exit, &report["outcome"], &report["departures"]),
        (0, &json!("stored"), &json!([])),
        "{report}"
    );
    let (_, got) = client.json(&["approvals", "get"]);
    assert_eq!((&report["hash"], patterns(&got["file"], "main").len()), (&got["hash"], AT_ONCE - 1));
    let (exit, report) = client.json(&edit(&["remove", "/opt/tool-3", "--agent", "main"], &[]));
    assert_eq!((exit, &report["outcome"], &report["hash"]), (0, &json!("unchanged"), &got["hash"]));
    client.file("same.json", got["file"].to_string());
    assert_eq!(client.json(&["approvals", "diff", "same.json", "local"]).0, 0);
}

#[test]
fn sixteen_at_once_on_gateways_and_nodes() {
    for (_, dev) in Dev::both() {
        let client = dev.client();
        for place in [&["--gateway"][..], &["--node", FILE_NODE]] {
            let outputs = at_once(&client, place);
            let (_, got) = client.json(&[&["approvals", "get"], place].concat());
            assert_all_there(&outputs, &got["file"]);
        }
    }
}

/// Another writer is faster. The edit is applied to the current document until the deadline.
#[test]
fn a_race_that_is_lost_is_run_again() {
    let dev = Dev::start(&[]);
    let lost = std::sync::Arc::new(AtomicUsize::new(0));
    let losing = |races: usize| {
        let lost = std::sync::Arc::clone(&lost);
        lost.store(0, Ordering::SeqCst);
        // The gateway's answers to `get` carry the hash: another one makes the `set` that follows too late.
        before(&dev, move |frame| {
            let is_answer = frame.pointer("/payload/file").is_some();
            if is_answer && lost.fetch_add(1, Ordering::SeqCst) < races {
                frame["payload"]["hash"] = json!("0".repeat(64));
            }
        })
    };
    let client = dev.client_at(&losing(3));
    let (exit, report) = client.json(&edit(&["add", "/opt/late"], &["--gateway"]));
    assert_eq!((exit, &report["attempts"]), (0, &json!(4)), "{report}");
    let client = dev.client_at(&losing(usize::MAX));
    let (exit, report) = client.json(&edit(&["add", "/opt/never", "--timeout", "2s"], &["--gateway"]));
    assert_eq!((exit, &report["error"]["code"]), (6, &json!("conflict")), "{report}");
    assert!(report["error"]["remedy"].as_str().unwrap().starts_with("retry: the edit"), "{report}");
    let (_, got) = dev.client().json(&["approvals", "get", "--gateway"]);
    assert_eq!(patterns(&got["file"], "*"), ["/opt/late"]);
}

/// Concurrent edits in the document that is read back are not a failure. A missing entry is.
#[test]
fn what_is_read_back_must_hold_the_entry() {
    let dev = Dev::start(&[]);
    let url = before(&dev, |frame| {
        if let Some(agents) = frame.pointer_mut("/payload/file/agents") {
            agents["other"] = json!({"ask": "always"});
        }
    });
    let (exit, report) = dev.client_at(&url).json(&edit(&["add", "/opt/kept"], &["--gateway"]));
    assert_eq!((exit, &report["departures"]), (0, &json!([])), "{report}");
    let seen = Mutex::new(0);
    let url = before(&dev, move |frame| {
        if let Some(agents) = frame.pointer_mut("/payload/file/agents").and_then(Value::as_object_mut) {
            *seen.lock().unwrap() += 1;
            agents.remove("*");
        }
    });
    let client = dev.client_at(&url);
    let (exit, report) = client.json(&edit(&["add", "/opt/dropped"], &["--gateway"]));
    assert_eq!((exit, &report["attempts"]), (3, &json!(2)), "{report}");
    assert!(report["departures"].to_string().contains("/opt/dropped"), "{report}");
}

#[test]
fn what_a_gateway_is_too_old_for_is_told() {
    let dev = Dev::start(&["--generation", "legacy"]);
    let url = before(&dev, |frame| {
        let refused = "invalid exec.approvals.set params: at /file/agents/main/allowlist/0: unexpected property 'source'";
        if let Some(file) = frame.pointer_mut("/payload/file") {
            let entry = json!({"id": "p", "pattern": "/usr/bin/curl", "source": "allow-always"});
            file["agents"] = json!({"main": {"allowlist": [entry]}});
            frame["payload"]["hash"] = json!("0".repeat(64));
        } else if frame.pointer("/error/message").is_some() {
            frame["error"]["message"] = json!(refused);
        }
    });
    let dry = edit(&["add", "/opt/x", "--agent", "main", "--dry-run"], &["--gateway"]);
    snapshot!("too_old_dry_run", dev.client_at(&url).answer(&dry));
    snapshot!(
        "too_old",
        dev.client_at(&url).answer(&edit(&["add", "/opt/x", "--agent", "main"], &["--gateway"]))
    );
}

#[test]
fn an_mcp_tool_is_listed_and_removed_everywhere() {
    let tool = |tool: &str| json!({"server": "github", "tool": tool, "source": "allow-always", "addedAt": 1_700_000_000_000_u64});
    let document = json!({"version": 1, "agents": {
        "main": {"allowlist": [{"pattern": "/usr/bin/git", "argPattern": "^status$"}],
                 "mcpTools": [tool("create_issue"), tool("list_issues")]},
        "ops": {"mcpTools": [tool("create_issue")]},
    }});
    let remove = ["remove-tool", "github", "create_issue", "--agent=main"];
    // This host's store, a file, and a gateway.
    let home = Client::alone();
    home.file(STORE, document.to_string());
    home.file("hosts/build.json", document.to_string());
    let scenario = home.file("scenario.json", json!({ "document": document }).to_string());
    let dev = Dev::start(&["--scenario", scenario.to_str().unwrap()]);
    let gateway = dev.client();
    let places: [(&Client, &[&str]); 3] =
        [(&home, &[]), (&home, &["--file", "hosts/build.json"]), (&gateway, &["--gateway"])];
    snapshot!("tools_listed", home.answer(&edit(&["ls"], &[])));
    snapshot!("tool_removed", home.answer(&edit(&remove, &["--dry-run"])));
    for (client, place) in places {
        let listed = |agent: &str| {
            let (exit, list) = client.json(&edit(&["ls", "--agent", agent], place));
            assert_eq!(exit, 0, "{list}");
            let tools = list["agents"][0]["mcpTools"].as_array().cloned().unwrap_or_default();
            tools.iter().map(|tool| tool["tool"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(listed("main"), ["create_issue", "list_issues"], "{place:?}");
        let (exit, report) = client.json(&edit(&remove, place));
        assert_eq!(
            (exit, &report["outcome"], &report["verb"]),
            (0, &json!("stored"), &json!("remove")),
            "{report}"
        );
        assert_eq!(report["elsewhere"], json!(["ops"]), "{report}");
        assert_eq!(
            report["entry"],
            json!({"server": "github", "tool": "create_issue", "source": "allow-always"})
        );
        assert_eq!(
            (listed("main"), listed("ops")),
            (vec!["list_issues".to_owned()], vec!["create_issue".to_owned()])
        );
        // Twice is a success that changes nothing.
        let (exit, report) = client.json(&edit(&remove, place));
        assert_eq!((exit, &report["outcome"]), (0, &json!("unchanged")), "{report}");
        let (exit, report) = client.json(&edit(&["remove-tool", "github", " ", "--agent=main"], place));
        assert_eq!((exit, &report["error"]["code"]), (2, &json!("usage")), "{report}");
    }
    assert_eq!(read(&home, STORE)["agents"]["main"]["allowlist"], document["agents"]["main"]["allowlist"]);
    // A Windows node keeps rules, and no allowlist.
    let (exit, report) = gateway.json(&edit(&["ls"], &["--gateway", "--node", WINDOWS]));
    assert_eq!((exit, &report["error"]["code"]), (2, &json!("usage")), "{report}");
}
