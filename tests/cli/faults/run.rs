//! Plays a row of the fault table, and compares the result.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use assert_cmd::Command;
use serde_json::Value;
use socket2::{Domain, Socket, Type};
use tempfile::TempDir;

use super::{Ends, Place, Row, Shown, Verb};
use crate::support::binary;
use crate::support::fake::frames::{DEVICE_TOKEN, MARK, PASSWORD, SOCKET_TOKEN, TOKEN};
use crate::support::fake::{Fake, Heard};

/// How much later than its deadline a command may end. On an idle machine the delay is far smaller.
const MARGIN: Duration = Duration::from_secs(7);
/// How many rows are played concurrently. Most of them wait.
const AT_ONCE: usize = 6;
/// The most memory that a confined process may ask for, in KiB.
const ADDRESSES: u32 = 256 * 1024;
/// The document that `approvals set` stores.
const NEW: &str = r#"{"version":1,"socket":{"path":"/srv/openclaw/exec-approvals.sock","token":"s3cr3t-socket-token-90"},"agents":{"main":{"allowlist":[{"pattern":"/usr/bin/make"}]}}}"#;

/// The result of a row.
pub struct Ran {
    pub home: TempDir,
    pub output: Output,
    pub took: Duration,
    pub heard: Vec<Heard>,
    /// The errors that the fake reports.
    pub complaints: Vec<String>,
}

/// The row's gateway while it runs.
enum Gateway {
    Fake(Fake),
    Port(u16, #[expect(dead_code, reason = "they are kept open")] Vec<Socket>),
}

impl Gateway {
    fn of(place: &Place) -> Self {
        match place {
            Place::Fake(script) => Self::Fake(Fake::playing(script.clone())),
            // The port is bound, so that no other process takes it, and has no listener.
            Place::Nowhere => {
                let socket = bound();
                Self::Port(port(&socket), vec![socket])
            }
            Place::Full => {
                let listener = bound();
                listener.listen(0).unwrap();
                let address = listener.local_addr().unwrap();
                let port = port(&listener);
                let mut sockets = vec![listener];
                for _ in 0..4 {
                    let filler = socket();
                    filler.set_nonblocking(true).unwrap();
                    drop(filler.connect(&address));
                    sockets.push(filler);
                }
                Self::Port(port, sockets)
            }
        }
    }

    fn port(&self) -> u16 {
        match self {
            Self::Fake(fake) => fake.port(),
            Self::Port(port, _) => *port,
        }
    }
}

fn socket() -> Socket {
    Socket::new(Domain::IPV4, Type::STREAM, None).unwrap()
}

fn bound() -> Socket {
    let socket = socket();
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    socket.bind(&any.into()).unwrap();
    socket
}

fn port(socket: &Socket) -> u16 {
    socket.local_addr().unwrap().as_socket().unwrap().port()
}

/// Plays a row.
pub fn run(row: &Row) -> Ran {
    let home = tempfile::tempdir().unwrap();
    let gateway = Gateway::of(&row.place);
    let path = home.path().to_str().unwrap();
    let filled = |text: &str| text.replace("{port}", &gateway.port().to_string()).replace("{home}", path);
    for (name, text) in
        [("new.json", NEW)].into_iter().chain(row.files.iter().map(|(name, text)| (*name, text.as_str())))
    {
        let file = home.path().join(name);
        fs::write(&file, filled(text)).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    }
    let command = |row: &Row| {
        let mut command = command(row, home.path());
        command.arg(format!("--gateway={}", filled(&row.url)));
        command.args(row.arguments.iter().map(|argument| filled(argument)));
        command.envs(row.environment.iter().map(|(name, value)| (name, filled(value))));
        command
    };
    if row.known {
        let before =
            Row { verb: Verb::Status, shown: Shown::Token, timeout: Duration::from_secs(30), ..row.clone() };
        let output = command(&before).output().unwrap();
        assert!(output.status.success(), "{}: not known: {output:?}", row.name);
    }
    let begun = Instant::now();
    let output = command(row).output().unwrap();
    let took = begun.elapsed();
    let (heard, complaints) = match gateway {
        Gateway::Fake(fake) => fake.end(),
        Gateway::Port(..) => (Vec::new(), Vec::new()),
    };
    Ran { home, output, took, heard, complaints }
}

fn command(row: &Row, home: &Path) -> Command {
    let mut command = if row.confined {
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", &format!("ulimit -v {ADDRESSES}; exec \"$0\" \"$@\"")]).arg(binary());
        Command::from_std(shell)
    } else {
        Command::new(binary())
    };
    command.env_clear().env("HOME", home).env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.timeout(Duration::from_mins(2));
    match row.shown {
        Shown::Nothing => &mut command,
        Shown::Token => command.env("OPENCLAW_GATEWAY_TOKEN", TOKEN),
        Shown::Password => command.env("OPENCLAW_GATEWAY_PASSWORD", PASSWORD),
    };
    match row.verb {
        Verb::Get => command.args(["approvals", "get"]),
        Verb::Set => command.args(["approvals", "set", "--file"]).arg(home.join("new.json")),
        Verb::Status => command.args(["gateway", "status"]),
    };
    if row.json {
        command.arg("--json");
    }
    command.arg(format!("--timeout={}ms", row.timeout.as_millis()));
    command
}

