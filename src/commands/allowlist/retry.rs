//! Backoff between two attempts at an edit.

use std::time::Duration;

use crate::backoff::Backoff;

/// Starts short: the other writer only stores a document.
const FIRST_WAIT: Duration = Duration::from_millis(20);
const LONGEST_WAIT: Duration = Duration::from_millis(500);

/// The backoff of one edit.
pub(super) fn backoff() -> Backoff {
    Backoff::new(FIRST_WAIT, LONGEST_WAIT)
}
