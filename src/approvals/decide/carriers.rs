//! Commands that carry another in their arguments: env, sudo, doas, command, builtin, exec.
//!
//! Source: `command-carriers` of 2026.6.11 and 2026.9.6, which agree, and `exec-wrapper-tokens` of 2026.4.14,
//! which reads `env` in a way of its own and knows no other carrier.

use std::borrow::Cow;

use super::carrier_options::{DOAS, ENV, EXEC, Options, SUDO};
use super::profile::Profile;
use super::splitter;
use super::words;

/// How deep `env -S 'env -S ...'` is read.
const SPLIT_DEPTH: usize = 32;

/// Options of `env` that split their value into words.
const SPLITTING: [&str; 3] = ["-S", "-s", "--split-string"];

/// `env` of 2026.4.14: options are compared in lower case.
const OLD_ENV_FLAGS: [&str; 4] = ["-i", "--ignore-environment", "-0", "--null"];
const OLD_ENV_VALUES: [&str; 9] = [
    "-u",
    "--unset",
    "-c",
    "--chdir",
    "-s",
    "--split-string",
    "--default-signal",
    "--ignore-signal",
    "--block-signal",
];

/// What a carrier starts; `exec` on request (`resolveCarrierCommandArgv`).
pub(super) fn carried(argv: &[String], with_exec: bool) -> Option<Cow<'_, [String]>> {
    let started = match &*words::program_name(argv.first()?) {
        "env" => return env(Profile::V2026_9_6, argv),
        "command" | "builtin" => behind_command(argv),
        "sudo" => {
            let argv = behind_options(argv, &SUDO)?;
            argv.iter().position(|word| !is_assignment(word)).and_then(|start| argv.get(start..))
        }
        "doas" => behind_options(argv, &DOAS).filter(|argv| !argv.is_empty()),
        "exec" if with_exec => behind_options(argv, &EXEC),
        _ => None,
    };
    started.map(Cow::Borrowed)
}

/// What `command` and `builtin` start. With `-v` and `-V` they start nothing.
fn behind_command(argv: &[String]) -> Option<&[String]> {
    for (index, token) in argv.iter().enumerate().skip(1) {
        if token == "--" {
            return argv.get(index + 1..);
        }
        if !token.starts_with('-') {
            return argv.get(index..);
        }
        if words::option_name(token) != "-p" {
            return None;
        }
    }
    None
}

/// What follows the options of a carrier.
fn behind_options<'a>(argv: &'a [String], options: &Options) -> Option<&'a [String]> {
    let mut expects_value = false;
    for (index, token) in argv.iter().enumerate().skip(1) {
        if expects_value {
            expects_value = false;
            continue;
        }
        if token == "--" {
            return argv.get(index + 1..);
        }
        if !token.starts_with('-') {
            return argv.get(index..);
        }
        let found = options.read(token)?;
        if options.starts_nothing(&found) {
            return None;
        }
        expects_value = options.expects_value(&found);
    }
    None
}

/// What `env` starts (`unwrapEnvInvocation`).
pub(super) fn env(profile: Profile, argv: &[String]) -> Option<Cow<'_, [String]>> {
    if profile == Profile::V2026_4_14 {
        return old_env(argv).and_then(|(command, _)| argv.get(command..)).map(Cow::Borrowed);
    }
    let prelude = Prelude::of(argv, 0)?;
    match prelude.split {
        Some(argv) => Some(Cow::Owned(argv)),
        None => argv.get(prelude.command..).map(Cow::Borrowed),
    }
}

/// Whether `env` changes the environment or anything else (`envInvocationUsesModifiers`), or cannot be read.
pub(super) fn env_has_modifiers(profile: Profile, argv: &[String]) -> bool {
    if profile == Profile::V2026_4_14 {
        return old_env(argv).is_none_or(|(_, has_modifiers)| has_modifiers);
    }
    Prelude::of(argv, 0).is_none_or(|prelude| prelude.has_modifiers)
}

/// The option of `env` that splits its value into words, if it has one and its value can be split
/// (`detectEnvSplitStringFlag`).
pub(super) fn env_splits(argv: &[String]) -> bool {
    Prelude::of(argv, 0).is_some_and(|prelude| prelude.split.is_some())
}

/// The words before the command of `env`, since 2026.6.11 (`parseEnvInvocationPrelude`).
struct Prelude {
    command: usize,
    /// The command as `-S` makes it.
    split: Option<Vec<String>>,
    has_modifiers: bool,
}

