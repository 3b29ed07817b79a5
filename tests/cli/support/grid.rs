//! The screen of a terminal on which a program places its text: cursor moves, styles, clearing, the alternate screen.

use unicode_width::UnicodeWidthChar;

/// A screen of cells.
#[derive(Debug)]
pub struct Grid {
    columns: usize,
    cells: Vec<Vec<char>>,
    row: usize,
    column: usize,
    /// Whether the alternate screen is shown.
    pub alternate: bool,
    /// The modes that are set: `25` (the cursor is shown), `7` (lines wrap), `2004` (bracketed paste).
    pub modes: Vec<String>,
}

impl Grid {
    /// The screen after `text`.
    pub fn of(text: &str, columns: usize, rows: usize) -> Self {
        let cells = vec![vec![' '; columns]; rows];
        let modes = vec!["25".to_owned(), "7".to_owned()];
        let mut grid = Self { columns, cells, row: 0, column: 0, alternate: false, modes };
        let mut rest = text.chars().peekable();
        while let Some(c) = rest.next() {
            match c {
                '\r' => grid.column = 0,
                '\n' => grid.row = (grid.row + 1).min(rows - 1),
                '\u{1b}' => {
                    match rest.next() {
                        Some('[') => {}
                        None => break,
                        Some(_) => panic!("a sequence that is not clearance's: {text:?}"),
                    }
                    let sequence: String =
                        std::iter::from_fn(|| rest.next_if(|c| !c.is_ascii_alphabetic())).collect();
                    // The rest of the sequence has not arrived yet.
                    let Some(end) = rest.next() else { break };
                    grid.sequence(&sequence, end);
                }
                c => grid.put(c),
            }
        }
        grid
    }

    fn sequence(&mut self, arguments: &str, end: char) {
        let number = |at: usize| {
            let part = arguments.split(';').nth(at).and_then(|part| part.parse::<usize>().ok());
            part.unwrap_or(1).saturating_sub(1)
        };
        match (arguments, end) {
            (_, 'm') => {}
            ("?1049", 'h' | 'l') => {
                self.alternate = end == 'h';
                self.clear();
            }
            (mode, 'h') => self.modes.push(mode.trim_start_matches('?').to_owned()),
            (mode, 'l') => self.modes.retain(|set| *set != mode.trim_start_matches('?')),
            (_, 'H') => {
                self.row = number(0).min(self.cells.len() - 1);
                self.column = number(1);
            }
            ("2" | "", 'J') => self.clear(),
            other => panic!("a sequence that is not clearance's: {other:?}"),
        }
    }

    fn clear(&mut self) {
        self.cells.iter_mut().for_each(|line| line.fill(' '));
    }

    fn put(&mut self, c: char) {
        let wide = c.width().unwrap_or(0);
        if wide > 0 && self.column + wide <= self.columns {
            self.cells[self.row][self.column] = c;
            for covered in &mut self.cells[self.row][self.column + 1..self.column + wide] {
                *covered = '\0';
            }
        }
        self.column += wide;
    }

    /// The lines, without spaces at their ends.
    pub fn lines(&self) -> Vec<String> {
        let line = |cells: &Vec<char>| cells.iter().filter(|c| **c != '\0').collect::<String>();
        self.cells.iter().map(|cells| line(cells).trim_end().to_owned()).collect()
    }

    /// Whether a line has this text.
    pub fn has(&self, text: &str) -> bool {
        self.lines().iter().any(|line| line.contains(text))
    }
}
