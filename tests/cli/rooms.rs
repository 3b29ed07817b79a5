//! Imports run one way: the rooms of `src/` and the rooms each may use.

use std::path::Path;

/// A room and what it may import. `lib.rs` and `main.rs` may import everything.
const ROOMS: [(&str, &[&str]); 13] = [
    ("approvals", &[]),
    ("cli", &[]),
    (
        "commands",
        &["approvals", "deadline", "embedded", "gateway", "outcome", "queue", "report", "settings", "store"],
    ),
    ("deadline", &[]),
    (
        "dispatch",
        &[
            "Streams",
            "approvals",
            "cli",
            "commands",
            "deadline",
            "outcome",
            "output",
            "queue",
            "settings",
            "store",
            "embedded",
        ],
    ),
    ("embedded", &["approvals", "deadline"]),
    ("gateway", &["deadline", "store"]),
    ("outcome", &["queue"]),
    ("output", &["approvals", "queue", "report"]),
    ("queue", &[]),
    ("report", &["outcome"]),
    ("settings", &["approvals", "deadline", "gateway", "store"]),
    ("store", &["approvals", "deadline"]),
];

/// What the pure rooms may not touch: they do no I/O, read no clock, start nothing.
const IMPURE: [&str; 8] = [
    "std::fs",
    "std::env",
    "std::net",
    "std::process",
    "std::thread",
    "std::time::Instant",
    "std::time::SystemTime",
    "std::io::std",
];

fn sources(path: &Path, found: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(path).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap();
            found.push((name.to_str().unwrap().to_owned(), std::fs::read_to_string(&path).unwrap()));
        }
    }
}

fn all() -> Vec<(String, String)> {
    let mut found = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    found
}

fn room(file: &str) -> &str {
    file.split('/').next().unwrap().trim_end_matches(".rs")
}

/// The rooms that a source names by `crate::room`, in `use` lines and in paths.
fn imported(source: &str) -> impl Iterator<Item = &str> {
    source.match_indices("crate::").map(|(at, _)| {
        let rest = &source[at + "crate::".len()..];
        rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap()
    })
}

#[test]
fn imports_run_one_way() {
    let mut wrong = Vec::new();
    for (file, source) in all() {
        let own = room(&file);
        if own == "lib" || own == "main" {
            continue;
        }
        let (_, allowed) = ROOMS
            .iter()
            .find(|(name, _)| *name == own)
            .unwrap_or_else(|| panic!("{file}: a room without rules"));
        let strange: Vec<&str> =
            imported(&source).filter(|name| *name != own && !allowed.contains(name)).collect();
        if !strange.is_empty() {
            wrong.push(format!("{file} imports {strange:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn rules_name_rooms_that_exist() {
    let files = all();
    // What `lib.rs` itself has for those it calls.
    let own = ["Streams", "explain", "failure", "remote"];
    for (name, allowed) in ROOMS {
        for named in allowed.iter().chain([&name]).filter(|named| !own.contains(named)) {
            assert!(files.iter().any(|(file, _)| room(file) == *named), "there is no room {named}");
        }
    }
}

#[test]
fn pure_rooms_touch_nothing() {
    for (file, source) in
        all().into_iter().filter(|(file, _)| ["approvals", "queue", "report"].contains(&room(file)))
    {
        let rules = source.split("#[cfg(test)]").next().unwrap();
        for impure in IMPURE {
            assert!(!rules.contains(impure), "{file} uses {impure}");
        }
    }
}

#[test]
fn main_is_thin() {
    let (_, main) = all().into_iter().find(|(file, _)| file == "main.rs").unwrap();
    assert!(main.lines().count() <= 20, "main.rs has {} lines", main.lines().count());
}
