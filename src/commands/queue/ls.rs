//! `queue ls`: the pending prompts, duplicates after the one that would be kept.

use std::cell::Cell;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{Interval, MissedTickBehavior};

use super::{Pending, Queue, saved};
use crate::commands::gateway::passed;
use crate::commands::{Error, targets};
use crate::deadline::Deadline;
use crate::gateway::Access;
use crate::gateway::api::events::Event;
use crate::queue::filter::{Filter, Sort};
use crate::queue::{Reader, Rules, Scope, plan};
use crate::report::exit::{self, Exit};
use crate::report::queue::Queued;
use crate::settings::Flags;
use crate::store::input::Input;

/// The request.
#[derive(Debug, Clone)]
pub struct Request {
    /// The filter of prompts.
    pub filter: Filter,
    /// Whether to list only prompts with duplicates.
    pub duplicates: bool,
    /// The scope in which prompts are duplicates.
    pub scope: Scope,
    /// The order of the rows.
    pub sort: Sort,
    /// Whether to keep whole requests, with unknown fields.
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

/// Lists a saved listing.
pub fn of_file(request: &Request, input: &Input, deadline: Deadline) -> Result<Queued, Error> {
    Ok(request.of(input.name(), &saved(input, deadline)?))
}

/// Lists the queue of a gateway.
pub async fn run(request: &Request, flags: &Flags, deadline: Deadline) -> Result<Queued, Error> {
    let mut queue = Queue::open(flags, Access::OPERATOR, request.reader(), deadline).await?;
    let pending = queue.list().await?;
    let name = queue.connection.address().to_owned();
    let mut queued = request.of(name, &pending);
    if !queued.rows.is_empty() {
        queued.know(&queue.recent_denials(&pending, deadline).await);
    }
    queue.connection.close().await;
    Ok(queued)
}

/// The result for one of several gateways.
#[derive(Debug)]
pub struct Listed {
    /// Its name or address as given, without possible secrets.
    pub gateway: String,
    /// Its queue, or the error.
    pub result: Result<Queued, Error>,
}

/// Lists the queues of several gateways concurrently.
pub async fn run_all(request: &Request, targets: &[Flags], deadline: Deadline) -> Result<Vec<Listed>, Error> {
    let one = async |flags: &Flags| {
        let result = run(request, flags, deadline).await;
        Listed { gateway: targets::shown(flags), result }
    };
    Ok(join_all(targets.iter().map(one)).await)
}

/// The exit code for several listings: the one that all of them have, or else that it was done in part.
pub fn exit(listed: &[Listed]) -> Exit {
    exit::of_several(listed.iter().map(|listed| match &listed.result {
        Ok(queued) => exit::of_queue(queued.verdict()),
        Err(error) => error.exit(),
    }))
}

/// A view of the queue for `--watch`.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'q> {
    /// The last listing, at the present time of the gateway's clock.
    pub queued: &'q Queued,
    /// Whether the pending prompts differ from those shown before.
    pub changed: bool,
    /// How long ago the gateway last answered.
    pub quiet: Duration,
}

