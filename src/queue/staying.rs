//! The times at which the prompts of a run may be denied while other processes deny duplicates.
//!
//! Another process may rely on a prompt of a run. So its denial uses the same slots as the denial of a duplicate (see
//! [`super::slots`]): it counts as a younger denial where an older prompt of the group stays, and as an older
//! denial where only younger prompts of the group stay. The group is every prompt with the same intent, in any session.
//!
//! A prompt that is alone in its group may be denied at any time. If it was not alone at the time of the plan, somebody
//! denied the others meanwhile and relied on it: then it stays. An abort clears all prompts of its run at once, so a
//! rule aborts a run only after those of its prompts that have others in their groups were denied.

use std::collections::{HashMap, HashSet};

use super::clock::GatewayTime;
use super::intent::Intent;
use super::prompt::{Key, Prompt};
use super::slots::{Moment, Opening, SETTLED_MS, Side, Slots};

/// How long a prompt must still live to rely on it for another denial, in milliseconds.
const LAPSE_MS: u64 = 5_000;

/// The order of prompts of a group: by creation time, then by key.
type Rank = (GatewayTime, Key);

/// The prompts of each intent that are not to be denied, in order.
#[derive(Debug)]
pub struct Staying {
    slots: Slots,
    groups: HashMap<Intent, Vec<(Rank, GatewayTime)>>,
}

/// The slot that the denial of a prompt waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Wait {
    older: bool,
    phase: u64,
    /// The time at which its support is settled.
    settled: GatewayTime,
}

impl Staying {
    /// The `pending` prompts without those in `going`.
    pub fn of(slots: Slots, pending: &[Prompt], going: &HashSet<Key>) -> Self {
        let mut groups: HashMap<Intent, Vec<(Rank, GatewayTime)>> = HashMap::new();
        let stays = |prompt: &&Prompt| prompt.doubt.is_none() && !going.contains(&prompt.key);
        for prompt in pending.iter().filter(stays) {
            let rank = (prompt.created(), prompt.key.clone());
            groups.entry(prompt.intent).or_default().push((rank, prompt.expires()));
        }
        for group in groups.values_mut() {
            group.sort_unstable();
        }
        Self { slots, groups }
    }

    /// Whether any prompt that stays has the same intent.
    pub fn shares(&self, prompt: &Prompt) -> bool {
        self.groups.contains_key(&prompt.intent)
    }

    /// The slot that a denial waits for; `None` if the prompt may be denied at any time.
    fn wait(&self, prompt: &Prompt, moment: Moment) -> Option<Wait> {
        let soon = moment.at.plus(moment.unsure_ms).plus(LAPSE_MS);
        let group = self.groups.get(&prompt.intent).filter(|_| prompt.doubt.is_none())?;
        let mut lasting = group.iter().filter(|(_, expires)| *expires > soon);
        let ((created, key), _) = lasting.next()?;
        let older = (*created, key) > (prompt.created(), &prompt.key);
        let settled = if older { created.plus(SETTLED_MS) } else { GatewayTime::default() };
        Some(Wait { older, phase: self.slots.phase(&prompt.intent), settled })
    }

    fn opening(&self, wait: Wait, moment: Moment) -> Opening {
        if moment.at < wait.settled {
            return Opening::Shut { until: wait.settled };
        }
        let side = if wait.older { Side::Older } else { Side::Younger };
        self.slots.opening(side, wait.phase, moment)
    }

