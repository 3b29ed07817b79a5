//! Detects the process of this host's gateway before it accepts connections.
//!
//! OpenClaw's gateways have lock files. The rules are from the published packages (`infra/gateway-lock`,
//! `resolveGatewayLockDir`, `isGatewayArgv`):
//!
//! | releases | lock files | content |
//! | --- | --- | --- |
//! | 2026.4.14 | `gateway.HASH.lock` in `TMPDIR/openclaw-UID` | `pid`, `configPath`, `startTime` |
//! | 2026.7.1 | as 2026.4.14 | also `port` |
//! | 2026.9.6 | `gateway.HASH.lock`, `gateway.state.lock` in `STATE/tmp/openclaw-UID` | also `role`, if it is not a gateway's |
//!
//! `startTime` is field 22 of `/proc/PID/stat`, unchanged. A lock whose process has ended is stale and is ignored.
//!
//! A gateway creates its lock when its code is loaded: 1.7 s after its start on 2026.4.14, 6.7 s on 2026.9.6, which
//! also removes the lock for a second in between (measured, two idle cores). Before that it can only be detected by its
//! command line, which is `… openclaw.mjs gateway run …` for 0.2 s and then the title `openclaw`, as for every command
//! of OpenClaw, or `openclaw-gateway`. So a young process with such a title and this configuration also counts as a
//! gateway that is starting.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytesize::ByteSize;
use serde::Deserialize;

use super::address::is_own;
use super::environment::Environment;
use super::openclaw::{locate, port, states};
use crate::deadline::Deadline;
use crate::gateway::target::Address;
use crate::gateway::{Probe, Process};
use crate::store::input::{self, Bounds, Input};
use crate::system::{self, Facts};

/// Size limit for a lock file or the variables of a process, in bytes.
const MAX_FILE: ByteSize = ByteSize::mib(1);
/// The maximum number of lock files that are read in one directory.
const MAX_LOCKS: usize = 256;
/// The number of bytes of a command line that are read.
const MAX_COMMAND: usize = 4096;
/// Timeout of reading these files.
const READING: Duration = Duration::from_secs(2);
/// Maximum age, in seconds, of a starting gateway without a lock.
const YOUNG: u64 = 60;
/// The script files that start a gateway, as `isGatewayArgv` lists them.
const ENTRIES: [&str; 6] = [
    "dist/index.js",
    "dist/entry.js",
    "openclaw.mjs",
    "scripts/run-node.mjs",
    "src/entry.ts",
    "src/index.ts",
];
/// The process titles that a gateway sets in place of its command line: while it loads, and later.
const TITLES: [&str; 2] = ["openclaw", "openclaw-gateway"];
/// The variables that select OpenClaw's configuration. Other variables of a process are not read.
const VARIABLES: [&str; 6] =
    ["HOME", "USERPROFILE", "OPENCLAW_HOME", "OPENCLAW_STATE_DIR", "OPENCLAW_CONFIG_PATH", PORT];
const PORT: &str = "OPENCLAW_GATEWAY_PORT";

/// The fields of a lock file that are used.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Lock {
    pid: u32,
    config_path: PathBuf,
    port: Option<u16>,
    start_time: Option<f64>,
    role: Option<String>,
}

/// A probe for the process of the gateway at an address of this host.
pub(super) fn probe(environment: &Environment, address: &Address) -> Probe {
    let environment = Arc::new(environment.clone());
    let address = address.clone();
    let own = OnceLock::new();
    Probe::new(move |known| {
        let host = Host { environment: &environment, port: address.port(), root: Path::new("/proc") };
        let is_own = || *own.get_or_init(|| is_own(&environment, &address, Deadline::after(READING)));
        host.find(known, &is_own)
    })
}

/// The host to search, and the port of the gateway.
struct Host<'h> {
    environment: &'h Environment,
    port: u16,
    root: &'h Path,
}

