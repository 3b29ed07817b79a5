//! The events of a guard that hooks and notices are for.

use super::line::Event;
use super::protocol::Note;

/// An event, with its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trigger {
    /// A prompt is pending for longer than this, in milliseconds.
    Older(u64),
    /// More prompts than this are pending.
    Queue(usize),
    /// The circuit breaker has opened.
    Breaker,
    /// A group is denied repeatedly.
    Offender,
}

impl Trigger {
    /// Whether a line reports this event.
    pub fn is(self, event: &Event) -> bool {
        match (self, event) {
            (Self::Older(limit_ms), Event::Note(Note::Older(older), _)) => older.limit_ms == limit_ms,
            (Self::Queue(limit), Event::Note(Note::Long(long), _)) => long.limit == limit,
            (Self::Breaker, Event::Note(Note::Opened { .. }, _))
            | (Self::Offender, Event::Note(Note::Offender(_), _)) => true,
            (Self::Older(_) | Self::Queue(_) | Self::Breaker | Self::Offender, _) => false,
        }
    }
}
