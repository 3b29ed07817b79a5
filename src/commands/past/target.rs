//! The names that a version keeps of its place.

use std::path::{Path, PathBuf};

use crate::store::Store;
use crate::store::sqlite::FRAGMENT;
use crate::store::versions::Target;

/// A store of this host, or a file that no host reads.
pub(in crate::commands) fn of_store(store: &Store, is_store: bool) -> Target {
    let path = identified(store.path()).display().to_string();
    let kind = if is_store { "store" } else { "file" };
    let operand = format!("{kind}:{path}");
    match store {
        Store::JsonFile(_) => Target { key: path, operand },
        Store::Sqlite(_) => Target { key: format!("{path}{FRAGMENT}"), operand },
    }
}

/// A gateway. `name`: its name in config.toml, if it was chosen by name.
pub(in crate::commands) fn of_gateway(address: &str, name: Option<&str>) -> Target {
    Target { key: address.to_owned(), operand: format!("gateway:{}", name.unwrap_or(address)) }
}

/// A node behind a gateway, by its whole id.
pub(in crate::commands) fn of_node(address: &str, name: Option<&str>, id: &str) -> Target {
    Target { key: of_node_key(address, id), operand: format!("node:{id}@{}", name.unwrap_or(address)) }
}

pub(super) fn of_node_key(address: &str, id: &str) -> String {
    format!("{address} node {id}")
}

/// The path that identifies a file, whether it exists or not: its directory with links resolved, and its name.
fn identified(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    match (absolute.parent().map(Path::canonicalize), absolute.file_name()) {
        (Some(Ok(directory)), Some(name)) => directory.join(name),
        _ => absolute,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::disallowed_methods, reason = "the tests make their own files")]

    use super::*;
    use crate::store::json_file::JsonFile;

    #[test]
    fn a_document_has_one_name_whether_it_exists_or_not() {
        let home = tempfile::tempdir().unwrap();
        let real = home.path().canonicalize().unwrap().join("real");
        std::fs::create_dir(&real).unwrap();
        std::os::unix::fs::symlink(&real, home.path().join("link")).unwrap();
        let of = |path: PathBuf, is_store| of_store(&Store::JsonFile(JsonFile::at(path)), is_store);
        let through_link = home.path().join("link/exec-approvals.json");
        let expected = real.join("exec-approvals.json").display().to_string();
        assert_eq!(of(through_link.clone(), true).key, expected);
        std::fs::write(&through_link, "{}").unwrap();
        assert_eq!(of(through_link, true).key, expected);
        let file = of(real.join("a.json"), false);
        assert_eq!(file.operand, format!("file:{}", real.join("a.json").display()));
    }
}
