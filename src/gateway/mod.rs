//! The wire: how a gateway is reached, greeted and called, and everything that can go wrong on the way.

pub mod target;
