//! The JSON file in which hosts up to 2026.7 keep their document, and document files of users.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::attributes::{Fixed, Unkept, fixed};
use super::error::StoreError;
use super::input::{self, Bounds, Input, InputError, MAX_SIZE};
use super::lock::Lock;
use super::owner::owned;
use super::precedence::database_in_use;
use super::replace::{Hashed, ReplaceError, clear_litter, replace};
use crate::approvals::model::stored::{Stored, hash_of};
use crate::deadline::Deadline;
use crate::system::{Facts, permissions, unavailable};

/// Mode of a file for the owner alone.
const PRIVATE: u32 = 0o600;

/// A store in a JSON file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonFile {
    path: PathBuf,
    /// The other place that the host may use, as long as neither file exists.
    rival: Option<PathBuf>,
    /// Whether it is a store, which is private to its owner.
    private: bool,
}

/// A store that no other process that takes the lock can change until this is dropped.
#[derive(Debug)]
pub struct LockedJsonFile {
    /// Path of the file itself, with links resolved.
    target: PathBuf,
    private: bool,
    deadline: Deadline,
    _lock: Lock,
}

impl JsonFile {
    /// The store at a path. The file need not exist.
    pub fn at(path: PathBuf) -> Self {
        Self { path, rival: None, private: true }
    }

    /// A document that is not a store. It keeps its mode.
    pub fn document(path: PathBuf) -> Self {
        Self { private: false, ..Self::at(path) }
    }

    /// A store that does not exist yet, for which the host may use either of two places. It can be read but not
    /// written.
    pub(super) fn either(path: PathBuf, rival: PathBuf) -> Self {
        Self { rival: Some(rival), ..Self::at(path) }
    }

    /// The path as given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The other place that the host may use, as long as neither file exists.
    pub(super) fn rival(&self) -> Option<&Path> {
        self.rival.as_deref()
    }

    /// Reads the store. A missing file is not an error.
    pub fn read(&self, deadline: Deadline) -> Result<Stored, StoreError> {
        check_not_in_database(&self.path, deadline)?;
        read(&self.path, deadline)
    }

    /// Whether the store could be replaced, as far as this can be determined without writing. Returns the path of the
    /// file with links resolved.
    pub fn replaceable(&self, deadline: Deadline) -> Result<PathBuf, StoreError> {
        if let Some(rival) = &self.rival {
            return Err(StoreError::Ambiguous(self.path.clone(), rival.clone()));
        }
        let target = target(&self.path)?;
        check_not_in_database(&target, deadline)?;
        owned(&target)?;
        Ok(target)
    }

    /// Whether the file can be replaced without a loss: it must have a single name and no immutable or append-only
    /// flag.
    pub fn check_replaceable(&self) -> Result<(), StoreError> {
        movable(&target(&self.path)?)
    }

    /// Waits for the store's lock, and removes files that killed runs left.
    pub fn lock(&self, deadline: Deadline) -> Result<LockedJsonFile, StoreError> {
        let target = self.replaceable(deadline)?;
        let lock = Lock::acquire(&target, deadline)?;
        clear_litter(&target);
        Ok(LockedJsonFile { target, private: self.private, deadline, _lock: lock })
    }
}

impl LockedJsonFile {
    /// Reads the store.
    pub fn read(&self) -> Result<Stored, StoreError> {
        read(&self.target, self.deadline)
    }

    /// Restricts the permissions of the store, as a replacement would.
    pub fn make_private(&self) -> Result<(), StoreError> {
        let (found, wanted) = self.modes()?;
        if found == wanted {
            return Ok(());
        }
        permissions(wanted)
            .and_then(|wanted| fs::set_permissions(&self.target, wanted))
            .map_err(|cause| StoreError::Write { path: self.target.clone(), cause })
    }

