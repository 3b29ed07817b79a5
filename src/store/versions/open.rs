//! Opens the database, creates it, and limits every wait.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::super::private;
use super::error::VersionsError;
use super::limits::{LIMITS, Limits};
use crate::deadline::Deadline;
use crate::system::{create_private, create_private_directory};

/// The longest wait for another process. An edit is not delayed for longer by its versions.
const PATIENCE: Duration = Duration::from_secs(2);
/// The wait for a process that was waited for without success a moment ago: a command opens the database several times.
const AGAIN: Duration = Duration::from_millis(50);
/// How long that moment is.
const MOMENT: Duration = Duration::from_secs(10);
/// The databases that were waited for without success, and when.
static BUSY: Mutex<Vec<(PathBuf, Instant)>> = Mutex::new(Vec::new());
/// Number of steps of SQLite's virtual machine between two checks of the deadline.
const STEPS: i32 = 1_000;
/// Marks a database as one of clearance's versions: "clrv".
const APPLICATION: i64 = 0x636c_7276;
/// The version of the schema.
const SCHEMA: i64 = 1;

const TABLES: &str = "
CREATE TABLE version (
  id INTEGER PRIMARY KEY, target TEXT NOT NULL, place TEXT NOT NULL, hash TEXT NOT NULL, state TEXT NOT NULL,
  digest TEXT NOT NULL, text TEXT, at_ms INTEGER NOT NULL, writer TEXT, seen_by TEXT NOT NULL, link TEXT NOT NULL
) STRICT;
CREATE INDEX version_of_target ON version (target, id);
CREATE TABLE chain (
  one INTEGER PRIMARY KEY CHECK (one = 1), base_id INTEGER NOT NULL, base_link TEXT NOT NULL,
  head_id INTEGER NOT NULL, head_link TEXT NOT NULL
) STRICT;
CREATE TABLE entry (
  target TEXT NOT NULL, agent TEXT NOT NULL, pattern TEXT NOT NULL, arg_pattern TEXT NOT NULL, source TEXT NOT NULL,
  note TEXT, until_ms INTEGER, at_ms INTEGER NOT NULL, removed_ms INTEGER,
  PRIMARY KEY (target, agent, pattern, arg_pattern, source)
) STRICT, WITHOUT ROWID;";

/// The database of versions. Nothing is opened before it is used.
#[derive(Debug, Clone)]
pub struct Versions {
    pub(super) directory: PathBuf,
    pub(super) limits: Limits,
}

/// What the database was opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doing {
    Reading,
    Writing,
}

/// What a file is.
enum Kind {
    Empty,
    Ours,
}

impl Versions {
    /// The database in a directory, which is created when the first version is kept.
    pub fn at(directory: PathBuf) -> Self {
        Self { directory, limits: LIMITS }
    }

    /// The database with other limits.
    #[cfg(test)]
    pub(super) fn limited(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// The file of the database.
    pub fn path(&self) -> PathBuf {
        self.directory.join("versions.sqlite")
    }

    /// A connection that may write. The database is created if it does not exist.
    pub(super) fn writing(&self, deadline: Deadline) -> Result<Connection, VersionsError> {
        let (directory, path) = (&self.directory, self.path());
        create_private_directory(directory)
            .map_err(|cause| VersionsError::Directory { path: directory.clone(), cause })?;
        private::check(directory)?;
        self.created(&path)?;
        private::check(&path)?;
        let failed = |cause| self.error(Doing::Writing, deadline, cause);
        let mut connection = open(&path, OpenFlags::SQLITE_OPEN_READ_WRITE, deadline).map_err(failed)?;
        match self.kind(&connection, deadline)? {
            Kind::Ours => {}
            Kind::Empty => self.begin(&mut connection, deadline)?,
        }
        Ok(connection)
    }

    /// Runs `work` on a connection for reading. Without a database the result is `nothing`.
    pub(super) fn reading<T>(
        &self,
        deadline: Deadline,
        nothing: impl FnOnce() -> T,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, VersionsError> {
        let path = self.path();
        match path.symlink_metadata() {
            Ok(found) if !found.is_file() => return Err(VersionsError::NotFile(path)),
            Ok(found) if found.len() > 0 => {}
            Ok(_) => return Ok(nothing()),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(nothing()),
            Err(cause) => return Err(VersionsError::Sqlite { path, cause: cause.to_string() }),
        }
        private::check(&path)?;
        let failed = |cause| self.error(Doing::Reading, deadline, cause);
        // After a crash the reader has to roll back. Where it must not write, SQLite opens the file for reading.
        let connection = open(&path, OpenFlags::SQLITE_OPEN_READ_WRITE, deadline).map_err(failed)?;
        match self.kind(&connection, deadline)? {
            Kind::Empty => Ok(nothing()),
            Kind::Ours => work(&connection).map_err(failed),
        }
    }

    /// Creates an empty file for this user alone, if there is none.
    fn created(&self, path: &Path) -> Result<(), VersionsError> {
        match path.symlink_metadata() {
            Ok(found) if found.is_file() => return Ok(()),
            Ok(_) => return Err(VersionsError::NotFile(path.to_owned())),
            Err(_) => {}
        }
        match create_private(path) {
            Ok(_) => Ok(()),
            // Another process was faster.
            Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            Err(cause) => Err(match cause.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                    VersionsError::Full(path.to_owned())
                }
                _ => VersionsError::Directory { path: self.directory.clone(), cause },
            }),
        }
    }

