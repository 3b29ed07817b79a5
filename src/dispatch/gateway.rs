//! `gateway …`

use std::io;

use super::access::flags;
use super::command_line::CommandLine;
use super::deadlines::guarded;
use super::failures::failure_of;
use crate::cli::gateway as cli;
use crate::commands::targets::Targets;
use crate::commands::{Error, gateway};
use crate::deadline::Deadline;
use crate::embedded::Generation;
use crate::output::{self, Paper};
use crate::report::exit::Exit;
use crate::report::gateway::{self as report, Status};
use crate::settings::{Entry, Environment, Flags};
use crate::streams::Streams;

/// `gateway status`
pub fn status(
    args: cli::Status,
    line: &CommandLine,
    deadline: Deadline,
    streams: &mut Streams<'_>,
) -> anyhow::Result<Exit> {
    let quiet = args.quiet.quiet && !args.json;
    let has_nothing = |status: &Status| status.result.is_ok();
    let access = flags(None, args.access, args.quiet.quiet);
    if args.all_gateways || args.gateway.len() > 1 {
        let targets = Targets { names: args.gateway, all: args.all_gateways, access };
        let targets = targets.find(&Environment::of_process(), deadline)?;
        let mut statuses = gateway::run(gateway::status::run_all(&targets, deadline))?;
        for (name, status) in &mut statuses {
            if let Ok(Status { result: Err(refused), .. }) = status {
                refused.next = refused.next.as_ref().map(|next| line.completed_for(name, next));
            }
        }
        let is_nothing =
            |(_, result): &(String, Result<Status, Error>)| result.as_ref().is_ok_and(has_nothing);
        if !(quiet && statuses.iter().all(is_nothing)) {
            print_all(&statuses, line, args.json, streams)?;
        }
        return Ok(gateway::status::exit(&statuses));
    }
    let flags = Flags { gateway: args.gateway.into_iter().next(), ..access };
    let mut status = gateway::run(gateway::status::run(&flags, deadline))?;
    if let Err(refused) = &mut status.result {
        refused.next = refused.next.as_ref().map(|next| line.completed(next));
    }
    if quiet && has_nothing(&status) {
        return Ok(Exit::Done);
    }
    if args.json {
        output::json(streams.out, &status.json())?;
    } else {
        output::status_text(streams.out, &status)?;
    }
    Ok(status.exit())
}

fn print_all(
    statuses: &[(String, Result<Status, Error>)],
    line: &CommandLine,
    json: bool,
    streams: &mut Streams<'_>,
) -> io::Result<()> {
    let mut failures = Vec::new();
    for (at, (name, result)) in statuses.iter().enumerate() {
        match result {
            Ok(_) if json => {}
            Ok(status) => {
                separated(at, streams)?;
                output::status_text(streams.out, status)?;
            }
            Err(error) => {
                let failure = failure_of(error, name, line);
                if !json {
                    separated(at, streams)?;
                    output::unchosen_text(streams.out, name, &failure)?;
                }
                failures.push((name, failure));
            }
        }
    }
    if json {
        let mut failures = failures.iter();
        let all = statuses.iter().filter_map(|(_, result)| match result {
            Ok(status) => Some(Ok(status)),
            Err(_) => failures.next().map(|(name, failure)| Err(failure.of_gateway(Some(name)))),
        });
        output::json(streams.out, &report::statuses(all))?;
    }
    Ok(())
}

fn separated(at: usize, streams: &mut Streams<'_>) -> io::Result<()> {
    if at == 0 { Ok(()) } else { output::blank_line(streams.out) }
}

/// `gateway add`
pub fn add(args: cli::Add, deadline: Deadline, streams: &mut Streams<'_>) -> anyhow::Result<Exit> {
    let entry = Entry {
        name: args.name,
        url: args.url,
        token_file: args.token_file,
        token_env: args.token_env,
        password_file: args.password_file,
        password_env: args.password_env,
        tls_fingerprint: args.tls_fingerprint,
        ca_file: args.ca_file,
        allow_plaintext: args.allow_plaintext,
        default: args.default,
        replace: args.replace,
    };
    let added = guarded(deadline, move |gate| Ok(gateway::add::run(entry, gate, deadline)?))?;
    for warning in &added.warnings {
        output::error::warning(streams.err, warning, Paper::of(&io::stderr()))?;
    }
    if args.json {
        output::json(streams.out, &added.json())?;
    } else {
        output::added_text(streams.out, &added)?;
    }
    Ok(Exit::Done)
}

/// `gateway dev`. `end`: the deadline of `--timeout`, if given.
pub fn dev(args: &cli::Dev, end: Option<Deadline>, streams: &mut Streams<'_>) -> anyhow::Result<Exit> {
    let request = gateway::dev::DevOptions {
        port: args.port,
        scenario: args.scenario.clone(),
        coalesce: args.coalesce == cli::Switch::On,
        lists_run_ids: args.list_run_ids == cli::Switch::On,
        cancel_on_failover: args.cancel_on_failover == cli::Switch::On,
        generation: match args.generation {
            cli::Generation::Legacy => Generation::Legacy,
            cli::Generation::Current => Generation::Current,
        },
        tls: args.tls,
    };
    let mut printed = Ok(());
    gateway::run(gateway::dev::run(&request, end, |dev| {
        let text = if args.json {
            output::json(streams.out, &dev.json())
        } else {
            output::dev_text(streams.out, dev)
        };
        printed = text.and_then(|()| streams.out.flush());
        // The caller must learn the address: without it, the gateway is of no use.
        printed.is_ok()
    }))?;
    printed?;
    Ok(Exit::Done)
}
