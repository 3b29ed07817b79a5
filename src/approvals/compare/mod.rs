//! What differs between two documents, or two native policies.

pub mod alike;
pub mod changes;
pub mod diff;
pub mod exact;
pub mod native;
