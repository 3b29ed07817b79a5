//! `approvals set` on files: whatever fails, the store directory has one complete document and nothing else.
//!
//! Waits only choose the moment of an event in a run. No accepted outcome depends on their length.

#![allow(
    clippy::print_stderr,
    reason = "a test says which moments it met, and what the machine did not let it do"
)]

use std::collections::BTreeMap;
use std::fs::{self, File, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{self, Output, Stdio};
use std::time::{Duration, Instant};

use assert_cmd::Command;
use data_encoding::HEXLOWER;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::support::{binary, clearance, transcript};

/// Part of every token. No output may contain it.
const TOKEN: &str = "hunter2";

/// The id of a user without files on this machine.
const NOBODY: u32 = 65534;

/// A directory that contains only a store, and a place for new documents beside it.
struct Place {
    root: TempDir,
}

impl Place {
    fn empty() -> Self {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("host")).unwrap();
        Self { root }
    }

    fn holding(text: &str) -> Self {
        let place = Self::empty();
        fs::write(place.store(), text).unwrap();
        fs::set_permissions(place.store(), Permissions::from_mode(0o600)).unwrap();
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    fn store(&self) -> PathBuf {
        self.path("host/approvals.json")
    }

    fn lock(&self) -> PathBuf {
        self.path("host/.approvals.json.clearance-lock")
    }

    /// A new document beside the store.
    fn new_document(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        path
    }

    /// `approvals set` with this input and on this store.
    fn set(&self, text: impl AsRef<[u8]>) -> Command {
        self.set_on(&self.store(), text)
    }

    fn set_on(&self, store: &Path, text: impl AsRef<[u8]>) -> Command {
        let mut command = clearance(self.root.path());
        command.args(["approvals", "set", "--stdin", "--store"]).arg(store).write_stdin(text.as_ref());
        command
    }

    /// The same command as a process that the test can observe and kill.
    fn spawnable(&self, new: &Path) -> process::Command {
        let mut command = process::Command::new(binary());
        command.env_clear().env("HOME", self.root.path());
        command.args(["approvals", "set", "--file"]).arg(new).arg("--store").arg(self.store());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// The tool behind a shell that prepares its process: `prepare; exec tool …`.
    fn prepared(&self, prepare: &str, new: &Path) -> process::Command {
        let mut command = process::Command::new("sh");
        command.args(["-c", &format!("{prepare}; exec \"$0\" \"$@\"")]).arg(binary());
        command.args(["approvals", "set", "--file"]).arg(new).arg("--store").arg(self.store());
        command.env("HOME", self.root.path());
        command
    }

    fn text(&self) -> String {
        fs::read_to_string(self.store()).unwrap()
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.text()).unwrap()
    }

    /// The names in the store's directory.
    fn names(&self) -> Vec<String> {
        names(&self.path("host"))
    }

    /// Checks that the store has this text and mode 0600, and that no other file is beside it.
    #[track_caller]
    fn assert_holds_alone(&self, text: &str) {
        assert!(self.text() == text, "the store holds another text");
        assert_eq!(mode(&self.store()), 0o600);
        assert_eq!(self.names(), ["approvals.json"]);
    }

    /// Everything a command printed, for a snapshot.
    fn transcript(&self, command: &mut Command) -> String {
        let real = self.root.path().canonicalize().unwrap();
        let named = self.root.path().to_str().unwrap();
        transcript(command, &[(real.to_str().unwrap(), "[DIR]"), (named, "[DIR]")])
    }
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn hash(text: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(text))
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Identifies a file and its last write.
fn identity(path: &Path) -> (u64, i64, i64, i64, i64) {
    let found = fs::metadata(path).unwrap();
    (found.ino(), found.mtime(), found.mtime_nsec(), found.ctime(), found.ctime_nsec())
}

/// A document exactly as it is stored: `entries` of them, each with a pattern of `length` bytes.
fn document(tag: &str, entries: usize, length: usize) -> String {
    let entries: Vec<String> = (0..entries)
        .map(|number| {
            let pattern = format!("/opt/{tag}/{number}/").repeat(length / 8 + 1);
            let pattern = &pattern[..length];
            format!(
                "        {{\n          \"pattern\": \"{pattern}\",\n          \"id\": \"{tag}-{number}\"\n        }}"
            )
        })
        .collect();
    format!(
        "{{\n  \"version\": 1,\n  \"agents\": {{\n    \"main\": {{\n      \"allowlist\": [\n{}\n      ]\n    }}\n  }}\n}}\n",
        entries.join(",\n")
    )
}

/// A document that one run takes about 20 ms for. A debug build reads 1 MB/s, a release build over 100 MB/s.
fn large(tag: &str) -> String {
    if cfg!(debug_assertions) { document(tag, 8, 2_000) } else { document(tag, 1_000, 2_000) }
}

fn small(tag: &str) -> String {
    document(tag, 1, 20)
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[track_caller]
fn assert_exit(output: &Output, expected: i32) {
    assert_eq!(code(output), expected, "{}{}", String::from_utf8_lossy(&output.stdout), err(output));
}

/// Snapshots a transcript, with values that differ between runs replaced.
macro_rules! assert_transcript {
    ($name:literal, $transcript:expr) => {
        insta::with_settings!({
            filters => vec![
                (r"\b[0-9a-f]{64}\b", "[HASH]"),
                (r"\b[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\b", "[UUID]"),
            ],
            omit_expression => true,
        }, { insta::assert_snapshot!($name, $transcript) })
    };
}

/// Moments spread over a run. How long a run takes is learnt on the way, so that a busy machine does not move them
/// all to one end of it.
struct Moments {
    seed: u64,
    longest: f64,
}

impl Moments {
    fn over(run: Duration) -> Self {
        Self { seed: 0x9e37_79b9_7f4a_7c15, longest: run.as_secs_f64() }
    }

    /// Waits until the next moment.
    fn wait(&mut self) {
        // xorshift64: the same moments each time.
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        let share = f64::from(u32::try_from(self.seed >> 32).unwrap()) / f64::from(u32::MAX);
        let until = Instant::now() + Duration::from_secs_f64(self.longest * share);
        while let Some(left) = until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
            std::thread::park_timeout(left);
        }
    }

    /// Records whether the moment fell after the run's end. The scale is balanced if a fifth of the moments do.
    fn learn(&mut self, was_late: bool) {
        self.longest = (self.longest * if was_late { 0.98 } else { 1.005 }).clamp(0.000_5, 5.0);
    }
}

fn duration_of(command: &mut process::Command) -> Duration {
    let start = Instant::now();
    assert!(command.output().unwrap().status.success());
    start.elapsed()
}

// ---- Runs that end in the middle

#[test]
fn a_run_killed_at_any_moment_leaves_one_of_the_two_documents() {
    const KILLS: usize = 1_000;
    let texts = [large("a"), large("b")];
    let place = Place::holding(&texts[0]);
    let files = [place.new_document("a.json", &texts[0]), place.new_document("b.json", &texts[1])];
    let mut moments = Moments::over(duration_of(&mut place.spawnable(&files[1])));
    let mut held = 1;
    let mut temporaries: Vec<String> = Vec::new();
    let mut phases: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut kills, mut finished) = (0, 0);
    while kills < KILLS {
        let new = 1 - held;
        let mut child =
            place.spawnable(&files[new]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        moments.wait();
        child.kill().unwrap();
        let status = child.wait().unwrap();
        let text = place.text();
        assert!(texts.contains(&text), "neither the old nor the new document after {kills} kills");
        assert_eq!(mode(&place.store()), 0o600, "after {kills} kills");
        let left: Vec<String> = place.names().into_iter().filter(|name| name.contains("-new-")).collect();
        // Each run draws a new name, so a new name belongs to this run.
        let writing = left.iter().any(|name| !temporaries.contains(name));
        assert!(left.len() <= 1, "a run cleared nothing: {left:?}");
        temporaries = left;
        moments.learn(status.signal().is_none());
        if status.signal() == Some(9) {
            kills += 1;
            let phase = match (text == texts[new], writing) {
                (false, false) => "old, before writing",
                (false, true) => "old, while writing",
                (true, _) => "new",
            };
            *phases.entry(phase).or_default() += 1;
        } else {
            assert!(status.success(), "{status}");
            assert!(text == texts[new], "a run that ended well left the old document");
            finished += 1;
            assert!(finished < 10 * KILLS, "runs end before they are killed: {phases:?}");
        }
        held = usize::from(text == texts[1]);
    }
    eprintln!("{kills} kills: {phases:?}; {finished} runs ended before");
    assert_eq!(phases.len(), 3, "{phases:?}");
    assert!(phases.values().all(|&count| count >= 5), "{phases:?}");

    assert_exit(&place.spawnable(&files[1 - held]).output().unwrap(), 0);
    place.assert_holds_alone(&texts[1 - held]);
}

#[test]
fn what_a_killed_run_left_is_cleared_and_nothing_else() {
    let place = Place::holding(&small("a"));
    let litter = ["host/.approvals.json.clearance-new-Ab12.tmp", "host/.approvals.json.clearance-new-.tmp"];
    let others = [
        ".approvals.json.clearance-new-Ab12",
        ".approvals.json.clearance-old-Ab12.tmp",
        ".other.json.clearance-new-Ab12.tmp",
        "approvals.json.bak",
        "approvals.json.clearance-new-Ab12.tmp",
    ];
    for name in litter.iter().map(ToString::to_string).chain(others.map(|name| format!("host/{name}"))) {
        fs::write(place.path(&name), "anything").unwrap();
    }
    fs::write(place.lock(), "").unwrap();
    assert_exit(&place.set(small("b")).output().unwrap(), 0);
    let mut expected: Vec<String> = others.iter().map(ToString::to_string).collect();
    expected.push("approvals.json".to_owned());
    expected.sort();
    assert_eq!(place.names(), expected);
    assert_eq!(place.text(), small("b"));
}

#[test]
fn a_write_that_fails_in_the_middle_leaves_the_old_document() {
    let place = Place::holding(&small("a"));
    let new = place.new_document("new.json", document("b", 16, 4_000));
    // Blocks of 512 or 1,024 bytes: the limit is hit in the middle either way.
    let output = place.prepared("trap '' XFSZ; ulimit -f 8", &new).output().unwrap();
    assert_exit(&output, 7);
    assert!(err(&output).contains("File too large"), "{}", err(&output));
    assert!(
        err(&output).contains("next: the old document is unchanged: free some space"),
        "{}",
        err(&output)
    );
    place.assert_holds_alone(&small("a"));
}

#[test]
fn a_full_disk_leaves_the_old_document() {
    let possible = process::Command::new("unshare").args(["-rm", "true"]).output();
    if !possible.is_ok_and(|output| output.status.success()) {
        eprintln!(
            "unshare does not work here, so no disk can be filled; the file size limit stands in for it"
        );
        return;
    }
    let place = Place::empty();
    let old = place.new_document("old.json", document("a", 1, 30_000));
    let new = place.new_document("new.json", document("b", 1, 50_000));
    let script = r#"
        mount -t tmpfs -o size=64k,mode=0700 none "$1" || exit 99
        cp "$2" "$1/approvals.json" && chmod 600 "$1/approvals.json" || exit 98
        "$0" approvals set --file "$3" --store "$1/approvals.json"
        echo "exit $?"
        ls -A "$1"
        cmp "$2" "$1/approvals.json" && echo same"#;
    let output = process::Command::new("unshare")
        .args(["-rm", "sh", "-c", script])
        .args([binary(), place.path("host"), old, new])
        .env("HOME", place.root.path())
        .output()
        .unwrap();
    if output.status.code() == Some(99) {
        eprintln!("no tmpfs can be mounted here; the file size limit stands in for it");
        return;
    }
    assert_eq!(String::from_utf8_lossy(&output.stdout), "exit 7\napprovals.json\nsame\n", "{}", err(&output));
    assert!(err(&output).contains("No space left on device"), "{}", err(&output));
    assert!(
        err(&output).contains("next: the old document is unchanged: free some space"),
        "{}",
        err(&output)
    );
}

/// Runs the tool as a user whom the directory's mode binds, which root is not.
fn with_directory_mode(place: &Place, mode: u32, new: &Path) -> Output {
    let mut command = if is_root() {
        // Another user runs the tool, so that user owns every file that it needs.
        let tool = place.path("clearance");
        if fs::hard_link(binary(), &tool).is_err() {
            fs::copy(binary(), &tool).unwrap();
        }
        for path in [place.path("host"), place.store()] {
            chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
        }
        fs::set_permissions(place.root.path(), Permissions::from_mode(0o755)).unwrap();
        let mut command = process::Command::new(tool);
        command.uid(NOBODY).gid(NOBODY);
        command.args(["approvals", "set", "--file"]).arg(new).arg("--store").arg(place.store());
        command
    } else {
        place.spawnable(new)
    };
    fs::set_permissions(place.path("host"), Permissions::from_mode(mode)).unwrap();
    let output = command.env("HOME", place.root.path()).output().unwrap();
    // The directory must be readable again, and removable.
    fs::set_permissions(place.path("host"), Permissions::from_mode(0o700)).unwrap();
    output
}

#[test]
fn a_directory_that_cannot_be_written_is_reported() {
    let place = Place::holding(&small("a"));
    let new = place.new_document("new.json", small("b"));
    let output = with_directory_mode(&place, 0o500, &new);
    assert_exit(&output, 7);
    assert!(err(&output).contains("Permission denied"), "{}", err(&output));
    assert!(
        err(&output).contains("next: the old document is unchanged: make the directory"),
        "{}",
        err(&output)
    );
    place.assert_holds_alone(&small("a"));
}

// ---- Concurrent writers

/// Runs a writer for each of sixteen documents, all concurrently.
fn sixteen_writers(place: &Place, arguments: &[&str]) -> (Vec<String>, Vec<Output>) {
    let texts: Vec<String> = (0..16).map(|number| small(&format!("writer{number}"))).collect();
    let writers: Vec<_> = texts
        .iter()
        .enumerate()
        .map(|(number, text)| {
            let new = place.new_document(&format!("{number}.json"), text);
            place.spawnable(&new).args(arguments).args(["--timeout", "90s"]).spawn().unwrap()
        })
        .collect();
    let outputs = writers.into_iter().map(|writer| writer.wait_with_output().unwrap()).collect();
    (texts, outputs)
}

#[test]
fn of_sixteen_writers_with_one_base_hash_one_wins() {
    let place = Place::holding(&small("a"));
    let base = hash(&small("a"));
    let (texts, outputs) = sixteen_writers(&place, &["--base-hash", &base]);
    let winners: Vec<usize> = (0..16).filter(|&number| outputs[number].status.success()).collect();
    assert_eq!(winners.len(), 1, "{outputs:?}");
    for output in outputs.iter().filter(|output| !output.status.success()) {
        assert_exit(output, 6);
        assert!(err(output).contains(&format!("expected {base}")), "{}", err(output));
    }
    place.assert_holds_alone(&texts[winners[0]]);
}

#[test]
fn sixteen_writers_without_a_base_hash_queue() {
    let place = Place::holding(&small("a"));
    let (texts, outputs) = sixteen_writers(&place, &[]);
    for output in &outputs {
        assert_exit(output, 0);
    }
    let last = place.text();
    assert!(texts.contains(&last));
    place.assert_holds_alone(&last);
}

/// Runs the tool while another program writes as OpenClaw does: a temporary file, renamed over the store, no lock.
/// `old` is what the store holds before.
fn race(old: Option<&str>) {
    const ROUNDS: usize = 200;
    let (new, foreign) = (large("b"), large("foreign"));
    let place = Place::empty();
    let file = place.new_document("new.json", &new);
    let mut moments = Moments::over(duration_of(&mut place.spawnable(&file)));
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for _ in 0..ROUNDS {
        match old {
            Some(old) => fs::write(place.store(), old).unwrap(),
            None => fs::remove_file(place.store()).unwrap(),
        }
        fs::write(place.path("host/foreign"), &foreign).unwrap();
        let child = place.spawnable(&file).arg("--json").spawn().unwrap();
        moments.wait();
        fs::rename(place.path("host/foreign"), place.store()).unwrap();
        let output = child.wait_with_output().unwrap();
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        // The base text shows when the other program wrote.
        let (when, expected) = match (code(&output), report["baseHash"].as_str()) {
            (0, Some(base)) if base == hash(&foreign) => ("before it read", &new),
            (0, Some(base)) if base == hash(old.unwrap_or_default()) => ("after it wrote", &foreign),
            (6, None) => ("in between", &foreign),
            other => panic!("{other:?} {report} {}", err(&output)),
        };
        assert!(place.text() == *expected, "a document was lost that was written {when}");
        assert_eq!(place.names(), ["approvals.json"], "written {when}");
        *seen.entry(when).or_default() += 1;
        moments.learn(when == "after it wrote");
    }
    eprintln!("written {seen:?}");
    assert_eq!(seen.len(), 3, "{seen:?}");
}

#[test]
fn a_write_without_the_lock_is_never_lost() {
    race(Some(&large("a")));
}

#[test]
fn a_first_write_without_the_lock_is_never_lost() {
    race(None);
}

#[test]
fn a_base_hash_of_an_older_text_is_a_conflict() {
    let place = Place::holding(&small("now"));
    let before = identity(&place.store());
    let old = hash(&small("older"));
    assert_transcript!(
        "set_conflict",
        place.transcript(place.set(small("b")).args(["--base-hash", &old, "--json"]))
    );
    let dry = place.set(small("b")).args(["--base-hash", &old, "--dry-run"]).output().unwrap();
    assert_exit(&dry, 6);
    assert_eq!(identity(&place.store()), before);
    place.assert_holds_alone(&small("now"));
    // Upper and lower case hex are the same hash.
    let now = hash(&small("now")).to_uppercase();
    assert_exit(&place.set(small("b")).args(["--base-hash", &now]).output().unwrap(), 0);
    place.assert_holds_alone(&small("b"));
}

#[test]
fn the_base_hash_of_a_store_without_a_document_is_that_of_no_text() {
    let place = Place::empty();
    assert_exit(&place.set(small("a")).args(["--base-hash", &hash("x")]).output().unwrap(), 6);
    assert_eq!(place.names(), [""; 0]);
    assert_exit(&place.set(small("a")).args(["--base-hash", &hash("")]).output().unwrap(), 0);
    place.assert_holds_alone(&small("a"));
}

#[test]
fn a_lock_that_a_living_process_holds_is_waited_for_until_the_deadline() {
    let place = Place::holding(&small("a"));
    let lock = File::create(place.lock()).unwrap();
    lock.lock().unwrap();
    // The input is a file, so the run waits only for the lock.
    let new = place.new_document("new.json", small("b"));
    let mut command = clearance(place.root.path());
    command
        .args(["approvals", "set", "--timeout", "300ms", "--file"])
        .arg(new)
        .arg("--store")
        .arg(place.store());
    assert_transcript!("set_locked", place.transcript(&mut command));
    assert_eq!(place.text(), small("a"));
    assert_eq!(place.names(), [".approvals.json.clearance-lock", "approvals.json"]);
    // A plan needs no lock.
    assert_exit(&place.set(small("b")).arg("--dry-run").output().unwrap(), 0);
    drop(lock);
    assert_exit(&place.set(small("b")).output().unwrap(), 0);
    place.assert_holds_alone(&small("b"));
}

// ---- Where the store is

#[test]
fn a_store_of_another_user_is_not_changed() {
    let place = Place::holding(&small("a"));
    let (store, owner) = if is_root() {
        chown(place.store(), Some(12_345), Some(12_345)).unwrap();
        (place.store(), 12_345)
    } else {
        (PathBuf::from("/etc/hostname"), 0)
    };
    let before = identity(&store);
    let output = place.set_on(&store, small("b")).output().unwrap();
    assert_exit(&output, 7);
    assert!(err(&output).contains(&format!("belongs to user {owner}, and you are user")), "{}", err(&output));
    assert!(
        err(&output).contains(&format!("next: run as that user: sudo -u '#{owner}'")),
        "{}",
        err(&output)
    );
    assert_eq!(identity(&store), before);
    assert_eq!(place.names(), ["approvals.json"]);
}

#[test]
fn root_makes_no_store_in_the_directory_of_another_user() {
    if !is_root() {
        eprintln!("not root here: nothing to see");
        return;
    }
    let place = Place::empty();
    chown(place.path("host"), Some(12_345), Some(12_345)).unwrap();
    let output = place.set(small("a")).output().unwrap();
    assert_exit(&output, 7);
    assert!(err(&output).contains("belongs to user 12345"), "{}", err(&output));
    assert_eq!(place.names(), [""; 0]);
}

#[test]
fn links_are_written_through() {
    for link_to in ["absolute", "host/../host/approvals.json", "second"] {
        let place = Place::holding(&small("a"));
        let link = place.path("link.json");
        match link_to {
            "absolute" => symlink(place.store(), &link).unwrap(),
            "second" => {
                symlink("host/approvals.json", place.path("second")).unwrap();
                symlink("second", &link).unwrap();
            }
            relative => symlink(relative, &link).unwrap(),
        }
        let output = place.set_on(&link, small("b")).output().unwrap();
        assert_exit(&output, 0);
        assert!(link.is_symlink(), "{link_to}");
        place.assert_holds_alone(&small("b"));
        // No lock and no temporary file beside the link either.
        assert!(names(place.root.path()).iter().all(|name| !name.contains("clearance")), "{link_to}");
    }
}

#[test]
fn a_link_to_a_file_that_is_not_there_makes_the_file() {
    let place = Place::empty();
    let link = place.path("link.json");
    symlink("host/approvals.json", &link).unwrap();
    assert_exit(&place.set_on(&link, small("a")).output().unwrap(), 0);
    assert!(link.is_symlink());
    place.assert_holds_alone(&small("a"));
}

#[test]
fn a_link_to_the_directory_is_followed() {
    let place = Place::holding(&small("a"));
    symlink("host", place.path("link")).unwrap();
    assert_exit(&place.set_on(&place.path("link/approvals.json"), small("b")).output().unwrap(), 0);
    assert!(place.path("link").is_symlink());
    place.assert_holds_alone(&small("b"));
}

#[test]
fn links_that_go_in_a_circle_are_an_error() {
    let place = Place::empty();
    symlink("two", place.path("one")).unwrap();
    symlink("one", place.path("two")).unwrap();
    assert_exit(&place.set_on(&place.path("one"), small("a")).output().unwrap(), 7);
    assert_eq!(names(place.root.path()), ["host", "one", "two"]);
}

#[test]
fn a_store_whose_directory_is_missing_is_not_made() {
    let place = Place::empty();
    let store = place.path("nowhere/approvals.json");
    assert_transcript!("set_no_directory", place.transcript(&mut place.set_on(&store, small("a"))));
    assert_eq!(names(place.root.path()), ["host"]);
}

#[test]
fn a_store_that_is_a_directory_is_an_error() {
    let place = Place::empty();
    assert_exit(&place.set_on(&place.path("host"), small("a")).output().unwrap(), 7);
    assert_eq!(names(place.root.path()), ["host"]);
}

#[test]
fn without_a_store_it_is_this_hosts_own() {
    let place = Place::empty();
    let set = || {
        let mut command = clearance(&place.path("host"));
        command.args(["approvals", "set", "--stdin"]).write_stdin(small("a"));
        command
    };
    let output = set().output().unwrap();
    assert_exit(&output, 7);
    assert!(err(&output).contains("mkdir -m 700"), "{}", err(&output));
    fs::create_dir(place.path("host/.openclaw")).unwrap();
    assert_exit(&set().output().unwrap(), 0);
    assert_eq!(fs::read_to_string(place.path("host/.openclaw/exec-approvals.json")).unwrap(), small("a"));
    assert_eq!(names(&place.path("host/.openclaw")), ["exec-approvals.json"]);

    let place = Place::empty();
    fs::create_dir(place.path("host/other")).unwrap();
    let set = |arguments: &[&str]| {
        let mut command = clearance(&place.path("host"));
        command.env("OPENCLAW_STATE_DIR", "~/other").args(["approvals", "set", "--stdin"]).args(arguments);
        command.write_stdin(small("a")).output().unwrap()
    };
    // A release that ignores the variable would never see it.
    for arguments in [&[][..], &["--dry-run"]] {
        let output = set(arguments);
        assert_exit(&output, 7);
        assert!(err(&output).contains("--store PATH"), "{}", err(&output));
    }
    fs::write(place.path("host/other/exec-approvals.json"), small("b")).unwrap();
    assert_exit(&set(&[]), 0);
    assert_eq!(fs::read_to_string(place.path("host/other/exec-approvals.json")).unwrap(), small("a"));
    // The second is the directory of the kept versions.
    assert_eq!(place.names(), [".local", "other"]);
    assert_eq!(names(&place.path("host/other")), ["exec-approvals.json"]);
}

#[test]
fn without_a_home_the_store_must_be_named() {
    let place = Place::empty();
    let mut command = clearance(place.root.path());
    command.env_remove("HOME").args(["approvals", "set", "--stdin"]).write_stdin(small("a"));
    let output = command.output().unwrap();
    assert_exit(&output, 7);
    assert!(err(&output).contains("--store PATH"), "{}", err(&output));
}

#[test]
fn a_host_with_a_broken_database_gets_no_json_file() {
    let place = Place::empty();
    fs::create_dir_all(place.path("host/.openclaw/state")).unwrap();
    let mut header = b"SQLite format 3\0".to_vec();
    header.resize(60, 0);
    header.extend(18_u32.to_be_bytes());
    header.resize(4_096, 0);
    fs::write(place.path("host/.openclaw/state/openclaw.sqlite"), header).unwrap();
    let local = || {
        let mut command = clearance(&place.path("host"));
        command.args(["approvals", "set", "--stdin"]).write_stdin(small("a"));
        command
    };
    assert_transcript!("set_database", place.transcript(&mut local()));
    assert_exit(&local().arg("--dry-run").output().unwrap(), 7);
    // The same holds if the file is named, or a link to it.
    let json = place.path("host/.openclaw/exec-approvals.json");
    symlink("host/.openclaw/exec-approvals.json", place.path("link")).unwrap();
    for store in [&json, &place.path("link")] {
        let output = place.set_on(store, small("a")).output().unwrap();
        assert_exit(&output, 7);
        assert!(err(&output).contains("openclaw.sqlite"), "{}", err(&output));
    }
    assert_eq!(names(&place.path("host/.openclaw")), ["state"]);
}

// ---- What is stored

#[test]
fn the_store_keeps_its_socket_and_nobody_sees_the_token() {
    let stored = json!({"version": 1, "socket": {"path": "/run/old.sock", "token": TOKEN}});
    let place = Place::holding(&stored.to_string());
    let new = r#"{"version": 1, "defaults": {"security": "deny"}}"#;
    let hidden = |command: &mut Command, expected| {
        let output = command.output().unwrap();
        assert_exit(&output, expected);
        let printed = [output.stdout, output.stderr].concat();
        let printed = String::from_utf8(printed).unwrap();
        assert!(!printed.contains(TOKEN), "{printed}");
        printed
    };
    hidden(place.set(new).arg("--dry-run"), 0);
    hidden(place.set(new).args(["--dry-run", "--json"]), 0);
    hidden(&mut place.set(new), 0);
    let socket = json!({"path": "/run/old.sock", "token": TOKEN});
    assert_eq!(place.json()["socket"], socket);
    hidden(place.set(r#"{"version": 1}"#).arg("--json"), 0);
    assert_eq!(place.json(), json!({"version": 1, "socket": socket}));

    // A new path keeps the token. A given token replaces it.
    hidden(&mut place.set(r#"{"version": 1, "socket": {"path": "/run/new.sock"}}"#), 0);
    assert_eq!(place.json()["socket"], json!({"path": "/run/new.sock", "token": TOKEN}));
    let printed = hidden(place.set(r#"{"version": 1, "socket": {"token": "hunter2-new"}}"#).arg("--json"), 0);
    assert!(printed.contains("/socket/token"), "{printed}");
    assert_eq!(place.json()["socket"], json!({"path": "/run/new.sock", "token": "hunter2-new"}));

    // Errors that quote the line with the token.
    for wrong in [
        r#"{"version": 1, "socket": {"token": "hunter2"}, "wrong": 1}"#,
        r#"{"version": 1, "socket": {"token": "hunter2", "tokn": "hunter2"}}"#,
        r#"{"version": 1, "socket": {"token": ["hunter2"]}}"#,
        r#"{"version": 1, "socket": "hunter2"}"#,
        r#"{"version": 1, "socket": {"token": "hunter2", "token": "hunter2"}}"#,
        r#"{"version": 1, "socket": {"token": "hunter2"}"#,
        r#"{"version": 1, "socket": {"token": "hunter2"#,
        "{version: 1, socket: {token: 'hunter2'} wrong}",
    ] {
        hidden(&mut place.set(wrong), 1);
        hidden(place.set(wrong).arg("--json"), 1);
        hidden(place.set(wrong).arg("--allow-legacy"), 1);
        let place = Place::holding(wrong);
        // The stored text may be replaced or kept. It is not shown.
        for extra in [&["--json"][..], &["--json", "--dry-run"], &["--dry-run"], &[]] {
            let output = place.set(new).args(extra).output().unwrap();
            let printed = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
            assert!(!printed.contains(TOKEN), "{wrong}\n{printed}");
        }
    }
}

#[test]
fn what_get_printed_can_be_set_again() {
    let stored = json!({
        "version": 1,
        "socket": {"path": "/run/old.sock", "token": TOKEN},
        "agents": {"main": {"allowlist": [{"pattern": "/bin/ls", "id": "1"}]}},
    });
    let place = Place::holding(&stored.to_string());
    let before = identity(&place.store());
    let got = clearance(place.root.path())
        .args(["approvals", "get", "--json", "--store"])
        .arg(place.store())
        .output()
        .unwrap();
    assert_exit(&got, 0);
    assert!(!String::from_utf8_lossy(&got.stdout).contains(TOKEN));
    let got: Value = serde_json::from_slice(&got.stdout).unwrap();
    let set = place
        .set(got["file"].to_string())
        .args(["--json", "--base-hash", got["hash"].as_str().unwrap()])
        .output()
        .unwrap();
    assert_exit(&set, 0);
    let report: Value = serde_json::from_slice(&set.stdout).unwrap();
    assert_eq!(report["outcome"], "unchanged");
    assert_eq!(identity(&place.store()), before);
    assert_eq!(place.json(), stored);
}

#[test]
fn entries_get_ids_and_keep_them() {
    let place = Place::empty();
    let new = r#"{"version": 1, "agents": {"main": {"allowlist": [{"pattern": "/bin/ls"}, {"pattern": "/bin/cat", "id": "own"}]}}}"#;
    assert_transcript!("set_stored_json", place.transcript(place.set(new).arg("--json")));
    let ids = |place: &Place| -> Vec<String> {
        let list = place.json()["agents"]["main"]["allowlist"].clone();
        list.as_array().unwrap().iter().map(|entry| entry["id"].as_str().unwrap().to_owned()).collect()
    };
    let first = ids(&place);
    assert_eq!(uuid::Uuid::parse_str(&first[0]).unwrap().get_version_num(), 4);
    assert_eq!(first[1], "own");

    let before = identity(&place.store());
    assert_transcript!("set_unchanged_json", place.transcript(place.set(new).arg("--json")));
    assert_transcript!("set_unchanged", place.transcript(&mut place.set(new)));
    assert_eq!(identity(&place.store()), before);
    assert_eq!(place.names(), ["approvals.json"]);

    let more = r#"{"version": 1, "agents": {"main": {"allowlist": [{"pattern": "/bin/date"}, {"pattern": "/bin/cat"}, {"pattern": "/bin/ls"}]}}}"#;
    assert_transcript!("set_stored", place.transcript(&mut place.set(more)));
    let second = ids(&place);
    assert_eq!(second[1..], ["own".to_owned(), first[0].clone()]);
    assert!(!first.contains(&second[0]));
}

#[test]
fn the_store_is_for_its_owner_alone() {
    let place = Place::holding(&small("a"));
    fs::set_permissions(place.store(), Permissions::from_mode(0o644)).unwrap();
    assert_exit(&place.set(small("b")).output().unwrap(), 0);
    place.assert_holds_alone(&small("b"));

    for umask in ["0", "0777"] {
        let place = Place::empty();
        let new = place.new_document("new.json", small("a"));
        assert_exit(&place.prepared(&format!("umask {umask}"), &new).output().unwrap(), 0);
        place.assert_holds_alone(&small("a"));
    }
}

#[test]
fn a_dry_run_changes_nothing() {
    let place = Place::holding(r#"{"version": 1, "defaults": {"security": "full"}}"#);
    let directory = identity(&place.path("host"));
    let before = identity(&place.store());
    let new = r#"{"version": 1, "defaults": {"security": "deny"}, "agents": {"main": {"allowlist": [{"pattern": "/bin/ls\u001b[2J"}]}}}"#;
    assert_transcript!("set_planned", place.transcript(place.set(new).arg("--dry-run")));
    assert_transcript!("set_planned_json", place.transcript(place.set(new).args(["--dry-run", "--json"])));
    assert_eq!(identity(&place.store()), before);
    // Even a temporary file would change the time of its directory.
    assert_eq!(identity(&place.path("host")), directory);

    let place = Place::empty();
    let output = place.set(new).args(["--dry-run", "--json"]).output().unwrap();
    assert_exit(&output, 0);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["existed"], &report["outcome"]), (&json!(false), &json!("planned")));
    assert_eq!(place.names(), [""; 0]);
}

#[test]
fn the_reported_hash_is_that_of_the_stored_text() {
    let place = Place::holding(&small("a"));
    let output = place.set(small("b")).arg("--json").output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["baseHash"], hash(&small("a")));
    assert_eq!(report["hash"], hash(&place.text()));
}

// ---- What is not stored

#[test]
fn the_input_is_json5_from_a_file_or_a_stream() {
    let json5 = "// ours\n{version: 1, defaults: {security: 'deny',}, agents: {main: {}}}";
    let stored = "{\n  \"version\": 1,\n  \"defaults\": {\n    \"security\": \"deny\"\n  },\n  \"agents\": {\n    \"main\": {}\n  }\n}\n";
    let place = Place::empty();
    assert_exit(&place.set(json5).output().unwrap(), 0);
    place.assert_holds_alone(stored);

    let place = Place::empty();
    let file = place.new_document("new.json5", json5);
    assert_exit(&place.spawnable(&file).output().unwrap(), 0);
    place.assert_holds_alone(stored);

    let place = Place::empty();
    let mut command = clearance(place.root.path());
    command.args(["approvals", "set", "--file", "-", "--store"]).arg(place.store());
    assert_exit(&command.write_stdin(json5).output().unwrap(), 0);
    place.assert_holds_alone(stored);
}

#[test]
fn an_invalid_document_is_not_stored() {
    let place = Place::holding(&small("a"));
    let directory = identity(&place.path("host"));
    let wrong = r#"{
  "version": 1,
  "defaults": {"security": "alowlist"},
  "agents": {"main": {"allowlist": [{"pattern": ""}]}}
}"#;
    assert_transcript!("set_invalid", place.transcript(&mut place.set(wrong)));
    let output = place.set(wrong).arg("--json").output().unwrap();
    assert_exit(&output, 1);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["error"]["exit"], 1);
    assert_eq!(report["error"]["problems"].as_array().unwrap().len(), 2, "{report}");
    assert_eq!(identity(&place.path("host")), directory);
    place.assert_holds_alone(&small("a"));
}

#[test]
fn legacy_forms_are_refused_or_rewritten() {
    let legacy = r#"{"version": 1, "agents": {"default": {"allowlist": [
  "/bin/ls",
  {"pattern": "/bin/cat", "id": "1", "lastUsedAt": null}
]}}}"#;
    let place = Place::empty();
    assert_transcript!("set_legacy_refused", place.transcript(&mut place.set(legacy)));
    assert_eq!(place.names(), [""; 0]);
    assert_exit(&place.set(legacy).arg("--allow-legacy").output().unwrap(), 0);
    let stored = place.json();
    let list = &stored["agents"]["main"]["allowlist"];
    assert_eq!(stored["agents"].as_object().unwrap().len(), 1);
    assert_eq!(list[0]["pattern"], "/bin/ls");
    assert!(list[0]["id"].is_string());
    assert_eq!(list[1], json!({"pattern": "/bin/cat", "id": "1"}));
}