impl Prelude {
    fn of(argv: &[String], depth: usize) -> Option<Self> {
        if depth > SPLIT_DEPTH || words::program_name(argv.first()?) != "env" {
            return None;
        }
        let mut has_modifiers = false;
        let mut expects_value = false;
        for (index, token) in argv.iter().enumerate().skip(1) {
            if expects_value {
                expects_value = false;
                continue;
            }
            if token.is_empty() {
                return None;
            }
            if is_assignment(token) {
                has_modifiers = true;
            } else if matches!(token.as_str(), "--" | "-") {
                let command = index + 1;
                return (command < argv.len()).then_some(Self { command, split: None, has_modifiers });
            } else if token.starts_with('-') {
                has_modifiers = true;
                let found = ENV.read(token)?;
                if let Some(option) = found.iter().find(|option| SPLITTING.contains(&option.name.as_str())) {
                    return Self::split(argv, index, option.value.as_deref(), depth);
                }
                expects_value = ENV.expects_value(&found);
            } else {
                return Some(Self { command: index, split: None, has_modifiers });
            }
        }
        None
    }

    /// The prelude of `env -S payload`: the words of the payload, then those after it.
    fn split(argv: &[String], index: usize, inline: Option<&str>, depth: usize) -> Option<Self> {
        let (payload, command) = match inline {
            Some(payload) => (payload, index + 1),
            None => (argv.get(index + 1)?.as_str(), index + 2),
        };
        let mut split = vec!["env".to_owned()];
        split.extend(splitter::words(payload).filter(|words| !words.is_empty())?);
        split.extend(argv.get(command..).unwrap_or_default().iter().cloned());
        let split = match Self::of(&split, depth + 1) {
            Some(Self { split: Some(inner), .. }) => inner,
            Some(Self { command, .. }) => split.split_off(command),
            None => split.split_off(1),
        };
        Some(Self { command, split: Some(split), has_modifiers: true })
    }
}

/// The index of the command of `env`, and whether it has options or assignments, in 2026.4.14.
fn old_env(argv: &[String]) -> Option<(usize, bool)> {
    let mut has_modifiers = false;
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
        if matches!(token, "--" | "-") {
            return (index + 1 < argv.len()).then_some((index + 1, has_modifiers));
        }
        if has_assigned_name(token) {
            has_modifiers = true;
            continue;
        }
        if !token.starts_with('-') {
            return Some((index, has_modifiers));
        }
        has_modifiers = true;
        let lower = token.to_lowercase();
        let name = words::option_name(&lower);
        if OLD_ENV_FLAGS.contains(&name) {
            continue;
        }
        if OLD_ENV_VALUES.contains(&name) {
            expects_value = !lower.contains('=');
        } else if !["-u", "-c", "-s"].iter().any(|option| lower.starts_with(option)) {
            return None;
        }
    }
    None
}

/// Whether a word is `NAME=value` (`isEnvAssignmentToken`). A value with a line end is not taken for one.
pub(super) fn is_assignment(word: &str) -> bool {
    has_assigned_name(word) && !word.contains(['\n', '\r', '\u{2028}', '\u{2029}'])
}

/// Whether a word begins with `NAME=`.
fn has_assigned_name(word: &str) -> bool {
    let Some((name, _)) = word.split_once('=') else { return false };
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::approvals::decide::testing::owned;

    #[test]
    fn what_is_carried_follows_the_options() {
        for (command, started) in [
            ("env ls -l", Some("ls -l")),
            ("env A=1 -i ls", Some("ls")),
            ("env -u X ls", Some("ls")),
            ("env -uX ls", Some("ls")),
            ("env -S ls_-l x", Some("ls -l x")),
            ("env -S -S_ls x", Some("ls x")),
            ("env --unknown ls", None),
            ("env", None),
            ("command -p ls", Some("ls")),
            ("command -v ls", None),
            ("builtin -- cd x", Some("cd x")),
            ("sudo -u root A=1 ls", Some("ls")),
            ("sudo -nu root ls", Some("ls")),
            ("sudo -l", None),
            ("doas -- ls", Some("ls")),
            ("exec -a name ls", Some("ls")),
            ("ls", None),
        ] {
            let carried = carried(&owned(command), true).map(Cow::into_owned);
            assert_eq!(carried, started.map(owned), "{command}");
        }
    }

    #[test]
    fn a_deep_chain_of_splits_ends() {
        let mut payload = "ls".to_owned();
        for _ in 0..12 {
            payload = format!("env -S '{}'", payload.replace('\\', r"\\").replace('\'', r"'\''"));
        }
        let argv = vec!["env".to_owned(), "-S".to_owned(), payload];
        assert!(carried(&argv, false).is_some());
    }
}
