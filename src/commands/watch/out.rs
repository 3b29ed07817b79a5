//! The lines of a watch, and the hooks that they start.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use tokio::sync::mpsc;

use super::metrics::Metrics;
use super::request::Hooks;
use crate::commands::Error;
use crate::commands::hooks::{DRAINING, Failure, Job, Lanes, MOST_WAITING};
use crate::commands::past::database::now_ms;
use crate::deadline::Deadline;
use crate::report::watch::{Event, Line, name, object};

/// Shows a line. `false`: it was dropped, because earlier lines were not read in time.
pub type Show<'o> = dyn FnMut(&Line) -> bool + 'o;

/// The output of a watch.
pub(super) struct Out<'o> {
    show: RefCell<&'o mut Show<'o>>,
    dropped: Cell<u64>,
    metrics: &'o Metrics,
    hooks: &'o Hooks,
    lanes: RefCell<Option<Lanes>>,
    failures: RefCell<mpsc::Receiver<Failure>>,
}

impl<'o> Out<'o> {
    /// Starts the thread of the hooks, if there are any.
    pub(super) fn new(show: &'o mut Show<'o>, metrics: &'o Metrics, hooks: &'o Hooks) -> Result<Self, Error> {
        let (sender, failures) = mpsc::channel(MOST_WAITING);
        let has_work = !hooks.notify.is_empty() || hooks.on.iter().any(|(_, program)| program.is_some());
        let lanes = has_work.then(|| Lanes::start(&hooks.notify, sender)).transpose()?;
        Ok(Self {
            show: RefCell::new(show),
            dropped: Cell::new(0),
            metrics,
            hooks,
            lanes: RefCell::new(lanes),
            failures: RefCell::new(failures),
        })
    }

    /// Shows a line, and starts the hooks that are for it.
    pub(super) fn emit(&self, target: &str, event: Event) {
        let line = Line { at_ms: now_ms(), target: target.to_owned(), event };
        self.metrics.count(&line);
        self.send(&line);
        for failure in self.fire(&line) {
            self.failed(failure);
        }
    }

    /// Shows the failures of hooks that were reported meanwhile.
    pub(super) fn drain(&self) {
        loop {
            let Ok(failure) = self.failures.borrow_mut().try_recv() else { return };
            self.failed(failure);
        }
    }

    /// Waits until every hook has ended, at most for five seconds.
    pub(super) async fn finish(&self) {
        let lanes = self.lanes.borrow_mut().take();
        if let Some(lanes) = lanes {
            lanes.finish(Deadline::after(DRAINING)).await;
        }
        self.drain();
    }

    fn failed(&self, failure: Failure) {
        let event = Event::HookFailed { hook: failure.hook, of: failure.of, cause: failure.cause };
        self.send(&Line { at_ms: now_ms(), target: failure.gateway.to_string(), event });
    }

    fn fire(&self, line: &Line) -> Vec<Failure> {
        let lanes = self.lanes.borrow();
        let Some(lanes) = lanes.as_ref().filter(|_| self.hooks.wants(&line.event)) else { return Vec::new() };
        let Ok(text) = serde_json::to_string(&object(line)) else { return Vec::new() };
        let target: Arc<str> = line.target.as_str().into();
        let job = Job { gateway: target, of: name(&line.event), text: text.into() };
        let meant = self.hooks.on.iter().filter(|(trigger, _)| trigger.is(&line.event));
        let programs = meant.filter_map(|(_, program)| program.as_ref());
        let mut dropped: Vec<Failure> =
            programs.filter_map(|program| lanes.run(program, &job).err()).collect();
        dropped.extend(lanes.post(&job));
        dropped
    }

    fn send(&self, line: &Line) {
        let mut show = self.show.borrow_mut();
        let dropped = self.dropped.get();
        if dropped > 0 {
            let missing = Line { at_ms: line.at_ms, target: String::new(), event: Event::Dropped(dropped) };
            if show(&missing) {
                self.dropped.set(0);
            }
        }
        if self.dropped.get() > 0 || !show(line) {
            self.dropped.set(self.dropped.get() + 1);
        }
    }
}
