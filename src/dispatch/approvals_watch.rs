//! `approvals watch`.

use std::io::{self, IsTerminal};
use std::time::Duration;

use super::access::unattended;
use super::diff::place;
use super::spool::Spool;
use crate::cli::watch::{On, Trigger, Watch};
use crate::commands::hooks::{Program, receiver, receiver_of_file};
use crate::commands::queue::QueueError;
use crate::commands::watch::{self, Hooks, Request};
use crate::commands::{Error, gateway as gateways};
use crate::deadline::Deadline;
use crate::output::{self, Paper};
use crate::report::exit::Exit;
use crate::report::watch::{Line, Trigger as Cause};
use crate::streams::Streams;

/// The timeout for reading the last lines.
const DRAINING: Duration = Duration::from_secs(5);

/// Watches until a signal. `end`: `--timeout`, if given; `reading`: the deadline for reading the configuration.
pub fn run(
    args: Watch,
    (end, reading): (Option<Deadline>, Deadline),
    streams: &mut Streams<'_>,
) -> anyhow::Result<Exit> {
    if let Some(address) = args.metrics
        && !address.ip().to_canonical().is_loopback()
    {
        output::exposed_metrics(streams.err, address)?;
    }
    let hooks = hooks(&args, reading)?;
    let request = Request {
        places: args.targets.into_iter().map(place).collect(),
        all_gateways: args.all_gateways,
        access: unattended(args.access),
        interval: args.interval,
        restore_vanished: args.restore_if.is_some(),
        metrics: args.metrics,
        hooks,
    };
    let ndjson = args.ndjson || !io::stdout().is_terminal();
    // Not to `streams.out`: a write there blocks until its reader reads.
    let spool = Spool::to_stdout()?;
    let mut show = |shown: &Line| {
        let mut text = Vec::new();
        let printed = if ndjson {
            output::watch_ndjson(&mut text, shown)
        } else {
            output::watch_text(&mut text, shown, Paper::of(&io::stdout()))
        };
        printed.is_ok() && spool.push(text)
    };
    let watched = gateways::run(watch::run(&request, (reading, end), &mut show, spool.closed()));
    let written = spool.finish(Deadline::after(DRAINING));
    watched?;
    // Nobody reads the lines any more. The exit is a failure, so that systemd starts the service again.
    written.map_err(|error| io::Error::other(format!("the watch ended: {error}")))?;
    Ok(Exit::Done)
}

/// What happens at which events. Without events, `--notify` is for those that need a person.
fn hooks(args: &Watch, deadline: Deadline) -> Result<Hooks, Error> {
    let mut hooks = Hooks::default();
    for url in &args.notify {
        hooks.notify.push(receiver("--notify", url)?);
    }
    for file in &args.notify_file {
        hooks.notify.push(receiver_of_file(file, deadline)?);
    }
    let cause = |trigger| match trigger {
        Trigger::Changed => Cause::Changed,
        Trigger::Wider => Cause::Wider,
        Trigger::Vanished => Cause::Vanished,
    };
    if hooks.notify.is_empty()
        && let Some(idle) = args.on.iter().find(|on| on.words.is_empty())
    {
        let event = match idle.trigger {
            Trigger::Changed => "changed",
            Trigger::Wider => "wider",
            Trigger::Vanished => "vanished",
        };
        return Err(QueueError::NothingOn { event: event.to_owned() }.into());
    }
    let on = |On { trigger, words }: &On| (cause(*trigger), Program::of(words.clone()));
    hooks.on = args.on.iter().map(on).collect();
    if hooks.on.is_empty() && !hooks.notify.is_empty() {
        hooks.on.extend([Cause::Wider, Cause::Vanished].map(|cause| (cause, None)));
    }
    Ok(hooks)
}
