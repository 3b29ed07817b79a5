//! A real gateway: started on a free port with its own state directory and home, and always stopped.

use std::fs::{self, File, Permissions};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use clearance::internals::Deadline;
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::registry;

/// The secret of every gateway here, token or password: a program that prints it has a bug.
pub(crate) const SECRET: &str = "real-gateway-secret-7f3a9c51d2e8";

/// A gateway takes 10 to 20 s to start, more if two start at the same time on two cores.
const START: Duration = Duration::from_mins(2);
const STOP: Duration = Duration::from_secs(20);
const MOMENT: Duration = Duration::from_millis(50);

/// A gateway also listens on the few ports after its own: the ports of two gateways are at least this far apart.
const PORTS: u16 = 16;

/// Starts the gateway and waits. When the tests end for any reason, their end of the pipe closes: then the gateway
/// receives SIGTERM, and ten seconds later the rest of its process group is killed, including this script.
const GUARD: &str = r#"
"$@" </dev/null >&2 &
gateway=$!
echo "$gateway"
read -r _
kill -TERM "$gateway"
(sleep 10; kill -KILL 0) &
wait "$gateway"
kill -KILL 0
"#;

/// Runs a program as root without root's right to write everywhere.
const CONFINED: [&str; 4] = ["setpriv", "--inh-caps=-dac_override", "--bounding-set=-dac_override", "--"];

/// The configuration of a gateway.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Setup {
    /// A token on plaintext. Requests through a proxy on this host count as another host's.
    Token,
    /// A password over TLS with its own certificate, and the admin endpoint.
    PasswordTls,
    /// A token on plaintext, and agents whose model listens on this port and whose commands need approval.
    Agents(u16),
}

/// A gateway process.
pub(crate) struct Gateway {
    pub(crate) version: &'static str,
    pub(crate) port: u16,
    directory: TempDir,
    setup: Setup,
    /// Whether it runs without the right to write to files of others, which root has.
    is_confined: bool,
    running: Option<Running>,
}

struct Running {
    guard: Child,
    gateway: Pid,
}

impl Gateway {
    /// A gateway that is configured and not started.
    pub(crate) fn new(version: &'static str, setup: Setup) -> Self {
        let directory = tempfile::Builder::new().prefix("clearance-gateway-").tempdir().expect("a directory");
        let port = free_port();
        let this = Self { version, port, directory, setup, is_confined: false, running: None };
        fs::create_dir_all(this.home()).expect("a home");
        fs::create_dir_all(this.state()).expect("a state directory");
        let settings = this.state().join("openclaw.json");
        fs::write(&settings, this.configuration().to_string()).expect("its settings");
        // It has the token.
        fs::set_permissions(&settings, Permissions::from_mode(0o600)).expect("private settings");
        this
    }

    /// A gateway that is ready.
    pub(crate) fn ready(version: &'static str, setup: Setup) -> Self {
        let mut this = Self::new(version, setup);
        this.start();
        this.wait_until_ready();
        this
    }

    /// Its state directory, which is all that a command on its host needs.
    pub(crate) fn state(&self) -> PathBuf {
        self.directory.path().join("state")
    }

    /// Its user's home.
    pub(crate) fn home(&self) -> PathBuf {
        self.directory.path().join("home")
    }

    fn log_file(&self) -> PathBuf {
        self.directory.path().join("gateway.log")
    }

    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Its log without colours.
    pub(crate) fn log(&self) -> String {
        let bytes = fs::read(self.log_file()).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let mut plain = String::new();
        for (at, part) in text.split('\u{1b}').enumerate() {
            plain.push_str(if at == 0 { part } else { part.split_once('m').map_or("", |(_, rest)| rest) });
        }
        plain
    }

