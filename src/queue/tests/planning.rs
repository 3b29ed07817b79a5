//! Plans: the rules, and the invariants of every plan.

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;
use serde_json::json;

use super::super::intent::Doubt;
use super::super::plan::{Group, Keep, Kept, Skip, Why, short_ids, shortened};
use super::super::scope::{Alone, Place};
use super::super::{Kind, Prompt, Reader, Rules, Runs, Scope, plan};
use super::{HOSTILE, NOW, hostile, prompt, with};

fn at(id: &str, created: u64, expires: u64, run: &str) -> Prompt {
    prompt(id, "ls", |row| {
        row["createdAtMs"] = created.into();
        row["expiresAtMs"] = expires.into();
        row["request"]["runId"] = run.into();
    })
}

/// Runs; those with ids that start with `over` are over.
fn runs() -> Runs {
    let mut runs = Runs::new();
    for run in ["over-1", "over-2"] {
        runs.event(&json!({"runId": run, "stream": "lifecycle", "ts": NOW, "data": {"phase": "end"}}), 0);
    }
    runs
}

fn stays(prompts: &[Prompt], keep: Keep) -> (String, Kept, Vec<(String, Why)>) {
    let runs = runs();
    let plan = plan(prompts, &runs, Rules { keep, ..Rules::at(NOW) });
    assert_eq!(plan.groups.len(), 1);
    let denials = plan.denials(&runs).map(|denial| (denial.prompt.id().to_owned(), denial.why)).collect();
    (plan.groups[0].survivor.id().to_owned(), plan.groups[0].kept, denials)
}

#[test]
fn the_oldest_stays() {
    let far = NOW + 1_000_000;
    let prompts =
        [at("c", 3, far, "x"), at("a", 1, far, "over-1"), at("d", 3, far, "y"), at("b", 2, far, "z")];
    let (survivor, kept, denials) = stays(&prompts, Keep::Oldest);
    assert_eq!((&*survivor, kept), ("b", Kept::Oldest));
    let expected = [("a", Why::RunEnded), ("c", Why::Younger), ("d", Why::Younger)];
    assert_eq!(denials, expected.map(|(id, why)| (id.to_owned(), why)));
    let (survivor, kept, denials) = stays(&prompts, Keep::Newest);
    assert_eq!((&*survivor, kept), ("c", Kept::Newest), "of one age the first id");
    let expected = [("a", Why::RunEnded), ("b", Why::Older), ("d", Why::SameAge)];
    assert_eq!(denials, expected.map(|(id, why)| (id.to_owned(), why)));
}

#[test]
fn what_expires_soon_does_not_stay() {
    let margin = NOW + 30_000;
    let (survivor, _, denials) = stays(&[at("a", 1, margin, "x"), at("b", 2, margin + 1, "x")], Keep::Oldest);
    assert_eq!((&*survivor, &*denials), ("b", &[("a".to_owned(), Why::ExpiresSoon)][..]));
}

#[test]
fn failing_that_the_one_that_lives_longest() {
    let soon = [at("a", 1, NOW + 5, "x"), at("c", 2, NOW + 9, "over-1"), at("b", 3, NOW + 9, "y")];
    let (survivor, kept, denials) = stays(&soon, Keep::Oldest);
    assert_eq!((&*survivor, kept), ("b", Kept::LongestLived), "of one expiry the first id");
    assert_eq!(denials, [("a".to_owned(), Why::ExpiresSoon), ("c".to_owned(), Why::RunEnded)]);
    let over = [at("a", 1, NOW + 90_000, "over-1"), at("b", 2, NOW + 80_000, "over-2")];
    assert_eq!(stays(&over, Keep::Newest).0, "a");
}

