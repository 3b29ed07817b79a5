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
pub mod watch;

/// Version of every JSON structure that clearance prints. Fields are added within a version, never changed.
pub const VERSION: u8 = 1;

/// An instant in UTC, to the millisecond. `at_ms`: Unix milliseconds.
pub fn instant(at_ms: u64) -> String {
    let at = i64::try_from(at_ms).ok().and_then(|at_ms| jiff::Timestamp::from_millisecond(at_ms).ok());
    format!("{:.3}", at.unwrap_or_default())
}
