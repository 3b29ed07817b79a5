//! Keys, from a thread that reads the terminal.

use std::io;

use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use tokio::sync::mpsc;

use crate::commands::queue::steady::Steady;
use crate::queue::clock::SteadyTime;
use crate::queue::triage::Key;
use crate::system::until_gone;

/// What a terminal reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Pressed {
    /// A key, and when it was read.
    Key(Key, SteadyTime),
    /// Pasted text.
    Pasted(String),
    /// Ctrl-Z.
    Suspend,
    /// Ctrl-L.
    Redraw,
    /// The terminal has another size.
    Resized,
    /// The terminal is gone.
    Gone,
}

/// Reads the terminal until it is gone, which is the last report.
pub(super) fn listen(steady: Steady) -> io::Result<mpsc::UnboundedReceiver<Pressed>> {
    let (sender, keys) = mpsc::unbounded_channel();
    let gone = sender.clone();
    let read = move || {
        while let Ok(event) = event::read() {
            if pressed(event, steady.now()).is_some_and(|pressed| sender.send(pressed).is_err()) {
                return;
            }
        }
        drop(sender.send(Pressed::Gone));
    };
    std::thread::Builder::new().name("keys".to_owned()).spawn(read)?;
    // The reader does not notice: it takes the end of the input for a pause, and reads again and again.
    let watch = move || {
        until_gone();
        drop(gone.send(Pressed::Gone));
    };
    std::thread::Builder::new().name("terminal".to_owned()).spawn(watch)?;
    Ok(keys)
}

fn pressed(event: Event, now: SteadyTime) -> Option<Pressed> {
    match event {
        Event::Key(key) if key.kind == KeyEventKind::Press => of_key(key, now),
        Event::Paste(text) => Some(Pressed::Pasted(text)),
        Event::Resize(..) => Some(Pressed::Resized),
        Event::Key(_) | Event::FocusGained | Event::FocusLost | Event::Mouse(_) => None,
    }
}

fn of_key(event: KeyEvent, now: SteadyTime) -> Option<Pressed> {
    let control = event.modifiers.contains(KeyModifiers::CONTROL);
    // A character with another modifier is another key.
    if event.modifiers.intersects(KeyModifiers::ALT | KeyModifiers::META | KeyModifiers::SUPER) {
        return None;
    }
    let key = match event.code {
        KeyCode::Char('z') if control => return Some(Pressed::Suspend),
        KeyCode::Char('l') if control => return Some(Pressed::Redraw),
        KeyCode::Char(c) if control => Key::Ctrl(c),
        KeyCode::Char(c) => Key::Char(c),
        KeyCode::Enter => Key::Enter,
        KeyCode::Esc => Key::Escape,
        KeyCode::Backspace => Key::Backspace,
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        _ => return None,
    };
    Some(Pressed::Key(key, now))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: SteadyTime = SteadyTime::of_ms(7);

    #[test]
    fn events_are_read_as_keys() {
        let key = |code, modifiers| pressed(Event::Key(KeyEvent::new(code, modifiers)), NOW);
        let none = KeyModifiers::NONE;
        assert_eq!(key(KeyCode::Char('d'), none), Some(Pressed::Key(Key::Char('d'), NOW)));
        assert_eq!(key(KeyCode::Char('D'), KeyModifiers::SHIFT), Some(Pressed::Key(Key::Char('D'), NOW)));
        assert_eq!(key(KeyCode::Char('c'), KeyModifiers::CONTROL), Some(Pressed::Key(Key::Ctrl('c'), NOW)));
        assert_eq!(key(KeyCode::Char('z'), KeyModifiers::CONTROL), Some(Pressed::Suspend));
        assert_eq!(key(KeyCode::Char('d'), KeyModifiers::ALT), None, "not the key without the modifier");
        assert_eq!(pressed(Event::Paste("d".to_owned()), NOW), Some(Pressed::Pasted("d".to_owned())));
        let repeated = KeyEvent::new_with_kind(KeyCode::Char('d'), none, KeyEventKind::Repeat);
        assert_eq!(
            pressed(Event::Key(repeated), NOW),
            None,
            "a held key decides nothing, where the terminal reports it as held"
        );
        let released = KeyEvent::new_with_kind(KeyCode::Char('d'), none, KeyEventKind::Release);
        assert_eq!(pressed(Event::Key(released), NOW), None);
    }
}
