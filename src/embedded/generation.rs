//! The two generations of gateways that can be imitated. They differ in protocol, methods and messages, and nearly every
//! file here asks which one it is.

/// Which releases the gateway behaves like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Generation {
    /// Protocol 3, as `openclaw@2026.4.14` speaks it.
    Legacy,
    /// Protocol 4, as `openclaw@2026.9.6` speaks it.
    Current,
}

impl Generation {
    /// The protocol it speaks, and the only one.
    pub const fn protocol(self) -> u64 {
        match self {
            Self::Legacy => 3,
            Self::Current => 4,
        }
    }

    /// The release it says it is.
    pub const fn version(self) -> &'static str {
        match self {
            Self::Legacy => "2026.4.14",
            Self::Current => "2026.9.6",
        }
    }
}
