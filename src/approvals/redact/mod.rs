//! Which parts of a text are never shown.

pub mod contents;
pub(in crate::approvals) mod credentials;
pub(in crate::approvals) mod secrets;
