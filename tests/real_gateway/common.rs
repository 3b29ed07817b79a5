//! Tests that are the same for every generation.

use serde_json::{Value, json};

use crate::checks::Checks;
use crate::client::{Client, Device, OPERATOR, Who};
use crate::gateway::Gateway;
use crate::proxy::{Options, Proxy};
use crate::tool::Tool;
use crate::wire::Wire;

/// The version and the properties of a generation.
#[derive(Clone, Copy)]
pub(crate) struct Generation {
    pub(crate) version: &'static str,
    pub(crate) protocol: u64,
    /// Whether it accepts connections before it is ready, and rejects them.
    pub(crate) refuses_while_starting: bool,
}

/// A document that every gateway accepts unchanged.
pub(crate) fn policy(ask: &str) -> Value {
    json!({
        "version": 1,
        "defaults": { "security": "allowlist", "ask": ask, "askFallback": "deny" },
        "agents": { "main": { "allowlist": [
            { "id": "kept", "pattern": "/usr/bin/uname", "lastUsedAt": 1_700_000_000_000_u64 },
            { "pattern": "/usr/bin/git", "argPattern": "^status$" },
        ] } },
    })
}

/// The document without the ids and the socket, which a gateway adds.
pub(crate) fn bare(file: &Value) -> Value {
    let mut file = file.clone();
    if let Some(document) = file.as_object_mut() {
        document.remove("socket");
    }
    for entry in file["agents"]["main"]["allowlist"].as_array_mut().into_iter().flatten() {
        if let Some(entry) = entry.as_object_mut() {
            entry.remove("id");
        }
    }
    file
}

/// Everything that needs no special setup.
pub(crate) fn everyday(checks: &mut Checks, gateway: &Gateway, generation: Generation) {
    let host = Tool::on_host(&gateway.state());
    let mut raw = Client::operator(gateway.address());
    checks.check("status on the gateway's host, without a flag", || {
        host.run(&["gateway", "status"]).exits(0).says(&["openclaw.json", generation.version]);
        let ran = host.run(&["gateway", "status", "--json"]).exits(0);
        let connection = &ran.json()["connection"];
        assert_eq!(connection["version"], generation.version, "{ran:#?}");
        assert_eq!(connection["protocol"], generation.protocol, "{ran:#?}");
        assert_eq!(connection["scopes"]["granted"], json!(OPERATOR), "{ran:#?}");
        let methods = connection["methods"]["present"].as_array().expect("a list");
        for method in
            ["exec.approvals.get", "exec.approvals.set", "exec.approvals.node.set", "exec.approval.list"]
        {
            assert!(methods.contains(&json!(method)), "{method}: {ran:#?}");
        }
    });
    checks.check("status over the wire", || {
        let ran = Wire::new(gateway, "status", &["gateway", "status", "--json"]).run().exits(0);
        assert_eq!(ran.json()["connection"]["version"], generation.version);
    });
    checks.check("get before anything was set", || {
        let got = host.run(&["approvals", "get", "--gateway", "--json"]).exits(0).json();
        assert_eq!(got["hash"], raw.get()["hash"]);
    });
    checks.check("get on the gateway's host, without a flag", || {
        let stored = raw.set(&policy("on-miss"));
        let hash = stored["hash"].as_str().expect("a hash");
        host.run(&["approvals", "get", "--gateway"]).exits(0).says(&[hash, "/usr/bin/uname"]);
        let got = host.run(&["approvals", "get", "--gateway", "--json"]).exits(0).json();
        assert_eq!(got["hash"], hash);
        assert_eq!(got["exists"], true);
        assert_eq!(got["file"], stored["file"]);
    });
    checks.check("get over the wire", || {
        let got = Wire::new(gateway, "get", &["approvals", "get", "--json"]).run().exits(0).json();
        assert_eq!(got["hash"], raw.get()["hash"]);
    });
    checks.check("set, and set again", || {
        let new = policy("always");
        let set = || Wire::new(gateway, "set", &["approvals", "set", "--json"]).document(&new);
        let before = raw.get();
        let ran = set().run().exits(0);
        let after = raw.get();
        assert_eq!(ran.json()["outcome"], "stored", "{ran:#?}");
        assert_eq!(ran.json()["baseHash"], before["hash"]);
        assert_eq!(ran.json()["hash"], after["hash"]);
        assert_eq!(bare(&after["file"]), bare(&new));
        assert_eq!(ran.json()["changes"][0]["path"], "/defaults/ask", "{ran:#?}");
        let unchanged = ["approvals", "set", "--json"];
        let ran = Wire::new(gateway, "set-unchanged", &unchanged).document(&new).run().exits(0);
        assert_eq!(ran.json()["outcome"], "unchanged", "{ran:#?}");
        assert_eq!(raw.get(), after);
    });
    checks.check("set --dry-run", || {
        let before = raw.get();
        let dry = ["approvals", "set", "--dry-run", "--json"];
        let ran = Wire::new(gateway, "set-dry-run", &dry).document(&policy("off")).run().exits(0);
        assert_eq!(ran.json()["outcome"], "planned", "{ran:#?}");
        assert_eq!(raw.get(), before);
        let file = host.document(&policy("off"));
        host.run(&["approvals", "set", "--gateway", "--dry-run", "--file", &file])
            .exits(0)
            .says(&["~ /defaults/ask: \"always\" -> \"off\"", "was not changed"]);
    });
    conflicts(checks, gateway, &host, &mut raw);
    checks.check("a misspelt policy is refused before it is sent", || {
        let before = raw.get();
        let mut misspelt = policy("off");
        misspelt["defaults"]["security"] = json!("alowlist");
        let (tool, proxy) = (Tool::new(), Proxy::to(gateway.address(), Options::default()));
        let set = ["approvals", "set", "--json"];
        let ran = Wire::new(gateway, "", &set).document(&misspelt).again(&tool, &proxy).run();
        let ran = ran.exits(1).fails_with("invalid-document").says(&["alowlist"]);
        assert_eq!(ran.json()["error"]["problems"][0]["path"], "/defaults/security", "{ran:#?}");
        assert_eq!(ran.json()["error"]["problems"][0]["suggestion"], "allowlist", "{ran:#?}");
        assert_eq!(proxy.connections(), 0);
        assert_eq!(raw.get(), before);
    });
    refusals(checks, gateway);
    checks.check("two at once share a device", || {
        let tool = Tool::new();
        let url = format!("--gateway={}", gateway.url());
        let secret = tool.secret();
        let get = ["approvals", "get", &url, "--token-file", &secret, "--json"];
        let runs = [tool.start(&get), tool.start(&get), tool.start(&get)];
        let hashes = runs.map(|run| tool.join(run).exits(0).json()["hash"].clone());
        assert!(hashes.iter().all(|hash| *hash == hashes[0]), "{hashes:?}");
        assert_eq!(tool.devices().len(), 1);
    });
}

