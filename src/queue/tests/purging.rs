//! Carrying out plans, step by step.

use super::super::denials::{Answer, Found, Limits};
use super::super::purge::{FRESH_MS, Input, Next, STOPPING_MS, Tuning};
use super::super::report::{Entry, Failure, Outcome, SkipReason};
use super::super::{Key, Kind, Plan, Prompt, Purge, Rules, Runs, plan};
use super::{HOSTILE, NOW, clocks, gateway, prompt, steady};

fn key(id: &str) -> Key {
    Key::new(Kind::Exec, id)
}

/// `groups` groups of `size`: `g-0` is kept, `g-1`, … are denied.
pub(super) fn prompts(groups: usize, size: usize) -> Vec<Prompt> {
    lapsing(groups, size, 1_800_000)
}

/// The same groups, expiring after `lapse_ms`.
pub(super) fn lapsing(groups: usize, size: usize, lapse_ms: u64) -> Vec<Prompt> {
    let all = (0..groups).flat_map(|group| (0..size).map(move |n| (group, n)));
    all.map(|(group, n)| {
        prompt(&format!("{group}-{n}"), HOSTILE[group], |row| {
            row["createdAtMs"] = (NOW - 100 + n as u64).into();
            row["expiresAtMs"] = (NOW + lapse_ms).into();
        })
    })
    .collect()
}

pub(super) fn planned(prompts: &[Prompt]) -> Plan<'_> {
    plan(prompts, &Runs::new(), Rules::at(NOW))
}

pub(super) fn purge(plan: &Plan<'_>, tuning: Tuning) -> Purge {
    let mut purge = Purge::new(tuning);
    plan.duplicated().for_each(|group| purge.add(group, gateway(NOW)));
    purge
}

/// No other process can reach the gateway: there are no slots to wait for.
pub(super) fn alone() -> Tuning {
    Tuning { slots: None, ..Tuning::default() }
}

fn outcomes(purge: &mut Purge) -> Vec<(String, Outcome)> {
    purge.take().into_iter().map(|Entry { key, outcome, .. }| (key.id.to_string(), outcome)).collect()
}

#[test]
fn nothing_to_do_is_done() {
    let prompts = prompts(3, 1);
    assert_eq!(purge(&planned(&prompts), alone()).next(clocks(NOW)), Next::Done);
}

#[test]
fn denies_while_the_survivor_is_known() {
    let prompts = prompts(1, 4);
    let mut purge = purge(&planned(&prompts), alone());
    assert_eq!(purge.next(clocks(NOW + FRESH_MS)), Next::Deny(key("0-1")));
    let late = NOW + FRESH_MS + 1;
    assert_eq!(purge.next(clocks(late)), Next::Check(key("0-0")), "what was known is old");
    assert_eq!(purge.next(clocks(late)), Next::Wait(None), "the group waits for the answer");
    purge.handle(Input::Checked(key("0-0"), Found::Pending, gateway(late + 5)), clocks(late + 5));
    assert_eq!(purge.next(clocks(late + 5)), Next::Deny(key("0-2")));
    purge.handle(Input::Resolved(key("0-0")), clocks(late + 6));
    assert_eq!(purge.next(clocks(late + 6)), Next::Wait(None));
    purge.handle(Input::Answered(key("0-1"), Answer::Denied), clocks(late + 7));
    purge.handle(Input::Answered(key("0-2"), Answer::AlreadyGone), clocks(late + 7));
    assert_eq!(purge.next(clocks(late + 7)), Next::Done);
    assert_eq!(
        outcomes(&mut purge),
        [
            ("0-1".to_owned(), Outcome::Denied),
            ("0-2".to_owned(), Outcome::AlreadyGone),
            ("0-3".to_owned(), Outcome::Skipped(SkipReason::SurvivorGone)),
        ]
    );
    assert_eq!(purge.take(), [], "it was returned once");
}

