//! What the watch of every place needs, and the steps that local and remote places share.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use super::events::Events;
use super::judging::{Judged, Seen, judge};
use super::metrics::Metrics;
use super::out::Out;
use super::request::Request;
use crate::commands::documents::Place;
use crate::commands::gateway::beside;
use crate::commands::past::database::{now_ms, versions};
use crate::commands::{Error, set};
use crate::deadline::{Deadline, Gate};
use crate::report::approvals::{Expired, SetReport};
use crate::report::exit::Exit;
use crate::report::watch::{Event, How, Writer as Wrote};
use crate::store::changes;
use crate::store::versions::{New, State, Writer};

/// The timeout of one look at a document, and of each step after it.
pub(super) const LOOKING: Duration = Duration::from_secs(30);
/// How often a document may vanish again before it is not restored any more.
const MOST_RESTORED: usize = 3;
/// The time in which those restorations are counted.
const WITHIN: Duration = Duration::from_mins(10);

/// What the watch of every place needs.
#[derive(Clone, Copy)]
pub(super) struct Scene<'w, 'o> {
    pub(super) request: &'w Request,
    pub(super) out: &'w Out<'o>,
    pub(super) metrics: &'w Metrics,
    pub(super) events: &'w Events,
    pub(super) memories: &'w RefCell<BTreeMap<String, Memory>>,
}

/// What a watch remembers of a place when it begins anew: after SIGHUP, or after a panic.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// The last document that said something.
    full: Option<Seen>,
    /// Whether that document vanished, and is still to be restored.
    is_owed: bool,
    restored: VecDeque<Instant>,
    /// Why it was not restored, as the last line about it says.
    not_restored: Option<String>,
}

/// Why a document may be half written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doubt {
    /// It says nothing any more.
    Vanished,
    /// It is not JSON.
    Unreadable,
}

/// The watch of one place.
pub(super) struct Watch<'w, 'o> {
    pub(super) scene: Scene<'w, 'o>,
    place: Place,
    name: String,
    how: How,
    seen: Option<Seen>,
    /// Whether the document was read since the watch began.
    is_begun: bool,
    is_readable: bool,
    memory: Memory,
}

impl Drop for Watch<'_, '_> {
    fn drop(&mut self) {
        let memory = std::mem::take(&mut self.memory);
        self.scene.memories.borrow_mut().insert(self.name.clone(), memory);
    }
}

impl<'w, 'o> Watch<'w, 'o> {
    pub(super) fn new(scene: Scene<'w, 'o>, place: &Place, name: String, how: How) -> Self {
        let memory = scene.memories.borrow_mut().remove(&name).unwrap_or_default();
        Self {
            scene,
            place: place.clone(),
            name,
            how,
            seen: None,
            is_begun: false,
            is_readable: true,
            memory,
        }
    }

    pub(super) fn emit(&self, event: Event) {
        self.scene.out.emit(&self.name, event);
    }

    /// Whether the document is the one that was seen last.
    pub(super) fn is_known(&self, new: &New) -> bool {
        self.is_begun && self.seen.as_ref().is_some_and(|seen| seen.hash == new.hash)
    }

    /// Whether a document that was just read may be half written. A program that writes in place makes it empty first.
    pub(super) fn doubt(&self, new: &New) -> Option<Doubt> {
        if self.is_known(new) {
            None
        } else if super::judging::says_nothing(new) {
            let vanishes = self.seen.as_ref().is_some_and(|seen| !seen.is_empty());
            vanishes.then_some(Doubt::Vanished)
        } else {
            (new.state == State::Unreadable).then_some(Doubt::Unreadable)
        }
    }

    /// Sets the place where its document is stored again.
    pub(super) fn at(&mut self, place: Place) {
        self.place = place;
    }

    /// Whether a document vanished and could not be restored yet.
    pub(super) fn is_owed(&self) -> bool {
        self.memory.is_owed
    }

    /// Sets how the place is watched, for the line about it.
    pub(super) fn by(&mut self, how: How) {
        self.how = how;
    }

    /// Reports that the place cannot be read, once for each cause.
    pub(super) fn lost(&mut self, error: &Error, retry: Duration) {
        self.scene.metrics.read(&self.name, false);
        if std::mem::take(&mut self.is_readable) {
            let retry_ms = u64::try_from(retry.as_millis()).unwrap_or(u64::MAX);
            // Next steps after a timeout are for commands that end.
            let remedy = error.remedy().filter(|_| error.exit() != Exit::TimedOut);
            self.emit(Event::Unreadable { cause: error.chain(), remedy, retry_ms });
        }
    }

