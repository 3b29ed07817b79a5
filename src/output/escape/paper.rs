//! The output medium: a terminal of some width, or anything else.

use std::borrow::Cow;
use std::io::{self, Write};

use anstream::stream::RawStream;
use anstream::{AutoStream, ColorChoice};
use anstyle::Style;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};
use unicode_width::UnicodeWidthChar;

use super::marker::{GUTTER, MARK, is_combining};
use super::text;
use crate::system::Descriptor;

/// The minimum width for text on a line: with less, the lead is wrapped together with the text.
const ROOM: usize = 8;

/// The output medium.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Paper {
    /// The columns of the terminal. `None`: not a terminal, so nothing wraps and each text takes one line.
    pub width: Option<usize>,
    /// Whether to print colours.
    pub styled: bool,
}

impl Paper {
    /// The current state of a stream: the width of a terminal may have changed since the last call.
    pub fn of(stream: &(impl RawStream + Descriptor)) -> Self {
        /// The width of a terminal that does not report one.
        const USUAL: usize = 80;
        let width =
            || terminal_size::terminal_size_of(stream).map_or(USUAL, |(width, _)| usize::from(width.0));
        let styled = AutoStream::choice(stream) != ColorChoice::Never;
        Self { width: stream.is_terminal().then(width), styled }
    }

    /// Prints clearance's own words, then a text with marks. If this takes more than one line, each further line begins
    /// with the gutter.
    pub(in crate::output) fn line(self, out: &mut dyn Write, lead: &str, marked: &str) -> io::Result<()> {
        let indent = lead.len() - lead.trim_start_matches(' ').len();
        self.put(out, lead, &format!("{:1$}{GUTTER} ", "", indent + 2), marked, true)
    }

    /// As [`Paper::line`], in a colour if colours are enabled.
    pub(in crate::output) fn line_in(
        self,
        out: &mut dyn Write,
        style: Style,
        lead: &str,
        marked: &str,
    ) -> io::Result<()> {
        let mut text = Vec::new();
        self.line(&mut text, lead, marked)?;
        // Each line sets and resets the colour, so that no line break is coloured.
        for line in String::from_utf8_lossy(&text).lines() {
            writeln!(out, "{}", self.paint(style, line))?;
        }
        Ok(())
    }

    /// A text in a colour, if colours are enabled.
    pub(in crate::output) fn paint(self, style: Style, text: &str) -> String {
        if self.styled { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    /// Prints a text with marks after the gutter, with clearance's own label before its first line.
    pub(in crate::output) fn block(self, out: &mut dyn Write, label: &str, marked: &str) -> io::Result<()> {
        let first = format!("{label:>LABEL$} {GUTTER} ");
        self.put(out, &first, &format!("{:LABEL$} {GUTTER} ", ""), marked, false)
    }

    /// The columns that the text of a [`Paper::block`] has on one line.
    pub(in crate::output) fn block_room(self) -> Option<usize> {
        let gutter = columns_of(GUTTER) + 2 + LABEL;
        self.width.map(|width| width.saturating_sub(gutter).max(ROOM))
    }

    /// `words`: lines end between words, if that leaves them at least half full.
    fn put(self, out: &mut dyn Write, first: &str, next: &str, marked: &str, words: bool) -> io::Result<()> {
        let Some(width) = self.width else { return writeln!(out, "{first}{marked}") };
        let mut next = next.to_owned();
        if columns(&next) + ROOM > width {
            next = format!("{GUTTER} ");
        }
        let mut prefix = first.to_owned();
        let mut marked = Cow::Borrowed(marked);
        if columns(first) + columns(&marked).min(ROOM) > width {
            // The lead is wrapped too, and printed first.
            marked = format!("{first}{marked}").into();
            prefix.clear();
        }
        let mut rest = &*marked;
        loop {
            let room = width.saturating_sub(columns(&prefix)).max(1);
            let (mut line, mut after) = split(rest, room);
            if words && !after.is_empty() {
                let first = !prefix.is_empty() && prefix != next;
                let at = end_between_words(line, after, width.saturating_sub(columns(&next)), first);
                (line, after) = rest.split_at(at.unwrap_or(line.len()));
            }
            writeln!(out, "{}", format!("{prefix}{line}").trim_end_matches(' '))?;
            if after.is_empty() {
                return Ok(());
            }
            rest = after;
            prefix.clone_from(&next);
        }
    }
}

/// The position where a wrapped line ends: before the word that would be cut, if a whole line has room for that word or
/// half of this line is full; otherwise after a path segment. `first`: whether other words precede the text on this
/// line.
fn end_between_words(line: &str, after: &str, room: usize, first: bool) -> Option<usize> {
    let start = line.rfind(' ').map_or(0, |at| at + 1);
    if after.starts_with(' ') {
        return None;
    }
    let rest = after.find(' ').unwrap_or(after.len());
    let fits = columns(&line[start..]) + columns(&after[..rest]) <= room;
    if (start > 0 || first) && (fits || start > line.len() / 2) {
        return Some(start);
    }
    line[start..].rfind('/').map(|at| start + at + 1)
}

/// The columns of a block's label.
const LABEL: usize = 7;

/// Splits a text with marks: as much as fits, and the rest. A mark stays whole if it fits on a line at all. The first
/// part is never empty, so that the wrapping ends.
fn split(marked: &str, room: usize) -> (&str, &str) {
    let (mut taken, mut end) = (0, 0);
    for atom in atoms(marked) {
        let wide = columns(atom);
        if taken + wide > room {
            if end > 0 {
                break;
            }
            let mut inside = 0;
            let fits = |c: &char| {
                inside += columns_of(*c);
                inside <= room
            };
            let first = atom.chars().next().map_or(0, char::len_utf8);
            end = atom.chars().take_while(fits).map(char::len_utf8).sum::<usize>().max(first);
            break;
        }
        taken += wide;
        end += atom.len();
    }
    marked.split_at(end)
}

/// The parts of a text with marks that are never split: a mark, or a character with its combining characters.
fn atoms(marked: &str) -> impl Iterator<Item = &str> {
    let mut rest = marked;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let length = if first == MARK.0 {
            rest.find(MARK.1).map_or(rest.len(), |at| at + MARK.1.len_utf8())
        } else {
            let more = rest[first.len_utf8()..].find(|c| !is_combining(c));
            more.map_or(rest.len(), |at| first.len_utf8() + at)
        };
        let (atom, after) = rest.split_at(length);
        rest = after;
        Some(atom)
    })
}

