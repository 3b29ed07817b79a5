//! A host whose programs are listed in a table: for a gateway on another machine, and for tests of policies.
//!
//! What the table does not name is unknown, unless the table says that it is complete. A name that it lists (as a name
//! or as the last part of a path) has no other program: that is how a search through `PATH` ends.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Deserialize;

use super::host::{Found, Host};
use super::words;

/// As many links as Linux follows in one path.
const MAX_LINKS: usize = 40;

/// The number of parts of a path that are followed, links included.
const MAX_PARTS: usize = 4096;

/// The files of a host, as far as they are listed.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Table {
    /// The programs: a list of paths; or by name or path, where each is.
    pub programs: Programs,
    /// Files that are not executable, by path, with their text; or a list of their paths.
    pub files: Files,
    /// Directories, besides those of the programs and files.
    pub directories: BTreeSet<String>,
    /// Links by path, with the path that each leads to.
    pub links: BTreeMap<String, String>,
    /// Programs, files and directories that the gateway's user may change.
    pub writable: BTreeSet<String>,
    /// Whether nothing else exists on the host.
    pub complete: bool,
    /// `PATH` of the gateway's process.
    pub path: Option<String>,
    /// `HOME` of the gateway's process.
    pub home: Option<String>,
}

/// The programs of a table.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "programs is a list of paths, or a table of names and paths")]
pub enum Programs {
    /// Their paths.
    Paths(BTreeSet<String>),
    /// By a name (`git`) the path at which it is found, by a path its real path.
    Places(BTreeMap<String, Place>),
}

/// Where a program is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "a program is a path, or true at its own path, or false if there is none")]
pub enum Place {
    /// At this path.
    At(String),
    /// At its own path; `false`: nowhere.
    Exists(bool),
}

/// The files of a table.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "files is a list of paths, or a table of paths with the text of each")]
pub enum Files {
    /// Their paths. Their texts are unknown.
    Paths(BTreeSet<String>),
    /// Their texts by path.
    Texts(BTreeMap<String, String>),
}

impl Default for Programs {
    fn default() -> Self {
        Self::Paths(BTreeSet::new())
    }
}

impl Default for Files {
    fn default() -> Self {
        Self::Paths(BTreeSet::new())
    }
}

/// A [`Table`] as a [`Host`], with normalised paths.
#[derive(Debug, Clone, Default)]
pub struct TableHost {
    /// Executable files, by real path.
    programs: BTreeSet<String>,
    /// Other files, by path, with their text where it is known.
    files: BTreeMap<String, Option<String>>,
    directories: BTreeSet<String>,
    links: BTreeMap<String, String>,
    /// Names that have no other program than those listed.
    names: BTreeSet<String>,
    /// Paths at which there is nothing.
    nothing: BTreeSet<String>,
    writable: BTreeSet<String>,
    complete: bool,
}

impl Table {
    /// The first problem of the table, in words.
    pub fn problem(&self) -> Option<String> {
        let files: Vec<&String> = match &self.files {
            Files::Paths(paths) => paths.iter().collect(),
            Files::Texts(texts) => texts.keys().collect(),
        };
        let programs = match &self.programs {
            Programs::Paths(paths) => Some(paths),
            Programs::Places(_) => None,
        };
        let all = files.into_iter().map(|path| ("files", path));
        let all = all.chain(self.directories.iter().map(|path| ("directories", path)));
        let all = all.chain(self.writable.iter().map(|path| ("writable", path)));
        let all = all.chain(self.links.iter().flat_map(|(from, to)| [("links", from), ("links", to)]));
        let all = all.chain(self.home.iter().map(|path| ("home", path)));
        let mut all = all.chain(programs.into_iter().flatten().map(|path| ("programs", path)));
        let wrong = |(key, path): (&str, &String)| {
            let problem = wrong_path(key, path)?;
            Some(format!("{key}: `{}` {problem}", path.escape_debug()))
        };
        all.find_map(wrong).or_else(|| self.wrong_places()).or_else(|| self.both())
    }

    fn wrong_places(&self) -> Option<String> {
        let Programs::Places(places) = &self.programs else { return None };
        let problem = places.iter().find_map(|(key, place)| wrong_place(key, place))?;
        Some(format!("programs: {problem}"))
    }

