//! The row of `<state>/state/openclaw.sqlite` in which hosts from 2026.8 keep their document.
//!
//! It is read and written like `exec-approvals-store` and `exec-approvals-sqlite` of the published package 2026.9.6.
//! The gateway queries the database each time, so a running gateway sees a change immediately.

mod open;
pub(super) mod row;
pub(super) mod schema;
#[cfg(test)]
mod tests;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use data_encoding::BASE64URL_NOPAD;
use rusqlite::{Connection, OptionalExtension, named_params};
use serde_json::Value;

use super::error::{Doing, StoreError};
use super::input::{InputError, MAX_SIZE};
use super::layout;
use super::owner::owned;
use crate::approvals::findings::remark::Remark;
use crate::approvals::model::stored::Stored;
use crate::deadline::Deadline;
use crate::system::{Facts, permissions, unavailable};

use open::{beside, error, reading, real, writing};
use row::{NewSocket, Row, changed_agents};
pub use schema::{BEFORE, KNOWN};

/// The suffix of the database's path in the name of its document.
pub const FRAGMENT: &str = "#exec_approvals_config";

/// A store in a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Database {
    path: PathBuf,
}

/// A database that no other process can write to until this is dropped: an immediate transaction.
#[derive(Debug)]
pub struct LockedDatabase {
    path: PathBuf,
    real: PathBuf,
    /// The identity of the file that the connection has open.
    opened: (u64, u64),
    connection: Connection,
    deadline: Deadline,
}

impl Database {
    /// The store in the database at a path.
    pub fn at(path: PathBuf) -> Self {
        Self { path }
    }

    /// The database's path as given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The name of the store, as in OpenClaw's own commands.
    pub fn name(&self) -> String {
        format!("{}{FRAGMENT}", self.path.display())
    }

    /// The version of its schema.
    pub fn version(&self, deadline: Deadline) -> Result<i64, StoreError> {
        reading(&self.path, deadline, |connection| self.version_in(connection, deadline))
    }

    /// Reads the store. A database without a document is not an error.
    ///
    /// If the schema is newer than the known ones, only an existing document is returned: a missing one may have moved
    /// elsewhere.
    pub fn read(&self, deadline: Deadline) -> Result<Stored, StoreError> {
        reading(&self.path, deadline, |connection| {
            let version = self.version_in(connection, deadline)?;
            if version < *KNOWN.start() {
                return Err(self.unknown(version));
            }
            let stored = row(connection, &self.path, deadline);
            match stored {
                _ if KNOWN.contains(&version) => stored,
                Ok(stored) if stored.text().is_some() => Ok(stored),
                _ => Err(self.unknown(version)),
            }
        })
    }

    /// Remarks beside its document.
    pub fn remarks(&self, deadline: Deadline) -> Vec<Remark> {
        let mut remarks = Vec::new();
        if let Some(json) = self.leftover() {
            let error = StoreError::Leftover { json, database: self.path.clone() };
            remarks.push(Remark { message: error.to_string(), remedy: error.remedy() });
        }
        if let Ok(version) = self.version(deadline)
            && version > *KNOWN.end()
        {
            let error = self.unknown(version);
            remarks.push(Remark { message: error.to_string(), remedy: error.remedy() });
        }
        remarks
    }

    /// Whether its document could be replaced, as far as this can be determined without writing.
    pub fn replaceable(&self, deadline: Deadline) -> Result<(), StoreError> {
        owned(&real(&self.path)?)?;
        reading(&self.path, deadline, |connection| self.writable(connection, deadline))
    }

    /// Waits until no other process writes to the database. The gateway in turn waits for at most 5 seconds.
    pub fn lock(&self, deadline: Deadline) -> Result<LockedDatabase, StoreError> {
        let real = real(&self.path)?;
        owned(&real)?;
        let opened = self.found(&real)?;
        let connection = writing(&self.path, deadline)?;
        let locked = LockedDatabase { path: self.path.clone(), real, opened, connection, deadline };
        locked.begin()?;
        self.writable(&locked.connection, deadline)?;
        Ok(locked)
    }

