//! A host with a database, as a real gateway leaves it when it stops.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension};
use tempfile::TempDir;

use super::fixture;

/// A home with a state directory.
pub struct Host {
    root: TempDir,
}

impl Host {
    /// A new host: its database has tables, but no document.
    pub fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join(".openclaw/state")).unwrap();
        let host = Self { root };
        let tables = fs::read_to_string(fixture("stores/2026.9.6.sql")).unwrap();
        host.change(&format!("PRAGMA journal_mode = WAL; {tables}"));
        fs::set_permissions(host.database(), fs::Permissions::from_mode(0o600)).unwrap();
        host
    }

    pub fn home(&self) -> &Path {
        self.root.path()
    }

    pub fn database(&self) -> PathBuf {
        self.root.path().join(".openclaw/state/openclaw.sqlite")
    }

    /// The place of the document in earlier releases.
    pub fn json(&self) -> PathBuf {
        self.root.path().join(".openclaw/exec-approvals.json")
    }

    pub fn open(&self) -> Connection {
        Connection::open(self.database()).unwrap()
    }

    pub fn change(&self, sql: &str) {
        self.open().execute_batch(sql).unwrap();
    }

    /// The text of the row.
    pub fn text(&self) -> Option<String> {
        let sql = "SELECT raw_json FROM exec_approvals_config WHERE config_key = 'current'";
        self.open().query_row(sql, [], |row| row.get(0)).optional().unwrap()
    }

    /// The result of SQLite's integrity check: `ok`.
    pub fn integrity(&self) -> String {
        self.open().pragma_query_value(None, "integrity_check", |row| row.get(0)).unwrap()
    }

    /// The names of the files beside the database.
    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.root.path().join(".openclaw/state")).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}
