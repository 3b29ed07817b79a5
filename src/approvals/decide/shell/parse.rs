//! Parses a text with the grammar of Bash, within the releases' limits: the length, and the time of parsing. The time is
//! counted in steps of the parser instead of milliseconds, so that the same text always has the same answer.

use std::borrow::Cow;
use std::ops::ControlFlow;

use tree_sitter::{ParseOptions, Parser, Tree};

/// The most UTF-16 units that a release parses.
const MAX_UNITS: usize = 131_072;

/// The releases stop after 500 ms, which depends on the machine and its load. The parser reports every 100 operations;
/// a text of the greatest length takes about 20,000 reports, and a text that needs this many takes the releases seconds.
const MAX_REPORTS: u32 = 200_000;

/// Why a text is not parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::approvals::decide) enum Unparsed {
    /// It is too long.
    TooLarge,
    /// Parsing takes too long.
    TimedOut,
    /// Its tree has too many nodes (2026.9.6).
    TooComplex,
}

impl Unparsed {
    /// The release's words.
    pub(in crate::approvals::decide) fn message(self) -> &'static str {
        match self {
            Self::TooLarge => "Shell command is too large to explain",
            Self::TimedOut => "tree-sitter-bash timed out after 500ms while parsing shell command",
            Self::TooComplex => "Shell command syntax is too complex to explain safely",
        }
    }
}

/// The tree of a text.
pub(super) fn parse(text: &str) -> Result<Tree, Unparsed> {
    if text.len() > MAX_UNITS && text.encode_utf16().nth(MAX_UNITS).is_some() {
        return Err(Unparsed::TooLarge);
    }
    let mut parser = Parser::new();
    // The grammar is compiled in, and its version is checked by a test.
    parser.set_language(&tree_sitter_bash::LANGUAGE.into()).map_err(|_| Unparsed::TimedOut)?;
    let mut reports = 0_u32;
    let mut progress = |_: &tree_sitter::ParseState| {
        reports = reports.saturating_add(1);
        if reports > MAX_REPORTS { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let options = ParseOptions::new().progress_callback(&mut progress);
    let text = plain_names(text);
    let bytes = text.as_bytes();
    let tree =
        parser.parse_with_options(&mut |at, _| bytes.get(at..).unwrap_or_default(), None, Some(options));
    tree.ok_or(Unparsed::TimedOut)
}

/// The text with a letter of ASCII for each byte of other letters in the names of assignments. The scanner of the grammar
/// asks the C library what a letter is. That of the releases knows all of Unicode, so that `é=1 ls` assigns a variable; on
/// most systems ours knows ASCII alone. No word of the grammar has a `Z` in it, and no place changes.
fn plain_names(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let is_name =
        |character: char| character == '_' || character.is_ascii_digit() || character.is_alphabetic();
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    let mut starts_word = true;
    while let Some(first) = rest.chars().next() {
        let (name, after) = rest.split_at(rest.find(|character| !is_name(character)).unwrap_or(rest.len()));
        if name.is_empty() {
            plain.push(first);
            starts_word = first.is_whitespace() || ";|&(`".contains(first);
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
            continue;
        }
        if starts_word && (after.starts_with(['=', '[']) || after.starts_with("+=")) {
            let letters = name.bytes().map(|byte| if byte.is_ascii() { char::from(byte) } else { 'Z' });
            plain.extend(letters);
        } else {
            plain.push_str(name);
        }
        starts_word = false;
        rest = after;
    }
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use super::{Unparsed, parse, plain_names};

    #[test]
    fn letters_in_names_keep_their_places() {
        assert_eq!(plain_names("é=1 日a[2]+=x 日 $é=1 x-é=1;é+=2"), "ZZ=1 ZZZa[2]+=x 日 $é=1 x-é=1;ZZ+=2");
    }

    #[test]
    fn the_grammar_loads_and_the_length_is_limited() {
        assert!(parse("ls -l").is_ok_and(|tree| !tree.root_node().has_error()));
        assert!(parse("ls 'x").is_ok_and(|tree| tree.root_node().has_error()));
        assert!(parse(&"a".repeat(131_072)).is_ok());
        assert_eq!(parse(&"a".repeat(131_073)).err(), Some(Unparsed::TooLarge));
        // Two units of UTF-16 and four bytes each.
        assert!(parse(&"\u{1F600}".repeat(65_536)).is_ok());
        assert_eq!(parse(&"\u{1F600}".repeat(65_537)).err(), Some(Unparsed::TooLarge));
    }
}
