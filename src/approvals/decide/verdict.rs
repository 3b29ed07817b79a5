//! The order of a release's checks, from the call to the verdict. Facts: `createExecTool` and
//! `processGatewayAllowlist` of the releases.

use super::bash;
use super::configuration::Setup;
use super::decision::{Decision, Origin, Policy, Verdict};
use super::evaluation::Evaluation;
use super::host::Host;
use super::profile::Profile;
use super::question::{Entry, Question};
use super::resolve::{Hypothesis, World};
use super::split;

/// Decides as one release does.
pub fn decide(question: &Question<'_>, profile: Profile, host: &dyn Host) -> Decision {
    let world = World { host, hypothesis: Hypothesis::Nothing, unknown: std::cell::RefCell::default() };
    let evaluation = evaluate(question, profile, &Setup::default(), &[], &world);
    Decision {
        verdict: Verdict::Unknown,
        reason: String::new(),
        policy: Policy {
            security: ("full", Origin::Default),
            ask: ("off", Origin::Default),
            ask_fallback: ("full", Origin::Default),
        },
        evaluation: Some(evaluation),
        unanswered: None,
        review: false,
        missing: Vec::new(),
    }
}

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
