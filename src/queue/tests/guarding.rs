//! One guard: what it denies, when it does not, and what it reports.

use serde_json::json;

use super::super::clock::{GatewayTime, Now, SteadyTime};
use super::super::denials::{Answer, Found};
use super::super::guard::{
    Counts, Decided, DenialCost, Held, Input, Next, Note, Outcome, Rate, Throttle, Tuning,
};
use super::super::plan::Why;
use super::super::report::{self, Failure, SkipReason};
use super::super::{Decision, Guard, Key, Kind, Prompt, Runs};
use super::{NOW, prompt};

/// A guard and its clock.
struct At {
    guard: Guard,
    ms: u64,
}

/// No other process can reach the gateway: there are no slots to wait for.
fn alone() -> Tuning {
    Tuning { slots: None, ..Tuning::default() }
}

fn key(id: &str) -> Key {
    Key::new(Kind::Exec, id)
}

fn now(ms: u64) -> Now {
    Now { gateway: GatewayTime::of_ms(NOW + ms), steady: SteadyTime::of_ms(ms) }
}

/// A prompt that asks for a command, this long after the start.
fn asks(id: &str, command: &str, ms: u64, run: Option<&str>) -> Prompt {
    prompt(id, command, |row| {
        row["createdAtMs"] = json!(NOW + ms);
        row["request"]["runId"] = json!(run);
    })
}

/// A tuning with this many denials a minute.
fn limited(count: u32, cooling_ms: u64) -> Tuning {
    Tuning { free: Throttle { max_rate: Rate { count, per_ms: 60_000 }, cooling_ms }, ..alone() }
}

fn ends(run: &str, ms: u64) -> serde_json::Value {
    json!({"runId": run, "sessionKey": "agent:main:lab", "stream": "lifecycle", "ts": NOW + ms, "data": {"phase": "end"}})
}

impl At {
    /// A guard that knows these prompts.
    fn knowing(tuning: Tuning, prompts: &[Prompt]) -> Self {
        let mut at = Self { guard: Guard::new(tuning), ms: 0 };
        at.handle(Input::Connected);
        at.list(prompts);
        at
    }

    fn handle(&mut self, input: Input<'_>) {
        self.guard.handle(input, now(self.ms));
    }

    fn next(&mut self) -> Next {
        self.guard.next(now(self.ms))
    }

    fn list(&mut self, prompts: &[Prompt]) {
        assert_eq!(self.next(), Next::List);
        self.handle(Input::Listed(prompts.to_vec(), Runs::new()));
    }

    fn requested(&mut self, prompt: &Prompt) {
        self.handle(Input::Requested(Box::new(prompt.clone())));
    }

    /// What the guard denies now; each denial gets this answer.
    fn denies(&mut self, answer: &Answer) -> Vec<String> {
        let mut denied = Vec::new();
        while let Next::Deny(key) = self.next() {
            denied.push(key.id.to_string());
            self.handle(Input::Answered(key, answer.clone()));
        }
        denied
    }

    fn outcomes(&mut self) -> Vec<(String, Outcome)> {
        let notes = self.guard.take_notes().into_iter();
        let over = notes.filter_map(|note| match note {
            Note::Over { key, outcome, .. } => Some((key.id.to_string(), outcome)),
            _ => None,
        });
        over.collect()
    }
}

