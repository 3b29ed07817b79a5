//! Replacing a file whole: a temporary file in the same directory, flushed, then exchanged with the old one.
//!
//! OpenClaw's own writers take no lock. So the old file is not overwritten but exchanged (`RENAME_EXCHANGE`), and
//! what came out is compared with what was expected: if another program wrote in between, it is put back.

use std::fs::{File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;
use tempfile::{Builder, NamedTempFile};

use super::lock::beside;

/// How a replacement went wrong.
#[derive(Debug)]
pub(super) enum ReplaceError {
    /// The file no longer held what was expected; it holds what it held.
    Changed,
    /// What the file held is now in this temporary file, which is kept.
    Displaced(std::path::PathBuf),
    /// The system refused; the file holds what it held.
    Io(io::Error),
}

impl From<io::Error> for ReplaceError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

const PREFIX: &str = "new-";

/// Makes `path` hold `new`, mode 0600, if it holds `expected` (`None`: if there is no such file).
pub(super) fn replace(path: &Path, expected: Option<&[u8]>, new: &[u8]) -> Result<(), ReplaceError> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let prefix = beside(path, PREFIX);
    let mut temporary = Builder::new()
        .prefix(prefix.file_name().unwrap_or_default())
        .suffix(".tmp")
        .permissions(Permissions::from_mode(0o600))
        .tempfile_in(directory)?;
    temporary.write_all(new)?;
    // The file's mask may have narrowed the mode further.
    temporary.as_file().set_permissions(Permissions::from_mode(0o600))?;
    temporary.as_file().sync_all()?;
    match expected {
        Some(expected) => exchange(temporary, path, expected, new)?,
        None => match renameat_with(CWD, temporary.path(), CWD, path, RenameFlags::NOREPLACE) {
            Ok(()) => {}
            // A file system without the flag: look, then rename.
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) if !path.exists() => {
                temporary.persist(path).map_err(|error| error.error)?;
            }
            Err(Errno::EXIST | Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
                return Err(ReplaceError::Changed);
            }
            Err(error) => return Err(io::Error::from(error).into()),
        },
    }
    File::open(directory)?.sync_all()?;
    Ok(())
}

fn exchange(temporary: NamedTempFile, path: &Path, expected: &[u8], new: &[u8]) -> Result<(), ReplaceError> {
    let swap = || renameat_with(CWD, temporary.path(), CWD, path, RenameFlags::EXCHANGE);
    match swap() {
        Ok(()) => {}
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
            // A file system that cannot exchange: look once more, then rename.
            if !holds(path, expected) {
                return Err(ReplaceError::Changed);
            }
            temporary.persist(path).map_err(|error| error.error)?;
            return Ok(());
        }
        Err(Errno::NOENT) => return Err(ReplaceError::Changed),
        Err(error) => return Err(io::Error::from(error).into()),
    }
    if holds(temporary.path(), expected) {
        return Ok(());
    }
    // Someone wrote in between, and it came out: put it back.
    swap().map_err(io::Error::from)?;
    if holds(temporary.path(), new) {
        return Err(ReplaceError::Changed);
    }
    // And someone wrote again. What is unknown is never deleted.
    let (_, kept) = temporary.keep().map_err(|error| error.error)?;
    Err(ReplaceError::Displaced(kept))
}

#[expect(
    clippy::disallowed_methods,
    reason = "compared with what is in memory already: the size is known first"
)]
fn holds(path: &Path, expected: &[u8]) -> bool {
    std::fs::metadata(path).is_ok_and(|found| found.is_file() && found.len() == expected.len() as u64)
        && std::fs::read(path).is_ok_and(|found| found == expected)
}

/// Removes what killed runs left. Only under the lock: then nothing of it is in use.
pub(super) fn clear_litter(path: &Path) {
    let prefix = beside(path, PREFIX);
    let prefix = prefix.file_name().unwrap_or_default().as_encoded_bytes();
    let Some(entries) = path.parent().and_then(|directory| std::fs::read_dir(directory).ok()) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.as_encoded_bytes();
        if name.starts_with(prefix) && name.ends_with(b".tmp") {
            // What cannot be removed now can be the next time.
            let _: io::Result<()> = std::fs::remove_file(entry.path());
        }
    }
}
