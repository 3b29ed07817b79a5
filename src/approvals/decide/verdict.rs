//! The order of a release's checks, from the call to the verdict. What the host does not know is decided under three
//! assumptions; only a verdict that all three share is an answer. Source: `createExecTool` of the releases.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use super::configuration::{Configuration, Setup, Unusable};
use super::decision::{Decision, Origin, Policy, Verdict};
use super::document::{self, Document};
use super::evaluation::Evaluation;
use super::gateway;
use super::guards;
use super::host::Host;
use super::levels::Security;
use super::near;
use super::policy::{self, Merged};
use super::prepared::Prepared;
use super::profile::Profile;
use super::question::{Entry, Question};
use super::resolve::{Hypothesis, Lookup, World};
use super::seen::Seen;
use super::situation::{Outcome, Situation};
use super::{bash, environment, split, words, workspace};

/// Why nothing starts if a release fails on an entry.
const FAILED: &str = "the gateway fails: the argPattern of an entry is not a string";

/// Why nothing starts without an agent (2026.9.6).
const MALFORMED: &str = "Malformed agent session key; refusing default-agent resolution.";

/// The assumptions about a program if it is not known whether it exists.
const HYPOTHESES: [Hypothesis; 3] = [Hypothesis::Nothing, Hypothesis::Stranger, Hypothesis::Wanted];

/// What is missing if a command opens a database and the gateway's state directory is unknown.
pub const UNKNOWN_STATE: &str = "the gateway's state directory, whose databases sqlite3 may not open";

/// Decides as one release does, and explains the entries that nearly match.
pub fn decide(question: &Question<'_>, profile: Profile, host: &dyn Host) -> Decision {
    explain_prepared(question, profile, &Prepared::of(question.document, question.agent, profile), host)
}

/// As [`decide`], with the document of the question already loaded for its agent and release.
pub fn explain_prepared(
    question: &Question<'_>,
    profile: Profile,
    loaded: &Prepared,
    host: &dyn Host,
) -> Decision {
    decided(question, profile, loaded, host, true)
}

/// As [`explain_prepared`], but the entries that nearly match are left out: for many commands.
pub fn decide_prepared(
    question: &Question<'_>,
    profile: Profile,
    loaded: &Prepared,
    host: &dyn Host,
) -> Decision {
    decided(question, profile, loaded, host, false)
}

fn decided(
    question: &Question<'_>,
    profile: Profile,
    loaded: &Prepared,
    host: &dyn Host,
    explains_near: bool,
) -> Decision {
    let own = Seen::new(host);
    let host: &dyn Host = if host.is_cached() { host } else { &own };
    let home = words::home(question.home);
    let named = words::trim(question.directory);
    let question = &Question { home: &home, directory: named, ..question.clone() };
    let configuration = Configuration::of(question, profile);
    let requested = match configuration.requested(question, profile) {
        Ok(requested) => requested,
        Err(unusable) => return undecidable_configuration(unusable),
    };
    let Ok(document) = &loaded.document else {
        let missing =
            vec![format!("how a gateway reads the approvals document: {}", document::ONLY_JAVASCRIPT)];
        return undecided(None, missing);
    };
    let policy = policy::merge(question, profile, &requested, document);
    if let Some(reason) = refusal(question, profile, &policy, host) {
        return decision(&policy, Outcome::denied(reason), None);
    }
    if profile >= Profile::V2026_9_6 && !named.is_empty() && !named.starts_with('/') {
        let missing = format!("what is at {named} in the directory in which the gateway was started");
        return undecided(Some(&policy), vec![missing]);
    }
    let mut decision = if policy.is_bypassed {
        decision(&policy, Outcome::runs("full-bypass", None), None)
    } else {
        let setup = configuration.setup(question);
        let directory = workspace::directory(question, profile, host);
        let question = Question { directory: &directory, ..question.clone() };
        let mut decision = under_hypotheses(&question, profile, &policy, document, &setup, host);
        if let Some(evaluation) = decision.evaluation.as_mut().filter(|_| explains_near) {
            // The evaluation is the one under the first hypothesis.
            let world = World {
                host,
                hypothesis: HYPOTHESES[0],
                unknown: RefCell::default(),
                failed: Cell::default(),
            };
            near::explain(evaluation, &Lookup::new(&question, profile, &setup, &world), &document.entries);
        }
        decision
    };
    if question.state_directory.is_none() && guards::depends_on_state_directory(question, profile) {
        decision.missing.push(UNKNOWN_STATE.to_owned());
        decision = Decision {
            verdict: Verdict::Unknown,
            started: None,
            unanswered: None,
            review: false,
            ..decision
        };
    }
    decision
}

