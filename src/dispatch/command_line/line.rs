//! A parsed command line: its words, the command, and the flags that another command needs to act on the same target.

use std::ffi::OsString;
use std::iter;
use std::path::Path;

use clap::{Arg, ArgAction, Command, CommandFactory, Parser};

use super::super::paste::shell_quoted;
use crate::cli::Cli;
use crate::settings::without_secret;

/// The flags that name a command's target and how to authenticate there. A filter is carried over only within the same
/// noun.
pub(super) const CARRIED: [(&str, Reach); 16] = [
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
    ("programs", Reach::NewEntry),
];

/// Flags that exclude each other.
const EITHER: [&[&str]; 2] =
    [&["token-file", "password-file", "ask-token", "ask-password"], &["tls-fingerprint", "ca-file"]];

/// A longer command line is not repeated.
pub(super) const MOST: usize = 400;

/// The commands that a flag is carried over to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    Everywhere,
    /// Commands on documents, except `set`: its `--file` is the new document.
    Documents,
    SameNoun,
    /// Commands that add the entry of a prompt.
    NewEntry,
}

/// The commands and their flags. A command is built when it is named: building all of them takes longer than explaining
/// a command.
#[derive(Debug)]
pub(super) struct Commands(Command);

impl Commands {
    pub(super) fn new() -> Self {
        Self(Cli::command())
    }

    /// The commands of a command line.
    fn of(arguments: &[OsString]) -> Self {
        let mut root = Cli::command();
        // A wrong flag may stand before the name of the command.
        if root.try_get_matches_from_mut(arguments).is_err() {
            root.build();
        }
        Self(root)
    }

    /// Builds the command at the start of some words, none of which is a flag.
    pub(super) fn build<'w>(&mut self, words: impl IntoIterator<Item = &'w str>) {
        // An error comes from the command or its operands, so that the command is built then, too.
        _ = self.0.try_get_matches_from_mut(iter::once("clearance").chain(words));
    }

    pub(super) fn root(&self) -> &Command {
        &self.0
    }
}

/// A command by its name: `approvals allowlist add`.
pub(super) struct Verb<'c> {
    pub(super) path: Vec<String>,
    pub(super) command: &'c Command,
}

impl Verb<'_> {
    fn argument(&self, long: &str) -> Option<&Arg> {
        self.command.get_arguments().find(|argument| argument.get_long() == Some(long))
    }

    pub(super) fn takes(&self, long: &str) -> bool {
        self.argument(long).is_some()
    }

    pub(super) fn is(&self, noun: &str, verbs: &[&str]) -> bool {
        matches!(&self.path[..], [first, second, ..] if first == noun && verbs.contains(&second.as_str()))
    }
}

/// A word of the command line, or a flag and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Word {
    Flag(String, Option<String>),
    Operand(String),
}

impl Word {
    /// The word as a shell reads it.
    pub(super) fn text(&self) -> String {
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
pub(super) struct Line {
    pub(super) commands: Commands,
    pub(super) path: Vec<String>,
    pub(super) given: Vec<Word>,
}

impl Line {
    pub(super) fn read(arguments: &[OsString]) -> Option<Self> {
        let words: Vec<&str> = arguments.iter().skip(1).map(|word| word.to_str()).collect::<Option<_>>()?;
        let commands = Commands::of(arguments);
        let (mut path, mut given) = (Vec::new(), Vec::new());
        let mut verb = commands.root();
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
            // The whole URL of a webhook may be a secret.
            Word::Flag(name, _) if name == "notify" => true,
            Word::Flag(_, Some(text)) | Word::Operand(text) => {
                text.contains("://") && without_secret(text) != *text
            }
            Word::Flag(_, None) => false,
        };
        (!path.is_empty() && !given.iter().any(secret)).then_some(Self { commands, path, given })
    }

    pub(super) fn verb(&self) -> Verb<'_> {
        let command = self
            .path
            .iter()
            .fold(self.commands.root(), |command, name| command.find_subcommand(name).unwrap_or(command));
        Verb { path: self.path.clone(), command }
    }

    pub(super) fn flags<'l>(&'l self, name: &'l str) -> impl Iterator<Item = &'l Word> {
        self.given.iter().filter(move |word| matches!(word, Word::Flag(given, _) if given == name))
    }

    /// The flags that a command needs to act on the same target as this one. `rest`: what follows the name of the command.
    pub(super) fn carried(&self, verb: &Verb<'_>, rest: &str) -> String {
        let mut text = String::new();
        // A filter beside an id is refused: the id is the narrower choice.
        let takes_ids = matches!(verb.path.first().map(String::as_str), Some("queue" | "run" | "grants"))
            && verb.command.get_positionals().next().is_some();
        let names_id = takes_ids
            && rest
                .strip_prefix(' ')
                .is_some_and(|word| word.starts_with(|c: char| c.is_ascii_alphanumeric()));
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
                Reach::SameNoun => verb.path.first() == self.path.first() && !names_id,
                Reach::NewEntry => rest.contains(" --add-entry"),
            };
            let repeats = matches!(argument.get_action(), ArgAction::Append);
            // A kept version can be read, and not edited.
            let is_version =
                |word: &Word| matches!(word, Word::Flag(_, Some(value)) if value.starts_with("version:"));
            let edits = verb.is("approvals", &["allowlist"]);
            let given: Vec<&Word> = self.flags(name).filter(|word| !(edits && is_version(word))).collect();
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
    pub(super) fn changed(&self, changes: &[Word]) -> Option<String> {
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
        let line = iter::once("clearance".to_owned()).chain(words).collect::<Vec<_>>().join(" ");
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
        let parsed = iter::once("clearance".to_owned()).chain(self.path.iter().cloned()).chain(plain);
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
