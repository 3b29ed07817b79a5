//! A text under a tree, and the way from its bytes to those of the command: the text of `sh -c` is parsed on its own, and
//! what is found in it is placed in the command.

use std::ops::Range;
use std::rc::Rc;

use tree_sitter::Node;

use super::units::Units;
use crate::approvals::decide::words::is_white;

/// A parsed text.
#[derive(Debug)]
pub(super) struct Source<'s> {
    /// The text.
    pub text: &'s str,
    /// The text as the parser reads it.
    pub units: Units,
    /// Where each backslash before a line break is.
    breaks: Vec<usize>,
    /// Where each white space is; empty if there are no `breaks`.
    spaces: Vec<usize>,
    /// `None`: the command itself.
    place: Option<Rc<Place>>,
}

/// Where a payload is in the command.
#[derive(Debug)]
pub(super) struct Place {
    /// Where the argument that has it begins in the command.
    pub argument: usize,
    /// The offset of the payload in the value of the argument.
    pub offset: usize,
    /// For each byte of that value, where it comes from in the text of the argument.
    pub sources: Vec<usize>,
}

impl<'s> Source<'s> {
    /// A text at its place in the command.
    pub(super) fn new(text: &'s str, place: Option<Rc<Place>>) -> Self {
        let is_break = |at: usize| matches!(text.as_bytes().get(at.saturating_add(1)), Some(b'\r' | b'\n'));
        let breaks: Vec<usize> =
            text.match_indices('\\').map(|(at, _)| at).filter(|&at| is_break(at)).collect();
        let spaces = if breaks.is_empty() {
            Vec::new()
        } else {
            text.char_indices().filter(|&(_, character)| is_white(character)).map(|(at, _)| at).collect()
        };
        Self { text, units: Units::of(text), breaks, spaces, place }
    }

    /// The bytes of a node.
    pub(super) fn range(&self, node: Node<'_>) -> Range<usize> {
        self.units.range(node)
    }

    /// A part of the text.
    pub(super) fn slice(&self, range: Range<usize>) -> &'s str {
        self.text.get(range).unwrap_or_default()
    }

    /// The bytes of the command that a range of this text represents.
    pub(super) fn in_command(&self, range: &Range<usize>) -> Range<usize> {
        match &self.place {
            None => range.clone(),
            Some(place) => place.at(range.start)..place.at(range.end),
        }
    }

    /// Whether a line is continued in a range.
    pub(super) fn has_continuation(&self, range: &Range<usize>) -> bool {
        self.first_continuation(range).is_some()
    }

    /// Whether a line is continued in the first word of a range.
    pub(super) fn has_continuation_in_first_word(&self, range: &Range<usize>) -> bool {
        self.first_continuation(range).is_some_and(|at| {
            let next = self.spaces.partition_point(|&space| space < range.start);
            self.spaces.get(next).is_none_or(|&space| space > at)
        })
    }

    /// The first backslash before a line break, both within a range.
    fn first_continuation(&self, range: &Range<usize>) -> Option<usize> {
        let next = self.breaks.partition_point(|&at| at < range.start);
        self.breaks.get(next).copied().filter(|at| at.saturating_add(1) < range.end)
    }
}

impl Place {
    /// The byte of the command that a byte of the payload represents.
    fn at(&self, byte: usize) -> usize {
        let source = self.sources.get(self.offset.saturating_add(byte)).copied().unwrap_or_else(|| {
            self.sources.get(self.offset).copied().unwrap_or_default().saturating_add(byte)
        });
        self.argument.saturating_add(source)
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::{Place, Source};

    #[test]
    fn continued_lines_are_found_in_ranges() {
        let source = Source::new("ab\\\ncd e\\\r\nf \\", None);
        for (range, any, first) in [
            (0..15, true, true),
            (0..3, false, false),
            (0..4, true, true),
            (4..12, true, false),
            (12..15, false, false),
        ] {
            assert_eq!(source.has_continuation(&range), any, "{range:?}");
            assert_eq!(source.has_continuation_in_first_word(&range), first, "{range:?}");
        }
    }

    #[test]
    fn a_payload_is_placed_in_the_command() {
        // sh -c "a \"b\""
        let place = Place { argument: 6, offset: 0, sources: vec![1, 2, 3, 5, 6, 8] };
        let source = Source::new("a \"b\"", Some(Rc::new(place)));
        assert_eq!(source.in_command(&(0..1)), 7..8);
        assert_eq!(source.in_command(&(2..5)), 9..14);
    }
}