#[test]
fn exactly_one_input_is_named() {
    let place = Place::holding(&small("a"));
    for input in [&[][..], &["--stdin", "--file", "-"], &["--stdin", "--file", "new.json"]] {
        let mut command = clearance(place.root.path());
        command.args(["approvals", "set", "--json", "--store"]).arg(place.store()).args(input);
        let output = command.write_stdin(small("b")).output().unwrap();
        assert_exit(&output, 2);
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["error"]["exit"], 2);
    }
    place.assert_holds_alone(&small("a"));
}

#[test]
fn a_missing_input_is_reported() {
    let place = Place::holding(&small("a"));
    let output = place.spawnable(&place.path("missing.json")).output().unwrap();
    assert_exit(&output, 7);
    assert!(err(&output).contains("missing.json does not exist"), "{}", err(&output));
    place.assert_holds_alone(&small("a"));
}

#[test]
fn a_store_that_cannot_be_read_is_not_replaced() {
    for broken in ["{\"version\": 1,", "", "{version: 1}", "\u{feff}{\"version\": 1}", "[1, 2"] {
        let place = Place::holding(broken);
        let before = identity(&place.store());
        let output = place.set(small("a")).output().unwrap();
        assert_exit(&output, 7);
        assert!(err(&output).contains("next: fix it at the place shown"), "{}", err(&output));
        assert_eq!(identity(&place.store()), before);
        place.assert_holds_alone(broken);
    }
    let place = Place::holding("{\"version\": 1,");
    assert_transcript!("set_unreadable_store", place.transcript(&mut place.set(small("a"))));

    let place = Place::holding(r#"{"version": 1, "socket": {"path": "/run/s", "tokn": "hunter2"}}"#);
    let output = place.set(small("a")).output().unwrap();
    assert_exit(&output, 7);
    assert!(err(&output).contains("`socket` block"), "{}", err(&output));
    assert_eq!(place.names(), ["approvals.json"]);
}

#[test]
fn a_store_that_is_not_valid_can_be_replaced() {
    let place = Place::holding(r#"{"version": 1, "defaults": {"security": "alowlist"}, "gone": true}"#);
    assert_transcript!("set_fixed", place.transcript(&mut place.set(small("a"))));
    place.assert_holds_alone(&small("a"));
}

// ---- Known defects: to be run again without `ignore` once they are fixed

#[test]
fn a_lock_file_that_is_a_link_is_no_hang() {
    let place = Place::holding(&small("a"));
    symlink("elsewhere", place.lock()).unwrap();
    let mut command = place.set(small("b"));
    let output = command.args(["--timeout", "300ms"]).timeout(Duration::from_secs(10)).output().unwrap();
    assert!(matches!(output.status.code(), Some(0 | 4 | 7)), "{}", output.status);
    assert!(!place.path("host/elsewhere").exists());
}

#[test]
fn a_lock_file_that_is_a_pipe_is_no_hang() {
    let place = Place::holding(&small("a"));
    assert!(process::Command::new("mkfifo").arg(place.lock()).status().unwrap().success());
    let mut command = place.set(small("b"));
    let output = command.args(["--timeout", "300ms"]).timeout(Duration::from_secs(10)).output().unwrap();
    assert!(matches!(output.status.code(), Some(0 | 4 | 7)), "{}", output.status);
    assert_eq!(place.text(), small("a"));
}

#[test]
fn the_token_of_a_misspelt_block_is_not_printed() {
    for stored in [
        r#"{"version": 1, "sokcet": {"token": "hunter2"}}"#,
        r#"{"version": 1, "token": "hunter2"}"#,
        r#"{"version": 1, "defaults": {"socketToken": "hunter2"}, "agents": {"main": {"token": "hunter2"}}}"#,
        r#"{"version": 1, "agents": {"main": {"allowlist": [{"pattern": "/a", "token": "hunter2"}]}}}"#,
    ] {
        for arguments in [&["--dry-run"][..], &["--dry-run", "--json"], &["--json"]] {
            let output = Place::holding(stored).set(small("a")).args(arguments).output().unwrap();
            assert_exit(&output, 0);
            let printed = String::from_utf8(output.stdout).unwrap();
            assert!(!printed.contains(TOKEN), "{stored}\n{printed}");
        }
    }
}

#[test]
fn a_dry_run_is_refused_where_the_run_would_be() {
    let place = Place::empty();
    let nowhere = place.path("nowhere/approvals.json");
    assert_exit(&place.set_on(&nowhere, small("a")).arg("--dry-run").output().unwrap(), 7);
    fs::create_dir(place.path("host/state")).unwrap();
    fs::write(place.path("host/state/openclaw.sqlite"), "not the empty one of 2026.6").unwrap();
    let ruled = place.path("host/exec-approvals.json");
    assert_exit(&place.set_on(&ruled, small("a")).arg("--dry-run").output().unwrap(), 7);
    if is_root() {
        let place = Place::holding(&small("a"));
        chown(place.store(), Some(12_345), Some(12_345)).unwrap();
        assert_exit(&place.set(small("b")).arg("--dry-run").output().unwrap(), 7);
    }
}

#[test]
fn an_unchanged_store_is_for_its_owner_alone_too() {
    let place = Place::holding(&small("a"));
    fs::set_permissions(place.store(), Permissions::from_mode(0o644)).unwrap();
    assert_exit(&place.set(small("a")).output().unwrap(), 0);
    place.assert_holds_alone(&small("a"));
}

#[test]
fn the_error_names_the_store_that_cannot_be_read() {
    let place = Place::holding("{\"version\": 1,");
    let output = place.set(small("a")).output().unwrap();
    assert!(err(&output).contains("host/approvals.json"), "{}", err(&output));
}

#[test]
fn an_error_says_which_document_is_stored() {
    let place = Place::holding(&small("a"));
    let new = place.new_document("new.json", small("b"));
    // The directory can be written but not opened, so the flush after the exchange fails.
    let output = with_directory_mode(&place, 0o300, &new);
    let says_old = err(&output).contains("the old document is unchanged");
    assert_eq!(says_old, place.text() == small("a"), "{}", err(&output));
}
