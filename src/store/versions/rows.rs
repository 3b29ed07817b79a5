//! Reads rows of the table of versions.

use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row};

use super::version::{State, Target, Version, Writer};

/// The columns of a version without its text, in the order in which [`row`] does not depend.
pub(super) const COLUMNS: &str =
    "id, target, place, hash, state, digest, text IS NOT NULL AS has_text, at_ms, writer, seen_by, link";

/// A version of a row.
pub(super) fn row(found: &Row<'_>) -> rusqlite::Result<Version> {
    let writer: Option<String> = found.get("writer")?;
    Ok(Version {
        id: number(found, "id")?,
        target: Target { key: found.get("target")?, operand: found.get("place")? },
        hash: found.get("hash")?,
        state: word(&found.get::<_, String>("state")?, State::named)?,
        has_text: found.get("has_text")?,
        writer: writer.map(|writer| word(&writer, Writer::named)).transpose()?,
        seen_by: word(&found.get::<_, String>("seen_by")?, Writer::named)?,
        at_ms: number(found, "at_ms")?,
        link: found.get("link")?,
    })
}

/// The newest version of a place.
pub(super) fn last(connection: &Connection, key: &str) -> rusqlite::Result<Option<Version>> {
    let query = format!("SELECT {COLUMNS} FROM version WHERE target = ?1 ORDER BY id DESC LIMIT 1");
    connection.query_row(&query, [key], row).optional()
}

/// A number that is never negative.
pub(super) fn number(found: &Row<'_>, column: &str) -> rusqlite::Result<u64> {
    let number: i64 = found.get(column)?;
    u64::try_from(number).map_err(|_| strange(Type::Integer, format!("{column} is {number}")))
}

fn word<T>(word: &str, named: impl Fn(&str) -> Option<T>) -> rusqlite::Result<T> {
    named(word).ok_or_else(|| strange(Type::Text, format!("unknown word `{}`", word.escape_debug())))
}

/// The error of a value that clearance never writes.
fn strange(kind: Type, message: String) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, kind, message.into())
}
