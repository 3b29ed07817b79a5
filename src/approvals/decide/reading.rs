//! A command of 2026.4.14 while it is read: the parts of a chain, and in each the pieces of a pipeline with what was found
//! of them. Source: `analyzeShellCommand` and `evaluateExecAllowlist` of that release.

use std::ops::Range;

use super::segment::Judged;

/// A part of a chain, checked against the entries.
pub(super) struct Group<'e> {
    /// The pieces of its pipeline.
    pub pieces: Vec<Read<'e>>,
    /// Whether every one of them is allowed.
    pub satisfied: bool,
    /// The operator after it.
    pub operator: Option<&'static str>,
}

/// A piece of a pipeline, checked against the entries.
pub(super) struct Read<'e> {
    /// Its words.
    pub argv: Vec<String>,
    /// The result for the piece. `by` and `entry` are `None` after the first piece that nothing allows.
    pub judged: Judged<'e, 'static>,
    /// Its bytes of the command.
    pub span: Range<usize>,
}
