//! `queue guard`: stays connected to gateways, and denies duplicates as they come. Each gateway is by itself.

mod attend;
mod calls;
mod fleet;
mod http;
mod metrics;
mod pause;
mod service;
mod watch;

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::FutureExt;
use futures_util::future::{Fuse, FusedFuture};

use crate::commands::Error;
use crate::commands::gateway::passed;
use crate::commands::targets::Targets;
use crate::deadline::Deadline;
use crate::queue::guard::Tuning;
use crate::queue::guard::line::{Event, Line};
use crate::settings::{self, Flags};

use self::fleet::Fleet;
use self::metrics::Metrics;
use self::service::Service;

/// How long settings may take to read.
const READING: Duration = Duration::from_secs(30);

/// What to do.
#[derive(Debug, Clone)]
pub struct Request {
    /// How to go about it.
    pub tuning: Tuning,
    /// Whether the runs of repeat offenders are cancelled.
    pub cancel_runs: bool,
    /// Where figures are served.
    pub metrics: Option<SocketAddr>,
}

/// What a guard was told, for each gateway to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Orders {
    stop: bool,
    /// How often it was told to read its configuration again.
    reloads: u64,
}

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// It is written, or will be.
    Yes,
    /// There was no room for it: those before it are not read.
    Dropped,
}

/// Where lines go.
struct Out<'o> {
    show: RefCell<&'o mut dyn FnMut(&Line) -> Told>,
    /// How many there was no room for since the last that there was room for.
    dropped: Cell<u64>,
    metrics: &'o Metrics,
}

impl Out<'_> {
    fn tell(&self, gateway: &Arc<str>, event: Event) {
        let at_ms = wall_ms();
        let mut show = self.show.borrow_mut();
        let dropped = self.dropped.get();
        if dropped > 0 {
            let missing = Line { at_ms, gateway: "".into(), event: Event::Dropped(dropped) };
            if show(&missing) == Told::Yes {
                self.dropped.set(0);
            }
        }
        let line = Line { at_ms, gateway: Arc::clone(gateway), event };
        if self.dropped.get() > 0 || show(&line) == Told::Dropped {
            self.dropped.set(self.dropped.get() + 1);
            self.metrics.dropped();
        }
    }
}

/// This machine's clock, in Unix milliseconds.
fn wall_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// What a gateway is called in lines and figures. What was meant as an address may hold a secret.
fn name(flags: &Flags) -> Arc<str> {
    let name = flags.gateway.as_deref().map(str::trim).filter(|name| !name.is_empty());
    name.map_or_else(|| "default".into(), |name| settings::without_secret(name).into())
}

/// Guards until it is told to stop, until the `end`, or until nobody reads any more: `closed`. `reading`: by when the
/// configuration is read at the start.
pub async fn run(
    request: &Request,
    targets: &Targets,
    (reading, end): (Deadline, Option<Deadline>),
    show: &mut dyn FnMut(&Line) -> Told,
    closed: impl Future<Output = ()>,
) -> Result<(), Error> {
    let found = fleet::find(targets, reading).await?;
    fleet::check(&found, reading).await?;
    let metrics = Metrics::new();
    let served = match request.metrics {
        Some(address) => Some(http::bind(address).await?),
        None => None,
    };
    let mut service = Service::new()?;
    let out = Out { show: RefCell::new(show), dropped: Cell::new(0), metrics: &metrics };
    let nowhere: Arc<str> = "".into();
    let address = served.as_ref().and_then(|listener| listener.local_addr().ok());
    let metrics_url = address.map(|address| format!("http://{address}/metrics"));
    out.tell(
        &nowhere,
        Event::Started {
            observe: request.tuning.observe,
            metrics: metrics_url,
            free: request.tuning.free,
            turns: request.tuning.turns,
        },
    );
    service.ready();
    let mut fleet = Fleet::new(request, &metrics, &out);
    for flags in found {
        fleet.add(flags, Duration::ZERO);
    }
    let reconcile_ms = request.tuning.reconcile_ms;
    let mut serving = std::pin::pin!(http::serve(served, &metrics, reconcile_ms, http::Bounds::default()));
    let mut ended = std::pin::pin!(passed(end));
    let mut closed = std::pin::pin!(closed);
    let mut reading = std::pin::pin!(Fuse::terminated());
    let (mut told, mut again) = (false, false);
    loop {
        tokio::select! {
            goes_on = fleet.ended() => if !goes_on {
                break;
            },
            () = &mut serving => {}
            () = async { tokio::select! { () = &mut ended => {} () = &mut closed => {} } }, if !told => {
                told = true;
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
                service::Signal::Stop if told => {}
                service::Signal::Stop => {
                    told = true;
                    service.stopping();
                    out.tell(&nowhere, Event::Stopping);
                    fleet.stop();
                }
                service::Signal::Reload => {
                    service.reloading();
                    out.tell(&nowhere, Event::Reloading);
                    again = !reading.is_terminated();
                    if !again {
                        reading.set(fleet::read(targets, Deadline::after(READING)).fuse());
                    }
                }
                service::Signal::Alive => service.alive(),
            },
        }
    }
    out.tell(&nowhere, Event::Stopped);
    Ok(())
}
