//! What commands found and did: the values that `output` renders, and the contract of `--json`.
//!
//! Pure: no I/O, no clock. Above `approvals` and `queue`, below `output` and `commands`.

pub mod approvals;
pub mod exit;
pub mod gateway;
pub mod queue;
