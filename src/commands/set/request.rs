//! Parameters of `approvals set`.

use crate::commands::documents::Place;
use crate::store::versions::Writer;

/// The source of a new document.
#[derive(Debug)]
pub enum New {
    /// A file or standard input.
    In(Place),
    /// A text that another command made.
    Text {
        /// Its name in errors.
        name: String,
        /// The text.
        text: Vec<u8>,
    },
}

/// The new document, its place and the options.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own, in any combination")]
pub struct Request {
    /// The new document.
    pub new: New,
    /// The place of the document to replace: a store of this host, a gateway or a node.
    pub place: Place,
    /// The hash that the stored document must have.
    pub base_hash: Option<String>,
    /// Whether to stop before anything is written.
    pub dry_run: bool,
    /// Whether to rewrite legacy forms of the new document.
    pub allow_legacy: bool,
    /// Whether to remove fields that no release knows from the new document.
    pub drop_unknown: bool,
    /// Whether to remove fields that an older gateway rejects.
    pub downgrade: bool,
    /// The verb that versions name as the writer.
    pub writer: Writer,
}
