//! Waiting with a deadline, and pauses between attempts.

use std::time::Duration;

use super::error::{GatewayError, Step};
use crate::backoff::Backoff;
use crate::deadline::Deadline;

/// The output of a future, if it is ready before the deadline. `step`: the step that the error names as unfinished.
pub(super) async fn within<F: Future>(
    deadline: Deadline,
    step: impl Fn() -> Step,
    future: F,
) -> Result<F::Output, GatewayError> {
    let timed_out = || GatewayError::TimedOut { step: step(), timeout: deadline.timeout() };
    // After the deadline the future is not polled, even if it would be ready immediately.
    let Some(left) = deadline.left() else { return Err(timed_out()) };
    tokio::time::timeout(left, future).await.map_err(|_| timed_out())
}

/// Runs work that may block, on a file or its lock, in a separate thread, so that other connections continue. Work that
/// is still blocked at the deadline is abandoned.
pub(super) async fn run_blocking<T: Send + 'static>(
    deadline: Deadline,
    step: impl Fn() -> Step,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, GatewayError> {
    /// Grace period in which work with the same deadline can return its own, more precise timeout error.
    const REPORTING: Duration = Duration::from_millis(200);
    match within(deadline.later(REPORTING), step, tokio::task::spawn_blocking(work)).await? {
        Ok(done) => Ok(done),
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is shutting down, so nothing waits for this result.
            Err(error) => Err(GatewayError::NotAGateway(error.to_string())),
        },
    }
}

/// The first and the longest step of the backoff before a connection or a call is retried.
const FIRST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(2);

/// The backoff of a connection or a call.
pub(super) fn backoff() -> Backoff {
    backoff_up_to(LONGEST)
}

/// The backoff with another limit.
pub(super) fn backoff_up_to(longest: Duration) -> Backoff {
    Backoff::new(FIRST, longest)
}

/// Pauses before the next attempt, at least for the time that the gateway requested. `false`: the deadline leaves no
/// time for a pause.
pub(super) async fn pause(backoff: &mut Backoff, asked: Option<Duration>, deadline: Deadline) -> bool {
    let wait = backoff.wait_at_least(asked.unwrap_or_default());
    match deadline.left() {
        Some(left) if left > wait => tokio::time::sleep(wait).await,
        _ => return false,
    }
    true
}
