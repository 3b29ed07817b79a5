//! Kept versions of documents: what each place held, when, and who wrote it, as far as known; and the notes and time
//! limits of entries, for which a document has no field.
//!
//! They are in one SQLite database below clearance's state directory, for this user alone. A document in it has no
//! socket token. A chain of hashes covers every version, so a version that was edited or removed later is noticed. The
//! database is never needed to read or write a document: whoever cannot keep a version warns and goes on.

mod chain;
mod editing;
mod entries;
mod error;
mod keeping;
mod limits;
mod open;
mod rows;
#[cfg(test)]
mod tests;
mod verify;
mod version;

pub use editing::Editing;
pub use entries::{EntryKey, EntryRecord};
pub use error::VersionsError;
pub use keeping::Found;
pub use limits::LIMITS;
pub use open::Versions;
pub use verify::Problem;
pub use version::{New, State, Target, Version, Writer};
