//! Parses a text with the grammar of Bash, within the releases' limits: the length, and the time of parsing. The time is
//! counted in steps of the parser instead of milliseconds, so that the same text always has the same answer.

use std::ops::ControlFlow;

use tree_sitter::{ParseOptions, Parser, Tree};

use super::source::Source;

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
pub(super) fn parse(source: &Source<'_>) -> Result<Tree, Unparsed> {
    if source.text.len() > MAX_UNITS && source.text.encode_utf16().nth(MAX_UNITS).is_some() {
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
    let units = &source.units.units;
    let read = &mut |at, _| units.get(at..).unwrap_or_default();
    let tree = parser.parse_utf16_le_with_options(read, None, Some(options));
    tree.ok_or(Unparsed::TimedOut)
}

#[cfg(test)]
mod tests {
    use super::Unparsed;
    use crate::approvals::decide::shell::source::Source;
    use tree_sitter::Tree;

    fn parse(text: &str) -> Result<Tree, Unparsed> {
        super::parse(&Source::new(text, None))
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
