//! Whether one glob of an entry matches everything that another one matches.
//!
//! Source: `matchesExecAllowlistPattern` of the published packages 2026.4.14, 2026.6.11 and 2026.9.6. `**` matches
//! anything, `*` anything except a slash, `?` one UTF-16 unit except a slash, and everything else is literal. A leading
//! `~` is the home directory. A pattern without `/`, `\` and `~` is matched against the name of a program that was
//! called without a directory.

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
    /// A leading `~`: the home directory, whatever its path.
    Home,
}

const SLASH: u16 = b'/' as u16;

impl Piece {
    /// Whether it matches a varying number of units, including none.
    pub(in crate::approvals) fn is_open(self) -> bool {
        matches!(self, Self::Segment | Self::Deep)
    }

    /// Whether it matches everything that `other` matches.
    fn takes(self, other: Self) -> bool {
        match self {
            Self::Unit(_) | Self::Home => self == other,
            Self::One => matches!(other, Self::One) || matches!(other, Self::Unit(unit) if unit != SLASH),
            Self::Segment => {
                matches!(other, Self::One | Self::Segment)
                    || matches!(other, Self::Unit(unit) if unit != SLASH)
            }
            // A dot of ECMAScript, which does not match line ends.
            Self::Deep => !matches!(other, Self::Unit(0x0a | 0x0d | 0x2028 | 0x2029)),
        }
    }
}

/// Whether a pattern is matched against the path instead of the name.
pub(in crate::approvals) fn is_path(pattern: &str) -> bool {
    pattern.contains(['/', '\\', '~'])
}

