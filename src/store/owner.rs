//! The owner of a store. Only that user may replace it, because the new file belongs to the user who wrote it.

use std::fs;
use std::path::Path;

use super::error::StoreError;
use crate::system::{self, Facts, unavailable};

/// A replaced file belongs to the user who replaced it, so another user's gateway could no longer read it.
pub(super) fn owned(target: &Path) -> Result<(), StoreError> {
    let unknown = || StoreError::Write { path: target.to_owned(), cause: unavailable("replacing a store") };
    let user = system::user().ok_or_else(unknown)?;
    let (path, owner) = match fs::metadata(target) {
        Ok(metadata) => (target, metadata.owner()),
        // A new file in a directory that is open to all replaces nothing, but root must not create one for other users.
        Err(_) if user != 0 => return Ok(()),
        Err(_) => match target.parent().map(|directory| (directory, fs::metadata(directory))) {
            Some((directory, Ok(metadata))) => (directory, metadata.owner()),
            _ => return Ok(()),
        },
    };
    let owner = owner.ok_or_else(unknown)?;
    if owner == user { Ok(()) } else { Err(StoreError::Owner { path: path.to_owned(), owner, user }) }
}
