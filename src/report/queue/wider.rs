//! Duplicates that a wider scope would find, in machine output.

use serde::Serialize;

use crate::queue::wider::Wider;

/// The duplicates that a wider scope would find.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct WiderJson {
    scope: &'static str,
    duplicates: usize,
}

impl WiderJson {
    /// The data of a plan.
    pub fn of(wider: Option<Wider>) -> Option<Self> {
        wider.map(|Wider { scope, duplicates }| Self { scope: scope.as_str(), duplicates })
    }
}
