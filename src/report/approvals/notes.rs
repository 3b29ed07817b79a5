//! Notes and time limits of entries, which a document has no field for.

use serde::Serialize;
use serde_json::Value;

use crate::report::instant;

/// What is known of an entry besides the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryNote {
    /// The agent.
    pub agent: String,
    /// The pattern.
    pub pattern: String,
    /// The expression for the arguments.
    pub arg_pattern: Option<String>,
    /// The note.
    pub note: Option<String>,
    /// When its time is over, in Unix milliseconds.
    pub until_ms: Option<u64>,
    /// Whether its time is over.
    pub is_over: bool,
}

impl EntryNote {
    /// The note of an entry of an agent.
    pub fn of<'n>(notes: &'n [Self], agent: &str, entry: &Value) -> Option<&'n Self> {
        let text = |field: &str| entry.get(field).and_then(Value::as_str).filter(|text| !text.is_empty());
        let pattern = entry.get("pattern").or(Some(entry)).and_then(Value::as_str)?.trim();
        let is_own = text("source").is_none();
        notes.iter().find(|note| {
            is_own
                && note.agent == agent
                && note.pattern == pattern
                && note.arg_pattern.as_deref() == text("argPattern")
        })
    }
}

/// The note and limit of the entry of one edit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Limited {
    /// The note and limit, if there is one.
    pub note: Option<EntryNote>,
    /// Whether a limit was asked for and not set, because the entry was there before without one.
    pub stays: bool,
    /// The limit before, in Unix milliseconds, if the edit moved it.
    pub moved_from_ms: Option<u64>,
}

impl Limited {
    /// The limit before and after, in Unix milliseconds, if the edit moved it.
    pub fn moved(&self) -> Option<(u64, u64)> {
        self.moved_from_ms.zip(self.note.as_ref()?.until_ms)
    }
}

/// An entry whose time was over, and that an edit tried to remove.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expired {
    /// The entry.
    pub entry: EntryNote,
    /// The hash of the document without it; the error: why it is still there.
    pub result: Result<String, String>,
}

/// A note in machine output.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NoteJson<'r> {
    agent: &'r str,
    pattern: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    arg_pattern: Option<&'r str>,
    note: Option<&'r str>,
    until: Option<String>,
    over: bool,
}

impl<'r> NoteJson<'r> {
    pub(super) fn of(note: &'r EntryNote) -> Self {
        Self {
            agent: &note.agent,
            pattern: &note.pattern,
            arg_pattern: note.arg_pattern.as_deref(),
            note: note.note.as_deref(),
            until: note.until_ms.map(instant),
            over: note.is_over,
        }
    }
}

/// A removal in machine output.
#[derive(Serialize)]
pub(in crate::report) struct ExpiredJson<'r> {
    entry: NoteJson<'r>,
    removed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'r str>,
}

impl<'r> ExpiredJson<'r> {
    pub(in crate::report) fn of(expired: &'r Expired) -> Self {
        let error = expired.result.as_ref().err().map(String::as_str);
        Self { entry: NoteJson::of(&expired.entry), removed: error.is_none(), error }
    }
}
