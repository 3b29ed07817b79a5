//! Tests of the kept versions: limits, chain, damage, other processes, full disks.

#![expect(clippy::disallowed_methods, reason = "the tests make their own files")]

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;

use super::chain::digest_of;
use super::limits::Limits;
use super::*;
use crate::deadline::Deadline;

fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(30))
}

fn here() -> (tempfile::TempDir, Versions) {
    let home = tempfile::tempdir().unwrap();
    let versions = Versions::at(home.path().join("state/clearance/versions"));
    (home, versions)
}

fn new(place: &str, text: &str, at_ms: u64) -> New {
    New {
        target: Target { key: place.to_owned(), operand: format!("store:{place}") },
        hash: digest_of(Some(text)),
        state: State::Kept,
        text: Some(text.to_owned()),
        writer: Some(Writer::Set),
        seen_by: Writer::Set,
        at_ms,
    }
}

fn texts(versions: &Versions) -> Vec<Option<String>> {
    let ids = versions.list(None, 1_000, soon()).unwrap().into_iter().rev().map(|version| version.id);
    ids.map(|id| versions.get(id, soon()).unwrap().unwrap().1).collect()
}

fn by_hand(versions: &Versions, statement: &str) {
    Connection::open(versions.path()).unwrap().execute_batch(statement).unwrap();
}

#[test]
fn a_version_is_kept_once_and_for_its_user_alone() {
    let (_home, versions) = here();
    assert_eq!(versions.list(None, 10, soon()).unwrap(), [], "nothing is created by reading");
    assert!(!versions.directory.exists());
    assert_eq!(versions.keep(&new("/a", "one", 1), soon()).unwrap(), 1);
    assert_eq!(versions.keep(&new("/a", "one", 2), soon()).unwrap(), 1);
    assert_eq!(versions.keep(&new("/b", "one", 3), soon()).unwrap(), 2);
    assert_eq!(versions.keep(&new("/a", "two", 4), soon()).unwrap(), 3);
    let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o7777;
    assert_eq!((mode(&versions.directory), mode(&versions.path())), (0o700, 0o600));
    let of_a = versions.list(Some("/a"), 10, soon()).unwrap();
    assert_eq!(of_a.iter().map(|version| version.id).collect::<Vec<_>>(), [3, 1]);
    assert_eq!(versions.last("/a", soon()).unwrap().unwrap().id, 3);
    assert_eq!(versions.keys(soon()).unwrap(), ["/a", "/b"]);
    let (version, text) = versions.get(2, soon()).unwrap().unwrap();
    assert_eq!((version.target.key.as_str(), text.as_deref()), ("/b", Some("one")));
    assert_eq!(versions.get(9, soon()).unwrap(), None);
}

#[test]
fn a_verb_is_named_where_a_watch_saw_its_document_first() {
    let (_home, versions) = here();
    let seen = New { writer: None, seen_by: Writer::Watch, ..new("/a", "one", 1_000) };
    assert_eq!(versions.keep(&seen, soon()).unwrap(), 1);
    assert_eq!(versions.keep(&new("/a", "one", 1_200), soon()).unwrap(), 2);
    assert_eq!(versions.keep(&New { at_ms: 1_300, ..seen.clone() }, soon()).unwrap(), 2);
    // Much later it is not the verb's own document.
    let other = New { writer: None, ..new("/b", "one", 1_000) };
    assert_eq!(versions.keep(&other, soon()).unwrap(), 3);
    assert_eq!(versions.keep(&new("/b", "one", 100_000), soon()).unwrap(), 3);
}

#[test]
fn the_limits_remove_the_oldest_texts_and_keep_the_newest_of_each_place() {
    let limits = Limits { texts: 2, age_ms: 100, bytes: 8, text_bytes: 100, versions: 6 };
    let (_home, versions) = here();
    let versions = versions.limited(limits);
    let text = |text: &str| Some(text.to_owned());
    for (at, (place, content)) in [("/a", "a1"), ("/b", "b1"), ("/a", "a2"), ("/a", "a3")].iter().enumerate()
    {
        versions.keep(&new(place, content, at as u64), soon()).unwrap();
    }
    assert_eq!(texts(&versions), [None, text("b1"), text("a2"), text("a3")], "two texts of a place");
    versions.keep(&new("/a", "a4", 200), soon()).unwrap();
    assert_eq!(texts(&versions), [None, text("b1"), None, None, text("a4")], "texts are too old");
    versions.keep(&new("/a", "a5 is long", 201), soon()).unwrap();
    let expected = [None, text("b1"), None, None, None, text("a5 is long")];
    assert_eq!(texts(&versions), expected, "more than eight bytes");
    let removed = |place| versions.removed(place, soon()).unwrap();
    assert_eq!((removed(None), removed(Some("/a")), removed(Some("/b"))), (4, 4, 0));
    assert_eq!(versions.verify(soon()).unwrap().problems, []);
    versions.keep(&new("/c", "c1", 202), soon()).unwrap();
    assert_eq!(versions.list(None, 10, soon()).unwrap().last().unwrap().id, 2, "six versions");
    let verified = versions.verify(soon()).unwrap();
    assert_eq!((verified.problems, verified.versions, verified.removed), (vec![], 6, 3));
}

