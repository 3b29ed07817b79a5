//! Runs the tool like its users, isolated from the machine's own configuration.

pub mod database;
pub mod dev;
pub mod fake;
pub mod grid;
pub mod recorded;
pub mod relay;
pub mod screen;
pub mod terminal;

use std::path::{Path, PathBuf};

use assert_cmd::Command;

/// The tool with its own environment: `home` is the only home, no colours, nothing of OpenClaw's.
pub fn clearance(home: &Path) -> Command {
    let mut command = Command::new(binary());
    command.env_clear().env("HOME", home).env("PATH", std::env::var_os("PATH").unwrap_or_default());
    // Two minutes, where the tool's own deadline is 30 s: only a hang takes that long.
    command.timeout(std::time::Duration::from_mins(2));
    command
}

/// The tool's path.
pub fn binary() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_clearance"))
}

/// A file or folder of `fixtures/`.
pub fn fixture(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(path)
}

/// Makes a FIFO for its user alone.
pub fn fifo(path: &Path) {
    // rustix makes none on macOS.
    let made = std::process::Command::new("mkfifo").args(["-m", "600"]).arg(path).status().unwrap();
    assert!(made.success());
}

/// The exit code, standard output and standard error of a command, for a snapshot. `replace` makes paths stable.
pub fn transcript(command: &mut Command, replace: &[(&str, &str)]) -> String {
    let output = command.output().unwrap();
    let code = output.status.code().map_or("killed".to_owned(), |code| code.to_string());
    let mut text = format!(
        "exit: {code}\n--- stdout\n{}--- stderr\n{}",
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap()
    );
    for (from, to) in replace {
        text = text.replace(from, to);
    }
    text
}
