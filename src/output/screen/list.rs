//! The list: one line for each group.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::super::escape::{columns, excerpt, name, padded, shortened};
use super::frame::{BOLD, DIM, PLAIN, REVERSED, put, sooner};
use super::{Painter, words};
use crate::queue::clock::SteadyTime;
use crate::queue::filter::subject;
use crate::queue::triage::{Row, Status, Triage};

/// The height from which the columns have names.
const NAMED: u16 = 8;
/// The widths of the columns, with the space behind them: count, age, expiry.
const COUNT: usize = 6;
const AGE: usize = 5;
const EXPIRY: usize = 8;
/// The width of the command below which a status is short.
const SHORT: usize = 40;
/// The remaining lifetime, in milliseconds, below which it is shown in red.
const SOON_MS: u64 = 60_000;

/// The widths of a list.
#[derive(Clone, Copy)]
struct Widths {
    gateway: usize,
    agent: usize,
    command: usize,
}

impl Widths {
    fn of(width: u16, several: bool) -> Self {
        let left = usize::from(width).saturating_sub(2 + COUNT + AGE + EXPIRY);
        let agent = (left / 5).clamp(8, 16);
        let gateway = if several { (left / 6).clamp(8, 16) } else { 0 };
        Self { gateway, agent, command: left.saturating_sub(agent + gateway) }
    }
}

impl Painter {
    /// Draws the list, and returns how many rows fit.
    pub(super) fn list(
        &mut self,
        buffer: &mut Buffer,
        area: Rect,
        triage: &Triage,
        now: SteadyTime,
        again_ms: &mut Option<u64>,
    ) -> usize {
        let widths = Widths::of(area.width, triage.gateways().len() > 1);
        let named = area.height >= NAMED;
        if named {
            put(buffer, area, 0, &names(widths), DIM);
        }
        let first = u16::from(named);
        let fit = usize::from(area.height - first).max(1);
        if triage.is_empty() {
            put(buffer, area, first, nothing(triage), PLAIN);
            return fit;
        }
        let top = triage.top_with(fit);
        for (at, row) in triage.rows_from(top).take(fit).enumerate() {
            let line = first + u16::try_from(at).unwrap_or(u16::MAX - 1);
            let is_cursor = top + at == triage.place();
            let (head, soon) = head(triage, row, now, widths, is_cursor);
            sooner(again_ms, changes_ms(row, triage, now));
            let status = words::status(triage, row, now, widths.command < SHORT);
            let room =
                widths.command.saturating_sub(if status.is_empty() { 0 } else { columns(&status) + 2 });
            let command = self.command(row, room);
            let style = self.style(row, is_cursor, soon);
            let shown =
                if status.is_empty() { command } else { format!("{}  {status}", padded(&command, room)) };
            let whole = format!("{head}{shown}");
            put(buffer, area, line, &padded(&whole, usize::from(area.width)), style);
        }
        fit
    }

    fn style(&self, row: &Row, is_cursor: bool, soon: bool) -> Style {
        let style = match row.status() {
            Status::Over(_) => DIM,
            Status::Failed(_) => self.red(PLAIN),
            _ if soon => self.red(PLAIN),
            _ if row.tagged => BOLD,
            _ => PLAIN,
        };
        if is_cursor { style.patch(REVERSED) } else { style }
    }

    /// The command of a row, or its head and tail.
    fn command(&mut self, row: &Row, room: usize) -> String {
        let Some(lead) = row.lead() else { return String::new() };
        let command = self.commands.entry((row.id, room));
        command.or_insert_with(|| excerpt(subject(lead), room).0).clone()
    }
}

fn nothing(triage: &Triage) -> &'static str {
    if triage.is_connecting() {
        "  Listing the pending prompts …"
    } else if triage.filter().is_empty() {
        "  Nothing is pending."
    } else {
        "  No row matches the filter."
    }
}

fn names(widths: Widths) -> String {
    let gateway = if widths.gateway > 0 { padded("GATEWAY", widths.gateway) } else { String::new() };
    let cells = [
        padded("COUNT", COUNT),
        padded("AGE", AGE),
        padded("EXPIRES", EXPIRY),
        gateway,
        padded("AGENT", widths.agent),
        "COMMAND".to_owned(),
    ];
    format!("  {}", cells.concat())
}

/// The columns before the command, and whether the row expires soon.
fn head(triage: &Triage, row: &Row, now: SteadyTime, widths: Widths, is_cursor: bool) -> (String, bool) {
    let now_ms = triage.gateway_now(row.id.gateway, now).as_ms();
    let cell = |text: &str, width: usize| padded(&shortened(text, width.saturating_sub(1)), width);
    let count = row.open().max(usize::from(row.open() == 0) * row.members.len());
    let age =
        row.oldest_ms().map_or_else(String::new, |created| words::brief(now_ms.saturating_sub(created)));
    let left = row.lead().map(|lead| lead.expires_at_ms.saturating_sub(now_ms)).unwrap_or_default();
    let expires = if left == 0 { "expired".to_owned() } else { format!("in {}", words::brief(left)) };
    let agent = row.lead().and_then(|lead| lead.agent.as_deref()).map_or_else(|| "-".to_owned(), name);
    let gateway = match widths.gateway {
        0 => String::new(),
        width => {
            let gateway = triage.gateways().get(row.id.gateway).map_or("-", |gateway| &gateway.name);
            cell(&name(gateway), width)
        }
    };
    let cursor = if is_cursor { '>' } else { ' ' };
    let tag = if row.tagged { '*' } else { ' ' };
    let cells = [
        cell(&format!("{count}x"), COUNT),
        cell(&age, AGE),
        cell(&expires, EXPIRY),
        gateway,
        cell(&agent, widths.agent),
    ];
    (format!("{cursor}{tag}{}", cells.concat()), left < SOON_MS)
}

/// After how many milliseconds the line of a row changes.
fn changes_ms(row: &Row, triage: &Triage, now: SteadyTime) -> Option<u64> {
    const MINUTE_MS: u64 = 60_000;
    let now_ms = triage.gateway_now(row.id.gateway, now).as_ms();
    match row.status() {
        Status::Queued(_) => Some(1_000),
        Status::Over(_) => None,
        _ => {
            let age = now_ms.saturating_sub(row.oldest_ms().unwrap_or(now_ms));
            let left = row.lead().map(|lead| lead.expires_at_ms.saturating_sub(now_ms)).unwrap_or_default();
            let seconds = age < MINUTE_MS || left > 0 && left < MINUTE_MS;
            Some(if seconds { 1_000 } else { MINUTE_MS / 4 })
        }
    }
}
