//! `gateway dev` as a child process, clearance as its client, and relays between the two.

use std::fs;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{self, Child, ExitStatus, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use assert_cmd::Command;
use clearance::internals::Deadline;
use clearance::internals::gateway::{Access, ConnectOptions, Keyring, Link};
use clearance::internals::gateway::{Credential, Target, Trust};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use super::{binary, clearance, transcript};

/// Ends a process that hangs, long after any test should have ended, on a machine under any load.
const BACKSTOP: &str = "--timeout=15m";

/// An embedded gateway on a free port. Dropping it kills it.
pub struct Dev {
    child: Child,
    pub url: String,
    pub token: String,
    pub fingerprint: Option<String>,
    _home: TempDir,
}

impl Dev {
    /// Starts a gateway with these flags and waits until it reports that it is ready.
    pub fn start(flags: &[&str]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut command = process::Command::new(binary());
        command.env_clear().env("HOME", home.path()).args(["gateway", "dev", "--json", BACKSTOP]).args(flags);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut ready = serde_json::Deserializer::from_reader(child.stdout.as_mut().unwrap()).into_iter();
        let ready: Value = ready.next().unwrap().unwrap();
        let text = |name: &str| ready[name].as_str().map(str::to_owned);
        let (url, token) = (text("url").unwrap(), text("token").unwrap());
        Self { child, url, token, fingerprint: text("fingerprint"), _home: home }
    }

    /// One gateway of each generation.
    pub fn both() -> [(&'static str, Self); 2] {
        ["current", "legacy"].map(|generation| (generation, Self::start(&["--generation", generation])))
    }

    pub fn port(&self) -> u16 {
        self.url.rsplit_once(':').unwrap().1.parse().unwrap()
    }

    /// The URL of this gateway with another scheme.
    pub fn over(&self, scheme: &str) -> String {
        format!("{scheme}://127.0.0.1:{}", self.port())
    }

    /// A host whose environment names this gateway.
    pub fn client(&self) -> Client {
        self.client_at(&self.url)
    }

    /// As [`Dev::client`], with another URL.
    pub fn client_at(&self, url: &str) -> Client {
        let mut client = Client::alone();
        client.variables.push(("OPENCLAW_GATEWAY_URL".to_owned(), url.to_owned()));
        client.variables.push(("OPENCLAW_GATEWAY_TOKEN".to_owned(), self.token.clone()));
        client
    }

    /// Sends a signal to it and waits for its end.
    pub fn end(mut self, signal: Signal) -> ExitStatus {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
        self.child.wait().unwrap()
    }

    /// A connection for the test itself, without a command.
    pub async fn link(&self, caps: &'static [&'static str]) -> Link {
        let target = Target {
            address: self.url.parse().unwrap(),
            credential: Credential::Token(self.token.as_str().into()),
            trust: Trust::Platform,
            plaintext_allowed: false,
            options: ConnectOptions::default(),
        };
        let access = Access { caps, ..Access::OPERATOR };
        Link::open(&target, access, &Keyring::Ephemeral, deadline()).await.unwrap().0
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        // It may have ended already.
        let _: io::Result<()> = self.child.kill();
        let _: io::Result<ExitStatus> = self.child.wait();
    }
}

/// Long enough for any machine.
pub fn deadline() -> Deadline {
    Deadline::after(Duration::from_mins(1))
}

/// A host for the tool: a home directory and an environment.
pub struct Client {
    home: TempDir,
    variables: Vec<(String, String)>,
}

impl Client {
    /// A host without a gateway.
    pub fn alone() -> Self {
        Self { home: tempfile::tempdir().unwrap(), variables: Vec::new() }
    }

    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.retain(|(other, _)| other != name);
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Writes a file below the home directory, for its owner alone.
    pub fn file(&self, path: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.home().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    /// The tool, to be run in the home directory.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = clearance(self.home());
        command.current_dir(self.home()).args(arguments);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// As [`Client::command`], as a process to spawn.
    pub fn spawn(&self, arguments: &[&str]) -> process::Command {
        let mut command = process::Command::new(binary());
        command.env_clear().env("HOME", self.home()).current_dir(self.home()).args(arguments);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// The output of a command, for a snapshot. Fails if a token is in it.
    #[track_caller]
    pub fn answer(&self, arguments: &[&str]) -> String {
        self.answer_of(&mut self.command(arguments))
    }

    #[track_caller]
    pub fn answer_of(&self, command: &mut Command) -> String {
        let text = transcript(command, &[(self.home().to_str().unwrap(), "[HOME]")]);
        for (name, value) in &self.variables {
            assert!(!name.ends_with("TOKEN") || !text.contains(value.as_str()), "a token is shown:\n{text}");
        }
        text
    }

    /// The exit code, and the JSON object on standard output.
    #[track_caller]
    pub fn json(&self, arguments: &[&str]) -> (i32, Value) {
        let output = self.command(arguments).arg("--json").output().unwrap();
        let object = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
            panic!("{arguments:?}: {error}: {}", String::from_utf8_lossy(&output.stderr))
        });
        (output.status.code().unwrap(), object)
    }
}

/// Filters for values that differ from run to run.
pub fn redactions() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    for (pattern, name) in [
        (r"(127\.0\.0\.1|localhost):(\d{4,5})\b", "$1:[PORT]"),
        (r"on port \d{4,5}\b", "on port [PORT]"),
        (r"(?:[0-9A-F]{2}:){31}[0-9A-F]{2}", "[FINGERPRINT]"),
        (r#"(device +|"device": ")[0-9a-f]{64}"#, "$1[DEVICE]"),
        (r"\b[0-9a-f]{64}\b", "[HASH]"),
        (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "[UUID]"),
        (r"\d+\.\d ms", "[TIME] ms"),
        (r#"("(?:handshake|call)Ms": )[\d.e-]+"#, "$1[TIME]"),
    ] {
        settings.add_filter(pattern, name);
    }
    settings
}

/// A snapshot named after its test, without values that differ from run to run.
macro_rules! snapshot {
    ($name:expr, $text:expr) => {{
        let text: String = $text;
        $crate::support::dev::redactions().bind(|| insta::assert_snapshot!($name, text));
    }};
}
pub(crate) use snapshot;

/// Starts a relay before a gateway without TLS that changes the gateway's frames. Returns its URL.
pub fn before(dev: &Dev, change: impl Fn(&mut Value) + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    let (port, change) = (dev.port(), Arc::new(change));
    thread::spawn(move || {
        for client in listener.incoming() {
            let (client, change) = (client.unwrap(), Arc::clone(&change));
            thread::spawn(move || {
                // Either side may close first.
                let _: io::Result<()> = relay(client, port, &*change);
            });
        }
    });
    url
}

fn relay(mut client: TcpStream, port: u16, change: &dyn Fn(&mut Value)) -> io::Result<()> {
    let mut gateway = TcpStream::connect(("127.0.0.1", port))?;
    let (mut from, mut to) = (client.try_clone()?, gateway.try_clone()?);
    thread::spawn(move || {
        let _: io::Result<u64> = io::copy(&mut from, &mut to);
        let _: io::Result<()> = to.shutdown(Shutdown::Write);
    });
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        gateway.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    client.write_all(&head)?;
    loop {
        let mut start = [0; 2];
        gateway.read_exact(&mut start)?;
        let mut size = [0; 8];
        match start[1] {
            126 => gateway.read_exact(&mut size[6..])?,
            127 => gateway.read_exact(&mut size)?,
            small => size[7] = small,
        }
        let mut payload = vec![0; usize::try_from(u64::from_be_bytes(size)).unwrap()];
        gateway.read_exact(&mut payload)?;
        if let Ok(mut frame) = serde_json::from_slice::<Value>(&payload) {
            change(&mut frame);
            payload = frame.to_string().into_bytes();
        }
        let mut frame = vec![start[0], 127];
        frame.extend((payload.len() as u64).to_be_bytes());
        frame.extend(payload);
        client.write_all(&frame)?;
    }
}
