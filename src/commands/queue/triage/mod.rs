//! `queue triage`: drives the state machine in `queue::triage` with a terminal and with gateways.
//!
//! This thread reads keys and draws: one key at a time, and the screen is drawn before the next one. Each gateway has a
//! thread of its own, so that a listing of thousands of prompts delays no key.

mod executing;
mod gateway;
mod input;
mod looking;
mod outcomes;
mod purging;
mod request;
mod signals;
mod suggesting;
mod watching;
mod worker;

use std::io;
use std::time::Duration;

use tokio::sync::mpsc;

use self::gateway::Message;
use self::input::Pressed;
pub use self::request::Request;
use self::signals::{Signaled, Signals, Stop};
use self::worker::Worker;
use super::QueueError;
use super::steady::Steady;
use crate::commands::gateway::passed;
use crate::commands::{Error, targets};
use crate::deadline::Deadline;
use crate::queue::clock::SteadyTime;
use crate::queue::triage::{Drawn, Effect, Input, Link, Triage};
use crate::report::exit::Exit;
use crate::settings::Flags;
use crate::system::discard_typed;

/// How long the threads of gateways may take to close their connections.
const CLOSING: Duration = Duration::from_millis(500);
/// How long the first answer may take before the screen is shown without it.
const APPEARS: Duration = Duration::from_millis(150);

/// A screen.
pub trait Screen {
    /// Draws the state.
    fn draw(&mut self, triage: &Triage, now: SteadyTime) -> io::Result<Drawn>;
    /// Shows the screen, at first and after [`Screen::leave`].
    fn enter(&mut self) -> io::Result<()>;
    /// Shows what was on the terminal before.
    fn leave(&mut self) -> io::Result<()>;
}

/// What the loop waited for.
enum Woken {
    Key(Option<Pressed>),
    Message(Message),
    Time,
    End,
    Signal(Signaled),
}

/// The end of a screen.
#[derive(Debug)]
pub struct Ended {
    /// The state, with every decision.
    pub triage: Triage,
    /// Whether the terminal was gone, so that a report may have no reader.
    pub gone: bool,
}

/// Shows the queues until the person quits, a signal arrives, the terminal is gone or `end` passes. The result has every
/// decision.
///
/// # Errors
/// The only gateway could not be connected at the start, or the terminal is unusable.
pub async fn run(
    request: &Request,
    targets: &[Flags],
    end: Option<Deadline>,
    screen: &mut dyn Screen,
) -> Result<Ended, Error> {
    let mut signals = Signals::listen().map_err(Error::of_signals)?;
    let (sender, mut messages) = mpsc::unbounded_channel();
    let names = targets.iter().map(targets::shown);
    let mut triage = Triage::new(names, request.read_only, request.sort);
    let steady = Steady::start();
    let workers = targets.iter().enumerate();
    let workers: Result<Vec<Worker>, Error> = workers
        .map(|(at, flags)| Worker::start(at, flags.clone(), request, steady, sender.clone()))
        .collect();
    let workers = workers?;
    drop(sender);
    // An error of the only gateway is the error of the command. If it comes at once, it needs no screen.
    let mut is_unheard = false;
    if let [only] = targets {
        // A secret is typed before the screen is shown.
        let appears = async {
            match only.ask {
                None => tokio::time::sleep(APPEARS).await,
                Some(_) => std::future::pending().await,
            }
        };
        tokio::pin!(appears);
        loop {
            tokio::select! {
                biased;
                message = messages.recv() => if first(&mut triage, message, steady)? {
                    break;
                },
                signal = signals.next() => match signal {
                    Signaled::End => return Err(QueueError::Stopped.into()),
                    Signaled::Stop => signals.stop(Stop::Process).await.map_err(Error::Runtime)?,
                    Signaled::Continued => {}
                },
                () = passed(end) => return Err(QueueError::Stopped.into()),
                () = &mut appears => {
                    is_unheard = true;
                    break;
                }
            }
        }
    }
    let mut driver =
        Driver { triage, steady, workers, signals, screen, end, gone: false, is_unheard, failed: None };
    let opened = driver.open();
    let opened = match opened {
        Ok(mut keys) => {
            driver.gone |= driver.stay(&mut keys, &mut messages).await.is_err();
            Ok(())
        }
        Err(error) => Err(error),
    };
    // A terminal that cannot be used any more is gone: what it showed before is restored as far as possible.
    driver.gone |= driver.screen.leave().is_err();
    let Driver { triage, workers, gone, is_unheard, failed, .. } = driver;
    worker::close(workers, &mut messages, CLOSING).await;
    opened.map_err(Error::Terminal)?;
    if is_unheard {
        return Err(failed.unwrap_or_else(|| QueueError::Stopped.into()));
    }
    Ok(Ended { triage, gone })
}

/// Handles a first message of the only gateway. `true`: it was listed.
fn first(triage: &mut Triage, message: Option<Message>, steady: Steady) -> Result<bool, Error> {
    match message {
        Some(Message::Input(input)) => {
            let is_heard = is_heard(&input);
            triage.handle(*input, steady.now());
            Ok(is_heard)
        }
        Some(Message::Failed(error)) => Err(error),
        Some(Message::Ended) | None => Err(QueueError::Stopped.into()),
    }
}

