//! The notes and time limits of entries: kept beside the versions, because a document has no field for them.

use std::time::Duration;

use serde_json::Value;

use super::database::{now_ms, versions};
use crate::approvals::edit::allowlist::{Edit, Verb};
use crate::commands::Error;
use crate::deadline::Deadline;
use crate::report::approvals::{EntryNote, Limited};
use crate::store::versions::{EntryKey, EntryRecord, Target, Versions};

/// How long the database is waited for after an edit.
const AFTERWARDS: Duration = Duration::from_secs(2);

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

/// What was kept about the entry of an edit, and what is to do once the edit has ended.
#[derive(Debug, Default)]
pub(in crate::commands) struct Kept {
    /// For the report.
    pub(in crate::commands) limited: Limited,
    after: Option<After>,
}

#[derive(Debug)]
struct After {
    target: String,
    key: EntryKey,
    /// The record before the edit.
    before: Option<EntryRecord>,
    /// Whether the edit removes the entry, and its record is to be forgotten then.
    forgets: bool,
}

impl Kept {
    fn of(limited: Limited) -> Self {
        Self { limited, after: None }
    }

    /// The document has the edit. What was said about an entry that was removed is forgotten only now: an entry that is
    /// still there must not lose its limit.
    pub(in crate::commands) fn done(self) -> Limited {
        if let Some(After { target, key, forgets: true, .. }) = &self.after {
            // A record that stays makes the next edit look for the entry once more.
            let _: Result<(), Error> = versions()
                .and_then(|versions| Ok(versions.forget(target, key, Deadline::after(AFTERWARDS))?));
        }
        self.limited
    }

    /// The document does not have the edit: what was said before about the entry is true again.
    pub(in crate::commands) fn undone(self) {
        if let Some(After { target, key, forgets: false, before }) = &self.after {
            let deadline = Deadline::after(AFTERWARDS);
            let _: Result<(), Error> = versions().and_then(|versions| {
                let undone = match before {
                    Some(before) => versions.note(target, before, deadline),
                    None => versions.forget(target, key, deadline),
                };
                undone.map_err(Error::from)
            });
        }
    }
}

/// Keeps what is said about an entry that is about to be added. It comes before the edit: an entry must never be without
/// its limit. `is_new`: whether the document does not have the entry yet.
pub(in crate::commands) fn keep(
    target: Option<&Target>,
    edit: &Edit,
    term: &Term,
    is_new: bool,
    deadline: Deadline,
) -> Result<Kept, Error> {
    let (Some(target), Some(key)) = (target, key(edit)) else { return Ok(Kept::default()) };
    let what = if term.until_ms.is_some() { "time limit" } else { "note" };
    let kept = versions().and_then(|versions| kept(&versions, target, &key, (edit, term), is_new, deadline));
    match kept {
        Err(cause) if !term.is_empty() => Err(Error::NotNoted { what, cause: Box::new(cause) }),
        // Nothing was asked for, so nothing is missing.
        Err(_) => Ok(Kept::default()),
        kept => kept,
    }
}

fn kept(
    versions: &Versions,
    target: &Target,
    key: &EntryKey,
    (edit, term): (&Edit, &Term),
    is_new: bool,
    deadline: Deadline,
) -> Result<Kept, Error> {
    let of_key = |records: Vec<EntryRecord>| records.into_iter().find(|record| record.key == *key);
    let known = of_key(versions.records(&target.key, deadline)?);
    let after = |before: Option<EntryRecord>, forgets| {
        Some(After { target: target.key.clone(), key: key.clone(), before, forgets })
    };
    if edit.verb() == Verb::Remove {
        return Ok(Kept { after: known.and_then(|known| after(Some(known), true)), ..Kept::default() });
    }
    if term.is_empty() && is_new {
        let is_spent = of_key(versions.spent(&target.key, deadline)?).is_some();
        if known.is_none() && !is_spent {
            return Ok(Kept::default());
        }
        versions.forget(&target.key, key, deadline)?;
        return Ok(Kept { after: known.and_then(|known| after(Some(known), false)), ..Kept::default() });
    }
    if term.is_empty() {
        let note = known.map(|record| shown(&record, now_ms()));
        return Ok(Kept::of(Limited { note, ..Limited::default() }));
    }
    // An entry without a limit was added permanently, perhaps by another program.
    let had_limit = known.as_ref().is_some_and(|record| record.until_ms.is_some());
    let stays = term.until_ms.is_some() && !is_new && !had_limit;
    let known_until = known.as_ref().and_then(|record| record.until_ms);
    let until_ms = if stays { None } else { term.until_ms.or(known_until) };
    let moved_from_ms = known_until.filter(|known| !is_new && until_ms.is_some_and(|until| until != *known));
    let note = term.note.clone().or_else(|| known.as_ref().and_then(|record| record.note.clone()));
    let record = EntryRecord { key: key.clone(), note, until_ms, at_ms: now_ms() };
    let limited = Limited { note: Some(shown(&record, now_ms())), stays, moved_from_ms };
    if record.note.is_none() && record.until_ms.is_none() {
        return Ok(Kept::of(limited));
    }
    versions.note(&target.key, &record, deadline)?;
    Ok(Kept { limited, after: after(known, false) })
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

/// The records of entries of a document whose time is over, those included that were removed before: a restored document
/// has them again.
pub(in crate::commands) fn over_in(
    target: &Target,
    document: &Value,
    deadline: Deadline,
) -> Vec<(EntryRecord, bool)> {
    let read = || -> Result<_, Error> {
        let versions = versions()?;
        let spent = versions.spent(&target.key, deadline)?.into_iter().map(|record| (record, true));
        let known = versions.records(&target.key, deadline)?.into_iter().map(|record| (record, false));
        Ok(spent.chain(known).collect())
    };
    let mut records: Vec<(EntryRecord, bool)> = read().unwrap_or_default();
    let now_ms = now_ms();
    records.retain(|(record, _)| record.is_over(now_ms) && has(document, &record.key));
    records
}

/// Whether a document has an entry.
fn has(document: &Value, key: &EntryKey) -> bool {
    let list =
        document.pointer("/agents").and_then(|agents| agents.get(&key.agent)?.get("allowlist")?.as_array());
    list.into_iter().flatten().any(|entry| {
        let text = |field: &str| entry.get(field).and_then(Value::as_str).unwrap_or_default();
        text("pattern").trim() == key.pattern
            && text("argPattern") == key.arg_pattern
            && text("source") == key.source
    })
}
