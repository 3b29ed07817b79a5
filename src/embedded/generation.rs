//! The two generations of gateways that can be emulated. They differ in protocol, methods and messages.

/// The releases that the gateway emulates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Generation {
    /// Protocol 3, as `openclaw@2026.4.14` speaks it.
    Legacy,
    /// Protocol 4, as `openclaw@2026.9.6` speaks it.
    Current,
}

impl Generation {
    /// The only protocol that it speaks.
    pub const fn protocol(self) -> u64 {
        match self {
            Self::Legacy => 3,
            Self::Current => 4,
        }
    }

    /// The release that it reports.
    pub const fn version(self) -> &'static str {
        match self {
            Self::Legacy => "2026.4.14",
            Self::Current => "2026.9.6",
        }
    }
}
