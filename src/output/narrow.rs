//! Reports on a narrow terminal: lines are wrapped between words, and an excerpt is cut around its mark.

use std::io::{self, Write};
use std::ops::Range;

use super::escape::{Paper, columns};

/// How a report is shown as text.
#[derive(Debug, Clone, Copy, Default)]
pub struct Look {
    /// Whether to print colours.
    pub styled: bool,
    /// The output medium.
    pub paper: Paper,
}

/// The indent of wrapped lines.
const INDENT: &str = "    ";
/// The minimum width of an excerpt.
const LEAST: usize = 16;

impl Look {
    /// The look of a report on standard output.
    pub fn of(styled: bool) -> Self {
        Self { styled, paper: Paper::of(&io::stdout()) }
    }

    /// Prints a report and wraps long lines between words. The terminal wraps a word that is longer than a line, so
    /// that copying it from there gives the whole word.
    pub(super) fn print(self, out: &mut dyn Write, text: &str) -> io::Result<()> {
        let Some(width) = self.paper.width else { return writeln!(out, "{text}") };
        for line in text.split('\n') {
            let mut rest = line;
            let mut indent = "";
            while let Some(end) = end_of_line(rest, width.saturating_sub(indent.len())) {
                writeln!(out, "{indent}{}", &rest[..end])?;
                rest = rest[end..].trim_start_matches(' ');
                indent = INDENT;
            }
            writeln!(out, "{indent}{rest}")?;
        }
        Ok(())
    }

    /// The width of an excerpt after the number of its line.
    pub(super) fn room(self, line: usize) -> Option<usize> {
        let margin = line.to_string().len() + " | ".len();
        self.paper.width.map(|width| width.saturating_sub(margin).max(LEAST))
    }
}

/// The position between two words where a line must end; `None` where it fits, or is a single word.
fn end_of_line(line: &str, width: usize) -> Option<usize> {
    if line.len() <= width {
        return None;
    }
    // A line never ends before its first word.
    let start = line.len() - line.trim_start_matches(' ').len();
    let (mut taken, mut end, mut escape) = (0, None, false);
    for (at, c) in line.char_indices() {
        // A colour code has no width.
        escape |= c == '\x1b';
        if escape {
            escape = c != 'm';
            continue;
        }
        if c == ' ' && at > start && (taken <= width || end.is_none()) {
            end = Some(at);
        }
        taken += columns(c.encode_utf8(&mut [0; 4]));
    }
    end.filter(|_| taken > width)
}

/// The part of an excerpt around its mark that fits, and the mark's range in it. `…` replaces what was cut.
pub(super) fn around(line: &str, mark: &Range<usize>, room: usize) -> (String, Range<usize>) {
    if columns(line) <= room {
        return (line.to_owned(), mark.clone());
    }
    // The whole mark is shown if it fits; at most a third of the line precedes it.
    let marked = columns(&line[mark.clone()]).max(1);
    let before = room.saturating_sub(marked + 2 * columns("…")).min(room / 3);
    let mut from = mark.start;
    while let Some(previous) = line[..from].char_indices().next_back().map(|(at, _)| at) {
        if columns(&line[previous..mark.start]) > before {
            break;
        }
        from = previous;
    }
    let lead = if from > 0 { "…" } else { "" };
    let mut to = from;
    for (at, c) in line[from..].char_indices() {
        let end = from + at + c.len_utf8();
        if columns(&line[from..end]) + 2 * columns("…") > room {
            break;
        }
        to = end;
    }
    let tail = if to < line.len() { "…" } else { "" };
    let start = lead.len() + mark.start - from;
    let end = (lead.len() + mark.end.min(to).saturating_sub(from)).max(start);
    (format!("{lead}{}{tail}", &line[from..to]), start..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(text: &str, width: usize) -> String {
        let mut out = Vec::new();
        let look = Look { styled: false, paper: Paper { width: Some(width), styled: false } };
        look.print(&mut out, text).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn lines_end_between_words() {
        assert_eq!(printed("one two three", 8), "one two\n    three\n");
        assert_eq!(printed("one two three", 13), "one two three\n");
        assert_eq!(
            printed("  = note: at /agents/main/allowlist", 20),
            "  = note: at\n    /agents/main/allowlist\n"
        );
        assert_eq!(printed("/a/path/that/is/long and more", 10), "/a/path/that/is/long\n    and\n    more\n");
        assert_eq!(printed("\x1b[1mone\x1b[0m two", 8), "\x1b[1mone\x1b[0m two\n");
        assert_eq!(printed("   --> a/long/path.json:1:2", 10), "   -->\n    a/long/path.json:1:2\n");
    }

    #[test]
    fn an_excerpt_is_cut_around_its_mark() {
        let line = "0123456789abcdefghijklmnopqrstuvwxyz";
        for room in [16, 20, 30] {
            for at in 0..line.len() {
                for length in [0, 1, 5, 30] {
                    let mark = at..(at + length).min(line.len());
                    let (cut, moved) = around(line, &mark, room);
                    assert!(columns(&cut) <= room, "{cut}");
                    let shown = &cut[moved.clone()];
                    assert!(line[mark.clone()].starts_with(shown), "{cut}: {shown}");
                    assert!(shown.len() >= mark.len().min(3), "{cut}: {shown}");
                    let before = cut[..moved.start].trim_start_matches('…');
                    assert!(line[..mark.start].ends_with(before), "{cut}");
                }
            }
        }
        assert_eq!(around(line, &(3..5), 40), (line.to_owned(), 3..5));
    }
}