impl Host<'_> {
    /// `is_own`: whether this host's configuration uses that port for its own gateway.
    fn find(&self, known: Option<Process>, is_own: &dyn Fn() -> bool) -> Option<Process> {
        let lives = |process: &Process| {
            self.started(process.id) == Some(process.started)
                && (process.certain || self.is_young(process.started))
        };
        self.by_lock(is_own).or_else(|| known.filter(lives)).or_else(|| self.by_command_line(is_own))
    }

    fn by_lock(&self, is_own: &dyn Fn() -> bool) -> Option<Process> {
        let home = self.environment.openclaw_home()?;
        let config = std::path::absolute(locate(self.environment, &home)).ok()?;
        let locks = self.directories(&home).into_iter().flat_map(|directory| locks(&directory));
        locks.filter(|lock| lock.role.as_deref().is_none_or(|role| role == "gateway")).find_map(|lock| {
            let meant = match lock.port {
                Some(port) => port == self.port,
                None => lock.config_path == config && is_own(),
            };
            let started = self.started(lock.pid).filter(|_| meant)?;
            #[expect(clippy::cast_precision_loss, reason = "ticks are exact for centuries")]
            let same = lock.start_time.is_none_or(|time| started == 0 || (time - started as f64).abs() < 0.5);
            same.then_some(Process { id: lock.pid, started, certain: true })
        })
    }

    /// The directories that may contain a gateway's locks.
    fn directories(&self, home: &Path) -> Vec<PathBuf> {
        let mut variables = ["TMPDIR", "TMP", "TEMP"].into_iter();
        let temporary = variables.find_map(|name| self.environment.path(name));
        let states = states(self.environment, home);
        let mut owners: Vec<u32> = system::real_user().into_iter().collect();
        owners.extend(states.iter().filter_map(|state| fs::metadata(state).ok()?.owner()));
        owners.dedup();
        let own = states.into_iter().map(|state| state.join("tmp"));
        let shared = temporary.unwrap_or_else(|| "/tmp".into());
        let parents: Vec<PathBuf> = own.chain([shared]).collect();
        let of =
            |parent: &PathBuf| owners.iter().map(|owner| parent.join(format!("openclaw-{owner}"))).collect();
        parents.iter().flat_map(|parent| -> Vec<PathBuf> { of(parent) }).collect()
    }

    /// A process that was just started as a gateway and has no lock yet.
    fn by_command_line(&self, is_own: &dyn Fn() -> bool) -> Option<Process> {
        fs::read_dir(self.root).ok()?.filter_map(Result::ok).find_map(|entry| {
            let id: u32 = entry.file_name().to_str()?.parse().ok()?;
            entry
                .metadata()
                .ok()
                .filter(|process| process.owner() == system::real_user() || system::real_user() == Some(0))?;
            let started = self.started(id).filter(|started| self.is_young(*started))?;
            let line = contents(entry.path().join("cmdline"))?;
            let words: Vec<&str> = line[..line.len().min(MAX_COMMAND)]
                .split(|byte| *byte == 0)
                .filter_map(|word| std::str::from_utf8(word).ok())
                .filter(|word| !word.is_empty())
                .collect();
            let (meant, certain) = match Command::of(&words)? {
                Command::Gateway(Some(port)) => (port == self.port, true),
                Command::Gateway(None) => (is_own() && self.shares_configuration(&entry.path()), true),
                Command::Title => (is_own() && self.shares_configuration(&entry.path()), false),
            };
            meant.then_some(Process { id, started, certain })
        })
    }

    /// Whether a process uses the same configuration as this one, by its variables.
    fn shares_configuration(&self, process: &Path) -> bool {
        let Some(text) = contents(process.join("environ")) else { return false };
        let variable = |pair: &[u8]| {
            let (name, value) = std::str::from_utf8(pair).ok()?.split_once('=')?;
            VARIABLES.contains(&name).then(|| (name.to_owned(), value.to_owned()))
        };
        let other: Environment = text.split(|byte| *byte == 0).filter_map(variable).collect();
        let port = other.path(PORT).and_then(|text| port(text.to_str()?));
        let config = |environment: &Environment| Some(locate(environment, &environment.openclaw_home()?));
        port.is_none_or(|port| port == self.port) && config(&other) == config(self.environment)
    }

    /// Whether a process is young enough to be still starting.
    fn is_young(&self, started: u64) -> bool {
        let now = self.ticks_since_boot().unwrap_or_default();
        system::clock_ticks().is_some_and(|ticks| now.saturating_sub(started) < YOUNG * ticks)
    }

    fn ticks_since_boot(&self) -> Option<u64> {
        let text = contents(self.root.join("uptime"))?;
        let seconds: u64 = std::str::from_utf8(&text).ok()?.split(['.', ' ']).next()?.parse().ok()?;
        Some(seconds * system::clock_ticks()?)
    }

    /// The start time of a process in clock ticks, or 0 if the system does not report it. `None`: the process has
    /// ended, or is a zombie.
    fn started(&self, id: u32) -> Option<u64> {
        match contents(self.root.join(id.to_string()).join("stat")) {
            Some(stat) => {
                let stat = String::from_utf8_lossy(&stat);
                // The name before it may contain any character.
                let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
                let state = fields.next()?;
                fields.nth(18)?.parse().ok().filter(|_| !matches!(state, "Z" | "X"))
            }
            None if self.root.join("self/stat").exists() => None,
            None => system::is_process(id).then_some(0),
        }
    }
}

