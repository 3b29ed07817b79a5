//! `queue ls`: what is pending, duplicates behind the one that would stay.

use std::time::Duration;

use super::{Pending, Queue, saved};
use crate::commands::Error;
use crate::commands::gateway::passed;
use crate::deadline::Deadline;
use crate::gateway::Access;
use crate::gateway::events::Event;
use crate::queue::filter::{Filter, Sort};
use crate::queue::summary::Queued;
use crate::queue::{Reader, Rules, Scope, plan};
use crate::settings::Flags;
use crate::store::input::Input;

/// What to list.
#[derive(Debug, Clone)]
pub struct Request {
    /// Which prompts.
    pub filter: Filter,
    /// Whether only those that have duplicates.
    pub duplicates: bool,
    /// Inside what they are duplicates.
    pub scope: Scope,
    /// In what order.
    pub sort: Sort,
    /// Whether requests are wanted whole, with whatever a gateway says in them.
    pub whole: bool,
}

impl Request {
    fn reader(&self) -> Reader {
        if self.whole { Reader::keeping_raw() } else { Reader::new() }
    }

    fn of(&self, gateway: String, pending: &Pending) -> Queued {
        let rules = Rules { scope: self.scope, ..Rules::at(pending.at_ms) };
        let plan = plan(&pending.listing.prompts, &pending.runs, rules);
        Queued {
            problems: pending.listing.problems.iter().map(ToString::to_string).collect(),
            partial: pending.partial.clone(),
            runs_unknown: pending.runs_unknown.clone(),
            notes: pending.notes.clone(),
            ..Queued::of(gateway, &plan, &pending.runs, &self.filter, self.duplicates, self.sort)
        }
    }
}

/// Of a saved listing.
pub fn of_file(request: &Request, input: &Input, deadline: Deadline) -> Result<Queued, Error> {
    Ok(request.of(input.name(), &saved(input, deadline)?))
}

/// Of a gateway.
pub async fn run(request: &Request, flags: &Flags, deadline: Deadline) -> Result<Queued, Error> {
    let mut queue = Queue::open(flags, Access::OPERATOR, request.reader(), deadline).await?;
    let pending = queue.list().await?;
    let name = queue.connection.address().to_owned();
    queue.connection.close().await;
    Ok(request.of(name, &pending))
}

/// Stays, and shows the queue whenever it has changed, until `end`, Ctrl-C, or `show` says that nobody looks any more.
pub async fn watch(
    request: &Request,
    flags: &Flags,
    step: Duration,
    end: Option<Deadline>,
    mut show: impl FnMut(&Queued) -> bool,
) -> Result<(), Error> {
    /// Current gateways send no events to a client that does not answer prompts: they are asked.
    const EVERY: Duration = Duration::from_secs(2);
    // Each step has a deadline of its own; the whole may have none.
    let mut queue = Queue::open(flags, Access::LISTENING, request.reader(), Deadline::after(step)).await?;
    let name = queue.connection.address().to_owned();
    let mut last = None;
    loop {
        queue.connection.extend(Deadline::after(step));
        let pending = match queue.list().await {
            Ok(pending) => pending,
            Err(error) => {
                // Once: a gateway that restarts is waited for inside the step.
                queue.connection.reopen().await.map_err(|_| error)?;
                queue.list().await?
            }
        };
        let keys = pending.keys();
        if last.as_ref() != Some(&keys) {
            if !show(&request.of(name.clone(), &pending)) {
                break;
            }
            last = Some(keys);
        }
        let mut events = queue.connection.take_events();
        let over = tokio::select! {
            () = changed(&mut events) => false,
            () = tokio::time::sleep(EVERY) => false,
            () = passed(end) => true,
            interrupted = tokio::signal::ctrl_c() => interrupted.is_ok(),
        };
        queue.connection.give_events(events);
        if over {
            break;
        }
    }
    queue.connection.close().await;
    Ok(())
}

async fn changed(events: &mut Option<crate::gateway::Events>) {
    loop {
        match events {
            Some(known) => match known.next().await {
                Some(Event::Requested(..) | Event::Resolved(..) | Event::Gap) => return,
                Some(_) => {}
                None => *events = None,
            },
            None => std::future::pending().await,
        }
    }
}
