//! The globs of entries: `**` matches anything but line ends, `*` anything but a slash, `?` one UTF-16 unit
//! but a slash, and everything else is literal.
//!
//! Source: `exec-allowlist-pattern` of the three releases, which translate a glob into a regular expression
//! without flags. Here it is run over sets of positions, so that the time grows with the product of the
//! lengths divided by 64.

use std::collections::{BTreeMap, BTreeSet};

/// One piece of a glob.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::approvals) enum Piece {
    /// This UTF-16 unit.
    Unit(u16),
    /// `?`.
    One,
    /// `*`.
    Segment,
    /// `**`.
    Deep,
    /// A leading `~`: the home directory, whatever its path. Only patterns that are compared have it; before a text is
    /// matched, the path takes its place.
    Home,
}

const SLASH: u16 = b'/' as u16;

/// The most pieces between the first and the last wildcard. No path is as long.
const LONGEST: usize = 4096;

impl Piece {
    /// Whether it matches a varying number of units, including none.
    pub(in crate::approvals) fn is_open(self) -> bool {
        matches!(self, Self::Segment | Self::Deep)
    }

    /// The unit that it matches, if it is a literal.
    fn unit(self) -> Option<u16> {
        if let Self::Unit(unit) = self { Some(unit) } else { None }
    }

    /// Whether it matches a unit.
    pub(super) fn takes(self, unit: u16) -> bool {
        match self {
            Self::Unit(own) => own == unit,
            Self::Home => false,
            Self::One | Self::Segment => unit != SLASH,
            // The dot of ECMAScript.
            Self::Deep => !matches!(unit, 0x0a | 0x0d | 0x2028 | 0x2029),
        }
    }
}

/// Whether a pattern is matched against the path instead of the name.
pub(in crate::approvals) fn is_path(pattern: &str) -> bool {
    pattern.contains(['/', '\\', '~'])
}

/// Whether a glob matches a whole text. `None`: the glob is too long for an answer.
pub(super) fn matches(glob: &str, text: &str) -> Option<bool> {
    fits(&pieces(glob), text)
}

/// Whether the pieces of a glob match a whole text. `None`: there are too many for an answer.
pub(super) fn fits(glob: &[Piece], text: &str) -> Option<bool> {
    let text: Vec<u16> = text.encode_utf16().collect();
    let (mut glob, mut text) = (glob, text.as_slice());
    // Both ends up to the first and the last open piece are compared unit by unit, which nearly always
    // decides.
    while let Some((piece, rest)) = glob.split_first().filter(|(piece, _)| !piece.is_open()) {
        match text.split_first() {
            Some((unit, more)) if piece.takes(*unit) => (glob, text) = (rest, more),
            _ => return Some(false),
        }
    }
    while let Some((piece, rest)) = glob.split_last().filter(|(piece, _)| !piece.is_open()) {
        match text.split_last() {
            Some((unit, more)) if piece.takes(*unit) => (glob, text) = (rest, more),
            _ => return Some(false),
        }
    }
    match glob {
        [] => Some(text.is_empty()),
        [piece] => Some(text.iter().all(|unit| piece.takes(*unit))),
        glob if glob.len() > LONGEST => None,
        glob => Some(matches_between(glob, text)),
    }
}

/// The pieces of a glob. A `~` is a literal.
pub(super) fn pieces(glob: &str) -> Vec<Piece> {
    let mut pieces = Vec::with_capacity(glob.len());
    let mut units = glob.encode_utf16().peekable();
    while let Some(unit) = units.next() {
        pieces.push(match unit {
            0x2a if units.next_if_eq(&0x2a).is_some() => Piece::Deep,
            0x2a => Piece::Segment,
            0x3f => Piece::One,
            unit => Piece::Unit(unit),
        });
    }
    pieces
}

/// Runs a glob over a text with one bit for each position in the glob, and one for its end.
fn matches_between(glob: &[Piece], text: &[u16]) -> bool {
    let opens = Positions::of(glob, Piece::is_open);
    let literals: BTreeSet<u16> = glob.iter().filter_map(|piece| piece.unit()).collect();
    let mut known: BTreeMap<Option<u16>, Positions> = BTreeMap::new();
    let mut reached = Positions::first(glob.len());
    reached.skip(&opens);
    for &unit in text {
        // All ordinary units that the glob does not name are matched by the same pieces.
        let is_special = literals.contains(&unit) || unit == SLASH || !Piece::Deep.takes(unit);
        let key = is_special.then_some(unit);
        let takers = known.entry(key).or_insert_with(|| Positions::of(glob, |piece| piece.takes(unit)));
        if !reached.step(takers, &opens) {
            return false;
        }
    }
    reached.has(glob.len())
}

