//! Checks the versions against the chain of hashes.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension, Row};

use super::chain::{Covered, Link, START, digest_of};

/// The result of checking every version.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verified {
    /// The number of versions.
    pub versions: u64,
    /// The number of texts that the limits removed.
    pub removed: u64,
    /// The newest version and its link, which a person can note elsewhere.
    pub head: Option<(u64, String)>,
    /// What does not fit, in the order of the versions.
    pub problems: Vec<Problem>,
}

/// What does not fit the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// Versions are missing before this one.
    Missing {
        /// The first missing number.
        from: u64,
        /// The last missing number.
        to: u64,
    },
    /// This version was changed after it was kept, or the link before it was.
    Changed(u64),
    /// The text of this version was changed after it was kept.
    Text(u64),
    /// The text of this version was removed while an older text of the same place is still there.
    TextMissing(u64),
    /// SQLite reports damage.
    Damage(String),
}

/// What is read of a version.
struct Read {
    id: i64,
    target: String,
    place: String,
    hash: String,
    state: String,
    digest: String,
    text: Option<String>,
    at_ms: i64,
    writer: Option<String>,
    seen_by: String,
    link: String,
}

pub(super) fn verify(connection: &Connection) -> rusqlite::Result<Verified> {
    let mut verified = Verified::default();
    let damage: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if damage != "ok" {
        verified.problems.push(Problem::Damage(damage));
        return Ok(verified);
    }
    let ends = connection
        .query_row("SELECT base_id, base_link, head_id, head_link FROM chain", [], |row| {
            let base = Link { id: row.get(0)?, link: row.get(1)? };
            Ok((base, Link { id: row.get(2)?, link: row.get(3)? }))
        })
        .optional()?;
    let start = || Link { id: 0, link: START.to_owned() };
    let (mut before, head) = ends.unwrap_or_else(|| (start(), start()));
    // The places of which an older version has its text.
    let mut with_text = HashSet::new();
    let mut statement = connection.prepare("SELECT * FROM version ORDER BY id")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let read = read(row)?;
        verified.take(&read, &before, with_text.contains(&read.target));
        if read.text.is_some() && !with_text.contains(&read.target) {
            with_text.insert(read.target.clone());
        }
        before = Link { id: read.id, link: read.link };
    }
    if before.id < head.id {
        verified.problems.push(Problem::Missing { from: positive(before.id + 1), to: positive(head.id) });
    } else if before != head {
        verified.problems.push(Problem::Changed(positive(before.id)));
    }
    verified.head = (head.id > 0).then(|| (positive(head.id), head.link));
    verified.problems.dedup();
    Ok(verified)
}

impl Verified {
    fn take(&mut self, read: &Read, before: &Link, has_older_text: bool) {
        let id = positive(read.id);
        self.versions += 1;
        if read.id > before.id + 1 {
            // Its link cannot be computed without the one before it.
            self.problems.push(Problem::Missing { from: positive(before.id + 1), to: id - 1 });
        } else if read.link != read.expected(&before.link) {
            self.problems.push(Problem::Changed(id));
        }
        match &read.text {
            Some(text) if digest_of(Some(text)) != read.digest => self.problems.push(Problem::Text(id)),
            Some(_) => {}
            None if read.digest.is_empty() => {}
            None if has_older_text => self.problems.push(Problem::TextMissing(id)),
            None => self.removed += 1,
        }
    }
}

impl Read {
    fn expected(&self, before: &str) -> String {
        Covered {
            before,
            id: self.id,
            target: &self.target,
            place: &self.place,
            hash: &self.hash,
            state: &self.state,
            digest: &self.digest,
            at_ms: self.at_ms,
            writer: self.writer.as_deref().unwrap_or_default(),
            seen_by: &self.seen_by,
        }
        .link()
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Read> {
    Ok(Read {
        id: row.get("id")?,
        target: row.get("target")?,
        place: row.get("place")?,
        hash: row.get("hash")?,
        state: row.get("state")?,
        digest: row.get("digest")?,
        text: row.get("text")?,
        at_ms: row.get("at_ms")?,
        writer: row.get("writer")?,
        seen_by: row.get("seen_by")?,
        link: row.get("link")?,
    })
}

fn positive(id: i64) -> u64 {
    u64::try_from(id).unwrap_or_default()
}