    /// Compares a document that was read with the one before, keeps it, reports it, and restores the one before where that
    /// is wanted.
    pub(super) async fn take(&mut self, new: New) {
        self.scene.metrics.read(&self.name, true);
        if !std::mem::replace(&mut self.is_readable, true) {
            self.emit(Event::Readable);
        }
        let is_first = !self.is_begun;
        if self.is_known(&new) {
            if self.memory.is_owed {
                self.restore(new.hash).await;
            }
            return;
        }
        let (hash, exists) = (new.hash.clone(), new.state != State::Absent);
        let before = self.seen.clone();
        let judged = beside(Deadline::after(LOOKING), move || {
            let deadline = Deadline::after(LOOKING);
            let before =
                before.or_else(|| if is_first { Seen::last(&new.target.key, deadline) } else { None });
            let judged = judge(new, before.as_ref(), is_first, deadline);
            Ok((before, judged))
        })
        .await;
        let (before, Judged { seen, change, not_kept }) = match judged {
            Ok(judged) => judged,
            Err(error) => return self.lost(&error, LOOKING),
        };
        self.is_begun = true;
        let is_full = |seen: &&Seen| !seen.is_empty() && seen.text().is_some();
        if let Some(full) = [Some(&seen), before.as_ref()].into_iter().flatten().find(is_full) {
            self.memory.full = Some(full.clone());
        }
        self.memory.is_owed &= seen.is_empty();
        self.seen = Some(seen);
        if is_first {
            self.emit(Event::Watching { how: self.how, hash: hash.clone(), exists });
        }
        if let Some(cause) = not_kept {
            self.emit(Event::NotKept(cause));
        }
        let Some(change) = change else {
            // It vanished before this watch began anew.
            if self.memory.is_owed && self.scene.request.restore_vanished {
                self.restore(hash).await;
            }
            return;
        };
        let (vanished, writer) = (change.vanished, change.writer);
        self.emit(Event::Changed(change));
        if !self.scene.request.restore_vanished {
            return;
        }
        if vanished {
            self.memory.is_owed = true;
            self.memory.not_restored = None;
        }
        if !self.memory.is_owed {
            return;
        }
        if let Wrote::Verb(verb) = writer {
            // Whoever stores an empty document with clearance wants it.
            self.memory.is_owed = false;
            return self.not_restored(format!("clearance {verb} stored the empty document"));
        }
        self.restore(hash).await;
    }

    /// Stores the last document that said something again: as this watch saw it, not as the database has it now. `hash`: of
    /// the document that replaced it.
    async fn restore(&mut self, hash: String) {
        let full = self.memory.full.clone();
        let Some((full, text)) = full.and_then(|full| Some((full.clone(), full.text()?.to_owned()))) else {
            self.memory.is_owed = false;
            return self.not_restored("no text of it was kept".to_owned());
        };
        let version = full.version;
        if !self.may_restore() {
            self.memory.is_owed = false;
            let cause = format!(
                "it was restored {MOST_RESTORED} times within {} minutes, and vanished again",
                WITHIN.as_secs() / 60
            );
            return self.not_restored(cause);
        }
        let name = version.map_or_else(|| "the last document".to_owned(), |id| format!("version:{id}"));
        let request = set::Request {
            new: set::New::Text { name, text: text.into_bytes() },
            place: self.place.clone(),
            base_hash: Some(hash),
            dry_run: false,
            allow_legacy: true,
            drop_unknown: false,
            downgrade: false,
            writer: Writer::Restore,
        };
        let stored = beside(Deadline::after(LOOKING), move || {
            Ok(set::run(&request, &Gate::default(), Deadline::after(LOOKING))
                .map_err(|error| format!("{error:#}")))
        })
        .await;
        match stored {
            Ok(Ok(SetReport { after, departures, .. })) => {
                let hash = after.unwrap_or_default();
                self.memory.is_owed = false;
                self.memory.not_restored = None;
                self.memory.restored.push_back(Instant::now());
                if departures.is_empty() {
                    self.seen = Some(full.restored(hash.clone()));
                }
                self.emit(Event::Restored { version, hash });
            }
            Ok(Err(cause)) => self.not_restored(cause),
            Err(error) => self.not_restored(error.chain()),
        }
    }

    /// Reports why a document was not restored: once, until the cause changes or another document vanishes.
    fn not_restored(&mut self, cause: String) {
        if self.memory.not_restored.as_ref() != Some(&cause) {
            self.memory.not_restored = Some(cause.clone());
            self.emit(Event::NotRestored(cause));
        }
    }

    /// Whether the document did not vanish too often. Two programs that undo each other's work must not go on for ever.
    fn may_restore(&mut self) -> bool {
        self.memory.restored.retain(|at| at.elapsed() < WITHIN);
        self.memory.restored.len() < MOST_RESTORED
    }

    /// Reports entries that were removed because their time was over.
    pub(super) fn expired(&self, expired: Vec<Expired>) {
        for one in expired {
            self.emit(Event::Expired(one));
        }
    }
}

/// The state of the database of versions: it changes when a time limit is set.
pub(super) fn limits() -> changes::State {
    versions().map_or_else(|_| changes::State::default(), |versions| changes::State::of(&[versions.path()]))
}

/// When to look for entries whose time is over; `None`: no entry has a limit. An entry that could not be removed is tried
/// again after a while.
pub(super) fn due(next_ms: Option<u64>, expired: &[Expired]) -> Option<Instant> {
    /// The pause after an entry could not be removed.
    const AGAIN: Duration = Duration::from_mins(1);
    /// The longest pause: the clock of this host may be set.
    const MOST: Duration = Duration::from_hours(1);
    let left = Duration::from_millis(next_ms?.saturating_sub(now_ms()));
    let is_stuck = left.is_zero() || expired.iter().any(|one| one.result.is_err());
    Some(Instant::now() + if is_stuck { AGAIN } else { left.min(MOST) })
}

/// Sleeps until then; for ever without a time.
pub(super) async fn sleep(until: Option<Instant>) {
    match until {
        Some(until) => tokio::time::sleep_until(until.into()).await,
        None => std::future::pending().await,
    }
}
