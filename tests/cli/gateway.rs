//! `gateway status`, `gateway dev`, and documents on gateways, on gateways of both
//! generations that run as separate processes.

use std::fs;
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use clearance::internals::gateway::Effect;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::dev::{Client, Dev, before, deadline, snapshot};
use crate::support::{binary, fixture};

/// The value of every secret. No output may contain it.
const SECRET: &str = "hunter2";

fn new_document() -> String {
    json!({"version": 1, "defaults": {"security": "deny"}, "agents": {"main": {"allowlist": [{"pattern": "/bin/ls"}]}}})
        .to_string()
}

#[track_caller]
fn hash(client: &Client) -> String {
    let (exit, got) = client.json(&["approvals", "get", "--gateway"]);
    assert_eq!(exit, 0, "{got}");
    got["hash"].as_str().unwrap().to_owned()
}

// ---- status

#[test]
fn status_of_both_generations() {
    for (generation, dev) in Dev::both() {
        let client = dev.client();
        snapshot!(format!("status_{generation}"), client.answer(&["gateway", "status"]));
        snapshot!(format!("status_{generation}_json"), client.answer(&["gateway", "status", "--json"]));
        // Without another token, the device's own token authenticates. A wrong token is reported.
        let forgetful = client.variable("OPENCLAW_GATEWAY_TOKEN", "wrong");
        snapshot!(format!("status_{generation}_device_token"), forgetful.answer(&["gateway", "status"]));
    }
}

#[test]
fn status_of_the_embedded_gateway() {
    let client = Client::alone();
    snapshot!("status_embedded", client.answer(&["gateway", "status", "--gateway=embedded"]));
    snapshot!("status_embedded_json", client.answer(&["gateway", "status", "--gateway=embedded", "--json"]));
    // The key is made for this run only. Nothing is stored.
    assert!(fs::read_dir(client.home()).unwrap().next().is_none());
}

#[test]
fn status_over_tls() {
    let dev = Dev::start(&["--tls"]);
    let client = dev.client();
    let pin = dev.fingerprint.clone().unwrap();
    snapshot!("status_tls_untrusted", client.answer(&["gateway", "status"]));
    snapshot!("status_tls_untrusted_json", client.answer(&["gateway", "status", "--json"]));
    snapshot!("status_tls_pinned", client.answer(&["gateway", "status", "--tls-fingerprint", &pin]));
    let other = format!("{}:{}", if pin.starts_with("00") { "11" } else { "00" }, &pin[3..]);
    snapshot!("status_tls_wrong_pin", client.answer(&["gateway", "status", "--tls-fingerprint", &other]));
    // Every notation of the fingerprint works.
    for pin in [pin.to_lowercase(), pin.replace(':', ""), format!("sha256:{pin}")] {
        assert_eq!(client.json(&["gateway", "status", "--tls-fingerprint", &pin]).0, 0, "{pin}");
    }
    let https = format!("--gateway={}", dev.over("https"));
    let (exit, status) = client.json(&["gateway", "status", &https, "--tls-fingerprint", &pin]);
    assert_eq!((exit, &status["connection"]["transport"]), (0, &json!("http")), "{status}");
    // Each address has the scheme of the other kind of connection.
    let plain = format!("--gateway={}", dev.over("ws"));
    snapshot!("status_tls_by_plain_address", client.answer(&["gateway", "status", &plain]));
    let dev = Dev::start(&[]);
    let tls = format!("--gateway={}", dev.over("wss"));
    snapshot!("status_plain_by_tls_address", dev.client().answer(&["gateway", "status", &tls]));
}

#[test]
fn status_over_http() {
    for (generation, dev) in Dev::both() {
        let url = format!("--gateway={}", dev.over("http"));
        snapshot!(format!("status_http_{generation}"), dev.client().answer(&["gateway", "status", &url]));
    }
    let dev = Dev::start(&[]);
    let url = format!("--gateway={}", dev.over("http"));
    let client = dev.client();
    snapshot!("status_http_json", client.answer(&["gateway", "status", &url, "--json"]));
    let (exit, got) = client.json(&["approvals", "get", &url]);
    assert_eq!((exit, &got["hash"]), (0, &json!(hash(&client))));
    let wrong = dev.client().variable("OPENCLAW_GATEWAY_TOKEN", "wrong");
    snapshot!("status_http_wrong_token", wrong.answer(&["gateway", "status", &url]));
    let none = Client::alone();
    snapshot!("status_http_no_token", none.answer(&["gateway", "status", &url]));
}

#[test]
fn status_shows_the_next_step() {
    for (generation, dev) in Dev::both() {
        let wrong = dev.client().variable("OPENCLAW_GATEWAY_TOKEN", "wrong");
        snapshot!(format!("refused_{generation}_wrong_token"), wrong.answer(&["gateway", "status"]));
        let (exit, status) = wrong.json(&["gateway", "status"]);
        assert_eq!((exit, &status["error"]["code"]), (5, &json!("wrong-credential")));
        let none = Client::alone().variable("OPENCLAW_GATEWAY_URL", &dev.url);
        snapshot!(format!("refused_{generation}_no_token"), none.answer(&["gateway", "status"]));
        let password = none.variable("OPENCLAW_GATEWAY_PASSWORD", SECRET);
        snapshot!(format!("refused_{generation}_password"), password.answer(&["gateway", "status"]));
        // `approvals get` prints the same refusal on standard error.
        snapshot!(
            format!("refused_{generation}_get"),
            password.answer(&["approvals", "get", "--gateway", "--json"])
        );
    }
    // The port was free a moment ago.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let client = Client::alone().variable("OPENCLAW_GATEWAY_PORT", &port.to_string());
    snapshot!("refused_nobody_there", client.answer(&["gateway", "status"]));
    let (exit, status) = client.json(&["gateway", "status"]);
    assert_eq!((exit, &status["error"]["code"]), (4, &json!("unreachable")));
}

