//! The chain of hashes: each version has a link, which is a hash of the version and of the link before it.
//!
//! A program that can write to the database can compute a new chain. So the chain proves a past to whoever noted a link
//! elsewhere (`versions` and `watch` print it), and shows every change that did not compute the chain again.

use data_encoding::HEXLOWER;
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use sha2::{Digest, Sha256};

use super::version::{New, State, Writer};

/// The link before the first version.
pub(super) const START: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// A link, and the number of its version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) id: i64,
    pub(super) link: String,
}

/// What a link is a hash of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Covered<'v> {
    pub(super) before: &'v str,
    pub(super) id: i64,
    pub(super) target: &'v str,
    pub(super) place: &'v str,
    pub(super) hash: &'v str,
    pub(super) state: &'v str,
    /// The hash of the kept text. The limits may remove the text later.
    pub(super) digest: &'v str,
    pub(super) at_ms: i64,
    pub(super) writer: &'v str,
    pub(super) seen_by: &'v str,
}

impl Covered<'_> {
    /// The link. Each part has its length in front, so that no two versions have the same parts in a row.
    pub(super) fn link(&self) -> String {
        let (id, at_ms) = (self.id.to_string(), self.at_ms.to_string());
        let parts = [
            self.before,
            &id,
            self.target,
            self.place,
            self.hash,
            self.state,
            self.digest,
            &at_ms,
            self.writer,
            self.seen_by,
        ];
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        HEXLOWER.encode(&hash.finalize())
    }
}

/// The hash of a kept text; empty where none is kept.
pub(super) fn digest_of(text: Option<&str>) -> String {
    text.map_or_else(String::new, |text| HEXLOWER.encode(&Sha256::digest(text.as_bytes())))
}

/// Appends a version, and returns its number.
pub(super) fn append(transaction: &Transaction<'_>, new: &New) -> rusqlite::Result<u64> {
    let before = head(transaction)?;
    let id = before.id + 1;
    let text = new.text.as_deref().filter(|_| new.state.has_text());
    let digest = digest_of(text);
    let at_ms = i64::try_from(new.at_ms).unwrap_or(i64::MAX);
    let (state, seen_by) = (State::as_str(new.state), new.seen_by.as_str());
    let writer = new.writer.map(Writer::as_str);
    let link = Covered {
        before: &before.link,
        id,
        target: &new.target.key,
        place: &new.target.operand,
        hash: &new.hash,
        state,
        digest: &digest,
        at_ms,
        writer: writer.unwrap_or_default(),
        seen_by,
    }
    .link();
    transaction.execute(
        "INSERT INTO version (id, target, place, hash, state, digest, text, at_ms, writer, seen_by, link)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        params![
            id,
            new.target.key,
            new.target.operand,
            new.hash,
            state,
            digest,
            text,
            at_ms,
            writer,
            seen_by,
            link
        ],
    )?;
    transaction.execute(
        "INSERT INTO chain (one, base_id, base_link, head_id, head_link) VALUES (1, 0, ?1, ?2, ?3)
         ON CONFLICT (one) DO UPDATE SET head_id = excluded.head_id, head_link = excluded.head_link",
        params![START, id, link],
    )?;
    Ok(u64::try_from(id).unwrap_or_default())
}

/// The newest link; before the first version, the start of the chain.
fn head(connection: &Connection) -> rusqlite::Result<Link> {
    let found = connection
        .query_row("SELECT head_id, head_link FROM chain", [], |row| {
            Ok(Link { id: row.get(0)?, link: row.get(1)? })
        })
        .optional()?;
    Ok(found.unwrap_or(Link { id: 0, link: START.to_owned() }))
}
