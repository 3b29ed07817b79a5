//! Adds the target of the user's command line to the commands that messages print, so that a pasted command acts on the
//! same document, queue or gateway.
//!
//! Messages are created where the command line is unknown. They contain a command without its target (`clearance queue
//! ls`), or a placeholder for the user's own command line (`clearance … --yes`); both are completed here.

use std::ffi::OsString;
use std::path::Path;

use clap::{Arg, ArgAction, Command, CommandFactory, Parser};

use super::paste::shell_quoted;
use crate::cli::Cli;
use crate::deadline::Deadline;
use crate::settings::{Environment, is_gateway, may_be_gateway, without_secret};

/// The flags that name a command's target and how to authenticate there. A filter is carried over only within the same
/// noun.
const CARRIED: [(&str, Reach); 15] = [
    ("gateway", Reach::Everywhere),
    ("all-gateways", Reach::Everywhere),
    ("node", Reach::Everywhere),
    ("store", Reach::Everywhere),
    ("token-file", Reach::Everywhere),
    ("password-file", Reach::Everywhere),
    ("ask-token", Reach::Everywhere),
    ("ask-password", Reach::Everywhere),
    ("tls-fingerprint", Reach::Everywhere),
    ("ca-file", Reach::Everywhere),
    ("file", Reach::Documents),
    ("agent", Reach::SameNoun),
    ("session", Reach::SameNoun),
    ("kind", Reach::SameNoun),
    ("by", Reach::SameNoun),
];

/// The flags that name the target: a command that has one of them is complete.
const TARGETS: [&str; 5] = ["gateway", "all-gateways", "node", "store", "file"];

/// Flags that exclude each other.
const EITHER: [&[&str]; 2] =
    [&["token-file", "password-file", "ask-token", "ask-password"], &["tls-fingerprint", "ca-file"]];

/// A longer command line is not repeated.
const MOST: usize = 400;

/// The commands that a flag is carried over to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    Everywhere,
    /// Commands on documents, except `set`: its `--file` is the new document.
    Documents,
    SameNoun,
}

/// The arguments of this process.
#[derive(Debug, Clone)]
pub struct CommandLine(Vec<OsString>);

impl CommandLine {
    /// `arguments`: including the program's name.
    pub fn of(arguments: &[OsString]) -> Self {
        Self(arguments.to_owned())
    }

    /// A message in which every command is completed.
    pub fn completed(&self, text: &str) -> String {
        if next(text).is_none() {
            return text.to_owned();
        }
        let Some(line) = Line::read(&self.0) else { return text.to_owned() };
        completed(text, &line.root, |verb| line.carried(verb), |changes| line.changed(changes))
    }

    /// A message about one of the gateways of this command line, with that gateway in each of its commands.
    pub fn completed_for(&self, gateway: &str, text: &str) -> String {
        if next(text).is_none() {
            return text.to_owned();
        }
        let Some(mut line) = Line::read(&self.0) else { return for_gateway(text, gateway) };
        let names_gateways =
            |word: &Word| matches!(word, Word::Flag(name, _) if name == "gateway" || name == "all-gateways");
        let at = line.given.iter().position(names_gateways).unwrap_or(0);
        line.given.retain(|word| !names_gateways(word));
        line.given.insert(at, Word::Flag("gateway".to_owned(), Some(gateway.to_owned())));
        completed(text, &line.root, |verb| line.carried(verb), |changes| line.changed(changes))
    }

    /// The cause and the fix where an operand is given to a command that takes none: the fix uses the flag that was
    /// meant.
    pub fn misplaced_operand(&self, operand: &str) -> Option<(String, String)> {
        let line = Line::read(&self.0)?;
        let verb = line.verb();
        let is_document = Path::new(operand).is_file()
            || operand.contains('/') && !operand.contains("://")
            || [".json", ".json5"].iter().any(|extension| operand.ends_with(extension));
        let flag = if verb.takes("file") && is_document { "file" } else { "gateway" };
        let positional = verb.command.get_positionals().next().is_some();
        if positional || !verb.takes(flag) || line.flags(flag).next().is_some() {
            return None;
        }
        let shown = without_secret(operand).clone();
        let path = line.path.join(" ");
        let cause = format!("{path} takes no operand: `{}` is given with --{flag}", shown.escape_debug());
        let without = Self(self.0.iter().filter(|word| *word != operand).cloned().collect());
        let changed = Line::read(&without.0)
            .filter(|_| shown == operand)
            .and_then(|line| line.changed(&[Word::Flag(flag.to_owned(), Some(operand.to_owned()))]));
        let value = if flag == "file" { "PATH" } else { "NAME" };
        Some((cause, changed.unwrap_or_else(|| format!("clearance {path} --{flag}={value}"))))
    }

