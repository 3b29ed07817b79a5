//! The watched gateways: each has its own watch, and they are added and removed with the configuration.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use tokio::sync::watch as channel;

use super::attempts::Attempts;
use super::control::Control;
use super::metrics::Metrics;
use super::out::{Out, name};
use super::request::Request;
use super::watch::watch;
use crate::commands::Error;
use crate::commands::gateway::beside;
use crate::commands::targets::Targets;
use crate::deadline::Deadline;
use crate::queue::guard::line::Event;
use crate::settings::{self, Environment, Flags};

/// The pause before a watch that panicked is restarted: its count of denials is lost.
const AGAIN: Duration = Duration::from_secs(30);

/// A gateway, and whether its configuration could be read.
type Found = (Flags, Result<(), Error>);

/// A running watch, which returns its gateway and whether it panicked.
type Watching<'f> = Pin<Box<dyn Future<Output = (Arc<str>, Result<(), Box<dyn Any + Send>>)> + 'f>>;

/// A configured gateway.
struct Wanted {
    flags: Flags,
    control: channel::Sender<Control>,
}

/// All watched gateways.
pub(super) struct Fleet<'f, 'o> {
    request: &'f Request,
    metrics: &'f Metrics,
    attempts: &'f Attempts,
    out: &'f Out<'o>,
    wanted: BTreeMap<Arc<str>, Wanted>,
    /// Watches that received the order to end and have not ended yet.
    leaving: BTreeSet<Arc<str>>,
    watching: FuturesUnordered<Watching<'f>>,
    stopping: bool,
}

impl<'f, 'o> Fleet<'f, 'o> {
    pub(super) fn new(
        request: &'f Request,
        (metrics, attempts): (&'f Metrics, &'f Attempts),
        out: &'f Out<'o>,
    ) -> Self {
        let (wanted, watching) = (BTreeMap::new(), FuturesUnordered::new());
        Self { request, metrics, attempts, out, wanted, leaving: BTreeSet::new(), watching, stopping: false }
    }

    /// The names of the configured gateways.
    pub(super) fn names(&self) -> impl Iterator<Item = Arc<str>> {
        self.wanted.keys().cloned()
    }

    /// Watches a gateway, after a pause.
    pub(super) fn add(&mut self, flags: Flags, pause: Duration) {
        let name = name(&flags);
        self.metrics.forget(&name);
        let gauges = self.metrics.of(&name);
        let control = channel::Sender::new(Control::default());
        let (request, attempts, out) = (self.request, self.attempts, self.out);
        let mut receiver = control.subscribe();
        let (watched, named) = (flags.clone(), Arc::clone(&name));
        self.watching.push(Box::pin(async move {
            if !pause.is_zero() {
                let stop = receiver.wait_for(|control| control.stop);
                // The watch itself checks for the order to stop.
                drop(tokio::time::timeout(pause, stop).await);
            }
            let work = Box::pin(watch(request, watched, (gauges, attempts), out, receiver));
            (named, isolated(work).await)
        }));
        self.wanted.insert(name, Wanted { flags, control });
    }

    /// Waits until a watch has ended, and restarts it if it had no order to end. `false`: no watch is left.
    pub(super) async fn ended(&mut self) -> bool {
        let Some((name, result)) = self.watching.next().await else { return false };
        if self.stopping {
            return !self.watching.is_empty();
        }
        if self.leaving.remove(&name) {
            self.metrics.forget(&name);
            self.out.emit(&name, Event::Removed);
        }
        let flags = self.wanted.get(&name).map(|wanted| wanted.flags.clone());
        let pause = if result.is_err() { AGAIN } else { Duration::ZERO };
        if result.is_err() {
            let retry_ms = u64::try_from(AGAIN.as_millis()).unwrap_or(u64::MAX);
            self.out.emit(&name, Event::Failed { retry_ms });
        }
        if let Some(flags) = flags {
            self.add(flags, pause);
        }
        true
    }

