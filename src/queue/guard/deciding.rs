//! Deciding on a duplicate: whether its group and the circuit breaker admit its denial.

use super::breaker::Admission;
use super::holds::Verdict;
use super::table::{Digest, State};
use super::{Decided, DenialCost, Guard, Held, Note, Outcome};
use crate::queue::clock::Now;
use crate::queue::plan::Why;
use crate::queue::prompt::{Key, Prompt};

impl Guard {
    /// Whether a duplicate may be denied now. The group is asked first, so that a held prompt does not count at the
    /// breaker.
    fn admit(&mut self, digest: Digest, key: &Key, now: Now) -> Option<Admission> {
        let item = self.table.items.get(key)?;
        // A denial that is retried was admitted before.
        let first = !matches!(item.state, State::Again { .. });
        let judged = first && self.cost == DenialCost::AgentTurn && self.breaker.open_until().is_none();
        let back = item.back;
        if judged {
            match self.holds.judge(digest, back, now.steady) {
                Verdict::Deny => {}
                Verdict::Held => return Some(Admission::Open),
                Verdict::HeldNow(times, for_ms) => {
                    let Prompt { agent, session_key: session, .. } = item.prompt.clone();
                    let survivor = self.table.groups.get(&digest).and_then(|group| group.survivor.clone())?.1;
                    let held = Held { group: digest, agent, session, survivor, times, for_ms };
                    self.notes.push(Note::Held(Box::new(held)));
                    return Some(Admission::Open);
                }
            }
        }
        let admission = self.breaker.admit(now.steady);
        if judged && admission == Admission::Admitted {
            self.holds.denied(digest, back, now.steady);
        }
        Some(admission)
    }

    /// Looks again at the held prompts of a group. They did not come back after a denial.
    pub(super) fn retry(&mut self, digest: Digest) {
        let members = self.table.groups.get(&digest).map(|group| group.members.clone());
        for (_, key) in members.unwrap_or_default() {
            if let Some(item) = self.table.items.get_mut(&key).filter(|item| item.state == State::Held) {
                item.back = false;
                self.table.set(&key, State::Pending);
            }
        }
        self.table.touch(digest);
    }

    /// Decides on a duplicate. `Some`: its denial is to be sent.
    pub(super) fn decide(&mut self, digest: Digest, key: Key, why: Why, now: Now) -> Option<Key> {
        let admission = self.admit(digest, &key, now)?;
        if let Admission::Opened(until) = admission {
            self.notes.push(Note::Opened { for_ms: until.since(now.steady) });
        }
        let number = match self.table.items.get(&key)?.state {
            State::Again { number, .. } => number,
            _ => self.decided(digest, &key, why)?,
        };
        let (state, outcome) = match admission {
            Admission::Admitted if self.tuning.observe => (State::Observed, Some(Outcome::Observed)),
            Admission::Admitted => (State::Sent { number, why }, None),
            Admission::Opened(_) | Admission::Open => (State::Held, Some(Outcome::Held)),
        };
        self.table.set(&key, state);
        let Some(outcome) = outcome else {
            self.denials.deny(&key, now);
            return Some(key);
        };
        let observed = outcome == Outcome::Observed;
        self.notes.push(Note::Over { number, key: key.clone(), why, outcome });
        if observed {
            self.offended(&key, now);
        }
        None
    }

    fn decided(&mut self, digest: Digest, key: &Key, why: Why) -> Option<u64> {
        let (_, survivor) = self.table.groups.get(&digest)?.survivor.clone()?;
        let item = self.table.items.get(key)?;
        self.decisions += 1;
        self.notes.push(Note::Decided(Box::new(Decided {
            number: self.decisions,
            prompt: item.prompt.clone(),
            survivor,
            why,
            group: digest,
            requeued: item.requeued,
        })));
        Some(self.decisions)
    }
}
