//! Listings, arrivals, and what stays where it is.

use super::*;

pub(super) fn commands(world: &World) -> Vec<String> {
    let rows = world.triage.rows_from(0).filter_map(Row::lead);
    rows.map(|lead| crate::queue::filter::subject(lead).to_owned()).collect()
}

#[test]
fn arrivals_are_counted_and_taken_in_when_no_key_is_pressed() {
    let mut world = World::of(groups(2, 3));
    assert_eq!((world.triage.shown.len(), world.triage.counts().prompts), (2, 6));
    world.keys("j");
    let pressed = world.now;
    world.wait(RESTING_MS);
    let cursor = world.cursor();
    world.prompts.push(prompt("new", "whoami", 100));
    world.list();
    assert_eq!((world.triage.counts().arrivals, world.triage.shown.len()), (1, 2));
    assert_eq!(world.triage.wakes_at(), Some(pressed.plus(IDLE_MS)));
    world.wait(IDLE_MS);
    assert_eq!((world.triage.counts().arrivals, world.triage.shown.len()), (0, 3));
    // It is older than the others and comes first, and the cursor stays on its row.
    assert_eq!((world.cursor(), world.triage.place()), (cursor, 2));
    assert_eq!(commands(&world), ["whoami", "make 0", "make 1"]);
}

#[test]
fn a_key_takes_arrivals_in_at_once() {
    let mut world = World::of(groups(2, 1));
    world.keys("j");
    world.prompts.push(prompt("new", "make 1", 0));
    world.list();
    let row = world.triage.current().unwrap();
    assert_eq!((row.open(), world.triage.arrivals_of(row)), (1, 1));
    // The row under the cursor keeps its prompts, however long no key is pressed.
    world.wait(10 * IDLE_MS);
    assert_eq!(world.triage.current().unwrap().open(), 1);
    assert_eq!(world.triage.wakes_at(), None, "an idle screen waits for an input");
    world.keys("r");
    assert_eq!((world.triage.current().unwrap().open(), world.triage.counts().arrivals), (2, 0));
}

#[test]
fn tagged_rows_keep_their_prompts() {
    let mut world = World::of(groups(3, 1));
    world.keys("tg");
    world.prompts.push(prompt("new", "make 0", 0));
    world.keys("jj");
    world.list();
    world.wait(IDLE_MS);
    world.keys("r");
    let tagged: Vec<usize> = world.triage.tagged().map(Row::open).collect();
    assert_eq!((tagged, world.triage.counts().arrivals), (vec![1], 1));
}

#[test]
fn what_is_gone_is_marked_and_leaves_when_no_key_is_pressed() {
    let mut world = World::of(groups(3, 2));
    world.prompts.retain(|prompt| crate::queue::filter::subject(prompt) != "make 0");
    world.list();
    // It is under the cursor, so it stays there.
    world.wait(IDLE_MS);
    assert_eq!((world.triage.shown.len(), world.triage.current().unwrap().open()), (3, 0));
    assert_eq!(world.triage.current().unwrap().status(), Status::Over(&Outcome::Gone(None)));
    world.keys("d");
    assert_eq!(world.triage.notice(), Some(&Notice::Refused(Refusal::Over)));
    world.keys("j");
    world.wait(IDLE_MS);
    assert_eq!(commands(&world), ["make 1", "make 2"]);
    assert_eq!(world.triage.place(), 0);
}

#[test]
fn a_filter_applies_while_it_is_typed() {
    let mut world = World::of(groups(12, 1));
    world.keys("jj/");
    world.keys("MAKE 1");
    assert_eq!(commands(&world), ["make 1", "make 10", "make 11"]);
    world.press(Key::Backspace);
    assert_eq!(world.triage.shown.len(), 12);
    world.keys("5");
    // In a filter no key decides.
    world.keys("d");
    assert!(world.triage.is_empty() && world.ids().is_empty());
    world.press(Key::Backspace);
    world.press(Key::Enter);
    assert_eq!(commands(&world), ["make 5"]);
    assert!(matches!(world.triage.mode(), Mode::List));
    world.press(Key::Escape);
    assert_eq!((world.triage.shown.len(), world.triage.filter()), (12, ""));
    assert_eq!(world.triage.place(), 5, "the cursor stays on its row");
    world.triage.handle(Input::Pasted("dddd".to_owned()), world.now);
    assert!(world.ids().is_empty(), "a paste is no key");
}

#[test]
fn orders_keep_the_cursor_on_its_row() {
    let mut world = World::of(groups(12, 1));
    world.keys("jjj");
    let cursor = world.cursor();
    for sort in [Sort::Expiry, Sort::Agent, Sort::Command, Sort::Age] {
        world.keys("s");
        assert_eq!((world.triage.sort, world.cursor()), (sort, cursor));
    }
    world.keys("sss");
    assert_eq!(commands(&world)[..3], ["make 0", "make 1", "make 10"]);
}

#[test]
fn the_cursor_is_always_visible() {
    let mut world = World::of(groups(100, 1));
    world.press(Key::PageDown);
    assert_eq!((world.triage.place(), world.triage.top_with(10)), (9, 0));
    world.press(Key::PageDown);
    assert_eq!((world.triage.place(), world.triage.top_with(10)), (18, 9));
    world.keys("G");
    assert_eq!((world.triage.place(), world.triage.top_with(10), world.triage.top_with(3)), (99, 90, 97));
    world.keys("gk");
    assert_eq!((world.triage.place(), world.triage.top_with(10)), (0, 0));
    assert_eq!(world.triage.top_with(1_000), 0);
}

