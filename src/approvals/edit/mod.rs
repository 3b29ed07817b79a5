//! Changing a document: one entry, the whole document, or the fields that a gateway or a release does not know.

pub mod allowlist;
pub mod downgrade;
pub mod replacement;
pub mod unknown;
