//! A program that is started at an event. It gets the event on standard input; it has no shell, no secrets, no output
//! but its first words on standard error, and a time limit.

use std::env::split_paths;
use std::ffi::OsStr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};

use crate::settings::Environment;
use crate::system::{in_own_group, kill_group, may_execute};

/// The time limit.
const LIMIT: Duration = Duration::from_secs(30);
/// The bytes of standard error that a failure quotes.
const QUOTED: u64 = 1_000;
/// How long standard error may stay open after the program has ended: something that it started may keep it.
const LEFT_OPEN: Duration = Duration::from_millis(100);

/// The variables that a program gets. No other one is passed on: any of them may be a secret, for `openclaw.json` can
/// name each.
const VARIABLES: [&str; 17] = [
    "DBUS_SESSION_BUS_ADDRESS",
    "DISPLAY",
    "HOME",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "LC_MESSAGES",
    "LC_TIME",
    "LOGNAME",
    "PATH",
    "SHELL",
    "TERM",
    "TMPDIR",
    "TZ",
    "USER",
    "WAYLAND_DISPLAY",
    "XDG_RUNTIME_DIR",
];

/// A program with its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    name: String,
    arguments: Vec<String>,
}

impl Program {
    /// `words`: the program and its arguments. `None` without a word.
    pub fn of(words: Vec<String>) -> Option<Self> {
        let mut words = words.into_iter();
        let name = words.next().filter(|name| !name.is_empty())?;
        Some(Self { name, arguments: words.collect() })
    }

    /// The program, as it was given.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the program exists and may be executed, as far as that is known.
    pub(super) fn is_there(&self) -> bool {
        let is_program = |path: &Path| path.is_file() && may_execute(path).unwrap_or(true);
        if self.name.contains('/') {
            return is_program(Path::new(&self.name));
        }
        let environment = Environment::of_process();
        // Where a system looks without PATH.
        let path = environment.raw("PATH").unwrap_or(OsStr::new("/bin:/usr/bin"));
        split_paths(path).any(|directory| is_program(&directory.join(&self.name)))
    }

    /// Runs the program, with the event as a line on its standard input. The error: why it failed.
    pub(super) async fn run(&self, event: &str) -> Result<(), String> {
        let environment = Environment::of_process();
        let variables = VARIABLES.iter().filter_map(|name| Some((*name, environment.raw(name)?)));
        let of_start = |error| format!("it could not be started: {error}");
        let mut command = Command::new(&self.name);
        command
            .args(&self.arguments)
            .env_clear()
            .envs(variables)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        // With its own group, everything that it started can be killed, and Ctrl-C is for the guard alone.
        in_own_group(&mut command).map_err(of_start)?;
        let mut child = command.spawn().map_err(of_start)?;
        let mut group = Group(child.id());
        let ended = tokio::time::timeout(LIMIT, attend(&mut child, event)).await;
        if let Ok(result) = ended {
            // What it left running in its group is meant to run on.
            group.0 = None;
            return result;
        }
        drop(group);
        // The zombie is gone when it was waited for.
        drop(child.wait().await);
        Err(format!("it did not end in {} s, and was killed", LIMIT.as_secs()))
    }
}

/// Writes the event, and waits for the end.
async fn attend(child: &mut Child, event: &str) -> Result<(), String> {
    let (stdin, stderr) = (child.stdin.take(), child.stderr.take());
    let write = async {
        if let Some(mut stdin) = stdin {
            // A program need not read it.
            drop(stdin.write_all(format!("{event}\n").as_bytes()).await);
        }
    };
    let mut words = Vec::new();
    let read = async {
        if let Some(mut stderr) = stderr {
            drop((&mut stderr).take(QUOTED).read_to_end(&mut words).await);
            // The rest is read, so that the program does not wait for a reader.
            drop(tokio::io::copy(&mut stderr, &mut tokio::io::sink()).await);
        }
    };
    let status = {
        let mut streams = std::pin::pin!(async { tokio::join!(write, read) });
        let wait = child.wait();
        tokio::pin!(wait);
        let (status, has_read) = tokio::select! {
            status = &mut wait => (status, false),
            _ = &mut streams => (wait.await, true),
        };
        if !has_read {
            drop(tokio::time::timeout(LEFT_OPEN, streams).await);
        }
        status.map_err(|error| format!("it could not be waited for: {error}"))?
    };
    if status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&words);
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    Err(if first.is_empty() { status.to_string() } else { format!("{status}: {first}") })
}

/// A process group, which is killed if it is dropped.
struct Group(Option<u32>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            kill_group(group);
        }
    }
}