#[test]
fn rows_of_several_gateways_are_kept_apart() {
    let mut triage = Triage::new(["a".to_owned(), "b".to_owned()], false, Sort::Age);
    let now = SteadyTime::of_ms(0);
    for gateway in 0..2 {
        triage.handle(Input::Listed(gateway, snapshot(&groups(1, 2))), now);
    }
    triage.tick(now);
    assert_eq!((triage.shown.len(), triage.counts().prompts), (2, 4));
    let later = now.plus(SETTLING_MS);
    triage.handle(
        Input::Linked(1, Link::Lost { cause: "gone".to_owned(), remedy: None, retry_at: now }),
        later,
    );
    triage.handle(Input::Key(Key::Char('j')), later);
    triage.handle(Input::Key(Key::Char('d')), later);
    assert_eq!(triage.notice(), Some(&Notice::Refused(Refusal::Away(1))));
    triage.handle(Input::Key(Key::Char('k')), later);
    triage.handle(Input::Key(Key::Char('d')), later.plus(REPEAT_MS));
    assert_eq!(triage.counts().queued, 2);
}

#[test]
fn facts_are_looked_up_for_the_row_on_which_the_cursor_rests() {
    let mut world = World::of(groups(3, 1));
    let looks = |world: &mut World| {
        let effects: Vec<Effect> = std::iter::from_fn(|| world.triage.next_effect()).collect();
        let looks = effects.into_iter().filter_map(|effect| match effect {
            Effect::Look(row, prompt) => Some((row, prompt.id().to_owned())),
            _ => None,
        });
        looks.collect::<Vec<_>>()
    };
    assert_eq!(looks(&mut world), [(world.cursor(), "p00000".to_owned())]);
    world.triage.handle(Input::Key(Key::Char('j')), world.now);
    world.triage.handle(Input::Key(Key::Char('j')), world.now);
    world.triage.tick(world.now);
    assert!(looks(&mut world).is_empty());
    world.wait(RESTING_MS);
    assert_eq!(looks(&mut world), [(world.cursor(), "p00002".to_owned())]);
    let facts = Facts { verdict: Fact::Unknown("no".to_owned()), history: None };
    world.triage.handle(Input::Facts(world.cursor(), facts.clone()), world.now);
    assert_eq!(world.triage.facts(&world.cursor()), Some(&facts));
    world.wait(RESTING_MS);
    assert!(looks(&mut world).is_empty());
    assert_eq!(world.triage.wakes_at(), None);
}

#[test]
fn facts_are_looked_up_again_after_a_decision_here() {
    let mut world = World::of(groups(2, 1));
    let facts = Facts { verdict: Fact::Unknown("no".to_owned()), history: Some(Fact::Known(Vec::new())) };
    let first = world.cursor();
    world.wait(RESTING_MS);
    world.triage.handle(Input::Facts(first, facts.clone()), world.now);
    world.keys("jd");
    world.wait(UNDO_MS);
    let sent = world.sent();
    let [order] = &sent[..] else { panic!("{sent:?}") };
    world.keys("k");
    world.wait(RESTING_MS);
    let looks = |world: &mut World| {
        std::iter::from_fn(|| world.triage.next_effect())
            .filter(|effect| matches!(effect, Effect::Look(row, _) if *row == first))
            .count()
    };
    assert_eq!((world.cursor(), looks(&mut world)), (first, 0), "they are known");
    world.answer(order);
    assert_eq!(world.triage.facts(&first), Some(&facts), "they are shown meanwhile");
    world.wait(RESTING_MS);
    assert_eq!(looks(&mut world), 1);
    world.wait(RESTING_MS);
    assert_eq!(looks(&mut world), 0);
}

#[test]
fn rows_are_in_the_order_of_their_prompts() {
    let long = "x".repeat(200);
    let texts =
        ["b", "a", "", "a\u{0}", "é", "\u{10ffff}", &long, &format!("{long}a"), &format!("{long}\u{0}")];
    let mut prompts = Vec::new();
    for (at, text) in texts.iter().enumerate() {
        for (n, agent) in [Some("main"), None, Some("mai"), Some("ma\u{0}n")].into_iter().enumerate() {
            prompts.push(prompt_with(
                &format!("p{at}-{n}"),
                &format!("x{text}"),
                (at * 7 + n) as u64 % 5,
                |request| {
                    request["agentId"] = agent.into();
                    request["sessionKey"] = format!("agent:{at}:{n}").into();
                },
            ));
        }
    }
    for (at, prompt) in prompts.iter_mut().enumerate() {
        prompt.expires_at_ms -= at as u64 % 3;
    }
    let mut world = World::of(prompts);
    world.triage.drawn(Drawn { fit: 100, ..Drawn::default() });
    for sort in [Sort::Age, Sort::Expiry, Sort::Agent, Sort::Command, Sort::Age] {
        assert_eq!(world.triage.sort, sort);
        let leads: Vec<_> = world.triage.rows_from(0).filter_map(Row::lead).cloned().collect();
        assert_eq!(leads.len(), 36);
        for (a, b) in leads.iter().zip(leads.iter().skip(1)) {
            assert_ne!(sort.compare(a, b), std::cmp::Ordering::Greater, "{sort:?}: {a:?} {b:?}");
        }
        world.keys("s");
    }
}

#[test]
fn the_first_prompts_do_not_wait_for_idle_hands() {
    let mut world = World::of(Vec::new());
    world.keys("j");
    world.prompts = groups(2, 1);
    world.list();
    assert_eq!((world.triage.shown.len(), world.triage.counts().arrivals), (2, 0));
    // A key that was meant for the empty list decides nothing.
    world.keys("d");
    assert_eq!(world.triage.counts().queued, 0);
}
