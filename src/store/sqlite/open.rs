//! Opens the database, either for reading without changing a byte or for writing. Both end at the deadline.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};
use url::Url;

use super::super::error::{Doing, StoreError};
use super::super::input::InputError;
use crate::deadline::Deadline;
use crate::system::{Facts, unavailable};

/// Number of steps of SQLite's virtual machine between two checks of the deadline: some tens of microseconds.
const STEPS: i32 = 1_000;
/// Time before a database that changed is read again.
const RETRY: Duration = Duration::from_millis(10);

/// Runs `work` on a connection that changes nothing, including the files beside the database.
///
/// In WAL mode even a reader would create `-wal` and `-shm` files, and leave them. So a database without either is read
/// as `immutable`, and the result counts only if the database did not change meanwhile. If there is a log, a gateway is
/// running or was killed: then the log is read with the database.
pub(super) fn reading<T>(
    path: &Path,
    deadline: Deadline,
    work: impl Fn(&Connection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let real = real(path)?;
    loop {
        let before = State::of(&real)?;
        let connection = open(&real, before.at_rest(), OpenFlags::SQLITE_OPEN_READ_ONLY, deadline)
            .map_err(|cause| error(path, Doing::Reading, deadline, cause))?;
        let result = work(&connection);
        if !before.at_rest() || State::of(&real)? == before {
            return result;
        }
        if !deadline.pause(RETRY) {
            return Err(timed_out(path, deadline));
        }
    }
}

/// A connection that may write. It does not create a missing database.
pub(super) fn writing(path: &Path, deadline: Deadline) -> Result<Connection, StoreError> {
    let real = real(path)?;
    let connection = open(&real, false, OpenFlags::SQLITE_OPEN_READ_WRITE, deadline)
        .map_err(|cause| error(path, Doing::Writing, deadline, cause))?;
    // A document that was reported as stored must survive a power loss; with the gateway's own setting the last writes
    // may be lost.
    connection
        .pragma_update(None, "synchronous", "EXTRA")
        .map_err(|cause| error(path, Doing::Writing, deadline, cause))?;
    Ok(connection)
}

fn open(real: &Path, immutable: bool, access: OpenFlags, deadline: Deadline) -> rusqlite::Result<Connection> {
    let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let mut address =
        Url::from_file_path(real).map_err(|()| rusqlite::Error::InvalidPath(real.to_owned()))?;
    if immutable {
        address.set_query(Some("immutable=1"));
    }
    let mut connection = Connection::open_with_flags(address.as_str(), flags)?;
    // A time that is longer than SQLite can count is replaced by a day.
    connection.busy_timeout(deadline.left().unwrap_or_default().min(Duration::from_hours(24)))?;
    connection.progress_handler(STEPS, Some(move || deadline.left().is_none()))?;
    // The file is not trusted: its schema must not call functions, and its cells are checked.
    connection.execute_batch("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;")?;
    Ok(connection)
}

/// Detects whether a database and its logs have changed.
#[derive(Debug, PartialEq, Eq)]
struct State {
    identity: (u64, u64),
    size: u64,
    changed: [i64; 4],
    logs: [u64; 2],
}

impl State {
    fn of(real: &Path) -> Result<Self, StoreError> {
        let found = fs::metadata(real).map_err(|cause| of_io(real, cause))?;
        let log = |suffix| fs::metadata(beside(real, suffix)).map_or(0, |log| log.len());
        let (Some(identity), Some(changed)) = (found.identity(), found.times()) else {
            return Err(of_io(real, unavailable("reading a database without changing it")));
        };
        Ok(Self { identity, size: found.len(), changed, logs: [log("-wal"), log("-journal")] })
    }

    fn at_rest(&self) -> bool {
        self.logs == [0, 0]
    }
}

/// A file that SQLite keeps beside a database.
pub(super) fn beside(real: &Path, suffix: &str) -> PathBuf {
    let mut name = real.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// The file with links resolved: SQLite keeps its logs beside that file.
pub(super) fn real(path: &Path) -> Result<PathBuf, StoreError> {
    path.canonicalize().map_err(|cause| of_io(path, cause))
}

fn of_io(path: &Path, cause: io::Error) -> StoreError {
    let name = path.display().to_string();
    StoreError::Input(match cause.kind() {
        io::ErrorKind::NotFound => InputError::Missing(name),
        _ => InputError::Io { name, cause },
    })
}

/// Converts an SQLite error to one of ours.
pub(super) fn error(path: &Path, doing: Doing, deadline: Deadline, cause: rusqlite::Error) -> StoreError {
    match cause.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            StoreError::Locked { path: path.to_owned(), timeout: deadline.timeout() }
        }
        Some(ErrorCode::OperationInterrupted) => timed_out(path, deadline),
        _ => StoreError::Sqlite { path: path.to_owned(), doing, cause: Box::new(cause) },
    }
}

fn timed_out(path: &Path, deadline: Deadline) -> StoreError {
    StoreError::Input(InputError::TimedOut { name: path.display().to_string(), timeout: deadline.timeout() })
}
