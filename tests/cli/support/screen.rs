//! The screen of a terminal after some output: lines wrap where a terminal wraps them.

use unicode_width::UnicodeWidthChar;

/// A line of a terminal.
#[derive(Debug, Default, Clone)]
pub struct Line {
    pub text: String,
    columns: usize,
    /// Whether it continues the line before it, which was full.
    pub wrapped: bool,
}

/// A terminal that scrolls. It supports what clearance prints: text, line ends, home, clearing, the alternate screen.
#[derive(Debug)]
pub struct Screen {
    columns: usize,
    rows: usize,
    /// Everything since the start, or since the screen was cleared; the last `rows` lines are visible.
    lines: Vec<Line>,
    row: usize,
    /// The main screen, while the alternate screen is shown.
    kept: Option<(Vec<Line>, usize)>,
    /// How often the alternate screen was left.
    pub left: usize,
}

impl Screen {
    /// The screen after `text`, with this many columns and rows.
    pub fn of(text: &str, columns: usize, rows: usize) -> Self {
        let mut screen = Self { columns, rows, lines: vec![Line::default()], row: 0, kept: None, left: 0 };
        let mut rest = text.chars().peekable();
        while let Some(c) = rest.next() {
            match c {
                '\r' => screen.carriage_return(),
                '\n' => screen.next_line(false),
                '\u{1b}' => {
                    assert_eq!(rest.next(), Some('['), "a sequence that is not clearance's: {text:?}");
                    let sequence: String =
                        std::iter::from_fn(|| rest.next_if(|c| !c.is_ascii_alphabetic())).collect();
                    screen.sequence(&sequence, rest.next().unwrap());
                }
                c => screen.put(c),
            }
        }
        screen
    }

    fn sequence(&mut self, arguments: &str, end: char) {
        match (arguments, end) {
            ("", 'H') => {
                self.row = 0;
                // The cursor moves home; the line is cleared before it is overwritten.
            }
            ("", 'J') => {
                self.lines.truncate(self.row + 1);
                self.lines[self.row] = Line::default();
            }
            ("", 'K') => self.lines[self.row] = Line::default(),
            ("?1049", 'h') => {
                self.kept = Some((std::mem::replace(&mut self.lines, vec![Line::default()]), self.row));
                self.row = 0;
            }
            ("?1049", 'l') => {
                (self.lines, self.row) = self.kept.take().expect("the other screen is shown");
                self.left += 1;
            }
            (_, 'm') => {}
            other => panic!("a sequence that is not clearance's: {other:?}"),
        }
    }

    fn carriage_return(&mut self) {
        // Only before a line end, or before the line is rewritten.
        self.lines[self.row].columns = 0;
    }

    fn next_line(&mut self, wrapped: bool) {
        self.row += 1;
        if self.row == self.lines.len() {
            self.lines.push(Line::default());
        }
        self.lines[self.row].columns = 0;
        if wrapped {
            self.lines[self.row].wrapped = true;
        }
    }

    fn put(&mut self, c: char) {
        let wide = c.width().unwrap_or(0);
        if self.lines[self.row].columns + wide > self.columns {
            self.next_line(true);
        }
        if self.lines[self.row].columns == 0 && wide > 0 {
            self.lines[self.row].text.clear();
        }
        self.lines[self.row].columns += wide;
        self.lines[self.row].text.push(c);
    }

    /// Every line, including those that have been scrolled away.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// The visible lines.
    pub fn visible(&self) -> Vec<&str> {
        let from = self.lines.len().saturating_sub(self.rows);
        self.lines[from..].iter().map(|line| line.text.as_str()).collect()
    }
}
