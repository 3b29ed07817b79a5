//! The tree of fake programs as a host in memory: decisions about recorded cases need no files.

use std::cell::Cell;

use clearance::internals::decide::{Found, Host};

use super::tree::{Node, Tree};

/// The safe bins of the cases. A release looks for each in the two directories of the system, which have nothing of the
/// tree.
const SAFE_BINS: &str = "cut uniq head tail tr wc sort grep jq awk sed mytool python3 tool";

/// The tree, and nothing else. Its user may change everything, as the user who made the tree may.
pub(crate) struct Memory<'t> {
    tree: &'t Tree,
    /// Whether a path outside the tree was looked up: a real machine may differ there.
    pub(crate) looked_outside: Cell<bool>,
}

impl<'t> Memory<'t> {
    pub(crate) fn new(tree: &'t Tree) -> Self {
        Self { tree, looked_outside: Cell::new(false) }
    }

    fn find(&self, path: &str) -> Option<(String, &'t Node)> {
        let found = self.tree.look(path);
        let root = self.tree.root();
        let is_outside = !path.starts_with(root) && !root.starts_with(path) && !is_of_safe_bin(path);
        if found.is_none() && is_outside {
            self.looked_outside.set(true);
        }
        found
    }
}

impl Host for Memory<'_> {
    fn look(&self, path: &str) -> Found {
        match self.find(path) {
            None => Found::Nothing,
            Some((real, Node::File { executable: true, .. })) => Found::Program(real),
            Some((real, Node::File { .. })) => Found::File(real),
            Some((real, _)) => Found::Directory(real),
        }
    }

    fn read(&self, path: &str, limit: usize) -> Option<Vec<u8>> {
        let (_, node) = self.find(path)?;
        let Node::File { text, .. } = node else { return None };
        (text.len() <= limit).then(|| text.as_bytes().to_vec())
    }

    fn is_writable(&self, path: &str) -> Option<bool> {
        self.find(path).map(|_| true)
    }
}

fn is_of_safe_bin(path: &str) -> bool {
    let rest = path.strip_prefix("/usr").unwrap_or(path);
    let name = rest.strip_prefix("/bin").map(|name| name.trim_start_matches('/'));
    name.is_some_and(|name| name.is_empty() || SAFE_BINS.split(' ').any(|safe| safe == name))
}