/// The number of characters of the original text that an atom represents.
fn characters(atom: &str) -> usize {
    match atom.strip_prefix(MARK.0) {
        Some(inside) if !inside.starts_with("U+") => {
            inside.split(' ').next().and_then(|count| count.parse().ok()).unwrap_or(1)
        }
        Some(_) => 1,
        None => atom.chars().count(),
    }
}

/// The maximum width of a character, in columns. Terminals differ on symbols, flags and ambiguous characters: the
/// widest rendering counts, because a line that is too short does no harm.
fn columns_of(c: char) -> usize {
    if (' '..='~').contains(&c) {
        return 1;
    }
    let widest = c.width().max(c.width_cjk()).unwrap_or(0);
    let symbol =
        c.general_category() == GeneralCategory::OtherSymbol && !('\u{2400}'..='\u{2426}').contains(&c);
    if symbol { widest.max(2) } else { widest }
}

/// The maximum width of a text with marks, in columns.
pub(in crate::output) fn columns(marked: &str) -> usize {
    marked.chars().map(columns_of).sum()
}

/// The width in most terminals, for the cells of tables.
fn usual_columns(marked: &str) -> usize {
    marked.chars().map(|c| c.width().unwrap_or(0)).sum()
}

/// A text with marks, padded with spaces to the width of a table column.
pub(in crate::output) fn padded(marked: &str, wide: usize) -> String {
    format!("{marked}{:1$}", "", wide.saturating_sub(usual_columns(marked)))
}

/// A text with marks, shortened to this many columns: its head and its tail, and between them the number of missing
/// characters.
pub(in crate::output) fn shortened(marked: &str, room: usize) -> String {
    if columns(marked) <= room {
        return marked.to_owned();
    }
    ends(marked, None, characters_of(marked), room)
}

/// How many bytes of each end of a text are enough for a room of this many columns: only spaces and combining characters
/// show as less than a column.
const fn enough(room: usize) -> usize {
    room.saturating_mul(16)
}

/// As [`shortened`] of [`text`], and whether it is whole. The middle of a long text is not marked: it may have megabytes.
pub(in crate::output) fn excerpt(raw: &str, room: usize) -> (String, bool) {
    let enough = enough(room);
    if raw.len() / 4 > enough {
        let head = text(&raw[..raw.floor_char_boundary(enough)]);
        let tail = text(&raw[raw.ceil_char_boundary(raw.len() - enough)..]);
        // What is near the cut may look different in the whole text, and is not shown.
        if columns(&head).min(columns(&tail)) > 2 * room {
            return (ends(&head, Some(&tail), raw.chars().count(), room), false);
        }
    }
    let marked = text(raw);
    let shown = shortened(&marked, room);
    let is_whole = shown == marked;
    (shown, is_whole)
}

