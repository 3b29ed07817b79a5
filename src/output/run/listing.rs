//! Runs: as a list, on a screen that stays, and line by line.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::super::escape::name;
use super::super::json::line;
use super::super::queue::{Frame, Layout, command, folded, lines, remarks, span, status_lines};
use crate::queue::cancel::{RunList, RunRow};
use crate::report::run::event;

/// Prints runs, one row per run, and below it the prompts that it holds: one row per group of equal prompts.
pub fn runs_text(out: &mut dyn Write, list: &RunList, layout: Layout) -> io::Result<()> {
    frame(list, layout)?.print(out)
}

/// Draws runs on a terminal of this many lines, from the top, as far as they fit.
pub fn runs_screen(
    out: &mut dyn Write,
    list: &RunList,
    layout: Layout,
    lines: usize,
    status: Option<&str>,
) -> io::Result<()> {
    let status = status_lines(list.runs_unknown.as_deref(), status, layout.paper)?;
    frame(list, layout)?.draw(out, lines, status, "more run")
}

fn frame(list: &RunList, layout: Layout) -> io::Result<Frame> {
    let RunList { gateway, rows, problems, partial, now_ms, .. } = list;
    let paper = layout.paper;
    let mut head = Vec::new();
    paper.line(&mut head, "", &name(gateway))?;
    let mut groups = Vec::with_capacity(rows.len());
    for row in rows {
        let mut out = Vec::new();
        paper.line(&mut out, "run ", &headline(row))?;
        for (prompt, count) in folded(&row.holds, layout.all) {
            let age = span(prompt.age_ms(*now_ms));
            let what = if count > 1 {
                format!("{count}x, oldest {age}: {}", command(prompt))
            } else {
                format!("{}, asked {age} ago: {}", name(prompt.id()), command(prompt))
            };
            paper.line(&mut out, "    holds ", &what)?;
        }
        groups.push((1, lines(&out)));
    }
    let mut foot = Vec::new();
    if rows.is_empty() {
        paper.line(&mut foot, "", "Nothing runs, and no run holds prompts.")?;
    }
    remarks(&mut foot, paper, problems, partial.as_deref(), &[])?;
    Ok(Frame { head: lines(&head), groups, foot: lines(&foot) })
}

/// A run, its state, its session and its agent.
fn headline(row: &RunRow) -> String {
    let text = |text: &Option<String>| text.as_deref().map_or_else(|| "-".to_owned(), name);
    let (run, state) = (text(&row.run), row.state.as_str());
    format!("{run}  {state}  session {}  agent {}", text(&row.session), text(&row.agent))
}

/// Prints runs, one JSON object per line. `named`: each line names its gateway, if there are several.
pub fn runs_ndjson(out: &mut dyn Write, list: &RunList, named: bool) -> io::Result<()> {
    list.lines(named).try_for_each(|row| line(out, &row))
}

/// The runs of an earlier list, by session and run.
pub type Known = BTreeMap<(Option<String>, Option<String>), RunRow>;

/// How a row differs from an earlier list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    Listed,
    Changed,
    Gone,
}

/// Prints the changes since an earlier list, one line per change. Returns the runs of this one.
pub fn runs_changes_text(out: &mut dyn Write, before: &Known, list: &RunList) -> io::Result<Known> {
    changes(before, list, |change, row| {
        let sign = match change {
            Change::Listed => '+',
            Change::Changed => '~',
            Change::Gone => '-',
        };
        let holds = match row.holds.len() {
            0 => String::new(),
            _ if change == Change::Gone => String::new(),
            1 => "  holds 1 prompt".to_owned(),
            several => format!("  holds {several} prompts"),
        };
        writeln!(out, "{sign} {}{holds}", headline(row))
    })
}

/// Prints the changes as JSON: `event` is `listed`, `changed` or `gone`.
pub fn runs_changes_ndjson(out: &mut dyn Write, before: &Known, list: &RunList) -> io::Result<Known> {
    changes(before, list, |change, row| {
        let word = match change {
            Change::Listed => "listed",
            Change::Changed => "changed",
            Change::Gone => "gone",
        };
        line(out, &event(row, list.now_ms, word))
    })
}

fn changes(
    before: &Known,
    list: &RunList,
    mut print: impl FnMut(Change, &RunRow) -> io::Result<()>,
) -> io::Result<Known> {
    let key = |row: &RunRow| (row.session.clone(), row.run.clone());
    let now: Known = list.rows.iter().map(|row| (key(row), row.clone())).collect();
    for (key, row) in &now {
        match before.get(key) {
            None => print(Change::Listed, row)?,
            Some(known) if known != row => print(Change::Changed, row)?,
            Some(_) => {}
        }
    }
    for (_, row) in before.iter().filter(|(key, _)| !now.contains_key(*key)) {
        print(Change::Gone, row)?;
    }
    Ok(now)
}
