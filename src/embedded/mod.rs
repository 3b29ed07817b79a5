//! A gateway inside the process for rehearsals and tests. It speaks the protocol of both generations, and its data is
//! invented.
//!
//! It shares no code with the client in `gateway`, so that both are tested against the protocol and not against each
//! other. Its answers follow `docs` in the npm packages of OpenClaw, and measurements. Its registry behaves as bug
//! report 69478 expects of a gateway.

mod access;
mod ask;
mod auth;
mod caller;
mod clock;
mod connect;
mod connection;
mod documents;
mod effects;
mod generation;
mod grants;
mod hello;
mod http;
mod hub;
mod intent;
mod live;
mod methods;
mod nodes;
mod options;
mod outgoing;
mod params;
mod prompt;
mod registry;
mod rejection;
mod request;
mod runs;
pub mod scenario;
mod seed;
mod server;
#[cfg(test)]
mod tests;
mod tls;
mod wire;

pub use generation::Generation;
pub use options::Options;
pub use server::{Running, start};
