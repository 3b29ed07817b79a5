//! The state of one connection of a guard: its calls in flight, and the known prompts of the gateway. `event_loop` runs
//! it, and `answers` reads its answers.

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

/// Why the loop of a connection ended.
pub(super) enum LoopExit {
    /// The order to stop arrived, and all calls have ended.
    Stopped,
    /// The order to read the configuration again arrived.
    Reload,
    /// The connection is lost, or unusable.
    Lost(String),
}

/// The state of one connection.
pub(super) struct ConnectionLoop<'a, 'w, 'o, 's> {
    pub(super) watch: &'a mut Watch<'w, 'o>,
    pub(super) session: &'s Session,
    pub(super) clock: Clock,
    /// When the last listing was requested.
    pub(super) asked: Instant,
    pub(super) slots: Option<Slots>,
    pub(super) kinds: Vec<Kind>,
    pub(super) way: Way,
    /// Everything that is pending, if the gateway matches ids by their start.
    pub(super) known: Option<Known>,
    /// Prompts that arrived (true) or went (false) while a listing is in flight.
    pub(super) changes: Option<Vec<(Key, bool)>>,
    pub(super) under_way: FuturesUnordered<Work<'s>>,
    /// For each denial in flight, when the message that caused it was received.
    pub(super) began: HashMap<Key, Instant>,
    pub(super) timings: HashMap<Key, Timing>,
    /// When the message that is being handled was received.
    pub(super) heard: Instant,
    /// The difference between this machine's clock and the steady one, in milliseconds: it jumps when the machine
    /// sleeps.
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

    /// Handles a prompt that is gone.
    pub(super) fn went(&mut self, key: &Key) {
        if self.way == Way::Prefix {
            if let Some(known) = &mut self.known {
                known.went(key);
            }
            self.changes.iter_mut().for_each(|changes| changes.push((key.clone(), false)));
        }
    }
}
