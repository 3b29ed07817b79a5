//! The circumstances of a call: the files of the host, its `PATH` and home, and the directory.

use std::path::{Path, PathBuf};

use bytesize::ByteSize;

use super::error::ExplainError;
use crate::approvals::decide::{Found, Host, Table, UNKNOWN_STATE};
use crate::commands::Error;
use crate::deadline::Deadline;
use crate::report::approvals::explain::HostUsed;
use crate::settings::{Environment, openclaw_state_directory};
use crate::store::files::ThisMachine;
use crate::store::input::{self, Bounds, Input};

/// Size limit of a table of programs, in bytes.
const MAX_TABLE: ByteSize = ByteSize::mib(16);

/// A directory that no table has: what is looked up in it is unknown.
pub(in crate::commands) const UNKNOWN_PATH: &str = "/(unknown)/bin";

/// A home directory that no pattern matches.
pub(in crate::commands) const UNKNOWN_HOME: &str = "/(unknown)/home";

/// The circumstances of a call.
pub(in crate::commands) struct Circumstances {
    /// The files.
    pub(in crate::commands) host: Box<dyn Host + Send>,
    /// The files for reports.
    pub(in crate::commands) used: HostUsed,
    /// `PATH` of the gateway's process.
    pub(in crate::commands) path: String,
    /// `HOME` of the gateway's process; `None`: it is unknown.
    pub(in crate::commands) home: Option<String>,
    /// The gateway's state directory: that of this host, or the default in the home of another one. `None`: it is unknown.
    pub(in crate::commands) state_directory: Option<String>,
    /// The directory of the call.
    pub(in crate::commands) directory: String,
    /// What is assumed, for reports.
    pub(in crate::commands) assumptions: Vec<String>,
}

/// What the command line says about the circumstances.
#[derive(Debug, Clone, Default)]
pub(in crate::commands) struct Given<'g> {
    /// The table of programs, and its name.
    pub(in crate::commands) table: Option<(Table, String)>,
    /// `--path`.
    pub(in crate::commands) path: Option<&'g str>,
    /// `--cwd`.
    pub(in crate::commands) directory: Option<&'g str>,
}

impl Circumstances {
    /// The circumstances of a call on this host (`here`) or on another one.
    pub(in crate::commands) fn of(given: Given<'_>, here: bool) -> Self {
        let environment = Environment::of_process();
        let mut assumptions = Vec::new();
        // The evaluator decides as on Unix. Elsewhere this host's files and directories do not answer it.
        let here = here && cfg!(unix);
        let own = here && given.table.is_none();
        let directory = match given.directory {
            Some(directory) => absolute(directory),
            None if here => {
                std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/")).display().to_string()
            }
            None => "/".to_owned(),
        };
        if given.directory.is_none() {
            assumptions.push(format!("the working directory is {directory} (--cwd)"));
        }
        let (table, name) = given.table.map_or((None, None), |(table, name)| (Some(table), Some(name)));
        let of_process = || environment.raw("PATH").map(|path| path.to_string_lossy().into_owned());
        let from_table = table.as_ref().and_then(Table::path_or_directories);
        let path = match (given.path, from_table) {
            (Some(path), _) => path.to_owned(),
            (None, Some(path)) => path,
            (None, None) if own => {
                assumptions.push("the gateway's PATH is that of this process (--path)".to_owned());
                of_process().unwrap_or_default()
            }
            (None, None) => UNKNOWN_PATH.to_owned(),
        };
        let of_table = table.as_ref().and_then(|table| table.home.clone());
        let home = of_table.or_else(|| {
            let home = environment.home().filter(|_| own)?;
            Some(home.display().to_string())
        });
        let (host, used): (Box<dyn Host + Send>, HostUsed) = match (table, name) {
            (Some(table), Some(name)) => {
                let named = given.directory.is_some();
                let host = if named { table.host_for(&directory) } else { table.host(&directory) };
                (Box::new(host), HostUsed::Table(name))
            }
            _ if own => (Box::new(ThisMachine), HostUsed::Here),
            _ => (Box::new(Table::default().host(&directory)), HostUsed::Unknown),
        };
        if own {
            assumptions.push("the gateway runs as this user".to_owned());
        }
        let state_directory = if own {
            openclaw_state_directory(&environment).map(|directory| directory.display().to_string())
        } else {
            // As in policy tests: the default of a gateway without OPENCLAW_STATE_DIR.
            home.as_deref().map(|home| format!("{}/.openclaw", home.trim_end_matches('/')))
        };
        Self { host, used, path, home, state_directory, directory, assumptions }
    }

