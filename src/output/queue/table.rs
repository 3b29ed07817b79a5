//! The table of pending prompts, for people: one row per group, and its command behind a gutter below.

use std::collections::HashMap;
use std::io::{self, Write};

use anstyle::Style;

use super::super::escape::{Paper, columns, excerpt, name, padded, shortened, text};
use super::frame::{Frame, lines, status_lines};
use super::grid::{Grid, Shape};
use super::notes::{COMPARED, alone, denied_before, remarks, undecided_text, wider_text};
use super::{DUPLICATE, LONG, SOON, expires_soon, length, span};
use crate::queue::filter::subject;
use crate::queue::plan::short_names;
use crate::queue::prompt::Details;
use crate::queue::{Kind, RunState};
use crate::report::queue::{Listed, Queued};

/// The layout of a listing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Layout {
    /// The output. Without a terminal nothing is cut to fit, and ids are whole.
    pub paper: Paper,
    /// Whether commands are shown whole (`--full`).
    pub full: bool,
    /// Whether each prompt of a group has a row (`--all`).
    pub all: bool,
}

impl Layout {
    fn narrow(self) -> Option<usize> {
        self.paper.width.filter(|_| !self.full)
    }
}

/// A column of the table.
#[derive(Clone, Copy)]
struct Column {
    name: &'static str,
    /// The cell of a row, which is one prompt or a whole group.
    cell: fn(&[Listed], u64) -> String,
    /// Whether a row needs the column.
    needed: fn(&Listed) -> bool,
    /// The maximum and minimum width on a terminal.
    room: (usize, usize),
    /// The order in which columns are removed if there is no room for all; 0: never.
    leaves: u8,
}

impl Column {
    const fn of(name: &'static str, leaves: u8, cell: fn(&[Listed], u64) -> String) -> Self {
        Self { name, cell, needed: |_| true, room: (26, 8), leaves }
    }

    const fn shape(&self) -> Shape {
        Shape { name: self.name, room: self.room, leaves: self.leaves }
    }
}

/// The columns after the id.
const COLUMNS: [Column; 7] = [
    Column {
        needed: |row| row.prompt.kind() != Kind::Exec,
        ..Column::of("KIND", 3, |rows, _| {
            rows.first().map_or("", |row| row.prompt.kind().as_str()).to_owned()
        })
    },
    Column::of(AGENT, 6, |rows, _| shared(rows, |row| row.prompt.agent.as_deref())),
    Column {
        room: (60, 16),
        ..Column::of(SESSION, 5, |rows, _| shared(rows, |row| row.prompt.session_key.as_deref()))
    },
    Column {
        needed: |row| row.prompt.run_id.is_some(),
        room: (46, 14),
        ..Column::of("RUN", 2, |rows, _| run(rows))
    },
    Column { room: (26, 17), ..Column::of(AGE, 0, age) },
    Column {
        room: (26, 10),
        ..Column::of(EXPIRES, 4, |rows, now_ms| {
            let left = rows.first().map(|row| row.prompt.expires_at_ms.checked_sub(now_ms));
            left.flatten().map_or_else(|| "expired".to_owned(), |left| format!("in {}", span(left)))
        })
    },
    Column {
        needed: |row| row.group.is_some(),
        ..Column::of("GROUP", 1, |rows, _| rows.first().and_then(|row| row.group.clone()).unwrap_or_default())
    },
];
const AGE: &str = "AGE";
const AGENT: &str = "AGENT";
const SESSION: &str = "SESSION";
const EXPIRES: &str = "EXPIRES";
/// The width below which a terminal counts as narrow.
const NARROW: usize = 60;

/// Prints the pending prompts.
pub fn queue_text(out: &mut dyn Write, queued: &Queued, layout: Layout) -> io::Result<()> {
    drawn(queued, layout)?.print(out)
}

/// Draws the pending prompts on a terminal of this many lines, from the top, as far as they fit.
pub fn queue_screen(
    out: &mut dyn Write,
    queued: &Queued,
    layout: Layout,
    lines: usize,
    status: Option<&str>,
) -> io::Result<()> {
    let status = status_lines(queued.runs_unknown.as_deref(), status, layout.paper)?;
    drawn(queued, layout)?.draw(out, lines, status, "more prompt")
}

