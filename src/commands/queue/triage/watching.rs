//! Listing the prompts of a gateway again and again, and reconnecting.

use std::time::{Duration, Instant};

use tokio::sync::watch as channel;

use super::super::Queue;
use super::gateway::Gateway;
use crate::backoff::Backoff;
use crate::commands::queue::Pending;
use crate::commands::{Error, targets};
use crate::gateway::api::events::Event;
use crate::gateway::{Access, Events};
use crate::queue::triage::{Input, Link, Snapshot};
use crate::queue::{Reader, Rules, plan};
use crate::report::exit::Exit;
use crate::settings::{Flags, Wait};

/// The first pause before a retry, and the longest one.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// The longest pause after the gateway rejected the client.
const LONGEST_PAUSE_REFUSED: Duration = Duration::from_secs(30);
/// The shortest time between two listings.
const SHORTEST: Duration = Duration::from_millis(300);
/// At most this part of the time is spent on listing.
const SHARE: u32 = 5;
/// The time between two listings where events report each change, and where none do.
const WITH_EVENTS: Duration = Duration::from_secs(30);
const WITHOUT_EVENTS: Duration = Duration::from_secs(2);

/// Why the watch of a connection ended.
enum LoopExit {
    Stopped,
    Lost(Error),
    /// The connection ended between calls.
    Closed,
}

/// Watches a gateway until the order to stop.
pub(super) async fn run(gateway: &Gateway, mut stop: channel::Receiver<bool>) {
    let mut backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
    let mut flags = gateway.flags.clone();
    loop {
        let watched = tokio::select! {
            watched = watch(gateway, &flags, &mut backoff) => watched,
            _ = stop.wait_for(|stop| *stop) => LoopExit::Stopped,
        };
        let (cause, remedy, refused) = match watched {
            LoopExit::Stopped => return,
            LoopExit::Closed => ("the connection was closed".to_owned(), None, false),
            LoopExit::Lost(error) => {
                let refused = error.exit() == Exit::Refused;
                let (cause, remedy) = (error.chain(), error.remedy().filter(|_| refused));
                if flags.wait != Wait::Never {
                    // The first attempt.
                    gateway.failed(error);
                }
                (cause, remedy, refused)
            }
        };
        flags.wait = Wait::Never;
        backoff.limit(if refused { LONGEST_PAUSE_REFUSED } else { LONGEST_PAUSE });
        let pause = backoff.wait();
        let retry_at = gateway.steady.now().plus(super::super::millis(pause));
        gateway.report(Input::Linked(gateway.index, Link::Lost { cause, remedy, retry_at }));
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

/// Connects, and lists until the connection is lost.
async fn watch(gateway: &Gateway, flags: &Flags, backoff: &mut Backoff) -> LoopExit {
    // A person who can answer prompts is an approver, and only approvers receive them on current gateways.
    let access = if gateway.request.read_only { Access::LISTENING } else { Access::GUARD };
    let mut queue = match Queue::open(flags, access, Reader::keeping_raw(), gateway.deadline()).await {
        Ok(queue) => queue,
        Err(error) => return LoopExit::Lost(error),
    };
    if targets::is_unnamed(flags) {
        gateway.report(Input::Named(gateway.index, queue.connection.address().to_owned()));
    }
    gateway.report(Input::Linked(gateway.index, Link::Reading));
    let mut events = queue.connection.take_events();
    loop {
        let began = Instant::now();
        // What arrived before the listing is in it.
        while events.as_mut().is_some_and(|events| events.waiting().is_some()) {}
        queue.connection.extend(gateway.deadline());
        let pending = match queue.list().await {
            Ok(pending) => pending,
            Err(error) => return LoopExit::Lost(error),
        };
        gateway.report(Input::Listed(gateway.index, snapshot(gateway, &pending)));
        backoff.reset();
        let pause = SHORTEST.max(began.elapsed() * SHARE);
        tokio::time::sleep(pause).await;
        let reports = queue.capabilities().sends_decisions || !gateway.request.read_only;
        let longest = if reports && events.is_some() { WITH_EVENTS } else { WITHOUT_EVENTS.max(pause) };
        let longest = longest.min(until_expiry(&queue, &pending));
        tokio::select! {
            closed = news(&mut events) => if closed {
                return LoopExit::Closed;
            },
            () = tokio::time::sleep(longest) => {}
        }
    }
}

fn snapshot(gateway: &Gateway, pending: &Pending) -> Snapshot {
    let rules = Rules { scope: gateway.request.scope, ..Rules::at(pending.at_ms) };
    let plan = plan(&pending.listing.prompts, &pending.runs, rules);
    let problems = pending.listing.problems.len();
    let unread = (problems > 0).then(|| match problems {
        1 => "1 prompt could not be read: clearance queue ls".to_owned(),
        several => format!("{several} prompts could not be read: clearance queue ls"),
    });
    Snapshot {
        unread: pending.unread.clone(),
        partial: pending.partial.clone().or(unread),
        ..Snapshot::of(&plan, &pending.runs)
    }
}

/// The time until the next prompt expires: a legacy gateway sends no event for it.
fn until_expiry(queue: &Queue, pending: &Pending) -> Duration {
    let now_ms = queue.now_ms();
    let left = pending.listing.prompts.iter().map(|prompt| prompt.expires_at_ms);
    let next = left.filter(|expires| *expires > now_ms).min();
    next.map_or(WITH_EVENTS, |expires| Duration::from_millis(expires - now_ms + 50))
}

/// Waits until an event changes the listing. `true`: the connection has ended.
async fn news(events: &mut Option<Events>) -> bool {
    let Some(events) = events else { return std::future::pending().await };
    loop {
        match events.next().await {
            Some(Event::Requested(..) | Event::Resolved(..) | Event::Gap) => return false,
            Some(_) => {}
            None => return true,
        }
    }
}
