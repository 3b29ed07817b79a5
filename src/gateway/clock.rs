//! Waiting: everything that is awaited here ends by the deadline.

use std::time::Duration;

use super::error::{GatewayError, Step};
use crate::backoff::Backoff;
use crate::deadline::Deadline;

/// What comes in time.
pub(super) async fn within<F: Future>(
    deadline: Deadline,
    step: impl Fn() -> Step,
    future: F,
) -> Result<F::Output, GatewayError> {
    let timed_out = || GatewayError::TimedOut { step: step(), timeout: deadline.timeout() };
    // Behind a passed deadline nothing is polled: what would be ready at once must not slip through.
    let Some(left) = deadline.left() else { return Err(timed_out()) };
    tokio::time::timeout(left, future).await.map_err(|_| timed_out())
}

/// Does what may block, a file or its lock, in a thread beside the runtime: no other connection waits for it. What is
/// still blocked at the deadline is left behind.
pub(super) async fn beside<T: Send + 'static>(
    deadline: Deadline,
    step: impl Fn() -> Step,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, GatewayError> {
    /// How much longer what has the same deadline itself may take to say what it waited for.
    const REPORTING: Duration = Duration::from_millis(200);
    match within(deadline.later(REPORTING), step, tokio::task::spawn_blocking(work)).await? {
        Ok(done) => Ok(done),
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is ending, and nothing waits for this any more.
            Err(error) => Err(GatewayError::NotAGateway(error.to_string())),
        },
    }
}

/// The first and the longest step of the waits before a connection or a call is tried again.
const FIRST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(2);

/// The waits of a connection or a call.
pub(super) fn backoff() -> Backoff {
    backoff_up_to(LONGEST)
}

/// The same with a limit of its own.
pub(super) fn backoff_up_to(longest: Duration) -> Backoff {
    Backoff::new(FIRST, longest)
}

/// Waits before the next attempt, for at least the time that was asked for. `false`: the deadline leaves no time for it.
pub(super) async fn pause(backoff: &mut Backoff, asked: Option<Duration>, deadline: Deadline) -> bool {
    let wait = backoff.wait_at_least(asked.unwrap_or_default());
    match deadline.left() {
        Some(left) if left > wait => tokio::time::sleep(wait).await,
        _ => return false,
    }
    true
}
