//! Durable approvals of one exact command text: an entry with the source `allow-always` whose pattern names the text by its
//! hash.
//! Source: `hasExactCommandDurableExecApproval`, the same in all three releases.

use super::arguments::{command_pattern, is_command_pattern};
use super::question::Entry;
use super::words::trim;

/// Whether an entry is a durable approval (*Allow always*) of this exact text.
pub(super) fn allows_text(entries: &[Entry], command: &str) -> bool {
    let is_exact = |entry: &&Entry| entry.allow_always && is_command_pattern(&entry.pattern);
    let mut approvals = entries.iter().filter(is_exact).peekable();
    if trim(command).is_empty() || approvals.peek().is_none() {
        return false;
    }
    let pattern = command_pattern(command);
    approvals.any(|entry| entry.pattern == pattern)
}
