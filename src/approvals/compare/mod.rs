//! What differs between two documents, or two native policies.

pub mod alike;
pub mod changes;
pub mod comparison;
pub mod depth;
pub mod diff;
pub(in crate::approvals) mod identity;
pub mod native;
mod pairing;
