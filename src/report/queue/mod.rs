//! The reports of commands on prompts, and their common parts: a prompt, and the reasons of denials.

mod decision;
mod decisions;
mod dedupe;
mod history;
mod listing;
mod prompt;
mod reasons;
mod verdict;
mod wider;

use super::VERSION;

pub use decision::{Added, Entry, Resolved};
pub use decisions::{DecisionPlan, Decisions, Ended};
pub use dedupe::{Dedupe, Emptied, Planned, PlannedGroup, Round};
pub use history::{Cut, History};
pub use listing::{Queued, gone};
pub use prompt::{Listed, PromptJson};
pub use reasons::{STILL_LISTED, denial, skip_reason, survivor};
pub use verdict::{Asked, Verdict, verdict};
pub use wider::WiderJson;