#[test]
fn a_duplicate_is_denied_at_once() {
    let mut at = At::knowing(alone(), &[asks("a", "ls", 0, None)]);
    assert_eq!(at.next(), Next::Wait(Some(SteadyTime::of_ms(60_000))));
    at.ms = 10;
    at.requested(&asks("b", "ls", 10, None));
    at.requested(&asks("c", "ls -l", 10, None));
    assert_eq!(at.next(), Next::Deny(key("b")));
    assert_eq!(at.next(), Next::Wait(Some(SteadyTime::of_ms(60_000))), "once");
    at.handle(Input::Resolved(key("b")));
    at.handle(Input::Answered(key("b"), Answer::Denied));
    let notes = at.guard.take_notes();
    assert!(matches!(
        &notes[0],
        Note::Reconciled(Counts { pending: 1, groups: 1, duplicates: 0, wider: None })
    ));
    let Note::Decided(decided) = &notes[1] else { panic!("{notes:?}") };
    let Decided { number, survivor, why, requeued, .. } = &**decided;
    assert_eq!((*number, survivor, *why, *requeued), (1, &key("a"), Why::Younger, false));
    assert!(matches!(
        &notes[2],
        Note::Over { number: 1, outcome: Outcome::Ended(report::Outcome::Denied), .. }
    ));
    assert_eq!(at.guard.counts(), Counts { pending: 2, groups: 2, ..Counts::default() });
    // The next prompt was re-requested.
    at.requested(&asks("d", "ls", 10, None));
    assert_eq!(at.denies(&Answer::Denied), ["d"]);
    assert_eq!(at.guard.requeued(), 1);
}

#[test]
fn what_is_still_listed_was_not_denied() {
    let prompts = [asks("a", "ls", 0, None), asks("b", "ls", 0, None)];
    for (answer, outcome) in [
        (Answer::Denied, Outcome::Ended(report::Outcome::Denied)),
        (Answer::AlreadyGone, Outcome::Ended(report::Outcome::AlreadyGone)),
        (Answer::Allowed(Decision::AllowOnce), Outcome::Ended(report::Outcome::Allowed(Decision::AllowOnce))),
    ] {
        let mut at = At::knowing(alone(), &prompts);
        assert_eq!(at.denies(&answer), ["b"]);
        assert_eq!(at.outcomes(), [("b".to_owned(), outcome)]);
        at.ms = 60_000;
        at.list(&prompts);
        assert_eq!(
            at.outcomes(),
            [("b".to_owned(), Outcome::Ended(report::Outcome::Failed(Failure::StillListed)))]
        );
        // It is not denied repeatedly, and stays a duplicate.
        for ms in [60_001, 120_000, 180_000] {
            at.ms = ms;
            if ms >= 120_000 {
                at.list(&prompts);
            }
            assert_eq!(at.denies(&Answer::Denied), Vec::<String>::new());
        }
        assert_eq!(at.guard.counts().duplicates, 1);
        assert_eq!(at.outcomes(), []);
    }
    // A prompt that was denied while a listing is in flight may be in it.
    let mut at = At::knowing(alone(), &prompts);
    assert_eq!(at.next(), Next::Deny(key("b")));
    at.ms = 60_000;
    assert_eq!(at.next(), Next::List);
    at.handle(Input::Answered(key("b"), Answer::Denied));
    at.handle(Input::Listed(prompts.to_vec(), Runs::new()));
    assert_eq!(at.outcomes(), [("b".to_owned(), Outcome::Ended(report::Outcome::Denied))]);
    // A later prompt with the same id is another prompt.
    at.ms = 120_000;
    at.list(&[prompts[0].clone(), asks("b", "ls", 90_000, None)]);
    assert_eq!(at.outcomes(), []);
}

#[test]
fn what_must_not_be_sent_is_skipped() {
    let prompts = [asks("a", "ls", 0, None), asks("b", "ls", 0, None)];
    let mut at = At::knowing(alone(), &prompts);
    assert_eq!(at.denies(&Answer::NotSent(SkipReason::AmbiguousId)), ["b"]);
    let skipped = Outcome::Ended(report::Outcome::Skipped(SkipReason::AmbiguousId));
    assert_eq!((skipped.as_str(), at.outcomes()), ("skipped", vec![("b".to_owned(), skipped.clone())]));
    assert_eq!(at.guard.counts().duplicates, 1);
}

#[test]
fn an_agent_may_ask_again_before_the_denial_is_answered() {
    let mut at = At::knowing(alone(), &[asks("a", "ls", 0, None)]);
    at.ms = 10;
    at.requested(&asks("b", "ls", 10, None));
    assert_eq!(at.next(), Next::Deny(key("b")));
    at.requested(&asks("c", "ls", 10, None));
    assert_eq!(at.guard.requeued(), 0, "nothing is gone yet");
    at.handle(Input::Resolved(key("b")));
    at.requested(&asks("d", "ls", 10, None));
    assert_eq!(at.guard.requeued(), 1);
}

