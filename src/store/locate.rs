//! Locates this host's document.
//!
//! Up to 2026.4 it is `~/.openclaw/exec-approvals.json`, regardless of `OPENCLAW_STATE_DIR`. Later it is
//! `<state>/exec-approvals.json`, even though 2026.6 and 2026.7 have a database. From 2026.8 it is a row in
//! `<state>/state/openclaw.sqlite`, and a JSON file in the old place stops the gateway. Source: the published packages
//! 2026.4.14, 2026.6.11 and 2026.9.6.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::error::StoreError;
use super::json_file::JsonFile;
use super::layout::{JSON, database, exists};
use super::local::Store;
use super::precedence::rules;
use super::sqlite::Database;
use crate::deadline::Deadline;

/// The environment variables that determine the location of a store.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    /// `OPENCLAW_STATE_DIR`.
    pub state_dir: Option<OsString>,
    /// `OPENCLAW_HOME`, else `HOME`, else `USERPROFILE`.
    pub home: Option<OsString>,
}

impl Environment {
    /// The environment of this process.
    pub fn of_process() -> Self {
        let home = ["OPENCLAW_HOME", "HOME", "USERPROFILE"].into_iter().find_map(variable);
        Self { state_dir: variable("OPENCLAW_STATE_DIR"), home }
    }
}

/// A variable's value. Blank values and the placeholders that scripts leave behind count as unset, as in OpenClaw.
fn variable(name: &str) -> Option<OsString> {
    let value = std::env::var_os(name)?;
    match value.to_str().map(str::trim) {
        Some("" | "undefined" | "null") => None,
        Some(trimmed) => Some(trimmed.into()),
        None => Some(value),
    }
}

impl Store {
    /// The given store, or this host's own. Its kind is detected.
    pub fn of(named: Option<&Path>, deadline: Deadline) -> Result<Self, StoreError> {
        match named {
            Some(path) => Ok(Self::at(path.to_owned())),
            None => local(&Environment::of_process(), deadline),
        }
    }
}

/// This host's store.
pub fn local(environment: &Environment, deadline: Deadline) -> Result<Store, StoreError> {
    let home = environment.home.as_ref().map(PathBuf::from);
    let default_state = home.as_ref().map(|home| home.join(".openclaw"));
    let Some(state) = &environment.state_dir else {
        let state = default_state.ok_or(StoreError::NoHome)?;
        return Ok(in_state(&state, state.join(JSON), deadline));
    };
    let state = expand(state, home.as_deref());
    let (own, early) = (state.join(JSON), default_state.map(|state| state.join(JSON)));
    let Some(early) = early.filter(|early| *early != own && !exists(&database(&state))) else {
        // Releases that create a database respect the variable.
        return Ok(in_state(&state, own, deadline));
    };
    match (exists(&own), exists(&early)) {
        (true, false) => Ok(Store::JsonFile(JsonFile::at(own))),
        // Only the releases that ignore the variable leave it here; later ones move it away.
        (false, true) => Ok(Store::JsonFile(JsonFile::at(early))),
        (true, true) => Err(StoreError::Ambiguous(own, early)),
        (false, false) => Ok(Store::JsonFile(JsonFile::either(own, early))),
    }
}

fn in_state(state: &Path, json: PathBuf, deadline: Deadline) -> Store {
    let database = database(state);
    if rules(&database, deadline) {
        Store::Sqlite(Database::at(database))
    } else {
        Store::JsonFile(JsonFile::at(json))
    }
}

/// Expands `~` at the start of a path to the home directory, as OpenClaw does for its variables.
fn expand(path: &OsString, home: Option<&Path>) -> PathBuf {
    let path = Path::new(path);
    match (path.strip_prefix("~"), home) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::disallowed_methods, reason = "the tests make their own files")]

    use super::*;

    struct Host {
        home: tempfile::TempDir,
    }

    impl Host {
        fn with(files: &[(&str, &[u8])]) -> Self {
            let home = tempfile::tempdir().unwrap();
            for (path, content) in files {
                let path = home.path().join(path);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, content).unwrap();
            }
            Self { home }
        }

        fn found(&self, state_dir: Option<&str>) -> Result<Store, StoreError> {
            let home = Some(self.home.path().as_os_str().to_owned());
            local(&Environment { state_dir: state_dir.map(OsString::from), home }, soon())
        }

        fn local(&self, state_dir: Option<&str>) -> String {
            let shown = match self.found(state_dir) {
                Ok(store) => store.path().display().to_string(),
                Err(error) => error.to_string(),
            };
            shown.replace(self.home.path().to_str().unwrap(), "~")
        }
    }

    fn soon() -> Deadline {
        Deadline::after(std::time::Duration::from_secs(10))
    }

    /// The bytes of a database with this schema version.
    fn sqlite(version: u32) -> Vec<u8> {
        let file = tempfile::NamedTempFile::new().unwrap();
        let connection = rusqlite::Connection::open(file.path()).unwrap();
        connection.execute_batch(&format!("CREATE TABLE t (x); PRAGMA user_version = {version}")).unwrap();
        drop(connection);
        std::fs::read(file.path()).unwrap()
    }

    #[test]
    fn without_a_state_directory_it_is_in_the_home() {
        assert_eq!(Host::with(&[]).local(None), "~/.openclaw/exec-approvals.json");
        assert_eq!(
            local(&Environment::default(), soon()).unwrap_err().to_string(),
            StoreError::NoHome.to_string()
        );
    }

    #[test]
    fn with_a_state_directory_it_is_used_unless_only_an_early_release_wrote_a_file() {
        let fresh = Host::with(&[]);
        assert_eq!(fresh.local(Some("~/other")), "~/other/exec-approvals.json");
        // Neither file exists, and which one the host will use is unknown.
        let refused = fresh.found(Some("~/other")).unwrap().replaceable(soon());
        assert!(matches!(refused, Err(StoreError::Ambiguous(..))), "{refused:?}");
        let started = Host::with(&[("other/state/openclaw.sqlite", &sqlite(1))]);
        started.found(Some("~/other")).unwrap().replaceable(soon()).unwrap();
        let early = Host::with(&[(".openclaw/exec-approvals.json", b"{}")]);
        assert_eq!(early.local(Some("~/other")), "~/.openclaw/exec-approvals.json");
        assert_eq!(early.local(Some("~/.openclaw")), "~/.openclaw/exec-approvals.json");
        let both =
            Host::with(&[(".openclaw/exec-approvals.json", b"{}"), ("other/exec-approvals.json", b"{}")]);
        assert_eq!(
            both.local(Some("~/other")),
            "this host may keep its document in ~/other/exec-approvals.json or in ~/.openclaw/exec-approvals.json"
        );
    }

    #[test]
    fn a_database_rules_unless_it_is_that_of_2026_6() {
        let (database, json) = (".openclaw/state/openclaw.sqlite", ".openclaw/exec-approvals.json");
        let (in_database, in_json) = (format!("~/{database}"), format!("~/{json}"));
        assert_eq!(Host::with(&[(database, &sqlite(18))]).local(None), in_database);
        assert_eq!(Host::with(&[(database, &sqlite(18)), (json, b"{}")]).local(None), in_database);
        assert_eq!(Host::with(&[(database, b"not a database"), (json, b"{}")]).local(None), in_database);
        assert_eq!(Host::with(&[(database, b"")]).local(None), in_database);
        assert_eq!(Host::with(&[(database, &sqlite(1))]).local(None), in_json);
        assert_eq!(Host::with(&[(database, &sqlite(1)), (json, b"{}")]).local(None), in_json);
    }
}
