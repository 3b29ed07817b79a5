//! What `queue guard` is asked to do. It stays the same from its start to its end.

use std::net::SocketAddr;

use crate::queue::guard::Tuning;

/// What to do.
#[derive(Debug, Clone)]
pub struct Request {
    /// How to go about it.
    pub tuning: Tuning,
    /// Whether the runs of repeat offenders are cancelled.
    pub cancel_runs: bool,
    /// Where figures are served.
    pub metrics: Option<SocketAddr>,
}
