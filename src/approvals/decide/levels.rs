//! The words of a policy and their order: the three levels of `security` (and `askFallback`) and of `ask`.
//! Source: `minSecurity` and `maxAsk`, the same in all three releases.

/// What may run without a question. Later is looser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Security {
    /// Nothing.
    Deny,
    /// What the allowlist matches.
    Allowlist,
    /// Everything.
    Full,
}

/// When a person is asked. Later asks more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Ask {
    /// Never.
    Off,
    /// For what the allowlist misses.
    OnMiss,
    /// Always.
    Always,
}

impl Security {
    /// The level that a word of a document or of a configuration names.
    pub(super) fn parse(word: &str) -> Option<Self> {
        match word {
            "deny" => Some(Self::Deny),
            "allowlist" => Some(Self::Allowlist),
            "full" => Some(Self::Full),
            _ => None,
        }
    }

    /// The word of this level.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Deny => "deny",
            Self::Allowlist => "allowlist",
            Self::Full => "full",
        }
    }
}

impl Ask {
    /// The level that a word of a document or of a configuration names.
    pub(super) fn parse(word: &str) -> Option<Self> {
        match word {
            "off" => Some(Self::Off),
            "on-miss" => Some(Self::OnMiss),
            "always" => Some(Self::Always),
            _ => None,
        }
    }

    /// The word of this level.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::OnMiss => "on-miss",
            Self::Always => "always",
        }
    }
}
