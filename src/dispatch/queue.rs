//! `queue …`

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use futures_util::future::join_all;

use super::spool::Spool;
use super::{Question, causes, failure, flags, paper};
use crate::Streams;
use crate::cli::gateway::Access;
use crate::cli::queue::{
    By, Decision as Decided, Dedupe, Filters, Guard, Keep as Kept, Kind as KindName, Ls, Resolve,
    Sort as Order,
};
use crate::commands::queue::guard::Told;
use crate::commands::queue::{QueueError, dedupe, guard, ls, resolve};
use crate::commands::targets::Targets;
use crate::commands::{Error, gateway as gateways};
use crate::deadline::Deadline;
use crate::output;
use crate::queue::filter::{Filter, Sort};
use crate::queue::guard::line::Line;
use crate::queue::guard::{Rate, Throttle, Tuning};
use crate::queue::{Decision, Keep, Kind, Scope};
use crate::report::exit::{self, Exit};
use crate::report::queue::{self as report, Asked, Dedupe as Summary};
use crate::settings::{Environment, Flags, Wait};
use crate::store::input::Input;

/// How long the last lines of a guard may take to be read.
const DRAINING: Duration = Duration::from_secs(5);

fn filter(filters: Filters) -> Filter {
    let millis = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    Filter {
        agents: filters.agent.into_iter().collect(),
        sessions: filters.session.into_iter().collect(),
        runs: filters.run.into_iter().collect(),
        kinds: filters
            .kind
            .map(|kind| match kind {
                KindName::Exec => Kind::Exec,
                KindName::Plugin => Kind::Plugin,
                KindName::SystemAgent => Kind::System,
            })
            .into_iter()
            .collect(),
        older_than_ms: filters.older_than.map(millis),
        younger_than_ms: filters.newer_than.map(millis),
        id_prefix: None,
    }
}

fn scope(by: By) -> Scope {
    match by {
        By::Session => Scope::Session,
        By::Agent => Scope::Agent,
        By::Run => Scope::Run,
    }
}

fn layout(full: bool, all: bool) -> output::Layout {
    output::Layout { paper: paper(&io::stdout()), full, all }
}

/// `queue ls`. `end`: `--timeout`, where it is given.
pub fn list(
    args: Ls,
    end: Option<Deadline>,
    step: Duration,
    streams: &mut Streams<'_>,
) -> anyhow::Result<Exit> {
    let request = ls::Request {
        filter: filter(args.filters),
        duplicates: args.duplicates,
        scope: scope(args.by),
        sort: match args.sort {
            Order::Age => Sort::Age,
            Order::Expiry => Sort::Expiry,
            Order::Agent => Sort::Agent,
            Order::Command => Sort::Command,
        },
        whole: args.json || args.ndjson,
    };
    let deadline = end.unwrap_or_else(|| Deadline::after(step));
    let access = flags(None, args.access, args.quiet.quiet);
    // Machine output is whole, whatever there is to report.
    let quiet = args.quiet.quiet && !args.json;
    let several = args.all_gateways || args.gateway.len() > 1;
    if several && args.watch {
        return Err(Error::from(QueueError::WatchesOne).into());
    }
    if several {
        let targets = Targets { names: args.gateway, all: args.all_gateways, access };
        let targets = targets.find(&Environment::of_process(), deadline)?;
        let listed = gateways::run(ls::run_all(&request, &targets, deadline))?;
        let format = (args.json, args.ndjson);
        let is_nothing = |one: &ls::Listed| matches!(&one.result, Ok(queued) if queued.is_nothing());
        if quiet && listed.iter().all(is_nothing) {
            return Ok(Exit::Done);
        }
        return list_several(&listed, format, layout(args.full, args.all), streams);
    }
    let flags = Flags { gateway: args.gateway.into_iter().next(), ..access };
    if args.watch {
        let layout = || layout(args.full, args.all);
        return watch((&request, &flags), (end, step), args.ndjson, layout, streams);
    }
    let queued = match &args.file {
        Some(path) => ls::of_file(&request, &Input::named(path), deadline)?,
        None => gateways::run(ls::run(&request, &flags, deadline))?,
    };
    if quiet && queued.is_nothing() {
        return Ok(Exit::Done);
    }
    output::runs_unknown_text(streams.err, queued.runs_unknown.as_deref(), paper(&io::stderr()))?;
    match (args.json, args.ndjson) {
        (true, _) => output::json(streams.out, &queued.json())?,
        (false, true) => output::queue_ndjson(streams.out, &queued, false)?,
        (false, false) => output::queue_text(streams.out, &queued, layout(args.full, args.all))?,
    }
    if args.ndjson && !args.json {
        // Its lines are prompts.
        output::queue_remarks(
            streams.err,
            paper(&io::stderr()),
            &queued.problems,
            queued.partial.as_deref(),
            &queued.notes,
        )?;
    }
    Ok(exit::of_queue(queued.verdict()))
}

