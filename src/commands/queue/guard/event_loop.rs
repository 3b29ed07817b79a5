//! The loop of one connection: events go to the state machine in `queue`, and the requests that it asks for are
//! started. Their answers are read in `answers`.
//!
//! Nothing happens between the decision on a prompt and the writing of its denial: lines are printed afterwards.

use std::borrow::Cow;
use std::collections::HashMap;
use std::future::poll_fn;
use std::task::Poll;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::super::deciding::{Sending, Way};
use super::super::steady::Steady;
use super::calls::{check, deny, list};
use super::connection::{ConnectionLoop, LoopExit};
use super::out::local_time;
use super::state::Watch;
use crate::backoff::Backoff;
use crate::commands::gateway::Connection;
use crate::deadline::Deadline;
use crate::gateway::api::events::Event;
use crate::gateway::api::prompts;
use crate::queue::Key;
use crate::queue::clock::SteadyTime;
use crate::queue::denials::Answer;
use crate::queue::guard::line::{self, Timing};
use crate::queue::guard::{DenialCost, Input, Next, Note};
use crate::queue::report::SkipReason;

/// How long requests in flight may take after the order to stop.
const DRAINING: Duration = Duration::from_secs(5);
/// The clock jump, in milliseconds, after which the guard reconnects.
const JUMP_MS: u64 = 5_000;
/// The maximum number of events that are handled before the next step.
const AT_ONCE: usize = 64;

/// The wait of the loop.
enum Waiting {
    /// Wait for an event, or until this time of the steady clock.
    Until(Option<SteadyTime>),
    /// Nothing is left to do.
    Over,
}

/// Guards over one connection until it ends.
pub(super) async fn run(
    watch: &mut Watch<'_, '_>,
    mut connection: Connection,
    backoff: &mut Backoff,
) -> LoopExit {
    let ended = match (connection.take_events(), connection.session()) {
        (Some(mut events), Some(session)) => {
            let kinds = connection.capabilities(false).listed_kinds().collect();
            let partial = connection.lacks("operator.admin").then(|| {
                "operator.admin was not granted, so the gateway lists only what this client may review"
                    .to_owned()
            });
            let starts_turn = connection.capabilities(false).denial_starts_turn;
            let cost = if starts_turn { DenialCost::AgentTurn } else { DenialCost::Nothing };
            let tuning = &watch.request.tuning;
            let connected = line::Event::Connected {
                address: connection.address().to_owned(),
                version: connection.version().map(str::to_owned),
                legacy: cost == DenialCost::AgentTurn,
                partial,
                throttle: tuning.throttle(cost),
                repeats: (cost == DenialCost::AgentTurn).then_some(tuning.repeats),
            };
            watch.out.emit(&watch.name, connected);
            watch.gauges.connected();
            let reloads = watch.control.borrow_and_update().reloads;
            let mut attending = ConnectionLoop {
                watch: &mut *watch,
                session,
                clock: session.hello().clock,
                asked: Instant::now(),
                slots: connection.slots(),
                kinds,
                way: Way::of(&connection),
                known: None,
                changes: None,
                under_way: FuturesUnordered::new(),
                began: HashMap::new(),
                timings: HashMap::new(),
                heard: Instant::now(),
                offset: None,
                reloads,
                drained_by: None,
            };
            attending.handle(Input::Denials(cost));
            let ended = attending.run(&mut events, backoff).await;
            attending.leave();
            ended
        }
        _ => LoopExit::Lost(
            "a guard needs events, which the admin endpoint does not send: use a ws:// or wss:// address"
                .to_owned(),
        ),
    };
    connection.extend(Deadline::after(Duration::from_secs(1)));
    connection.close().await;
    ended
}

