//! `queue guard`

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io::{self, IsTerminal};
use std::mem;
use std::path::PathBuf;
use std::time::Duration;

use super::super::access::unattended;
use super::super::command_line::CommandLine;
use super::super::spool::Spool;
use super::{filter, millis};
use crate::cli::hooks::{Notify, On};
use crate::cli::queue::{Filters, Guard};
use crate::commands::hooks::{self as receivers, Program};
use crate::commands::queue::QueueError;
use crate::commands::queue::guard::{self, Hooks, WriteResult};
use crate::commands::targets::Targets;
use crate::commands::{Error, gateway as gateways};
use crate::deadline::Deadline;
use crate::output::{self, Paper};
use crate::queue::guard::line::{Event, Line};
use crate::queue::guard::{Rate, Throttle, Trigger, Tuning};
use crate::report::exit::Exit;
use crate::streams::Streams;

/// The timeout for reading the last lines of a guard.
const DRAINING: Duration = Duration::from_secs(5);

/// `queue guard`. `end`: `--timeout`, if given; `reading`: the deadline for reading the configuration.
pub fn guard(
    mut args: Guard,
    line: &CommandLine,
    (end, reading): (Option<Deadline>, Deadline),
    streams: &mut Streams<'_>,
) -> anyhow::Result<Exit> {
    if let Some(address) = args.metrics
        && !address.ip().to_canonical().is_loopback()
    {
        output::exposed_metrics(streams.err, address)?;
    }
    let on_terminal = args.notify.contains(&Notify::Terminal);
    if on_terminal && !io::stdout().is_terminal() {
        return Err(Error::from(QueueError::NoTerminal).into());
    }
    let (on, notify) = (mem::take(&mut args.on), mem::take(&mut args.notify));
    let has_receiver = !notify.is_empty() || !args.notify_file.is_empty();
    if let Some(idle) = on.iter().find(|on| on.words.is_empty() && !has_receiver) {
        return Err(Error::from(QueueError::NothingOn { event: event(idle.trigger) }).into());
    }
    let hooks = hooks(on, notify, &args.notify_file, reading)?;
    let tuning = tuning(&args, &hooks);
    let several = args.all_gateways || args.gateway.len() > 1;
    let targets = Targets { names: args.gateway, all: args.all_gateways, access: unattended(args.access) };
    let request = guard::Request { tuning, cancel_runs: args.cancel_runs, metrics: args.metrics, hooks };
    let observe = args.observe;
    let ndjson = args.ndjson || !io::stdout().is_terminal();
    // Not to `streams.out`: a write there blocks until its reader reads.
    let spool = Spool::to_stdout()?;
    let mut show = |shown: &Line| {
        let mut text = Vec::new();
        let gateway = shown.gateway.clone();
        let mut shown = Cow::Borrowed(shown);
        if let Event::Disconnected { remedy: Some(_), .. } = &shown.event
            && let Event::Disconnected { remedy, .. } = &mut shown.to_mut().event
        {
            let completed = |remedy: &String| {
                if several { line.completed_for(&gateway, remedy) } else { line.completed(remedy) }
            };
            *remedy = remedy.as_ref().map(completed);
        }
        let printed = if ndjson {
            output::guard_ndjson(&mut text, &shown)
        } else {
            output::guard_text(&mut text, &shown, observe, Paper::of(&io::stdout()))
        };
        let printed = printed.and_then(|()| {
            if on_terminal && request.hooks.wants(&shown.event) {
                output::guard_notice(&mut text, &shown)?;
            }
            Ok(())
        });
        // Empty text counts as written: the line is not for people.
        if printed.is_ok() && (text.is_empty() || spool.push(text)) {
            WriteResult::Written
        } else {
            WriteResult::Dropped
        }
    };
    let guarded = gateways::run(guard::run(&request, &targets, (reading, end), &mut show, spool.closed()));
    let written = spool.finish(Deadline::after(DRAINING));
    guarded?;
    written?;
    Ok(Exit::Done)
}

/// The rules of the guards.
fn tuning(args: &Guard, hooks: &Hooks) -> Tuning {
    let filters = Filters {
        agent: args.agent.clone(),
        session: args.session.clone(),
        run: None,
        kind: args.kind,
        older_than: None,
        newer_than: None,
    };
    let throttle = |default: Throttle| Throttle {
        max_rate: args.max_rate.map_or(default.max_rate, |(count, per_ms)| Rate { count, per_ms }),
        cooling_ms: args.cooling.map_or(default.cooling_ms, millis),
    };
    let older = |trigger| if let Trigger::Older(limit_ms) = trigger { Some(limit_ms) } else { None };
    let longer = |trigger| if let Trigger::Queue(limit) = trigger { Some(limit) } else { None };
    Tuning {
        scope: args.by,
        margin_ms: millis(args.margin),
        filter: filter(filters),
        observe: args.observe,
        free: throttle(Throttle::FREE),
        turns: throttle(Throttle::TURNS),
        repeats: args.repeats,
        repeats_within_ms: millis(args.within),
        older_ms: limits(hooks, older),
        longer_than: limits(hooks, longer),
        ..Tuning::default()
    }
}

/// What happens at which events. Without events, `--notify` is for those that need no limit.
fn hooks(
    on: Vec<On>,
    notify: Vec<Notify>,
    notify_files: &[PathBuf],
    deadline: Deadline,
) -> Result<Hooks, Error> {
    let urls = notify.into_iter().filter_map(|receiver| match receiver {
        Notify::Url(url) => Some(url),
        Notify::Terminal => None,
    });
    let mut hooks = Hooks::default();
    for url in urls {
        hooks.notify.push(receivers::receiver("--notify", &url)?);
    }
    for file in notify_files {
        hooks.notify.push(receivers::receiver_of_file(file, deadline)?);
    }
    hooks.on = on.into_iter().map(|On { trigger, words }| (trigger, Program::of(words))).collect();
    if hooks.on.is_empty() {
        hooks.on.extend([Trigger::Breaker, Trigger::Offender].map(|trigger| (trigger, None)));
    }
    Ok(hooks)
}

/// An event as `--on` takes it.
fn event(trigger: Trigger) -> String {
    match trigger {
        Trigger::Older(limit_ms) => format!("older={}s", limit_ms / 1_000),
        Trigger::Queue(limit) => format!("queue={limit}"),
        Trigger::Breaker => "breaker".to_owned(),
        Trigger::Offender => "offender".to_owned(),
    }
}

/// The limits of the events, each once.
fn limits<T: Ord>(hooks: &Hooks, of: impl Fn(Trigger) -> Option<T>) -> Vec<T> {
    hooks.on.iter().filter_map(|(trigger, _)| of(*trigger)).collect::<BTreeSet<_>>().into_iter().collect()
}
