//! The options of dispatch wrappers, and where the command behind them begins.
//!
//! Source: the tables and `scanWrapperInvocation` of `dispatch-wrapper-resolution`. `script`, `arch` and
//! `xcrun` start a command on macOS alone; on Linux they block.

use super::profile::Profile;
use super::words;

/// How a wrapper is read.
pub(super) enum Kind {
    /// What it starts is not looked for.
    Opaque,
    /// `env` has a reader of its own.
    Env,
    Nice,
    Nohup,
    Time,
    Flock,
    Plain(Options),
}

/// The options of a wrapper, compared in lower case.
pub(super) struct Options {
    flags: &'static [&'static str],
    /// Those that take a value: the next word, or one after `=`.
    values: &'static [&'static str],
    /// Words between the options and the command: the duration of `timeout`.
    operands: usize,
}

const CAFFEINATE: Options =
    Options { flags: &["-d", "-i", "-m", "-s", "-u"], values: &["-t", "-w"], operands: 0 };
const SANDBOX_EXEC: Options = Options { flags: &[], values: &["-f", "-p", "-d"], operands: 0 };
const STDBUF: Options =
    Options { flags: &[], values: &["-i", "--input", "-o", "--output", "-e", "--error"], operands: 0 };
const TIMEOUT: Options = Options {
    flags: &["--foreground", "--preserve-status", "-v", "--verbose"],
    values: &["-k", "--kill-after", "-s", "--signal"],
    operands: 1,
};
/// `-V` is there too, but is never found: options are compared in lower case.
const TIME: Options = Options {
    flags: &["-a", "--append", "-h", "--help", "-l", "-p", "-q", "--quiet", "-v", "--verbose", "--version"],
    values: &["-f", "--format", "-o", "--output"],
    operands: 0,
};
const FLOCK_FLAGS: [&str; 7] =
    ["--close", "--exclusive", "--nb", "--no-fork", "--nonblock", "--shared", "--verbose"];
const FLOCK_VALUES: [&str; 3] = ["--conflict-exit-code", "--timeout", "--wait"];

/// Wrappers that block in every release.
const OPAQUE: [&str; 9] = ["arch", "chrt", "doas", "ionice", "script", "setsid", "sudo", "taskset", "xcrun"];

/// Wrappers that block since 2026.9.6.
const OPAQUE_LATER: [&str; 26] = [
    "bwrap",
    "catchsegv",
    "chroot",
    "cpulimit",
    "eatmydata",
    "firejail",
    "gosu",
    "linux32",
    "linux64",
    "nsenter",
    "numactl",
    "pkexec",
    "proot",
    "proxychains",
    "proxychains4",
    "runuser",
    "setarch",
    "setpriv",
    "su",
    "systemd-run",
    "torify",
    "torsocks",
    "unbuffer",
    "unshare",
    "watch",
    "xvfb-run",
];

/// How a wrapper of this name is read. `None`: it is not a wrapper.
pub(super) fn kind(profile: Profile, name: &str) -> Option<Kind> {
    Some(match name {
        "env" => Kind::Env,
        "nice" => Kind::Nice,
        "nohup" => Kind::Nohup,
        "time" => Kind::Time,
        "flock" if profile > Profile::V2026_4_14 => Kind::Flock,
        "caffeinate" => Kind::Plain(CAFFEINATE),
        "sandbox-exec" => Kind::Plain(SANDBOX_EXEC),
        "stdbuf" => Kind::Plain(STDBUF),
        "timeout" => Kind::Plain(TIMEOUT),
        name if OPAQUE.contains(&name) => Kind::Opaque,
        name if profile >= Profile::V2026_9_6 && OPAQUE_LATER.contains(&name) => Kind::Opaque,
        _ => return None,
    })
}

/// What an option means for the scan.
enum Step {
    Continue,
    /// The next word is its value.
    Value,
    Invalid,
}

