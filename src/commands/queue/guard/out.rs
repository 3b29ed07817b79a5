//! The channel for lines from a guard to the command that prints them. Lines that do not fit are dropped and counted;
//! the next line that fits follows that number.

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use super::super::steady::millis;
use super::hooks::Firing;
use super::metrics::Metrics;
use crate::queue::clock::LocalTime;
use crate::queue::guard::line::{Event, Line};
use crate::settings::{self, Flags};

/// The result of sending a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteResult {
    /// The line is written, or will be.
    Written,
    /// The line was dropped: earlier lines have not been read.
    Dropped,
}

/// The sender of lines.
pub(super) struct Out<'o> {
    show: RefCell<&'o mut dyn FnMut(&Line) -> WriteResult>,
    /// The number of lines dropped since the last one that was sent.
    dropped: Cell<u64>,
    metrics: &'o Metrics,
    firing: &'o Firing,
}

impl<'o> Out<'o> {
    pub(super) fn new(
        show: &'o mut dyn FnMut(&Line) -> WriteResult,
        metrics: &'o Metrics,
        firing: &'o Firing,
    ) -> Self {
        Self { show: RefCell::new(show), dropped: Cell::new(0), metrics, firing }
    }

    /// Sends a line, and starts the hooks that are for it.
    pub(super) fn emit(&self, gateway: &Arc<str>, event: Event) {
        let line = Line { at: local_time(), gateway: Arc::clone(gateway), event };
        self.send(&line);
        for event in self.firing.fire(&line) {
            self.send(&Line { at: line.at, gateway: Arc::clone(gateway), event });
        }
    }

    fn send(&self, line: &Line) {
        let at = line.at;
        let mut show = self.show.borrow_mut();
        let dropped = self.dropped.get();
        if dropped > 0 {
            let missing = Line { at, gateway: "".into(), event: Event::Dropped(dropped) };
            if show(&missing) == WriteResult::Written {
                self.dropped.set(0);
            }
        }
        if self.dropped.get() > 0 || show(line) == WriteResult::Dropped {
            self.dropped.set(self.dropped.get() + 1);
            self.metrics.dropped();
        }
    }
}

/// The time of this machine's clock.
pub(super) fn local_time() -> LocalTime {
    LocalTime::of_ms(millis(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()))
}

/// The name of a gateway in lines and metrics. A given address may contain a secret.
pub(super) fn name(flags: &Flags) -> Arc<str> {
    let name = flags.gateway.as_deref().map(str::trim).filter(|name| !name.is_empty());
    name.map_or_else(|| "default".into(), |name| settings::without_secret(name).into())
}
