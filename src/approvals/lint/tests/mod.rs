//! An evaluator that follows the gateway, and the properties of lints and fixes that it checks.

mod fixes;
mod gateway;
mod identity;
mod reports;
