//! A text as the parser reads it. The releases parse UTF-16, and a broken command is read differently in bytes; so this
//! does the same. The scanner of the grammar asks the C library what a letter or a space is: that of the releases knows all
//! of Unicode, ours on most systems ASCII alone. Where that decides, the character is replaced by one of ASCII here.
//!
//! It also asks whether a character is a digit, by a function that on most systems reads a table of 256 places at the place of
//! the character, far behind its end for most of Unicode: the process is killed. So the scanner sees no character above U+00FF.

use std::ops::Range;

use tree_sitter::Node;

/// A text in UTF-16.
#[derive(Debug)]
pub(super) struct Units {
    /// The units, little-endian.
    pub units: Vec<u16>,
    /// The byte of the text at which each unit begins, and the end. `None`: one byte each.
    bytes: Option<Vec<usize>>,
}

impl Units {
    pub(super) fn of(text: &str) -> Self {
        if text.is_ascii() {
            return Self { units: text.bytes().map(|byte| u16::from(byte).to_le()).collect(), bytes: None };
        }
        let mut encoder =
            Encoder { units: Vec::with_capacity(text.len()), bytes: Vec::with_capacity(text.len()) };
        let mut word = Word::default();
        let names = names(text);
        let mut names = names.iter().peekable();
        for (at, character) in text.char_indices() {
            while names.next_if(|name| name.end <= at).is_some() {}
            let is_named = names.peek().is_some_and(|name| name.start <= at);
            if is_space(character) && word.ends_before_space(text, at) {
                encoder.push(' ', at);
            }
            if is_space(character) && word.start == at && is_skipped(text, at) {
                encoder.push(' ', at);
            } else if is_named && !character.is_ascii() {
                (0..character.len_utf16()).for_each(|_| encoder.push('Z', at));
            } else {
                // The parser skips a mark of the byte order at the start of a text.
                let seen = if at == 0 && character == '\u{feff}' { character } else { narrow(character) };
                (0..character.len_utf16()).for_each(|_| encoder.push(seen, at));
            }
            word.next(character, at);
        }
        encoder.bytes.push(text.len());
        Self { units: encoder.units, bytes: Some(encoder.bytes) }
    }

    /// The bytes of the text that a node covers.
    pub(super) fn range(&self, node: Node<'_>) -> Range<usize> {
        let units = node.start_byte() / 2..node.end_byte() / 2;
        let Some(bytes) = &self.bytes else { return units };
        let byte = |unit: usize| bytes.get(unit).or(bytes.last()).copied().unwrap_or_default();
        byte(units.start)..byte(units.end)
    }
}

/// A character up to U+00FF that the grammar and its scanner read like this one, in every C library.
fn narrow(character: char) -> char {
    match character {
        '\0'..='\u{ff}' => character,
        _ if is_space(character) => '\u{85}',
        _ if character.is_alphanumeric() => '\u{ff}',
        _ => '\u{d7}',
    }
}

struct Encoder {
    units: Vec<u16>,
    bytes: Vec<usize>,
}

impl Encoder {
    fn push(&mut self, character: char, byte: usize) {
        for unit in character.encode_utf16(&mut [0; 2]) {
            self.units.push(unit.to_le());
            self.bytes.push(byte);
        }
    }
}

/// The names of assignments and options that have letters beyond ASCII in them: `é=1 ls` assigns a variable, and `[ -é x ]`
/// has an operator. No word of the grammar has a `Z` in it, so `Z` can replace their letters.
fn names(text: &str) -> Vec<Range<usize>> {
    let is_name =
        |character: char| character == '_' || character.is_ascii_digit() || character.is_alphabetic();
    let mut names = Vec::new();
    let mut at = 0;
    let (mut starts_word, mut is_option) = (true, false);
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let length = rest.find(|character| !is_name(character)).unwrap_or(rest.len());
        let (name, after) = rest.split_at(length);
        if let (true, Some(next)) = (name.is_empty(), after.chars().next()) {
            is_option = starts_word && next == '-';
            starts_word = next.is_whitespace() || ";|&(`".contains(next);
            at += next.len_utf8();
            continue;
        }
        // The scanner takes a name for that of a variable before all of these.
        let is_assigned = after.starts_with(['=', '[', '%', '#', '@', ':']) || after.starts_with("+=");
        let is_ended = after.starts_with(char::is_whitespace);
        if !name.is_ascii() && ((starts_word && is_assigned) || (is_option && is_ended)) {
            names.push(at..at + length);
        }
        (starts_word, is_option) = (false, false);
        at += length;
    }
    names
}

/// The spaces beyond ASCII that the C library of the releases knows.
fn is_space(character: char) -> bool {
    matches!(
        character,
        '\u{85}'
            | '\u{2000}'..='\u{2006}'
            | '\u{2008}'..='\u{200a}'
            | '\u{2028}'
            | '\u{2029}'
            | '\u{205f}'
            | '\u{3000}'
    )
}

/// Whether an option such as `-l`, or an assignment such as `A=1` at the beginning of a command, is the next word after the
/// spaces at a place of a text. The scanner skips the spaces then. Only 256 bytes are examined.
fn is_skipped(text: &str, at: usize) -> bool {
    let begins_command = begins_command(text.get(..at).unwrap_or_default());
    let text = text.get(at..).unwrap_or_default();
    let text = text.get(..text.floor_char_boundary(256)).unwrap_or_default();
    let text = text
        .trim_start_matches(|character: char| character == ' ' || character == '\t' || is_space(character));
    let name = text.trim_start_matches(|character: char| character == '_' || character.is_alphanumeric());
    if begins_command
        && name.len() < text.len()
        && (name.starts_with(['=', '[', '%', '#', '@', ':']) || name.starts_with("+="))
    {
        return true;
    }
    let letters = text.strip_prefix('-').unwrap_or_default();
    let after = letters.trim_start_matches(char::is_alphabetic);
    after.len() < letters.len()
        && after.starts_with(|next: char| next.is_ascii_whitespace() || is_space(next))
}

