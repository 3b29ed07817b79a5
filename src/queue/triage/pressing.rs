//! What keys do, in each mode.

use super::Triage;
use super::keys::{Command, Key};
use super::mode::{Mode, Notice, Question, Refusal};
use super::protocol::{Act, Effect, Fact, Link};
use super::rows::Row;
use crate::queue::clock::SteadyTime;
use crate::queue::prompt::Decision;

/// The maximum length of a filter, in bytes.
const FILTER: usize = 200;

impl Triage {
    /// Handles a key.
    pub(super) fn pressed(&mut self, key: Key, now: SteadyTime) {
        self.last_key = Some(now);
        let page = self.fit.max(2) - 1;
        if self.mode.scrolls(key, page, self.beyond) {
            return;
        }
        match &self.mode {
            Mode::List => match Command::of(key) {
                Some(command) => self.command(command, key, now),
                None => self.notice = Some(Notice::Refused(Refusal::NoSuchKey)),
            },
            Mode::Filter => self.type_filter(key),
            // A second request ends without the answers.
            Mode::Ending => {
                if matches!(key, Key::Char('q') | Key::Ctrl('c')) {
                    self.quit_now();
                }
            }
            Mode::Help { .. } | Mode::Text { .. } => {
                if matches!(key, Key::Escape | Key::Enter | Key::Char('q' | '?') | Key::Ctrl('c')) {
                    self.mode = Mode::List;
                }
            }
            Mode::Question { .. } => self.answer(key, now),
        }
    }

    fn command(&mut self, command: Command, key: Key, now: SteadyTime) {
        self.notice = None;
        if command.decides() && !self.may_decide(key, now) {
            return;
        }
        match command {
            Command::Down => self.move_by(true, 1),
            Command::Up => self.move_by(false, 1),
            Command::PageDown => self.page(true),
            Command::PageUp => self.page(false),
            Command::First => self.move_to(0),
            Command::Last => self.move_to(usize::MAX),
            Command::Filter => self.mode = Mode::Filter,
            Command::Sort => self.sort_next(),
            Command::Tag => self.tag(),
            Command::TagAll => self.tag_all(),
            Command::Clear => self.clear(),
            Command::AllowOnce => self.decide_one(Decision::AllowOnce, now),
            Command::AllowAlways => self.ask_always(),
            Command::Deny => self.deny_row(now),
            Command::DenyDuplicates => self.deny_duplicates(now),
            Command::DenyTagged => self.ask_tagged(Act::Decide(Decision::Deny)),
            Command::DenyTaggedDuplicates => self.ask_tagged(Act::DenyDuplicates),
            Command::CancelRun => self.plan_cancel(),
            Command::Propose => self.propose(),
            Command::Text if self.cursor.is_some() => self.mode = Mode::Text { scroll: 0 },
            Command::Text => {}
            Command::TakeIn => {
                let arrivals = self.counts.arrivals;
                self.take_in(true, now);
                self.notice = Some(Notice::TakenIn(arrivals - self.counts.arrivals.min(arrivals)));
            }
            Command::Undo => self.undo(),
            Command::Help => self.mode = Mode::Help { scroll: 0 },
            Command::Quit => self.quit(),
        }
    }

    /// Types a filter, which applies while it is typed.
    fn type_filter(&mut self, key: Key) {
        match key {
            Key::Enter => self.mode = Mode::List,
            Key::Escape | Key::Ctrl('c') => {
                self.mode = Mode::List;
                self.filter.clear();
                self.select();
            }
            Key::Backspace => {
                self.filter.pop();
                self.select();
            }
            Key::Ctrl('u') => {
                self.filter.clear();
                self.select();
            }
            Key::Down => self.move_by(true, 1),
            Key::Up => self.move_by(false, 1),
            Key::Char(c) => self.extend_filter(&c.to_string()),
            _ => {}
        }
    }

    fn extend_filter(&mut self, text: &str) {
        for c in text.chars().filter(|c| !c.is_control()) {
            if self.filter.len() + c.len_utf8() <= FILTER {
                self.filter.push(c);
            }
        }
        self.select();
    }

    /// Pasted text is typed into a filter, and otherwise ignored: none of it is a key.
    pub(super) fn pasted(&mut self, text: &str, now: SteadyTime) {
        self.last_key = Some(now);
        if matches!(self.mode, Mode::Filter) {
            self.extend_filter(text);
        }
    }

