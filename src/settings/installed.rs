//! The release of OpenClaw that is installed on this host, found without starting anything.

use std::path::PathBuf;

use bytesize::ByteSize;
use serde::Deserialize;

use super::environment::Environment;
use crate::deadline::Deadline;
use crate::store::input::{self, Bounds, Input};

/// Size limit of a package's description, in bytes.
const MAX_SIZE: ByteSize = ByteSize::mib(1);

/// The number of directories above the program that are searched for the package's description.
const DEPTH: usize = 4;

/// An installed package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    /// Its release.
    pub release: String,
    /// The file that says so.
    pub file: PathBuf,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
}

/// The package of the program `openclaw` in `PATH`.
pub fn installed(environment: &Environment, deadline: Deadline) -> Option<Installed> {
    let path = environment.raw("PATH")?;
    let program = std::env::split_paths(path)
        .filter(|directory| directory.is_absolute())
        .map(|directory| directory.join("openclaw"))
        .find(|program| program.is_file())?;
    let real = program.canonicalize().ok()?;
    real.ancestors().skip(1).take(DEPTH).find_map(|directory| {
        let file = directory.join("package.json");
        if !file.is_file() {
            return None;
        }
        let bytes = input::read(&Input::Path(file.clone()), Bounds { max_size: MAX_SIZE, deadline }).ok()?;
        let package: Package = serde_json::from_slice(&bytes).ok()?;
        (package.name == "openclaw").then_some(Installed { release: package.version, file })
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::disallowed_methods, reason = "the tests create their own files")]

    use std::time::Duration;

    use super::*;

    #[test]
    fn the_package_of_the_program_is_found() {
        let home = tempfile::tempdir().unwrap();
        let root = home.path().canonicalize().unwrap();
        let package = root.join("lib/node_modules/openclaw");
        std::fs::create_dir_all(&package).unwrap();
        std::fs::create_dir(root.join("bin")).unwrap();
        std::fs::write(package.join("openclaw.mjs"), "").unwrap();
        std::fs::write(package.join("package.json"), r#"{"name": "openclaw", "version": "2026.9.6"}"#)
            .unwrap();
        std::os::unix::fs::symlink("../lib/node_modules/openclaw/openclaw.mjs", root.join("bin/openclaw"))
            .unwrap();
        let deadline = Deadline::after(Duration::from_secs(5));
        let of = |path: PathBuf| installed(&Environment::from_iter([("PATH", path)]), deadline);
        let found = of(root.join("bin")).unwrap();
        assert_eq!((found.release.as_str(), found.file), ("2026.9.6", package.join("package.json")));
        assert_eq!(of(root.join("lib")), None);
    }
}