/// `queue ls` of several gateways. One that failed hides none of the others.
fn list_several(
    listed: &[ls::Listed],
    (json, ndjson): (bool, bool),
    layout: output::Layout,
    streams: &mut Streams<'_>,
) -> anyhow::Result<Exit> {
    let err = paper(&io::stderr());
    let mut failures = Vec::new();
    let mut first = true;
    for ls::Listed { gateway, result } in listed {
        match result {
            Ok(queued) => {
                output::runs_unknown_text(streams.err, queued.runs_unknown.as_deref(), err)?;
                if json {
                    // All of them are one object.
                } else if ndjson {
                    output::queue_ndjson(streams.out, queued, true)?;
                    let partial = queued.partial.as_deref();
                    output::queue_remarks(streams.err, err, &queued.problems, partial, &queued.notes)?;
                } else {
                    if !std::mem::take(&mut first) {
                        writeln!(streams.out)?;
                    }
                    output::queue_text(streams.out, queued, layout)?;
                }
            }
            Err(error) => {
                let failure = failure(error, causes(error));
                output::error::text(streams.err, &failure, err)?;
                failures.push((gateway, failure));
            }
        }
    }
    if json {
        let mut failures = failures.iter();
        let queues = listed.iter().filter_map(|ls::Listed { result, .. }| match result {
            Ok(queued) => Some(Ok(queued)),
            Err(_) => failures.next().map(|(gateway, failure)| Err(failure.of_gateway(Some(gateway)))),
        });
        output::json(streams.out, &report::queues(queues))?;
    }
    Ok(match listed {
        // The only one: what is wrong with it is the command's own.
        [ls::Listed { result: Err(error), .. }] => error.exit(),
        listed => exit::of_queue(ls::verdict(listed)),
    })
}