#[test]
fn nothing_is_denied_on_what_is_not_known() {
    let mut at = At { guard: Guard::new(alone()), ms: 0 };
    assert_eq!(at.next(), Next::Wait(None));
    at.handle(Input::Connected);
    at.requested(&asks("a", "ls", 0, None));
    assert_eq!(at.next(), Next::List);
    at.requested(&asks("b", "ls", 0, None));
    assert_eq!(at.next(), Next::Wait(None), "it is asked for already");
    // The older prompt was resolved while the listing was in flight.
    at.handle(Input::Resolved(key("a")));
    at.handle(Input::Listed(vec![asks("a", "ls", 0, None)], Runs::new()));
    assert_eq!(at.denies(&Answer::Denied), [""; 0]);
    assert_eq!(at.guard.counts().pending, 1, "b came since, and a is gone whatever the listing says");
    at.requested(&asks("a", "ls", 0, None));
    assert_eq!(at.guard.counts().pending, 1, "an event that comes twice brings nothing back");
    at.requested(&asks("c", "ls", 0, None));
    at.handle(Input::Gap);
    assert_eq!(at.next(), Next::Wait(Some(SteadyTime::of_ms(1_000))), "a second between two listings");
    at.ms = 1_000;
    assert_eq!(at.next(), Next::List);
    at.handle(Input::Gap);
    at.handle(Input::Listed(vec![asks("b", "ls", 0, None), asks("c", "ls", 0, None)], Runs::new()));
    assert_eq!(at.denies(&Answer::Denied), [""; 0], "something was lost behind the listing");
    at.ms = 2_000;
    at.list(&[asks("b", "ls", 0, None), asks("c", "ls", 0, None)]);
    at.handle(Input::Lost);
    assert_eq!(at.denies(&Answer::Denied), [""; 0]);
    at.handle(Input::Connected);
    at.list(&[asks("c", "ls", 0, None)]);
    assert_eq!(at.denies(&Answer::Denied), [""; 0], "it is alone now");
}

#[test]
fn late_events_are_not_the_last() {
    let mut at = At::knowing(alone(), &[asks("a", "ls", 0, None)]);
    at.ms = 5_000;
    at.requested(&asks("b", "ls", 3_000, None));
    assert_eq!(at.next(), Next::List, "what resolved the other may be on its way");
    at.handle(Input::Unlisted);
    assert_eq!(at.next(), Next::Wait(Some(SteadyTime::of_ms(6_000))));
    at.ms = 6_000;
    assert_eq!(at.next(), Next::List);
    at.handle(Input::Unlisted);
    assert_eq!(at.next(), Next::Wait(Some(SteadyTime::of_ms(8_000))), "ever more rarely");
    at.ms = 8_000;
    at.list(&[asks("a", "ls", 0, None), asks("b", "ls", 3_000, None)]);
    assert_eq!(at.denies(&Answer::Denied), ["b"]);
}

#[test]
fn a_superseded_run_gives_way_to_its_replacement() {
    let old = asks("a", "ls", 0, Some("one"));
    let other = asks("b", "ls -l", 0, Some("one"));
    let mut at = At::knowing(alone(), &[old, other]);
    at.ms = 20;
    at.handle(Input::Run(&ends("one", 20)));
    assert_eq!(at.denies(&Answer::Denied), [""; 0]);
    at.requested(&asks("c", "ls", 20, Some("two")));
    at.requested(&asks("d", "ls", 20, Some("two")));
    // The oldest prompt is denied last: the others are denied relying on it.
    assert_eq!(at.denies(&Answer::Denied), ["d", "a"]);
    let mut notes = at.guard.take_notes();
    notes.retain(|note| matches!(note, Note::Decided(_)));
    let Some(Note::Decided(decided)) = notes.pop() else { panic!() };
    assert_eq!((decided.why, decided.survivor), (Why::RunEnded, key("c")));
    assert_eq!(at.guard.counts().pending, 2);
}

