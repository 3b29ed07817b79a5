//! Whether a file that holds a secret is for its owner alone. One rule for every such file that clearance reads.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use thiserror::Error;

/// The permissions of the group and of others.
const NOT_OWNER: u32 = 0o077;

/// Why a secret in a file, or in a directory, is not its owner's alone.
#[derive(Debug, Error)]
pub enum Exposure {
    /// Others have permissions.
    #[error("{} can be read or changed by others: its mode is {mode:04o}", path.display())]
    Mode {
        /// The file or directory.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Others have permissions, and it is a device, a pipe or a socket, whose permissions are not to be changed.
    #[error("{} can be read or changed by others, and is not a regular file", path.display())]
    Special {
        /// What it is.
        path: PathBuf,
    },
    /// It belongs to another user.
    #[error("{} belongs to user {owner}, who is neither you ({user}) nor root", path.display())]
    Owner {
        /// The file or directory.
        path: PathBuf,
        /// Its owner's user id.
        owner: u32,
        /// The caller's effective user id.
        user: u32,
    },
}

/// Refuses a file or directory whose secrets others can read, or replace with their own. What is not there, or cannot be
/// looked at, passes: reading it says why.
pub fn check(path: &Path) -> Result<(), Exposure> {
    let Ok(metadata) = path.metadata() else { return Ok(()) };
    let (owner, user) = (metadata.uid(), rustix::process::geteuid().as_raw());
    if owner != user && owner != 0 {
        return Err(Exposure::Owner { path: path.to_owned(), owner, user });
    }
    let mode = metadata.mode() & 0o7777;
    if mode & NOT_OWNER != 0 && !is_credential_of_systemd(owner, metadata.gid(), mode) {
        if !metadata.is_file() && !metadata.is_dir() {
            return Err(Exposure::Special { path: path.to_owned() });
        }
        return Err(Exposure::Mode { path: path.to_owned(), mode });
    }
    Ok(())
}

/// Whether it is as systemd (from 254) passes a credential to a service: root's own, with an entry for the service's user
/// in its access list, the mask of which shows as the group's right to read.
const fn is_credential_of_systemd(owner: u32, group: u32, mode: u32) -> bool {
    owner == 0 && group == 0 && mode == 0o440
}

/// Makes a directory for this user alone, and those above it, where they are not there.
pub fn private_directory(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::disallowed_methods, reason = "the tests make their own files")]

    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn every_permission_of_others_counts() {
        let home = tempfile::tempdir().unwrap();
        let (file, directory) = (home.path().join("key"), home.path().join("keys"));
        fs::write(&file, "secret").unwrap();
        fs::create_dir(&directory).unwrap();
        for path in [&file, &directory] {
            for mode in [0o600, 0o400, 0o700, 0o2700] {
                fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
                assert!(check(path).is_ok(), "{mode:o}");
            }
            for mode in [0o640, 0o604, 0o660, 0o666, 0o644, 0o620, 0o602, 0o610, 0o710, 0o755] {
                fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
                let error = check(path).unwrap_err().to_string();
                assert!(error.ends_with(&format!("its mode is {mode:04o}")), "{error}");
            }
            fs::set_permissions(path, Permissions::from_mode(0o700)).unwrap();
        }
        assert!(check(&home.path().join("missing")).is_ok());
        // A device is never to be changed.
        assert!(matches!(check(Path::new("/dev/null")), Err(Exposure::Special { .. })));
    }

    #[test]
    fn a_credential_of_systemd_is_private() {
        assert!(is_credential_of_systemd(0, 0, 0o440));
        for (owner, group, mode) in
            [(1000, 0, 0o440), (0, 1000, 0o440), (0, 0, 0o640), (0, 0, 0o444), (0, 0, 0o460), (0, 0, 0o2440)]
        {
            assert!(!is_credential_of_systemd(owner, group, mode), "{owner} {group} {mode:o}");
        }
    }
}
