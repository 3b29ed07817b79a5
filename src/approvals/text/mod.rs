//! A document's text: its tree with positions, the location of its parts, and its style; and the regular
//! expressions in it.

pub(in crate::approvals) mod expression;
pub(in crate::approvals) mod layout;
pub mod locate;
pub(in crate::approvals) mod style;
pub(in crate::approvals) mod syntax;
pub(in crate::approvals) mod tree;
