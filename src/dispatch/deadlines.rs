//! Commands that are left behind where they take longer than their deadline.

use crate::commands::Error;
use crate::deadline::{Deadline, Gate, OutOfTime};

/// Computes a report of what only reads, and is left behind where that takes longer than the deadline.
pub fn within<T: Send + 'static>(
    deadline: Deadline,
    command: impl FnOnce() -> anyhow::Result<T> + Send + 'static,
) -> anyhow::Result<T> {
    let unfinished = |OutOfTime| Error::Unfinished { timeout: deadline.timeout() };
    deadline.within(command).map_err(unfinished)?
}

/// The same of what writes behind the gate.
pub fn guarded<T: Send + 'static>(
    deadline: Deadline,
    command: impl FnOnce(&Gate) -> anyhow::Result<T> + Send + 'static,
) -> anyhow::Result<T> {
    let unfinished = |OutOfTime| Error::Unfinished { timeout: deadline.timeout() };
    deadline.guarded(command).map_err(unfinished)?
}
