//! Decisions: queued, undone, sent, ended.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::keys;
use super::mode::{Notice, Refusal};
use super::protocol::{Act, Effect, GatewayIndex, Link, Order, Outcome, RowId, Target};
use super::rows::{Row, State};
use super::{Done, HELD_MS, Press, Queued, REPEAT_MS, SETTLING_MS, Triage, UNDO_MS};
use crate::queue::clock::SteadyTime;
use crate::queue::prompt::{Decision, Key};

impl Triage {
    /// Whether a key may decide now. A refusal is reported, except for a key that is held down.
    ///
    /// The first repetition of a held key looks like a second press. The next one shows that it was none, and takes its
    /// decision back.
    pub(super) fn may_decide(&mut self, key: keys::Key, now: SteadyTime) -> bool {
        let refusal = self.refusal(now);
        let last = self.last_press.filter(|last| now.since(last.at) < HELD_MS);
        let is_same = last.is_some_and(|last| last.key == key);
        let is_held = last.is_some_and(|last| now.since(last.at) < REPEAT_MS);
        self.last_press = Some(Press { key, at: now, may_repeat: is_same && !is_held });
        if is_held {
            if let Some(last) = last.filter(|last| is_same && last.may_repeat) {
                self.take_back(last.at);
            }
            return false;
        }
        self.notice = refusal.map(Notice::Refused);
        refusal.is_none()
    }

    fn refusal(&self, now: SteadyTime) -> Option<Refusal> {
        if self.read_only {
            return Some(Refusal::ReadOnly);
        }
        if self.changed_at.is_some_and(|changed| now.since(changed) < SETTLING_MS) {
            return Some(Refusal::Changed);
        }
        None
    }

    /// Why nothing can be decided in a row.
    fn refusal_of(&self, row: &Row) -> Option<Refusal> {
        if row.is_busy() {
            return Some(Refusal::Busy);
        }
        if !row.is_open() {
            return Some(Refusal::Over);
        }
        self.is_away(row.id.gateway).then_some(Refusal::Away(row.id.gateway))
    }

    pub(super) fn is_away(&self, gateway: GatewayIndex) -> bool {
        self.gateways.get(gateway).is_none_or(|gateway| gateway.link != Link::Up)
    }

    /// The row under the cursor, if something can be decided in it.
    pub(super) fn decidable(&mut self) -> Option<RowId> {
        let row = self.current();
        let refusal = row.map_or(Some(Refusal::Nothing), |row| self.refusal_of(row));
        let id = row.map(|row| row.id);
        if let Some(refusal) = refusal {
            self.notice = Some(Notice::Refused(refusal));
            return None;
        }
        id
    }

    /// Decides the shown prompt of the row under the cursor.
    pub(super) fn decide_one(&mut self, decision: Decision, now: SteadyTime) {
        let Some(id) = self.decidable() else { return };
        let Some(lead) = self.row(&id).and_then(Row::lead).cloned() else { return };
        if !lead.allows(decision) {
            self.notice = Some(Notice::Refused(Refusal::NotAllowed(decision)));
            return;
        }
        let target = Target { row: id, kept: None, prompts: vec![lead] };
        self.queue(Act::Decide(decision), vec![target], now);
    }

    /// Denies every prompt of the row under the cursor.
    pub(super) fn deny_row(&mut self, now: SteadyTime) {
        let Some(id) = self.decidable() else { return };
        let targets = self.row(&id).map(all).into_iter().collect();
        self.queue(Act::Decide(Decision::Deny), targets, now);
    }

    /// Denies the duplicates of the row under the cursor.
    pub(super) fn deny_duplicates(&mut self, now: SteadyTime) {
        let Some(id) = self.decidable() else { return };
        match self.row(&id).and_then(duplicates) {
            Some(target) => self.queue(Act::DenyDuplicates, vec![target], now),
            None => self.notice = Some(Notice::Refused(Refusal::NoDuplicates)),
        }
    }

    /// The targets of a decision on the tagged rows.
    pub fn tagged_targets(&self, act: Act) -> Vec<Target> {
        let tagged = self.tagged().filter(|row| self.refusal_of(row).is_none());
        match act {
            Act::DenyDuplicates => tagged.filter_map(duplicates).collect(),
            Act::Decide(_) | Act::Cancel(_) | Act::AddEntries { .. } => tagged.map(all).collect(),
        }
    }

