//! Held groups: where each denial starts an agent turn, an agent that asks again after every denial is not denied
//! forever.
//!
//! A prompt *comes back* when it arrives after another prompt of its group was denied. When a group has come back
//! `repeats` times within the time window, it is held: none of its prompts are denied for a pause. Then one denial is
//! tried. If the group comes back again, it is held for twice as long, up to [`LONGEST_MS`]. If it stays away, it is
//! released. Other groups are not affected.

use std::collections::{BTreeSet, HashMap, VecDeque};

use super::table::Digest;
use crate::queue::clock::SteadyTime;

/// The longest pause, in milliseconds, unless the first one is longer.
const LONGEST_MS: u64 = 3_600_000;
/// How long a group has to stay away after a trial to be released, in milliseconds; less where the pause is shorter.
/// On a loaded gateway 40 s passed between a denial and the next prompt (measured, 2026.4.14).
const TRIAL_MS: u64 = 120_000;
/// The maximum number of groups. Further groups are not held; the breaker limits them.
const MOST: usize = 4_096;

/// The state of a group.
#[derive(Debug)]
enum Standing {
    /// When prompts that came back were denied, oldest first.
    Counting(VecDeque<SteadyTime>),
    /// No prompt of the group is denied.
    Held(Hold),
    /// The pause is over: the next denial is the trial.
    Due(Hold),
    /// One prompt was denied; no other prompt of the group is, until it is known whether the group comes back.
    Trial(Hold),
}

#[derive(Debug, Clone, Copy)]
struct Hold {
    /// When this state ends.
    until: SteadyTime,
    /// The last pause, in milliseconds.
    pause_ms: u64,
    /// How many times the group has come back.
    times: u32,
}

/// Whether a prompt may be denied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Yes: its group is not held.
    Deny,
    /// No: its group is held.
    Held,
    /// No: its group is held from now on. How many times it has come back, and the pause in milliseconds.
    HeldNow(u32, u64),
}

/// A change of a group by the passing of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// One denial may be tried.
    Due,
    /// The group is not held any more.
    Released,
}

/// The groups that came back lately.
#[derive(Debug)]
pub(super) struct Holds {
    repeats: u32,
    within_ms: u64,
    pause_ms: u64,
    known: HashMap<Digest, Standing>,
    /// The times at which states end.
    timers: BTreeSet<(SteadyTime, Digest)>,
}

impl Holds {
    /// At least two repeats: with one, the first denial would already hold the group.
    pub(super) fn new(repeats: u32, within_ms: u64, pause_ms: u64) -> Self {
        Self { repeats: repeats.max(2), within_ms, pause_ms, known: HashMap::new(), timers: BTreeSet::new() }
    }

    /// How many groups are held, those on trial included.
    pub(super) fn held(&self) -> usize {
        self.known.values().filter(|standing| !matches!(standing, Standing::Counting(_))).count()
    }

    /// How many groups are remembered.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether the group is held now.
    pub(super) fn holds(&self, group: &Digest) -> bool {
        matches!(self.known.get(group), Some(Standing::Held(_) | Standing::Trial(_)))
    }

    /// The time of the next change.
    pub(super) fn next_at(&self) -> Option<SteadyTime> {
        self.timers.first().map(|(at, _)| *at)
    }

    /// Whether a prompt of the group may be denied. `back`: it arrived after another prompt was denied.
    pub(super) fn judge(&mut self, group: Digest, back: bool, now: SteadyTime) -> Verdict {
        let within_ms = self.within_ms;
        let hold = match self.known.get_mut(&group) {
            Some(Standing::Counting(denied)) => {
                denied.retain(|at| now.since(*at) < within_ms);
                let times = u32::try_from(denied.len()).unwrap_or(u32::MAX).saturating_add(1);
                if !back || times < self.repeats {
                    return Verdict::Deny;
                }
                Hold { until: now, pause_ms: self.pause_ms, times }
            }
            Some(Standing::Trial(hold)) if back => {
                let longest_ms = LONGEST_MS.max(self.pause_ms);
                let pause_ms = hold.pause_ms.saturating_mul(2).min(longest_ms);
                Hold { until: now, pause_ms, times: hold.times.saturating_add(1) }
            }
            Some(Standing::Held(_) | Standing::Trial(_)) => return Verdict::Held,
            Some(Standing::Due(_)) | None => return Verdict::Deny,
        };
        let hold = Hold { until: now.plus(hold.pause_ms), ..hold };
        self.set(group, Standing::Held(hold));
        Verdict::HeldNow(hold.times, hold.pause_ms)
    }

