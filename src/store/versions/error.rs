//! Why versions cannot be kept or read. None of it concerns a document.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use thiserror::Error;

use super::super::private::Exposure;
use super::super::shell::quoted;
use crate::system::RUN_ON_UNIX;

/// Why a version, a note or a time limit was not kept or not read.
#[derive(Debug, Error)]
pub enum VersionsError {
    /// Other users can read or change the database or its directory.
    #[error(transparent)]
    Exposed(#[from] Exposure),
    /// The directory cannot be created.
    #[error("cannot create {}: {cause}", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// The system's error.
        cause: io::Error,
    },
    /// The path of the database is not a regular file.
    #[error("{} is not a file", .0.display())]
    NotFile(PathBuf),
    /// The file is a database of another program, or no database.
    #[error("{} is not a database of clearance's versions", .0.display())]
    Foreign(PathBuf),
    /// A later clearance wrote the database.
    #[error("{} was written by a later version of clearance", .0.display())]
    Newer(PathBuf),
    /// The database is damaged.
    #[error("{} is damaged: {cause}", path.display())]
    Damaged {
        /// The database.
        path: PathBuf,
        /// SQLite's message.
        cause: String,
    },
    /// A version is not the one that was kept.
    #[error("version {id} was changed after it was kept, or the versions after it were")]
    Altered {
        /// Its number.
        id: u64,
    },
    /// The deadline passed during the work.
    #[error("reading {} did not end within {timeout:?}", path.display())]
    Unfinished {
        /// The database.
        path: PathBuf,
        /// The time limit of the command.
        timeout: Duration,
    },
    /// Another process holds the database.
    #[error("{} is in use by another process, and was not free within {timeout:?}", path.display())]
    Busy {
        /// The database.
        path: PathBuf,
        /// How long was waited.
        timeout: Duration,
    },
    /// The file system is full.
    #[error("there is no room left for {}", .0.display())]
    Full(PathBuf),
    /// SQLite or the system returned another error.
    #[error("cannot use {}: {cause}", path.display())]
    Sqlite {
        /// The database.
        path: PathBuf,
        /// SQLite's message.
        cause: String,
    },
}

impl VersionsError {
    /// The next step for the user.
    pub fn remedy(&self) -> Option<String> {
        match self {
            Self::Exposed(Exposure::Mode { path, .. }) => Some(format!("chmod go= {}", quoted(path))),
            Self::Exposed(Exposure::Owner { path, .. }) => {
                Some(format!("run the command as the user who owns {}", quoted(path)))
            }
            Self::Exposed(Exposure::Unknown { .. }) => Some(RUN_ON_UNIX.to_owned()),
            Self::Exposed(Exposure::Special { path }) | Self::NotFile(path) => {
                Some(format!("move it away: mv {0} {0}.other", quoted(path)))
            }
            Self::Directory { .. } if !cfg!(unix) => Some(RUN_ON_UNIX.to_owned()),
            Self::Directory { path, .. } => Some(match nearest(path) {
                (found, false) => format!("move it away: mv {0} {0}.other", quoted(found)),
                (found, true) => format!(
                    "make it writable (chmod u+rwx {}), or set XDG_STATE_HOME to another directory",
                    quoted(found)
                ),
            }),
            Self::Foreign(path) | Self::Damaged { path, .. } => Some(format!(
                "move it away, and a new one is begun: mv {} {}",
                quoted(path),
                quoted(&free(path))
            )),
            Self::Altered { .. } => Some(
                "what was changed: clearance approvals versions --verify; versions show prints the text all the same"
                    .to_owned(),
            ),
            Self::Unfinished { .. } => Some("raise --timeout".to_owned()),
            Self::Newer(_) => Some("update clearance".to_owned()),
            Self::Busy { .. } => Some("end the process that holds it, then run the command again".to_owned()),
            Self::Full(path) => {
                let directory = path.parent().unwrap_or(path);
                Some(format!("make room: df -h {}", quoted(directory)))
            }
            Self::Sqlite { path, .. } => {
                Some(format!("check the file and its directory: ls -la {}", quoted(path.parent()?)))
            }
        }
    }
}

/// The nearest thing that exists on the way to a path, and whether it is a directory.
fn nearest(path: &Path) -> (&Path, bool) {
    let exists = |path: &&Path| path.symlink_metadata().is_ok();
    let found = path.ancestors().find(exists).unwrap_or(path);
    (found, found.is_dir())
}

/// A name beside the database that nothing has yet: an earlier database that was moved away is not overwritten.
fn free(path: &Path) -> PathBuf {
    let named = |number: u32| match number {
        1 => path.with_extension("damaged"),
        number => path.with_extension(format!("damaged-{number}")),
    };
    let is_free = |path: &PathBuf| path.symlink_metadata().is_err();
    (1..1_000).map(named).find(is_free).unwrap_or_else(|| path.with_extension("damaged"))
}
