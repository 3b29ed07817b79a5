//! Scheduled work: ticks, and the live part of a scenario. PURE; `server` runs it on time.

use super::ask::Ask;
use super::effects::{Accepted, Phase, RequestError};
use super::hello::TICK_MS;
use super::registry::Registry;
use super::runs::State;
use super::scenario::{Happening, Live};

/// The schedule of ticks and steps.
#[derive(Debug)]
pub(super) struct Schedule {
    tick: u64,
    steps: Vec<(u64, Live)>,
}

impl Schedule {
    pub(super) fn new(live: &[Live], now: u64) -> Self {
        let steps = live
            .iter()
            .filter(|live| live.times > 0)
            .map(|live| (now.saturating_add(live.after_ms), live.clone()))
            .collect();
        Self { tick: now + TICK_MS, steps }
    }

    /// The time of the next tick or step.
    pub(super) fn due(&self) -> u64 {
        self.steps.iter().map(|(at, _)| *at).min().unwrap_or(u64::MAX).min(self.tick)
    }

    /// Takes the earliest step that is due. A repeated step is scheduled again.
    pub(super) fn take(&mut self, now: u64) -> Option<Live> {
        let (index, _) =
            self.steps.iter().enumerate().filter(|(_, (at, _))| *at <= now).min_by_key(|(_, (at, _))| *at)?;
        let (at, live) = self.steps.swap_remove(index);
        if live.times > 1 {
            let next = Live { times: live.times - 1, ..live.clone() };
            self.steps.push((at.saturating_add(live.every_ms.max(1)), next));
        }
        Some(live)
    }

    /// Whether a tick is due. If so, the next one is scheduled a period later.
    pub(super) fn ticked(&mut self, now: u64) -> bool {
        let due = self.tick <= now;
        if due {
            self.tick = now + TICK_MS;
        }
        due
    }
}

impl Live {
    /// Applies the step.
    pub(super) fn apply(self, registry: &mut Registry, now: u64) {
        let active = registry.runs.active(&self.session).next().map(|run| run.id.clone());
        let run = match self.what {
            Happening::EndRun => {
                if let Some(run) = active {
                    registry.end_run(&run, State::Ended, Phase::End);
                }
                return;
            }
            Happening::FailOver => registry.fail_over(&self.session, now),
            Happening::Ask => active,
        };
        let run = run.unwrap_or_else(|| registry.start_run(&self.session, now));
        if let Some(mut request) = self.request {
            request.session_key.get_or_insert_with(|| self.session.clone());
            let ask = Ask { asks_again: self.asks_again_after_denial, ..Ask::exec(request) };
            // If the registry is full, the agent cannot ask.
            let _: Result<Accepted, RequestError> = registry.request(ask.by_run(&run), None, now);
        }
    }
}