    /// Notes that a prompt of the group is denied.
    pub(super) fn denied(&mut self, group: Digest, back: bool, now: SteadyTime) {
        match self.known.get_mut(&group) {
            Some(Standing::Counting(denied)) if back => denied.push_back(now),
            Some(Standing::Due(hold)) => {
                let until = now.plus(hold.pause_ms.min(TRIAL_MS));
                let hold = Hold { until, ..*hold };
                self.set(group, Standing::Trial(hold));
            }
            Some(_) => {}
            None => {
                if back && self.has_room(now) {
                    self.known.insert(group, Standing::Counting(VecDeque::from([now])));
                }
            }
        }
    }

    /// The next group with a state that has ended, and the change.
    pub(super) fn due(&mut self, now: SteadyTime) -> Option<(Digest, Change)> {
        while let Some((at, group)) = self.timers.pop_first() {
            if at > now {
                self.timers.insert((at, group));
                break;
            }
            match self.known.remove(&group) {
                Some(Standing::Held(hold)) => {
                    let until = now.plus(self.within_ms.max(hold.pause_ms));
                    self.set(group, Standing::Due(Hold { until, ..hold }));
                    return Some((group, Change::Due));
                }
                Some(Standing::Trial(_) | Standing::Due(_)) => return Some((group, Change::Released)),
                Some(Standing::Counting(_)) | None => {}
            }
        }
        None
    }

    /// Forgets denials from before the time window.
    pub(super) fn forget(&mut self, now: SteadyTime) {
        let within_ms = self.within_ms;
        self.known.retain(|_, standing| match standing {
            Standing::Counting(denied) => denied.back().is_some_and(|at| now.since(*at) < within_ms),
            Standing::Held(_) | Standing::Due(_) | Standing::Trial(_) => true,
        });
    }

    /// Forgets everything: the gateway is one where a denial costs nothing.
    pub(super) fn clear(&mut self) {
        self.known.clear();
        self.timers.clear();
    }

    fn has_room(&mut self, now: SteadyTime) -> bool {
        if self.known.len() >= MOST {
            self.forget(now);
        }
        self.known.len() < MOST
    }