#[test]
fn an_edited_or_cut_past_is_seen() {
    let statements = [
        ("UPDATE version SET text = 'other' WHERE id = 2", Problem::Text(2)),
        ("UPDATE version SET text = NULL WHERE id = 2", Problem::TextMissing(2)),
        ("UPDATE version SET at_ms = 9 WHERE id = 2", Problem::Changed(2)),
        ("UPDATE version SET writer = NULL WHERE id = 3", Problem::Changed(3)),
        ("UPDATE version SET link = 'x' WHERE id = 4", Problem::Changed(4)),
        ("DELETE FROM version WHERE id = 1", Problem::Missing { from: 1, to: 1 }),
        ("DELETE FROM version WHERE id IN (2, 3)", Problem::Missing { from: 2, to: 3 }),
        ("DELETE FROM version WHERE id = 4", Problem::Missing { from: 4, to: 4 }),
        ("UPDATE version SET text = NULL", Problem::TextMissing(1)),
        ("UPDATE version SET text = NULL WHERE id = 4", Problem::TextMissing(4)),
        // The front is cut, as the limits do it.
        (
            "UPDATE chain SET base_id = 2, base_link = (SELECT link FROM version WHERE id = 2);
             DELETE FROM version WHERE id <= 2",
            Problem::Missing { from: 1, to: 2 },
        ),
    ];
    for (statement, problem) in statements {
        let (_home, versions) = here();
        for (at, text) in ["1", "2", "3", "4"].iter().enumerate() {
            versions.keep(&new("/a", text, at as u64), soon()).unwrap();
        }
        assert_eq!(versions.verify(soon()).unwrap().problems, []);
        by_hand(&versions, statement);
        assert_eq!(versions.verify(soon()).unwrap().problems.first(), Some(&problem), "{statement}");
    }
}

#[test]
fn a_version_that_was_changed_is_not_used() {
    let statements = [
        ("UPDATE version SET text = 'other' WHERE id = 2", [true, false, true]),
        ("UPDATE version SET text = 'other', digest = 'other' WHERE id = 2", [false, false, true]),
        ("UPDATE version SET place = 'store:/b' WHERE id = 2", [false, false, true]),
        // Whoever writes a new link has to write those after it, too.
        ("UPDATE version SET link = 'other' WHERE id = 3", [false, false, false]),
        ("UPDATE chain SET head_id = 2, head_link = (SELECT link FROM version WHERE id = 2)", [false; 3]),
    ];
    for (statement, expected) in statements {
        let (_home, versions) = here();
        for (at, text) in ["1", "2", "3"].iter().enumerate() {
            versions.keep(&new("/a", text, at as u64), soon()).unwrap();
            assert_eq!(versions.get(at as u64 + 1, soon()).unwrap().unwrap().1.as_deref(), Some(*text));
        }
        by_hand(&versions, statement);
        let fits = [1, 2, 3].map(|id| versions.look(id, soon()).unwrap().unwrap().fits);
        assert_eq!(fits, expected, "{statement}");
        let used =
            [1, 2, 3].map(|id| !matches!(versions.get(id, soon()), Err(VersionsError::Altered { .. })));
        assert_eq!(used, expected, "{statement}");
    }
}