    /// Whether a prompt may be denied now. The listing must be from after the time that an open slot names.
    pub fn opens(&self, prompt: &Prompt, moment: Moment) -> Opening {
        match self.wait(prompt, moment) {
            None => {
                let (since, until) = (GatewayTime::default(), GatewayTime::of_ms(u64::MAX));
                Opening::Open { since, until }
            }
            Some(wait) => self.opening(wait, moment),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::queue::kind::Kind;

    const NOW: u64 = 1_800_000_000_000;

    fn prompt(id: usize, created_at_ms: u64, intent: u8) -> Prompt {
        let listing = serde_json::json!([{
            "id": format!("p{id:03}"), "createdAtMs": created_at_ms, "expiresAtMs": created_at_ms + 1_800_000,
            "request": { "command": format!("make {intent}"), "agentId": "main", "sessionKey": "agent:main:main" },
        }]);
        let mut read = crate::queue::Listing::default();
        crate::queue::Reader::new().list(Kind::Exec, &listing.to_string(), &mut read).unwrap();
        read.prompts.remove(0)
    }

    fn at(at_ms: u64) -> Moment {
        Moment { at: GatewayTime::of_ms(at_ms), unsure_ms: 0, latency_ms: 0 }
    }

    fn open(opening: Opening) -> bool {
        matches!(opening, Opening::Open { .. })
    }

    /// A time in the middle of a slot of an intent.
    fn inside(slots: Slots, side: Side, intent: &Intent) -> u64 {
        let phase = slots.phase(intent);
        match slots.opening(side, phase, at(NOW)) {
            Opening::Open { .. } => NOW,
            Opening::Shut { until } => until.as_ms(),
        }
    }

    #[test]
    fn a_prompt_without_others_of_its_intent_may_go_at_any_time() {
        let prompts = [prompt(0, NOW - 60_000, 0), prompt(1, NOW - 50_000, 1)];
        let going = HashSet::from([prompts[0].key.clone()]);
        for slots in [Slots::LEGACY, Slots::CURRENT] {
            let staying = Staying::of(slots, &prompts, &going);
            assert!((0..100).all(|step| open(staying.opens(&prompts[0], at(NOW + step * 97)))));
        }
    }

    #[test]
    fn the_oldest_goes_in_the_older_slot_and_others_in_the_younger_one() {
        let prompts = [prompt(0, NOW - 60_000, 0), prompt(1, NOW - 50_000, 0)];
        for slots in [Slots::LEGACY, Slots::CURRENT] {
            let (younger, older) =
                [Side::Younger, Side::Older].map(|side| inside(slots, side, &prompts[0].intent)).into();
            for (goes, in_younger) in [(0, false), (1, true)] {
                let staying = Staying::of(slots, &prompts, &HashSet::from([prompts[goes].key.clone()]));
                assert_eq!(open(staying.opens(&prompts[goes], at(younger))), in_younger);
                assert_eq!(open(staying.opens(&prompts[goes], at(older))), !in_younger);
            }
        }
    }

    #[test]
    fn what_stays_must_have_settled_and_must_not_lapse() {
        let slots = Slots::LEGACY;
        let older = inside(slots, Side::Older, &prompt(0, 0, 0).intent);
        let prompts = [prompt(0, older - 60_000, 0), prompt(1, older - SETTLED_MS + 1, 0)];
        let going = HashSet::from([prompts[0].key.clone()]);
        let staying = Staying::of(slots, &prompts, &going);
        assert_eq!(
            staying.opens(&prompts[0], at(older)),
            Opening::Shut { until: GatewayTime::of_ms(older + 1) }
        );
        assert!(open(staying.opens(&prompts[0], at(older + 1))));
        // A prompt that expires soon cannot be relied on: the denied prompt counts as alone.
        let lapsing = [prompt(0, older - 60_000, 0), prompt(1, older - 1_799_000, 0)];
        let staying = Staying::of(slots, &lapsing, &going);
        let younger = inside(slots, Side::Younger, &lapsing[0].intent);
        assert!(open(staying.opens(&lapsing[0], at(older))) && open(staying.opens(&lapsing[0], at(younger))));
    }

    proptest! {
        /// A denial in a slot never hits the prompt that every process keeps in that slot, so no group with a prompt
        /// that stays is emptied: the oldest prompt in a younger slot, the youngest settled prompt in an older slot.
        #[test]
        fn what_goes_in_a_slot_is_never_what_all_others_keep(
            ages in prop::collection::vec(0_u64..5_000, 2..8), chosen in 0_u8..=255, step in 0_u64..200, legacy in any::<bool>(),
        ) {
            let slots = Slots::of(legacy);
            let now = at(NOW + step * 50);
            let prompts: Vec<Prompt> =
                ages.iter().enumerate().map(|(n, age)| prompt(n, now.at.as_ms() - age, 0)).collect();
            let goes = |n: usize| chosen & (1 << n) != 0;
            let going: HashSet<Key> =
                (0..prompts.len()).filter(|n| goes(*n)).map(|n| prompts[n].key.clone()).collect();
            prop_assume!(going.len() < prompts.len());
            let staying = Staying::of(slots, &prompts, &going);
            let phase = slots.phase(&prompts[0].intent);
            let gone: HashSet<&Key> = prompts
                .iter()
                .filter(|one| going.contains(&one.key) && open(staying.opens(one, now)))
                .map(|one| &one.key)
                .collect();
            let rank = |one: &&Prompt| (one.created_at_ms, one.key.clone());
            if open(slots.opening(Side::Younger, phase, now)) {
                let oldest = prompts.iter().min_by_key(rank).unwrap();
                prop_assert!(!gone.contains(&oldest.key));
            } else if open(slots.opening(Side::Older, phase, now)) {
                let settled = prompts.iter().filter(|one| one.created().plus(SETTLED_MS) <= now.at);
                if let Some(youngest) = settled.max_by_key(rank) {
                    prop_assert!(!gone.contains(&youngest.key));
                }
            } else {
                prop_assert!(gone.is_empty());
            }
        }
    }
}
