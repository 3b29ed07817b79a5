//! The request of `approvals watch`. It does not change while the watch runs.

use std::net::SocketAddr;
use std::time::Duration;

use crate::commands::Error;
use crate::commands::documents::Place;
use crate::commands::hooks::{self, Program};
use crate::commands::targets::shown;
use crate::deadline::Deadline;
use crate::gateway::WebhookUrl;
use crate::report::watch::{Event, Trigger};
use crate::settings::{self, Environment, Flags};

/// The request.
#[derive(Debug, Clone)]
pub struct Request {
    /// The places; none for this host's own store, unless all gateways are watched.
    pub places: Vec<Place>,
    /// Whether every gateway of config.toml is watched.
    pub all_gateways: bool,
    /// How to authenticate, where one gateway is watched.
    pub access: Flags,
    /// How often a gateway is asked.
    pub interval: Duration,
    /// Whether a document that vanished is stored again.
    pub restore_vanished: bool,
    /// The address of the metrics.
    pub metrics: Option<SocketAddr>,
    /// What happens at which events.
    pub hooks: Hooks,
}

/// What happens at which events.
#[derive(Debug, Clone, Default)]
pub struct Hooks {
    /// The events, each with the program to start, if any.
    pub on: Vec<(Trigger, Option<Program>)>,
    /// The receivers of each of these events.
    pub notify: Vec<WebhookUrl>,
}

impl Hooks {
    /// Fails if a program cannot be started.
    pub(super) fn check(&self) -> Result<(), Error> {
        hooks::check("wider", self.on.iter().filter_map(|(_, program)| program.as_ref()))
    }

    /// Whether somebody wants to know of this event.
    pub(super) fn wants(&self, event: &Event) -> bool {
        self.on.iter().any(|(trigger, _)| trigger.is(event))
    }
}

impl Request {
    /// The places to watch now, each once. A credential of the command line is for one gateway.
    pub(super) fn find(&self, deadline: Deadline) -> Result<Vec<Place>, Error> {
        let mut places = self.places.clone();
        if self.all_gateways {
            let names = settings::names(&Environment::of_process(), deadline)?;
            let gateway = |name| Place::Gateway(Flags { gateway: Some(name), ..Flags::default() });
            places.extend(names.into_iter().map(gateway));
        } else if places.is_empty() {
            places.push(Place::Host);
        }
        if let Some(fixed) = places.iter().find(|place| matches!(place, Place::Stdin | Place::Version(_))) {
            return Err(Error::Fixed { name: name(fixed), to: "watched" });
        }
        let mut gateways: Vec<Flags> = Vec::new();
        for (flags, _) in places.iter().filter_map(Place::gateway) {
            if !gateways.iter().any(|known| known.gateway == flags.gateway) {
                gateways.push(flags.clone());
            }
        }
        match (&gateways[..], self.access.given()) {
            ([], Some(flag)) => return Err(Error::NoGateway { flag }),
            ([one, other, ..], Some(flag)) => {
                return Err(Error::TwoGateways { flag, names: [shown(one), shown(other)] });
            }
            _ => {}
        }
        for flags in places.iter_mut().filter_map(Place::gateway_mut) {
            // Where there are several, the variables apply to the default gateway alone.
            let own_credential = gateways.len() > 1 && flags.gateway.is_some();
            *flags = Flags { gateway: flags.gateway.take(), own_credential, ..self.access.clone() };
        }
        let mut seen = std::collections::BTreeSet::new();
        places.retain(|place| seen.insert(name(place)));
        Ok(places)
    }
}

/// The name of a place in lines, as an operand of `diff`.
pub(super) fn name(place: &Place) -> String {
    let gateway = |flags: &Flags| flags.gateway.as_deref().map(settings::without_secret);
    match place {
        Place::File(path) => path.display().to_string(),
        Place::Stdin => "-".to_owned(),
        Place::Host => "local".to_owned(),
        Place::Store(path) => format!("store:{}", path.display()),
        Place::Gateway(flags) => {
            gateway(flags).map_or_else(|| "gateway".to_owned(), |name| format!("gateway:{name}"))
        }
        Place::Node { gateway: flags, id } => {
            gateway(flags).map_or_else(|| format!("node:{id}"), |name| format!("node:{id}@{name}"))
        }
        Place::Version(id) => format!("version:{id}"),
    }
}
