//! The JSON file in which hosts up to 2026.7 keep their document.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use bytesize::ByteSize;

use super::input::{self, Bounds, Input, InputError};
use super::lock::Lock;
use super::replace::{ReplaceError, clear_litter, replace};
use super::{StoreError, locate};
use crate::approvals::stored::Stored;
use crate::deadline::Deadline;

/// The largest store that is read: far above what a gateway accepts (25 MiB a frame).
const MAX_SIZE: ByteSize = ByteSize::mib(64);

/// A store in a JSON file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonFile {
    path: PathBuf,
}

/// A store that nobody else who asks can change until this is dropped.
#[derive(Debug)]
pub struct LockedJsonFile {
    /// The file itself, links followed.
    target: PathBuf,
    deadline: Deadline,
    _lock: Lock,
}

impl JsonFile {
    /// The store at a path. The file need not exist.
    pub fn at(path: PathBuf) -> Self {
        Self { path }
    }

    /// The path as it was named.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it holds now. A file that does not exist is an answer, not an error.
    pub fn read(&self, deadline: Deadline) -> Result<Stored, StoreError> {
        read(&self.path, deadline)
    }

    /// Waits for the store's lock, and clears what killed runs left behind.
    pub fn lock(&self, deadline: Deadline) -> Result<LockedJsonFile, StoreError> {
        let target = target(&self.path)?;
        if let Some(database) = locate::database_that_rules(&target) {
            return Err(StoreError::Database { database, json: target });
        }
        owned(&target)?;
        let lock = Lock::acquire(&target, deadline)?;
        clear_litter(&target);
        Ok(LockedJsonFile { target, deadline, _lock: lock })
    }
}

impl LockedJsonFile {
    /// What it holds now.
    pub fn read(&self) -> Result<Stored, StoreError> {
        read(&self.target, self.deadline)
    }

    /// Makes the store hold `text`, if it still holds `expected`, and reads it back.
    pub fn replace(&self, expected: &Stored, text: &str) -> Result<Stored, StoreError> {
        let path = || self.target.clone();
        match replace(&self.target, expected.text(), text.as_bytes()) {
            Ok(()) => {}
            Err(ReplaceError::Changed) => {
                let found = self.read()?.hash();
                return Err(StoreError::Conflict { path: path(), expected: expected.hash(), found });
            }
            Err(ReplaceError::Displaced(kept)) => return Err(StoreError::Displaced { path: path(), kept }),
            Err(ReplaceError::Io(source)) => return Err(StoreError::Write { path: path(), source }),
        }
        let stored = self.read()?;
        if stored.text() == Some(text.as_bytes()) {
            Ok(stored)
        } else {
            Err(StoreError::Overwritten { path: path() })
        }
    }
}

fn read(path: &Path, deadline: Deadline) -> Result<Stored, StoreError> {
    match input::read(&Input::Path(path.to_owned()), Bounds { max_size: MAX_SIZE, deadline }) {
        Ok(text) => Ok(Stored::holding(text)),
        Err(InputError::Missing(_)) => Ok(Stored::absent()),
        Err(error) => Err(error.into()),
    }
}

/// The file behind a path: links followed, also one that leads to a file that is not there yet.
fn target(path: &Path) -> Result<PathBuf, StoreError> {
    // As many as the system follows.
    const LINKS: usize = 40;
    let mut path =
        std::path::absolute(path).map_err(|source| StoreError::Write { path: path.to_owned(), source })?;
    for _ in 0..LINKS {
        match fs::read_link(&path) {
            Ok(next) => path = path.parent().unwrap_or(Path::new("/")).join(next),
            Err(_) => break,
        }
    }
    let directory = path.parent().unwrap_or(Path::new("/"));
    match directory.canonicalize() {
        Ok(directory) => Ok(directory.join(path.file_name().unwrap_or_default())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(StoreError::NoDirectory(directory.to_owned()))
        }
        Err(source) => Err(StoreError::Write { path, source }),
    }
}

/// A replaced file belongs to whoever replaced it: another user's gateway could not read it any more.
fn owned(target: &Path) -> Result<(), StoreError> {
    let user = rustix::process::geteuid().as_raw();
    let (path, owner) = match fs::metadata(target) {
        Ok(metadata) => (target, metadata.uid()),
        // A new file in a directory that is open to all is nobody's loss, but root must not make one for others.
        Err(_) if user != 0 => return Ok(()),
        Err(_) => match target.parent().map(|directory| (directory, fs::metadata(directory))) {
            Some((directory, Ok(metadata))) => (directory, metadata.uid()),
            _ => return Ok(()),
        },
    };
    if owner == user { Ok(()) } else { Err(StoreError::Owner { path: path.to_owned(), owner, user }) }
}
