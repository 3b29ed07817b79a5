//! A tree of fake programs and files, so that no decision depends on what this machine has installed. Every program only
//! prints its name, so running one by mistake does no harm. The tree has what resolving a program meets: a merged `/usr`,
//! links of Homebrew, chains of links, loops, files that are not executable, and names with odd characters.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

/// As many links as Linux follows in one path.
const MAX_LINKS: usize = 40;

/// The ordinary programs of `usr/bin`.
const PROGRAMS: &str = include_str!("words/programs.txt");

/// Something in the tree.
pub(crate) enum Node {
    Directory,
    File { executable: bool, text: String },
    Link(String),
}

/// The tree, by absolute path.
pub(crate) struct Tree {
    root: String,
    nodes: BTreeMap<String, Node>,
}

impl Tree {
    /// The tree below a directory. Nothing is written.
    pub(crate) fn at(root: &str) -> Self {
        let mut tree = Self { root: root.to_owned(), nodes: BTreeMap::new() };
        tree.nodes.insert(root.to_owned(), Node::Directory);
        for folder in
            "usr/bin usr/sbin brew/bin alt/bin alternatives home/bin home/.local/bin odd/bin odd/bin/adir \
                       odd/bin/head2 tmp work/sub work/scripts work/bin work/ls-dir work/.venv/bin \
                       work/node_modules/.bin"
                .split_whitespace()
        {
            tree.directory(folder);
        }
        tree.programs("usr/bin", PROGRAMS);
        tree.programs("usr/sbin", "service ip sysctl useradd tool-root");
        tree.programs("home/bin", "mytool git-helper");
        tree.programs("home/.local/bin", "pipx-tool mytool2");
        tree.programs("odd/bin", "Upper UPPER br[a]ck brace{x} star*x prüfen -dash q?x plus+x dot.exe ls2");
        tree.program("odd/bin/with space");
        tree.links();
        tree.work();
        tree
    }

    fn path(&self, relative: &str) -> String {
        format!("{}/{relative}", self.root)
    }

    fn directory(&mut self, relative: &str) {
        for (at, _) in relative.match_indices('/').chain([(relative.len(), "")]) {
            self.nodes.insert(self.path(&relative[..at]), Node::Directory);
        }
    }

    fn program(&mut self, relative: &str) {
        let name = relative.rsplit('/').next().unwrap_or_default();
        let text = format!("#!/bin/sh\necho \"ran {name} $*\"\n");
        self.nodes.insert(self.path(relative), Node::File { executable: true, text });
    }

    fn programs(&mut self, folder: &str, names: &str) {
        for name in names.split_whitespace() {
            self.program(&format!("{folder}/{name}"));
        }
    }

    fn link(&mut self, relative: &str, target: &str) {
        self.nodes.insert(self.path(relative), Node::Link(target.to_owned()));
    }

    fn file(&mut self, relative: &str, text: &str) {
        self.nodes.insert(self.path(relative), Node::File { executable: false, text: text.to_owned() });
    }

    fn links(&mut self) {
        self.link("bin", "usr/bin");
        self.link("sbin", "usr/sbin");
        for name in ["rg", "fd", "bat", "node", "python3", "git"] {
            let cellar = format!("brew/Cellar/{name}/1.0/bin");
            self.directory(&cellar);
            self.program(&format!("{cellar}/{name}"));
            self.link(&format!("brew/bin/{name}"), &format!("../Cellar/{name}/1.0/bin/{name}"));
        }
        let (vim, editor) = (self.path("usr/bin/vim"), self.path("alternatives/editor"));
        for (link, target) in [
            ("usr/bin/sh", "dash"),
            ("usr/bin/python3", "python3.11"),
            ("alternatives/editor", &vim),
            ("alt/bin/editor", &editor),
            ("alt/bin/bb", "../../usr/bin/busybox"),
            ("alt/bin/myenv", "../../usr/bin/env"),
            ("alt/bin/mybash", "../../usr/bin/bash"),
            ("alt/bin/g", "../../usr/bin/git"),
            ("odd/bin/dangling", "missing"),
            ("odd/bin/loop-a", "loop-b"),
            ("odd/bin/loop-b", "loop-a"),
            ("work/link.sh", "run.sh"),
            ("work/.venv/bin/python", "../../../usr/bin/python3.11"),
            ("work/.venv/bin/python3", "python"),
            ("work/current", "sub"),
        ] {
            self.link(link, target);
        }
        self.file("odd/bin/noexec", "#!/bin/sh\n");
    }

