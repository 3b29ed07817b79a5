//! The printed parts of a list, and how much of them fits a terminal.

use std::io::{self, Write};

use super::super::escape::{Paper, escaped};
use super::{counted, runs_unknown_text};

/// The minimum number of lines of a group that are shown without the rest.
const PART: usize = 3;

/// The printed parts of a list.
pub(in crate::output) struct Frame {
    /// The lines above the groups.
    pub(in crate::output) head: Vec<String>,
    /// The number of members of each group, and its lines.
    pub(in crate::output) groups: Vec<(usize, Vec<String>)>,
    /// The lines below the groups.
    pub(in crate::output) foot: Vec<String>,
}

impl Frame {
    /// Prints everything.
    pub(in crate::output) fn print(self, out: &mut dyn Write) -> io::Result<()> {
        let Self { head, groups, foot } = self;
        let groups = groups.into_iter().flat_map(|(_, lines)| lines);
        for line in head.into_iter().chain(groups).chain(foot) {
            writeln!(out, "{line}")?;
        }
        Ok(())
    }

    /// Draws what fits on a terminal of this many lines, from the top. `status`: the last lines, which are always shown;
    /// `noun`: for members that do not fit.
    pub(in crate::output) fn draw(
        self,
        out: &mut dyn Write,
        lines: usize,
        status: Vec<String>,
        noun: &str,
    ) -> io::Result<()> {
        let shown = self.fitting(lines, status, noun);
        write!(out, "\x1b[H")?;
        // Each line is cleared before it is written: after a full line the cursor is still on it.
        for (at, line) in shown.iter().enumerate() {
            let (clear, end) = if at + 1 == shown.len() { ("\x1b[J", "") } else { ("\x1b[K", "\n") };
            write!(out, "{clear}{line}{end}")?;
        }
        Ok(())
    }

    fn fitting(self, lines: usize, status: Vec<String>, noun: &str) -> Vec<String> {
        let Self { head: mut shown, groups, mut foot } = self;
        // Notes are dropped before groups.
        foot.truncate((lines / 4).max(1));
        foot.extend(status);
        let room = lines.saturating_sub(shown.len() + foot.len());
        let whole: usize = groups.iter().map(|(_, lines)| lines.len()).sum();
        let mut more = 0;
        // One line is kept for the number of further members.
        let room = if whole > room { room.saturating_sub(1) } else { room };
        let mut used = 0;
        for (count, mut group) in groups {
            // A row and the start of its command: less is useless.
            if more > 0 || used > 0 && used + group.len().min(PART) > room {
                more += count;
                continue;
            }
            let left = room.saturating_sub(used);
            let cut = group.len() > left;
            group.truncate(left);
            more += if cut { count } else { 0 };
            used += group.len();
            shown.extend(group);
        }
        if more > 0 {
            shown.push(format!("and {}", counted(more, noun)));
        }
        shown.extend(foot);
        shown.truncate(lines.max(1));
        shown
    }
}

/// The last lines of a screen: why the states of runs are unknown, and the state of the connection.
pub(in crate::output) fn status_lines(
    runs_unknown: Option<&str>,
    status: Option<&str>,
    paper: Paper,
) -> io::Result<Vec<String>> {
    let mut text = Vec::new();
    runs_unknown_text(&mut text, runs_unknown, paper)?;
    if let Some(status) = status {
        paper.line(&mut text, "", &escaped(status))?;
    }
    Ok(lines(&text))
}

/// The lines of a text.
pub(in crate::output) fn lines(bytes: &[u8]) -> Vec<String> {
    String::from_utf8_lossy(bytes).lines().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(groups: usize, of: usize) -> Frame {
        let group = |at: usize| (10, (0..of).map(|line| format!("{at}.{line}")).collect());
        let [head, foot] = ["head", "foot"].map(|line| vec![line.to_owned()]);
        Frame { head, groups: (0..groups).map(group).collect(), foot }
    }

    #[test]
    fn what_does_not_fit_is_counted() {
        let shown = |lines| frame(4, 2).fitting(lines, vec!["status".into()], "more prompt");
        assert_eq!(
            shown(11),
            ["head", "0.0", "0.1", "1.0", "1.1", "2.0", "2.1", "3.0", "3.1", "foot", "status"]
        );
        assert_eq!(shown(8), ["head", "0.0", "0.1", "1.0", "1.1", "and 20 more prompts", "foot", "status"]);
        for lines in 0..12 {
            assert!(shown(lines).len() <= lines.max(1), "{lines}");
        }
    }
}