/// Shows the queue whenever it changes; with `redraw` also in that period and when the terminal is resized. Ends at
/// `end`, with Ctrl-C or SIGTERM at any time, and when `show` returns that the output is closed.
pub async fn watch(
    request: &Request,
    flags: &Flags,
    step: Duration,
    end: Option<Deadline>,
    redraw: Option<Duration>,
    mut show: impl FnMut(Shown<'_>) -> bool,
) -> Result<(), Error> {
    let listed = Cell::new(false);
    let mut show = |shown: Shown<'_>| {
        listed.set(true);
        show(shown)
    };
    let mut terminated = signal(SignalKind::terminate()).map_err(Error::Runtime)?;
    let mut interrupted = signal(SignalKind::interrupt()).map_err(Error::Runtime)?;
    let over = async {
        passed(end).await;
        // A queue that was never listed is a failure, and the error names the call that was not answered.
        if !listed.get() {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        biased;
        _ = terminated.recv() => Ok(()),
        _ = interrupted.recv() => Ok(()),
        () = over => Ok(()),
        result = stay(request, flags, (step, end), Redraw::every(redraw)?, &mut show) => match result {
            Err(_) if listed.get() && end.is_some_and(|end| end.left().is_none()) => Ok(()),
            result => result,
        },
    }
}

async fn stay(
    request: &Request,
    flags: &Flags,
    (step, end): (Duration, Option<Deadline>),
    mut redraw: Redraw,
    show: &mut impl FnMut(Shown<'_>) -> bool,
) -> Result<(), Error> {
    /// The polling period: current gateways send no events to a client that does not answer prompts.
    const EVERY: Duration = Duration::from_secs(2);
    // Each step has its own deadline; the whole command may have none.
    let soon = || end.map_or_else(|| Deadline::after(step), |end| end.at_most(step));
    let mut queue = Queue::open(flags, Access::LISTENING, request.reader(), soon()).await?;
    let name = queue.connection.address().to_owned();
    let mut keys = None;
    let mut last: Option<Queued> = None;
    let mut clock = (queue.now_ms(), Instant::now());
    let mut answered = Instant::now();
    loop {
        queue.connection.extend(soon());
        let listing = async {
            match queue.list().await {
                Ok(pending) => Ok(pending),
                Err(error) => {
                    // Once: the step includes waiting for a gateway that restarts.
                    queue.connection.reopen().await.map_err(|_| error)?;
                    queue.list().await
                }
            }
        };
        let mut draw = || again(last.as_mut(), clock, answered, show);
        let Some(pending) = redraw.meanwhile(Box::pin(listing), &mut draw).await else { break };
        let pending = pending?;
        (clock, answered) = ((pending.at_ms, Instant::now()), Instant::now());
        let now = pending.keys();
        let changed = keys.as_ref() != Some(&now);
        keys = Some(now);
        let queued = last.insert(request.of(name.clone(), &pending));
        if changed && !show(Shown { queued, changed, quiet: Duration::ZERO }) {
            break;
        }
        let mut events = queue.connection.take_events();
        let news = async {
            tokio::select! {
                () = changed_since(&mut events) => {}
                () = tokio::time::sleep(EVERY) => {}
            }
        };
        let mut draw = || again(last.as_mut(), clock, answered, show);
        let looking = redraw.meanwhile(news, &mut draw).await;
        queue.connection.give_events(events);
        if looking.is_none() {
            break;
        }
    }
    queue.connection.close().await;
    Ok(())
}

/// Shows the last listing once more, with its present age.
fn again(
    last: Option<&mut Queued>,
    (at_ms, at): (u64, Instant),
    answered: Instant,
    show: &mut impl FnMut(Shown<'_>) -> bool,
) -> bool {
    let Some(queued) = last else { return true };
    let passed = u64::try_from(at.elapsed().as_millis()).unwrap_or(u64::MAX);
    queued.now_ms = at_ms.saturating_add(passed);
    show(Shown { queued, changed: false, quiet: answered.elapsed() })
}

/// The redraws of a screen without new data.
struct Redraw {
    every: Option<Interval>,
    resized: Signal,
}

impl Redraw {
    fn every(every: Option<Duration>) -> Result<Self, Error> {
        let resized = signal(SignalKind::window_change()).map_err(Error::Runtime)?;
        let every = every.map(|every| {
            let mut interval = tokio::time::interval(every);
            interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
            interval
        });
        Ok(Self { every, resized })
    }

    async fn due(&mut self) {
        let Some(every) = &mut self.every else { return std::future::pending().await };
        tokio::select! {
            _ = every.tick() => {}
            _ = self.resized.recv() => {}
        }
    }

    /// Waits for a future, and redraws meanwhile. `None`: the output is closed.
    async fn meanwhile<T>(
        &mut self,
        work: impl Future<Output = T>,
        draw: &mut impl FnMut() -> bool,
    ) -> Option<T> {
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                biased;
                done = &mut work => return Some(done),
                () = self.due() => if !draw() {
                    return None;
                },
            }
        }
    }
}

async fn changed_since(events: &mut Option<crate::gateway::Events>) {
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