fn drawn(queued: &Queued, layout: Layout) -> io::Result<Frame> {
    let Queued { gateway, rows, filtered, problems, partial, notes, beside, now_ms, .. } = queued;
    let mut foot = Vec::new();
    let paper = layout.paper;
    let duplicates = rows.iter().filter(|row| row.duplicate_of.is_some()).count();
    match (rows.len(), filtered) {
        (0, 0) => paper.line(&mut foot, "", "Nothing is pending.")?,
        (0, 1) => {
            paper.line(&mut foot, "", "No pending prompt matches the filter (1 other is pending).")?;
        }
        (0, filtered) => {
            let text = format!("No pending prompt matches the filter ({filtered} others are pending).");
            paper.line(&mut foot, "", &text)?;
        }
        (shown, filtered) => {
            let others = if *filtered > 0 { format!("; {filtered} others not shown") } else { String::new() };
            paper.line(
                &mut foot,
                "",
                &format!("{shown} pending, {duplicates} of them duplicates{others}"),
            )?;
        }
    }
    wider_text(&mut foot, paper, beside.wider)?;
    undecided_text(&mut foot, paper, beside.undecided)?;
    if rows.iter().any(|row| row.denied_before.is_some()) {
        paper.line(&mut foot, "note: ", COMPARED)?;
    }
    remarks(&mut foot, paper, problems, partial.as_deref(), notes)?;
    let mut head = Vec::new();
    layout.paper.line(&mut head, "", &name(gateway))?;
    let mut drawn = Frame { head: lines(&head), groups: Vec::new(), foot: lines(&foot) };
    if !rows.is_empty() {
        let table = Table::of(rows, *now_ms, layout);
        drawn.head.push(table.grid.names());
        drawn.groups = table.groups(layout)?;
    }
    Ok(drawn)
}

/// Rows that fit the width of the terminal.
struct Table<'q> {
    /// The groups of equal prompts.
    chunks: Vec<&'q [Listed]>,
    /// The columns, and for each row of the table its cells.
    grid: Grid,
    /// The gateway's clock, in Unix milliseconds.
    now_ms: u64,
    /// The commands that occur in several groups, and the fields in which those groups differ.
    alike: HashMap<&'q str, Alike<'q>>,
}

impl<'q> Table<'q> {
    fn of(rows: &'q [Listed], now_ms: u64, layout: Layout) -> Self {
        let same = |a: &Listed, b: &Listed| a.group.is_some() && a.group == b.group;
        let chunks: Vec<&[Listed]> = rows.chunk_by(same).collect();
        let rows_of =
            |chunk: &'q [Listed]| if layout.all { chunk.chunks(1) } else { chunk.chunks(chunk.len().max(1)) };
        let shown: Vec<&[Listed]> = chunks.iter().flat_map(|chunk| rows_of(chunk)).collect();
        let ids: Vec<&str> = shown.iter().filter_map(|rows| Some(rows.first()?.prompt.id())).collect();
        let ids = match layout.narrow() {
            Some(_) => short_names(&ids),
            None => ids.into_iter().map(str::to_owned).collect(),
        };
        let mut columns: Vec<Column> =
            COLUMNS.into_iter().filter(|column| rows.iter().any(column.needed)).collect();
        if layout.paper.width.is_some_and(|width| width < NARROW) {
            for column in columns.iter_mut().filter(|column| column.name == AGE) {
                (column.cell, column.room) = (short_age, (12, 9));
            }
        }
        columns.insert(0, Column { room: (42, 10), ..Column::of("  ID", 0, |_, _| String::new()) });
        let mut cells: Vec<Vec<String>> = Vec::with_capacity(shown.len());
        for (rows, id) in shown.iter().zip(ids) {
            // An id never starts a line: clients may choose it.
            let behind = if rows.len() == 1 && rows[0].duplicate_of.is_some() { "= " } else { "  " };
            let mut line: Vec<String> = columns.iter().map(|column| (column.cell)(rows, now_ms)).collect();
            line[0] = format!("{behind}{}", name(&id));
            cells.push(line);
        }
        let shapes = columns.iter().map(Column::shape).collect();
        let grid = Grid::of(shapes, cells, layout.paper.width);
        Self { chunks, grid, now_ms, alike: Alike::among(rows) }
    }

    /// The lines of each group, and how many prompts it has.
    fn groups(&self, layout: Layout) -> io::Result<Vec<(usize, Vec<String>)>> {
        let mut cells = self.grid.cells.iter();
        let mut groups = Vec::with_capacity(self.chunks.len());
        let room = self.grid.columns.first().map_or(0, |(_, width)| width.saturating_sub(2));
        for chunk in &self.chunks {
            let mut out = Vec::new();
            let rows = chunk.iter().take(if layout.all { chunk.len() } else { 1 });
            for (row, line) in rows.zip(cells.by_ref()) {
                let is_soon = expires_soon(&row.prompt, self.now_ms);
                let cells = line.iter().zip(&self.grid.columns).map(|(cell, (name, width))| {
                    let cell = padded(cell, *width);
                    if is_soon && *name == EXPIRES { layout.paper.paint(SOON, &cell) } else { cell }
                });
                let line = cells.collect::<Vec<_>>().join("  ");
                let is_duplicate = layout.all && row.duplicate_of.is_some() && !is_soon;
                let style = if is_duplicate { DUPLICATE } else { Style::new() };
                writeln!(out, "{}", layout.paper.paint(style, line.trim_end()))?;
                let id = name(row.prompt.id());
                if layout.full && columns(&id) > room {
                    layout.paper.block(&mut out, "id", &id)?;
                }
            }
            if let Some(row) = chunk.first() {
                self.asked(&mut out, row, layout)?;
            }
            groups.push((chunk.len(), lines(&out)));
        }
        Ok(groups)
    }

