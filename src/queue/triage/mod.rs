//! Triage as a state machine: the rows that a person sees, the cursor, the tags, the filter, and the decisions that
//! wait to be sent. It receives keys, listings and outcomes, and returns what the caller has to do. Time is passed in.
//!
//! What it promises:
//!
//! - A key acts on the row under the cursor, by its name. Rows do not move under the cursor: listings only mark prompts
//!   as gone. New prompts are counted, and taken into the list on a key, or when no key was pressed for [`IDLE_MS`].
//!   Even then the row under the cursor, tagged rows and rows with a decision keep their prompts.
//! - A decision names the prompts that the row showed. It is queued for [`UNDO_MS`], and can be undone until it is sent.
//! - For [`SETTLING_MS`] after the row under the cursor changed by itself no key decides, and a key that is held down
//!   decides once.
//! - Quitting decides nothing, and nothing is sent while it is asked about.

mod cancelling;
mod deciding;
mod keys;
mod listing;
mod mode;
mod moving;
mod order;
mod pressing;
mod proposals;
mod proposing;
mod protocol;
mod rows;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, VecDeque};

pub use self::keys::{BINDINGS, Binding, Key};
pub use self::mode::{Mode, Notice, Question, Refusal};
pub use self::proposals::{NoProposal, Proposal, Proposals};
pub use self::protocol::{
    Act, Drawn, Effect, Fact, Facts, GatewayIndex, Input, Link, NewEntry, Order, Outcome, RowId, Snapshot,
    Verdict,
};
use self::rows::State;
pub use self::rows::{Row, Status};
use super::clock::{GatewayTime, SteadyTime};
use super::filter::Sort;
use super::prompt;

/// How long a decision can be undone, in milliseconds.
pub const UNDO_MS: u64 = 3_000;
/// How long no key is pressed before new prompts are taken into the list, in milliseconds.
pub const IDLE_MS: u64 = 3_000;
/// How long no key decides after the row under the cursor changed without a key, in milliseconds.
pub const SETTLING_MS: u64 = 500;
/// The shortest time between two keys that decide, in milliseconds: a key that is held down comes faster.
pub const REPEAT_MS: u64 = 150;
/// The longest time before a key that is held down comes for the second time, in milliseconds.
const HELD_MS: u64 = 700;
/// How long the cursor rests on a row before its facts are looked up, in milliseconds.
const RESTING_MS: u64 = 100;
/// How long after an own decision a listing may still have the prompt, in milliseconds: it was requested before.
const STALE_MS: u64 = 5_000;
/// How long facts count, in milliseconds.
const FACTS_MS: u64 = 60_000;

/// A key that decides, or would.
#[derive(Debug, Clone, Copy)]
struct Press {
    key: Key,
    at: SteadyTime,
    /// Whether it can be the first repetition of a key that is held down.
    may_repeat: bool,
}

/// A gateway.
#[derive(Debug)]
pub struct Gateway {
    /// Its name or address.
    pub name: String,
    /// The connection.
    pub link: Link,
    /// The last listing.
    latest: Option<Snapshot>,
    /// When it arrived.
    listed_at: SteadyTime,
    /// The keys of the prompts in its rows, with their groups.
    known: HashMap<prompt::Key, [u8; 32]>,
    /// How many prompts of each group are listed and not in the list yet.
    fresh: HashMap<[u8; 32], usize>,
}

impl Gateway {
    /// Why there may be more prompts than the list has, if so.
    pub fn partial(&self) -> Option<&str> {
        self.latest.as_ref()?.partial.as_deref()
    }
}

/// A decision that waits to be sent.
#[derive(Debug)]
struct Queued {
    orders: Vec<Order>,
    due: SteadyTime,
    /// The row under the cursor when it was made, if there was one.
    row: Option<RowId>,
}

/// A decision of the report.
#[derive(Debug, Clone)]
pub struct Done {
    /// The gateway.
    pub gateway: GatewayIndex,
    /// The prompt.
    pub prompt: std::sync::Arc<prompt::Prompt>,
    /// The outcome.
    pub outcome: Outcome,
}

/// How many rows and prompts there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Pending prompts in the list.
    pub prompts: usize,
    /// Rows with pending prompts.
    pub rows: usize,
    /// Tagged rows.
    pub tagged: usize,
    /// Prompts with a queued decision.
    pub queued: usize,
    /// Prompts with a decision that is being sent.
    pub sent: usize,
    /// New prompts that are not in the list yet.
    pub arrivals: usize,
}

