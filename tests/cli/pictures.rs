//! The pictures of the documentation are current: a listing as a terminal shows it, and the rooms of `src/` with their
//! imports. `CLEARANCE_BLESS=1 cargo test generated` draws them again.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use unicode_width::UnicodeWidthStr;

use crate::generated::{assert_current, with_table};
use crate::rooms;
use crate::support::binary;
use crate::support::terminal::Terminal;

/// Columns of the terminal in the picture.
const COLUMNS: u16 = 118;

/// Width and height of a character, in pixels.
const CELL: (usize, usize) = (8, 19);

/// The fonts of terminals.
const FONT: &str = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace";

/// Space around the text, in pixels.
const BORDER: usize = 16;

/// The colours of a dark terminal, by the last digit of their code.
const COLOURS: [&str; 8] =
    ["#6e7681", "#ff7b72", "#7ee787", "#e3b341", "#79c0ff", "#d2a8ff", "#76e3ea", "#e6edf3"];

/// The style of a piece of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Style {
    bold: bool,
    dim: bool,
    colour: Option<usize>,
}

impl Style {
    /// Applies the codes of an escape sequence. Unknown codes fail, because a picture without them would be wrong.
    fn apply(&mut self, codes: &str) {
        for code in codes.split(';') {
            match code.parse().unwrap_or(0) {
                0 => *self = Self::default(),
                1 => self.bold = true,
                2 => self.dim = true,
                22 => (self.bold, self.dim) = (false, false),
                colour @ (30..=37 | 90..=97) => self.colour = Some(colour % 10),
                39 => self.colour = None,
                other => panic!("the picture does not know the style {other}"),
            }
        }
    }
}

/// A line of a terminal as pieces of one style each.
fn pieces(line: &str) -> Vec<(Style, String)> {
    let (mut style, mut pieces) = (Style::default(), Vec::<(Style, String)>::new());
    let mut rest = line;
    while let Some((text, after)) = rest.split_once("\u{1b}[") {
        pieces.push((style, text.to_owned()));
        let (codes, after) = after.split_once('m').expect("only styles are printed in a line");
        style.apply(codes);
        rest = after;
    }
    pieces.push((style, rest.to_owned()));
    pieces.retain(|(_, text)| !text.is_empty());
    pieces
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A terminal with these lines, as SVG.
fn terminal(lines: &[String]) -> String {
    let width = usize::from(COLUMNS) * CELL.0 + 2 * BORDER;
    let height = lines.len() * CELL.1 + 2 * BORDER;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\">\n\
         <rect width=\"{width}\" height=\"{height}\" rx=\"8\" fill=\"#0d1117\"/>\n\
         <g font-family=\"{FONT}\" font-size=\"13\" fill=\"#e6edf3\">\n"
    );
    for (row, line) in lines.iter().enumerate() {
        let y = BORDER + row * CELL.1 + 14;
        let mut column = 0;
        for (style, text) in pieces(line) {
            // Words are placed one by one, so that columns stay columns in every font.
            for (at, word) in words(&text) {
                let (x, length) = (BORDER + (column + at) * CELL.0, word.width() * CELL.0);
                let bold = if style.bold { " font-weight=\"bold\"" } else { "" };
                let dim = if style.dim { " opacity=\"0.6\"" } else { "" };
                let fill = style.colour.map_or_else(String::new, |at| format!(" fill=\"{}\"", COLOURS[at]));
                let word = escaped(word);
                writeln!(
                    svg,
                    "<text x=\"{x}\" y=\"{y}\" textLength=\"{length}\"{bold}{dim}{fill}>{word}</text>"
                )
                .unwrap();
            }
            column += text.width();
        }
        assert!(column <= COLUMNS.into(), "{column} columns: {line}");
    }
    svg + "</g>\n</svg>\n"
}

/// The words of a text, each with its first column.
fn words(text: &str) -> Vec<(usize, &str)> {
    let mut column = 0;
    let mut words = Vec::new();
    for word in text.split(' ') {
        if !word.is_empty() {
            words.push((column, word));
        }
        column += word.width() + 1;
    }
    words
}

