//! How the check of scripts reads the text of a command: parts outside of quotes, text without quotes, words that look like
//! scripts. These rules differ from those of every other parser of a release.

use crate::approvals::decide::words::{is_white, trim};

/// Whether a name is that of Python: `python`, `python3`, `python3.11`.
pub(super) fn is_python(name: &str) -> bool {
    let Some((word, version)) = name.split_at_checked("python".len()) else { return false };
    if !word.eq_ignore_ascii_case("python") {
        return false;
    }
    match version.strip_prefix('3') {
        None => version.is_empty(),
        Some("") => true,
        Some(minor) => minor
            .strip_prefix('.')
            .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit())),
    }
}

/// Where a character of a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Outside of quotes.
    Plain,
    /// A quote that opens.
    Opening,
    /// Inside of quotes, the closing quote included.
    Quoted,
    /// A backslash.
    Escape,
    /// The character after a backslash, outside of quotes.
    Escaped,
    /// The character after a backslash, inside double quotes.
    EscapedInQuotes,
}

/// Follows quotes and backslashes through a text.
#[derive(Debug, Clone, Copy, Default)]
struct Quotes {
    open: Option<char>,
    is_escaped: bool,
}

impl Quotes {
    fn place(&mut self, character: char) -> Place {
        if self.is_escaped {
            self.is_escaped = false;
            return if self.open.is_some() { Place::EscapedInQuotes } else { Place::Escaped };
        }
        if self.open != Some('\'') && character == '\\' {
            self.is_escaped = true;
            return Place::Escape;
        }
        if let Some(quote) = self.open {
            if character == quote {
                self.open = None;
            }
            return Place::Quoted;
        }
        if matches!(character, '\'' | '"') {
            self.open = Some(character);
            return Place::Opening;
        }
        Place::Plain
    }
}

/// The text outside of quotes, backslashes kept. `None`: a quote or an escape is not closed.
pub(super) fn unquoted(text: &str) -> Option<String> {
    let mut quotes = Quotes::default();
    let mut out = String::new();
    for character in text.chars() {
        match quotes.place(character) {
            Place::Plain => out.push(character),
            Place::Escaped => out.extend(['\\', character]),
            Place::Opening | Place::Quoted | Place::Escape | Place::EscapedInQuotes => {}
        }
    }
    (quotes.open.is_none() && !quotes.is_escaped).then_some(out)
}

/// The parts between `;`, `&&`, `||` and the ends of lines, and between `|` on request. Empty parts vanish.
pub(super) fn parts(text: &str, at_pipes: bool) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut quotes = Quotes::default();
    let mut start = 0;
    let mut skip_to = 0;
    for (at, character) in text.char_indices() {
        if at < skip_to || quotes.place(character) != Place::Plain {
            continue;
        }
        let rest = text.get(at..).unwrap_or_default();
        let is_double = rest.starts_with("&&") || rest.starts_with("||");
        if is_double || matches!(character, '\n' | '\r' | ';') || at_pipes && character == '|' {
            parts.extend(text.get(start..at));
            start = at + if is_double { 2 } else { 1 };
            skip_to = start;
        }
    }
    parts.extend(text.get(start..));
    parts.retain(|part| !trim(part).is_empty());
    parts
}

/// Whether a word outside of quotes ends like a script.
pub(super) fn names_script(text: &str) -> bool {
    let mut quotes = Quotes::default();
    let mut token = String::new();
    let is_script = |token: &str| {
        let token = trim(token).to_lowercase();
        [".py", ".js"].iter().any(|end| token.ends_with(end))
    };
    for character in text.chars() {
        let ends = match quotes.place(character) {
            Place::Opening => true,
            Place::Plain if is_white(character) || "|&;()<>".contains(character) => true,
            Place::Plain | Place::Escaped => {
                token.push(character);
                false
            }
            Place::Quoted | Place::Escape | Place::EscapedInQuotes => false,
        };
        if ends {
            if is_script(&token) {
                return true;
            }
            token.clear();
        }
    }
    is_script(&token)
}

/// Whether a text has a sequence that does not start after a backslash.
pub(super) fn has_unescaped(text: &str, sequence: &str) -> bool {
    let mut is_escaped = false;
    for (at, character) in text.char_indices() {
        if is_escaped {
            is_escaped = false;
        } else if character == '\\' {
            is_escaped = true;
        } else if text.get(at..).is_some_and(|rest| rest.starts_with(sequence)) {
            return true;
        }
    }
    false
}

/// How many lines end in a text. A carriage return ends one, alone or before a line feed.
pub(super) fn line_ends(text: &str) -> usize {
    let returns = text.matches('\r').count();
    let feeds = text.matches('\n').count();
    returns + feeds - text.matches("\r\n").count()
}