/// Plays rows, some concurrently, prints them as a table, and fails with all differences.
#[allow(clippy::print_stdout, reason = "the table is what --nocapture is for")]
#[track_caller]
pub fn check(rows: Vec<Row>) {
    let failures = Mutex::new(Vec::new());
    let queue = Mutex::new(rows.into_iter());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let Some(row) = queue.lock().unwrap().next() else { return };
                    let ran = run(&row);
                    let wrong = failures_of(&row, &ran);
                    let exit = ran.output.status.code().unwrap_or(-1);
                    println!("| {} | {exit} | {} | {} ms |", row.name, found(&ran).0, ran.took.as_millis());
                    if !wrong.is_empty() {
                        failures.lock().unwrap().push(format!("{}:\n    {}", row.name, wrong.join("\n    ")));
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{} rows:\n{}", failures.len(), failures.join("\n"));
}

/// The error's code and its whole text.
fn found(ran: &Ran) -> (String, String) {
    let object: Value = serde_json::from_slice(&ran.output.stdout).unwrap_or_default();
    let code = object["error"]["code"].as_str().unwrap_or_default().to_owned();
    let said =
        ["message", "remedy"].map(|name| object["error"][name].as_str().unwrap_or_default().to_owned());
    (code, said.join("\n"))
}

/// All differences between the result of a row and its expectations.
pub fn failures_of(row: &Row, ran: &Ran) -> Vec<String> {
    let mut wrong = ran.complaints.clone();
    let output = &ran.output;
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if output.status.code() != Some(row.exit) {
        wrong.push(format!("ended with {}, not with exit {}", output.status, row.exit));
    }
    let late = match row.ends {
        Ends::AtOnce => ran.took >= row.timeout,
        Ends::AtDeadline => ran.took < row.timeout || ran.took > row.timeout + MARGIN,
        Ends::ByDeadline => ran.took > row.timeout + MARGIN,
    };
    if late {
        wrong.push(format!("took {:?} of {:?}", ran.took, row.timeout));
    }
    if row.json {
        if serde_json::from_slice::<Value>(&output.stdout).is_err() {
            wrong.push("standard output is not one JSON object".to_owned());
        }
        let (code, said) = found(ran);
        if !(row.codes.contains(&code.as_str()) || row.codes.is_empty() && code.is_empty()) {
            wrong.push(format!("the code is {code:?}, not one of {:?}", row.codes));
        }
        for words in &row.says {
            if !said.contains(words) {
                wrong.push(format!("does not say {words:?}"));
            }
        }
    }
    if err.contains("panicked") {
        wrong.push("panicked".to_owned());
    }
    wrong.extend(leaks(row, &ran.home, output));
    if let Some(and) = row.and {
        let kept =
            devices(&ran.home).iter().any(|file| fs::read_to_string(file).unwrap().contains(DEVICE_TOKEN));
        wrong.extend(and(&ran.heard, kept).err());
    }
    if !wrong.is_empty() {
        wrong.push(format!("stdout: {}", excerpt(&out)));
        wrong.push(format!("stderr: {}", excerpt(&err)));
    }
    wrong
}

fn excerpt(text: &str) -> String {
    text.chars().take(1500).collect()
}

/// The device files below a home directory.
pub fn devices(home: &TempDir) -> Vec<PathBuf> {
    below(home.path()).into_iter().filter(|path| path.is_file() && is_device(path)).collect()
}

fn is_device(path: &Path) -> bool {
    path.parent().is_some_and(|parent| parent.ends_with(".local/state/clearance/devices"))
}

fn below(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(below(&path));
        }
        found.push(path);
    }
    found
}

/// Every place with a leaked secret, and every file whose mode is too open.
fn leaks(row: &Row, home: &TempDir, output: &Output) -> Vec<String> {
    let mut wrong = Vec::new();
    let devices = devices(home);
    let mut secrets: Vec<String> =
        [MARK, TOKEN, PASSWORD, DEVICE_TOKEN, SOCKET_TOKEN].map(str::to_owned).to_vec();
    for device in &devices {
        let kept: Value = serde_json::from_slice(&fs::read(device).unwrap()).unwrap_or_default();
        let key = kept["privateKey"].as_str().unwrap_or_default();
        // The lines between BEGIN and END.
        secrets
            .extend(key.lines().filter(|line| line.len() > 10 && !line.starts_with('-')).map(str::to_owned));
    }
    for (name, text) in [("standard output", &output.stdout), ("standard error", &output.stderr)] {
        let text = String::from_utf8_lossy(text);
        wrong.extend(
            secrets.iter().filter(|secret| text.contains(*secret)).map(|s| format!("{s} is in {name}")),
        );
    }
    for path in below(home.path()) {
        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            wrong.push(format!("{} has the mode {mode:o}", path.display()));
        }
        let given = row.files.iter().map(|(name, _)| *name).chain(["new.json"]);
        let ours = devices.contains(&path) || given.into_iter().any(|name| path == home.path().join(name));
        // The document before and after a set, without its secrets.
        let is_kept = path.starts_with(home.path().join(".local/state/clearance/versions"));
        if path.is_file() && !ours && !is_kept {
            wrong.push(format!("{} was left behind", path.display()));
        }
        if path.is_dir() || ours {
            continue;
        }
        let text = fs::read(&path).unwrap();
        let text = String::from_utf8_lossy(&text);
        wrong.extend(
            secrets.iter().filter(|s| text.contains(*s)).map(|s| format!("{s} is in {}", path.display())),
        );
    }
    wrong
}
