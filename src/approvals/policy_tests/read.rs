//! Reads a file of policy tests: TOML to checked cases, or every problem with its place.

use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::file::{Expected, File, PermissionMode, WrittenCase, WrittenHost};
use super::one_or_more::OneOrMore;
use super::schema::Kind;
use super::suite::{Case, Host, Release, Suite};
use crate::approvals::decide::{Context, Programs, Table};
use crate::approvals::findings::diagnostic::Position;
use crate::approvals::findings::finding::Cursor;
use crate::approvals::findings::nearest::nearest;
use crate::approvals::model::scalar::{Ask, Security};

/// `PATH` of a host that names none.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// `HOME` of a host that names none.
const HOME: &str = "/home/openclaw";

/// The agent of a file that names none.
const AGENT: &str = "main";

/// The most problems that are reported of one file.
const MOST: usize = 100;

/// What is wrong with a file of policy tests. The texts may quote the file: the code that prints them escapes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The place.
    pub at: Position,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
}

impl Problem {
    /// A problem at the end of this text.
    pub fn after(text: &str, message: &str) -> Self {
        let mut cursor = Cursor::of(text);
        cursor.advance(text.len());
        Self { at: cursor.position(), message: message.to_owned(), help: None }
    }
}

/// Reads the text of a file.
pub fn read(text: &str) -> Result<Suite, Vec<Problem>> {
    let reader = Reader { text };
    match toml::from_str(text) {
        Ok(file) => reader.suite(file),
        Err(error) => Err(reader.explained(&error)),
    }
}

struct Reader<'t> {
    text: &'t str,
}

/// The values of the file that cases take unless they have their own.
struct Defaults {
    releases: Arc<[Release]>,
    agent: Arc<str>,
    context: Context,
    directory: Arc<str>,
    has_table: bool,
}