#[test]
fn events_are_as_good_as_checks() {
    let prompts = prompts(1, 3);
    let mut purge = purge(&planned(&prompts), alone());
    purge.handle(Input::Subscribed(gateway(NOW)), clocks(NOW));
    assert_eq!(purge.next(clocks(NOW + 9_000)), Next::Deny(key("0-1")));
    purge.handle(Input::Unsubscribed, clocks(NOW + 9_000));
    assert_eq!(purge.next(clocks(NOW + 9_000)), Next::Check(key("0-0")));
    // If events are received only since after the last check, the time between is not covered.
    let mut purge = self::purge(&planned(&prompts), alone());
    purge.handle(Input::Subscribed(gateway(NOW + 1)), clocks(NOW + 1));
    assert_eq!(purge.next(clocks(NOW + 9_000)), Next::Check(key("0-0")));
}

#[test]
fn a_survivor_expires_without_an_event() {
    let prompts = prompts(1, 2);
    let mut purge = purge(&planned(&prompts), alone());
    purge.handle(Input::Subscribed(gateway(NOW)), clocks(NOW));
    assert_eq!(purge.next(clocks(NOW + 1_799_000)), Next::Done);
    assert_eq!(outcomes(&mut purge), [("0-1".to_owned(), Outcome::Skipped(SkipReason::SurvivorLapsed))]);

    // The same while a denial is in flight.
    let prompts = self::prompts(1, 4);
    let mut purge = self::purge(&planned(&prompts), alone());
    purge.handle(Input::Subscribed(gateway(NOW)), clocks(NOW));
    let before = NOW + 1_798_999;
    assert_eq!(purge.next(clocks(before)), Next::Deny(key("0-1")));
    assert_eq!(purge.next(clocks(before)), Next::Deny(key("0-2")));
    assert_eq!(purge.next(clocks(before + 1)), Next::Wait(None));
    purge.handle(Input::Answered(key("0-1"), Answer::Unavailable(None)), clocks(before + 1));
    purge.handle(Input::Answered(key("0-2"), Answer::Denied), clocks(before + 1));
    assert_eq!(purge.next(clocks(before + 1)), Next::Done);
    let skipped = Outcome::Skipped(SkipReason::SurvivorLapsed);
    let expected = [skipped.clone(), Outcome::Denied, skipped];
    assert_eq!(outcomes(&mut purge).into_iter().map(|(_, outcome)| outcome).collect::<Vec<_>>(), expected);
}

#[test]
fn a_survivor_that_nobody_can_tell_of() {
    let prompts = prompts(1, 2);
    let mut purge = purge(&planned(&prompts), alone());
    let late = NOW + 1_000;
    for found in [Found::Unknown, Found::Pending, Found::Unknown] {
        assert_eq!(purge.next(clocks(late)), Next::Check(key("0-0")));
        // The second answer is too old when it arrives.
        purge.handle(Input::Checked(key("0-0"), found, gateway(NOW)), clocks(late));
    }
    assert_eq!(purge.next(clocks(late)), Next::Done);
    assert_eq!(outcomes(&mut purge), [("0-1".to_owned(), Outcome::Skipped(SkipReason::SurvivorUnknown))]);
}

#[test]
fn refusals_slow_it_down() {
    let prompts = prompts(1, 200);
    let limits = Limits { first: 4, most: 6, ..Limits::default() };
    let mut purge = purge(&planned(&prompts), Tuning { limits, ..alone() });
    purge.handle(Input::Subscribed(gateway(NOW)), clocks(NOW));
    let mut sent = Vec::new();
    let fill = |purge: &mut Purge, now: u64, sent: &mut Vec<Key>| {
        while let Next::Deny(key) = purge.next(clocks(now)) {
            sent.push(key);
        }
        sent.len()
    };
    assert_eq!(fill(&mut purge, NOW, &mut sent), 4);
    for _ in 0..100 {
        purge.handle(Input::Answered(sent.remove(0), Answer::Denied), clocks(NOW));
        fill(&mut purge, NOW, &mut sent);
    }
    assert_eq!((purge.window(), sent.len()), (6, 6), "no more than the most");
    let refused: Vec<Key> = sent.drain(..3).collect();
    for key in &refused {
        purge.handle(Input::Answered(key.clone(), Answer::Unavailable(Some(700))), clocks(NOW));
    }
    assert_eq!(purge.window(), 3, "what was sent together counts once");
    for key in sent.drain(..) {
        purge.handle(Input::Answered(key, Answer::Denied), clocks(NOW));
    }
    assert_eq!(purge.next(clocks(NOW + 699)), Next::Wait(Some(steady(NOW + 700))));
    assert_eq!(fill(&mut purge, NOW + 700, &mut sent), purge.window());
    assert!(sent.iter().any(|key| refused.contains(key)), "what was refused is tried again");
}

