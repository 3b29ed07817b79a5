//! The result of a check: codes, their severities, and diagnostics with their places.

pub mod codes;
pub mod diagnostic;
pub(in crate::approvals) mod finding;
pub(in crate::approvals) mod nearest;
pub mod remark;
pub mod severity;
