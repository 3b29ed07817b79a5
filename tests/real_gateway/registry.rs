//! npm packages for the tests, each installed once into a cache outside the checkout.
//!
//! A full install of `openclaw` takes a minute, and the tests of one binary run in parallel, so each install holds a
//! lock and is marked when it is complete; an incomplete install is deleted.

use std::env;
use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The engine of current gateways. The npm package of that name contains the binary.
const NODE: &str = "24";

/// The `node_modules` directory with this version of a package and its dependencies.
pub(crate) fn package(name: &str, version: &str) -> PathBuf {
    // Installed before the lock below is taken: an install script of a package may need it.
    let path = (name != "node").then(|| path_with(&node()));
    let installs = cache().join("npm");
    let directory = installs.join(safe(&format!("{name}@{version}")));
    let complete = directory.join(".complete");
    fs::create_dir_all(&installs).expect("the cache can be made");
    let lock = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(directory.with_added_extension("lock"))
        .expect("the lock file opens");
    lock.lock().expect("the lock is had");
    if !complete.exists() {
        if directory.exists() {
            fs::remove_dir_all(&directory).expect("an incomplete install goes");
        }
        fs::create_dir_all(&directory).expect("the cache can be made");
        install(&directory, name, version, path);
        fs::write(&complete, "").expect("the install is marked");
    }
    directory.join("node_modules")
}

/// Node 24, as an executable.
pub(crate) fn node() -> PathBuf {
    package("node", NODE).join("node").join("bin").join("node")
}

/// `PATH` with the directory of an executable first.
pub(crate) fn path_with(executable: &Path) -> OsString {
    let first = executable.parent().expect("an executable lies in a directory").to_owned();
    let rest = env::var_os("PATH").unwrap_or_default();
    env::join_paths(std::iter::once(first).chain(env::split_paths(&rest))).expect("a path without a colon")
}

fn install(directory: &Path, name: &str, version: &str, path: Option<OsString>) {
    let manifest = serde_json::json!({
        "private": true,
        "dependencies": { name: version },
        // openclaw 2026.4.14 gets libsignal through a git address; the registry has the same library.
        "overrides": { "libsignal": "npm:libsignal@^2.0.1" },
    });
    fs::write(directory.join("package.json"), manifest.to_string()).expect("the manifest is written");
    let mut npm = Command::new("npm");
    npm.args(["install", "--no-audit", "--no-fund", "--silent"]).current_dir(directory);
    if let Some(path) = path {
        npm.env("PATH", path);
    }
    let output = npm.output().expect("npm starts");
    assert!(
        output.status.success(),
        "npm install {name}@{version}: {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

fn cache() -> PathBuf {
    let set = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("CLEARANCE_CACHE")
        .or_else(|| set("XDG_CACHE_HOME").map(|cache| cache.join("clearance")))
        .or_else(|| set("HOME").map(|home| home.join(".cache").join("clearance")))
        .expect("one of CLEARANCE_CACHE, XDG_CACHE_HOME and HOME is set")
}

/// A package's name as one component of a path.
fn safe(name: &str) -> String {
    name.trim_start_matches('@').replace('/', "+")
}

/// Installs what the other tests need, several packages at a time. `.ci/run` runs these first, so that nothing is installed
/// beside a test with a deadline.
mod installs {
    use std::fs;

    use serde_json::Value;

    /// That the package has this version, installed now if it is not there.
    #[track_caller]
    fn installed(name: &str, version: &str) {
        let manifest = super::package(name, version).join(name).join("package.json");
        let manifest = fs::read_to_string(manifest).expect("the package has a manifest");
        let manifest: Value = serde_json::from_str(&manifest).expect("a manifest is JSON");
        assert_eq!(manifest["version"], version, "{name}");
    }

    #[test]
    fn openclaw_2026_4_14() {
        installed("openclaw", "2026.4.14");
    }

    #[test]
    fn openclaw_2026_6_11() {
        installed("openclaw", "2026.6.11");
    }

    #[test]
    fn openclaw_2026_7_1() {
        installed("openclaw", "2026.7.1");
    }

    #[test]
    fn openclaw_2026_9_6() {
        installed("openclaw", "2026.9.6");
    }

    #[test]
    fn the_published_contract() {
        installed("@openclaw/gateway-protocol", "2026.9.1");
    }
}
