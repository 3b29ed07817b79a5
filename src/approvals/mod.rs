//! The approvals document: its types and schema, reading it with positions, checking it, changing it.
//!
//! Pure: no I/O, no clock, no other room.

#[cfg(test)]
mod agreement;
mod arg_pattern;
mod check;
pub mod codes;
pub mod diagnostic;
pub mod document;
mod finding;
mod rules;
pub mod scalar;
pub mod schema;
mod secrets;
mod shape;
mod syntax;
mod tree;

pub use check::{Strictness, check, parse};
pub use syntax::Syntax;
