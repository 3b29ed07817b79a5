//! Shells: their names, the command of `-c`, startup options, the script they are given, and `sh -c '$0 "$@"' prog`.
//!
//! Source: `shell-inline-command` and `shell-wrapper-resolution` of the three releases.

use super::profile::Profile;
use super::resolve::Lookup;

/// The command that a shell is given in its arguments (`resolveInlineCommandMatch`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Inline {
    /// The text, trimmed. `None`: there is none, or it is empty.
    pub command: Option<String>,
    /// The index of the argument that has it. It may lie behind the end.
    pub index: Option<usize>,
}

/// Whether a word names a shell (`isShellWrapperExecutable`): bash, cmd, pwsh ...
pub(super) fn is_shell(profile: Profile, word: &str) -> bool {
    let _ = (profile, word);
    false
}

/// Whether a word names a shell whose commands are parsed as Bash.
pub(super) fn is_parseable(profile: Profile, word: &str) -> bool {
    let _ = (profile, word);
    false
}

/// Whether a command, without its wrappers, is a shell (`isShellWrapperInvocation`).
pub(super) fn is_shell_call(profile: Profile, argv: &[String]) -> bool {
    let _ = (profile, argv);
    false
}

/// The command of a POSIX shell, `argv` being the shell itself (`resolveInlineCommandMatch` with the POSIX flags).
pub(super) fn inline(profile: Profile, argv: &[String]) -> Inline {
    let _ = (profile, argv);
    Inline::default()
}

/// The command of whatever shell is behind the wrappers (`extractShellWrapperInlineCommand`).
pub(super) fn payload(profile: Profile, argv: &[String]) -> Option<String> {
    let _ = (profile, argv);
    None
}

/// As [`payload`], but none if the shell reads startup files first (`extractBindableShellWrapperInlineCommand`).
pub(super) fn bindable_payload(profile: Profile, argv: &[String]) -> Option<String> {
    payload(profile, argv)
}

/// Whether `-l` or `--login` stands before the command of a shell.
pub(super) fn is_login(profile: Profile, argv: &[String]) -> bool {
    let _ = (profile, argv);
    false
}

/// Whether `-i` or `--interactive` stands before the command of a shell.
pub(super) fn is_interactive(profile: Profile, argv: &[String]) -> bool {
    let _ = (profile, argv);
    false
}

/// The absolute path of the script that a shell is given (`resolveShellWrapperScriptCandidatePath`).
pub(super) fn script(lookup: &Lookup, argv: &[String]) -> Option<String> {
    let _ = (lookup, argv);
    None
}

/// Whether the command of a shell only starts its own arguments: `$0 "$@"` (`isDirectShellPositionalCarrierCommand`).
pub(super) fn is_positional_carrier(command: &str) -> bool {
    let _ = command;
    false
}
