//! Signals, and notifications to systemd where it has started the command.

use std::time::Duration;

use sd_notify::NotifyState;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{Interval, MissedTickBehavior};

use crate::commands::Error;

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
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
    hangup: tokio::signal::unix::Signal,
    watchdog: Option<Interval>,
}

impl Service {
    /// Starts to listen. From now on only these methods receive the signals.
    pub(in crate::commands) fn new() -> Result<Self, Error> {
        let listen = |kind| signal(kind).map_err(Error::Runtime);
        // Twice in the time after which systemd would consider the command dead.
        let watchdog = sd_notify::watchdog_enabled().filter(|period| !period.is_zero()).map(|period| {
            let mut interval = tokio::time::interval((period / 2).max(Duration::from_millis(1)));
            interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
            interval
        });
        Ok(Self {
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
            hangup: listen(SignalKind::hangup())?,
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
        self.notify(&[NotifyState::Ready]);
    }

    pub(in crate::commands) fn alive(&self) {
        self.notify(&[NotifyState::Watchdog]);
    }

    pub(in crate::commands) fn stopping(&self) {
        self.notify(&[NotifyState::Stopping]);
    }

    pub(in crate::commands) fn reloading(&self) {
        // systemd needs to know which of several reloads this is.
        match NotifyState::monotonic_usec_now() {
            Ok(now) => self.notify(&[NotifyState::Reloading, now]),
            Err(_) => self.notify(&[NotifyState::Reloading]),
        }
    }

    #[expect(clippy::unused_self, reason = "only what listens to signals is a service")]
    fn notify(&self, states: &[NotifyState<'_>]) {
        // Without systemd nobody is notified, and a command does not end for that.
        drop(sd_notify::notify(states));
    }
}
