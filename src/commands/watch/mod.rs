//! `approvals watch`: reports each change of documents, keeps its version, and removes entries whose time is over. Each
//! place has its own watch.

mod events;
mod judging;
mod local;
mod metrics;
mod out;
mod remote;
mod request;
mod scene;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::time::Duration;

use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};

use crate::commands::Error;
use crate::commands::documents::Place;
use crate::commands::gateway::{beside, passed};
use crate::commands::service::{Service, Signal, http};
use crate::deadline::Deadline;
use crate::report::watch::Event;

use self::events::Events;
use self::metrics::Metrics;
use self::out::Out;
pub use self::out::Show;
use self::request::name;
pub use self::request::{Hooks, Request};
use self::scene::Scene;

/// The timeout of reading settings.
const READING: Duration = Duration::from_secs(30);
/// The pause before a watch that panicked is restarted.
const AGAIN: Duration = Duration::from_secs(30);
/// How often failures of hooks are looked for.
const DRAIN: Duration = Duration::from_secs(1);

/// A running watch of one place. It ends only by a panic, and returns the place then.
type Watching<'w> = Pin<Box<dyn Future<Output = Place> + 'w>>;

/// Watches until a signal, until the `end`, or until its output is `closed`. `reading`: by when the configuration must be
/// read at the start.
pub async fn run(
    request: &Request,
    (reading, end): (Deadline, Option<Deadline>),
    show: &mut Show<'_>,
    closed: impl Future<Output = ()>,
) -> Result<(), Error> {
    let mut places = find(request, reading).await?;
    request.hooks.check()?;
    let metrics = Metrics::new();
    let served = match request.metrics {
        Some(address) => Some(http::bind(address).await?),
        None => None,
    };
    let mut service = Service::new()?;
    let out = Out::new(show, &metrics, &request.hooks)?;
    let events = Events::new();
    let address = served.as_ref().and_then(|listener| listener.local_addr().ok());
    let metrics_url = address.map(|address| format!("http://{address}/metrics"));
    out.emit("", Event::Started { targets: places.len(), metrics: metrics_url });
    service.ready();
    let memories = RefCell::new(BTreeMap::new());
    let scene = Scene { request, out: &out, metrics: &metrics, events: &events, memories: &memories };
    let interval_ms = u64::try_from(request.interval.as_millis()).unwrap_or(u64::MAX);
    let mut serving = std::pin::pin!(http::serve(served, &metrics, interval_ms, http::Bounds::default()));
    let mut ended = std::pin::pin!(passed(end));
    let mut closed = std::pin::pin!(closed);
    let mut drain = tokio::time::interval(DRAIN);
    drain.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let has_hooks = !request.hooks.on.is_empty();
    let mut watching = started(scene, &places);
    loop {
        tokio::select! {
            Some(place) = watching.next() => {
                let retry_ms = u64::try_from(AGAIN.as_millis()).unwrap_or(u64::MAX);
                out.emit(&name(&place), Event::Failed { retry_ms });
                watching.push(watched(scene, place, AGAIN));
            }
            () = &mut serving => {}
            _ = drain.tick(), if has_hooks => out.drain(),
            () = &mut ended => break,
            () = &mut closed => break,
            signal = service.signal() => match signal {
                Signal::Stop => {
                    service.stopping();
                    out.emit("", Event::Stopping);
                    break;
                }
                Signal::Reload => {
                    service.reloading();
                    out.emit("", Event::Reloading);
                    // Where the configuration cannot be read, the places stay as they are.
                    match find(request, Deadline::after(READING)).await {
                        Ok(found) => places = found,
                        Err(error) => out.emit("", Event::NotReloaded(error.chain())),
                    }
                    let names: Vec<String> = places.iter().map(name).collect();
                    metrics.only(&names);
                    // Each connects again, with the secrets of now, and goes on from the version that it kept last. What is to
                    // be restored is remembered.
                    watching = started(scene, &places);
                    service.ready();
                }
                Signal::Alive => service.alive(),
            },
        }
    }
    drop(watching);
    out.finish().await;
    out.emit("", Event::Stopped);
    Ok(())
}

async fn find(request: &Request, deadline: Deadline) -> Result<Vec<Place>, Error> {
    let request = request.clone();
    beside(deadline, move || request.find(deadline)).await
}

fn started<'w, 'o: 'w>(scene: Scene<'w, 'o>, places: &[Place]) -> FuturesUnordered<Watching<'w>> {
    places.iter().map(|place| watched(scene, place.clone(), Duration::ZERO)).collect()
}

/// The watch of one place, after a pause. A panic is its own.
fn watched<'w, 'o: 'w>(scene: Scene<'w, 'o>, place: Place, pause: Duration) -> Watching<'w> {
    Box::pin(async move {
        tokio::time::sleep(pause).await;
        let work = async {
            if place.is_remote() {
                remote::watch(scene, &place).await;
            } else {
                local::watch(scene, &place).await;
            }
        };
        // The shared state (lines and metrics) is consistent between any two steps of the work.
        drop(AssertUnwindSafe(work).catch_unwind().await);
        place
    })
}
