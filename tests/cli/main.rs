//! The single integration test binary: the commands as processes, and checks of the source tree.

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and makes its own files"
)]

mod action;
mod allowlist;
mod apart;
mod ci;
mod completions;
mod contrib;
mod conventions;
mod database;
mod deciding;
mod decisions;
mod diff;
mod differences;
mod docs;
mod entry;
mod explain;
mod faults;
mod foreign;
mod forging;
mod fuzzing;
mod gateway;
mod generated;
mod get;
mod guard;
mod help;
mod ids;
mod keeping;
mod leaving;
mod lint;
mod live;
mod mixtures;
mod narrow;
mod nodes;
mod pasted;
mod pictures;
mod policy_tests;
mod published;
mod purge_faults;
mod queue;
mod quiet;
mod records;
mod refining;
mod replay;
mod rooms;
mod runs;
mod saved;
mod scopes;
mod secrecy;
mod set;
mod sharing;
mod starting;
mod suggest;
mod support;
mod terminal;
mod triage;
mod trust;
mod trusted;
mod unreached;
mod validate;
mod versions;
mod watching;
mod wider;
mod words;