#[test]
fn each_refusal_has_its_next_step() {
    let dev = Dev::start(&[]);
    for (name, exit, code, error) in [
        (
            "pairing",
            5,
            "pairing",
            json!({"code": "NOT_PAIRED", "message": "pairing required", "details":
                {"code": "PAIRING_REQUIRED", "requestId": "request-7", "reason": "not-paired"}}),
        ),
        (
            "scope_upgrade",
            5,
            "scope-upgrade",
            json!({"code": "NOT_PAIRED", "message": "pairing required", "details":
                {"code": "PAIRING_REQUIRED", "requestId": "request-8", "reason": "scope-upgrade"}}),
        ),
        (
            "pairing_unnamed",
            5,
            "pairing",
            json!({"code": "NOT_PAIRED", "message": "pairing required", "details":
                {"code": "PAIRING_REQUIRED", "reason": "not-paired"}}),
        ),
        (
            "pairing_hostile",
            5,
            "pairing",
            json!({"code": "NOT_PAIRED", "message": "pairing required", "details":
                {"code": "PAIRING_REQUIRED", "requestId": "x; rm -rf ~", "reason": "not-paired"}}),
        ),
        (
            "protocol",
            5,
            "protocol",
            json!({"code": "INVALID_REQUEST", "message": "protocol mismatch", "details":
                {"code": "PROTOCOL_MISMATCH", "expectedProtocol": 5}}),
        ),
        (
            "rate_limited",
            5,
            "rate-limited",
            json!({"code": "INVALID_REQUEST", "message": "unauthorized: too many failed authentication attempts",
                "details": {"code": "AUTH_RATE_LIMITED"}}),
        ),
        (
            "wrong_password",
            5,
            "wrong-credential",
            json!({"code": "INVALID_REQUEST", "message": "unauthorized: gateway password mismatch",
                "details": {"code": "AUTH_PASSWORD_MISMATCH"}}),
        ),
        (
            "no_password",
            5,
            "no-credential",
            json!({"code": "INVALID_REQUEST", "message": "unauthorized: gateway password missing",
                "details": {"code": "AUTH_PASSWORD_MISSING"}}),
        ),
        (
            "clock",
            5,
            "clock",
            json!({"code": "INVALID_REQUEST", "message": "device signature expired",
                "details": {"code": "DEVICE_AUTH_SIGNATURE_EXPIRED"}}),
        ),
        (
            "device",
            5,
            "device",
            json!({"code": "INVALID_REQUEST", "message": "device signature invalid",
                "details": {"code": "DEVICE_AUTH_SIGNATURE_INVALID"}}),
        ),
        ("other", 5, "refused", json!({"code": "INVALID_REQUEST", "message": "\u{1b}[2Jno\nnext: rm -rf"})),
    ] {
        let url = before(&dev, move |frame| {
            if frame["payload"]["type"] == "hello-ok" {
                *frame = json!({"type": "res", "id": frame["id"], "ok": false, "error": error});
            }
        });
        let client = dev.client_at(&url);
        let answer = client.answer(&["gateway", "status"]);
        assert!(
            answer.starts_with(&format!("exit: {exit}\n")) && !answer.contains('\u{1b}'),
            "{name}: {answer}"
        );
        snapshot!(format!("refusal_{name}"), answer);
        let (_, status) = client.json(&["gateway", "status"]);
        assert_eq!(
            (&status["error"]["code"], &status["error"]["exit"]),
            (&json!(code), &json!(exit)),
            "{name}"
        );
        // A document is refused in the same words.
        let (got, object) = client.json(&["approvals", "get", "--gateway"]);
        assert_eq!((got, &object["error"]["code"]), (exit, &json!(code)), "{name}");
    }
}

#[test]
fn a_call_without_its_scope() {
    let dev = Dev::start(&[]);
    for (name, error) in [
        (
            "current",
            json!({"code": "FORBIDDEN", "message": "missing scope: operator.admin",
            "details": {"code": "MISSING_SCOPE", "missingScope": "operator.admin"}}),
        ),
        ("legacy", json!({"code": "INVALID_REQUEST", "message": "missing scope: operator.admin"})),
    ] {
        let url = before(&dev, move |frame| {
            if frame["payload"].get("file").is_some() {
                *frame = json!({"type": "res", "id": frame["id"], "ok": false, "error": error});
            }
        });
        let client = dev.client_at(&url);
        snapshot!(format!("scope_{name}"), client.answer(&["approvals", "get", "--gateway"]));
        let (exit, object) = client.json(&["approvals", "get", "--gateway"]);
        assert_eq!((exit, &object["error"]["code"]), (5, &json!("missing-scope")));
    }
}

#[test]
fn the_environment_comes_before_configuration() {
    let (one, other) = (Dev::start(&[]), Dev::start(&["--generation=legacy"]));
    let client = Client::alone()
        .variable("OPENCLAW_GATEWAY_PORT", &other.port().to_string())
        .variable("OPENCLAW_GATEWAY_TOKEN", &other.token);
    client.file(
        ".openclaw/openclaw.json",
        format!("{{gateway: {{port: {}, auth: {{token: '{}'}}}}}}", one.port(), one.token),
    );
    snapshot!("environment_port", client.answer(&["gateway", "status"]));
    // A flag overrides both, and the token file overrides the token of the environment.
    client.file("token", &one.token);
    let flag = format!("--gateway={}", one.url);
    let (exit, status) = client.json(&["gateway", "status", &flag, "--token-file", "token"]);
    assert_eq!((exit, &status["connection"]["protocol"]), (0, &json!(4)), "{status}");
    assert_eq!(status["credential"], json!({"kind": "token", "from": "--token-file"}));
}