/// The first and the last columns of a text with marks, and between them the number of missing characters. `head`: the text,
/// or more of its start than there is room for; then `tail` is more of its end. `count`: the number of its characters.
fn ends(head: &str, tail: Option<&str>, count: usize, room: usize) -> String {
    // If there is no room for the count, a bare mark shows that something is missing.
    let long = |missing: usize| format!("{}{missing} more characters{}", MARK.0, MARK.1);
    let short = |_: usize| format!("{}…{}", MARK.0, MARK.1);
    let note: &dyn Fn(usize) -> String = if room < 60 { &short } else { &long };
    let left = room.saturating_sub(columns(&note(count)));
    let tail_room = left * 2 / 5;
    let (head, rest) = split_whole(head, left - tail_room);
    let last = tail.unwrap_or(rest);
    let mut start = last.len();
    let mut taken = 0;
    let all: Vec<&str> = atoms(last).collect();
    for atom in all.iter().rev() {
        taken += columns(atom);
        if taken > tail_room {
            break;
        }
        start -= atom.len();
    }
    let tail = &last[start..];
    let missing = count.saturating_sub(characters_of(head) + characters_of(tail));
    format!("{head}{}{tail}", note(missing))
}

/// As [`split`], but omits a mark that does not fit.
fn split_whole(marked: &str, room: usize) -> (&str, &str) {
    let mut taken = 0;
    let mut end = 0;
    for atom in atoms(marked) {
        taken += columns(atom);
        if taken > room {
            break;
        }
        end += atom.len();
    }
    marked.split_at(end)
}

fn characters_of(marked: &str) -> usize {
    atoms(marked).map(characters).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_width::UnicodeWidthStr;

    use super::super::{escaped, tests::texts};
    use super::*;

    fn printed(print: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> String {
        let mut out = Vec::new();
        print(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_long_text_keeps_its_ends() {
        let long = format!("git status{}rm -rf /", "x".repeat(2_000));
        let shown = shortened(&text(&long), 100);
        assert!(shown.starts_with("git status") && shown.ends_with("rm -rf /"), "{shown}");
        assert!(shown.contains("⟨1940 more characters⟩") && columns(&shown) <= 100, "{shown}");
        let cell = shortened("agent:main:telegram:direct:1001", 20);
        assert!(cell.contains("⟨…⟩") && columns(&cell) <= 20, "{cell}");
        assert_eq!(shortened("short", 5), "short");
    }

    #[test]
    fn of_a_text_of_megabytes_only_the_ends_are_marked() {
        let long = format!("git status{}rm -rf /", "\u{202e}x".repeat(5_000_000));
        let (shown, is_whole) = excerpt(&long, 100);
        assert!(!is_whole && shown.starts_with("git status") && shown.ends_with("rm -rf /"), "{shown}");
        assert!(shown.contains(" more characters⟩") && columns(&shown) <= 100, "{shown}");
        let spaces = " ".repeat(100_000);
        assert_eq!(excerpt(&spaces, 100), ("⟨100000 spaces⟩".to_owned(), true));
    }

    #[test]
    fn without_a_terminal_a_text_takes_one_line() {
        let shown = printed(|out| Paper::default().block(out, "in", &text(&"a\n".repeat(500))));
        assert_eq!(shown.lines().count(), 1);
    }

    proptest! {
        #[test]
        fn each_line_is_ours_and_fits(given in texts(), width in 12_usize..200, lead in " {0,4}[a-z]{1,6} ") {
            let paper = Paper { width: Some(width), ..Paper::default() };
            for shown in [
                printed(|out| paper.block(out, "in", &text(&given))),
                printed(|out| paper.block(out, "", &escaped(&given))),
                printed(|out| paper.line(out, &lead, &text(&given))),
            ] {
                prop_assert!(shown.ends_with('\n'));
                for (at, line) in shown.lines().enumerate() {
                    let ours = line.trim_start_matches(' ').starts_with(GUTTER)
                        || line.starts_with("     in")
                        || at == 0 && line.starts_with(lead.trim_end());
                    prop_assert!(ours, "{:?} of {:?}", line, shown);
                    prop_assert!(line.width() <= width && line.width_cjk() <= width, "{:?} at {}", line, width);
                }
                // Nothing is lost.
                let joined: String =
                    shown.chars().filter(|c| !matches!(c, '\n' | ' ' | '│')).collect();
                let whole: String = text(&given).chars().filter(|c| *c != ' ').collect();
                prop_assert!(joined.ends_with(&whole) || joined.ends_with(&escaped(&given).replace(' ', "")));
            }
        }

        #[test]
        fn an_excerpt_is_the_shortened_text(given in texts(), times in 1_usize..300, room in 10_usize..120) {
            let given = given.repeat(times);
            let marked = text(&given);
            let expected = shortened(&marked, room);
            let is_whole = expected == marked;
            prop_assert_eq!(excerpt(&given, room), (expected, is_whole));
        }

        #[test]
        fn what_is_shortened_fits_and_says_so(given in texts(), room in 10_usize..120) {
            let marked = text(&given);
            let shown = shortened(&marked, room);
            prop_assert!(columns(&shown) <= room, "{shown}");
            if shown != marked {
                prop_assert!(shown.contains("more characters⟩") || shown.contains("⟨…⟩"), "{shown}");
            }
        }
    }
}
