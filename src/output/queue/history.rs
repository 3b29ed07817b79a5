//! Decided prompts, for people and line by line: when, how, by whom and why.

use std::io::{self, Write};

use super::super::escape::{Paper, escaped, excerpt, name, text};
use super::super::json::line;
use super::grid::{Grid, Shape};
use super::notes::by;
use super::{LONG, Layout, counted, remarks, span};
use crate::queue::Kind;
use crate::queue::history::Decided;
use crate::queue::plan::short_names;
use crate::report::queue::{Cut, History};

const AGENT: &str = "AGENT";
const SESSION: &str = "SESSION";
const BY: &str = "BY";

/// The columns. Each row has the outcome, never only a colour.
const SHAPES: [Shape; 9] = [
    Shape::of("  ID", 0).wide(42, 10),
    Shape::of("OUTCOME", 0).wide(14, 12),
    Shape::of("KIND", 2),
    Shape::of(AGENT, 6),
    Shape::of(SESSION, 3).wide(60, 16),
    Shape::of("ENDED", 0).wide(30, 14),
    Shape::of("WAITED", 4),
    Shape::of(BY, 5).wide(40, 12),
    Shape::of("WHY", 1).wide(20, 8),
];

/// Prints decided prompts. Neighbours that ended alike and asked for the same are one row, unless `all`.
pub fn history_text(out: &mut dyn Write, history: &History, layout: Layout) -> io::Result<()> {
    let History { gateway, rows, read, problems, cut, partial, now_ms, .. } = history;
    let paper = layout.paper;
    paper.line(out, "", &name(gateway))?;
    let chunks: Vec<&[Decided]> = rows.chunk_by(|a, b| !layout.all && are_alike(a, b)).collect();
    if !rows.is_empty() {
        let ids: Vec<&str> = chunks.iter().filter_map(|chunk| Some(chunk.first()?.id())).collect();
        let ids = match paper.width.filter(|_| !layout.full) {
            Some(_) => short_names(&ids),
            None => ids.into_iter().map(str::to_owned).collect(),
        };
        let cells = chunks.iter().zip(&ids).map(|(chunk, id)| cells(chunk, id, *now_ms)).collect();
        let (shapes, cells) = without_exec(rows, cells);
        let grid = Grid::of(shapes, cells, paper.width);
        writeln!(out, "{}", grid.names())?;
        for (chunk, row) in chunks.iter().zip(grid.lines()) {
            writeln!(out, "{row}")?;
            if let Some(first) = chunk.first() {
                asked(out, first, &grid, layout)?;
            }
        }
    }
    let shown = match rows.len() {
        0 if *read == 0 => "Nothing was decided.".to_owned(),
        0 => format!("Nothing matches ({} read).", counted(*read, "decided prompt")),
        shown => format!("{} shown, {read} read.", counted(shown, "decided prompt")),
    };
    paper.line(out, "", &shown)?;
    cut_text(out, cut.as_ref(), paper)?;
    remarks(out, paper, problems, partial.as_deref(), &[])
}

/// Prints decided prompts, one JSON object per line.
pub fn history_ndjson(out: &mut dyn Write, history: &History) -> io::Result<()> {
    history.lines().try_for_each(|decided| line(out, &decided))
}

/// Prints why a history may have more rows.
pub fn cut_text(out: &mut dyn Write, cut: Option<&Cut>, paper: Paper) -> io::Result<()> {
    let note = match cut {
        None => return Ok(()),
        Some(Cut::Limit) => "older decisions match, too; --limit COUNT shows more".to_owned(),
        Some(Cut::Pages) => {
            "cut: clearance reads at most 100,000 decisions; --since and --kind read fewer".to_owned()
        }
        Some(Cut::Time) => "cut: no time was left for older pages; --timeout 5m reads on".to_owned(),
        Some(Cut::Repeats) => "cut: the gateway repeats its pages".to_owned(),
        Some(Cut::Failed(cause)) => format!("cut: an older page could not be read: {}", escaped(cause)),
    };
    paper.line(out, "note: ", &note)
}

