//! The mark of an edit that is being made: a shared advisory lock on the directory of the versions, from before the edit
//! until its version is kept. Somebody who sees a changed document while there is no such mark knows that no verb wrote it,
//! and need not wait for the verb's version.

use std::fs::File;
use std::time::Duration;

use super::open::Versions;
use crate::deadline::Deadline;

/// How long somebody who looks for marks may be in the way.
const PATIENCE: Duration = Duration::from_millis(50);
const RETRY: Duration = Duration::from_millis(1);

/// The mark of an edit. Dropping it removes it, and so does the end of the process.
#[derive(Debug)]
pub struct Editing(#[expect(dead_code, reason = "it holds the lock")] File);

impl Versions {
    /// Marks an edit. `None`: the directory does not exist, or its file system has no locks; then the edit goes on without.
    pub fn editing(&self) -> Option<Editing> {
        let file = File::open(&self.directory).ok()?;
        let patience = Deadline::after(PATIENCE);
        while let Err(failed) = file.try_lock_shared() {
            if !matches!(failed, std::fs::TryLockError::WouldBlock) || !patience.pause(RETRY) {
                return None;
            }
        }
        Some(Editing(file))
    }

    /// Whether an edit is marked, or may be.
    pub fn is_edited(&self) -> bool {
        match File::open(&self.directory) {
            // The lock ends with the file.
            Ok(file) => file.try_lock().is_err(),
            Err(failed) => failed.kind() != std::io::ErrorKind::NotFound,
        }
    }
}