#[test]
fn a_survivor_that_goes_is_not_missed() {
    let limits = super::super::denials::Limits { first: 1, most: 1, ..Default::default() };
    let mut at = At::knowing(Tuning { limits, ..alone() }, &[asks("a", "ls", 0, None)]);
    at.requested(&asks("b", "ls", 0, None));
    at.requested(&asks("c", "ls", 0, None));
    assert_eq!(at.next(), Next::Deny(key("b")));
    at.handle(Input::Resolved(key("a")));
    at.handle(Input::Answered(key("b"), Answer::Unavailable(Some(100))));
    assert_eq!(at.next(), Next::Wait(Some(SteadyTime::of_ms(100))));
    at.ms = 100;
    assert_eq!(at.denies(&Answer::Denied), ["c"]);
    assert_eq!(
        at.outcomes(),
        [("b".into(), Outcome::Withdrawn), ("c".into(), Outcome::Ended(report::Outcome::Denied))]
    );
}

#[test]
fn every_decision_has_an_end() {
    let listing = [asks("a", "ls", 0, None), asks("b", "ls", 0, None), asks("c", "ls", 0, None)];
    let mut at = At::knowing(alone(), &listing);
    assert_eq!(at.denies(&Answer::Refused("no".into())), ["b", "c"]);
    assert_eq!(at.outcomes().len(), 2);
    assert_eq!(at.denies(&Answer::Denied), [""; 0], "not before the next listing");
    at.ms = 60_000;
    at.list(&listing);
    assert_eq!(at.next(), Next::Deny(key("b")));
    at.handle(Input::Stop);
    assert_eq!(at.next(), Next::Wait(None));
    at.handle(Input::Unanswered(key("b")));
    assert_eq!(at.next(), Next::Done);
    assert_eq!(at.outcomes(), [("b".into(), Outcome::Ended(report::Outcome::Failed(Failure::NoAnswer)))]);
}

#[test]
fn too_many_denials_open_the_breaker() {
    let tuning = limited(2, 300_000);
    let mut at = At::knowing(tuning, &[asks("a", "ls", 0, None)]);
    let mut listing = vec![asks("a", "ls", 0, None)];
    for (n, denied) in [(1, true), (2, true), (3, false), (4, false)] {
        at.ms = n * 100;
        let again = asks(&n.to_string(), "ls", at.ms, None);
        at.requested(&again);
        assert_eq!(at.denies(&Answer::Denied).len(), usize::from(denied), "{n}");
        if !denied {
            listing.push(again);
        }
    }
    let held: Vec<_> = at.outcomes().into_iter().filter(|(_, outcome)| *outcome == Outcome::Held).collect();
    assert_eq!(held.len(), 2);
    assert_eq!(at.guard.open_until(), Some(SteadyTime::of_ms(300_300)));
    at.ms = 60_100;
    at.list(&listing);
    assert_eq!(at.denies(&Answer::Denied), [""; 0]);
    assert_eq!(at.outcomes(), [], "they are reported once");
    at.ms = 300_300;
    at.list(&listing);
    assert!(at.guard.take_notes().contains(&Note::Closed));
    assert_eq!(at.denies(&Answer::Denied), ["3", "4"]);
}

#[test]
fn no_minute_has_more_denials_than_the_rate() {
    let tuning = limited(3, 1);
    let mut at = At::knowing(tuning, &[asks("a", "ls", 0, None)]);
    let mut denied = Vec::new();
    for n in 0_u64..400 {
        at.ms = n * 997;
        while at.next() == Next::List {
            at.handle(Input::Unlisted);
        }
        at.requested(&asks(&format!("n{n}"), "ls", at.ms, None));
        denied.extend(at.denies(&Answer::Denied).iter().map(|_| n * 997));
    }
    assert!(denied.len() > 10);
    for window in denied.windows(4) {
        assert!(window[3] - window[0] >= 60_000, "{window:?}");
    }
}