#[test]
fn pauses_double() {
    let prompts = prompts(1, 2);
    let mut purge = purge(&planned(&prompts), alone());
    purge.handle(Input::Subscribed(gateway(NOW)), clocks(NOW));
    let mut now = NOW;
    for pause in [20, 40, 80, 160, 320, 640, 1_280, 2_000, 2_000] {
        assert_eq!(purge.next(clocks(now)), Next::Deny(key("0-1")));
        purge.handle(Input::Answered(key("0-1"), Answer::Unavailable(None)), clocks(now));
        assert_eq!(purge.next(clocks(now)), Next::Wait(Some(steady(now + pause))));
        now += pause;
    }
    assert_eq!(purge.window(), 1);
}

#[test]
fn the_deadline_and_what_is_left() {
    let prompts = prompts(1, 8);
    let tuning = Tuning { deadline: Some(steady(NOW + 2_000)), ..alone() };
    let mut purge = purge(&planned(&prompts), tuning);
    purge.handle(Input::Subscribed(gateway(NOW)), clocks(NOW));
    while let Next::Deny(_) = purge.next(clocks(NOW)) {}
    assert_eq!(purge.next(clocks(NOW)), Next::Wait(Some(steady(NOW + 1_500))));
    purge.handle(Input::Answered(key("0-1"), Answer::Denied), clocks(NOW + 1_500));
    assert_eq!(
        purge.next(clocks(NOW + 1_500)),
        Next::Wait(Some(steady(NOW + 2_000))),
        "nothing new so near the end"
    );
    purge.handle(Input::Answered(key("0-2"), Answer::Unavailable(None)), clocks(NOW + 1_600));
    assert_eq!(purge.next(clocks(NOW + 2_000)), Next::Done);
    let outcomes = outcomes(&mut purge);
    let no_answer = Outcome::Failed(Failure::NoAnswer);
    let no_time = Outcome::Skipped(SkipReason::Deadline);
    let expected = [&Outcome::Denied, &no_time, &no_answer, &no_answer, &no_time, &no_time, &no_time];
    assert_eq!(outcomes.iter().map(|(_, outcome)| outcome).collect::<Vec<_>>(), expected);
}

#[test]
fn stopping_waits_for_what_is_under_way() {
    let prompts = prompts(2, 4);
    let mut purge = purge(&planned(&prompts), alone());
    assert_eq!(purge.next(clocks(NOW)), Next::Deny(key("0-1")));
    purge.handle(Input::Stop, clocks(NOW));
    assert_eq!(purge.next(clocks(NOW)), Next::Wait(Some(steady(NOW + STOPPING_MS))));
    purge.handle(Input::Answered(key("0-1"), Answer::Refused("no".into())), clocks(NOW));
    assert_eq!(purge.next(clocks(NOW)), Next::Done);
    let outcomes = outcomes(&mut purge);
    assert_eq!(outcomes[0].1, Outcome::Failed(Failure::Refused("no".into())));
    assert!(outcomes[1..].iter().all(|(_, outcome)| *outcome == Outcome::Skipped(SkipReason::Stopped)));
}

