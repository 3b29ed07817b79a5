//! Reports of `approvals versions`: the kept versions, one of them with its text, and the check of the chain.

use serde::Serialize;
use serde_json::Value;

use super::VERSION;
use crate::report::instant;

/// A kept version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its number.
    pub id: u64,
    /// The name of the place on a command line, as an operand of `diff`.
    pub target: String,
    /// The hash by which the place named the document.
    pub hash: String,
    /// What the place held: `document`, `native`, `absent`, `too-large` or `unreadable`.
    pub state: &'static str,
    /// Whether its text is still kept.
    pub has_text: bool,
    /// The verb that wrote it; `None`: the writer is unknown.
    pub writer: Option<&'static str>,
    /// The verb that saw it.
    pub seen_by: &'static str,
    /// When, in Unix milliseconds.
    pub at_ms: u64,
    /// Its link of the chain of hashes.
    pub link: String,
}

/// The kept versions, the newest first.
#[derive(Debug)]
pub struct Listing {
    /// The file of the database.
    pub path: String,
    /// The versions.
    pub versions: Vec<Kept>,
    /// Whether there are more.
    pub more: bool,
    /// The number of versions whose text the limits removed, those that are not listed included.
    pub removed: u64,
}

/// One version with its text.
#[derive(Debug)]
pub struct Shown {
    /// The version.
    pub kept: Kept,
    /// The text; `None`: the place held no document.
    pub text: Option<String>,
    /// Whether it is the version that was kept.
    pub fits: bool,
}

/// The check of the chain of hashes.
#[derive(Debug)]
pub struct Verification {
    /// The file of the database.
    pub path: String,
    /// The number of versions.
    pub versions: u64,
    /// The number of texts that the limits removed.
    pub removed: u64,
    /// The newest version and its link.
    pub head: Option<(u64, String)>,
    /// What does not fit, as sentences.
    pub problems: Vec<Broken>,
}

/// What does not fit the chain of hashes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Broken {
    /// Versions are missing.
    Missing {
        /// The first number.
        from: u64,
        /// The last number.
        to: u64,
    },
    /// This version was changed after it was kept, or the link before it was.
    Changed(u64),
    /// The text of this version was changed after it was kept.
    Text(u64),
    /// The text of this version was removed, and not by the limits.
    TextMissing(u64),
    /// SQLite reports damage.
    Damage(String),
}

impl Broken {
    /// The word in machine output.
    const fn kind(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "missing",
            Self::Changed(_) => "changed",
            Self::Text(_) => "text-changed",
            Self::TextMissing(_) => "text-missing",
            Self::Damage(_) => "damaged",
        }
    }
}

impl Listing {
    /// The output of `--json`.
    pub fn json(&self) -> impl Serialize + use<'_> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Printed<'r> {
            database: &'r str,
            more: bool,
            removed_texts: u64,
            version: u8,
            versions: Vec<KeptJson<'r>>,
        }
        Printed {
            database: &self.path,
            more: self.more,
            removed_texts: self.removed,
            version: VERSION,
            versions: self.versions.iter().map(KeptJson::of).collect(),
        }
    }
}

impl Shown {
    /// The document or policy.
    pub fn file(&self) -> Option<Value> {
        self.text.as_deref().and_then(|text| serde_json::from_str(text).ok())
    }

    /// The output of `--json`.
    pub fn json(&self) -> impl Serialize + use<'_> {
        #[derive(Serialize)]
        struct Printed<'r> {
            #[serde(flatten)]
            kept: KeptJson<'r>,
            file: Option<Value>,
            fits: bool,
            version: u8,
        }
        Printed { kept: KeptJson::of(&self.kept), file: self.file(), fits: self.fits, version: VERSION }
    }
}

impl Verification {
    /// Whether everything fits.
    pub fn is_whole(&self) -> bool {
        self.problems.is_empty()
    }

    /// The output of `--json`.
    pub fn json(&self) -> impl Serialize + use<'_> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Printed<'r> {
            database: &'r str,
            head: Option<HeadJson<'r>>,
            kept: u64,
            problems: Vec<BrokenJson<'r>>,
            removed_texts: u64,
            version: u8,
            whole: bool,
        }
        #[derive(Serialize)]
        struct HeadJson<'r> {
            id: u64,
            link: &'r str,
        }
        Printed {
            database: &self.path,
            head: self.head.as_ref().map(|(id, link)| HeadJson { id: *id, link }),
            kept: self.versions,
            problems: self.problems.iter().map(BrokenJson::of).collect(),
            removed_texts: self.removed,
            version: VERSION,
            whole: self.is_whole(),
        }
    }
}

#[derive(Serialize)]
struct BrokenJson<'r> {
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<u64>,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<u64>,
}

impl<'r> BrokenJson<'r> {
    fn of(broken: &'r Broken) -> Self {
        let kind = broken.kind();
        match broken {
            Broken::Missing { from, to } => Self { from: Some(*from), kind, message: None, to: Some(*to) },
            Broken::Changed(id) | Broken::Text(id) | Broken::TextMissing(id) => {
                Self { from: Some(*id), kind, message: None, to: Some(*id) }
            }
            Broken::Damage(message) => Self { from: None, kind, message: Some(message), to: None },
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct KeptJson<'r> {
    at: String,
    hash: &'r str,
    id: u64,
    link: &'r str,
    seen_by: &'static str,
    state: &'static str,
    target: &'r str,
    text_kept: bool,
    writer: Option<&'static str>,
}

impl<'r> KeptJson<'r> {
    pub(super) fn of(kept: &'r Kept) -> Self {
        let Kept { id, target, hash, state, has_text, writer, seen_by, at_ms, link } = kept;
        Self {
            at: instant(*at_ms),
            hash,
            id: *id,
            link,
            seen_by,
            state,
            target,
            text_kept: *has_text,
            writer: *writer,
        }
    }
}
