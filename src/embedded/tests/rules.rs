//! Tests of the registry's rules: the expectations of bug report 69478, and invariants.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::embedded::ask::Ask;
use crate::embedded::effects::{Accepted, Effect, Ending, RequestError, Rules};
use crate::embedded::prompt::Waiter;
use crate::embedded::registry::Registry;
use crate::embedded::request::ExecRequest;
use crate::embedded::runs::{Run, State};
use crate::queue::{Decision, Kind};

fn registry(generation: Generation, coalesce: bool, cancel_on_failover: bool) -> Registry {
    let mut count = 0;
    let ids = move || {
        count += 1;
        format!("id-{count}")
    };
    Registry::new(Rules { generation, coalesce, cancel_on_failover }, Box::new(ids))
}

fn ask(agent: Option<&str>, run: Option<&str>, command: &str) -> Ask {
    Ask::exec(ExecRequest {
        command: command.to_owned(),
        agent_id: agent.map(str::to_owned),
        run_id: run.map(str::to_owned),
        session_key: Some(format!("agent:{}:s", agent.unwrap_or("main"))),
        timeout_ms: Some(1_000),
        ..ExecRequest::default()
    })
}

fn pending(registry: &Registry) -> Vec<&str> {
    registry.pending().map(|prompt| prompt.id.as_str()).collect()
}

#[test]
fn an_intent_is_compared_byte_for_byte() {
    let mut registry = registry(Generation::Current, true, true);
    let mut id = |ask: Ask| registry.request(ask, None, 0).unwrap().id;
    let base = || ask(Some("a"), Some("r"), "ls  -l");
    let first = id(base());
    assert_eq!(id(base()), first);
    let exec = |change: fn(&mut ExecRequest)| {
        let mut ask = base();
        let crate::embedded::ask::What::Exec(exec) = &mut ask.what else { panic!() };
        change(exec);
        ask
    };
    let others = [
        exec(|exec| exec.command = "ls -l".to_owned()),
        exec(|exec| exec.command = "ls  -l ".to_owned()),
        exec(|exec| exec.command = "LS  -l".to_owned()),
        exec(|exec| exec.cwd = Some("/".to_owned())),
        exec(|exec| exec.cwd = Some(String::new())),
        exec(|exec| exec.host = Some("gateway".to_owned())),
        exec(|exec| exec.node_id = Some("n".to_owned())),
        exec(|exec| exec.env = [("A".to_owned(), "1".to_owned())].into()),
        exec(|exec| exec.env = [("A".to_owned(), "2".to_owned())].into()),
        exec(|exec| exec.command_argv = Some(vec!["ls".to_owned(), "-l".to_owned()])),
        ask(Some("b"), Some("q"), "ls  -l"),
    ];
    let mut ids: BTreeSet<String> = others.into_iter().map(&mut id).collect();
    ids.insert(first.clone());
    assert_eq!(ids.len(), 12);
    // Another agent in the same run is the same retry; so is another run of the same agent.
    assert_eq!(id(ask(Some("c"), Some("r"), "ls  -l")), first);
    assert_eq!(id(ask(Some("a"), Some("s"), "ls  -l")), first);
}

#[test]
fn a_failed_over_runs_prompts_are_cancelled_before_its_replacement_asks() {
    for generation in BOTH {
        for (coalesce, cancel) in [(false, false), (false, true), (true, false), (true, true)] {
            let mut registry = registry(generation, coalesce, cancel);
            registry.runs.session("agent:a:s", String::new, 0);
            let mut run = registry.start_run("agent:a:s", 0);
            let mut last = registry.request(ask(Some("a"), Some(&run), "probe"), None, 0).unwrap();
            for now in 1..5 {
                registry.effects();
                run = registry.fail_over("agent:a:s", now).unwrap();
                let order: Vec<&str> = registry
                    .effects()
                    .iter()
                    .map(|effect| match effect {
                        Effect::Settled(settled) if settled.ending == Ending::Cancelled => "cancelled",
                        Effect::Lifecycle { .. } => "run",
                        _ => "other",
                    })
                    .collect();
                assert_eq!(order, if cancel { vec!["run", "cancelled", "run"] } else { vec!["run", "run"] });
                let next = registry.request(ask(Some("a"), Some(&run), "probe"), None, now).unwrap();
                assert_eq!(next.coalesced, coalesce && !cancel);
                assert_eq!(next.id == last.id, next.coalesced);
                last = next;
            }
            assert_eq!(pending(&registry).len(), if coalesce || cancel { 1 } else { 5 });
        }
    }
}

