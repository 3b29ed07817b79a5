//! Shells: their names, and the command that one is given, behind wrappers too.
//!
//! Source: `shell-wrapper-resolution` of the three releases.

use std::borrow::Cow;

pub(super) use super::positional::is_positional_carrier;
use super::powershell;
use super::profile::Profile;
use super::remaining::Remaining;
use super::shell_names::{Sort, sort};
use super::shell_options;
pub(super) use super::shell_options::Inline;
use super::words;
use super::wrappers::{self, Wrapper};

/// Options of Nushell that load files before the command.
const NUSHELL_STARTUP: [&str; 4] = ["--config", "--env-config", "--plugin-config", "--plugins"];

/// Wrappers before a shell that are looked through.
const DEPTH: usize = 4;

/// The command of a POSIX shell, `argv` being the shell itself (`resolveInlineCommandMatch` with the POSIX
/// flags).
pub(super) fn inline(profile: Profile, argv: &[String]) -> Inline {
    shell_options::inline(profile, argv, shell_options::flags(profile))
}

/// Whether `-l` or `--login` comes before the command of a shell.
pub(super) fn is_login(profile: Profile, argv: &[String]) -> bool {
    shell_options::is_login(argv, shell_options::flags(profile))
}

/// Whether `-i` or `--interactive` comes before the command of a shell.
pub(super) fn is_interactive(profile: Profile, argv: &[String]) -> bool {
    shell_options::is_interactive(argv, shell_options::flags(profile))
}

/// The command of whatever shell is behind the wrappers (`extractShellWrapperInlineCommand`).
pub(super) fn payload(profile: Profile, argv: &[String]) -> Option<String> {
    let argv = behind_wrappers(profile, argv)?;
    let name = words::program_name(words::trim(argv.first()?));
    match sort(profile, &name)? {
        Sort::Posix => posix_payload(profile, &name, &argv),
        Sort::Cmd => cmd_payload(profile, &argv),
        Sort::PowerShell => powershell::inline(profile, &argv).command,
    }
}

/// As [`payload`], but none if the shell reads startup files first
/// (`extractBindableShellWrapperInlineCommand`). 2026.4.14 makes no difference.
pub(super) fn bindable_payload(profile: Profile, argv: &[String]) -> Option<String> {
    let payload = payload(profile, argv)?;
    let argv = behind_wrappers(profile, argv)?;
    let name = words::program_name(words::trim(argv.first()?));
    let reads_startup_files = profile > Profile::V2026_4_14
        && sort(profile, &name) == Some(Sort::Posix)
        && has_startup(profile, &name, &argv);
    (!reads_startup_files).then_some(payload)
}

/// The shell behind dispatch wrappers and `busybox` (`resolveShellWrapperCandidate`). `None`: a wrapper
/// blocks.
fn behind_wrappers(profile: Profile, argv: &[String]) -> Option<Cow<'_, [String]>> {
    let mut remaining = Remaining::of(argv);
    for _ in 0..=DEPTH {
        let current = remaining.words();
        if words::trim(current.first()?).is_empty() {
            return None;
        }
        match wrappers::dispatch_or_multiplexer(profile, current) {
            Wrapper::No => return Some(remaining.into_words()),
            Wrapper::Blocked(_) => return None,
            Wrapper::Starts { argv, .. } => {
                let started = argv.into();
                remaining.go_on(started);
            }
        }
    }
    None
}

fn posix_payload(profile: Profile, name: &str, argv: &[String]) -> Option<String> {
    match name {
        "csh" | "osh" | "tcsh" => None,
        "nu" => nushell_payload(profile, argv),
        _ => inline(profile, argv).command,
    }
}

/// `cmd /c` takes everything after it.
fn cmd_payload(profile: Profile, argv: &[String]) -> Option<String> {
    let is_flag = |word: &String| match words::trim(word).to_lowercase().as_str() {
        "/c" | "/k" => true,
        "-c" | "-k" => profile > Profile::V2026_4_14,
        _ => false,
    };
    let at = argv.iter().position(is_flag)?;
    let command = argv.get(at + 1..)?.join(" ");
    let command = words::trim(&command);
    (!command.is_empty()).then(|| command.to_owned())
}

/// Whether a POSIX shell reads startup files before its command (`startupWrapperRequiresFullArgv`), or is a
/// `fish` whose command is attached to its option.
fn has_startup(profile: Profile, name: &str, argv: &[String]) -> bool {
    if name == "fish" && fish_options(argv).any(has_fish_startup) {
        return true;
    }
    if name == "nu" {
        return nushell_has_mode(argv, "--login", 'l') || nushell_has_mode(argv, "--interactive", 'i');
    }
    is_login(profile, argv) || is_interactive(profile, argv)
}

