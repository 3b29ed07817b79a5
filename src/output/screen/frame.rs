//! The frame of the screen: the line at the top, gateways that are not connected, the lines at the bottom.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};

use super::super::escape::{columns, escaped, name, shortened};
use super::Painter;
use super::words;
use crate::queue::clock::SteadyTime;
use crate::queue::triage::{Gateway, Link, Triage};

/// Text without a style.
pub(super) const PLAIN: Style = Style::new();
/// Clearance's own headings.
pub(super) const BOLD: Style = Style::new().add_modifier(Modifier::BOLD);
/// What is over.
pub(super) const DIM: Style = Style::new().add_modifier(Modifier::DIM);
/// The row under the cursor.
pub(super) const REVERSED: Style = Style::new().add_modifier(Modifier::REVERSED);

/// Writes a line of clearance's own words and marked text at a line of an area, as far as it fits.
pub(super) fn put(buffer: &mut Buffer, area: Rect, line: u16, text: &str, style: Style) {
    if line < area.height {
        buffer.set_stringn(area.x, area.y + line, text, usize::from(area.width), style);
    }
}

/// Draws the rule between the list and the prompt.
pub(super) fn rule(buffer: &mut Buffer, area: Rect) {
    let symbol = if area.width == 1 { "│" } else { "─" };
    for y in area.top()..area.bottom() {
        for x in area.left()..area.right() {
            buffer.set_stringn(x, y, symbol, 1, DIM);
        }
    }
}

impl Painter {
    /// A style with a colour, if there are colours.
    pub(super) fn red(&self, style: Style) -> Style {
        if self.styled { style.fg(Color::Red) } else { style }
    }

    /// Draws the lines at the top, and returns how many there are.
    pub(super) fn head(
        &self,
        buffer: &mut Buffer,
        area: Rect,
        triage: &Triage,
        now: SteadyTime,
        again_ms: &mut Option<u64>,
    ) -> u16 {
        let room = usize::from(area.width);
        put(buffer, area, 0, &shortened(&words::head(triage, room), room), BOLD);
        let most = (area.height / 5).max(1);
        let away: Vec<&Gateway> =
            triage.gateways().iter().filter(|gateway| gateway.link != Link::Up).collect();
        let mut line = 1;
        for (at, gateway) in away.iter().enumerate() {
            let left = away.len() - at;
            if line == most && left > 1 {
                put(buffer, area, line, &format!("! {left} more gateways are not connected"), BOLD);
                line += 1;
                break;
            }
            let style = if matches!(gateway.link, Link::Lost { .. }) { self.red(BOLD) } else { BOLD };
            put(buffer, area, line, &link(gateway, now, room), style);
            sooner(again_ms, matches!(gateway.link, Link::Lost { .. }).then_some(1_000));
            line += 1;
        }
        let partial = triage.gateways().iter().find_map(|gateway| gateway.partial());
        if let Some(partial) = partial.filter(|_| line < most) {
            put(buffer, area, line, &shortened(&format!("! {}", escaped(partial)), room), PLAIN);
            line += 1;
        }
        line
    }

    /// Draws the lines at the bottom, and returns how many there are.
    pub(super) fn foot(&self, buffer: &mut Buffer, area: Rect, triage: &Triage) -> u16 {
        let room = usize::from(area.width);
        let (notice, bad) = words::notice(triage);
        let style = if bad { self.red(BOLD) } else { BOLD };
        put(buffer, area, area.height - 2, &shortened(&notice, room), style);
        put(buffer, area, area.height - 1, &fitting(words::hints(triage), room), DIM);
        2
    }
}

/// As many hints as fit, with two spaces between them.
fn fitting(hints: &[&str], room: usize) -> String {
    let mut line = String::new();
    for hint in hints {
        if !line.is_empty() && columns(&line) + 2 + columns(hint) > room {
            break;
        }
        if !line.is_empty() {
            line.push_str("  ");
        }
        line.push_str(hint);
    }
    line
}

/// The connection of a gateway. What is too long is cut out of the cause.
fn link(gateway: &Gateway, now: SteadyTime, room: usize) -> String {
    let shown = shortened(&name(&gateway.name), room / 3);
    match &gateway.link {
        Link::Up => shown,
        Link::Connecting => format!("! {shown}: connecting"),
        Link::Reading => format!("! {shown}: connected; reading the prompts"),
        Link::Lost { cause, remedy, retry_at } => {
            let seconds = retry_at.since(now).div_ceil(1_000);
            let head = format!("! {shown}: not connected (retry in {seconds}s): ");
            let remedy =
                remedy.as_deref().map_or_else(String::new, |remedy| format!("; {}", escaped(remedy)));
            let left = room.saturating_sub(columns(&head)).max(8);
            format!("{head}{}", shortened(&format!("{}{remedy}", escaped(cause)), left))
        }
    }
}

/// Notes that the screen changes by itself after this time.
pub(super) fn sooner(again_ms: &mut Option<u64>, ms: Option<u64>) {
    *again_ms = (*again_ms).into_iter().chain(ms).min();
}
