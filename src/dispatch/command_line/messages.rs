//! Commands in the text of a message: finding them, and completing them.

use clap::Command;

use super::line::{Commands, Verb, Word};

/// The flags that name the target: a command that has one of them is complete.
const TARGETS: [&str; 5] = ["gateway", "all-gateways", "node", "store", "file"];

/// The position of the next command in a text, outside of quoted words: those are names from outside.
pub(super) fn next(text: &str) -> Option<usize> {
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

/// Builds the commands that a text names.
pub(super) fn build_named(text: &str, commands: &mut Commands) {
    let mut rest = text;
    while let Some(at) = next(rest) {
        rest = &rest[at + "clearance ".len()..];
        let is_name = |word: &&str| {
            word.starts_with(|c: char| c.is_ascii_lowercase())
                && word.chars().all(|c| c.is_ascii_lowercase() || c == '-')
        };
        commands.build(words(rest).map(|(name, _)| name).take_while(is_name));
    }
}

/// A text with each of its commands completed: with the flags to carry over, which depend on the rest of the command, or
/// with changes applied to the user's own command line. The commands that it names are built.
pub(super) fn completed(
    text: &str,
    commands: &Commands,
    carried: impl Fn(&Verb<'_>, &str) -> String,
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
        let (verb, end) = named(behind, commands.root());
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
            done.push_str(&carried(&verb, &here));
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

/// The words of a text: each without the punctuation at its end, and with it.
fn words(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split(' ').map(|word| (word.trim_end_matches([',', ';', ':', '.', ')', '\n']), word))
}

/// The command at the start of a text, and the end of its name.
fn named<'c>(text: &str, root: &'c Command) -> (Verb<'c>, usize) {
    let mut verb = Verb { path: Vec::new(), command: root };
    let mut end = 0;
    for (plain, word) in words(text) {
        let start = if end == 0 { 0 } else { end + 1 };
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
const VALUED: [&str; 7] =
    ["timeout", "tls-fingerprint", "ca-file", "token-file", "password-file", "file", "prompts"];

/// The first word of a text, without trailing punctuation.
fn word(text: &str) -> (&str, &str) {
    let end =
        quoted_len(None, text).unwrap_or_else(|| text.find([' ', ';', ',', ')', '\n']).unwrap_or(text.len()));
    let word = text[..end].trim_end_matches(['.', '?', ':']);
    text.split_at(word.len())
}