    /// Orders all watches to end.
    pub(super) fn stop(&mut self) {
        self.stopping = true;
        for wanted in self.wanted.values() {
            wanted.control.send_modify(|control| control.stop = true);
        }
    }

    /// Applies a configuration that was read again. A gateway that could not be read keeps its old settings.
    pub(super) fn reload(&mut self, read: Result<Vec<Found>, Error>) {
        let found = match read {
            Ok(found) => found,
            Err(error) => return self.out.emit(&"".into(), Event::NotReloaded(error.chain())),
        };
        if self.stopping {
            return;
        }
        let names: Vec<Arc<str>> = found.iter().map(|(flags, _)| name(flags)).collect();
        let gone: Vec<Arc<str>> = self.wanted.keys().filter(|name| !names.contains(name)).cloned().collect();
        for name in gone {
            if let Some(wanted) = self.wanted.remove(&name) {
                wanted.control.send_modify(|control| control.stop = true);
            }
            self.leaving.insert(name);
        }
        for ((flags, result), name) in found.into_iter().zip(names) {
            match (self.wanted.get(&name), result) {
                (Some(wanted), Ok(())) => wanted.control.send_modify(|control| control.reloads += 1),
                (Some(_), Err(error)) => self.out.emit(&name, Event::NotReloaded(error.chain())),
                (None, _) => {
                    self.out.emit(&name, Event::Added);
                    if self.leaving.contains(&name) {
                        // The new watch begins when the old one has ended.
                        let control = channel::Sender::new(Control::default());
                        self.wanted.insert(name, Wanted { flags, control });
                    } else {
                        self.add(flags, Duration::ZERO);
                    }
                }
            }
        }
    }
}

/// Catches a panic of the work. The shared state (lines and metrics) is consistent between any two steps of the work.
async fn isolated(work: impl Future<Output = ()>) -> Result<(), Box<dyn Any + Send>> {
    AssertUnwindSafe(work).catch_unwind().await
}

/// The gateways of the command line or the configuration.
pub(super) async fn find(targets: &Targets, deadline: Deadline) -> Result<Vec<Flags>, Error> {
    let targets = targets.clone();
    beside(deadline, move || targets.find(&Environment::of_process(), deadline)).await
}

/// Reads the configuration of every target, in the background.
pub(super) async fn read(targets: &Targets, deadline: Deadline) -> Result<Vec<Found>, Error> {
    Ok(join_all(find(targets, deadline).await?.into_iter().map(|flags| async move {
        let result = resolved(&flags, deadline).await;
        (flags, result)
    }))
    .await)
}

async fn resolved(flags: &Flags, deadline: Deadline) -> Result<(), Error> {
    if flags.gateway.as_deref() == Some("embedded") {
        return Ok(());
    }
    let flags = flags.clone();
    beside(deadline, move || Ok(settings::resolve(&flags, &Environment::of_process(), deadline).map(drop)?))
        .await
}

/// Fails if the configuration of no gateway can be read: then the command line or a file is wrong, and retrying does
/// not help. If one can be read, the others may become readable later.
pub(super) async fn check(targets: &[Flags], deadline: Deadline) -> Result<(), Error> {
    let mut resolving: FuturesUnordered<_> = targets.iter().map(|flags| resolved(flags, deadline)).collect();
    let mut first = None;
    while let Some(result) = resolving.next().await {
        match result {
            Ok(()) => return Ok(()),
            Err(error) => first = first.or(Some(error)),
        }
    }
    first.map_or(Ok(()), Err)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_one_gateways_own() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            // A panic of its own, and one of a thread that reads a file.
            let own = isolated(async { panic!("on purpose") });
            let read = isolated(async {
                let _never =
                    beside(Deadline::after(std::time::Duration::from_secs(30)), || -> Result<(), Error> {
                        panic!("on purpose")
                    })
                    .await;
            });
            let (own, read, other) = tokio::join!(own, read, isolated(async {}));
            assert!(own.is_err() && read.is_err() && other.is_ok());
        });
    }
}
