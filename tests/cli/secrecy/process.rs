//! What a process of the tool shows to others while it runs.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::sync::Arc;

use super::assert_silent;
use crate::support::fake::frames::{MARK, TOKEN, with_token};
use crate::support::fake::{Fake, Meeting, Script, Step, frames};

/// The arguments of a process.
#[cfg(target_os = "linux")]
fn command_line(id: u32) -> String {
    fs::read_to_string(format!("/proc/{id}/cmdline")).unwrap()
}

/// The processes that a process has started.
#[cfg(target_os = "linux")]
fn children(id: u32) -> String {
    let tasks = fs::read_dir(format!("/proc/{id}/task")).unwrap();
    tasks.map(|task| fs::read_to_string(task.unwrap().path().join("children")).unwrap_or_default()).collect()
}

#[cfg(not(target_os = "linux"))]
fn command_line(id: u32) -> String {
    ps(&["-o", "command=", "-p", &id.to_string()])
}

#[cfg(not(target_os = "linux"))]
fn children(id: u32) -> String {
    let all = ps(&["-A", "-o", "ppid=", "-o", "pid="]);
    let id = id.to_string();
    all.lines().filter(|line| line.split_whitespace().next() == Some(&id)).collect()
}

#[cfg(not(target_os = "linux"))]
fn ps(arguments: &[&str]) -> String {
    String::from_utf8(Command::new("ps").args(arguments).output().unwrap().stdout).unwrap()
}

/// The process does not show a secret to other users of the machine, and it starts no other process.
#[test]
fn in_the_list_of_processes() {
    for (name, verb) in [
        ("get", &["approvals", "get"][..]),
        ("set", &["approvals", "set", "--file", "new.json"]),
        ("status", &["gateway", "status"]),
    ] {
        for by_file in [true, false] {
            let home = tempfile::tempdir().unwrap();
            fs::write(home.path().join("new.json"), r#"{"version":1,"agents":{}}"#).unwrap();
            let file = home.path().join("token");
            fs::write(&file, TOKEN).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
            let meeting = Arc::new(Meeting::default());
            let steps = [Step::Upgrade, frames::challenge(), with_token(), Step::Meet(Arc::clone(&meeting))];
            let fake = Fake::playing(Script::once(steps.into_iter().chain([Step::Close(1008, "enough")])));
            let mut command = Command::new(crate::support::binary());
            command.env_clear().env("HOME", home.path()).current_dir(home.path()).args(verb);
            command.arg(format!("--gateway=ws://127.0.0.1:{}", fake.port()));
            if by_file {
                command.arg("--token-file").arg(&file);
            } else {
                command.env("OPENCLAW_GATEWAY_TOKEN", TOKEN);
            }
            let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
            let id = child.id();
            let (shown, children) = meeting.with(|| (command_line(id), children(id)));
            let output = child.wait_with_output().unwrap();
            fake.finish();
            assert!(shown.contains("--gateway=ws://"), "{name}: {shown:?}");
            assert!(!shown.contains(MARK), "{name}: {shown:?}");
            assert_eq!(children, "", "{name} started something");
            assert_eq!(output.status.code(), Some(4), "{name}");
            assert_silent(&output, name);
        }
    }
}
