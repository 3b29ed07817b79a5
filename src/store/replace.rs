//! Replaces a whole file: a temporary file in the same directory is flushed, then exchanged with the old one.
//!
//! OpenClaw's own writers take no lock. So the old file is not overwritten but exchanged (`RENAME_EXCHANGE`), and its
//! content is compared with the expected one: if another program wrote in between, it is put back. The old file is
//! deleted only if its content is known: see [`clear_litter`].

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use tempfile::{Builder, TempPath};

use super::attributes::{Unkept, hand_over};
use super::lock::beside;
use crate::approvals::model::stored::hash_of;
use crate::system::{self, is_unsupported, permissions, rename_new};

/// Why a replacement failed.
#[derive(Debug)]
pub(super) enum ReplaceError {
    /// The file no longer had the expected content. It is unchanged.
    Changed,
    /// The previous content of the file is kept in this file.
    Displaced(PathBuf),
    /// The system returned an error. The file is unchanged.
    Refused(io::Error),
    /// An attribute of the file would have been lost. The file is unchanged.
    Unkept(Unkept),
    /// The file has the new text, but the system could not guarantee that it survives a power loss.
    Unflushed(io::Error),
}

impl From<io::Error> for ReplaceError {
    fn from(error: io::Error) -> Self {
        Self::Refused(error)
    }
}

/// A text that is still being written. Removing it loses nothing.
const NEW: &str = "new-";
/// A file about to be exchanged: its name contains the hashes of its content before and after the exchange.
const SWAP: &str = "swap-";
/// An unexpected document that was exchanged out of a store. It is never deleted.
const DISPLACED: &str = "displaced-";

/// A text, and its hash.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hashed<'t> {
    pub(super) text: &'t [u8],
    pub(super) hash: &'t str,
}

/// Writes `new` to `path` with that mode, if the file contains `expected` (`None`: if there is no such file). The file
/// keeps its group and its extended attributes.
pub(super) fn replace(
    path: &Path,
    expected: Option<Hashed<'_>>,
    new: Hashed<'_>,
    mode: u32,
) -> Result<(), ReplaceError> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let prefix = beside(path, NEW);
    let mut temporary = Builder::new()
        .prefix(prefix.file_name().unwrap_or_default())
        .suffix(".tmp")
        .permissions(permissions(0o600)?)
        .tempfile_in(directory)?;
    temporary.write_all(new.text)?;
    match expected.map(|_| hand_over(path, temporary.as_file())) {
        // The file no longer exists, so it has no attributes to keep.
        Some(Err(Unkept { cause, .. })) if cause.kind() == io::ErrorKind::NotFound => {
            return Err(ReplaceError::Changed);
        }
        Some(Err(unkept)) => return Err(ReplaceError::Unkept(unkept)),
        Some(Ok(())) | None => {}
    }
    // The file's mask may have narrowed the mode further.
    temporary.as_file().set_permissions(permissions(mode)?)?;
    temporary.as_file().sync_all()?;
    match expected {
        Some(expected) => {
            let swap = beside(path, &format!("{SWAP}{}-{}.tmp", expected.hash, new.hash));
            temporary.persist(&swap).map_err(|error| error.error)?;
            exchange(TempPath::try_from_path(swap)?, path, expected.text, new.text)?;
        }
        None => match rename_new(temporary.path(), path) {
            Ok(()) => {}
            // The file system does not support the flag: compare, then rename.
            Err(error) if is_unsupported(&error) && !path.exists() => {
                temporary.persist(path).map_err(|error| error.error)?;
            }
            Err(error) if is_unsupported(&error) || error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(ReplaceError::Changed);
            }
            Err(error) => return Err(error.into()),
        },
    }
    File::open(directory).and_then(|directory| directory.sync_all()).map_err(ReplaceError::Unflushed)
}

