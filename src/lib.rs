//! clearance
pub mod approvals;
