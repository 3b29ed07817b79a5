//! The notes and time limits of entries.

use rusqlite::{Row, params};

use super::error::VersionsError;
use super::open::{Doing, Versions};
use super::rows::number;
use crate::deadline::Deadline;

/// What identifies an entry of a place. Texts are as the rule of one identity writes them: see `compare::identity`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct EntryKey {
    /// The agent.
    pub agent: String,
    /// The pattern.
    pub pattern: String,
    /// The expression for the arguments; empty for none.
    pub arg_pattern: String,
    /// The source; empty for none.
    pub source: String,
}

/// What is known of an entry besides the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryRecord {
    /// The entry.
    pub key: EntryKey,
    /// A note of the person who added it.
    pub note: Option<String>,
    /// When its time is over, in Unix milliseconds.
    pub until_ms: Option<u64>,
    /// When the record was made, in Unix milliseconds.
    pub at_ms: u64,
}

impl EntryRecord {
    /// Whether the time of the entry is over.
    pub fn is_over(&self, now_ms: u64) -> bool {
        self.until_ms.is_some_and(|until| until <= now_ms)
    }
}

impl Versions {
    /// Keeps the record of an entry, in place of an earlier one.
    pub fn note(&self, target: &str, record: &EntryRecord, deadline: Deadline) -> Result<(), VersionsError> {
        let EntryRecord { key, note, until_ms, at_ms } = record;
        let millis = |millis: u64| i64::try_from(millis).unwrap_or(i64::MAX);
        let connection = self.writing(deadline)?;
        connection
            .execute(
                "INSERT INTO entry (target, agent, pattern, arg_pattern, source, note, until_ms, at_ms)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
                 ON CONFLICT DO UPDATE SET note = excluded.note, until_ms = excluded.until_ms, at_ms = excluded.at_ms,
                   removed_ms = NULL",
                params![
                    target,
                    key.agent,
                    key.pattern,
                    key.arg_pattern,
                    key.source,
                    note,
                    until_ms.map(millis),
                    millis(*at_ms)
                ],
            )
            .map_err(|cause| self.error(Doing::Writing, deadline, cause))?;
        Ok(())
    }

    /// The records of a place.
    pub fn records(&self, target: &str, deadline: Deadline) -> Result<Vec<EntryRecord>, VersionsError> {
        self.recorded(target, "removed_ms IS NULL", deadline)
    }

    /// The records of entries that were removed because their time was over. Their documents may come back.
    pub fn spent(&self, target: &str, deadline: Deadline) -> Result<Vec<EntryRecord>, VersionsError> {
        self.recorded(target, "removed_ms IS NOT NULL", deadline)
    }

    fn recorded(
        &self,
        target: &str,
        which: &str,
        deadline: Deadline,
    ) -> Result<Vec<EntryRecord>, VersionsError> {
        let query = format!(
            "SELECT * FROM entry WHERE target = ?1 AND {which} ORDER BY agent, pattern, arg_pattern, source"
        );
        self.reading(deadline, Vec::new, |connection| {
            connection.prepare(&query)?.query_map([target], record)?.collect()
        })
    }

    /// Marks the record of an entry that was removed because its time was over. It is kept for as long as a text is.
    pub fn spend(
        &self,
        target: &str,
        key: &EntryKey,
        now_ms: u64,
        deadline: Deadline,
    ) -> Result<(), VersionsError> {
        self.set_removed(target, key, Some(now_ms), deadline)?;
        let oldest = i64::try_from(now_ms.saturating_sub(self.limits.age_ms)).unwrap_or_default();
        self.writing(deadline)?
            .execute("DELETE FROM entry WHERE removed_ms < ?1", [oldest])
            .map_err(|cause| self.error(Doing::Writing, deadline, cause))?;
        Ok(())
    }

    /// Takes that mark away: the document has the entry again.
    pub fn revive(&self, target: &str, key: &EntryKey, deadline: Deadline) -> Result<(), VersionsError> {
        self.set_removed(target, key, None, deadline)
    }

    fn set_removed(
        &self,
        target: &str,
        key: &EntryKey,
        removed_ms: Option<u64>,
        deadline: Deadline,
    ) -> Result<(), VersionsError> {
        let connection = self.writing(deadline)?;
        connection
            .execute(
                "UPDATE entry SET removed_ms = ?6
                 WHERE target = ?1 AND agent = ?2 AND pattern = ?3 AND arg_pattern = ?4 AND source = ?5",
                params![
                    target,
                    key.agent,
                    key.pattern,
                    key.arg_pattern,
                    key.source,
                    removed_ms.map(|millis| i64::try_from(millis).unwrap_or(i64::MAX))
                ],
            )
            .map_err(|cause| self.error(Doing::Writing, deadline, cause))?;
        Ok(())
    }

    /// Removes the record of an entry that is not in the document any more.
    pub fn forget(&self, target: &str, key: &EntryKey, deadline: Deadline) -> Result<(), VersionsError> {
        let connection = self.writing(deadline)?;
        connection
            .execute(
                "DELETE FROM entry WHERE target = ?1 AND agent = ?2 AND pattern = ?3 AND arg_pattern = ?4 AND source = ?5",
                params![target, key.agent, key.pattern, key.arg_pattern, key.source],
            )
            .map_err(|cause| self.error(Doing::Writing, deadline, cause))?;
        Ok(())
    }
}

fn record(row: &Row<'_>) -> rusqlite::Result<EntryRecord> {
    let until: Option<i64> = row.get("until_ms")?;
    Ok(EntryRecord {
        key: EntryKey {
            agent: row.get("agent")?,
            pattern: row.get("pattern")?,
            arg_pattern: row.get("arg_pattern")?,
            source: row.get("source")?,
        },
        note: row.get("note")?,
        until_ms: until.and_then(|until| u64::try_from(until).ok()),
        at_ms: number(row, "at_ms")?,
    })
}
