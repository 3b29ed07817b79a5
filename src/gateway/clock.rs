//! Waiting: everything that is awaited here ends by the deadline.

use std::time::Duration;

use super::error::{GatewayError, Step};
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

/// Pauses before something is tried again: doubled each time, at least what was asked for, and scattered so that many
/// clients that were turned away together do not come back together.
#[derive(Debug)]
pub(super) struct Backoff {
    next: Duration,
    longest: Duration,
    attempts: u32,
}

impl Backoff {
    const FIRST: Duration = Duration::from_millis(50);
    const LONGEST: Duration = Duration::from_secs(2);

    pub(super) fn new() -> Self {
        Self::up_to(Self::LONGEST)
    }

    /// One whose pauses get no longer than this.
    pub(super) fn up_to(longest: Duration) -> Self {
        Self { next: Self::FIRST, longest, attempts: 0 }
    }

    /// How often it has paused.
    pub(super) fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Pauses. `false`: the deadline leaves no time for it.
    pub(super) async fn pause(&mut self, at_least: Option<Duration>, deadline: Deadline) -> bool {
        let pause = self.next.max(at_least.unwrap_or_default());
        // Up to a quarter more. The bits of a random identifier are random enough for this.
        let scatter = u32::from(uuid::Uuid::new_v4().as_bytes()[0]);
        let pause = pause + pause * scatter / 1024;
        self.next = (self.next * 2).min(self.longest);
        self.attempts += 1;
        match deadline.left() {
            Some(left) if left > pause => tokio::time::sleep(pause).await,
            _ => return false,
        }
        true
    }
}
