//! Runs, and reports of cancellations.

mod cancel;
mod listing;

pub use cancel::{cancel_plan_text, cancel_question, cancelled_text};
pub use listing::{Known, runs_changes_ndjson, runs_changes_text, runs_ndjson, runs_screen, runs_text};
