//! An evaluator that follows the gateway, and what must hold of lints and fixes by it.

mod fixes;
mod gateway;
mod identity;
mod reports;
