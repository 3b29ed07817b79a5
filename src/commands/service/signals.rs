//! Signals, and notifications to systemd where it has started the command.

use std::time::Duration;

use tokio::time::{Interval, MissedTickBehavior};

use crate::commands::Error;
use crate::system::{self, Kind, Notice, notify};

/// A signal to a command that stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::commands) enum Signal {
    /// SIGINT (Ctrl-C) or SIGTERM.
    Stop,
    /// SIGHUP.
    Reload,
    /// It is time to notify the watchdog.
    Alive,
}

/// The signals of a service.
#[derive(Debug)]
pub(in crate::commands) struct Service {
    terminate: system::Signal,
    interrupt: system::Signal,
    hangup: system::Signal,
    watchdog: Option<Interval>,
}

impl Service {
    /// Starts to listen. From now on only these methods receive the signals.
    pub(in crate::commands) fn new() -> Result<Self, Error> {
        let listen = |kind| system::listen(kind).map_err(Error::of_signals);
        // Twice in the time after which systemd would consider the command dead.
        let watchdog = system::watchdog_period().filter(|period| !period.is_zero()).map(|period| {
            let mut interval = tokio::time::interval((period / 2).max(Duration::from_millis(1)));
            interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
            interval
        });
        Ok(Self {
            terminate: listen(Kind::Terminate)?,
            interrupt: listen(Kind::Interrupt)?,
            hangup: listen(Kind::Hangup)?,
            watchdog,
        })
    }

    /// Waits for the next signal.
    pub(in crate::commands) async fn signal(&mut self) -> Signal {
        let alive = async {
            match &mut self.watchdog {
                Some(watchdog) => {
                    watchdog.tick().await;
                }
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.terminate.recv() => Signal::Stop,
            _ = self.interrupt.recv() => Signal::Stop,
            _ = self.hangup.recv() => Signal::Reload,
            () = alive => Signal::Alive,
        }
    }

    pub(in crate::commands) fn ready(&self) {
        self.notify(Notice::Ready);
    }

    pub(in crate::commands) fn alive(&self) {
        self.notify(Notice::Alive);
    }

    pub(in crate::commands) fn stopping(&self) {
        self.notify(Notice::Stopping);
    }

    pub(in crate::commands) fn reloading(&self) {
        self.notify(Notice::Reloading);
    }

    #[expect(clippy::unused_self, reason = "only what listens to signals is a service")]
    fn notify(&self, notice: Notice) {
        notify(notice);
    }
}