    /// The command of a group, and the fields in which another group with this command differs.
    fn asked(&self, out: &mut dyn Write, row: &Listed, layout: Layout) -> io::Result<()> {
        let paper = layout.paper;
        let prompt = &row.prompt;
        let no_room = [
            ("agent", self.grid.lacks(AGENT), prompt.agent.as_deref()),
            ("session", self.grid.lacks(SESSION), prompt.session_key.as_deref()),
        ];
        for (label, missing, text) in no_room {
            if let Some(text) = text.filter(|_| missing) {
                paper.block(out, label, &name(text))?;
            }
        }
        let asked = subject(prompt);
        let (command, is_whole) = if layout.full { (text(asked), true) } else { excerpt(asked, LONG) };
        paper.block(out, "", &command)?;
        if let Some(length) = length(prompt) {
            let hint = if is_whole { "" } else { " (--full shows all)" };
            paper.block(out, "length", &format!("{length}{hint}"))?;
        }
        let alike = self.alike.get(subject(prompt)).copied().unwrap_or_default();
        for (label, text, differs) in places(&prompt.details, alike) {
            if let Some(text) = text.filter(|_| differs || layout.full) {
                paper.block(out, label, &text)?;
            }
        }
        if let Some(denied) = &row.denied_before {
            paper.block(out, "denied", &denied_before(denied, self.now_ms))?;
        }
        match row.alone.and_then(alone) {
            Some(why) => paper.block(out, "note", why),
            None => Ok(()),
        }
    }
}

/// The fields in which groups with one command differ. They must be shown, or the groups look the same.
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a field that differs")]
struct Alike<'q> {
    first: Option<&'q Details>,
    host: bool,
    directory: bool,
    variables: bool,
    arguments: bool,
}

impl<'q> Alike<'q> {
    fn among(rows: &'q [Listed]) -> HashMap<&'q str, Self> {
        let mut all: HashMap<&str, Self> = HashMap::with_capacity(rows.len());
        for row in rows {
            let details = &*row.prompt.details;
            let alike = all.entry(subject(&row.prompt)).or_default();
            let first = *alike.first.get_or_insert(details);
            alike.host |= (&first.host, &first.node) != (&details.host, &details.node);
            alike.directory |= first.cwd != details.cwd;
            alike.variables |= first.env != details.env;
            alike.arguments |= first.argv != details.argv;
        }
        all
    }
}

/// Where and how a command would run: label, text, and whether it must be shown. A node always is.
fn places(details: &Details, alike: Alike<'_>) -> [(&'static str, Option<String>, bool); 4] {
    let on = match (details.node.as_deref(), details.host.as_deref()) {
        (Some(node), _) => Some(format!("node {}", name(node))),
        (None, host) => host.map(name),
    };
    let variables = &details.env.keys;
    let env = (!variables.is_empty()).then(|| {
        let hash =
            details.env.hash.as_deref().map_or_else(String::new, |hash| format!("  (values {})", name(hash)));
        let names: Vec<String> = variables.iter().map(|variable| name(variable)).collect();
        format!("{}{hash}", names.join(" "))
    });
    let argv = details.argv.as_deref().map(|argv| {
        let words: Vec<String> = argv.iter().map(|word| format!("{:?}", excerpt(word, LONG).0)).collect();
        shortened(&words.join(" "), LONG)
    });
    [
        ("on", on, alike.host || details.node.is_some()),
        ("in", details.cwd.as_deref().map(text), alike.directory),
        ("env", env, alike.variables),
        ("args", argv, alike.arguments),
    ]
}

/// The value of the first prompt of a row, and the number of other values.
fn shared(rows: &[Listed], of: fn(&Listed) -> Option<&str>) -> String {
    let first = rows.first().and_then(of);
    let mut others: Vec<Option<&str>> = rows.iter().map(of).filter(|other| *other != first).collect();
    others.sort_unstable();
    others.dedup();
    let more = if others.is_empty() { String::new() } else { format!(" +{}", others.len()) };
    format!("{}{more}", first.map_or_else(|| "-".to_owned(), name))
}

fn age(rows: &[Listed], now_ms: u64) -> String {
    let oldest = span(rows.iter().map(|row| row.prompt.age_ms(now_ms)).max().unwrap_or_default());
    if rows.len() > 1 { format!("{}x, oldest {oldest}", rows.len()) } else { oldest }
}

/// The age on a narrow terminal.
fn short_age(rows: &[Listed], now_ms: u64) -> String {
    age(rows, now_ms).replace(", oldest", "")
}

fn run(rows: &[Listed]) -> String {
    let state = match rows.first().map(|row| row.run) {
        Some(RunState::Ended) => " (ended)",
        Some(RunState::Superseded) => " (replaced)",
        _ => "",
    };
    format!("{}{state}", shared(rows, |row| row.prompt.run_id.as_deref()))
}