    /// A directory that is listed as something else, too.
    fn both(&self) -> Option<String> {
        let is_file = |path: &String| match &self.files {
            Files::Paths(paths) => paths.contains(path),
            Files::Texts(texts) => texts.contains_key(path),
        };
        let is_program =
            |path: &String| matches!(&self.programs, Programs::Paths(paths) if paths.contains(path));
        let path = self.directories.iter().find(|path| is_file(path) || is_program(path))?;
        Some(format!("directories: `{}` is a program or a file, too", path.escape_debug()))
    }

    /// `PATH`, or the directories of the listed programs in their order, if the table does not say.
    pub fn path_or_directories(&self) -> Option<String> {
        if let Some(path) = &self.path {
            return Some(path.clone());
        }
        let mut directories: Vec<&str> = Vec::new();
        for path in self.found_paths() {
            let directory = path.rsplit_once('/').map_or("", |(directory, _)| directory);
            if !directory.is_empty() && !directories.contains(&directory) {
                directories.push(directory);
            }
        }
        (!directories.is_empty()).then(|| directories.join(":"))
    }

    /// The paths at which programs are found.
    fn found_paths(&self) -> Vec<&str> {
        match &self.programs {
            Programs::Paths(paths) => paths.iter().map(String::as_str).collect(),
            Programs::Places(places) => places
                .iter()
                .filter_map(|(key, place)| match place {
                    Place::At(path) if !key.starts_with('/') => Some(path.as_str()),
                    Place::At(_) | Place::Exists(true) => Some(key.as_str()),
                    Place::Exists(false) => None,
                })
                .collect(),
        }
    }

    /// The table as a host, for a call that names its directory: if nothing else exists, only a directory that the table has.
    pub fn host_for(&self, directory: &str) -> TableHost {
        let home = self.home.as_deref().unwrap_or("/");
        self.host(if self.complete { home } else { directory })
    }

    /// The table as a host. `directory`: the directory of the call, which exists.
    pub fn host(&self, directory: &str) -> TableHost {
        let mut host = TableHost {
            links: self.links.iter().map(|(from, to)| (words::absolute("/", from), to.clone())).collect(),
            writable: self.writable.iter().map(|path| words::absolute("/", path)).collect(),
            complete: self.complete,
            ..TableHost::default()
        };
        match &self.programs {
            Programs::Paths(paths) => {
                for path in paths {
                    host.add_program(path);
                }
            }
            Programs::Places(places) => {
                for (key, place) in places {
                    host.add_place(key, place);
                }
            }
        }
        match &self.files {
            Files::Paths(paths) => {
                for path in paths {
                    host.add_file(path, None);
                }
            }
            Files::Texts(texts) => {
                for (path, text) in texts {
                    host.add_file(path, Some(text.clone()));
                }
            }
        }
        for path in self.directories.iter().map(String::as_str).chain([directory, "/"]) {
            let path = words::absolute("/", path);
            host.add_parents(&path);
            host.directories.insert(path);
        }
        let linked: Vec<String> = host.links.keys().cloned().collect();
        for path in &linked {
            host.add_parents(path);
        }
        host
    }
}

/// What is wrong with a path under a key.
fn wrong_path(key: &str, path: &str) -> Option<&'static str> {
    if !path.starts_with('/') {
        Some("is not an absolute path")
    } else if matches!(key, "programs" | "files") && path.ends_with('/') {
        Some("ends with a slash, as only a directory does")
    } else {
        None
    }
}

fn wrong_place(key: &str, place: &Place) -> Option<String> {
    let key_shown = key.escape_debug();
    if !key.starts_with('/') && (key.is_empty() || key.contains('/')) {
        return Some(format!("`{key_shown}` is neither a name nor an absolute path"));
    }
    match place {
        Place::At(path) if !path.starts_with('/') => {
            Some(format!("`{}` is not an absolute path", path.escape_debug()))
        }
        Place::Exists(true) if !key.starts_with('/') => {
            Some(format!("`{key_shown}` is a name: its value is the path at which it is found, or false"))
        }
        Place::At(_) | Place::Exists(_) => None,
    }
}

impl TableHost {
    fn add_program(&mut self, path: &str) {
        let path = words::absolute("/", path);
        self.add_name(&path);
        self.add_parents(&path);
        self.programs.insert(path);
    }