/// `queue ls --watch`
fn watch(
    (request, flags): (&ls::Request, &Flags),
    (end, step): (Option<Deadline>, Duration),
    ndjson: bool,
    layout: impl Fn() -> output::Layout,
    streams: &mut Streams<'_>,
) -> anyhow::Result<Exit> {
    /// Ages have seconds.
    const REDRAW: Duration = Duration::from_secs(1);
    /// A gateway that is silent for longer is worth a word.
    const QUIET: Duration = Duration::from_secs(5);
    let mut printed = Ok(());
    let mut seen = BTreeSet::new();
    let mut noted = false;
    let mut unread = Vec::new();
    let redraw = (io::stdout().is_terminal() && !ndjson).then_some(REDRAW);
    let mut screen = Screen { out: streams.out, shown: false };
    let watched = gateways::run(ls::watch(request, flags, step, end, redraw, |now| {
        let drawn = if redraw.is_some() {
            let status = (now.quiet > QUIET)
                .then(|| format!("No answer from the gateway for {}s.", now.quiet.as_secs()));
            screen.open().and_then(|()| {
                let lines = terminal_size::terminal_size_of(io::stdout()).map_or(24, |(_, lines)| lines.0);
                output::queue_screen(screen.out, now.queued, layout(), usize::from(lines), status.as_deref())
            })
        } else if now.changed {
            // Once, until it is known again.
            let note = now.queued.runs_unknown.as_deref();
            let news = note.filter(|_| !noted);
            noted = note.is_some();
            let told = output::runs_unknown_text(streams.err, news, paper(&io::stderr()));
            let told = told.and_then(|()| {
                if unread == now.queued.problems {
                    return Ok(());
                }
                unread.clone_from(&now.queued.problems);
                let partial = now.queued.partial.as_deref();
                output::queue_remarks(streams.err, paper(&io::stderr()), &unread, partial, &now.queued.notes)
            });
            let changes = if ndjson { output::changes_ndjson } else { output::changes_text };
            told.and_then(|()| changes(screen.out, &seen, now.queued)).map(|now| seen = now)
        } else {
            Ok(())
        };
        printed = drawn.and_then(|()| screen.out.flush());
        printed.is_ok()
    }));
    drop(screen);
    watched?;
    printed?;
    Ok(Exit::Done)
}

/// The terminal's other screen: what stood on the terminal is there again afterwards, however it ends.
struct Screen<'o> {
    out: &'o mut dyn Write,
    shown: bool,
}

impl Screen<'_> {
    fn open(&mut self) -> io::Result<()> {
        if self.shown {
            return Ok(());
        }
        self.shown = true;
        write!(self.out, "\x1b[?1049h")
    }
}

impl Drop for Screen<'_> {
    fn drop(&mut self) {
        if self.shown {
            // A terminal that is gone needs nothing more.
            let _ = write!(self.out, "\x1b[?1049l").and_then(|()| self.out.flush());
        }
    }
}

/// `queue dedupe`
pub fn dedupe(args: Dedupe, deadline: Deadline, streams: &mut Streams<'_>) -> anyhow::Result<Exit> {
    let asked = match (args.check, args.dry_run || args.file.is_some()) {
        (true, _) => Asked::Check,
        (false, true) => Asked::Plan,
        (false, false) => Asked::Purge,
    };
    let request = dedupe::Request {
        filter: filter(args.filters),
        scope: scope(args.by),
        keep: match args.keep {
            Kept::Oldest => Keep::Oldest,
            Kept::Newest => Keep::Newest,
        },
        margin_ms: u64::try_from(args.margin.as_millis()).unwrap_or(u64::MAX),
        asked,
        settle: args.settle,
        rounds: args.rounds,
    };
    let reports = if let Some(path) = &args.file {
        vec![dedupe::of_file(&request, &Input::named(path), deadline)]
    } else {
        let access = flags(None, args.access, args.quiet.quiet);
        let targets = Targets { names: args.gateway, all: args.all_gateways, access };
        let targets = targets.find(&Environment::of_process(), deadline)?;
        of_gateways(&request, &targets, (args.yes, args.json, args.all), deadline, streams)?
    };
    let is_nothing = |report: &Result<_, Error>| report.as_ref().is_ok_and(Summary::is_nothing);
    if args.quiet.quiet && !args.json && reports.iter().all(is_nothing) {
        return Ok(Exit::Done);
    }
    print(reports, &request, args.json, layout(false, args.all), streams)
}

