//! Finds the parts of a text that are never shown.

pub mod contents;
pub(in crate::approvals) mod credentials;
pub(in crate::approvals) mod secrets;