#[test]
fn status_where_scopes_and_methods_are_missing() {
    let dev = Dev::start(&[]);
    let url = before(&dev, |frame| {
        if let Some(auth) = frame.pointer_mut("/payload/auth") {
            auth["scopes"] = json!(["operator.read"]);
        }
        if let Some(methods) = frame.pointer_mut("/payload/features/methods") {
            *methods = json!(["health", "exec.approvals.get"]);
        }
    });
    snapshot!("status_little_granted", dev.client_at(&url).answer(&["gateway", "status"]));
}

#[test]
fn named_gateways() {
    let dev = Dev::start(&["--tls"]);
    let pin = dev.fingerprint.clone().unwrap();
    let client = Client::alone().variable("PROD_TOKEN", &dev.token);
    client.file(".config/clearance/prod.token", format!("{}\n", dev.token));
    let certificate =
        client.file("ca.pem", "-----BEGIN CERTIFICATE-----\nnot one\n-----END CERTIFICATE-----\n");
    let url = &dev.url;
    client.file(
        ".config/clearance/config.toml",
        format!(
            "default = \"prod\"\n\n[gateways.prod]\nurl = \"{url}\"\ntoken_file = \"prod.token\"\ntls_fingerprint = \"{pin}\"\n\n\
             [gateways.by-env]\nurl = \"{url}\"\ntoken_env = \"PROD_TOKEN\"\ntls_fingerprint = \"{pin}\"\n\n\
             [gateways.unset]\nurl = \"{url}\"\ntoken_env = \"NO_SUCH_TOKEN\"\ntls_fingerprint = \"{pin}\"\n\n\
             [gateways.ca]\nurl = \"{url}\"\ntoken_env = \"PROD_TOKEN\"\nca_file = \"{}\"\n\n\
             [gateways.missing-file]\nurl = \"{url}\"\ntoken_file = \"nowhere\"\n",
            certificate.display()
        ),
    );
    snapshot!("named_default", client.answer(&["gateway", "status"]));
    snapshot!("named_by_env", client.answer(&["gateway", "status", "--gateway=by-env"]));
    for (name, exit) in [("unset", 7), ("ca", 7), ("missing-file", 7), ("prdo", 2)] {
        let answer = client.answer(&["gateway", "status", &format!("--gateway={name}")]);
        assert!(answer.starts_with(&format!("exit: {exit}\n")), "{name}: {answer}");
        snapshot!(format!("named_{name}"), answer);
    }
    // Without a value it is the default gateway, which the environment overrides.
    let (exit, status) = client.json(&["gateway", "status", "--gateway"]);
    assert_eq!((exit, &status["gateway"]["name"]), (0, &json!("prod")));
    let (_, status) =
        client.variable("OPENCLAW_GATEWAY_URL", "ws://127.0.0.1:1").json(&["gateway", "status"]);
    assert_eq!(status["gateway"]["from"], "OPENCLAW_GATEWAY_URL", "{status}");
}

