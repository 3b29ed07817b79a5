//! `approvals allowlist`.

use std::io;

use super::access::remote;
use super::command_line::CommandLine;
use super::deadlines::{guarded, within};
use crate::approvals::findings::diagnostic::Diagnostic;
use crate::cli::allowlist::{self as cli, Add, Edit, Ls, Remove, RemoveTool, Source, Verb};
use crate::commands::Error;
use crate::commands::allowlist::{self, Change, Item, Term};
use crate::commands::documents::Place;
use crate::deadline::Deadline;
use crate::output::{self, Paper};
use crate::report::exit::Exit;
use crate::report::instant;
use crate::settings::{Environment, is_gateway};
use crate::store::versions::Writer;
use crate::streams::Streams;

/// Edits, and prints the result.
pub fn run(
    verb: Verb,
    line: &CommandLine,
    deadline: Deadline,
    streams: &mut Streams<'_>,
) -> anyhow::Result<Exit> {
    if matches!(verb, Verb::Add(_) | Verb::Remove(_))
        && let Some((text, lines)) = line.gateway_or_pattern()
    {
        return Err(Error::GatewayOrPattern { text, lines }.into());
    }
    let mut term = Term::default();
    let (verb, agent, item, place) = match verb {
        Verb::Ls(args) => return list(args, deadline, streams),
        Verb::Add(Add { edit: Edit { pattern, agent, arg_pattern, place }, for_ms, until_ms, note }) => {
            term = Term { note, until_ms: limit(for_ms, until_ms)? };
            (Change::Add, agent, Item::Entry { pattern, arg_pattern, generated: false }, place)
        }
        Verb::Remove(Remove { edit: Edit { pattern, agent, arg_pattern, place }, source }) => {
            let generated = source == Some(Source::AllowAlways);
            (Change::Remove, agent, Item::Entry { pattern, arg_pattern, generated }, place)
        }
        Verb::RemoveTool(RemoveTool { server, tool, agent, place }) => {
            (Change::Remove, agent, Item::Tool { server, tool }, place)
        }
    };
    let cli::Place { file, store, remote: flags, dry_run, allow_legacy, json, quiet } = place;
    if let Item::Entry { pattern, .. } = &item
        && is_gateway(pattern, &Environment::of_process(), deadline)
        && flags.gateway.as_deref().is_none_or(|name| name.trim().is_empty())
    {
        let name = pattern;
        output::error::warning(
            streams.err,
            &format!(
                "{name} is the name of a gateway in config.toml, but is used as the pattern here; to edit that gateway's document: --gateway={name} PATTERN"
            ),
            Paper::of(&io::stderr()),
        )?;
    }
    let place = match (remote(flags, quiet.quiet)?, file) {
        (Some(remote), _) => remote,
        (None, Some(path)) => Place::File(path),
        (None, None) => Place::store(store),
    };
    let writer = match verb {
        Change::Add => Writer::Add,
        Change::Remove => Writer::Remove,
    };
    let request = allowlist::Request { verb, agent, item, place, dry_run, allow_legacy, term, writer };
    // Warnings come before anything is stored.
    let warnings = allowlist::warnings(&request)?;
    if !quiet.quiet {
        output::entry_warnings(streams.err, &warnings)?;
    }
    let report = guarded(deadline, move |gate| allowlist::run(&request, gate, deadline))?;
    let nothing = quiet.quiet && !json && report.is_nothing();
    if quiet.quiet && !nothing {
        output::entry_warnings(streams.err, &warnings)?;
    }
    let printed = if nothing {
        Ok(())
    } else if json {
        output::json(streams.out, &report.json())
    } else {
        output::edit_text(streams.out, &report)
    };
    let printed = printed.and_then(|()| streams.out.flush());
    if printed.is_err() && report.is_stored() {
        output::unprinted_text(streams.err, "entry")?;
    }
    printed?;
    output::remarks_text(streams.err, &report.set.remarks, Paper::of(&io::stderr()))?;
    let said = |found: &&Diagnostic| warnings.iter().any(|warning| warning.code == found.code);
    let more: Vec<Diagnostic> = report.lints.iter().filter(|found| !said(found)).cloned().collect();
    if !nothing {
        output::entry_warnings(streams.err, &more)?;
    }
    if report.set.departures.is_empty() {
        return Ok(Exit::Done);
    }
    output::departures_text(streams.err, &line.completed("clearance approvals get"))?;
    Ok(Exit::Partly)
}

/// When the time of an entry is over, in Unix milliseconds.
fn limit(for_ms: Option<u64>, until_ms: Option<u64>) -> Result<Option<u64>, Error> {
    let now_ms = u64::try_from(jiff::Timestamp::now().as_millisecond()).unwrap_or_default();
    match until_ms {
        Some(until_ms) if until_ms <= now_ms => Err(Error::PastLimit { until: instant(until_ms) }),
        Some(until_ms) => Ok(Some(until_ms)),
        None => Ok(for_ms.map(|for_ms| now_ms.saturating_add(for_ms))),
    }
}

/// `approvals allowlist ls`
fn list(args: Ls, deadline: Deadline, streams: &mut Streams<'_>) -> anyhow::Result<Exit> {
    let place = match (remote(args.remote, false)?, args.file) {
        (Some(remote), _) => remote,
        (None, Some(path)) => Place::document(path),
        (None, None) => Place::store(args.store),
    };
    let agent = args.agent;
    let list = within(deadline, move || allowlist::list(&place, agent, deadline))?;
    if args.json {
        output::json(streams.out, &list.json())?;
    } else {
        output::allowlists_text(streams.out, &list)?;
    }
    streams.out.flush()?;
    output::remarks_text(streams.err, &list.remarks, Paper::of(&io::stderr()))?;
    Ok(Exit::Done)
}
