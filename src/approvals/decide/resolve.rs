//! What the word of a program refers to on a host: a file of `PATH` or of the working directory, and its real
//! path.
//!
//! Source: `executable-path` and `exec-command-resolution` of the three releases. What the host does not know is
//! decided by a [`Hypothesis`], and noted in [`World::unknown`].

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use super::configuration::Setup;
use super::host::{Found, Host};
use super::profile::Profile;
use super::question::Question;
use super::words;

/// The assumption about a program that may or may not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hypothesis {
    /// It does not exist.
    Nothing,
    /// It exists, and its real path matches no pattern.
    Stranger,
    /// It exists, and its real path matches every pattern.
    Wanted,
}

/// The host under one hypothesis.
pub(super) struct World<'h> {
    /// The files.
    pub host: &'h dyn Host,
    /// The assumption about what the host does not know.
    pub hypothesis: Hypothesis,
    /// The paths that the host did not know, so far.
    pub unknown: RefCell<BTreeSet<String>>,
    /// Whether the release fails on an entry that it compares, so that nothing starts.
    pub failed: Cell<bool>,
}

/// Everything outside a command that its programs are looked up in.
#[derive(Clone, Copy)]
pub(super) struct Lookup<'l> {
    /// The release.
    pub profile: Profile,
    /// The files, under one hypothesis.
    pub world: &'l World<'l>,
    /// What the configuration says.
    pub setup: &'l Setup,
    /// The absolute working directory of the call.
    pub directory: &'l str,
    /// `HOME` of the gateway.
    pub home: &'l str,
}

/// A program as a release resolves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Program {
    /// The word as written, without white space around it.
    pub word: String,
    /// The path as found, links not followed. `None`: not found.
    pub resolved: Option<String>,
    /// Its real path. `None`: not found, or unknown.
    pub real: Option<String>,
    /// Whether it exists only by hypothesis, so that its real path is not known.
    pub guessed: bool,
}

/// What is at a path, after the hypothesis.
enum Seen {
    Program(String),
    Guessed,
    Other,
}

impl Program {
    /// The base name of the path as found; else the word.
    pub(super) fn name(&self) -> &str {
        self.resolved.as_deref().map_or(&self.word, words::base_name)
    }
}

impl<'l> Lookup<'l> {
    /// The surroundings of the command of a question.
    pub(super) fn new(
        question: &'l Question<'l>,
        profile: Profile,
        setup: &'l Setup,
        world: &'l World<'l>,
    ) -> Self {
        Self { profile, world, setup, directory: question.directory, home: question.home }
    }

    /// Resolves the word of a program (`buildExecutableResolution`).
    pub(super) fn program(&self, word: &str) -> Program {
        let word = words::trim(word);
        let (resolved, real, guessed) = match self.find(word) {
            Some((path, Seen::Program(real))) => (Some(path), Some(real), false),
            Some((path, Seen::Guessed)) => (Some(path), None, true),
            _ => (None, None, false),
        };
        Program { word: word.to_owned(), resolved, real, guessed }
    }