#[test]
fn the_place_of_a_configuration_error_is_reported() {
    for (name, exit, text) in [
        ("syntax", 7, "default = prod\n"),
        ("field", 7, "[gateways.a]\nurl = \"wss://h.example\"\ntoken_flie = \"t\"\n"),
        ("secret", 5, "[gateways.a]\nurl = \"wss://h.example\"\ntoken = \"hunter2\"\n"),
        ("url", 7, "[gateways.a]\nurl = \"wss://u:hunter2@h.example\"\n"),
        ("default", 7, "default = \"b\"\n[gateways.a]\nurl = \"wss://h.example\"\n"),
        ("embedded", 7, "[gateways.embedded]\nurl = \"wss://h.example\"\n"),
        ("no_url", 7, "[gateways.a]\ntoken_env = \"T\"\n"),
    ] {
        let client = Client::alone();
        client.file(".config/clearance/config.toml", text);
        let answer = client.answer(&["gateway", "status"]);
        assert!(
            answer.starts_with(&format!("exit: {exit}\n")) && !answer.contains(SECRET),
            "{name}: {answer}"
        );
        snapshot!(format!("config_{name}"), answer);
    }
    let client = Client::alone();
    client.file(
        ".config/clearance/config.toml",
        "[gateways.a]\nurl = \"wss://127.0.0.1:1\"\ntoken_file = \"t\"\n",
    );
    let token = client.file(".config/clearance/t", SECRET);
    fs::set_permissions(token, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    snapshot!("config_readable_token", client.answer(&["gateway", "status", "--gateway=a"]));
}

#[test]
fn on_the_gateways_host_no_flag_is_needed() {
    let dev = Dev::start(&[]);
    let client = Client::alone();
    let configuration =
        format!("{{gateway: {{port: {}, auth: {{mode: 'token', token: '{}'}}}}}}", dev.port(), dev.token);
    client.file(".openclaw/openclaw.json", configuration);
    let answer = client.answer(&["gateway", "status"]);
    assert!(!answer.contains(&dev.token));
    snapshot!("host_status", answer);
    // `approvals` acts on this host's own store unless `--gateway` is given.
    assert_eq!(client.json(&["approvals", "get"]).1["exists"], false);
    assert_eq!(client.json(&["approvals", "get", "--gateway"]).1["exists"], true);
    // A rejected token of a variable is reported with the variable's name.
    let client =
        client.variable("OPENCLAW_GATEWAY_TOKEN", "wrong").variable("XDG_STATE_HOME", "/nonexistent");
    assert!(client.answer(&["gateway", "status"]).contains("OPENCLAW_GATEWAY_TOKEN"));

    let dev = Dev::start(&["--tls"]);
    let client = Client::alone().variable("REMOTE", &dev.token);
    client.file(
        ".openclaw/openclaw.json",
        format!(
            "{{gateway: {{mode: 'remote', remote: {{url: '{}', token: '${{REMOTE}}', tlsFingerprint: '{}'}}}}}}",
            dev.url,
            dev.fingerprint.clone().unwrap()
        ),
    );
    snapshot!("host_remote_status", client.answer(&["gateway", "status"]));
    client.file(".openclaw/openclaw.json", "{gateway: {port: 1,,}}");
    snapshot!("host_broken", client.answer(&["gateway", "status"]));
}

#[test]
fn addresses_that_are_none() {
    for (name, argument) in [
        ("user", "--gateway=wss://u:hunter2@h.example"),
        ("query", "--gateway=wss://h.example/?token=hunter2"),
        ("fragment", "--gateway=wss://h.example/#token=hunter2"),
        ("scheme", "--gateway=ftp://h.example"),
        ("no_host", "--gateway=wss://"),
        ("host_and_no_port", "--gateway=h.example:"),
        ("host_and_port_and_user", "--gateway=u:hunter2@h.example:18789"),
        ("name_with_secret", "--gateway=u:hunter2@h.example"),
        ("unknown_name", "--gateway=prod"),
        ("blank", "--gateway=  "),
    ] {
        // A blank name is the default gateway, and none is running.
        let client = Client::alone().variable("OPENCLAW_GATEWAY_PORT", "1");
        let answer = client.answer(&["gateway", "status", argument]);
        assert!(!answer.contains(SECRET), "{answer}");
        assert!(answer.starts_with(if name == "blank" { "exit: 4\n" } else { "exit: 2\n" }), "{answer}");
        snapshot!(format!("address_{name}"), answer);
        let (_, object) = client.json(&["approvals", "get", argument]);
        assert!(!object.to_string().contains(SECRET) && object["error"]["exit"].is_u64(), "{object}");
    }
    for (name, variable, value) in [
        ("url", "OPENCLAW_GATEWAY_URL", "ws://u:hunter2@127.0.0.1:1"),
        ("port", "OPENCLAW_GATEWAY_PORT", "99999"),
        ("plaintext", "OPENCLAW_GATEWAY_URL", "ws://gateway.example:18789"),
    ] {
        let client = Client::alone().variable("OPENCLAW_GATEWAY_TOKEN", SECRET).variable(variable, value);
        snapshot!(format!("variable_{name}"), client.answer(&["gateway", "status"]));
    }
}

#[test]
fn wrong_command_lines() {
    for (name, arguments) in [
        ("space", &["approvals", "allowlist", "add", "/usr/bin/git", "--gateway", "prod"] as &[&str]),
        (
            "space_before",
            &["approvals", "allowlist", "rm", "--gateway", "prod", "/a b", "--arg-pattern", r"^(a|\d)$"],
        ),
        (
            "space_secret",
            &["approvals", "allowlist", "add", "/a", "--gateway", "wss://u:hunter2@h.example", "--json"],
        ),
        ("gateway_of_diff", &["approvals", "diff", "a.json", "b.json", "--gateway", "prod"]),
        (
            "gateway_as_operand",
            &["approvals", "diff", "--timeout", "5", "a b.json", "--gateway", "prod", "--json"],
        ),
        ("default_as_operand", &["approvals", "diff", "a.json", "--gateway"]),
        ("operand_with_secret", &["approvals", "diff", "a.json", "--gateway=wss://u:hunter2@h.example"]),
        ("space_and_file", &["approvals", "get", "--gateway", "prod", "--file", "f"]),
        ("space_and_path", &["approvals", "lint", "hosts/", "--gateway", "prod"]),
        ("generation", &["gateway", "dev", "--generation", "old"]),
        ("coalesce", &["gateway", "dev", "--coalesce", "maybe"]),
        ("dev_argument", &["gateway", "dev", "extra"]),
        ("node_and_file", &["approvals", "get", "--node", "n", "--file", "f"]),
        ("fingerprint", &["gateway", "status", "--gateway=wss://127.0.0.1:1", "--tls-fingerprint", "AB"]),
        ("pin_of_plain", &["gateway", "status", "--gateway=ws://127.0.0.1:1", "--ca-file", "x"]),
        ("ask_without_terminal", &["gateway", "status", "--gateway=ws://127.0.0.1:1", "--ask-token"]),
    ] {
        let answer = Client::alone().answer(arguments);
        assert!(answer.starts_with("exit: 2\n") && !answer.contains(SECRET), "{name}: {answer}");
        snapshot!(format!("usage_{name}"), answer);
    }
}

#[test]
fn a_file_behind_gateway_is_recognised() {
    let client = Client::alone();
    client.file("x.json", new_document());
    let answer = client.answer(&["approvals", "lint", "--gateway", "x.json"]);
    assert!(answer.contains("  next: to use the file x.json, leave --gateway out\n"), "{answer}");
}

/// Each command without an argument that the name could be, with the name after a space, after an equals sign, and as
/// host and port.
#[test]
fn a_gateway_is_named_with_a_space_too() {
    let dev = Dev::start(&[]);
    let port = dev.port();
    let client = Client::alone();
    client.file(
        ".config/clearance/config.toml",
        format!("[gateways.lab]\nurl = \"127.0.0.1:{port}\"\ntoken_file = \"token\"\n"),
    );
    client.file(".config/clearance/token", &dev.token);
    let document = client.file("new.json", new_document());
    let set = ["approvals", "set", "--dry-run", "--file", document.to_str().unwrap()];
    for command in [
        &["gateway", "status"] as &[&str],
        &["approvals", "get"],
        &set,
        &["approvals", "lint", "--fail-on", "never"],
        &["approvals", "allowlist", "add", "/usr/bin/uptime", "--dry-run"],
        &["queue", "ls"],
        &["queue", "list"],
        &["queue", "dedupe", "--dry-run"],
        &["queue", "purge", "--dry-run"],
        &["run", "ls"],
        &["run", "list"],
        &["run", "cancel", "--superseded", "--dry-run"],
    ] {
        let token = client.home().join(".config/clearance/token");
        let at = format!("127.0.0.1:{port}");
        let spaced = &["--gateway", "lab"] as &[&str];
        let joined = &["--gateway=lab"];
        let addressed = &["--gateway", &at, "--token-file", token.to_str().unwrap()];
        let addressed_joined = &[&format!("--gateway={at}"), "--token-file", token.to_str().unwrap()];
        let takes_a_space = !command.contains(&"allowlist");
        for gateway in [spaced, joined, addressed, addressed_joined] {
            let output = client.command(&[command, gateway].concat()).output().unwrap();
            let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
            let expected = if takes_a_space || gateway[0].contains('=') { 0 } else { 2 };
            assert_eq!(output.status.code(), Some(expected), "{command:?} {gateway:?}: {stderr}");
            if expected == 0 {
                continue;
            }
            // The suggested command works when it is pasted.
            let pasted = stderr.lines().find_map(|line| line.strip_prefix("  next: clearance ")).unwrap();
            let words: Vec<&str> = pasted.split(' ').collect();
            assert!(client.command(&words).output().unwrap().status.success(), "{pasted}");
        }
    }
    // Without a value it is the default gateway, also before other options.
    let client = dev.client();
    for command in
        [&["gateway", "status", "--gateway", "--json"] as &[&str], &["approvals", "get", "--gateway"]]
    {
        assert!(client.command(command).output().unwrap().status.success(), "{command:?}");
    }
    // The variable takes the same forms.
    let client = client.variable("OPENCLAW_GATEWAY_URL", &format!("localhost:{port}"));
    assert_eq!(client.json(&["gateway", "status"]).0, 0);
}

#[test]
fn output_is_plain_where_it_should_be() {
    let client = Client::alone();
    let status = ["gateway", "status", "--gateway=embedded"];
    for (name, value) in [("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1"), ("COLUMNS", "40"), ("TERM", "dumb")] {
        let output = client.command(&status).env(name, value).output().unwrap();
        assert!(!output.stdout.contains(&0x1b), "{name}");
    }
    let wrong = client.file("new.json", r#"{"version": 1, "defaults": {"security": "alowlist"}}"#);
    let set = ["approvals", "set", "--gateway=embedded", "--file", wrong.to_str().unwrap()];
    for (name, coloured) in [("CLICOLOR_FORCE", true), ("NO_COLOR", false), ("COLUMNS", false)] {
        let output = client.command(&set).env(name, "40").output().unwrap();
        assert_eq!(output.stderr.contains(&0x1b), coloured, "{name}");
    }
}

#[test]
fn a_pipe_that_breaks_is_a_quiet_success() {
    let client = Client::alone();
    for arguments in [
        &["gateway", "status", "--gateway=embedded"] as &[&str],
        &["gateway", "status", "--gateway=embedded", "--json"],
        &["approvals", "get", "--gateway=embedded"],
        &["approvals", "get", "--gateway=embedded", "--json"],
        // Without this output no client knows how to connect.
        &["gateway", "dev"],
        &["gateway", "dev", "--json"],
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = client.spawn(arguments).stdout(writer).spawn().unwrap().wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{arguments:?}");
    }
}

// ---- dev

#[test]
fn dev_prints_how_to_reach_it() {
    for (name, arguments) in [
        ("text", &[] as &[&str]),
        ("text_tls", &["--tls"]),
        ("json", &["--json"]),
        ("json_tls", &["--json", "--tls", "--generation=legacy"]),
    ] {
        let started = ["gateway", "dev", "--timeout=200ms"];
        snapshot!(format!("dev_{name}"), Client::alone().answer(&[&started, arguments].concat()));
    }
}

#[test]
fn dev_on_a_port_that_is_taken() {
    let dev = Dev::start(&[]);
    let port = dev.port().to_string();
    let client = Client::alone();
    snapshot!("dev_port_taken", client.answer(&["gateway", "dev", "--port", &port]));
    snapshot!("dev_port_taken_json", client.answer(&["gateway", "dev", "--port", &port, "--json"]));
    // The gateway that has the port is not disturbed.
    assert_eq!(dev.client().json(&["gateway", "status"]).0, 0);
}

#[test]
fn dev_with_a_scenario_that_is_wrong() {
    let client = Client::alone();
    for (name, exit, text) in [
        ("syntax", 1, "{\"prompts\": [\n"),
        ("garbage", 1, "\u{0}\u{1}"),
        ("empty", 1, ""),
        ("unknown_field", 1, "{\n  \"agnets\": []\n}"),
        ("json5_unknown_field", 1, "{\n  agnets: [],\n}"),
        ("prompt", 1, r#"{"prompts": [{"request": {"cwd": "/"}}]}"#),
        ("document", 1, r#"{"document": {"version": 1, "defaults": {"security": "alowlist", "x": 1}}}"#),
        (
            "twice",
            1,
            r#"{"prompts": [{"id": "a", "request": {"command": "x"}}, {"id": "a", "request": {"command": "y"}}]}"#,
        ),
    ] {
        client.file("scenario.json", text);
        let arguments = ["gateway", "dev", "--timeout=1m", "--scenario", "scenario.json"];
        let answer = client.answer(&arguments);
        assert!(answer.starts_with(&format!("exit: {exit}\n")), "{name}: {answer}");
        snapshot!(format!("scenario_{name}"), answer);
        let (code, object) = client.json(&arguments);
        assert_eq!((code, &object["error"]["exit"]), (exit, &json!(exit)));
    }
    snapshot!("scenario_missing", client.answer(&["gateway", "dev", "--scenario", "nowhere.json"]));
    snapshot!("scenario_directory", client.answer(&["gateway", "dev", "--scenario", "."]));
}

#[test]
fn the_scenario_in_the_help_can_be_played() {
    let client = Client::alone();
    let help = client.answer(&["gateway", "dev", "--help"]);
    let example = help.split_once("is optional):\n").unwrap().1.split_once("--- stderr").unwrap().0;
    let file = client.file("scenario.json5", example);
    let dev = Dev::start(&["--scenario", file.to_str().unwrap()]);
    assert_eq!(dev.client().json(&["gateway", "status"]).0, 0);
}

#[test]
fn dev_ends_on_a_signal() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for generation in ["current", "legacy"] {
        for signal in [Signal::TERM, Signal::INT] {
            let dev = Dev::start(&["--generation", generation]);
            // Two clients are connected: one closes the connection properly, one does not.
            let link = runtime.block_on(dev.link(&[]));
            let silent = std::net::TcpStream::connect(("127.0.0.1", dev.port())).unwrap();
            let begun = Instant::now();
            assert_eq!(dev.end(signal).code(), Some(0), "{generation} {signal:?}");
            assert!(
                begun.elapsed() < Duration::from_secs(5),
                "{generation} {signal:?}: {:?}",
                begun.elapsed()
            );
            drop((link, silent));
        }
    }
}

#[test]
fn dev_ends_by_its_timeout() {
    let client = Client::alone();
    let begun = Instant::now();
    let status =
        client.spawn(&["gateway", "dev", "--timeout", "300ms"]).stdout(Stdio::null()).status().unwrap();
    assert_eq!(status.code(), Some(0));
    assert!((Duration::from_millis(300)..Duration::from_secs(20)).contains(&begun.elapsed()));
}

#[test]
fn coalescing_can_be_switched_off() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for generation in ["current", "legacy"] {
        for (switch, prompts) in [("on", 1), ("off", 2)] {
            let dev = Dev::start(&[
                "--generation",
                generation,
                "--coalesce",
                switch,
                "--scenario",
                fixture("scenarios/empty.json").to_str().unwrap(),
            ]);
            let listed: Vec<Value> = runtime.block_on(async {
                // A current gateway makes a prompt only while an approver is connected.
                let mut answering = dev.link(&["approvals"]).await;
                let mut asking = dev.link(&[]).await;
                for run in ["run-1", "run-2"] {
                    let request = json!({
                        "command": "make", "cwd": "/srv", "host": "gateway", "agentId": "main",
                        "sessionKey": "agent:main:main", "runId": run, "twoPhase": true,
                    });
                    let mut request = request;
                    if generation == "legacy" {
                        request.as_object_mut().unwrap().remove("runId");
                    }
                    let accepted: Value = asking
                        .call_method("exec.approval.request", &request, Effect::Write, deadline())
                        .await
                        .unwrap();
                    assert_eq!(accepted["status"], "accepted", "{accepted}");
                }
                answering
                    .call_method("exec.approval.list", &json!({}), Effect::Read, deadline())
                    .await
                    .unwrap()
            });
            assert_eq!(listed.len(), prompts, "{generation} {switch}: {listed:?}");
        }
    }
}

#[test]
fn cancelling_on_fail_over_can_be_switched_off() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let scenario = fixture("scenarios/failover.json");
    for generation in ["current", "legacy"] {
        for (switch, prompts) in [("on", 1), ("off", 2)] {
            let dev = Dev::start(&[
                "--generation",
                generation,
                "--coalesce=off",
                "--cancel-on-failover",
                switch,
                "--scenario",
                scenario.to_str().unwrap(),
            ]);
            let listed: Vec<Value> = runtime.block_on(async {
                let mut link = dev.link(&["approvals"]).await;
                let end = deadline();
                loop {
                    let listed: Vec<Value> = link
                        .call_method("exec.approval.list", &json!({}), Effect::Read, deadline())
                        .await
                        .unwrap();
                    if listed.iter().any(|prompt| prompt["id"] != "prompt-1") || end.left().is_none() {
                        return listed;
                    }
                }
            });
            assert_eq!(listed.len(), prompts, "{generation} {switch}: {listed:?}");
        }
    }
}

// ---- get

#[test]
fn get_from_both_generations() {
    for (generation, dev) in Dev::both() {
        let client = dev.client();
        snapshot!(format!("get_{generation}"), client.answer(&["approvals", "get", "--gateway"]));
        snapshot!(
            format!("get_{generation}_json"),
            client.answer(&["approvals", "get", "--gateway", "--json"])
        );
    }
    snapshot!("get_embedded", Client::alone().answer(&["approvals", "get", "--gateway=embedded"]));
}

#[test]
fn get_where_there_is_no_document() {
    let dev = Dev::start(&[]);
    let url = before(&dev, |frame| {
        if let Some(exists) = frame.pointer_mut("/payload/exists") {
            *exists = json!(false);
        }
    });
    let client = dev.client_at(&url);
    snapshot!("get_missing", client.answer(&["approvals", "get", "--gateway"]));
    snapshot!("get_missing_json", client.answer(&["approvals", "get", "--gateway", "--json"]));
    // A fresh installation has a document without rules.
    let fresh = Dev::start(&["--scenario", fixture("scenarios/empty.json").to_str().unwrap()]);
    snapshot!("get_fresh", fresh.client().answer(&["approvals", "get", "--gateway"]));
}

#[test]
fn get_of_a_document_that_is_not_valid() {
    let dev = Dev::start(&[]);
    let url = before(&dev, |frame| {
        if let Some(file) = frame.pointer_mut("/payload/file") {
            file["defaults"]["security"] = json!("alowlist");
            file["agents"]["\u{1b}[2J"] = json!({"securty": "deny"});
            file["socket"] = json!({"path": "/run/s", "token": SECRET});
            file["sokcet"] = json!({"token": SECRET});
        }
    });
    let client = dev.client_at(&url);
    for (name, arguments) in [("human", &[] as &[&str]), ("json", &["--json"])] {
        let answer = client.answer(&[&["approvals", "get", "--gateway"], arguments].concat());
        assert!(!answer.contains(SECRET) && !answer.contains('\u{1b}'), "{answer}");
        snapshot!(format!("get_invalid_{name}"), answer);
    }
}

// ---- set

#[test]
fn set_on_both_generations() {
    for (generation, dev) in Dev::both() {
        let client = dev.client();
        client.file("new.json", new_document());
        let set = |flags: &[&str]| {
            client.answer(&[&["approvals", "set", "--gateway", "--file", "new.json"], flags].concat())
        };
        let base = hash(&client);
        snapshot!(format!("set_{generation}_dry_run"), set(&["--dry-run"]));
        snapshot!(format!("set_{generation}_dry_run_json"), set(&["--dry-run", "--json"]));
        assert_eq!(hash(&client), base);
        snapshot!(format!("set_{generation}_stored"), set(&[]));
        snapshot!(format!("set_{generation}_unchanged"), set(&[]));
        snapshot!(format!("set_{generation}_unchanged_json"), set(&["--json"]));
        let now = hash(&client);
        assert_ne!(now, base);
        // The base hash is that of the earlier document.
        client.file("new.json", r#"{"version": 1}"#);
        snapshot!(format!("set_{generation}_conflict"), set(&["--base-hash", &base]));
        snapshot!(format!("set_{generation}_conflict_json"), set(&["--base-hash", &base, "--json"]));
        let dry = set(&["--base-hash", &base, "--dry-run"]);
        assert!(dry.starts_with("exit: 6\n"), "{dry}");
        assert_eq!(hash(&client), now);
        snapshot!(
            format!("set_{generation}_stored_json"),
            set(&["--base-hash", &now.to_uppercase(), "--json"])
        );
    }
}

#[test]
fn what_an_older_gateway_will_reject_is_foreseen() {
    let dev = Dev::start(&["--generation=legacy"]);
    let client = dev.client();
    client.file(
        "new.json",
        r#"{"version": 1, "agents": {"main": {"allowlist": [{"pattern": "/bin/ls", "source": "allow-always"}]}}}"#,
    );
    let set = ["approvals", "set", "--gateway", "--file", "new.json"];
    snapshot!("set_foreseen", client.answer(&[&set[..], &["--dry-run"]].concat()));
    // This gateway accepts the document that older ones will reject.
    assert_eq!(client.json(&set).1["outcome"], "stored");
    let (_, again) = client.json(&set);
    assert_eq!((&again["outcome"], &again["foreseen"]), (&json!("unchanged"), &json!([])));
}

#[test]
fn an_older_gateways_rejection_is_explained() {
    let dev = Dev::start(&["--generation=legacy"]);
    let message =
        "invalid exec.approvals.set params: at /file/agents/main/allowlist/0: unexpected property 'source'";
    let url = before(&dev, move |frame| {
        // Only the answer of `set` has a hash after a request for it. The first `get` passes unchanged.
        if frame["payload"]["file"]["agents"]["main"]["allowlist"][0]["pattern"] == "/bin/new" {
            *frame = json!({"type": "res", "id": frame["id"], "ok": false,
                "error": {"code": "INVALID_REQUEST", "message": message}});
        }
    });
    let client = dev.client_at(&url);
    client.file(
        "new.json",
        r#"{"version": 1, "agents": {"main": {"allowlist": [{"pattern": "/bin/new", "source": "allow-always"}]}}}"#,
    );
    let set = ["approvals", "set", "--gateway", "--file", "new.json"];
    snapshot!("set_too_old", client.answer(&set));
}

#[test]
fn of_sixteen_writers_one_wins() {
    for (generation, dev) in Dev::both() {
        let client = dev.client();
        let base = hash(&client);
        let writers: Vec<_> = (0..16)
            .map(|number| {
                let new = json!({"version": 1, "agents": {"main": {"allowlist": [{"pattern": format!("/bin/{number}")}]}}});
                let file = format!("new-{number}.json");
                client.file(&file, new.to_string());
                let arguments = ["approvals", "set", "--gateway", "--json", "--base-hash", &base, "--file", &file];
                client.spawn(&arguments).spawn().unwrap()
            })
            .collect();
        let mut won = Vec::new();
        for (number, writer) in writers.into_iter().enumerate() {
            let output = writer.wait_with_output().unwrap();
            let object: Value = serde_json::from_slice(&output.stdout).unwrap();
            match output.status.code() {
                Some(0) => won.push((number, object["hash"].clone())),
                Some(6) => assert_eq!(object["error"]["code"], "conflict", "{generation}"),
                other => panic!("{generation}: writer {number} ended with {other:?}: {object}"),
            }
        }
        let [(number, stored)] = &won[..] else { panic!("{generation}: {won:?} won") };
        let (_, got) = client.json(&["approvals", "get", "--gateway"]);
        assert_eq!(&got["hash"], stored);
        let pattern = &got["file"]["agents"]["main"]["allowlist"][0]["pattern"];
        assert_eq!(pattern, &json!(format!("/bin/{number}")));
    }
}

#[test]
fn an_invalid_document_is_refused_before_connecting() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    let client = Client::alone().variable("OPENCLAW_GATEWAY_URL", &url);
    let set = ["approvals", "set", "--gateway", "--file", "new.json"];
    client.file("new.json", "{\n  \"version\": 1,\n  \"defaults\": {\"security\": \"alowlist\"}\n}\n");
    snapshot!("set_invalid", client.answer(&set));
    snapshot!("set_invalid_json", client.answer(&[&set[..], &["--json"]].concat()));
    client.file("new.json", r#"{"version": 1, "agents": {"main": {"allowlist": ["/bin/ls"]}}}"#);
    assert_eq!(client.json(&set).0, 1);
    client.file("new.json", r#"{"rules": []}"#);
    assert_eq!(client.json(&set).0, 1);
    assert_eq!(client.json(&["approvals", "set", "--gateway", "--file", "nowhere.json"]).0, 7);
    assert!(listener.accept().is_err(), "a connection reached the gateway");
}

#[test]
fn set_takes_legacy_forms_and_standard_input() {
    for (generation, dev) in Dev::both() {
        let client = dev.client();
        client.file("new.json", r#"{"version": 1, "agents": {"default": {"allowlist": ["/bin/ls"]}}}"#);
        let set = ["approvals", "set", "--gateway", "--allow-legacy", "--file", "new.json"];
        snapshot!(format!("set_{generation}_legacy_forms"), client.answer(&set));
        let mut stdin = client.command(&["approvals", "set", "--gateway", "--stdin"]);
        snapshot!(
            format!("set_{generation}_stdin"),
            client.answer_of(stdin.write_stdin("{version: 1, /* ours */ agents: {}}"))
        );
    }
}

#[test]
fn a_document_that_is_too_large_is_not_sent() {
    let dev = Dev::start(&[]);
    let url = before(&dev, |frame| {
        if let Some(limit) = frame.pointer_mut("/payload/policy/maxPayload") {
            *limit = json!(4096);
        }
    });
    let client = dev.client_at(&url);
    let base = hash(&dev.client());
    let entries: Vec<Value> = (0..200).map(|number| json!({"pattern": format!("/bin/{number}")})).collect();
    client.file("new.json", json!({"version": 1, "agents": {"main": {"allowlist": entries}}}).to_string());
    let answer = client.answer(&["approvals", "set", "--gateway", "--file", "new.json"]);
    assert!(answer.starts_with("exit: 7\n"), "{answer}");
    assert!(answer.contains("the gateway accepts at most 4096"), "{answer}");
    let (exit, object) = client.json(&["approvals", "set", "--gateway", "--file", "new.json"]);
    assert_eq!((exit, &object["error"]["code"]), (7, &json!("too-large")));
    // The admin endpoint takes a megabyte.
    let entries: Vec<Value> =
        (0..40_000).map(|number| json!({"pattern": format!("/bin/{number}")})).collect();
    client.file("new.json", json!({"version": 1, "agents": {"main": {"allowlist": entries}}}).to_string());
    let http = format!("--gateway={}", dev.over("http"));
    let (exit, object) = client.json(&["approvals", "set", &http, "--file", "new.json"]);
    assert_eq!((exit, &object["error"]["code"]), (7, &json!("too-large")), "{object}");
    assert_eq!(hash(&dev.client()), base);
}

#[test]
fn a_gateway_that_stores_something_else_is_found_out() {
    let dev = Dev::start(&[]);
    let url = before(&dev, |frame| {
        // The gateway drops the `defaults` that it was sent, and nothing else.
        let new = frame["payload"]["file"]["agents"].get("ops").is_some();
        if new && let Some(defaults) = frame.pointer_mut("/payload/file/defaults") {
            *defaults = json!({});
        }
    });
    let client = dev.client_at(&url);
    client.file("new.json", r#"{"version": 1, "defaults": {"security": "deny"}, "agents": {"ops": {}}}"#);
    let set = ["approvals", "set", "--gateway", "--file", "new.json"];
    snapshot!("set_departed", client.answer(&set));
    let (exit, report) = client.json(&[&set[..], &["--base-hash", &hash(&dev.client())]].concat());
    assert_eq!((exit, report["departures"].as_array().map(Vec::len)), (3, Some(1)), "{report}");
}

#[test]
fn the_tool_alone_needs_no_gateway() {
    let output = Command::new(binary()).env_clear().arg("gateway").stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
}

/// A variable without a value in a script is not the default gateway.
#[test]
fn an_empty_name_is_a_usage_error() {
    let client = Client::alone();
    for arguments in [
        &["queue", "ls", "--gateway="][..],
        &["queue", "dedupe", "--yes", "--gateway="],
        &["queue", "guard", "--gateway="],
        &["run", "ls", "--gateway="],
        &["gateway", "status", "--gateway="],
        &["approvals", "get", "--gateway="],
        &["approvals", "set", "--file=a.json", "--gateway="],
        &["approvals", "allowlist", "add", "/bin/ls", "--gateway="],
    ] {
        let output = client.command(arguments).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {stderr}");
        assert!(stderr.contains("--gateway"), "{stderr}");
    }
}

/// A closed standard error does not change the exit code.
#[test]
fn a_closed_standard_error_keeps_the_exit_code() {
    let client = Client::alone();
    for (arguments, exit) in [
        (&["queue", "ls", "--bogus"][..], 2),
        (&["queue", "ls", "--gateway=ws://127.0.0.1:1"], 4),
        (&["approvals", "get", "--file=missing.json"], 7),
    ] {
        let mut command = client.spawn(arguments);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stderr.take());
        assert_eq!(child.wait().unwrap().code(), Some(exit), "{arguments:?}");
    }
}
