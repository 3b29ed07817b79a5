//! Where documents live on this host: reading them, and replacing them without ever losing one.

pub mod input;
pub mod json_file;
pub mod locate;
mod lock;
mod replace;

use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytesize::ByteSize;
use thiserror::Error;

use input::InputError;

/// The largest document that is read or stored: far above what a gateway accepts (25 MiB a frame).
pub const MAX_SIZE: ByteSize = ByteSize::mib(64);

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

/// Makes a directory for this user alone, and those above it, where they are not there.
pub fn private_directory(path: &Path) -> io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

impl StoreError {
    /// What the person who reads the error can do next.
    pub fn remedy(&self) -> Option<String> {
        match self {
            Self::Input(error) => error.remedy(),
            Self::Conflict { .. } | Self::Overwritten { .. } => {
                Some("read it again (clearance approvals get), make your change to that, and set it".to_owned())
            }
            Self::Ambiguous(..) => Some("say which one with --store PATH".to_owned()),
            Self::Database { .. } => Some(
                "use the host's own command, openclaw approvals get or set: a file beside the database stops the gateway".to_owned(),
            ),
            Self::NoHome => Some("name the store with --store PATH".to_owned()),
            Self::NoDirectory(path) => Some(format!(
                "start OpenClaw once on this host, make the directory (mkdir -m 700 {}), or name the store with --store PATH",
                path.display()
            )),
            Self::Owner { owner, .. } => Some(format!("run as that user: sudo -u '#{owner}' clearance approvals set …")),
            Self::Locked { .. } => Some("wait until it has ended, or raise --timeout".to_owned()),
            Self::Write { path, cause } => Some(match cause.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                    "the old document stands: free some space, then set it again".to_owned()
                }
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => format!(
                    "the old document stands: make the directory of {} writable for you, then set it again",
                    path.display()
                ),
                _ => "the old document stands: mend the cause, then set it again".to_owned(),
            }),
            Self::Unflushed { .. } => Some("it will be lost only if the machine fails now; mend the directory".to_owned()),
            Self::Displaced { .. } => Some("compare the two files and keep what you need".to_owned()),
        }
    }
}
