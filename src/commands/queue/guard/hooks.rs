//! Hooks and notices: what a guard starts or posts at an event. They have a thread of their own, so that nothing of it
//! delays a denial: the guard only puts an event into a bounded queue.

use std::cell::RefCell;
use std::sync::Arc;

use tokio::sync::mpsc;

use crate::commands::Error;
use crate::commands::hooks::{self, DRAINING, Failure, Job, Lanes, MOST_WAITING, Program};
use crate::deadline::Deadline;
use crate::gateway::WebhookUrl;
use crate::queue::guard::Trigger;
use crate::queue::guard::line::{Event, Line};
use crate::report::guard::{name, object};

/// What happens at which events.
#[derive(Debug, Clone, Default)]
pub struct Hooks {
    /// The events, each with the program to start, if any.
    pub on: Vec<(Trigger, Option<Program>)>,
    /// The receivers of each of these events.
    pub notify: Vec<WebhookUrl>,
}

impl Hooks {
    /// Fails if a program cannot be started.
    pub fn check(&self) -> Result<(), Error> {
        hooks::check("breaker", self.on.iter().filter_map(|(_, program)| program.as_ref()))
    }

    /// Whether somebody wants to know of this event.
    pub fn wants(&self, event: &Event) -> bool {
        self.on.iter().any(|(trigger, _)| trigger.is(event))
    }
}

/// Starts the thread of the hooks, if there is anything to do.
pub(super) fn start(hooks: &Hooks) -> Result<(Firing, Failures), Error> {
    let (sender, failures) = mpsc::channel(MOST_WAITING);
    let has_work = !hooks.notify.is_empty() || hooks.on.iter().any(|(_, program)| program.is_some());
    let lanes = has_work.then(|| Lanes::start(&hooks.notify, sender)).transpose()?;
    Ok((Firing { hooks: hooks.clone(), lanes: RefCell::new(lanes) }, Failures(failures)))
}

/// The hooks of a running guard.
pub(super) struct Firing {
    hooks: Hooks,
    lanes: RefCell<Option<Lanes>>,
}

impl Firing {
    /// Starts what is to happen at a line. Returns the events that did not fit.
    pub(super) fn fire(&self, line: &Line) -> Vec<Event> {
        let lanes = self.lanes.borrow();
        let Some(lanes) = lanes.as_ref().filter(|_| self.hooks.wants(&line.event)) else { return Vec::new() };
        let Ok(text) = serde_json::to_string(&object(line)) else { return Vec::new() };
        let job = Job { gateway: Arc::clone(&line.gateway), of: name(&line.event), text: text.into() };
        let meant = self.hooks.on.iter().filter(|(trigger, _)| trigger.is(&line.event));
        let programs = meant.filter_map(|(_, program)| program.as_ref());
        let mut dropped: Vec<Failure> =
            programs.filter_map(|program| lanes.run(program, &job).err()).collect();
        dropped.extend(lanes.post(&job));
        dropped.into_iter().map(event).collect()
    }

    /// Waits until everything has ended, at most for five seconds. Nothing is started any more.
    pub(super) async fn finish(&self) {
        let lanes = self.lanes.borrow_mut().take();
        if let Some(lanes) = lanes {
            lanes.finish(Deadline::after(DRAINING)).await;
        }
    }
}

/// The failures of hooks.
pub(super) struct Failures(mpsc::Receiver<Failure>);

impl Failures {
    /// Waits for the next failure. Without hooks it waits forever.
    pub(super) async fn next(&mut self) -> (Arc<str>, Event) {
        match self.0.recv().await {
            Some(failure) => (Arc::clone(&failure.gateway), event(failure)),
            None => std::future::pending().await,
        }
    }

    /// The failures that nobody has read yet, after the end.
    pub(super) fn rest(&mut self) -> Vec<(Arc<str>, Event)> {
        let next = || self.0.try_recv().ok();
        std::iter::from_fn(next).map(|failure| (Arc::clone(&failure.gateway), event(failure))).collect()
    }
}

/// The line of the log for a hook that failed.
fn event(failure: Failure) -> Event {
    Event::HookFailed { hook: failure.hook, of: failure.of, cause: failure.cause }
}
