//! clearance as its users run it, isolated from this machine's settings; and checks that it never prints a secret.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;
use std::time::Duration;

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

use crate::gateway::SECRET;

/// A credential that no gateway here has.
pub(crate) const WRONG: &str = "real-gateway-wrong-0b1d44e6a7f9";

/// A user of clearance: a home with only a right and a wrong secret.
pub(crate) struct Tool {
    home: TempDir,
    environment: Vec<(&'static str, PathBuf)>,
}

/// The result of a run.
#[derive(Debug)]
pub(crate) struct Ran {
    arguments: Vec<String>,
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Tool {
    /// A user on any host.
    pub(crate) fn new() -> Self {
        let home = tempfile::Builder::new().prefix("clearance-user-").tempdir().expect("a home");
        fs::write(home.path().join("secret"), SECRET).expect("a secret");
        fs::write(home.path().join("wrong"), WRONG).expect("a secret");
        for name in ["secret", "wrong"] {
            let private = fs::Permissions::from_mode(0o600);
            fs::set_permissions(home.path().join(name), private).expect("a private file");
        }
        Self { home, environment: Vec::new() }
    }

    /// A user on the gateway's host, with its state directory.
    pub(crate) fn on_host(state: &Path) -> Self {
        Self { environment: vec![("OPENCLAW_STATE_DIR", state.to_owned())], ..Self::new() }
    }

    /// The gateway's own user, in whose home early releases keep their store.
    pub(crate) fn of_user(home: &Path, state: &Path) -> Self {
        let environment = vec![("HOME", home.to_owned()), ("OPENCLAW_STATE_DIR", state.to_owned())];
        Self { environment, ..Self::new() }
    }

    /// Writes a file.
    pub(crate) fn file(&self, name: &str, text: &str) -> String {
        let path = self.home.path().join(name);
        fs::write(&path, text).expect("a file");
        path.display().to_string()
    }

    /// The file with the right secret.
    pub(crate) fn secret(&self) -> String {
        self.home.path().join("secret").display().to_string()
    }

    /// The file with the wrong secret.
    pub(crate) fn wrong(&self) -> String {
        self.home.path().join("wrong").display().to_string()
    }

    /// Writes a document to set.
    pub(crate) fn document(&self, document: &Value) -> String {
        let path = self.home.path().join(format!("{}.json", uuid::Uuid::new_v4()));
        fs::write(&path, document.to_string()).expect("a document");
        path.display().to_string()
    }

    /// Runs it and waits for its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.join(self.start(arguments))
    }

    /// Waits for a running command.
    pub(crate) fn join(&self, run: JoinHandle<Ran>) -> Ran {
        let ran = run.join().expect("it runs");
        self.check_secrets(&ran.stdout, &ran.stderr);
        ran
    }

    /// Runs it in parallel with the test.
    pub(crate) fn start(&self, arguments: &[&str]) -> JoinHandle<Ran> {
        let mut command = Command::from_std(self.command(arguments));
        // Only a hang takes this long.
        command.timeout(Duration::from_mins(2));
        let arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
        std::thread::spawn(move || {
            let output = command.output().expect("clearance starts");
            Ran {
                arguments,
                code: output.status.code().unwrap_or(-1),
                stdout: String::from_utf8(output.stdout).expect("text"),
                stderr: String::from_utf8(output.stderr).expect("text"),
            }
        })
    }

    /// The command, not started.
    pub(crate) fn command(&self, arguments: &[&str]) -> std::process::Command {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_clearance"));
        command
            .args(arguments)
            .env_clear()
            .env("HOME", self.home.path())
            .envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// The device files.
    pub(crate) fn devices(&self) -> Vec<Value> {
        let directory = self.home.path().join(".local/state/clearance/devices");
        let files = fs::read_dir(directory).map(|files| files.map(|file| file.expect("a file").path()));
        let files = files.into_iter().flatten().filter(|path| path.extension().is_some_and(|e| e == "json"));
        files.map(|path| serde_json::from_slice(&fs::read(path).expect("a device")).expect("JSON")).collect()
    }

    /// Checks that no secret is in the output or in the files that were written.
    pub(crate) fn check_secrets(&self, stdout: &str, stderr: &str) {
        let mut secrets = vec![SECRET.to_owned(), WRONG.to_owned()];
        for device in self.devices() {
            let of = |name: &str| device[name].as_str().map(|text| text.trim().to_owned());
            secrets.extend(of("deviceToken"));
            secrets.extend(of("privateKey").iter().filter_map(|pem| pem.lines().nth(1)).map(str::to_owned));
            let text = device.to_string();
            assert!(!text.contains(SECRET) && !text.contains(WRONG), "a secret is kept: {text}");
        }
        for secret in secrets {
            let leaked = stdout.contains(&secret) || stderr.contains(&secret);
            assert!(!leaked, "a secret in {stdout}{stderr}");
        }
    }
}

impl Ran {
    /// Fails unless it ended with this exit code.
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "clearance {}: {self:#?}", self.arguments.join(" "));
        self
    }

    /// Standard output as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }

    /// Fails unless its output contains all of these texts.
    pub(crate) fn says(self, words: &[&str]) -> Self {
        for word in words {
            let found = self.stdout.contains(word) || self.stderr.contains(word);
            assert!(found, "`{word}` is missing: {self:#?}");
        }
        self
    }

    /// Fails unless its JSON output contains this error code.
    pub(crate) fn fails_with(self, code: &str) -> Self {
        assert_eq!(self.json()["error"]["code"], code, "{self:#?}");
        self
    }
}
