//! Totals, corrections by a later listing, and prompts that are requested again.

use std::collections::HashSet;

use serde_json::json;

use super::super::report::{Entry, Failure, Outcome, Requeued, SkipReason, Totals, correct, requeued};
use super::super::{Decision, Key, Kind, Prompt, Rules, Runs, plan};
use super::{NOW, prompt};

#[test]
fn a_listing_corrects_what_answers_said() {
    let asked = |id: &str, ms: u64| prompt(id, "ls", |row| row["createdAtMs"] = json!(NOW + ms));
    let over = [Outcome::Denied, Outcome::AlreadyGone, Outcome::Allowed(Decision::AllowOnce)];
    for outcome in over {
        let entry = |id: &str| Entry {
            key: Key::new(Kind::Exec, id),
            survivor: Key::new(Kind::Exec, "a"),
            outcome: outcome.clone(),
        };
        let mut entries = [entry("b"), entry("c"), entry("d")];
        let before = [asked("a", 0), asked("b", 1), asked("c", 1), asked("d", 1)];
        // The last prompt has the id of an earlier one, but is another prompt.
        correct(&mut entries, &before, &[asked("a", 0), asked("b", 1), asked("d", 9)], &[]);
        let outcomes: Vec<&Outcome> = entries.iter().map(|entry| &entry.outcome).collect();
        assert_eq!(outcomes, [&Outcome::Failed(Failure::StillListed), &outcome, &outcome]);
    }
    let mut kept = [Entry {
        key: Key::new(Kind::Exec, "b"),
        survivor: Key::new(Kind::Exec, "a"),
        outcome: Outcome::Skipped(SkipReason::Stopped),
    }];
    correct(&mut kept, &[asked("b", 1)], &[asked("b", 1)], &[]);
    assert_eq!(kept[0].outcome, Outcome::Skipped(SkipReason::Stopped));
}

#[test]
fn prompts_that_come_again() {
    let at = |id: &str, command: &str, after: u64| {
        prompt(id, command, |row| row["createdAtMs"] = (NOW + after).into())
    };
    let before: Vec<Prompt> = vec![at("a", "ls", 0), at("b", "ls", 1), at("c", "pwd", 2), at("d", "pwd", 3)];
    let plan = plan(&before, &Runs::new(), Rules::at(NOW + 10));
    let key = |id: &str| Key::new(Kind::Exec, id);
    let denied = HashSet::from([key("b")]);
    let later: Vec<Prompt> =
        vec![at("f", "ls", 9), at("e", "ls", 8), at("a", "ls", 0), at("g", "pwd", 7), at("h", "id", 7)];
    let again = requeued(&plan, &denied, &later);
    let found: Vec<(&str, bool)> = again.iter().map(|again| (again.prompt.id(), again.duplicate)).collect();
    assert_eq!(found, [("e", true), ("f", true)], "nothing of `pwd` was denied");
    let alone = requeued(&plan, &denied, &later[..2]);
    assert!(alone.iter().all(|again| !again.duplicate), "the kept prompt is gone");
    let elsewhere = [prompt("x", "ls", |row| row["request"]["sessionKey"] = "agent:main:other".into())];
    assert_eq!(requeued(&plan, &denied, &elsewhere), []);
    let entry = |outcome| Entry { key: key("b"), survivor: key("a"), outcome };
    let entries = [
        entry(Outcome::Denied),
        entry(Outcome::AlreadyGone),
        entry(Outcome::Failed(Failure::NoAnswer)),
        entry(Outcome::Failed(Failure::Refused("no".into()))),
        entry(Outcome::Skipped(SkipReason::Deadline)),
        entry(Outcome::Skipped(SkipReason::Stopped)),
    ];
    let one = Requeued { prompt: &later[0], duplicate: true };
    assert_eq!(
        Totals::of(&entries, &[one]),
        Totals { denied: 1, already_gone: 1, failed: 2, skipped: 2, out_of_time: 1, requeued: 1 }
    );
}

#[test]
fn what_cannot_be_read_any_more_is_pending_all_the_same() {
    let asked = |id: &str| prompt(id, "ls", |_| {});
    let before = [asked("a"), asked("b"), asked("c")];
    let entry = |id: &str| Entry {
        key: Key::new(Kind::Exec, id),
        survivor: Key::new(Kind::Exec, "a"),
        outcome: Outcome::Denied,
    };
    let mut entries = [entry("b"), entry("c")];
    let unread = [Key::new(Kind::Exec, "c")];
    correct(&mut entries, &before, &[], &unread);
    let outcomes = entries.map(|entry| entry.outcome);
    assert_eq!(outcomes, [Outcome::Denied, Outcome::Failed(Failure::StillListed)]);
}
