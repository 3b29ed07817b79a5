//! Listings: prompts that are gone are marked in their rows; new ones are counted, and taken in later.

use std::collections::{HashMap, HashSet};

use super::mode::Mode;
use super::protocol::{GatewayIndex, Group, Link, Outcome, RowId, Snapshot};
use super::rows::{Row, State};
use super::{IDLE_MS, STALE_MS, Triage};
use crate::queue::clock::SteadyTime;
use crate::queue::prompt::{Key, Prompt};

impl Triage {
    /// Handles a listing of a gateway.
    pub(super) fn listed(&mut self, gateway: GatewayIndex, snapshot: Snapshot, now: SteadyTime) {
        let Some(of) = self.gateways.get_mut(gateway) else { return };
        of.link = Link::Up;
        of.listed_at = now;
        of.latest = Some(snapshot);
        let before = self.cursor.and_then(|cursor| self.row(&cursor)).map(shown);
        self.mark_gone(gateway);
        if self.asks_to_quit() && self.queued.is_empty() {
            // There is nothing to ask about any more.
            self.mode = Mode::List;
            self.quit();
        }
        self.count_arrivals(gateway);
        if before != self.cursor.and_then(|cursor| self.row(&cursor)).map(shown) {
            self.changed_at = Some(now);
        }
        self.recount();
    }

    /// Marks the prompts that a listing does not have any more, and unmarks those that it has again.
    fn mark_gone(&mut self, gateway: GatewayIndex) {
        let Some(latest) = self.gateways.get(gateway).and_then(|gateway| gateway.latest.as_ref()) else {
            return;
        };
        let pending: HashSet<&Key> = latest.groups.iter().flat_map(keys).chain(&latest.unread).collect();
        let mut gone = HashSet::new();
        for row in self.rows.iter_mut().filter(|row| row.id.gateway == gateway) {
            for member in &mut row.members {
                let listed = pending.contains(&member.prompt.key);
                match &member.state {
                    State::Pending if !listed => member.state = State::Over(Outcome::Gone(None)),
                    State::Queued(order) if !listed => {
                        gone.insert((*order, member.prompt.key.clone()));
                        member.state = State::Over(Outcome::Gone(None));
                    }
                    State::Over(Outcome::Gone(None)) if listed => member.state = State::Pending,
                    _ => {}
                }
            }
            row.tagged &= row.members.iter().any(|member| !matches!(member.state, State::Over(_)));
        }
        self.withdraw(&gone);
    }

    /// Takes prompts that are gone out of the queued orders.
    fn withdraw(&mut self, gone: &HashSet<(u64, Key)>) {
        if gone.is_empty() {
            return;
        }
        for queued in &mut self.queued {
            for order in &mut queued.orders {
                let id = order.id;
                let stays = |prompt: &Prompt| !gone.contains(&(id, prompt.key.clone()));
                for target in &mut order.targets {
                    target.prompts.retain(|prompt| stays(prompt));
                }
                order.targets.retain(|target| !target.prompts.is_empty());
            }
            // A run is cancelled even if none of its prompts is left.
            queued.orders.retain(|order| !order.targets.is_empty() || order.act.ticket().is_some());
        }
        self.queued.retain(|queued| !queued.orders.is_empty());
    }

    /// Counts the listed prompts that are not in the list yet, or as another command, by their groups.
    fn count_arrivals(&mut self, gateway: GatewayIndex) {
        let decided = &self.decided;
        let Some(of) = self.gateways.get_mut(gateway) else { return };
        of.fresh.clear();
        for group in of.latest.iter().flat_map(|latest| &latest.groups) {
            let new = |prompt: &&std::sync::Arc<Prompt>| {
                of.known.get(&prompt.key) != Some(&group.id)
                    && !is_decided(decided, gateway, prompt, of.listed_at)
            };
            let count = group.prompts.iter().filter(new).count();
            if count > 0 {
                of.fresh.insert(group.id, count);
            }
        }
    }

    /// How many new prompts a row would get.
    pub fn arrivals_of(&self, row: &Row) -> usize {
        let fresh = self.gateways.get(row.id.gateway).and_then(|of| of.fresh.get(&row.id.group));
        fresh.copied().unwrap_or_default()
    }

    /// Whether rows would change if the person stopped pressing keys. What belongs to rows that keep their prompts does
    /// not count.
    pub(super) fn waits_for_idle(&self) -> bool {
        let taken = |(gateway, group): (GatewayIndex, &[u8; 32])| {
            let row = self.row(&RowId { gateway, group: *group });
            row.is_none_or(|row| !self.keeps(row, false))
        };
        let of_gateways = self.gateways.iter().enumerate();
        let mut fresh = of_gateways.flat_map(|(at, of)| of.fresh.keys().map(move |group| (at, group)));
        matches!(self.mode, Mode::List) && (fresh.any(taken) || self.rows.iter().any(|row| self.leaves(row)))
    }

