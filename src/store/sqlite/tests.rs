//! Tests on databases with the tables of a real gateway: `fixtures/stores/2026.9.6.sql`.

#![expect(clippy::disallowed_methods, reason = "the tests make their own files")]

use std::collections::BTreeMap;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tempfile::TempDir;

use super::*;
use crate::approvals::model::scalar::trimmed;
use crate::store::Store;

const TABLES: &str = include_str!("../../../fixtures/stores/2026.9.6.sql");

fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(20))
}

/// A state directory with a database as a stopped gateway leaves it.
struct Host {
    state: TempDir,
}

impl Host {
    fn new() -> Self {
        let state = tempfile::tempdir().unwrap();
        std::fs::create_dir(state.path().join("state")).unwrap();
        let host = Self { state };
        host.change(&format!("PRAGMA journal_mode = WAL; {TABLES}"));
        host
    }

    fn holding(text: &str) -> Self {
        let host = Self::new();
        host.store().lock(soon()).unwrap().replace(&Stored::missing(), text).unwrap();
        host
    }

    fn path(&self) -> PathBuf {
        self.state.path().join("state/openclaw.sqlite")
    }

    fn store(&self) -> Database {
        Database::at(self.path())
    }

    fn open(&self) -> Connection {
        Connection::open(self.path()).unwrap()
    }

    fn change(&self, sql: &str) {
        self.open().execute_batch(sql).unwrap();
    }

    fn text(&self) -> String {
        String::from_utf8(self.store().read(soon()).unwrap().text().unwrap().to_vec()).unwrap()
    }

    /// Every file of the state directory with its content and its times.
    fn files(&self) -> BTreeMap<PathBuf, (Vec<u8>, SystemTime)> {
        let entries = std::fs::read_dir(self.state.path().join("state")).unwrap();
        let file = |entry: std::io::Result<std::fs::DirEntry>| {
            let path = entry.unwrap().path();
            let content = (std::fs::read(&path).unwrap(), path.metadata().unwrap().modified().unwrap());
            (path, content)
        };
        entries.map(file).collect()
    }
}

