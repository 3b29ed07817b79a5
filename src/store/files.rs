//! The files of this machine as the decision about a command asks for them. A path is followed through its links by the
//! system, and the access bits are those of the user who runs `clearance`, so the answers are a gateway's answers only if
//! both run as the same user. What counts as writable is what 2026.9.6 calls a mutable file.

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{Access, OFlags, access};

use crate::approvals::decide::{Found, Host};

/// As many links as Linux follows in one path.
const MAX_LINKS: usize = 40;

/// More parts than any path of Linux's greatest length has.
const MAX_PARTS: usize = 8192;

/// The files of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct ThisMachine;

impl Host for ThisMachine {
    fn look(&self, path: &str) -> Found {
        let Ok(metadata) = fs::metadata(path) else { return Found::Nothing };
        let Ok(real) = fs::canonicalize(path) else { return Found::Nothing };
        let real = real.to_string_lossy().into_owned();
        if metadata.is_dir() {
            Found::Directory(real)
        } else if !metadata.is_file() {
            Found::Nothing
        } else if access(path, Access::EXEC_OK).is_ok() {
            Found::Program(real)
        } else {
            Found::File(real)
        }
    }

    fn read(&self, path: &str, limit: usize) -> Option<Vec<u8>> {
        // A pipe in place of the file must not keep us waiting.
        let flags = OFlags::NONBLOCK.bits().cast_signed();
        let file = OpenOptions::new().read(true).custom_flags(flags).open(path).ok()?;
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
        let real = fs::canonicalize(path).ok()?;
        let mut places = link_directories(Path::new(path))?;
        places.extend(real.parent().map(Path::to_owned));
        places.push(real);
        Some(places.iter().any(|place| access(place, Access::WRITE_OK).is_ok()))
    }
}

/// The directories of the links that a path goes through: who may write one may point its link elsewhere. `None`: too
/// many links, or a part that is missing.
fn link_directories(path: &Path) -> Option<Vec<PathBuf>> {
    let mut directories = Vec::new();
    let mut current = PathBuf::from("/");
    let mut pending: Vec<OsString> = parts_backwards(path);
    for _ in 0..MAX_PARTS {
        let Some(part) = pending.pop() else { return Some(directories) };
        if part == ".." {
            current.pop();
            continue;
        }
        let next = current.join(&part);
        if !fs::symlink_metadata(&next).ok()?.is_symlink() {
            current = next;
            continue;
        }
        if directories.len() >= MAX_LINKS {
            return None;
        }
        let aim = fs::read_link(&next).ok()?;
        directories.push(current.clone());
        if aim.is_absolute() {
            current = PathBuf::from("/");
        }
        pending.extend(parts_backwards(&aim));
    }
    None
}

/// The names and `..` of a path, the last one first.
fn parts_backwards(path: &Path) -> Vec<OsString> {
    let name = |part| match part {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some(OsString::from("..")),
        Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
    };
    path.components().rev().filter_map(name).collect()
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
    fn what_the_user_owns_is_writable_and_what_is_missing_is_unknown() {
        let (_home, root) = tree();
        for (path, writable) in
            [("bin/tool", Some(true)), ("link", Some(true)), ("absent", None), ("dangling", None), ("loop", None)]
        {
            assert_eq!(ThisMachine.is_writable(&format!("{root}/{path}")), writable, "{path}");
        }
    }

    #[test]
    fn links_are_found_wherever_a_path_has_them() {
        let (_home, root) = tree();
        symlink("bin", format!("{root}/there")).unwrap();
        symlink(format!("{root}/there/../link"), format!("{root}/far")).unwrap();
        let through = |path: &str| link_directories(Path::new(&format!("{root}/{path}")));
        let at = |count| Some(vec![PathBuf::from(&root); count]);
        for (path, count) in [("bin/tool", 0), ("link", 1), ("there/tool", 1), ("far", 3)] {
            assert_eq!(through(path), at(count), "{path}");
        }
        assert_eq!(through("loop"), None);
    }
}