    /// Whether a row would be removed from the list.
    fn leaves(&self, row: &Row) -> bool {
        !self.keeps(row, false) && row.open() == 0
    }

    /// Whether a row keeps its prompts when arrivals are taken in. `asked`: by a key.
    fn keeps(&self, row: &Row, asked: bool) -> bool {
        row.is_busy() || row.tagged || !asked && self.cursor == Some(row.id)
    }

    pub(super) fn may_take_in(&self, now: SteadyTime) -> bool {
        let is_quiet = || self.quiet_since().is_none_or(|last| now >= last.plus(IDLE_MS));
        // In an empty list no row moves.
        self.waits_for_idle() && (self.rows.is_empty() || is_quiet())
    }

    /// Takes the last listings into the list. `asked`: by a key.
    pub(super) fn take_in(&mut self, asked: bool, now: SteadyTime) {
        let before = self.under_cursor();
        let mut old: HashMap<RowId, Row> =
            std::mem::take(&mut self.rows).into_iter().map(|row| (row.id, row)).collect();
        let order: Vec<RowId> = self.shown_ids(&old);
        let mut rows: Vec<Row> = Vec::with_capacity(old.len());
        let kept: Vec<RowId> = old.values().filter(|row| self.keeps(row, asked)).map(|row| row.id).collect();
        rows.extend(kept.iter().filter_map(|id| old.remove(id)));
        let kept: HashSet<RowId> = kept.into_iter().collect();
        for (gateway, of) in self.gateways.iter().enumerate() {
            let Some(latest) = &of.latest else { continue };
            let wanted = |prompt: &Prompt| !is_decided(&self.decided, gateway, prompt, of.listed_at);
            for group in &latest.groups {
                let id = RowId { gateway, group: group.id };
                if kept.contains(&id) {
                    continue;
                }
                let Some(mut row) = Row::of(gateway, group, wanted) else { continue };
                row.failed = old.remove(&id).and_then(|old| old.failed);
                rows.push(row);
            }
        }
        self.rows = rows;
        self.know();
        self.follow(&order);
        self.arrange();
        for gateway in 0..self.gateways.len() {
            self.count_arrivals(gateway);
        }
        self.recount();
        // A key that was pressed before this was seen is not meant for it.
        if self.under_cursor() != before {
            self.changed_at = Some(now);
        }
    }

    /// The row under the cursor, and what it shows of its prompts.
    fn under_cursor(&self) -> Option<(RowId, (Option<Key>, usize))> {
        self.current().map(|row| (row.id, shown(row)))
    }

    /// The rows that the filter matched, in their order; `rows`: all of them.
    fn shown_ids(&self, rows: &HashMap<RowId, Row>) -> Vec<RowId> {
        let by_place: HashMap<usize, RowId> =
            self.index.iter().map(|(id, at)| (*at, *id)).filter(|(_, id)| rows.contains_key(id)).collect();
        self.shown.iter().filter_map(|at| by_place.get(at).copied()).collect()
    }

    /// Notes the keys of all rows.
    fn know(&mut self) {
        for of in &mut self.gateways {
            of.known.clear();
        }
        for row in &self.rows {
            if let Some(of) = self.gateways.get_mut(row.id.gateway) {
                of.known.extend(row.members.iter().map(|member| (member.prompt.key.clone(), row.id.group)));
            }
        }
    }

    /// If the row under the cursor is gone, moves the cursor to the next row that is left. `order`: the former rows.
    fn follow(&mut self, order: &[RowId]) {
        let left: HashSet<RowId> = self.rows.iter().map(|row| row.id).collect();
        if self.cursor.is_some_and(|cursor| left.contains(&cursor)) {
            return;
        }
        let place = self.cursor.and_then(|cursor| order.iter().position(|id| *id == cursor)).unwrap_or(0);
        let below = order.iter().skip(place).find(|id| left.contains(id));
        let above = || order.iter().take(place).rev().find(|id| left.contains(id));
        self.cursor = below.or_else(above).copied();
    }
}

/// What a row shows of its prompts: the first one, and how many there are.
fn shown(row: &Row) -> (Option<Key>, usize) {
    (row.lead().map(|lead| lead.key.clone()), row.open())
}

fn keys(group: &Group) -> impl Iterator<Item = &Key> {
    group.prompts.iter().map(|prompt| &prompt.key)
}

/// Whether this process decided a prompt of a listing that arrived at this time: a listing that was requested before the
/// decision still has it.
fn is_decided(
    decided: &HashMap<(GatewayIndex, Key, u64), SteadyTime>,
    gateway: GatewayIndex,
    prompt: &Prompt,
    listed_at: SteadyTime,
) -> bool {
    // Most screens have no decisions yet.
    let answered = if decided.is_empty() {
        None
    } else {
        decided.get(&(gateway, prompt.key.clone(), prompt.created_at_ms))
    };
    answered.is_some_and(|answered| listed_at <= answered.plus(STALE_MS))
}
