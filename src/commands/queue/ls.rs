//! `queue ls`: the pending prompts, duplicates after the one that would be kept.

use std::collections::HashSet;
use std::time::Duration;

use super::{Pending, Queue, saved};
use crate::commands::Error;
use crate::commands::each::{Each, each};
use crate::commands::live::{self, Live, Shown};
use crate::deadline::Deadline;
use crate::gateway::Access;
use crate::queue::filter::{Filter, Sort};
use crate::queue::{Reader, Rules, Scope, plan};
use crate::report::queue::Queued;
use crate::settings::Flags;
use crate::store::input::Input;

/// The request.
#[derive(Debug, Clone)]
pub struct Request {
    /// The filter of prompts.
    pub filter: Filter,
    /// Whether to list only prompts with duplicates.
    pub duplicates: bool,
    /// The scope in which prompts are duplicates.
    pub scope: Scope,
    /// The order of the rows.
    pub sort: Sort,
    /// Whether to keep whole requests, with unknown fields.
    pub whole: bool,
}

impl Request {
    fn of(&self, gateway: String, pending: &Pending) -> Queued {
        let rules = Rules { scope: self.scope, ..Rules::at(pending.at_ms) };
        let plan = plan(&pending.listing.prompts, &pending.runs, rules);
        Queued {
            problems: pending.listing.problems.iter().map(ToString::to_string).collect(),
            partial: pending.partial.clone(),
            runs_unknown: pending.runs_unknown.clone(),
            notes: pending.notes.clone(),
            ..Queued::of(gateway, &plan, &pending.runs, &self.filter, self.duplicates, self.sort)
        }
    }
}

/// Lists a saved listing.
pub fn of_file(request: &Request, input: &Input, deadline: Deadline) -> Result<Queued, Error> {
    Ok(request.of(input.name(), &saved(input, deadline)?))
}

/// Lists the queue of a gateway.
pub async fn run(request: &Request, flags: &Flags, deadline: Deadline) -> Result<Queued, Error> {
    let mut queue = Queue::open(flags, Access::OPERATOR, request.reader(), deadline).await?;
    let queued = request.list(&mut queue).await?;
    queue.connection.close().await;
    Ok(queued)
}

/// Lists the queues of several gateways concurrently.
pub async fn run_all(request: &Request, targets: &[Flags], deadline: Deadline) -> Vec<Each<Queued>> {
    each(targets, async |flags| run(request, flags, deadline).await).await
}

/// Shows the queue whenever it changes; see [`live::watch`].
pub async fn watch(
    request: &Request,
    flags: &Flags,
    step: Duration,
    redraw: Option<Duration>,
    show: impl FnMut(Shown<'_, Queued>) -> bool,
) -> Result<(), Error> {
    live::watch(request, flags, step, redraw, show).await
}

impl Live for Request {
    type Report = Queued;

    fn reader(&self) -> Reader {
        if self.whole { Reader::keeping_raw() } else { Reader::new() }
    }

    async fn list(&self, queue: &mut Queue) -> Result<Queued, Error> {
        let pending = queue.list().await?;
        Ok(self.of(queue.connection.address().to_owned(), &pending))
    }

    fn is_same(before: &Queued, now: &Queued) -> bool {
        let keys = |queued: &Queued| -> HashSet<_> {
            queued.rows.iter().map(|row| row.prompt.key.clone()).collect()
        };
        before.filtered == now.filtered
            && before.problems == now.problems
            && before.runs_unknown == now.runs_unknown
            && keys(before) == keys(now)
    }

    fn now_ms(report: &mut Queued) -> &mut u64 {
        &mut report.now_ms
    }
}
