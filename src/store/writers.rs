//! Finds users other than the owner who can change a file that clearance or a host uses. The same rule applies to
//! stores, configuration and certificates; files that contain a secret have the stricter rule in `private`.

use std::borrow::Cow;
use std::fs::Metadata;
use std::path::{Path, PathBuf};

use super::quoted;
use crate::system::{self, Facts};

/// Write permission of the group, and of other users.
const GROUP: u32 = 0o020;
const OTHERS: u32 = 0o002;
/// The sticky bit: in such a directory users cannot replace each other's files.
const STICKY: u32 = 0o1000;

/// Users who can change a file or its directory, other than the owner.
#[derive(Debug, PartialEq, Eq)]
pub struct Writers {
    /// The file or the directory.
    pub path: PathBuf,
    /// The users.
    pub who: Cow<'static, str>,
    /// Whether they can write because one of them owns it.
    owned: bool,
}

impl Writers {
    /// Whether another user owns the file, so that its mode cannot be changed.
    pub const fn is_owned(&self) -> bool {
        self.owned
    }

    /// The command that removes their permission.
    pub fn remedy(&self) -> String {
        if self.owned {
            format!("sudo chown \"$USER\" {}", quoted(&self.path))
        } else {
            format!("chmod go-w {}", quoted(&self.path))
        }
    }
}

/// Users who can write or replace a file that belongs to the caller: those of `of`, and owners other than the caller
/// and root. A store may belong to the user that its host runs as.
pub fn of_own(file: &Path) -> Vec<Writers> {
    found(file, system::user())
}

/// All users other than the owner who can write or replace a file: through its directory, and if it is behind a link, through the directory
/// of the link's target. A path that does not exist or cannot be examined has none.
pub fn of(file: &Path) -> Vec<Writers> {
    found(file, None)
}

/// `user`: the user who must own the files, unless root does.
fn found(file: &Path, user: Option<u32>) -> Vec<Writers> {
    let in_place = file.metadata().ok().filter(Metadata::is_file);
    let mut found: Vec<Writers> =
        in_place.and_then(|metadata| writers(file, &metadata, user)).into_iter().collect();
    let mut directories = vec![directory(file)];
    // The directory of a device or pipe does not matter.
    let real = file.canonicalize().ok().filter(|real| real.is_file());
    let same = |real: &PathBuf| directory(file).canonicalize().is_ok_and(|named| named == directory(real));
    directories.extend(real.filter(|real| !same(real)).map(|real| directory(&real)));
    found.extend(
        directories
            .into_iter()
            .filter_map(|directory| writers(&directory, &directory.metadata().ok()?, user)),
    );
    found
}

fn directory(file: &Path) -> PathBuf {
    let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty());
    parent.unwrap_or(Path::new(".")).to_owned()
}

fn writers(path: &Path, metadata: &Metadata, user: Option<u32>) -> Option<Writers> {
    let (mode, owner) = (metadata.mode_bits()?, metadata.owner()?);
    // The owner of a sticky directory can replace the files in it; other users cannot.
    let sticky = metadata.is_dir() && mode & STICKY != 0;
    let foreign = user.is_some_and(|user| owner != user && owner != 0);
    let who = if foreign {
        Cow::Owned(format!("its owner, user {owner}"))
    } else if !sticky && mode & OTHERS != 0 {
        Cow::Borrowed("every user of this host")
    } else if !sticky && mode & GROUP != 0 {
        Cow::Borrowed("everyone in its group")
    } else {
        return None;
    };
    // A Kubernetes volume has mode 0777, but nobody can write to it if it is mounted read-only.
    (!system::is_read_only(path)).then(|| Writers { path: path.to_owned(), who, owned: foreign })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::disallowed_methods, reason = "the tests make their own files")]

    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn mode(path: &Path, mode: u32) {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    fn lines(path: &Path, home: &Path) -> Vec<String> {
        let line = |writers: Writers| format!("{}: {}", writers.path.display(), writers.who);
        of(path).into_iter().map(|writers| line(writers).replace(home.to_str().unwrap(), "~")).collect()
    }

    #[test]
    fn users_who_can_write_or_replace_a_file_are_found() {
        let home = tempfile::tempdir().unwrap();
        let (named, real) = (home.path().join("named"), home.path().join("real"));
        for directory in [&named, &real] {
            fs::create_dir(directory).unwrap();
            mode(directory, 0o755);
        }
        let (file, link) = (real.join("config.toml"), named.join("config.toml"));
        assert_eq!(lines(&file, home.path()), [""; 0], "it does not exist");
        fs::write(&file, "").unwrap();
        symlink(&file, &link).unwrap();
        mode(&file, 0o644);
        assert_eq!(lines(&link, home.path()), [""; 0]);
        mode(&file, 0o664);
        assert_eq!(lines(&link, home.path()), ["~/named/config.toml: everyone in its group"]);
        mode(&file, 0o666);
        assert_eq!(lines(&file, home.path()), ["~/real/config.toml: every user of this host"]);
        mode(&file, 0o644);
        mode(&named, 0o775);
        mode(&real, 0o777);
        assert_eq!(
            lines(&link, home.path()),
            ["~/named: everyone in its group", "~/real: every user of this host"]
        );
        mode(&real, 0o1777);
        assert_eq!(lines(&file, home.path()), [""; 0], "users cannot replace each other's files there");
    }

    #[test]
    fn owners_other_than_the_caller_and_root_are_found() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("config.toml");
        fs::write(&file, "").unwrap();
        mode(&file, 0o644);
        // Only root can give a file away; other users are compared with another caller.
        let own = rustix::process::geteuid().as_raw();
        let owner = if own == 0 { 4711 } else { own };
        for path in [&file, home.path()] {
            std::os::unix::fs::chown(path, Some(owner), None).unwrap();
        }
        mode(home.path(), 0o1777);
        let writers = found(&file, Some(owner + 1));
        let paths: Vec<&Path> = writers.iter().map(|writers| &*writers.path).collect();
        assert_eq!(paths, [&*file, home.path()]);
        assert_eq!(writers[0].who, format!("its owner, user {owner}"));
        assert_eq!(writers[0].remedy(), format!("sudo chown \"$USER\" {}", quoted(&file)));
        assert_eq!((found(&file, Some(owner)), of(&file)), (vec![], vec![]));
    }

    #[test]
    fn a_device_is_never_changed() {
        assert_eq!(of(Path::new("/dev/null")), []);
    }
}
