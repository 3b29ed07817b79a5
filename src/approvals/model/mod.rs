//! The types of a document and of a native policy, their leaves, and the path to a value. This module has no logic.

pub mod document;
pub mod native;
pub mod path;
pub mod scalar;
pub mod stored;
