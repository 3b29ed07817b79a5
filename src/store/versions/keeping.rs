//! Keeps versions, and finds them.

use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};

use super::error::VersionsError;
use super::open::{Doing, Versions};
use super::rows::{COLUMNS, row};
use super::verify::{self, Verified};
use super::version::{New, State, Version};
use super::{chain, limits, rows};
use crate::deadline::Deadline;

/// A version that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The version.
    pub version: Version,
    /// Its text, if it is still kept.
    pub text: Option<String>,
    /// Whether it is the one that was kept.
    pub fits: bool,
}

impl Versions {
    /// Keeps a version, and returns its number: if the newest version of the place is the same, the number of that one.
    pub fn keep(&self, new: &New, deadline: Deadline) -> Result<u64, VersionsError> {
        let mut connection = self.writing(deadline)?;
        let failed = |cause| self.error(Doing::Writing, deadline, cause);
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        let last = rows::last(&transaction, &new.target.key).map_err(failed)?;
        if let Some(last) = last.filter(|last| is_same(last, new)) {
            return Ok(last.id);
        }
        let id = chain::append(&transaction, new).map_err(failed)?;
        limits::apply(&transaction, &self.limits, &new.target.key, new.at_ms).map_err(failed)?;
        transaction.commit().map_err(failed)?;
        Ok(id)
    }

    /// The newest versions first, at most `most`. `key`: of one place only.
    pub fn list(
        &self,
        key: Option<&str>,
        most: usize,
        deadline: Deadline,
    ) -> Result<Vec<Version>, VersionsError> {
        let query = format!(
            "SELECT {COLUMNS} FROM version WHERE ?1 IS NULL OR target = ?1 ORDER BY id DESC LIMIT ?2"
        );
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        self.reading(deadline, Vec::new, |connection| {
            connection.prepare(&query)?.query_map(params![key, most], row)?.collect()
        })
    }

    /// The number of versions whose text the limits removed. `key`: of one place only.
    pub fn removed(&self, key: Option<&str>, deadline: Deadline) -> Result<u64, VersionsError> {
        self.reading(
            deadline,
            || 0,
            |connection| {
                let query = "SELECT count(*) AS removed FROM version
                         WHERE text IS NULL AND state IN (?1, ?2) AND (?3 IS NULL OR target = ?3)";
                let states = [State::Kept.as_str(), State::Native.as_str()];
                connection
                    .query_row(query, params![states[0], states[1], key], |row| rows::number(row, "removed"))
            },
        )
    }

    /// The keys of the places that have versions.
    pub fn keys(&self, deadline: Deadline) -> Result<Vec<String>, VersionsError> {
        self.reading(deadline, Vec::new, |connection| {
            connection
                .prepare("SELECT DISTINCT target FROM version ORDER BY target")?
                .query_map([], |row| row.get(0))?
                .collect()
        })
    }

    /// A version and its text, if it is still kept. Fails if it is not the one that was kept.
    pub fn get(
        &self,
        id: u64,
        deadline: Deadline,
    ) -> Result<Option<(Version, Option<String>)>, VersionsError> {
        match self.look(id, deadline)? {
            Some(Found { fits: false, .. }) => Err(VersionsError::Altered { id }),
            found => Ok(found.map(|Found { version, text, .. }| (version, text))),
        }
    }

    /// As [`Self::get`], of a version that may have been changed.
    pub fn look(&self, id: u64, deadline: Deadline) -> Result<Option<Found>, VersionsError> {
        let query = format!("SELECT {COLUMNS}, text FROM version WHERE id = ?1");
        let Ok(id) = i64::try_from(id) else { return Ok(None) };
        let work = |connection: &Connection| {
            // One moment: a version may be kept meanwhile.
            let transaction = connection.unchecked_transaction()?;
            let read = |found: &Row<'_>| Ok((row(found)?, found.get("text")?));
            let Some((version, text)) = transaction.query_row(&query, [id], read).optional()? else {
                return Ok(None);
            };
            let fits = verify::fits(&transaction, id)?;
            Ok(Some(Found { version, text, fits }))
        };
        self.reading(deadline, || None, work)
    }

    /// The newest version of a place.
    pub fn last(&self, key: &str, deadline: Deadline) -> Result<Option<Version>, VersionsError> {
        self.reading(deadline, || None, |connection| rows::last(connection, key))
    }

    /// Checks every version against the chain of hashes.
    pub fn verify(&self, deadline: Deadline) -> Result<Verified, VersionsError> {
        self.reading(deadline, Verified::default, |connection| verify::verify(connection, &self.limits))
    }
}

/// Whether a place still has the version that was kept last. A verb that finds its own document kept by a watch, which
/// cannot know the writer, keeps it once more.
fn is_same(last: &Version, new: &New) -> bool {
    /// The longest time between a watch that sees a document and the verb that wrote it.
    const OWN_MS: u64 = 10_000;
    let is_own =
        new.writer.is_some() && last.writer.is_none() && new.at_ms.saturating_sub(last.at_ms) < OWN_MS;
    last.hash == new.hash && last.state == new.state && !is_own
}