/// The locks in a directory that can be read.
fn locks(directory: &Path) -> Vec<Lock> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    let is_lock = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.starts_with("gateway.") && path.extension().is_some_and(|extension| extension == "lock")
    };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path())).filter(is_lock).take(MAX_LOCKS);
    paths.filter_map(contents).filter_map(|bytes| serde_json::from_slice(&bytes).ok()).collect()
}

/// The content of a file, if it can be read and is not too large.
fn contents(path: PathBuf) -> Option<Vec<u8>> {
    let bounds = Bounds { max_size: MAX_FILE, deadline: Deadline::after(READING) };
    input::read(&Input::Path(path), bounds).ok()
}

/// The meaning of a process's command line.
#[derive(Debug, PartialEq, Eq)]
enum Command {
    /// It starts a gateway, on this port if it names one.
    Gateway(Option<u16>),
    /// A process title that any command of OpenClaw may have.
    Title,
}

impl Command {
    /// Reads a command line. `None`: not a gateway of this configuration. Other commands (`gateway status`, `gateway
    /// call`) are clients, and a gateway with a profile has another configuration.
    fn of(words: &[&str]) -> Option<Self> {
        if let [title] = words
            && TITLES.contains(title)
        {
            return Some(Self::Title);
        }
        let is_entry = |word: &&str| {
            ENTRIES.iter().any(|entry| word.ends_with(entry))
                || Path::new(word).file_name() == Some("openclaw".as_ref())
        };
        let entry = words.iter().take(8).position(is_entry)?;
        let arguments = &words[entry + 1..];
        let at = arguments.iter().position(|word| *word == "gateway")?;
        let verb = arguments.get(at + 1).copied().unwrap_or("run");
        if verb != "run" && !verb.starts_with('-') {
            return None;
        }
        let joined = || arguments.iter().find_map(|word| word.strip_prefix("--port="));
        let spaced = || arguments.windows(2).find(|pair| pair[0] == "--port").map(|pair| pair[1]);
        if let Some(port) = joined().or_else(spaced) {
            return port.parse().ok().map(|port| Self::Gateway(Some(port)));
        }
        let is_elsewhere = arguments.iter().any(|word| *word == "--dev" || word.starts_with("--profile"));
        (!is_elsewhere).then_some(Self::Gateway(None))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::disallowed_methods, reason = "the tests make their own files")]

    use rustix::process::getuid;

    use super::*;

    /// A host with fake processes and files.
    struct Fake {
        root: tempfile::TempDir,
        variables: Vec<(String, String)>,
    }

    impl Fake {
        fn new() -> Self {
            let root = tempfile::tempdir().unwrap();
            let path = |name: &str| root.path().join(name).to_str().unwrap().to_owned();
            let variables = vec![("HOME".to_owned(), path("home")), ("TMPDIR".to_owned(), path("tmp"))];
            fs::create_dir_all(root.path().join("proc/self")).unwrap();
            fs::write(root.path().join("proc/self/stat"), "").unwrap();
            fs::write(root.path().join("proc/uptime"), "1000.53 900.1\n").unwrap();
            Self { root, variables }
        }

        /// A process: its state, its start in seconds since boot, and its command line.
        fn process(&self, id: u32, state: char, seconds: u64, line: &[&str]) {
            let directory = self.root.path().join(format!("proc/{id}"));
            fs::create_dir_all(&directory).unwrap();
            let started = seconds * rustix::param::clock_ticks_per_second();
            let before = "0 ".repeat(18);
            fs::write(directory.join("stat"), format!("{id} (a) b) {state} {before}{started} 7 8\n"))
                .unwrap();
            fs::write(directory.join("cmdline"), line.join("\0") + "\0").unwrap();
        }

        fn lock(&self, path: &str, content: &serde_json::Value) {
            let path = self.root.path().join(path.replace("UID", &getuid().as_raw().to_string()));
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content.to_string()).unwrap();
        }

        fn config(&self) -> String {
            self.root.path().join("home/.openclaw/openclaw.json").to_str().unwrap().to_owned()
        }

        fn find(&self, port: u16, known: Option<Process>, own: bool) -> Option<u32> {
            let environment: Environment =
                self.variables.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
            let host = Host { environment: &environment, port, root: &self.root.path().join("proc") };
            host.find(known, &|| own).map(|process| process.id)
        }
    }

    fn ticks(seconds: u64) -> u64 {
        seconds * rustix::param::clock_ticks_per_second()
    }

    #[test]
    fn the_locks_of_every_release_are_found() {
        for (path, content) in [
            // 2026.4.14
            ("tmp/openclaw-UID/gateway.1a2b3c4d.lock", serde_json::json!({"startTime": ticks(10)})),
            // 2026.7.1
            (
                "tmp/openclaw-UID/gateway.1a2b3c4d.lock",
                serde_json::json!({"startTime": ticks(10), "port": 18789}),
            ),
            // 2026.9.6
            (
                "home/.openclaw/tmp/openclaw-UID/gateway.state.lock",
                serde_json::json!({"startTime": ticks(10), "port": 18789, "ownerId": "x"}),
            ),
        ] {
            let host = Fake::new();
            host.process(7, 'S', 10, &["openclaw-gateway"]);
            let mut lock = content;
            lock["pid"] = 7.into();
            lock["createdAt"] = "2026-11-26T05:00:00.000Z".into();
            lock["configPath"] = host.config().into();
            host.lock(path, &lock);
            assert_eq!(host.find(18789, None, true), Some(7), "{lock}");
            // A lock with a port is only for that port. Without a port in the lock, the configuration must name it.
            let named = lock.get("port").is_some();
            assert_eq!(host.find(18789, None, false), named.then_some(7), "{lock}");
            assert_eq!(host.find(1, None, true), (!named).then_some(7), "{lock}");
        }
    }

    #[test]
    fn a_stale_lock_is_ignored() {
        let host = Fake::new();
        let lock = |start: u64| serde_json::json!({"pid": 7, "createdAt": "", "configPath": host.config(), "startTime": ticks(start), "port": 1});
        host.lock("tmp/openclaw-UID/gateway.1.lock", &lock(10));
        assert_eq!(host.find(1, None, true), None);
        host.process(7, 'Z', 10, &[]);
        assert_eq!(host.find(1, None, true), None);
        // The id now belongs to another process.
        host.process(7, 'S', 11, &["vim"]);
        assert_eq!(host.find(1, None, true), None);
        host.process(7, 'S', 10, &["openclaw-gateway"]);
        assert_eq!(host.find(1, None, true), Some(7));
        let mut doctor = lock(10);
        doctor["role"] = "sqlite-maintenance".into();
        host.lock("tmp/openclaw-UID/gateway.1.lock", &doctor);
        assert_eq!(host.find(1, None, true), None);
        host.lock("tmp/openclaw-UID/gateway.1.lock", &serde_json::json!("no lock"));
        assert_eq!(host.find(1, None, true), None);
    }

    #[test]
    fn before_its_lock_a_gateway_is_known_by_its_command_line() {
        let node = ["node", "/opt/openclaw/openclaw.mjs", "gateway", "run", "--port", "19001"];
        let host = Fake::new();
        host.process(7, 'R', 990, &node);
        assert_eq!(host.find(19001, None, false), Some(7));
        assert_eq!(host.find(18789, None, true), None);
        // It has run too long without a lock, so it is not starting.
        host.process(7, 'S', 100, &node);
        assert_eq!(host.find(19001, None, false), None);
        // A known process is identified by its start time, whatever its title and age.
        let known = Process { id: 7, started: ticks(100), certain: true };
        host.process(7, 'S', 100, &["something"]);
        assert_eq!(host.find(19001, Some(known), false), Some(7));
        host.process(7, 'S', 101, &["something"]);
        assert_eq!(host.find(19001, Some(known), false), None);
    }

    #[test]
    fn while_it_loads_a_gateway_has_a_title_only() {
        let host = Fake::new();
        let home = host.root.path().join("home").to_str().unwrap().to_owned();
        let environ = |text: &str| fs::write(host.root.path().join("proc/7/environ"), text).unwrap();
        for title in ["openclaw", "openclaw-gateway"] {
            host.process(7, 'R', 990, &[title, "", ""]);
            environ(&format!("HOME={home}\0TOKEN=x\0"));
            assert_eq!(host.find(18789, None, true), Some(7));
            assert_eq!(host.find(18789, None, false), None);
            // Another configuration, another port.
            environ(&format!("HOME={home}\0OPENCLAW_STATE_DIR=/elsewhere\0"));
            assert_eq!(host.find(18789, None, true), None);
            environ(&format!("HOME={home}\0OPENCLAW_GATEWAY_PORT=19001\0"));
            assert_eq!(host.find(18789, None, true), None);
            environ(&format!("HOME={home}\0OPENCLAW_GATEWAY_PORT=18789\0"));
            assert_eq!(host.find(18789, None, true), Some(7));
        }
        // It never created a lock, so it is another command of OpenClaw.
        let known = Process { id: 7, started: ticks(900), certain: false };
        host.process(7, 'S', 900, &["openclaw"]);
        assert_eq!(host.find(18789, Some(known), true), None);
        for other in ["openclaw-node-worker", "openclaw-tui"] {
            host.process(7, 'R', 990, &[other]);
            assert_eq!(host.find(18789, None, true), None, "{other}");
        }
    }

    #[test]
    fn command_lines_that_start_a_gateway() {
        let port = |port| Some(Command::Gateway(Some(port)));
        for (line, expected) in [
            ("node /x/openclaw.mjs gateway run --port 1", port(1)),
            ("node --max-old-space-size=8192 /x/dist/index.js gateway --port=2", port(2)),
            ("/usr/local/bin/openclaw gateway", Some(Command::Gateway(None))),
            ("openclaw gateway run --verbose", Some(Command::Gateway(None))),
            ("openclaw-gateway", Some(Command::Title)),
            ("openclaw", Some(Command::Title)),
            ("openclaw --profile work gateway", None),
            ("openclaw --profile work gateway --port 3", port(3)),
            ("openclaw --dev gateway", None),
            ("openclaw gateway status", None),
            ("openclaw gateway call health --port 4", None),
            ("openclaw devices list", None),
            ("vim gateway", None),
            ("", None),
        ] {
            let words: Vec<&str> = line.split(' ').filter(|word| !word.is_empty()).collect();
            assert_eq!(Command::of(&words), expected, "{line}");
        }
    }
}
