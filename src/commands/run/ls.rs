//! `run ls`: active runs, and runs that hold prompts.

use std::time::Duration;

use crate::commands::Error;
use crate::commands::each::{Each, each};
use crate::commands::live::{self, Live, Shown};
use crate::commands::queue::Queue;
use crate::deadline::Deadline;
use crate::gateway::Access;
use crate::queue::Reader;
use crate::queue::cancel::{RunList, rows};
use crate::settings::Flags;

/// Lists the runs of a gateway.
pub async fn run(flags: &Flags, deadline: Deadline) -> Result<RunList, Error> {
    let mut queue = Queue::open(flags, Access::OPERATOR, Reader::new(), deadline).await?;
    let list = Listing.list(&mut queue).await?;
    queue.connection.close().await;
    Ok(list)
}

/// Lists the runs of several gateways concurrently.
pub async fn run_all(targets: &[Flags], deadline: Deadline) -> Vec<Each<RunList>> {
    each(targets, async |flags| run(flags, deadline).await).await
}

/// Shows the runs whenever they change; see [`live::watch`].
pub async fn watch(
    flags: &Flags,
    step: Duration,
    redraw: Option<Duration>,
    show: impl FnMut(Shown<'_, RunList>) -> bool,
) -> Result<(), Error> {
    live::watch(&Listing, flags, step, redraw, show).await
}

/// The runs of a gateway. There is nothing to choose.
struct Listing;

impl Live for Listing {
    type Report = RunList;

    fn reader(&self) -> Reader {
        Reader::new()
    }

    async fn list(&self, queue: &mut Queue) -> Result<RunList, Error> {
        let mut pending = queue.list().await?;
        queue.name_runs(&mut pending, None).await?;
        let names_runs = queue.capabilities().names_runs;
        Ok(RunList {
            gateway: queue.connection.address().to_owned(),
            rows: rows(&pending.listing.prompts, &pending.runs, &pending.sessions, names_runs),
            problems: pending.listing.problems.iter().map(ToString::to_string).collect(),
            partial: pending.partial,
            runs_unknown: pending.runs_unknown,
            now_ms: pending.at_ms,
        })
    }

    fn is_same(before: &RunList, now: &RunList) -> bool {
        before.rows == now.rows && before.problems == now.problems && before.runs_unknown == now.runs_unknown
    }

    fn now_ms(report: &mut RunList) -> &mut u64 {
        &mut report.now_ms
    }
}