fn of_gateways(
    request: &dedupe::Request,
    targets: &[Flags],
    (yes, json, all): (bool, bool, bool),
    deadline: Deadline,
    streams: &mut Streams<'_>,
) -> Result<Vec<Result<Summary, Error>>, Error> {
    let watched = std::io::stderr().is_terminal() && targets.len() == 1;
    let alone = targets.len() == 1;
    let asking = tokio::sync::Mutex::new(());
    let streams = RefCell::new(streams);
    let one = async |flags: &Flags| {
        let confirm = async |name: &str, planned: &crate::report::queue::Planned| {
            // One question at a time: the plan and its question stand together.
            let _asking = asking.lock().await;
            let question = {
                let mut streams = streams.borrow_mut();
                let Streams { out, err, .. } = &mut **streams;
                // Before anything is denied. With --json --yes there is no question, and the report has the plan.
                let shown = match (json, yes) {
                    (true, true) => Ok(()),
                    (true, false) => output::plan_text(
                        err,
                        name,
                        planned,
                        output::Layout { paper: paper(&io::stderr()), ..layout(false, all) },
                    ),
                    (false, _) => {
                        output::plan_text(out, name, planned, layout(false, all)).and_then(|()| out.flush())
                    }
                };
                if yes {
                    return Ok(());
                }
                if shown.is_err() {
                    return Err(crate::commands::queue::QueueError::Unconfirmed);
                }
                Question::ask(
                    err,
                    &format!(
                        "Deny {} prompt{}?",
                        planned.duplicates,
                        if planned.duplicates == 1 { "" } else { "s" }
                    ),
                )?
            };
            if alone {
                return question.answer().await;
            }
            // Another gateway's purge listens for Ctrl-C, so that it no longer ends the process by itself.
            tokio::select! {
                answer = question.answer() => answer,
                _ = tokio::signal::ctrl_c() => Err(crate::commands::queue::QueueError::Declined),
            }
        };
        let mut progress = |open: usize| {
            if watched {
                // Nothing depends on whether it is seen.
                drop(write!(streams.borrow_mut().err, "\r\x1b[K{open} left"));
            }
        };
        let report = dedupe::run(request, flags, deadline, confirm, &mut progress).await;
        if watched {
            drop(write!(streams.borrow_mut().err, "\r\x1b[K"));
        }
        report
    };
    gateways::run(async { Ok(join_all(targets.iter().map(one)).await) })
}

fn print(
    reports: Vec<Result<Summary, Error>>,
    request: &dedupe::Request,
    json: bool,
    layout: output::Layout,
    streams: &mut Streams<'_>,
) -> anyhow::Result<Exit> {
    let verdict = dedupe::verdict(&reports);
    // Where nobody could be asked, nothing was sent anywhere: that is no purge in part.
    let mut errors = reports.iter().filter_map(|report| report.as_ref().err()).peekable();
    let unconfirmed = errors.peek().is_some() && errors.all(|error| error.code() == "unconfirmed");
    // The only one: what is wrong with it is the command's own.
    let reports = match <[_; 1]>::try_from(reports) {
        Ok([report]) => vec![Ok(report?)],
        Err(reports) => reports,
    };
    let mut failures = Vec::new();
    for one in &reports {
        match one {
            Ok(done) => {
                output::runs_unknown_text(streams.err, done.runs_unknown.as_deref(), paper(&io::stderr()))?;
                if json {
                    // All of them are one object.
                    continue;
                }
                if request.asked != Asked::Purge || done.planned.duplicates == 0 {
                    output::plan_text(streams.out, &done.gateway, &done.planned, layout)?;
                }
                output::dedupe_text(streams.out, done, layout.paper)?;
            }
            Err(error) => {
                let failure = failure(error, causes(error));
                output::error::text(streams.err, &failure, paper(&io::stderr()))?;
                failures.push(failure);
            }
        }
    }
    if json {
        let mut failures = failures.iter();
        let whole = reports.iter().filter_map(|one| match one {
            Ok(done) => Some(Ok(done)),
            Err(_) => failures.next().map(|failure| Err(failure.of_gateway(None))),
        });
        output::json(streams.out, &report::dedupe(whole))?;
    }
    Ok(if unconfirmed { Exit::Usage } else { exit::of_queue(verdict) })
}