/// Where the command of a wrapper begins. `None`: there is none, or an option is not known.
pub(super) fn command_index(kind: &Kind, argv: &[String]) -> Option<usize> {
    let behind = scan(argv, |token, lower| step(kind, token, lower))?;
    match kind {
        Kind::Plain(options) => Some(behind + options.operands),
        Kind::Flock => {
            let command = argv.get(behind + 1).map_or("", |word| words::trim(word));
            (!command.is_empty() && (!command.starts_with('-') || command == "-")).then_some(behind + 1)
        }
        _ => Some(behind),
    }
    .filter(|index| *index < argv.len())
}

/// The index after the options of a wrapper (`scanWrapperInvocation`).
fn scan(argv: &[String], step: impl Fn(&str, &str) -> Step) -> Option<usize> {
    let mut expects_value = false;
    for (index, token) in argv.iter().enumerate().skip(1) {
        let token = words::trim(token);
        if token.is_empty() {
            continue;
        }
        if expects_value {
            expects_value = false;
            continue;
        }
        if token == "--" {
            return Some(index + 1);
        }
        if !token.starts_with('-') || token == "-" {
            return Some(index);
        }
        match step(token, &token.to_lowercase()) {
            Step::Continue => {}
            Step::Value => expects_value = true,
            Step::Invalid => return None,
        }
    }
    None
}

/// What one option means.
fn step(kind: &Kind, token: &str, lower: &str) -> Step {
    let name = words::option_name(lower);
    match kind {
        Kind::Nohup if matches!(lower, "--help" | "--version") => Step::Continue,
        Kind::Nohup | Kind::Opaque | Kind::Env => Step::Invalid,
        Kind::Nice => nice_step(lower, name),
        Kind::Flock => flock_step(token, lower),
        Kind::Time => plain_step(&TIME, lower, name),
        Kind::Plain(options) => plain_step(options, lower, name),
    }
}

fn plain_step(options: &Options, lower: &str, name: &str) -> Step {
    if options.flags.contains(&name) {
        Step::Continue
    } else if options.values.contains(&name) {
        value_step(lower)
    } else {
        Step::Invalid
    }
}

/// An option with a value: after `=`, or the next word.
fn value_step(token: &str) -> Step {
    if token.contains('=') { Step::Continue } else { Step::Value }
}

fn nice_step(lower: &str, name: &str) -> Step {
    let digits = lower.get(1..).unwrap_or_default();
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Step::Continue;
    }
    if matches!(name, "-n" | "--adjustment" | "--priority") {
        return value_step(lower);
    }
    if lower.starts_with("-n") && lower.len() > 2 { Step::Continue } else { Step::Invalid }
}

fn flock_step(token: &str, lower: &str) -> Step {
    let name = words::option_name(token);
    let lower = words::option_name(lower);
    let letters = token.get(1..).unwrap_or_default();
    if FLOCK_FLAGS.contains(&lower) || letters.bytes().all(|letter| b"eFnsxo".contains(&letter)) {
        return Step::Continue;
    }
    if FLOCK_VALUES.contains(&lower) || matches!(name, "-E" | "-w") {
        return value_step(token);
    }
    if matches!(name, "-e" | "-F" | "-n" | "-o" | "-s" | "-x") { Step::Continue } else { Step::Invalid }
}

/// Whether `time` writes its figures into a file (`timeInvocationWritesOutputFile`).
pub(super) fn time_writes_a_file(argv: &[String]) -> bool {
    let mut expects_value = false;
    for token in argv.iter().skip(1).map(|token| words::trim(token)).filter(|token| !token.is_empty()) {
        if expects_value {
            expects_value = false;
            continue;
        }
        if !token.starts_with('-') || matches!(token, "-" | "--") {
            return false;
        }
        let lower = token.to_lowercase();
        let name = words::option_name(&lower);
        if matches!(name, "-o" | "--output") {
            return true;
        }
        expects_value = TIME.values.contains(&name) && !lower.contains('=');
    }
    false
}
