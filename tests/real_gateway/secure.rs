//! 2026.9.6 over TLS with its own certificate, a password, and the admin endpoint.

use std::fs;

use data_encoding::{BASE64, HEXLOWER};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::checks::Checks;
use crate::common::policy;
use crate::gateway::{Gateway, Setup};
use crate::tool::{Ran, Tool};

const VERSION: &str = "2026.9.6";

#[test]
fn openclaw_2026_9_6_over_tls() {
    let gateway = Gateway::ready(VERSION, Setup::PasswordTls);
    let mut checks = Checks::of("2026.9.6 over TLS");
    let pin = fingerprint(&gateway);
    websocket(&mut checks, &gateway, &pin);
    http(&mut checks, &gateway, &pin);
    drop(gateway);
    checks.end();
}

/// SHA-256 of the gateway's certificate.
fn fingerprint(gateway: &Gateway) -> String {
    let pem =
        fs::read_to_string(gateway.state().join("gateway/tls/gateway-cert.pem")).expect("a certificate");
    let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    HEXLOWER.encode(&Sha256::digest(BASE64.decode(base64.as_bytes()).expect("base64")))
}

/// The hex digits of a fingerprint.
fn digits(text: &str) -> String {
    text.to_lowercase().replace(':', "")
}

/// A user of another host, who passes everything by flags.
fn remote(tool: &Tool, verb: &[&str], url: &str, secret: &str, pin: Option<&str>) -> Ran {
    let gateway = format!("--gateway={url}");
    let mut arguments = verb.to_vec();
    arguments.extend([gateway.as_str(), "--password-file", secret]);
    arguments.extend(pin.iter().flat_map(|pin| ["--tls-fingerprint", pin]));
    tool.run(&arguments)
}

fn websocket(checks: &mut Checks, gateway: &Gateway, pin: &str) {
    let status = ["gateway", "status", "--json"];
    let url = gateway.url();
    checks.check("on its host, pinned without a flag", || {
        let host = Tool::on_host(&gateway.state());
        let ran = host.run(&status).exits(0);
        let report = ran.json();
        assert_eq!(
            report["gateway"]["address"].as_str().map(|a| a.trim_end_matches('/')),
            Some(url.as_str())
        );
        assert_eq!(report["credential"]["kind"], "password");
        assert!(digits(report["trust"].as_str().expect("a trust")).contains(pin), "{ran:#?}");
        assert_eq!(report["connection"]["version"], VERSION);
        assert_eq!(report["connection"]["method"], "password");
        host.run(&["approvals", "get", "--gateway"]).exits(0);
    });
    let tool = Tool::new();
    let (secret, wrong) = (tool.secret(), tool.wrong());
    checks.check("from elsewhere, pinned by a flag", || {
        remote(&tool, &status, &url, &secret, Some(pin)).exits(0);
        let colons: Vec<&str> = (0..pin.len()).step_by(2).map(|at| &pin[at..at + 2]).collect();
        remote(&tool, &status, &url, &secret, Some(&colons.join(":").to_uppercase())).exits(0);
        let file = tool.document(&policy("always"));
        let set = ["approvals", "set", "--file", &file, "--json"];
        assert_eq!(remote(&tool, &set, &url, &secret, Some(pin)).exits(0).json()["outcome"], "stored");
    });
    checks.check("with the wrong pin", || {
        let other = "ab".repeat(32);
        let ran = remote(&tool, &["approvals", "get", "--json"], &url, &secret, Some(&other));
        let ran = ran.exits(5).fails_with("certificate");
        assert!(digits(&ran.stdout).contains(pin) && digits(&ran.stdout).contains(&other), "{ran:#?}");
    });
    checks.check("without a pin", || {
        let ran = remote(&tool, &["approvals", "get", "--json"], &url, &secret, None);
        let ran = ran.exits(5).fails_with("certificate").says(&["openssl x509", "--tls-fingerprint"]);
        assert!(digits(&ran.stdout).contains(pin), "{ran:#?}");
    });
    checks.check("with a wrong password, and with none", || {
        let ran = remote(&tool, &["approvals", "get", "--json"], &url, &wrong, Some(pin));
        ran.exits(5).fails_with("wrong-credential").says(&["--password-file"]);
        // The device has connected before: its own token would be accepted.
        let fresh = Tool::new();
        let gateway = format!("--gateway={url}");
        let ran = fresh.run(&["approvals", "get", "--json", &gateway, "--tls-fingerprint", pin]);
        ran.exits(5).fails_with("no-credential").says(&["--password-file"]);
    });
}

fn http(checks: &mut Checks, gateway: &Gateway, pin: &str) {
    let url = gateway.http_url();
    let tool = Tool::new();
    let (secret, wrong) = (tool.secret(), tool.wrong());
    let get = ["approvals", "get", "--json"];
    checks.check("get, set and conflict over https", || {
        let before = remote(&tool, &get, &url, &secret, Some(pin)).exits(0).json();
        let file = tool.document(&policy("off"));
        let base = before["hash"].as_str().expect("a hash");
        let set = ["approvals", "set", "--file", &file, "--base-hash", base, "--json"];
        let ran = remote(&tool, &set, &url, &secret, Some(pin)).exits(0);
        assert_eq!(ran.json()["outcome"], "stored", "{ran:#?}");
        assert_eq!(ran.json()["departures"], json!([]), "{ran:#?}");
        let after = remote(&tool, &get, &url, &secret, Some(pin)).exits(0).json();
        assert_eq!(after["hash"], ran.json()["hash"]);
        assert_eq!(after["file"]["defaults"]["ask"], "off");
        remote(&tool, &set, &url, &secret, Some(pin)).exits(6).fails_with("conflict");
        // Both transports reach the same document.
        let same = remote(&tool, &get, &gateway.url(), &secret, Some(pin)).exits(0).json();
        assert_eq!(same["hash"], after["hash"]);
    });
    checks.check("status over https", || {
        let ran = remote(&tool, &["gateway", "status", "--json"], &url, &secret, Some(pin)).exits(0);
        assert_eq!(ran.json()["connection"]["transport"], "http", "{ran:#?}");
        assert_eq!(ran.json()["connection"]["version"], VERSION, "{ran:#?}");
    });
    checks.check("refusals over https", || {
        remote(&tool, &get, &url, &wrong, Some(pin)).exits(5).fails_with("wrong-credential");
        remote(&tool, &get, &url, &secret, Some(&"ab".repeat(32))).exits(5).fails_with("certificate");
        let ran = remote(&tool, &get, &url, &secret, None).exits(5).fails_with("certificate");
        assert!(digits(&ran.stdout).contains(pin), "{ran:#?}");
    });
    checks.check("plaintext to a gateway that serves TLS", || {
        let plain = gateway.url().replacen("wss", "ws", 1);
        remote(&tool, &get, &plain, &secret, None).exits(4).says(&["wss://"]);
    });
}
