//! The watch of a store or file of this host: by events of the file system, or by looking at the state of its files where
//! there are none.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::request::name;
use super::scene::{Doubt, LOOKING, Scene, Watch, due, limits, sleep};
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

/// The shortest time between the starts of two looks. The first event is looked at immediately; a gateway that writes to its
/// database all the time is looked at this often.
const PACE: Duration = Duration::from_millis(50);
/// As [`PACE`], while a document may be half written.
const WRITING: Duration = Duration::from_millis(10);
/// How long a document must be empty until it counts as vanished: some programs write in place.
const VANISHING: Duration = Duration::from_millis(500);
/// How long a text must be no JSON until it counts as unreadable: it may be half written.
const UNREADABLE: Duration = Duration::from_millis(100);
/// How long a document may be in doubt in all.
const DOUBTFUL: Duration = Duration::from_secs(1);
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

/// A document that may be half written: since when, and since when for the same reason.
#[derive(Debug, Clone, Copy)]
struct Doubtful {
    began: Instant,
    doubt: Doubt,
    since: Instant,
}

impl Doubtful {
    /// The doubt about a document that was read now, after the doubt about the one before.
    fn after(before: Option<Self>, doubt: Doubt, now: Instant) -> Self {
        let began = before.map_or(now, |before| before.began);
        let since = before.filter(|before| before.doubt == doubt).map_or(now, |before| before.since);
        Self { began, doubt, since }
    }

    /// When the document counts as what it is.
    fn ends(&self) -> Instant {
        let patience = match self.doubt {
            Doubt::Vanished => VANISHING,
            Doubt::Unreadable => UNREADABLE,
        };
        (self.since + patience).min(self.began + DOUBTFUL)
    }
}

/// Watches until it is dropped.
pub(super) async fn watch(scene: Scene<'_, '_>, place: &Place) {
    let mut ticks = scene.events.subscribe();
    let mut watch = Watch::new(scene, place, name(place), How::Events);
    // The store that had the document last.
    let mut last = None;
    let mut doubtful: Option<Doubtful> = None;
    let mut state_before = None;
    loop {
        ticks.mark_unchanged();
        let limits_before = limits();
        let begun = Instant::now();
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
        let doubt = found.as_ref().ok().and_then(|new| watch.doubt(new));
        doubtful = doubt.map(|doubt| Doubtful::after(doubtful, doubt, begun));
        // A program that writes in place goes on: the next event shows what it wrote.
        let waits = doubtful.map(|doubtful| doubtful.ends()).filter(|ends| begun < *ends);
        match found {
            Ok(_) if waits.is_some() => {}
            Ok(new) => {
                doubtful = None;
                if matches!(place, Place::Host) && new.state != versions::State::Absent {
                    last = Some(Place::Store(store));
                }
                watch.at(read);
                watch.take(new).await;
            }
            Err(error) => watch.lost(&error, RETRY),
        }
        let earliest = begun + if waits.is_some() { WRITING } else { PACE };
        let retry = (!is_found || watch.is_owed()).then(|| Instant::now() + RETRY);
        // A second change within one tick of the file system's clock leaves the state as it is: after a change, the next event
        // is looked at in any case.
        let mut is_new = state_before.as_ref().is_some_and(|before| *before != state);
        loop {
            // Between the look and the watch of a new directory, a change may have passed unseen.
            if State::of(&files) != state || limits() != limits_before {
                sleep(Some(earliest)).await;
                break;
            }
            tokio::select! {
                changed = ticks.changed() => if changed.is_ok() {
                    follow(scene, &files);
                    if std::mem::take(&mut is_new) {
                        sleep(Some(earliest)).await;
                        break;
                    }
                },
                () = tokio::time::sleep(if by_events { ANYWAY } else { POLLING }) => {
                    follow(scene, &files);
                }
                () = sleep(waits) => break,
                () = sleep(due) => break,
                () = sleep(retry) => break,
            }
        }
        state_before = Some(state);
    }
}

/// Watches the directories of the files, and that of the time limits. Returns whether each change of the files is an event.
fn follow(scene: Scene<'_, '_>, files: &[PathBuf]) -> bool {
    if let Ok(versions) = database::versions() {
        scene.events.watch(&changes::directories(&[versions.path()]));
    }
    scene.events.watch(&changes::directories(files))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_doubt_ends_by_itself_and_by_its_sum() {
        let now = Instant::now();
        let ms = Duration::from_millis;
        let empty = Doubtful::after(None, Doubt::Vanished, now);
        assert_eq!(empty.ends(), now + VANISHING);
        // Still empty: it does not begin anew.
        let later = Doubtful::after(Some(empty), Doubt::Vanished, now + ms(300));
        assert_eq!(later.ends(), now + VANISHING);
        // Half written: a new doubt.
        let half = Doubtful::after(Some(later), Doubt::Unreadable, now + ms(400));
        assert_eq!(half.ends(), now + ms(400) + UNREADABLE);
        // Whoever empties it again and again is not waited for any longer.
        let again = Doubtful::after(Some(half), Doubt::Vanished, now + ms(900));
        assert_eq!(again.ends(), now + DOUBTFUL);
    }
}