/// What is refused before the command is checked against the entries, in the gateway's words.
fn refusal(question: &Question<'_>, profile: Profile, policy: &Merged, host: &dyn Host) -> Option<String> {
    let empty = || question.command.is_empty().then(|| "Provide a command to start.".to_owned());
    // The key of a session has the agent in it.
    let agent = || words::trim(question.agent).is_empty().then(|| MALFORMED.to_owned());
    let deny =
        || (policy.security == Security::Deny).then(|| "exec denied: host=gateway security=deny".to_owned());
    let directory = || workspace::refusal(question, profile, host);
    let guard = || guards::refusal(question, profile).map(str::to_owned);
    let state = || guards::state_refusal(question, profile, host).map(str::to_owned);
    let environment = || environment::refusal(&question.environment, profile);
    match profile {
        Profile::V2026_4_14 => empty().or_else(guard).or_else(environment).or_else(deny),
        Profile::V2026_6_11 => empty().or_else(deny).or_else(guard).or_else(environment),
        Profile::V2026_9_6 => agent()
            .or_else(deny)
            .or_else(empty)
            .or_else(guard)
            .or_else(directory)
            .or_else(state)
            .or_else(environment),
    }
}

/// Decides under each assumption about what the host does not know.
fn under_hypotheses(
    question: &Question<'_>,
    profile: Profile,
    policy: &Merged,
    document: &Document,
    setup: &Setup,
    host: &dyn Host,
) -> Decision {
    let mut first: Option<(Outcome, Evaluation)> = None;
    let mut missing = BTreeSet::new();
    let mut agree = true;
    for hypothesis in HYPOTHESES {
        let world = World { host, hypothesis, unknown: RefCell::default(), failed: Cell::default() };
        let evaluation = evaluate(question, profile, setup, &document.entries, &world);
        let situation = Situation {
            question,
            profile,
            policy,
            setup,
            entries: &document.entries,
            evaluation: &evaluation,
            world: &world,
        };
        let outcome = if world.failed.get() {
            Outcome::denied(FAILED.to_owned())
        } else {
            gateway::outcome(&situation)
        };
        let unknown = world.unknown.into_inner();
        let is_known = unknown.is_empty();
        missing.extend(unknown);
        match &first {
            None => first = Some((outcome, evaluation)),
            Some((other, _)) => agree &= other.agrees_with(&outcome),
        }
        if is_known {
            break;
        }
    }
    let Some((outcome, evaluation)) = first else { return undecided(None, Vec::new()) };
    if agree {
        return decision(policy, outcome, Some(evaluation));
    }
    let mut decision = undecided(Some(policy), missing.into_iter().collect());
    decision.evaluation = Some(evaluation);
    decision
}

/// Checks the command against the entries as the release does.
fn evaluate(
    question: &Question<'_>,
    profile: Profile,
    setup: &Setup,
    entries: &[Entry],
    world: &World<'_>,
) -> Evaluation {
    if profile.parses_bash() {
        bash::evaluate(question, profile, setup, entries, world)
    } else {
        split::evaluate(question, profile, setup, entries, world)
    }
}

fn decision(policy: &Merged, outcome: Outcome, evaluation: Option<Evaluation>) -> Decision {
    Decision {
        verdict: outcome.verdict,
        reason: outcome.reason,
        policy: policy.words(),
        evaluation,
        started: outcome.started,
        unanswered: outcome.unanswered,
        review: outcome.review,
        missing: outcome.missing,
        other_host: None,
    }
}

/// A configuration that hands the command to another host, or that no release accepts.
fn undecidable_configuration(unusable: Unusable) -> Decision {
    match unusable {
        Unusable::OtherHost(host) => Decision { other_host: Some(host), ..undecided(None, Vec::new()) },
        Unusable::UnknownWord(key) => {
            undecided(None, vec![format!("what {key} means: no release accepts its value")])
        }
    }
}

fn undecided(policy: Option<&Merged>, missing: Vec<String>) -> Decision {
    let unset = || Policy {
        security: ("full", Origin::Default),
        ask: ("off", Origin::Default),
        ask_fallback: ("deny", Origin::Default),
    };
    Decision {
        verdict: Verdict::Unknown,
        reason: String::new(),
        policy: policy.map_or_else(unset, Merged::words),
        evaluation: None,
        started: None,
        unanswered: None,
        review: false,
        missing,
        other_host: None,
    }
}

#[cfg(test)]
mod tests;
