//! Conventions of command lines: help without arguments, colours on terminals, and a command that writes the
//! configuration.

use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use crate::support::dev::{Client, Dev};
use crate::support::terminal::Terminal;

const NOW: u64 = 1_795_644_000_000;

fn row(id: &str, age_ms: u64, left_ms: u64) -> Value {
    json!({
        "id": id, "createdAtMs": NOW - age_ms, "expiresAtMs": NOW + left_ms,
        "request": { "command": "uptime", "host": "gateway", "agentId": "main", "sessionKey": "agent:main:main" },
    })
}

#[test]
fn a_bare_noun_prints_its_help() {
    let client = Client::alone();
    for noun in
        [&[] as &[&str], &["approvals"], &["approvals", "allowlist"], &["queue"], &["run"], &["gateway"]]
    {
        let short = client.answer(&[noun, &["-h"]].concat());
        assert!(short.starts_with("exit: 0\n--- stdout\n") && short.ends_with("--- stderr\n"), "{short}");
        assert_eq!(client.answer(noun), short, "{noun:?}");
    }
}

#[test]
fn colours_are_where_they_are_asked_for() {
    let client = Client::alone();
    let saved = json!({ "nowMs": NOW, "approvals": [row("a", 9_000, 40_000), row("b", 5_000, 900_000)] });
    client.file("saved.json", saved.to_string());
    let list = ["queue", "ls", "--file", "saved.json", "--all"];
    let of = |client: &Client, flags: &[&str]| {
        let output = client.command(&[&list[..], flags].concat()).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let plain = of(&client, &[]);
    assert!(!plain.contains('\x1b'), "{plain:?}");
    assert_eq!(of(&client, &["--color=never"]), plain);
    assert_eq!(of(&client, &["--color", "auto"]), plain);
    let coloured = of(&client, &["--color=always"]);
    assert!(coloured.contains("\x1b[31min 40s"), "what expires soon is red: {coloured:?}");
    assert!(
        coloured.contains("\x1b[2m= ") || coloured.contains("\x1b[2m  "),
        "duplicates are dim: {coloured:?}"
    );
    let stripped = coloured.replace("\x1b[31m", "").replace("\x1b[2m", "").replace("\x1b[0m", "");
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(words(&stripped), words(&plain));
    let forced = Client::alone().variable("CLICOLOR_FORCE", "1");
    forced.file("saved.json", saved.to_string());
    assert_eq!(of(&forced, &[]), coloured);
    assert_eq!(of(&forced, &["--color=never"]), plain, "the flag is stronger than the variable");
    let terminal = |client: &Client| Terminal::of(&mut client.spawn(&list), 100).ends().1;
    let colour = Client::alone().variable("TERM", "xterm");
    colour.file("saved.json", saved.to_string());
    assert!(terminal(&colour).contains("\x1b[31m"));
    assert!(!terminal(&colour.variable("NO_COLOR", "1")).contains('\x1b'));
    let error = client.command(&["queue", "ls", "--color=always", "--frmt"]).output().unwrap().stderr;
    assert!(error.contains(&0x1b), "{}", String::from_utf8_lossy(&error));
}

#[test]
fn a_gateway_is_written_into_the_configuration() {
    let dev = Dev::start(&[]);
    let client = Client::alone();
    let token = client.file("dev.token", &dev.token);
    let config = client.home().join(".config/clearance/config.toml");
    let add = ["gateway", "add", "dev", &dev.url, "--token-file", "dev.token"];
    let answer = client.answer(&add);
    assert_eq!(
        answer.replace(&dev.url, "[URL]"),
        "exit: 0\n--- stdout\nAdded gateway dev ([URL]), in [HOME]/.config/clearance/config.toml\n  next: clearance gateway \
         status --gateway=dev\n--- stderr\n"
    );
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&config), mode(config.parent().unwrap())), (0o600, 0o700));
    let text = std::fs::read_to_string(&config).unwrap();
    assert!(text.contains(&format!("token_file = \"{}\"", token.display())), "{text}");
    assert!(!text.contains(&dev.token), "{text}");
    let (exit, status) = client.json(&["gateway", "status", "--gateway=dev"]);
    assert_eq!((exit, &status["gateway"]["name"]), (0, &json!("dev")), "{status}");
    // Existing content is kept, including comments, and nothing is replaced by accident.
    let kept = format!("# our gateways\n{text}");
    client.file(".config/clearance/config.toml", &kept);
    let answer = client.answer(&["gateway", "add", "dev", "wss://other.example"]);
    assert!(answer.starts_with("exit: 2\n") && answer.contains("already has a gateway `dev`"), "{answer}");
    assert_eq!(std::fs::read_to_string(&config).unwrap(), kept);
    let arguments = ["gateway", "add", "lab", "192.0.2.7:18789", "--token-env=LAB", "--default"];
    let (exit, lab) = client.json(&arguments);
    assert_eq!((exit, &lab["url"], &lab["default"]), (0, &json!("wss://192.0.2.7:18789"), &json!(true)));
    let after = std::fs::read_to_string(&config).unwrap();
    assert!(after.contains("# our gateways\n") && after.contains("default = \"lab\"\n"), "{after}");
    let (exit, replaced) = client.json(&["gateway", "add", "lab", "wss://lab.example", "--replace"]);
    assert_eq!((exit, &replaced["replaced"]), (0, &json!(true)));
    let after = std::fs::read_to_string(&config).unwrap();
    assert!(!after.contains("token_env") && after.contains("wss://lab.example"), "{after}");
    for wrong in [
        &["embedded", "wss://h"][..],
        &["a b", "wss://h"],
        &["x", "ftp://h"],
        &["x", "wss://u:s3cret@h"],
        &["x", "wss://h", "--token-file=t", "--token-env=T"],
        &["x", "wss://h", "--token-env=A=s3cret"],
        &["x", "wss://h", "--token-file="],
        &["x", "wss://h:0"],
        &["x", "ws://10.255.255.1:1", "--token-env=T"],
    ] {
        let answer = client.answer(&[&["gateway", "add"], wrong].concat());
        assert!(answer.starts_with("exit: 2\n") && !answer.contains("s3cret"), "{wrong:?}: {answer}");
    }
    assert_eq!(std::fs::read_to_string(&config).unwrap(), after);
    // The next command would fail.
    let answer = client.answer(&["gateway", "add", "x", "wss://h", "--token-file=none"]);
    assert!(answer.starts_with("exit: 0\n") && answer.contains("warning: "), "{answer}");
    assert!(answer.contains("/none does not exist") && answer.contains("(umask 077 && cat > "), "{answer}");
}