/// Whether a command begins after a text: at its start, after an operator, and after assignments.
fn begins_command(before: &str) -> bool {
    let start = before.len().saturating_sub(256);
    let mut before = before.get(before.ceil_char_boundary(start)..).unwrap_or_default();
    loop {
        before = before.trim_end_matches([' ', '\t']);
        if before.is_empty() || before.ends_with([';', '|', '&', '(', '`', '\n', '\r']) {
            return true;
        }
        let (rest, word) = before.rsplit_once([' ', '\t']).unwrap_or(("", before));
        if !word
            .split_once('=')
            .is_some_and(|(name, _)| name.chars().all(|c| c == '_' || c.is_alphanumeric()))
        {
            return false;
        }
        before = rest;
    }
}

/// The current word, delimited by quotes and ASCII spaces only.
#[derive(Default)]
struct Word {
    start: usize,
    quote: Option<char>,
    /// Whether the character before closed a quote.
    is_closed: bool,
    is_escaped: bool,
}

impl Word {
    fn next(&mut self, character: char, at: usize) {
        let is_escaped = std::mem::take(&mut self.is_escaped);
        self.is_closed = !is_escaped && self.quote == Some(character);
        match self.quote {
            _ if is_escaped => {}
            None | Some('"') if character == '\\' => self.is_escaped = true,
            Some(open) => {
                if open == character {
                    self.quote = None;
                }
            }
            None if matches!(character, '\'' | '"') => self.quote = Some(character),
            None => {
                if character.is_ascii_whitespace() || ";|&()<>`".contains(character) {
                    self.start = at + character.len_utf8();
                }
            }
        }
    }

    /// Whether a space beyond ASCII that follows here is the first character of a new word for the releases: after quotes,
    /// an expansion, `NAME=` and `-option`. Elsewhere it is a character of the word like any other.
    fn ends_before_space(&self, text: &str, at: usize) -> bool {
        let Some(before) = text.get(self.start..at).filter(|_| self.quote.is_none() && !self.is_escaped)
        else {
            return false;
        };
        let is_word = |byte: u8| byte == b'_' || byte.is_ascii_alphanumeric();
        let name = before.len() - before.bytes().rev().take_while(|byte| is_word(*byte)).count();
        let option = before.strip_prefix('-').unwrap_or_default();
        let is_option = !option.is_empty() && option.chars().all(char::is_alphabetic);
        self.is_closed
            || before.ends_with(['}', '{', ']', '['])
            || text.get(..at).is_some_and(|text| text.ends_with([')', '`']))
            || before.strip_suffix('=').is_some_and(|name| !name.is_empty() && name.bytes().all(is_word))
            || (name < before.len() && before.get(..name).is_some_and(|before| before.ends_with('$')))
            || is_option
    }
}

#[cfg(test)]
mod tests {
    use super::{Units, narrow};

    fn seen(text: &str) -> String {
        String::from_utf16_lossy(
            &Units::of(text).units.iter().map(|unit| u16::from_le(*unit)).collect::<Vec<_>>(),
        )
    }

    #[test]
    fn no_character_is_above_the_table_of_the_c_library() {
        assert_eq!(seen("{日1{٣{\u{3000}x\u{2192}é"), "{ÿ1{ÿ{ \u{85}x×é");
        // Each character keeps its units.
        assert_eq!(seen("{\u{1f600}\u{10ffff}𝐀"), "{××××ÿÿ");
        // The parser skips it at the start alone.
        assert_eq!(seen("\u{feff}ls \u{feff}"), "\u{feff}ls ×");
    }

    #[test]
    fn letters_in_names_are_ascii() {
        assert_eq!(seen("é@b é%b;é#b x|é:b é.b"), "Z@b Z%b;Z#b x|Z:b é.b");
        assert_eq!(seen("é=1 日a[2]+=x 日 $é=1 x-é=1;é+=2 -é -é"), "Z=1 Za[2]+=x ÿ $é=1 x-é=1;Z+=2 -Z -é");
    }

    #[test]
    fn a_space_beyond_ascii_begins_a_word_where_one_can_end() {
        for (text, expected) in [
            ("ls a\u{3000}b", "ls a\u{3000}b"),
            ("ls \u{3000}b", "ls \u{3000}b"),
            ("ls \"b\"\u{3000}c", "ls \"b\" \u{3000}c"),
            ("ls \"b\u{3000}c\"", "ls \"b\u{3000}c\""),
            ("A=\u{2003}ls", "A= \u{2003}ls"),
            ("ls $x\u{2003}b", "ls $x \u{2003}b"),
            ("ls -l\u{2003}b", "ls -l \u{2003}b"),
            ("ls x-l\u{2003}b", "ls x-l\u{2003}b"),
            ("ls $(id)\u{2003}b", "ls $(id) \u{2003}b"),
            ("ls \\\"\u{2003}b", "ls \\\"\u{2003}b"),
            ("ls [a]\u{2003}b", "ls [a] \u{2003}b"),
            ("ls \u{2003} -l x", "ls   -l x"),
            ("ls '\u{a0}'\u{a0}b", "ls '\u{a0}'\u{a0}b"),
        ] {
            assert_eq!(seen(text), expected.chars().map(narrow).collect::<String>(), "{text}");
        }
    }
}
