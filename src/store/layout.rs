//! The files of a host's state directory: their names, and the directory that a database belongs to. This module opens
//! no document; it recognises a database by its first bytes.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

pub(super) const JSON: &str = "exec-approvals.json";
const DATABASE: &str = "openclaw.sqlite";

/// The database of a state directory.
pub(super) fn database(state: &Path) -> PathBuf {
    state.join("state").join(DATABASE)
}

/// The state directory of a database, if the database is in the usual place.
pub(super) fn state_of(database: &Path) -> Option<PathBuf> {
    let path = std::path::absolute(database).ok()?;
    let directory = path.parent()?;
    let is_usual = path.file_name()? == DATABASE && directory.file_name()? == "state";
    is_usual.then(|| directory.parent().map(Path::to_owned))?
}

/// The files in which earlier releases kept the document of this database's host, or in which an unfinished import
/// leaves it. If one of them exists, a gateway from 2026.8 runs no commands.
pub(super) fn leftovers(database: &Path) -> Vec<PathBuf> {
    let names = [JSON.to_owned(), format!("{JSON}.doctor-importing")];
    state_of(database).map_or_else(Vec::new, |state| names.map(|name| state.join(name)).into())
}

/// Whether a path is that of a database: by its first bytes, or by its name if the file is empty or missing.
pub(super) fn is_database(path: &Path) -> bool {
    const MAGIC: &[u8] = b"SQLite format 3\0";
    match std::fs::metadata(path) {
        Ok(found) if !found.is_file() => false,
        Ok(found) if found.len() > 0 => {
            let mut start = [0; MAGIC.len()];
            File::open(path).and_then(|mut file| file.read_exact(&mut start)).is_ok() && start == MAGIC
        }
        _ => path.extension().is_some_and(|extension| extension == "sqlite"),
    }
}

/// A broken link also exists: writing through it would not be safe.
pub(super) fn exists(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::disallowed_methods, reason = "the tests make their own files")]

    use super::*;

    #[test]
    fn a_database_is_recognised_by_its_content() {
        let home = tempfile::tempdir().unwrap();
        let database: &[u8] = b"SQLite format 3\0 and more";
        for (name, content) in [("a.json", database), ("b.sqlite", b"{}"), ("c.sqlite", b""), ("d.json", b"")]
        {
            std::fs::write(home.path().join(name), content).unwrap();
        }
        let found = ["a.json", "b.sqlite", "c.sqlite", "d.json", "missing.sqlite", "missing.json", "."]
            .map(|name| is_database(&home.path().join(name)));
        assert_eq!(found, [true, false, true, false, true, false, false]);
    }

    #[test]
    fn the_state_directory_is_recognised_by_the_usual_path() {
        let state = |path: &str| state_of(Path::new(path));
        assert_eq!(state("/a/state/openclaw.sqlite"), Some(PathBuf::from("/a")));
        assert_eq!(state("/a/openclaw.sqlite"), None);
        assert_eq!(state("/a/state/copy.sqlite"), None);
        assert_eq!(
            leftovers(Path::new("/a/state/openclaw.sqlite")),
            [
                PathBuf::from("/a/exec-approvals.json"),
                PathBuf::from("/a/exec-approvals.json.doctor-importing")
            ]
        );
    }
}
