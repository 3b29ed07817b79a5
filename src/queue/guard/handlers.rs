//! Input handlers of the guard state machine.

use std::collections::{HashMap, HashSet};

use super::phase::{Asking, Phase};
use super::table::{Item, State, Table, rank};
use super::{Counts, DenialCost, Guard, Input, Note, Offender, Outcome, Over};
use crate::queue::clock::Now;
use crate::queue::denials::{Answer, End, Found, Landed};
use crate::queue::plan::same;
use crate::queue::prompt::{Key, Prompt};
use crate::queue::report;
use crate::queue::runs::Runs;

impl Guard {
    /// Handles an input.
    pub fn handle(&mut self, input: Input<'_>, now: Now) {
        match input {
            Input::Denials(cost) => self.denials(cost),
            Input::Connected => self.connected(now),
            Input::Slots(slots) => self.tuning.slots = slots,
            Input::Clock(unsure_ms) => self.denials.set_unsure_ms(unsure_ms),
            Input::Checked(key, found) => self.checked(&key, found, now),
            Input::Lost => self.lost(now),
            Input::Gap => self.gap(now),
            Input::Requested(prompt) => self.requested_now(*prompt, now),
            Input::Resolved(key) => self.resolved(&key, now),
            Input::Run(payload) => {
                self.runs.event(payload, now.gateway.as_ms());
            }
            Input::Listed(prompts, runs) => self.listed(prompts, runs, now),
            Input::Unlisted => {
                if self.phase.take_listing().is_some() {
                    let pause_ms = self.tuning.spacing_ms.saturating_mul(1 << self.misses.min(16));
                    self.misses += 1;
                    self.list_at = now.steady.plus(pause_ms.min(self.tuning.reconcile_ms));
                }
            }
            Input::Answered(key, answer) => self.answered(&key, answer, now),
            Input::Unanswered(key) => {
                if let Some(landed) = self.denials.unanswered(&key) {
                    self.landed(&key, landed, State::Failed, now);
                }
            }
            Input::Stop => self.stop(),
        }
    }

    fn denials(&mut self, cost: DenialCost) {
        if cost != self.cost {
            self.cost = cost;
            self.breaker.limit(self.throttle());
            self.holds.clear();
        }
    }

    fn connected(&mut self, now: Now) {
        if !matches!(self.phase, Phase::Stopping) {
            self.phase = Phase::Learning(None);
        }
        self.misses = 0;
        self.list_at = now.steady;
        // Only events of this connection count for runs: another guard that connects now knows no more.
        self.runs = Runs::new();
    }

    fn lost(&mut self, now: Now) {
        if !matches!(self.phase, Phase::Stopping) {
            self.phase = Phase::Disconnected;
        }
        for (key, landed) in self.denials.lost() {
            self.landed(&key, landed, State::Pending, now);
        }
        let items = self.table.items.iter();
        let again: Vec<Key> =
            items.filter(|(_, item)| item.state.is_again()).map(|(key, _)| key.clone()).collect();
        for key in again {
            self.withdraw(&key);
        }
        self.checks.clear();
        for group in self.table.groups.values_mut() {
            group.checking = false;
        }
    }

    /// Handles the answer to a check.
    fn checked(&mut self, key: &Key, found: Found, now: Now) {
        let Some(digest) = self.checks.remove(key) else { return };
        if let Some(group) = self.table.groups.get_mut(&digest) {
            group.checking = false;
        }
        let Some(asked) = self.denials.checked(key, found, now) else { return };
        match found {
            Found::Pending => self.denials.saw(key, asked, now.gateway),
            Found::Gone => self.resolved(key, now),
            Found::Unavailable(_) => {}
            Found::Unknown => return self.later(digest, now.steady.plus(self.tuning.spacing_ms)),
        }
        self.table.touch(digest);
    }

    /// Stops denying until the next listing.
    fn gap(&mut self, now: Now) {
        if let Some(asking) = self.phase.asking() {
            asking.gap = true;
        }
        self.runs = Runs::new();
        self.unsure(now);
    }

    fn unsure(&mut self, now: Now) {
        if self.phase.doubt() {
            let spaced = self.listed_at.map_or(now.steady, |at| at.plus(self.tuning.spacing_ms));
            self.list_at = self.list_at.min(now.steady.max(spaced));
        }
    }

    fn requested_now(&mut self, prompt: Prompt, now: Now) {
        if !self.phase.is_connected() || self.gone.iter().any(|gone| gone.contains(&prompt.key)) {
            return;
        }
        if let Some(asking) = self.phase.asking() {
            asking.requested.insert(prompt.key.clone());
        }
        if now.gateway.since(prompt.created()) > self.tuning.lag_ms {
            self.unsure(now);
        }
        if !self.table.items.contains_key(&prompt.key) {
            let (key, rank) = (prompt.key.clone(), rank(&prompt));
            self.take_in(prompt, now);
            let group = self.table.items.get(&key).and_then(|item| item.group);
            self.table.arrived.extend(group.map(|digest| (digest, rank)));
        }
    }