#[test]
fn generated_picture_of_the_queue() {
    let arguments = ["queue", "ls", "--gateway=embedded"];
    let home = tempfile::tempdir().unwrap();
    let draw = || {
        let mut command = Command::new(binary());
        command.args(arguments).env_clear().env("HOME", home.path()).env("TERM", "xterm-256color");
        let shown = Terminal::of(&mut command, COLUMNS);
        // The command holds the terminal open, and the test waits for the terminal to close.
        drop(command);
        let (exit, text) = shown.ends();
        assert_eq!(exit, 0, "{text}");
        let typed = format!("\u{1b}[2m$\u{1b}[0m \u{1b}[1mclearance {}\u{1b}[0m", arguments.join(" "));
        let lines: Vec<String> = std::iter::once(typed).chain(text.lines().map(str::to_owned)).collect();
        terminal(&lines)
    };
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/pictures/queue-ls.svg");
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    // The ages are those of the scenario. A slow machine that adds a second to them gets another chance.
    let drawn = (0..5).map(|_| draw()).find(|drawn| *drawn == committed);
    assert_current("docs/pictures/queue-ls.svg", &drawn.unwrap_or_else(draw));
}

/// A room, and the rooms that it imports.
type Graph<'f> = BTreeMap<&'f str, BTreeSet<&'f str>>;

/// The rooms of the imports. `main.rs` calls the library, and is left out.
fn graph<'f>(imports: &BTreeMap<&'f str, BTreeSet<&'f str>>) -> Graph<'f> {
    let mut graph = Graph::new();
    for (file, imported) in imports.iter().filter(|(file, _)| **file != "main.rs") {
        let own = rooms::room(file);
        let others = imported.iter().map(|to| rooms::room(to)).filter(|other| *other != own);
        graph.entry(own).or_default().extend(others);
    }
    graph
}

/// The graph without the imports that follow from others.
fn reduced<'f>(graph: &Graph<'f>) -> Graph<'f> {
    fn reaches(graph: &Graph<'_>, from: &str, to: &str) -> bool {
        graph[from].iter().any(|next| *next == to || reaches(graph, next, to))
    }
    let needed = |own: &str, other: &str| {
        !graph[own].iter().any(|between| *between != other && reaches(graph, between, other))
    };
    let of = |(own, others): (&&'f str, &BTreeSet<&'f str>)| {
        (*own, others.iter().copied().filter(|other| needed(own, other)).collect())
    };
    graph.iter().map(of).collect()
}

/// How far a room is above those that import nothing.
fn level(graph: &Graph<'_>, room: &str, above: usize) -> usize {
    assert!(above < graph.len(), "{room} imports itself through other rooms");
    graph[room].iter().map(|other| level(graph, other, above + 1) + 1).max().unwrap_or(0)
}

/// A box of the picture, in pixels.
const BOX: (usize, usize) = (128, 40);
/// The space between boxes, in pixels.
const GAP: (usize, usize) = (28, 56);

/// The rooms, the highest first; each row ordered by what is imported from the rows above.
fn rows<'f>(graph: &Graph<'f>) -> Vec<Vec<&'f str>> {
    let mut rows: Vec<Vec<&str>> = Vec::new();
    for room in graph.keys() {
        let level = level(graph, room, 0);
        rows.resize_with(rows.len().max(level + 1), Vec::new);
        rows[level].push(room);
    }
    rows.reverse();
    for at in 1..rows.len() {
        let (above, below) = rows.split_at_mut(at);
        // Thousandths of the width of a row.
        let place = |room: &str| {
            let places = above.iter().flat_map(|row| {
                let importers = row.iter().enumerate().filter(|(_, other)| graph[**other].contains(room));
                importers.map(|(at, _)| (2 * at + 1) * 500 / row.len())
            });
            let places: Vec<usize> = places.collect();
            places.iter().sum::<usize>() / places.len().max(1)
        };
        below[0].sort_by_key(|room| (place(room), *room));
    }
    rows
}