    /// Queues a decision: one order for each gateway.
    pub(super) fn queue(&mut self, act: Act, targets: Vec<Target>, now: SteadyTime) {
        let Some(row) = self.cursor.or_else(|| targets.first().map(|target| target.row)) else { return };
        let rows = targets.len();
        let mut by_gateway: BTreeMap<GatewayIndex, Vec<Target>> = BTreeMap::new();
        for target in targets {
            by_gateway.entry(target.row.gateway).or_default().push(target);
        }
        let mut orders = Vec::new();
        for (gateway, targets) in by_gateway {
            let id = self.number();
            orders.push(Order { id, gateway, act, targets });
        }
        if let Act::Cancel(ticket) = act
            && orders.is_empty()
        {
            // A run without prompts in the list.
            orders.push(Order {
                id: self.number(),
                gateway: row.gateway,
                act: Act::Cancel(ticket),
                targets: Vec::new(),
            });
        }
        for order in &orders {
            self.mark(order, &State::Queued(order.id));
        }
        let prompts = orders.iter().flat_map(Order::prompts).count();
        if orders.is_empty() {
            return;
        }
        self.queued.push_back(Queued { orders, due: now.plus(UNDO_MS), row: Some(row) });
        self.notice = Some(Notice::Queued { act, prompts, rows });
        self.move_on();
        self.recount();
    }

    /// Sets the state of every prompt of an order.
    fn mark(&mut self, order: &Order, state: &State) {
        for target in &order.targets {
            if let Some(row) = self.index.get(&target.row).and_then(|at| self.rows.get_mut(*at)) {
                row.failed = None;
                row.tagged = false;
                let keys: HashSet<&Key> = target.prompts.iter().map(|prompt| &prompt.key).collect();
                row.set(|key| keys.contains(key).then(|| state.clone()));
            }
        }
    }

    /// Takes back the last queued decision.
    pub(super) fn undo(&mut self) {
        let Some(Queued { orders, row, .. }) = self.queued.pop_back() else {
            self.notice = Some(Notice::Refused(Refusal::NothingToUndo));
            return;
        };
        let prompts = orders.iter().flat_map(Order::prompts).count();
        for order in &orders {
            self.mark(order, &State::Pending);
            self.drop_plan(order);
        }
        let at = row.and_then(|row| self.index.get(&row));
        let place = at.and_then(|at| self.shown.binary_search(at).ok());
        if let Some(place) = place {
            self.move_to(place);
        }
        self.recount();
        self.notice = Some(Notice::Undone { prompts });
    }

    /// Takes back the decision of a key that was pressed at this time, if it made one.
    fn take_back(&mut self, pressed: SteadyTime) {
        if self.queued.back().is_some_and(|queued| queued.due == pressed.plus(UNDO_MS)) {
            self.undo();
        }
    }

    /// Drops the plan of a cancellation that is not carried out.
    fn drop_plan(&mut self, order: &Order) {
        if let Some(ticket) = order.act.ticket() {
            self.effects.push_back(Effect::Drop(order.gateway, ticket));
        }
    }

    /// Sends the decisions that are due. While the person is asked what to do with them, none is.
    pub(super) fn send_due(&mut self, now: SteadyTime) {
        if self.asks_to_quit() {
            return;
        }
        while self.queued.front().is_some_and(|queued| queued.due <= now) {
            self.send_first();
        }
    }

    /// Gives the queued decisions their whole time to be undone again.
    pub(super) fn wait_again(&mut self, now: SteadyTime) {
        for queued in &mut self.queued {
            queued.due = now.plus(UNDO_MS);
        }
    }

    /// Sends every queued decision at once.
    pub(super) fn send_all(&mut self) {
        while !self.queued.is_empty() {
            self.send_first();
        }
    }

    fn send_first(&mut self) {
        let Some(queued) = self.queued.pop_front() else { return };
        if matches!(self.notice, Some(Notice::Queued { .. })) && self.queued.is_empty() {
            self.notice = None;
        }
        for order in queued.orders {
            if self.is_away(order.gateway) {
                self.mark(&order, &State::Pending);
                self.drop_plan(&order);
                self.fail_rows(&order, "not sent: the gateway is not connected");
                if matches!(order.act, Act::AddEntries { .. }) {
                    let why = "the gateway is not connected".to_owned();
                    self.added.push((order.gateway, Err(why)));
                }
                self.notice = Some(Notice::Refused(Refusal::Away(order.gateway)));
                continue;
            }
            self.mark(&order, &State::Sent(order.id));
            self.sent.insert(order.id, order.clone());
            self.effects.push_back(Effect::Send(order));
        }
        self.recount();
    }

