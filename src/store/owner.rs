//! The owner of a store. Only that user may replace it, because the new file belongs to the user who wrote it.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::error::StoreError;

/// A replaced file belongs to the user who replaced it, so another user's gateway could no longer read it.
pub(super) fn owned(target: &Path) -> Result<(), StoreError> {
    let user = rustix::process::geteuid().as_raw();
    let (path, owner) = match fs::metadata(target) {
        Ok(metadata) => (target, metadata.uid()),
        // A new file in a directory that is open to all replaces nothing, but root must not create one for other users.
        Err(_) if user != 0 => return Ok(()),
        Err(_) => match target.parent().map(|directory| (directory, fs::metadata(directory))) {
            Some((directory, Ok(metadata))) => (directory, metadata.uid()),
            _ => return Ok(()),
        },
    };
    if owner == user { Ok(()) } else { Err(StoreError::Owner { path: path.to_owned(), owner, user }) }
}
