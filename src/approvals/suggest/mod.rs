//! Expressions for the arguments of many commands of one program: what all of them share is literal, and only what varied is
//! generalised.
//!
//! The lattice is small on purpose: a person has to read its results. From the narrowest to the widest, a part of an
//! argument is a literal text, one of a few texts, or a field ([`Field`]). No field matches white space, a slash, or a
//! minus at its start, so that no field hides a second argument, another directory or an option.

mod fields;
mod template;

pub use fields::Field;
pub use template::{literal, templates};
