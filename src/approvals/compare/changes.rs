//! The differences between two documents, as values: the result of a comparison. Secrets are masked.

use serde_json::{Map, Value};

use crate::approvals::model::path::{Path, Step};
use crate::approvals::redact::credentials;

/// One difference. Secrets in it are already masked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Place of the difference.
    pub path: Path,
    /// The value before, if any.
    pub before: Option<Value>,
    /// The value after, if any.
    pub after: Option<Value>,
}

/// The differences between two documents.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changes {
    /// The differences, in the order of their paths: at most [`Changes::MOST`].
    pub policy: Vec<Change>,
    /// Number of further differences, which are counted but not kept.
    pub omitted: usize,
    /// In a comparison of policy: the number of entries of which only the id, the usage or the spelling differs.
    pub bookkeeping: usize,
}

impl Changes {
    /// Maximum number of differences that are kept: a bound on memory and output, far above what anyone reads.
    pub const MOST: usize = 10_000;

    /// Whether the meaning is unchanged.
    #[cfg(test)]
    pub fn is_empty(&self) -> bool {
        self.policy.is_empty() && self.omitted == 0
    }
}

/// A value of a document with its secrets masked, as recognised at its place, and with texts masked that look like
/// credentials: changes are printed in CI logs.
pub(in crate::approvals) fn masked(path: &Path, value: Value) -> Value {
    let keys: Vec<&str> = path
        .steps()
        .iter()
        .filter_map(|step| match step {
            Step::Key(key) => Some(key.as_str()),
            Step::Index(_) => None,
        })
        .collect();
    let mut document =
        keys.iter().rev().fold(value, |inner, &key| Value::Object(Map::from_iter([(key.to_owned(), inner)])));
    crate::approvals::redact::secrets::mask(&mut document);
    credentials::mask(&mut document);
    keys.into_iter().fold(document, |mut outer, key| outer[key].take())
}