/// The state of triage.
#[derive(Debug)]
pub struct Triage {
    gateways: Vec<Gateway>,
    read_only: bool,
    /// Every row, in order.
    rows: Vec<Row>,
    index: HashMap<RowId, usize>,
    /// The rows that the filter matches, in order.
    shown: Vec<usize>,
    /// The row under the cursor.
    cursor: Option<RowId>,
    /// Its place in `shown`.
    at: usize,
    /// The first visible row in `shown`, and how many fit.
    top: usize,
    fit: usize,
    /// How many lines of the overlay's text do not fit.
    beyond: usize,
    filter: String,
    sort: Sort,
    mode: Mode,
    notice: Option<Notice>,
    counts: Counts,
    queued: VecDeque<Queued>,
    sent: HashMap<u64, Order>,
    /// Own decisions, and when their answers arrived: a listing that was requested before still has the prompts.
    decided: HashMap<(GatewayIndex, prompt::Key, u64), SteadyTime>,
    done: Vec<Done>,
    /// How each addition of entries ended.
    added: Vec<(GatewayIndex, Result<String, String>)>,
    /// The gateways for which proposals are being made, each with their number.
    proposing: HashMap<GatewayIndex, u64>,
    effects: VecDeque<Effect>,
    /// Facts, and when they were looked up; `None`: a decision may have changed them since.
    facts: HashMap<RowId, (Option<SteadyTime>, Facts)>,
    /// The row of which the facts are wanted, and since when.
    resting: Option<(RowId, SteadyTime)>,
    last_key: Option<SteadyTime>,
    /// When the last outcome arrived: it is shown for a moment before its row leaves the list.
    last_outcome: Option<SteadyTime>,
    changed_at: Option<SteadyTime>,
    last_press: Option<Press>,
    next: u64,
    ended: bool,
}

impl Triage {
    /// A screen without rows. `read_only`: nothing is decided.
    pub fn new(gateways: impl IntoIterator<Item = String>, read_only: bool, sort: Sort) -> Self {
        let gateway = |name| Gateway {
            name,
            link: Link::Connecting,
            latest: None,
            listed_at: SteadyTime::default(),
            known: HashMap::new(),
            fresh: HashMap::new(),
        };
        Self {
            gateways: gateways.into_iter().map(gateway).collect(),
            read_only,
            rows: Vec::new(),
            index: HashMap::new(),
            shown: Vec::new(),
            cursor: None,
            at: 0,
            top: 0,
            fit: 1,
            beyond: 0,
            filter: String::new(),
            sort,
            mode: Mode::List,
            notice: None,
            counts: Counts::default(),
            queued: VecDeque::new(),
            sent: HashMap::new(),
            decided: HashMap::new(),
            done: Vec::new(),
            added: Vec::new(),
            proposing: HashMap::new(),
            effects: VecDeque::new(),
            facts: HashMap::new(),
            resting: None,
            last_key: None,
            last_outcome: None,
            changed_at: None,
            last_press: None,
            next: 0,
            ended: false,
        }
    }

    /// Handles an input.
    pub fn handle(&mut self, input: Input, now: SteadyTime) {
        match input {
            Input::Key(key) => self.pressed(key, now),
            Input::Pasted(text) => self.pasted(&text, now),
            Input::Listed(gateway, snapshot) => self.listed(gateway, snapshot, now),
            Input::Linked(gateway, link) => {
                if let Some(gateway) = self.gateways.get_mut(gateway) {
                    gateway.link = link;
                }
            }
            Input::Named(gateway, name) => {
                if let Some(gateway) = self.gateways.get_mut(gateway) {
                    gateway.name = name;
                }
            }
            Input::Ended(order, outcomes) => self.outcomes(order, outcomes, now),
            Input::Over(order, result) => self.over(order, result, now),
            Input::Planned(ticket, plan) => self.planned(ticket, plan),
            Input::Proposed(gateway, ticket, proposed) => self.proposed(gateway, ticket, proposed, now),
            Input::Facts(row, facts) => {
                self.facts.insert(row, (Some(now), facts));
            }
            Input::Resumed => {
                self.wait_again(now);
                (self.changed_at, self.last_key) = (Some(now), Some(now));
            }
            Input::Terminate => self.quit_now(),
        }
        self.rest(now);
    }

    /// Handles the passing of time: sends what is due, and takes arrivals in. The caller calls it at
    /// [`Triage::wakes_at`], and after each input.
    pub fn tick(&mut self, now: SteadyTime) {
        self.send_due(now);
        if self.may_take_in(now) {
            self.take_in(false, now);
        }
        self.rest(now);
        self.look(now);
    }

