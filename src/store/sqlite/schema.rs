//! Which schemas of the database are known, and who else has a say in it.

use std::ops::RangeInclusive;

use rusqlite::{Connection, OptionalExtension};

/// The versions whose `exec_approvals_config` was read and is the same: 15 is that of 2026.8.1 to 2026.9.2, 16 of
/// 2026.9.3, 17 of 2026.9.4 and 2026.9.5, 18 of 2026.9.6. Read in the published packages.
pub const KNOWN: RangeInclusive<i64> = 15..=18;

/// That of 2026.6 and 2026.7: they make the table, leave it empty, and keep to their JSON file.
pub const BEFORE: i64 = 1;

/// The schema's version. Content may be newer than `user_version` says, and then says so in a row.
pub(super) fn version(connection: &Connection) -> rusqlite::Result<i64> {
    let published: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let content = machine_state(connection, "state.schema.contentVersion")?;
    Ok(content.and_then(|text| text.trim().parse().ok()).map_or(published, |content| published.max(content)))
}

/// Whether an external supervisor has claimed the state: then the gateway too refuses to write unless it is that.
pub(super) fn is_supervised(connection: &Connection) -> rusqlite::Result<bool> {
    Ok(machine_state(connection, "gateway.supervision")?.is_some())
}

fn machine_state(connection: &Connection, key: &str) -> rusqlite::Result<Option<String>> {
    if !has_table(connection, "config_machine_state")? {
        return Ok(None);
    }
    connection
        .query_row("SELECT value_json FROM config_machine_state WHERE state_key = ?1", [key], |row| {
            row.get(0)
        })
        .optional()
}

/// Whether OpenClaw is deleting this agent, or has and remembers it.
pub(super) fn is_deleted(connection: &Connection, agent: &str) -> rusqlite::Result<bool> {
    if !has_table(connection, "agent_deletion_journal")? {
        return Ok(false);
    }
    connection.query_row(
        "SELECT EXISTS (SELECT 1 FROM agent_deletion_journal WHERE agent_id = ?1)",
        [agent],
        |row| row.get(0),
    )
}

fn has_table(connection: &Connection, name: &str) -> rusqlite::Result<bool> {
    connection.query_row(
        "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?1)",
        [name],
        |row| row.get(0),
    )
}