    /// Takes back every queued decision.
    pub(super) fn drop_all(&mut self) {
        while !self.queued.is_empty() {
            self.undo();
        }
    }

    fn fail_rows(&mut self, order: &Order, words: &str) {
        for target in &order.targets {
            if let Some(row) = self.row_mut(&target.row) {
                row.failed = Some(words.to_owned());
            }
        }
    }

    /// Handles the outcomes of an order. They are final, except failures.
    pub(super) fn outcomes(&mut self, order: u64, outcomes: Vec<(Key, Outcome)>, now: SteadyTime) {
        let Some(sent) = self.sent.get(&order) else { return };
        let gateway = sent.gateway;
        self.last_outcome = Some(now);
        let mut outcomes: HashMap<Key, Outcome> = outcomes.into_iter().collect();
        let failed = |outcome: &Outcome| match outcome {
            Outcome::Failed(words) => Some(words.clone()),
            Outcome::Decided(_) | Outcome::Gone(_) => None,
        };
        let failures: Vec<String> = outcomes.values().filter_map(failed).collect();
        let mut of_rows: Vec<(RowId, HashMap<Key, Outcome>)> = Vec::new();
        for target in &sent.targets {
            let mut of_row = HashMap::new();
            for prompt in &target.prompts {
                let Some(outcome) = outcomes.remove(&prompt.key) else { continue };
                if outcome.is_over() {
                    self.decided.insert((gateway, prompt.key.clone(), prompt.created_at_ms), now);
                }
                self.done.push(Done { gateway, prompt: Arc::clone(prompt), outcome: outcome.clone() });
                of_row.insert(prompt.key.clone(), outcome);
            }
            of_rows.push((target.row, of_row));
        }
        // They are part of the history of every row with the same text.
        for (_, (at, _)) in self.facts.iter_mut().filter(|(row, _)| row.gateway == gateway) {
            *at = None;
        }
        for (id, of_row) in of_rows {
            let Some(row) = self.row_mut(&id) else { continue };
            row.failed = of_row.values().find_map(failed).or(row.failed.take());
            row.set(|key| {
                of_row.get(key).map(|outcome| match outcome {
                    Outcome::Failed(_) => State::Pending,
                    outcome => State::Over(outcome.clone()),
                })
            });
        }
        if let Some(words) = failures.first() {
            self.notice = Some(Notice::Failed { prompts: failures.len(), words: words.clone() });
        }
        self.recount();
    }

    /// Handles the end of an order.
    pub(super) fn over(&mut self, order: u64, result: Result<Option<String>, String>, now: SteadyTime) {
        let words = match &result {
            Ok(_) => "the gateway did not report what became of it",
            Err(words) => words.as_str(),
        };
        let waiting = self.waiting_for(order);
        let failed = waiting.len();
        let failures = waiting.into_iter().map(|key| (key, Outcome::Failed(words.to_owned())));
        self.outcomes(order, failures.collect(), now);
        let Some(Order { act, gateway, .. }) = self.sent.remove(&order) else { return };
        if matches!(act, Act::AddEntries { .. }) {
            self.added.push((gateway, result.clone().map(Option::unwrap_or_default)));
        }
        self.notice = match result {
            Err(words) => Some(Notice::Failed { prompts: failed, words }),
            Ok(Some(words)) => Some(Notice::Reported(words)),
            Ok(None) => self.notice.take(),
        };
        self.recount();
        self.quit_if_sent();
    }

    /// The prompts of an order without an outcome.
    fn waiting_for(&self, order: u64) -> Vec<Key> {
        let rows = self.sent.get(&order).into_iter().flat_map(|sent| &sent.targets);
        let members = rows.filter_map(|target| self.row(&target.row)).flat_map(|row| &row.members);
        let waiting = members.filter(|member| member.state == State::Sent(order));
        waiting.map(|member| member.prompt.key.clone()).collect()
    }

    /// Whether no decision is queued or being sent.
    pub(super) fn is_quiet(&self) -> bool {
        self.queued.is_empty() && self.sent.is_empty()
    }
}

/// A decision on every pending prompt of a row.
fn all(row: &Row) -> Target {
    Target { row: row.id, kept: None, prompts: row.pending().cloned().collect() }
}

/// A denial of the duplicates of a row; `None`: it has none.
fn duplicates(row: &Row) -> Option<Target> {
    let mut pending = row.pending();
    let kept = pending.next().cloned()?;
    let prompts: Vec<_> = pending.cloned().collect();
    (!prompts.is_empty()).then_some(Target { row: row.id, kept: Some(kept), prompts })
}
