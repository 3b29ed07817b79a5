//! What `approvals lint` is asked to do: which documents, and how they are looked at.

use std::path::PathBuf;
use std::sync::Arc;

use bytesize::ByteSize;

use crate::commands::documents::Place;

/// What to look at, and how.
#[derive(Debug, Clone)]
pub struct Request {
    /// Which documents.
    pub target: Target,
    /// The project's configuration, if it is named.
    pub config: Option<PathBuf>,
    /// Days after which what was not used is stale.
    pub stale_days: Option<u32>,
    /// The release that is to take the documents.
    pub release: Option<String>,
    /// Size of the largest file to read.
    pub max_size: ByteSize,
    /// Globs of what to skip in directories.
    pub exclude: Vec<String>,
    /// Now, in Unix milliseconds.
    pub now_ms: f64,
    /// The flags that name a gateway or node on the command line, each behind a space.
    pub remote_flags: Arc<str>,
}

/// Which documents.
#[derive(Debug, Clone)]
pub enum Target {
    /// Files, directories, `-`; none for this host's own store.
    Paths(Vec<PathBuf>),
    /// One place.
    Place(Place),
}