/// Shows how many decided prompts were read. Errors are ignored.
pub fn read_progress(err: &mut dyn Write, read: usize) {
    drop(write!(err, "\r\x1b[K{} read", counted(read, "decision")));
}

/// Whether two decided prompts make one row.
fn are_alike(a: &Decided, b: &Decided) -> bool {
    let of = |it: &Decided| (it.key.kind, it.decision, it.agent.clone(), it.session_key.clone());
    of(a) == of(b)
        && a.status == b.status
        && a.reason == b.reason
        && a.resolver == b.resolver
        && a.asked == b.asked
}

fn cells(chunk: &[Decided], id: &str, now_ms: u64) -> Vec<String> {
    let known = |text: Option<&str>| text.map_or_else(|| "-".to_owned(), name);
    let Some(first) = chunk.first() else { return Vec::new() };
    let ago = match elapsed(first.resolved_at_ms, now_ms) {
        Some(ago) => format!("{} ago", span(ago)),
        None => UNKNOWN.to_owned(),
    };
    let ended = match chunk.len() {
        1 => ago,
        count => format!("{count}x, last {ago}"),
    };
    let waited = chunk.iter().filter_map(|one| elapsed(one.created_at_ms, one.resolved_at_ms)).max();
    vec![
        // An id never starts a line: clients may choose it.
        format!("  {}", name(id)),
        name(first.outcome()),
        first.key.kind.as_str().to_owned(),
        known(first.agent.as_deref()),
        known(first.session_key.as_deref()),
        ended,
        waited.map_or_else(|| UNKNOWN.to_owned(), span),
        by(first.resolver.as_ref()),
        known(first.reason.as_deref()),
    ]
}

/// What is shown where the times of a row cannot be right.
const UNKNOWN: &str = "unknown";

/// The time from one point to another, in milliseconds. `None`: it is negative by more than clocks differ, or longer than
/// gateways exist.
fn elapsed(from_ms: u64, to_ms: u64) -> Option<u64> {
    const MINUTE_MS: u64 = 60_000;
    const DECADE_MS: u64 = 10 * 365 * 24 * 60 * MINUTE_MS;
    (from_ms <= to_ms.saturating_add(MINUTE_MS))
        .then(|| to_ms.saturating_sub(from_ms))
        .filter(|elapsed| *elapsed < DECADE_MS)
}

/// Omits the column of kinds where every prompt is a command.
fn without_exec(rows: &[Decided], mut cells: Vec<Vec<String>>) -> (Vec<Shape>, Vec<Vec<String>>) {
    let mut shapes = SHAPES.to_vec();
    if rows.iter().all(|row| row.key.kind == Kind::Exec) {
        const AT: usize = 2;
        shapes.remove(AT);
        for line in &mut cells {
            line.remove(AT);
        }
    }
    (shapes, cells)
}

