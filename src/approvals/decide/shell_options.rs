//! The options of shells up to their command: `-c`, clusters such as `-ec`, and what takes a value.
//!
//! Source: `shell-inline-command` of the three releases. 2026.4.14 ignores case and looks past words that are
//! no options.

use super::profile::Profile;
use super::words;

/// The command that a shell is given in its arguments.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Inline {
    /// The text, trimmed. `None`: there is none, or it is empty.
    pub command: Option<String>,
    /// The index of the argument that has it. It may be past the end of the words.
    pub index: Option<usize>,
}

impl Inline {
    /// A command at an index.
    pub(super) fn at(argv: &[String], index: usize) -> Self {
        let command = argv.get(index).map(|word| words::trim(word)).filter(|word| !word.is_empty());
        Self { command: command.map(str::to_owned), index: Some(index) }
    }

    /// The command after a flag; no index if the flag is the last word.
    pub(super) fn behind(argv: &[String], flag: usize) -> Self {
        let found = Self::at(argv, flag + 1);
        if flag + 1 < argv.len() { found } else { Self::default() }
    }
}

/// The flags before the command of a POSIX shell.
pub(super) fn flags(profile: Profile) -> &'static [&'static str] {
    const LATER: [&str; 5] = ["-lc", "-c", "--command", "--commands", "--cmdline"];
    if profile >= Profile::V2026_9_6 { &LATER } else { LATER.get(..3).unwrap_or_default() }
}

/// The flags before the command of Nushell, which 2026.9.6 knows.
pub(super) const NUSHELL_FLAGS: [&str; 7] =
    ["-lc", "-c", "--command", "--commands", "--cmdline", "-e", "--execute"];

/// The command after one of `flags` or a cluster of letters with `c` (`resolveInlineCommandMatch`, for POSIX
/// shells).
pub(super) fn inline(profile: Profile, argv: &[String], flags: &[&str]) -> Inline {
    if profile == Profile::V2026_4_14 {
        return old_inline(argv, flags);
    }
    let mut at = 1;
    while let Some(token) = argv.get(at).map(|token| words::trim(token)) {
        if token.is_empty() {
            at += 1;
            continue;
        }
        if token == "--" {
            break;
        }
        if flags.contains(&token) {
            return Inline::behind(argv, at);
        }
        match cluster(token) {
            Some(Cluster::Attached(command)) => {
                let command = words::trim(command);
                return Inline {
                    command: (!command.is_empty()).then(|| command.to_owned()),
                    index: Some(at),
                };
            }
            Some(Cluster::Separate(values)) => return Inline::at(argv, at + 1 + values),
            None if is_option(token) => at += advance(token),
            None => break,
        }
    }
    Inline::default()
}

/// As [`inline`], in 2026.4.14.
fn old_inline(argv: &[String], flags: &[&str]) -> Inline {
    for (at, token) in argv.iter().enumerate().skip(1) {
        let token = words::trim(token);
        let lower = token.to_lowercase();
        if lower == "--" {
            break;
        }
        if flags.contains(&lower.as_str()) {
            return Inline::behind(argv, at);
        }
        if has_letter(token, 'c') {
            let attached = token.find(['c', 'C']).and_then(|at| token.get(at + 1..)).map(words::trim);
            return match attached.filter(|command| !command.is_empty()) {
                Some(command) => Inline { command: Some(command.to_owned()), index: Some(at) },
                None => Inline::behind(argv, at),
            };
        }
    }
    Inline::default()
}

/// Whether a word is a cluster of options with this letter, in any case: `/^-[^-]*c[^-]*$/i`.
pub(super) fn has_letter(token: &str, letter: char) -> bool {
    let letters = token.strip_prefix('-').unwrap_or_default();
    !letters.contains('-') && letters.contains([letter, letter.to_ascii_uppercase()])
}

/// A cluster of options with `c`.
enum Cluster<'t> {
    /// What follows `c` is the command itself.
    Attached(&'t str),
    /// The command follows this number of values.
    Separate(usize),
}

/// Reads a cluster with `c` (`parseCombinedCommandFlag`). Letters after `c` are further options.
fn cluster(token: &str) -> Option<Cluster<'_>> {
    let letters = token.strip_prefix('-').filter(|letters| !letters.contains('-'))?;
    let (_, rest) = letters.split_once('c')?;
    let is_attached = !rest.is_empty() && !rest.bytes().all(|byte| byte.is_ascii_alphabetic());
    Some(if is_attached { Cluster::Attached(rest) } else { Cluster::Separate(separate_values(token)) })
}

