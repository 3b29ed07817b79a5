//! Rows of cells that fit the width of a terminal: columns are narrowed, removed, and cut.

use super::super::escape::{columns, padded, shortened};

/// The space between two columns.
const GAP: usize = 2;
/// The maximum padding of a cell without a terminal.
const PADDED: usize = 60;

/// The shape of a column.
#[derive(Debug, Clone, Copy)]
pub(in crate::output) struct Shape {
    /// Its name, in the first line.
    pub(in crate::output) name: &'static str,
    /// The maximum and minimum width on a terminal.
    pub(in crate::output) room: (usize, usize),
    /// The order in which columns are removed if there is no room for all; 0: never.
    pub(in crate::output) leaves: u8,
}

impl Shape {
    /// A column of the usual width.
    pub(in crate::output) const fn of(name: &'static str, leaves: u8) -> Self {
        Self { name, room: (26, 8), leaves }
    }

    /// The same column with another maximum and minimum width.
    pub(in crate::output) const fn wide(self, most: usize, least: usize) -> Self {
        Self { room: (most, least), ..self }
    }
}

/// Rows of cells. Cells are texts with marks.
#[derive(Debug)]
pub(in crate::output) struct Grid {
    /// The columns that fit, each with its width.
    pub(in crate::output) columns: Vec<(&'static str, usize)>,
    /// The cells of each row.
    pub(in crate::output) cells: Vec<Vec<String>>,
    /// The columns that were removed for lack of room.
    removed: Vec<&'static str>,
}

impl Grid {
    /// Fits rows into a width; `None` where nothing is cut.
    pub(in crate::output) fn of(shapes: Vec<Shape>, cells: Vec<Vec<String>>, width: Option<usize>) -> Self {
        let mut widths: Vec<usize> = shapes.iter().map(|shape| shape.name.len()).collect();
        for line in &cells {
            for (width, cell) in widths.iter_mut().zip(line) {
                *width = (*width).max(columns(cell));
            }
        }
        let mut fitting = Fitting { shapes, widths, cells, removed: Vec::new() };
        match width {
            Some(width) => fitting.fit(width),
            None => fitting.widths.iter_mut().for_each(|width| *width = (*width).min(PADDED)),
        }
        let Fitting { shapes, widths, cells, removed } = fitting;
        Self { columns: shapes.iter().map(|shape| shape.name).zip(widths).collect(), cells, removed }
    }

    /// Whether there was no room for a column.
    pub(in crate::output) fn lacks(&self, name: &str) -> bool {
        self.removed.contains(&name)
    }

    /// The names of the columns, on one line.
    pub(in crate::output) fn names(&self) -> String {
        let cells = self.columns.iter().map(|(name, width)| padded(&shortened(name, *width), *width));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    }

    /// The lines of the rows.
    pub(in crate::output) fn lines(&self) -> impl Iterator<Item = String> {
        self.cells.iter().map(|line| {
            let cells = line.iter().zip(&self.columns).map(|(cell, (_, width))| padded(cell, *width));
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        })
    }
}

struct Fitting {
    shapes: Vec<Shape>,
    widths: Vec<usize>,
    cells: Vec<Vec<String>>,
    removed: Vec<&'static str>,
}

impl Fitting {
    /// Narrows columns, removes some, and cuts cells, until a row fits.
    fn fit(&mut self, width: usize) {
        for (shape, width) in self.shapes.iter().zip(self.widths.iter_mut()) {
            *width = (*width).min(shape.room.0);
        }
        loop {
            let gaps = GAP * self.widths.len().saturating_sub(1);
            let total: usize = self.widths.iter().sum::<usize>() + gaps;
            let Some(over) = total.checked_sub(width).filter(|over| *over > 0) else { break };
            let slack = |at: &usize| self.widths[*at].saturating_sub(self.shapes[*at].room.1);
            if let Some(widest) = (0..self.widths.len()).max_by_key(slack).filter(|at| slack(at) > 0) {
                self.widths[widest] -= over.min(slack(&widest)).min(4);
                continue;
            }
            let leaving = (0..self.shapes.len()).filter(|at| self.shapes[*at].leaves > 0);
            let Some(out) = leaving.min_by_key(|at| self.shapes[*at].leaves) else {
                // The other columns are narrowed.
                let each = width.saturating_sub(gaps) / self.widths.len().max(1);
                for width in &mut self.widths {
                    *width = (*width).min(each.max(1));
                }
                break;
            };
            self.remove(out);
        }
        for line in &mut self.cells {
            for (cell, width) in line.iter_mut().zip(self.widths.iter()) {
                *cell = shortened(cell, *width);
            }
        }
    }

    /// Removes a column, which makes room for the others.
    fn remove(&mut self, out: usize) {
        self.removed.push(self.shapes.remove(out).name);
        self.widths.remove(out);
        for line in &mut self.cells {
            line.remove(out);
        }
        for (at, width) in self.widths.iter_mut().enumerate() {
            let cells = self.cells.iter().map(|line| columns(&line[at]));
            let Shape { name, room, .. } = self.shapes[at];
            *width = cells.max().unwrap_or(0).max(name.len()).min(room.0);
        }
    }
}
