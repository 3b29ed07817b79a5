//! Report of `approvals allowlist`: an entry that was added or removed.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::Value;

use super::notes::{Expired, ExpiredJson, Limited, NoteJson};
use super::set::{SetOutcome, SetReport};
use super::{Changed, FieldJson, VERSION, messages};
use crate::approvals::edit::allowlist::{Edit, Verb};
use crate::approvals::findings::diagnostic::Diagnostic;
use crate::report::instant;

/// The result of `allowlist add` or `remove`, or of its dry run.
#[derive(Debug)]
pub struct EditReport {
    /// The requested edit.
    pub edit: Edit,
    /// The outcome for the document.
    pub set: SetReport,
    /// The agent's other entries with the same pattern.
    pub similar: Vec<Value>,
    /// The other agents that have an entry with this pattern.
    pub elsewhere: Vec<String>,
    /// Lints of the new entry: what is dangerous or has no effect.
    pub lints: Vec<Diagnostic>,
    /// The note and time limit of the entry.
    pub limited: Limited,
    /// Entries whose time was over, and that were removed before the edit.
    pub expired: Vec<Expired>,
    /// How often the document was read: more than once if other programs edited it concurrently.
    pub attempts: u32,
}

impl EditReport {
    /// Whether anything was written.
    pub fn is_stored(&self) -> bool {
        self.set.outcome == SetOutcome::Stored
    }

    /// Whether nothing was changed and no similar entry remains. An entry that stays allowed is always reported.
    pub fn is_nothing(&self) -> bool {
        let left =
            self.edit.verb() == Verb::Remove && !(self.similar.is_empty() && self.elsewhere.is_empty());
        self.set.is_nothing()
            && !left
            && self.expired.is_empty()
            && self.limited.moved_from_ms.is_none()
            && !self.limited.stays
    }
}

impl EditReport {
    /// The output of `--json`.
    pub fn json(&self) -> impl Serialize + use<'_> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Printed<'r> {
            agent: &'r str,
            attempts: u32,
            base_hash: &'r str,
            changes: Changed<'r>,
            departures: Changed<'r>,
            elsewhere: &'r [String],
            entry: Value,
            existed: bool,
            #[serde(skip_serializing_if = "Vec::is_empty")]
            expired: Vec<ExpiredJson<'r>>,
            foreseen: Vec<FieldJson>,
            hash: Option<&'r str>,
            lints: Vec<LintJson<'r>>,
            #[serde(skip_serializing_if = "Option::is_none")]
            moved_from: Option<String>,
            #[serde(skip_serializing_if = "Option::is_none")]
            note: Option<NoteJson<'r>>,
            outcome: &'static str,
            path: &'r str,
            #[serde(skip_serializing_if = "std::ops::Not::not")]
            permanent: bool,
            remarks: Vec<&'r str>,
            similar: &'r [Value],
            verb: &'static str,
            version: u8,
        }
        let Self { edit, set, similar, elsewhere, lints, limited, expired, attempts } = self;
        Printed {
            agent: edit.agent(),
            attempts: *attempts,
            base_hash: &set.before,
            changes: Changed(&set.changes.policy),
            departures: Changed(&set.departures),
            elsewhere,
            entry: edit.entry(),
            existed: set.existed,
            expired: expired.iter().map(ExpiredJson::of).collect(),
            foreseen: set.foreseen.iter().map(FieldJson::of).collect(),
            hash: set.after.as_deref(),
            lints: lints.iter().map(LintJson::of).collect(),
            moved_from: limited.moved_from_ms.map(instant),
            note: limited.note.as_ref().map(NoteJson::of),
            outcome: set.outcome.as_str(),
            path: &set.path,
            permanent: limited.stays,
            remarks: messages(&set.remarks),
            similar,
            verb: match edit.verb() {
                Verb::Add => "add",
                Verb::Remove => "remove",
            },
            version: VERSION,
        }
    }
}

/// A lint of the new entry, which has no place before it is written.
#[derive(Serialize)]
struct LintJson<'r> {
    code: &'static str,
    fix: Cow<'static, str>,
    message: &'r str,
    path: String,
    severity: &'static str,
    why: &'static str,
}

impl<'r> LintJson<'r> {
    fn of(found: &'r Diagnostic) -> Self {
        Self {
            code: found.code.as_str(),
            fix: found.fix(),
            message: &found.message,
            path: found.path.to_string(),
            severity: found.severity.as_str(),
            why: found.code.explanation().why,
        }
    }
}
