//! The request of `queue guard`. It does not change while the guard runs.

use std::net::SocketAddr;

use super::hooks::Hooks;
use crate::queue::guard::Tuning;

/// The request.
#[derive(Debug, Clone)]
pub struct Request {
    /// The configuration of the guards.
    pub tuning: Tuning,
    /// Whether the runs of repeat offenders are cancelled.
    pub cancel_runs: bool,
    /// The address of the metrics.
    pub metrics: Option<SocketAddr>,
    /// What happens at which events.
    pub hooks: Hooks,
}