    fn take_in(&mut self, prompt: Prompt, now: Now) {
        let now_ms = now.gateway.as_ms();
        if prompt.expired(now_ms) || !self.tuning.filter.admits(&prompt, now_ms) {
            return;
        }
        let group = Table::digest(&prompt, self.tuning.scope);
        let requeued = group.is_some_and(|group| self.offenders.knows(&group, now.steady));
        self.requeued += u64::from(requeued);
        let phase = self.tuning.slots.map_or(0, |slots| slots.phase(&prompt.intent));
        self.alerts.came(&rank(&prompt));
        self.table.insert(prompt, group, phase, requeued);
    }

    fn resolved(&mut self, key: &Key, now: Now) {
        if !self.phase.is_connected() {
            return;
        }
        self.gone[0].insert(key.clone());
        if let Some(asking) = self.phase.asking() {
            asking.requested.remove(key);
            asking.resolved.insert(key.clone());
        }
        if let Some(Item { state: State::Sent { .. }, group: Some(group), .. }) = self.table.items.get(key) {
            self.offenders.gone(*group, now.steady);
        }
        self.forget(key);
    }

    /// Removes a prompt that is not pending any more. If its denial is in flight, it stays until the answer.
    pub(super) fn forget(&mut self, key: &Key) {
        self.denials.gone(key);
        match self.table.items.get(key).map(|item| item.state) {
            Some(State::Sent { .. }) | None => {}
            Some(State::Again { .. }) => self.end(key, Outcome::Ended(report::Outcome::AlreadyGone), None),
            Some(State::Pending | State::Held | State::Failed | State::Stuck | State::Observed) => {
                self.table.remove(key);
            }
        }
    }

    /// Withdraws a denial that was to be retried.
    pub(super) fn withdraw(&mut self, key: &Key) {
        if self.table.items.get(key).is_some_and(|item| item.state.is_again()) {
            self.end(key, Outcome::Withdrawn, Some(State::Pending));
        }
    }

    /// Ends a decision. `state`: the new state of the prompt; `None`: the prompt is gone.
    fn end(&mut self, key: &Key, outcome: Outcome, state: Option<State>) {
        let Some(item) = self.table.items.get(key) else { return };
        let (State::Sent { number, why } | State::Again { number, why }) = item.state else { return };
        if let Some(state) = state {
            self.table.set(key, state);
        } else {
            self.denials.forget(key);
            self.table.remove(key);
        }
        self.notes.push(Note::Over { number, key: key.clone(), why, outcome });
    }

    fn answered(&mut self, key: &Key, answer: Answer, now: Now) {
        if let Some(landed) = self.denials.answered(key, answer, now) {
            self.landed(key, landed, State::Failed, now);
        }
    }

    /// Handles the end of a denial. `failed`: the new state of the prompt if it was not denied and is not gone.
    fn landed(&mut self, key: &Key, landed: Landed, failed: State, now: Now) {
        let Some(State::Sent { number, why }) = self.table.items.get(key).map(|item| item.state) else {
            return;
        };
        let outcome = match landed.end {
            End::Over(outcome) => outcome,
            End::Again => {
                self.table.set(key, State::Again { number, why });
                if matches!(self.phase, Phase::Stopping) {
                    self.withdraw(key);
                }
                return;
            }
        };
        match outcome {
            report::Outcome::Denied | report::Outcome::AlreadyGone | report::Outcome::Allowed(_) => {
                if landed.settled {
                    // The next listing must not have the prompt.
                    self.gone[0].insert(key.clone());
                    if let Some(asking) = self.phase.asking() {
                        asking.resolved.insert(key.clone());
                    }
                    if let Some(item) = self.table.items.get(key) {
                        let over = Over { number, why, created: item.prompt.created() };
                        self.over.insert(key.clone(), over);
                    }
                }
                if outcome == report::Outcome::Denied {
                    return self.end_denied(key, now);
                }
                self.end(key, Outcome::Ended(outcome), None);
            }
            report::Outcome::Failed(_) | report::Outcome::Skipped(_) => {
                let state = Some(failed).filter(|_| !landed.gone);
                self.end(key, Outcome::Ended(outcome), state);
            }
        }
    }

    fn end_denied(&mut self, key: &Key, now: Now) {
        let offender = self.offence(key, now);
        self.end(key, Outcome::Ended(report::Outcome::Denied), None);
        self.notes.extend(offender);
    }

    /// Counts a denial that was only decided (`observe`).
    pub(super) fn offended(&mut self, key: &Key, now: Now) {
        let offender = self.offence(key, now);
        self.notes.extend(offender);
    }

