//! Lists that stay (`--watch`): on a terminal a screen that is drawn again, elsewhere one line per change.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use crate::commands::live::Shown;
use crate::output::{self, Paper};
use crate::streams::Streams;

/// The redraw period: ages are shown in seconds.
const REDRAW: Duration = Duration::from_secs(1);
/// The silence of a gateway after which a note is shown.
const QUIET: Duration = Duration::from_secs(5);

/// The redraw period of standard output; `None`: it gets one line per change.
pub fn redraw(ndjson: bool) -> Option<Duration> {
    (io::stdout().is_terminal() && !ndjson).then_some(REDRAW)
}

/// How a list is printed.
pub trait Printed<R> {
    /// Draws the list on a screen of this many lines.
    fn screen(
        &mut self,
        out: &mut dyn Write,
        report: &R,
        lines: usize,
        status: Option<&str>,
    ) -> io::Result<()>;

    /// Prints what has changed since the last call: the changes to `out`, notes to `err`.
    fn changes(&mut self, out: &mut dyn Write, err: &mut dyn Write, report: &R) -> io::Result<()>;
}

/// The output of a list that stays.
pub struct Output<'o, P> {
    screen: output::Screen<'o>,
    err: &'o mut dyn Write,
    on_terminal: bool,
    printed: P,
    /// The cause that was reported for the lost connection.
    lost: Option<String>,
    result: io::Result<()>,
}

impl<'o, P> Output<'o, P> {
    /// The output to these streams.
    pub fn new(streams: &'o mut Streams<'_>, on_terminal: bool, printed: P) -> Self {
        let Streams { out, err, .. } = streams;
        let screen = output::Screen::new(*out);
        Self { screen, err: *err, on_terminal, printed, lost: None, result: Ok(()) }
    }

    /// Shows a list. `false`: the output is closed, and there is no use in going on.
    pub fn show<R>(&mut self, shown: &Shown<'_, R>) -> bool
    where
        P: Printed<R>,
    {
        let printed = if self.on_terminal { self.draw(shown) } else { self.print(shown) };
        self.result = printed.and_then(|()| self.screen.out().flush());
        self.result.is_ok()
    }

    /// Restores the terminal. The error: the output could not be written.
    pub fn finish(self) -> io::Result<()> {
        self.result
    }

    fn draw<R>(&mut self, shown: &Shown<'_, R>) -> io::Result<()>
    where
        P: Printed<R>,
    {
        let status = status(shown.quiet, shown.lost);
        let lines = terminal_size::terminal_size_of(io::stdout()).map_or(24, |(_, lines)| lines.0);
        // One write for a whole screen, so that no half of it is ever shown.
        let mut drawn = Vec::new();
        self.printed.screen(&mut drawn, shown.report, usize::from(lines), status.as_deref())?;
        self.screen.open()?.write_all(&drawn)
    }

    fn print<R>(&mut self, shown: &Shown<'_, R>) -> io::Result<()>
    where
        P: Printed<R>,
    {
        let paper = Paper::of(&io::stderr());
        if shown.lost != self.lost.as_deref() {
            self.lost = shown.lost.map(str::to_owned);
            output::connection_text(self.err, shown.lost, paper)?;
            self.err.flush()?;
        }
        if shown.changed {
            self.printed.changes(self.screen.out(), self.err, shown.report)?;
        }
        Ok(())
    }
}

fn status(quiet: Duration, lost: Option<&str>) -> Option<String> {
    let seconds = quiet.as_secs();
    match lost {
        Some(cause) => Some(format!("Connection lost {seconds}s ago, reconnecting: {cause}")),
        None => (quiet > QUIET).then(|| format!("No answer from the gateway for {seconds}s.")),
    }
}
