//! Whether the command of `sh -c` starts a file that an approval would have to be bound to. Facts:
//! `shellPayloadNeedsStableBinding`.

use super::files::Files;
use super::{operand, target};
use crate::approvals::decide::splitter;
use crate::approvals::decide::words::trim;

/// Whether the command needs a script of its own.
pub(super) fn needs_script(command: &str, files: &Files<'_>) -> bool {
    if command.contains([';', '&', '|', '<', '>']) {
        return true;
    }
    let argv = splitter::words(command).unwrap_or_default();
    let Some(first) = argv.first().map(|word| trim(word)) else { return false };
    if operand::index(&argv, files).is_some()
        || target::needs_script(&argv, files)
        || matches!(first, "." | "source")
    {
        return true;
    }
    if !files.is_file(first) {
        return false;
    }
    !first.starts_with('/') || files.is_mutable(first) || files.is_like_script(first)
}
