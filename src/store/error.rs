//! All errors of stores, with the next step for each. All kinds of store share one type, so that a command handles a
//! file and a database alike.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use bytesize::ByteSize;
use thiserror::Error;

use super::input::{InputError, MAX_SIZE};
use super::shell::quoted;
use super::sqlite::row::RowError;
use super::sqlite::schema;
use crate::system::RUN_ON_UNIX;

/// Why a store was not read or not changed. Unless a variant states otherwise, the old document is unchanged.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The store could not be read.
    #[error(transparent)]
    Input(#[from] InputError),
    /// The stored document differs from the one that the change was based on.
    #[error("the document in {path} changed: its hash is {found}, expected {expected}")]
    Conflict {
        /// The store.
        path: PathBuf,
        /// The hash that the change was based on.
        expected: String,
        /// The current hash.
        found: String,
    },
    /// This host's store could be in two places.
    #[error("this host may keep its document in {0} or in {1}")]
    Ambiguous(PathBuf, PathBuf),
    /// The host keeps its document in a database.
    #[error("this host keeps its document in {database}, not in {json}")]
    Database {
        /// The database.
        database: PathBuf,
        /// The file that must not be written.
        json: PathBuf,
    },
    /// The file of an earlier release lies beside the database.
    #[error(
        "{json} is left over from before 2026.8: while it exists, the gateway of {database} runs no commands"
    )]
    Leftover {
        /// The file.
        json: PathBuf,
        /// The database.
        database: PathBuf,
    },
    /// The schema version of the database is unknown, or belongs to a release that keeps its document elsewhere.
    #[error("the database {path} has schema version {version}; the known versions are {} to {} (OpenClaw 2026.8.1 to 2026.9.6)", schema::KNOWN.start(), schema::KNOWN.end())]
    Schema {
        /// The database.
        path: PathBuf,
        /// Its schema version.
        version: i64,
    },
    /// An external supervisor has claimed the right to write.
    #[error("the database {0} has an external supervisor, and only that supervisor may write to it")]
    Supervised(PathBuf),
    /// OpenClaw is deleting an agent whose rules would change.
    #[error(
        "the rules of agent {agent:?} in {path} cannot be changed: OpenClaw is deleting the agent, or has deleted it"
    )]
    Fenced {
        /// The database.
        path: PathBuf,
        /// The agent.
        agent: String,
    },
    /// SQLite returned an error.
    #[error("cannot {} the database {path}: {cause}", match .doing { Doing::Reading => "read", Doing::Writing => "write to" })]
    Sqlite {
        /// The database.
        path: PathBuf,
        /// Whether the database was read or written. A failed write changed nothing.
        doing: Doing,
        /// The SQLite error.
        cause: Box<rusqlite::Error>,
    },
    /// The text to store cannot be converted to a row.
    #[error("cannot store in {path}: {error}")]
    Unstorable {
        /// The database.
        path: PathBuf,
        /// The reason.
        error: RowError,
    },
    /// The new text is larger than the limit for reading.
    #[error("the new document in {path} would have {size}, and no more than {MAX_SIZE} are read back")]
    TooLarge {
        /// The store.
        path: PathBuf,
        /// The size of the text.
        size: ByteSize,
    },
    /// The file has other names, which would keep the old document.
    #[error("{path} has {} (hard links), which would keep the old document", other_names(*.links))]
    HardLinked {
        /// The store.
        path: PathBuf,
        /// The total number of names of the file.
        links: u64,
    },
    /// The file is marked as immutable or append-only.
    #[error("{0} is marked as immutable or append-only")]
    Immutable(PathBuf),
    /// An attribute of the file could not be copied to the new one.
    #[error("cannot keep {what} of {path}: {cause}")]
    Unkept {
        /// The store.
        path: PathBuf,
        /// The attribute that would be lost.
        what: String,
        /// The system error.
        cause: io::Error,
    },
    /// There is no home directory to search.
    #[error("no home directory: neither OPENCLAW_HOME, HOME nor USERPROFILE is set")]
    NoHome,
    /// The directory of the store does not exist.
    #[error("the directory {0} does not exist")]
    NoDirectory(PathBuf),
    /// The store belongs to another user.
    #[error("{path} belongs to user {owner}, and you are user {user}")]
    Owner {
        /// The store, or its directory.
        path: PathBuf,
        /// The owner's user id.
        owner: u32,
        /// The caller's effective user id.
        user: u32,
    },
    /// Another process held the lock until the deadline.
    #[error("another process holds {path}: waited {timeout:?}")]
    Locked {
        /// The lock.
        path: PathBuf,
        /// The time limit.
        timeout: Duration,
    },
    /// The new text could not be written.
    #[error("cannot write {path}: {cause}")]
    Write {
        /// The store.
        path: PathBuf,
        /// The system error.
        cause: io::Error,
    },
    /// The new document is in place, but a power loss may still undo the write.
    #[error("{path} holds the new document, but its directory could not be flushed: {cause}")]
    Unflushed {
        /// The store.
        path: PathBuf,
        /// The system error.
        cause: io::Error,
    },
    /// The text that was read back differs from the one that was written.
    #[error("{path} does not contain what was written: another program changed it immediately")]
    Overwritten {
        /// The store.
        path: PathBuf,
    },
    /// Other programs wrote twice during the replacement. Nothing was deleted.
    #[error("{path} was changed several times during the write; its previous content is kept in {kept}")]
    Displaced {
        /// The store.
        path: PathBuf,
        /// The copy of the previous content.
        kept: PathBuf,
    },
}