    /// The current mode of the file, and the required one.
    ///
    /// A document keeps its mode. A store that other users can read or write becomes private, as in OpenClaw. A store
    /// that only a group can access was shared on purpose (a gateway that runs as another user), and keeps its mode.
    fn modes(&self) -> Result<(u32, u32), StoreError> {
        const OTHERS: u32 = 0o007;
        const MODE: u32 = 0o7777;
        let found = fs::metadata(&self.target);
        let found = found
            .and_then(|found| found.mode_bits().ok_or_else(|| unavailable("replacing a store")))
            .map_err(|cause| StoreError::Write { path: self.target.clone(), cause })?
            & MODE;
        let wanted = if self.private && found & OTHERS != 0 { PRIVATE } else { found };
        Ok((found, wanted))
    }

    /// Writes `text` to the store if it still contains `expected`, and reads it back.
    pub fn replace(&self, expected: &Stored, text: &str) -> Result<Stored, StoreError> {
        let path = || self.target.clone();
        movable(&self.target)?;
        let mode = match expected.text() {
            Some(_) => match self.modes() {
                Ok((_, mode)) => mode,
                // The file was removed in the meantime, which is handled like any other change.
                Err(StoreError::Write { cause, .. }) if cause.kind() == io::ErrorKind::NotFound => PRIVATE,
                Err(error) => return Err(error),
            },
            None => PRIVATE,
        };
        let (before, after) = (expected.hash(), hash_of(text.as_bytes()));
        let before = expected.text().map(|text| Hashed { text, hash: &before });
        match replace(&self.target, before, Hashed { text: text.as_bytes(), hash: &after }, mode) {
            Ok(()) => {}
            Err(ReplaceError::Unkept(Unkept { what, cause })) => {
                return Err(StoreError::Unkept { path: path(), what, cause });
            }
            Err(ReplaceError::Changed) => {
                let found = self.read()?.hash();
                return Err(StoreError::Conflict { path: path(), expected: expected.hash(), found });
            }
            Err(ReplaceError::Displaced(kept)) => return Err(StoreError::Displaced { path: path(), kept }),
            Err(ReplaceError::Refused(cause)) => return Err(StoreError::Write { path: path(), cause }),
            Err(ReplaceError::Unflushed(cause)) => return Err(StoreError::Unflushed { path: path(), cause }),
        }
        match read_text(&self.target, self.deadline)? {
            Some(found) if found == text.as_bytes() => Ok(Stored::hashed(found, after)),
            _ => Err(StoreError::Overwritten { path: path() }),
        }
    }
}

fn read(path: &Path, deadline: Deadline) -> Result<Stored, StoreError> {
    Ok(read_text(path, deadline)?.map_or_else(Stored::absent, Stored::holding))
}

fn read_text(path: &Path, deadline: Deadline) -> Result<Option<Vec<u8>>, StoreError> {
    match input::read(&Input::Path(path.to_owned()), Bounds { max_size: MAX_SIZE, deadline }) {
        Ok(text) => Ok(Some(text)),
        Err(InputError::Missing(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn movable(target: &Path) -> Result<(), StoreError> {
    match fixed(target) {
        None => Ok(()),
        Some(Fixed::Linked(links)) => Err(StoreError::HardLinked { path: target.to_owned(), links }),
        Some(Fixed::Immutable) => Err(StoreError::Immutable(target.to_owned())),
    }
}

/// Returns an error if the host keeps its document in a database: then a JSON file is not a store.
fn check_not_in_database(json: &Path, deadline: Deadline) -> Result<(), StoreError> {
    match database_in_use(json, deadline) {
        Some(database) => Err(StoreError::Database { database, json: json.to_owned() }),
        None => Ok(()),
    }
}

/// The file behind a path, with links resolved. A link may lead to a file that does not exist yet.
fn target(path: &Path) -> Result<PathBuf, StoreError> {
    // The maximum number of links that the system follows.
    const LINKS: usize = 40;
    let mut path =
        std::path::absolute(path).map_err(|cause| StoreError::Write { path: path.to_owned(), cause })?;
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
        Err(cause) => Err(StoreError::Write { path, cause }),
    }
}
