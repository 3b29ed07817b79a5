//! Where this host keeps its document.
//!
//! Up to 2026.4 it is `~/.openclaw/exec-approvals.json`, whatever `OPENCLAW_STATE_DIR` says; later
//! `<state>/exec-approvals.json`; from 2026.8 a row in `<state>/state/openclaw.sqlite`, and then a JSON file in the
//! old place stops the gateway. Read in the published packages 2026.4.14, 2026.6.11 and 2026.9.6.

use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::StoreError;
use super::json_file::JsonFile;

const JSON: &str = "exec-approvals.json";

/// The environment, as far as it decides where a store is.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    /// `OPENCLAW_STATE_DIR`.
    pub state_dir: Option<OsString>,
    /// `OPENCLAW_HOME`, else `HOME`, else `USERPROFILE`.
    pub home: Option<OsString>,
}

impl Environment {
    /// This process's own.
    pub fn of_process() -> Self {
        let home = ["OPENCLAW_HOME", "HOME", "USERPROFILE"].into_iter().find_map(variable);
        Self { state_dir: variable("OPENCLAW_STATE_DIR"), home }
    }
}

/// A variable's value; blank ones and the words that scripts leave behind count as unset, as in OpenClaw.
fn variable(name: &str) -> Option<OsString> {
    let value = std::env::var_os(name)?;
    match value.to_str().map(str::trim) {
        Some("" | "undefined" | "null") => None,
        Some(trimmed) => Some(trimmed.into()),
        None => Some(value),
    }
}

/// This host's store.
pub fn local(environment: &Environment) -> Result<JsonFile, StoreError> {
    let home = environment.home.as_ref().map(PathBuf::from);
    let default_state = home.as_ref().map(|home| home.join(".openclaw"));
    let Some(state) = &environment.state_dir else {
        let state = default_state.ok_or(StoreError::NoHome)?;
        return in_state(&state, state.join(JSON));
    };
    let state = expand(state, home.as_deref());
    let (own, early) = (state.join(JSON), default_state.map(|state| state.join(JSON)));
    let early = early.filter(|early| *early != own && exists(early));
    match early {
        // Only the releases that ignore the variable leave it here; later ones move it away.
        Some(early) if !exists(&own) && !database(&state).exists() => Ok(JsonFile::at(early)),
        Some(early) if exists(&own) => Err(StoreError::Ambiguous(own, early)),
        _ => in_state(&state, own),
    }
}

fn in_state(state: &Path, json: PathBuf) -> Result<JsonFile, StoreError> {
    let database = database(state);
    if rules(&database, &json) {
        Err(StoreError::Database { database, json })
    } else {
        Ok(JsonFile::at(json))
    }
}

/// The database beside a store's usual place, if that is where the host keeps its document.
pub(super) fn database_that_rules(json: &Path) -> Option<PathBuf> {
    let is_store = json.file_name().is_some_and(|name| name == JSON);
    let database = database(json.parent()?);
    (is_store && rules(&database, json)).then_some(database)
}

fn database(state: &Path) -> PathBuf {
    state.join("state").join("openclaw.sqlite")
}

/// Whether the host's document is in the database. 2026.6 makes one too, with an empty table, and keeps to its
/// JSON file: its schema has version 1. Anything else is taken for a host that would be stopped by a JSON file.
fn rules(database: &Path, json: &Path) -> bool {
    exists(database) && !(exists(json) && user_version(database) == Some(1))
}

/// `PRAGMA user_version` as the header of a database file has it (big-endian, at byte 60).
fn user_version(database: &Path) -> Option<u32> {
    let mut header = [0; 64];
    File::open(database).ok()?.read_exact(&mut header).ok()?;
    if !header.starts_with(b"SQLite format 3\0") {
        return None;
    }
    header[60..64].try_into().ok().map(u32::from_be_bytes)
}

/// `~` at the start of a path is the home directory, as OpenClaw reads its variables.
fn expand(path: &OsString, home: Option<&Path>) -> PathBuf {
    let path = Path::new(path);
    match (path.strip_prefix("~"), home) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => path.to_owned(),
    }
}

/// Also a link that leads nowhere exists: writing through it would not.
fn exists(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
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

        fn local(&self, state_dir: Option<&str>) -> String {
            let home = self.home.path();
            let environment = Environment {
                state_dir: state_dir.map(OsString::from),
                home: Some(home.as_os_str().to_owned()),
            };
            let shown = match local(&environment) {
                Ok(store) => store.path().display().to_string(),
                Err(error) => error.to_string(),
            };
            shown.replace(home.to_str().unwrap(), "~")
        }
    }

    fn sqlite(version: u32) -> Vec<u8> {
        let mut header = b"SQLite format 3\0".to_vec();
        header.resize(60, 0);
        header.extend(version.to_be_bytes());
        header
    }

    #[test]
    fn without_a_state_directory_it_is_in_the_home() {
        assert_eq!(Host::with(&[]).local(None), "~/.openclaw/exec-approvals.json");
        assert_eq!(local(&Environment::default()).unwrap_err().to_string(), StoreError::NoHome.to_string());
    }

    #[test]
    fn with_one_it_is_there_unless_only_an_early_release_left_one() {
        assert_eq!(Host::with(&[]).local(Some("~/other")), "~/other/exec-approvals.json");
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
    fn a_database_rules_unless_it_is_the_empty_one_of_2026_6() {
        let database = ".openclaw/state/openclaw.sqlite";
        let json = ".openclaw/exec-approvals.json";
        let ruled = format!("this host keeps its document in ~/{database}, not in ~/{json}");
        assert_eq!(Host::with(&[(database, &sqlite(18))]).local(None), ruled);
        assert_eq!(Host::with(&[(database, &sqlite(18)), (json, b"{}")]).local(None), ruled);
        assert_eq!(Host::with(&[(database, &sqlite(1))]).local(None), ruled);
        assert_eq!(Host::with(&[(database, b"not a database"), (json, b"{}")]).local(None), ruled);
        assert_eq!(Host::with(&[(database, &sqlite(1)), (json, b"{}")]).local(None), format!("~/{json}"));
    }
}
