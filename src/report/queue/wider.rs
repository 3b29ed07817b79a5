//! Duplicates that a wider scope would find, in machine output.

use serde::Serialize;

use crate::queue::wider::Wider;

/// What a wider scope would find, in machine output.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct WiderJson {
    scope: &'static str,
    duplicates: usize,
}

impl WiderJson {
    /// Of a plan.
    pub fn of(wider: Option<Wider>) -> Option<Self> {
        wider.map(|Wider { scope, duplicates }| Self { scope: scope.as_str(), duplicates })
    }
}
