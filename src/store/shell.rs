//! Paths as a shell takes them, for commands in messages. A command that an error suggests must work when it is pasted.

use std::path::Path;

/// A path as a shell takes it, in quotes only where it must be.
pub fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    if !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c)) {
        text
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}
