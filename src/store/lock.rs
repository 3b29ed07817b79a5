//! The advisory lock of a store. It is a separate file, because a rename would leave a lock on the replaced file.
//!
//! The system drops the lock when its holder dies, for whatever reason. The file is removed on release, under the lock;
//! a file that a killed process left is taken over and removed by the next process.

use std::ffi::OsString;
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::error::StoreError;
use crate::deadline::Deadline;
use crate::system::{Facts, lock_file};

/// Time between two attempts: short compared with a person's patience, long compared with a write.
const RETRY: Duration = Duration::from_millis(10);

/// A held lock. Dropping it releases it.
#[derive(Debug)]
pub(super) struct Lock {
    path: PathBuf,
    _file: File,
}

impl Lock {
    /// Waits for the lock of a store until the deadline.
    pub(super) fn acquire(store: &Path, deadline: Deadline) -> Result<Self, StoreError> {
        let path = beside(store, "lock");
        let of_io = |cause| StoreError::Write { path: path.clone(), cause };
        loop {
            let file = lock_file(&path).map_err(of_io)?;
            match file.try_lock() {
                Ok(()) if is_at(&file, &path) => return Ok(Self { path, _file: file }),
                // The holder removed the file between our open and our lock: open the new one.
                Ok(()) | Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(cause)) => return Err(of_io(cause)),
            }
            if !deadline.pause(RETRY) {
                return Err(StoreError::Locked { path, timeout: deadline.timeout() });
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // A lock file that cannot be removed does no harm: the next run takes it over.
        let _: io::Result<()> = std::fs::remove_file(&self.path);
    }
}

/// The name of an auxiliary file of a store: hidden, and recognisable as clearance's.
pub(super) fn beside(store: &Path, purpose: &str) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(store.file_name().unwrap_or_default());
    name.push(".clearance-");
    name.push(purpose);
    store.with_file_name(name)
}

fn is_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), std::fs::symlink_metadata(path)) {
        (Ok(held), Ok(named)) => held.identity().is_some_and(|held| named.identity() == Some(held)),
        _ => false,
    }
}