    /// The command to suggest where a missing document has the name of a gateway.
    pub fn instead_of_missing(&self, name: &str, deadline: Deadline) -> Option<String> {
        let line = Line::read(&self.0)?;
        let command = match line.path.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["approvals", "validate"] => {
                format!(
                    "clearance approvals get --gateway={name} --json | jq .file | clearance approvals validate -"
                )
            }
            ["approvals", "lint" | "get" | "set"] => {
                format!("clearance {} --gateway={name}", line.path.join(" "))
            }
            ["approvals", "diff"] => format!("write gateway:{name}"),
            _ => return None,
        };
        is_gateway(name, &Environment::of_process(), deadline)
            .then(|| format!("check the path; if the gateway {name} is meant: {command}"))
    }

    /// The operand of `allowlist add` or `remove` if it follows `--gateway` and could be its value, and two command
    /// lines: one for each meaning.
    pub fn gateway_or_pattern(&self) -> Option<(String, [String; 2])> {
        // After `--` an operand is not the value of a flag.
        let line = Line::read(&self.0).filter(|_| !self.0.iter().any(|word| word == "--"))?;
        let at = line.given.windows(2).find_map(|pair| match pair {
            [Word::Flag(name, None), Word::Operand(operand)] if name == "gateway" => Some(operand),
            _ => None,
        })?;
        if !may_be_gateway(at) || !line.verb().is("approvals", &["allowlist"]) {
            return None;
        }
        let rest =
            |word: &&Word| **word != Word::Operand(at.clone()) && line.flags("gateway").next() != Some(*word);
        let rest = spaced(line.given.iter().filter(rest).map(Word::text));
        let path = line.path.join(" ");
        let gateway = Word::Flag("gateway".to_owned(), Some(at.clone())).text();
        let pattern = Word::Operand(at.clone()).text();
        let lines = [
            format!("clearance {path} {gateway} PATTERN{rest}"),
            format!("clearance {path} {pattern} --gateway{rest}"),
        ];
        Some((at.clone(), lines))
    }

    /// The flags that name the gateway or node, to append to a command's name.
    pub fn remote_flags(&self) -> String {
        let Some(line) = Line::read(&self.0) else { return String::new() };
        let words = line.given.iter().filter_map(|word| match word {
            Word::Flag(name, _) if name == "store" || name == "file" => None,
            Word::Flag(name, _)
                if !CARRIED.iter().any(|(carried, reach)| carried == name && *reach == Reach::Everywhere) =>
            {
                None
            }
            Word::Flag(..) => Some(word.text()),
            Word::Operand(_) => None,
        });
        spaced(words)
    }
}

/// Words to append to a command, each with a space before it.
fn spaced(words: impl Iterator<Item = String>) -> String {
    words.fold(String::new(), |text, word| text + " " + &word)
}

/// A message about one of several gateways, with that gateway in each of its commands, where the command line cannot be
/// repeated.
fn for_gateway(text: &str, gateway: &str) -> String {
    if next(text).is_none() {
        return text.to_owned();
    }
    let flag = Word::Flag("gateway".to_owned(), Some(gateway.to_owned())).text();
    let carried = |verb: &Verb<'_>| if verb.takes("gateway") { format!(" {flag}") } else { String::new() };
    completed(text, &root(), carried, |_| None)
}

fn root() -> Command {
    let mut root = Cli::command();
    root.build();
    root
}

/// A command by its name: `approvals allowlist add`.
struct Verb<'c> {
    path: Vec<String>,
    command: &'c Command,
}