impl ConnectionLoop<'_, '_, '_, '_> {
    async fn run(&mut self, events: &mut crate::gateway::Events, backoff: &mut Backoff) -> LoopExit {
        self.handle(Input::Slots(self.slots));
        self.handle(Input::Clock(self.clock.unsure_ms()));
        self.handle(Input::Connected);
        loop {
            if self.jumped() {
                return LoopExit::Lost(
                    "the clock jumped: the machine slept, or its clock was set".to_owned(),
                );
            }
            if self.drained_by.is_none() && self.watch.control.borrow().stop {
                self.drained_by = Some(Deadline::after(DRAINING));
                self.handle(Input::Stop);
            }
            let Waiting::Until(until) = self.act() else { return LoopExit::Stopped };
            let answered = match self.write().await {
                Ok(answered) => answered,
                Err(ended) => return ended,
            };
            self.report(Some(backoff));
            if answered {
                // Events come first: they may change the next step and the wait.
                for _ in 0..AT_ONCE {
                    let Some(event) = events.waiting() else { break };
                    if let Some(ended) = self.hear(&event) {
                        return ended;
                    }
                }
                continue;
            }
            let reload = self.watch.control.borrow().reloads != self.reloads;
            if reload && self.watch.guard.in_flight() == 0 {
                return LoopExit::Reload;
            }
            if self.drained_by.is_some_and(|deadline| deadline.left().is_none()) {
                return LoopExit::Stopped;
            }
            tokio::select! {
                biased;
                event = events.next() => {
                    let Some(event) = event else { return LoopExit::Lost(self.cause()) };
                    self.heard = events.came();
                    if let Some(ended) = self.hear(&event) {
                        return ended;
                    }
                    // Received events are handled before the next step.
                    for _ in 0..AT_ONCE {
                        let Some(event) = events.waiting() else { break };
                        if let Some(ended) = self.hear(&event) {
                            return ended;
                        }
                    }
                }
                Some(done) = self.under_way.next(), if !self.under_way.is_empty() => {
                    self.heard = Instant::now();
                    if let Some(ended) = self.done(done) {
                        return ended;
                    }
                }
                // The sender of the orders lives longer than this.
                _ = self.watch.control.changed() => {}
                () = sleep(until, self.watch.steady, self.drained_by) => self.heard = Instant::now(),
            }
        }
    }

    /// Carries out the next steps.
    fn act(&mut self) -> Waiting {
        loop {
            let now = self.now();
            match self.watch.guard.next(now) {
                Next::Deny(key) => {
                    let sending = self.known.as_ref().map_or(Sending::Now, |known| known.sending(&key));
                    let answer = match sending {
                        Sending::Now => {
                            self.began.insert(key.clone(), self.heard);
                            self.under_way.push(Box::pin(deny(self.session, self.way, key)));
                            continue;
                        }
                        Sending::Never(why) => Answer::NotSent(why),
                        // Neither the listing nor an event had the prompt.
                        Sending::Gone | Sending::Stale => Answer::NotSent(SkipReason::AmbiguousId),
                    };
                    self.handle(Input::Answered(key, answer));
                }
                Next::List => {
                    self.asked = Instant::now();
                    self.changes = Some(Vec::new());
                    self.under_way.push(Box::pin(list(self.session, self.kinds.clone())));
                }
                Next::Check(key) => self.under_way.push(Box::pin(check(self.session, key))),
                Next::Wait(until) => return Waiting::Until(until),
                Next::Done => return Waiting::Over,
            }
        }
    }

    /// Starts the new calls and lets the writer write them. `true`: an answer arrived meanwhile.
    async fn write(&mut self) -> Result<bool, LoopExit> {
        let mut done = None;
        poll_fn(|context| {
            if let Poll::Ready(Some(one)) = self.under_way.poll_next_unpin(context) {
                done = Some(one);
            }
            Poll::Ready(())
        })
        .await;
        let answered = done.is_some();
        if let Some(ended) = done.and_then(|done| self.done(done)) {
            return Err(ended);
        }
        tokio::task::yield_now().await;
        Ok(answered)
    }

    /// Prints what the state machine reports.
    fn report(&mut self, mut backoff: Option<&mut Backoff>) {
        for note in self.watch.guard.take_notes() {
            let timing = match &note {
                Note::Over { key, .. } => self.timings.remove(key).unwrap_or_default(),
                _ => Timing::default(),
            };
            if let (Note::Reconciled(_), Some(backoff)) = (&note, &mut backoff) {
                backoff.reset();
            }
            self.watch.gauges.note(&note, timing);
            let offender = if let Note::Offender(offender) = &note { Some(offender.clone()) } else { None };
            self.watch.out.emit(&self.watch.name, line::Event::Note(note, timing));
            if let Some(offender) = offender {
                self.cancel(&offender);
            }
        }
        let requeued = self.watch.guard.requeued();
        self.watch.gauges.state(&self.watch.guard, requeued - self.watch.requeued);
        self.watch.requeued = requeued;
    }

