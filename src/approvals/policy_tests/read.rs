//! Reads a file of policy tests: TOML to checked cases, or every problem with its place.

use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::file::{Expected, File, WrittenCase, WrittenContext, WrittenHost};
use super::one_or_more::OneOrMore;
use super::schema::Kind;
use super::suite::{Case, Host, Release, Suite};
use crate::approvals::decide::{Context, Programs, Table};
use crate::approvals::findings::diagnostic::Position;
use crate::approvals::findings::finding::Cursor;
use crate::approvals::findings::nearest::nearest;

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
            context: context(file.context).unwrap_or_default(),
            directory: directory.unwrap_or_else(|| "~".into()),
            has_table,
        };
        let mut cursor = Cursor::of(self.text);
        let mut placed = |written: &Spanned<String>| {
            if written.get_ref().is_empty() {
                problems.push(self.problem(written.span(), "this is not a path", None));
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
            let message = "only a command that asks has a prompt that nobody answers";
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
            context: context(written.context).unwrap_or(defaults.context),
            directory: directory.unwrap_or_else(|| Arc::clone(&defaults.directory)),
            environment: written.env,
            ask: written.ask,
            security: written.security,
            permission_mode: written.permission_mode,
            programs: self.programs(written.programs, defaults.has_table, problems),
        }
    }

    fn agent(&self, written: Option<Spanned<String>>, problems: &mut Vec<Problem>) -> Option<Arc<str>> {
        let written = written?;
        if matches!(written.get_ref().trim(), "" | "*") {
            let help = Some("name one agent: agent = \"main\"".to_owned());
            problems.push(self.problem(written.span(), "a command is called by one agent", help));
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
            problems.push(self.problem(span, "the host is this machine: its programs are those that it has", help));
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

fn context(written: Option<WrittenContext>) -> Option<Context> {
    written.map(|written| match written {
        WrittenContext::Interactive => Context::Interactive,
        WrittenContext::Cron => Context::Cron,
    })
}

/// A table with `PATH` and `HOME`.
fn whole(table: Table) -> Table {
    Table {
        path: Some(table.path_or_directories().unwrap_or_else(|| PATH.to_owned())),
        home: Some(table.home.clone().unwrap_or_else(|| HOME.to_owned())),
        ..table
    }
}

/// A message of the parser in plain words, and the nearest name.
fn worded(message: &str) -> (String, Option<String>) {
    let message = message.lines().next().unwrap_or("this is not TOML");
    if let Some(rest) = message.strip_prefix("unknown variant `")
        && let Some((found, known)) = rest.rsplit_once("`, expected ")
    {
        let names = known.split('`').skip(1).step_by(2);
        let help = match nearest(found, names.clone()) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => format!("write one of {}", names.map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")),
        };
        return (format!("`{}` is not a value of this key", found.escape_debug()), Some(help));
    }
    if let Some(field) = message.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')) {
        return (format!("the key `{field}` is missing here"), None);
    }
    (message.to_owned(), None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<String> {
        let problems = read(text).err().unwrap_or_default().into_iter();
        let line = |Problem { at, message, help }: Problem| {
            let help = help.map(|help| format!(" ({help})")).unwrap_or_default();
            format!("{}:{} {message}{help}", at.line, at.column)
        };
        problems.map(line).collect()
    }

    const WHOLE: &str = r#"
document = "exec-approvals.json"
config = "openclaw.json"
release = ["2026.9.6", "2026.4.14", "2026.9.6"]
agent = "build"
context = "cron"
directory = "~/project"

[host]
path = "/usr/bin:/bin"
home = "/home/ops"
programs = { git = "/usr/bin/git", python3 = "/usr/bin/python3", "/usr/bin/python3" = "/usr/bin/python3.12", gh = false }

[[case]]
name = "status"
command = "git status"
expect = "runs"
entry = ["/usr/bin/git", { pattern = "/usr/bin/git", arg_pattern = "^status$", agent = "*" }]

[[case]]
command = '''
gh pr list'''
expect = "asks"
unanswered = "denied"
release = "2026.6.11"
agent = "main"
context = "interactive"
directory = "/srv"
env = { A = "1" }
ask = "always"
security = "allowlist"
permission_mode = "plan"
programs = { gh = "/opt/gh" }
entry = "main//opt/gh"
"#;

    #[test]
    fn cases_have_their_own_values_or_those_of_the_file() {
        let suite = read(WHOLE).unwrap();
        assert_eq!(suite.document, ("exec-approvals.json".to_owned(), Position { line: 2, column: 12 }));
        let [first, second] = &suite.cases[..] else { panic!("{suite:#?}") };
        let names = |case: &Case| case.releases.iter().map(|release| release.name.clone()).collect::<Vec<_>>();
        assert_eq!(names(first), ["2026.9.6", "2026.4.14"]);
        assert_eq!((&*first.agent, first.context, &*first.directory), ("build", Context::Cron, "~/project"));
        assert_eq!(first.entries.len(), 2);
        assert_eq!(first.at.line, 14);
        assert_eq!(names(second), ["2026.6.11"]);
        assert_eq!((&*second.agent, second.context, &*second.directory), ("main", Context::Interactive, "/srv"));
        assert_eq!((second.command.as_str(), second.at.line), ("gh pr list", 20));
        let Host::Table(table) = &suite.host else { panic!("{suite:#?}") };
        assert_eq!((table.path.as_deref(), table.home.as_deref()), (Some("/usr/bin:/bin"), Some("/home/ops")));
    }

    #[test]
    fn every_typo_is_found_with_the_nearest_name() {
        let text = "documnt = \"a\"\nzzz = 1\n[hst]\n[host]\nprogrms = {}\n[[case]]\n  comand = \"a\"\n  expect = \"runs\"\n\
            [[case]]\ncommand = \"b\"\nexpects = \"runs\"\nentry = { patern = \"x\" }\n";
        assert_eq!(
            problems(text),
            [
                "1:1 unknown key `documnt` of the file (did you mean `document`?)",
                "2:1 unknown key `zzz` of the file (the keys of the file are agent, case, config, context, directory, document, host, release)",
                "3:2 unknown key `hst` of the file (did you mean `host`?)",
                "5:1 unknown key `progrms` of [host] (did you mean `programs`?)",
                "7:3 unknown key `comand` of a case (did you mean `command`?)",
                "11:1 unknown key `expects` of a case (did you mean `expect`?)",
                "12:11 unknown key `patern` of an entry (did you mean `pattern`?)",
            ]
        );
    }

    #[test]
    fn wrong_values_have_their_places() {
        let case = "[[case]]\ncommand = \"a\"\nexpect = \"runs\"\n";
        for (text, expected) in [
            ("", "1:1 the key `document` is missing here"),
            ("document = \"a\"", "1:1 the file has no cases (write a table [[case]] with command and expect)"),
            ("document = 1", "1:12 invalid type: integer `1`, expected a string"),
            ("document = \"a", "1:14 invalid basic string, expected `\"`"),
            ("document = \"a\"\n[[case]]\ncommand = \"a\"\nexpect = \"run\"", "4:10 `run` is not a value of this key (did you mean \"runs\"?)"),
            ("document = \"a\"\n[[case]]\ncommand = \"a\"", "2:1 the key `expect` is missing here"),
        ] {
            assert_eq!(problems(text), [expected], "{text}");
        }
        for (head, expected) in [
            ("release = \"2026.9\"", "2:11 `2026.9` is not a release (write it as it is published: \"2026.9.6\")"),
            ("release = []", "2:11 invalid length 0, expected a text, or a list of them that is not empty"),
            ("agent = \"*\"", "2:9 a command is called by one agent (name one agent: agent = \"main\")"),
            (
                "directory = \"x\"",
                "2:13 `directory` is not an absolute path (write an absolute path, or one that begins with ~/)",
            ),
            ("host.home = \"~\"", "2:1 `~` is not an absolute path"),
            ("host.programs.git = \"git\"", "2:1 `git` is not an absolute path"),
            ("host = \"lokal\"", "2:8 invalid value: string \"lokal\", expected a table, or \"local\" for the machine that runs the tests"),
        ] {
            assert_eq!(problems(&format!("document = \"a\"\n{head}\n{case}")), [expected], "{head}");
        }
        let unanswered = format!("document = \"a\"\n{case}unanswered = \"denied\"\n");
        let expected = "5:14 only a command that asks has a prompt that nobody answers (write expect = \"asks\", or omit unanswered)";
        assert_eq!(problems(&unanswered), [expected]);
    }
}
