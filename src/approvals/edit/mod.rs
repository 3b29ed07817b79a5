//! Changing a document: one entry, all of it, or what a gateway or a release does not know.

pub mod allowlist;
pub mod downgrade;
pub mod replacement;
pub mod unknown;
