//! Which release introduced which field, and releases by their dates.
//!
//! From the schema of `exec.approvals.set` in the published npm packages `openclaw` 2026.4.14 to 2026.9.6.

/// A field of the document that not every gateway in use accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Newer {
    /// `source` of an entry.
    Source,
    /// `commandText` of an entry.
    CommandText,
    /// `lastUsedAt` of an entry with a fraction: older gateways accept only integers.
    FractionalTime,
    /// `mcpTools` of an agent.
    McpTools,
}

impl Newer {
    /// The field's name in the document.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::CommandText => "commandText",
            Self::FractionalTime => "lastUsedAt",
            Self::McpTools => "mcpTools",
        }
    }

    /// The first stable release whose gateway accepts it, from the schemas in the published npm packages.
    pub const fn introduced(self) -> &'static str {
        match self {
            Self::Source | Self::CommandText => "2026.4.26",
            Self::FractionalTime => "2026.8.1",
            Self::McpTools => "2026.9.1",
        }
    }

    /// The effect of leaving the field out, in a sentence.
    pub const fn without(self) -> &'static str {
        match self {
            Self::Source => {
                "the entry counts as written by a person: an approval of one exact command no longer counts, and once \
                 the gateway is upgraded to 2026.8.1 or later an entry without `argPattern` allows any arguments"
            }
            Self::CommandText => "nothing changes: every gateway drops the field when it stores the document",
            Self::FractionalTime => "the time of the last use is lost; the entry allows the same as before",
            Self::McpTools => "the tools need approval again: this gateway cannot keep such approvals",
        }
    }

    pub(in crate::approvals) fn accepted_by(self, release: Release) -> bool {
        let from = match self {
            Self::Source | Self::CommandText => Release { date: (2026, 4, 26), stable: true },
            // Its prereleases have the field. 2026.7.33 to 2026.7.35, which are younger than 2026.7.2-beta.1, do not.
            Self::FractionalTime => Release { date: (2026, 8, 1), stable: false },
            // 2026.9.1-beta.1 lacks it.
            Self::McpTools => Release { date: (2026, 9, 1), stable: true },
        };
        release >= from
    }
}

/// A release by its date. A prerelease comes before its release; a correction (`2026.7.1-2`) counts as it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::approvals) struct Release {
    date: (u32, u32, u32),
    stable: bool,
}

impl Release {
    pub(in crate::approvals) fn read(version: &str) -> Option<Self> {
        let version = version.trim().trim_start_matches('v');
        let (date, stage) = version.split_once('-').unwrap_or((version, ""));
        let mut numbers = date.split('.').map(|number| number.parse().ok());
        let date = (numbers.next()??, numbers.next()??, numbers.next()??);
        let stable = !stage.starts_with(|c: char| c.is_ascii_alphabetic());
        numbers.next().is_none().then_some(Self { date, stable })
    }
}