    /// The home for a question.
    pub(in crate::commands) fn home_or_none(&self) -> &str {
        self.home.as_deref().unwrap_or(UNKNOWN_HOME)
    }
}

impl Circumstances {
    /// What is assumed of a command that opens a database.
    pub(super) fn assumed_state_directory(&self) -> Option<String> {
        let directory = self.state_directory.as_deref().filter(|_| self.used != HostUsed::Here)?;
        Some(format!("the gateway's state directory is {directory}"))
    }

    /// Whether it is unknown where a program is. `word`: the program as the command names it.
    pub(super) fn is_unknown(&self, word: &str) -> bool {
        if self.used == HostUsed::Here || word.is_empty() {
            return false;
        }
        if word.starts_with('~') {
            return self.home.is_none();
        }
        if word.contains('/') {
            let path =
                if word.starts_with('/') { word.to_owned() } else { format!("{}/{word}", self.directory) };
            return self.host.look(&path) == Found::Unknown;
        }
        let mut places = self.path.split(':').filter(|directory| directory.starts_with('/'));
        places.any(|directory| self.host.look(&format!("{directory}/{word}")) == Found::Unknown)
    }
}

/// The text of a missing fact. `name`: a path that was looked up, or a sentence.
pub(in crate::commands) fn missing(name: &str) -> String {
    if name == UNKNOWN_STATE {
        return format!("{name}: set `home` in the table of --programs");
    }
    let program = name.strip_prefix(UNKNOWN_PATH).and_then(|rest| rest.strip_prefix('/'));
    match program {
        Some(program) => format!("the path of the program {program}: list it with --programs FILE"),
        None if name.starts_with('/') => format!("what is at {name}: list it with --programs FILE"),
        None => name.to_owned(),
    }
}

/// Reads a table of programs: JSON if the name ends with `.json`, else TOML.
pub(in crate::commands) fn table(file: &Path, deadline: Deadline) -> Result<(Table, String), Error> {
    let input = Input::named(file);
    let name = input.name();
    let bytes = input::read(&input, Bounds { max_size: MAX_TABLE, deadline })?;
    let wrong = |at, problem: String| Error::from(ExplainError::Programs { name: name.clone(), at, problem });
    let Ok(text) = String::from_utf8(bytes) else {
        return Err(wrong(None, "this is not UTF-8 text".to_owned()));
    };
    let is_json = file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    let table: Table = if is_json || text.trim_start().starts_with('{') {
        serde_json::from_str(&text).map_err(|error| {
            let message = error.to_string();
            let at = (error.line(), error.column());
            let place = format!(" at line {} column {}", at.0, at.1);
            wrong(Some(at), message.strip_suffix(&place).unwrap_or(&message).to_owned())
        })?
    } else {
        toml::from_str(&text).map_err(|error| {
            let at = error.span().map(|span| position(&text, span.start));
            wrong(at, error.message().to_owned())
        })?
    };
    match table.problem() {
        None => Ok((table, name)),
        Some(problem) => Err(wrong(None, problem)),
    }
}

/// Line and column, from 1, of a byte.
fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.rsplit('\n').next().unwrap_or_default();
    (before.matches('\n').count() + 1, line.chars().count() + 1)
}

/// A directory of the command line, absolute.
fn absolute(directory: &str) -> String {
    if directory.starts_with('/') {
        return directory.to_owned();
    }
    std::path::absolute(directory).map_or_else(|_| directory.to_owned(), |path| path.display().to_string())
}