#[test]
fn the_status_of_every_gateway_is_shown_in_one_command() {
    let (one, two) = (Dev::start(&[]), Dev::start(&["--generation", "legacy"]));
    let client = Client::alone();
    for (name, dev) in [("one", &one), ("two", &two)] {
        client.file(&format!("{name}.token"), &dev.token);
        let token = format!("--token-file={name}.token");
        assert_eq!(client.json(&["gateway", "add", name, &dev.url, &token]).0, 0);
    }
    let (exit, all) = client.json(&["gateway", "status", "--all-gateways"]);
    assert_eq!((exit, &all["version"]), (0, &json!(1)), "{all}");
    let protocols: Vec<&Value> =
        all["gateways"].as_array().unwrap().iter().map(|one| &one["connection"]["protocol"]).collect();
    assert_eq!(protocols, [&json!(4), &json!(3)]);
    let refused = format!("ws://127.0.0.1:{}", { two.port() });
    drop(two);
    let (exit, all) = client.json(&["gateway", "status", "--gateway=one", "--gateway=two"]);
    assert_eq!(exit, 3, "{all}");
    assert_eq!(all["gateways"][0]["connection"]["protocol"], 4);
    assert_eq!(all["gateways"][1]["error"]["code"], "unreachable");
    let text = client.answer(&["gateway", "status", "--all-gateways"]);
    assert!(text.starts_with("exit: 3\n") && text.contains(&one.url) && text.contains(&refused), "{text}");
    assert!(text.contains("\n\ngateway     "), "a block each: {text}");
    let none = Client::alone().answer(&["gateway", "status", "--all-gateways"]);
    assert!(none.starts_with("exit: 2\n"), "{none}");
}