#[test]
fn a_lost_connection_loses_answers_and_knowledge() {
    let prompts = prompts(1, 3);
    let mut purge = purge(&planned(&prompts), alone());
    purge.handle(Input::Subscribed(gateway(NOW)), clocks(NOW));
    assert_eq!(purge.next(clocks(NOW)), Next::Deny(key("0-1")));
    assert_eq!(purge.next(clocks(NOW)), Next::Deny(key("0-2")));
    purge.handle(Input::Resolved(key("0-2")), clocks(NOW));
    purge.handle(Input::Lost, clocks(NOW));
    assert_eq!(purge.next(clocks(NOW)), Next::Wait(None));
    purge.handle(Input::Restored, clocks(NOW + 10));
    assert_eq!(purge.next(clocks(NOW + 10)), Next::Check(key("0-0")), "it may be gone by now");
    purge.handle(Input::Listed([key("0-0"), key("0-1")].into(), gateway(NOW + 20)), clocks(NOW + 20));
    purge.handle(Input::Checked(key("0-0"), Found::Pending, gateway(NOW + 20)), clocks(NOW + 20));
    assert_eq!(purge.next(clocks(NOW + 20)), Next::Deny(key("0-1")), "its answer was lost");
    purge.handle(Input::Answered(key("0-1"), Answer::AlreadyGone), clocks(NOW + 20));
    assert_eq!(purge.next(clocks(NOW + 20)), Next::Done);
    let gone = Outcome::AlreadyGone;
    assert_eq!(outcomes(&mut purge), [("0-1".to_owned(), gone.clone()), ("0-2".to_owned(), gone)]);
}

#[test]
fn a_listing_tells_what_is_gone() {
    let prompts = prompts(2, 3);
    let mut purge = purge(&planned(&prompts), alone());
    purge.handle(
        Input::Listed([key("0-0"), key("0-2"), key("1-1"), key("1-2")].into(), gateway(NOW)),
        clocks(NOW),
    );
    assert_eq!(purge.next(clocks(NOW)), Next::Deny(key("0-2")));
    purge.handle(Input::Answered(key("0-2"), Answer::Denied), clocks(NOW));
    assert_eq!(purge.next(clocks(NOW)), Next::Done);
    let spared = Outcome::Skipped(SkipReason::SurvivorGone);
    let expected = [Outcome::AlreadyGone, Outcome::Denied, spared.clone(), spared];
    assert_eq!(outcomes(&mut purge).into_iter().map(|(_, outcome)| outcome).collect::<Vec<_>>(), expected);
}

#[test]
fn a_newer_plan_takes_over() {
    let prompts = prompts(1, 4);
    let before = planned(&prompts);
    let mut purge = purge(&before, alone());
    assert_eq!(purge.next(clocks(NOW)), Next::Deny(key("0-1")));
    // Now another prompt is to be kept.
    let after = plan(&prompts[2..], &Runs::new(), Rules::at(NOW));
    purge.add(&after.groups[0], gateway(NOW));
    assert_eq!(purge.next(clocks(NOW)), Next::Deny(key("0-3")));
    assert_eq!(purge.next(clocks(NOW)), Next::Wait(None), "what is to stay now was to be denied before");
    // A group with a survivor that is being denied is not started.
    let wrong = plan(&prompts[1..2], &Runs::new(), Rules::at(NOW));
    purge.add(&wrong.groups[0], gateway(NOW));
    purge.handle(Input::Answered(key("0-1"), Answer::Denied), clocks(NOW));
    purge.handle(Input::Answered(key("0-3"), Answer::Denied), clocks(NOW));
    assert_eq!(purge.next(clocks(NOW)), Next::Done);
    let replanned = Outcome::Skipped(SkipReason::Replanned);
    let denied = Outcome::Denied;
    let expected = [("0-1", denied.clone()), ("0-2", replanned), ("0-3", denied)];
    assert_eq!(outcomes(&mut purge), expected.map(|(id, outcome)| (id.to_owned(), outcome)));
}

#[test]
fn after_a_stop_answers_are_not_waited_for_for_long() {
    let prompts = prompts(1, 3);
    let mut purge = purge(&planned(&prompts), Tuning { deadline: Some(steady(NOW + 60_000)), ..alone() });
    assert_eq!(purge.next(clocks(NOW)), Next::Deny(key("0-1")));
    purge.handle(Input::Stop, clocks(NOW + 10));
    let soon = NOW + 10 + STOPPING_MS;
    assert_eq!(purge.next(clocks(NOW + 10)), Next::Wait(Some(steady(soon))));
    assert_eq!(purge.next(clocks(soon)), Next::Done);
    let expected = [
        ("0-1".to_owned(), Outcome::Failed(Failure::NoAnswer)),
        ("0-2".to_owned(), Outcome::Skipped(SkipReason::Stopped)),
    ];
    assert_eq!(outcomes(&mut purge), expected);
}