/// The pieces of a trimmed pattern.
pub(in crate::approvals) fn pieces(pattern: &str) -> Vec<Piece> {
    let mut pieces = Vec::with_capacity(pattern.len());
    let mut rest = pattern;
    if let Some(after) =
        pattern.strip_prefix('~').filter(|after| after.is_empty() || after.starts_with(['/', '\\']))
    {
        pieces.push(Piece::Home);
        rest = after;
    }
    let mut units = rest.encode_utf16().peekable();
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

/// Maximum length of patterns that are compared, in pieces: the time of the comparison is the product of the two
/// lengths.
const LONGEST: usize = 512;

/// Whether `broad` matches everything that `narrow` matches. The check is sound but not complete: it returns false if
/// it cannot decide. It ignores file names that contain a line end, which `*` matches and `**` does not.
pub(in crate::approvals) fn covers(broad: &[Piece], narrow: &[Piece]) -> bool {
    if broad.len().max(narrow.len()) > LONGEST {
        return false;
    }
    if ends_apart(broad, narrow) {
        return false;
    }
    if broad.len() < 64 {
        covers_by::<1>(broad, narrow)
    } else {
        covers_by::<{ LONGEST / 64 + 1 }>(broad, narrow)
    }
}

/// Whether `broad` has too many single-unit pieces, or the ends of the two differ. This quick check decides nearly all
/// pairs of long globs.
fn ends_apart(broad: &[Piece], narrow: &[Piece]) -> bool {
    if broad.iter().filter(|piece| !piece.is_open()).count() > narrow.len() {
        return true;
    }
    let end = broad.iter().rev().take_while(|piece| !piece.is_open());
    !end.zip(narrow.iter().rev()).all(|(own, piece)| own.takes(*piece))
}

fn covers_by<const WORDS: usize>(broad: &[Piece], narrow: &[Piece]) -> bool {
    let opens = Positions::<WORDS>::of(broad, Piece::is_open);
    // The positions that match a piece, computed once for each piece.
    let mut taking: Vec<(Piece, Positions<WORDS>)> = Vec::new();
    // The reachable positions in `broad`. Pieces that may match nothing are skipped.
    let mut reached = Positions::first().with_skipped(&opens);
    for &piece in narrow {
        let known = taking.iter().find(|(other, _)| *other == piece).map(|(_, positions)| *positions);
        let takers = known.unwrap_or_else(|| {
            let takers = Positions::of(broad, |own| own.takes(piece));
            taking.push((piece, takers));
            takers
        });
        let hit = reached.and(&takers);
        if hit.is_empty() {
            return false;
        }
        reached = hit.and(&opens).or(&hit.without(&opens).next()).with_skipped(&opens);
    }
    reached.has(broad.len())
}

/// A set of positions in a glob, and the one behind it: one bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Positions<const WORDS: usize>([u64; WORDS]);

impl<const WORDS: usize> Positions<WORDS> {
    fn first() -> Self {
        let mut first = [0; WORDS];
        first[0] = 1;
        Self(first)
    }

    fn of(glob: &[Piece], wanted: impl Fn(Piece) -> bool) -> Self {
        let mut found = [0; WORDS];
        for (at, _) in glob.iter().enumerate().filter(|(_, piece)| wanted(**piece)) {
            found[at / 64] |= 1 << (at % 64);
        }
        Self(found)
    }

    fn has(&self, at: usize) -> bool {
        self.0[at / 64] >> (at % 64) & 1 == 1
    }

    fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    fn join(&self, other: &Self, join: impl Fn(u64, u64) -> u64) -> Self {
        let mut joined = self.0;
        for (word, other) in joined.iter_mut().zip(other.0) {
            *word = join(*word, other);
        }
        Self(joined)
    }

    fn and(&self, other: &Self) -> Self {
        self.join(other, |a, b| a & b)
    }

    fn or(&self, other: &Self) -> Self {
        self.join(other, |a, b| a | b)
    }

    fn without(&self, other: &Self) -> Self {
        self.join(other, |a, b| a & !b)
    }

    /// The set shifted by one position.
    fn next(&self) -> Self {
        let mut carried = 0;
        let shift = |word: &u64| {
            let shifted = word << 1 | carried;
            carried = word >> 63;
            shifted
        };
        let mut next = [0; WORDS];
        for (next, shifted) in next.iter_mut().zip(self.0.iter().map(shift)) {
            *next = shifted;
        }
        Self(next)
    }

    /// The set, and each position that is reachable from it over pieces that may match nothing.
    fn with_skipped(&self, opens: &Self) -> Self {
        let mut reached = *self;
        loop {
            let further = reached.or(&reached.and(opens).next());
            if further == reached {
                return reached;
            }
            reached = further;
        }
    }
}

/// Whether a glob matches a text.
pub(in crate::approvals) fn matches(glob: &[Piece], text: &str) -> bool {
    // The literal prefix nearly always decides.
    let fits = glob.iter().zip(text.encode_utf16()).all(|(piece, unit)| *piece == Piece::Unit(unit));
    let beginning = glob.iter().position(|piece| !matches!(piece, Piece::Unit(_)));
    let same =
        |length: usize| glob[..length].iter().copied().eq(text.encode_utf16().take(length).map(Piece::Unit));
    match beginning {
        None => fits && glob.len() == text.encode_utf16().count(),
        Some(length) if !same(length) => false,
        Some(_) => covers(glob, &text.encode_utf16().map(Piece::Unit).collect::<Vec<_>>()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn covered(broad: &str, narrow: &str) -> bool {
        covers(&pieces(broad), &pieces(narrow))
    }

    #[test]
    fn broader_globs_cover_narrower_ones() {
        for (broad, narrow) in [
            ("/usr/bin/*", "/usr/bin/git"),
            ("/usr/bin/*", "/usr/bin/g?t*"),
            ("/usr/**", "/usr/*/bin/git"),
            ("**/git", "~/bin/git"),
            ("~/bin/*", "~/bin/git"),
            ("**", "***"),
            ("***", "**"),
            ("/a/**", "/a/**/b"),
            ("g*", "git"),
        ] {
            assert!(covered(broad, narrow), "{broad} {narrow}");
        }
        for (broad, narrow) in [
            ("/usr/*", "/usr/bin/git"),
            ("/usr/bin/g?t", "/usr/bin/g*t"),
            ("/usr/*", "/usr/**"),
            ("*/bin/git", "~/bin/git"),
            ("/home/*/git", "~/git"),
            ("?/git", "~/git"),
            ("/usr/bin/Git", "/usr/bin/git"),
            ("?", "😀"),
            ("**", "a\nb"),
            ("/a/**/b", "/a/b"),
        ] {
            assert!(!covered(broad, narrow), "{broad} {narrow}");
        }
        assert!(matches(&pieces("/usr/bin/*"), "/usr/bin/git") && matches(&pieces("/a"), "/a"));
        assert!(!matches(&pieces("/usr/bin/*"), "/usr/bin/x/git") && !matches(&pieces("/a"), "/ab"));
        assert!(!matches(&pieces("/ab"), "/a"));
    }

    /// The rule by its definition: each piece of the narrow pattern is matched by a piece of the broad one.
    fn covers_slowly(broad: &[Piece], narrow: &[Piece]) -> bool {
        match (broad.split_first(), narrow.split_first()) {
            (None, None) => true,
            (Some((own, rest)), _) if own.is_open() && covers_slowly(rest, narrow) => true,
            (Some((own, rest)), Some((piece, more))) if own.takes(*piece) => {
                covers_slowly(if own.is_open() { broad } else { rest }, more)
            }
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn covering_follows_its_definition(broad in "[/a*?~]{0,9}", narrow in "[/a*?~\n]{0,9}") {
            let (broad, narrow) = (pieces(&broad), pieces(&narrow));
            prop_assert_eq!(covers(&broad, &narrow), covers_slowly(&broad, &narrow));
        }
    }

    #[test]
    fn long_globs_are_compared_across_words() {
        let long = "a".repeat(LONGEST - 2);
        assert!(
            covered(&format!("{long}**"), &format!("{long}b"))
                && !covered(&format!("{long}b"), &format!("{long}*"))
        );
        assert!(covered(&"*a".repeat(LONGEST / 2), &"*a".repeat(LONGEST / 2)));
        assert!(!covered(&"*a".repeat(LONGEST / 2), &"*a".repeat(LONGEST / 2 - 1)));
    }

    #[test]
    fn long_globs_with_other_ends_are_apart_at_once() {
        let glob = |end: &str| pieces(&format!("/{}{end}", "*a".repeat(200)));
        assert!(ends_apart(&glob("1"), &glob("2")) && ends_apart(&glob("11"), &glob("1")));
        assert!(ends_apart(&glob("???"), &pieces("/a")) && !ends_apart(&glob("*"), &glob("2")));
        assert!(covers(&glob("?"), &glob("2")) && !covers(&glob("2"), &glob("?")));
    }
}
