//! The screen of `queue triage`: the list, the prompt under the cursor, and questions.
//!
//! Each line begins with clearance's own characters; text of prompts is marked, shortened or wrapped as everywhere
//! ([`super::escape`]), and always behind a label, a gutter or other columns. The terminal wraps no line by itself.

mod answers;
mod detail;
mod frame;
mod list;
mod overlay;
mod painter;
mod proposals;
mod terminal;
#[cfg(test)]
mod tests;
mod words;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use self::frame::put;
use crate::queue::clock::SteadyTime;
use crate::queue::triage::{Drawn, Mode, Triage};

pub use self::answers::triage_text;
pub use self::painter::Painter;
pub use self::terminal::{Surface, restore};

/// The width from which the prompt is shown beside the list, in columns.
const BESIDE: u16 = 100;
/// The smallest screen.
const SMALLEST: (u16, u16) = (20, 4);

impl Painter {
    /// Draws the screen into a buffer.
    pub fn paint(&mut self, buffer: &mut Buffer, triage: &Triage, now: SteadyTime) -> Drawn {
        let area = buffer.area;
        if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
            put(buffer, area, 0, "too small", frame::PLAIN);
            return Drawn { fit: 1, ..Drawn::default() };
        }
        self.forget();
        let mut again_ms = None;
        let top = self.head(buffer, area, triage, now, &mut again_ms);
        let foot = self.foot(buffer, area, triage);
        let body = Rect { y: area.y + top, height: area.height.saturating_sub(top + foot), ..area };
        match triage.mode() {
            Mode::List | Mode::Filter | Mode::Ending => {
                let (list, rule, detail) = split(body, triage.gateways().len() > 1);
                let fit = self.list(buffer, list, triage, now, &mut again_ms);
                frame::rule(buffer, rule);
                if let Some(row) = triage.current().filter(|_| detail.height > 0) {
                    detail::draw(buffer, detail, triage, row, now);
                }
                Drawn { fit, beyond: 0, again_ms }
            }
            Mode::Help { scroll } | Mode::Text { scroll } | Mode::Question { scroll, .. } => {
                self.overlay(buffer, body, triage, now, (*scroll, again_ms))
            }
        }
    }
}

/// The places of the list, of the rule, and of the prompt under the cursor: beside the list, or below it. `several`: the
/// list has a column of gateways.
fn split(body: Rect, several: bool) -> (Rect, Rect, Rect) {
    if body.width >= BESIDE {
        let part = if several { body.width / 5 * 3 } else { body.width / 2 };
        let list = Rect { width: part.min(90), ..body };
        let rule = Rect { x: list.right(), width: 1, ..body };
        let left = body.width.saturating_sub(list.width + 1);
        (list, rule, Rect { x: rule.right(), width: left, ..body })
    } else if body.height < 6 {
        let nothing = Rect { height: 0, ..body };
        (body, nothing, nothing)
    } else {
        let list = Rect { height: (body.height * 2 / 5).max(3), ..body };
        let rule = Rect { y: list.bottom(), height: 1, ..body };
        let left = body.height.saturating_sub(list.height + 1);
        (list, rule, Rect { y: rule.bottom(), height: left, ..body })
    }
}