fn conflicts(checks: &mut Checks, gateway: &Gateway, host: &Tool, raw: &mut Client) {
    checks.check("a stale base hash", || {
        let before = raw.get();
        let file = host.document(&policy("off"));
        let stale = "0".repeat(64);
        let set = ["approvals", "set", "--gateway", "--file", &file, "--base-hash", &stale, "--json"];
        host.run(&set).exits(6).fails_with("conflict").says(&[before["hash"].as_str().expect("a hash")]);
        assert_eq!(raw.get(), before);
    });
    checks.check("of two sets for the same base one wins", || {
        let base = raw.get()["hash"].as_str().expect("a hash").to_owned();
        let files = ["off", "on-miss"].map(|ask| host.document(&policy(ask)));
        let runs = files.map(|file| {
            host.start(&["approvals", "set", "--gateway", "--file", &file, "--base-hash", &base])
        });
        let mut codes = runs.map(|run| host.join(run).code);
        codes.sort_unstable();
        assert_eq!(codes, [0, 6]);
        raw.set(&policy("on-miss"));
    });
    checks.check("a change between the reading and the writing", || {
        let set = ["approvals", "set", "--json"];
        let new = policy("always");
        let wire = Wire::new(gateway, "conflict", &set).document(&new).holding("exec.approvals.set");
        let started = wire.start();
        started.proxy().wait_until_held();
        let other = raw.set(&json!({ "version": 1, "defaults": { "security": "deny" } }));
        started.proxy().release();
        started.end().exits(6).fails_with("conflict");
        assert_eq!(raw.get()["hash"], other["hash"], "somebody's change was overwritten");
        raw.set(&policy("on-miss"));
    });
}

fn refusals(checks: &mut Checks, gateway: &Gateway) {
    let status: [&str; 3] = ["gateway", "status", "--json"];
    checks.check("a wrong token", || {
        let ran =
            Wire::new(gateway, "wrong-token", &["approvals", "get", "--json"]).credential("wrong").run();
        ran.exits(5).fails_with("wrong-credential").says(&["openclaw gateway auth-token --show || sed "]);
        Wire::new(gateway, "status-wrong-token", &status).credential("wrong").run().exits(5);
    });
    checks.check("no token", || {
        let ran = Wire::new(gateway, "no-token", &["approvals", "get", "--json"]).credential("none").run();
        ran.exits(5).fails_with("no-credential").says(&["--token-file"]);
    });
    checks.check("the device's own token, alone and beside a wrong one", || {
        let (tool, proxy) = (Tool::new(), Proxy::to(gateway.address(), Options::default()));
        for credential in ["token", "none", "wrong"] {
            let ran =
                Wire::new(gateway, "", &status).credential(credential).again(&tool, &proxy).run().exits(0);
            // An early gateway does not report the authentication method.
            let method = ran.json()["connection"]["method"].clone();
            let expected = if credential == "token" { "token" } else { "device-token" };
            assert!(method.is_null() || method == expected, "{credential}: {ran:#?}");
            let warnings =
                ran.stderr.matches("warning: The gateway rejected --token-file; connected with").count();
            assert_eq!(warnings, usize::from(credential == "wrong"), "{credential}: {ran:#?}");
        }
    });
    checks.check("no gateway", || {
        let tool = Tool::new();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("--gateway=ws://{}", listener.local_addr().expect("its address"));
        drop(listener);
        let get = ["approvals", "get", &url, "--token-file", &tool.secret(), "--json"];
        tool.run(&get).exits(4).fails_with("unreachable").says(&["openclaw gateway run"]);
    });
    checks.check("another host's device, then its approval, then more scopes", || pairing(gateway));
}

