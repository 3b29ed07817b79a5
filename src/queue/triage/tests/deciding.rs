//! Decisions, undoing, questions, and the end.

use super::listing::commands;
use super::*;
use crate::queue::Decision;

#[test]
fn a_thousand_prompts_of_forty_groups_take_fewer_than_sixty_keys() {
    let mut world = World::of(groups(40, 25));
    let mut pressed = 0;
    let mut press = |world: &mut World, keys: &str| {
        pressed += keys.chars().count();
        world.keys(keys);
    };
    // The duplicates of all rows first, then each row by itself: every third one is denied.
    press(&mut world, "TXy");
    world.wait(UNDO_MS);
    let orders = world.sent();
    assert_eq!(orders.iter().flat_map(Order::prompts).count(), 960);
    for order in &orders {
        world.answer(order);
    }
    for row in 0..40 {
        press(&mut world, if row % 3 == 0 { "d" } else { "a" });
    }
    world.wait(UNDO_MS);
    let orders = world.sent();
    assert_eq!(orders.len(), 40);
    for order in &orders {
        world.answer(order);
    }
    world.list();
    assert_eq!((world.triage.counts().prompts, world.prompts.len()), (0, 0));
    press(&mut world, "q");
    assert!(pressed < 60, "{pressed} keys");
    let allowed = |done: &&Done| done.outcome == Outcome::Decided(Decision::AllowOnce);
    assert_eq!((world.triage.done().len(), world.triage.done().iter().filter(allowed).count()), (1_000, 26));
}

#[test]
fn a_decision_waits_three_seconds_and_can_be_undone() {
    let mut world = World::of(groups(3, 2));
    let first = world.cursor();
    world.keys("d");
    assert_ne!(world.cursor(), first, "the cursor moves on");
    world.keys("d");
    assert_eq!(world.triage.counts().queued, 4);
    world.keys("u");
    assert_eq!(world.triage.notice(), Some(&Notice::Undone { prompts: 2 }));
    assert_eq!((world.triage.counts().queued, world.triage.place()), (2, 1));
    world.wait(UNDO_MS - 3 * REPEAT_MS);
    assert!(world.sent().is_empty());
    assert_eq!(world.ids(), ["p00000", "p00003"]);
    world.keys("u");
    assert_eq!(world.triage.notice(), Some(&Notice::Refused(Refusal::NothingToUndo)));
    assert_eq!(world.triage.row(&first).unwrap().status(), Status::Sending);
}

#[test]
fn each_key_decides_what_it_names() {
    for (keys, ids) in [
        ("a", &["p00000"][..]),
        ("Ay", &["p00000"]),
        ("An", &[]),
        ("d", &["p00000", "p00003"]),
        ("D", &["p00003"]),
        ("ttxy", &["p00000", "p00001", "p00003", "p00004"]),
        ("ttXy", &["p00003", "p00004"]),
        ("ttxn", &[]),
        ("ttx", &[]),
        ("Txy", &["p00000", "p00001", "p00002", "p00003", "p00004", "p00005"]),
        ("TTxy", &[]),
        ("x", &[]),
        ("y", &[]),
        ("/d", &[]),
        ("?d", &[]),
    ] {
        let mut world = World::of(groups(3, 2));
        world.keys(keys);
        assert_eq!(world.ids(), ids, "{keys}");
    }
    let mut world = World::of(groups(1, 1));
    world.keys("D");
    assert_eq!(world.triage.notice(), Some(&Notice::Refused(Refusal::NoDuplicates)));
}

#[test]
fn the_kept_prompt_is_the_first_that_is_pending() {
    let mut world = World::of(groups(1, 4));
    world.keys("a");
    let orders = {
        world.wait(UNDO_MS);
        world.sent()
    };
    world.answer(&orders[0]);
    assert_eq!(world.triage.current().unwrap().lead().unwrap().id(), "p00001");
    world.keys("D");
    assert_eq!(world.ids(), ["p00002", "p00003"]);
}

#[test]
fn a_key_that_is_held_down_decides_once() {
    let mut world = World::of(groups(9, 1));
    for _ in 0..100 {
        world.now = world.now.plus(33);
        world.triage.handle(Input::Key(Key::Char('a')), world.now);
        world.triage.tick(world.now);
    }
    assert_eq!(world.triage.counts().queued + world.triage.counts().sent, 1);
}

