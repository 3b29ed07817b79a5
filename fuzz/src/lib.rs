//! Fuzz targets, and a loop that runs them on a stable compiler.
//!
//! A target takes bytes, calls the code that reads them, and panics if a promise of that code is broken. `cargo fuzz run
//! NAME` calls it with inputs that are guided by coverage; [`engine`] calls it with mutations of a corpus.

#![allow(
    dead_code,
    clippy::print_stderr,
    reason = "each program uses a part; a watch reports before it ends the process"
)]

pub mod engine;
pub mod targets;