    fn add_place(&mut self, key: &str, place: &Place) {
        match place {
            Place::Exists(false) if key.starts_with('/') => {
                self.nothing.insert(words::absolute("/", key));
            }
            Place::Exists(false) => {
                self.names.insert(key.to_owned());
            }
            Place::Exists(true) => self.add_program(key),
            Place::At(path) if key.starts_with('/') => {
                let (key, path) = (words::absolute("/", key), words::absolute("/", path));
                self.add_name(&key);
                self.add_parents(&key);
                self.add_parents(&path);
                if key != path {
                    self.links.insert(key, path.clone());
                }
                self.programs.insert(path);
            }
            Place::At(path) => {
                self.names.insert(key.to_owned());
                // The path may be a link of its own, under its own key.
                if !self.links.contains_key(&words::absolute("/", path)) {
                    self.add_program(path);
                }
            }
        }
    }

    fn add_file(&mut self, path: &str, text: Option<String>) {
        let path = words::absolute("/", path);
        self.add_parents(&path);
        self.files.insert(path, text);
    }

    fn add_name(&mut self, path: &str) {
        if let Some((_, name)) = path.rsplit_once('/') {
            self.names.insert(name.to_owned());
        }
    }

    fn add_parents(&mut self, path: &str) {
        let mut rest = path;
        while let Some((parent, _)) = rest.rsplit_once('/') {
            if parent.is_empty() || !self.directories.insert(parent.to_owned()) {
                return;
            }
            rest = parent;
        }
    }

    /// The path with its links followed. `None`: there are too many.
    fn real(&self, path: &str) -> Option<String> {
        let mut real = String::new();
        let mut rest: Vec<String> = path.split('/').rev().map(str::to_owned).collect();
        let (mut links, mut parts) = (0, 0);
        while let Some(part) = rest.pop() {
            parts += 1;
            if parts > MAX_PARTS {
                return None;
            }
            match part.as_str() {
                "" | "." => continue,
                ".." => {
                    real.truncate(real.rfind('/').unwrap_or(0));
                    continue;
                }
                _ => {}
            }
            let before = real.len();
            real.push('/');
            real.push_str(&part);
            if let Some(target) = self.links.get(&real) {
                links += 1;
                if links > MAX_LINKS {
                    return None;
                }
                real.truncate(if target.starts_with('/') { 0 } else { before });
                rest.extend(target.split('/').rev().map(str::to_owned));
            }
        }
        Some(if real.is_empty() { "/".to_owned() } else { real })
    }
}

impl Host for TableHost {
    fn look(&self, path: &str) -> Found {
        let Some(real) = self.real(path) else { return Found::Nothing };
        if self.programs.contains(&real) {
            return Found::Program(real);
        }
        if self.files.contains_key(&real) {
            return Found::File(real);
        }
        if self.directories.contains(&real) {
            return Found::Directory(real);
        }
        let name = real.rsplit_once('/').map_or("", |(_, name)| name);
        if self.complete || self.nothing.contains(&real) || self.names.contains(name) {
            return Found::Nothing;
        }
        Found::Unknown
    }

    fn read(&self, path: &str, limit: usize) -> Option<Vec<u8>> {
        let text = self.files.get(&self.real(path)?)?.as_ref()?;
        (text.len() <= limit).then(|| text.clone().into_bytes())
    }

    fn is_writable(&self, path: &str) -> Option<bool> {
        let real = self.real(path)?;
        let directory = real.rsplit_once('/').map_or("/", |(directory, _)| directory);
        Some(self.writable.contains(&real) || self.writable.contains(directory))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(json: &str) -> Table {
        serde_json::from_str(json).unwrap()
    }

    fn looks(json: &str, expected: &[(&str, Found)]) {
        let host = table(json).host("/srv");
        for (path, found) in expected {
            assert_eq!(host.look(path), *found, "{path} in {json}");
        }
    }

    fn program(path: &str) -> Found {
        Found::Program(path.to_owned())
    }

    #[test]
    fn what_is_not_named_is_unknown() {
        looks(
            r#"{"programs": ["/usr/bin/git"]}"#,
            &[
                ("/usr/bin/git", program("/usr/bin/git")),
                ("/usr/bin/../bin/./git", program("/usr/bin/git")),
                // A listed name has no other program.
                ("/usr/local/bin/git", Found::Nothing),
                ("/usr/bin/rg", Found::Unknown),
                ("/usr/bin", Found::Directory("/usr/bin".to_owned())),
                ("/srv", Found::Directory("/srv".to_owned())),
                ("/", Found::Directory("/".to_owned())),
            ],
        );
        looks(r#"{"programs": [], "complete": true}"#, &[("/usr/bin/rg", Found::Nothing)]);
    }

    #[test]
    fn names_and_links_lead_to_real_paths() {
        looks(
            r#"{"programs": {"python3": "/usr/bin/python3", "/usr/bin/python3": "/usr/bin/python3.12", "rg": false,
                 "/opt/x": false, "/opt/y": true},
                "links": {"/bin": "usr/bin", "/loop": "/loop"}, "files": {"/srv/a.py": "print()"}}"#,
            &[
                ("/usr/bin/python3", program("/usr/bin/python3.12")),
                ("/bin/python3", program("/usr/bin/python3.12")),
                ("/usr/local/bin/python3", Found::Nothing),
                ("/usr/bin/rg", Found::Nothing),
                ("/opt/x", Found::Nothing),
                ("/opt/y", program("/opt/y")),
                ("/loop", Found::Nothing),
                ("/srv/a.py", Found::File("/srv/a.py".to_owned())),
            ],
        );
    }