#[test]
fn a_prompt_stays_while_a_run_that_coalesced_into_it_is_active() {
    let mut registry = registry(Generation::Current, true, true);
    for (run, session) in [("r1", "s1"), ("r2", "s2")] {
        registry.runs.session(session, String::new, 0);
        let run =
            Run { id: run.to_owned(), session: session.to_owned(), state: State::Active, started_at: 0 };
        registry.runs.start(run);
    }
    let first = registry.request(ask(Some("a"), Some("r1"), "x"), None, 0).unwrap();
    assert!(registry.request(ask(Some("a"), Some("r2"), "x"), None, 0).unwrap().coalesced);
    assert_eq!(registry.abort("s1", None, 1).unwrap(), ["r1"]);
    assert_eq!(pending(&registry), [first.id.as_str()]);
    assert_eq!(registry.abort("s1", Some("r2"), 1), Err(RequestError::OtherSession));
    registry.abort("s2", None, 2).unwrap();
    assert!(pending(&registry).is_empty());
}

#[test]
fn a_decided_id_is_remembered_for_a_while_and_then_is_a_prefix() {
    for generation in [Generation::Current, Generation::Legacy] {
        let mut registry = registry(generation, false, false);
        let exec = Some(Kind::Exec);
        let live = |command: &str| {
            let mut ask = ask(Some("x"), None, command);
            let crate::embedded::ask::What::Exec(exec) = &mut ask.what else { panic!() };
            exec.timeout_ms = Some(1_800_000);
            ask
        };
        for (id, command) in [("deploy", "git status"), ("Deploy-2", "rm -rf x")] {
            registry.seed(id.to_owned(), live(command), 0).unwrap();
        }
        let found = |registry: &Registry, id: &str, now: u64| {
            registry.find(exec, id, now).map(|prompt| prompt.id.clone())
        };
        assert_eq!(found(&registry, "deploy", 0), Ok("deploy".to_owned()), "the exact one comes first");
        assert_eq!(found(&registry, "DEPLOY", 0), Err(RequestError::Ambiguous));
        assert_eq!(found(&registry, " deploy-", 0), Ok("Deploy-2".to_owned()));
        registry.resolve(exec, "deploy", Decision::Deny, None, 1_000).unwrap();
        assert_eq!(found(&registry, "deploy", 15_999), Err(RequestError::NotFound));
        assert_eq!(
            found(&registry, "DEPLOY", 1_000),
            Ok("Deploy-2".to_owned()),
            "only the exact id is remembered"
        );
        assert_eq!(found(&registry, "deploy", 16_000), Ok("Deploy-2".to_owned()));
        assert_eq!(found(&registry, "", 16_000), Err(RequestError::NotFound));
        // This prompt is decided in place of the other one.
        registry.resolve(exec, "deploy", Decision::AllowOnce, None, 16_000).unwrap();
        assert!(pending(&registry).is_empty());
    }
}

#[test]
fn retries_of_seeded_duplicates_join_the_oldest_that_is_left() {
    let mut registry = registry(Generation::Current, true, true);
    for id in ["a", "b", "c"] {
        registry.seed(id.to_owned(), ask(Some("x"), None, "probe"), 0).unwrap();
    }
    let retry =
        |registry: &mut Registry| registry.request(ask(Some("x"), None, "probe"), None, 1).unwrap().id;
    assert_eq!(retry(&mut registry), "a");
    for (denied, next) in [("c", "a"), ("a", "b")] {
        registry.resolve(None, denied, Decision::Deny, None, 1).unwrap();
        assert_eq!(retry(&mut registry), next);
    }
}

/// An operation on a registry.
#[derive(Debug, Clone)]
enum Step {
    Request { agent: Option<u8>, run: Option<u8>, command: u8 },
    Resolve { prompt: prop::sample::Index, decision: Decision },
    Pass { ms: u64 },
    FailOver { agent: u8 },
    Abort { agent: u8 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let few = || 0_u8..3;
    let maybe = || prop::option::weighted(0.8, few());
    let decision = prop::sample::select(vec![Decision::AllowOnce, Decision::AllowAlways, Decision::Deny]);
    prop::collection::vec(
        prop_oneof![
            6 => (maybe(), maybe(), few()).prop_map(|(agent, run, command)| Step::Request { agent, run, command }),
            2 => (any::<prop::sample::Index>(), decision).prop_map(|(prompt, decision)| Step::Resolve { prompt, decision }),
            1 => (1_u64..900).prop_map(|ms| Step::Pass { ms }),
            1 => few().prop_map(|agent| Step::FailOver { agent }),
            1 => few().prop_map(|agent| Step::Abort { agent }),
        ],
        0..60,
    )
}

/// The effects so far.
#[derive(Default)]
struct Observed {
    now: u64,
    next: u64,
    /// The prompt that each waiter waits for.
    waiting: BTreeMap<Waiter, String>,
    answered: BTreeMap<Waiter, Option<Decision>>,
    endings: BTreeMap<String, Option<Decision>>,
}

impl Observed {
    fn waiter(&mut self) -> Waiter {
        self.next += 1;
        Waiter(self.next)
    }

