//! Files that clearance reads and other users can write. Each causes a warning with the command that fixes it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::support::dev::{Client, Dev};

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// The warnings about writers on standard error.
#[track_caller]
fn warnings(client: &Client, arguments: &[&str]) -> Vec<String> {
    let output = client.command(arguments).output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    text.lines().filter(|line| line.contains("can be written by")).map(str::to_owned).collect()
}

/// Checks that one warning names the file and its writers, and that its command removes the warning.
#[track_caller]
fn warned(client: &Client, arguments: &[&str], path: &Path, who: &str) {
    let found = warnings(client, arguments);
    assert_eq!(found.len(), 1, "{arguments:?}: {found:?}");
    let start = format!("warning: {} can be written by {who}, who can thereby ", path.display());
    assert!(found[0].starts_with(&start), "{found:?}");
    let (_, remedy) = found[0].rsplit_once(": ").unwrap();
    assert!(remedy.starts_with("chmod "), "{found:?}");
    let pasted = Command::new("sh").args(["-c", remedy]).current_dir(client.home()).status().unwrap();
    assert!(pasted.success(), "{remedy}");
    assert_eq!(warnings(client, arguments), [""; 0], "{remedy}");
}

#[test]
fn a_configuration_that_others_can_write_is_warned_about() {
    let dev = Dev::start(&[]);
    let client = Client::alone();
    let entry =
        |name: &str, url: &str| format!("[gateways.{name}]\nurl = \"{url}\"\ntoken_file = \"token\"\n");
    let (url, other) = (dev.url.clone(), dev.url.replace("127.0.0.1", "localhost"));
    client.file(".config/clearance/token", &dev.token);
    let text = ["default = \"prod\"\n", &entry("prod", &url), &entry("spare", &other)].concat();
    let config = client.file(".config/clearance/config.toml", text);
    let everyone = "every user of this host";
    for arguments in [
        &["queue", "ls"][..],
        &["queue", "ls", "-q"],
        &["gateway", "status", "--gateway=prod"],
        &["queue", "ls", "--all-gateways"],
        &["approvals", "get", "--gateway"],
        &["queue", "dedupe", "--dry-run"],
    ] {
        mode(&config, 0o664);
        warned(&client, arguments, &config, "everyone in its group");
        mode(&config, 0o646);
        warned(&client, arguments, &config, everyone);
    }
    mode(config.parent().unwrap(), 0o777);
    warned(&client, &["queue", "ls"], config.parent().unwrap(), everyone);
    // An unused file causes no warning.
    mode(&config, 0o666);
    let named = client.variable("OPENCLAW_GATEWAY_TOKEN", &dev.token);
    assert_eq!(warnings(&named, &["queue", "ls", &format!("--gateway={url}")]), [""; 0]);
}

#[test]
fn a_configuration_of_openclaw_that_others_can_write_is_warned_about() {
    let dev = Dev::start(&[]);
    let client = Client::alone();
    let text = format!("{{gateway: {{$include: 'gateway.json5', port: {}}}}}", dev.port());
    let config = client.file(".openclaw/openclaw.json", text);
    let included = client.file(".openclaw/gateway.json5", "{auth: {mode: 'token', token: '${TOKEN}'}}");
    let variables = client.file(".openclaw/.env", format!("TOKEN={}\n", dev.token));
    mode(&client.home().join(".openclaw"), 0o700);
    for path in [&config, &included, &variables] {
        mode(path, 0o620);
        warned(&client, &["queue", "ls"], path, "everyone in its group");
    }
}

#[test]
fn certificates_that_others_can_write_are_warned_about() {
    let client = Client::alone();
    let roots = client.file("ca.pem", "");
    let status = ["gateway", "status", "--gateway=wss://127.0.0.1:1", "--ca-file=ca.pem"];
    mode(&roots, 0o666);
    warned(&client, &status, Path::new("ca.pem"), "every user of this host");
    client
        .file(".openclaw/openclaw.json", "{gateway: {port: 1, tls: {enabled: true, certPath: '~/own.pem'}}}");
    mode(&client.home().join(".openclaw"), 0o700);
    let certificate = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap().cert;
    let own = client.file("own.pem", certificate.pem());
    mode(&own, 0o622);
    warned(&client, &["gateway", "status"], &own, "every user of this host");
}