/// Keyboards repeat a key after 250 to 660 ms, and then 25 to 30 times a second.
#[test]
fn the_first_repetition_of_a_key_decides_nothing() {
    for (delay, every) in [(250, 33), (500, 33), (660, 40)] {
        for key in ['a', 'd'] {
            let mut world = World::of(groups(12, 1));
            let press = |world: &mut World, after: u64| {
                world.now = world.now.plus(after);
                world.triage.handle(Input::Key(Key::Char(key)), world.now);
                world.triage.tick(world.now);
            };
            press(&mut world, 0);
            press(&mut world, delay);
            (0..40).for_each(|_| press(&mut world, every));
            assert_eq!(world.ids(), ["p00000"], "{delay} {every} {key}");
        }
    }
    // Keys that are pressed one after the other decide one after the other.
    let mut world = World::of(groups(3, 1));
    for _ in 0..3 {
        world.wait(200);
        world.triage.handle(Input::Key(Key::Char('d')), world.now);
    }
    assert_eq!(world.ids(), ["p00000", "p00001", "p00002"]);
}

#[test]
fn after_a_pause_of_the_screen_there_is_the_whole_time_to_undo() {
    let mut world = World::of(groups(3, 1));
    world.keys("d");
    world.now = world.now.plus(3_600_000);
    world.triage.handle(Input::Resumed, world.now);
    world.triage.tick(world.now);
    world.wait(UNDO_MS - REPEAT_MS - 1);
    assert!(world.sent().is_empty());
    world.keys("u");
    assert!(world.ids().is_empty());
    // What the screen shows has to be read first.
    world.triage.handle(Input::Resumed, world.now);
    world.keys("d");
    assert_eq!(world.triage.notice(), Some(&Notice::Refused(Refusal::Changed)));
}

#[test]
fn what_a_key_took_into_the_list_is_read_before_it_is_decided() {
    let mut world = World::of(groups(1, 1));
    world.prompts.push(prompt("p00009", "make 0", 1));
    world.list();
    world.keys("rd");
    assert_eq!(world.triage.notice(), Some(&Notice::Refused(Refusal::Changed)));
    world.wait(SETTLING_MS);
    world.keys("d");
    assert_eq!(world.ids(), ["p00000", "p00009"]);
}

#[test]
fn a_prompt_with_another_command_is_new() {
    let mut world = World::of(groups(2, 1));
    world.keys("jk");
    world.prompts[1] = prompt("p00001", "rm -r /", 1);
    world.list();
    assert_eq!(world.triage.counts().arrivals, 1);
    world.wait(IDLE_MS);
    assert_eq!(commands(&world), ["make 0", "rm -r /"]);
}

#[test]
fn nothing_is_decided_at_once_after_the_row_changed_by_itself() {
    let mut world = World::of(groups(2, 3));
    world.prompts.remove(0);
    world.wait(REPEAT_MS);
    world.list();
    world.triage.handle(Input::Key(Key::Char('a')), world.now);
    assert_eq!(world.triage.notice(), Some(&Notice::Refused(Refusal::Changed)));
    world.wait(SETTLING_MS);
    world.keys("a");
    assert_eq!(world.ids(), ["p00002"]);
    // The first row of an empty list appears by itself.
    let mut world = World::of(Vec::new());
    world.prompts = groups(1, 1);
    world.list();
    assert_eq!(world.triage.shown.len(), 1);
    world.triage.handle(Input::Key(Key::Char('d')), world.now);
    assert_eq!(world.triage.notice(), Some(&Notice::Refused(Refusal::Changed)));
}

#[test]
fn an_entry_is_not_allowed_for_another_prompt_than_the_one_that_was_asked_about() {
    let mut world = World::of(groups(2, 3));
    world.keys("A");
    world.prompts.remove(0);
    world.list();
    world.wait(SETTLING_MS);
    world.keys("y");
    assert_eq!(world.triage.notice(), Some(&Notice::Refused(Refusal::Changed)));
    assert!(world.ids().is_empty());
}

#[test]
fn what_a_prompt_does_not_allow_is_refused() {
    let only = |decisions: Value| {
        let row = prompt_with("p", "ls", 1, |request| request["allowedDecisions"] = decisions);
        World::of(vec![row])
    };
    let mut world = only(serde_json::json!(["deny"]));
    for (key, decision) in [("a", Decision::AllowOnce), ("A", Decision::AllowAlways)] {
        world.keys(key);
        assert_eq!(world.triage.notice(), Some(&Notice::Refused(Refusal::NotAllowed(decision))));
    }
    world.keys("d");
    assert_eq!(world.ids(), ["p"]);
}