/// The options of `fish` before its first operand.
fn fish_options(argv: &[String]) -> impl Iterator<Item = &str> {
    let tokens = argv.iter().skip(1).map(|token| words::trim(token)).filter(|token| !token.is_empty());
    tokens.take_while(|token| *token != "--" && token.starts_with(['-', '+']))
}

/// `-C`, `--init-command` and an attached `-ccommand`.
fn has_fish_startup(token: &str) -> bool {
    token.starts_with("-C")
        || token == "--init-command"
        || token.starts_with("--init-command=")
        || (token.starts_with("-c") && token != "-c")
}

/// The command of Nushell, unless it loads files first.
fn nushell_payload(profile: Profile, argv: &[String]) -> Option<String> {
    if nushell_loads_files(argv) {
        return None;
    }
    let attached = argv
        .iter()
        .skip(1)
        .map(|token| words::trim(token))
        .take_while(|token| !token.is_empty() && *token != "--")
        .find_map(|token| {
            token.split_once('=').filter(|(flag, _)| is_long_nushell_flag(&flag.to_lowercase()))
        });
    match attached {
        Some((_, command)) => Some(words::trim(command).to_owned()).filter(|command| !command.is_empty()),
        None => shell_options::inline(profile, argv, &shell_options::NUSHELL_FLAGS).command,
    }
}

fn is_long_nushell_flag(flag: &str) -> bool {
    flag.starts_with("--") && shell_options::NUSHELL_FLAGS.contains(&flag)
}

/// Whether a word of Nushell is a flag before its command, with or without the command.
fn is_nushell_command(lower: &str) -> bool {
    shell_options::NUSHELL_FLAGS.contains(&lower)
        || lower.split_once('=').is_some_and(|(flag, _)| is_long_nushell_flag(flag))
}

fn nushell_loads_files(argv: &[String]) -> bool {
    argv.iter()
        .skip(1)
        .map(|token| words::trim(token).to_lowercase())
        .take_while(|token| !token.is_empty() && token != "--" && !is_nushell_command(token))
        .any(|token| NUSHELL_STARTUP.contains(&words::option_name(&token)))
}

fn nushell_has_mode(argv: &[String], long: &str, short: char) -> bool {
    let mut seen = false;
    for token in argv.iter().skip(1).map(|token| words::trim(token)) {
        if token.is_empty() || token == "--" {
            return false;
        }
        let lower = token.to_lowercase();
        let letters = lower.strip_prefix('-').filter(|letters| !letters.starts_with('-')).unwrap_or_default();
        seen |= lower == long || letters.contains(short);
        if is_nushell_command(&lower) {
            return seen;
        }
        if !token.starts_with(['-', '+']) {
            return false;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use Profile::{V2026_4_14 as A, V2026_6_11 as B, V2026_9_6 as C};

    use super::*;
    use crate::approvals::decide::testing::owned;

    #[test]
    fn payloads_are_found_behind_wrappers() {
        for (profile, text, command) in [
            (A, "bash -c ls_-l", Some("ls -l")),
            (B, "env bash -c ls", Some("ls")),
            (B, "timeout 5 nice bash -c ls", Some("ls")),
            (B, "env A=1 bash -c ls", Some("ls")),
            (B, "sudo bash -c ls", None),
            (B, "busybox sh -c ls", Some("ls")),
            (B, "bash -lc ls", Some("ls")),
            (B, "mksh -c ls", None),
            (C, "mksh -c ls", Some("ls")),
            (C, "csh -c ls", None),
            (C, "nu -e ls", Some("ls")),
            (C, "nu --execute=ls", Some("ls")),
            (C, "nu --config x -c ls", None),
            (C, "cmd /c dir x", Some("dir x")),
            (A, "cmd -c dir x", None),
            (C, "pwsh -c ls x", Some("ls x")),
            (A, "pwsh -c ls x", Some("ls")),
            (C, "ls -c x", None),
        ] {
            assert_eq!(payload(profile, &owned(text)).as_deref(), command, "{text}");
        }
    }

    #[test]
    fn a_shell_that_reads_startup_files_is_not_bound_to_its_payload() {
        for (profile, text, is_bound) in [
            (A, "bash -lc ls", true),
            (B, "bash -lc ls", false),
            (B, "bash -ic ls", false),
            (B, "fish -C x -c ls", false),
            (B, "fish -c ls", true),
            (C, "nu -lc ls", false),
        ] {
            assert_eq!(bindable_payload(profile, &owned(text)).is_some(), is_bound, "{text}");
        }
    }
}