    fn apply(&mut self, registry: &mut Registry, step: &Step) -> Result<(), TestCaseError> {
        let nth = |registry: &Registry, index: &prop::sample::Index| {
            let ids: Vec<String> = registry.pending().map(|prompt| prompt.id.clone()).collect();
            (!ids.is_empty()).then(|| index.get(&ids).clone())
        };
        match step {
            Step::Request { agent, run, command } => {
                let agent = agent.map(|agent| format!("a{agent}"));
                let run = run.map(|run| format!("r{run}"));
                let waiter = self.waiter();
                let ask = ask(agent.as_deref(), run.as_deref(), &format!("c{command}"));
                let Accepted { id, .. } = registry.request(ask, Some(waiter), self.now).unwrap();
                self.waiting.insert(waiter, id);
            }
            Step::Resolve { prompt, decision } => {
                let Some(id) = nth(registry, prompt) else { return Ok(()) };
                let resolved = registry.resolve(Some(Kind::Exec), &id, *decision, None, self.now);
                prop_assert_eq!(resolved, Ok(()));
            }
            Step::Pass { ms } => {
                self.now += ms;
                registry.expire(self.now);
            }
            Step::FailOver { agent } => {
                registry.fail_over(&format!("agent:a{agent}:s"), self.now);
            }
            Step::Abort { agent } => {
                registry.abort(&format!("agent:a{agent}:s"), None, self.now).unwrap();
            }
        }
        self.record_effects(registry)
    }

    fn record_effects(&mut self, registry: &mut Registry) -> Result<(), TestCaseError> {
        for effect in registry.effects() {
            match effect {
                Effect::Answer { waiter, id, decision, .. } => {
                    prop_assert_eq!(self.waiting.remove(&waiter), Some(id));
                    prop_assert!(self.answered.insert(waiter, decision).is_none());
                }
                Effect::Settled(settled) => {
                    let decision = settled.ending.decision();
                    prop_assert!(self.endings.insert(settled.prompt.id, decision).is_none());
                }
                Effect::Requested(_) | Effect::Lifecycle { .. } => {}
            }
        }
        // No waiter waits for a settled prompt, and every other waiter waits for a pending one.
        let ids: BTreeSet<&str> = registry.pending().map(|prompt| prompt.id.as_str()).collect();
        prop_assert!(self.waiting.values().all(|id| ids.contains(id.as_str())));
        Ok(())
    }
}

fn unique(registry: &Registry) -> Result<(), TestCaseError> {
    let mut seen = BTreeSet::new();
    for prompt in registry.pending() {
        let intent = format!("{:?}", prompt.intent);
        for who in prompt
            .ask
            .agent()
            .map(|agent| ("agent", agent))
            .into_iter()
            .chain(prompt.ask.run().map(|run| ("run", run)))
        {
            prop_assert!(seen.insert((who.0, who.1.to_owned(), intent.clone())), "{who:?} {intent}");
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn with_coalescing_a_request_is_pending_once_and_every_waiter_receives_the_decision(
        steps in steps(),
        coalesce in any::<bool>(),
        cancel in any::<bool>(),
        legacy in any::<bool>(),
    ) {
        let generation = if legacy { Generation::Legacy } else { Generation::Current };
        let mut registry = registry(generation, coalesce, cancel);
        for number in 0..3 {
            let session = format!("agent:a{number}:s");
            registry.runs.session(&session, String::new, 0);
            registry.runs.start(Run { id: format!("r{number}"), session, state: State::Active, started_at: 0 });
        }
        let mut observed = Observed::default();
        for step in &steps {
            observed.apply(&mut registry, step)?;
            if coalesce {
                unique(&registry)?;
            }
        }
        observed.apply(&mut registry, &Step::Pass { ms: 10_000 })?;
        prop_assert!(observed.waiting.is_empty());
        prop_assert_eq!(observed.answered.len() as u64, observed.next);
        prop_assert_eq!(registry.next_expiry(), None);
    }
}
