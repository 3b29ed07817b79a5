//! An evaluator that follows the gateway, and what must hold of lints and mends by it.

mod gateway;
mod mends;
mod telling;