    fn set(&mut self, group: Digest, standing: Standing) {
        if let Some(Standing::Held(hold) | Standing::Due(hold) | Standing::Trial(hold)) =
            self.known.get(&group)
        {
            self.timers.remove(&(hold.until, group));
        }
        if let Standing::Held(hold) | Standing::Due(hold) | Standing::Trial(hold) = &standing {
            self.timers.insert((hold.until, group));
        }
        self.known.insert(group, standing);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GROUP: Digest = [1; 32];
    const OTHER: Digest = [2; 32];

    fn at(ms: u64) -> SteadyTime {
        SteadyTime::of_ms(ms)
    }

    /// Denies a prompt if it may. Returns whether it did.
    fn deny(holds: &mut Holds, group: Digest, back: bool, at_ms: u64) -> bool {
        let may = holds.judge(group, back, at(at_ms)) == Verdict::Deny;
        if may {
            holds.denied(group, back, at(at_ms));
        }
        may
    }

    #[test]
    fn a_group_that_comes_back_is_held_and_others_are_not() {
        let mut holds = Holds::new(3, 600_000, 300_000);
        assert!(deny(&mut holds, GROUP, false, 0));
        assert!(deny(&mut holds, GROUP, true, 1_000));
        assert!(deny(&mut holds, GROUP, true, 2_000));
        assert_eq!(holds.judge(GROUP, true, at(3_000)), Verdict::HeldNow(3, 300_000));
        assert_eq!(holds.judge(GROUP, true, at(4_000)), Verdict::Held);
        assert_eq!(holds.judge(GROUP, false, at(4_000)), Verdict::Held);
        assert!(deny(&mut holds, OTHER, true, 4_000));
        assert_eq!((holds.held(), holds.next_at()), (1, Some(at(303_000))));
    }

    #[test]
    fn a_backlog_does_not_come_back() {
        let mut holds = Holds::new(2, 600_000, 300_000);
        for at_ms in 0..200 {
            assert!(deny(&mut holds, GROUP, false, at_ms), "{at_ms}");
        }
        assert_eq!(holds.len(), 0);
    }

    #[test]
    fn what_comes_back_rarely_is_not_held() {
        let mut holds = Holds::new(3, 60_000, 300_000);
        for n in 0..20 {
            assert!(deny(&mut holds, GROUP, true, n * 30_000), "{n}");
        }
        holds.forget(at(20 * 30_000 + 60_000));
        assert_eq!(holds.len(), 0);
    }

    #[test]
    fn pauses_grow_while_it_comes_back() {
        let mut holds = Holds::new(2, 600_000, 300_000);
        deny(&mut holds, GROUP, false, 0);
        deny(&mut holds, GROUP, true, 0);
        let mut at_ms = 1_000;
        let mut pauses = Vec::new();
        for _ in 0..6 {
            let Verdict::HeldNow(_, pause_ms) = holds.judge(GROUP, true, at(at_ms)) else {
                panic!("{pauses:?}")
            };
            pauses.push(pause_ms / 60_000);
            assert_eq!(holds.due(at(at_ms + pause_ms - 1)), None);
            at_ms += pause_ms;
            assert_eq!(holds.due(at(at_ms)), Some((GROUP, Change::Due)));
            // One denial is tried, and no other until its effect is known.
            assert!(deny(&mut holds, GROUP, false, at_ms));
            assert!(!deny(&mut holds, GROUP, false, at_ms));
            at_ms += 10_000;
        }
        assert_eq!(pauses, [5, 10, 20, 40, 60, 60]);
    }

    #[test]
    fn a_group_that_stays_away_is_released() {
        let mut holds = Holds::new(2, 600_000, 300_000);
        deny(&mut holds, GROUP, true, 0);
        assert_eq!(holds.judge(GROUP, true, at(0)), Verdict::HeldNow(2, 300_000));
        assert_eq!(holds.due(at(300_000)), Some((GROUP, Change::Due)));
        assert!(deny(&mut holds, GROUP, false, 300_000));
        assert_eq!(holds.due(at(419_999)), None);
        assert_eq!(holds.due(at(420_000)), Some((GROUP, Change::Released)));
        assert_eq!((holds.len(), holds.next_at()), (0, None));
        // A hold without a trial is forgotten after the time window.
        deny(&mut holds, OTHER, true, 500_000);
        holds.judge(OTHER, true, at(500_000));
        assert_eq!(holds.due(at(800_000)), Some((OTHER, Change::Due)));
        assert_eq!(holds.due(at(1_400_000)), Some((OTHER, Change::Released)));
        assert_eq!(holds.len(), 0);
    }

    proptest! {
        /// An agent that asks again after every denial gets at most `repeats` denials before the first pause, and then
        /// one for each pause; memory is bounded by the groups.
        #[test]
        fn an_agent_that_never_gives_up_is_fed_ever_less(
            repeats in 2_u32..20,
            pause_ms in 1_000_u64..600_000,
            answers in prop::collection::vec(1_u64..5_000, 50..400),
        ) {
            let mut holds = Holds::new(repeats, u64::MAX, pause_ms);
            let (mut at_ms, mut denials, mut pauses) = (0, 0_u32, 0_u32);
            let mut back = false;
            for answer_ms in answers {
                match holds.judge(GROUP, back, at(at_ms)) {
                    Verdict::Deny => {
                        holds.denied(GROUP, back, at(at_ms));
                        denials += 1;
                        at_ms += answer_ms.min(pause_ms - 1);
                        back = true;
                    }
                    Verdict::HeldNow(..) => pauses += 1,
                    Verdict::Held => prop_assert!(false, "it was held and nothing waited"),
                }
                if holds.holds(&GROUP) && holds.known.values().any(|it| matches!(it, Standing::Held(_))) {
                    at_ms = holds.next_at().unwrap().as_ms();
                    prop_assert_eq!(holds.due(at(at_ms)), Some((GROUP, Change::Due)));
                    back = false;
                }
                prop_assert!(denials <= repeats + pauses, "{} {} {}", denials, repeats, pauses);
                prop_assert!(holds.len() <= 1 && holds.timers.len() <= 1);
            }
        }
    }
}
