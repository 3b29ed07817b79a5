//! What the command line asks of `queue triage`.

use std::path::PathBuf;
use std::time::Duration;

use crate::queue::Scope;
use crate::queue::filter::Sort;

/// The request.
#[derive(Debug, Clone)]
pub struct Request {
    /// Whether nothing is decided.
    pub read_only: bool,
    /// The scope in which prompts are duplicates.
    pub scope: Scope,
    /// The first order of the rows.
    pub sort: Sort,
    /// A table of the programs of the gateway's host.
    pub programs: Option<PathBuf>,
    /// How long one call may take.
    pub step: Duration,
}