fn rooms_svg(graph: &Graph<'_>, pure: &[&str], files: &BTreeSet<&str>) -> String {
    let rows = rows(graph);
    let wide = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = wide * (BOX.0 + GAP.0) + GAP.0;
    let height = rows.len() * (BOX.1 + GAP.1);
    let mut places = BTreeMap::new();
    for (row, rooms) in rows.iter().enumerate() {
        let slot = width / rooms.len();
        for (at, room) in rooms.iter().enumerate() {
            let middle = slot * at + slot / 2;
            places.insert(*room, (middle, GAP.1 / 2 + row * (BOX.1 + GAP.1)));
        }
    }
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\">\n\
         <defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" \
         orient=\"auto\"><path d=\"M0,0 L8,4 L0,8 z\" fill=\"#57606a\"/></marker></defs>\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n"
    );
    for (room, imported) in graph {
        for other in imported {
            let ((x, y), (to_x, to_y)) = (places[room], places[other]);
            let (from_y, half) = (y + BOX.1, GAP.1 / 2);
            writeln!(
                svg,
                "<path d=\"M{x},{from_y} C{x},{} {to_x},{} {to_x},{to_y}\" fill=\"none\" stroke=\"#57606a\" \
                 marker-end=\"url(#arrow)\"/>",
                from_y + half,
                to_y - half,
            )
            .unwrap();
        }
    }
    for (room, (middle, y)) in &places {
        let fill = if pure.contains(room) { "#dafbe1" } else { "#ddf4ff" };
        let name = if files.contains(room) { format!("{room}.rs") } else { (*room).to_owned() };
        let (x, text_y) = (middle - BOX.0 / 2, y + BOX.1 / 2 + 5);
        let (wide, high) = BOX;
        writeln!(
            svg,
            "<rect x=\"{x}\" y=\"{y}\" width=\"{wide}\" height=\"{high}\" rx=\"6\" fill=\"{fill}\" \
             stroke=\"#57606a\"/>\n\
             <text x=\"{middle}\" y=\"{text_y}\" text-anchor=\"middle\" font-family=\"{FONT}\" \
             font-size=\"14\">{name}</text>"
        )
        .unwrap();
    }
    svg + "</svg>\n"
}

/// The first sentence of a source's module comment.
fn first_sentence(room: &str, is_file: bool) -> String {
    let path = if is_file { format!("src/{room}.rs") } else { format!("src/{room}/mod.rs") };
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(&path)).unwrap();
    let lines: Vec<&str> = text.lines().map_while(|line| line.strip_prefix("//! ")).collect();
    let paragraph = lines.join(" ").replace("[`", "`").replace("`]", "`");
    let sentence = paragraph.split_once(". ").map_or(&*paragraph, |(first, _)| first);
    assert!(!sentence.is_empty(), "{path} does not say what it is");
    format!("{}.", sentence.trim_end_matches('.'))
}

#[test]
fn generated_picture_of_the_rooms() {
    let sources = rooms::all();
    let imports = rooms::imports(&sources);
    let names = imports.keys().filter_map(|file| file.strip_suffix(".rs"));
    let files: BTreeSet<&str> = names.filter(|name| !name.contains('/')).collect();
    let graph = reduced(&graph(&imports));
    assert_current("docs/pictures/rooms.svg", &rooms_svg(&graph, &rooms::PURE, &files));

    let mut table = String::from("| room | what it is | imports |\n| --- | --- | --- |\n");
    for room in rows(&graph).into_iter().flatten() {
        let is_file = files.contains(room);
        let path = if is_file { format!("src/{room}.rs") } else { format!("src/{room}/") };
        let imported = graph[room].iter().map(|other| format!("`{other}`")).collect::<Vec<_>>().join(", ");
        let sentence = first_sentence(room, is_file).replace('|', "\\|");
        writeln!(table, "| [`{path}`]({path}) | {sentence} | {imported} |").unwrap();
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("ARCHITECTURE.md");
    let text = std::fs::read_to_string(path).unwrap();
    let floors = rooms::FLOORS.map(|floor| format!("`{floor}`")).join(", ");
    let text = with_table(&text, "floors", &format!("{floors}\n"));
    assert_current("ARCHITECTURE.md", &with_table(&text, "rooms", &table));
}

/// Tests of the drawing on small input.
mod tests {
    use super::*;

    #[test]
    fn styles_and_columns_are_drawn() {
        let svg = terminal(&["a  \u{1b}[1;31mb<c\u{1b}[0m".to_owned()]);
        assert!(svg.contains("<text x=\"16\" y=\"30\" textLength=\"8\">a</text>"), "{svg}");
        let styled =
            "<text x=\"40\" y=\"30\" textLength=\"24\" font-weight=\"bold\" fill=\"#ff7b72\">b&lt;c</text>";
        assert!(svg.contains(styled), "{svg}");
    }

    #[test]
    fn imports_that_follow_from_others_are_left_out() {
        let graph = Graph::from([
            ("lib", BTreeSet::from(["top", "low"])),
            ("top", BTreeSet::from(["low"])),
            ("low", BTreeSet::new()),
        ]);
        let reduced = reduced(&graph);
        assert_eq!(reduced["lib"], BTreeSet::from(["top"]));
        assert_eq!(rows(&reduced), [vec!["lib"], vec!["top"], vec!["low"]]);
    }
}
