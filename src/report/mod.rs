//! What commands found and did: the values that `output` renders, and the contract of `--json`.
//!
//! Each report has a method `json`, which returns what `--json` prints. Machine output has structs of its own, so that
//! a change of an internal type does not change the contract. Most list their fields by name, as they are printed.
//!
//! Pure: no I/O, no clock. Above `approvals` and `queue`, below `output` and `commands`.

pub mod approvals;
pub mod exit;
pub mod failure;
pub mod gateway;
pub mod grants;
pub mod guard;
pub mod queue;
pub mod run;
pub mod several;
pub mod version;

/// Version of every JSON structure that clearance prints. Fields are added within a version, never changed.
pub const VERSION: u8 = 1;
