//! What commands on prompts found and did. Below them what several have in common: a prompt, and why it is denied.

mod decision;
mod dedupe;
mod listing;
mod prompt;
mod reasons;
mod verdict;
mod wider;

use super::VERSION;

pub use decision::Resolved;
pub use dedupe::{Dedupe, Emptied, Planned, PlannedGroup, Round, dedupe};
pub use listing::{Queued, gone, queues};
pub use prompt::{Listed, PromptJson};
pub use reasons::{STILL_LISTED, denial, skip_reason, survivor};
pub use verdict::{Asked, Verdict, verdict};
pub use wider::WiderJson;
