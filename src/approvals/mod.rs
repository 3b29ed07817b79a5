//! The approvals document: its types and schema, reading it with positions, checking it, changing it.
//!
//! Pure: no I/O, no clock, no other room.

#[cfg(test)]
mod agreement;
mod alike;
pub mod allowlist;
mod arg_pattern;
mod bounds;
pub mod changes;
mod check;
pub mod codes;
mod credentials;
pub mod diagnostic;
pub mod diff;
pub mod document;
mod elide;
mod finding;
mod layout;
mod legacy;
pub mod lint;
mod meant;
pub mod native;
pub mod readback;
pub mod rejection;
pub mod replacement;
pub mod report;
pub mod row;
mod rules;
pub mod scalar;
pub mod schema;
mod secrets;
mod shape;
pub mod stored;
mod style;
mod syntax;
mod tree;
pub mod unknown;

pub use bounds::Budget;
pub use check::{Strictness, check, check_within, json, parse};
pub use legacy::modernised;
pub use secrets::mask as mask_secrets;
pub use syntax::Syntax;