    fn kind(&self, connection: &Connection, deadline: Deadline) -> Result<Kind, VersionsError> {
        let number = |pragma: &str| connection.query_row(pragma, [], |row| row.get::<_, i64>(0));
        let read = (|| {
            Ok((
                number("PRAGMA application_id")?,
                number("PRAGMA user_version")?,
                number("SELECT count(*) FROM sqlite_schema")?,
            ))
        })();
        let path = self.path();
        match read.map_err(|cause| self.error(Doing::Reading, deadline, cause))? {
            (APPLICATION, SCHEMA, _) => Ok(Kind::Ours),
            (APPLICATION, later, _) if later > SCHEMA => Err(VersionsError::Newer(path)),
            (0, 0, 0) => Ok(Kind::Empty),
            _ => Err(VersionsError::Foreign(path)),
        }
    }

    /// Makes the tables, unless another process has made them meanwhile.
    fn begin(&self, connection: &mut Connection, deadline: Deadline) -> Result<(), VersionsError> {
        let failed = |cause| self.error(Doing::Writing, deadline, cause);
        let transaction =
            connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).map_err(failed)?;
        if let Kind::Empty = self.kind(&transaction, deadline)? {
            let pragmas = format!("PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {SCHEMA};");
            transaction.execute_batch(&format!("{TABLES}{pragmas}")).map_err(failed)?;
        }
        transaction.commit().map_err(failed)
    }

    /// Converts an error of SQLite to one of ours.
    pub(super) fn error(&self, doing: Doing, deadline: Deadline, cause: rusqlite::Error) -> VersionsError {
        let path = self.path();
        match cause.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                waited_for(&path);
                VersionsError::Busy { path, timeout: deadline.timeout().min(PATIENCE) }
            }
            Some(ErrorCode::OperationInterrupted) => {
                VersionsError::Unfinished { path, timeout: deadline.timeout() }
            }
            Some(ErrorCode::NotADatabase) => VersionsError::Foreign(path),
            Some(ErrorCode::DatabaseCorrupt) => VersionsError::Damaged { path, cause: message(cause) },
            Some(ErrorCode::DiskFull) => VersionsError::Full(path),
            _ if is_of_the_schema(&cause) || (doing == Doing::Reading && is_of_a_value(&cause)) => {
                VersionsError::Damaged { path, cause: message(cause) }
            }
            _ => VersionsError::Sqlite { path, cause: message(cause) },
        }
    }
}

/// Whether a value is not as clearance writes it.
fn is_of_a_value(cause: &rusqlite::Error) -> bool {
    matches!(cause, rusqlite::Error::FromSqlConversionFailure(..) | rusqlite::Error::InvalidColumnType(..))
}

/// Whether a table or a column is not as clearance makes it.
fn is_of_the_schema(cause: &rusqlite::Error) -> bool {
    /// `SQLITE_ERROR`, of a statement that does not fit the tables.
    const STATEMENT: i32 = 1;
    match cause {
        rusqlite::Error::SqlInputError { .. } => true,
        rusqlite::Error::SqliteFailure(failure, _) => failure.extended_code == STATEMENT,
        _ => false,
    }
}

/// SQLite's message, without the statement.
fn message(cause: rusqlite::Error) -> String {
    match cause {
        rusqlite::Error::SqlInputError { msg, .. } => msg,
        cause => cause.to_string(),
    }
}

fn waited_for(path: &Path) {
    let mut busy = BUSY.lock().unwrap_or_else(PoisonError::into_inner);
    busy.retain(|(other, _)| other != path);
    busy.push((path.to_owned(), Instant::now()));
}

/// How long another process is waited for.
fn patience(path: &Path) -> Duration {
    let mut busy = BUSY.lock().unwrap_or_else(PoisonError::into_inner);
    busy.retain(|(_, since)| since.elapsed() < MOMENT);
    if busy.iter().any(|(other, _)| other == path) { AGAIN } else { PATIENCE }
}

/// The wait for other processes is short; work that needs longer has until the deadline.
fn open(path: &Path, access: OpenFlags, deadline: Deadline) -> rusqlite::Result<Connection> {
    let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(deadline.at_most(patience(path)).left().unwrap_or_default())?;
    connection.progress_handler(STEPS, Some(move || deadline.left().is_none()))?;
    // The file is not trusted: its schema must not call functions, and its cells are checked. A version that was reported
    // as kept survives a power loss.
    connection.execute_batch(
        "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA synchronous = FULL;",
    )?;
    Ok(connection)
}
