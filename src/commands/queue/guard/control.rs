//! Orders of a running guard to the watches of its gateways, after a signal or at the end of its time.

/// The orders to the watch of a gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Control {
    pub(super) stop: bool,
    /// The number of orders to read the configuration again, since the start.
    pub(super) reloads: u64,
}
