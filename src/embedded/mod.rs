//! A gateway inside the process, to rehearse with: the wire of both generations, and nothing of value behind it.
//!
//! It shares no code with the client in `gateway`, so that the two agree by the wire alone. What it must answer is
//! in `docs` of the npm packages it imitates and was measured on them; its registry does what bug report 69478
//! expects of a gateway.

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
