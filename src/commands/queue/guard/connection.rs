//! One connection of a guard while it lasts: what is under way on it, and what is known of the gateway's prompts.
//! `attend` moves it on, and `answers` reads what comes back.

use std::collections::HashMap;
use std::time::Instant;

use futures_util::stream::FuturesUnordered;

use super::super::deciding::{Known, Way};
use super::calls::Work;
use super::state::Watch;
use crate::deadline::Deadline;
use crate::gateway::{Clock, Session};
use crate::queue::clock::Now;
use crate::queue::guard::Input;
use crate::queue::guard::line::Timing;
use crate::queue::{Key, Kind, Slots};

/// Why a connection is done with.
pub(super) enum LoopExit {
    /// It received the order to stop, and everything under way has ended.
    Stopped,
    /// It received the order to read its configuration again.
    Reload,
    /// It is gone, or of no use.
    Lost(String),
}

/// One connection, while it lasts.
pub(super) struct ConnectionLoop<'a, 'w, 'o, 's> {
    pub(super) watch: &'a mut Watch<'w, 'o>,
    pub(super) session: &'s Session,
    pub(super) clock: Clock,
    /// When the last listing was asked for.
    pub(super) asked: Instant,
    pub(super) slots: Option<Slots>,
    pub(super) kinds: Vec<Kind>,
    pub(super) way: Way,
    /// Everything that is pending, where ids are matched by their beginning.
    pub(super) known: Option<Known>,
    /// What came (true) and went since a listing was asked for that has not come.
    pub(super) changes: Option<Vec<(Key, bool)>>,
    pub(super) under_way: FuturesUnordered<Work<'s>>,
    /// When that was heard which a denial under way is for.
    pub(super) began: HashMap<Key, Instant>,
    pub(super) timings: HashMap<Key, Timing>,
    /// When that was heard which is acted on.
    pub(super) heard: Instant,
    /// Between this machine's clock and the steady one, in milliseconds: it jumps when the machine sleeps.
    pub(super) offset: Option<u64>,
    pub(super) reloads: u64,
    pub(super) drained_by: Option<Deadline>,
}

impl ConnectionLoop<'_, '_, '_, '_> {
    pub(super) fn now(&self) -> Now {
        self.watch.steady.beside(&self.clock)
    }

    pub(super) fn handle(&mut self, input: Input<'_>) {
        let now = self.now();
        self.watch.guard.handle(input, now);
    }

    /// A prompt is gone.
    pub(super) fn went(&mut self, key: &Key) {
        if self.way == Way::Prefix {
            if let Some(known) = &mut self.known {
                known.went(key);
            }
            self.changes.iter_mut().for_each(|changes| changes.push((key.clone(), false)));
        }
    }
}