fn other_names(links: u64) -> String {
    match links.saturating_sub(1) {
        1 => "another name".to_owned(),
        more => format!("{more} other names"),
    }
}

/// The operation that failed, for the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doing {
    /// A read, which cannot change anything.
    Reading,
    /// A write. Nothing has changed: the transaction was not committed.
    Writing,
}

impl StoreError {
    /// The next step for the user.
    pub fn remedy(&self) -> Option<String> {
        match self {
            Self::Input(error) => error.remedy_unlimited(),
            Self::Conflict { .. } | Self::Overwritten { .. } => {
                Some("read it again (clearance approvals get), make your change to it, and set it".to_owned())
            }
            Self::Ambiguous(..) => Some(
                "select one with --store PATH: releases up to 2026.4 use the one below the home directory, regardless of OPENCLAW_STATE_DIR"
                    .to_owned(),
            ),
            Self::Database { .. } => Some(
                "leave out --store, or name the database with it; a file is read with --file, and one beside the database stops the gateway".to_owned(),
            ),
            Self::Leftover { .. } => Some(
                "run openclaw doctor --fix on this host: it imports the file, or reports what to compare".to_owned(),
            ),
            Self::Schema { version, .. } if *version == schema::BEFORE => Some(
                "releases up to 2026.7 keep their document in exec-approvals.json of the state directory: name it with --store".to_owned(),
            ),
            Self::Schema { version, .. } if version > schema::KNOWN.end() => {
                Some("go through the gateway (--gateway), or update clearance".to_owned())
            }
            Self::Schema { .. } => Some("start OpenClaw once on this host, or run openclaw doctor".to_owned()),
            Self::Supervised(_) => Some("go through the gateway: --gateway".to_owned()),
            Self::Fenced { .. } => {
                Some("keep that agent's rules as they are, or wait until it is deleted, then set it again".to_owned())
            }
            Self::Sqlite { cause, .. } => sqlite_remedy(cause),
            Self::Unstorable { .. } => None,
            Self::TooLarge { .. } => {
                Some("nothing was changed: remove entries first (clearance approvals lint --fix)".to_owned())
            }
            Self::HardLinked { path, .. } => Some(format!(
                "nothing was changed: give the file a single name, then run this again: cp -a {0} {0}.single && mv {0}.single {0}",
                quoted(path)
            )),
            Self::Immutable(path) => Some(format!("remove the flag, and restore it afterwards: chattr -i -a {}", quoted(path))),
            Self::Unkept { path, .. } => Some(format!(
                "nothing was changed: run as a user who may set it (sudo -u '#0' clearance …), or remove it first: getfattr -d -m - {0}; ls -l {0}",
                quoted(path)
            )),
            Self::NoHome => Some("name the store with --store PATH".to_owned()),
            Self::NoDirectory(path) => Some(format!(
                "start OpenClaw once on this host, create the directory (mkdir -m 700 {}), or name the store with --store PATH",
                quoted(path)
            )),
            Self::Owner { owner, .. } => Some(format!("run as that user: sudo -u '#{owner}' clearance …")),
            Self::Locked { .. } => Some("wait until it has ended, or raise --timeout".to_owned()),
            Self::Write { path, cause } => Some(match cause.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                    "the old document is unchanged: free some space, then set it again".to_owned()
                }
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => format!(
                    "the old document is unchanged: make the directory of {} writable for you, then set it again",
                    path.display()
                ),
                io::ErrorKind::Unsupported if !cfg!(unix) => format!("nothing was changed: {RUN_ON_UNIX}"),
                _ => "the old document is unchanged: fix the cause, then set it again".to_owned(),
            }),
            Self::Unflushed { .. } => Some("it will be lost only if the machine fails now; fix the directory".to_owned()),
            Self::Displaced { .. } => Some("compare the two files and keep what you need".to_owned()),
        }
    }
}

fn sqlite_remedy(cause: &rusqlite::Error) -> Option<String> {
    use rusqlite::ErrorCode as Code;
    let remedy = match cause.sqlite_error_code()? {
        Code::DiskFull => "the old document is unchanged: free some space, then set it again",
        Code::ReadOnly | Code::CannotOpen | Code::PermissionDenied => {
            "check that you own the database and its directory, and that its -wal file was copied with it"
        }
        Code::DatabaseCorrupt => "run openclaw doctor, or restore a backup of the state directory",
        Code::NotADatabase => "check that it is the right file",
        _ => return None,
    };
    Some(remedy.to_owned())
}
