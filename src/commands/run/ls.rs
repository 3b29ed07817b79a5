//! `run ls`: active runs, and runs that hold prompts.

use crate::commands::Error;
use crate::commands::queue::Queue;
use crate::deadline::Deadline;
use crate::gateway::Access;
use crate::queue::Reader;
use crate::queue::cancel::{RunList, rows};
use crate::settings::Flags;

/// Lists the runs of a gateway.
pub async fn run(flags: &Flags, deadline: Deadline) -> Result<RunList, Error> {
    let mut queue = Queue::open(flags, Access::OPERATOR, Reader::new(), deadline).await?;
    let mut pending = queue.list().await?;
    queue.name_runs(&mut pending, None).await?;
    let names_runs = queue.capabilities().names_runs;
    let gateway = queue.connection.address().to_owned();
    queue.connection.close().await;
    Ok(RunList {
        gateway,
        rows: rows(&pending.listing.prompts, &pending.runs, &pending.sessions, names_runs),
        problems: pending.listing.problems.iter().map(ToString::to_string).collect(),
        partial: pending.partial,
        runs_unknown: pending.runs_unknown,
        now_ms: pending.at_ms,
    })
}
