//! Determines whether a host's document is in its database or in its JSON file. A JSON file beside a database in use is
//! not a store, and a gateway does not start while it exists.

use std::path::{Path, PathBuf};

use super::layout::{JSON, database, exists};
use super::sqlite::{self, Database};
use crate::deadline::Deadline;

/// The database beside a store's usual place, if the host keeps its document in it.
pub(super) fn database_in_use(json: &Path, deadline: Deadline) -> Option<PathBuf> {
    let is_store = json.file_name().is_some_and(|name| name == JSON);
    let database = database(json.parent()?);
    (is_store && rules(&database, deadline)).then_some(database)
}

/// Whether the host's document is in the database. 2026.6 and 2026.7 also create a database, with schema version 1, but
/// use their JSON file. For any other version, the host is assumed to stop if a JSON file exists.
pub(super) fn rules(database: &Path, deadline: Deadline) -> bool {
    let version = || Database::at(database.to_owned()).version(deadline);
    exists(database) && !version().is_ok_and(|version| version == sqlite::BEFORE)
}
