//! A small host for the tests of the rules.

use std::cell::{Cell, RefCell};

use serde_json::json;

use super::configuration::Setup;
use super::profile::Profile;
use super::question::{Entry, EntryId};
use super::resolve::{Hypothesis, Lookup, World};
use super::table::Table;

/// Runs a test on a host with a few programs, some of them behind links. The working directory is `/work`.
pub(super) fn with_lookup<R>(profile: Profile, test: impl FnOnce(&Lookup<'_>) -> R) -> R {
    with_world(profile, Hypothesis::Nothing, "/usr/bin:/bin", true, test)
}

/// As [`with_lookup`], with a hypothesis, a `PATH`, and perhaps further programs that nobody knows of.
pub(super) fn with_world<R>(
    profile: Profile,
    hypothesis: Hypothesis,
    path: &str,
    complete: bool,
    test: impl FnOnce(&Lookup<'_>) -> R,
) -> R {
    let table: Table = serde_json::from_value(json!({
        "programs": [
            "/usr/bin/git", "/usr/bin/ls", "/usr/bin/python3.11", "/usr/bin/bash", "/usr/bin/head", "/usr/bin/busybox",
            "/work/run.sh", "/work/tool", "/home/ann/bin/own", "/opt/odd/a b",
        ],
        "files": ["/usr/bin/plain"],
        "links": {"/bin": "/usr/bin", "/usr/bin/python3": "python3.11", "/work/link.sh": "run.sh"},
        "directories": ["/usr/bin/directory"],
        "complete": complete,
    }))
    .unwrap();
    let host = table.host("/work");
    let setup = Setup { path: path.to_owned(), safe_bins: vec!["head".into()].into(), ..Setup::default() };
    let world = World { host: &host, hypothesis, unknown: RefCell::default(), failed: Cell::default() };
    test(&Lookup { profile, world: &world, setup: &setup, directory: "/work", home: "/home/ann" })
}

/// The words of a command; an underscore becomes a blank.
pub(super) fn owned(command: &str) -> Vec<String> {
    command.split(' ').map(|word| word.replace('_', " ")).collect()
}

/// An entry with this pattern, which is its own id.
pub(super) fn entry(pattern: &str, arg_pattern: Option<&str>) -> Entry {
    Entry {
        id: EntryId { scope: "main".to_owned(), index: 0, stored: (pattern.to_owned(), 0) },
        pattern: pattern.to_owned(),
        arg_pattern: arg_pattern.map(str::to_owned),
        odd_arguments: None,
        unread_arguments: None,
        allow_always: false,
    }
}