fn document(patterns: &[&str]) -> String {
    let entries: Vec<String> =
        patterns.iter().map(|name| format!(r#"{{"id":"{name}","pattern":"{name}"}}"#)).collect();
    format!(r#"{{"version":1,"agents":{{"main":{{"allowlist":[{}]}}}}}}"#, entries.join(","))
}

#[test]
fn reading_changes_no_file_and_makes_none() {
    let host = Host::holding(&document(&["/a"]));
    let before = host.files();
    assert_eq!(before.len(), 1);
    assert!(host.text().contains("/a"));
    host.store().replaceable(soon()).unwrap();
    assert!(host.store().remarks(soon()).is_empty());
    assert_eq!(host.files(), before);
}

#[test]
fn reading_sees_what_is_only_in_the_log() {
    let host = Host::holding(&document(&["/a"]));
    let gateway = host.open();
    gateway
        .execute_batch(
            "PRAGMA wal_autocheckpoint = 0; UPDATE exec_approvals_config SET raw_json = '{\"version\":1}'",
        )
        .unwrap();
    assert_eq!(host.text(), r#"{"version":1}"#);
    // A killed gateway leaves its log. The index beside it is missing after a copy.
    let copy = tempfile::tempdir().unwrap();
    for suffix in ["", "-wal"] {
        std::fs::copy(beside(&host.path(), suffix), copy.path().join(format!("copy.sqlite{suffix}")))
            .unwrap();
    }
    let copy = Database::at(copy.path().join("copy.sqlite"));
    assert_eq!(copy.read(soon()).unwrap().text(), Some(&br#"{"version":1}"#[..]));
}

#[test]
fn what_changed_while_it_was_read_is_read_again() {
    let host = Host::holding(&document(&["/a"]));
    // Clocks of file systems are coarse.
    let past = SystemTime::now() - Duration::from_mins(1);
    std::fs::File::options().append(true).open(host.path()).unwrap().set_modified(past).unwrap();
    let reads = std::cell::Cell::new(0);
    let stored = reading(&host.path(), soon(), |connection| {
        let stored = row(connection, &host.path(), soon());
        reads.set(reads.get() + 1);
        if reads.get() == 1 {
            host.change("UPDATE exec_approvals_config SET raw_json = '{\"version\":1}'");
        }
        stored
    });
    assert_eq!(stored.unwrap().text(), Some(&br#"{"version":1}"#[..]));
    assert_eq!(reads.get(), 2);
}

#[test]
fn a_database_without_a_log_of_its_own_is_read_and_written() {
    let host = Host::holding(&document(&["/a"]));
    host.change("PRAGMA journal_mode = DELETE");
    let before = host.store().read(soon()).unwrap();
    host.store().lock(soon()).unwrap().replace(&before, &document(&["/b"])).unwrap();
    assert!(host.text().contains("/b"));
    assert_eq!(host.files().len(), 1);
}

#[test]
fn a_missing_row_is_a_missing_document() {
    let stored = Host::new().store().read(soon()).unwrap();
    assert_eq!(stored, Stored::missing());
    // The expected message is that of 2026.9.6.
    assert_eq!(stored.hash(), "missing:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

#[test]
fn the_row_is_the_gateways() {
    type Columns =
        (Option<String>, i64, Option<String>, Option<String>, Option<String>, Option<i64>, i64, i64, i64);
    let host = Host::new();
    let columns = || -> Columns {
        host.open()
            .query_row(
                "SELECT socket_path, has_socket_token, default_security, default_ask, default_ask_fallback,
                   auto_allow_skills, agent_count, allowlist_count, updated_at_ms FROM exec_approvals_config
                 WHERE config_key = 'current'",
                [],
                |row| {
                    Ok((
                        row.get(0)?,
                        row.get(1)?,
                        row.get(2)?,
                        row.get(3)?,
                        row.get(4)?,
                        row.get(5)?,
                        row.get(6)?,
                        row.get(7)?,
                        row.get(8)?,
                    ))
                },
            )
            .unwrap()
    };
    let text = r#"{"version":1,"defaults":{"security":"deny","ask":"off","askFallback":"full","autoAllowSkills":true},"agents":{"a":{"allowlist":[{"id":"1","pattern":"/a"}]},"b":{}}}"#;
    let stored = host.store().lock(soon()).unwrap().replace(&Stored::missing(), text).unwrap();
    let socket = host.state.path().join("exec-approvals.sock").display().to_string();
    let (path, token, security, ask, fallback, skills, agents, entries, first) = columns();
    assert_eq!((path, token), (Some(socket), 1));
    let word = |text: &str| Some(text.to_owned());
    assert_eq!((security, ask, fallback, skills), (word("deny"), word("off"), word("full"), Some(1)));
    assert_eq!((agents, entries), (2, 1));
    assert!(first > 1_700_000_000_000);

    // The socket is kept although the next document has none, and other absent fields are removed.
    let token = |stored: &Stored| {
        let document: Value = serde_json::from_slice(stored.text().unwrap()).unwrap();
        document["socket"]["token"].as_str().unwrap().to_owned()
    };
    let again = host.store().lock(soon()).unwrap().replace(&stored, r#"{"version":1}"#).unwrap();
    assert_eq!(token(&again), token(&stored));
    assert_eq!(token(&stored).len(), 32);
    let (_, has_token, security, ask, fallback, skills, agents, entries, second) = columns();
    assert_eq!(
        (has_token, security, ask, fallback, skills, agents, entries),
        (1, None, None, None, None, 0, 0)
    );
    // An identical text is not written again.
    let same = host.store().lock(soon()).unwrap().replace(&again, trimmed(&host.text())).unwrap();
    assert!(same == again);
    assert_eq!(columns().8, second);
}

#[test]
fn a_row_that_changed_is_not_replaced() {
    let host = Host::holding(&document(&["/a"]));
    let (before, lost) = (host.store().read(soon()).unwrap(), Stored::holding(b"{}".to_vec()));
    for expected in [lost, Stored::missing(), Stored::absent()] {
        let result = host.store().lock(soon()).unwrap().replace(&expected, &document(&["/b"]));
        assert!(matches!(result, Err(StoreError::Conflict { .. })), "{result:?}");
    }
    assert!(host.store().read(soon()).unwrap() == before);
    let invalid = host.store().lock(soon()).unwrap().replace(&before, r#"{"version":2}"#);
    assert!(matches!(invalid, Err(StoreError::Unstorable { .. })), "{invalid:?}");
    // Uncommitted changes are not visible.
    assert!(host.store().read(soon()).unwrap() == before);
}

#[test]
fn an_unknown_schema_is_not_touched() {
    let host = Host::holding(&document(&["/a"]));
    let refused = |result: Result<(), StoreError>, expected: i64| {
        assert!(
            matches!(result, Err(StoreError::Schema { version, .. }) if version == expected),
            "{result:?}"
        );
    };
    for version in [0, 1, 14, 19] {
        host.change(&format!("PRAGMA user_version = {version}"));
        refused(host.store().lock(soon()).map(drop), version);
        refused(host.store().replaceable(soon()), version);
        // A document that a newer release left in place can be read.
        match host.store().read(soon()) {
            Ok(stored) => assert!(version == 19 && stored.text().is_some()),
            Err(error) => refused(Err(error), version),
        }
    }
    assert_eq!(host.store().remarks(soon()).len(), 1);
    host.change("DELETE FROM exec_approvals_config");
    refused(host.store().read(soon()).map(drop), 19);
    host.change("DROP TABLE exec_approvals_config");
    refused(host.store().read(soon()).map(drop), 19);
    for version in KNOWN {
        let host = Host::new();
        host.change(&format!("PRAGMA user_version = {version}"));
        host.store().lock(soon()).unwrap().replace(&Stored::missing(), &document(&[])).unwrap();
    }
    // The content may be newer than the version in `user_version`.
    let host = Host::new();
    host.change("INSERT INTO config_machine_state VALUES ('state.schema.contentVersion', '19', 0)");
    refused(host.store().lock(soon()).map(drop), 19);
}

#[test]
fn the_rules_of_an_agent_that_is_being_deleted_stay() {
    let host = Host::holding(r#"{"version":1,"agents":{"Old One":{"ask":"off"},"main":{}}}"#);
    host.change(
        "INSERT INTO agent_deletion_journal (agent_id, agent_dir, workspace_dir, sessions_dir, created_at)
         VALUES ('old-one', '', '', '', 0)",
    );
    let before = host.store().read(soon()).unwrap();
    let set = |text: &str| host.store().lock(soon()).unwrap().replace(&before, text);
    for text in [r#"{"version":1}"#, r#"{"version":1,"agents":{"Old One":{"ask":"always"},"main":{}}}"#] {
        let result = set(text);
        assert!(matches!(&result, Err(StoreError::Fenced { agent, .. }) if agent == "old-one"), "{result:?}");
    }
    assert!(host.store().read(soon()).unwrap() == before);
    set(r#"{"version":1,"agents":{"Old One":{"ask":"off"},"main":{"ask":"off"}}}"#).unwrap();
}

#[test]
fn what_the_gateway_would_not_write_to_is_not_written_to() {
    let host = Host::new();
    host.change("INSERT INTO config_machine_state VALUES ('gateway.supervision', '{}', 0)");
    assert!(matches!(host.store().lock(soon()), Err(StoreError::Supervised(_))));
    assert_eq!(host.store().read(soon()).unwrap(), Stored::missing());

    for name in ["exec-approvals.json", "exec-approvals.json.doctor-importing"] {
        let host = Host::new();
        let json = host.state.path().join(name);
        std::fs::write(&json, "{}").unwrap();
        let is_reported =
            |result| matches!(result, Err(StoreError::Leftover { json: reported, .. }) if reported == json);
        assert!(is_reported(host.store().lock(soon()).map(drop)));
        assert!(is_reported(host.store().replaceable(soon())));
        assert_eq!(host.store().remarks(soon()).len(), 1);
        assert_eq!(host.store().read(soon()).unwrap(), Stored::missing());
    }
}

#[test]
fn waits_end_at_the_deadline() {
    let host = Host::new();
    let gateway = host.open();
    gateway.execute_batch("BEGIN IMMEDIATE").unwrap();
    let start = Instant::now();
    let result = host.store().lock(Deadline::after(Duration::from_millis(200)));
    assert!(matches!(result, Err(StoreError::Locked { .. })), "{result:?}");
    assert!(start.elapsed() < Duration::from_secs(10));
    // Readers do not wait for a writer.
    assert_eq!(host.store().read(soon()).unwrap(), Stored::missing());
    drop(gateway);

    host.change(
        "DROP TABLE exec_approvals_config;
         CREATE VIEW exec_approvals_config AS WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n)
         SELECT 'current' AS config_key, max(x) AS raw_json FROM n",
    );
    let result = host.store().read(Deadline::after(Duration::from_millis(200)));
    assert!(matches!(result, Err(StoreError::Input(InputError::TimedOut { .. }))), "{result:?}");
    assert!(start.elapsed() < Duration::from_secs(20));
}

#[test]
fn what_is_too_large_is_not_read() {
    let host = Host::holding(&document(&[]));
    let size = MAX_SIZE.as_u64() + 1;
    host.change(&format!("UPDATE exec_approvals_config SET raw_json = printf('%.*c', {size}, 'x')"));
    let result = host.store().read(soon());
    assert!(matches!(result, Err(StoreError::Input(InputError::TooLarge { .. }))), "{result:?}");
}

#[test]
fn a_database_that_is_exchanged_meanwhile_holds_nothing_of_ours() {
    let host = Host::new();
    let copy = host.state.path().join("copy");
    std::fs::copy(host.path(), &copy).unwrap();
    let locked = host.store().lock(soon()).unwrap();
    std::fs::rename(&copy, host.path()).unwrap();
    let result = locked.replace(&Stored::missing(), &document(&["/a"]));
    assert!(matches!(result, Err(StoreError::Overwritten { .. })), "{result:?}");
}

#[test]
fn a_database_is_for_its_owner_alone() {
    let host = Host::new();
    std::fs::set_permissions(host.path(), std::fs::Permissions::from_mode(0o644)).unwrap();
    let locked = host.store().lock(soon()).unwrap();
    locked.replace(&Stored::missing(), &document(&[])).unwrap();
    let mode = |suffix| beside(&host.path(), suffix).metadata().unwrap().mode() & 0o777;
    assert_eq!(["", "-wal", "-shm"].map(mode), [0o600; 3]);
}

/// Each writer reads the document, makes its change, and tries again if another writer was faster.
fn race(store: &Store, first: &str) -> usize {
    const WRITERS: usize = 16;
    let barrier = std::sync::Barrier::new(WRITERS);
    let conflicts = std::sync::atomic::AtomicUsize::new(0);
    let locked = store.lock(soon()).unwrap();
    locked.replace(&locked.read().unwrap(), first).unwrap();
    drop(locked);
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (barrier, conflicts) = (&barrier, &conflicts);
            scope.spawn(move || {
                barrier.wait();
                loop {
                    let stored = store.read(soon()).unwrap();
                    let mut document: Value = serde_json::from_slice(stored.text().unwrap()).unwrap();
                    let list = document["agents"]["main"]["allowlist"].as_array_mut().unwrap();
                    list.push(serde_json::json!({"id": writer.to_string(), "pattern": format!("/{writer}")}));
                    let mut text = serde_json::to_string_pretty(&document).unwrap();
                    text.push('\n');
                    match store.lock(soon()).unwrap().replace(&stored, &text) {
                        Ok(_) => break,
                        Err(StoreError::Conflict { .. }) => {
                            conflicts.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                        }
                        Err(error) => panic!("{error}"),
                    }
                }
            });
        }
    });
    let stored = store.read(soon()).unwrap();
    let document: Value = serde_json::from_slice(stored.text().unwrap()).unwrap();
    let list = document["agents"]["main"]["allowlist"].as_array().unwrap();
    let ids: std::collections::BTreeSet<&str> =
        list.iter().map(|entry| entry["id"].as_str().unwrap()).collect();
    assert_eq!((list.len(), ids.len()), (WRITERS, WRITERS));
    conflicts.into_inner()
}

#[test]
fn of_sixteen_writers_none_is_lost() {
    let host = Host::new();
    let store = Store::at(host.path());
    assert!(matches!(store, Store::Sqlite(_)));
    race(&store, &document(&[]));
    let integrity: String =
        host.open().pragma_query_value(None, "integrity_check", |row| row.get(0)).unwrap();
    assert_eq!(integrity, "ok");

    let directory = tempfile::tempdir().unwrap();
    let store = Store::at(directory.path().join("s.json"));
    assert!(matches!(store, Store::JsonFile(_)));
    race(&store, &document(&[]));
}
