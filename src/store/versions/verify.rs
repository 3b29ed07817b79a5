//! Checks the versions against the chain of hashes.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, Row};

use super::chain::{Covered, Link, START, digest_of};
use super::limits::Limits;

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
    /// The text of this version was removed, though it is within the limits.
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

pub(super) fn verify(connection: &Connection, limits: &Limits) -> rusqlite::Result<Verified> {
    let mut verified = Verified::default();
    let damage: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if damage != "ok" {
        verified.problems.push(Problem::Damage(damage));
        return Ok(verified);
    }
    let start = || Link { id: 0, link: START.to_owned() };
    let (mut before, head) = ends(connection)?.unwrap_or_else(|| (start(), start()));
    if before.id > 0 && head.id - before.id < number(limits.versions) {
        // Fewer versions are left than the limits leave.
        verified.problems.push(Problem::Missing { from: 1, to: positive(before.id) });
    }
    let mut texts = Vec::new();
    {
        let mut statement = connection.prepare("SELECT * FROM version ORDER BY id")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let read = read(row)?;
            verified.take(&read, &before);
            // A version without a text has no size and no place here.
            let has_text = !read.digest.is_empty();
            texts.push(Text {
                id: read.id,
                target: if has_text { read.target } else { String::new() },
                at_ms: read.at_ms,
                size: read.text.as_ref().map(|text| text.len() as u64),
            });
            before = Link { id: read.id, link: read.link };
        }
    }
    verified.take_removed(&texts, limits);
    if before.id < head.id {
        verified.problems.push(Problem::Missing { from: positive(before.id + 1), to: positive(head.id) });
    } else if before != head {
        verified.problems.push(Problem::Changed(positive(before.id)));
    }
    verified.head = (head.id > 0).then(|| (positive(head.id), head.link));
    verified.problems.dedup();
    Ok(verified)
}

/// Whether a version is the one that was kept: its text has the digest that was kept of it, and the links from it on to the
/// newest one fit.
pub(super) fn fits(connection: &Connection, id: i64) -> rusqlite::Result<bool> {
    let Some((base, head)) = ends(connection)? else { return Ok(false) };
    let mut before = if id == base.id + 1 {
        base
    } else {
        let query = "SELECT id, link FROM version WHERE id = ?1";
        let link = |row: &Row<'_>| Ok(Link { id: row.get(0)?, link: row.get(1)? });
        let Some(link) = connection.query_row(query, [id - 1], link).optional()? else { return Ok(false) };
        link
    };
    let mut statement = connection.prepare(
        "SELECT id, target, place, hash, state, digest, CASE WHEN id = ?1 THEN text END AS text, at_ms, writer, seen_by,
           link FROM version WHERE id >= ?1 ORDER BY id",
    )?;
    let mut rows = statement.query([id])?;
    while let Some(row) = rows.next()? {
        let read = read(row)?;
        let is_changed = read.text.as_deref().is_some_and(|text| digest_of(Some(text)) != read.digest);
        if is_changed || read.id != before.id + 1 || read.link != read.expected(&before.link) {
            return Ok(false);
        }
        before = Link { id: read.id, link: read.link };
    }
    Ok(before == head)
}

/// The start and the end of the chain.
fn ends(connection: &Connection) -> rusqlite::Result<Option<(Link, Link)>> {
    connection
        .query_row("SELECT base_id, base_link, head_id, head_link FROM chain", [], |row| {
            let base = Link { id: row.get(0)?, link: row.get(1)? };
            Ok((base, Link { id: row.get(2)?, link: row.get(3)? }))
        })
        .optional()
}

/// What is known of a version's text. A version that never had one has no target.
struct Text {
    id: i64,
    target: String,
    at_ms: i64,
    /// `None`: it was removed.
    size: Option<u64>,
}

impl Verified {
    fn take(&mut self, read: &Read, before: &Link) {
        let id = positive(read.id);
        self.versions += 1;
        if read.id > before.id + 1 {
            // Its link cannot be computed without the one before it.
            self.problems.push(Problem::Missing { from: positive(before.id + 1), to: id - 1 });
        } else if read.link != read.expected(&before.link) {
            self.problems.push(Problem::Changed(id));
        }
        if read.text.as_deref().is_some_and(|text| digest_of(Some(text)) != read.digest) {
            self.problems.push(Problem::Text(id));
        }
    }

    /// Takes the texts that are not there any more: each must be beyond a limit. `texts`: of every version, in their order.
    fn take_removed(&mut self, texts: &[Text], limits: &Limits) {
        // What is after a text, from the newest back to it.
        let mut newer: BTreeMap<&str, u64> = BTreeMap::new();
        let mut latest_ms = i64::MIN;
        let mut size: u64 = 0;
        let mut missing = Vec::new();
        for text in texts.iter().rev() {
            let Text { id, target, at_ms, size: found } = text;
            if !target.is_empty() {
                let newer = newer.entry(target).or_default();
                // A text that was removed had this size at most.
                size = size.saturating_add(found.unwrap_or(limits.text_bytes as u64));
                let is_beyond = *newer >= limits.texts.max(1)
                    || at_ms.saturating_add(number(limits.age_ms)) < latest_ms
                    || size > limits.bytes;
                match found {
                    Some(_) => {}
                    // The newest text of a place always stays.
                    None if *newer > 0 && is_beyond => self.removed += 1,
                    None => missing.push(Problem::TextMissing(positive(*id))),
                }
                *newer += 1;
            }
            latest_ms = latest_ms.max(*at_ms);
        }
        self.problems.extend(missing.into_iter().rev());
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

fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