/// Whether an input shows that the first attempt is over.
fn is_heard(input: &Input) -> bool {
    !matches!(input, Input::Named(..) | Input::Linked(_, Link::Connecting | Link::Reading))
}

/// The state of the loop.
struct Driver<'s> {
    triage: Triage,
    steady: Steady,
    workers: Vec<Worker>,
    signals: Signals,
    screen: &'s mut dyn Screen,
    end: Option<Deadline>,
    gone: bool,
    /// Whether the only gateway has neither been listed nor failed yet.
    is_unheard: bool,
    /// Why the only gateway could not be connected at the start.
    failed: Option<Error>,
}

impl Driver<'_> {
    fn open(&mut self) -> io::Result<mpsc::UnboundedReceiver<Pressed>> {
        self.screen.enter()?;
        // What was typed before the screen is no answer to it.
        discard_typed();
        input::listen(self.steady)
    }

    /// Shows the state until the screen ends. An error is one of the terminal.
    async fn stay(
        &mut self,
        keys: &mut mpsc::UnboundedReceiver<Pressed>,
        messages: &mut mpsc::UnboundedReceiver<Message>,
    ) -> io::Result<()> {
        loop {
            let now = self.steady.now();
            self.triage.tick(now);
            if self.act() {
                return Ok(());
            }
            let drawn = self.screen.draw(&self.triage, now)?;
            self.triage.drawn(drawn);
            let until = self.triage.wakes_at().into_iter().chain(drawn.again_at(now)).min();
            let woken = self.wait(keys, messages, until).await;
            let now = self.steady.now();
            match woken {
                Woken::Key(Some(Pressed::Key(key, at))) => self.triage.handle(Input::Key(key), at),
                Woken::Key(Some(Pressed::Pasted(text))) => self.triage.handle(Input::Pasted(text), now),
                Woken::Key(Some(Pressed::Suspend)) => self.suspend(Stop::Group).await?,
                Woken::Signal(Signaled::Stop) => self.suspend(Stop::Process).await?,
                Woken::Key(Some(Pressed::Redraw)) => {
                    self.screen.enter()?;
                    discard_typed();
                }
                Woken::Signal(Signaled::Continued) => self.resume()?,
                Woken::Message(Message::Failed(error)) if self.is_unheard => {
                    self.failed = Some(error);
                    return Ok(());
                }
                Woken::Key(Some(Pressed::Resized))
                | Woken::Time
                | Woken::Message(Message::Failed(_) | Message::Ended) => {}
                // Without a terminal nobody sees the screen.
                Woken::Key(Some(Pressed::Gone) | None) => {
                    self.gone = true;
                    self.triage.handle(Input::Terminate, now);
                }
                Woken::End | Woken::Signal(Signaled::End) => self.triage.handle(Input::Terminate, now),
                Woken::Message(Message::Input(input)) => {
                    self.is_unheard &= !is_heard(&input);
                    self.triage.handle(*input, now);
                }
            }
        }
    }

    /// Carries out what the state machine asks for. `true`: the screen ends.
    fn act(&mut self) -> bool {
        while let Some(effect) = self.triage.next_effect() {
            let gateway = match &effect {
                Effect::Quit => return true,
                Effect::Send(order) => order.gateway,
                Effect::Plan(gateway, ..) | Effect::Propose(gateway, _) | Effect::Drop(gateway, _) => {
                    *gateway
                }
                Effect::Look(row, _) => row.gateway,
            };
            if let Some(worker) = self.workers.get(gateway) {
                worker.give(effect);
            }
        }
        false
    }

    async fn wait(
        &mut self,
        keys: &mut mpsc::UnboundedReceiver<Pressed>,
        messages: &mut mpsc::UnboundedReceiver<Message>,
        until: Option<SteadyTime>,
    ) -> Woken {
        let steady = self.steady;
        let due = async {
            match until {
                Some(until) => tokio::time::sleep(steady.until(until).max(Duration::from_millis(1))).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = passed(self.end) => Woken::End,
            signal = self.signals.next() => Woken::Signal(signal),
            key = keys.recv() => Woken::Key(key),
            Some(message) = messages.recv() => Woken::Message(message),
            () = due => Woken::Time,
        }
    }

    /// Shows what was on the terminal before, stops, and shows the screen again when the process continues.
    async fn suspend(&mut self, stop: Stop) -> io::Result<()> {
        self.screen.leave()?;
        self.signals.stop(stop).await?;
        self.resume()
    }

    fn resume(&mut self) -> io::Result<()> {
        self.screen.enter()?;
        discard_typed();
        self.triage.handle(Input::Resumed, self.steady.now());
        Ok(())
    }
}

/// The exit code: partly if a decision failed, was not answered or was not sent.
pub fn exit(triage: &Triage) -> Exit {
    let failed = triage.done().iter().any(|done| !done.outcome.is_over());
    let not_added = triage.added().iter().any(|(_, added)| added.is_err());
    let left = !triage.is_answered() || triage.unsent() > 0;
    if failed || not_added || left { Exit::Partly } else { Exit::Done }
}
