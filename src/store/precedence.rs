//! Whether a host's document is in its database or in its JSON file. A file that lies beside a database in use is not a
//! store, and a gateway refuses to start with it.

use std::path::{Path, PathBuf};

use super::layout::{JSON, database, exists};
use super::sqlite::{self, Database};
use crate::deadline::Deadline;

/// The database beside a store's usual place, if that is where the host keeps its document.
pub(super) fn database_that_rules(json: &Path, deadline: Deadline) -> Option<PathBuf> {
    let is_store = json.file_name().is_some_and(|name| name == JSON);
    let database = database(json.parent()?);
    (is_store && rules(&database, deadline)).then_some(database)
}

/// Whether the host's document is in the database. 2026.6 and 2026.7 make one too, and keep to their JSON file: its
/// schema has version 1. Anything else is taken for a host that would be stopped by a JSON file.
pub(super) fn rules(database: &Path, deadline: Deadline) -> bool {
    let version = || Database::at(database.to_owned()).version(deadline);
    exists(database) && !version().is_ok_and(|version| version == sqlite::BEFORE)
}
