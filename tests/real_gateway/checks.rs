//! The checks of one gateway, one after another: starting a gateway takes longer than all its checks.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

/// A list of checks that continues after a failed one, and fails at its end.
pub(crate) struct Checks {
    gateway: String,
    failed: Vec<String>,
    count: usize,
    begun: Instant,
}

impl Checks {
    pub(crate) fn of(gateway: &str) -> Self {
        Self { gateway: gateway.to_owned(), failed: Vec::new(), count: 0, begun: Instant::now() }
    }

    /// Runs a check. A panic is printed when it happens.
    pub(crate) fn check(&mut self, name: &str, check: impl FnOnce()) {
        self.count += 1;
        let begun = Instant::now();
        let result = catch_unwind(AssertUnwindSafe(check));
        let word = if result.is_ok() { "ok" } else { "FAILED" };
        println!("{}: {name} ... {word} ({} ms)", self.gateway, begun.elapsed().as_millis());
        if result.is_err() {
            self.failed.push(name.to_owned());
        }
    }

    /// Prints the result, and fails if a check failed.
    pub(crate) fn end(self) {
        let seconds = self.begun.elapsed().as_secs();
        println!("{}: {} checks in {seconds} s", self.gateway, self.count);
        assert!(self.failed.is_empty(), "{}: {} failed: {:#?}", self.gateway, self.failed.len(), self.failed);
    }
}