#[test]
fn nothing_is_decided_with_read_only() {
    let mut world = World::with(groups(2, 2), true);
    for key in "aAdDxXc".chars() {
        world.keys("T");
        world.press(Key::Char(key));
        assert_eq!(world.triage.notice(), Some(&Notice::Refused(Refusal::ReadOnly)), "{key}");
        assert!(matches!(world.triage.mode(), Mode::List));
    }
    assert!(world.ids().is_empty());
}

#[test]
fn a_decision_is_not_sent_over_a_lost_connection() {
    let mut world = World::of(groups(2, 1));
    world.keys("d");
    let lost = Link::Lost { cause: "closed".to_owned(), remedy: None, retry_at: world.now };
    world.triage.handle(Input::Linked(0, lost), world.now);
    assert!(world.ids().is_empty());
    let first = world.triage.rows_from(0).next().unwrap();
    assert!(matches!(first.status(), Status::Failed(_)), "{:?}", first.status());
    world.keys("a");
    assert_eq!(world.triage.notice(), Some(&Notice::Refused(Refusal::Away(0))));
    world.list();
    world.wait(SETTLING_MS);
    world.keys("d");
    assert_eq!(world.ids().len(), 1);
}

#[test]
fn a_prompt_that_is_gone_is_not_decided() {
    let mut world = World::of(groups(2, 3));
    world.keys("d");
    world.prompts.retain(|prompt| prompt.id() != "p00002");
    world.list();
    assert_eq!(world.ids(), ["p00000", "p00004"]);
    let mut world = World::of(groups(2, 1));
    world.keys("d");
    world.prompts.remove(0);
    world.list();
    assert!(world.ids().is_empty());
    world.keys("q");
    assert!(matches!(world.triage.next_effect(), Some(Effect::Quit)), "nothing is left to send");
}

#[test]
fn failures_can_be_tried_again_and_are_reported() {
    let mut world = World::of(groups(2, 2));
    world.keys("d");
    world.wait(UNDO_MS);
    let order = world.sent().remove(0);
    let key = order.prompts().next().unwrap().key.clone();
    let gone = Outcome::Gone(Some("allow-once".to_owned()));
    world.triage.handle(Input::Ended(order.id, vec![(key, gone.clone())]), world.now);
    world.triage.handle(Input::Over(order.id, Err("the gateway is too busy".to_owned())), world.now);
    let row = world.triage.rows_from(0).next().unwrap();
    assert_eq!((row.open(), row.status()), (1, Status::Failed("the gateway is too busy")));
    let outcomes: Vec<&Outcome> = world.triage.done().iter().map(|done| &done.outcome).collect();
    assert_eq!(outcomes, [&gone, &Outcome::Failed("the gateway is too busy".to_owned())]);
    world.keys("kd");
    assert_eq!(world.ids(), ["p00002"]);
    // An order that is over is not answered again.
    world.triage.handle(Input::Over(order.id, Ok(None)), world.now);
}

#[test]
fn own_decisions_do_not_arrive_again() {
    let mut world = World::of(groups(2, 1));
    world.keys("d");
    world.wait(UNDO_MS);
    let stale = world.prompts.clone();
    let order = world.sent().remove(0);
    world.answer(&order);
    world.prompts = stale;
    world.list();
    world.wait(IDLE_MS);
    assert_eq!((world.triage.shown.len(), world.triage.counts().arrivals), (1, 0));
    // A gateway that goes on listing it still has it.
    world.wait(STALE_MS);
    world.list();
    world.wait(IDLE_MS);
    assert_eq!(world.triage.shown.len(), 2);
}