    /// The next thing to do.
    pub fn next_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// When [`Triage::tick`] is to be called again; `None`: not before the next input.
    pub fn wakes_at(&self) -> Option<SteadyTime> {
        let due = self.queued.front().map(|queued| queued.due).filter(|_| !self.asks_to_quit());
        let idle = self.waits_for_idle().then(|| self.quiet_since().unwrap_or_default().plus(IDLE_MS));
        let resting = self.resting.map(|(_, since)| since.plus(RESTING_MS));
        [due, idle, resting].into_iter().flatten().min()
    }

    /// Notes what fits on the screen: rows of the list, and how many lines of an overlay do not fit.
    pub fn drawn(&mut self, drawn: Drawn) {
        (self.fit, self.beyond) = (drawn.fit.max(1), drawn.beyond);
        self.scroll();
        self.mode.scroll_to(drawn.beyond);
    }

    /// The gateways.
    pub fn gateways(&self) -> &[Gateway] {
        &self.gateways
    }

    /// The gateway's clock, as far as it is known.
    pub fn gateway_now(&self, gateway: GatewayIndex, now: SteadyTime) -> GatewayTime {
        let Some(gateway) = self.gateways.get(gateway) else { return GatewayTime::default() };
        let at = gateway.latest.as_ref().map_or_else(GatewayTime::default, |latest| latest.at);
        at.plus(now.since(gateway.listed_at))
    }

    /// Whether nothing is decided here.
    pub fn read_only(&self) -> bool {
        self.read_only
    }

    /// Whether the filter matches no row.
    pub fn is_empty(&self) -> bool {
        self.shown.is_empty()
    }

    /// The first visible row if `fit` rows fit: the cursor is visible.
    pub fn top_with(&self, fit: usize) -> usize {
        let fit = fit.max(1);
        let least = (self.at + 1).saturating_sub(fit);
        self.top.min(self.at).max(least).min(self.shown.len().saturating_sub(fit))
    }

    /// The rows from a place, as far as they match.
    pub fn rows_from(&self, top: usize) -> impl Iterator<Item = &Row> {
        self.shown.iter().skip(top).filter_map(|at| self.rows.get(*at))
    }

    /// The place of the cursor among the rows that match.
    pub fn place(&self) -> usize {
        self.at
    }

    /// The row under the cursor.
    pub fn current(&self) -> Option<&Row> {
        self.row(&self.cursor?)
    }

    /// A row.
    pub fn row(&self, id: &RowId) -> Option<&Row> {
        self.rows.get(*self.index.get(id)?)
    }

    /// Every tagged row.
    pub fn tagged(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| row.tagged)
    }

    /// When a queued order is sent, and what it does.
    pub fn queued(&self, order: u64) -> Option<(SteadyTime, &Order)> {
        self.queued.iter().find_map(|queued| {
            let order = queued.orders.iter().find(|one| one.id == order)?;
            Some((queued.due, order))
        })
    }

    /// The facts about a row, as far as they are known.
    pub fn facts(&self, row: &RowId) -> Option<&Facts> {
        self.facts.get(row).map(|(_, facts)| facts)
    }

    /// The filter.
    pub fn filter(&self) -> &str {
        &self.filter
    }

    /// The mode.
    pub fn mode(&self) -> &Mode {
        &self.mode
    }

    /// What the last key or outcome has to report.
    pub fn notice(&self) -> Option<&Notice> {
        self.notice.as_ref()
    }

    /// How many rows and prompts there are.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Every queued order, and when it is sent.
    pub fn waiting(&self) -> impl Iterator<Item = (&Order, SteadyTime)> {
        self.queued.iter().flat_map(|queued| queued.orders.iter().map(|order| (order, queued.due)))
    }

    /// Every decision whose outcome is known, in their order.
    pub fn done(&self) -> &[Done] {
        &self.done
    }

    /// How each addition of entries ended: what was added, or why nothing was.
    pub fn added(&self) -> &[(GatewayIndex, Result<String, String>)] {
        &self.added
    }

    /// Whether every decision that was sent is answered.
    pub fn is_answered(&self) -> bool {
        self.sent.is_empty()
    }

    /// The prompts of decisions without an outcome.
    pub fn unanswered(&self) -> impl Iterator<Item = &std::sync::Arc<prompt::Prompt>> {
        let sent = self.rows.iter().flat_map(|row| &row.members);
        sent.filter(|member| matches!(member.state, State::Sent(_))).map(|member| &member.prompt)
    }

    /// When the last key was pressed, or the last outcome arrived.
    fn quiet_since(&self) -> Option<SteadyTime> {
        self.last_key.max(self.last_outcome)
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }
}
