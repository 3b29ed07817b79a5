//! The reports of commands on prompts, and their common parts: a prompt, and the reasons of denials.

mod decision;
mod dedupe;
mod listing;
mod prompt;
mod reasons;
mod verdict;
mod wider;

use super::VERSION;

pub use decision::{Added, Entry, Resolved};
pub use dedupe::{Dedupe, Emptied, Planned, PlannedGroup, Round, dedupe};
pub use listing::{Queued, gone};
pub use prompt::{Listed, PromptJson};
pub use reasons::{STILL_LISTED, denial, skip_reason, survivor};
pub use verdict::{Asked, Verdict, verdict};
pub use wider::WiderJson;