#[test]
fn a_repeat_offender_is_reported_once_a_window() {
    let tuning = Tuning { repeats: 3, ..alone() };
    let mut at = At::knowing(tuning, &[asks("a", "ls", 0, None)]);
    let mut reported = 0;
    for n in 0_u64..12 {
        at.ms = n * 10;
        at.requested(&asks(&format!("n{n}"), "ls", at.ms, Some("loop")));
        at.denies(&Answer::Denied);
        for note in at.guard.take_notes() {
            if let Note::Offender(offender) = note {
                assert_eq!((offender.times, offender.run.as_deref()), (3, Some("loop")));
                reported += 1;
            }
        }
    }
    assert_eq!((reported, at.guard.requeued()), (1, 11));
}

#[test]
fn an_observer_denies_nothing() {
    let tuning = Tuning { observe: true, ..alone() };
    let mut at = At::knowing(tuning, &[asks("a", "ls", 0, None), asks("b", "ls", 0, None)]);
    assert_eq!(at.denies(&Answer::Denied), [""; 0]);
    assert_eq!(at.outcomes(), [("b".into(), Outcome::Observed)]);
    at.ms = 60_000;
    at.list(&[asks("a", "ls", 0, None), asks("b", "ls", 0, None)]);
    assert_eq!((at.next(), at.outcomes()), (Next::Wait(Some(SteadyTime::of_ms(120_000))), vec![]), "once");
}

#[test]
fn prompts_that_do_not_say_where_they_belong_are_alone() {
    let nowhere = |id: &str| prompt(id, "ls", |row| row["request"]["agentId"] = json!(null));
    let mut at = At::knowing(alone(), &[nowhere("a"), nowhere("b"), nowhere("c")]);
    assert_eq!(at.denies(&Answer::Denied), [""; 0]);
    assert_eq!(at.guard.counts(), Counts { pending: 3, groups: 3, ..Counts::default() });
}

#[test]
fn one_id_with_two_contents_counts_for_nothing() {
    let twice = [asks("a", "ls", 0, None), asks("a", "ls -l", 0, None), asks("b", "ls", 5, None)];
    let mut at = At::knowing(alone(), &twice);
    assert_eq!(at.denies(&Answer::Denied), [""; 0]);
}

/// The prompts of a flood: `count` prompts of one command, a millisecond apart.
fn flood(count: u64) -> Vec<Prompt> {
    (0..count).map(|n| asks(&format!("f{n:04}"), "ls", n, None)).collect()
}

#[test]
fn by_default_a_flood_is_cleared_at_once_where_a_denial_costs_nothing() {
    let mut at = At::knowing(alone(), &flood(1_000));
    at.ms = 1_000;
    assert_eq!(at.denies(&Answer::Denied).len(), 999);
    assert_eq!(at.guard.open_until(), None);
    assert_eq!(at.guard.held_groups(), 0);
}

#[test]
fn a_runaway_opens_the_breaker_by_default_too() {
    for (cost, most, pause_ms) in [(DenialCost::Nothing, 1_200, 60_000), (DenialCost::AgentTurn, 60, 300_000)]
    {
        let mut at = At { guard: Guard::new(alone()), ms: 0 };
        at.handle(Input::Denials(cost));
        at.handle(Input::Connected);
        at.list(&flood(2_000));
        at.ms = 2_000;
        assert_eq!(at.denies(&Answer::Denied).len(), most, "{cost:?}");
        let until = at.guard.open_until().unwrap().as_ms();
        assert!(until >= 2_000 + pause_ms && until <= 4_000 + pause_ms, "{cost:?}: {until}");
    }
}

/// A guard of a gateway where each denial starts an agent turn.
fn of_turns(tuning: Tuning, prompts: &[Prompt]) -> At {
    let mut at = At { guard: Guard::new(tuning), ms: 0 };
    at.handle(Input::Denials(DenialCost::AgentTurn));
    at.handle(Input::Connected);
    at.list(prompts);
    at
}

