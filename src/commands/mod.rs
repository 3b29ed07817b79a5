//! The commands, one file per verb: each fetches, plans, acts and returns a report. Nothing here prints.

pub mod allowlist;
pub mod diff;
pub mod documents;
pub mod each;
mod error;
pub mod explain;
pub mod gateway;
pub mod get;
pub mod grants;
pub mod hooks;
pub mod lint;
pub mod live;
pub mod past;
pub mod policy_tests;
pub mod queue;
mod remote;
pub mod run;
pub mod runtime;
mod service;
pub mod set;
pub mod suggest;
pub mod targets;
pub mod upgrade;
pub mod validate;
pub mod watch;

pub use error::Error;
use error::raced;
