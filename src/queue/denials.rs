//! The denial ledger: the requests of one process that are in flight at a gateway, what their answers mean, how long
//! answers take, when the next request may be sent, and when the prompts that denials rely on were last known to be
//! pending. A purge, a guard and a cancelled run keep one each.
//!
//! # What an answer means
//!
//! | answer | an event reported that the prompt is gone | end |
//! | --- | --- | --- |
//! | denied | any | denied |
//! | already gone | any | already gone |
//! | allowed before | any | allowed |
//! | refused for good | any | failed: refused |
//! | not sent, for a reason | any | skipped, for this reason |
//! | busy, or not sent yet | yes | already gone |
//! | busy, or not sent yet | no | it may be sent again |
//! | none | yes | already gone |
//! | none | no | failed: no answer |

mod pace;

use std::collections::{BTreeSet, HashMap};

use super::clock::{GatewayTime, Now, SteadyTime};
use super::prompt::{Decision, Key};
use super::report::{Failure, Outcome, SkipReason};
use super::slots::Moment;
pub use pace::Limits;
use pace::Pace;

/// A gateway's answer to a denial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The gateway denied the prompt.
    Denied,
    /// Somebody decided the prompt before, or it had expired.
    AlreadyGone,
    /// Somebody allowed it before.
    Allowed(Decision),
    /// The request may be retried, after this many milliseconds if the gateway names a time.
    Unavailable(Option<u64>),
    /// Refused for good, with these words.
    Refused(Box<str>),
    /// The denial was not sent, for this reason.
    NotSent(SkipReason),
    /// The denial was not sent yet: a listing is needed first.
    NotYet,
}

/// A gateway's answer to the question whether a prompt is pending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// The prompt is pending.
    Pending,
    /// The prompt is not pending.
    Gone,
    /// The check may be retried, after this many milliseconds if the gateway names a time.
    Unavailable(Option<u64>),
    /// The gateway refused the check or did not understand it.
    Unknown,
}

/// How a denial ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum End {
    /// Final.
    Over(Outcome),
    /// The gateway did not carry it out, and it may be sent again.
    Again,
}

/// A denial that is not in flight any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Landed {
    pub(super) end: End,
    /// Whether an event reported meanwhile that the prompt is gone.
    pub(super) gone: bool,
    /// Whether the gateway's answer means that the prompt is gone.
    pub(super) settled: bool,
}

/// When a prompt was last known to be pending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen {
    /// When the gateway was asked: the prompt was pending at this time or later.
    pub(super) asked: GatewayTime,
    /// When the answer arrived.
    pub(super) answered: GatewayTime,
}

/// A request in flight.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Request {
    Deny(Key),
    Check(Key),
}

#[derive(Debug)]
struct Sent {
    at: SteadyTime,
    /// The pace's epoch.
    epoch: u64,
    gone: bool,
}

#[derive(Debug)]
pub(super) struct Check {
    at: SteadyTime,
    epoch: u64,
    asked: GatewayTime,
}

/// A ledger.
#[derive(Debug)]
pub(super) struct Denials {
    pace: Pace,
    sent: HashMap<Key, Sent>,
    checks: HashMap<Key, Check>,
    /// Every request in flight, by when it was sent.
    flights: BTreeSet<(SteadyTime, Request)>,
    /// The prompts that denials rely on.
    seen: HashMap<Key, Seen>,
    /// By how much the gateway's clock may be ahead, in milliseconds.
    unsure_ms: u64,
}

