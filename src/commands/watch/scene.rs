//! What the watch of every place needs, and the steps that local and remote places share.

use std::collections::VecDeque;
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
use crate::store::versions::{New, Writer};

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
    /// The last document that said something.
    full: Option<Seen>,
    /// Whether that document vanished, and is still to be restored.
    is_owed: bool,
    restored: VecDeque<Instant>,
}

impl<'w, 'o> Watch<'w, 'o> {
    pub(super) fn new(scene: Scene<'w, 'o>, place: &Place, name: String, how: How) -> Self {
        Self {
            scene,
            place: place.clone(),
            name,
            how,
            seen: None,
            is_begun: false,
            is_readable: true,
            full: None,
            is_owed: false,
            restored: VecDeque::new(),
        }
    }

    pub(super) fn emit(&self, event: Event) {
        self.scene.out.emit(&self.name, event);
    }

    /// Whether the document is the one that was seen last.
    pub(super) fn is_known(&self, new: &New) -> bool {
        self.is_begun && self.seen.as_ref().is_some_and(|seen| seen.hash == new.hash)
    }

    /// Whether a document that said something is now empty. A program that writes in place makes it empty for a moment.
    pub(super) fn vanishes(&self, new: &New) -> bool {
        super::judging::says_nothing(new) && self.seen.as_ref().is_some_and(|seen| !seen.is_empty())
    }

    /// Sets the place where its document is stored again.
    pub(super) fn at(&mut self, place: Place) {
        self.place = place;
    }

    /// Whether a document vanished and could not be restored yet.
    pub(super) fn is_owed(&self) -> bool {
        self.is_owed
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
            if self.is_owed {
                self.restore(new.hash).await;
            }
            return;
        }
        let (hash, exists) = (new.hash.clone(), new.state != crate::store::versions::State::Absent);
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
            self.full = Some(full.clone());
        }
        self.is_owed &= seen.is_empty();
        self.seen = Some(seen);
        if is_first {
            self.emit(Event::Watching { how: self.how, hash: hash.clone(), exists });
        }
        if let Some(cause) = not_kept {
            self.emit(Event::NotKept(cause));
        }
        let Some(change) = change else { return };
        let (vanished, writer) = (change.vanished, change.writer);
        self.emit(Event::Changed(change));
        if !self.scene.request.restore_vanished {
            return;
        }
        self.is_owed |= vanished;
        if !self.is_owed {
            return;
        }
        if let Wrote::Verb(verb) = writer {
            // Whoever stores an empty document with clearance wants it.
            self.is_owed = false;
            return self.emit(Event::NotRestored(format!("clearance {verb} stored the empty document")));
        }
        self.restore(hash).await;
    }

    /// Stores the last document that said something again: as this watch saw it, not as the database has it now. `hash`: of
    /// the document that replaced it.
    async fn restore(&mut self, hash: String) {
        let full = self.full.clone();
        let Some((full, text)) = full.and_then(|full| Some((full.clone(), full.text()?.to_owned()))) else {
            self.is_owed = false;
            return self.emit(Event::NotRestored("no text of it was kept".to_owned()));
        };
        let version = full.version;
        if !self.may_restore() {
            self.is_owed = false;
            let cause = format!(
                "it was restored {MOST_RESTORED} times within {} minutes, and vanished again",
                WITHIN.as_secs() / 60
            );
            return self.emit(Event::NotRestored(cause));
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
                self.is_owed = false;
                self.restored.push_back(Instant::now());
                if departures.is_empty() {
                    self.seen = Some(full.restored(hash.clone()));
                }
                self.emit(Event::Restored { version, hash });
            }
            Ok(Err(cause)) => self.emit(Event::NotRestored(cause)),
            Err(error) => self.emit(Event::NotRestored(error.chain())),
        }
    }

    /// Whether the document did not vanish too often. Two programs that undo each other's work must not go on for ever.
    fn may_restore(&mut self) -> bool {
        self.restored.retain(|at| at.elapsed() < WITHIN);
        self.restored.len() < MOST_RESTORED
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
