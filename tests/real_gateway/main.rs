//! Tests against real software: the published contract, the gateway's JavaScript engine, and releases of `openclaw`.
//!
//! They need `npm` and its registry, so a plain `cargo test` skips them: `cargo test --test real_gateway`.

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test reads files it installed itself, prints what it covered, and fails by a panic in its helpers too"
)]

mod checks;
mod client;
mod common;
mod contract;
mod cron;
mod current;
mod documents;
mod edits;
mod explain;
mod expressions;
mod gateway;
mod guard;
mod ids;
mod legacy;
mod mixtures;
mod model;
#[path = "../../benches/support/month.rs"]
mod month;
mod node;
mod nodes;
mod proof;
mod proxy;
mod queue;
mod registry;
mod remedies;
mod secure;
mod starting;
mod store;
mod suggest;
mod tool;
mod transcript;
mod watch;
mod wire;
