//! `queue resolve`: shows the prompt, asks for confirmation, and sends the decision.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::super::access::flags;
use super::super::command_line::CommandLine;
use super::super::confirm::ask;
use super::super::deadlines::{guarded, within};
use crate::cli::queue::Resolve;
use crate::commands::Error;
use crate::commands::queue::QueueError;
use crate::commands::queue::entry::{self, Proposal};
use crate::commands::queue::resolve::{self, Confirmed, Planning, Ready};
use crate::commands::runtime::Runtime;
use crate::deadline::Deadline;
use crate::output::{self, Paper};
use crate::queue::Decision;
use crate::report::exit::Exit;
use crate::report::queue::{Added, Entry, Resolved};
use crate::settings::Flags;
use crate::streams::Streams;

/// `queue resolve`. `timeout`: of everything before the question, and of everything after it.
pub fn resolve(
    args: Resolve,
    line: &CommandLine,
    timeout: Duration,
    streams: &mut Streams<'_>,
) -> anyhow::Result<Exit> {
    let decision = args.decision;
    if args.add_entry && decision != Decision::AllowOnce {
        return Err(Error::from(QueueError::EntryOfDecision).into());
    }
    let deadline = Deadline::after(timeout);
    let flags = flags(args.gateway.gateway, args.access, false);
    let runtime = Runtime::new()?;
    let resolved = match runtime.run(resolve::plan(&args.id, decision, &flags, deadline))? {
        Planning::Finished(_) if args.add_entry => {
            let why = "it was decided before, and its command is not known any more".to_owned();
            return Err(Error::from(QueueError::NoEntry { id: args.id, why }).into());
        }
        Planning::Finished(resolved) => *resolved,
        Planning::Ready(ready) => {
            let asked = decision != Decision::Deny && !args.yes;
            let confirmed = || -> anyhow::Result<(Option<Proposal>, Confirmed)> {
                let proposal =
                    args.add_entry.then(|| proposed(&ready, &flags, args.programs, deadline)).transpose()?;
                let entry = proposal.as_ref().map(|proposal| &proposal.entry);
                let confirmed =
                    if asked { confirmed(&ready, decision, entry, streams)? } else { Confirmed::Unasked };
                Ok((proposal, confirmed))
            };
            let (proposal, confirmed) = runtime.keep_alive(confirmed)?;
            let mut resolved = runtime.run(resolve::carry_out(*ready, confirmed))?;
            resolved.entry = proposal.map(|proposal| {
                let entry = proposal.entry.clone();
                let added = stored(proposal, Deadline::after(timeout));
                (entry, added)
            });
            resolved
        }
    };
    if args.json {
        output::json(streams.out, &resolved.json())?;
    } else {
        output::resolved_text(streams.out, &resolved, Paper::of(&io::stdout()))?;
    }
    entry_of(&resolved, args.json, line, streams)
}

/// Finds the entry to add, on a thread that is abandoned at the deadline.
fn proposed(
    ready: &Ready,
    flags: &Flags,
    programs: Option<PathBuf>,
    deadline: Deadline,
) -> anyhow::Result<Proposal> {
    let (prompt, flags) = (ready.prompt.clone(), flags.clone());
    within(deadline, move || entry::propose(&prompt, &flags, programs.as_deref(), deadline))
}

/// Stores the entry. The prompt is decided already, so an error is a part of the report.
fn stored(proposal: Proposal, deadline: Deadline) -> Added {
    let stored = guarded(deadline, move |gate| entry::store(proposal, gate, deadline));
    stored.unwrap_or_else(|error| Added::Failed(format!("{error:#}")))
}

/// Prints what became of the entry. If it is not stored, the command is done in part.
fn entry_of(
    resolved: &Resolved,
    json: bool,
    line: &CommandLine,
    streams: &mut Streams<'_>,
) -> anyhow::Result<Exit> {
    let Some((entry, added)) = &resolved.entry else { return Ok(Exit::Done) };
    if let Added::Failed(why) = added {
        let remedy = line.completed(&entry.next);
        output::entry_failed_text(streams.err, why, &remedy, Paper::of(&io::stderr()))?;
        return Ok(Exit::Partly);
    }
    if !json {
        output::added_entry_text(streams.out, entry, added, Paper::of(&io::stdout()))?;
    }
    Ok(Exit::Done)
}

fn confirmed(
    ready: &Ready,
    decision: Decision,
    entry: Option<&Entry>,
    streams: &mut Streams<'_>,
) -> Result<Confirmed, Error> {
    let paper = Paper::of(&io::stderr());
    let shown = output::prompt_text(streams.err, &ready.prompt, ready.now_ms, paper);
    let shown = shown.and_then(|()| match entry {
        Some(entry) => output::entry_text(streams.err, entry, paper),
        None => Ok(()),
    });
    if shown.is_err() {
        return Err(QueueError::Unconfirmed.into());
    }
    ask(streams.err, output::resolve_question(decision, entry.is_some()))?;
    Ok(Confirmed::ByPerson)
}
