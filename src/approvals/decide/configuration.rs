//! What `openclaw.json` says about running commands, as each release reads it: the layers of `tools.exec`, modes, the
//! permission mode of a session, and the lists that the evaluators need. Facts: `resolveExecToolConfig` and
//! `resolveExecModePolicy` of the releases.

use std::collections::{BTreeMap, BTreeSet};

/// What the evaluators of a command need of the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Setup {
    /// The names of safe bins in lower case: the configured list, or the release's own if none is configured.
    pub safe_bins: BTreeSet<String>,
    /// `tools.exec.safeBinTrustedDirs` as configured: without `/bin` and `/usr/bin`, which are always trusted.
    pub trusted_directories: Vec<String>,
    /// `tools.exec.safeBinProfiles` by lower-case name, normalised. A profile here replaces a built-in one.
    pub profiles: BTreeMap<String, SafeBinProfile>,
    /// `PATH` of the call: `tools.exec.pathPrepend`, then the gateway's own `PATH`.
    pub path: String,
    /// Whether code in arguments always asks.
    pub strict_inline_eval: bool,
}

/// A configured profile of a safe bin. It cannot name flags without a value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct SafeBinProfile {
    /// The fewest positional arguments.
    pub min_positional: usize,
    /// The most positional arguments; `None`: any number.
    pub max_positional: Option<usize>,
    /// Flags that take a value.
    pub value_flags: BTreeSet<String>,
    /// Flags that are refused.
    pub denied_flags: BTreeSet<String>,
}
