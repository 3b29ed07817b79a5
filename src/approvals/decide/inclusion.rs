//! Whether one glob of an entry matches everything that another one matches.
//!
//! Source: `matchesExecAllowlistPattern` of the published packages 2026.4.14, 2026.6.11 and 2026.9.6. `**` matches
//! anything, `*` anything except a slash, `?` one UTF-16 unit except a slash, and everything else is literal. A leading
//! `~` is the home directory. A pattern without `/`, `\` and `~` is matched against the name of a program that was
//! called without a directory.

use super::glob;
pub(in crate::approvals) use super::glob::{Piece, is_path};

/// Whether a piece matches everything that another one matches.
fn takes(own: Piece, other: Piece) -> bool {
    match (own, other) {
        (_, Piece::Unit(unit)) => own.takes(unit),
        (Piece::Unit(_) | Piece::Home, _) => own == other,
        (Piece::One, _) => other == Piece::One,
        (Piece::Segment, _) => matches!(other, Piece::One | Piece::Segment),
        (Piece::Deep, _) => true,
    }
}

/// The pieces of a trimmed pattern.
pub(in crate::approvals) fn pieces(pattern: &str) -> Vec<Piece> {
    let after = pattern.strip_prefix('~').filter(|after| after.is_empty() || after.starts_with(['/', '\\']));
    match after {
        Some(after) => [vec![Piece::Home], glob::pieces(after)].concat(),
        None => glob::pieces(pattern),
    }
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
    !end.zip(narrow.iter().rev()).all(|(own, piece)| takes(*own, *piece))
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
            let takers = Positions::of(broad, |own| takes(own, piece));
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

/// A set of positions in a glob, and the one after it: one bit each.
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

/// Whether a glob matches a text. False if it is too long for an answer.
pub(in crate::approvals) fn matches(glob: &[Piece], text: &str) -> bool {
    glob::fits(glob, text) == Some(true)
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
            (Some((own, rest)), Some((piece, more))) if takes(*own, *piece) => {
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
