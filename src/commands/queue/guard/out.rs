//! The lines of a guard, on their way to the command that prints them. A line without room is counted, and the next one
//! with room comes behind that number.

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use super::super::steady::millis;
use super::metrics::Metrics;
use crate::queue::clock::LocalTime;
use crate::queue::guard::line::{Event, Line};
use crate::settings::{self, Flags};

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteResult {
    /// It is written, or will be.
    Written,
    /// There was no room for it: those before it are not read.
    Dropped,
}

/// Where lines go.
pub(super) struct Out<'o> {
    show: RefCell<&'o mut dyn FnMut(&Line) -> WriteResult>,
    /// How many there was no room for since the last that there was room for.
    dropped: Cell<u64>,
    metrics: &'o Metrics,
}

impl<'o> Out<'o> {
    pub(super) fn new(show: &'o mut dyn FnMut(&Line) -> WriteResult, metrics: &'o Metrics) -> Self {
        Self { show: RefCell::new(show), dropped: Cell::new(0), metrics }
    }

    pub(super) fn emit(&self, gateway: &Arc<str>, event: Event) {
        let at = local_time();
        let mut show = self.show.borrow_mut();
        let dropped = self.dropped.get();
        if dropped > 0 {
            let missing = Line { at, gateway: "".into(), event: Event::Dropped(dropped) };
            if show(&missing) == WriteResult::Written {
                self.dropped.set(0);
            }
        }
        let line = Line { at, gateway: Arc::clone(gateway), event };
        if self.dropped.get() > 0 || show(&line) == WriteResult::Dropped {
            self.dropped.set(self.dropped.get() + 1);
            self.metrics.dropped();
        }
    }
}

/// The time of this machine's clock.
pub(super) fn local_time() -> LocalTime {
    LocalTime::of_ms(millis(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()))
}

/// What a gateway is called in lines and figures. What was meant as an address may hold a secret.
pub(super) fn name(flags: &Flags) -> Arc<str> {
    let name = flags.gateway.as_deref().map(str::trim).filter(|name| !name.is_empty());
    name.map_or_else(|| "default".into(), |name| settings::without_secret(name).into())
}