impl Verb<'_> {
    fn argument(&self, long: &str) -> Option<&Arg> {
        self.command.get_arguments().find(|argument| argument.get_long() == Some(long))
    }

    fn takes(&self, long: &str) -> bool {
        self.argument(long).is_some()
    }

    fn is(&self, noun: &str, verbs: &[&str]) -> bool {
        matches!(&self.path[..], [first, second, ..] if first == noun && verbs.contains(&second.as_str()))
    }
}

/// A word of the command line, or a flag and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Word {
    Flag(String, Option<String>),
    Operand(String),
}

impl Word {
    /// The word as a shell reads it.
    fn text(&self) -> String {
        let quoted = |text: &str| shell_quoted(Path::new(text));
        match self {
            Self::Operand(operand) => quoted(operand),
            Self::Flag(name, None) => format!("--{name}"),
            // After a space the value could be an operand; and a value that begins with a hyphen could be a flag.
            Self::Flag(name, Some(value)) if name == "gateway" || value.starts_with('-') => {
                quoted(&format!("--{name}={value}"))
            }
            Self::Flag(name, Some(value)) => format!("--{name} {}", quoted(value)),
        }
    }
}

/// A parsed command line.
struct Line {
    root: Command,
    path: Vec<String>,
    given: Vec<Word>,
}

impl Line {
    fn read(arguments: &[OsString]) -> Option<Self> {
        let words: Vec<&str> = arguments.iter().skip(1).map(|word| word.to_str()).collect::<Option<_>>()?;
        let root = root();
        let (mut path, mut given) = (Vec::new(), Vec::new());
        let mut verb = &root;
        let mut rest = words.into_iter().peekable();
        while let Some(word) = rest.next() {
            if word == "--" {
                if verb.has_subcommands() {
                    return None;
                }
                given.extend(rest.by_ref().map(|operand| Word::Operand(operand.to_owned())));
            } else if let Some(long) = word.strip_prefix("--") {
                let (name, joined) =
                    long.split_once('=').map_or((long, None), |(name, value)| (name, Some(value)));
                let argument = verb.get_arguments().find(|argument| argument.get_long() == Some(name))?;
                let value = joined.or_else(|| rest.next_if(|next| takes_next(argument, next)));
                given.push(Word::Flag(name.to_owned(), value.map(str::to_owned)));
            } else if let Some(short) = word.strip_prefix('-').filter(|short| !short.is_empty()) {
                for c in short.chars() {
                    let argument = verb.get_arguments().find(|argument| argument.get_short() == Some(c))?;
                    given.push(Word::Flag(argument.get_long()?.to_owned(), None));
                }
            } else if verb.has_subcommands() {
                verb = verb.find_subcommand(word)?;
                path.push(verb.get_name().to_owned());
            } else {
                given.push(Word::Operand(word.to_owned()));
            }
        }
        let secret = |word: &Word| match word {
            Word::Flag(_, Some(text)) | Word::Operand(text) => {
                text.contains("://") && without_secret(text) != *text
            }
            Word::Flag(_, None) => false,
        };
        (!path.is_empty() && !given.iter().any(secret)).then_some(Self { root, path, given })
    }

