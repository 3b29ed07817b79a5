//! What a check finds: codes, how much they weigh, and diagnostics with their places.

pub mod codes;
pub mod diagnostic;
pub(in crate::approvals) mod finding;
pub(in crate::approvals) mod nearest;
pub mod remark;
pub mod severity;