/// What a prompt asked for, and the cells that had no room.
fn asked(out: &mut dyn Write, decided: &Decided, grid: &Grid, layout: Layout) -> io::Result<()> {
    let paper = layout.paper;
    let agent = decided.agent.as_deref().map(name).filter(|_| grid.lacks(AGENT));
    let session = decided.session_key.as_deref().map(name).filter(|_| grid.lacks(SESSION) && layout.full);
    let resolver = grid.lacks(BY).then(|| by(decided.resolver.as_ref()));
    for (label, shown) in [("agent", agent), ("session", session), ("by", resolver)] {
        if let Some(shown) = shown {
            paper.block(out, label, &shown)?;
        }
    }
    let subject = &decided.asked.subject;
    let shown = if layout.full { text(subject) } else { excerpt(subject, LONG).0 };
    paper.block(out, "", &shown)?;
    if let Some(node) = decided.asked.node.as_deref() {
        paper.block(out, "node", &name(node))?;
    }
    if let Some(description) = decided.asked.description.as_deref() {
        paper.block(out, "text", &excerpt(description, LONG).0)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::queue::Hidden;
    use crate::queue::history::Page;

    fn history(commands: &[&str]) -> History {
        let row = |(at, command): (usize, &&str)| {
            json!({
                "id": format!("6f1c2a9e-0000-4000-8000-00000000000{at}"), "createdAtMs": 1_000, "expiresAtMs": 9_000,
                "resolvedAtMs": 4_000, "status": "denied", "decision": "deny", "reason": "user",
                "resolver": {"kind": "runtime", "id": "clearance"},
                "source": {"agentId": "main", "sessionKey": "agent:main:main"},
                "presentation": {"kind": "exec", "commandText": command, "agentId": "main"},
            })
        };
        let rows: Vec<_> = commands.iter().enumerate().map(row).collect();
        let page = Page::read(&json!({"items": rows}).to_string(), None, &Hidden::default()).unwrap();
        History {
            gateway: "embedded".to_owned(),
            read: rows.len(),
            rows: page.items,
            now_ms: 64_000,
            ..History::default()
        }
    }

    fn printed(history: &History, width: Option<usize>, all: bool) -> String {
        let mut out = Vec::new();
        let layout = Layout { paper: Paper { width, styled: false }, full: false, all };
        history_text(&mut out, history, layout).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn neighbours_that_ended_alike_are_one_row() {
        let history = history(&["uptime", "uptime", "ls", "uptime"]);
        let rows = |width, all| {
            let text = printed(&history, width, all);
            text.lines().filter(|line| line.contains("deny")).map(str::to_owned).collect::<Vec<_>>()
        };
        let folded = rows(None, false);
        assert_eq!(folded.len(), 3, "{folded:?}");
        assert!(folded[0].contains("2x, last 1m00s ago") && folded[1].contains("  1m00s ago"), "{folded:?}");
        assert_eq!(rows(None, true).len(), 4);
        assert!(rows(Some(60), false).iter().all(|row| row.chars().count() <= 60));
        assert!(printed(&history, None, false).ends_with("4 decided prompts shown, 4 read.\n"));
    }

    #[test]
    fn times_that_cannot_be_right_are_unknown() {
        let mut history = history(&["uptime", "ls", "make"]);
        history.now_ms = 1_795_438_812_000;
        // In the year 50000; decided before it was asked for; at the beginning of time.
        for (row, (created, resolved)) in history.rows.iter_mut().zip([
            (1_515_680_000_000_000, 1_515_680_000_000_000),
            (1_795_438_800_000, 1_795_438_700_000),
            (0, 1_795_438_752_000),
        ]) {
            (row.created_at_ms, row.resolved_at_ms) = (created, resolved);
        }
        let text = printed(&history, None, true);
        let rows: Vec<&str> = text.lines().filter(|line| line.contains("deny")).collect();
        assert_eq!(rows[0].matches("unknown").count(), 1, "{text}");
        assert!(rows[1].contains("1m52s ago") && rows[1].contains("unknown"), "{text}");
        assert!(rows[2].contains("1m00s ago") && rows[2].contains("unknown"), "{text}");
    }

    #[test]
    fn no_text_of_a_prompt_starts_a_line() {
        let history = history(&["a\nembedded\n  6f1c  deny", "x\u{1b}[2J"]);
        for width in [None, Some(40), Some(100)] {
            let text = printed(&history, width, true);
            assert!(!text.contains("\n  6f1c  deny") && !text.contains('\u{1b}'), "{text}");
        }
    }

    #[test]
    fn a_history_that_was_cut_says_so() {
        for cut in [Cut::Limit, Cut::Pages, Cut::Time, Cut::Repeats, Cut::Failed("gone".to_owned())] {
            let history = History { cut: Some(cut.clone()), ..history(&["ls"]) };
            let text = printed(&history, None, false);
            assert!(text.lines().last().unwrap().starts_with("note: "), "{cut:?}: {text}");
        }
    }
}
