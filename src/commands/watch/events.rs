//! Events of the file system, for all local places together: an event makes each of them look at the state of its files.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use notify::event::ModifyKind;
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::watch::{Receiver, Sender};

use crate::store::changes::has_events;

/// The watched directories, each with its identity: a directory that was replaced has to be watched again.
type Watched = Arc<Mutex<BTreeMap<PathBuf, (u64, u64)>>>;

/// The watched directories.
pub(super) struct Events {
    /// `None`: the system has no events left, or none at all.
    watcher: RefCell<Option<RecommendedWatcher>>,
    watched: Watched,
    /// Counts events.
    ticks: Sender<u64>,
}

impl Events {
    pub(super) fn new() -> Self {
        let ticks = Sender::new(0);
        let sender = ticks.clone();
        let watched = Watched::default();
        let known = watched.clone();
        let handle = move |event: notify::Result<notify::Event>| {
            match &event {
                // Opening and reading a file is not a change.
                Ok(notify::Event { kind: EventKind::Access(_), .. }) => return,
                // A directory that is moved or deleted loses its watch. At its path there may soon be one with the same
                // identity: it comes back, or its number is given again.
                Ok(notify::Event {
                    kind: EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_)),
                    paths,
                    ..
                }) => {
                    let mut known = locked(&known);
                    for path in paths {
                        known.remove(path);
                    }
                }
                // An error may mean that events were lost.
                Ok(_) | Err(_) => {}
            }
            sender.send_modify(|ticks| *ticks += 1);
        };
        let system = notify::recommended_watcher(handle).ok();
        Self { watcher: RefCell::new(system), watched, ticks }
    }

    /// Receives a value at each event.
    pub(super) fn subscribe(&self) -> Receiver<u64> {
        self.ticks.subscribe()
    }

    /// Watches directories, those that were watched before included. `false`: not every change in them is reported.
    pub(super) fn watch(&self, directories: &[PathBuf]) -> bool {
        directories.iter().map(|directory| self.add(directory)).fold(true, |all, one| all & one)
    }

    fn add(&self, directory: &Path) -> bool {
        let mut backend = self.watcher.borrow_mut();
        let Some(watcher) = backend.as_mut() else { return false };
        let Ok(found) = directory.metadata() else { return false };
        let identity = (found.dev(), found.ino());
        // It is noted before it is watched: what happens to it from then on removes the note again. The lock is not held
        // while the watcher works, whose thread waits for it.
        let before = locked(&self.watched).insert(directory.to_owned(), identity);
        if before != Some(identity) {
            // The directory that had this path is gone, and perhaps its watch, too.
            drop(watcher.unwatch(directory));
            if watcher.watch(directory, RecursiveMode::NonRecursive).is_err() {
                locked(&self.watched).remove(directory);
                return false;
            }
        }
        has_events(directory)
    }
}

fn locked(watched: &Watched) -> MutexGuard<'_, BTreeMap<PathBuf, (u64, u64)>> {
    watched.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::disallowed_methods, reason = "the tests make their own files")]

    use std::fs;
    use std::time::Duration;

    use super::*;

    /// Writes the file until an event comes. The directory is watched again as the watch of a place does it.
    async fn has_event(events: &Events, directory: &Path) -> bool {
        let wait = async {
            loop {
                events.watch(&[directory.to_owned()]);
                let mut ticks = events.subscribe();
                fs::write(directory.join("file"), "text").unwrap();
                let changed = tokio::time::timeout(Duration::from_millis(200), ticks.changed()).await;
                if changed.is_ok() {
                    return;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(10), wait).await.is_ok()
    }

    #[tokio::test]
    async fn a_directory_that_went_and_came_back_is_watched_again() {
        let home = tempfile::tempdir().unwrap();
        let (directory, away) = (home.path().join("directory"), home.path().join("away"));
        fs::create_dir(&directory).unwrap();
        let events = Events::new();
        assert!(events.watch(&[home.path().to_owned()]));
        assert!(has_event(&events, &directory).await);
        let mut ticks = events.subscribe();
        fs::rename(&directory, &away).unwrap();
        fs::rename(&away, &directory).unwrap();
        ticks.changed().await.unwrap();
        assert!(has_event(&events, &directory).await, "moved away and back");
        // The file system may give the same number again.
        let mut ticks = events.subscribe();
        fs::remove_dir_all(&directory).unwrap();
        fs::create_dir(&directory).unwrap();
        ticks.changed().await.unwrap();
        assert!(has_event(&events, &directory).await, "deleted and made again");
    }
}