/// The limits of one place must not remove the last text of another one.
#[test]
fn the_newest_version_of_each_place_outlives_the_limit_of_versions() {
    let limits = Limits { texts: 2, age_ms: 100, bytes: 1_000, text_bytes: 100, versions: 4 };
    let (_home, versions) = here();
    let versions = versions.limited(limits);
    versions.keep(&new("/quiet", "precious", 1), soon()).unwrap();
    versions.keep(&new("/gone", "gone", 1), soon()).unwrap();
    let absent = New { state: State::Absent, text: None, hash: "none".to_owned(), ..new("/gone", "", 2) };
    versions.keep(&absent, soon()).unwrap();
    for number in 0..20 {
        versions.keep(&new("/a", &number.to_string(), 3), soon()).unwrap();
        assert_eq!(versions.verify(soon()).unwrap().problems, [], "{number}");
        let last = versions.last("/quiet", soon()).unwrap().unwrap();
        assert_eq!(versions.get(last.id, soon()).unwrap().unwrap().1.as_deref(), Some("precious"));
        assert_eq!((last.writer, last.at_ms), (Some(Writer::Set), 1));
        assert_eq!(versions.last("/gone", soon()).unwrap().unwrap().state, State::Absent);
        let with_text =
            versions.list(Some("/gone"), 9, soon()).unwrap().into_iter().find(|version| version.has_text);
        assert!(with_text.is_some(), "{number}");
    }
}

/// Checking takes longer than another process is waited for, and is linear in the number of versions.
#[test]
fn many_versions_without_a_text_are_checked() {
    let (_home, versions) = here();
    versions.keep(&new("/a", "first", 0), soon()).unwrap();
    let mut connection = Connection::open(versions.path()).unwrap();
    let transaction = connection.transaction().unwrap();
    for number in 0..6_000 {
        super::chain::append(&transaction, &new("/a", &number.to_string(), number)).unwrap();
    }
    transaction.execute("UPDATE version SET text = NULL WHERE id <= 5501", []).unwrap();
    transaction.commit().unwrap();
    let verified = versions.verify(Deadline::after(Duration::from_mins(2))).unwrap();
    assert_eq!((verified.versions, verified.removed, verified.problems), (6_001, 5_501, vec![]));
    let late = versions.verify(Deadline::after(Duration::ZERO));
    assert!(matches!(late, Err(VersionsError::Unfinished { .. })), "{late:?}");
}

#[test]
fn other_files_in_its_place_are_errors_and_stay_as_they_are() {
    let (_home, versions) = here();
    fs::create_dir_all(&versions.directory).unwrap();
    fs::set_permissions(&versions.directory, Permissions::from_mode(0o700)).unwrap();
    let put = |content: &[u8], mode: u32| {
        fs::write(versions.path(), content).unwrap();
        fs::set_permissions(versions.path(), Permissions::from_mode(mode)).unwrap();
    };
    let kept = || versions.keep(&new("/a", "one", 1), soon());
    put(b"no database at all, and longer than the head of one would be: 100 bytes or more are needed for this to count as one.", 0o600);
    assert!(matches!(kept(), Err(VersionsError::Foreign(_))));
    assert!(matches!(versions.list(None, 1, soon()), Err(VersionsError::Foreign(_))));
    assert!(fs::read(versions.path()).unwrap().starts_with(b"no database"));
    put(b"", 0o644);
    assert!(matches!(kept(), Err(VersionsError::Exposed(_))));
    fs::remove_file(versions.path()).unwrap();
    Connection::open(versions.path()).unwrap().execute_batch("CREATE TABLE foreign_table (a)").unwrap();
    fs::set_permissions(versions.path(), Permissions::from_mode(0o600)).unwrap();
    assert!(matches!(kept(), Err(VersionsError::Foreign(_))));
    fs::remove_file(versions.path()).unwrap();
    kept().unwrap();
    by_hand(&versions, "PRAGMA user_version = 2");
    assert!(matches!(kept(), Err(VersionsError::Newer(_))));
    by_hand(&versions, "PRAGMA user_version = 1; UPDATE version SET state = 'strange'");
    assert!(matches!(versions.list(None, 1, soon()), Err(VersionsError::Damaged { .. })));
    fs::remove_file(versions.path()).unwrap();
    kept().unwrap();
    by_hand(&versions, "DROP TABLE version");
    let damaged = kept().unwrap_err();
    assert!(matches!(damaged, VersionsError::Damaged { .. }), "{damaged:?}");
    assert!(!damaged.to_string().contains("SELECT"), "{damaged}");
    assert!(damaged.remedy().unwrap().ends_with("versions.damaged"), "{damaged:?}");
    // What was moved away earlier stays.
    fs::write(versions.path().with_extension("damaged"), "earlier").unwrap();
    assert!(damaged.remedy().unwrap().ends_with("versions.damaged-2"), "{damaged:?}");
    fs::remove_file(versions.path()).unwrap();
    fs::create_dir(versions.path()).unwrap();
    assert!(matches!(kept(), Err(VersionsError::NotFile(_))));
    let (home, versions) = here();
    fs::write(home.path().join("state"), "a file").unwrap();
    let remedy = versions.keep(&new("/a", "one", 1), soon()).unwrap_err().remedy().unwrap();
    assert!(remedy.contains("mv ") && remedy.contains("/state "), "{remedy}");
}

