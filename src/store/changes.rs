//! Notices that a store changed, without reading it: the files in which it changes, and their state.

use std::fs;
use std::path::{Path, PathBuf};

use super::layout;
use super::local::Store;
use crate::system::{Facts, is_local};

/// The files in which a store changes. Some may not exist.
pub fn files(store: &Store) -> Vec<PathBuf> {
    let path = store.path();
    let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let beside = |suffix: &str| {
        let mut name = real.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    let mut files = vec![path.to_owned()];
    match store {
        // From 2026.8 the host keeps its document in a database of the same directory.
        Store::JsonFile(file) => {
            files.push(real.clone());
            files.extend(path.parent().map(layout::database));
            files.extend(file.rival().map(Path::to_owned));
        }
        Store::Sqlite(_) => {
            files.extend([real.clone(), beside("-wal"), beside("-journal")]);
            files.extend(layout::leftovers(path));
        }
    }
    files.dedup();
    files
}

/// The state of files at one moment. Two states are equal if nothing was written between them: on Unix, and a watch ends
/// on other systems before it looks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct State(Vec<Option<[i128; 6]>>);

impl State {
    /// The present state.
    pub fn of(files: &[PathBuf]) -> Self {
        let state = |file: &PathBuf| {
            let found = fs::metadata(file).ok()?;
            let (device, number) = found.identity()?;
            let [seconds, nanoseconds, ..] = found.times()?;
            Some([
                i128::from(device),
                i128::from(number),
                i128::from(found.len()),
                i128::from(seconds),
                i128::from(nanoseconds),
                i128::from(found.mode_bits()?),
            ])
        };
        Self(files.iter().map(state).collect())
    }
}

/// The directories whose events report that files change: that of each file, or the nearest one that exists.
pub fn directories(files: &[PathBuf]) -> Vec<PathBuf> {
    let nearest = |file: &PathBuf| {
        let absolute = std::path::absolute(file).ok()?;
        absolute.ancestors().skip(1).find(|directory| directory.is_dir()).map(Path::to_owned)
    };
    let mut directories: Vec<PathBuf> = files.iter().filter_map(nearest).collect();
    directories.sort();
    directories.dedup();
    directories
}

/// Whether the file system of a directory reports every change. Of a network, it reports those of this host alone.
pub fn has_events(directory: &Path) -> bool {
    is_local(directory)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::disallowed_methods, reason = "the tests make their own files")]

    use super::*;
    use crate::store::json_file::JsonFile;

    #[test]
    fn a_change_of_a_file_is_noticed_and_reading_it_is_not_one() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("exec-approvals.json");
        let files = files(&Store::JsonFile(JsonFile::at(path.clone())));
        let absent = State::of(&files);
        fs::write(&path, "one").unwrap();
        let one = State::of(&files);
        assert_ne!(one, absent);
        fs::read(&path).unwrap();
        assert_eq!(State::of(&files), one);
        let other = home.path().join("other");
        fs::write(&other, "two").unwrap();
        fs::rename(&other, &path).unwrap();
        assert_ne!(State::of(&files), one);
        fs::remove_file(&path).unwrap();
        assert_eq!(State::of(&files), absent);
    }

    #[test]
    fn the_nearest_directory_is_watched_until_there_is_a_nearer_one() {
        let home = tempfile::tempdir().unwrap();
        let files = [home.path().join("a/b/exec-approvals.json")];
        assert_eq!(directories(&files), [home.path()]);
        fs::create_dir_all(home.path().join("a/b")).unwrap();
        assert_eq!(directories(&files), [home.path().join("a/b")]);
        assert!(has_events(home.path()));
    }
}