    fn verb(&self) -> Verb<'_> {
        let command = self
            .path
            .iter()
            .fold(&self.root, |command, name| command.find_subcommand(name).unwrap_or(command));
        Verb { path: self.path.clone(), command }
    }

    fn flags<'l>(&'l self, name: &'l str) -> impl Iterator<Item = &'l Word> {
        self.given.iter().filter(move |word| matches!(word, Word::Flag(given, _) if given == name))
    }

    /// The flags that a command needs to act on the same target as this one.
    fn carried(&self, verb: &Verb<'_>) -> String {
        let mut text = String::new();
        for (name, reach) in CARRIED {
            let Some(argument) = verb.argument(name) else { continue };
            let same = match reach {
                Reach::Everywhere => true,
                Reach::Documents => {
                    let documents = |path: &[String]| {
                        path[0] == "approvals" && path.get(1).is_some_and(|verb| verb != "set")
                    };
                    documents(&verb.path) && documents(&self.path)
                }
                Reach::SameNoun => verb.path.first() == self.path.first(),
            };
            let repeats = matches!(argument.get_action(), ArgAction::Append);
            let given: Vec<&Word> = self.flags(name).collect();
            if same && (given.len() < 2 || repeats) {
                for word in given {
                    text.push(' ');
                    text.push_str(&word.text());
                }
            }
        }
        // `validate` and `lint` take as an operand what other commands take after a flag.
        if verb.is("approvals", &["validate", "lint"]) {
            let sought = if verb.takes("store") { &["file"][..] } else { &["file", "store"] };
            let named = sought
                .iter()
                .filter(|_| !self.verb().is("approvals", &["set"]))
                .flat_map(|name| self.flags(name));
            let named = named.filter_map(|word| match word {
                Word::Flag(_, Some(value)) => Some(Word::Operand(value.clone())),
                _ => None,
            });
            let own = self.given.iter().filter(|word| matches!(word, Word::Operand(_)));
            let own = own.filter(|_| self.verb().is("approvals", &["validate", "lint"])).cloned();
            for word in named.chain(own) {
                // A path that begins with a hyphen could be a flag.
                let word = match word {
                    Word::Operand(path) if path.len() > 1 && path.starts_with('-') => {
                        Word::Operand(format!("./{path}"))
                    }
                    word => word,
                };
                text = format!("{text} {}", word.text());
            }
        }
        text
    }

    /// This command line with some of its flags changed; `None` if the result is not valid.
    fn changed(&self, changes: &[Word]) -> Option<String> {
        let verb = self.verb();
        let mut given = self.given.clone();
        for change in changes {
            let Word::Flag(name, value) = change else { continue };
            if name == "gateway" && verb.is("approvals", &["diff"]) {
                other_gateway(&mut given, value.as_deref()?)?;
                continue;
            }
            let replaces = |given: &str| {
                given == name
                    || EITHER.iter().any(|group| group.contains(&given) && group.contains(&name.as_str()))
            };
            let at = given.iter().position(|word| matches!(word, Word::Flag(given, _) if replaces(given)));
            given.retain(|word| !matches!(word, Word::Flag(given, _) if replaces(given)));
            given.insert(at.unwrap_or(given.len()).min(given.len()), change.clone());
        }
        // Operands that begin with a hyphen are not flags only after `--`.
        let hyphen =
            |word: &Word| matches!(word, Word::Operand(text) if text.len() > 1 && text.starts_with('-'));
        let mut end = None;
        if given.iter().any(hyphen) {
            given.sort_by_key(|word| matches!(word, Word::Operand(_)));
            end = given.iter().position(|word| matches!(word, Word::Operand(_)));
        }
        let mut words: Vec<String> = given.iter().map(Word::text).collect();
        if let Some(end) = end {
            words.insert(end, "--".to_owned());
        }
        let words = self.path.iter().cloned().chain(words);
        let line = std::iter::once("clearance".to_owned()).chain(words).collect::<Vec<_>>().join(" ");
        let mut plain: Vec<String> = given
            .iter()
            .map(|word| match word {
                Word::Flag(name, None) => format!("--{name}"),
                Word::Flag(name, Some(value)) => format!("--{name}={value}"),
                Word::Operand(operand) => operand.clone(),
            })
            .collect();
        if let Some(end) = end {
            plain.insert(end, "--".to_owned());
        }
        let parsed = std::iter::once("clearance".to_owned()).chain(self.path.iter().cloned()).chain(plain);
        (line.len() <= MOST && Cli::try_parse_from(parsed).is_ok()).then_some(line)
    }
}

/// Replaces the gateway in the only operand of `diff` that names one.
fn other_gateway(given: &mut [Word], gateway: &str) -> Option<()> {
    let is_remote =
        |text: &str| text == "gateway" || text.starts_with("gateway:") || text.starts_with("node:");
    let mut remote = given.iter_mut().filter_map(|word| match word {
        Word::Operand(operand) if is_remote(operand) => Some(operand),
        _ => None,
    });
    let (operand, None) = (remote.next()?, remote.next()) else { return None };
    *operand = match operand.strip_prefix("node:") {
        Some(node) => {
            let id = node.rsplit_once('@').map_or(node, |(id, _)| id);
            format!("node:{id}@{gateway}")
        }
        None => format!("gateway:{gateway}"),
    };
    Some(())
}

