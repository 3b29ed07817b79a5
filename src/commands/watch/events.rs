//! Events of the file system, for all local places together: an event makes each of them look at the state of its files.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::watch::{Receiver, Sender};

use crate::store::changes::has_events;

/// The watched directories.
pub(super) struct Events {
    /// `None`: the system has no events left, or none at all.
    watcher: RefCell<Option<RecommendedWatcher>>,
    /// Each directory with its identity: a directory that was replaced has to be watched again.
    watched: RefCell<BTreeMap<PathBuf, (u64, u64)>>,
    /// Counts events.
    ticks: Sender<u64>,
}

impl Events {
    pub(super) fn new() -> Self {
        let ticks = Sender::new(0);
        let sender = ticks.clone();
        let handle = move |event: notify::Result<notify::Event>| {
            // Opening and reading a file is not a change. An error may mean that events were lost.
            if !matches!(event, Ok(notify::Event { kind: EventKind::Access(_), .. })) {
                sender.send_modify(|ticks| *ticks += 1);
            }
        };
        let watcher = notify::recommended_watcher(handle).ok();
        Self { watcher: RefCell::new(watcher), watched: RefCell::default(), ticks }
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
        let mut known = self.watched.borrow_mut();
        if known.get(directory) != Some(&identity) {
            if known.remove(directory).is_some() {
                // The directory that had this path is gone, and perhaps its watch, too.
                drop(watcher.unwatch(directory));
            }
            if watcher.watch(directory, RecursiveMode::NonRecursive).is_err() {
                return false;
            }
            known.insert(directory.to_owned(), identity);
        }
        has_events(directory)
    }
}
