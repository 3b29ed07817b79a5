//! Checks whether a file with a secret is private to its owner. All such files that clearance reads follow the same
//! rule.

use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::system::{self, Facts};

/// The permissions of the group and of others.
const NOT_OWNER: u32 = 0o077;

/// Why a file or directory with a secret is not private to its owner.
#[derive(Debug, Error)]
pub enum Exposure {
    /// Other users have permissions.
    #[error("{} can be read or changed by others: its mode is {mode:04o}", path.display())]
    Mode {
        /// The file or directory.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Other users have permissions on a device, a pipe or a socket, whose permissions must not be changed.
    #[error("{} can be read or changed by others, and is not a regular file", path.display())]
    Special {
        /// The path.
        path: PathBuf,
    },
    /// The file or directory belongs to another user.
    #[error("{} belongs to user {owner}, who is neither you ({user}) nor root", path.display())]
    Owner {
        /// The file or directory.
        path: PathBuf,
        /// Its owner's user id.
        owner: u32,
        /// The caller's effective user id.
        user: u32,
    },
    /// Owners and modes are unknown, so anyone may have permissions.
    #[error("{} may be read or changed by others: checking that is not available on this system", path.display())]
    Unknown {
        /// The file or directory.
        path: PathBuf,
    },
}

/// Rejects a file or directory whose secrets other users can read or replace. A path that does not exist or cannot be
/// examined passes: the read reports why.
pub fn check(path: &Path) -> Result<(), Exposure> {
    let Ok(metadata) = path.metadata() else { return Ok(()) };
    let (Some(owner), Some(group), Some(bits), Some(user)) =
        (metadata.owner(), metadata.group(), metadata.mode_bits(), system::user())
    else {
        return Err(Exposure::Unknown { path: path.to_owned() });
    };
    if owner != user && owner != 0 {
        return Err(Exposure::Owner { path: path.to_owned(), owner, user });
    }
    let mode = bits & 0o7777;
    if mode & NOT_OWNER != 0 && !is_credential_of_systemd(owner, group, mode) {
        if !metadata.is_file() && !metadata.is_dir() {
            return Err(Exposure::Special { path: path.to_owned() });
        }
        return Err(Exposure::Mode { path: path.to_owned(), mode });
    }
    Ok(())
}

/// Whether it has the permissions with which systemd (from 254) passes a credential to a service: owned by root, with
/// an entry for the service's user in its access list. The mask of that list appears as the group's read permission.
const fn is_credential_of_systemd(owner: u32, group: u32, mode: u32) -> bool {
    owner == 0 && group == 0 && mode == 0o440
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
        // A device must never be changed.
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
