//! Reports as text and as machine output. Whatever quotes a document is escaped on its way out.

mod diagnostics;
pub mod error;
mod escape;
mod github;
mod json;
mod sarif;
mod snapshot;

pub use diagnostics::{explanation, human, listing};
pub use github::github;
pub use json::{json, set_json, snapshot_json, validation_json};
pub use sarif::sarif;
pub use snapshot::{set_text, snapshot_text};
