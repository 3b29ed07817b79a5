//! Tests of lints: what they say against what the evaluator says, and the properties of fixes.

mod evaluator;
mod fixes;
mod identity;
mod matching;
mod reports;