/// A person may read a plan for minutes before it is carried out.
#[test]
fn a_plan_is_outdated_for_a_group_that_a_later_plan_treats_differently() {
    let prompts =
        [at("a", 1, NOW + 90_000, "x"), at("b", 2, NOW + 900_000, "x"), at("c", 3, NOW + 900_000, "x")];
    let none = Runs::new();
    let before = plan(&prompts, &none, Rules::at(NOW));
    let outdated = |prompts: &[Prompt], runs: &Runs, now_ms: u64| {
        let later = plan(prompts, runs, Rules::at(now_ms));
        before.outdated_by(&later).map(|survivor| survivor.id.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(outdated(&prompts, &none, NOW + 1), [""; 0]);
    assert_eq!(outdated(&prompts[..1], &none, NOW + 1), [""; 0], "the duplicates are gone");
    assert_eq!(
        outdated(&prompts[1..], &none, NOW + 1),
        [""; 0],
        "the purge finds that the kept prompt is gone"
    );
    assert_eq!(outdated(&prompts, &none, NOW + 80_000), ["a"], "the kept prompt expires within the margin");
    let mut over = Runs::new();
    over.event(&json!({"runId": "x", "stream": "lifecycle", "ts": NOW, "data": {"phase": "end"}}), 0);
    let other_run = [prompts[0].clone(), at("b", 2, NOW + 900_000, "y"), prompts[2].clone()];
    assert_eq!(outdated(&other_run, &over, NOW + 1), ["a"], "the run of the kept prompt has ended");
    let other_text = [prompts[0].clone(), prompt("b", "rm", |_| ()), prompts[2].clone()];
    assert_eq!(outdated(&other_text, &none, NOW + 1), ["a"], "a duplicate asks for something else now");
}

#[test]
fn a_prompt_that_is_alone_stays_whatever_it_is() {
    let (survivor, kept, denials) = stays(&[at("a", 1, NOW + 1, "over-1")], Keep::Oldest);
    assert_eq!((&*survivor, kept, denials.len()), ("a", Kept::Only, 0));
}

#[test]
fn what_does_not_count() {
    let far = NOW + 90_000;
    let prompts = [
        at("lapsed", 1, NOW, "x"),
        at("twice", 2, far, "x"),
        at("twice", 2, far, "x"),
        at("other", 3, far, "x"),
        at("other", 4, far, "x"),
        at("b", 5, far, "x"),
    ];
    let plan = plan(&prompts, &Runs::new(), Rules::at(NOW));
    let ids: Vec<&str> = plan.groups[0].members.iter().map(|member| member.id()).collect();
    assert_eq!((plan.groups.len(), ids), (1, vec!["twice", "b"]), "nothing is a duplicate of itself");
    let skipped: Vec<(&str, Skip)> =
        plan.skipped.iter().map(|skipped| (skipped.prompt.id(), skipped.why)).collect();
    let twice = Skip::Contradictory;
    assert_eq!(
        skipped,
        [("lapsed", Skip::Lapsed), ("other", twice), ("other", twice), ("twice", Skip::Repeated)]
    );
}

#[test]
fn places() {
    let change = |field: &str, value: serde_json::Value| {
        prompt("a", "ls", |row| {
            row["request"]["runId"] = "r".into();
            row["request"][field] = value;
        })
    };
    for (field, value, scope, alone) in [
        ("agentId", json!(null), Scope::Session, Some(Alone::NoAgent)),
        ("agentId", json!(null), Scope::Agent, Some(Alone::NoAgent)),
        ("agentId", json!(null), Scope::Run, None),
        ("agentId", json!(""), Scope::Session, Some(Alone::NoAgent)),
        ("sessionKey", json!(null), Scope::Session, Some(Alone::NoSession)),
        ("sessionKey", json!(null), Scope::Agent, None),
        ("runId", json!(null), Scope::Run, Some(Alone::NoRun)),
        ("runId", json!(""), Scope::Run, Some(Alone::NoRun)),
        ("runId", json!(null), Scope::Session, None),
        ("command", json!("PASSWORD=***"), Scope::Session, Some(Alone::Doubt(Doubt::Elided))),
        ("envKeys", json!(["A"]), Scope::Run, Some(Alone::Doubt(Doubt::Environment))),
    ] {
        let prompt = change(field, value.clone());
        assert_eq!(Place::of(&prompt, scope).alone(), alone, "{field} {value} {scope:?}");
    }
    let many: Vec<Prompt> = ["a", "b"].map(|id| prompt(id, "cat …", |_| ())).into();
    assert_eq!(plan(&many, &Runs::new(), Rules::at(NOW)).duplicates(), 0, "those in doubt are left alone");
}

#[test]
fn scopes_are_of_their_width() {
    let one = |id: &str, agent: &str, session: &str, run: &str| {
        prompt(id, "ls", |row| {
            row["request"]["agentId"] = agent.into();
            row["request"]["sessionKey"] = session.into();
            row["request"]["runId"] = run.into();
        })
    };
    let prompts = [
        one("a", "main", "s1", "r1"),
        one("b", "main", "s1", "r2"),
        one("c", "main", "s2", "r2"),
        one("d", "ops", "s1", "r1"),
        // Names with the same concatenation are still different names.
        one("e", "mains", "1", "r1"),
    ];
    for (scope, groups) in [(Scope::Session, 4), (Scope::Agent, 3), (Scope::Run, 5)] {
        let plan = plan(&prompts, &Runs::new(), Rules { scope, ..Rules::at(NOW) });
        assert_eq!(plan.groups.len(), groups, "{scope:?}");
        let mut digests: Vec<[u8; 32]> = plan.groups.iter().map(Group::digest).collect();
        digests.sort_unstable();
        digests.dedup();
        assert_eq!(digests.len(), groups);
    }
}

#[test]
fn short_ids_are_as_long_as_they_must() {
    let long = |text: &str| format!("{text:0<64}");
    let ids = shortened(vec![long("aaaaaaaaaab"), long("b"), long("aaaaaaaaaac"), long("aaaaaaaad")]);
    assert_eq!(ids, ["aaaaaaaaaab", "b0000000", "aaaaaaaaaac", "aaaaaaaad"]);
    assert_eq!(shortened(vec![]), [""; 0]);
    let prompts: Vec<Prompt> = HOSTILE.map(|text| prompt(text, text, |_| ())).into();
    let made = plan(&prompts, &Runs::new(), Rules::at(NOW));
    let groups: Vec<_> = made.groups.iter().collect();
    let ids = short_ids(&groups);
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), HOSTILE.len());
    let again = plan(&prompts[3..4], &Runs::new(), Rules::at(NOW + 9));
    let at = groups.iter().position(|group| group.intent() == again.groups[0].intent()).unwrap();
    assert!(short_ids(&again.groups.iter().collect::<Vec<_>>())[0].starts_with(&ids[at][..8]), "stable");
}