/// Whether the next word is the value of a flag.
fn takes_next(argument: &Arg, next: &str) -> bool {
    let takes = argument.get_action().takes_values() && !argument.is_require_equals_set();
    let must = argument.get_num_args().is_none_or(|count| count.min_values() > 0);
    takes && (must || !next.starts_with('-'))
}

/// The position of the next command in a text, outside of quoted words: those are names from outside.
fn next(text: &str) -> Option<usize> {
    let (mut at, mut before) = (0, None::<char>);
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let begins = before.is_none_or(|c| !c.is_alphanumeric() && !matches!(c, '/' | '-' | '_' | '.'));
        if begins && rest.starts_with("clearance ") {
            return Some(at);
        }
        let quoted = quoted_len(before, rest);
        before = Some(if quoted.is_some() { '\'' } else { c });
        at += quoted.unwrap_or(c.len_utf8());
    }
    None
}

/// The length of the quoted word at the start of a text. `before`: the character before it, which shows that the quote
/// is not an apostrophe.
fn quoted_len(before: Option<char>, text: &str) -> Option<usize> {
    let opens = before.is_none_or(|c| matches!(c, ' ' | '=' | '$' | '(' | '\n'));
    let text = text.strip_prefix('\'').filter(|_| opens)?;
    let mut end = text.find('\'')? + 1;
    // A quote in the word is written `'\''`.
    while let Some(more) = text[end..].strip_prefix(r"\''") {
        end += 3 + more.find('\'')? + 1;
    }
    Some(end + 1)
}

/// The rest of a command in a text, without its quoted words.
fn unquoted_command(text: &str) -> String {
    let (mut command, mut at, mut before) = (String::new(), 0, None::<char>);
    while let Some(c) = text[at..].chars().next().filter(|c| !matches!(c, ';' | '|' | '\n' | ')')) {
        let quoted = quoted_len(before, &text[at..]);
        if quoted.is_none() {
            command.push(c);
        }
        before = Some(c);
        at += quoted.unwrap_or(c.len_utf8());
    }
    command
}

/// A text with each of its commands completed: with the flags to carry over, or with changes applied to the user's own
/// command line.
fn completed(
    text: &str,
    root: &Command,
    carried: impl Fn(&Verb<'_>) -> String,
    changed: impl Fn(&[Word]) -> Option<String>,
) -> String {
    let mut done = String::new();
    let mut rest = text;
    while let Some(at) = next(rest) {
        let (before, command) = rest.split_at(at);
        done.push_str(before);
        let behind = &command["clearance ".len()..];
        if let Some(behind) = behind.strip_prefix('…') {
            let (wanted, left) = changes(behind);
            if let Some(line) = changed(&wanted) {
                done.push_str(&line);
                rest = left;
            } else {
                done.push_str("clearance …");
                rest = behind;
            }
            continue;
        }
        let (verb, end) = named(behind, root);
        done.push_str("clearance ");
        done.push_str(&behind[..end]);
        let here = unquoted_command(&behind[end..]);
        // The `--file` of `set` is the new document, and not the target.
        let is_target = |target: &&&str| !(verb.is("approvals", &["set"]) && **target == "file");
        let has_target =
            TARGETS.iter().filter(is_target).any(|target| here.contains(&format!(" --{target}")));
        let explains = here.starts_with(" --explain") || here.starts_with(" --help");
        // An operand of `validate` or `lint` is the target.
        let has_operand = verb.is("approvals", &["validate", "lint"])
            && behind[end..].strip_prefix(' ').is_some_and(is_path);
        let is_complete = has_target || explains || has_operand;
        if !verb.path.is_empty() && !verb.command.has_subcommands() && !is_complete {
            done.push_str(&carried(&verb));
        }
        rest = &behind[end..];
    }
    done.push_str(rest);
    done
}

/// Whether a text starts with a path, and not with a flag or the rest of a sentence.
fn is_path(text: &str) -> bool {
    let word = text.split([' ', ';', '\n']).next().unwrap_or_default();
    word == "-" || word.starts_with(['/', '.', '\'', '$']) || word.contains(['/', '.'])
}

/// The command at the start of a text, and the end of its name.
fn named<'c>(text: &str, root: &'c Command) -> (Verb<'c>, usize) {
    let mut verb = Verb { path: Vec::new(), command: root };
    let mut end = 0;
    for word in text.split(' ') {
        let start = if end == 0 { 0 } else { end + 1 };
        let plain = word.trim_end_matches([',', ';', ':', '.', ')', '\n']);
        let Some(found) = verb.command.find_subcommand(plain) else { break };
        verb = Verb { path: [verb.path, vec![found.get_name().to_owned()]].concat(), command: found };
        end = start + plain.len();
        if plain.len() < word.len() {
            break;
        }
    }
    (verb, end)
}

