//! The control that a running guard passes on to its gateways. Signals and the end of its time give them.

/// What a guard was told, for each gateway to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Control {
    pub(super) stop: bool,
    /// How often it was told to read its configuration again.
    pub(super) reloads: u64,
}
