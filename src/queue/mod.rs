//! Pending prompts of a gateway: reading them, comparing what they would do, and clearing duplicates.
//!
//! Pure: no I/O, no clock, no other top-level module. Times are Unix milliseconds of the gateway's clock and are passed
//! in.

pub mod cancel;
pub mod clearing;
pub mod clock;
pub mod denials;
pub mod filter;
pub mod grants;
pub mod guard;
mod hidden;
pub mod history;
pub mod intent;
pub mod kind;
pub mod names;
mod number;
pub mod plan;
pub mod prompt;
pub mod purge;
pub mod read;
pub mod report;
pub mod runs;
pub mod saved;
pub mod scope;
pub mod slots;
pub mod staying;
#[cfg(test)]
mod tests;
pub mod triage;
pub mod wider;

pub use guard::Guard;
pub use hidden::Hidden;
pub use intent::{Doubt, Intent};
pub use kind::Kind;
pub use plan::{Keep, Plan, Rules, plan};
pub use prompt::{Decision, Key, Prompt};
pub use purge::Purge;
pub use read::{Listing, PromptError, Reader};
pub use runs::{RunState, Runs};
pub use scope::Scope;
pub use slots::Slots;
