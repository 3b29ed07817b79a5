//! A condition around a document that is reported with its problems: a second copy, a lock, another owner.

/// A condition worth reporting, and the next step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// The condition, as a sentence.
    pub message: String,
    /// The next step.
    pub remedy: Option<String>,
}
