//! What is pending, for people: a line for each prompt, and below it what it asks for, once for a whole group.

use std::io::{self, Write};

use comfy_table::{ColumnConstraint, ContentArrangement, Row, Table, Width, presets};

use super::super::escape::escaped;
use super::notes::{alone, remarks, undecided_text, wider_text};
use super::{command, span};
use crate::queue::plan::short_names;
use crate::queue::summary::{Listed, Queued};
use crate::queue::{Kind, RunState};

/// How a listing is laid out.
#[derive(Debug, Clone, Copy, Default)]
pub struct Layout {
    /// The width of the terminal that shows it, in columns; `None`: nothing is cut to fit, ids stand whole.
    pub width: Option<u16>,
    /// Whether everything is shown whole.
    pub full: bool,
}

impl Layout {
    fn narrow(self) -> Option<u16> {
        self.width.filter(|_| !self.full)
    }
}

/// A column, and what stands in it.
struct Column {
    name: &'static str,
    cell: fn(&Listed, u64) -> String,
    /// Whether it is worth its place.
    needed: fn(&Listed) -> bool,
    /// How wide a terminal must be to have it.
    from: u16,
    /// What it may take on a terminal.
    room: ColumnConstraint,
}

impl Column {
    const fn of(name: &'static str, cell: fn(&Listed, u64) -> String) -> Self {
        Self { name, cell, needed: |_| true, from: 0, room: ColumnConstraint::ContentWidth }
    }
}

/// At least so much: a name's beginning tells little in less.
const SOME: ColumnConstraint = ColumnConstraint::LowerBoundary(Width::Fixed(10));
/// At most so much.
const LITTLE: ColumnConstraint = ColumnConstraint::UpperBoundary(Width::Fixed(26));

/// Behind the id.
const COLUMNS: [Column; 7] = [
    Column {
        needed: |row| row.prompt.kind() != Kind::Exec,
        from: 90,
        ..Column::of("KIND", |row, _| row.prompt.kind().as_str().to_owned())
    },
    Column { room: LITTLE, ..Column::of("AGENT", |row, _| named(row.prompt.agent.as_deref())) },
    Column {
        from: 60,
        room: SOME,
        ..Column::of("SESSION", |row, _| named(row.prompt.session_key.as_deref()))
    },
    Column {
        needed: |row| row.prompt.run_id.is_some(),
        from: 90,
        room: SOME,
        ..Column::of("RUN", |row, _| run(row))
    },
    Column::of("AGE", |row, now_ms| span(row.prompt.age_ms(now_ms))),
    Column::of("EXPIRES", |row, now_ms| match row.prompt.expires_at_ms.checked_sub(now_ms) {
        Some(left) => format!("in {}", span(left)),
        None => "expired".to_owned(),
    }),
    Column {
        needed: |row| row.group.is_some(),
        from: 70,
        ..Column::of("GROUP", |row, _| row.group.clone().unwrap_or_default())
    },
];

/// Prints what is pending.
pub fn queue_text(out: &mut dyn Write, queued: &Queued, layout: Layout) -> io::Result<()> {
    let Queued { gateway, rows, filtered, problems, partial, runs_unknown: _, notes, beside, now_ms } =
        queued;
    writeln!(out, "{}", escaped(gateway))?;
    if !rows.is_empty() {
        let table = table(rows, *now_ms, layout);
        let mut lines = table.lines().map(|line| line.trim_end().to_owned());
        writeln!(out, "{}", lines.next().unwrap_or_default())?;
        let mut rows = rows.iter().zip(lines).peekable();
        while let Some((row, line)) = rows.next() {
            writeln!(out, "{line}")?;
            // Those of one group ask for the same.
            let same = |next: &Listed| row.group.is_some() && next.group == row.group;
            if !rows.peek().is_some_and(|(next, _)| same(next)) {
                asked(out, row, layout)?;
            }
        }
    }
    let duplicates = rows.iter().filter(|row| row.duplicate_of.is_some()).count();
    match (rows.len(), filtered) {
        (0, 0) => writeln!(out, "nothing is pending")?,
        (0, filtered) => writeln!(out, "nothing of this is pending; {filtered} other prompts are")?,
        (shown, filtered) => {
            let others = if *filtered > 0 { format!("; {filtered} others not shown") } else { String::new() };
            writeln!(out, "{shown} pending, {duplicates} of them duplicates{others}")?;
        }
    }
    wider_text(out, beside.wider)?;
    undecided_text(out, beside.undecided)?;
    remarks(out, problems, partial.as_deref(), notes)
}

/// One line for each row, and one for the names of the columns.
fn table(rows: &[Listed], now_ms: u64, layout: Layout) -> Table {
    let ids: Vec<&str> = rows.iter().map(|row| row.prompt.id()).collect();
    let ids = match layout.narrow() {
        Some(_) => short_names(&ids),
        None => ids.into_iter().map(str::to_owned).collect(),
    };
    let fits = |column: &&Column| layout.narrow().is_none_or(|width| width >= column.from);
    let columns: Vec<&Column> =
        COLUMNS.iter().filter(fits).filter(|column| rows.iter().any(column.needed)).collect();
    let line = |cells: Vec<String>| {
        let mut line = Row::from(cells);
        line.max_height(1);
        line
    };
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    let names = columns.iter().map(|column| column.name.to_owned());
    table.set_header(line(std::iter::once("ID".to_owned()).chain(names).collect()));
    for (row, id) in rows.iter().zip(ids) {
        let behind = if row.duplicate_of.is_some() { "= " } else { "" };
        let cells = columns.iter().map(|column| (column.cell)(row, now_ms));
        table.add_row(line(std::iter::once(format!("{behind}{}", escaped(&id))).chain(cells).collect()));
    }
    if let Some(width) = layout.narrow() {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    }
    let rooms =
        std::iter::once(ColumnConstraint::ContentWidth).chain(columns.iter().map(|column| column.room));
    for (column, room) in table.column_iter_mut().zip(rooms) {
        column.set_padding((0, 2));
        if layout.narrow().is_some() {
            column.set_constraint(room);
        }
    }
    table
}

fn asked(out: &mut dyn Write, row: &Listed, layout: Layout) -> io::Result<()> {
    writeln!(out, "    {}", command(&row.prompt, layout.full))?;
    match row.alone.and_then(alone) {
        Some(why) => writeln!(out, "    ({why})"),
        None => Ok(()),
    }
}

fn named(text: Option<&str>) -> String {
    text.map_or_else(|| "-".to_owned(), escaped)
}

fn run(row: &Listed) -> String {
    let state = match row.run {
        RunState::Ended => " (ended)",
        RunState::Superseded => " (replaced)",
        RunState::Active | RunState::Unknown => "",
    };
    format!("{}{state}", named(row.prompt.run_id.as_deref()))
}
