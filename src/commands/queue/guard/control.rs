//! What a running guard asks of the watches of its gateways, because of a signal or the end of its time.

/// What the watch of a gateway is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Control {
    pub(super) stop: bool,
    /// How often the configuration is to be read again, since the start.
    pub(super) reloads: u64,
}