/// `queue resolve`
pub fn resolve(args: Resolve, deadline: Deadline, streams: &mut Streams<'_>) -> anyhow::Result<Exit> {
    let decision = match args.decision {
        Decided::AllowOnce => Decision::AllowOnce,
        Decided::AllowAlways => Decision::AllowAlways,
        Decided::Deny => Decision::Deny,
    };
    let flags = flags(args.gateway.gateway, args.access, false);
    let resolved =
        gateways::run(resolve::run(&args.id, decision, &flags, deadline, async |prompt, now_ms| {
            if decision == Decision::Deny || args.yes {
                return Ok(false);
            }
            let shown = output::prompt_text(streams.err, prompt, now_ms, paper(&io::stderr()));
            if shown.is_err() {
                return Err(crate::commands::queue::QueueError::Unconfirmed);
            }
            let question = match decision {
                Decision::AllowOnce => "Allow this one time?",
                Decision::AllowAlways => "Allow, and add an allowlist entry?",
                Decision::Deny => "Deny it?",
            };
            Question::ask(streams.err, question)?.answer().await.map(|()| true)
        }))?;
    if args.json {
        output::json(streams.out, &resolved.json())?;
    } else {
        output::resolved_text(streams.out, &resolved, paper(&io::stdout()))?;
    }
    Ok(Exit::Done)
}

/// `queue guard`. `end`: `--timeout`, where it is given; `reading`: by when configuration is read.
pub fn guard(
    args: Guard,
    end: Option<Deadline>,
    reading: Deadline,
    streams: &mut Streams<'_>,
) -> anyhow::Result<Exit> {
    if let Some(address) = args.metrics
        && !address.ip().to_canonical().is_loopback()
    {
        output::exposed_metrics(streams.err, address)?;
    }
    let millis = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let filters = Filters {
        agent: args.agent,
        session: args.session,
        run: None,
        kind: args.kind,
        older_than: None,
        newer_than: None,
    };
    let throttle = |default: Throttle| Throttle {
        max_rate: args.max_rate.map_or(default.max_rate, |(count, per_ms)| Rate { count, per_ms }),
        cooling_ms: args.cooling.map_or(default.cooling_ms, millis),
    };
    let tuning = Tuning {
        scope: scope(args.by),
        margin_ms: millis(args.margin),
        filter: filter(filters),
        observe: args.observe,
        free: throttle(Throttle::FREE),
        turns: throttle(Throttle::TURNS),
        repeats: args.repeats,
        repeats_within_ms: millis(args.within),
        ..Tuning::default()
    };
    let access = Access {
        token_file: args.token_file,
        password_file: args.password_file,
        // Nobody is there each time that it connects.
        ask_token: false,
        ask_password: false,
        tls_fingerprint: args.tls_fingerprint,
        ca_file: args.ca_file,
        wait: false,
        verbose: args.verbose,
    };
    // It connects again and again by itself, and reports each attempt.
    let access = Flags { wait: Wait::Never, ..flags(None, access, false) };
    let targets = Targets { names: args.gateway, all: args.all_gateways, access };
    let request = guard::Request { tuning, cancel_runs: args.cancel_runs, metrics: args.metrics };
    let observe = args.observe;
    let ndjson = args.ndjson || !std::io::stdout().is_terminal();
    // Not to `streams.out`: whoever writes there waits for its reader.
    let spool = Spool::to_stdout()?;
    let mut show = |line: &Line| {
        let mut text = Vec::new();
        let told = if ndjson {
            output::guard_ndjson(&mut text, line)
        } else {
            output::guard_text(&mut text, line, observe, paper(&io::stdout()))
        };
        // Nothing is as good as written: a line that people need not see.
        if told.is_ok() && (text.is_empty() || spool.push(text)) { Told::Yes } else { Told::Dropped }
    };
    let guarded = gateways::run(guard::run(&request, &targets, (reading, end), &mut show, spool.closed()));
    let written = spool.finish(Deadline::after(DRAINING));
    guarded?;
    written?;
    Ok(Exit::Done)
}
