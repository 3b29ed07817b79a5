//! Guards that end without ever having been connected to some of their gateways.

use serde_json::{Value, json};

use crate::support::dev::{Client, Dev};

/// An address without a listener.
const NOBODY: &str = "ws://127.0.0.1:1";

/// Exit code, the last line on standard output that is not an error, standard output and standard error.
fn guard(client: &Client, flags: &[&str]) -> (i32, Value, String, String) {
    let arguments = [&["queue", "guard", "--timeout=2s"], flags].concat();
    let output = client.command(&arguments).output().unwrap();
    let [out, err] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    let lines: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let stopped = lines.iter().rfind(|line| line["event"] == "stopped").unwrap().clone();
    (output.status.code().unwrap(), stopped, out, err)
}

#[test]
fn a_guard_that_was_never_connected_ends_as_an_unreachable_gateway() {
    let client = Client::alone();
    let gateway = format!("--gateway={NOBODY}");
    let (exit, stopped, out, err) = guard(&client, &[&gateway]);
    assert_eq!((exit, &stopped["neverConnected"]), (4, &json!([NOBODY])), "{err}");
    assert!(!out.contains("\"error\":{"), "{out}");
    assert!(err.starts_with(&format!("error: the guard was never connected: {NOBODY}: ")), "{err}");
    assert!(err.contains("  next: start the gateway "), "{err}");
    // Lines stay lines where the failure is one of them.
    let (exit, _, out, _) = guard(&client, &[&gateway, "--ndjson"]);
    let last: Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();
    assert_eq!((exit, &last["error"]["code"]), (4, &json!("never-connected")), "{last}");
}

#[test]
fn a_guard_that_was_always_refused_ends_as_a_refusal() {
    let dev = Dev::start(&[]);
    let client = dev.client().variable("OPENCLAW_GATEWAY_TOKEN", "wrong");
    let (exit, stopped, _, err) = guard(&client, &[]);
    assert_eq!((exit, &stopped["neverConnected"]), (5, &json!(["default"])), "{err}");
}

#[test]
fn gateways_that_a_guard_never_reached_are_named() {
    let dev = Dev::start(&[]);
    let client = dev.client().variable("TOKEN", &dev.token);
    let entry =
        |name: &str, url: &str| format!("[gateways.{name}]\nurl = \"{url}\"\ntoken_env = \"TOKEN\"\n");
    let config = [entry("here", &dev.url), entry("away", NOBODY), entry("gone", NOBODY)].concat();
    client.file(".config/clearance/config.toml", config);
    let (exit, stopped, _, err) = guard(&client, &["--all-gateways"]);
    assert_eq!((exit, &stopped["neverConnected"]), (3, &json!(["away", "gone"])), "{err}");
    assert!(err.starts_with("error: the guard was never connected to 2 of 3 gateways: away ("), "{err}");
    assert!(err.contains("; gone (") && err.contains("clearance gateway status --gateway=NAME"), "{err}");
    // Every selected gateway was reached.
    let (exit, stopped, _, _) = guard(&client, &["--gateway=here"]);
    assert_eq!((exit, &stopped["neverConnected"]), (0, &Value::Null));
}