/// A set of positions in a glob.
struct Positions(Vec<u64>);

impl Positions {
    /// The set with the first position alone.
    fn first(length: usize) -> Self {
        let mut words = vec![0; length / 64 + 1];
        if let Some(word) = words.first_mut() {
            *word = 1;
        }
        Self(words)
    }

    /// The positions of certain pieces.
    fn of(glob: &[Piece], wanted: impl Fn(Piece) -> bool) -> Self {
        let mut words = vec![0; glob.len() / 64 + 1];
        for (at, _) in glob.iter().enumerate().filter(|(_, piece)| wanted(**piece)) {
            if let Some(word) = words.get_mut(at / 64) {
                *word |= 1 << (at % 64);
            }
        }
        Self(words)
    }

    /// Whether a position is in the set.
    fn has(&self, at: usize) -> bool {
        self.0.get(at / 64).is_some_and(|word| word >> (at % 64) & 1 == 1)
    }

    /// Moves over one unit that `takers` match. Returns whether anything is left.
    fn step(&mut self, takers: &Self, opens: &Self) -> bool {
        let mut carried = 0;
        let mut any = 0;
        for ((word, takers), opens) in self.0.iter_mut().zip(&takers.0).zip(&opens.0) {
            let hit = *word & takers;
            let moved = hit & !opens;
            *word = (hit & opens) | (moved << 1) | carried;
            carried = moved >> 63;
            any |= *word;
        }
        self.skip(opens);
        any != 0
    }

    /// Adds the positions after open pieces, which may match nothing. Adding the runs of open pieces to the
    /// positions in them lets a carry run through each.
    fn skip(&mut self, opens: &Self) {
        let mut carry = false;
        for (word, opens) in self.0.iter_mut().zip(&opens.0) {
            let (sum, first) = (*word & opens).overflowing_add(*opens);
            let (sum, second) = sum.overflowing_add(u64::from(carry));
            carry = first || second;
            *word |= sum ^ opens;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn wildcards_follow_the_releases() {
        for (glob, text, result) in [
            ("/usr/bin/*", "/usr/bin/git", true),
            ("/usr/bin/*", "/usr/bin/a/b", false),
            ("/opt/**", "/opt/a/b", true),
            ("/opt/**", "/opt/", true),
            ("/opt/**", "/opt", false),
            ("**/git", "/usr/bin/git", true),
            ("**/git", "git", false),
            ("***", "a/b", true),
            ("?s", "ls", true),
            ("?", "😀", false),
            ("??", "😀", true),
            ("**", "a\nb", false),
            ("*", "a\nb", true),
            ("[ab]", "a", false),
            ("{a,b}", "{a,b}", true),
            ("a\\*", "a\\b", true),
            ("/a/**/b", "/a/b", false),
            ("/*/b*/c", "/a/bb/c", true),
        ] {
            assert_eq!(matches(glob, text), Some(result), "{glob} {text}");
        }
    }

    /// The rule by its definition.
    fn slowly(glob: &[Piece], text: &[u16]) -> bool {
        match (glob.split_first(), text.split_first()) {
            (None, None) => true,
            (Some((piece, rest)), _) if piece.is_open() && slowly(rest, text) => true,
            (Some((piece, rest)), Some((unit, more))) if piece.takes(*unit) => {
                slowly(if piece.is_open() { glob } else { rest }, more)
            }
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn sets_of_positions_follow_the_definition(glob in "[/a*?]{0,12}", text in "[/ab\n]{0,12}") {
            let units: Vec<u16> = text.encode_utf16().collect();
            prop_assert_eq!(matches(&glob, &text), Some(slowly(&pieces(&glob), &units)));
        }
    }

    #[test]
    fn long_globs_are_matched_across_words_and_at_once() {
        let glob = "*a".repeat(200);
        assert_eq!(matches(&glob, &"ba".repeat(200)), Some(true));
        assert_eq!(matches(&format!("{glob}*"), &"ba".repeat(199)), Some(false));
        assert_eq!(matches(&format!("{}**/x", "***/".repeat(900)), &"a/".repeat(50_000)), Some(false));
        assert_eq!(matches(&"*a".repeat(2000), "a"), Some(false));
        assert_eq!(matches(&"*a*".repeat(3000), &"a".repeat(9000)), None);
    }
}
