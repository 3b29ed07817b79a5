//! Whether a file is in version control, and so readable by other people.
//!
//! This runs no child process: a file counts as versioned if it lies in a Git work tree and neither a `.gitignore`
//! between its root and the file nor `.git/info/exclude` ignores it. So a file that is not committed yet counts (the
//! next `git add .` adds it), and a file that was committed although it is ignored does not.

use std::path::Path;
use std::time::Duration;

use bytesize::ByteSize;
use ignore::gitignore::GitignoreBuilder;

use crate::deadline::Deadline;
use crate::store::input::{self, Bounds, Input};

const MAX_SIZE: ByteSize = ByteSize::mib(1);

/// Time limit for reading one ignore file, which is never a pipe.
const SOON: Duration = Duration::from_secs(1);

/// Whether a file is in a work tree and not ignored.
pub(super) fn is_versioned(file: &Path) -> bool {
    let Ok(file) = file.canonicalize() else { return false };
    let Some(root) = file.ancestors().skip(1).find(|directory| directory.join(".git").exists()) else {
        return false;
    };
    let mut between: Vec<&Path> =
        file.ancestors().skip(1).take_while(|directory| directory.starts_with(root)).collect();
    between.reverse();
    let excluded = root.join(".git").join("info").join("exclude");
    if ignores(root, &excluded, &file) == Some(true) {
        return false;
    }
    // The nearest patterns win, as in Git.
    let ignored =
        between.iter().rev().find_map(|directory| ignores(directory, &directory.join(".gitignore"), &file));
    !ignored.unwrap_or(false)
}

/// Whether one ignore file ignores the file; `None` where no pattern of it matches.
fn ignores(directory: &Path, patterns: &Path, file: &Path) -> Option<bool> {
    let bounds = Bounds { max_size: MAX_SIZE, deadline: Deadline::after(SOON) };
    if !patterns.is_file() {
        return None;
    }
    let bytes = input::read(&Input::Path(patterns.to_owned()), bounds).ok()?;
    let mut builder = GitignoreBuilder::new(directory);
    for line in String::from_utf8_lossy(&bytes).lines() {
        // A line that is not a pattern ignores nothing.
        drop(builder.add_line(None, line));
    }
    let matched = builder.build().ok()?;
    match matched.matched_path_or_any_parents(file, false) {
        ignore::Match::None => None,
        ignore::Match::Ignore(_) => Some(true),
        ignore::Match::Whitelist(_) => Some(false),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::disallowed_methods, reason = "the tests make their own files")]

    use super::*;

    #[test]
    fn a_file_is_versioned_in_a_work_tree_that_does_not_ignore_it() {
        let root = tempfile::tempdir().unwrap();
        let file = |path: &str, text: &str| {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, text).unwrap();
            path
        };
        let plain = file("plain/a.json", "{}");
        assert!(!is_versioned(&plain));
        file("repo/.git/info/exclude", "/excluded.json\n");
        file("repo/.gitignore", "*.secret.json\n/private/\n");
        file("repo/hosts/.gitignore", "!kept.secret.json\n");
        for (path, versioned) in [
            ("repo/a.json", true),
            ("repo/excluded.json", false),
            ("repo/a.secret.json", false),
            ("repo/private/deep/a.json", false),
            ("repo/hosts/a.json", true),
            ("repo/hosts/b.secret.json", false),
            ("repo/hosts/kept.secret.json", true),
        ] {
            assert_eq!(is_versioned(&file(path, "{}")), versioned, "{path}");
        }
        assert!(!is_versioned(&root.path().join("repo/absent.json")));
    }
}
