//! The approvals document: its types and schema, reading it with positions, checking it, changing it.
//!
//! This module is pure: it does no I/O, reads no clock and imports no other top-level module. Its layers, the lowest
//! first: `model`, `bounds`, `findings`, `text`, `redact`, `check`, `compare`, `edit`, `decide`, `lint`, `suggest`,
//! `policy_tests`. A layer imports only lower ones; `tests/cli/rooms.rs` checks that.

mod bounds;
pub mod check;
pub mod compare;
pub mod decide;
pub mod edit;
pub mod findings;
pub mod lint;
pub mod model;
pub mod policy_tests;
mod redact;
pub mod suggest;
mod text;

pub use bounds::Budget;
pub use check::document::{Strictness, check, check_within, contents_of, json, parse};
pub use check::legacy::modernised;
pub use redact::contents;
pub use redact::credentials::{looks_secret, quotable};
pub use text::locate::position;
pub use text::syntax::Syntax;