impl Denials {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            pace: Pace::new(limits),
            sent: HashMap::new(),
            checks: HashMap::new(),
            flights: BTreeSet::new(),
            seen: HashMap::new(),
            unsure_ms: 0,
        }
    }

    /// The end of the current pause, if sending is paused.
    pub(super) fn paused_until(&self, now: Now) -> Option<SteadyTime> {
        Some(self.pace.resume_at()).filter(|resume_at| now.steady < *resume_at)
    }

    /// Whether the window of requests in flight is full.
    pub(super) fn is_full(&self) -> bool {
        self.flights.len() >= self.pace.window()
    }

    /// How many requests may be in flight now.
    #[cfg(test)]
    pub(super) fn window(&self) -> usize {
        self.pace.window()
    }

    /// Whether nothing is in flight.
    pub(super) fn is_idle(&self) -> bool {
        self.flights.is_empty()
    }

    /// How many denials are in flight.
    pub(super) fn in_flight(&self) -> usize {
        self.sent.len()
    }

    /// By how much the gateway's clock may be ahead, in milliseconds.
    pub(super) fn set_unsure_ms(&mut self, unsure_ms: u64) {
        self.unsure_ms = unsure_ms;
    }

    /// Takes note of how long an answer of any kind took, in milliseconds.
    pub(super) fn took_ms(&mut self, took_ms: u64) {
        self.pace.answered(took_ms);
    }

    /// What is known about the time at which a denial would arrive. An answer that is still due counts with the time
    /// that it has taken so far.
    pub(super) fn moment(&self, now: Now) -> Moment {
        let oldest = self.flights.first().map_or(0, |(sent, _)| now.steady.since(*sent));
        let latency_ms = self.pace.latency_ms().max(oldest);
        Moment { at: now.gateway, unsure_ms: self.unsure_ms, latency_ms }
    }

    /// Notes that a denial is sent now.
    pub(super) fn deny(&mut self, key: &Key, now: Now) {
        self.flights.insert((now.steady, Request::Deny(key.clone())));
        let sent = Sent { at: now.steady, epoch: self.pace.epoch(), gone: false };
        self.sent.insert(key.clone(), sent);
    }

    /// Notes that a check is sent now.
    pub(super) fn check(&mut self, key: &Key, now: Now) {
        self.flights.insert((now.steady, Request::Check(key.clone())));
        let check = Check { at: now.steady, epoch: self.pace.epoch(), asked: now.gateway };
        self.checks.insert(key.clone(), check);
    }

    /// Whether a check of this prompt is in flight.
    pub(super) fn is_checking(&self, key: &Key) -> bool {
        self.checks.contains_key(key)
    }

    /// Notes an event by which a prompt is gone. The answer to its denial decides the outcome.
    pub(super) fn gone(&mut self, key: &Key) {
        self.seen.remove(key);
        if let Some(sent) = self.sent.get_mut(key) {
            sent.gone = true;
        }
    }

    /// Notes the answer to a denial. `None`: no answer was due.
    pub(super) fn answered(&mut self, key: &Key, answer: Answer, now: Now) -> Option<Landed> {
        let Sent { at, epoch, gone } = self.land(key)?;
        self.pace.answered(now.steady.since(at));
        let settled = matches!(answer, Answer::Denied | Answer::AlreadyGone | Answer::Allowed(_));
        if settled {
            self.pace.went_well();
        }
        let over = |outcome| End::Over(outcome);
        let end = match answer {
            Answer::Denied => over(Outcome::Denied),
            Answer::AlreadyGone => over(Outcome::AlreadyGone),
            Answer::Allowed(decision) => over(Outcome::Allowed(decision)),
            Answer::Refused(words) => over(Outcome::Failed(Failure::Refused(words))),
            Answer::NotSent(reason) => over(Outcome::Skipped(reason)),
            Answer::Unavailable(_) | Answer::NotYet => {
                if let Answer::Unavailable(retry_after_ms) = answer {
                    self.pace.refused(epoch, now.steady, retry_after_ms);
                }
                if gone { over(Outcome::AlreadyGone) } else { End::Again }
            }
        };
        Some(Landed { end, gone, settled })
    }

    /// Notes that a denial will not be answered. `None`: no answer was due.
    pub(super) fn unanswered(&mut self, key: &Key) -> Option<Landed> {
        let Sent { gone, .. } = self.land(key)?;
        let outcome = if gone { Outcome::AlreadyGone } else { Outcome::Failed(Failure::NoAnswer) };
        Some(Landed { end: End::Over(outcome), gone, settled: false })
    }

    fn land(&mut self, key: &Key) -> Option<Sent> {
        let sent = self.sent.remove(key)?;
        self.flights.remove(&(sent.at, Request::Deny(key.clone())));
        Some(sent)
    }

    /// Notes the answer to a check. Returns the time of the request; `None` if the check was dropped.
    pub(super) fn checked(&mut self, key: &Key, found: Found, now: Now) -> Option<GatewayTime> {
        let Check { at, epoch, asked } = self.drop_check(key)?;
        self.pace.answered(now.steady.since(at));
        match found {
            Found::Pending | Found::Gone => self.pace.went_well(),
            Found::Unavailable(retry_after_ms) => self.pace.refused(epoch, now.steady, retry_after_ms),
            Found::Unknown => {}
        }
        Some(asked)
    }

    /// Stops waiting for the answer to a check.
    pub(super) fn drop_check(&mut self, key: &Key) -> Option<Check> {
        let check = self.checks.remove(key)?;
        self.flights.remove(&(check.at, Request::Check(key.clone())));
        Some(check)
    }

    /// Notes that a prompt is pending, by an answer that was requested at `asked` and arrived at `answered`.
    pub(super) fn saw(&mut self, key: &Key, asked: GatewayTime, answered: GatewayTime) {
        let seen = self.seen.entry(key.clone()).or_insert(Seen { asked, answered });
        seen.asked = seen.asked.max(asked);
        seen.answered = seen.answered.max(answered);
    }

    /// When a prompt was last known to be pending.
    pub(super) fn seen(&self, key: &Key) -> Option<Seen> {
        self.seen.get(key).copied()
    }

    /// Forgets a prompt on which no denial relies any more.
    pub(super) fn forget(&mut self, key: &Key) {
        self.seen.remove(key);
        self.drop_check(key);
    }

    /// Notes the loss of the connection: no pending answer will arrive, and no prompt is known to be pending.
    pub(super) fn lost(&mut self) -> Vec<(Key, Landed)> {
        self.seen.clear();
        self.give_up()
    }

    /// Stops waiting for requests in flight. Returns the denials, in the order in which they were sent.
    pub(super) fn give_up(&mut self) -> Vec<(Key, Landed)> {
        let mut landed = Vec::new();
        for (_, request) in std::mem::take(&mut self.flights) {
            if let Request::Deny(key) = request
                && let Some(end) = self.unanswered(&key)
            {
                landed.push((key, end));
            }
        }
        self.checks.clear();
        landed
    }

    /// How much is remembered, for tests of memory.
    #[cfg(test)]
    pub(super) fn remembered(&self) -> usize {
        self.seen.len() + self.sent.len() + self.checks.len()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::queue::kind::Kind;

    fn key(id: &str) -> Key {
        Key::new(Kind::Exec, id)
    }

    fn now(ms: u64) -> Now {
        Now { gateway: GatewayTime::of_ms(1_000_000 + ms), steady: SteadyTime::of_ms(ms) }
    }

    fn no_answer() -> Outcome {
        Outcome::Failed(Failure::NoAnswer)
    }

    /// The table of the module's text.
    #[test]
    fn an_answer_means_the_same_for_every_process() {
        let refused = || Outcome::Failed(Failure::Refused("no".into()));
        let skipped = Outcome::Skipped(SkipReason::AmbiguousId);
        let allowed = Outcome::Allowed(Decision::AllowOnce);
        let over = |outcome: &Outcome| End::Over(outcome.clone());
        for (answer, unheard, heard) in [
            (Answer::Denied, over(&Outcome::Denied), over(&Outcome::Denied)),
            (Answer::AlreadyGone, over(&Outcome::AlreadyGone), over(&Outcome::AlreadyGone)),
            (Answer::Allowed(Decision::AllowOnce), over(&allowed), over(&allowed)),
            (Answer::Refused("no".into()), over(&refused()), over(&refused())),
            (Answer::NotSent(SkipReason::AmbiguousId), over(&skipped), over(&skipped)),
            (Answer::Unavailable(None), End::Again, over(&Outcome::AlreadyGone)),
            (Answer::Unavailable(Some(50)), End::Again, over(&Outcome::AlreadyGone)),
            (Answer::NotYet, End::Again, over(&Outcome::AlreadyGone)),
        ] {
            for (gone, end) in [(false, unheard), (true, heard)] {
                let mut ledger = Denials::new(Limits::default());
                ledger.deny(&key("a"), now(0));
                if gone {
                    ledger.gone(&key("a"));
                }
                let landed = ledger.answered(&key("a"), answer.clone(), now(5)).unwrap();
                assert_eq!((landed.end, landed.gone), (end, gone), "{answer:?}");
                assert!(ledger.is_idle());
                assert_eq!(ledger.answered(&key("a"), answer.clone(), now(6)), None, "it is answered once");
            }
        }
        for (gone, outcome) in [(false, no_answer()), (true, Outcome::AlreadyGone)] {
            let mut ledger = Denials::new(Limits::default());
            ledger.deny(&key("a"), now(0));
            if gone {
                ledger.gone(&key("a"));
            }
            let landed = Landed { end: End::Over(outcome), gone, settled: false };
            assert_eq!(ledger.unanswered(&key("a")), Some(landed));
        }
    }

    #[test]
    fn an_answer_that_is_due_counts_with_the_time_it_has_taken() {
        let mut ledger = Denials::new(Limits::default());
        ledger.deny(&key("a"), now(0));
        ledger.check(&key("b"), now(30));
        assert_eq!(ledger.moment(now(40)).latency_ms, 40);
        ledger.answered(&key("a"), Answer::Denied, now(40));
        assert_eq!(ledger.moment(now(41)).latency_ms, 40, "it is remembered");
        assert_eq!(ledger.moment(now(100)).latency_ms, 70, "the check is due");
        ledger.checked(&key("b"), Found::Pending, now(100));
        assert_eq!(ledger.moment(now(2_000)).latency_ms, 70);
    }

    #[test]
    fn a_prompt_and_a_check_of_it_are_in_flight_side_by_side() {
        let mut ledger = Denials::new(Limits::default());
        ledger.deny(&key("a"), now(0));
        ledger.check(&key("a"), now(0));
        ledger.checked(&key("a"), Found::Pending, now(1));
        assert!(!ledger.is_idle() && ledger.in_flight() == 1);
        ledger.answered(&key("a"), Answer::Denied, now(1));
        assert!(ledger.is_idle());
    }

    #[test]
    fn what_is_known_ends_with_the_connection() {
        let mut ledger = Denials::new(Limits::default());
        let at = |ms| now(ms).gateway;
        ledger.saw(&key("a"), at(5), at(9));
        ledger.saw(&key("a"), at(3), at(10));
        assert_eq!(ledger.seen(&key("a")), Some(Seen { asked: at(5), answered: at(10) }));
        ledger.gone(&key("a"));
        assert_eq!(ledger.seen(&key("a")), None);
        ledger.saw(&key("a"), at(20), at(20));
        ledger.deny(&key("b"), now(21));
        ledger.deny(&key("c"), now(22));
        ledger.gone(&key("c"));
        ledger.check(&key("a"), now(22));
        let lost: Vec<(Key, End)> =
            ledger.lost().into_iter().map(|(key, landed)| (key, landed.end)).collect();
        let expected = [(key("b"), End::Over(no_answer())), (key("c"), End::Over(Outcome::AlreadyGone))];
        assert_eq!(lost, expected);
        assert_eq!((ledger.seen(&key("a")), ledger.remembered()), (None, 0));
        assert_eq!(ledger.checked(&key("a"), Found::Pending, now(30)), None, "nobody waits for it");
    }

    #[test]
    fn a_busy_gateway_is_given_time() {
        let mut ledger = Denials::new(Limits::default());
        ledger.deny(&key("a"), now(0));
        ledger.answered(&key("a"), Answer::Unavailable(Some(700)), now(1));
        assert_eq!(ledger.paused_until(now(700)), Some(SteadyTime::of_ms(701)));
        assert_eq!(ledger.paused_until(now(701)), None);
    }

    proptest! {
        /// Whatever happens, the requests in flight are exactly those that were sent and have not ended, and they fit
        /// the window.
        #[test]
        fn the_ledger_balances(steps in prop::collection::vec((0_u8..8, 0_u8..6), 0..200)) {
            let mut ledger = Denials::new(Limits::default());
            let (mut denied, mut checked) = (BTreeSet::new(), BTreeSet::new());
            for (ms, (what, which)) in steps.into_iter().enumerate() {
                let (key, now) = (key(&which.to_string()), now(ms as u64 * 7));
                match what {
                    0 | 1 if !ledger.is_full() && denied.insert(which) => ledger.deny(&key, now),
                    2 if !ledger.is_full() && checked.insert(which) => ledger.check(&key, now),
                    3 => prop_assert_eq!(
                        ledger.answered(&key, Answer::Denied, now).is_some(), denied.remove(&which)
                    ),
                    4 => prop_assert_eq!(
                        ledger.answered(&key, Answer::Unavailable(None), now).is_some(), denied.remove(&which)
                    ),
                    5 => prop_assert_eq!(
                        ledger.checked(&key, Found::Pending, now).is_some(), checked.remove(&which)
                    ),
                    6 => ledger.gone(&key),
                    7 if which == 0 => {
                        prop_assert_eq!(ledger.lost().len(), denied.len());
                        denied.clear();
                        checked.clear();
                    }
                    _ => {}
                }
                prop_assert_eq!(ledger.in_flight(), denied.len());
                prop_assert_eq!(ledger.flights.len(), denied.len() + checked.len());
                prop_assert!(ledger.window() >= 1);
            }
        }
    }
}
