//! Metrics for Prometheus, and the health of each gateway's watch. `http` serves both.

use std::cell::{Cell, RefCell};
use std::fmt::Write;
use std::rc::Rc;
use std::time::{Duration, Instant};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::commands::service::http::Served;
use crate::queue::Guard;
use crate::queue::guard::Note;
use crate::queue::guard::line::Timing;

/// The number of periods without a listing after which a gateway is unhealthy.
const MISSED: u32 = 3;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfGateway {
    gateway: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfDecision {
    gateway: String,
    outcome: &'static str,
    reason: &'static str,
}

type Latency = Family<OfGateway, Histogram, fn() -> Histogram>;

/// The metrics of all gateways.
pub(super) struct Metrics {
    registry: Registry,
    pending: Family<OfGateway, Gauge>,
    groups: Family<OfGateway, Gauge>,
    duplicates: Family<OfGateway, Gauge>,
    connected: Family<OfGateway, Gauge>,
    open: Family<OfGateway, Gauge>,
    held: Family<OfGateway, Gauge>,
    holds: Family<OfGateway, Counter>,
    decisions: Family<OfDecision, Counter>,
    requeued: Family<OfGateway, Counter>,
    offenders: Family<OfGateway, Counter>,
    connections: Family<OfGateway, Counter>,
    reconciled: Family<OfGateway, Counter>,
    latency: Latency,
    dropped: Counter,
    health: RefCell<Vec<Rc<Health>>>,
}

/// The health of one gateway.
struct Health {
    gateway: String,
    connected: Cell<bool>,
    reconciled: Cell<Option<Instant>>,
    breaker_open: Cell<bool>,
    held: Cell<usize>,
}

/// The metrics of one gateway.
pub(super) struct Gauges {
    gateway: String,
    pending: Gauge,
    groups: Gauge,
    duplicates: Gauge,
    connected: Gauge,
    open: Gauge,
    held: Gauge,
    holds: Counter,
    decisions: Family<OfDecision, Counter>,
    requeued: Counter,
    offenders: Counter,
    connections: Counter,
    reconciled: Counter,
    latency: Histogram,
    health: Rc<Health>,
}

/// Buckets from 0.05 ms, by doubling, to about 1.6 s.
fn latency() -> Histogram {
    Histogram::new((0..16).map(|power| 0.000_05 * f64::from(1_u32 << power)))
}

impl Metrics {
    pub(super) fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("clearance_guard"),
            pending: Family::default(),
            groups: Family::default(),
            duplicates: Family::default(),
            connected: Family::default(),
            open: Family::default(),
            held: Family::default(),
            holds: Family::default(),
            decisions: Family::default(),
            requeued: Family::default(),
            offenders: Family::default(),
            connections: Family::default(),
            reconciled: Family::default(),
            latency: Family::new_with_constructor(latency as fn() -> Histogram),
            dropped: Counter::default(),
            health: RefCell::new(Vec::new()),
        };
        let registry = &mut metrics.registry;
        registry.register("pending", "Prompts that are pending", metrics.pending.clone());
        registry.register("groups", "Groups of prompts, those of one included", metrics.groups.clone());
        registry.register("duplicates", "Prompts beyond the first of each group", metrics.duplicates.clone());
        registry.register("connected", "1 while connected", metrics.connected.clone());
        registry.register("breaker_open", "1 while the breaker is open", metrics.open.clone());
        let help = "Groups of which nothing is denied, because they come back after each denial";
        registry.register("held_groups", help, metrics.held.clone());
        registry.register("holds", "Times that a group was held", metrics.holds.clone());
        registry.register("decisions", "Decisions, by outcome and reason", metrics.decisions.clone());
        let help = "Prompts that were re-requested soon after a denial in their group";
        registry.register("requeued", help, metrics.requeued.clone());
        registry.register("offenders", "Groups that were denied repeatedly", metrics.offenders.clone());
        registry.register("connections", "Connections made", metrics.connections.clone());
        registry.register("reconciliations", "Listings of everything pending", metrics.reconciled.clone());
        let help = "Time from reading the cause of a denial to writing the denial";
        registry.register("decision_latency_seconds", help, metrics.latency.clone());
        let help = "Lines that were dropped, because earlier lines were not read in time";
        registry.register("lines_dropped", help, metrics.dropped.clone());
        metrics
    }

    /// The metrics of a gateway, set to zero at the start.
    pub(super) fn of(&self, gateway: &str) -> Gauges {
        let label = OfGateway { gateway: gateway.to_owned() };
        let health = Rc::new(Health {
            gateway: gateway.to_owned(),
            connected: Cell::new(false),
            reconciled: Cell::new(None),
            breaker_open: Cell::new(false),
            held: Cell::new(0),
        });
        self.health.borrow_mut().push(Rc::clone(&health));
        // A new watch has no state yet.
        for gauges in [&self.pending, &self.groups, &self.duplicates, &self.connected, &self.open, &self.held]
        {
            gauges.get_or_create(&label).set(0);
        }
        Gauges {
            gateway: gateway.to_owned(),
            pending: self.pending.get_or_create_owned(&label),
            groups: self.groups.get_or_create_owned(&label),
            duplicates: self.duplicates.get_or_create_owned(&label),
            connected: self.connected.get_or_create_owned(&label),
            open: self.open.get_or_create_owned(&label),
            held: self.held.get_or_create_owned(&label),
            holds: self.holds.get_or_create_owned(&label),
            decisions: self.decisions.clone(),
            requeued: self.requeued.get_or_create_owned(&label),
            offenders: self.offenders.get_or_create_owned(&label),
            connections: self.connections.get_or_create_owned(&label),
            reconciled: self.reconciled.get_or_create_owned(&label),
            latency: self.latency.get_or_create_owned(&label),
            health,
        }
    }

    /// Removes the gauges of a gateway that is not watched any more.
    pub(super) fn forget(&self, gateway: &str) {
        self.health.borrow_mut().retain(|health| health.gateway != gateway);
        let label = OfGateway { gateway: gateway.to_owned() };
        for gauges in [&self.pending, &self.groups, &self.duplicates, &self.connected, &self.open, &self.held]
        {
            gauges.remove(&label);
        }
    }

    /// Counts a dropped line.
    pub(super) fn dropped(&self) {
        self.dropped.inc();
    }
}

