//! A local store, whether a file or a database. `get`, `set` and similar commands access documents only through it.

use std::path::{Path, PathBuf};

use bytesize::ByteSize;

use super::error::StoreError;
use super::input::MAX_SIZE;
use super::json_file::{JsonFile, LockedJsonFile};
use super::layout::is_database;
use super::sqlite::{Database, LockedDatabase};
use super::surroundings;
use crate::approvals::findings::remark::Remark;
use crate::approvals::model::stored::Stored;
use crate::deadline::Deadline;

/// A place on this host that contains one document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Store {
    /// A file that contains only the document.
    JsonFile(JsonFile),
    /// A row of OpenClaw's database.
    Sqlite(Database),
}

/// A store that no other process that takes the lock can change until this is dropped.
#[derive(Debug)]
pub enum Locked {
    /// A file that contains only the document.
    JsonFile(LockedJsonFile),
    /// A row of OpenClaw's database.
    Sqlite(LockedDatabase),
}

impl Store {
    /// The store at a path, which need not exist.
    pub fn at(path: PathBuf) -> Self {
        if is_database(&path) { Self::Sqlite(Database::at(path)) } else { Self::JsonFile(JsonFile::at(path)) }
    }

    /// The path as given or found.
    pub fn path(&self) -> &Path {
        match self {
            Self::JsonFile(file) => file.path(),
            Self::Sqlite(database) => database.path(),
        }
    }

    /// Whether the host may use either of two places, of which neither has a document.
    pub fn is_undecided(&self) -> bool {
        matches!(self, Self::JsonFile(file) if file.rival().is_some())
    }

    /// The name in reports.
    pub fn name(&self) -> String {
        match self {
            Self::JsonFile(file) => file.path().display().to_string(),
            Self::Sqlite(database) => database.name(),
        }
    }

    /// Remarks beside its document.
    pub fn remarks(&self, deadline: Deadline) -> Vec<Remark> {
        match self {
            Self::JsonFile(file) => surroundings::of_json(file.path()),
            Self::Sqlite(database) => {
                let mut remarks = database.remarks(deadline);
                remarks.extend(surroundings::of_database(database.path()));
                remarks
            }
        }
    }

    /// Reads the store. A store without a document is not an error.
    pub fn read(&self, deadline: Deadline) -> Result<Stored, StoreError> {
        match self {
            Self::JsonFile(file) => file.read(deadline),
            Self::Sqlite(database) => database.read(deadline),
        }
    }

    /// Whether the store could be replaced, as far as this can be determined without writing.
    pub fn replaceable(&self, deadline: Deadline) -> Result<(), StoreError> {
        match self {
            Self::JsonFile(file) => file.replaceable(deadline).map(drop),
            Self::Sqlite(database) => database.replaceable(deadline),
        }
    }

    /// Returns an error if a text of that size could not be read back, or if the file cannot be replaced without a loss.
    pub fn takes(&self, size: usize) -> Result<(), StoreError> {
        let size = ByteSize::b(size as u64);
        if size > MAX_SIZE {
            return Err(StoreError::TooLarge { path: self.path().to_owned(), size });
        }
        match self {
            Self::JsonFile(file) => file.check_replaceable(),
            Self::Sqlite(_) => Ok(()),
        }
    }

    /// Waits until no other process that takes the lock can change the store.
    pub fn lock(&self, deadline: Deadline) -> Result<Locked, StoreError> {
        match self {
            Self::JsonFile(file) => file.lock(deadline).map(Locked::JsonFile),
            Self::Sqlite(database) => database.lock(deadline).map(Locked::Sqlite),
        }
    }
}

impl Locked {
    /// Reads the store.
    pub fn read(&self) -> Result<Stored, StoreError> {
        match self {
            Self::JsonFile(file) => file.read(),
            Self::Sqlite(database) => database.read(),
        }
    }

    /// Restricts the permissions of the store to its owner, as a replacement would.
    pub fn make_private(&self) -> Result<(), StoreError> {
        match self {
            Self::JsonFile(file) => file.make_private(),
            Self::Sqlite(database) => database.make_private(),
        }
    }

    /// Writes `text` to the store if it still contains `expected`, and reads it back. Otherwise it returns
    /// [`StoreError::Conflict`] and changes nothing: other programs may write without taking the lock.
    ///
    /// The stored text is returned. It may differ from `text`: a database keeps it in the gateway's form.
    pub fn replace(&self, expected: &Stored, text: &str) -> Result<Stored, StoreError> {
        match self {
            Self::JsonFile(file) => file.replace(expected, text),
            Self::Sqlite(database) => database.replace(expected, text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_taken_that_would_not_be_read_back() {
        let store = Store::at(PathBuf::from("nowhere.json"));
        let most = usize::try_from(MAX_SIZE.as_u64()).unwrap();
        assert!(store.takes(most).is_ok());
        assert!(matches!(store.takes(most + 1), Err(StoreError::TooLarge { .. })));
    }
}
