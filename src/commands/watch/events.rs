//! Events of the file system, for all local places together: an event makes each of them look at the state of its files.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver as Answer, Sender as Orders, TryRecvError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use notify::event::ModifyKind;
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::watch::{Receiver, Sender};

use crate::store::changes::has_events;
use crate::system::Facts;

/// The watched directories, each with its identity: a directory that was replaced has to be watched again.
type Watched = Arc<Mutex<BTreeMap<PathBuf, (u64, u64)>>>;

/// How long each event keeps the thread that receives them: a program that writes all the time costs no core.
const PACE: Duration = Duration::from_micros(200);

/// How long it may take to watch a directory. While a program writes faster than its events are received, it takes for ever.
const WATCHING: Duration = Duration::from_millis(250);

/// The watched directories.
pub(super) struct Events {
    /// `None`: the system has no events left, or none at all.
    backend: Option<RefCell<Backend>>,
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
        let paced = move |event| {
            handle(event);
            thread::park_timeout(PACE);
        };
        let backend = notify::recommended_watcher(paced).ok().and_then(Backend::start);
        Self { backend: backend.map(RefCell::new), watched, ticks }
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
        let Some(backend) = &self.backend else { return false };
        let Ok(found) = directory.metadata() else { return false };
        let Some(identity) = found.identity() else { return false };
        // It is noted before it is watched: what happens to it from then on removes the note again. The lock is not held
        // while the watcher works, whose thread waits for it.
        let before = locked(&self.watched).insert(directory.to_owned(), identity);
        if before != Some(identity) && !backend.borrow_mut().watch(directory) {
            locked(&self.watched).remove(directory);
            return false;
        }
        has_events(directory)
    }
}

/// The library, on a thread of its own: it answers nothing, and cannot be dropped, while a program writes faster than its
/// events are received.
struct Backend {
    orders: Orders<(PathBuf, Orders<bool>)>,
    /// The answer that did not come in time.
    late: Option<Answer<bool>>,
}

impl Backend {
    fn start(mut watcher: RecommendedWatcher) -> Option<Self> {
        let (orders, received) = mpsc::channel::<(PathBuf, Orders<bool>)>();
        let work = move || {
            for (directory, answer) in received {
                // The directory that had this path is gone, and perhaps its watch, too.
                drop(watcher.unwatch(&directory));
                // Nobody waits for an answer that is too late.
                let is_watched = watcher.watch(&directory, RecursiveMode::NonRecursive).is_ok();
                let _: Result<(), _> = answer.send(is_watched);
            }
        };
        thread::Builder::new().name("watched directories".to_owned()).spawn(work).ok()?;
        Some(Self { orders, late: None })
    }

    /// Whether the directory is watched from now on.
    fn watch(&mut self, directory: &Path) -> bool {
        if let Some(late) = &self.late
            && late.try_recv() == Err(TryRecvError::Empty)
        {
            return false;
        }
        self.late = None;
        let (sender, answer) = mpsc::channel();
        if self.orders.send((directory.to_owned(), sender)).is_err() {
            return false;
        }
        let watched = answer.recv_timeout(WATCHING);
        if watched.is_err() {
            self.late = Some(answer);
        }
        watched == Ok(true)
    }
}

fn locked(watched: &Watched) -> MutexGuard<'_, BTreeMap<PathBuf, (u64, u64)>> {
    watched.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::disallowed_methods, reason = "the tests make their own files")]

    use std::fs;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Instant;

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

    /// More events than are received: two files, so that the system cannot join the events.
    #[tokio::test]
    async fn a_program_that_writes_all_the_time_blocks_nothing() {
        let home = tempfile::tempdir().unwrap();
        let (flooded, other) = (home.path().join("flooded"), home.path().join("other"));
        fs::create_dir(&flooded).unwrap();
        fs::create_dir(&other).unwrap();
        let events = Events::new();
        assert!(events.watch(std::slice::from_ref(&flooded)));
        let ended = Arc::new(AtomicBool::new(false));
        let writer = thread::spawn({
            let ended = ended.clone();
            move || {
                while !ended.load(Ordering::Relaxed) {
                    for name in ["one", "two"] {
                        fs::write(flooded.join(name), "text").unwrap();
                    }
                }
            }
        });
        let mut ticks = events.subscribe();
        ticks.changed().await.unwrap();
        let began = Instant::now();
        for _ in 0..20 {
            events.watch(std::slice::from_ref(&other));
        }
        ticks.changed().await.unwrap();
        drop(events);
        let took = began.elapsed();
        ended.store(true, Ordering::Relaxed);
        writer.join().unwrap();
        assert!(took < Duration::from_secs(10), "{took:?}");
    }
}
