//! Everything that can go wrong with a store, and what to do next. All kinds of store share one type, so that a command
//! handles a file and a database alike.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use bytesize::ByteSize;
use thiserror::Error;

use super::input::{InputError, MAX_SIZE};
use super::shell::quoted;
use super::sqlite::row::RowError;
use super::sqlite::schema;

/// Why a store was not read or not changed. Unless it says otherwise, the document that was there still is.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The store could not be read.
    #[error(transparent)]
    Input(#[from] InputError),
    /// The document is not the one that the change was made for.
    #[error("the document in {path} changed: its hash is {found}, expected {expected}")]
    Conflict {
        /// The store.
        path: PathBuf,
        /// The hash that the change was made for.
        expected: String,
        /// The hash that is there.
        found: String,
    },
    /// Two places could be this host's store.
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
        "{json} is left over from before 2026.8: while it is there, the gateway of {database} runs no commands"
    )]
    Leftover {
        /// The file.
        json: PathBuf,
        /// The database.
        database: PathBuf,
    },
    /// A database of a release that nobody has looked at, or of one that keeps its document elsewhere.
    #[error("the database {path} has schema version {version}, and those that are known are {} to {} (OpenClaw 2026.8.1 to 2026.9.6)", schema::KNOWN.start(), schema::KNOWN.end())]
    Schema {
        /// The database.
        path: PathBuf,
        /// Its version.
        version: i64,
    },
    /// Somebody else has claimed the right to write.
    #[error("the database {0} is supervised from outside, and may be written by its supervisor alone")]
    Supervised(PathBuf),
    /// OpenClaw deletes an agent whose rules would change.
    #[error(
        "the rules of agent {agent:?} in {path} cannot be changed: OpenClaw is deleting the agent, or has deleted it"
    )]
    Fenced {
        /// The database.
        path: PathBuf,
        /// The agent.
        agent: String,
    },
    /// SQLite refused.
    #[error("cannot {} the database {path}: {cause}", match .doing { Doing::Reading => "read", Doing::Writing => "write to" })]
    Sqlite {
        /// The database.
        path: PathBuf,
        /// Whether anything could have changed; it has not.
        doing: Doing,
        /// SQLite's reason.
        cause: Box<rusqlite::Error>,
    },
    /// What should be stored makes no row.
    #[error("cannot store in {path}: {error}")]
    Unstorable {
        /// The database.
        path: PathBuf,
        /// Why not.
        error: RowError,
    },
    /// The new text is larger than what is read.
    #[error("the new document in {path} would have {size}, and no more than {MAX_SIZE} are read back")]
    TooLarge {
        /// The store.
        path: PathBuf,
        /// The size of the text.
        size: ByteSize,
    },
    /// The file has other names, which would go on to show the old document.
    #[error("{path} has {} (hard links), which would keep the old document", other_names(*.links))]
    HardLinked {
        /// The store.
        path: PathBuf,
        /// How many names the file has in all.
        links: u64,
    },
    /// The file is marked as never changing.
    #[error("{0} is marked as immutable or append-only")]
    Immutable(PathBuf),
    /// Something of the file itself could not be given to the new one.
    #[error("cannot keep {what} of {path}: {cause}")]
    Unkept {
        /// The store.
        path: PathBuf,
        /// What would be lost.
        what: String,
        /// The system's reason.
        cause: io::Error,
    },
    /// No home directory to look in.
    #[error("no home directory: neither OPENCLAW_HOME, HOME nor USERPROFILE is set")]
    NoHome,
    /// The directory that should hold the store is not there.
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
        /// The whole time allowed.
        timeout: Duration,
    },
    /// The new text could not be written.
    #[error("cannot write {path}: {cause}")]
    Write {
        /// The store.
        path: PathBuf,
        /// The system's reason.
        cause: io::Error,
    },
    /// The new document is in place, and a power loss may still undo that.
    #[error("{path} holds the new document, but its directory could not be flushed: {cause}")]
    Unflushed {
        /// The store.
        path: PathBuf,
        /// The system's reason.
        cause: io::Error,
    },
    /// What was written was not there when it was read back.
    #[error("{path} does not hold what was written: another program changed it at once")]
    Overwritten {
        /// The store.
        path: PathBuf,
    },
    /// Two other programs wrote while this one did. Nothing was deleted.
    #[error("{path} was changed several times at once; what stood there before is kept in {kept}")]
    Displaced {
        /// The store.
        path: PathBuf,
        /// The copy that was kept.
        kept: PathBuf,
    },
}

fn other_names(links: u64) -> String {
    match links.saturating_sub(1) {
        1 => "another name".to_owned(),
        more => format!("{more} other names"),
    }
}

/// What failed, for the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doing {
    /// Nothing could have changed.
    Reading,
    /// Nothing has changed: the transaction did not end.
    Writing,
}

impl StoreError {
    /// What the person who reads the error can do next.
    pub fn remedy(&self) -> Option<String> {
        match self {
            Self::Input(error) => error.remedy_unlimited(),
            Self::Conflict { .. } | Self::Overwritten { .. } => {
                Some("read it again (clearance approvals get), make your change to it, and set it".to_owned())
            }
            Self::Ambiguous(..) => Some(
                "say which one with --store PATH: releases up to 2026.4 take the one below the home directory, whatever OPENCLAW_STATE_DIR says"
                    .to_owned(),
            ),
            Self::Database { .. } => Some(
                "leave out --store, or name the database with it; a file is read with --file, and one beside the database stops the gateway".to_owned(),
            ),
            Self::Leftover { .. } => Some(
                "run openclaw doctor --fix on this host: it imports the file, or says what to compare".to_owned(),
            ),
            Self::Schema { version, .. } if *version == schema::BEFORE => Some(
                "releases up to 2026.7 keep their document in exec-approvals.json of the state directory: name that".to_owned(),
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
                Some("nothing was changed: take entries out first (clearance approvals lint --fix)".to_owned())
            }
            Self::HardLinked { path, .. } => Some(format!(
                "nothing was changed: give the file a single name, then run this again: cp -a {0} {0}.single && mv {0}.single {0}",
                quoted(path)
            )),
            Self::Immutable(path) => Some(format!("take the mark away, and set it again afterwards: chattr -i -a {}", quoted(path))),
            Self::Unkept { path, .. } => Some(format!(
                "nothing was changed: run as a user who may set it (sudo -u '#0' clearance …), or take it away first: getfattr -d -m - {0}; ls -l {0}",
                quoted(path)
            )),
            Self::NoHome => Some("name the store with --store PATH".to_owned()),
            Self::NoDirectory(path) => Some(format!(
                "start OpenClaw once on this host, make the directory (mkdir -m 700 {}), or name the store with --store PATH",
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
            "check that the database and its directory are yours, and that its -wal file came with it"
        }
        Code::DatabaseCorrupt => "run openclaw doctor, or restore a backup of the state directory",
        Code::NotADatabase => "check that it is the right file",
        _ => return None,
    };
    Some(remedy.to_owned())
}
