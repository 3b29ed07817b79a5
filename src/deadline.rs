//! The deadline of a command, which limits every wait.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

/// The longest timeout: longer than any realistic wait.
const YEAR: Duration = Duration::from_hours(365 * 24);

/// Grace period of a computation after its deadline. Its reads end at the deadline, and their own error is more precise
/// than a timeout.
pub const GRACE: Duration = Duration::from_millis(200);

/// Stack size of a computing thread, in bytes: the usual size of a main thread's stack.
pub const STACK: usize = 8 * 1024 * 1024;

/// The deadline passed during a computation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutOfTime;

/// A gate before steps that cannot be undone. The deadline closes the gate, unless the computation is inside. Then the
/// caller waits until it ends.
#[derive(Debug, Clone, Default)]
pub struct Gate(Arc<AtomicU8>);

impl Gate {
    const OPEN: u8 = 0;
    const INSIDE: u8 = 1;
    const CLOSED: u8 = 2;

    /// Enters the gate, if the deadline has not passed.
    pub fn enter(&self, deadline: Deadline) -> Result<(), OutOfTime> {
        if deadline.left().is_none() { Err(OutOfTime) } else { self.turn(Self::OPEN, Self::INSIDE) }
    }

    /// Leaves the gate again, if the computation changed nothing.
    pub fn leave(&self) {
        // The computation is already outside, or the gate is closed: the gate does not change.
        let _outside = self.turn(Self::INSIDE, Self::OPEN);
    }

    fn close(&self) -> Result<(), OutOfTime> {
        self.turn(Self::OPEN, Self::CLOSED)
    }

    fn turn(&self, from: u8, to: u8) -> Result<(), OutOfTime> {
        let turned = self.0.compare_exchange(from, to, Ordering::SeqCst, Ordering::SeqCst);
        turned.map(drop).map_err(|_| OutOfTime)
    }
}

/// The instant by which a command ends.
#[derive(Debug, Clone, Copy)]
pub struct Deadline {
    at: Instant,
    /// The whole timeout, for messages.
    timeout: Duration,
}

impl Deadline {
    /// A deadline at `timeout` from now.
    pub fn after(timeout: Duration) -> Self {
        let now = Instant::now();
        // A timeout may be beyond what the clock can hold.
        let at = now.checked_add(timeout).unwrap_or(now + YEAR);
        Self { at, timeout }
    }

    /// The remaining time. `None` if the deadline has passed.
    pub fn left(&self) -> Option<Duration> {
        self.at.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
    }

    /// Caps this deadline at this time from now.
    #[must_use]
    pub fn at_most(self, timeout: Duration) -> Self {
        let sooner = Self::after(timeout);
        if sooner.at < self.at { sooner } else { self }
    }

    /// Computes in a separate thread, which is abandoned at the deadline: the process ends soon after. This is for
    /// computations that only read. A panic continues in the caller.
    pub fn within<T: Send + 'static>(
        self,
        compute: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, OutOfTime> {
        self.guarded(|_| compute())
    }

    /// Like [`Self::within`], for a computation that makes changes, but only inside the gate. It is abandoned only
    /// outside the gate, so it has changed nothing and never will.
    pub fn guarded<T: Send + 'static>(
        self,
        compute: impl FnOnce(&Gate) -> T + Send + 'static,
    ) -> Result<T, OutOfTime> {
        let (sender, receiver) = mpsc::sync_channel(1);
        let gate = Gate::default();
        let inner = gate.clone();
        let work = move || {
            // After the deadline the receiver is dropped.
            drop(sender.send(catch_unwind(AssertUnwindSafe(|| compute(&inner)))));
        };
        if std::thread::Builder::new().stack_size(STACK).spawn(work).is_err() {
            return Err(OutOfTime);
        }
        let mut result = receiver.recv_timeout(self.left().unwrap_or_default() + GRACE);
        if matches!(result, Err(RecvTimeoutError::Timeout)) && gate.close().is_err() {
            // Writes have their own deadlines, and their result must be reported.
            result = receiver.recv().map_err(|_| RecvTimeoutError::Disconnected);
        }
        match result {
            Ok(Ok(result)) => Ok(result),
            Ok(Err(panic)) => resume_unwind(panic),
            Err(_) => Err(OutOfTime),
        }
    }

    /// This deadline, moved forward by a time that another step needs.
    #[must_use]
    pub fn earlier(self, by: Duration) -> Self {
        Self { at: self.at.checked_sub(by).unwrap_or(self.at), ..self }
    }

    /// This deadline, postponed by a time that does not count for the command.
    #[must_use]
    pub fn later(self, by: Duration) -> Self {
        Self { at: self.at.checked_add(by).unwrap_or(self.at), ..self }
    }

    /// The whole timeout.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Pauses before a retry. `false`: no time is left for a retry.
    pub fn pause(&self, moment: Duration) -> bool {
        let Some(left) = self.left() else { return false };
        let until = Instant::now() + moment.min(left);
        while let Some(rest) = until.checked_duration_since(Instant::now()).filter(|rest| !rest.is_zero()) {
            std::thread::park_timeout(rest);
        }
        self.left().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_computation_without_end_is_abandoned() {
        let endless = || {
            loop {
                std::thread::park();
            }
        };
        let result: Result<(), OutOfTime> = Deadline::after(Duration::from_millis(1)).within(endless);
        assert_eq!(result, Err(OutOfTime));
        assert_eq!(Deadline::after(Duration::from_mins(1)).within(|| 1), Ok(1));
    }

    #[test]
    fn changes_start_only_before_the_deadline_and_are_awaited() {
        let late = Deadline::after(Duration::ZERO);
        let begun = late.guarded(move |gate| gate.enter(late));
        assert_eq!(begun, Ok(Err(OutOfTime)));
        // The computation enters the gate before the deadline, and ends after the deadline.
        let soon = Deadline::after(Duration::from_millis(100));
        let begun = soon.guarded(move |gate| {
            let entered = gate.enter(soon);
            while soon.at.checked_add(2 * GRACE).is_some_and(|end| Instant::now() < end) {
                std::thread::yield_now();
            }
            entered
        });
        assert_eq!(begun, Ok(Ok(())));
        let gate = Gate::default();
        let open = Deadline::after(Duration::from_mins(1));
        assert_eq!(gate.enter(open), Ok(()));
        gate.leave();
        assert_eq!((gate.close(), gate.enter(open)), (Ok(()), Err(OutOfTime)));
    }

    #[test]
    #[should_panic(expected = "lost")]
    fn a_panic_reaches_the_caller() {
        let result: Result<(), OutOfTime> = Deadline::after(Duration::from_mins(1)).within(|| panic!("lost"));
        assert!(result.is_err());
    }
}
