//! The watch of a store or file of this host: by events of the file system, or by looking at the state of its files where
//! there are none.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::request::name;
use super::scene::{LOOKING, Scene, Watch, due, limits, sleep};
use crate::approvals::Syntax;
use crate::approvals::model::stored::Stored;
use crate::commands::Error;
use crate::commands::allowlist::expired;
use crate::commands::documents::{self, Content, Local, Place, Snapshot};
use crate::commands::gateway::beside;
use crate::commands::past::database;
use crate::commands::past::recorder::{self, Holding};
use crate::commands::past::target;
use crate::deadline::{Deadline, Gate};
use crate::report::approvals::Expired;
use crate::report::watch::How;
use crate::store::MAX_SIZE;
use crate::store::changes::{self, State};
use crate::store::input::{Bounds, InputError};
use crate::store::versions::{self, New, Writer};

/// How long further events of one change are waited for.
const SETTLING: Duration = Duration::from_millis(50);
/// How long a document must be empty until it counts as vanished: some programs write in place.
const VANISHING: Duration = Duration::from_millis(500);
/// How often files are looked at where the file system has no events.
const POLLING: Duration = Duration::from_secs(1);
/// How often files are looked at where the file system has events: a directory above those that are watched may be replaced.
const ANYWAY: Duration = Duration::from_secs(5);
/// The pause before a document that could not be read is read again without an event.
const RETRY: Duration = Duration::from_secs(10);

/// What one look found.
struct Look {
    /// The place that was read, and its store.
    place: Place,
    store: PathBuf,
    /// The document; the error: why it could not be read.
    found: Result<New, Error>,
    /// The files in which the store changes.
    files: Vec<PathBuf>,
    /// Their state before the document was read.
    state: State,
    /// Entries that were removed before.
    expired: Vec<Expired>,
    /// When the next time is over, in Unix milliseconds.
    next_ms: Option<u64>,
}

/// Watches until it is dropped.
pub(super) async fn watch(scene: Scene<'_, '_>, place: &Place) {
    let mut ticks = scene.events.subscribe();
    let mut watch = Watch::new(scene, place, name(place), How::Events);
    // The store that had the document last.
    let mut last = None;
    loop {
        ticks.mark_unchanged();
        let limits_before = limits();
        let looked = look(place, last.as_ref()).await;
        let Look { place: read, store, found, files, state, expired, next_ms } = match looked {
            Ok(look) => look,
            Err(error) => {
                watch.lost(&error, RETRY);
                tokio::time::sleep(RETRY).await;
                continue;
            }
        };
        let by_events = follow(scene, &files);
        watch.by(if by_events { How::Events } else { How::Polling });
        let due = due(next_ms, &expired);
        watch.expired(expired);
        let is_found = found.is_ok();
        match found {
            Ok(new) if watch.vanishes(&new) && !is_still_empty(&read, &new).await => continue,
            Ok(new) => {
                if matches!(place, Place::Host) && new.state != versions::State::Absent {
                    last = Some(Place::Store(store));
                }
                watch.at(read);
                watch.take(new).await;
            }
            Err(error) => watch.lost(&error, RETRY),
        }
        // Between the look and the watch of a new directory, a change may have passed unseen.
        let retry = (!is_found || watch.is_owed()).then(|| Instant::now() + RETRY);
        loop {
            if State::of(&files) != state || limits() != limits_before {
                tokio::time::sleep(SETTLING).await;
                break;
            }
            tokio::select! {
                changed = ticks.changed() => if changed.is_ok() {
                    follow(scene, &files);
                    tokio::time::sleep(SETTLING).await;
                },
                () = tokio::time::sleep(if by_events { ANYWAY } else { POLLING }) => {
                    follow(scene, &files);
                }
                () = sleep(due) => break,
                () = sleep(retry) => break,
            }
        }
    }
}

/// Watches the directories of the files, and that of the time limits. Returns whether each change of the files is an event.
fn follow(scene: Scene<'_, '_>, files: &[PathBuf]) -> bool {
    if let Ok(versions) = database::versions() {
        scene.events.watch(&changes::directories(&[versions.path()]));
    }
    scene.events.watch(&changes::directories(files))
}

/// Whether the document is still empty after a moment.
async fn is_still_empty(place: &Place, empty: &New) -> bool {
    tokio::time::sleep(VANISHING).await;
    let look = look(place, None).await;
    look.is_ok_and(|look| look.found.is_ok_and(|new| new.hash == empty.hash))
}

/// Removes entries whose time is over, and reads the document. `last`: where it was, if this host now has none and may keep
/// it in either of two places.
async fn look(place: &Place, last: Option<&Place>) -> Result<Look, Error> {
    let (mut place, last) = (place.clone(), last.cloned());
    let deadline = Deadline::after(LOOKING);
    beside(deadline, move || {
        let located = |place: &Place| {
            place.local(deadline)?.ok_or_else(|| Error::Fixed { name: name(place), to: "watched" })
        };
        let mut local = located(&place)?;
        let mut files = changes::files(&local.store);
        if let Some(last) = last.filter(|_| local.store.is_undecided()) {
            local = located(&last)?;
            files.extend(changes::files(&local.store));
            place = last;
        }
        let regular = || is_regular(&local);
        let expired = match regular() {
            Ok(()) => expired::of_local(&local, &Gate::default(), deadline),
            Err(_) => Vec::new(),
        };
        let state = State::of(&files);
        let target = target::of_store(&local.store, local.is_store);
        let found = regular().and_then(|()| read(&place, &local, deadline));
        let (store, next_ms) = (local.store.path().to_owned(), expired::next_ms(&target, deadline));
        Ok(Look { place, store, found, files, state, expired, next_ms })
    })
    .await
}

/// Fails if anything but a file is in the place of the document. Reading a pipe would wait for a writer.
fn is_regular(local: &Local) -> Result<(), Error> {
    let path = local.store.path();
    match path.metadata() {
        Ok(found) if !found.is_file() && !found.is_dir() => {
            let cause = std::io::Error::other("it is not a file");
            Err(InputError::Io { name: path.display().to_string(), cause }.into())
        }
        Ok(_) | Err(_) => Ok(()),
    }
}

fn read(place: &Place, local: &Local, deadline: Deadline) -> Result<New, Error> {
    let target = target::of_store(&local.store, local.is_store);
    let new = |hash: &str, holding: Holding<'_>, syntax: Syntax| {
        recorder::new(target, hash, holding, syntax, (None, Writer::Watch))
    };
    let snapshot = match documents::read_within(place, Bounds { max_size: MAX_SIZE, deadline }) {
        Ok(snapshot) => snapshot,
        Err(Error::Input(InputError::Missing(_))) => {
            return Ok(new(&Stored::absent().hash(), Holding::Absent, Syntax::Json));
        }
        Err(error) => return Err(error),
    };
    let hash = snapshot.hash();
    let Snapshot { content, syntax, .. } = snapshot;
    Ok(match &content {
        // A program that writes in place makes the file empty first.
        Content::Text(text) if text.trim_ascii().is_empty() => new(&hash, Holding::Absent, syntax),
        Content::Text(text) => new(&hash, Holding::Text(text), syntax),
        Content::Native(policy) => new(&hash, Holding::Native(policy), syntax),
        Content::Absent => new(&hash, Holding::Absent, syntax),
    })
}
