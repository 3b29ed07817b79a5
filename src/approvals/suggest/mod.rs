//! Expressions for the arguments of many commands of one program: what all of them share is literal, and only what varied is
//! generalised.
//!
//! What may vary depends on what is known of the program ([`Freedom`]) and of the place in its arguments: what is not known to
//! be harmless stays as it is.
//!
//! The lattice is small on purpose: a person has to read its results. From the narrowest to the widest, a part of an
//! argument is a literal text, one of a few texts, or a field ([`Field`]). No field matches white space, a slash, or a
//! minus at its start, so that no field hides a second argument, another directory or an option.

mod credentials;
mod fields;
mod programs;
mod template;
mod words;

pub use credentials::has_credential;
pub use fields::Field;
pub use programs::{Freedom, freedom, is_many, is_same};
pub use template::{literal, templates};
