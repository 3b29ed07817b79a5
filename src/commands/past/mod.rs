//! The past of documents: their kept versions, and the notes and time limits of entries.

pub(super) mod database;
pub(super) mod entries;
mod listing;
pub(super) mod places;
pub(super) mod recorder;
pub mod restore;
pub(super) mod target;

pub use listing::{list, show, verify};