/// A gateway pairs a device of this host automatically, but not a device of another host, and not one that requests
/// more scopes than were approved.
fn pairing(gateway: &Gateway) {
    let forwarded = Options { forwarded: true, ..Options::default() };
    let get = ["approvals", "get", "--json"];
    let mut raw = Client::operator(gateway.address());
    let tool = Tool::new();
    let proxy = Proxy::to(gateway.address(), forwarded);
    let ran = Wire::new(gateway, "pairing", &get).again(&tool, &proxy).run().exits(5).fails_with("pairing");
    let request = approval(&ran.json());
    raw.call("device.pair.approve", &json!({ "requestId": request })).expect("the id is the gateway's own");
    Wire::new(gateway, "", &get).again(&tool, &proxy).run().exits(0);
    // Another user, whose device was approved for reading.
    let (tool, proxy) = (Tool::new(), Proxy::to(gateway.address(), forwarded));
    // It has a key now, which the gateway does not know yet.
    Wire::new(gateway, "", &get).credential("wrong").again(&tool, &proxy).run().exits(5);
    let kept = tool.devices().pop().expect("a device");
    let device = Device::of_pem(kept["privateKey"].as_str().expect("a key"));
    let reader = Client::connect(gateway.address(), &Who::operator(&["operator.read"]), &device);
    drop(reader.expect("a device of this host is paired"));
    let ran = Wire::new(gateway, "scope-upgrade", &get).again(&tool, &proxy).run().exits(5);
    let ran = ran.fails_with("scope-upgrade");
    let request = approval(&ran.json());
    raw.call("device.pair.approve", &json!({ "requestId": request })).expect("the id is the gateway's own");
    Wire::new(gateway, "", &get).again(&tool, &proxy).run().exits(0);
}

/// The request id in the command to copy.
fn approval(output: &Value) -> String {
    let remedy = output["error"]["remedy"].as_str().expect("a next step");
    let (_, rest) = remedy.split_once("openclaw devices approve ").expect("a command");
    rest.split(|c: char| c != '-' && !c.is_ascii_hexdigit()).next().expect("an id").to_owned()
}

/// A gateway without the admin endpoint answers 404.
pub(crate) fn no_admin_endpoint(gateway: &Gateway) {
    let tool = Tool::new();
    let url = format!("--gateway={}", gateway.http_url());
    let get = ["approvals", "get", &url, "--token-file", &tool.secret(), "--json"];
    tool.run(&get).exits(5).fails_with("no-admin-endpoint").says(&["admin-http-rpc", &gateway.url()]);
}

/// A gateway that is stopped while it is used, and one that is not ready yet.
pub(crate) fn restart(checks: &mut Checks, gateway: &mut Gateway, generation: Generation) {
    let hash = Client::operator(gateway.address()).set(&policy("always"))["hash"].clone();
    checks.check("stopped during a get and a set", || {
        let (get, set) = (["approvals", "get", "--json"], ["approvals", "set", "--json"]);
        let new = policy("off");
        let get = Wire::new(gateway, "shutdown", &get).holding("exec.approvals.get").start();
        let set =
            Wire::new(gateway, "shutdown-set", &set).document(&new).holding("exec.approvals.set").start();
        get.proxy().wait_until_held();
        set.proxy().wait_until_held();
        gateway.terminate();
        // Reading may be retried; but the gateway is gone.
        let (get, set) = (get.end(), set.end());
        let ran = get.exits(4);
        let code = ran.json()["error"]["code"].as_str().unwrap_or_default().to_owned();
        assert!(["connection-lost", "unreachable"].contains(&code.as_str()), "{ran:#?}");
        assert!(!ran.stderr.contains("may have been executed"), "{ran:#?}");
        set.exits(4).fails_with("uncertain").says(&["may have been executed", "approvals get"]);
    });
    checks.check("a request while it starts", || {
        gateway.stop();
        gateway.start();
        gateway.wait_until_listening();
        let (tool, proxy) = (Tool::new(), Proxy::to(gateway.address(), Options::default()));
        let get = ["approvals", "get", "--json", "--timeout", "60s"];
        let ran = Wire::new(gateway, "startup", &get).again(&tool, &proxy).run().exits(0);
        let passed = format!("{:?}", proxy.passed());
        assert_eq!(passed.contains("startup-sidecars"), generation.refuses_while_starting, "{passed}");
        assert_eq!(ran.json()["hash"], hash, "{ran:#?}");
    });
}
