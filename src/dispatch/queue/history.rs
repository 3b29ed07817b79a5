//! `queue history`

use std::io::{self, IsTerminal};

use super::super::access::flags;
use super::layout;
use crate::cli::queue::{History, Status};
use crate::commands::gateway as gateways;
use crate::commands::queue::history;
use crate::deadline::Deadline;
use crate::output::{self, Paper};
use crate::queue::history::Filter;
use crate::report::exit::{self, Exit};
use crate::report::queue::Cut;
use crate::streams::Streams;

/// `queue history`
pub fn history(args: History, deadline: Deadline, streams: &mut Streams<'_>) -> anyhow::Result<Exit> {
    let request = history::Request {
        filter: Filter {
            agents: args.agent.into_iter().collect(),
            sessions: args.session.into_iter().collect(),
            kind: args.kind,
            statuses: args.status.iter().map(|status| Status::as_str(*status).to_owned()).collect(),
            decisions: args.decision,
            who: args.who,
            since_ms: None,
        },
        since: args.since,
        limit: args.limit as usize,
    };
    let quiet = args.quiet.quiet;
    let flags = flags(args.gateway.gateway, args.access, quiet);
    let watched = io::stderr().is_terminal() && !quiet;
    let Streams { out, err, .. } = streams;
    let mut progress = |read: usize| {
        if watched {
            output::read_progress(*err, read);
        }
    };
    let read = gateways::run(history::run(&request, &flags, deadline, &mut progress));
    if watched {
        output::progress_over(*err);
    }
    let history = read?;
    let machine = args.json || args.ndjson;
    let complete = matches!(history.cut, None | Some(Cut::Limit));
    if quiet && !machine && history.rows.is_empty() && history.problems.is_empty() && complete {
        return Ok(Exit::Done);
    }
    match (args.json, args.ndjson) {
        (true, _) => output::json(*out, &history.json())?,
        (false, true) => {
            output::history_ndjson(*out, &history)?;
            // Each line is a decision.
            let paper = Paper::of(&io::stderr());
            output::cut_text(*err, history.cut.as_ref(), paper)?;
            output::queue_remarks(*err, paper, &history.problems, None, &[])?;
        }
        (false, false) => output::history_text(*out, &history, layout(args.full, args.all))?,
    }
    Ok(exit::of_queue(history.verdict()))
}
