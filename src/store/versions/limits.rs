//! The limits of what is kept. A text that is removed by them leaves its version behind, with its place in the chain.

use rusqlite::{OptionalExtension, Transaction, params};

use super::chain;
use super::rows::{COLUMNS, row};
use super::version::{New, Version};

/// How much is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The number of texts of one place.
    pub texts: u64,
    /// The age of a text, in milliseconds.
    pub age_ms: u64,
    /// The size of all texts together, in bytes.
    pub bytes: u64,
    /// The size of one text, in bytes. A larger document has a version without a text.
    pub text_bytes: usize,
    /// The number of versions, with and without a text.
    pub versions: u64,
}

/// The limits in force: documents are small, so this is years of edits.
pub const LIMITS: Limits = Limits {
    texts: 500,
    age_ms: 400 * 24 * 60 * 60 * 1_000,
    bytes: 64 * 1024 * 1024,
    text_bytes: 8 * 1024 * 1024,
    versions: 20_000,
};

/// Removes what is beyond the limits, the oldest first. The newest text of each place stays, so that it can be restored.
/// `target`: the place that has a new version.
pub(super) fn apply(
    transaction: &Transaction<'_>,
    limits: &Limits,
    target: &str,
    now_ms: u64,
) -> rusqlite::Result<()> {
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let is_newest = "SELECT max(id) FROM version WHERE text IS NOT NULL GROUP BY target";
    transaction.execute(
        "UPDATE version SET text = NULL WHERE target = ?1 AND text IS NOT NULL AND id <= (
           SELECT id FROM version WHERE target = ?1 AND text IS NOT NULL ORDER BY id DESC LIMIT 1 OFFSET ?2)",
        params![target, number(limits.texts.max(1))],
    )?;
    transaction.execute(
        &format!(
            "UPDATE version SET text = NULL WHERE text IS NOT NULL AND at_ms < ?1 AND id NOT IN ({is_newest})"
        ),
        [number(now_ms.saturating_sub(limits.age_ms))],
    )?;
    // The texts that, counted from the newest, are beyond the size.
    transaction.execute(
        &format!(
            "UPDATE version SET text = NULL WHERE text IS NOT NULL AND id NOT IN ({is_newest}) AND id <= coalesce((
               SELECT max(id) FROM (
                 SELECT id, sum(octet_length(text)) OVER (ORDER BY id DESC) AS size FROM version WHERE text IS NOT NULL
               ) WHERE size > ?1), 0)"
        ),
        params![number(limits.bytes)],
    )?;
    let last_removed: Option<(i64, String)> = transaction
        .query_row(
            "SELECT id, link FROM version ORDER BY id DESC LIMIT 1 OFFSET ?1",
            [number(limits.versions)],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?;
    if let Some((id, link)) = last_removed {
        keep_newest(transaction, id)?;
        transaction.execute("DELETE FROM version WHERE id <= ?1", [id])?;
        transaction.execute("UPDATE chain SET base_id = ?1, base_link = ?2", params![id, link])?;
    }
    Ok(())
}

/// Appends the newest version of each place once more, and the newest one with a text, where they are about to be removed:
/// up to this number all versions are.
fn keep_newest(transaction: &Transaction<'_>, last_removed: i64) -> rusqlite::Result<()> {
    let found: Vec<(i64, Option<i64>)> = transaction
        .prepare(
            "SELECT max(id) AS newest, max(CASE WHEN text IS NOT NULL THEN id END) AS with_text FROM version
             GROUP BY target HAVING newest <= ?1 OR with_text <= ?1 ORDER BY newest",
        )?
        .query_map([last_removed], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let query = format!("SELECT {COLUMNS}, text FROM version WHERE id = ?1");
    for (newest, with_text) in found {
        for id in with_text.filter(|id| *id != newest).into_iter().chain([newest]) {
            let (version, text): (Version, Option<String>) =
                transaction.query_row(&query, [id], |found| Ok((row(found)?, found.get("text")?)))?;
            let Version { target, hash, state, writer, seen_by, at_ms, .. } = version;
            chain::append(transaction, &New { target, hash, state, text, writer, seen_by, at_ms })?;
        }
    }
    Ok(())
}