    fn offence(&mut self, key: &Key, now: Now) -> Option<Note> {
        let item = self.table.items.get(key)?;
        let group = item.group?;
        let times = self.offenders.denied(group, now.steady)?;
        let Prompt { agent, session_key: session, run_id: run, .. } = item.prompt.clone();
        Some(Note::Offender(Box::new(Offender { group, agent, session, run, times })))
    }

    fn listed(&mut self, prompts: Vec<Prompt>, runs: Runs, now: Now) {
        let Some(asking) = self.phase.take_listing() else { return };
        let mut rows: HashMap<Key, Option<Prompt>> = HashMap::with_capacity(prompts.len());
        for prompt in prompts.into_iter().filter(|prompt| !asking.resolved.contains(&prompt.key)) {
            match rows.get_mut(&prompt.key) {
                // Two different rows with one id: it is unknown which one is right.
                Some(known) if known.as_ref().is_some_and(|known| !same(known, &prompt)) => *known = None,
                Some(_) => {}
                None => {
                    rows.insert(prompt.key.clone(), Some(prompt));
                }
            }
        }
        let kept = self.still_listed(&rows, &asking);
        let listed = |key: &Key| rows.contains_key(key) || asking.requested.contains(key);
        let gone: Vec<Key> = self.table.items.keys().filter(|key| !listed(key)).cloned().collect();
        for key in gone {
            self.forget(&key);
        }
        let closed = self.breaker.open_until().is_none();
        for (key, row) in rows {
            match (
                self.table.items.get(&key).map(|item| (same_row(&item.prompt, row.as_ref()), item.state)),
                row,
            ) {
                (Some((true, State::Failed)), _) => self.table.set(&key, State::Pending),
                (Some((true, State::Held)), _) if closed && !self.is_held(&key) => {
                    self.table.set(&key, State::Pending);
                }
                (Some((true, _) | (false, State::Sent { .. })), _) => {}
                // The listing is the newer source.
                (known, row) => {
                    if known.is_some() {
                        self.forget(&key);
                    }
                    if let Some(prompt) = row {
                        self.take_in(prompt, now);
                    }
                }
            }
        }
        for key in kept {
            self.table.set(&key, State::Stuck);
        }
        let wanted: HashSet<&str> = self.table.runs();
        self.runs.renew(runs, asking.since.as_ms(), |run| wanted.contains(run));
        self.phase = if asking.gap { Phase::Learning(None) } else { Phase::Guarding(None) };
        self.misses = 0;
        self.listed_at = Some(now.steady);
        let wait_ms = if asking.gap { self.tuning.spacing_ms } else { self.tuning.reconcile_ms };
        self.list_at = now.steady.plus(wait_ms);
        self.offenders.forget(now.steady);
        self.holds.forget(now.steady);
        self.alerts.forget(&self.table);
        self.timers.clear();
        self.table.groups.values_mut().for_each(|group| group.timer = None);
        for digest in self.table.duplicated() {
            // The states of runs may have changed.
            if let Some(group) = self.table.groups.get_mut(&digest) {
                group.survivor = None;
            }
            self.table.touch(digest);
        }
        let wider = self.table.wider(self.tuning.scope);
        self.notes.push(Note::Reconciled(Counts { wider, ..self.table.counts() }));
    }

    /// Whether the group of a prompt is held.
    fn is_held(&self, key: &Key) -> bool {
        let group = self.table.items.get(key).and_then(|item| item.group);
        group.is_some_and(|group| self.holds.holds(&group))
    }

    /// Reports prompts that were answered as denied or gone, and that a listing requested afterwards still has.
    fn still_listed(&mut self, rows: &HashMap<Key, Option<Prompt>>, asking: &Asking) -> Vec<Key> {
        // Answers since the request of the listing are compared with the next listing.
        let later = |key: &Key| asking.resolved.contains(key);
        let over = std::mem::take(&mut self.over);
        let (waiting, over): (HashMap<_, _>, HashMap<_, _>) =
            over.into_iter().partition(|(key, _)| later(key));
        self.over = waiting;
        let mut kept: Vec<(Key, Over)> = over
            .into_iter()
            .filter(|(key, over)| {
                let row = rows.get(key).and_then(Option::as_ref);
                row.is_some_and(|row| row.created() == over.created)
            })
            .collect();
        kept.sort_unstable_by_key(|(_, over)| over.number);
        for (key, Over { number, why, .. }) in &kept {
            let (number, why) = (*number, *why);
            let outcome = Outcome::Ended(report::Outcome::Failed(report::Failure::StillListed));
            self.notes.push(Note::Over { number, key: key.clone(), why, outcome });
        }
        kept.into_iter().map(|(key, _)| key).collect()
    }

    fn stop(&mut self) {
        self.phase = Phase::Stopping;
        let open: Vec<Key> = self.table.items.keys().cloned().collect();
        for key in open {
            self.withdraw(&key);
        }
    }
}

fn same_row(known: &Prompt, row: Option<&Prompt>) -> bool {
    row.is_some_and(|row| same(known, row))
}