    /// The JSON file of an earlier release beside the database, or the file that an interrupted import left of it.
    fn leftover(&self) -> Option<PathBuf> {
        layout::leftovers(&self.path).into_iter().find(|json| json.symlink_metadata().is_ok())
    }

    fn writable(&self, connection: &Connection, deadline: Deadline) -> Result<(), StoreError> {
        let version = self.version_in(connection, deadline)?;
        if !KNOWN.contains(&version) {
            return Err(self.unknown(version));
        }
        if schema::is_supervised(connection)
            .map_err(|cause| error(&self.path, Doing::Reading, deadline, cause))?
        {
            return Err(StoreError::Supervised(self.path.clone()));
        }
        match self.leftover() {
            Some(json) => Err(StoreError::Leftover { json, database: self.path.clone() }),
            None => Ok(()),
        }
    }

    fn version_in(&self, connection: &Connection, deadline: Deadline) -> Result<i64, StoreError> {
        schema::version(connection).map_err(|cause| error(&self.path, Doing::Reading, deadline, cause))
    }

    fn unknown(&self, version: i64) -> StoreError {
        StoreError::Schema { path: self.path.clone(), version }
    }

    fn found(&self, real: &Path) -> Result<(u64, u64), StoreError> {
        let found = fs::metadata(real);
        found
            .and_then(|found| found.identity().ok_or_else(|| unavailable("replacing a store")))
            .map_err(|cause| StoreError::Write { path: self.path.clone(), cause })
    }
}

impl LockedDatabase {
    /// Reads the store.
    pub fn read(&self) -> Result<Stored, StoreError> {
        row(&self.connection, &self.path, self.deadline)
    }

    /// Restricts the permissions of the database to its owner, as the gateway does when it writes.
    pub fn make_private(&self) -> Result<(), StoreError> {
        for suffix in ["", "-wal", "-shm"] {
            let file = beside(&self.real, suffix);
            // SQLite creates and removes the other files as it needs them.
            let Ok(found) = fs::metadata(&file) else { continue };
            if found.mode_bits().is_none_or(|mode| mode & 0o777 != 0o600) {
                permissions(0o600)
                    .and_then(|private| fs::set_permissions(&file, private))
                    .map_err(|cause| StoreError::Write { path: file, cause })?;
            }
        }
        Ok(())
    }

    /// Writes `text` in the gateway's form to the row, if it still contains `expected`. The stored text may therefore
    /// differ: a missing socket block is filled in, and fields that no gateway keeps are removed.
    pub fn replace(&self, expected: &Stored, text: &str) -> Result<Stored, StoreError> {
        self.begin()?;
        let found = self.read()?;
        if found != *expected {
            let (expected, found) = (expected.hash(), found.hash());
            return Err(StoreError::Conflict { path: self.path.clone(), expected, found });
        }
        let row = Row::of(text.as_bytes(), self.socket(&found)?)
            .map_err(|error| StoreError::Unstorable { path: self.path.clone(), error })?;
        if found.text() == Some(row.text.as_bytes()) {
            return Ok(found);
        }
        self.fenced(&found, &row)?;
        self.make_private()?;
        self.write(&row).map_err(|cause| self.error(cause))?;
        let stored = self.read()?;
        if stored.text() != Some(row.text.as_bytes()) {
            return Err(StoreError::Overwritten { path: self.path.clone() });
        }
        self.connection.execute_batch("COMMIT").map_err(|cause| self.error(cause))?;
        // If the file lost its name in the meantime, the write had no effect.
        match fs::metadata(&self.real) {
            Ok(found) if found.identity() == Some(self.opened) => Ok(stored),
            _ => Err(StoreError::Overwritten { path: self.path.clone() }),
        }
    }

    fn begin(&self) -> Result<(), StoreError> {
        if !self.connection.is_autocommit() {
            return Ok(());
        }
        self.connection.execute_batch("BEGIN IMMEDIATE").map_err(|cause| self.error(cause))
    }

    /// OpenClaw keeps the rules of an agent that it is deleting, so clearance keeps them too.
    fn fenced(&self, found: &Stored, row: &Row) -> Result<(), StoreError> {
        for agent in changed_agents(found.text(), &row.text) {
            if schema::is_deleted(&self.connection, &agent).map_err(|cause| self.error(cause))? {
                return Err(StoreError::Fenced { path: self.path.clone(), agent });
            }
        }
        Ok(())
    }

