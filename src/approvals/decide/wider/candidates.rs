//! Commands that may show how a document is wider, the plainest first. Each is tried.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::cover::Gap;
use super::language;
use super::model::{Agent, Cause};
use super::pair::Pair;
use super::trial::{Candidate, HOME};
use crate::approvals::decide::arguments::command_pattern;
use crate::approvals::decide::inclusion::is_path;
use crate::approvals::decide::matching::arg_pattern;
use crate::approvals::decide::profile::Profile;
use crate::approvals::decide::question::Entry;
use crate::approvals::decide::words::trim;

/// The most candidates for one finding.
const MOST: usize = 160;

/// The longest document in which the text of an approved command is looked up, in bytes.
const LONGEST_DOCUMENT: usize = 4 << 20;

/// The most entries from which commands are made where the policy is wider.
const MOST_ENTRIES: usize = 6;

/// The texts that replace `*`, `**` and `?` in turn.
const FILLINGS: [(&str, &str, char); 5] = [
    ("tool", "tool", 'x'),
    ("x", "x/y", 'a'),
    ("git", "opt/bin/git", '0'),
    ("a.b", "a/b/c", 'z'),
    ("", "", '-'),
];

/// Commands that may show a finding.
pub(super) fn of(cause: &Cause, pair: &Pair<'_>, agent: &Agent) -> Vec<Candidate> {
    let mut candidates = match cause {
        Cause::Entry { entry, gap: Gap::Command } => {
            approved(pair.comparison.after, entry).into_iter().collect()
        }
        Cause::Entry { entry, .. } => of_entry(entry, pair.comparison.profile),
        Cause::Policy { .. } => of_policy(pair, agent),
        // Of such a command only the hash is known, and of the files that make it ask nothing.
        Cause::HiddenCode | Cause::Approvals { .. } => Vec::new(),
    };
    candidates.truncate(MOST);
    candidates
}

/// The command that an entry approves, if the document has its text.
fn approved(document: Option<&str>, entry: &Entry) -> Option<Candidate> {
    let document = document.filter(|text| text.len() <= LONGEST_DOCUMENT)?;
    let document: Value = serde_json::from_str(document).ok()?;
    let (agent, index) = &entry.id.stored;
    let stored = document.get("agents")?.get(agent)?.get("allowlist")?.get(index)?;
    let texts =
        ["commandText", "lastUsedCommand"].into_iter().filter_map(|field| stored.get(field)?.as_str());
    let text = texts.into_iter().find(|text| command_pattern(text) == entry.pattern)?;
    let names = text.split(|character: char| !is_plain(character)).filter(|name| !name.is_empty());
    let programs = names.take(8).map(|name| format!("/usr/bin/{name}")).collect();
    Some(Candidate { command: text.to_owned(), programs, files: BTreeMap::new() })
}

/// Commands that an entry allows.
fn of_entry(entry: &Entry, profile: Profile) -> Vec<Candidate> {
    let programs = programs(&entry.pattern);
    let arguments = match arg_pattern(entry).filter(|_| profile.reads_arguments()) {
        Some(expression) => language::some(expression).iter().map(|subject| words(subject)).collect(),
        None => ["", "x", "--all", "-c x", "x y", "*"].map(words).to_vec(),
    };
    let calls =
        arguments.iter().flat_map(|arguments| programs.iter().map(move |program| (program, arguments)));
    calls.map(|((word, path), arguments)| call(word, path.as_deref(), arguments)).collect()
}

/// Programs that a pattern matches: the word of the call, and the path of the file.
fn programs(pattern: &str) -> Vec<(String, Option<String>)> {
    let pattern = trim(pattern).replace("\\\\", "/");
    if pattern == "*" {
        let named = ["uname", "tool"].map(|name| (name.to_owned(), Some(format!("/opt/bin/{name}"))));
        return named.into_iter().chain([("absent".to_owned(), None)]).collect();
    }
    let has_wildcard = pattern.contains(['*', '?']);
    let fillings = FILLINGS.iter().take(if has_wildcard { FILLINGS.len() } else { 1 });
    let filled = fillings.map(|filling| fill(&pattern, filling));
    if is_path(&pattern) {
        return filled.filter(|path| path.starts_with('/')).map(|path| (path.clone(), Some(path))).collect();
    }
    let names: Vec<String> = filled.filter(|name| !name.is_empty()).collect();
    let at = |directory: &'static str| {
        names.iter().map(move |name| (name.clone(), Some(format!("{directory}/{name}"))))
    };
    at("/usr/bin").chain(at("/opt/bin")).collect()
}

