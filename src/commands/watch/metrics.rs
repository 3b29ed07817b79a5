//! Metrics of a watch for Prometheus, and its health.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::commands::service::http::Served;
use crate::report::watch::{Event, Line};

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfTarget {
    target: String,
}

/// The metrics of all places.
pub(super) struct Metrics {
    registry: Registry,
    changes: Family<OfTarget, Counter>,
    widened: Family<OfTarget, Counter>,
    vanished: Family<OfTarget, Counter>,
    restored: Family<OfTarget, Counter>,
    expired: Family<OfTarget, Counter>,
    not_kept: Family<OfTarget, Counter>,
    readable: Family<OfTarget, Gauge>,
    /// Whether each place could be read the last time.
    health: RefCell<BTreeMap<String, bool>>,
}

impl Metrics {
    pub(super) fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("clearance_watch"),
            changes: Family::default(),
            widened: Family::default(),
            vanished: Family::default(),
            restored: Family::default(),
            expired: Family::default(),
            not_kept: Family::default(),
            readable: Family::default(),
            health: RefCell::default(),
        };
        let registry = &mut metrics.registry;
        registry.register("changes", "Changes of a document, without mere usage", metrics.changes.clone());
        let help = "Changes after which a document allows more, or may allow more";
        registry.register("widened", help, metrics.widened.clone());
        registry.register("vanished", "Times that a document vanished", metrics.vanished.clone());
        registry.register("restored", "Times that a document was restored", metrics.restored.clone());
        registry.register("expired", "Entries whose time was over", metrics.expired.clone());
        registry.register("not_kept", "Versions that could not be kept", metrics.not_kept.clone());
        registry.register("readable", "1 while a document can be read", metrics.readable.clone());
        metrics
    }

    /// Notes whether a place could be read.
    pub(super) fn read(&self, target: &str, is_readable: bool) {
        self.readable.get_or_create(&OfTarget { target: target.to_owned() }).set(i64::from(is_readable));
        self.health.borrow_mut().insert(target.to_owned(), is_readable);
    }

    /// Forgets the places that are not watched any more.
    pub(super) fn only(&self, targets: &[String]) {
        let mut health = self.health.borrow_mut();
        for target in health.keys().filter(|target| !targets.contains(target)) {
            self.readable.remove(&OfTarget { target: target.clone() });
        }
        health.retain(|target, _| targets.contains(target));
    }

    /// Counts a line.
    pub(super) fn count(&self, line: &Line) {
        let add = |of: &Family<OfTarget, Counter>| {
            of.get_or_create(&OfTarget { target: line.target.clone() }).inc();
        };
        match &line.event {
            Event::Changed(change) => {
                add(&self.changes);
                if change.is_wider() {
                    add(&self.widened);
                }
                if change.vanished {
                    add(&self.vanished);
                }
            }
            Event::Restored { .. } => add(&self.restored),
            Event::Expired(_) => add(&self.expired),
            Event::NotKept(_) => add(&self.not_kept),
            Event::Started { .. }
            | Event::Watching { .. }
            | Event::NotRestored(_)
            | Event::Unreadable { .. }
            | Event::Readable
            | Event::Reloading
            | Event::NotReloaded(_)
            | Event::HookFailed { .. }
            | Event::Failed { .. }
            | Event::Dropped(_)
            | Event::Stopping
            | Event::Stopped => {}
        }
    }
}

impl Served for Metrics {
    fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }

    /// Whether every place could be read the last time.
    fn health(&self, _: Duration) -> (bool, String) {
        let mut text = String::new();
        let mut well = true;
        for (target, is_readable) in self.health.borrow().iter() {
            well &= is_readable;
            let state = if *is_readable { "ok" } else { "cannot be read" };
            let _: fmt::Result = writeln!(text, "{}: {state}", target.escape_debug());
        }
        (well, text)
    }
}
