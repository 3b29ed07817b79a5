//! Conditions around a JSON store that make its host reject it, or that let other users change it: links and write
//! permissions.

use std::path::{Path, PathBuf};

use super::quoted;
use super::writers::{self, Writers};
use crate::approvals::findings::remark::Remark;

/// Remarks about the place of a JSON store that a host uses.
pub(super) fn of_json(path: &Path) -> Vec<Remark> {
    let mut remarks: Vec<Remark> = link_on_the_way(path).map(|link| link_remark(&link)).into_iter().collect();
    remarks.extend(writable(path));
    remarks
}

/// Remarks about the place of a database: a host from 2026.8 follows links.
pub(super) fn of_database(path: &Path) -> Vec<Remark> {
    writable(path)
}

/// The link that a host up to 2026.7 rejects: the store itself, or its directory (measured on 2026.4.14, 2026.6.11 and
/// 2026.7.1).
fn link_on_the_way(path: &Path) -> Option<PathBuf> {
    let directory = path.parent().filter(|directory| !directory.as_os_str().is_empty());
    let is_link = |path: &Path| path.symlink_metadata().is_ok_and(|found| found.file_type().is_symlink());
    [Some(path), directory].into_iter().flatten().find(|path| is_link(path)).map(Path::to_owned)
}

fn link_remark(link: &Path) -> Remark {
    let place = quoted(link);
    let remedy = match link.canonicalize() {
        Ok(real) if real.is_dir() => {
            format!("move the directory itself there: rm {place} && mv {} {place}", quoted(&real))
        }
        Ok(real) => {
            format!("copy the file itself there: cp -p --remove-destination {} {place}", quoted(&real))
        }
        Err(_) => format!("the link is broken; remove it: rm {place}"),
    };
    Remark {
        message: format!(
            "{} is a symbolic link: gateways up to 2026.7 refuse a store behind one, and every command of an agent fails",
            link.display()
        ),
        remedy: Some(remedy),
    }
}

/// The other users who can change the store: an agent that runs as such a user can grant itself every permission.
fn writable(path: &Path) -> Vec<Remark> {
    let remark = |writers: &Writers| Remark {
        message: format!(
            "{} can be written by {}, who can thereby change what agents may run",
            writers.path.display(),
            writers.who
        ),
        remedy: Some(writers.remedy()),
    };
    let unknown = || Remark {
        message: format!(
            "others who can write {} can change what agents may run: checking that is not available on this system",
            path.display()
        ),
        remedy: None,
    };
    // Nothing is known of other users there: that is no reason to be silent.
    let elsewhere = (!cfg!(unix)).then(unknown);
    writers::of(path).iter().map(remark).chain(elsewhere).collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::disallowed_methods, reason = "the tests make their own files")]

    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn messages(remarks: &[Remark], home: &Path) -> Vec<String> {
        let home = home.to_str().unwrap();
        let line = |remark: &Remark| {
            format!("{} => {}", remark.message, remark.remedy.as_deref().unwrap_or_default())
                .replace(home, "~")
        };
        remarks.iter().map(line).collect()
    }

    fn mode(path: &Path, mode: u32) {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_private_store_is_not_remarked_on() {
        let home = tempfile::tempdir().unwrap();
        let store = home.path().join("exec-approvals.json");
        assert_eq!(of_json(&store), [], "also if it does not exist yet");
        fs::write(&store, "{}").unwrap();
        mode(&store, 0o600);
        assert_eq!(of_json(&store), []);
    }

    #[test]
    fn links_are_remarked_on_for_json_alone() {
        let home = tempfile::tempdir().unwrap();
        let (real, linked) = (home.path().join("real"), home.path().join("linked"));
        fs::create_dir(&real).unwrap();
        mode(&real, 0o700);
        fs::write(real.join("a.json"), "{}").unwrap();
        mode(&real.join("a.json"), 0o600);
        symlink(&real, &linked).unwrap();
        symlink(real.join("a.json"), real.join("b.json")).unwrap();
        let found = messages(&of_json(&linked.join("a.json")), home.path());
        assert_eq!(found.len(), 1);
        assert!(
            found[0].starts_with("~/linked is a symbolic link: gateways up to 2026.7 refuse"),
            "{found:?}"
        );
        assert_eq!(of_json(&real.join("b.json")).len(), 1);
        assert_eq!(of_database(&real.join("b.json")), []);
    }

    #[test]
    fn writers_are_remarked_on() {
        let home = tempfile::tempdir().unwrap();
        let store = home.path().join("a b.json");
        fs::write(&store, "{}").unwrap();
        mode(&store, 0o620);
        assert_eq!(
            messages(&of_json(&store), home.path()),
            [
                "~/a b.json can be written by everyone in its group, who can thereby change what agents may run => chmod go-w '~/a b.json'"
            ]
        );
        mode(&store, 0o600);
        mode(home.path(), 0o707);
        assert_eq!(of_database(&store).len(), 1, "users who can write to the directory can replace the file");
        mode(home.path(), 0o1777);
        assert_eq!(of_database(&store), []);
        mode(home.path(), 0o700);
    }
}