/// A text that a glob matches.
fn fill(pattern: &str, (segment, deep, one): &(&str, &str, char)) -> String {
    let (start, rest) = match pattern.strip_prefix('~') {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => (HOME.to_owned(), rest),
        _ => (String::new(), pattern),
    };
    let start = if rest.starts_with("**") { format!("{start}/") } else { start };
    start + &rest.replace("**", deep).replace('*', segment).replace('?', &one.to_string())
}

/// The words of arguments that a text is made of.
fn words(subject: &str) -> Vec<String> {
    if subject.is_empty() || subject == "\0\0" {
        return Vec::new();
    }
    let subject = subject.strip_suffix('\0').unwrap_or(subject);
    let separator = if subject.contains('\0') { '\0' } else { ' ' };
    subject.split(separator).map(str::to_owned).collect()
}

/// A call of a program.
fn call(word: &str, path: Option<&str>, arguments: &[String]) -> Candidate {
    let words = arguments.iter().map(|argument| quoted(argument));
    let command = std::iter::once(quoted(word)).chain(words).collect::<Vec<_>>().join(" ");
    Candidate { command, programs: path.into_iter().map(str::to_owned).collect(), files: BTreeMap::new() }
}

fn is_plain(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '-')
}

/// A word for a shell.
fn quoted(word: &str) -> String {
    let is_plain = |character| is_plain(character) || "@%+:,./".contains(character);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// Commands that show how policies differ: any program, then what a list or a check treats differently.
fn of_policy(pair: &Pair<'_>, agent: &Agent) -> Vec<Candidate> {
    let plain = |command: &str, programs: &[&str]| Candidate {
        command: command.to_owned(),
        programs: programs.iter().map(|path| (*path).to_owned()).collect::<BTreeSet<_>>(),
        files: BTreeMap::new(),
    };
    let mut candidates = vec![
        plain("uname -a", &["/usr/bin/uname"]),
        plain("/opt/example/tool --all", &["/opt/example/tool"]),
        plain("eval uname", &["/usr/bin/uname"]),
        plain("uname -a > /tmp/example", &["/usr/bin/uname"]),
        Candidate {
            files: BTreeMap::from([("/work/app.py".to_owned(), "print(1)\n".to_owned())]),
            ..plain("cd /work && python3 app.py", &["/usr/bin/python3"])
        },
        plain("openclaw config set security.audit.suppressions []", &["/usr/bin/openclaw"]),
    ];
    let own = pair.new.entries_of(agent.id());
    for entry in pair.new_common.iter().chain(&own).take(MOST_ENTRIES) {
        let calls: Vec<Candidate> = of_entry(entry, pair.comparison.profile).into_iter().take(6).collect();
        candidates.extend(calls.iter().cloned());
        candidates.extend(calls.into_iter().take(2).flat_map(|call| variants(&call)));
    }
    candidates.extend([
        plain("wc", &["/usr/bin/wc"]),
        plain("true", &[]),
        plain("cd /work && true", &[]),
        plain("true *", &["/usr/bin/true"]),
        plain("cd ~", &[]),
        plain("tr a <<E\nE", &["/usr/bin/tr"]),
    ]);
    candidates
}

/// A call in forms that a release lets run only after a prompt.
fn variants(call: &Candidate) -> Vec<Candidate> {
    let with = |command: String| Candidate { command, ..call.clone() };
    vec![
        with(format!("{} *", call.command)),
        with(format!("{} <<E\nE", call.command)),
        with(format!("{} '<<x'", call.command)),
        with(format!("cd /work && {}", call.command)),
    ]
}
