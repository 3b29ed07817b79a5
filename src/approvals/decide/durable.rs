//! Durable approvals of one exact command text: an entry with the source `allow-always` whose pattern names the text by its
//! hash.
//! Source: `hasExactCommandDurableExecApproval`, the same in all three releases.

use sha2::{Digest, Sha256};

use super::question::Entry;
use super::words::trim;

/// What such a pattern begins with.
const PREFIX: &str = "=command:";

/// Bytes of the hash that the pattern holds.
const HASH_BYTES: usize = 8;

/// Whether an entry is a durable approval (*Allow always*) of this exact text.
pub(super) fn allows_text(entries: &[Entry], command: &str) -> bool {
    let text = trim(command);
    let is_hash = |entry: &&Entry| entry.allow_always && entry.pattern.starts_with(PREFIX);
    let mut hashes = entries.iter().filter(is_hash).peekable();
    if text.is_empty() || hashes.peek().is_none() {
        return false;
    }
    let pattern = pattern_of(text);
    hashes.any(|entry| entry.pattern == pattern)
}

fn pattern_of(text: &str) -> String {
    let hash = Sha256::digest(text.as_bytes());
    let bytes = hash.iter().take(HASH_BYTES).map(|byte| format!("{byte:02x}"));
    format!("{PREFIX}{}", bytes.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::pattern_of;

    #[test]
    fn a_text_is_named_by_the_start_of_its_hash() {
        assert_eq!(pattern_of("ls"), "=command:c7b68ac37f364473");
    }
}
