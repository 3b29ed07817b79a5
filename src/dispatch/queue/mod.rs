//! `queue …`

mod dedupe;
mod guard;
mod history;
mod ls;
mod resolve;
mod triage;

use std::io;
use std::time::Duration;

pub use self::dedupe::dedupe;
pub use self::guard::guard;
pub use self::history::history;
pub use self::ls::list;
pub use self::resolve::resolve;
pub use self::triage::triage;

use crate::cli::queue::Filters;
use crate::output::{Layout, Paper};
use crate::queue::filter::Filter;

fn filter(filters: Filters) -> Filter {
    Filter {
        agents: filters.agent.into_iter().collect(),
        sessions: filters.session.into_iter().collect(),
        runs: filters.run.into_iter().collect(),
        kinds: filters.kind.into_iter().collect(),
        older_than_ms: filters.older_than.map(millis),
        younger_than_ms: filters.newer_than.map(millis),
    }
}

fn layout(full: bool, all: bool) -> Layout {
    Layout { paper: Paper::of(&io::stdout()), full, all }
}

/// A duration of the command line in milliseconds.
fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