    fn write(&self, row: &Row) -> rusqlite::Result<()> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        self.connection.execute(
            "INSERT INTO exec_approvals_config (config_key, raw_json, socket_path, has_socket_token, default_security,
               default_ask, default_ask_fallback, auto_allow_skills, agent_count, allowlist_count, updated_at_ms)
             VALUES ('current', :raw_json, :socket_path, :has_socket_token, :default_security,
               :default_ask, :default_ask_fallback, :auto_allow_skills, :agent_count, :allowlist_count, :updated_at_ms)
             ON CONFLICT (config_key) DO UPDATE SET raw_json = excluded.raw_json, socket_path = excluded.socket_path,
               has_socket_token = excluded.has_socket_token, default_security = excluded.default_security,
               default_ask = excluded.default_ask, default_ask_fallback = excluded.default_ask_fallback,
               auto_allow_skills = excluded.auto_allow_skills, agent_count = excluded.agent_count,
               allowlist_count = excluded.allowlist_count, updated_at_ms = excluded.updated_at_ms",
            named_params! {
                ":raw_json": row.text,
                ":socket_path": row.socket_path,
                ":has_socket_token": row.has_socket_token,
                ":default_security": row.default_security,
                ":default_ask": row.default_ask,
                ":default_ask_fallback": row.default_ask_fallback,
                ":auto_allow_skills": row.auto_allow_skills,
                ":agent_count": count(row.agent_count),
                ":allowlist_count": count(row.allowlist_count),
                ":updated_at_ms": i64::try_from(now).unwrap_or(i64::MAX),
            },
        )?;
        Ok(())
    }

    /// The socket block for a document that has none: the stored one, else the one that a gateway would create.
    fn socket(&self, found: &Stored) -> Result<Option<NewSocket>, StoreError> {
        let Some(state) = layout::state_of(&self.path) else { return Ok(None) };
        let stored: Value =
            found.text().and_then(|text| serde_json::from_slice(text).ok()).unwrap_or_default();
        let of_stored = |field: &str| {
            let text = stored.get("socket")?.get(field)?.as_str()?;
            (!text.trim().is_empty()).then(|| text.to_owned())
        };
        let mut random = [0; 24];
        rustls::crypto::ring::default_provider().secure_random.fill(&mut random).map_err(|_| {
            let cause = std::io::Error::other("the system returned no random numbers");
            StoreError::Write { path: self.path.clone(), cause }
        })?;
        Ok(Some(NewSocket {
            path: of_stored("path")
                .unwrap_or_else(|| state.join("exec-approvals.sock").display().to_string()),
            token: of_stored("token").unwrap_or_else(|| BASE64URL_NOPAD.encode(&random)),
        }))
    }

    fn error(&self, cause: rusqlite::Error) -> StoreError {
        error(&self.path, Doing::Writing, self.deadline, cause)
    }
}

/// The row's text, limited in size.
fn row(connection: &Connection, path: &Path, deadline: Deadline) -> Result<Stored, StoreError> {
    let failed = |cause| error(path, Doing::Reading, deadline, cause);
    let of_row =
        |what: &str| format!("SELECT {what} FROM exec_approvals_config WHERE config_key = 'current'");
    let size: Option<i64> = connection
        .query_row(&of_row("octet_length(raw_json)"), [], |row| row.get(0))
        .optional()
        .map_err(failed)?;
    match size {
        None => Ok(Stored::missing()),
        Some(size) if u64::try_from(size).is_ok_and(|size| size <= MAX_SIZE.as_u64()) => {
            let text =
                |row: &rusqlite::Row<'_>| row.get_ref(0).map(|text| text.as_bytes().map(<[u8]>::to_vec));
            let text = connection.query_row(&of_row("raw_json"), [], text).map_err(failed)?;
            text.map(Stored::holding).map_err(|cause| failed(cause.into()))
        }
        Some(_) => Err(InputError::TooLarge { name: path.display().to_string(), limit: MAX_SIZE }.into()),
    }
}