impl Reader<'_> {
    fn suite(&self, file: File) -> Result<Suite, Vec<Problem>> {
        let mut problems = Vec::new();
        let host = self.host(file.host, &mut problems);
        let has_table = matches!(host, Host::Table(_));
        let releases = file.release.map(|names| self.releases(&names, &mut problems));
        let directory = file.directory.map(|path| self.directory(path, &mut problems));
        let defaults = Defaults {
            releases: releases.unwrap_or_else(|| [Release::newest()].into()),
            agent: self.agent(file.agent, &mut problems).unwrap_or_else(|| AGENT.into()),
            context: file.context.unwrap_or_default(),
            directory: directory.unwrap_or_else(|| "~".into()),
            has_table,
        };
        let mut cursor = Cursor::of(self.text);
        let mut placed = |written: &Spanned<String>| {
            if written.get_ref().is_empty() {
                problems.push(self.problem(written.span(), "the path is empty", None));
            }
            (written.get_ref().clone(), self.position(written.span().start))
        };
        let document = placed(&file.document);
        let config = file.config.as_ref().map(&mut placed);
        let mut cases = Vec::with_capacity(file.cases.len());
        for written in file.cases {
            cursor.advance(written.span().start);
            cases.push(self.case(written.into_inner(), cursor.position(), &defaults, &mut problems));
            if problems.len() >= MOST {
                break;
            }
        }
        if cases.is_empty() {
            let help = "write a table [[case]] with command and expect".to_owned();
            problems.push(self.problem(0..0, "the file has no cases", Some(help)));
        }
        if !problems.is_empty() {
            problems.sort_by_key(|problem| problem.at);
            return Err(problems);
        }
        Ok(Suite { document, config, host, cases })
    }

    fn case(
        &self,
        written: WrittenCase,
        at: Position,
        defaults: &Defaults,
        problems: &mut Vec<Problem>,
    ) -> Case {
        if let Some(unanswered) = &written.unanswered
            && written.expect != Expected::Asks
        {
            let message = "`unanswered` is only for expect = \"asks\"";
            let help = Some("write expect = \"asks\", or omit unanswered".to_owned());
            problems.push(self.problem(unanswered.span(), message, help));
        }
        let directory = written.directory.map(|path| self.directory(path, problems));
        Case {
            name: written.name,
            at,
            command: written.command.into_inner(),
            expected: written.expect,
            unanswered: written.unanswered.map(Spanned::into_inner),
            entries: written.entry.map(|names| names.into_inner().0).unwrap_or_default(),
            releases: match written.release {
                Some(names) => self.releases(&names, problems),
                None => Arc::clone(&defaults.releases),
            },
            agent: self.agent(written.agent, problems).unwrap_or_else(|| Arc::clone(&defaults.agent)),
            context: written.context.unwrap_or(defaults.context),
            directory: directory.unwrap_or_else(|| Arc::clone(&defaults.directory)),
            environment: written.env,
            ask: written.ask.map(Ask::as_str),
            security: written.security.map(Security::as_str),
            permission_mode: written.permission_mode.map(PermissionMode::as_str),
            programs: self.programs(written.programs, defaults.has_table, problems),
        }
    }

    fn agent(&self, written: Option<Spanned<String>>, problems: &mut Vec<Problem>) -> Option<Arc<str>> {
        let written = written?;
        if matches!(written.get_ref().trim(), "" | "*") {
            let help = Some("name one agent: agent = \"main\"".to_owned());
            problems.push(self.problem(written.span(), "`agent` must name one agent", help));
        }
        Some(written.into_inner().into())
    }

    fn releases(&self, names: &Spanned<OneOrMore<String>>, problems: &mut Vec<Problem>) -> Arc<[Release]> {
        let mut releases: Vec<Release> = Vec::new();
        for name in &names.get_ref().0 {
            match Release::named(name) {
                Some(release) if releases.contains(&release) => {}
                Some(release) => releases.push(release),
                None => {
                    let message = format!("`{}` is not a release", name.escape_debug());
                    let help = Some("write it as it is published: \"2026.9.6\"".to_owned());
                    problems.push(self.problem(names.span(), message, help));
                }
            }
        }
        releases.into()
    }

    /// The directory of a call, which may begin with `~`.
    fn directory(&self, written: Spanned<String>, problems: &mut Vec<Problem>) -> Arc<str> {
        let path = written.get_ref();
        if !path.starts_with('/') && path != "~" && !path.starts_with("~/") {
            let help = Some("write an absolute path, or one that begins with ~/".to_owned());
            problems.push(self.problem(written.span(), "`directory` is not an absolute path", help));
        }
        written.into_inner().into()
    }

    /// The host with its `PATH` and `HOME`.
    fn host(&self, written: Option<Spanned<WrittenHost>>, problems: &mut Vec<Problem>) -> Host {
        let Some(written) = written else { return Host::Table(whole(Table::default())) };
        let span = written.span();
        match written.into_inner() {
            WrittenHost::Local => Host::Local,
            WrittenHost::Table(table) => {
                if let Some(message) = table.problem() {
                    problems.push(self.problem(span, message, None));
                }
                Host::Table(whole(table))
            }
        }
    }

    fn programs(
        &self,
        written: Option<Spanned<Programs>>,
        has_table: bool,
        problems: &mut Vec<Problem>,
    ) -> Option<Programs> {
        let written = written?;
        let span = written.span();
        let programs = written.into_inner();
        if !has_table {
            let help = Some("omit programs, or write a table [host]".to_owned());
            problems.push(self.problem(
                span,
                "`programs` cannot be used with host = \"local\": the programs of this machine are used",
                help,
            ));
        } else if let Some(message) = (Table { programs: programs.clone(), ..Table::default() }).problem() {
            problems.push(self.problem(span, message, None));
        }
        Some(programs)
    }

    fn problem(&self, span: Range<usize>, message: impl Into<String>, help: Option<String>) -> Problem {
        Problem { at: self.position(span.start), message: message.into(), help }
    }

    fn position(&self, at: usize) -> Position {
        let mut cursor = Cursor::of(self.text);
        cursor.advance(at);
        cursor.position()
    }

    /// The problems of a text that is not a file of policy tests: every unknown key, else the parser's own problem.
    fn explained(&self, error: &toml::de::Error) -> Vec<Problem> {
        let mut problems = Vec::new();
        if let Ok(root) = DeTable::parse(self.text) {
            self.keys(root.get_ref(), Kind::File, &mut problems);
        }
        problems.truncate(MOST);
        if problems.is_empty() {
            let (message, help) = worded(error.message());
            problems.push(self.problem(error.span().unwrap_or_default(), message, help));
        }
        problems.sort_by_key(|problem| problem.at);
        problems
    }

    /// Reports the unknown keys of a table, and of the tables in it.
    fn keys(&self, table: &DeTable<'_>, kind: Kind, problems: &mut Vec<Problem>) {
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            if !kind.keys().iter().any(|known| known == name) {
                problems.push(self.unknown_key(key.span(), name, kind));
            }
            match (kind, name, value.get_ref()) {
                (Kind::File, "host", DeValue::Table(host)) => self.keys(host, Kind::Host, problems),
                (Kind::File, "case", DeValue::Array(cases)) => {
                    for case in cases.iter().filter_map(|case| case.get_ref().as_table()) {
                        self.keys(case, Kind::Case, problems);
                        if problems.len() >= MOST {
                            return;
                        }
                    }
                }
                (Kind::Case, "entry", DeValue::Table(entry)) => self.keys(entry, Kind::Entry, problems),
                (Kind::Case, "entry", DeValue::Array(entries)) => {
                    for entry in entries.iter().filter_map(|entry| entry.get_ref().as_table()) {
                        self.keys(entry, Kind::Entry, problems);
                    }
                }
                _ => {}
            }
        }
    }

    fn unknown_key(&self, span: Range<usize>, name: &str, kind: Kind) -> Problem {
        let keys = kind.keys();
        let help = match nearest(name, keys.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the keys of {} are {}", kind.name(), keys.join(", ")),
        };
        let message = format!("unknown key `{}` of {}", name.escape_debug(), kind.name());
        self.problem(span, message, Some(help))
    }
}

/// A table with `PATH` and `HOME`.
fn whole(table: Table) -> Table {
    Table {
        path: Some(table.path_or_directories().unwrap_or_else(|| PATH.to_owned())),
        home: Some(table.home.clone().unwrap_or_else(|| HOME.to_owned())),
        ..table
    }
}

/// A message of the TOML parser in plain words, and the nearest name.
fn worded(message: &str) -> (String, Option<String>) {
    let message = message.lines().next().unwrap_or("this is not TOML");
    if let Some(rest) = message.strip_prefix("unknown variant `")
        && let Some((found, known)) = rest.rsplit_once("`, expected ")
    {
        let names = known.split('`').skip(1).step_by(2);
        let help = match nearest(found, names.clone()) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => format!(
                "write one of {}",
                names.map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
            ),
        };
        return (format!("`{}` is not a value of this key", found.escape_debug()), Some(help));
    }
    if let Some(expected) = message.strip_prefix("invalid length 0, expected ") {
        return ("the list is empty".to_owned(), Some(format!("write {expected}")));
    }
    if let Some(field) = message.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')) {
        return (format!("the key `{field}` is missing"), None);
    }
    (message.to_owned(), None)
}

#[cfg(test)]
mod tests;
