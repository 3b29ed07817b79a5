//! Policy tests: files of commands with the decision that is expected of a gateway for each.
//!
//! This module reads such a file ([`read`]) and decides its cases ([`Tester`]). It is pure: the caller reads the
//! files, the documents and the configurations.

mod coverage;
mod file;
mod mismatch;
mod one_or_more;
mod read;
mod schema;
mod suite;
mod tester;

pub use coverage::{Listed, listed};
pub use file::Expected;
pub use mismatch::Mismatch;
pub use read::{Problem, read};
pub use schema::derived;
pub use suite::{Case, Release, Suite};
pub use tester::{Local, Outcome, Subject, Tester};
