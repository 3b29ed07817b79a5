//! The streams of one command. `run` receives them, and hands them to what prints.

use std::io::Write;

/// Where a command prints: results to `out`, everything else to `err`.
pub struct Streams<'s> {
    /// Standard output.
    pub out: &'s mut dyn Write,
    /// Standard error.
    pub err: &'s mut dyn Write,
    /// Whether `out` shows colours; `err` is told them always, and strips what it does not show.
    pub styled: bool,
}