/// How many options of a cluster take a value of their own: each `o` and `O`.
fn separate_values(token: &str) -> usize {
    token.chars().skip(1).filter(|letter| matches!(letter, 'o' | 'O')).count()
}

fn is_option(token: &str) -> bool {
    token.starts_with(['-', '+'])
}

/// How many words an option and its values take (`advancePosixInlineOptionScan`).
pub(super) fn advance(token: &str) -> usize {
    let letters = token.get(1..).unwrap_or_default();
    let values = if is_option(token) && !letters.contains('-') { separate_values(token) } else { 0 };
    if values > 0 {
        return 1 + values;
    }
    if matches!(token, "--init-file" | "--rcfile") { 2 } else { 1 }
}

/// Whether a shell has `-l` or `--login` before its command (`hasPosixLoginStartupBeforeInlineCommand`).
pub(super) fn is_login(argv: &[String], flags: &[&str]) -> bool {
    has_mode(argv, flags, "--login", 'l')
}

/// Whether a shell has `-i` or `--interactive` before its command
/// (`hasPosixInteractiveStartupBeforeInlineCommand`).
pub(super) fn is_interactive(argv: &[String], flags: &[&str]) -> bool {
    has_mode(argv, flags, "--interactive", 'i')
}

fn has_mode(argv: &[String], flags: &[&str], long: &str, short: char) -> bool {
    let mut seen = false;
    let mut at = 1;
    while let Some(token) = argv.get(at).map(|token| words::trim(token)) {
        if token.is_empty() {
            at += 1;
            continue;
        }
        let letters = token.strip_prefix('-').filter(|letters| !letters.contains('-')).unwrap_or_default();
        seen |= token == long || letters.contains(short);
        if flags.contains(&token) || cluster(token).is_some() {
            return seen;
        }
        if token == "--" || !is_option(token) {
            return false;
        }
        at += advance(token);
    }
    false
}

#[cfg(test)]
mod tests {
    use Profile::{V2026_4_14 as A, V2026_6_11 as B, V2026_9_6 as C};

    use super::*;

    fn owned(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn commands_stand_behind_flags_and_clusters() {
        for (profile, text, command, index) in [
            (B, "sh -c ls", Some("ls"), Some(2)),
            (B, "sh -ec ls", Some("ls"), Some(2)),
            (B, "sh -cls x", Some("x"), Some(2)),
            (B, "sh -c1s", Some("1s"), Some(1)),
            (B, "sh -oc pipefail ls", Some("ls"), Some(3)),
            (B, "sh -o pipefail -c ls", Some("ls"), Some(4)),
            (B, "sh +O x -c ls", Some("ls"), Some(4)),
            (B, "sh --rcfile f -c ls", Some("ls"), Some(4)),
            (B, "sh script -c ls", None, None),
            (B, "sh -C ls", None, None),
            (B, "sh -- -c ls", None, None),
            (B, "sh -c", None, None),
            (B, "sh -ec", None, Some(2)),
            (B, "sh --cmdline ls", None, None),
            (C, "sh --cmdline ls", Some("ls"), Some(2)),
            (A, "sh script -c ls", Some("ls"), Some(3)),
            (A, "sh -C ls", Some("ls"), Some(2)),
            (A, "sh -cls", Some("ls"), Some(1)),
            (A, "sh -- -c ls", None, None),
        ] {
            let expected = Inline { command: command.map(str::to_owned), index };
            assert_eq!(inline(profile, &owned(text), flags(profile)), expected, "{text}");
        }
    }

    #[test]
    fn modes_count_before_the_command_alone() {
        for (text, login, interactive) in [
            ("bash -lc ls", true, false),
            ("bash -l -c ls", true, false),
            ("bash --login -c ls", true, false),
            ("bash -ic ls", false, true),
            ("bash -c ls -l", false, false),
            ("bash -l script", false, false),
            ("bash -l", false, false),
        ] {
            let argv = owned(text);
            assert_eq!(
                (is_login(&argv, flags(C)), is_interactive(&argv, flags(C))),
                (login, interactive),
                "{text}"
            );
        }
    }
}
