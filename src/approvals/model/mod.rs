//! What a document and a native policy are made of: types, their leaves, and the path to a value. Types only.

pub mod document;
pub mod native;
pub mod path;
pub mod scalar;
pub mod stored;
