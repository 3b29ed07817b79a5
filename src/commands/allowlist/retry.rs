//! The pause between two tries of an edit. Its length is random: two processes that collided wait for different times.

use std::time::Duration;

/// The longest wait before the first try again, and the longest of all.
const FIRST_WAIT: Duration = Duration::from_millis(20);
const LONGEST_WAIT: Duration = Duration::from_millis(500);

/// How long to wait before the next try: longer after each, and never the same for two who collided.
pub(super) fn wait(attempts: u32) -> Duration {
    let most = FIRST_WAIT.saturating_mul(1 << attempts.min(10)).min(LONGEST_WAIT);
    most.mul_f64(fastrand::f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_up_to_a_bound() {
        for attempts in [1, 4, 40, u32::MAX] {
            assert!(wait(attempts) <= LONGEST_WAIT);
        }
        assert!((0..100).map(|_| wait(30)).max() > Some(FIRST_WAIT));
    }
}