/// Few values per field, so that groups form.
#[derive(Debug, Clone)]
struct Spec {
    command: usize,
    agent: Option<usize>,
    session: Option<usize>,
    run: Option<usize>,
    kind: Kind,
    created: u64,
    life: u64,
}

fn specs() -> impl Strategy<Value = Vec<Spec>> {
    let kind = prop::sample::select(&Kind::ALL[..]);
    let name = || prop::option::weighted(0.9, 0_usize..2);
    let spec = (0_usize..3, name(), name(), name(), kind, 0_u64..6, 0_u64..60_000).prop_map(
        |(command, agent, session, run, kind, created, life)| Spec {
            command,
            agent,
            session,
            run,
            kind,
            created: NOW - created,
            life,
        },
    );
    prop::collection::vec(spec, 0..40)
}

fn made(specs: &[Spec], texts: &[String]) -> Vec<Prompt> {
    let text = |at: usize, salt: &str| format!("{}{salt}", texts[at]);
    let named = |at: Option<usize>, salt: &str| at.map(|at| text(at, salt));
    let prompts = specs.iter().enumerate().map(|(n, spec)| {
        let mut row = super::row(&format!("{}{n}", texts[spec.command]), &text(spec.command, "x"));
        row["approvalKind"] = spec.kind.as_str().into();
        row["createdAtMs"] = spec.created.into();
        row["expiresAtMs"] = (NOW + spec.life).into();
        row["request"]["title"] = "T".into();
        row["request"]["agentId"] = json!(named(spec.agent, "a"));
        row["request"]["sessionKey"] = json!(named(spec.session, "s"));
        row["request"]["runId"] = json!(named(spec.run, "r"));
        Reader::new().text(spec.kind, &row.to_string()).unwrap()
    });
    prompts.collect()
}

fn texts() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(hostile(), 3)
}

