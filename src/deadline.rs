//! The one deadline of a command: every wait asks it how long it may still take.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

/// Longer than anybody waits.
const YEAR: Duration = Duration::from_hours(365 * 24);

/// How much longer than its deadline a computation may take: what it reads ends at the deadline, and its own error
/// says more than that the time is over.
pub const GRACE: Duration = Duration::from_millis(200);

/// Stack of a thread that computes, in bytes: as much as a main thread has.
pub const STACK: usize = 8 * 1024 * 1024;

/// The deadline passed while something was computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutOfTime;

/// Stands before what cannot be undone. The deadline closes it, unless the computation is inside: then its end is waited
/// for.
#[derive(Debug, Clone, Default)]
pub struct Gate(Arc<AtomicU8>);

impl Gate {
    const OPEN: u8 = 0;
    const INSIDE: u8 = 1;
    const CLOSED: u8 = 2;

    /// Goes inside, if the deadline has not passed.
    pub fn enter(&self, deadline: Deadline) -> Result<(), OutOfTime> {
        if deadline.left().is_none() { Err(OutOfTime) } else { self.turn(Self::OPEN, Self::INSIDE) }
    }

    /// Goes outside again: what was begun changed nothing.
    pub fn leave(&self) {
        // Outside already, or closed: the gate stays as it is.
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
    /// What was asked for, for messages.
    timeout: Duration,
}

impl Deadline {
    /// So long from now.
    pub fn after(timeout: Duration) -> Self {
        let now = Instant::now();
        // A timeout may be beyond what the clock can hold.
        let at = now.checked_add(timeout).unwrap_or(now + YEAR);
        Self { at, timeout }
    }

    /// How much time is left; `None` once it has passed.
    pub fn left(&self) -> Option<Duration> {
        self.at.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
    }

    /// The same, or an earlier one: so long from now at most.
    #[must_use]
    pub fn at_most(self, timeout: Duration) -> Self {
        let sooner = Self::after(timeout);
        if sooner.at < self.at { sooner } else { self }
    }

    /// Computes in a thread of its own, and leaves it behind when the deadline has passed: the process ends soon after.
    /// For what reads and changes nothing. A panic goes on in the caller.
    pub fn within<T: Send + 'static>(
        self,
        compute: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, OutOfTime> {
        self.guarded(|_| compute())
    }

    /// The same for what changes something, which it does behind the gate. It is left behind only where it is not inside:
    /// nothing is changed then, nor will be.
    pub fn guarded<T: Send + 'static>(
        self,
        compute: impl FnOnce(&Gate) -> T + Send + 'static,
    ) -> Result<T, OutOfTime> {
        let (sender, receiver) = mpsc::sync_channel(1);
        let gate = Gate::default();
        let inner = gate.clone();
        let work = move || {
            // Nobody listens any more once the deadline has passed.
            drop(sender.send(catch_unwind(AssertUnwindSafe(|| compute(&inner)))));
        };
        if std::thread::Builder::new().stack_size(STACK).spawn(work).is_err() {
            return Err(OutOfTime);
        }
        let mut result = receiver.recv_timeout(self.left().unwrap_or_default() + GRACE);
        if matches!(result, Err(RecvTimeoutError::Timeout)) && gate.close().is_err() {
            // What is being written has its own deadlines, and what became of it must be said.
            result = receiver.recv().map_err(|_| RecvTimeoutError::Disconnected);
        }
        match result {
            Ok(Ok(result)) => Ok(result),
            Ok(Err(panic)) => resume_unwind(panic),
            Err(_) => Err(OutOfTime),
        }
    }

    /// The same, earlier by a time that something else needs.
    #[must_use]
    pub fn earlier(self, by: Duration) -> Self {
        Self { at: self.at.checked_sub(by).unwrap_or(self.at), ..self }
    }

    /// The same, put off by a time that is not the command's own.
    #[must_use]
    pub fn later(self, by: Duration) -> Self {
        Self { at: self.at.checked_add(by).unwrap_or(self.at), ..self }
    }

    /// The whole time that was allowed.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Waits a moment before something is tried again. `false`: there is no time left to try it in.
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
    fn a_computation_without_end_is_left_behind() {
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
    fn nothing_is_begun_after_the_deadline_and_what_was_begun_is_waited_for() {
        let late = Deadline::after(Duration::ZERO);
        let begun = late.guarded(move |gate| gate.enter(late));
        assert_eq!(begun, Ok(Err(OutOfTime)));
        // It goes in before the deadline, and ends only once the deadline has passed.
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
