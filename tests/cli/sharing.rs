//! Device keys: concurrent invocations create one key and share it. A broken key file, and a failure to create one, is
//! reported.

use std::collections::HashSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::fake::frames::{DEVICE_TOKEN, TOKEN, entered_by, got, hello_with};
use crate::support::fake::{Fake, Heard, Script, Step};
use crate::support::{binary, clearance};

/// How many processes start concurrently.
const AT_ONCE: usize = 8;

fn devices(home: &Path) -> Vec<PathBuf> {
    let directory = home.join(".local/state/clearance/devices");
    let mut files: Vec<PathBuf> =
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// Starts the processes concurrently, and waits for all of them.
fn at_once(home: &Path, url: &str, token: &str) -> Vec<Output> {
    let start = |_| {
        let mut command = Command::new(binary());
        command.env_clear().env("HOME", home).env("OPENCLAW_GATEWAY_TOKEN", token);
        command.args(["approvals", "get", "--json", &format!("--gateway={url}")]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let children: Vec<Child> = (0..AT_ONCE).map(start).collect();
    children.into_iter().map(|child| child.wait_with_output().unwrap()).collect()
}

#[track_caller]
fn assert_all_well(outputs: &[Output]) {
    for output in outputs {
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice::<Value>(&output.stdout).unwrap();
    }
}

/// A script that accepts every client with the token, and issues a device token to each.
fn generous() -> Script {
    let hello = hello_with(&[("/auth/deviceToken", DEVICE_TOKEN.into())]);
    let mut steps = entered_by(json!({ "token": TOKEN }), hello);
    steps.extend(got());
    Script::always(steps)
}

fn connected(heard: &[Heard]) -> Vec<&str> {
    let ids = heard.iter().filter_map(|heard| match heard {
        Heard::Connect(params) => params.pointer("/device/id").and_then(Value::as_str),
        _ => None,
    });
    ids.collect()
}

#[test]
fn invocations_at_once_make_one_device() {
    for _ in 0..3 {
        let home = tempfile::tempdir().unwrap();
        let fake = Fake::playing(generous());
        let outputs = at_once(home.path(), &format!("ws://127.0.0.1:{}", fake.port()), TOKEN);
        let heard = fake.finish();
        assert_all_well(&outputs);
        let ids = connected(&heard);
        assert_eq!(ids.len(), AT_ONCE);
        assert_eq!(ids.iter().collect::<HashSet<_>>().len(), 1, "{ids:?}");
        // One device, no lock, nothing half-written.
        let files = devices(home.path());
        assert_eq!(files.len(), 1, "{files:?}");
        assert_eq!(fs::metadata(&files[0]).unwrap().permissions().mode() & 0o777, 0o600);
        let kept: Value = serde_json::from_slice(&fs::read(&files[0]).unwrap()).unwrap();
        assert_eq!(kept["deviceToken"], DEVICE_TOKEN);
    }
}

/// The same against `gateway dev`, which checks signatures and pairs devices automatically.
#[test]
fn invocations_at_once_are_let_in_by_a_gateway() {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(binary());
    command.env_clear().env("HOME", home.path()).args(["gateway", "dev", "--json"]);
    let mut dev = Dev(command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap());
    let mut text = String::new();
    for line in BufReader::new(dev.0.stdout.take().unwrap()).lines() {
        text += &line.unwrap();
        if serde_json::from_str::<Value>(&text).is_ok() {
            break;
        }
    }
    let ready: Value = serde_json::from_str(&text).unwrap();
    let (url, token) = (ready["url"].as_str().unwrap(), ready["token"].as_str().unwrap());
    assert_all_well(&at_once(home.path(), url, token));
    // And again, with the device and its token.
    assert_all_well(&at_once(home.path(), url, token));
    assert_eq!(devices(home.path()).len(), 1);
}

/// Ends the process by its id, even if the test fails.
struct Dev(Child);

impl Drop for Dev {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Two gateways, or one by two addresses: each has its own device.
#[test]
fn each_gateway_has_a_device_of_its_own() {
    let home = tempfile::tempdir().unwrap();
    let mut ids = HashSet::new();
    for host in ["127.0.0.1", "localhost"] {
        let fake = Fake::playing(generous());
        assert_all_well(&at_once(home.path(), &format!("ws://{host}:{}", fake.port()), TOKEN));
        ids.extend(connected(&fake.finish()).into_iter().map(str::to_owned));
    }
    assert_eq!(ids.len(), 2);
    assert_eq!(devices(home.path()).len(), 2);
}

struct Place {
    home: TempDir,
    fake: Fake,
}

impl Place {
    fn new() -> Self {
        Self { home: tempfile::tempdir().unwrap(), fake: Fake::playing(generous()) }
    }

    fn get(&self) -> Output {
        self.with_state(None)
    }

    fn with_state(&self, state: Option<&Path>) -> Output {
        let mut command = clearance(self.home.path());
        command.env("OPENCLAW_GATEWAY_TOKEN", TOKEN).args(["approvals", "get", "--json"]);
        command
            .args(state.map(|_| "--timeout=10s"))
            .arg(format!("--gateway=ws://127.0.0.1:{}", self.fake.port()));
        if let Some(state) = state {
            command.env("XDG_STATE_HOME", state);
        }
        command.output().unwrap()
    }
}

#[track_caller]
fn assert_reported(output: &Output, words: &[&str]) {
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(7), "{text}");
    let object: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(object["error"]["code"], "device-key", "{text}");
    let said = format!("{}\n{}", object["error"]["message"], object["error"]["remedy"]);
    for words in words {
        assert!(said.contains(words), "not {words:?}: {said}");
    }
}

#[test]
fn a_broken_device_file_is_reported_and_not_changed() {
    let place = Place::new();
    assert!(place.get().status.success());
    let file = devices(place.home.path()).remove(0);
    let whole = fs::read_to_string(&file).unwrap();
    let without_key = whole.replace("BEGIN PRIVATE KEY", "BEGIN NOTHING");
    let other_shape = r#"{"version":1,"privateKey":5}"#;
    for broken in [&whole[..whole.len() / 2], "", "garbage", "[]", other_shape, &without_key] {
        fs::write(&file, broken).unwrap();
        let output = place.get();
        assert_reported(
            &output,
            &["does not contain a device key", "mv ", file.file_name().unwrap().to_str().unwrap()],
        );
        assert_eq!(fs::read_to_string(&file).unwrap(), broken);
    }
    fs::write(&file, b"\xff\xfe\0").unwrap();
    assert_reported(&place.get(), &["does not contain a device key"]);
    // After the file is moved away, as the remedy suggests, a new one is made.
    fs::rename(&file, file.with_extension("broken")).unwrap();
    assert!(place.get().status.success());
    assert_ne!(fs::read_to_string(&file).unwrap(), whole);
    place.fake.finish();
}

/// The gateway sends a device token after another process has removed the key.
#[test]
fn a_key_that_is_gone_is_not_put_back() {
    let place = Place::new();
    assert!(place.get().status.success());
    let file = devices(place.home.path()).remove(0);
    let first = fs::read_to_string(&file).unwrap();
    fs::remove_file(&file).unwrap();
    assert!(place.get().status.success());
    let second = fs::read_to_string(&file).unwrap();
    assert_ne!(first, second);
    place.fake.finish();
}

#[test]
fn a_state_directory_that_cannot_be_made_is_reported() {
    let place = Place::new();
    let file = place.home.path().join("state");
    fs::write(&file, "a file").unwrap();
    let output = place.with_state(Some(&file));
    assert_reported(&output, &["Not a directory", "XDG_STATE_HOME=DIR"]);
    assert_eq!(fs::read_to_string(&file).unwrap(), "a file");
    place.fake.finish();
}

/// A directory is in the file's place.
#[test]
fn a_device_file_that_is_a_directory_is_reported() {
    let place = Place::new();
    assert!(place.get().status.success());
    let file = devices(place.home.path()).remove(0);
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    assert_reported(&place.get(), &[]);
    place.fake.finish();
}

/// Runs as a user whom the directory's mode binds, which root is not.
#[test]
fn a_read_only_state_directory_is_reported() {
    let place = Place::new();
    let state = place.home.path().join("clearance");
    fs::create_dir(&state).unwrap();
    let mut command = if rustix::process::geteuid().is_root() {
        // Where the binary is, nobody else may look.
        let tool = place.home.path().join("tool");
        if fs::hard_link(binary(), &tool).is_err() {
            fs::copy(binary(), &tool).unwrap();
        }
        for path in [place.home.path(), &state] {
            fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        let mut command = Command::new(tool);
        command.uid(65534).gid(65534);
        command
    } else {
        fs::set_permissions(&state, fs::Permissions::from_mode(0o500)).unwrap();
        Command::new(binary())
    };
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("HOME", place.home.path()).env("XDG_STATE_HOME", place.home.path());
    command.env("OPENCLAW_GATEWAY_TOKEN", TOKEN).args(["approvals", "get", "--json"]);
    let output = command.arg(format!("--gateway=ws://127.0.0.1:{}", place.fake.port())).output().unwrap();
    assert_reported(&output, &["Permission denied", "XDG_STATE_HOME=DIR"]);
    assert_eq!(fs::read_dir(&state).unwrap().count(), 0);
    fs::set_permissions(&state, fs::Permissions::from_mode(0o700)).unwrap();
    place.fake.finish();
}

/// An invocation that was killed while it held the lock leaves it to the next.
#[test]
fn a_lock_that_was_left_behind_stops_nobody() {
    let place = Place::new();
    assert!(place.get().status.success());
    let file = devices(place.home.path()).remove(0);
    fs::remove_file(&file).unwrap();
    let lock =
        file.with_file_name(format!(".{}.clearance-lock", file.file_name().unwrap().to_str().unwrap()));
    fs::write(&lock, "").unwrap();
    assert!(place.get().status.success());
    assert_eq!(devices(place.home.path()), [file]);
    place.fake.finish();
}

/// Another process holds the lock until after the deadline.
#[test]
fn a_lock_that_is_held_ends_with_the_deadline() {
    let place = Place::new();
    assert!(place.get().status.success());
    let file = devices(place.home.path()).remove(0);
    fs::remove_file(&file).unwrap();
    let lock =
        file.with_file_name(format!(".{}.clearance-lock", file.file_name().unwrap().to_str().unwrap()));
    let held = fs::File::create(&lock).unwrap();
    held.lock().unwrap();
    let mut command = clearance(place.home.path());
    command.env("OPENCLAW_GATEWAY_TOKEN", TOKEN).args(["approvals", "get", "--json", "--timeout=1s"]);
    let output = command.arg(format!("--gateway=ws://127.0.0.1:{}", place.fake.port())).output().unwrap();
    let object: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(4), "{object}");
    assert_eq!(object["error"]["code"], "device-key", "{object}");
    assert!(!file.exists());
    place.fake.finish();
}

/// A fake that forgives everything would prove nothing.
#[test]
fn the_fake_notices_what_is_wrong() {
    for script in [
        Script::default(),
        Script::once([Step::Request("POST ")]),
        Script::of([vec![Step::Drop], vec![Step::Drop]]),
    ] {
        let fake = Fake::playing(script);
        let home = tempfile::tempdir().unwrap();
        let mut command = clearance(home.path());
        command.args(["gateway", "status", "--timeout=400ms"]);
        assert!(
            !command
                .arg(format!("--gateway=ws://127.0.0.1:{}", fake.port()))
                .output()
                .unwrap()
                .status
                .success()
        );
        assert!(!fake.end().1.is_empty());
    }
}
