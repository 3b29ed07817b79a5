//! `queue triage`: the screen, and the report after it.

use std::io::{self, IsTerminal};
use std::time::Duration;

use super::super::access::flags;
use crate::cli::queue::Triage as Args;
use crate::commands::Error;
use crate::commands::gateway as gateways;
use crate::commands::queue::QueueError;
use crate::commands::queue::triage::{self, Request, Screen};
use crate::commands::targets::{Targets, shown};
use crate::deadline::Deadline;
use crate::output::{self, Paper, Surface};
use crate::queue::clock::SteadyTime;
use crate::queue::triage::{Drawn, Triage};
use crate::report::exit::Exit;
use crate::settings::{Environment, Warnings};
use crate::streams::Streams;
use crate::system::discard_output;

/// A screen on standard output, which is opened when it is shown for the first time.
struct Shown<'o> {
    surface: Option<Surface<'o>>,
    out: Option<&'o mut dyn io::Write>,
    styled: bool,
}

impl Screen for Shown<'_> {
    fn draw(&mut self, triage: &Triage, now: SteadyTime) -> io::Result<Drawn> {
        self.surface.as_mut().map_or_else(|| Ok(Drawn::default()), |surface| surface.draw(triage, now))
    }

    fn enter(&mut self) -> io::Result<()> {
        match (&mut self.surface, self.out.take()) {
            (Some(surface), _) => surface.enter(),
            (None, Some(out)) => {
                self.surface = Some(Surface::open(out, self.styled)?);
                Ok(())
            }
            (None, None) => Ok(()),
        }
    }

    fn leave(&mut self) -> io::Result<()> {
        self.surface.as_mut().map_or(Ok(()), Surface::leave)
    }
}

/// `queue triage`. `end`: `--timeout`, if given; `step`: the timeout of one call.
pub fn triage(
    args: Args,
    end: Option<Deadline>,
    step: Duration,
    streams: &mut Streams<'_>,
) -> anyhow::Result<Exit> {
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return Err(Error::from(QueueError::NoScreen).into());
    }
    let reading = end.unwrap_or_else(|| Deadline::after(step));
    // Nothing is printed beside the screen: each connection is a line of it.
    let mut access = flags(None, args.access, true);
    access.warnings = Warnings::default();
    let targets = Targets { names: args.gateway, all: args.all_gateways, access };
    let targets = targets.find(&Environment::of_process(), reading)?;
    if let (Some(_), [one, other, ..]) = (&args.programs, &targets[..]) {
        let names = [one, other].map(shown);
        return Err(Error::TwoGateways { flag: "--programs", names }.into());
    }
    let request =
        Request { read_only: args.read_only, scope: args.by, sort: args.sort, programs: args.programs, step };
    let paper = Paper::of(&io::stdout());
    let Streams { out, .. } = streams;
    let mut screen = Shown { surface: None, out: Some(&mut **out), styled: paper.styled };
    let ended = gateways::run(triage::run(&request, &targets, end, &mut screen));
    drop(screen);
    let triage::Ended { triage: ended, gone } = ended?;
    let written = output::triage_text(streams.out, &ended, paper).and_then(|()| streams.out.flush());
    if gone && written.is_err() {
        // The terminal is gone, and that is no failure.
        discard_output()?;
    } else {
        written?;
    }
    Ok(triage::exit(&ended))
}
