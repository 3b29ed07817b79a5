//! Every text that 2026.4.14 looks at for answers to prompts: its own way through assignments, `env`, `command`, `exec`,
//! `sudo` and shells. Source: the inner functions of `rejectExecApprovalShellCommand`.

use crate::approvals::decide::carrier_options::ENV_VALUES;
use crate::approvals::decide::carriers::is_assignment;
use crate::approvals::decide::splitter;
use crate::approvals::decide::words::{base_name, trim};

/// How many commands inside one command are looked at.
const MAX_LAYERS: usize = 64;

const EXEC_VALUES: [&str; 1] = ["-a"];
const SUDO_VALUES: [&str; 17] = [
    "-C",
    "-D",
    "-g",
    "-p",
    "-R",
    "-T",
    "-U",
    "-u",
    "--chdir",
    "--close-from",
    "--group",
    "--host",
    "--other-user",
    "--prompt",
    "--role",
    "--type",
    "--user",
];
const SHELLS: [&str; 6] = ["bash", "dash", "fish", "ksh", "sh", "zsh"];

/// The texts that may be an answer to a prompt.
pub(super) fn candidates(command: &str) -> Vec<String> {
    let mut texts = Vec::new();
    match segments(command) {
        Some(segments) => segments.into_iter().for_each(|argv| add(argv, &mut texts)),
        None => {
            for line in command.split('\n').map(trim).filter(|line| !line.is_empty()) {
                match splitter::words(line) {
                    Some(argv) => add(argv, &mut texts),
                    None => texts.push(line.to_owned()),
                }
            }
        }
    }
    texts
}

/// The words of every part. `None`: the release cannot read the text.
fn segments(command: &str) -> Option<Vec<Vec<String>>> {
    let parts: Vec<_> = match splitter::chain(command) {
        Some(parts) => parts.into_iter().map(|part| part.span).collect(),
        None => std::iter::once(0..command.len()).collect(),
    };
    let mut segments = Vec::new();
    for part in parts {
        for piece in splitter::pipeline(command.get(part)?).ok()? {
            segments.push(splitter::words(&piece.raw).filter(|argv| !argv.is_empty())?);
        }
    }
    Some(segments)
}

/// Adds the text of a command and of the commands inside it.
fn add(argv: Vec<String>, texts: &mut Vec<String>) {
    let mut waiting = vec![argv];
    for _ in 0..MAX_LAYERS {
        let Some(argv) = waiting.pop() else { return };
        let stripped = stripped(&argv);
        if !stripped.is_empty() {
            texts.push(stripped.join(" "));
        }
        for payload in split_strings(&argv).into_iter().chain(shell_payload(stripped)) {
            match splitter::words(payload) {
                Some(inner) => waiting.push(inner),
                None => texts.push(payload.to_owned()),
            }
        }
    }
}

/// The words after assignments and carriers.
fn stripped(argv: &[String]) -> &[String] {
    let mut rest = behind_assignments(argv);
    while let Some((first, behind)) = rest.split_first() {
        rest = match first.as_str() {
            "--" => behind,
            "env" => behind_env_options(behind),
            "command" | "builtin" => behind_options(behind, &[]),
            "exec" => behind_options(behind, &EXEC_VALUES),
            "sudo" => behind_options(behind, &SUDO_VALUES),
            _ => return rest,
        };
        rest = behind_assignments(rest);
    }
    rest
}

fn behind_assignments(argv: &[String]) -> &[String] {
    let start = argv.iter().position(|word| !is_assignment(word)).unwrap_or(argv.len());
    argv.get(start..).unwrap_or_default()
}

/// The words after options, the first `--` included.
fn behind_options<'a>(argv: &'a [String], with_value: &[&str]) -> &'a [String] {
    let mut rest = argv;
    while let Some((option, behind)) = rest.split_first().filter(|(option, _)| option.starts_with('-')) {
        rest = behind;
        if option == "--" {
            break;
        }
        if with_value.contains(&option.as_str()) {
            rest = rest.get(1..).unwrap_or_default();
        }
    }
    rest
}

/// The words after the options of `env`. `--` does not end them, `-` does.
fn behind_env_options(argv: &[String]) -> &[String] {
    let mut rest = behind_assignments(argv);
    while let Some((option, behind)) =
        rest.split_first().filter(|(option, _)| option.starts_with('-') && *option != "-")
    {
        rest = behind;
        if ENV_VALUES.contains(&option.as_str()) {
            rest = rest.get(1..).unwrap_or_default();
        }
        rest = behind_assignments(rest);
    }
    rest
}

/// The commands of `env -S`.
fn split_strings(argv: &[String]) -> Vec<&str> {
    let mut payloads = Vec::new();
    let Some((_, mut rest)) = behind_assignments(argv).split_first().filter(|(first, _)| *first == "env")
    else {
        return payloads;
    };
    rest = behind_assignments(rest);
    while let Some((option, behind)) =
        rest.split_first().filter(|(option, _)| option.starts_with('-') && *option != "-")
    {
        rest = behind;
        let (name, inline) =
            option.split_once('=').map_or((option.as_str(), None), |(name, value)| (name, Some(value)));
        if ENV_VALUES.contains(&name) && inline.is_none() {
            rest = rest.get(1..).unwrap_or_default();
        }
        if matches!(name, "-S" | "--split-string") {
            let payload = inline.or_else(|| behind.first().map(String::as_str));
            payloads.extend(payload.filter(|payload| !trim(payload).is_empty()));
        }
        rest = behind_assignments(rest);
    }
    payloads
}

/// The command of `sh -c`.
fn shell_payload(argv: &[String]) -> Option<&str> {
    let (program, rest) = argv.split_first()?;
    if !SHELLS.contains(&base_name(program)) {
        return None;
    }
    let flag = rest.iter().position(|word| is_command_flag(word))?;
    rest.get(flag + 1).map(String::as_str).filter(|payload| !payload.is_empty())
}

/// A single dash and letters with a `c` among them.
fn is_command_flag(word: &str) -> bool {
    word.strip_prefix('-').is_some_and(|letters| letters.contains('c') && !letters.contains('-'))
}
