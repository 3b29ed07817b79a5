//! The watch of a gateway's document, or of a node's: the gateway is asked at an interval, and after each connection.

use std::time::Duration;

use super::request::name;
use super::scene::{LOOKING, Scene, Watch, due, limits, sleep};
use crate::approvals::Syntax;
use crate::backoff::Backoff;
use crate::commands::Error;
use crate::commands::allowlist::expired;
use crate::commands::documents::Place;
use crate::commands::past::recorder::{self, Holding};
use crate::commands::past::target;
use crate::commands::remote::{Fetched, RemoteStore};
use crate::deadline::Deadline;
use crate::report::exit::Exit;
use crate::report::watch::How;
use crate::settings::Flags;
use crate::store::versions::{New, Target, Writer};

/// The first pause before a retry. Retries never end.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// The longest pause: a restarted gateway is asked at most this long after it is back.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// The longest pause after the gateway rejected the client, so that its log is not flooded.
const LONGEST_PAUSE_REFUSED: Duration = Duration::from_secs(30);

/// Watches until it is dropped.
pub(super) async fn watch(scene: Scene<'_, '_>, place: &Place) {
    let Some((flags, node)) = place.gateway() else { return };
    let mut watch = Watch::new(scene, place, name(place), How::Interval);
    let mut backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
    loop {
        let Err(error) = connected(&mut watch, (flags, node), &mut backoff).await;
        let is_refused = error.exit() == Exit::Refused;
        backoff.limit(if is_refused { LONGEST_PAUSE_REFUSED } else { LONGEST_PAUSE });
        let pause = backoff.wait();
        watch.lost(&error, pause);
        tokio::time::sleep(pause).await;
    }
}

/// Watches on one connection, until it is lost.
async fn connected(
    watch: &mut Watch<'_, '_>,
    (flags, node): (&Flags, Option<&str>),
    backoff: &mut Backoff,
) -> Result<std::convert::Infallible, Error> {
    let mut store = RemoteStore::open(flags, node, Deadline::after(LOOKING)).await?;
    let mut ticks = watch.scene.events.subscribe();
    let interval = watch.scene.request.interval;
    loop {
        ticks.mark_unchanged();
        let limits_before = limits();
        let deadline = Deadline::after(LOOKING);
        store.extend(deadline);
        let expired = expired::of_remote(&mut store, deadline).await;
        let target = store.target().unwrap_or_else(|| target::of_gateway("embedded", None));
        let fetched = store.fetch().await?;
        backoff.reset();
        let due = due(expired::next_ms(&target, deadline), &expired);
        watch.expired(expired);
        watch.take(new(target, &fetched)).await;
        let mut rest = std::pin::pin!(tokio::time::sleep(interval));
        loop {
            tokio::select! {
                () = &mut rest => break,
                () = sleep(due) => break,
                changed = ticks.changed() => if changed.is_ok() && limits() != limits_before {
                    break;
                },
            }
        }
    }
}

fn new(target: Target, fetched: &Fetched) -> New {
    let by = (None, Writer::Watch);
    match fetched {
        Fetched::Document(found) if found.exists => {
            let holding = Holding::Text(found.file.get().as_bytes());
            recorder::new(target, &found.hash, holding, Syntax::Json, by)
        }
        Fetched::Document(found) => recorder::new(target, &found.hash, Holding::Absent, Syntax::Json, by),
        Fetched::Native { hash, policy } => {
            recorder::new(target, hash, Holding::Native(policy), Syntax::Json, by)
        }
    }
}