#[test]
fn a_process_that_holds_the_database_is_not_waited_for_without_end() {
    let (_home, versions) = here();
    versions.keep(&new("/a", "one", 1), soon()).unwrap();
    let other = Connection::open(versions.path()).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let begun = std::time::Instant::now();
    let busy = versions.keep(&new("/a", "two", 2), Deadline::after(Duration::from_millis(50)));
    assert!(matches!(busy, Err(VersionsError::Busy { .. })), "{busy:?}");
    assert!(begun.elapsed() < Duration::from_secs(20));
    // A command opens the database several times, and waits once.
    let begun = std::time::Instant::now();
    for _ in 0..4 {
        assert!(matches!(versions.records("/a", soon()), Err(VersionsError::Busy { .. })));
    }
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(versions.keep(&new("/a", "two", 2), soon()).unwrap(), 2);
}

#[test]
fn processes_at_once_make_one_chain() {
    let (_home, versions) = here();
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let versions = &versions;
            scope.spawn(move || {
                for number in 0..10 {
                    let text = format!("{writer} {number}");
                    // Every connection waits for two seconds at most, and a slow machine may need more.
                    while versions.keep(&new("/a", &text, number), soon()).is_err() {}
                }
            });
        }
    });
    let verified = versions.verify(soon()).unwrap();
    assert_eq!((verified.versions, verified.problems), (40, vec![]));
}

#[test]
fn records_of_entries_are_kept_replaced_and_removed() {
    let (_home, versions) = here();
    let key = EntryKey {
        agent: "main".to_owned(),
        pattern: "/usr/bin/make".to_owned(),
        arg_pattern: String::new(),
        source: String::new(),
    };
    let record = EntryRecord { key: key.clone(), note: None, until_ms: Some(5), at_ms: 1 };
    assert_eq!(versions.records("/a", soon()).unwrap(), []);
    versions.note("/a", &record, soon()).unwrap();
    let later = EntryRecord { note: Some("why".to_owned()), until_ms: Some(9), ..record };
    versions.note("/a", &later, soon()).unwrap();
    assert_eq!(versions.records("/a", soon()).unwrap(), std::slice::from_ref(&later));
    assert_eq!(versions.records("/b", soon()).unwrap(), []);
    assert_eq!((later.is_over(8), later.is_over(9)), (false, true));
    // A record of an entry that was removed in time is kept apart, for documents that come back.
    versions.spend("/a", &key, 10, soon()).unwrap();
    assert_eq!(versions.records("/a", soon()).unwrap(), []);
    assert_eq!(versions.spent("/a", soon()).unwrap(), std::slice::from_ref(&later));
    versions.revive("/a", &key, soon()).unwrap();
    assert_eq!(versions.records("/a", soon()).unwrap(), [later]);
    versions.forget("/a", &key, soon()).unwrap();
    assert_eq!(versions.records("/a", soon()).unwrap(), []);
}

#[test]
fn an_edit_is_marked_until_it_has_ended() {
    let (_home, versions) = here();
    assert!(!versions.is_edited() && versions.editing().is_none(), "there is no directory");
    versions.keep(&new("/a", "one", 1), soon()).unwrap();
    assert!(!versions.is_edited());
    let (first, second) = (versions.editing().unwrap(), versions.editing().unwrap());
    drop(first);
    assert!(versions.is_edited(), "several at once");
    versions.keep(&new("/a", "two", 2), soon()).unwrap();
    drop(second);
    assert!(!versions.is_edited());
}

/// What the limits leave of a long past is mostly versions without a text.
#[test]
fn a_long_past_is_checked_in_time() {
    let (_home, versions) = here();
    versions.keep(&new("/a", "0", 0), soon()).unwrap();
    let mut connection = Connection::open(versions.path()).unwrap();
    let transaction = connection.transaction().unwrap();
    for number in 1..6_000 {
        chain::append(&transaction, &new("/a", &number.to_string(), number)).unwrap();
    }
    transaction.execute("UPDATE version SET text = NULL WHERE id <= 5500", []).unwrap();
    transaction.commit().unwrap();
    let verified = versions.verify(soon()).unwrap();
    assert_eq!((verified.versions, verified.removed, verified.problems), (6_000, 5_500, Vec::new()));
}
