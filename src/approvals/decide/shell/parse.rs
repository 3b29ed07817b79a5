//! Parses a text with the grammar of Bash, within the releases' limits: the length, and the time of parsing. The time is
//! counted in steps of the parser instead of milliseconds, so that the same text always has the same answer.

use std::cell::RefCell;
use std::ops::ControlFlow;

use tree_sitter::{ParseOptions, Parser, Tree};

use super::source::Source;

/// The most UTF-16 units that a release parses.
const MAX_UNITS: usize = 131_072;

/// The most reports of the parser, one every 100 operations. The releases stop after 500 ms instead, which depends on the
/// machine and its load. A text of the greatest length takes at most 8,000 reports.
const MAX_REPORTS: u32 = 20_000;

/// Maximum cost of parsing after an error. Each report costs the length of the rest of the text, because the scanner may
/// search all of it for the end of a word, repeatedly. Hostile texts reach this limit after about the releases' 500 ms;
/// without it they would take hours. A text with an error is not analysable in any case.
const MAX_RECOVERY: usize = 1_000_000;

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
    let (mut reports, mut recovery) = (0_u32, 0_usize);
    let mut progress = |state: &tree_sitter::ParseState| {
        reports = reports.saturating_add(1);
        if state.has_error() {
            recovery = recovery.saturating_add(units.len().saturating_sub(state.current_byte_offset() / 2));
        }
        let is_over = reports > MAX_REPORTS || recovery > MAX_RECOVERY;
        if is_over { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let options = ParseOptions::new().progress_callback(&mut progress);
    let read = &mut |at, _| units.get(at..).unwrap_or_default();
    PARSER
        .with_borrow_mut(|parser| {
            let tree = parser.as_mut()?.parse_utf16_le_with_options(read, None, Some(options));
            if tree.is_none()
                && let Some(parser) = parser
            {
                // Otherwise it would go on with this text.
                parser.reset();
            }
            tree
        })
        .ok_or(Unparsed::TimedOut)
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
    use super::{Unparsed, costly};
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