/// Lists what is pending whenever the guard wants it.
fn settle(at: &mut At, pending: &[Prompt]) -> Vec<String> {
    let mut denied = Vec::new();
    loop {
        match at.next() {
            Next::List => at.handle(Input::Listed(pending.to_vec(), Runs::new())),
            Next::Deny(key) => {
                denied.push(key.id.to_string());
                at.handle(Input::Answered(key, Answer::Denied));
            }
            Next::Check(key) => at.handle(Input::Checked(key, Found::Pending)),
            Next::Wait(_) | Next::Done => return denied,
        }
    }
}

#[test]
fn a_group_that_comes_back_is_held_and_others_go_on() {
    let first = asks("a", "ls", 0, None);
    let other = asks("o", "make", 0, None);
    let mut at = of_turns(Tuning { repeats: 3, ..alone() }, &[first.clone(), other.clone()]);
    let mut pending = vec![first, other];
    // The agent asks again after each denial, and once more while its group is held.
    for (n, denied) in [(1, true), (2, true), (3, true), (4, false), (5, false)] {
        at.ms = n * 1_000;
        let again = asks(&format!("a{n}"), "ls", at.ms, None);
        at.requested(&again);
        assert_eq!(settle(&mut at, &pending).len(), usize::from(denied), "{n}");
        if !denied {
            pending.push(again);
        }
    }
    assert_eq!(at.guard.held_groups(), 1);
    let notes = at.guard.take_notes();
    let held: Vec<&Held> = notes
        .iter()
        .filter_map(|note| if let Note::Held(held) = note { Some(&**held) } else { None })
        .collect();
    assert_eq!(held.len(), 1, "{notes:?}");
    assert_eq!((held[0].times, held[0].for_ms, &held[0].survivor), (3, 300_000, &key("a")));
    let outcomes = notes.iter().filter(|note| matches!(note, Note::Over { outcome: Outcome::Held, .. }));
    assert_eq!(outcomes.count(), 2);
    // Another group is guarded as usual; listings change nothing.
    at.ms = 100_000;
    assert_eq!(settle(&mut at, &pending), [""; 0]);
    at.requested(&asks("o1", "make", at.ms, None));
    assert_eq!(settle(&mut at, &pending), ["o1"]);
    assert!(
        !at.guard.take_notes().iter().any(|note| matches!(note, Note::Over { outcome: Outcome::Held, .. }))
    );
    // After the pause one denial is tried.
    at.ms = 304_000;
    assert_eq!(settle(&mut at, &pending), ["a4"]);
    pending.retain(|prompt| *prompt.key.id != *"a4");
    at.ms = 305_000;
    let again = asks("a6", "ls", at.ms, None);
    at.requested(&again);
    pending.push(again);
    assert_eq!(settle(&mut at, &pending), [""; 0]);
    let notes = at.guard.take_notes();
    assert!(
        notes
            .iter()
            .any(|note| matches!(note, Note::Held(held) if held.for_ms == 600_000 && held.times == 4)),
        "{notes:?}"
    );
    // The group stays away after the next denial: then everything that waits is denied.
    at.ms = 905_000;
    assert_eq!(settle(&mut at, &pending), ["a5"]);
    pending.retain(|prompt| *prompt.key.id != *"a5");
    at.ms = 1_024_999;
    assert_eq!(settle(&mut at, &pending), [""; 0]);
    at.ms = 1_025_000;
    assert_eq!(settle(&mut at, &pending), ["a6"]);
    assert_eq!(at.guard.held_groups(), 0);
    assert!(at.guard.take_notes().iter().any(|note| matches!(note, Note::Released(_))));
}

#[test]
fn no_group_is_held_where_a_denial_costs_nothing() {
    let mut at = At::knowing(Tuning { repeats: 2, ..alone() }, &[asks("a", "ls", 0, None)]);
    for n in 1..100 {
        at.ms = n * 100;
        at.requested(&asks(&format!("a{n}"), "ls", at.ms, None));
        assert_eq!(at.denies(&Answer::Denied).len(), 1, "{n}");
    }
    assert_eq!(at.guard.held_groups(), 0);
}