#[test]
fn quitting_asks_about_decisions_that_are_not_sent() {
    let quits = |world: &mut World| {
        std::iter::from_fn(|| world.triage.next_effect()).any(|effect| matches!(effect, Effect::Quit))
    };
    let mut world = World::of(groups(2, 1));
    world.keys("dq");
    assert!(!quits(&mut world) && world.triage.unsent() == 1);
    world.keys("n");
    assert!(matches!(world.triage.mode(), Mode::List), "any other key goes back");
    // Nothing is sent while it asks, and going back starts the time to undo anew.
    world.keys("q");
    world.wait(2 * UNDO_MS);
    assert!(world.sent().is_empty() && world.triage.unsent() == 1);
    assert_eq!(world.triage.wakes_at().filter(|at| *at <= world.now), None);
    world.keys("n");
    world.wait(UNDO_MS - 1);
    assert!(world.sent().is_empty());
    world.keys("qs");
    let order = world.sent().remove(0);
    assert!(matches!(world.triage.mode(), Mode::Ending) && !quits(&mut world));
    world.answer(&order);
    assert!(quits(&mut world));
    let mut world = World::of(groups(2, 1));
    world.keys("dq");
    world.wait(2 * UNDO_MS);
    world.keys("d");
    assert!(quits(&mut world) && world.sent().is_empty() && world.triage.unsent() == 0);
    // A signal ends at once, and the report names what was not sent.
    let mut world = World::of(groups(2, 1));
    world.keys("d");
    world.triage.handle(Input::Terminate, world.now);
    assert!(quits(&mut world) && world.triage.unsent() == 1);
    let mut world = World::of(groups(2, 1));
    world.keys("d");
    world.wait(UNDO_MS);
    assert_eq!(world.sent().len(), 1);
    world.keys("q");
    assert!(!quits(&mut world), "an answer is due");
    world.keys("q");
    assert!(quits(&mut world) && world.triage.unanswered().count() == 1);
}

#[test]
fn a_run_is_cancelled_by_its_plan() {
    use crate::queue::cancel::{Abort, Aim, CancelPlan, Which};
    let mut world = World::of(vec![
        prompt_with("a", "ls", 3, |request| request["runId"] = "r1".into()),
        prompt_with("b", "id", 2, |request| request["runId"] = "r1".into()),
        prompt("c", "pwd", 1),
    ]);
    let plan = |world: &World, nothing| {
        let which = Which::Run("r1".to_owned());
        let abort = Some(Abort { session: None, run: Some("r1".to_owned()) });
        Box::new(CancelPlan {
            gateway: "prod".to_owned(),
            aim: Aim { which, abort, attributed: None, sure: true },
            prompts: world.prompts.iter().take(2).cloned().collect(),
            nothing,
            now_ms: NOW,
            denial_starts_turn: false,
            runs_unknown: None,
        })
    };
    let asked = |world: &mut World| {
        std::iter::from_fn(|| world.triage.next_effect()).find_map(|effect| match effect {
            Effect::Plan(0, ticket, which) => Some((ticket, which)),
            _ => None,
        })
    };
    world.keys("c");
    let (ticket, which) = asked(&mut world).unwrap();
    assert_eq!(which, Which::Run("r1".to_owned()));
    world.keys("y");
    assert!(matches!(world.triage.mode(), Mode::Question { .. }), "the plan is not shown yet");
    let planned = plan(&world, false);
    world.triage.handle(Input::Planned(ticket, Ok(planned)), world.now);
    world.keys("y");
    assert_eq!(world.triage.counts().queued, 2);
    world.wait(UNDO_MS);
    let order = world.sent().remove(0);
    assert_eq!((order.act, order.prompts().count()), (Act::Cancel(ticket), 2));
    world.answer(&order);
    // The session, where the prompt names no run; and any other key drops the plan.
    world.keys("G");
    world.keys("c");
    let (ticket, which) = asked(&mut world).unwrap();
    assert_eq!(which, Which::Session("agent:main:lab".to_owned()));
    world.press(Key::Escape);
    let effects: Vec<Effect> = std::iter::from_fn(|| world.triage.next_effect()).collect();
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Drop(0, dropped) if *dropped == ticket)));
    world.keys("c");
    let (ticket, _) = asked(&mut world).unwrap();
    let mut nothing = plan(&world, true);
    nothing.prompts.clear();
    world.triage.handle(Input::Planned(ticket, Ok(nothing)), world.now);
    assert_eq!(world.triage.notice(), Some(&Notice::Refused(Refusal::NothingToCancel)));
}

#[test]
fn a_question_about_decisions_that_are_gone_ends_the_screen() {
    let mut world = World::of(groups(2, 1));
    world.keys("dq");
    assert!(world.triage.asks_to_quit());
    world.prompts.clear();
    world.list();
    assert!(std::iter::from_fn(|| world.triage.next_effect()).any(|effect| matches!(effect, Effect::Quit)));
    assert_eq!(world.triage.unsent(), 0);
}
