//! The notes and time limits of entries: kept beside the versions, because a document has no field for them.

use super::database::{now_ms, versions};
use crate::approvals::edit::allowlist::{Edit, Verb};
use crate::commands::Error;
use crate::deadline::Deadline;
use crate::report::approvals::{EntryNote, Limited};
use crate::store::versions::{EntryKey, EntryRecord, Target, Versions};

/// What the person who adds an entry says about it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Term {
    /// `--note`.
    pub note: Option<String>,
    /// When the time of the entry is over (`--for`, `--until`), in Unix milliseconds.
    pub until_ms: Option<u64>,
}

impl Term {
    fn is_empty(&self) -> bool {
        self.note.is_none() && self.until_ms.is_none()
    }
}

/// What identifies the entry of an edit; `None` for the grant of a tool.
pub(in crate::commands) fn key(edit: &Edit) -> Option<EntryKey> {
    let entry = edit.entry();
    let text = |field: &str| entry.get(field).and_then(serde_json::Value::as_str);
    Some(EntryKey {
        agent: edit.agent().to_owned(),
        pattern: text("pattern")?.to_owned(),
        arg_pattern: text("argPattern").unwrap_or_default().to_owned(),
        source: text("source").unwrap_or_default().to_owned(),
    })
}

/// Keeps what is said about an entry that is about to be added, or forgets what was said about one that is about to be
/// removed. It comes before the edit: an entry must never be without its limit. `is_new`: whether the document does not
/// have the entry yet.
pub(in crate::commands) fn keep(
    target: Option<&Target>,
    edit: &Edit,
    term: &Term,
    is_new: bool,
    deadline: Deadline,
) -> Result<Limited, Error> {
    let (Some(target), Some(key)) = (target, key(edit)) else { return Ok(Limited::default()) };
    let what = if term.until_ms.is_some() { "time limit" } else { "note" };
    let kept = versions().and_then(|versions| kept(&versions, target, key, (edit, term), is_new, deadline));
    match kept {
        Err(cause) if !term.is_empty() => Err(Error::NotNoted { what, cause: Box::new(cause) }),
        // Nothing was asked for, so nothing is missing.
        Err(_) => Ok(Limited::default()),
        kept => kept,
    }
}

fn kept(
    versions: &Versions,
    target: &Target,
    key: EntryKey,
    (edit, term): (&Edit, &Term),
    is_new: bool,
    deadline: Deadline,
) -> Result<Limited, Error> {
    let known = versions.records(&target.key, deadline)?.into_iter().find(|record| record.key == key);
    if edit.verb() == Verb::Remove || (term.is_empty() && is_new) {
        if known.is_some() {
            versions.forget(&target.key, &key, deadline)?;
        }
        return Ok(Limited::default());
    }
    if term.is_empty() {
        return Ok(Limited { note: known.map(|record| shown(&record, now_ms())), ..Limited::default() });
    }
    // An entry without a limit was added for good, perhaps by somebody else.
    let had_limit = known.as_ref().is_some_and(|record| record.until_ms.is_some());
    let stays = term.until_ms.is_some() && !is_new && !had_limit;
    let known_until = known.as_ref().and_then(|record| record.until_ms);
    let until_ms = if stays { None } else { term.until_ms.or(known_until) };
    let moved_from_ms = known_until.filter(|known| !is_new && until_ms.is_some_and(|until| until != *known));
    let note = term.note.clone().or_else(|| known.and_then(|record| record.note));
    let record = EntryRecord { key, note, until_ms, at_ms: now_ms() };
    if record.note.is_some() || record.until_ms.is_some() {
        versions.note(&target.key, &record, deadline)?;
    }
    Ok(Limited { note: Some(shown(&record, now_ms())), stays, moved_from_ms })
}

/// A record for reports.
pub(in crate::commands) fn shown(record: &EntryRecord, now_ms: u64) -> EntryNote {
    let EntryRecord { key, note, until_ms, .. } = record;
    EntryNote {
        agent: key.agent.clone(),
        pattern: key.pattern.clone(),
        arg_pattern: Some(key.arg_pattern.clone()).filter(|arguments| !arguments.is_empty()),
        note: note.clone(),
        until_ms: *until_ms,
        is_over: record.is_over(now_ms),
    }
}

/// The records of a place. Where they cannot be read there are none: no command depends on them.
pub(in crate::commands) fn records(target: Option<&Target>, deadline: Deadline) -> Vec<EntryRecord> {
    let Some(target) = target else { return Vec::new() };
    let read = || -> Result<_, Error> { Ok(versions()?.records(&target.key, deadline)?) };
    read().unwrap_or_default()
}