    pub(crate) fn address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))
    }

    /// Its WebSocket URL.
    pub(crate) fn url(&self) -> String {
        match self.setup {
            Setup::Token | Setup::Agents(_) => format!("ws://{}", self.address()),
            Setup::PasswordTls => format!("wss://{}", self.address()),
        }
    }

    /// Its HTTP URL.
    pub(crate) fn http_url(&self) -> String {
        self.url().replacen("ws", "http", 1)
    }

    fn configuration(&self) -> Value {
        let mut gateway = json!({ "mode": "local", "bind": "loopback", "port": self.port });
        let mut plugins = json!({});
        let mut agents = json!({ "heartbeat": { "every": "0m" } });
        let (mut tools, mut models) = (json!({}), json!({}));
        match self.setup {
            Setup::Token => {
                gateway["auth"] = json!({ "mode": "token", "token": SECRET });
                gateway["trustedProxies"] = json!(["127.0.0.1"]);
            }
            Setup::Agents(model) => {
                gateway["auth"] = json!({ "mode": "token", "token": SECRET });
                agents["model"] = json!({ "primary": "scripted/scripted" });
                tools = json!({ "exec": { "host": "gateway", "security": "allowlist", "ask": "on-miss" } });
                models = scripted(model);
            }
            Setup::PasswordTls => {
                gateway["auth"] = json!({ "mode": "password", "password": SECRET });
                gateway["tls"] = json!({ "enabled": true, "autoGenerate": true });
                plugins = json!({ "entries": { "admin-http-rpc": { "enabled": true } } });
            }
        }
        json!({
            "gateway": gateway,
            "plugins": plugins,
            "update": { "checkOnStart": false },
            "agents": { "defaults": agents },
            "tools": tools,
            "models": models,
        })
    }

    /// Starts it without the right to write to files of other users. Where the tests run as root, a gateway may otherwise
    /// change every program, and a current one offers no "allow always" for such programs.
    pub(crate) fn confine(&mut self) {
        self.is_confined = rustix::process::getuid().is_root();
    }

    /// Starts it without waiting.
    pub(crate) fn start(&mut self) {
        assert!(self.running.is_none(), "it runs already");
        let node = registry::node();
        let openclaw = registry::package("openclaw", self.version).join("openclaw").join("openclaw.mjs");
        let log = File::options().create(true).append(true).open(self.log_file()).expect("a log");
        let mut guard = Command::new("/bin/sh");
        guard
            .args(["-c", GUARD, "guard"])
            .args(if self.is_confined { &CONFINED[..] } else { &[] })
            .arg(&node)
            .arg(openclaw)
            .args(["gateway", "run", "--port", &self.port.to_string(), "--allow-unconfigured"])
            .current_dir(self.home())
            // No network access beyond this machine: no discovery, no channels, no respawn, no updates.
            .env_clear()
            .env("PATH", registry::path_with(&node))
            .env("HOME", self.home())
            .env("OPENCLAW_STATE_DIR", self.state())
            .env("OPENCLAW_DISABLE_BONJOUR", "1")
            .env("OPENCLAW_NO_RESPAWN", "1")
            .env("OPENCLAW_EXEC_SHELL_SNAPSHOT", "0")
            .env("OPENCLAW_SKIP_CHANNELS", "1")
            .env("OPENCLAW_NO_AUTO_UPDATE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log.try_clone().expect("the log twice"))
            .process_group(0);
        // All output goes to the log, except the script's one line with the gateway's process id.
        let mut guard = guard.spawn().expect("a shell");
        let mut line = String::new();
        BufReader::new(guard.stdout.take().expect("its output")).read_line(&mut line).expect("a line");
        let gateway = line.trim().parse().ok().and_then(Pid::from_raw);
        self.running = Some(Running { guard, gateway: gateway.expect("the gateway's process id") });
    }

    /// The store of an early release, which ignores the state directory.
    pub(crate) fn early_store(&self) -> PathBuf {
        self.home().join(".openclaw").join("exec-approvals.json")
    }

    /// Runs the release's own command on its host; returns its output.
    pub(crate) fn official(&self, arguments: &[&str]) -> String {
        let node = registry::node();
        let openclaw = registry::package("openclaw", self.version).join("openclaw").join("openclaw.mjs");
        let mut command = Command::new(&node);
        command
            .arg(openclaw)
            .args(arguments)
            .current_dir(self.home())
            .env_clear()
            .env("PATH", registry::path_with(&node))
            .env("HOME", self.home())
            .env("OPENCLAW_STATE_DIR", self.state())
            .env("OPENCLAW_NO_RESPAWN", "1")
            .env("OPENCLAW_NO_AUTO_UPDATE", "1")
            .stdin(Stdio::null());
        let output = command.output().expect("it starts");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(output.status.success(), "{arguments:?}: {}{}", text(&output.stdout), text(&output.stderr));
        text(&output.stdout)
    }

    /// Waits until it answers that it is ready.
    pub(crate) fn wait_until_ready(&self) {
        let deadline = Deadline::after(START);
        while !(self.is_healthy() && self.log().contains("[gateway] ready")) {
            assert!(self.is_alive(), "openclaw {} ended:\n{}", self.version, self.tail());
            let again = deadline.pause(MOMENT);
            assert!(again, "openclaw {} is not ready:\n{}", self.version, self.tail());
        }
    }

    /// Waits until it accepts connections, which happens before it is ready.
    pub(crate) fn wait_until_listening(&self) {
        let deadline = Deadline::after(START);
        while TcpStream::connect(self.address()).is_err() {
            assert!(self.is_alive(), "openclaw {} ended:\n{}", self.version, self.tail());
            assert!(deadline.pause(Duration::from_millis(5)), "nobody listens:\n{}", self.tail());
        }
    }

    /// The last lines of its log.
    pub(crate) fn tail(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(30)..].join("\n")
    }

    /// The id of its process.
    pub(crate) fn process(&self) -> i32 {
        self.running.as_ref().expect("it runs").gateway.as_raw_nonzero().get()
    }

    fn is_alive(&self) -> bool {
        let Some(Running { gateway, .. }) = &self.running else { return false };
        let stat = fs::read_to_string(format!("/proc/{gateway}/stat")).unwrap_or_default();
        stat.rsplit_once(") ").is_some_and(|(_, state)| !state.starts_with('Z'))
    }

    fn is_healthy(&self) -> bool {
        match self.setup {
            // Other tests check its certificate; here an open port is enough, together with its log.
            Setup::PasswordTls => TcpStream::connect(self.address()).is_ok(),
            Setup::Token | Setup::Agents(_) => {
                health(self.address()).is_some_and(|answer| answer.contains(r#""ok":true"#))
            }
        }
    }

    /// Sends SIGTERM, as a service manager does, without waiting.
    pub(crate) fn terminate(&self) {
        let running = self.running.as_ref().expect("it runs");
        kill_process(running.gateway, Signal::TERM).expect("the signal is sent");
    }

    /// Stops it and waits for its end.
    pub(crate) fn stop(&mut self) {
        let Some(mut running) = self.running.take() else { return };
        drop(running.guard.stdin.take());
        let deadline = Deadline::after(STOP);
        while let Ok(None) = running.guard.try_wait() {
            if !deadline.pause(MOMENT) {
                let group = Pid::from_child(&running.guard);
                let _gone = kill_process_group(group, Signal::KILL);
                drop(running.guard.wait());
            }
        }
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.stop();
        if std::thread::panicking() {
            println!("the last of openclaw {}'s log:\n{}", self.version, self.tail());
        }
    }
}

/// The provider configuration of the model in `crate::model`.
fn scripted(port: u16) -> Value {
    let cost = json!({ "input": 0, "output": 0, "cacheRead": 0, "cacheWrite": 0 });
    let model = json!({
        "id": "scripted", "name": "scripted", "reasoning": false, "input": ["text"], "cost": cost,
        "contextWindow": 128_000, "maxTokens": 4096,
    });
    let provider = json!({
        "baseUrl": format!("http://127.0.0.1:{port}/v1"),
        "apiKey": "none",
        "api": "openai-completions",
        "models": [model],
    });
    json!({ "mode": "merge", "providers": { "scripted": provider } })
}

fn health(address: SocketAddr) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(2))).ok()?;
    stream.write_all(b"GET /health HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.take(65_536).read_to_string(&mut answer).ok()?;
    Some(answer)
}

/// The first of a few consecutive unused ports, below the range of ephemeral ports: no client takes one by chance while
/// the gateway starts.
fn free_port() -> u16 {
    const FIRST: u16 = 20_000;
    const COUNT: u16 = 700;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let free = |port: u16| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
    let offset = u16::try_from(std::process::id() % u32::from(COUNT)).expect("less than COUNT");
    (0..COUNT)
        .map(|_| FIRST + (offset + NEXT.fetch_add(1, Ordering::Relaxed)) % COUNT * PORTS)
        .find(|first| (0..5).all(|next| free(first + next)))
        .expect("a free port")
}
