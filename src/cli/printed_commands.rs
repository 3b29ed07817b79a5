//! Tests that every command in clearance's texts is valid on its own command line.

#![expect(clippy::disallowed_methods, reason = "the tests read sources of any size")]

use std::fs;
use std::path::Path;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};

use super::Cli;

/// Words that end a command in a sentence.
const PROSE: [&str; 26] = [
    "again", "and", "as", "beside", "does", "for", "if", "in", "instead", "is", "keeps", "lists", "on", "or",
    "read", "reads", "says", "shows", "takes", "tells", "the", "then", "to", "which", "with", "prints",
];

/// The sources without their tests.
fn sources(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() && name != "tests" {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs")
            && !["tests.rs", "printed_commands.rs"].contains(&name.as_str())
        {
            let text = fs::read_to_string(&path).unwrap();
            let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap().to_owned();
            found.push((path.display().to_string(), text));
        }
    }
}

/// The string literals of a source, and its documentation comments, which are help texts.
fn texts(source: &str) -> Vec<String> {
    let mut texts = Vec::new();
    let mut rest = source;
    while let Some(at) = rest.find(['"', '/', '\'']) {
        let from = &rest[at..];
        if let Some(comment) = from.strip_prefix("//") {
            let line = comment.lines().next().unwrap_or_default();
            texts.extend(line.strip_prefix("/ ").map(str::to_owned));
            rest = &comment[line.len()..];
        } else if let Some(string) = from.strip_prefix('"') {
            let raw = rest[..at].ends_with(['r', '#']) && rest[..at].trim_end_matches('#').ends_with('r');
            let (text, after) = if raw { string.split_once('"').unwrap() } else { literal(string) };
            texts.push(text.replace("\\\n", "\n").replace("\\n", "\n").replace("\\\"", "\""));
            rest = after;
        } else if from.starts_with("'\"'") || from.starts_with("'\\'") {
            rest = &from[3..];
        } else {
            rest = &from[1..];
        }
    }
    texts
}

/// The content of a string literal, and the text after it.
fn literal(text: &str) -> (&str, &str) {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            '\\' if !escaped => escaped = true,
            '"' if !escaped => return (&text[..at], &text[at + 1..]),
            _ => escaped = false,
        }
    }
    (text, "")
}

/// The words of a command, up to where the sentence continues or another command begins, and the rest of the sentence.
fn words(text: &str) -> (Vec<String>, &str) {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut quote: Option<char> = None;
    let mut end = text.len();
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None, ' ' | '\n' | '|' | '>' | '<' | ';' | '`' | '(' | ')' | ',' | '…' | '&' | '#') => {
                let last = word.ends_with(['.', ':']);
                let plain = word.trim_end_matches(['.', ':']).to_owned();
                if PROSE.contains(&plain.as_str()) {
                    end = at - word.len();
                    word.clear();
                    break;
                }
                if !plain.is_empty() {
                    words.push(plain);
                }
                word.clear();
                if c != ' ' || last {
                    end = at;
                    break;
                }
            }
            (_, c) => word.push(c),
        }
    }
    let plain = word.trim_end_matches(['.', ':']);
    if !plain.is_empty() && !PROSE.contains(&plain) {
        words.push(plain.to_owned());
    }
    let rest = &text[end.min(text.len())..];
    // The rest ends at the next command.
    let rest = rest.find("clearance ").map_or(rest, |at| &rest[..at]);
    let sentence = rest.find(['\n', ';', '`', '|']).map_or(rest, |at| &rest[..at]);
    (words, sentence)
}

/// A sample value for a placeholder.
fn filled(word: &str) -> String {
    let mut filled = word.to_owned();
    while let (Some(open), Some(close)) = (filled.find('{'), filled.find('}')) {
        if close < open {
            break;
        }
        let sample = if &filled[open..=close] == "{number}" { "1" } else { "main" };
        filled.replace_range(open..=close, sample);
    }
    filled
}

/// The problem of a command, if it has one.
fn problem(words: &[String], sentence: &str) -> Option<String> {
    let line: Vec<String> =
        std::iter::once("clearance".to_owned()).chain(words.iter().map(|word| filled(word))).collect();
    let mut command = Cli::command();
    command.build();
    let mut verb = &command;
    for word in words {
        let Some(found) = verb.find_subcommand(word) else { break };
        verb = found;
    }
    for flag in sentence.split(|c: char| c.is_whitespace() || matches!(c, ')' | '(' | ',' | '.' | '=')) {
        let Some(name) = flag.strip_prefix("--").filter(|name| !name.is_empty()) else { continue };
        if !verb.get_arguments().any(|argument| argument.get_long() == Some(name)) {
            return Some(format!("`{}` takes no {flag}", line.join(" ")));
        }
    }
    let error = Cli::try_parse_from(&line).err()?;
    match error.kind() {
        // `ID DECISION` is a placeholder for values.
        ErrorKind::InvalidValue if words.iter().any(|word| word.chars().all(|c| c.is_ascii_uppercase())) => {
            None
        }
        // A sentence may name a command without its operands.
        ErrorKind::DisplayHelp
        | ErrorKind::DisplayVersion
        | ErrorKind::MissingRequiredArgument
        | ErrorKind::MissingSubcommand
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => None,
        _ => Some(format!("`{}`: {}", line.join(" "), error.to_string().lines().next().unwrap_or_default())),
    }
}

/// The commands in a text.
fn commands(text: &str) -> Vec<(Vec<String>, &str)> {
    let nouns = ["approvals ", "queue ", "run ", "gateway ", "completions ", "man "];
    let starts = text.match_indices("clearance ").filter(|(at, found)| {
        let before = text[..*at].chars().next_back();
        before.is_none_or(|c| !c.is_alphanumeric() && !matches!(c, '/' | '-' | '_' | '.'))
            && nouns.iter().any(|noun| text[at + found.len()..].starts_with(noun))
    });
    starts.map(|(at, found)| words(&text[at + found.len()..])).collect()
}

#[test]
fn every_command_in_a_text_is_valid() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    sources(&root.join("src"), &mut found);
    let mut texts_of: Vec<(String, String)> = Vec::new();
    for (name, source) in &found {
        texts_of.extend(texts(source).into_iter().map(|text| (name.clone(), text)));
    }
    let pages = fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let pages = pages.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    let others = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "action.yml", "contrib/README.md"];
    for path in pages.chain(others.map(|name| root.join(name))) {
        let text = fs::read_to_string(&path).unwrap();
        let name = path.display().to_string();
        texts_of.extend(text.lines().map(|line| (name.clone(), line.to_owned())));
    }
    let (mut count, mut wrong) = (0, Vec::new());
    for (name, text) in &texts_of {
        for (words, sentence) in commands(text) {
            count += 1;
            wrong.extend(problem(&words, sentence).map(|problem| format!("{name}: {problem}")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 100, "{count} commands were found");
}

#[test]
fn commands_are_found_in_sentences() {
    let text = "read it (clearance approvals get), or: clearance approvals set --file 'a b' --dry-run, with the same --store";
    let found: Vec<String> = commands(text).into_iter().map(|(words, _)| words.join("|")).collect();
    assert_eq!(found, ["approvals|get", "approvals|set|--file|a b|--dry-run"]);
    let (words, sentence) = words("approvals get with the same --gateway or --nowhere shows it");
    assert_eq!(problem(&words, sentence).as_deref(), Some("`clearance approvals get` takes no --nowhere"));
    let wrong = commands("clearance approvals validte x");
    assert!(problem(&wrong[0].0, wrong[0].1).is_some());
}
