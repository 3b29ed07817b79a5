//! The differences between two documents, as values: what a comparison finds. Secrets in them are masked.

use serde_json::{Map, Value};

use crate::approvals::model::path::{Path, Step};
use crate::approvals::redact::credentials;

/// One difference. Secrets in it are already masked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Where.
    pub path: Path,
    /// What was there, if anything.
    pub before: Option<Value>,
    /// What is there now, if anything.
    pub after: Option<Value>,
}

/// The differences between two documents.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changes {
    /// The differences, in the order of their paths: at most [`Changes::MOST`].
    pub policy: Vec<Change>,
    /// Differences beyond those, which are counted and not kept.
    pub omitted: usize,
    /// Of a comparison of policy: entries of which only the id, the usage or the spelling differs.
    pub bookkeeping: usize,
}

impl Changes {
    /// How many differences are kept: a bound on memory and output, far above what anyone reads.
    pub const MOST: usize = 10_000;

    /// Nothing changes in meaning.
    #[cfg(test)]
    pub fn is_empty(&self) -> bool {
        self.policy.is_empty() && self.omitted == 0
    }
}

/// A value of a document with its secrets masked, as they are recognised at its place, and texts that look like
/// credentials: what is shown of a change ends in logs of CI.
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