impl Served for Metrics {
    fn text(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }

    /// Whether every gateway is connected and was listed recently, and one line for each. An open breaker is only shown
    /// in the line: the guard works, and a restart would not help.
    fn health(&self, period: Duration) -> (bool, String) {
        let mut text = String::new();
        let mut well = true;
        for health in self.health.borrow().iter() {
            let lately = health.reconciled.get().is_some_and(|at| at.elapsed() <= period * MISSED);
            let (fine, state) = match (health.connected.get(), lately) {
                (true, true) if health.breaker_open.get() => (true, "breaker open".to_owned()),
                (true, true) if health.held.get() > 0 => {
                    (true, format!("ok, groups held: {}", health.held.get()))
                }
                (true, true) => (true, "ok".to_owned()),
                (true, false) => (false, "not listed lately".to_owned()),
                (false, _) => (false, "not connected".to_owned()),
            };
            well &= fine;
            let _: std::fmt::Result = writeln!(text, "{}: {state}", health.gateway.escape_debug());
        }
        (well, text)
    }
}

impl Gauges {
    pub(super) fn connected(&self) {
        self.connections.inc();
        self.connected.set(1);
        self.health.connected.set(true);
    }

    pub(super) fn disconnected(&self) {
        self.connected.set(0);
        self.health.connected.set(false);
    }

    /// Counts a reported note.
    pub(super) fn note(&self, note: &Note, timing: Timing) {
        match note {
            Note::Over { why, outcome, .. } => {
                let (outcome, reason) = (outcome.as_str(), why.as_str());
                let label = OfDecision { gateway: self.gateway.clone(), outcome, reason };
                self.decisions.get_or_create(&label).inc();
                if let Some(micros) = timing.written_us {
                    self.latency.observe(Duration::from_micros(micros).as_secs_f64());
                }
            }
            Note::Reconciled(_) => {
                self.reconciled.inc();
                self.health.reconciled.set(Some(Instant::now()));
            }
            Note::Offender(_) => {
                self.offenders.inc();
            }
            Note::Held(_) => {
                self.holds.inc();
            }
            Note::Decided(_)
            | Note::Opened { .. }
            | Note::Closed
            | Note::Released(_)
            | Note::Older(_)
            | Note::Long(_) => {}
        }
    }

    /// Sets the gauges to the present state.
    pub(super) fn state(&self, guard: &Guard, requeued: u64) {
        let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let counts = guard.counts();
        self.pending.set(count(counts.pending));
        self.groups.set(count(counts.groups));
        self.duplicates.set(count(counts.duplicates));
        let open = guard.open_until().is_some();
        self.open.set(i64::from(open));
        self.health.breaker_open.set(open);
        self.held.set(count(guard.held_groups()));
        self.health.held.set(guard.held_groups());
        self.requeued.inc_by(requeued);
    }
}