    /// Handles a prompt that arrived.
    fn came(&mut self, key: &Key) {
        if self.way == Way::Prefix {
            if let Some(known) = &mut self.known {
                known.came(key);
            }
            self.changes.iter_mut().for_each(|changes| changes.push((key.clone(), true)));
        }
    }

    fn hear(&mut self, event: &Event) -> Option<LoopExit> {
        if let Event::Requested(kind, payload) = event
            && self.way == Way::Prefix
            && let Some(id) = prompts::id(payload)
        {
            self.came(&Key::new(*kind, &*id));
        }
        match event {
            Event::Requested(kind, payload) => match self.watch.reader.text(*kind, payload.get()) {
                Ok(prompt) => self.handle(Input::Requested(Box::new(prompt))),
                Err(error) => self.watch.out.emit(&self.watch.name, line::Event::Unread(error.to_string())),
            },
            Event::Resolved(kind, payload) => {
                if let Some(id) = prompts::id(payload) {
                    let key = Key::new(*kind, &*id);
                    self.went(&key);
                    self.handle(Input::Resolved(key));
                } else {
                    // An unknown prompt is gone.
                    self.handle(Input::Gap);
                }
            }
            Event::Agent(payload) => {
                if is_lifecycle(payload)
                    && let Ok(payload) = serde_json::from_str::<Value>(payload.get())
                {
                    self.handle(Input::Run(&payload));
                }
            }
            Event::Gap => {
                self.handle(Input::Gap);
                self.watch.out.emit(&self.watch.name, line::Event::Gap);
            }
            Event::Tick { shown_ms: Some(shown_ms) } => {
                if self.clock.now_ms().abs_diff(*shown_ms) > JUMP_MS {
                    let cause = "the gateway's clock jumped: a machine slept, or the clock was set";
                    return Some(LoopExit::Lost(cause.to_owned()));
                }
                self.clock = self.clock.corrected(*shown_ms);
                self.handle(Input::Clock(self.clock.unsure_ms()));
            }
            Event::Tick { shown_ms: None } | Event::Shutdown { .. } | Event::Other(_) => {}
        }
        None
    }

    /// Handles the end of a connection: no call in flight will be answered.
    fn leave(&mut self) {
        self.handle(Input::Lost);
        self.report(None);
        self.watch.gauges.disconnected();
    }

    fn cause(&self) -> String {
        self.session.ended().map_or_else(|| "the connection ended".to_owned(), |cause| cause.to_string())
    }

    /// Whether this machine's clock has jumped against the steady one.
    fn jumped(&mut self) -> bool {
        let offset = local_time().as_ms().saturating_sub(self.watch.steady.now().as_ms());
        let before = self.offset.replace(offset);
        before.is_some_and(|before| before.abs_diff(offset) > JUMP_MS)
    }
}

/// Waits until a time of the steady clock, at most until the end of draining.
async fn sleep(until: Option<SteadyTime>, steady: Steady, drained_by: Option<Deadline>) {
    let wait = until.map(|until| steady.until(until));
    let drain = drained_by.map(|deadline| deadline.left().unwrap_or_default());
    match wait.into_iter().chain(drain).min() {
        Some(wait) => tokio::time::sleep(wait.max(Duration::from_millis(1))).await,
        None => std::future::pending().await,
    }
}

/// Whether an event of an agent is about a run's start, wait or end; most are about text that it writes.
fn is_lifecycle(payload: &RawValue) -> bool {
    #[derive(Deserialize)]
    struct Stream<'s> {
        #[serde(borrow, default)]
        stream: Cow<'s, str>,
    }
    serde_json::from_str::<Stream<'_>>(payload.get()).is_ok_and(|event| event.stream == "lifecycle")
}
