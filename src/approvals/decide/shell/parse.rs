//! Parses a text with the grammar of Bash, within the releases' limits: the length, and the time of parsing. The time is
//! counted in steps of the parser instead of milliseconds, so that the same text always has the same answer.

use std::cell::{Cell, RefCell};
use std::ops::ControlFlow;

use tree_sitter::{ParseOptions, Parser, Tree};

use super::source::Source;

/// The most UTF-16 units that a release parses.
const MAX_UNITS: usize = 131_072;

/// The most reports of the parser, one every 100 operations. The releases stop after 500 ms instead, which depends on the
/// machine and its load. A text of the greatest length takes at most 8,000 reports.
const MAX_REPORTS: u32 = 20_000;

/// The most UTF-16 units that the scanner reads. It may search the whole rest of a text for the end of a word, for each word:
/// `a=(` 3,000 times makes 28 million units of 9,000. The releases read 6 million in their 500 ms, and an ordinary text of
/// the greatest length needs 300,000.
const MAX_READ: usize = 12_000_000;

/// The units that the scanner gets at once: what it reads is counted in such pieces.
const PIECE: usize = 128;

/// The most bars, and openings of here-strings and tests (`<<`, `[[`, `=~`), outside quotes. When a text with many ends in an
/// error, the parser takes time and memory by the square of its length without a report: minutes and gigabytes for the
/// longest text. No command that anybody writes has as many.
const MAX_COSTLY: usize = 2_000;

thread_local! {
    /// Making a parser takes as long as parsing a short command.
    static PARSER: RefCell<Option<Parser>> = RefCell::new(parser());
}

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
pub(super) fn parse(source: &Source<'_>) -> Result<Tree, Unparsed> {
    if source.text.len() > MAX_UNITS && source.text.encode_utf16().nth(MAX_UNITS).is_some() {
        return Err(Unparsed::TooLarge);
    }
    if source.text.len() > MAX_COSTLY && costly(source.text) > MAX_COSTLY {
        return Err(Unparsed::TimedOut);
    }
    let units = &source.units.units;
    let (mut reports, count) = (0_u32, Cell::new(0_usize));
    let mut progress = |_: &tree_sitter::ParseState| {
        reports = reports.saturating_add(1);
        let is_over = reports > MAX_REPORTS || count.get() > MAX_READ;
        if is_over { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let options = ParseOptions::new().progress_callback(&mut progress);
    let read = &mut |at, _| {
        let piece = piece(units, at);
        count.set(count.get().saturating_add(piece.len()));
        // The scanner cannot be stopped, but the text can end.
        if count.get() > MAX_READ { &[] } else { piece }
    };
    PARSER
        .with_borrow_mut(|parser| {
            let tree = parser.as_mut()?.parse_utf16_le_with_options(read, None, Some(options));
            if tree.is_none()
                && let Some(parser) = parser
            {
                // Otherwise it would go on with this text.
                parser.reset();
            }
            tree.filter(|_| count.get() <= MAX_READ)
        })
        .ok_or(Unparsed::TimedOut)
}

/// Some units from a place on; no character is cut in two.
fn piece(units: &[u16], at: usize) -> &[u16] {
    let rest = units.get(at..).unwrap_or_default();
    let is_cut = rest.get(PIECE.saturating_sub(1)).is_some_and(|unit| (0xD800..0xDC00).contains(unit));
    rest.get(..PIECE.saturating_add(usize::from(is_cut))).unwrap_or(rest)
}

/// A parser of the grammar, which is compiled in; a test checks that its version fits.
fn parser() -> Option<Parser> {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_bash::LANGUAGE.into()).ok()?;
    Some(parser)
}

/// The number of bars and of openings outside quotes, as far as quotes are known without parsing.
fn costly(text: &str) -> usize {
    let mut count = 0;
    let mut quote = None;
    let mut last = 0;
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match (quote, byte) {
            (None | Some(b'"'), b'\\') => {
                bytes.next();
            }
            (None, b'\'' | b'"') => quote = Some(byte),
            (None, b'|') => count += 1,
            (None, b'<' | b'[') if last == byte => count += 1,
            (None, b'~') if last == b'=' => count += 1,
            (Some(open), _) if open == byte => quote = None,
            _ => {}
        }
        last = byte;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::{PIECE, Unparsed, costly, piece};
    use crate::approvals::decide::shell::source::Source;
    use tree_sitter::Tree;

    fn parse(text: &str) -> Result<Tree, Unparsed> {
        super::parse(&Source::new(text, None))
    }

    #[test]
    fn bars_in_quotes_do_not_count() {
        assert_eq!(costly(r#"a | 'b | c' | "d \" |" \| e"#), 2);
        assert_eq!(costly("a <<< b; [[ a =~ ( ]]"), 4);
    }

    /// The bug: the first of them never ended, and each took longer than a release parses.
    #[test]
    fn a_text_that_the_scanner_searches_again_and_again_is_given_up() {
        for text in ["a=(", "$[", ">&", "a+=(", "a=(b[", " a)", "${a%", "export a=(", "f() ", "local ("] {
            assert_eq!(parse(&text.repeat(130_000 / text.len())).err(), Some(Unparsed::TimedOut), "{text}");
        }
        // A short one has the answer of a release.
        assert!(parse(&"a=(".repeat(100)).is_ok_and(|tree| tree.root_node().has_error()));
        // The parser can be used again.
        assert!(parse("ls -l").is_ok_and(|tree| !tree.root_node().has_error()));
    }

    #[test]
    fn no_character_is_cut_in_two() {
        let units: Vec<u16> =
            format!("{}{}", "a".repeat(PIECE - 1), "\u{1F600}".repeat(PIECE)).encode_utf16().collect();
        let mut at = 0;
        while at < units.len() {
            let piece = piece(&units, at);
            assert!(!piece.is_empty() && String::from_utf16(piece).is_ok());
            at += piece.len();
        }
        assert!(
            parse(&format!("echo {}", "\u{1F600}".repeat(1000)))
                .is_ok_and(|tree| !tree.root_node().has_error())
        );
    }

    /// The bug: the process was killed.
    #[test]
    fn a_brace_before_any_character_is_parsed() {
        for character in ['\u{100}', '\u{ffff}', '\u{10000}', '\u{1f600}', '\u{f0000}', '\u{10ffff}'] {
            for text in ["{", "{1", "{1..", "{1..2"] {
                let command = format!("echo {text}{character}");
                assert!(parse(&command).is_ok(), "{command}");
            }
        }
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
