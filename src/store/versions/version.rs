//! A version: what a place held, when, and who wrote it.

/// Who wrote or saw a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Writer {
    /// `approvals set`
    Set,
    /// `approvals allowlist add`
    Add,
    /// `approvals allowlist remove` or `remove-tool`
    Remove,
    /// `approvals lint --fix`
    Fix,
    /// `approvals restore`
    Restore,
    /// `approvals suggest --apply`
    Suggest,
    /// `queue resolve --add-entry`
    AddEntry,
    /// The removal of an entry whose time is over.
    Expiry,
    /// `approvals watch`
    Watch,
}

impl Writer {
    const ALL: [Self; 9] = [
        Self::Set,
        Self::Add,
        Self::Remove,
        Self::Fix,
        Self::Restore,
        Self::Suggest,
        Self::AddEntry,
        Self::Expiry,
        Self::Watch,
    ];

    /// The word in the database and in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Set => "set",
            Self::Add => "allowlist add",
            Self::Remove => "allowlist remove",
            Self::Fix => "lint --fix",
            Self::Restore => "restore",
            Self::Suggest => "suggest --apply",
            Self::AddEntry => "queue resolve --add-entry",
            Self::Expiry => "expiry",
            Self::Watch => "watch",
        }
    }

    pub(super) fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verb| verb.as_str() == word)
    }
}

/// What a place held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// A document. Its text was kept, and may have been removed by the limits since.
    Kept,
    /// A Windows node's own policy, kept in the same way.
    Native,
    /// No document.
    Absent,
    /// A document that is too large to be kept.
    TooLarge,
    /// A text that is not JSON, which cannot be kept without its secrets.
    Unreadable,
}

impl State {
    const ALL: [Self; 5] = [Self::Kept, Self::Native, Self::Absent, Self::TooLarge, Self::Unreadable];

    /// The word in the database and in machine output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Kept => "document",
            Self::Native => "native",
            Self::Absent => "absent",
            Self::TooLarge => "too-large",
            Self::Unreadable => "unreadable",
        }
    }

    /// Whether a version in this state has a text.
    pub const fn has_text(self) -> bool {
        matches!(self, Self::Kept | Self::Native)
    }

    pub(super) fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// The place of a document, by the two names that a version keeps.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Target {
    /// The name that identifies it: an absolute path, an address, a node behind an address.
    pub key: String,
    /// How to name it on a command line, as an operand of `diff`.
    pub operand: String,
}

/// A version to keep.
#[derive(Debug, Clone)]
pub struct New {
    /// The place.
    pub target: Target,
    /// The hash by which the place names the document.
    pub hash: String,
    /// What the place holds.
    pub state: State,
    /// The text without secrets, if the state has one.
    pub text: Option<String>,
    /// Who wrote it; `None`: unknown.
    pub writer: Option<Writer>,
    /// Who saw it.
    pub seen_by: Writer,
    /// When, in Unix milliseconds.
    pub at_ms: u64,
}

/// A version, without its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Its number, from 1.
    pub id: u64,
    /// The place.
    pub target: Target,
    /// The hash by which the place named the document.
    pub hash: String,
    /// What the place held.
    pub state: State,
    /// Whether the text is still kept.
    pub has_text: bool,
    /// Who wrote it; `None`: unknown.
    pub writer: Option<Writer>,
    /// Who saw it.
    pub seen_by: Writer,
    /// When it was seen, in Unix milliseconds.
    pub at_ms: u64,
    /// Its link of the chain of hashes.
    pub link: String,
}
