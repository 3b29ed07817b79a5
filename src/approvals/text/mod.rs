//! A document's text: as a tree with positions, where its parts are, and how it is written.

pub(in crate::approvals) mod layout;
pub(in crate::approvals) mod style;
pub(in crate::approvals) mod syntax;
pub(in crate::approvals) mod tree;