/// The flags at the start of a text, and the rest.
fn changes(text: &str) -> (Vec<Word>, &str) {
    let mut changes = Vec::new();
    let mut rest = text;
    while let Some(flag) = rest.strip_prefix(" --") {
        let (word, left) = word(flag);
        let (name, value) = word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value)));
        let (value, left) = match (value, left.strip_prefix(' ').filter(|next| !next.starts_with("--"))) {
            (Some(value), _) => (Some(value), left),
            // The value of a flag that takes one; after other flags, the sentence continues.
            (None, Some(next)) if VALUED.contains(&name) => {
                let (value, left) = self::word(next);
                (Some(value), left)
            }
            (None, _) => (None, left),
        };
        let value = value.map(|value| value.trim_matches('\'').to_owned());
        changes.push(Word::Flag(name.to_owned(), value));
        rest = left;
    }
    (changes, rest)
}

/// Flags that messages change and that take their value after a space.
const VALUED: [&str; 6] = ["timeout", "tls-fingerprint", "ca-file", "token-file", "password-file", "file"];

/// The first word of a text, without trailing punctuation.
fn word(text: &str) -> (&str, &str) {
    let end =
        quoted_len(None, text).unwrap_or_else(|| text.find([' ', ';', ',', ')', '\n']).unwrap_or(text.len()));
    let word = text[..end].trim_end_matches(['.', '?', ':']);
    text.split_at(word.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> CommandLine {
        CommandLine(text.split(' ').map(OsString::from).collect())
    }

    #[test]
    fn a_printed_command_acts_where_the_users_own_acts() {
        for (own, text, expected) in [
            (
                "clearance queue resolve abc deny --gateway prod --token-file t --timeout 5",
                "list what is pending: clearance queue ls",
                "list what is pending: clearance queue ls --gateway=prod --token-file t",
            ),
            (
                "clearance approvals set --file new.json --gateway --node=n",
                "read it again (clearance approvals get), then set it",
                "read it again (clearance approvals get --gateway --node n), then set it",
            ),
            (
                "clearance approvals allowlist add /a --node n --agent x",
                "take them out: clearance approvals get --json | jq .file | clearance approvals set --stdin --drop-unknown",
                "take them out: clearance approvals get --node n --json | jq .file | clearance approvals set --node n --stdin --drop-unknown",
            ),
            (
                "clearance approvals allowlist add /a --store s.json",
                "clearance approvals validate; clearance approvals lint --fix",
                "clearance approvals validate s.json; clearance approvals lint --store s.json --fix",
            ),
            (
                "clearance approvals get --file /tmp",
                "clearance approvals validate /tmp; clearance approvals lint '/a b'; clearance approvals validate -",
                "clearance approvals validate /tmp; clearance approvals lint '/a b'; clearance approvals validate -",
            ),
            (
                "clearance approvals get --file 'a",
                "see clearance approvals validate shows where",
                "see clearance approvals validate ''\\''a' shows where",
            ),
            (
                "clearance approvals set --file a.json --store s",
                "clearance approvals get",
                "clearance approvals get --store s",
            ),
            (
                "/x/clearance queue dedupe --agent a --by run",
                "clearance queue ls",
                "clearance queue ls --agent a --by run",
            ),
            ("clearance approvals get --store s", "clearance queue ls", "clearance queue ls"),
            (
                "clearance queue resolve --gateway=live -- -zz deny",
                "clearance queue ls",
                "clearance queue ls --gateway=live",
            ),
            (
                "clearance approvals allowlist add --gateway=X -- --yes",
                "clearance approvals get",
                "clearance approvals get --gateway=X",
            ),
            (
                "clearance approvals lint -- -a.json - b",
                "clearance approvals validate; clearance approvals lint --fix",
                "clearance approvals validate ./-a.json - b; clearance approvals lint ./-a.json - b --fix",
            ),
            (
                "clearance queue ls --gateway a --gateway b",
                "clearance queue dedupe; clearance gateway status; clearance run ls",
                "clearance queue dedupe --gateway=a --gateway=b; clearance gateway status --gateway=a --gateway=b; clearance run ls",
            ),
            (
                "clearance queue ls --gateway=a",
                "clearance queue ls --watch --gateway=NAME",
                "clearance queue ls --watch --gateway=NAME",
            ),
            (
                "clearance queue ls --gateway=a",
                "clearance approvals allowlist keeps them",
                "clearance approvals allowlist keeps them",
            ),
            ("clearance queue ls --gateway=wss://u:p@h", "clearance queue ls", "clearance queue ls"),
            ("clearance queue nonsense", "clearance --help", "clearance --help"),
        ] {
            assert_eq!(line(own).completed(text), expected, "{own}");
        }
    }

    #[test]
    fn the_users_own_command_line_is_repeated_with_changes() {
        for (own, text, expected) in [
            (
                "clearance queue dedupe -q --gateway prod",
                "then: clearance … --yes",
                "then: clearance queue dedupe --quiet --gateway=prod --yes",
            ),
            (
                "clearance --timeout 5 queue ls --gateway=ws://h:1",
                "more time: clearance … --timeout 2m; or TLS: clearance … --gateway=wss://h:1.",
                "more time: clearance queue ls --timeout 2m --gateway=ws://h:1; or TLS: clearance queue ls --timeout 5 --gateway=wss://h:1.",
            ),
            (
                "clearance gateway status --gateway=x --ca-file roots",
                "only then: clearance … --tls-fingerprint AB:CD",
                "only then: clearance gateway status --gateway=x --tls-fingerprint AB:CD",
            ),
            ("clearance approvals get", "as root: sudo clearance …", "as root: sudo clearance approvals get"),
            (
                "clearance queue dedupe --gateway=live --agent maelcum --",
                "clearance … --yes",
                "clearance queue dedupe --gateway=live --agent maelcum --yes",
            ),
            (
                "clearance queue resolve --gateway=live -- -zz deny",
                "clearance … --timeout 2m",
                "clearance queue resolve --gateway=live --timeout 2m -- -zz deny",
            ),
            (
                "clearance approvals allowlist add P -- --gateway=o",
                "clearance … --timeout 2m",
                "clearance … --timeout 2m",
            ),
            (
                "clearance approvals diff node:n@old local",
                "clearance … --gateway=new",
                "clearance approvals diff node:n@new local",
            ),
            (
                "clearance approvals diff gateway:a gateway:b",
                "clearance … --gateway=new",
                "clearance … --gateway=new",
            ),
            ("clearance approvals validate a", "clearance … --gateway=new", "clearance … --gateway=new"),
        ] {
            assert_eq!(line(own).completed(text), expected, "{own}");
        }
        let long = format!("clearance approvals validate {}", "x".repeat(MOST));
        assert_eq!(line(&long).completed("clearance … --timeout 2m"), "clearance … --timeout 2m");
    }

    #[test]
    fn names_from_outside_are_never_completed() {
        let own = line("clearance queue resolve x deny --gateway=U");
        let choice = |ids: &[&str]| {
            let matches = ids.iter().map(|id| (*id).to_owned()).collect();
            let error = crate::commands::queue::QueueError::Ambiguous { id: "x".to_owned(), matches };
            error.remedy().unwrap()
        };
        for (ids, expected) in [
            (
                ["x clearance --yes", "x clearance queue ls"],
                "choose one of 'x clearance --yes', 'x clearance queue ls'",
            ),
            (["x' clearance queue ls", "a, b"], r"choose one of 'x'\'' clearance queue ls', 'a, b'"),
            (["x'clearance queue ls", "''"], r"choose one of 'x'\''clearance queue ls', ''\'''\'''"),
            (
                ["x clearance … --yes", "x\n clearance … --yes '"],
                r"choose one of $'x clearance \xe2\x80\xa6 --yes', $'x\n clearance \xe2\x80\xa6 --yes \x27'",
            ),
        ] {
            assert_eq!(own.completed(&choice(&ids)), expected);
        }
        for (text, expected) in [
            (
                "check that it is a gateway's: clearance queue ls",
                "check that it is a gateway's: clearance queue ls --gateway=U",
            ),
            (
                "clearance run cancel --session 'a; --gateway=B'",
                "clearance run cancel --gateway=U --session 'a; --gateway=B'",
            ),
            (
                "mv 'a clearance … --yes' b; clearance …",
                "mv 'a clearance … --yes' b; clearance queue resolve x deny --gateway=U",
            ),
        ] {
            assert_eq!(own.completed(text), expected);
        }
    }

    #[test]
    fn a_message_about_one_of_several_names_it() {
        let text = "clearance queue ls; clearance approvals validate x";
        assert_eq!(for_gateway(text, "a"), "clearance queue ls --gateway=a; clearance approvals validate x");
        for (own, text, expected) in [
            (
                "clearance queue dedupe --agent m --all-gateways --token-file t",
                "check the plan above, then: clearance … --yes; clearance gateway status",
                "check the plan above, then: clearance queue dedupe --agent m --gateway=b --token-file t --yes; clearance gateway status --gateway=b --token-file t",
            ),
            (
                "clearance queue ls --gateway=a --gateway=b --agent m",
                "clearance … --timeout 2m; clearance queue dedupe",
                "clearance queue ls --gateway=b --agent m --timeout 2m; clearance queue dedupe --gateway=b --agent m",
            ),
            (
                "clearance queue ls --gateway=a --gateway=ws://b:1",
                "clearance … --gateway=wss://b:1",
                "clearance queue ls --gateway=wss://b:1",
            ),
        ] {
            assert_eq!(line(own).completed_for("b", text), expected, "{own}");
        }
    }

    #[test]
    fn an_operand_that_a_command_does_not_take() {
        let misplaced = |own: &str, operand: &str| line(own).misplaced_operand(operand);
        let remedy = |own: &str, operand: &str| misplaced(own, operand).map(|(_, remedy)| remedy).unwrap();
        for (own, operand, expected) in [
            (
                "clearance approvals get docs/ok.json --json",
                "docs/ok.json",
                "clearance approvals get --json --file docs/ok.json",
            ),
            (
                "clearance approvals set new.json5 --store s",
                "new.json5",
                "clearance approvals set --store s --file new.json5",
            ),
            ("clearance queue ls prod", "prod", "clearance queue ls --gateway=prod"),
            ("clearance gateway status h:1 -v", "h:1", "clearance gateway status --verbose --gateway=h:1"),
            ("clearance queue ls a.json b.json", "a.json", "clearance queue ls --file=PATH"),
        ] {
            assert_eq!(remedy(own, operand), expected, "{own}");
        }
        let (cause, _) = misplaced("clearance approvals get a.json", "a.json").unwrap();
        assert_eq!(cause, "approvals get takes no operand: `a.json` is given with --file");
        for (own, operand) in [
            ("clearance gateway dev extra", "extra"),
            ("clearance queue ls --gateway=a b", "b"),
            ("clearance approvals allowlist add a b", "b"),
        ] {
            assert_eq!(misplaced(own, operand), None, "{own}");
        }
    }

    #[test]
    fn a_pattern_that_could_be_a_gateway() {
        let found = |own: &str| line(own).gateway_or_pattern();
        let (name, lines) = found("clearance approvals allowlist rm --gateway prod --agent a").unwrap();
        assert_eq!(name, "prod");
        assert_eq!(
            lines,
            [
                "clearance approvals allowlist remove --gateway=prod PATTERN --agent a",
                "clearance approvals allowlist remove prod --gateway --agent a",
            ]
        );
        for own in [
            "clearance approvals allowlist add --gateway /usr/bin/uptime",
            "clearance approvals allowlist add --gateway=prod uptime",
            "clearance approvals allowlist add uptime --gateway",
            "clearance approvals allowlist add --gateway --agent a uptime",
            "clearance approvals allowlist add --gateway -- uptime",
        ] {
            assert_eq!(found(own), None, "{own}");
        }
    }

    #[test]
    fn the_flags_of_a_remote_target() {
        let own = line("clearance approvals lint --gateway prod --format json --token-file t");
        assert_eq!(own.remote_flags(), " --gateway=prod --token-file t");
    }
}
