//! Replays conversations recorded with real gateways. clearance still sends the requests that those accepted, and its
//! output for their answers is unchanged. `tests/real_gateway` records them.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::recorded::{Playing, Transcript};
use crate::support::{clearance, fixture, transcript};

/// The recordings that each generation must have. A missing recording would not be replayed.
const SCENES: [&str; 19] = [
    "conflict",
    "get",
    "no-token",
    "node-conflict",
    "node-get",
    "node-native-get",
    "node-native-set",
    "node-set",
    "pairing",
    "scope-upgrade",
    "set",
    "set-dry-run",
    "set-unchanged",
    "shutdown",
    "shutdown-set",
    "startup",
    "status",
    "status-wrong-token",
    "wrong-token",
];
const LEGACY: &str = "2026.4.14";
const LEGACY_SCENES: &[&str] = &["downgrade", "rejection"];
const CURRENT: &str = "2026.9.6";
const CURRENT_SCENES: &[&str] = &["dropped", "source"];

fn transcripts(version: &str, scenes: &[&str]) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(fixture("transcripts").join(version))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "ndjson"))
        .collect();
    paths.sort_by_key(|path| name(path).to_owned());
    let names: Vec<&str> = paths.iter().map(|path| name(path)).collect();
    let mut wanted = [&SCENES, scenes].concat();
    wanted.sort_unstable();
    assert_eq!(names, wanted, "of {version}");
    paths
}

fn name(path: &Path) -> &str {
    path.file_stem().unwrap().to_str().unwrap()
}

/// Replays one conversation. Returns the output of clearance.
fn replayed(path: &Path) -> String {
    let recorded = Transcript::read(path);
    let playing = Playing::start(&recorded);
    let home = tempfile::tempdir().unwrap();
    let url = format!("ws://127.0.0.1:{}", playing.port);
    let mut command = clearance(home.path());
    for argument in recorded.head["arguments"].as_array().unwrap() {
        command.arg(argument.as_str().unwrap());
    }
    command.arg(format!("--gateway={url}"));
    let token = match recorded.head["credential"].as_str().unwrap() {
        "token" => Some("RIGHT-TOKEN"),
        "wrong" => Some("WRONG-TOKEN"),
        _ => None,
    };
    if let Some(token) = token {
        let file = private(home.path(), "token", token);
        command.arg("--token-file").arg(file);
    }
    if let Some(input) = recorded.head.get("input") {
        command.arg("--file").arg(private(home.path(), "new.json", &input.to_string()));
    }
    let home_text = home.path().to_str().unwrap();
    let printed = transcript(&mut command, &[(url.as_str(), "URL"), (home_text, "HOME")]);
    let played = playing.end();
    assert!(played.is_ok(), "{}: {}\n{printed}", path.display(), played.unwrap_err());
    let exit = format!("exit: {}\n", recorded.head["exit"]);
    assert!(printed.starts_with(&exit), "{}: it was {exit}{printed}", path.display());
    for secret in ["RIGHT-TOKEN", "WRONG-TOKEN", "DEVICE-TOKEN"] {
        assert!(!printed.contains(secret), "{}: a secret in {printed}", path.display());
    }
    printed
}

fn private(directory: &Path, name: &str, text: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt;
    let path = directory.join(name);
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    path
}

fn replay_all(version: &str, scenes: &[&str]) {
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(r#"("(?:handshakeMs|callMs)": )[0-9.e-]+"#, "${1}MS");
    settings.add_filter(r#"("device": ")[0-9a-f]{64}"#, "${1}DEVICE-ID");
    settings.add_filter(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", "ID");
    settings.bind(|| {
        for path in transcripts(version, scenes) {
            insta::assert_snapshot!(format!("{version}_{}", name(&path)), replayed(&path));
        }
    });
}

#[test]
fn a_gateway_of_protocol_3() {
    replay_all(LEGACY, LEGACY_SCENES);
}

#[test]
fn a_gateway_of_protocol_4() {
    replay_all(CURRENT, CURRENT_SCENES);
}

#[test]
fn transcripts_hold_no_secrets_and_nothing_of_the_machine_they_were_made_on() {
    for (version, scenes) in [(LEGACY, LEGACY_SCENES), (CURRENT, CURRENT_SCENES)] {
        for path in transcripts(version, scenes) {
            let text = std::fs::read_to_string(&path).unwrap();
            for line in text.lines() {
                let line: Value = serde_json::from_str(line).unwrap();
                every_text(&line, &mut |text| {
                    for mark in ["/tmp/", "/root", "real-gateway", "PRIVATE KEY"] {
                        assert!(!text.contains(mark), "{}: {text}", path.display());
                    }
                });
                let device = &line["frame"]["params"]["device"];
                assert!(device.is_null() || device["signature"] == "SIGNATURE", "{}", path.display());
                let granted = &line["frame"]["payload"]["auth"]["deviceToken"];
                assert!(granted.is_null() || granted == "DEVICE-TOKEN", "{}", path.display());
            }
        }
    }
}

fn every_text(value: &Value, check: &mut dyn FnMut(&str)) {
    match value {
        Value::String(text) => check(text),
        Value::Array(list) => list.iter().for_each(|value| every_text(value, check)),
        Value::Object(object) => object.iter().for_each(|(key, value)| {
            check(key);
            every_text(value, check);
        }),
        _ => {}
    }
}
