//! `gateway …`

use super::again::CommandLine;
use super::flags;
use crate::Streams;
use crate::cli::gateway as cli;
use crate::commands::gateway;
use crate::deadline::Deadline;
use crate::embedded::Generation;
use crate::output;
use crate::report::exit::Exit;

/// `gateway status`
pub fn status(
    args: cli::Status,
    line: &CommandLine,
    deadline: Deadline,
    streams: &mut Streams<'_>,
) -> anyhow::Result<Exit> {
    let flags = flags(args.gateway, args.access, args.quiet.quiet);
    let mut status = gateway::run(gateway::status::run(&flags, deadline))?;
    if let Err(refused) = &mut status.result {
        refused.next = refused.next.as_ref().map(|next| line.completed(next));
    }
    if args.quiet.quiet && !args.json && status.result.is_ok() {
        return Ok(Exit::Done);
    }
    if args.json {
        output::json(streams.out, &status.json())?;
    } else {
        output::status_text(streams.out, &status)?;
    }
    Ok(status.result.map_or_else(|refused| refused.exit, |_| Exit::Done))
}

/// `gateway dev`. `end`: `--timeout`, where it is given.
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
        // Whoever started it must know how to reach it: without that it is of no use.
        printed.is_ok()
    }))?;
    printed?;
    Ok(Exit::Done)
}