fn any_rules() -> impl Strategy<Value = Rules> {
    let scope = prop::sample::select(&[Scope::Session, Scope::Agent, Scope::Run][..]);
    let keep = prop::sample::select(&[Keep::Oldest, Keep::Newest][..]);
    (scope, keep, 0_u64..60_000).prop_map(|(scope, keep, margin_ms)| Rules {
        scope,
        keep,
        margin_ms,
        now_ms: NOW,
    })
}

proptest! {
    #[test]
    fn what_holds_for_every_plan(
        specs in specs(), texts in texts(), rules in any_rules(), over in prop::collection::vec(0_usize..3, 0..3),
        turn in any::<prop::sample::Index>(),
    ) {
        let prompts = made(&specs, &texts);
        let mut runs = Runs::new();
        for at in over {
            let run = format!("{}r", texts[at]);
            runs.event(&json!({"runId": run, "stream": "lifecycle", "ts": NOW, "data": {"phase": "end"}}), 0);
        }
        let made = plan(&prompts, &runs, rules);

        // Every prompt is in one group, or skipped.
        let members = made.groups.iter().map(|group| group.members.len()).sum::<usize>();
        prop_assert_eq!(members + made.skipped.len(), prompts.len());

        // One survivor each, which is a member and is never denied.
        let denied: HashMap<_, _> =
            made.denials(&runs).map(|denial| (&denial.prompt.key, denial.survivor)).collect();
        prop_assert_eq!(denied.len(), made.duplicates());
        for group in &made.groups {
            let kept = group.members.iter().filter(|member| !denied.contains_key(&member.key)).count();
            prop_assert_eq!(kept, 1);
            prop_assert!(!denied.contains_key(&group.survivor.key));

            // All prompts of a group have the same intent and place.
            for member in &group.members {
                prop_assert_eq!(member.kind(), group.survivor.kind());
                prop_assert_eq!(&member.details.command, &group.survivor.details.command);
                prop_assert_eq!(Place::of(member, rules.scope), group.place());
                prop_assert!(!member.expired(rules.now_ms));
            }
            prop_assert!(group.members.len() == 1 || group.place().alone().is_none());
        }

        // The order of the listing does not matter.
        let mut turned = prompts.clone();
        turned.reverse();
        if !turned.is_empty() {
            let at = turn.index(turned.len());
            turned.rotate_left(at);
        }
        let turned = plan(&turned, &runs, rules);
        prop_assert_eq!(&turned, &made);
        prop_assert!(turned.denials(&runs).eq(made.denials(&runs)));

        // A later plan denies nothing of the rest.
        let left: Vec<&Prompt> =
            prompts.iter().filter(|prompt| !denied.contains_key(&prompt.key)).collect();
        prop_assert_eq!(plan(left.iter().copied(), &runs, rules).duplicates(), 0);
        let later = Rules { now_ms: NOW + 30_000, ..rules };
        prop_assert_eq!(plan(left, &runs, later).duplicates(), 0);
    }

    #[test]
    fn one_byte_of_place_is_enough(one in hostile(), other in hostile()) {
        for (field, scope) in [("agentId", Scope::Agent), ("sessionKey", Scope::Session), ("runId", Scope::Run)] {
            let by = |id: &str, text: &str| prompt(id, "ls", |row| row["request"][field] = text.into());
            let prompts = [by("a", &one), by("b", &other)];
            let plan = plan(&prompts, &Runs::new(), Rules { scope, ..Rules::at(NOW) });
            prop_assert_eq!(plan.duplicates() == 1, one == other && !one.is_empty());
        }
    }
}

#[test]
fn kinds_are_never_mixed() {
    let prompts = Kind::ALL.map(|kind| with(kind, "x", &json!(1)));
    let plan = plan(&prompts, &Runs::new(), Rules::at(NOW));
    assert_eq!((plan.groups.len(), plan.skipped.len()), (3, 0), "one id in three queues is three prompts");
}

#[test]
fn a_thousand() {
    let of = |n: usize| {
        prompt(&format!("{n:08x}"), &(n % 10).to_string(), |row| {
            row["request"]["sessionKey"] = format!("agent:main:{}", n % 100).into();
        })
    };
    let prompts: Vec<Prompt> = (0..1_000).map(of).collect();
    let plan = plan(&prompts, &Runs::new(), Rules::at(NOW));
    assert_eq!((plan.groups.len(), plan.duplicates()), (100, 900));
}
