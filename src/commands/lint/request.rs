//! Parameters of `approvals lint`.

use std::path::PathBuf;
use std::sync::Arc;

use bytesize::ByteSize;

use crate::commands::documents::Place;

/// The documents to lint, and the options.
#[derive(Debug, Clone)]
pub struct Request {
    /// The documents.
    pub target: Target,
    /// The path of the project's configuration, if one is named.
    pub config: Option<PathBuf>,
    /// The number of days after which an unused entry is stale.
    pub stale_days: Option<u32>,
    /// The release that will read the documents.
    pub release: Option<String>,
    /// Size of the largest file to read.
    pub max_size: ByteSize,
    /// Globs of the paths to skip in directories.
    pub exclude: Vec<String>,
    /// Now, in Unix milliseconds.
    pub now_ms: f64,
    /// The command-line flags that name a gateway or node, each with a space before it.
    pub remote_flags: Arc<str>,
}

/// The documents to lint.
#[derive(Debug, Clone)]
pub enum Target {
    /// Files, directories, `-`; none for this host's own store.
    Paths(Vec<PathBuf>),
    /// One place.
    Place(Place),
}