    fn ask_always(&mut self) {
        let Some(row) = self.decidable() else { return };
        let Some(lead) = self.row(&row).and_then(Row::lead) else { return };
        if lead.allows(Decision::AllowAlways) {
            let question = Question::Always(row, lead.key.clone());
            self.mode = Mode::Question { question, scroll: 0 };
        } else {
            self.notice = Some(Notice::Refused(Refusal::NotAllowed(Decision::AllowAlways)));
        }
    }

    fn ask_tagged(&mut self, act: Act) {
        if self.tagged_targets(act).is_empty() {
            self.notice = Some(Notice::Refused(Refusal::NothingTagged));
        } else {
            self.mode = Mode::Question { question: Question::Tagged(act), scroll: 0 };
        }
    }

    /// Handles the answer to a question. Any key but the ones it names goes back.
    fn answer(&mut self, key: Key, now: SteadyTime) {
        let yes = matches!(key, Key::Char('y' | 'Y'));
        if yes && !self.may_decide(key, now) {
            return;
        }
        let Mode::Question { question, .. } = std::mem::replace(&mut self.mode, Mode::List) else { return };
        match question {
            Question::Always(row, key) if yes => {
                let lead = self.row(&row).and_then(Row::lead);
                if self.cursor == Some(row) && lead.is_some_and(|lead| lead.key == key) {
                    self.decide_one(Decision::AllowAlways, now);
                } else {
                    self.notice = Some(Notice::Refused(Refusal::Changed));
                }
            }
            Question::Tagged(act) if yes => {
                let targets = self.tagged_targets(act);
                self.queue(act, targets, now);
            }
            Question::Cancel { row, ticket, plan: Some(plan) } if yes => self.cancel(row, ticket, &plan, now),
            Question::Cancel { row, ticket, plan } => {
                if yes && plan.is_none() {
                    // The plan is not shown yet.
                    self.mode =
                        Mode::Question { question: Question::Cancel { row, ticket, plan }, scroll: 0 };
                } else {
                    self.effects.push_back(Effect::Drop(row.gateway, ticket));
                }
            }
            Question::Entries { gateway, ticket, found } => match found {
                Fact::Known(found) if yes && found.can_be_added() => {
                    self.add_entries(gateway, ticket, found.entries(), now);
                }
                found if yes => {
                    // There is nothing to add, or it is not shown yet.
                    let question = Question::Entries { gateway, ticket, found };
                    self.mode = Mode::Question { question, scroll: 0 };
                }
                // They are dropped when they arrive.
                Fact::Asked => {}
                Fact::Known(_) | Fact::Unknown(_) => {
                    self.effects.push_back(Effect::Drop(gateway, ticket));
                }
            },
            Question::Quit => match key {
                Key::Char('s') => {
                    self.send_all();
                    self.mode = Mode::Ending;
                    self.quit_if_sent();
                }
                Key::Char('d') => {
                    self.drop_all();
                    self.quit();
                }
                _ => self.wait_again(now),
            },
            Question::Always(..) | Question::Tagged(_) => {}
        }
    }

    /// Quits, or asks what to do with the decisions that are not sent yet.
    pub(super) fn quit(&mut self) {
        if !self.queued.is_empty() {
            self.mode = Mode::Question { question: Question::Quit, scroll: 0 };
        } else if self.is_quiet() {
            self.quit_now();
        } else {
            self.mode = Mode::Ending;
        }
    }

    /// Whether the person is asked what to do with the decisions that are not sent yet.
    pub(super) fn asks_to_quit(&self) -> bool {
        matches!(self.mode, Mode::Question { question: Question::Quit, .. })
    }

    /// Ends after the last answer, if the screen is to end.
    pub(super) fn quit_if_sent(&mut self) {
        if matches!(self.mode, Mode::Ending) && self.is_quiet() {
            self.quit_now();
        }
    }

    /// Ends. Queued decisions are dropped.
    pub(super) fn quit_now(&mut self) {
        if !std::mem::replace(&mut self.ended, true) {
            self.effects.push_back(Effect::Quit);
        }
    }

    /// How many decisions are not sent: one for each prompt, and one for each order without prompts.
    pub fn unsent(&self) -> usize {
        let orders = self.queued.iter().flat_map(|queued| &queued.orders);
        orders.map(|order| order.prompts().count().max(1)).sum()
    }

    /// Whether a gateway has not been listed yet, and is connected to for the first time or read.
    pub fn is_connecting(&self) -> bool {
        let is_new = |gateway: &super::Gateway| gateway.latest.is_none();
        self.gateways.iter().any(|one| is_new(one) && matches!(one.link, Link::Connecting | Link::Reading))
    }
}
