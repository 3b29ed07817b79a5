//! Proposals: shown, and added only after a question.

use super::*;

/// Proposals for one agent. `problems`: what could not be read.
pub(super) fn proposals(entries: usize, problems: &[&str]) -> Box<Proposals> {
    let proposal = |n: usize| Proposal {
        pattern: format!("/usr/bin/tool{n}"),
        arg_pattern: "^show\0[0-9]+\0$".to_owned(),
        prompts: 3,
        ..Proposal::default()
    };
    Box::new(Proposals {
        prompts: 9,
        agents: vec![("main".to_owned(), (0..entries).map(proposal).collect())],
        problems: problems.iter().map(|problem| (*problem).to_owned()).collect(),
        ..Proposals::default()
    })
}

impl World {
    /// Everything that is to be done.
    fn effects(&mut self) -> Vec<Effect> {
        std::iter::from_fn(|| self.triage.next_effect()).collect()
    }

    /// Asks for proposals, and returns their number.
    fn propose(&mut self) -> u64 {
        self.keys("p");
        let asked = self.effects().into_iter().find_map(|effect| match effect {
            Effect::Propose(0, ticket) => Some(ticket),
            _ => None,
        });
        asked.expect("proposals are asked for")
    }

    fn proposed(&mut self, ticket: u64, found: Result<Box<Proposals>, String>) {
        self.triage.handle(Input::Proposed(0, ticket, found), self.now);
    }
}

fn dropped(effects: &[Effect], ticket: u64) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::Drop(0, dropped) if *dropped == ticket))
}

fn asks(world: &World) -> bool {
    matches!(world.triage.mode(), Mode::Question { question: Question::Entries { .. }, .. })
}

#[test]
fn entries_are_added_after_a_question_and_can_be_undone() {
    let mut world = World::of(groups(2, 1));
    let ticket = world.propose();
    world.wait(SETTLING_MS);
    world.keys("y");
    assert!(asks(&world) && world.triage.unsent() == 0, "nothing is shown yet");
    world.proposed(ticket, Ok(proposals(2, &[])));
    world.keys("y");
    assert_eq!(world.triage.notice(), Some(&Notice::Refused(Refusal::Changed)), "they came just now");
    world.wait(SETTLING_MS);
    world.keys("y");
    let act = Act::AddEntries { ticket, entries: 2 };
    assert_eq!(world.triage.notice(), Some(&Notice::Queued { act, prompts: 0, rows: 0 }));
    assert_eq!(world.triage.unsent(), 1);
    world.keys("u");
    assert!(dropped(&world.effects(), ticket) && world.triage.unsent() == 0);
    world.wait(UNDO_MS);
    assert!(world.sent().is_empty());
    // Again, and this time it is sent.
    let ticket = world.propose();
    world.proposed(ticket, Ok(proposals(1, &[])));
    world.wait(SETTLING_MS);
    world.keys("y");
    world.wait(UNDO_MS);
    let sent = world.sent();
    let [order] = &sent[..] else { panic!("{sent:?}") };
    assert_eq!((order.act, order.gateway), (Act::AddEntries { ticket, entries: 1 }, 0));
    assert!(!world.triage.is_answered(), "the screen waits for the answer before it ends");
    let row = world.cursor();
    world.triage.handle(Input::Facts(row, Facts::default()), world.now);
    world.triage.handle(Input::Over(order.id, Ok(Some("Added 1 entry.".to_owned()))), world.now);
    assert!(world.triage.is_answered());
    assert_eq!(world.triage.added(), [(0, Ok("Added 1 entry.".to_owned()))]);
    world.wait(RESTING_MS);
    world.wait(RESTING_MS);
    assert!(world.effects().iter().any(|effect| matches!(effect, Effect::Look(..))), "it allows more now");
}

#[test]
fn what_nobody_waits_for_is_dropped_and_not_made_twice() {
    let mut world = World::of(groups(2, 1));
    let ticket = world.propose();
    world.press(Key::Escape);
    assert!(matches!(world.triage.mode(), Mode::List));
    // Still being made.
    world.keys("p");
    assert!(!world.effects().iter().any(|effect| matches!(effect, Effect::Propose(..))));
    world.press(Key::Escape);
    world.proposed(ticket, Ok(proposals(1, &[])));
    assert!(dropped(&world.effects(), ticket));
    assert!(matches!(world.triage.mode(), Mode::List), "they do not appear over the list");
    let next = world.propose();
    assert_ne!(next, ticket);
    world.proposed(next, Err("no answer".to_owned()));
    world.wait(SETTLING_MS);
    world.keys("y");
    assert!(asks(&world) && world.triage.unsent() == 0);
    world.press(Key::Escape);
    assert!(dropped(&world.effects(), next));
}

#[test]
fn nothing_is_added_that_may_not_be() {
    // A denial may be missing; there is no entry; nothing is decided.
    for (read_only, found) in
        [(false, proposals(1, &["a page is missing"])), (false, proposals(0, &[])), (true, proposals(1, &[]))]
    {
        let mut world = World::with(groups(2, 1), read_only);
        let ticket = world.propose();
        world.proposed(ticket, Ok(found));
        world.wait(SETTLING_MS);
        world.keys("y");
        assert!(asks(&world));
        world.wait(UNDO_MS);
        assert!(world.sent().is_empty() && world.triage.unsent() == 0);
    }
    // A connection that is lost, before and after the key.
    for is_before in [true, false] {
        let mut world = World::of(groups(2, 1));
        let ticket = world.propose();
        world.proposed(ticket, Ok(proposals(1, &[])));
        world.wait(SETTLING_MS);
        let link = Link::Lost { cause: "closed".to_owned(), remedy: None, retry_at: world.now };
        if is_before {
            world.triage.handle(Input::Linked(0, link), world.now);
            world.keys("y");
        } else {
            world.keys("y");
            world.triage.handle(Input::Linked(0, link), world.now);
            world.wait(UNDO_MS);
            assert!(matches!(world.triage.added(), [(0, Err(_))]));
        }
        assert_eq!(world.triage.notice(), Some(&Notice::Refused(Refusal::Away(0))));
        let effects = world.effects();
        assert!(dropped(&effects, ticket));
        assert!(!effects.iter().any(|effect| matches!(effect, Effect::Send(_))));
    }
}

#[test]
fn a_screen_without_rows_has_proposals_too() {
    let mut world = World::of(Vec::new());
    let ticket = world.propose();
    world.proposed(ticket, Ok(proposals(1, &[])));
    world.wait(SETTLING_MS);
    world.keys("y");
    world.keys("q");
    assert!(world.triage.asks_to_quit(), "it is not sent yet");
    world.keys("s");
    let sent = world.sent();
    assert_eq!(sent.len(), 1);
    world.triage.handle(Input::Over(sent[0].id, Err("the document changed".to_owned())), world.now);
    assert_eq!(world.triage.added(), [(0, Err("the document changed".to_owned()))]);
    assert!(world.effects().iter().any(|effect| matches!(effect, Effect::Quit)));
}
