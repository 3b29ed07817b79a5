//! Quotes paths for a shell, for commands in messages. A command that an error suggests must work when it is pasted.

use std::path::Path;

/// A path for a shell, quoted only if necessary.
pub fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    if !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c)) {
        text
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}
