//! Proposals for a gateway: shown first, and added after a question.

use super::mode::{Mode, Notice, Question, Refusal};
use super::proposals::Proposals;
use super::protocol::{Act, Effect, Fact, GatewayIndex, Order};
use super::{Queued, Triage, UNDO_MS};
use crate::queue::clock::SteadyTime;

impl Triage {
    /// Looks for proposals for the gateway of the row under the cursor. Without a row: for the first gateway.
    pub(super) fn propose(&mut self) {
        let gateway = self.cursor.map_or(0, |row| row.gateway);
        let running = self.proposing.get(&gateway).copied();
        let ticket = running.unwrap_or_else(|| self.number());
        if running.is_none() {
            self.proposing.insert(gateway, ticket);
            self.effects.push_back(Effect::Propose(gateway, ticket));
        }
        let question = Question::Entries { gateway, ticket, found: Fact::Asked };
        self.mode = Mode::Question { question, scroll: 0 };
    }

    /// Handles proposals. Those that nobody waits for are dropped.
    pub(super) fn proposed(
        &mut self,
        gateway: GatewayIndex,
        ticket: u64,
        proposed: Result<Box<Proposals>, String>,
        now: SteadyTime,
    ) {
        self.proposing.retain(|_, running| *running != ticket);
        match &mut self.mode {
            Mode::Question { question: Question::Entries { ticket: wanted, found, .. }, .. }
                if *wanted == ticket =>
            {
                *found = match proposed {
                    Ok(proposals) => Fact::Known(proposals),
                    Err(why) => Fact::Unknown(why),
                };
                // A key that was pressed before they were seen is not meant for them.
                self.changed_at = Some(now);
            }
            _ => self.effects.push_back(Effect::Drop(gateway, ticket)),
        }
    }

    /// Queues the addition of proposed entries.
    pub(super) fn add_entries(
        &mut self,
        gateway: GatewayIndex,
        ticket: u64,
        entries: usize,
        now: SteadyTime,
    ) {
        if self.is_away(gateway) {
            self.effects.push_back(Effect::Drop(gateway, ticket));
            self.notice = Some(Notice::Refused(Refusal::Away(gateway)));
            return;
        }
        let act = Act::AddEntries { ticket, entries };
        let order = Order { id: self.number(), gateway, act, targets: Vec::new() };
        self.queued.push_back(Queued { orders: vec![order], due: now.plus(UNDO_MS), row: self.cursor });
        self.notice = Some(Notice::Queued { act, prompts: 0, rows: 0 });
        self.recount();
    }
}
