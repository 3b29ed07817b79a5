//! From bytes to a verdict or a document: syntax, the schema, the rules that a schema cannot express, and early forms.

#[cfg(test)]
pub(in crate::approvals) mod agreement;
pub(in crate::approvals) mod arg_pattern;
pub(in crate::approvals) mod bare;
pub mod document;
pub(in crate::approvals) mod elide;
pub(in crate::approvals) mod legacy;
pub(in crate::approvals) mod meant;
pub mod native;
pub(in crate::approvals) mod rules;
pub mod schema;
pub(in crate::approvals) mod shape;
