//! `queue guard`: stays connected to gateways, and denies duplicates as they arrive. Each gateway has its own watch.

mod answers;
mod attempts;
mod calls;
mod connection;
mod control;
mod event_loop;
mod fleet;
mod hooks;
mod metrics;
mod out;
mod request;
mod state;
mod watch;

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{Fuse, FusedFuture};

use crate::commands::Error;
use crate::commands::gateway::passed;
use crate::commands::service::{Service, Signal, http};
use crate::commands::targets::Targets;
use crate::deadline::Deadline;
use crate::queue::guard::line::{Event, Line};

use self::attempts::Attempts;
use self::fleet::Fleet;
pub use self::hooks::Hooks;
use self::metrics::Metrics;
use self::out::Out;
pub use self::out::WriteResult;
pub use self::request::Request;

/// The timeout of reading settings.
const READING: Duration = Duration::from_secs(30);

/// Guards until a signal, until the `end`, or until its output is `closed`. `reading`: by when the configuration must
/// be read at the start. At the `end` it is an error that a gateway was never connected.
pub async fn run(
    request: &Request,
    targets: &Targets,
    (reading, end): (Deadline, Option<Deadline>),
    show: &mut dyn FnMut(&Line) -> WriteResult,
    closed: impl Future<Output = ()>,
) -> Result<(), Error> {
    let found = fleet::find(targets, reading).await?;
    fleet::check(&found, reading).await?;
    request.hooks.check()?;
    let metrics = Metrics::new();
    let served = match request.metrics {
        Some(address) => Some(http::bind(address).await?),
        None => None,
    };
    let mut service = Service::new()?;
    let (firing, mut failures) = hooks::start(&request.hooks)?;
    let out = Out::new(show, &metrics, &firing);
    let nowhere: Arc<str> = "".into();
    let address = served.as_ref().and_then(|listener| listener.local_addr().ok());
    let metrics_url = address.map(|address| format!("http://{address}/metrics"));
    out.emit(
        &nowhere,
        Event::Started {
            observe: request.tuning.observe,
            metrics: metrics_url,
            free: request.tuning.free,
            turns: request.tuning.turns,
        },
    );
    service.ready();
    let attempts = Attempts::default();
    let mut fleet = Fleet::new(request, (&metrics, &attempts), &out);
    for flags in found {
        fleet.add(flags, Duration::ZERO);
    }
    let reconcile_ms = request.tuning.reconcile_ms;
    let mut serving = std::pin::pin!(http::serve(served, &metrics, reconcile_ms, http::Bounds::default()));
    let mut ended = std::pin::pin!(passed(end));
    let mut closed = std::pin::pin!(closed);
    let mut reading = std::pin::pin!(Fuse::terminated());
    let (mut stopping, mut again, mut over) = (false, false, false);
    loop {
        tokio::select! {
            goes_on = fleet.ended() => if !goes_on {
                break;
            },
            () = &mut serving => {}
            (gateway, failed) = failures.next() => out.emit(&gateway, failed),
            by_time = async { tokio::select! { () = &mut ended => true, () = &mut closed => false } }, if !stopping => {
                stopping = true;
                over = by_time;
                fleet.stop();
            }
            read = &mut reading => {
                fleet.reload(read);
                if std::mem::take(&mut again) {
                    reading.set(fleet::read(targets, Deadline::after(READING)).fuse());
                } else {
                    service.ready();
                }
            }
            signal = service.signal() => match signal {
                Signal::Stop if stopping => {}
                Signal::Stop => {
                    stopping = true;
                    service.stopping();
                    out.emit(&nowhere, Event::Stopping);
                    fleet.stop();
                }
                Signal::Reload => {
                    service.reloading();
                    out.emit(&nowhere, Event::Reloading);
                    again = !reading.is_terminated();
                    if !again {
                        reading.set(fleet::read(targets, Deadline::after(READING)).fuse());
                    }
                }
                Signal::Alive => service.alive(),
            },
        }
    }
    let missed = match end.filter(|_| over) {
        Some(end) => attempts.never_connected(fleet.names(), end.timeout()),
        None => Vec::new(),
    };
    firing.finish().await;
    for (gateway, failed) in failures.rest() {
        out.emit(&gateway, failed);
    }
    let never_connected = missed.iter().map(|missed| missed.gateway.clone()).collect();
    out.emit(&nowhere, Event::Stopped { never_connected });
    attempts::verdict(missed, fleet.names().count())
}
