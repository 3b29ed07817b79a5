//! The signals that matter to a screen: those that end it, those that stop the process, and the one that continues it.

use std::io;
use std::time::Duration;

use crate::system::{Kind, Signal, listen, stop_group, stop_process};

/// How long a stop of the process may take to begin.
const STOPPING: Duration = Duration::from_millis(100);

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signaled {
    /// The screen is to end.
    End,
    /// The process is to stop until it is continued.
    Stop,
    /// The process was continued.
    Continued,
}

/// What stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// This process: a signal was sent to it.
    Process,
    /// Its process group, as after Ctrl-Z in a terminal that is not in raw mode.
    Group,
}

/// The signals.
pub(super) struct Signals {
    terminated: Signal,
    interrupted: Signal,
    quit: Signal,
    hung_up: Signal,
    stopped: Signal,
    continued: Signal,
}

impl Signals {
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self {
            terminated: listen(Kind::Terminate)?,
            interrupted: listen(Kind::Interrupt)?,
            quit: listen(Kind::Quit)?,
            hung_up: listen(Kind::Hangup)?,
            stopped: listen(Kind::Stop)?,
            continued: listen(Kind::Continue)?,
        })
    }

    /// Waits for a signal.
    pub(super) async fn next(&mut self) -> Signaled {
        tokio::select! {
            biased;
            _ = self.continued.recv() => Signaled::Continued,
            _ = self.terminated.recv() => Signaled::End,
            _ = self.interrupted.recv() => Signaled::End,
            _ = self.quit.recv() => Signaled::End,
            _ = self.hung_up.recv() => Signaled::End,
            _ = self.stopped.recv() => Signaled::Stop,
        }
    }

    /// Stops until the process is continued. Where no shell could continue it, it does not stop, as if the signal had its
    /// usual effect.
    pub(super) async fn stop(&mut self, stop: Stop) -> io::Result<()> {
        match stop {
            Stop::Process => stop_process()?,
            Stop::Group => stop_group()?,
        }
        // The stop begins at some time after the call.
        tokio::select! {
            biased;
            _ = self.continued.recv() => {}
            () = tokio::time::sleep(STOPPING) => {}
        }
        Ok(())
    }
}