    fn work(&mut self) {
        for script in ["run.sh", "build.sh", "scripts/deploy.sh", "sub/inner.sh", "local-tool", "bin/ls"] {
            self.program(&format!("work/{script}"));
        }
        self.programs("work/.venv/bin", "pip pytest");
        self.programs("work/node_modules/.bin", "tsc eslint jest");
        for (name, text) in [
            ("plain.sh", "#!/bin/sh\necho plain\n"),
            ("app.py", "print(\"hello\")\n"),
            ("tool.py", "import os\nprint(os.environ)\n"),
            ("app.js", "console.log(1)\n"),
            ("app.ts", "console.log(2)\n"),
            ("app.rb", "puts 1\n"),
            ("app.pl", "print 1;\n"),
            ("bleed.py", "$VAR = 1\nprint($HOME)\n"),
            ("bleed.js", "const a = $HOME;\nconsole.log(a)\n"),
            ("node.js", "NODE app.js\n"),
            ("empty.py", ""),
            ("a.txt", "alpha\nbeta\n"),
            ("b.txt", "gamma\n"),
            ("data.json", "{\"a\":1}\n"),
            ("Makefile", "all:\n\techo all\n"),
            ("package.json", "{\"scripts\":{\"test\":\"tool\"}}\n"),
            (".venv/bin/activate", "PATH=$PWD/.venv/bin:$PATH\n"),
        ] {
            self.file(&format!("work/{name}"), text);
        }
    }

    /// The directory of the tree.
    pub(crate) fn root(&self) -> &str {
        &self.root
    }

    /// Writes the tree. The directory must not exist.
    pub(crate) fn build(&self) {
        // By path, a directory comes before what is in it.
        for (path, node) in &self.nodes {
            match node {
                Node::Directory => fs::create_dir_all(path).expect("a new directory"),
                Node::Link(target) => symlink(target, path).expect("a new link"),
                Node::File { executable, text } => {
                    fs::write(path, text).expect("a new file");
                    let mode = if *executable { 0o755 } else { 0o644 };
                    fs::set_permissions(Path::new(path), fs::Permissions::from_mode(mode)).expect("its mode");
                }
            }
        }
    }

    /// The real path of what is at a path, and what is there. `None`: nothing.
    pub(crate) fn look(&self, path: &str) -> Option<(String, &Node)> {
        let mut current = String::new();
        let mut pending: Vec<String> = path.split('/').rev().map(str::to_owned).collect();
        let mut links = 0;
        while let Some(part) = pending.pop() {
            let Some(Node::Directory) = self.node(&current) else { return None };
            match part.as_str() {
                "" | "." => continue,
                ".." => {
                    current.truncate(current.rfind('/').unwrap_or(0));
                    continue;
                }
                _ => {}
            }
            let next = format!("{current}/{part}");
            match self.node(&next)? {
                Node::Link(target) => {
                    links += 1;
                    if links > MAX_LINKS {
                        return None;
                    }
                    if target.starts_with('/') {
                        current.clear();
                    }
                    pending.extend(target.split('/').rev().map(str::to_owned));
                }
                Node::Directory | Node::File { .. } => current = next,
            }
        }
        let node = self.node(&current)?;
        Some((current, node))
    }

    /// What is at a path without links. The directories above the tree exist too.
    fn node(&self, path: &str) -> Option<&Node> {
        let above = self.root.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'));
        if above { Some(&Node::Directory) } else { self.nodes.get(path) }
    }

    /// The real path of a program by name, as the longest `PATH` of the cases finds it.
    pub(crate) fn program_path(&self, name: &str) -> String {
        let folders = ["usr/bin", "brew/bin", "home/bin", "home/.local/bin", "odd/bin", "alt/bin", "work"];
        let found = folders.iter().find_map(|folder| self.look(&self.path(&format!("{folder}/{name}"))));
        found.map_or_else(|| self.path(&format!("usr/bin/{name}")), |(path, _)| path)
    }
}
