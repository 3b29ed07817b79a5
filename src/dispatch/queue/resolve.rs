//! `queue resolve`: shows the prompt, asks for confirmation, and sends the decision.

use std::io;

use super::super::access::flags;
use super::super::confirm::ask;
use crate::cli::queue::Resolve;
use crate::commands::Error;
use crate::commands::queue::QueueError;
use crate::commands::queue::resolve::{self, Confirmed, Planning, Ready};
use crate::commands::runtime::Runtime;
use crate::deadline::Deadline;
use crate::output::{self, Paper};
use crate::queue::Decision;
use crate::report::exit::Exit;
use crate::streams::Streams;

/// `queue resolve`
pub fn resolve(args: Resolve, deadline: Deadline, streams: &mut Streams<'_>) -> anyhow::Result<Exit> {
    let decision = args.decision;
    let flags = flags(args.gateway.gateway, args.access, false);
    let runtime = Runtime::new()?;
    let resolved = match runtime.run(resolve::plan(&args.id, decision, &flags, deadline))? {
        Planning::Finished(resolved) => *resolved,
        Planning::Ready(ready) => {
            let asked = decision != Decision::Deny && !args.yes;
            let confirmed = if asked {
                runtime.keep_alive(|| confirmed(&ready, decision, streams))?
            } else {
                Confirmed::Unasked
            };
            runtime.run(resolve::carry_out(*ready, confirmed))?
        }
    };
    if args.json {
        output::json(streams.out, &resolved.json())?;
    } else {
        output::resolved_text(streams.out, &resolved, Paper::of(&io::stdout()))?;
    }
    Ok(Exit::Done)
}

fn confirmed(ready: &Ready, decision: Decision, streams: &mut Streams<'_>) -> Result<Confirmed, Error> {
    if output::prompt_text(streams.err, &ready.prompt, ready.now_ms, Paper::of(&io::stderr())).is_err() {
        return Err(QueueError::Unconfirmed.into());
    }
    ask(streams.err, output::resolve_question(decision))?;
    Ok(Confirmed::ByPerson)
}
