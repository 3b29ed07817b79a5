//! Commands that are abandoned when the deadline passes.

use crate::commands::Error;
use crate::deadline::{Deadline, Gate, OutOfTime};

/// Runs a command that only reads, and abandons it when the deadline passes.
pub fn within<T: Send + 'static>(
    deadline: Deadline,
    command: impl FnOnce() -> anyhow::Result<T> + Send + 'static,
) -> anyhow::Result<T> {
    let unfinished = |OutOfTime| Error::Unfinished { timeout: deadline.timeout() };
    deadline.within(command).map_err(unfinished)?
}

/// As [`within`], for a command that writes: it is not abandoned after it has passed the gate.
pub fn guarded<T: Send + 'static>(
    deadline: Deadline,
    command: impl FnOnce(&Gate) -> anyhow::Result<T> + Send + 'static,
) -> anyhow::Result<T> {
    let unfinished = |OutOfTime| Error::Unfinished { timeout: deadline.timeout() };
    deadline.guarded(command).map_err(unfinished)?
}
