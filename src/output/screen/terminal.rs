//! The terminal while the screen is shown: raw mode, the alternate screen, and their end on every exit, also after a
//! panic.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::buffer::Buffer;
use ratatui::crossterm::cursor::{Hide, Show};
use ratatui::crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use ratatui::crossterm::queue;
use ratatui::crossterm::terminal::{
    DisableLineWrap, EnableLineWrap, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
    enable_raw_mode,
};
use ratatui::layout::{Rect, Size};

use super::Painter;
use crate::queue::clock::SteadyTime;
use crate::queue::triage::{Drawn, Triage};
use crate::system::own_file;

/// Whether a screen is shown. A panic in any thread ends it.
static SHOWN: AtomicBool = AtomicBool::new(false);

/// The terminal of the screen. Not ratatui's own: that asks the terminal for the place of the cursor, and the answer
/// arrives among the keys.
pub struct Surface<'o> {
    backend: CrosstermBackend<&'o mut dyn Write>,
    painter: Painter,
    /// What the terminal shows.
    shown: Buffer,
}

impl<'o> Surface<'o> {
    /// Shows an empty screen.
    pub fn open(out: &'o mut dyn Write, styled: bool) -> io::Result<Self> {
        let backend = CrosstermBackend::new(out);
        let mut surface = Self { backend, painter: Painter::new(styled), shown: Buffer::default() };
        surface.enter()?;
        Ok(surface)
    }

    /// Shows the screen again after [`Surface::leave`].
    pub fn enter(&mut self) -> io::Result<()> {
        if SHOWN.swap(true, Ordering::SeqCst) {
            // A shell that stopped and continued this process has changed the mode.
            disable_raw_mode()?;
        }
        enable_raw_mode()?;
        // No text wraps, however wide the terminal takes it to be.
        queue!(self.backend, EnterAlternateScreen, DisableLineWrap, EnableBracketedPaste, Hide)?;
        self.shown = Buffer::default();
        Write::flush(&mut self.backend)
    }

    /// Shows what was on the terminal before.
    pub fn leave(&mut self) -> io::Result<()> {
        if SHOWN.swap(false, Ordering::SeqCst) {
            let left = leave(&mut self.backend);
            // Also where nothing can be shown any more.
            disable_raw_mode()?;
            left?;
        }
        Ok(())
    }

    /// Draws the state. Only what changed is written.
    pub fn draw(&mut self, triage: &Triage, now: SteadyTime) -> io::Result<Drawn> {
        let Size { width, height } = self.backend.size()?;
        let area = Rect { x: 0, y: 0, width, height };
        if self.shown.area != area {
            self.backend.clear()?;
            self.shown = Buffer::empty(area);
        }
        let mut next = Buffer::empty(area);
        let drawn = self.painter.paint(&mut next, triage, now);
        self.backend.draw(self.shown.diff(&next).into_iter())?;
        Write::flush(&mut self.backend)?;
        self.shown = next;
        Ok(drawn)
    }
}

impl Drop for Surface<'_> {
    fn drop(&mut self) {
        // Errors are ignored: the terminal may be gone.
        drop(self.leave());
    }
}

fn leave(out: &mut impl Write) -> io::Result<()> {
    queue!(out, Show, DisableBracketedPaste, EnableLineWrap, LeaveAlternateScreen)?;
    out.flush()
}

/// Ends the screen, if one is shown, from any thread: before the message of a panic is printed.
pub fn restore() {
    if SHOWN.swap(false, Ordering::SeqCst) {
        // Not through the stream, which another thread may hold. Errors are ignored: the terminal may be gone.
        if let Ok(mut out) = own_file(&io::stdout()) {
            drop(leave(&mut out));
        }
        drop(disable_raw_mode());
    }
}
