//! The cursor, the filter, the order and the tags.

use super::mode::Notice;
use super::order;
use super::protocol::{Effect, RowId};
use super::rows::{Row, State};
use super::{Counts, FACTS_MS, RESTING_MS, Triage};
use crate::queue::clock::SteadyTime;
use crate::queue::filter::Sort;

impl Triage {
    /// Moves the cursor to a place among the rows that match.
    pub(super) fn move_to(&mut self, at: usize) {
        if self.shown.is_empty() {
            return;
        }
        self.at = at.min(self.shown.len() - 1);
        self.cursor = self.shown.get(self.at).and_then(|at| self.rows.get(*at)).map(|row| row.id);
        self.scroll();
    }

    pub(super) fn move_by(&mut self, down: bool, by: usize) {
        let at = if down { self.at.saturating_add(by) } else { self.at.saturating_sub(by) };
        self.move_to(at);
    }

    pub(super) fn page(&mut self, down: bool) {
        self.move_by(down, self.fit.saturating_sub(1).max(1));
    }

    /// Moves on to the next row that waits for a decision, if there is one.
    pub(super) fn move_on(&mut self) {
        let waits = |at: &usize| {
            let row = self.shown.get(*at).and_then(|at| self.rows.get(*at));
            row.is_some_and(|row| row.is_open() && !row.is_busy())
        };
        let below = (self.at + 1..self.shown.len()).find(waits);
        if let Some(at) = below.or_else(|| (0..self.at).rev().find(waits)) {
            self.move_to(at);
        }
    }

    pub(super) fn scroll(&mut self) {
        self.top = self.top_with(self.fit);
    }

    /// Selects the rows that the filter matches. The row under the cursor stays on its line of the screen; if it does
    /// not match any more, the next one that matches takes its place.
    pub(super) fn select(&mut self) {
        let line = self.at.saturating_sub(self.top);
        let words: Vec<String> = self.filter.split_whitespace().map(str::to_lowercase).collect();
        let name = |row: &Row| self.gateways.get(row.id.gateway).map_or("", |gateway| gateway.name.as_str());
        let matching = |(_, row): &(usize, &Row)| words.is_empty() || row.has(&words, name(row));
        self.shown = self.rows.iter().enumerate().filter(matching).map(|(at, _)| at).collect();
        let cursor = self.cursor.and_then(|cursor| self.index.get(&cursor)).copied();
        let at = cursor.map_or(self.at, |cursor| self.shown.partition_point(|at| *at < cursor));
        self.cursor = None;
        self.move_to(at);
        if self.shown.is_empty() {
            self.at = 0;
        }
        self.top = self.at.saturating_sub(line);
        self.scroll();
    }

    /// Sorts the rows anew, and keeps the cursor on its row.
    pub(super) fn arrange(&mut self) {
        self.rows = order::sorted(std::mem::take(&mut self.rows), self.sort);
        self.index = self.rows.iter().enumerate().map(|(at, row)| (row.id, at)).collect();
        self.select();
    }

    pub(super) fn sort_next(&mut self) {
        self.sort = match self.sort {
            Sort::Age => Sort::Expiry,
            Sort::Expiry => Sort::Agent,
            Sort::Agent => Sort::Command,
            Sort::Command => Sort::Age,
        };
        self.arrange();
        self.notice = Some(Notice::Sorted(self.sort));
    }

    /// Tags the row under the cursor, or removes its tag, and moves down.
    pub(super) fn tag(&mut self) {
        if let Some(row) = self.cursor.and_then(|cursor| self.row_mut(&cursor)) {
            row.tagged = !row.tagged && row.is_open();
            self.move_by(true, 1);
            self.recount();
        }
    }

    /// Tags every row that the filter matches; if all of them are tagged, removes their tags.
    pub(super) fn tag_all(&mut self) {
        let shown: Vec<usize> = self.shown.clone();
        let open = |at: &usize| self.rows.get(*at).is_some_and(Row::is_open);
        let shown: Vec<usize> = shown.into_iter().filter(open).collect();
        let all = shown.iter().all(|at| self.rows.get(*at).is_some_and(|row| row.tagged));
        for at in shown {
            if let Some(row) = self.rows.get_mut(at) {
                row.tagged = !all;
            }
        }
        self.recount();
        self.notice = Some(Notice::Tagged(self.counts.tagged));
    }

    /// Removes the filter, or else all tags.
    pub(super) fn clear(&mut self) {
        if self.filter.is_empty() {
            self.rows.iter_mut().for_each(|row| row.tagged = false);
            self.recount();
        } else {
            self.filter.clear();
            self.select();
        }
    }

    /// Counts rows and prompts anew.
    pub(super) fn recount(&mut self) {
        let mut counts = Counts {
            arrivals: self.gateways.iter().flat_map(|gateway| gateway.fresh.values()).sum(),
            ..Counts::default()
        };
        for row in &self.rows {
            let mut waits = false;
            for member in &row.members {
                match member.state {
                    State::Pending => {
                        counts.prompts += 1;
                        waits = true;
                    }
                    State::Queued(_) => counts.queued += 1,
                    State::Sent(_) => counts.sent += 1,
                    State::Over(_) => {}
                }
            }
            counts.rows += usize::from(waits);
            counts.tagged += usize::from(row.tagged);
        }
        self.counts = counts;
    }

    pub(super) fn row_mut(&mut self, id: &RowId) -> Option<&mut Row> {
        self.rows.get_mut(*self.index.get(id)?)
    }

    /// Notes that the cursor rests on a row of which the facts are not known.
    pub(super) fn rest(&mut self, now: SteadyTime) {
        let wanted = self.cursor.filter(|cursor| {
            let known = self.facts.get(cursor);
            known.is_none_or(|(at, _)| at.is_none_or(|at| now.since(at) >= FACTS_MS))
        });
        match (wanted, self.resting) {
            (Some(wanted), Some((row, _))) if wanted == row => {}
            (wanted, _) => self.resting = wanted.map(|wanted| (wanted, now)),
        }
    }

    /// Looks up the facts about the row on which the cursor rests.
    pub(super) fn look(&mut self, now: SteadyTime) {
        let Some((row, _)) = self.resting.filter(|(_, since)| now >= since.plus(RESTING_MS)) else {
            return;
        };
        self.resting = None;
        if let Some(lead) = self.row(&row).and_then(Row::lead).cloned() {
            self.facts.entry(row).or_default().0 = Some(now);
            self.effects.push_back(Effect::Look(row, lead));
        }
    }
}