fn exchange(temporary: TempPath, path: &Path, expected: &[u8], new: &[u8]) -> Result<(), ReplaceError> {
    let swap = || system::exchange(&temporary, path);
    match swap() {
        Ok(()) => {}
        Err(error) if is_unsupported(&error) => {
            // The file system cannot exchange files: compare once more, then rename.
            if !holds(path, expected) {
                return Err(ReplaceError::Changed);
            }
            temporary.persist(path).map_err(|error| error.error)?;
            return Ok(());
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(ReplaceError::Changed),
        Err(error) => return Err(error.into()),
    }
    if holds(&temporary, expected) {
        return Ok(());
    }
    // Another program wrote in between, and its file was exchanged: put it back.
    if swap().is_ok() && holds(&temporary, new) {
        return Err(ReplaceError::Changed);
    }
    // It could not be put back, or another program wrote again.
    let swapped = temporary.keep().map_err(|error| error.error)?;
    Err(ReplaceError::Displaced(keep(path, swapped)))
}

/// Gives a file a name that no run removes.
fn keep(store: &Path, swapped: PathBuf) -> PathBuf {
    let kept = beside(store, &format!("{DISPLACED}{}", uuid::Uuid::new_v4()));
    match std::fs::rename(&swapped, &kept) {
        Ok(()) => kept,
        Err(_) => swapped,
    }
}

/// Whether a file contains a text. They are compared in pieces, because both may be large.
fn holds(path: &Path, expected: &[u8]) -> bool {
    const PIECE: usize = 64 * 1024;
    let same_size =
        std::fs::metadata(path).is_ok_and(|found| found.is_file() && found.len() == expected.len() as u64);
    let Some(mut file) = same_size.then(|| File::open(path).ok()).flatten() else { return false };
    let mut piece = vec![0; PIECE];
    expected.chunks(PIECE).all(|wanted| {
        let found = &mut piece[..wanted.len()];
        file.read_exact(found).is_ok() && found == wanted
    }) && matches!(file.read(&mut piece), Ok(0))
}

/// Removes files that killed runs left. The caller must hold the lock, so that none of them is in use.
///
/// A run that was killed between the exchange and the comparison may have left another program's document. A file that
/// matches neither of the two hashes in its name is kept under another name.
pub(super) fn clear_litter(store: &Path) {
    let Some(entries) = store.parent().and_then(|directory| std::fs::read_dir(directory).ok()) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        if belongs(store, NEW, &name).is_some() {
            // A file that cannot be removed now is tried again in the next run.
            let _: io::Result<()> = std::fs::remove_file(entry.path());
        } else if let Some(hashes) = belongs(store, SWAP, &name) {
            if is_known(&entry.path(), &hashes) {
                let _: io::Result<()> = std::fs::remove_file(entry.path());
            } else {
                keep(store, entry.path());
            }
        }
    }
}

/// The part of one of our file names after its purpose; `None` for any other name.
fn belongs(store: &Path, purpose: &str, name: &OsStr) -> Option<String> {
    let prefix = beside(store, purpose);
    let rest = name
        .as_encoded_bytes()
        .strip_prefix(prefix.file_name()?.as_encoded_bytes())?
        .strip_suffix(b".tmp")?;
    Some(String::from_utf8_lossy(rest).into_owned())
}

#[expect(clippy::disallowed_methods, reason = "a file of our own name, no larger than a store")]
fn is_known(path: &Path, hashes: &str) -> bool {
    let small = std::fs::symlink_metadata(path)
        .is_ok_and(|found| found.is_file() && found.len() <= super::MAX_SIZE.as_u64());
    small && std::fs::read(path).is_ok_and(|text| hashes.split('-').any(|known| known == hash_of(&text)))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::disallowed_methods, reason = "the tests make their own files")]

    use super::*;

    fn put(path: &Path, expected: Option<&[u8]>, new: &[u8]) -> Result<(), ReplaceError> {
        let (before, after) = (expected.map(hash_of), hash_of(new));
        let expected = expected.zip(before.as_deref()).map(|(text, hash)| Hashed { text, hash });
        replace(path, expected, Hashed { text: new, hash: &after }, 0o600)
    }

    fn names(directory: &Path) -> Vec<String> {
        let names = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_that_changed_stays_as_it_is() {
        let directory = tempfile::tempdir().unwrap();
        let store = directory.path().join("s.json");
        assert!(matches!(put(&store, Some(b"old"), b"new"), Err(ReplaceError::Changed)));
        std::fs::write(&store, "foreign").unwrap();
        assert!(matches!(put(&store, Some(b"old"), b"new"), Err(ReplaceError::Changed)));
        assert!(matches!(put(&store, None, b"new"), Err(ReplaceError::Changed)));
        assert_eq!(std::fs::read(&store).unwrap(), b"foreign");
        assert_eq!(names(directory.path()), ["s.json"]);
        put(&store, Some(b"foreign"), b"new").unwrap();
        assert_eq!(std::fs::read(&store).unwrap(), b"new");
        assert_eq!(names(directory.path()), ["s.json"]);
    }

    #[test]
    fn litter_is_removed_and_an_unexpected_document_stays() {
        let directory = tempfile::tempdir().unwrap();
        let store = directory.path().join("s.json");
        let swap = |before: &[u8], after: &[u8]| {
            beside(&store, &format!("{SWAP}{}-{}.tmp", hash_of(before), hash_of(after)))
        };
        std::fs::write(beside(&store, "new-abc.tmp"), "half").unwrap();
        std::fs::write(swap(b"old", b"new"), "old").unwrap();
        std::fs::write(swap(b"older", b"newer"), "newer").unwrap();
        std::fs::write(swap(b"a", b"b"), "foreign").unwrap();
        std::fs::write(directory.path().join(".other.json.clearance-new-abc.tmp"), "another store's")
            .unwrap();
        clear_litter(&store);
        clear_litter(&store);
        let left = names(directory.path());
        assert_eq!(left.len(), 2, "{left:?}");
        assert_eq!(left[0], ".other.json.clearance-new-abc.tmp");
        assert!(left[1].starts_with(".s.json.clearance-displaced-"), "{left:?}");
        assert_eq!(std::fs::read(directory.path().join(&left[1])).unwrap(), b"foreign");
    }
}
