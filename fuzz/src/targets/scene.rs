//! The home directory of a user, in which the targets of configuration files write their input.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use clearance::internals::Deadline;
use clearance::internals::settings::{Environment, Resolved, SettingsError};
use tempfile::TempDir;

/// A home directory.
pub(super) struct Scene {
    home: TempDir,
}

impl Scene {
    /// A home with these files, which only its user can read.
    pub(super) fn new(files: &[(&str, &str)]) -> Self {
        // In memory, where the system has such a place: on a disk, another text of a file takes ten times as long.
        let home = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
        let scene = Self { home: home.expect("a directory") };
        for (path, content) in files {
            scene.write(path, content.as_bytes());
        }
        scene
    }

    pub(super) fn path(&self, path: &str) -> PathBuf {
        self.home.path().join(path)
    }

    pub(super) fn write(&self, path: &str, content: &[u8]) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        let is_new = !path.exists();
        fs::write(&path, content).expect("a file");
        if is_new {
            fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("a private file");
        }
    }

    /// The user's variables, and these.
    pub(super) fn environment(&self, more: &[(&str, &str)]) -> Environment {
        let home = self.home.path().to_str().expect("text");
        [("HOME", home)].iter().chain(more).copied().collect()
    }
}

/// Time for everything: an execution that takes longer is a finding of the watch.
pub(super) fn deadline() -> Deadline {
    Deadline::after(Duration::from_mins(1))
}

/// A target never receives a credential unencrypted over a network, unless that is allowed.
pub(super) fn guarded(resolved: &Resolved) {
    let target = &resolved.target;
    let has_secret = !matches!(target.credential, clearance::internals::gateway::Credential::None);
    assert!(
        !has_secret || target.may_carry_secrets(),
        "a credential would be sent unencrypted: {}",
        target.address
    );
    let written = target.address.to_string();
    assert_eq!(written.parse().as_ref(), Ok(&target.address), "the address is not the one that is printed");
}

/// An error has a text on one line, and a remedy that can be printed.
pub(super) fn explained(error: &SettingsError) -> String {
    let text = error.to_string();
    assert!(!text.is_empty());
    drop(error.remedy());
    text
}