    /// The path that a program has although it may not exist: that of a word with a separator.
    pub(super) fn candidate<'p>(&self, program: &'p Program) -> Option<Cow<'p, str>> {
        let resolved = program.resolved.as_deref().map(Cow::Borrowed);
        resolved.or_else(|| self.path_of(&program.word).map(Cow::Owned))
    }

    /// The path that entries and trusted directories are compared with (`resolveExecutableTrustPath`): the
    /// real path if there is one, else the path as written.
    pub(super) fn trust_path<'p>(&self, program: &'p Program) -> Option<Cow<'p, str>> {
        if let Some(real) = &program.real {
            return Some(Cow::Borrowed(real));
        }
        let candidate = self.candidate(program)?;
        Some(self.real_path(&candidate).map_or(candidate, Cow::Owned))
    }

    /// The real path of whatever is at a path. `None`: nothing, or unknown.
    pub(super) fn real_path(&self, path: &str) -> Option<String> {
        match self.world.host.look(path) {
            Found::Program(real) | Found::File(real) | Found::Directory(real) => Some(real),
            Found::Nothing => None,
            Found::Unknown => {
                self.note(path);
                None
            }
        }
    }

    /// Notes a path that the host does not know.
    fn note(&self, path: &str) {
        let path = if path.starts_with('/') {
            path.to_owned()
        } else {
            format!("what is at {path} in the directory in which the gateway was started")
        };
        self.world.unknown.borrow_mut().insert(path);
    }

    /// The real path of whatever is at a path, and whether it exists only by hypothesis.
    pub(super) fn real_or_guess(&self, path: &str) -> (Option<String>, bool) {
        let is_unknown = matches!(self.world.host.look(path), Found::Unknown);
        (self.real_path(path), is_unknown && self.world.hypothesis != Hypothesis::Nothing)
    }

    /// The hypothesis' answer to a question that cannot be decided. `what`: the unknown fact, for the report.
    pub(super) fn assume(&self, what: impl FnOnce() -> String) -> bool {
        self.world.unknown.borrow_mut().insert(what());
        self.world.hypothesis == Hypothesis::Wanted
    }

    /// The absolute path of a word with a separator. 2026.4.14 leaves an absolute one as written.
    fn path_of(&self, word: &str) -> Option<String> {
        let expanded = words::expand_home(word, self.home);
        if !words::has_separator(&expanded) {
            return None;
        }
        if expanded.starts_with('/') && self.profile == Profile::V2026_4_14 {
            return Some(expanded.into_owned());
        }
        Some(words::absolute(words::trim(self.directory), &expanded))
    }

    /// Looks a word up.
    fn find(&self, word: &str) -> Option<(String, Seen)> {
        if word.is_empty() {
            return None;
        }
        if let Some(path) = self.path_of(word) {
            let seen = self.see(&path);
            return Some((path, seen));
        }
        for candidate in self.setup.path.split(':').filter_map(|entry| self.in_path(entry, word)) {
            match self.see(&candidate) {
                Seen::Other => {}
                seen => return Some((candidate, seen)),
            }
        }
        None
    }

    /// The path of a name in one element of `PATH`. 2026.9.6 takes an empty element for the working
    /// directory, and keeps `..` as written; the others skip an empty one.
    fn in_path(&self, entry: &str, name: &str) -> Option<String> {
        if self.profile < Profile::V2026_9_6 {
            return (!entry.is_empty()).then(|| join(entry, name));
        }
        let goes_up = words::has_pair(entry, *b"..") && entry.split('/').any(|part| part == "..");
        if entry.starts_with('/') {
            return Some(if goes_up { [entry, "/", name].concat() } else { words::absolute(entry, name) });
        }
        let directory = words::absolute("/", words::trim(self.directory));
        let path = format!("{directory}/{entry}/{name}");
        Some(if goes_up { path } else { words::absolute("/", &path) })
    }

    /// What is at a path, after the hypothesis.
    fn see(&self, path: &str) -> Seen {
        // A relative element of PATH is resolved by 2026.4.14 and 2026.6.11 against a directory that nobody
        // knows: the one in which the gateway was started.
        let is_absolute = path.starts_with('/');
        let found = if is_absolute { self.world.host.look(path) } else { Found::Unknown };
        match found {
            Found::Program(real) => Seen::Program(real),
            Found::File(_) | Found::Directory(_) | Found::Nothing => Seen::Other,
            Found::Unknown => {
                self.note(path);
                if self.world.hypothesis == Hypothesis::Nothing { Seen::Other } else { Seen::Guessed }
            }
        }
    }
}

/// `path.posix.join` of an element of `PATH` and a name.
fn join(entry: &str, name: &str) -> String {
    if entry.starts_with('/') { words::absolute(entry, name) } else { [entry, "/", name].concat() }
}

#[cfg(test)]
mod tests;
