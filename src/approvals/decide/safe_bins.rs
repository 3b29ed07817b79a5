//! Safe bins: programs that may run without an entry if their arguments name no file. And the builtins of the shell.
//!
//! Source: `exec-safe-bin-policy-profiles`, `exec-safe-bin-policy-validator`, `exec-safe-bin-trust` and, since 2026.6.11,
//! `exec-safe-builtins`.

use super::resolve::{Lookup, Program};

/// The names without a configuration.
pub(super) const DEFAULT_NAMES: [&str; 6] = ["cut", "head", "tail", "tr", "uniq", "wc"];

/// The directories that are always trusted.
pub(super) const DEFAULT_DIRECTORIES: [&str; 2] = ["/bin", "/usr/bin"];

/// Whether a safe bin is used safely (`isSafeBinUsage`). `argv` has the program in front.
pub(super) fn is_safe(lookup: &Lookup, program: &Program, argv: &[String]) -> bool {
    let _ = (lookup, program, argv);
    false
}

/// Whether a part is a builtin of the shell that needs no entry (`isSafeBuiltinSegment`). Never on 2026.4.14.
pub(super) fn is_builtin(lookup: &Lookup, argv: &[String], raw: &str) -> bool {
    let _ = (lookup, argv, raw);
    false
}
