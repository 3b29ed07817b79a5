//! The advisory lock of a store. It is a separate file, because a rename would leave a lock on the replaced file.
//!
//! The system drops the lock when its holder dies, for whatever reason. The file is removed on release, under the lock;
//! a file that a killed process left is taken over and removed by the next process.

use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::OFlags;

use super::error::StoreError;
use crate::deadline::Deadline;

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
        // A link or a pipe in the lock's place must not redirect or block the open.
        let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
        loop {
            let file = OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(false)
                .mode(0o600)
                .custom_flags(flags)
                .open(&path)
                .map_err(of_io)?;
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
        (Ok(held), Ok(named)) => held.ino() == named.ino() && held.dev() == named.dev(),
        _ => false,
    }
}
