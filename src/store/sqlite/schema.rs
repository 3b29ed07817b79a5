//! The known schemas of the database, and the other owners of its content.

use std::ops::RangeInclusive;

use rusqlite::{Connection, OptionalExtension};

/// The versions in which `exec_approvals_config` was examined and is the same: 15 is that of 2026.8.1 to 2026.9.2, 16
/// of 2026.9.3, 17 of 2026.9.4 and 2026.9.5, 18 of 2026.9.6. Source: the published packages.
pub const KNOWN: RangeInclusive<i64> = 15..=18;

/// The version of 2026.6 and 2026.7: they create the table, leave it empty, and use their JSON file.
pub const BEFORE: i64 = 1;

/// The schema's version. The content may be newer than `user_version`; then a row contains the newer version.
pub(super) fn version(connection: &Connection) -> rusqlite::Result<i64> {
    let published: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let content = machine_state(connection, "state.schema.contentVersion")?;
    Ok(content.and_then(|text| text.trim().parse().ok()).map_or(published, |content| published.max(content)))
}

/// Whether an external supervisor has claimed the state. Then only a gateway run by that supervisor writes.
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

/// Whether OpenClaw is deleting this agent, or has a record of its deletion.
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
