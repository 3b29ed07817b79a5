//! `queue guard`: stays connected to gateways, and denies duplicates as they come. Each gateway is by itself.

mod attend;
mod metrics;
mod pause;
mod service;
mod watch;

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::future::join_all;
use tokio::sync::watch as channel;

use crate::commands::Error;
use crate::commands::gateway::passed;
use crate::deadline::Deadline;
use crate::queue::guard::Tuning;
use crate::queue::guard::line::{Event, Line};
use crate::settings::{self, Environment, Flags};

use self::metrics::Metrics;
use self::service::Service;

/// How long settings may take to read at the start.
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

/// Where lines go.
struct Out<'o> {
    show: RefCell<&'o mut dyn FnMut(&Line) -> bool>,
    /// Whether nobody reads them any more.
    closed: Cell<bool>,
    orders: channel::Sender<Orders>,
}

impl Out<'_> {
    fn tell(&self, gateway: &Arc<str>, event: Event) {
        let line = Line { at_ms: wall_ms(), gateway: Arc::clone(gateway), event };
        let mut show = self.show.borrow_mut();
        if !self.closed.get() && !show(&line) {
            self.closed.set(true);
            self.orders.send_modify(|orders| orders.stop = true);
        }
    }
}

/// This machine's clock, in Unix milliseconds.
fn wall_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// What a gateway is called in lines and figures.
fn name(flags: &Flags) -> Arc<str> {
    flags.gateway.as_deref().filter(|name| !name.is_empty()).unwrap_or("default").into()
}

/// Guards until it is told to stop, until `end`, or until `show` says that nobody reads any more.
pub async fn run(
    request: &Request,
    targets: &[Flags],
    end: Option<Deadline>,
    show: &mut dyn FnMut(&Line) -> bool,
) -> Result<(), Error> {
    check(targets)?;
    let metrics = Metrics::new();
    let served = match request.metrics {
        Some(address) => Some(metrics::bind(address).await?),
        None => None,
    };
    let orders = channel::Sender::new(Orders::default());
    let mut service = Service::new()?;
    let out = Out { show: RefCell::new(show), closed: Cell::new(false), orders: orders.clone() };
    let nowhere: Arc<str> = "".into();
    let address = served.as_ref().and_then(|listener| listener.local_addr().ok());
    out.tell(
        &nowhere,
        Event::Started {
            observe: request.tuning.observe,
            metrics: address.map(|address| format!("http://{address}/metrics")),
        },
    );
    service.ready();
    let guards = join_all(targets.iter().map(|flags| {
        let gauges = metrics.of(&name(flags));
        watch::watch(request, flags, gauges, &out, orders.subscribe())
    }));
    let mut guards = std::pin::pin!(guards);
    let serving = metrics::serve(served, &metrics, request.tuning.reconcile_ms);
    let mut serving = std::pin::pin!(serving);
    let mut ended = std::pin::pin!(passed(end));
    let mut told = false;
    loop {
        tokio::select! {
            _ = &mut guards => break,
            () = &mut serving => {}
            () = &mut ended, if !told => {
                told = true;
                orders.send_modify(|orders| orders.stop = true);
            }
            signal = service.signal() => match signal {
                service::Signal::Stop => {
                    if !told {
                        told = true;
                        service.stopping();
                        out.tell(&nowhere, Event::Stopping);
                        orders.send_modify(|orders| orders.stop = true);
                    }
                }
                service::Signal::Reload => {
                    service.reloading();
                    out.tell(&nowhere, Event::Reloading);
                    orders.send_modify(|orders| orders.reloads += 1);
                    service.ready();
                }
                service::Signal::Alive => service.alive(),
            },
        }
    }
    out.tell(&nowhere, Event::Stopped);
    Ok(())
}

/// Refuses to start where no gateway can be found out at all: what is wrong then is the command line or a file, and
/// nothing that passes. Where one can, the others may come.
fn check(targets: &[Flags]) -> Result<(), Error> {
    let environment = Environment::of_process();
    let mut first = None;
    for flags in targets {
        if flags.gateway.as_deref() == Some("embedded") {
            return Ok(());
        }
        match settings::resolve(flags, &environment, Deadline::after(READING)) {
            Ok(_) => return Ok(()),
            Err(error) => first = first.or(Some(error)),
        }
    }
    first.map_or(Ok(()), |error| Err(error.into()))
}
