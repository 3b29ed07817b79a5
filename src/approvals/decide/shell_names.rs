//! The names of shells, as each release knows them.
//!
//! Source: `shell-wrapper-resolution` of the three releases.

use super::profile::Profile;
use super::words;

/// Shells of every release that are read as POSIX shells.
const POSIX: [&str; 7] = ["ash", "bash", "dash", "fish", "ksh", "sh", "zsh"];

/// Further ones of 2026.9.6 whose commands are parsed too.
const POSIX_LATER: [&str; 2] = ["mksh", "yash"];

/// Further ones of 2026.9.6 whose commands are never looked into.
const OPAQUE_LATER: [&str; 6] = ["csh", "elvish", "nu", "osh", "tcsh", "xonsh"];

/// The sort of a shell.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    Posix,
    Cmd,
    PowerShell,
}

pub(super) fn sort(profile: Profile, name: &str) -> Option<Sort> {
    let is_later = || POSIX_LATER.contains(&name) || OPAQUE_LATER.contains(&name);
    match name {
        "cmd" => Some(Sort::Cmd),
        "powershell" | "pwsh" => Some(Sort::PowerShell),
        name if POSIX.contains(&name) || (profile >= Profile::V2026_9_6 && is_later()) => Some(Sort::Posix),
        _ => None,
    }
}

/// Whether a word names a shell (`isShellWrapperExecutable`): bash, cmd, pwsh ...
pub(super) fn is_shell(profile: Profile, word: &str) -> bool {
    sort(profile, &words::program_name(word)).is_some()
}

/// Whether a name is that of a shell in any release.
pub(in crate::approvals) fn is_shell_name(name: &str) -> bool {
    Profile::ALL.iter().any(|profile| is_shell(*profile, name))
}

/// Whether a word names a shell whose commands are parsed as Bash (`POSIX_PARSEABLE_SHELL_WRAPPERS`).
pub(super) fn is_parseable(profile: Profile, word: &str) -> bool {
    let name = &*words::program_name(word);
    POSIX.contains(&name) || (profile >= Profile::V2026_9_6 && POSIX_LATER.contains(&name))
}

/// Whether a word names a shell of 2026.9.6 whose commands and scripts are never looked into
/// (`isOpaquePosixShellWrapperSegment`).
pub(super) fn is_opaque(profile: Profile, word: &str) -> bool {
    profile >= Profile::V2026_9_6 && OPAQUE_LATER.contains(&&*words::program_name(word))
}

/// Whether a shell of 2026.9.6 has options that begin with `+`.
pub(super) fn has_plus_options(name: &str) -> bool {
    matches!(name, "ash" | "bash" | "dash" | "ksh" | "mksh" | "osh" | "sh" | "yash" | "zsh")
}

/// Whether a word names one of the seven shells that may start `$0`.
pub(super) fn may_carry(word: &str) -> bool {
    POSIX.contains(&&*words::program_name(word))
}
