//! Lists that stay (`--watch`): the list of one gateway, shown again when it changes, through lost connections, until a
//! signal.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use tokio::time::{Interval, MissedTickBehavior};

use super::Error;
use super::queue::Queue;
use crate::backoff::Backoff;
use crate::deadline::Deadline;
use crate::gateway::api::events::Event;
use crate::gateway::{Access, Events};
use crate::queue::Reader;
use crate::settings::Flags;
use crate::system::{Kind, Signal, is_unread, listen};

/// The polling period: current gateways send no events to a client that does not answer prompts.
const EVERY: Duration = Duration::from_secs(2);
/// The first pause before a retry after a lost connection.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// The longest pause: a restarted gateway is shown again at most this long after it is back.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// What a list shows of a gateway.
pub(super) trait Live {
    /// The list.
    type Report;

    /// How much of each prompt is kept.
    fn reader(&self) -> Reader;

    /// Lists once.
    fn list(&self, queue: &mut Queue) -> impl Future<Output = Result<Self::Report, Error>>;

    /// Whether a list shows what an earlier one showed, apart from ages.
    fn is_same(before: &Self::Report, now: &Self::Report) -> bool;

    /// The gateway's clock of a list, in Unix milliseconds.
    fn now_ms(report: &mut Self::Report) -> &mut u64;
}

/// A view of a list.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'r, R> {
    /// The last list, at the present time of the gateway's clock.
    pub report: &'r R,
    /// Whether it differs from the one shown before.
    pub changed: bool,
    /// How long ago the gateway last answered.
    pub quiet: Duration,
    /// Why the connection is lost, while it is.
    pub lost: Option<&'r str>,
}

/// Shows the list whenever it changes, and when the connection is lost or is back; with `redraw` also in that period
/// and when the terminal is resized. Ends with Ctrl-C or SIGTERM at any time, and when `show` returns that the output is
/// closed. `step`: the time limit of each connection and list. A gateway that never answered is an error.
pub(super) async fn watch<L: Live>(
    live: &L,
    flags: &Flags,
    step: Duration,
    redraw: Option<Duration>,
    show: impl FnMut(Shown<'_, L::Report>) -> bool,
) -> Result<(), Error> {
    let mut terminated = listen(Kind::Terminate).map_err(Error::of_signals)?;
    let mut interrupted = listen(Kind::Interrupt).map_err(Error::of_signals)?;
    tokio::select! {
        biased;
        _ = terminated.recv() => Ok(()),
        _ = interrupted.recv() => Ok(()),
        result = stay(live, flags, step, Redraw::every(redraw)?, show) => result,
    }
}

/// The last list, and what is known of the connection.
struct View<R, S> {
    report: Option<R>,
    /// The gateway's clock of the last list, and when it was read.
    clock: (u64, Instant),
    lost: Option<String>,
    show: S,
}

impl<R, S: FnMut(Shown<'_, R>) -> bool> View<R, S> {
    /// Shows the last list once more, with its present age. `false`: the output is closed.
    fn again<L: Live<Report = R>>(&mut self) -> bool {
        let Some(report) = &mut self.report else { return true };
        let (at_ms, at) = self.clock;
        let passed = u64::try_from(at.elapsed().as_millis()).unwrap_or(u64::MAX);
        *L::now_ms(report) = at_ms.saturating_add(passed);
        let lost = self.lost.as_deref();
        (self.show)(Shown { report, changed: false, quiet: at.elapsed(), lost })
    }

    /// Takes in a new list, and shows it if it differs. `false`: the output is closed.
    fn take<L: Live<Report = R>>(&mut self, mut report: R) -> bool {
        self.clock = (*L::now_ms(&mut report), Instant::now());
        let is_back = self.lost.take().is_some();
        let changed = self.report.as_ref().is_none_or(|before| !L::is_same(before, &report));
        let report = self.report.insert(report);
        let shown = Shown { report, changed, quiet: Duration::ZERO, lost: None };
        if changed || is_back { (self.show)(shown) } else { true }
    }

    /// Notes why the connection is lost, and shows it. `false`: the output is closed.
    fn loses<L: Live<Report = R>>(&mut self, cause: String) -> bool {
        self.lost = Some(cause);
        self.again::<L>()
    }
}

async fn stay<L: Live>(
    live: &L,
    flags: &Flags,
    step: Duration,
    mut redraw: Redraw,
    show: impl FnMut(Shown<'_, L::Report>) -> bool,
) -> Result<(), Error> {
    let mut queue = Queue::open(flags, Access::LISTENING, live.reader(), Deadline::after(step)).await?;
    let view = RefCell::new(View { report: None, clock: (0, Instant::now()), lost: None, show });
    let draw = || view.borrow_mut().again::<L>();
    loop {
        let listing = listed(live, &mut queue, step, &view);
        let Some(listed) = redraw.meanwhile(Box::pin(listing), &draw).await else { break };
        let Some(report) = listed? else { break };
        if !view.borrow_mut().take::<L>(report) {
            break;
        }
        let mut events = queue.connection.take_events();
        let news = async {
            tokio::select! {
                () = changed_since(&mut events) => {}
                () = tokio::time::sleep(EVERY) => {}
            }
        };
        let looking = redraw.meanwhile(news, &draw).await;
        queue.connection.give_events(events);
        // Nothing may change for hours, and then no write notices that the reader has ended.
        if looking.is_none() || is_unread() {
            break;
        }
    }
    queue.connection.close().await;
    Ok(())
}

/// Lists, and connects again as often as it takes, once something was listed. `None`: the output is closed.
async fn listed<L: Live, S: FnMut(Shown<'_, L::Report>) -> bool>(
    live: &L,
    queue: &mut Queue,
    step: Duration,
    view: &RefCell<View<L::Report, S>>,
) -> Result<Option<L::Report>, Error> {
    let mut backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
    loop {
        queue.connection.extend(Deadline::after(step));
        let error = match live.list(queue).await {
            Ok(report) => return Ok(Some(report)),
            Err(error) => error,
        };
        let (is_first, is_listed) = (backoff.attempts() == 0, view.borrow().report.is_some());
        if !is_first && !is_listed {
            return Err(error);
        }
        // The step includes waiting for a gateway that restarts.
        queue.connection.extend(Deadline::after(step));
        let cause = match queue.reopen().await {
            Ok(()) if is_first => {
                backoff.step();
                continue;
            }
            Ok(()) => error,
            Err(_) if !is_listed => return Err(error),
            Err(again) => again,
        };
        if !view.borrow_mut().loses::<L>(cause.to_string()) {
            return Ok(None);
        }
        tokio::time::sleep(backoff.wait()).await;
    }
}

/// The redraws of a screen without new data.
struct Redraw {
    every: Option<Interval>,
    resized: Signal,
}

impl Redraw {
    fn every(every: Option<Duration>) -> Result<Self, Error> {
        let resized = listen(Kind::Resize).map_err(Error::of_signals)?;
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
    async fn meanwhile<T>(&mut self, work: impl Future<Output = T>, draw: &impl Fn() -> bool) -> Option<T> {
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

async fn changed_since(events: &mut Option<Events>) {
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
