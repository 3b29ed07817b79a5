//! `approvals allowlist`.

use std::io;

use super::access::remote;
use super::command_line::CommandLine;
use super::deadlines::{guarded, within};
use crate::approvals::findings::diagnostic::Diagnostic;
use crate::cli::allowlist::{self as cli, Edit, Ls, Remove, RemoveTool, Source, Verb};
use crate::commands::Error;
use crate::commands::allowlist::{self, Change, Item};
use crate::commands::documents::Place;
use crate::deadline::Deadline;
use crate::output::{self, Paper};
use crate::report::exit::Exit;
use crate::settings::{Environment, is_gateway};
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
    let (verb, agent, item, place) = match verb {
        Verb::Ls(args) => return list(args, deadline, streams),
        Verb::Add(Edit { pattern, agent, arg_pattern, place }) => {
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
    let request = allowlist::Request { verb, agent, item, place, dry_run, allow_legacy };
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

/// `approvals allowlist ls`
fn list(args: Ls, deadline: Deadline, streams: &mut Streams<'_>) -> anyhow::Result<Exit> {
    let place = match (remote(args.remote, false)?, args.file) {
        (Some(remote), _) => remote,
        (None, Some(path)) => Place::File(path),
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
