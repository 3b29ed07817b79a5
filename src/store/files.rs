//! The files of this machine as the decision about a command asks for them. A path is followed through its links by the
//! system, and the access bits are those of the user who runs `clearance`, so the answers are a gateway's answers only if
//! both run as the same user. What counts as writable is what 2026.9.6 calls a mutable file.
//!
//! The evaluator names files as on Unix. On other systems it would look up the wrong ones, so there every answer is unknown.

use std::fs;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

use crate::approvals::decide::{Found, Host};
use crate::system::{self, Facts, may_execute, may_write, open_without_waiting};

/// The files of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct ThisMachine;

impl Host for ThisMachine {
    fn look(&self, path: &str) -> Found {
        if !cfg!(unix) {
            return Found::Unknown;
        }
        let Ok(metadata) = fs::metadata(path) else { return Found::Nothing };
        let Ok(real) = fs::canonicalize(path) else { return Found::Nothing };
        let real = real.to_string_lossy().into_owned();
        if metadata.is_dir() {
            Found::Directory(real)
        } else if !metadata.is_file() {
            Found::Nothing
        } else if may_execute(Path::new(path)) == Some(true) {
            Found::Program(real)
        } else {
            Found::File(real)
        }
    }

    fn read(&self, path: &str, limit: usize) -> Option<Vec<u8>> {
        if !cfg!(unix) {
            return None;
        }
        // A pipe in place of the file must not keep us waiting.
        let file = open_without_waiting(Path::new(path)).ok()?;
        let bound = u64::try_from(limit).ok()?;
        let metadata = file.metadata().ok()?;
        if !metadata.is_file() || metadata.len() > bound {
            return None;
        }
        let mut content = Vec::new();
        file.take(bound.saturating_add(1)).read_to_end(&mut content).ok()?;
        (content.len() <= limit).then_some(content)
    }

    fn is_writable(&self, path: &str) -> Option<bool> {
        if !cfg!(unix) {
            return None;
        }
        let written = folded(Path::new(path));
        let real = fs::canonicalize(&written);
        Some(is_mutable(&written) || real.map_or(true, |real| is_mutable(&real)))
    }
}

/// Whether this user may put another file in the place of a path: write it, its directory, or the directory of a link on
/// the way (`pathLooksMutableForShellPayloadSync`). A path that cannot be followed counts as such.
fn is_mutable(path: &Path) -> bool {
    let parent = path.parent().unwrap_or(path);
    may_change(path) || may_change(parent) || path.ancestors().any(is_mutable_link)
}

/// Whether a path is a link in a directory that this user may change.
fn is_mutable_link(path: &Path) -> bool {
    match fs::symlink_metadata(path) {
        Ok(metadata) => metadata.is_symlink() && may_change(path.parent().unwrap_or(path)),
        Err(_) => true,
    }
}

/// Whether this user may write a file or directory, or owns it and so may permit it.
fn may_change(path: &Path) -> bool {
    let owns = || fs::metadata(path).is_ok_and(|metadata| metadata.owner() == system::real_user());
    may_write(path) == Some(true) || owns()
}

/// An absolute path without `.` and `..`, which are taken off as text.
fn folded(path: &Path) -> PathBuf {
    let mut folded = PathBuf::from("/");
    for part in path.components() {
        match part {
            Component::Normal(name) => folded.push(name),
            Component::ParentDir => drop(folded.pop()),
            Component::RootDir | Component::CurDir | Component::Prefix(_) => {}
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    #![expect(clippy::disallowed_methods, reason = "the tests make their own files")]

    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    /// `bin/tool` (executable), `bin/data`, `link` -> `bin/tool`, `dangling`, `loop`.
    fn tree() -> (tempfile::TempDir, String) {
        let home = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(home.path()).unwrap();
        fs::create_dir(root.join("bin")).unwrap();
        fs::write(root.join("bin/tool"), "#!/bin/sh\n").unwrap();
        fs::set_permissions(root.join("bin/tool"), fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(root.join("bin/data"), "12345").unwrap();
        fs::set_permissions(root.join("bin/data"), fs::Permissions::from_mode(0o644)).unwrap();
        symlink("bin/tool", root.join("link")).unwrap();
        symlink("absent", root.join("dangling")).unwrap();
        symlink("loop", root.join("loop")).unwrap();
        (home, root.to_str().unwrap().to_owned())
    }

    #[test]
    fn paths_are_followed_to_what_they_name() {
        let (_home, root) = tree();
        let tool = Found::Program(format!("{root}/bin/tool"));
        for (path, found) in [
            ("bin/tool", tool.clone()),
            ("link", tool.clone()),
            ("bin/../link", tool),
            ("bin/data", Found::File(format!("{root}/bin/data"))),
            ("bin", Found::Directory(format!("{root}/bin"))),
            ("bin/tool/", Found::Nothing),
            ("absent", Found::Nothing),
            ("dangling", Found::Nothing),
            ("loop", Found::Nothing),
            ("nul\0byte", Found::Nothing),
        ] {
            assert_eq!(ThisMachine.look(&format!("{root}/{path}")), found, "{path}");
        }
        assert_eq!(ThisMachine.look("/dev/null"), Found::Nothing);
    }

    #[test]
    fn a_read_is_bounded_and_of_files_alone() {
        let (_home, root) = tree();
        let read = |path: &str, limit| ThisMachine.read(&format!("{root}/{path}"), limit);
        assert_eq!(read("bin/data", 5).unwrap(), b"12345");
        assert_eq!(read("bin/data", 4), None);
        assert_eq!(read("bin", 100), None);
        assert_eq!(read("absent", 100), None);
        assert_eq!(ThisMachine.read("/dev/zero", 100), None);
    }

    #[test]
    fn what_the_user_owns_is_writable_and_so_is_what_cannot_be_followed() {
        let (_home, root) = tree();
        let protected = fs::Permissions::from_mode(0o555);
        fs::set_permissions(format!("{root}/bin/tool"), protected).unwrap();
        for path in ["bin/tool", "link", "absent", "dangling", "loop", "bin/data"] {
            assert_eq!(ThisMachine.is_writable(&format!("{root}/{path}")), Some(true), "{path}");
        }
    }

    #[test]
    fn what_belongs_to_somebody_else_is_not_writable() {
        // Root may write everything, so only other users can see the difference.
        let is_root = rustix::process::getuid().is_root();
        assert_eq!(ThisMachine.is_writable("/usr/bin/env"), Some(is_root));
        assert_eq!(ThisMachine.is_writable("/usr/bin/../bin/./env"), Some(is_root));
    }
}
