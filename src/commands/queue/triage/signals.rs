//! The signals that matter to a screen: those that end it, those that stop the process, and the one that continues it.

use std::fs::File;
use std::io::{self, Read};
use std::time::Duration;

use rustix::process::{
    Pid, Signal as Os, getpgid, getpgrp, getpid, getppid, getsid, kill_current_process_group, kill_process,
};
use tokio::signal::unix::{Signal, SignalKind, signal};

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
            terminated: signal(SignalKind::terminate())?,
            interrupted: signal(SignalKind::interrupt())?,
            quit: signal(SignalKind::quit())?,
            hung_up: signal(SignalKind::hangup())?,
            stopped: signal(SignalKind::from_raw(Os::TSTP.as_raw()))?,
            continued: signal(SignalKind::from_raw(Os::CONT.as_raw()))?,
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

    /// Stops until the process is continued. Where nobody could continue it, it does not stop, as if the signal had its
    /// usual effect.
    pub(super) async fn stop(&mut self, stop: Stop) -> io::Result<()> {
        if !is_under_job_control() {
            return Ok(());
        }
        // Not the signal that asks for it: that one is caught here.
        match stop {
            Stop::Process => kill_process(getpid(), Os::STOP)?,
            Stop::Group => kill_current_process_group(Os::STOP)?,
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

/// Whether somebody may continue this process: one of its ancestors is outside its process group and in its session, as a
/// shell with job control is. The system calls other groups orphaned, and does not stop them.
fn is_under_job_control() -> bool {
    let (group, session) = (getpgrp(), getsid(None).ok());
    let mut ancestor = getppid();
    while let Some(process) = ancestor {
        if getsid(Some(process)).ok() != session {
            return false;
        }
        match getpgid(Some(process)) {
            Ok(of) if of == group => ancestor = parent(process),
            Ok(_) => return true,
            Err(_) => return false,
        }
    }
    false
}

/// The parent of a process.
fn parent(process: Pid) -> Option<Pid> {
    const LONGEST: u64 = 4_096;
    let mut status = Vec::new();
    let file = File::open(format!("/proc/{}/stat", process.as_raw_pid())).ok()?;
    file.take(LONGEST).read_to_end(&mut status).ok()?;
    let status = String::from_utf8_lossy(&status);
    // The name before the parenthesis may contain anything.
    let (_, rest) = status.rsplit_once(')')?;
    Pid::from_raw(rest.split_whitespace().nth(1)?.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parent_of_a_process_is_read() {
        assert_eq!(parent(getpid()), getppid());
    }
}