    #[test]
    fn scripts_and_permissions_are_listed() {
        let host =
            table(r#"{"programs": ["/b/tool"], "files": {"/srv/a.py": "x"}, "writable": ["/b"]}"#).host("/");
        assert_eq!(host.read("/srv/a.py", 10).as_deref(), Some(&b"x"[..]));
        assert_eq!((host.read("/srv/a.py", 0), host.read("/srv/b.py", 9)), (None, None));
        assert_eq!((host.is_writable("/b/tool"), host.is_writable("/srv/a.py")), (Some(true), Some(false)));
    }

    /// The bug: the directory of a call existed on a host on which nothing else did.
    #[test]
    fn on_a_complete_host_only_its_own_directories_exist() {
        let written = r#"{"programs": ["/usr/bin/ls"], "home": "/home/ops", "directories": ["/srv"], "complete": true}"#;
        let host = |directory| table(written).host_for(directory);
        assert_eq!(host("/nope").look("/nope"), Found::Nothing);
        for directory in ["/srv", "/home/ops", "/usr/bin", "/"] {
            assert_eq!(host(directory).look(directory), Found::Directory(directory.to_owned()));
        }
        let open = written.replace("true", "false");
        assert_eq!(table(&open).host_for("/nope").look("/nope"), Found::Directory("/nope".to_owned()));
    }

    #[test]
    fn mistakes_are_named() {
        for (json, expected) in [
            (r#"{"programs": ["git"]}"#, "programs: `git` is not an absolute path"),
            (r#"{"programs": {"git": "git"}}"#, "programs: `git` is not an absolute path"),
            (
                r#"{"programs": {"git": true}}"#,
                "programs: `git` is a name: its value is the path at which it is found, or false",
            ),
            (r#"{"programs": {"a/b": "/x"}}"#, "programs: `a/b` is neither a name nor an absolute path"),
            (r#"{"links": {"bin": "/x"}}"#, "links: `bin` is not an absolute path"),
            // The bug: these made the program one that does not exist.
            (
                r#"{"programs": ["/bin/ls/"]}"#,
                "programs: `/bin/ls/` ends with a slash, as only a directory does",
            ),
            (
                r#"{"programs": ["/bin/ls"], "directories": ["/bin/ls"]}"#,
                "directories: `/bin/ls` is a program or a file, too",
            ),
            (
                r#"{"files": {"/a": ""}, "directories": ["/a"]}"#,
                "directories: `/a` is a program or a file, too",
            ),
        ] {
            assert_eq!(table(json).problem().as_deref(), Some(expected), "{json}");
        }
        assert_eq!(table(r#"{"programs": {"git": "/usr/bin/git"}}"#).problem(), None);
        assert!(serde_json::from_str::<Table>(r#"{"program": []}"#).is_err());
    }

    #[test]
    fn a_path_is_made_of_the_programs() {
        let places =
            r#"{"programs": {"git": "/usr/bin/git", "rg": "/opt/bin/rg", "/usr/bin/tr": true, "no": false}}"#;
        assert_eq!(table(places).path_or_directories().as_deref(), Some("/usr/bin:/opt/bin"));
        assert_eq!(table(r#"{"path": "/x"}"#).path_or_directories().as_deref(), Some("/x"));
        assert_eq!(Table::default().path_or_directories(), None);
    }
}
