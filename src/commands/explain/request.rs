//! What the command line asks of `approvals explain`.

use std::path::PathBuf;

use crate::approvals::decide::Context;
use crate::commands::documents::Place;

/// A question about one command.
#[derive(Debug, Clone)]
pub struct Request {
    /// The command; `None`: it is on standard input.
    pub command: Option<String>,
    /// The document.
    pub place: Place,
    /// `--release`.
    pub release: Option<String>,
    /// `--agent`.
    pub agent: Option<String>,
    /// `--cwd`.
    pub directory: Option<String>,
    /// `--path`.
    pub path: Option<String>,
    /// `--context`.
    pub context: Context,
    /// `--config`.
    pub config: Option<PathBuf>,
    /// `--programs`.
    pub programs: Option<PathBuf>,
}

/// Questions on standard input.
#[derive(Debug, Clone)]
pub struct CasesRequest {
    /// `--release`.
    pub release: Option<String>,
    /// `--programs`.
    pub programs: Option<PathBuf>,
}
