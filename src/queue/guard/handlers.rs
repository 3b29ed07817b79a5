//! What a guard makes of what it is told.

use std::collections::{HashMap, HashSet};

use super::table::{Item, State, Table, rank};
use super::{Asking, Counts, DenialCost, Guard, Input, Note, Now, Offender, Outcome, Over};
use crate::queue::plan::same;
use crate::queue::prompt::{Key, Prompt};
use crate::queue::purge::{Answer, Found};
use crate::queue::runs::Runs;

impl Guard {
    /// Takes in what happened.
    pub fn handle(&mut self, input: Input<'_>, now: Now) {
        match input {
            Input::Denials(cost) => self.denials(cost),
            Input::Connected => self.connected(now),
            Input::Slots(slots) => self.tuning.slots = slots,
            Input::Clock(unsure_ms) => self.unsure_ms = unsure_ms,
            Input::Checked(key, found) => self.checked(&key, found, now),
            Input::Lost => self.lost(),
            Input::Gap => self.gap(now),
            Input::Requested(prompt) => self.requested_now(*prompt, now),
            Input::Resolved(key) => self.resolved(&key, now),
            Input::Run(payload) => {
                self.runs.event(payload, now.at_ms);
            }
            Input::Listed(prompts, runs) => self.listed(prompts, runs, now),
            Input::Unlisted => {
                if self.asking.take().is_some() {
                    let pause = self.tuning.spacing_ms.saturating_mul(1 << self.misses.min(16));
                    self.misses += 1;
                    self.list_at_ms = now.steady_ms.saturating_add(pause.min(self.tuning.reconcile_ms));
                }
            }
            Input::Answered(key, answer) => self.answered(&key, answer, now),
            Input::Unanswered(key) => self.end(&key, Outcome::NoAnswer, Some(State::Failed)),
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
        self.up = true;
        self.misses = 0;
        self.known = false;
        self.asking = None;
        self.list_at_ms = now.steady_ms;
        // What was heard of runs is what this connection tells: another guard that connects now knows no more.
        self.runs = Runs::new();
    }

    fn lost(&mut self) {
        self.up = false;
        self.known = false;
        self.asking = None;
        let items = self.table.items.iter();
        let open: Vec<Key> =
            items.filter(|(_, item)| is_open(item.state)).map(|(key, _)| key.clone()).collect();
        for key in open {
            self.withdraw(&key);
            self.end(&key, Outcome::NoAnswer, Some(State::Pending));
        }
        self.under_way = 0;
        self.flights.clear();
        self.checks.clear();
        for group in self.table.groups.values_mut() {
            group.checking = None;
            group.asked = None;
        }
    }

    /// The answer to the question whether a prompt is pending.
    fn checked(&mut self, key: &Key, found: Found, now: Now) {
        let Some((digest, sent_ms, epoch)) = self.checks.remove(key) else { return };
        self.flights.remove(&(sent_ms, key.clone()));
        self.pace.answered(now.steady_ms.saturating_sub(sent_ms));
        let checking = self.table.groups.get_mut(&digest).and_then(|group| group.checking.take());
        match found {
            Found::Pending => {
                self.pace.went_well();
                if let Some(group) = self.table.groups.get_mut(&digest) {
                    group.asked = checking;
                }
            }
            Found::Gone => {
                self.pace.went_well();
                self.resolved(key, now);
            }
            Found::Unavailable(retry_after_ms) => self.pace.refused(epoch, now.steady_ms, retry_after_ms),
            Found::Unknown => {
                return self.later(digest, now.steady_ms.saturating_add(self.tuning.spacing_ms));
            }
        }
        self.table.touch(digest);
    }

    /// A denial is not in flight any more.
    fn landed(&mut self, key: &Key) {
        if let Some(State::Sent { sent_ms, .. }) = self.table.items.get(key).map(|item| item.state) {
            self.under_way = self.under_way.saturating_sub(1);
            self.flights.remove(&(sent_ms, key.clone()));
        }
    }

    /// Nothing is denied from here to the next listing.
    fn gap(&mut self, now: Now) {
        if let Some(asking) = &mut self.asking {
            asking.gap = true;
        }
        self.runs = Runs::new();
        self.unsure(now);
    }

    fn unsure(&mut self, now: Now) {
        if std::mem::take(&mut self.known) {
            let spaced = self.listed_at_ms.map_or(0, |at| at.saturating_add(self.tuning.spacing_ms));
            self.list_at_ms = self.list_at_ms.min(now.steady_ms.max(spaced));
        }
    }

    fn requested_now(&mut self, prompt: Prompt, now: Now) {
        if !self.up || self.gone.iter().any(|gone| gone.contains(&prompt.key)) {
            return;
        }
        if let Some(asking) = &mut self.asking {
            asking.requested.insert(prompt.key.clone());
        }
        if prompt.age_ms(now.at_ms) > self.tuning.lag_ms {
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
        if prompt.expired(now.at_ms) || !self.tuning.filter.admits(&prompt, now.at_ms) {
            return;
        }
        let group = Table::digest(&prompt, self.tuning.scope);
        let requeued = group.is_some_and(|group| self.offenders.knows(&group, now.steady_ms));
        self.requeued += u64::from(requeued);
        let phase = self.tuning.slots.map_or(0, |slots| slots.phase(&prompt.intent));
        self.table.insert(prompt, group, phase, requeued);
    }

    fn resolved(&mut self, key: &Key, now: Now) {
        if !self.up {
            return;
        }
        self.gone[0].insert(key.clone());
        if let Some(asking) = &mut self.asking {
            asking.requested.remove(key);
            asking.resolved.insert(key.clone());
        }
        if let Some(Item { state: State::Sent { .. }, group: Some(group), .. }) = self.table.items.get(key) {
            self.offenders.gone(*group, now.steady_ms);
        }
        self.forget(key);
    }

    /// A prompt that is not pending any more. One whose denial is under way stays for the answer.
    pub(super) fn forget(&mut self, key: &Key) {
        match self.table.items.get_mut(key).map(|item| &mut item.state) {
            Some(State::Sent { gone, .. }) => *gone = true,
            Some(State::Again { .. }) => self.end(key, Outcome::Gone, None),
            Some(State::Pending | State::Held | State::Failed | State::Stuck | State::Observed) => {
                self.table.remove(key);
            }
            None => {}
        }
    }

    /// A denial that was to be sent again is not.
    pub(super) fn withdraw(&mut self, key: &Key) {
        if let Some(State::Again { .. }) = self.table.items.get(key).map(|item| item.state) {
            self.end(key, Outcome::Withdrawn, Some(State::Pending));
        }
    }

    /// Ends a decision. `state`: how the prompt stands then; `None`: it is gone.
    fn end(&mut self, key: &Key, outcome: Outcome, state: Option<State>) {
        let Some(item) = self.table.items.get(key) else { return };
        let state_before = item.state;
        self.landed(key);
        let (number, why, gone) = match state_before {
            State::Sent { number, why, gone, .. } => (number, why, gone),
            State::Again { number, why } => (number, why, false),
            State::Pending | State::Held | State::Failed | State::Stuck | State::Observed => return,
        };
        // Whoever resolved it, it is.
        let outcome = if gone && outcome == Outcome::NoAnswer { Outcome::Gone } else { outcome };
        match state.filter(|_| !gone) {
            Some(state) => self.table.set(key, state),
            None => {
                self.table.remove(key);
            }
        }
        self.notes.push(Note::Over { number, key: key.clone(), why, outcome });
    }

    fn answered(&mut self, key: &Key, answer: Answer, now: Now) {
        let Some(State::Sent { number, why, epoch, sent_ms, gone }) =
            self.table.items.get(key).map(|item| item.state)
        else {
            return;
        };
        self.pace.answered(now.steady_ms.saturating_sub(sent_ms));
        match answer {
            Answer::Denied | Answer::AlreadyGone | Answer::Allowed(_) => {
                self.pace.went_well();
                self.gone[0].insert(key.clone());
                if let Some(asking) = &mut self.asking {
                    asking.resolved.insert(key.clone());
                }
                if let Some(item) = self.table.items.get(key) {
                    let over = Over { number, why, created_at_ms: item.prompt.created_at_ms };
                    self.over.insert(key.clone(), over);
                }
                match answer {
                    Answer::Denied => self.end_denied(key, now),
                    Answer::Allowed(decision) => self.end(key, Outcome::Allowed(decision), None),
                    _ => self.end(key, Outcome::Gone, None),
                }
            }
            Answer::Refused(words) => self.end(key, Outcome::Refused(words), Some(State::Failed)),
            Answer::NotSent(reason) => self.end(key, Outcome::NotSent(reason), Some(State::Failed)),
            Answer::Unavailable(_) | Answer::NotYet => {
                if let Answer::Unavailable(retry_after_ms) = answer {
                    self.pace.refused(epoch, now.steady_ms, retry_after_ms);
                }
                if gone {
                    return self.end(key, Outcome::Gone, None);
                }
                self.landed(key);
                self.table.set(key, State::Again { number, why });
                if self.stopping {
                    self.withdraw(key);
                }
            }
        }
    }

    fn end_denied(&mut self, key: &Key, now: Now) {
        let offender = self.offence(key, now);
        self.end(key, Outcome::Denied, None);
        self.notes.extend(offender);
    }

    /// Counts a denial that was only decided.
    pub(super) fn offended(&mut self, key: &Key, now: Now) {
        let offender = self.offence(key, now);
        self.notes.extend(offender);
    }

    fn offence(&mut self, key: &Key, now: Now) -> Option<Note> {
        let item = self.table.items.get(key)?;
        let group = item.group?;
        let times = self.offenders.denied(group, now.steady_ms)?;
        let Prompt { agent, session_key: session, run_id: run, .. } = item.prompt.clone();
        Some(Note::Offender(Box::new(Offender { group, agent, session, run, times })))
    }

    fn listed(&mut self, prompts: Vec<Prompt>, runs: Runs, now: Now) {
        let Some(asking) = self.asking.take() else { return };
        let mut rows: HashMap<Key, Option<Prompt>> = HashMap::with_capacity(prompts.len());
        for prompt in prompts.into_iter().filter(|prompt| !asking.resolved.contains(&prompt.key)) {
            match rows.get_mut(&prompt.key) {
                // One id and two contents: what it is, is not known.
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
        let closed = self.breaker.open_until_ms().is_none();
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
                // The listing is what is gone by.
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
        self.runs.renew(runs, asking.since_ms, |run| wanted.contains(run));
        self.known = !asking.gap;
        self.misses = 0;
        self.listed_at_ms = Some(now.steady_ms);
        let wait = if asking.gap { self.tuning.spacing_ms } else { self.tuning.reconcile_ms };
        self.list_at_ms = now.steady_ms.saturating_add(wait);
        self.offenders.forget(now.steady_ms);
        self.holds.forget(now.steady_ms);
        self.timers.clear();
        self.table.groups.values_mut().for_each(|group| group.timer = None);
        for digest in self.table.duplicated() {
            // What is known of runs is new.
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

    /// Tells of prompts whose denial was answered as done, and which a listing that was asked for afterwards still has.
    fn still_listed(&mut self, rows: &HashMap<Key, Option<Prompt>>, asking: &Asking) -> Vec<Key> {
        // What was answered since it was asked for is for the next one.
        let later = |key: &Key| asking.resolved.contains(key);
        let over = std::mem::take(&mut self.over);
        let (waiting, over): (HashMap<_, _>, HashMap<_, _>) =
            over.into_iter().partition(|(key, _)| later(key));
        self.over = waiting;
        let mut kept: Vec<(Key, Over)> = over
            .into_iter()
            .filter(|(key, over)| {
                let row = rows.get(key).and_then(Option::as_ref);
                row.is_some_and(|row| row.created_at_ms == over.created_at_ms)
            })
            .collect();
        kept.sort_unstable_by_key(|(_, over)| over.number);
        for (key, Over { number, why, .. }) in &kept {
            let (number, why) = (*number, *why);
            self.notes.push(Note::Over { number, key: key.clone(), why, outcome: Outcome::StillListed });
        }
        kept.into_iter().map(|(key, _)| key).collect()
    }

    fn stop(&mut self) {
        self.stopping = true;
        let open: Vec<Key> = self.table.items.keys().cloned().collect();
        for key in open {
            self.withdraw(&key);
        }
    }
}

fn is_open(state: State) -> bool {
    matches!(state, State::Sent { .. } | State::Again { .. })
}

fn same_row(known: &Prompt, row: Option<&Prompt>) -> bool {
    row.is_some_and(|row| same(known, row))
}
